"""Consumption per meter and month: Python and SQL say the same (SPEC §6.3)."""

import itertools
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import CarriedUse, Meter, Reading
from billing.reports import consumption
from billing.rules import meters as rules
from office import clocks
from office.models import Estate
from tests.cast import NOW, make_building, make_unit

D = Decimal
MARCH = date(2026, 3, 1)


def make_meter(estate, serial, **fields):
    values = {"kind": "water", "installed_on": date(2026, 1, 1), **fields}
    return Meter.objects.create(estate=estate, serial=serial, **values)


def count(meter, *days):
    """Counted readings of (day, value[, rolled over]), oldest first, with the consumption of the rules."""
    since, before = meter.installed_on, meter.installed_at_value
    for day, value, *rolled in days:
        used = rules.used(meter, before, D(value), bool(rolled))
        Reading.objects.create(
            estate=meter.estate, meter=meter, read_on=day, value=D(value), rolled_over=bool(rolled), consumption=used,
            source="desk", at=NOW,
        )  # fmt: skip
        since, before = day, D(value)
    return since


def used(estate, sql, period=MARCH):
    return {row["kind"]: row["consumption"] for row in consumption.run(sql, estate, period)}


def test_a_month_has_what_the_readings_of_its_days_say(estate):
    unit = make_unit(estate, "3-2-1201")
    meter = make_meter(estate, "W1", unit=unit, installed_at_value=D(5))
    count(
        meter,
        (date(2026, 2, 28), 15),
        (date(2026, 3, 10), 18),
        (date(2026, 3, 31), "25.500"),
        (date(2026, 4, 1), 26),
    )
    [row] = consumption.run(consumption.unit_use(), estate, MARCH)
    assert (row["unit_id"], row["kind"], row["consumption"]) == (unit.pk, "water", D("10.500"))
    assert (row["from_on"], row["until_on"]) == (date(2026, 2, 28), date(2026, 3, 31))
    assert [(fact["before"], fact["value"], fact["used"]) for fact in row["readings"]] == [
        ("15.000", "18.000", "3.000"),
        ("18.000", "25.500", "7.500"),
    ]


def test_held_refused_and_replaced_readings_count_nowhere(estate):
    meter = make_meter(estate, "W1", unit=make_unit(estate))
    for state in ("held", "refused", "replaced"):
        Reading.objects.create(
            estate=estate, meter=meter, read_on=MARCH, value=9, state=state, source="desk", at=NOW
        )
    assert consumption.run(consumption.meter_use(), estate, MARCH) == []
    assert consumption.of_month(estate, MARCH) == []


def test_both_meters_of_an_exchange_belong_to_the_unit(estate):
    unit = make_unit(estate)
    old = make_meter(estate, "W1", unit=unit, removed_on=date(2026, 3, 15), multiplier=D(10))
    new = make_meter(
        estate, "W2", unit=unit, installed_on=date(2026, 3, 15), installed_at_value=D(2), replaces=old
    )
    count(old, (date(2026, 2, 28), 10), (date(2026, 3, 15), 11))
    count(new, (date(2026, 3, 31), 5))
    assert used(estate, consumption.unit_use()) == {"water": D(13)}
    [row] = consumption.run(consumption.unit_use(), estate, MARCH)
    assert [fact["meter"] for fact in row["readings"]] == ["W1", "W2"]


def test_shared_meters_stand_for_their_building_or_the_estate(estate):
    building = make_building(estate, "9")
    lift = make_meter(estate, "E1", kind="electricity", building=building, reach="building")
    # It hangs in a building and is shared by all.
    lamps = make_meter(estate, "E2", kind="electricity", building=building, reach="estate")
    pump = make_meter(estate, "E3", kind="electricity", reach="estate")
    for meter, value in ((lift, 7), (lamps, 20), (pump, 3)):
        count(meter, (date(2026, 3, 31), value))
    rows = consumption.run(consumption.shared_use(), estate, MARCH)
    assert {(row["reach"], row["building_id"]): row["consumption"] for row in rows} == {
        ("building", building.pk): D(7),
        ("estate", None): D(23),
    }


def test_what_is_carried_leaves_its_month_and_joins_the_other(estate):
    meter = make_meter(estate, "W1", unit=make_unit(estate))
    count(meter, (date(2026, 3, 31), 30), (date(2026, 4, 30), 50))
    row = Reading.objects.first()
    CarriedUse.objects.create(
        estate=estate,
        meter=meter,
        reading=row,
        from_period=MARCH,
        to_period=date(2026, 4, 1),
        quantity=D(4),
        at=NOW,
    )
    assert used(estate, consumption.unit_use()) == {"water": D(26)}
    assert used(estate, consumption.unit_use(), date(2026, 4, 1)) == {"water": D(24)}


