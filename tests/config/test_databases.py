"""The tests' own ground: rights, clones, rollback."""

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils.crypto import get_random_string

from office.models import Estate


def current(expression):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_tests_run_as_the_role_without_rights():
    assert current("current_user") == "guanjia_app"
    for statement in ("CREATE TABLE x (y int)", "DROP TABLE office_estate", "TRUNCATE office_estate CASCADE"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_chinese_has_trigrams():
    assert current("cardinality(show_trgm('香港大'))") > 0


@pytest.mark.parametrize("turn", [1, 2])
def test_what_is_committed_in_own_db_is_gone_afterwards(own_db, turn):
    assert not Estate.objects.filter(code="GONE").exists()
    Estate.objects.create(code="GONE", name=get_random_string(5))
    assert current("current_database()") == own_db


@pytest.mark.django_db
def test_the_shared_database_is_back():
    assert current("current_database()").count("_") == 1
    assert not Estate.objects.filter(code="GONE").exists()
