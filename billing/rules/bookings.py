"""Who may book what (SPEC §1, §6). `why_not` answers None or one sentence: the action refuses with it, the page shows it
on the disabled button."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Entry, Voucher
from office.money import round_half_up
from office.refusals import Refused


@dataclass(frozen=True)
class Move:
    """Any of `permissions` at the row's estate suffices."""

    label: object
    permissions: tuple
    icon: str = "receipt"


MOVES = {
    "pay": Move(gettext_lazy("Take payment"), ("billing.take_payment", "billing.bank"), "cash"),
    "carry": Move(gettext_lazy("Prepare receipt"), ("billing.take_payment",), "walk"),
    "hand_in": Move(gettext_lazy("Hand in"), ("billing.take_payment",), "cash"),
    "return_unused": Move(gettext_lazy("Return unused"), ("billing.take_payment",), "x"),
    "charge": Move(gettext_lazy("Charge"), ("billing.take_payment", "billing.adjust"), "plus"),
    # Translators: 滯納金
    "late": Move(gettext_lazy("Charge late fees"), ("billing.run",), "clock"),
    "withdraw": Move(gettext_lazy("Take charge back"), ("billing.adjust",), "arrow-back"),
    "correct": Move(gettext_lazy("Correct charge"), ("billing.adjust", "billing.decide_readings"), "edit"),
    "void": Move(gettext_lazy("Void"), ("billing.void",), "x"),
    # Translators: 減免
    "waive": Move(gettext_lazy("Waive"), ("billing.waive",), "discount"),
    "draw": Move(gettext_lazy("Draw from prepayment"), ("billing.take_payment", "billing.run"), "arrow-down"),
    "undo_draw": Move(gettext_lazy("Put back into prepayment"), ("billing.void", "billing.adjust"), "arrow-back"),
    "take_deposit": Move(gettext_lazy("Take deposit"), ("billing.take_payment",), "lock"),
    "give_back": Move(gettext_lazy("Give deposit back"), ("billing.take_payment",), "arrow-back"),
    "forfeit": Move(gettext_lazy("Forfeit deposit"), ("billing.approve_refund",), "gavel"),
    "ask_refund": Move(gettext_lazy("Ask for a refund"), ("billing.refund",), "receipt-refund"),
    "decide_refund": Move(gettext_lazy("Decide refund"), ("billing.approve_refund",), "scale"),
    "pay_out": Move(gettext_lazy("Pay refund out"), ("billing.refund",), "cash"),
    "take_over": Move(gettext_lazy("Take debt over"), ("billing.take_over",), "users"),
}  # fmt: skip

# What is taken back whole, and the move whose permission it asks for.
TAKEN_BACK = {
    Voucher.Kind.DRAW: "undo_draw",
    Voucher.Kind.WAIVER: "waive",
    Voucher.Kind.REFUND: "void",
    Voucher.Kind.FORFEIT: "forfeit",
}


def may(move, row, by):
    """Role and estate only; `row` has an `estate_id`. The machine (`by` None) may what it is told to."""
    return by is None or any(by.may(permission, row.estate_id) for permission in MOVES[move].permissions)


def why_not(move, row, by):
    """None when `by` may make `move` at the estate of `row`, else the reason in one sentence."""
    return None if may(move, row, by) else _("Your role does not allow this.")


def check(move, row, by):
    if sentence := why_not(move, row, by):
        raise Refused(sentence)


def amount(value):
    """Money that changes hands: above zero, two places."""
    value = Decimal(value)
    if value <= 0 or value != round_half_up(value):
        raise Refused(_("An amount is above zero and has two places."))
    return round_half_up(value)


def methods(values, cashier):
    """{method: amount} without the empty ones; cash goes through somebody's drawer."""
    found = {method: amount(value) for method, value in values.items() if value}
    if not found:
        raise Refused(_("Say how it was paid."))
    if unknown := set(found) - set(Entry.Method.values):
        raise ValueError(f"no such methods: {unknown}")
    if Entry.Method.CASH in found and cashier is None:
        raise Refused(_("Cash goes through a cashier's drawer."))
    return found


def reason(text):
    text = (text or "").strip()
    if not text:
        raise Refused(_("Give the reason."))
    return text[:300]
