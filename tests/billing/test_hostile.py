"""Sentences of SQL an intruder with the application's password might try: all are refused (ARCHITECTURE §3)."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from billing.actions import ledger, payment, refund
from billing.models import Account, Book, OpenCharge, Voucher
from tests.billing.money import MARCH, make_account, make_charge, make_item
from tests.cast import NOW

HUNDRED = Decimal("100.00")

VOUCHER = """INSERT INTO billing_voucher (estate_id, kind, number, day, at, by_id, cashier_id, reverses_id, reason, source_kind, source_id)
  VALUES ({estate}, '{kind}', '', '{day}', now(), {by}, {cashier}, {reverses}, 'x', '', '') RETURNING id"""
ENTRY = """INSERT INTO billing_entry (voucher_id, estate_id, kind, day, head, account_id, item_id, building_id, charge_id, period, due_on, method, amount)
  VALUES """
ROW = "({voucher}, {estate}, '{kind}', '{day}', '{head}', {account}, {item}, NULL, {charge}, {period}, {due}, '{method}', {amount})"
CHARGE = """INSERT INTO billing_charge (period, estate_id, unit_id, account_id, item_id, voucher_id, amount, from_on, until_on, due_on, text, source_kind, source_id)
  VALUES ('2026-03-01', {estate}, {unit}, {account}, {item}, {voucher}, 100, '2026-03-01', '2026-04-01', '2026-03-31', '', '', '')"""

PLAIN = [
    "UPDATE billing_entry SET amount = 1",
    "UPDATE billing_entry SET day = '2020-01-01' WHERE false",
    "DELETE FROM billing_entry",
    "TRUNCATE billing_entry",
    "UPDATE billing_voucher SET day = '2020-01-01'",
    "DELETE FROM billing_voucher",
    "UPDATE billing_charge SET amount = 1",
    "DELETE FROM billing_charge",
    "UPDATE billing_charge_202603 SET amount = 1",
    "DELETE FROM billing_charge_202603",
    "INSERT INTO billing_charge_202603 SELECT * FROM billing_charge",
    "TRUNCATE billing_charge_202603",
    "UPDATE billing_opencharge SET amount = 0",
    "DELETE FROM billing_opencharge",
    "INSERT INTO billing_opencharge SELECT 999, period, estate_id, account_id, item_id, due_on, 1 FROM billing_opencharge",
    "UPDATE billing_account SET owed = 0",
    "UPDATE billing_account SET prepaid = 1000",
    "DELETE FROM billing_account",
    "UPDATE billing_receipt SET total = 1",
    "DELETE FROM billing_receipt",
    "TRUNCATE billing_receipt CASCADE",
    "DELETE FROM billing_receiptstep",
    "UPDATE billing_receiptstep SET reason = 'x'",
    "UPDATE billing_refund SET amount = 1",
    "UPDATE billing_refund SET asked_by_id = asked_by_id + 1",
    "DELETE FROM billing_refund",
    "UPDATE billing_book SET closed_through = NULL",
    "DELETE FROM billing_book",
    "DELETE FROM billing_till",
    "SELECT billing_open_month('9999-01-01')",
    "SET session_replication_role = replica",
    "ALTER TABLE billing_entry DISABLE TRIGGER ALL",
    "ALTER TABLE billing_charge DETACH PARTITION billing_charge_202603",
    "DROP TRIGGER check_entries ON billing_entry",
    "CREATE OR REPLACE FUNCTION billing_check_entries() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP TABLE billing_entry",
    "ALTER TABLE billing_entry OWNER TO CURRENT_USER",
    "SET ROLE guanjia_owner",
    "CREATE TABLE billing_charge_209901 PARTITION OF billing_charge FOR VALUES FROM ('2099-01-01') TO ('2099-02-01')",
    "UPDATE office_event SET data = '{}'",
]  # fmt: skip


@pytest.fixture
def books(estate, cashier, finance):
    """A charge partly paid, a receipt, a prepayment, a refund that was asked for; a closed day before."""
    account = make_account(estate)
    charge = make_charge(account, make_item(estate), by=cashier)
    claims = {"charges": [(charge.pk, Decimal("40.00"))], "prepay": [(account.pk, Decimal("10.00"))]}
    payment.pay(estate=estate, payer="x", methods={"cash": Decimal("50.00")}, by=cashier, now=NOW, **claims)
    refund.ask(account=account, amount=Decimal("5.00"), reason="x", by=finance, now=NOW)
    Book.objects.update(closed_through="2026-02-28")
    return account, charge


def attempt(*sentences):
    """All of it in one transaction, checked as at its end."""
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        for sentence in sentences:
            cursor.execute(sentence)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("sentence", PLAIN)
def test_what_was_booked_stays(books, sentence):
    attempt(sentence)
    account = Account.objects.get()
    assert (account.owed, account.prepaid) == (Decimal("60.00"), Decimal("10.00"))
    assert OpenCharge.objects.get().amount == Decimal("60.00")


class Forger:
    """Writes vouchers and entries as one who knows the tables would."""

    def __init__(self, books, cashier):
        self.account, self.charge = books
        self.cashier = cashier
        self.day = "2026-03-12"

    def voucher(self, kind="payment", reverses="NULL", day=None, cashier="NULL"):
        with connection.cursor() as cursor:
            cursor.execute(
                VOUCHER.format(
                    estate=self.account.estate_id, kind=kind, day=day or self.day, by=self.cashier.pk,
                    cashier=cashier, reverses=reverses,
                )
            )  # fmt: skip
            return cursor.fetchone()[0]

    def row(
        self,
        voucher,
        head,
        amount,
        kind="payment",
        day=None,
        estate=None,
        account=None,
        charge=None,
        item=None,
    ):
        of_charge = head in ("receivable", "pending", "deposit", "income", "waived")
        charge = charge or self.charge
        return ROW.format(
            voucher=voucher, estate=estate or self.account.estate_id, kind=kind, day=day or self.day, head=head,
            account=account or self.account.pk, item=(item or charge.item_id) if of_charge else "NULL",
            charge=charge.pk if of_charge else "NULL", period=f"'{charge.period}'" if of_charge else "NULL",
            due=f"'{charge.due_on}'" if of_charge else "NULL", method="cash" if head == "money" else "", amount=amount,
        )  # fmt: skip

    def write(self, *rows):
        with connection.cursor() as cursor:
            cursor.execute(ENTRY + ", ".join(rows))

    # --- what is tried

    def unbalanced(self):
        v = self.voucher()
        self.write(self.row(v, "money", 10), self.row(v, "receivable", -9))

    def late_addition(self):
        v = Voucher.objects.filter(kind="payment").latest("pk").pk
        self.write(self.row(v, "money", 10), self.row(v, "receivable", -10))

    def backdated(self):
        v = self.voucher(day="2026-02-28")
        self.write(
            self.row(v, "money", 10, day="2026-02-28"), self.row(v, "receivable", -10, day="2026-02-28")
        )

    def day_that_is_not_the_vouchers(self):
        v = self.voucher()
        self.write(
            self.row(v, "money", 10, day="2026-03-13"), self.row(v, "receivable", -10, day="2026-03-13")
        )

    def foreign_estate(self):
        v = self.voucher()
        other = self.elsewhere.pk
        self.write(self.row(v, "money", 10, estate=other), self.row(v, "receivable", -10, estate=other))

    def overpaid(self):
        v = self.voucher()
        self.write(self.row(v, "money", 61), self.row(v, "receivable", -61))

    def overdrawn(self):
        v = self.voucher("refund")
        self.write(self.row(v, "money", -11, "refund"), self.row(v, "prepaid", 11, "refund"))

    def owed_again(self):
        v = self.voucher("charge")
        self.write(self.row(v, "receivable", 10, "charge"), self.row(v, "income", -10, "charge"))

    def owed_above_the_charge(self):
        v = self.voucher("transfer")
        self.write(self.row(v, "receivable", 50, "transfer"), self.row(v, "prepaid", -50, "transfer"))

    def waiver_called_payment(self):
        v = self.voucher()
        self.write(self.row(v, "waived", 10), self.row(v, "receivable", -10))

    def half_a_mirror(self):
        old = Voucher.objects.filter(kind="payment").latest("pk")
        v = self.voucher("reversal", reverses=old.pk)
        self.write(self.row(v, "money", -40), self.row(v, "receivable", 40))

    def mirror_twice(self):
        old = Voucher.objects.filter(kind="payment").latest("pk")
        v = self.voucher("reversal", reverses=old.pk)
        for _ in range(2):
            self.write(self.row(v, "money", -50), self.row(v, "receivable", 40), self.row(v, "prepaid", 10))

    def reversal_of_a_reversal(self):
        old = Voucher.objects.filter(kind="payment").latest("pk")
        mirror = ledger.reverse(voucher=old, by=self.cashier, now=NOW, reason="x")
        v = self.voucher("reversal", reverses=mirror.pk)
        self.write(self.row(v, "money", 50), self.row(v, "receivable", -40), self.row(v, "prepaid", -10))

    def double_reversal(self):
        old = Voucher.objects.filter(kind="payment").latest("pk")
        ledger.reverse(voucher=old, by=self.cashier, now=NOW, reason="x")
        self.voucher("reversal", reverses=old.pk)

    def voucher_without_entries(self):
        self.voucher()

    def charge_without_entries(self):
        v = self.voucher("charge")
        with connection.cursor() as cursor:
            cursor.execute(
                CHARGE.format(
                    estate=self.account.estate_id, unit=self.account.unit_id, account=self.account.pk,
                    item=self.charge.item_id, voucher=v,
                )
            )  # fmt: skip

    def charge_with_less(self):
        self.charge_without_entries()
        v = Voucher.objects.latest("pk").pk
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM billing_charge")
            pk = cursor.fetchone()[0]
        self.charge.pk = pk
        self.charge.due_on = "2026-03-31"
        self.write(self.row(v, "receivable", 99, "charge"), self.row(v, "income", -99, "charge"))

    def receipt_of_another_amount(self):
        v = self.voucher()
        self.write(self.row(v, "money", 10), self.row(v, "receivable", -10))
        self.receipt(11, v)

    def receipt_without_a_step(self):
        self.receipt(10, None)

    def receipt(self, total, voucher):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO billing_receipt (estate_id, number, payer, cashier_id, day, at, total, facts)"
                " VALUES (%s, 'S2026-777777', 'x', %s, %s, now(), %s, '{}') RETURNING id",
                [self.account.estate_id, self.cashier.pk, self.day, total],
            )
            pk = cursor.fetchone()[0]
            if voucher:
                cursor.execute(
                    "INSERT INTO billing_receiptstep (estate_id, receipt_id, verb, voucher_id, reason, by_id, at)"
                    " VALUES (%s, %s, 'booked', %s, '', %s, now())",
                    [self.account.estate_id, pk, voucher, self.cashier.pk],
                )

    def account_with_money(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO billing_account (estate_id, unit_id, person_id, owed, prepaid, deposits)"
                " SELECT estate_id, unit_id, person_id + 1, 0, 500, 0 FROM billing_account"
            )

    def refund_approved_at_birth(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO billing_refund (estate_id, account_id, amount, reason, state, asked_by_id, asked_at, decided_by_id,"
                " decided_at, decision, version) SELECT estate_id, account_id, 1, 'x', 'approved', asked_by_id, asked_at, %s, now(),"
                " '', 1 FROM billing_refund",
                [self.cashier.pk],
            )


FORGERIES = [
    name
    for name in vars(Forger)
    if not name.startswith("_") and name not in ("voucher", "row", "write", "receipt")
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_no_booking_is_refused(books, cashier, elsewhere, forgery):
    forger = Forger(books, cashier)
    forger.elsewhere = elsewhere
    with pytest.raises(DatabaseError), transaction.atomic():
        getattr(forger, forgery)()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    account = Account.objects.get()
    assert (account.owed, account.prepaid) == (Decimal("60.00"), Decimal("10.00"))


def test_there_are_forty(books):
    assert len(PLAIN) + len(FORGERIES) >= 60 and MARCH
