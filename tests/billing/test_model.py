"""Random days of an office against a small model: every voucher zero, every balance the same to the cent (SPEC §6)."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from billing.actions import charging, deposits, draw, ledger, payment, refund, takeover, void, waiver
from billing.models import Account, Charge, Entry, Item, OpenCharge, Voucher
from billing.reports import accounts as reports
from office.money import round_half_up
from office.refusals import Refused
from tests.billing.money import make_account, make_item
from tests.cast import NOW, make_estate, make_person, make_staff

ZERO = Decimal(0)
CENTS = st.integers(1, 30_000).map(lambda n: Decimal(n).scaleb(-2))
PICK = st.integers(0, 10**6)


class Office(RuleBasedStateMachine):
    """The model: {charge: owed}, {account: prepaid}, {deposit charge: held}; the office does the same with its ledger."""

    def __init__(self):
        super().__init__()
        self.atom = transaction.atomic()
        self.atom.__enter__()

    @initialize()
    def begin(self):
        estate = make_estate(f"M{Account.objects.count()}")
        self.cashier, self.director, self.finance, self.supervisor = (
            make_staff(f"model-{role}", (estate, role))
            for role in ("cashier", "director", "finance", "supervisor")
        )
        seller = make_account(estate)
        self.accounts = [seller, ledger.account_of(seller.unit, make_person(estate, "王五"))]
        self.estate, self.item = estate, make_item(estate)
        self.pledge = make_item(estate, "pledge", Item.Formula.DEPOSIT)
        self.owed, self.held, self.receipts = {}, {}, []
        self.prepaid = {row.pk: ZERO for row in self.accounts}
        self.of = {}  # charge → account
        self.now = NOW

    def teardown(self):
        try:
            if hasattr(self, "estate"):
                self.compare()
        finally:
            transaction.set_rollback(True)
            self.atom.__exit__(None, None, None)

    # --- what people do

    @rule(which=PICK, amount=CENTS, custody=st.booleans())
    def charge(self, which, amount, custody):
        account = self.accounts[which % 2]
        if custody:
            amount = max(round_half_up(amount * 70 / 100), Decimal("0.01"))
        row = charging.charge(account=account, item=self.item, amount=amount, by=self.cashier, now=self.now)
        self.owed[row.pk], self.of[row.pk] = amount, account.pk

    @precondition(lambda self: any(self.owed.values()))
    @rule(which=PICK, part=st.integers(1, 100), extra=st.one_of(st.just(ZERO), CENTS))
    def pay(self, which, part, extra):
        pk = self.pick(which)
        amount = max(round_half_up(self.owed[pk] * part / 100), Decimal("0.01"))
        prepay = [(self.of[pk], extra)] if extra else []
        receipt = payment.pay(
            estate=self.estate, payer="張小明", charges=[(pk, amount)], prepay=prepay,
            methods={"cash": amount + extra}, by=self.cashier, now=self.now,
        )  # fmt: skip
        self.owed[pk] -= amount
        self.prepaid[self.of[pk]] += extra
        self.receipts.append((receipt, pk, amount, extra))

    @precondition(lambda self: any(self.owed.values()))
    @rule(which=PICK, more=CENTS)
    def over_pay(self, which, more):
        pk = self.pick(which)
        total = self.owed[pk] + more
        self.refused(
            payment.pay, estate=self.estate, payer="張小明", charges=[(pk, total)], methods={"card": total},
            by=self.cashier, now=self.now,
        )  # fmt: skip

    @precondition(lambda self: any(self.prepaid.values()))
    @rule(which=PICK)
    def draw(self, which):
        account = self.accounts[which % 2]
        draw.draw(accounts=[account], by=self.cashier, now=self.now)
        for pk in sorted(self.owed):
            if self.of[pk] == account.pk and pk not in self.held:
                amount = min(self.owed[pk], self.prepaid[account.pk])
                self.owed[pk] -= amount
                self.prepaid[account.pk] -= amount

    @precondition(lambda self: any(self.owed.values()))
    @rule(which=PICK)
    def waive(self, which):
        pk = self.pick(which)
        waiver.waive(charges=[(pk, self.owed[pk])], reason="noise", by=self.director, now=self.now)
        self.owed[pk] = ZERO

    @precondition(lambda self: self.receipts)
    @rule(which=PICK)
    def void(self, which):
        receipt, pk, amount, extra = self.receipts[which % len(self.receipts)]
        gone = pk not in self.owed or self.prepaid[self.of[pk]] < extra
        act = {
            "receipt": receipt,
            "reason": "wrong",
            "by": self.supervisor,
            "now": self.now + timedelta(hours=1),
        }
        if gone:
            self.refused(void.void, **act)
            return
        void.void(**act)
        self.receipts.remove((receipt, pk, amount, extra))
        self.owed[pk] += amount
        self.prepaid[self.of[pk]] -= extra

    @precondition(lambda self: any(self.prepaid.values()))
    @rule(which=PICK, part=st.integers(1, 100))
    def refund(self, which, part):
        account = self.accounts[which % 2]
        amount = round_half_up(self.prepaid[account.pk] * part / 100)
        if not amount:
            return
        row = refund.ask(account=account, amount=amount, reason="moves", by=self.finance, now=self.now)
        refund.approve(refund=row, by=self.director, now=self.now)
        refund.pay_out(refund=row, methods={"transfer": amount}, by=self.finance, now=self.now)
        self.prepaid[account.pk] -= amount

    @precondition(lambda self: [pk for pk in self.owed if pk not in self.held])
    @rule(which=PICK, amount=CENTS)
    def correct(self, which, amount):
        """A reading was wrong: what had been paid goes to the new charge as far as it goes, the rest is prepayment."""
        keys = [pk for pk in sorted(self.owed) if pk not in self.held]
        old = Charge.objects.get(pk=keys[which % len(keys)])
        act = {
            "charge": old,
            "amount": amount,
            "basis": {},
            "reason": "reading",
            "by": self.supervisor,
            "now": self.now,
        }
        if old.pk in self.moved():
            self.refused(charging.correct, **act)
            return
        sums = Entry.objects.filter(charge_id=old.pk, head="receivable", kind="waiver").aggregate(
            sum=Sum("amount")
        )
        paid = old.amount - self.owed.pop(old.pk) + (sums["sum"] or ZERO)
        new = charging.correct(**act)
        self.owed[new.pk], self.of[new.pk] = amount - min(paid, amount), old.account_id
        self.prepaid[old.account_id] += paid - min(paid, amount)

    @precondition(lambda self: any(self.owed.values()))
    @rule(which=PICK)
    def take_over(self, which):
        pk = self.pick(which)
        here = self.of[pk]
        there = next(row for row in self.accounts if row.pk != here)
        takeover.take_over(
            account_from=Account.objects.get(pk=here), account_to=there, evidence="contract", by=self.supervisor,
            now=self.now, charges=[pk],
        )  # fmt: skip
        new = Charge.objects.latest("pk")
        self.owed[new.pk], self.of[new.pk], self.owed[pk] = self.owed[pk], there.pk, ZERO

    @rule(which=PICK, amount=CENTS, part=st.integers(0, 100))
    def deposit(self, which, amount, part):
        account = self.accounts[which % 2]
        row, _receipt = deposits.take(
            account=account, item=self.pledge, amount=amount, payer="張小明", methods={"qr": amount}, by=self.cashier,
            now=self.now,
        )  # fmt: skip
        kept = round_half_up(amount * part / 100)
        if kept:
            deposits.forfeit(charge=row, amount=kept, reason="broken", by=self.director, now=self.now)
        self.held[row.pk], self.of[row.pk] = amount - kept, account.pk
        more = amount - kept + Decimal("0.01")
        self.refused(
            deposits.give_back,
            charge=row,
            amount=more,
            methods={"cash": more},
            reason="x",
            by=self.cashier,
            now=self.now,
        )

    # --- helpers

    def pick(self, which):
        owing = [pk for pk in sorted(self.owed) if self.owed[pk]]
        return owing[which % len(owing)]

    def moved(self):
        rows = Entry.objects.filter(voucher__source_kind="takeover", head="receivable", amount__lt=0)
        return set(rows.values_list("charge_id", flat=True))

    def refused(self, act, **values):
        try:
            act(**values)
        except Refused:
            return
        raise AssertionError(f"{act.__name__} was not refused")

    def compare(self):
        for row in Account.objects.filter(estate=self.estate):
            owed = sum((self.owed[pk] for pk in self.owed if self.of[pk] == row.pk), ZERO)
            held = sum((self.held[pk] for pk in self.held if self.of[pk] == row.pk), ZERO)
            assert (row.owed, row.prepaid, row.deposits) == (owed, self.prepaid[row.pk], held)
        entries = Entry.objects.filter(estate=self.estate)
        assert (
            not Voucher.objects.filter(estate=self.estate)
            .annotate(sum=Sum("entries__amount"))
            .exclude(sum=0)
            .exists()
        )
        booked = dict(
            entries.filter(head="receivable")
            .order_by()
            .values_list("charge_id")
            .annotate(sum=Sum("amount"))
            .filter(sum__gt=0)
        )
        assert (
            dict(OpenCharge.objects.filter(estate=self.estate).values_list("charge_id", "amount")) == booked
        )
        assert booked == {pk: amount for pk, amount in self.owed.items() if amount}
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert all(reports.owed_of(Charge.objects.get(pk=pk)) == amount for pk, amount in self.owed.items())


class TestDays(Office.TestCase, TestCase):
    settings = settings(max_examples=settings().max_examples // 6, stateful_step_count=20)
