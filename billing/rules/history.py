"""How the rows of an old ledger become bookings of ours (SPEC §6, §14): pure, one account at a time.

Whatever a row says, what the account owes less what it has prepaid moves by exactly `charge - payment`; so the running
balance of the old ledger is ours, to the cent. Payments settle the oldest debt first; what is left over is prepaid, and
the next charge draws on it. Nothing is guessed silently: what a correction corrects is the latest charge like it,
else it stands as a credit of its own.
"""

from bisect import insort
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from billing.models import Voucher
from billing.rules import ledger
from billing.rules.ledger import Head, Line, earned

Kind = Voucher.Kind
ZERO = Decimal(0)


@dataclass(slots=True)
class Row:
    """A row of the old ledger. `charge` and `payment` may be negative; `opening`: the balance it began with."""

    number: int
    day: date
    item: Any
    charge: Decimal = ZERO
    payment: Decimal = ZERO
    opening: bool = False
    waived: bool = False  # the payment is no money but a debt let off
    refund: bool = False
    text: str = ""
    method: str = "transfer"
    period: date | None = None
    due_on: date | None = None
    held: Decimal = ZERO  # a deposit the old system held, of the item `deposit`
    deposit: Any = None

    @property
    def effect(self):
        return self.charge - self.payment


@dataclass(slots=True)
class Kept:
    """A charge of the account and what is still open of it."""

    pk: int
    account_id: int
    item: Any
    period: date
    due_on: date
    amount: Decimal
    open: Decimal
    settled: Decimal = ZERO
    opening: bool = False
    voucher: Any = None  # the Booking that made it, while it can be reversed
    text: str = ""

    @property
    def item_id(self):
        return self.item.pk

    def __lt__(self, other):
        return (self.due_on, self.pk) < (other.due_on, other.pk)


@dataclass(slots=True)
class Booking:
    """A voucher to be: `part` tells the vouchers of a row apart."""

    row: Row
    kind: str
    part: str
    lines: list
    charge: Kept | None = None
    reverses: Any = None
    pk: int = 0
    reason: str = ""


