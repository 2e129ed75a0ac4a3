"""Late fees: once a month for each late charge, by the standard of each day (SPEC §6.1)."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from billing import tasks
from billing.actions import late, payment
from billing.models import Account, Charge, Item
from billing.rules import explain
from tests.billing.money import make_account, make_charge, make_item, make_standard
from tests.cast import ZONE

D = Decimal
BOOKED = datetime(2026, 2, 27, 10, tzinfo=ZONE)
FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
FIRST_OF_APRIL = datetime(2026, 4, 1, 0, 30, tzinfo=ZONE)


@pytest.fixture
def late_item(estate):
    item = Item.objects.get(estate=estate, code="late")
    make_standard(item, rate=D("0.0005"), grace_days=5)
    return item


@pytest.fixture
def overdue(estate, late_item, finance):
    return owe(estate, finance)


def owe(estate, by, amount="1000.00", code="3-2-1201", item=None):
    item = item or Item.objects.get(estate=estate, code="management")
    due = date(2026, 2, 28)
    return make_charge(
        make_account(estate, code), item, amount, by=by, now=BOOKED, period=FEBRUARY, due_on=due
    )


def charged():
    rows = Charge.objects.filter(source_kind="late").order_by("period", "pk")
    return [(row.period, row.amount) for row in rows]


def test_the_first_of_a_month_charges_the_days_of_the_month_before(overdue):
    result = tasks.charge_late_fees(FIRST_OF_APRIL)
    assert (result.found, result.done, result.failed) == (1, 1, 0)
    row = Charge.objects.get(source_kind="late")
    # 1,000 × 0.05 % × 26 days: due on 28 February, five days of grace, 6 to 31 March
    assert (row.amount, row.period, row.from_on, row.until_on) == (D("13.00"), MARCH, date(2026, 3, 6), APRIL)
    assert explain.short(row.basis) == "1,000.00 × 0.05% × 26 days"
    assert Account.objects.get().owed == D("1013.00")


def test_it_is_charged_once_however_often_the_sweep_runs(overdue, estate):
    tasks.charge_late_fees(FIRST_OF_APRIL)
    assert tasks.charge_late_fees(FIRST_OF_APRIL + timedelta(hours=3)).found == 0
    assert late.charge_month(estate=estate, month=MARCH, by=None, now=FIRST_OF_APRIL) == (0, 0)
    assert charged() == [(MARCH, D("13.00"))]


def test_a_month_that_was_missed_is_made_good(overdue):
    tasks.charge_late_fees(datetime(2026, 5, 4, 9, tzinfo=ZONE))
    assert charged() == [(APRIL, D("28.00"))]


def test_the_next_month_charges_what_the_first_did_not(overdue):
    tasks.charge_late_fees(FIRST_OF_APRIL)
    tasks.charge_late_fees(datetime(2026, 5, 1, 0, 10, tzinfo=ZONE))
    assert charged() == [(MARCH, D("13.00")), (APRIL, D("15.00"))]


def test_who_paid_during_the_month_pays_up_to_that_day(estate, overdue, cashier):
    at = datetime(2026, 3, 16, 9, tzinfo=ZONE)
    payment.pay(
        estate=estate,
        payer="張",
        charges=[(overdue.pk, D(1000))],
        methods={"cash": D(1000)},
        by=cashier,
        now=at,
    )
    tasks.charge_late_fees(FIRST_OF_APRIL)
    assert charged() == [(MARCH, D("5.00"))]
    tasks.charge_late_fees(datetime(2026, 5, 1, 0, 10, tzinfo=ZONE))
    assert len(charged()) == 1


def test_none_on_late_fees_and_deposits(estate, overdue, finance):
    deposit = Item.objects.get(estate=estate, code="deposit_renovation")
    owe(estate, finance, code="3-2-1202", item=deposit)
    for month in (4, 5, 6):
        tasks.charge_late_fees(datetime(2026, month, 1, 1, tzinfo=ZONE))
    assert {row.source_id for row in Charge.objects.filter(source_kind="late")} == {str(overdue.pk)}


def test_what_was_booked_late_is_late_from_its_booking_on(estate, late_item, finance):
    item = Item.objects.get(estate=estate, code="management")
    at = datetime(2026, 3, 22, 10, tzinfo=ZONE)
    make_charge(
        make_account(estate), item, "1000", by=finance, now=at, period=FEBRUARY, due_on=date(2026, 2, 28)
    )
    tasks.charge_late_fees(FIRST_OF_APRIL)
    assert charged() == [(MARCH, D("5.00"))]


def test_the_counter_can_charge_up_to_today_and_the_month_goes_on_from_there(estate, overdue, finance):
    at = datetime(2026, 3, 16, 9, tzinfo=ZONE)
    [fee] = late.charge_account(account=overdue.account, by=finance, now=at)
    assert fee.amount == D("5.00")
    assert late.charge_account(account=overdue.account, by=finance, now=at) == []
    tasks.charge_late_fees(FIRST_OF_APRIL)
    tasks.charge_late_fees(datetime(2026, 5, 1, 0, 10, tzinfo=ZONE))
    assert sum(amount for _period, amount in charged()) == D("28.00")


def test_what_the_page_says_is_what_is_charged(overdue, finance):
    at = datetime(2026, 3, 16, 9, tzinfo=ZONE)
    said = late.due(account=overdue.account, now=at)
    assert [fee.amount for fee in said] == [
        fee.amount for fee in late.charge_account(account=overdue.account, by=finance, now=at)
    ]
    assert late.due(account=overdue.account, now=at) == []


def test_without_a_standard_nobody_is_charged(estate, finance):
    owe(estate, finance)
    assert tasks.charge_late_fees(FIRST_OF_APRIL).found == 0


def test_the_reminders_page_foresees_it(estate, overdue):
    foreseen = tasks.foresee_late_fees(FIRST_OF_APRIL, [estate.pk], 10)
    assert [row.title for row in foreseen.rows] == ["Hang Tai Garden 2026-03"]
    tasks.charge_late_fees(FIRST_OF_APRIL)
    assert tasks.foresee_late_fees(FIRST_OF_APRIL, [estate.pk], 10).count == 0


def test_many_late_charges_ask_as_often_as_one(estate, late_item, finance, django_assert_max_num_queries):
    rows = [
        owe(estate, finance, code=f"3-2-12{number:02d}", item=make_item(estate, f"i{number}"))
        for number in range(8)
    ]
    with django_assert_max_num_queries(7):
        assert len(late.fees(estate, [row.pk for row in rows], APRIL)) == 8
