"""The arithmetic of the counter (SPEC §6.4): an amount spread over what is owed, money divided over its methods, change."""

from dataclasses import dataclass, field
from decimal import Decimal

from billing.models import Entry

ZERO = Decimal("0.00")
# As often as they are used at a counter; a mandate is the bank's.
METHODS = (
    Entry.Method.CASH,
    Entry.Method.QR,
    Entry.Method.CARD,
    Entry.Method.TRANSFER,
    Entry.Method.CHEQUE,
)


def spread(owed, amount):
    """({key: part}, rest): `amount` over `owed`, (key, open) pairs with the oldest first. The rest is more than is owed."""
    parts, rest = {}, amount
    for key, open_ in owed:
        part = min(open_, rest)
        if part <= 0:
            break
        parts[key] = part
        rest -= part
    return parts, rest


@dataclass
class Money:
    """How a total is paid: by method, the cash that was handed over, and what goes back."""

    methods: dict = field(default_factory=dict)
    given: Decimal | None = None
    change: Decimal = ZERO
    wrong: tuple = ()  # (field, sort of mistake) the form puts into words


def divide(total, main, others, given=None):
    """`total` over `main` and the amounts of `others`; the main method takes what the others leave.

    Cash that was handed over must cover the part that is paid in cash; what is too much goes back.
    """
    others = {method: amount for method, amount in others.items() if amount and method != main}
    left = total - sum(others.values(), ZERO)
    if left < 0:
        return Money(wrong=("main", "too_much"))
    methods = {main: left, **others} if left else others
    cash = methods.get("cash", ZERO)
    if given is None:
        return Money(methods)
    if not cash:
        return Money(methods, wrong=("given", "no_cash"))
    if given < cash:
        return Money(methods, given, wrong=("given", "too_little"))
    return Money(methods, given, given - cash)
