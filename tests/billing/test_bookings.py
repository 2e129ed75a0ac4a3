"""What is taken back, given up, given back and moved (SPEC §6, §6.4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.actions import charging, deposits, draw, ledger, payment, refund, takeover, void, waiver
from billing.models import Account, Entry, Item, OpenCharge, Refund, Till, Voucher
from billing.reports import accounts as reports
from billing.reports.settled import settled
from office.models import Event
from office.refusals import Refused
from tests.billing.money import make_account, make_charge, make_item
from tests.cast import NOW, make_person

HUNDRED = Decimal("100.00")


@pytest.fixture
def account(estate):
    return make_account(estate)


@pytest.fixture
def item(estate):
    return make_item(estate)


@pytest.fixture
def charge(account, item, cashier):
    return make_charge(account, item, by=cashier)


@pytest.fixture
def deposit_item(estate):
    return make_item(estate, "pledge", Item.Formula.DEPOSIT)


def pay(account, by, *claims, prepay=(), methods=None, now=NOW):
    claims = [(row.pk, Decimal(amount)) for row, amount in claims]
    prepay = [(account.pk, Decimal(amount)) for amount in prepay]
    total = sum(amount for _pk, amount in [*claims, *prepay])
    return payment.pay(
        estate=account.estate, payer="張小明", charges=claims, prepay=prepay,
        methods=methods or {"cash": total}, by=by, now=now,
    )  # fmt: skip


def sums(account):
    row = Account.objects.get(pk=account.pk)
    return row.owed, row.prepaid, row.deposits


def of_head(head):
    return sum(Entry.objects.filter(head=head).values_list("amount", flat=True))


# --- charges -------------------------------------------------------------------------------------------------


def test_what_the_counter_charges_is_due_at_once(charge):
    assert (charge.due_on, charge.period) == (date(2026, 3, 12), date(2026, 3, 1))
    assert Event.objects.filter(verb="charge.made", unit_id=charge.unit_id).exists()


def test_a_key_charges_once(account, item, cashier):
    one, two = (
        charging.charge(
            account=account,
            item=item,
            amount=HUNDRED,
            by=cashier,
            now=NOW,
            source=("ticket", 7),
            key="ticket 7",
        )
        for _ in range(2)
    )
    assert one.pk == two.pk and OpenCharge.objects.count() == 1


def test_a_charge_taken_back_leaves_nothing_and_what_was_paid_is_prepayment(
    account, charge, cashier, director, supervisor
):
    pay(account, cashier, (charge, "40.00"))
    waiver.waive(charges=[(charge.pk, Decimal("10.00"))], reason="noise", by=director, now=NOW)
    charging.withdraw(charge=charge, reason="wrong unit", by=supervisor, now=NOW)
    assert sums(account) == (0, Decimal("40.00"), 0)
    assert of_head("income") == of_head("waived") == 0
    with pytest.raises(Refused, match="already"):
        charging.withdraw(charge=charge, reason="again", by=supervisor, now=NOW)


def test_a_corrected_charge_keeps_what_was_paid(account, charge, cashier, supervisor):
    pay(account, cashier, (charge, "100.00"))
    new = charging.correct(
        charge=charge, amount=Decimal("80.00"), basis={"n": 1}, reason="reading", by=supervisor, now=NOW
    )
    assert (new.seq, new.amount) == (1, Decimal("80.00"))
    assert sums(account) == (0, Decimal("20.00"), 0) and of_head("income") == Decimal("-80.00")


def test_a_charge_corrected_upwards_owes_the_difference(account, charge, cashier, supervisor):
    pay(account, cashier, (charge, "100.00"))
    charging.correct(
        charge=charge, amount=Decimal("130.00"), basis={}, reason="reading", by=supervisor, now=NOW
    )
    assert sums(account) == (Decimal("30.00"), 0, 0)


# --- void ----------------------------------------------------------------------------------------------------


def test_a_voided_receipt_is_owed_again_in_the_cashiers_day(account, charge, cashier, supervisor):
    receipt = pay(account, cashier, (charge, "100.00"))
    mirror = void.void(receipt=receipt, reason="wrong unit", by=supervisor, now=NOW + timedelta(days=1))
    assert sums(account) == (HUNDRED, 0, 0)
    assert (mirror.day, mirror.cashier, mirror.by) == (date(2026, 3, 12), cashier, supervisor)
    with pytest.raises(Refused, match="voided already"):
        void.void(receipt=receipt, reason="again", by=supervisor, now=NOW)


@pytest.mark.parametrize(
    "closed, booked", [(date(2026, 3, 12), date(2026, 3, 13)), (date(2026, 3, 13), date(2026, 3, 14))]
)
def test_a_receipt_of_a_closed_day_is_voided_into_the_next_open_one(
    account, charge, cashier, supervisor, closed, booked
):
    receipt = pay(account, cashier, (charge, "100.00"))
    Till.objects.filter(cashier=cashier).update(closed_through=closed)
    mirror = void.void(receipt=receipt, reason="wrong unit", by=supervisor, now=NOW + timedelta(days=1))
    assert mirror.day == booked


def test_a_cashier_voids_nothing(account, charge, cashier):
    receipt = pay(account, cashier, (charge, "100.00"))
    with pytest.raises(Refused, match="role"):
        void.void(receipt=receipt, reason="mine", by=cashier, now=NOW)


def test_a_receipt_whose_prepayment_was_used_says_what_to_undo_first(account, charge, cashier, supervisor):
    receipt = pay(account, cashier, prepay=["60.00"])
    (drawn,) = draw.draw(accounts=[account], by=cashier, now=NOW)
    assert sums(account) == (Decimal("40.00"), 0, 0)
    with pytest.raises(Refused, match="put back"):
        void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)
    void.take_back(voucher=drawn, reason="wrong", by=supervisor, now=NOW)
    void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)
    assert sums(account) == (HUNDRED, 0, 0)


def test_a_receipt_whose_deposit_was_given_back_says_so(account, deposit_item, cashier, supervisor):
    charge, receipt = take(account, deposit_item, cashier)
    back = deposits.give_back(
        charge=charge, amount=HUNDRED, methods={"cash": HUNDRED}, reason="moved out", by=cashier, now=NOW
    )
    with pytest.raises(Refused, match="given back or forfeited"):
        void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)
    void.take_back(voucher=back, reason="mistake", by=supervisor, now=NOW)
    void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)
    assert sums(account) == (HUNDRED, 0, 0) and of_head("money") == 0


def test_a_receipt_of_a_charge_taken_back_is_not_voided(account, charge, cashier, supervisor):
    receipt = pay(account, cashier, (charge, "100.00"))
    charging.withdraw(charge=charge, reason="wrong unit", by=supervisor, now=NOW)
    with pytest.raises(Refused, match="refund that instead"):
        void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)


def test_a_carried_receipt_is_returned_not_voided(account, charge, cashier, supervisor):
    receipt = payment.carry(
        estate=account.estate, payer="張小明", charges=[(charge.pk, HUNDRED)], by=cashier, now=NOW
    )
    with pytest.raises(Refused, match="return it unused"):
        void.void(receipt=receipt, reason="wrong", by=supervisor, now=NOW)


# --- waiver, deposits, refunds -------------------------------------------------------------------------------


def test_the_director_gives_up_what_is_owed_and_no_more(account, charge, cashier, director):
    pay(account, cashier, (charge, "40.00"))
    with pytest.raises(Refused, match="not so much"):
        waiver.waive(charges=[(charge.pk, Decimal("60.01"))], reason="noise", by=director, now=NOW)
    with pytest.raises(Refused, match="role"):
        waiver.waive(charges=[(charge.pk, Decimal("60.00"))], reason="noise", by=cashier, now=NOW)
    waiver.waive(charges=[(charge.pk, Decimal("60.00"))], reason="noise", by=director, now=NOW)
    assert sums(account) == (0, 0, 0) and of_head("waived") == Decimal("60.00")


def take(account, item, by):
    return deposits.take(
        account=account, item=item, amount=HUNDRED, payer="張小明", methods={"cash": HUNDRED}, by=by, now=NOW
    )


def test_a_deposit_is_held_and_no_income(account, deposit_item, cashier, director):
    charge, _receipt = take(account, deposit_item, cashier)
    assert sums(account) == (0, 0, HUNDRED) and of_head("income") == of_head("pending") == 0
    deposits.forfeit(charge=charge, amount=Decimal("30.00"), reason="broken door", by=director, now=NOW)
    deposits.give_back(
        charge=charge,
        amount=Decimal("70.00"),
        methods={"cash": Decimal("70.00")},
        reason="moved out",
        by=cashier,
        now=NOW,
    )
    assert sums(account) == (0, 0, 0) and of_head("income") == Decimal("-30.00")
    with pytest.raises(Refused, match="not so much held"):
        deposits.give_back(
            charge=charge,
            amount=Decimal("0.01"),
            methods={"cash": Decimal("0.01")},
            reason="x",
            by=cashier,
            now=NOW,
        )


def test_a_refund_needs_two_people(account, cashier, finance, director):
    pay(account, cashier, prepay=["60.00"])
    row = refund.ask(account=account, amount=Decimal("60.00"), reason="moves away", by=finance, now=NOW)
    with pytest.raises(Refused, match="somebody else"):
        refund.approve(refund=row, by=finance, now=NOW)
    with pytest.raises(Refused, match="asked for"):
        refund.pay_out(refund=row, methods={"transfer": Decimal("60.00")}, by=finance, now=NOW)
    refund.approve(refund=row, by=director, now=NOW)
    refund.pay_out(refund=row, methods={"transfer": Decimal("60.00")}, by=finance, now=NOW)
    assert sums(account) == (0, 0, 0)
    with pytest.raises(Refused, match="paid out"):
        refund.pay_out(refund=row, methods={"transfer": Decimal("60.00")}, by=finance, now=NOW)


def test_the_database_wants_two_people_too(account, cashier, finance):
    pay(account, cashier, prepay=["60.00"])
    row = refund.ask(account=account, amount=Decimal("60.00"), reason="moves away", by=finance, now=NOW)
    with pytest.raises(IntegrityError, match="refund_decided_by_another"), transaction.atomic():
        Refund.objects.filter(pk=row.pk).update(state="approved", decided_by=finance, decided_at=NOW)


def test_not_more_is_paid_back_than_is_held(account, charge, cashier, finance, director):
    pay(account, cashier, prepay=["60.00"])
    row = refund.ask(account=account, amount=Decimal("40.00"), reason="moves away", by=finance, now=NOW)
    with pytest.raises(Refused, match="under way"):
        refund.ask(account=account, amount=Decimal("20.01"), reason="more", by=finance, now=NOW)
    refund.approve(refund=row, by=director, now=NOW)
    draw.draw(accounts=[account], by=cashier, now=NOW)
    with pytest.raises(Refused, match="not so much"):
        refund.pay_out(refund=row, methods={"transfer": Decimal("40.00")}, by=finance, now=NOW)


# --- draws and take-overs --------------------------------------------------------------------------------------


def test_a_prepayment_pays_the_oldest_first_and_no_deposits(account, item, deposit_item, cashier):
    make_charge(account, deposit_item, by=cashier, due_on=date(2026, 1, 1))
    newer = make_charge(account, item, by=cashier, due_on=date(2026, 3, 31))
    older = make_charge(account, item, by=cashier, due_on=date(2026, 2, 28), period=date(2026, 2, 1))
    pay(account, cashier, prepay=["130.00"])
    draw.draw(accounts=[account], by=cashier, now=NOW)
    assert reports.owed_of(older) == 0 and reports.owed_of(newer) == Decimal("70.00")
    assert sums(account) == (Decimal("170.00"), 0, 0)


def test_a_debt_taken_over_is_owed_by_the_other_and_earned_once(account, item, cashier, supervisor, estate):
    charge = make_charge(account, item, by=cashier, source=("ticket", 7))
    buyer = ledger.account_of(account.unit, make_person(estate, "王五"))
    pay(account, cashier, (charge, "40.00"))
    takeover.take_over(
        account_from=account, account_to=buyer, evidence="contract of sale", by=supervisor, now=NOW
    )
    assert sums(account) == (0, 0, 0) and sums(buyer) == (Decimal("60.00"), 0, 0)
    assert of_head("income") == -HUNDRED
    found = settled("ticket", 7)
    assert (found.charged, found.open, found.paid) == (HUNDRED, Decimal("60.00"), Decimal("40.00"))
    (row,) = reports.open_charges([buyer])
    assert (row.due_on, row.period) == (charge.due_on, charge.period)
    pay(buyer, cashier, (row, "60.00"))
    assert settled("ticket", 7).is_settled


def test_a_debt_stays_with_its_unit(account, charge, supervisor, estate):
    with pytest.raises(Refused, match="same unit"):
        takeover.take_over(
            account_from=account,
            account_to=make_account(estate, "3-2-1202"),
            evidence="x",
            by=supervisor,
            now=NOW,
        )


def test_every_voucher_sums_to_zero_and_every_cache_is_right(account, charge, cashier, director):
    pay(account, cashier, (charge, "10.00"), prepay=["5.00"])
    waiver.waive(charges=[(charge.pk, Decimal("10.00"))], reason="noise", by=director, now=NOW)
    for voucher in Voucher.objects.all():
        assert sum(voucher.entries.values_list("amount", flat=True)) == 0
