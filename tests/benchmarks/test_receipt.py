"""A receipt is measured at a small size; `make bench` judges its time."""

import os

import pytest

from tests.benchmarks import receipt

FULL = bool(os.environ.get("GUANJIA_FULL"))


@pytest.mark.usefixtures("own_db")
def test_a_receipt_beside_the_bare_statement_of_the_same_rows():
    figures = receipt.measure() if FULL else receipt.measure(6, 1, 2)
    assert (figures["grows"], figures["fallen"]) == (0, 0)
    assert figures["queries"] <= receipt.QUERIES
    assert receipt.good(figures) or not FULL
