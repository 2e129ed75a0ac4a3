"""上門收取: promised, prepared, used or returned; a number taken is never lost (SPEC §6.5)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.actions import closing, collections, ledger
from billing.models import Collection, Entry, Item, Receipt
from billing.reports import closing as closes
from office.models import Promise
from office.refusals import Refused
from tests.billing.drawers import paid
from tests.billing.money import make_charge
from tests.cast import NOW, make_person, make_unit

DAY = date(2026, 3, 12)


@pytest.fixture
def account(estate):
    return ledger.account_of(make_unit(estate, "3-2-1201"), make_person(estate))


@pytest.fixture
def owed(account, cashier):
    item = Item.objects.create(estate=account.estate, code="try", name_zh_hant="物業管理費", formula="area")
    return make_charge(account, item, "100.00", by=cashier, now=NOW, period=date(2026, 3, 1))


def agreed(account, cashier, amount="100.00", start=NOW + timedelta(hours=2), **values):
    return collections.agree(
        account=account, payer="張小明", owner_name="張小明", window_from=start, window_to=start + timedelta(hours=1),
        amount=Decimal(amount), collector=cashier, by=cashier, now=NOW, **values,
    )  # fmt: skip


def test_an_appointment_is_promised_ahead_and_on_the_day(account, cashier, owed):
    tomorrow = NOW + timedelta(days=1)
    row = agreed(account, cashier, start=tomorrow)
    due = dict(Promise.objects.filter(subject_kind="collection").values_list("kind", "due_at"))
    assert due["collection"] == tomorrow + timedelta(hours=1)
    assert due["collection_ahead"] < tomorrow
    collections.prepare(collection=row, by=cashier, now=NOW)
    assert Promise.objects.get(kind="collection_ahead").outcome == Promise.Outcome.KEPT
    assert Promise.objects.open().get().kind == "collection"


def test_a_prepared_receipt_takes_its_number_and_books_nothing(account, cashier, owed):
    row = collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)
    assert row.receipt.total == 100 and not Entry.objects.filter(head="money").exists()
    with pytest.raises(Refused, match="prepared already"):
        collections.prepare(collection=row, by=cashier, now=NOW)


def test_on_return_it_is_booked_into_the_collectors_drawer(account, cashier, supervisor, owed):
    row = collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)
    row = collections.collect(collection=row, methods={"cash": Decimal("100.00")}, by=cashier, now=NOW)
    assert row.state == "collected" and row.used == row.receipt
    assert closes.sums(account.estate, cashier, DAY) == {"cash": Decimal("100.00")}
    with pytest.raises(Refused, match="over"):
        collections.collect(collection=row, methods={"cash": Decimal("100.00")}, by=cashier, now=NOW)


def test_another_amount_cancels_the_prepared_receipt_and_issues_a_new_one(account, cashier, owed):
    row = collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)
    row = collections.collect(collection=row, methods={"cash": Decimal("120.00")}, by=cashier, now=NOW)
    assert row.used != row.receipt and Receipt.objects.count() == 2
    assert set(row.receipt.steps.values_list("verb", flat=True)) == {"carried", "cancelled"}
    account.refresh_from_db()
    assert (account.owed, account.prepaid) == (0, Decimal("20.00"))


def test_what_comes_back_unused_keeps_its_number_and_the_debt(account, cashier, owed):
    row = collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)
    with pytest.raises(Refused, match="why"):
        collections.give_up(collection=row, reason=" ", by=cashier, now=NOW)
    row = collections.give_up(collection=row, reason="無人在家", by=cashier, now=NOW)
    account.refresh_from_db()
    assert row.state == "unused" and account.owed == 100 and Receipt.objects.count() == 1
    assert not Promise.objects.open().exists()


def test_a_day_is_not_closed_over_a_receipt_that_is_out(account, cashier, owed):
    paid(account, cashier)
    row = collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)
    values = {"estate": account.estate, "cashier": cashier, "day": DAY, "by": cashier, "now": NOW}
    with pytest.raises(Refused, match=row.receipt.number):
        closing.close_day(**values, counted=Decimal("10.00"))
    collections.give_up(collection=row, reason="改期", by=cashier, now=NOW, called_off=True)
    closing.close_day(**values, counted=Decimal("10.00"))
    with pytest.raises(Refused, match="closed for this cashier"):
        collections.prepare(collection=agreed(account, cashier), by=cashier, now=NOW)


def test_only_who_takes_money_agrees_and_goes(account, cashier, clerk, owed):
    with pytest.raises(Refused, match="does not take money"):
        collections.agree(
            account=account, payer="張", owner_name="張", window_from=NOW, window_to=NOW + timedelta(hours=1),
            amount=Decimal("1"), collector=clerk, by=cashier, now=NOW,
        )  # fmt: skip
    assert not Collection.objects.exists()