@dataclass
class Books:
    """One account while its old rows are booked. `charge_ids` and `voucher_ids` give primary keys."""

    account_id: int
    building_id: int | None
    spare: Any  # the item of what no item is known for
    charge_ids: Any = field(default_factory=lambda: count(1))
    voucher_ids: Any = field(default_factory=lambda: count(1))
    prepaid: Decimal = ZERO
    charges: list = field(default_factory=list)
    open: list = field(default_factory=list)  # oldest first
    bookings: list = field(default_factory=list)

    def book(self, row):
        """Book a row; what it did to the balance is `row.effect`."""
        if row.charge > 0:
            self._charge(row)
        elif row.charge < 0:
            self._take_off(row, -row.charge)
        if row.payment > 0:
            self._pay(row)
        elif row.payment < 0:
            self._pay_back(row, -row.payment)
        if row.held:
            self._hold(row)

    # --- what is owed

    def _new(self, row, amount):
        day = row.period or row.day.replace(day=1)
        return Kept(
            next(self.charge_ids), self.account_id, row.item, day, row.due_on or row.day, amount, amount,
            opening=row.opening, text=row.text,
        )  # fmt: skip

    def _charge(self, row):
        kept = self._new(row, row.charge)
        if row.opening:
            lines = [self._of(kept, Head.RECEIVABLE, row.charge), Line(Head.OPENING, -row.charge)]
        else:
            lines = [
                self._of(kept, Head.RECEIVABLE, row.charge),
                self._of(kept, earned(row.item), -row.charge),
            ]
        kept.voucher = self._add(
            row, Kind.OPENING if row.opening else Kind.CHARGE, "charge", lines, charge=kept
        )
        self.charges.append(kept)
        insort(self.open, kept)
        self._draw(row)

    def _take_off(self, row, amount):
        """A negative charge: the latest charge like it is reversed; else a credit, settled like a payment."""
        if row.opening:
            self._add(row, Kind.OPENING, "charge", [self._credit(amount), Line(Head.OPENING, amount)])
            self._draw(row)
            return
        if (kept := self._like(row, amount)) is not None:
            if kept.settled:
                lines = self._settling(kept, -kept.settled)
                self._add(row, Kind.TRANSFER, "reopen", [*lines, self._credit(kept.settled)])
                self._settle(kept, -kept.settled)
            self._add(
                row, Kind.REVERSAL, "charge", [-line for line in kept.voucher.lines], reverses=kept.voucher.pk,
                reason=row.text,
            )  # fmt: skip
            self.open.remove(kept)
            kept.open, kept.voucher = ZERO, None
            self._draw(row)
            return
        counter = Line(
            earned(row.item) if earned(row.item) != Head.PENDING else Head.INCOME, amount, self.account_id,
            row.item.pk, self.building_id, period=row.period or row.day.replace(day=1),
        )  # fmt: skip
        lines, rest = self._against_debts(amount, row.item)
        self._add(row, Kind.CHARGE, "charge", [*lines, *([self._credit(rest)] if rest else []), counter])

    def _like(self, row, amount):
        for kept in reversed(self.charges):
            if (
                kept.voucher is not None
                and not kept.opening
                and kept.amount == amount
                and kept.item_id == row.item.pk
                and (row.period is None or row.period == kept.period)
            ):
                return kept
        return None

    # --- what is paid

    def _hold(self, row):
        """A deposit that was paid before we began: charged, settled and held, no money of ours."""
        kept = self._new(Row(row.number, row.day, row.deposit, opening=True, text=row.text), row.held)
        kept.open, kept.settled = ZERO, row.held
        self.charges.append(kept)
        lines = [self._of(kept, Head.DEPOSIT, -row.held), Line(Head.OPENING, row.held)]
        self._add(row, Kind.OPENING, "deposit", lines, charge=kept)

    def _pay(self, row):
        if row.opening:  # an opening balance in credit is no money of ours
            lines, rest = self._against_debts(row.payment)
            if rest:
                lines.append(self._credit(rest))
            self._add(row, Kind.OPENING, "payment", [*lines, Line(Head.OPENING, row.payment)])
            return None
        if row.waived:
            return self._waive(row)
        lines, rest = self._against_debts(row.payment)
        if rest:
            lines.append(self._credit(rest))
        self._add(row, Kind.PAYMENT, "payment", [*lines, Line(Head.MONEY, row.payment, method=row.method)])
        return None

    def _waive(self, row):
        lines, rest = [], row.payment
        while rest and self.open:
            kept = self.open[0]
            part = min(rest, kept.open)
            lines += [*self._settling(kept, part), self._of(kept, Head.WAIVED, part)]
            self._settle(kept, part)
            rest -= part
        if rest:
            period = row.period or row.day.replace(day=1)
            lines += [
                self._credit(rest),
                Line(Head.WAIVED, rest, self.account_id, row.item.pk, self.building_id, period=period),
            ]
        self._add(row, Kind.WAIVER, "payment", lines, reason=row.text)

    def _pay_back(self, row, amount):
        """A payment that went back: out of what is prepaid, then the debts it had settled are open again."""
        lines, rest = [], amount
        if part := min(rest, self.prepaid):
            lines.append(self._credit(-part))
            rest -= part
        settled = sorted(
            (kept for kept in self.charges if kept.settled), key=lambda kept: kept.item_id == row.item.pk
        )
        while rest and settled:
            kept = settled.pop()
            part = min(rest, kept.settled)
            lines += self._settling(kept, -part)
            self._settle(kept, -part)
            rest -= part
        charge = None
        if rest:  # it was never paid in, as far as this ledger tells: it is owed
            charge = self._new(Row(row.number, row.day, self.spare, text=row.text), rest)
            lines.append(self._of(charge, Head.RECEIVABLE, rest))
            self.charges.append(charge)
            insort(self.open, charge)
        kind = Kind.REFUND if row.refund else Kind.PAYMENT
        counter = (
            self._waived_back(row, amount) if row.waived else Line(Head.MONEY, -amount, method=row.method)
        )
        self._add(row, kind, "payment", [*lines, counter], charge=charge, reason=row.text)

    def _waived_back(self, row, amount):
        period = row.period or row.day.replace(day=1)
        return Line(Head.WAIVED, -amount, self.account_id, row.item.pk, self.building_id, period=period)

    # --- pieces

    def _add(self, row, kind, part, lines, **more):
        booking = Booking(row, kind, part, lines, pk=next(self.voucher_ids), **more)
        self.bookings.append(booking)
        return booking

    def _of(self, kept, head, amount):
        return ledger.of_charge(head, amount, kept, building_id=self.building_id)

    def _credit(self, amount):
        """The line by which the prepayment grows (negative: shrinks)."""
        self.prepaid += amount
        return Line(Head.PREPAID, -amount, self.account_id)

    def _settling(self, kept, amount):
        return ledger.settling(kept, amount, item=kept.item, building_id=self.building_id)

    def _settle(self, kept, amount):
        was = kept.open
        kept.open -= amount
        kept.settled += amount
        if was and not kept.open:
            self.open.remove(kept)
        elif kept.open and not was:
            insort(self.open, kept)

    def _against_debts(self, amount, item=None):
        """(lines, what is left): debts settled, of `item` first where it is given, the oldest first."""
        lines = []
        debts = self.open if item is None else sorted(self.open, key=lambda kept: kept.item_id != item.pk)
        for kept in list(debts):
            if not amount:
                break
            part = min(amount, kept.open)
            lines += self._settling(kept, part)
            self._settle(kept, part)
            amount -= part
        return lines, amount

    def _draw(self, row):
        """What was paid before settles what is open now."""
        if not self.prepaid or not self.open:
            return
        available = self.prepaid
        lines, rest = self._against_debts(available)
        self._add(row, Kind.DRAW, "draw", [*lines, self._credit(rest - available)])


# --- the order of rows and what their signs mean ------------------------------------------------------------


def mismatches(rows, effects, balances):
    """How many balances of an account do not follow from the row before; the first tells what it began with."""
    wrong, before = 0, None
    for effect, balance in zip(effects, balances, strict=True):
        if balance is None:
            before = None if before is None else before + effect
            continue
        expected = effect if before is None else before + effect
        wrong += expected != balance
        before = balance
    return wrong