def test_the_run_may_narrow_the_meters(estate):
    mine, other = make_unit(estate), make_unit(estate)
    for number, unit in enumerate((mine, other)):
        count(make_meter(estate, f"W{number}", unit=unit), (date(2026, 3, 31), 8))
    rows = consumption.run(consumption.unit_use("AND m.unit_id = %(unit)s"), estate, MARCH, unit=mine.pk)
    assert [row["unit_id"] for row in rows] == [mine.pk]


def test_meters_not_read_in_the_month_are_missing(estate):
    unit = make_unit(estate)
    read, unread = make_meter(estate, "W1", unit=unit), make_meter(estate, "W2", unit=unit)
    gone = make_meter(estate, "W3", unit=unit, removed_on=date(2026, 3, 5))
    make_meter(estate, "W4", unit=unit, installed_on=date(2026, 3, 5))
    count(read, (date(2026, 3, 31), 8))
    count(gone, (date(2026, 2, 20), 8))
    assert list(consumption.missing(estate, MARCH)) == [unread]


# --- both agree, whatever was read -----------------------------------------------------------------------------

quantities = st.integers(min_value=0, max_value=99_999_999).map(lambda number: D(number).scaleb(-3))
a_meter = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["water", "electricity"]),
        "digits": st.just(5),
        "multiplier": st.sampled_from([D("1"), D("0.1"), D("40"), D("1.333")]),
        "installed_at_value": quantities,
        "owner": st.sampled_from(["unit", "unit", "building", "estate"]),
        "steps": st.lists(st.tuples(st.integers(1, 40), quantities), max_size=5),
        "carried": st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 2), quantities, st.booleans()), max_size=2
        ),
    }
)


@pytest.mark.django_db
@given(st.lists(a_meter, min_size=1, max_size=4))
def test_python_and_sql_agree(plans):
    estate, unit, building = new_place()
    for number, plan in enumerate(plans):
        _write(estate, unit, building, number, dict(plan))
    for month in range(4):
        period = clocks.add_months(date(2026, 1, 1), month)
        expected = consumption.of_month(estate, period)
        found = consumption.run(consumption.meter_use(), estate, period)
        assert sorted(
            (row["meter_id"], row["consumption"], row["from_on"], row["until_on"], row["readings"])
            for row in found
        ) == sorted(
            (use.meter.pk, use.consumption, use.from_on, use.until_on, use.readings) for use in expected
        )
        together, shared = defaultdict(D), defaultdict(D)
        for use in expected:
            meter = use.meter
            if meter.unit_id:
                together[meter.unit_id, meter.kind] += use.consumption
            else:
                place = meter.building_id if meter.reach == "building" else None
                shared[meter.reach, place, meter.kind] += use.consumption
        rows = consumption.run(consumption.unit_use(), estate, period)
        assert {(row["unit_id"], row["kind"]): row["consumption"] for row in rows} == together
        rows = consumption.run(consumption.shared_use(), estate, period)
        assert {(row["reach"], row["building_id"], row["kind"]): row["consumption"] for row in rows} == shared


_numbers = itertools.count()


def new_place():
    """One more estate with a unit and a building. What is carried stays written, so each example has its own."""
    estate = Estate.objects.create(code=f"P{next(_numbers)}", name="試")
    return estate, make_unit(estate), make_building(estate, "9")


def _write(estate, unit, building, number, plan):
    steps, carried, owner = plan.pop("steps"), plan.pop("carried"), plan.pop("owner")
    whose = {"unit": unit} if owner == "unit" else {"reach": owner, "building": building}
    meter = make_meter(estate, f"M{number}", **plan, **whose)
    day, before = meter.installed_on, meter.installed_at_value
    for days, value in steps:
        day += timedelta(days=days)
        rolled = value < before
        count_one(meter, day, value, rolled, rules.used(meter, before, value, rolled))
        before = value
    row = meter.readings.first()
    for month, length, quantity, minus in carried:
        if row and quantity:
            first = clocks.add_months(date(2026, 1, 1), month)
            CarriedUse.objects.create(
                estate=estate, meter=meter, reading=row, from_period=first, to_period=clocks.add_months(first, length),
                quantity=-quantity if minus else quantity, at=NOW,
            )  # fmt: skip


def count_one(meter, day, value, rolled, used):
    Reading.objects.create(
        estate=meter.estate, meter=meter, read_on=day, value=value, rolled_over=rolled, consumption=used,
        source="desk", at=NOW,
    )  # fmt: skip
