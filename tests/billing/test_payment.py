"""The counter takes money (SPEC §6.4)."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.actions import payment
from billing.models import Account, Entry, OpenCharge, Receipt
from office.models import Event
from office.refusals import Refused
from tests.billing.money import MARCH, make_account, make_charge, make_item
from tests.cast import NOW


@pytest.fixture
def account(estate):
    return make_account(estate)


@pytest.fixture
def item(estate):
    return make_item(estate)


def pay(account, by, *claims, prepay=(), **fields):
    total = sum(Decimal(amount) for _pk, amount in [*claims, *prepay])
    values = {"methods": {"cash": total}, "payer": "張小明", **fields}
    return payment.pay(
        estate=account.estate,
        charges=[(pk, Decimal(amount)) for pk, amount in claims],
        prepay=[(pk, Decimal(amount)) for pk, amount in prepay],
        by=by,
        now=NOW,
        **values,
    )


def test_a_receipt_says_what_was_paid_and_how(account, item, cashier):
    charge = make_charge(account, item, "100.00", by=cashier)
    methods = {"cash": Decimal("50.00"), "card": Decimal("60.00")}
    receipt = pay(
        account,
        cashier,
        (charge.pk, "100.00"),
        prepay=[(account.pk, "10.00")],
        methods=methods,
        given=Decimal("100"),
    )
    receipt = Receipt.objects.get(pk=receipt.pk)
    assert (receipt.number, receipt.total, receipt.unit) == ("S2026-000001", Decimal("110.00"), account.unit)
    assert receipt.facts["methods"] == {"cash": "50.00", "card": "60.00"}
    assert (receipt.facts["given"], receipt.facts["change"]) == ("100", "50.00")
    first, second = receipt.facts["lines"]
    assert (first["unit"], first["period"], first["amount"]) == ("3-2-1201", str(MARCH), "100.00")
    assert (second["prepaid"], second["amount"]) == (True, "10.00")
    account.refresh_from_db()
    assert (account.owed, account.prepaid) == (0, Decimal("10.00"))
    assert Event.objects.filter(verb="receipt.booked", unit_id=account.unit_id).count() == 1


def test_part_of_a_charge_may_be_paid(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    pay(account, cashier, (charge.pk, "30.00"))
    assert OpenCharge.objects.get().amount == Decimal("70.00")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "100.01"])
def test_amounts_that_are_none_or_too_much_are_refused(account, item, cashier, amount):
    charge = make_charge(account, item, by=cashier)
    with pytest.raises(Refused):
        pay(account, cashier, (charge.pk, amount))
    assert not Receipt.objects.exists()


def test_both_sides_agree(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    with pytest.raises(Refused, match="same amount"):
        pay(account, cashier, (charge.pk, "100.00"), methods={"cash": Decimal("99.99")})


def test_a_role_that_takes_no_money_is_refused(account, item, cashier, clerk, stranger):
    charge = make_charge(account, item, by=cashier)
    for by in (clerk, stranger):
        with pytest.raises(Refused, match="role"):
            pay(account, by, (charge.pk, "100.00"))


def test_one_receipt_pays_for_several_accounts_and_stands_on_each_timeline(account, item, estate, cashier):
    other = make_account(estate, "3-2-1202")
    charges = [make_charge(row, item, by=cashier) for row in (account, other)]
    receipt = pay(account, cashier, *[(row.pk, "100.00") for row in charges])
    assert receipt.unit_id is None and not OpenCharge.objects.exists()
    assert set(Event.objects.filter(verb="receipt.booked").values_list("unit_id", flat=True)) == {
        account.unit_id,
        other.unit_id,
    }


def test_a_charge_of_another_estate_is_not_paid_here(account, elsewhere, cashier, stranger):
    charge = make_charge(make_account(elsewhere, "1-1-1"), make_item(elsewhere), by=None)
    with pytest.raises(Refused):
        pay(account, cashier, (charge.pk, "100.00"))


def statements(captured):
    control = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return [query["sql"] for query in captured if not query["sql"].startswith(control)]


@pytest.mark.parametrize("many", [1, 40])
def test_seven_statements_however_many_charges(account, item, estate, cashier, many):
    rows = [account, make_account(estate, "3-2-1202")]
    charges = [make_charge(rows[n % 2], item, by=cashier) for n in range(many)]
    assert account.estate and cashier.may("billing.take_payment", estate.pk)  # read by the request already
    with CaptureQueriesContext(connection) as captured:
        pay(account, cashier, *[(row.pk, "100.00") for row in charges], prepay=[(account.pk, "5.00")])
    assert len(statements(captured.captured_queries)) <= 7, statements(captured.captured_queries)


def test_a_carried_receipt_is_booked_when_its_money_is_handed_in(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    receipt = payment.carry(
        estate=account.estate, payer="張小明", charges=[(charge.pk, Decimal("100.00"))], by=cashier, now=NOW
    )
    assert receipt.number == "S2026-000001" and OpenCharge.objects.exists()
    assert not Entry.objects.filter(head="money").exists()
    payment.hand_in(receipt=receipt, methods={"cash": Decimal("100.00")}, by=cashier, now=NOW)
    assert not OpenCharge.objects.exists()
    with pytest.raises(Refused, match="booked already"):
        payment.return_unused(receipt=receipt, reason="not at home", by=cashier, now=NOW)


def test_what_was_paid_otherwise_meanwhile_becomes_prepayment(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    receipt = payment.carry(
        estate=account.estate, payer="張小明", charges=[(charge.pk, Decimal("100.00"))], by=cashier, now=NOW
    )
    pay(account, cashier, (charge.pk, "70.00"))
    payment.hand_in(receipt=receipt, methods={"cash": Decimal("100.00")}, by=cashier, now=NOW)
    account = Account.objects.get()
    assert (account.owed, account.prepaid) == (0, Decimal("70.00"))


def test_a_receipt_returned_unused_keeps_its_number_and_books_nothing(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    receipt = payment.carry(
        estate=account.estate, payer="張小明", charges=[(charge.pk, Decimal("100.00"))], by=cashier, now=NOW
    )
    payment.return_unused(receipt=receipt, reason="not at home", by=cashier, now=NOW)
    with pytest.raises(Refused, match="returned unused"):
        payment.hand_in(receipt=receipt, methods={"cash": Decimal("100.00")}, by=cashier, now=NOW)
    assert pay(account, cashier, (charge.pk, "100.00")).number == "S2026-000002"


def test_what_comes_with_the_same_key_is_booked_once(account, item, cashier):
    charge = make_charge(account, item, by=cashier)
    first = pay(account, cashier, (charge.pk, "40.00"), key="bank 1")
    again = pay(account, cashier, (charge.pk, "40.00"), key="bank 1")
    assert first.pk == again.pk and OpenCharge.objects.get().amount == Decimal("60.00")
