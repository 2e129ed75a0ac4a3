"""Readings count, are held, decided, corrected; late ones go to the next bill (SPEC §6.3, ADR 10)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.actions import ledger, meters, readings
from billing.models import Book, CarriedUse, Charge, Item, Meter, MissedReading, Reading, Voucher
from billing.reports import consumption
from billing.rules import ledger as lines
from billing.rules import meters as rules
from office.models import Event
from office.refusals import Refused, Stale
from tests.billing.test_consumption import make_meter
from tests.cast import NOW, make_person, make_staff, make_unit

D = Decimal
JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))


@pytest.fixture
def meter(estate):
    return make_meter(estate, "W1", unit=make_unit(estate, "3-2-1201"), digits=4)


def take(meter, day, value, by, **more):
    return readings.take(meter=meter, value=D(value), read_on=day, source="phone", by=by, now=NOW, **more)


def history(meter, by):
    """About ten a month: 10, 20, 30."""
    take(meter, date(2026, 1, 11), 10, by)
    take(meter, date(2026, 1, 21), 20, by)
    return take(meter, date(2026, 1, 31), 30, by)


def test_a_reading_counts_from_the_one_before(meter, technician):
    assert (history(meter, technician).consumption, meter.readings.filter(state="counted").count()) == (
        D(10),
        3,
    )


@pytest.mark.parametrize(
    ("value", "day", "doubt"),
    [
        (29, date(2026, 2, 10), rules.BELOW),
        (40, date(2026, 2, 10), ""),
        (55, date(2026, 2, 10), ""),  # twice the usual, and five which are never unusual
        (56, date(2026, 2, 10), rules.FAR),
        (56, date(2026, 3, 3), ""),  # in thirty days
        (30, date(2026, 3, 12), rules.FAR),  # nothing in forty days
    ],
)
def test_what_a_person_has_to_look_at_is_held(meter, technician, value, day, doubt):
    history(meter, technician)
    row = take(meter, day, value, technician)
    assert (row.doubt, row.state) == (doubt, "held" if doubt else "counted")


def test_the_estate_says_what_is_far(meter, technician):
    history(meter, technician)
    meter.estate.reading_percent = 0
    meter.estate.save()
    assert take(meter, date(2026, 2, 10), 900, technician).state == "counted"


def test_a_dial_that_passes_zero_is_asked_about(meter, technician, supervisor):
    take(meter, date(2026, 1, 31), 9990, technician)
    row = take(meter, date(2026, 2, 28), 5, technician)
    assert row.doubt == rules.ROLLED
    readings.decide(reading=row, decision="rolled", words="", by=supervisor, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.rolled_over, row.consumption) == ("counted", True, D(15))


def test_who_stands_before_the_meter_may_say_that_it_passed_zero(meter, technician):
    take(meter, date(2026, 1, 31), 9990, technician)
    assert take(meter, date(2026, 2, 28), 5, technician, rolled_over=True).consumption == D(15)


@pytest.mark.parametrize(
    ("day", "value"),
    [(date(2026, 3, 13), 5), (date(2025, 12, 31), 5), (date(2026, 3, 1), 10_000)],
    ids=["tomorrow", "before it was installed", "five digits of four"],
)
def test_what_cannot_be_is_refused(meter, technician, day, value):
    with pytest.raises(Refused):
        take(meter, day, value, technician)
    assert not Reading.objects.exists()


def test_the_same_value_twice_is_one_reading(meter, technician):
    first = take(meter, MARCH, 5, technician)
    assert take(meter, MARCH, 5, technician) == first
    with pytest.raises(Refused, match="already"):
        take(meter, MARCH, 6, technician)
    assert Reading.objects.count() == 1


def test_a_reading_in_between_moves_the_consumption_of_the_next(meter, technician):
    take(meter, date(2026, 1, 31), 10, technician)
    last = take(meter, date(2026, 3, 10), 40, technician)
    between = take(meter, date(2026, 2, 28), 25, technician)
    last.refresh_from_db()
    assert (between.consumption, last.consumption) == (D(15), D(15))
    assert take(meter, date(2026, 2, 10), 26, technician).doubt == rules.ABOVE


def test_a_refused_reading_says_why(meter, technician, supervisor):
    history(meter, technician)
    row = take(meter, date(2026, 2, 10), 3, technician)
    with pytest.raises(Refused, match="Say why"):
        readings.decide(reading=row, decision="refuse", words=" ", by=supervisor, now=NOW)
    with pytest.raises(Refused, match="role"):
        readings.decide(reading=row, decision="refuse", words="misread", by=technician, now=NOW)
    readings.decide(reading=row, decision="refuse", words="misread", by=supervisor, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.decision) == ("refused", "misread")
    with pytest.raises(Refused, match="decided already"):
        readings.decide(reading=row, decision="count", words="", by=supervisor, now=NOW)


def test_below_the_last_cannot_simply_count(meter, technician, supervisor):
    history(meter, technician)
    row = take(meter, date(2026, 2, 10), 3, technician)
    with pytest.raises(Refused, match="below the one before"):
        readings.decide(reading=row, decision="count", words="", by=supervisor, now=NOW)


def test_a_correction_is_a_new_reading_that_names_the_old(meter, technician, supervisor):
    history(meter, technician)
    wrong = meter.readings.get(read_on=date(2026, 1, 21))
    new = readings.correct(reading=wrong, value=D(15), words="typing", by=technician, now=NOW)
    wrong.refresh_from_db()
    assert (wrong.state, new.replaces, new.consumption) == ("replaced", wrong, D(5))
    assert meter.readings.get(read_on=date(2026, 1, 31)).consumption == D(15)
    other = make_staff("other", (meter.estate, "technician"))
    with pytest.raises(Refused, match="Somebody else"):
        readings.correct(reading=new, value=D(16), words="?", by=other, now=NOW)
    readings.correct(reading=new, value=D(16), words="photo", by=supervisor, now=NOW)
    with pytest.raises(Refused):
        readings.correct(reading=new, value=D(17), words="again", by=supervisor, now=NOW)


# --- months that are charged ---------------------------------------------------------------------------------------


def charge(meter, month, by):
    """The ledger has a charge by reading of this month at the estate; whose does not matter."""
    estate = meter.estate
    formula = "reading" if meter.unit_id else "shared"
    item = Item.objects.filter(estate=estate, formula=formula, meter_kind=meter.kind).first()
    item = item or Item.objects.create(
        estate=estate, code="x", name_zh_hant="水費", formula=formula, meter_kind=meter.kind
    )
    account = ledger.account_of(make_unit(estate), make_person(estate))
    ledger.open_months([month])
    Book.objects.get_or_create(estate=estate)
    voucher = Voucher.objects.create(estate=estate, kind="charge", day=NOW.date(), at=NOW, by=by)
    row = ledger.new_charge(
        account=account, item=item, amount=D(9), period=month, from_on=month, until_on=date(2026, 12, 1),
        due_on=month, voucher=voucher,
    )  # fmt: skip
    ledger.write_entries(voucher, lines.charging(row, item, building_id=account.unit.building_id))
    assert Charge.objects.filter(period=month).exists()


def used(meter, month):
    return sum((use.consumption for use in consumption.of_month(meter.estate, month)), D(0))


def test_a_correction_in_a_charged_month_goes_to_the_next_that_is_not(meter, technician, supervisor):
    wrong = take(meter, date(2026, 1, 31), 30, technician)
    take(meter, date(2026, 2, 28), 50, technician)
    for month in (JANUARY, FEBRUARY):
        charge(meter, month, supervisor)
    readings.correct(reading=wrong, value=D(34), words="misread", by=supervisor, now=NOW)
    # January was charged with 30, February with 20; they keep it. March owes nothing: 4 more and 4 less.
    assert [used(meter, month) for month in (JANUARY, FEBRUARY, MARCH)] == [30, 20, 0]
    last = meter.readings.get(read_on=date(2026, 2, 28))
    readings.correct(reading=last, value=D(51), words="misread", by=supervisor, now=NOW)
    assert [used(meter, month) for month in (JANUARY, FEBRUARY, MARCH)] == [30, 20, 1]
    assert Event.objects.filter(verb="reading.carried", subject_id=meter.pk).count() == 3


def test_a_late_reading_of_a_charged_month_is_not_lost(meter, technician, supervisor):
    charge(meter, FEBRUARY, supervisor)
    take(meter, date(2026, 2, 28), 30, technician)
    assert [used(meter, month) for month in (FEBRUARY, MARCH)] == [0, 30]


def test_a_month_that_is_not_charged_is_simply_mended(meter, technician, supervisor):
    wrong = take(meter, date(2026, 2, 28), 30, technician)
    charge(meter, JANUARY, supervisor)
    readings.correct(reading=wrong, value=D(34), words="misread", by=supervisor, now=NOW)
    assert used(meter, FEBRUARY) == 34 and not CarriedUse.objects.exists()


def test_what_is_below_nothing_goes_on_until_it_is_used_up(meter, technician, supervisor):
    wrong = take(meter, date(2026, 1, 31), 100, technician)
    charge(meter, JANUARY, supervisor)
    readings.correct(reading=wrong, value=D(10), words="misread", by=supervisor, now=NOW)
    take(meter, date(2026, 2, 28), 30, technician)
    assert [used(meter, month) for month in (JANUARY, FEBRUARY)] == [100, -70]
    charge(meter, FEBRUARY, supervisor)  # the run charged nothing for it
    take(meter, date(2026, 3, 10), 45, technician)
    assert [used(meter, month) for month in (JANUARY, FEBRUARY, MARCH)] == [100, 0, -55]
    assert sum(used(meter, month) for month in (JANUARY, FEBRUARY, MARCH)) == 45


def test_a_shared_meter_follows_the_same_rule(estate, technician, supervisor):
    pump = make_meter(estate, "E1", kind="electricity", reach="estate")
    charge(pump, FEBRUARY, supervisor)
    readings.take(meter=pump, value=D(80), read_on=date(2026, 2, 28), source="desk", by=technician, now=NOW)
    assert [used(pump, month) for month in (FEBRUARY, MARCH)] == [0, 80]


# --- the register --------------------------------------------------------------------------------------------------


def exchange(meter, by, **more):
    values = {
        "day": date(2026, 3, 5), "final": D(40), "rolled_over": False, "serial": "W2", "first": D(1), "digits": 5,
        "multiplier": D(1), **more,
    }  # fmt: skip
    return meters.exchange(meter=meter, by=by, now=NOW, **values)


def test_an_exchange_ends_the_old_meter_and_begins_the_new(meter, technician, supervisor):
    history(meter, technician)
    new = exchange(meter, supervisor)
    meter.refresh_from_db()
    assert (meter.removed_on, new.unit, new.replaces, new.installed_at_value) == (
        date(2026, 3, 5),
        meter.unit,
        meter,
        D(1),
    )
    take(new, date(2026, 3, 12), 4, technician)
    assert used(meter, MARCH) == 10 + 3
    with pytest.raises(Refused, match="removed"):
        exchange(meter, supervisor, serial="W3")
    with pytest.raises(Refused):
        take(meter, date(2026, 3, 6), 41, technician)


def test_an_exchange_with_a_final_reading_below_the_last_is_refused_whole(meter, technician, supervisor):
    history(meter, technician)
    with pytest.raises(Refused, match="below"):
        exchange(meter, supervisor, final=D(5))
    meter.refresh_from_db()
    assert meter.removed_on is None and Meter.objects.count() == 1 and meter.readings.count() == 3


def test_what_consumption_was_worked_out_with_stays(meter, technician, supervisor):
    values = {"place": "井道", "multiplier": D(2)}
    meters.save(estate=meter.estate, meter=meter, values=values, by=supervisor, now=NOW, version=1)
    take(meter, MARCH, 3, technician)
    with pytest.raises(Refused, match="Exchange"):
        meters.save(estate=meter.estate, meter=meter, values={"multiplier": D(3)}, by=supervisor, now=NOW)
    with pytest.raises(Stale):
        meters.save(
            estate=meter.estate, meter=meter, values={"place": "x"}, by=supervisor, now=NOW, version=1
        )
    with pytest.raises(Refused, match="role"):
        meters.save(estate=meter.estate, meter=meter, values={"place": "x"}, by=technician, now=NOW)


def test_the_walk_is_put_in_order(estate, supervisor):
    first, second, third = (make_meter(estate, f"W{n}", unit=make_unit(estate)) for n in range(3))
    meters.order(estate=estate, ids=[third.pk, first.pk, second.pk], by=supervisor, now=NOW)
    assert list(Meter.objects.order_by("position")) == [third, first, second]


def test_a_missed_meter_is_named_once_and_forgotten_when_read(meter, technician):
    for reason in ("nobody", "locked"):
        readings.miss(meter=meter, reason=reason, day=MARCH, by=technician, now=NOW)
    assert MissedReading.objects.get().reason == "locked"
    take(meter, MARCH, 3, technician)
    assert not MissedReading.objects.exists()
