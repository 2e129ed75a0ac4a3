"""In which order the rows of a file stand, how its days are written, and what its signs mean.

What several readings allow is decided for the whole file, by the reading under which its balances follow from its rows;
what was decided is said on the page of sums.
"""

from datetime import date
from itertools import pairwise

from django.utils.translation import gettext as _

from billing.imports import reading
from billing.rules.history import mismatches
from office import search


def say_days(rows, notices):
    """Decide which part of 05/03/2024 is the day, for the file; what stays unclear is an error with a proposal."""
    for key in ("day", "due_on"):
        parts = [said.values[key] for said in rows if isinstance(said.values.get(key), reading.Parts)]
        if not parts:
            continue
        orders = reading.order_of(parts)
        if len(orders) > 1:
            orders = _sorted_orders(rows, key, orders)
        if not orders:
            for said in rows:
                one = said.values.get(key)
                if isinstance(one, reading.Parts):
                    tried = one.in_order("dmy")
                    said.errors.append((key, _("“%(said)s”: the days of this file are written in several ways.") % {"said": one.said}, tried.isoformat() if tried else ""))  # fmt: skip
                    said.values[key] = None
            continue
        order = orders[0]
        for said in rows:
            if isinstance(said.values.get(key), reading.Parts):
                said.values[key] = said.values[key].in_order(order)
        shown = {"dmy": _("day/month/year"), "mdy": _("month/day/year"), "ymd": _("year/month/day")}[order]
        notices.append(_("Dates are read as %(order)s.") % {"order": shown})
    before: dict = {}
    for said in rows:
        said.day = said.values.get("day")
        group = (said.values.get("unit"), said.values.get("account"))
        if said.day is None and not any(column == "day" for column, *_rest in said.errors):
            said.day = before.get(group)
        if said.day is not None:
            before[group] = said.day


def _sorted_orders(rows, key, orders):
    """The orders, the one by which the file is sorted best first."""

    def turns(order):
        days = [
            one.in_order(order) if isinstance(one, reading.Parts) else one
            for said in rows
            if (one := said.values.get(key)) is not None
        ]
        ups = sum(a < b for a, b in pairwise(days))
        downs = sum(a > b for a, b in pairwise(days))
        return min(ups, downs)

    return tuple(sorted(orders, key=turns))


def side_of(values):
    if side := values.get("side"):
        return side
    kind = search.fold(str(values.get("kind") or "")).replace(" ", "")
    if not kind:
        return ""
    for side, words in (("credit", ("收款", "缴费", "缴款", "实收", "付款", "贷", "payment", "receipt", "credit", "pmt")), ("debit", ("应收", "收费", "计费", "借", "charge", "invoice", "bill", "debit", "fee"))):  # fmt: skip
        if any(word in kind for word in words):
            return side
    return "credit" if kind in ("cr", "pay", "paid") else "debit" if kind == "dr" else ""


def is_signed(rows):
    """Whether credits of this file stand with their minus although a column names them credits."""
    credits = [said.values.get("amount") for said in rows if side_of(said.values) == "credit"]
    return sum(amount < 0 for amount in credits if amount) * 2 > sum(1 for amount in credits if amount)


def paid_is_plus(rows):
    """Whether a signed amount is positive where the row speaks of money paid."""
    paid = [
        said.values["amount"]
        for said in rows
        if said.values.get("amount") and reading.PAID.search(said.words)
    ]
    return sum(amount > 0 for amount in paid) * 2 > len(paid)


def _ordered(party, descending, today):
    rows = sorted(party.rows, key=lambda said: said.number, reverse=descending)
    first = next((said.day for said in rows if said.day), None)
    for said in rows:
        if said.day is None:
            if not (said.opening or said.informs) and not any(
                column == "day" for column, *_rest in said.errors
            ):
                said.errors.append(("day", _("Date is empty."), ""))
            said.day, said.undated = first or today, first is None
    return sorted(rows, key=lambda said: (said.day or date.min, not (said.opening and not descending)))


def settle(parties, matching, notices, today):
    """Choose the order of rows and the meaning of signs by which the file's own balances follow from its rows."""
    dated = [said for party in parties for said in party.rows if said.day]
    dated.sort(key=lambda said: said.number)
    pairs = [(a.day, b.day) for a, b in pairwise(dated) if a.unit == b.unit]
    descending = sum(a > b for a, b in pairs) > sum(a < b for a, b in pairs)
    pays = [said.payment for party in parties for said in party.rows if said.payment]
    minus = bool(pays) and "payment" in matching and all(amount < 0 for amount in pays)
    for party in parties:
        party.rows = _ordered(party, descending, today)
    if not any(said.balance is not None for party in parties for said in party.rows):
        if minus:
            _flip(parties, payments=True)
            notices.append(_("Payments stand with a minus in this file."))
        return

    def wrong(sign, side, turned):
        total = 0
        for party in parties:
            rows = party.rows if not turned else _ordered(party, not descending, today)
            effects = [(said.charge - sign * said.payment) for said in rows]
            total += mismatches(
                rows, effects, [side * said.balance if said.balance is not None else None for said in rows]
            )
        return total

    choices = [(1, 1, False)] if not wrong(1, 1, False) else [
        (sign, side, turned) for turned in (False, True) for side in (1, -1) for sign in (1, -1)
    ]  # fmt: skip
    sign, side, turned = min(choices, key=lambda choice: wrong(*choice)) if len(choices) > 1 else choices[0]
    if "amount" in matching and "payment" not in matching and sign == -1:
        sign = 1
    if sign == -1:
        _flip(parties, payments=True)
        notices.append(_("Payments stand with a minus in this file."))
    if side == -1:
        for party in parties:
            for said in party.rows:
                said.balance = -said.balance if said.balance is not None else None
        # charge and payment the other way round would say the same: a signed amount that is paid stands positive
        notices.append(_("Balances of this file are positive for what the account has in credit."))
    if turned:
        for party in parties:
            party.rows = _ordered(party, not descending, today)
    if descending != turned:
        notices.append(_("The file runs from the newest row to the oldest; it was turned round."))


def _flip(parties, *, payments):
    for party in parties:
        for said in party.rows:
            said.payment = -said.payment
