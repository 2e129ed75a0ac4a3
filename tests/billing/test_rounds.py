"""A building's meters are promised to be read every month; the last one read or missed keeps it (SPEC §6.3)."""

from datetime import date, timedelta

import pytest

from billing import tasks
from billing.actions import readings
from office import clocks
from office.models import Promise
from tests.billing.test_consumption import make_meter
from tests.cast import NOW, make_unit

BEGUN = NOW.replace(day=2)


@pytest.fixture
def pair(estate):
    unit = make_unit(estate, "3-2-1201")
    return [make_meter(estate, serial, unit=unit, building=unit.building) for serial in ("W1", "W2")]


def promised():
    return Promise.objects.get(kind="meter_round")


def test_a_building_with_meters_is_promised_once_a_month(estate, pair):
    foreseen = tasks.foresee_rounds(BEGUN, [estate.pk], 10)
    assert (foreseen.count, tasks.owe_rounds(BEGUN).done, tasks.owe_rounds(NOW).done) == (1, 1, 0)
    row = promised()
    assert (row.subject_id, row.department, row.outcome) == (pair[0].building_id, "finance", "open")
    assert clocks.local_date(row.due_at - timedelta(seconds=1), estate.zone) == date(2026, 3, 28)
    assert tasks.owe_rounds(clocks.midnight(date(2026, 4, 2), estate.zone)).done == 1


def test_it_is_kept_by_the_last_meter_read_or_missed(pair, technician):
    tasks.owe_rounds(BEGUN)
    readings.take(meter=pair[0], value=5, read_on=date(2026, 3, 5), source="phone", by=technician, now=NOW)
    assert promised().outcome == "open"
    readings.miss(meter=pair[1], reason="locked", day=date(2026, 3, 5), by=technician, now=NOW)
    row = promised()
    assert (row.outcome, row.closed_at, row.closed_by) == ("kept", NOW, technician)


def test_a_reading_of_another_month_does_not_keep_it(pair, technician):
    tasks.owe_rounds(BEGUN)
    for meter in pair:
        readings.take(meter=meter, value=5, read_on=date(2026, 2, 20), source="phone", by=technician, now=NOW)
    assert promised().outcome == "open"


def test_nothing_is_promised_where_all_is_read_or_the_day_has_passed(pair, technician):
    assert tasks.owe_rounds(NOW.replace(day=30)).found == 0
    for meter in pair:
        readings.take(meter=meter, value=5, read_on=date(2026, 3, 1), source="phone", by=technician, now=NOW)
    assert tasks.owe_rounds(NOW).found == 0
