"""Many cashiers at once: a bill is paid once, numbers have no gaps, nobody waits for ever (ARCHITECTURE §3)."""

import os
import random
import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.db.models import Sum

from billing.actions import counter, ledger, payment
from billing.models import Account, Entry, OpenCharge, Receipt
from office.refusals import Refused
from tests import databases
from tests.billing.money import make_account, make_charge, make_item
from tests.cast import NOW, make_estate, make_staff

from .crowd import at_once, until_somebody_waits

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
CASHIERS, TRIALS = (50, 200) if FULL else (8, 3)
PAYMENTS = 1200 if FULL else 60
HUNDRED = Decimal("100.00")


def office():
    estate = make_estate()
    return estate, make_item(estate), make_staff("cashier", (estate, "cashier"))


def race(estate, item, cashier, account):
    """One bill, many cashiers; how many took the money."""
    charge = make_charge(account, item, by=cashier)

    def pay(_n):
        return payment.pay(
            estate=estate, payer="x", charges=[(charge.pk, HUNDRED)], methods={"cash": HUNDRED}, by=cashier, now=NOW
        )  # fmt: skip

    answers = at_once(CASHIERS, pay)
    return sum(isinstance(answer, Receipt) for answer in answers), answers


def test_one_bill_is_paid_once_whoever_is_quick(own_db):
    estate, item, cashier = office()
    account = make_account(estate)
    for _ in range(TRIALS):
        paid, answers = race(estate, item, cashier, account)
        assert paid == 1 and all(isinstance(answer, Receipt | Refused) for answer in answers)
    numbers = sorted(Receipt.objects.values_list("number", flat=True))
    assert numbers == [f"S2026-{n:06d}" for n in range(1, TRIALS + 1)]
    assert not OpenCharge.objects.exists()


def test_without_its_guards_the_bill_is_paid_more_than_once(own_db, monkeypatch):
    """The twin: no lock of the accounts, no triggers on the entries."""
    estate, item, cashier = office()
    account = make_account(estate)
    gate = threading.Barrier(CASHIERS)
    databases.servers().postgres.sql("ALTER TABLE billing_entry DISABLE TRIGGER USER", own_db)
    charge = make_charge(account, item, by=cashier)
    databases.servers().postgres.sql(
        f"INSERT INTO billing_opencharge (charge_id, period, estate_id, account_id, item_id, due_on, amount) SELECT id, period, estate_id, account_id, item_id, due_on, amount"
        f" FROM billing_charge WHERE id = {charge.pk}",
        own_db,
    )
    read = payment._Claims.read

    def read_before_anybody_writes(claims):
        read(claims)
        gate.wait(60)

    def without_locks(claims):
        claims.accounts = {account.pk: account}

    monkeypatch.setattr(payment._Claims, "lock", without_locks)
    monkeypatch.setattr(payment._Claims, "read", read_before_anybody_writes)

    def pay(_n):
        return payment.pay(
            estate=estate, payer="x", charges=[(charge.pk, HUNDRED)], methods={"cash": HUNDRED}, by=cashier, now=NOW
        )  # fmt: skip

    assert sum(isinstance(answer, Receipt) for answer in at_once(CASHIERS, pay)) > 1


