"""Numbers without gaps, also where transactions roll back and people work at the same time (ARCHITECTURE §2)."""

import random
import threading
from datetime import datetime

import pytest
from django.db import connection, transaction

from office import series
from office.models import Series
from tests.cast import NOW, ZONE, make_estate


@pytest.fixture(autouse=True)
def pattern(monkeypatch):
    monkeypatch.setitem(series.PATTERNS, "trial", "T{year}-{n:06d}")


def test_numbers_follow_each_other(estate):
    assert [series.take(estate, "trial", now=NOW) for _ in range(3)] == [
        "T2026-000001",
        "T2026-000002",
        "T2026-000003",
    ]


def test_many_at_once(estate):
    series.take(estate, "trial", now=NOW)
    assert series.take_many(estate, "trial", 3, now=NOW) == ["T2026-000002", "T2026-000003", "T2026-000004"]
    assert series.take(estate, "trial", now=NOW) == "T2026-000005"


def test_each_estate_kind_and_local_year_counts_for_itself(estate, elsewhere, monkeypatch):
    monkeypatch.setitem(series.PATTERNS, "other", "O{year}-{n:06d}")
    assert series.take(elsewhere, "trial", now=NOW) == series.take(estate, "trial", now=NOW) == "T2026-000001"
    assert series.take(estate, "other", now=NOW) == "O2026-000001"
    silvester = datetime(2026, 12, 31, 23, 59, 59, tzinfo=ZONE)
    assert series.take(estate, "trial", now=silvester) == "T2026-000002"
    assert series.take(estate, "trial", now=datetime(2027, 1, 1, tzinfo=ZONE)) == "T2027-000001"


def test_a_number_of_a_change_that_failed_is_given_again(estate):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        series.take(estate, "trial", now=NOW)
        raise ZeroDivisionError
    assert series.take(estate, "trial", now=NOW) == "T2026-000001"


def _rush(take, threads=4, each=25):
    """Numbers kept by clerks who work at the same time and sometimes fail."""
    estate = make_estate()
    kept, start = [], threading.Barrier(threads)

    def clerk(seed):
        chance = random.Random(seed)
        start.wait()
        for _ in range(each):
            try:
                with transaction.atomic():
                    number = take(estate, "trial", now=NOW)
                    if chance.random() < 0.3:
                        raise ZeroDivisionError
                kept.append(number)
            except ZeroDivisionError:
                pass
        connection.close()

    workers = [threading.Thread(target=clerk, args=(seed,)) for seed in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(kept)


def test_no_gap_and_no_double_under_four_clerks(own_db):
    kept = _rush(series.take)
    assert kept == [f"T2026-{n:06d}" for n in range(1, len(kept) + 1)]
    assert len(kept) > 40


def test_twin_highest_plus_one_gives_a_number_twice(own_db):
    barrier = threading.Barrier(2)
    estate = make_estate()
    Series.objects.create(estate=estate, kind="trial", year=2026, pattern="T{year}-{n:06d}")
    kept = []

    def clerk():
        last = Series.objects.get(estate=estate, kind="trial").last
        barrier.wait()  # both have read
        Series.objects.filter(estate=estate, kind="trial").update(last=last + 1)
        kept.append(last + 1)
        connection.close()

    workers = [threading.Thread(target=clerk) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert kept == [1, 1]
