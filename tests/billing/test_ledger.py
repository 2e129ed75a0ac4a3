"""The database refuses whatever is not a booking (SPEC §6, ARCHITECTURE §3)."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum

from billing.actions import ledger
from billing.models import Account, Book, Charge, Entry, Item, OpenCharge, Owing, Turnover, Voucher
from billing.rules import ledger as rules
from billing.rules.ledger import Head, Line
from office.refusals import Refused
from tests.cast import NOW, make_person, make_unit, occupy

MARCH = date(2026, 3, 1)


@pytest.fixture
def account(estate):
    unit = make_unit(estate, "3-2-1201", area=Decimal("85.20"))
    owner = make_person(estate)
    occupy(unit, owner)
    return ledger.account_of(unit, owner)


@pytest.fixture
def item(estate):
    return Item.objects.create(
        estate=estate, code="try", name_zh_hant="物業管理費", formula=Item.Formula.AREA
    )


def charge(account, item, amount="100.00", by=None):
    """A charge of March with its entries."""
    ledger.open_months([MARCH])
    Book.objects.get_or_create(estate=account.estate)
    amount = Decimal(amount)
    with transaction.atomic():
        voucher = Voucher.objects.create(
            estate=account.estate, kind="charge", day=date(2026, 3, 12), at=NOW, by=by
        )
        row = ledger.new_charge(
            account=account,
            item=item,
            amount=amount,
            period=MARCH,
            from_on=MARCH,
            until_on=date(2026, 4, 1),
            due_on=date(2026, 3, 31),
            voucher=voucher,
        )
        ledger.write_entries(voucher, rules.charging(row, item, building_id=account.unit.building_id))
    return row


@pytest.fixture
def owed(account, item, cashier):
    ledger.post(
        estate=account.estate, kind="payment", by=cashier, now=NOW,
        lines=[Line(Head.MONEY, Decimal("1"), method="cash"), Line(Head.PREPAID, Decimal("-1"), account_id=account.pk)],
    )  # fmt: skip
    return charge(account, item, by=cashier)


def pay(row, amount, by):
    lines = rules.settling(row, Decimal(amount), item=row.item, building_id=row.unit.building_id)
    return ledger.post(
        estate=row.estate, kind="payment", by=by, now=NOW, cashier=by,
        lines=[*lines, Line(Head.MONEY, Decimal(amount), method="cash")],
    )  # fmt: skip


def test_a_charge_is_open_until_it_is_paid(owed, account, cashier):
    assert OpenCharge.objects.get().amount == Decimal("100.00")
    pay(owed, "40.00", cashier)
    account.refresh_from_db()
    assert (OpenCharge.objects.get().amount, account.owed) == (Decimal("60.00"), Decimal("60.00"))
    pay(owed, "60.00", cashier)
    account.refresh_from_db()
    assert not OpenCharge.objects.exists() and account.owed == 0


def test_what_is_paid_cannot_be_paid_again(owed, cashier):
    pay(owed, "100.00", cashier)
    with pytest.raises(Refused):
        pay(owed, "0.01", cashier)


def test_a_reversal_is_the_mirror_of_its_voucher(owed, account, cashier):
    voucher = pay(owed, "100.00", cashier)
    ledger.reverse(voucher=voucher, by=cashier, now=NOW, reason="wrong unit")
    account.refresh_from_db()
    assert account.owed == OpenCharge.objects.get().amount == Decimal("100.00")
    with pytest.raises(Refused):
        ledger.reverse(voucher=voucher, by=cashier, now=NOW, reason="again")


def test_a_voucher_that_does_not_sum_to_zero_is_refused_by_the_database(owed, cashier):
    with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
        voucher = Voucher.objects.create(
            estate=owed.estate, kind="payment", day=date(2026, 3, 12), at=NOW, by=cashier
        )
        ledger.write_entries(voucher, [Line(Head.MONEY, Decimal("5"), method="cash")])


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("entry_account_of_its_estate", Line(Head.PREPAID, Decimal("-5"), account_id=0)),
        ("entry_item_of_its_estate", Line(Head.OPENING, Decimal("-5"), item_id=0)),
        ("building", Line(Head.OPENING, Decimal("-5"), building_id=0)),
    ],
)
def test_entries_name_what_is_there(owed, cashier, key, line):
    with pytest.raises(IntegrityError, match=key), transaction.atomic():
        voucher = Voucher.objects.create(
            estate=owed.estate, kind="payment", day=date(2026, 3, 12), at=NOW, by=cashier
        )
        ledger.write_entries(voucher, [Line(Head.MONEY, Decimal("5"), method="cash"), line])
        connection.check_constraints()


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE billing_entry SET amount = 1",
        "DELETE FROM billing_charge",
        "TRUNCATE billing_receipt CASCADE",
        "UPDATE billing_charge_202603 SET amount = 1",
        "DELETE FROM billing_charge_202603",
        "UPDATE billing_account SET owed = 0",
        "DELETE FROM billing_opencharge",
        "UPDATE billing_voucher SET day = '2020-01-01'",
        "DROP TABLE billing_entry",
    ],
)
def test_the_application_may_not_touch_what_was_booked(owed, sentence):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sentence)
    assert Entry.objects.count() == 4 and Charge.objects.count() == 1 and Account.objects.get().owed == 100


def sums():
    """(turnover by head, owing by due day) as the reports read them."""
    heads = dict(Turnover.objects.values_list("head").annotate(total=Sum("amount")))
    return heads, dict(Owing.objects.values_list("due_on").annotate(total=Sum("amount")))


def test_sums_follow_every_booking_and_folding_changes_none(owed, cashier):
    voucher = pay(owed, "40.00", cashier)
    pay(owed, "10.00", cashier)
    ledger.reverse(voucher=voucher, by=cashier, now=NOW, reason="wrong unit")
    booked = dict(Entry.objects.values_list("head").annotate(total=Sum("amount")))
    before = sums()
    assert before == (booked, {date(2026, 3, 31): Decimal("90.00")})
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_fold_sums()")
        assert cursor.fetchone()[0] > 0
    assert sums() == before and Owing.objects.count() == 1
