"""Reports read the sums the ledger keeps, and say the same as its entries (SPEC §6.12)."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from billing.actions import ledger
from billing.models import Item
from billing.reports import figures
from billing.rules.ledger import Head, Line
from tests.billing.test_ledger import MARCH, charge, pay
from tests.cast import NOW, make_person, make_unit

D = Decimal


@pytest.fixture
def account(estate):
    return ledger.account_of(make_unit(estate, "3-2-1201"), make_person(estate))


@pytest.fixture
def item(estate):
    return Item.objects.create(
        estate=estate, code="try", name_zh_hant="物業管理費", formula=Item.Formula.AREA
    )


@pytest.mark.parametrize(
    ("today", "age"),
    [
        (date(2026, 3, 31), "not_due"),  # due today is not late
        (date(2026, 4, 1), "d30"),
        (date(2026, 4, 30), "d30"),
        (date(2026, 5, 1), "d90"),
        (date(2026, 6, 29), "d90"),
        (date(2026, 6, 30), "d180"),
        (date(2026, 9, 27), "d180"),
        (date(2026, 9, 28), "d365"),
        (date(2027, 3, 31), "d365"),
        (date(2027, 4, 1), "older"),
    ],
)
def test_a_charge_grows_older_from_the_day_after_it_was_due(account, item, cashier, today, age):
    charge(account, item, by=cashier)
    estates = [account.estate_id]
    assert figures.ageing(estates, today) == {None: {age: D("100.00")}}
    assert figures.ageing(estates, today, by="item") == {item.pk: {age: D("100.00")}}
    assert [row.amount for row in figures.open_rows(estates, today, age)] == [D("100.00")]
    others = [key for key in figures.AGE_KEYS if key != age]
    assert not any(figures.open_rows(estates, today, other).exists() for other in others)


def test_the_collection_rate_is_what_came_in_of_what_was_charged(account, item, cashier):
    row = charge(account, item, by=cashier)
    pay(row, "40.00", cashier)
    ledger.post(
        estate=account.estate, kind="waiver", by=cashier, now=NOW, reason="hardship",
        lines=[
            Line(Head.RECEIVABLE, D("-10"), account.pk, item.pk, account.unit.building_id, row.pk, MARCH, row.due_on),
            Line(Head.WAIVED, D("10"), account.pk, item.pk, account.unit.building_id, row.pk, MARCH, row.due_on),
        ],
    )  # fmt: skip
    (got,) = figures.collection([account.estate_id], MARCH, MARCH).values()
    assert (got.charged, got.collected, got.waived, got.open) == (D(100), D(40), D(10), D(50))
    assert got.rate == D("40.0")
    assert figures.collection([account.estate_id], date(2026, 4, 1), date(2026, 4, 1)) == {}


def test_a_payment_taken_back_was_never_collected(account, item, cashier):
    voucher = pay(charge(account, item, by=cashier), "40.00", cashier)
    ledger.reverse(voucher=voucher, by=cashier, now=NOW, reason="wrong unit")
    (got,) = figures.collection([account.estate_id], MARCH, MARCH).values()
    assert (got.charged, got.collected) == (D(100), D(0))
    assert figures.money([account.estate_id], MARCH, MARCH) == {}


def test_what_is_collected_for_others_stands_apart_from_income(account, item, cashier, estate):
    water = Item.objects.create(
        estate=estate, code="w", name_zh_hant="水費", formula="reading", meter_kind="water", agency=True
    )
    charge(account, item, by=cashier)
    charge(account, water, "30.00", by=cashier)
    assert figures.income([estate.pk], MARCH, MARCH) == [(water.pk, True, D(30)), (item.pk, False, D(100))]


def test_the_trial_balance_holds_and_finds_what_differs(account, item, cashier, estate):
    pay(charge(account, item, by=cashier), "40.00", cashier)
    found = figures.proof(estate)
    assert (
        found.holds and found.heads[Head.RECEIVABLE] == D("60.00") and found.heads[Head.MONEY] == D("40.00")
    )
    # A charge nobody booked: the ledger's caches know nothing of it, the trial balance does.
    from billing.models import Charge, Voucher

    voucher = Voucher.objects.create(estate=estate, kind="charge", day=date(2026, 3, 12), at=NOW, by=cashier)
    Charge.objects.create(
        estate=estate, unit=account.unit, account=account, item=item, voucher=voucher, amount=D(7), period=MARCH,
        from_on=MARCH, until_on=date(2026, 4, 1), due_on=date(2026, 3, 31),
    )  # fmt: skip
    assert [(what, kept, booked) for what, _which, kept, booked in figures.proof(estate).differences] == [
        ("charge", D(7), D(0))
    ]
    transaction.set_rollback(True)  # nor would the database let it stand at the end of the transaction
