"""How the database looks for what was typed: along one index in its own order, up to a limit (ARCHITECTURE §4 Speed)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from office import search

TYPED = (
    "陳",
    "陳偉",
    "有限公司",
    "龘靐",
    "8000",
    "13800138000",
    "zxm",
    "3-2-1201",
    "R2026-000123",
    "粵B12345",
)


@pytest.fixture
def many(estate):
    """An estate with four thousand people of a few names, in a table the planner knows nothing of yet."""
    names = [f"{surname}{given}" for surname in "陳李張王黃" for given in "偉明"]
    keys = {name: search.keys_of_name(name) for name in names}
    search.put_many("person", ((n, estate.pk, keys[names[n % 10]]) for n in range(4_000)))
    return estate


def look(estate, typed):
    with CaptureQueriesContext(connection) as caught:
        search.find([estate.pk], typed)
    return caught.captured_queries[-1]["sql"]


def explained(statement, how="COSTS ON"):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({how}) {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())


def walks_in_order(plan):
    return "Index Scan using search_key_in_order" in plan and "Seq Scan" not in plan and "Sort" not in plan


def test_the_index_is_walked_in_its_order_and_nothing_is_sorted(many):
    for typed in TYPED:
        plan = explained(look(many, typed))
        assert walks_in_order(plan), plan


def test_no_statement_is_prepared_so_that_no_generic_plan_exists(many):
    for _time in range(8):
        for typed in TYPED:
            search.find([many.pk], typed)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%office_searchkey%'"
        )
        assert cursor.fetchone() == (0,)


def test_even_a_generic_plan_would_walk_the_index(many):
    statement = search._LOOK
    for number in range(1, 7):
        statement = statement.replace("%s", f"${number}", 1)
    plan = explained(statement, "GENERIC_PLAN")
    assert walks_in_order(plan), plan


def test_a_common_name_is_read_no_further_than_the_limit(many):
    """Four hundred people of one name cost as little as three: the walk stops (rows read, not milliseconds)."""
    plan = explained(look(many, "陳偉"), "ANALYZE, TIMING OFF, COSTS OFF")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM office_searchkey WHERE kind = 'name' AND key LIKE %s",
            [search.fold("陳偉") + "%"],
        )
        assert cursor.fetchone()[0] >= 400
    assert len(search.find([many.pk], "陳偉", limit=10)) == 10
    assert "actual rows=400" not in plan, plan