def test_payments_of_many_bills_in_any_order_never_deadlock(own_db):
    estate, item, cashier = office()
    accounts = [make_account(estate, f"3-2-{1000 + n}") for n in range(6)]
    charges = [make_charge(account, item, PAYMENTS, by=cashier).pk for account in accounts]

    def pay(n):
        order = random.Random(n)
        troubles = []
        for _ in range(PAYMENTS // 6):
            some = order.sample(charges, 4)
            claims = [(pk, Decimal("1.00")) for pk in some]
            try:
                payment.pay(
                    estate=estate, payer="x", charges=claims, methods={"cash": Decimal("4.00")}, by=cashier, now=NOW
                )  # fmt: skip
            except DatabaseError as trouble:
                troubles.append(str(trouble))
        return troubles

    assert not any(at_once(6, pay))
    assert Receipt.objects.count() == PAYMENTS // 6 * 6
    owed = Account.objects.aggregate(sum=Sum("owed"))["sum"]
    assert owed == Entry.objects.filter(head="receivable").aggregate(sum=Sum("amount"))["sum"]
    numbers = sorted(Receipt.objects.values_list("number", flat=True))
    assert numbers == [f"S2026-{n:06d}" for n in range(1, len(numbers) + 1)]


def crossed(own_db):
    """Two pay the same two bills, each naming another one first, each with one account locked; how many fell over."""
    estate, item, cashier = office()
    accounts = [make_account(estate, f"3-2-{1000 + n}") for n in range(2)]
    charges = [make_charge(account, item, by=cashier).pk for account in accounts]

    def pay(n):
        claims = [(pk, Decimal("1.00")) for pk in charges[:: 1 - 2 * n]]
        try:
            return payment.pay(
                estate=estate, payer="x", charges=claims, methods={"cash": Decimal("2.00")}, by=cashier, now=NOW
            )  # fmt: skip
        except OperationalError as trouble:
            return str(trouble)

    return sum("deadlock" in str(answer) for answer in at_once(2, pay))


def test_two_who_name_their_bills_crosswise_pay_both(own_db):
    assert crossed(own_db) == 0
    assert Receipt.objects.count() == 2


def test_without_the_order_of_locks_one_of_them_falls_over(own_db, monkeypatch):
    """The twin: accounts are locked in the order the bills are named."""
    gate = threading.Barrier(2)

    def lock_as_named(claims):
        for pk in claims.charges:
            found = OpenCharge.objects.filter(pk=pk).values_list("account_id", flat=True)
            claims.accounts |= ledger.lock(found)
            if len(claims.accounts) == 1:
                gate.wait(30)

    monkeypatch.setattr(payment._Claims, "lock", lock_as_named)
    assert crossed(own_db) == 1


def test_what_is_charged_on_the_spot_is_locked_with_the_bills_of_others(own_db):
    """Until it has the first of its accounts, a payment at the counter holds none of the others."""
    estate, item, cashier = office()
    first, second = (make_account(estate, f"3-2-{1000 + n}") for n in range(2))
    charge = make_charge(first, item, by=cashier)
    made = []

    def take():
        try:
            made.append(
                counter.take(
                    unit=second.unit, payer="x", person=second.person_id, charges=[(charge.pk, HUNDRED)],
                    extras=[(item.pk, Decimal("5.00"), "key")], methods={"cash": Decimal("105.00")}, by=cashier, now=NOW,
                )
            )  # fmt: skip
        finally:
            connections.close_all()

    thread = threading.Thread(target=take)
    with transaction.atomic():
        ledger.lock([first.pk])
        thread.start()
        assert until_somebody_waits()
        assert Account.objects.select_for_update(no_key=True, of=("self",), nowait=True).get(pk=second.pk)
    thread.join(30)
    assert made[0].total == Decimal("105.00")


def test_a_day_is_closed_between_payments_never_within_one(own_db):
    """What is booked into a day is booked before its close, the rest is refused."""
    estate, item, cashier = office()
    account = make_account(estate)
    charges = [make_charge(account, item, by=cashier).pk for _ in range(CASHIERS)]
    ledger.till_of(estate, cashier)
    counted = []

    def act(n):
        if n == CASHIERS // 2:
            return close()
        claims = [(charges[n], HUNDRED)]
        return payment.pay(
            estate=estate, payer="x", charges=claims, methods={"cash": HUNDRED}, by=cashier, now=NOW
        )  # fmt: skip

    def close():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE billing_till SET closed_through = '2026-03-12'")
            cursor.execute("SELECT coalesce(sum(amount), 0) FROM billing_entry WHERE head = 'money'")
            counted.append(cursor.fetchone()[0])

    answers = at_once(CASHIERS, act)
    taken = HUNDRED * sum(isinstance(answer, Receipt) for answer in answers)
    assert counted == [taken]
    assert taken == Entry.objects.filter(head="money").aggregate(sum=Sum("amount"))["sum"] or not taken


def closed_while_one_pays(own_db):
    """(what the close counted, what is booked into the day) when somebody is at paying as the close begins."""
    estate, item, cashier = office()
    account = make_account(estate)
    charge = make_charge(account, item, by=cashier)
    ledger.till_of(estate, cashier)
    counted = []

    def close():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE billing_till SET closed_through = '2026-03-12'")
                cursor.execute("SELECT coalesce(sum(amount), 0) FROM billing_entry WHERE head = 'money'")
                counted.append(cursor.fetchone()[0])
        finally:
            connections.close_all()

    thread = threading.Thread(target=close)
    with transaction.atomic():
        payment.pay(
            estate=estate, payer="x", charges=[(charge.pk, HUNDRED)], methods={"cash": HUNDRED}, by=cashier, now=NOW
        )  # fmt: skip
        thread.start()
        until_somebody_waits(or_done=lambda: counted)
    thread.join(30)
    return counted[0], Entry.objects.filter(head="money").aggregate(sum=Sum("amount"))["sum"]


def test_a_close_waits_for_whoever_is_paying(own_db):
    assert closed_while_one_pays(own_db) == (HUNDRED, HUNDRED)


def test_without_the_lock_of_the_drawer_money_is_in_a_closed_day_that_nobody_counted(own_db, monkeypatch):
    """The twin: no triggers on the entries, so that nobody asks the drawer."""
    guarded = make_charge

    def charge_without_guards(account, item, **fields):
        charge = guarded(account, item, **fields)
        databases.servers().postgres.sql("ALTER TABLE billing_entry DISABLE TRIGGER USER", own_db)
        return charge

    monkeypatch.setitem(globals(), "make_charge", charge_without_guards)
    assert closed_while_one_pays(own_db) == (0, HUNDRED)
