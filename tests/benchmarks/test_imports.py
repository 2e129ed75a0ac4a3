"""The import of a roster is measured at a small size; `make bench` asks for 100 000 rows and judges."""

import os

import pytest

from tests.benchmarks import imports

FULL = bool(os.environ.get("GUANJIA_FULL"))


@pytest.mark.usefixtures("own_db")
def test_an_import_beside_the_bare_statements_of_the_same_rows():
    figures = imports.measure(100_000 if FULL else 400)
    assert figures["rows"] > 400 * 15
    if (
        FULL
    ):  # the memory of children is the highest of all this process ever had: meaningful when it runs alone
        assert figures["ratio"] <= imports.GOAL
        assert max(figures["memory"], figures["child"]) <= imports.MEMORY
