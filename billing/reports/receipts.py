"""Receipts as pages and paper read them: what became of one, its lines in a person's words (SPEC §6.4)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.models import Entry, Receipt, ReceiptStep
from office import search

Verb = ReceiptStep.Verb
# What holds of a receipt is the last that can happen to it.
STATES = ((Verb.VOIDED, "late"), (Verb.CANCELLED, "quiet"), (Verb.BOOKED, "good"), (Verb.CARRIED, "busy"))
METHODS = dict(Entry.Method.choices)


def state_of(verbs):
    """(verb, words, tone) of a receipt by the verbs of its steps."""
    for verb, tone in STATES:
        if verb in verbs:
            return verb, verb.label, tone
    return "", "", "quiet"


def with_verbs(rows):
    """Receipts with `verbs`, what happened to each: one query."""
    steps = ReceiptStep.objects.filter(receipt=OuterRef("pk")).values("verb")
    return rows.annotate(verbs=ArraySubquery(steps))


@dataclass
class Line:
    """One line of a receipt, ready to be shown."""

    unit: str
    item: str
    period: str
    text: str
    amount: Decimal
    charge: int | None = None
    account: int | None = None


def named(names, language):
    """A name that was kept in all languages, in one of them."""
    if not isinstance(names, dict):
        return str(names or "")
    return names.get(language) or names.get("zh-hant") or next(iter(names.values()), "")


def period_of(line):
    """2026-03; 2026-03-13 – 2026-03-31 where it is a part of a month; nothing where days say nothing."""
    if not line.get("period"):
        return ""
    start, until = (date.fromisoformat(line[name]) for name in ("from", "until"))
    if (until - start).days <= 1:
        return ""
    month = start.day == 1 and until.day == 1 and (until - start).days < 32
    return f"{start:%Y-%m}" if month else f"{start:%Y-%m-%d} – {until - timedelta(days=1):%Y-%m-%d}"


def lines(receipt, language=""):
    """[Line] as they stood when it was written."""
    language = language or get_language()
    found = []
    for line in receipt.facts.get("lines", ()):
        # Translators: 預存款
        item = _("Prepayment") if line.get("prepaid") else named(line.get("item"), language)
        found.append(
            Line(
                line.get("unit", ""),
                item,
                period_of(line),
                line.get("text", ""),
                Decimal(line["amount"]),
                line.get("charge"),
                line.get("account"),
            )
        )
    return found


def methods(receipt):
    """[(method, words, amount)] with what it was paid."""
    found = receipt.facts.get("methods", {})
    return [(name, METHODS.get(name, name), Decimal(amount)) for name, amount in found.items()]


def keys_of_receipts():
    """(id, estate, keys) of every receipt, for `reindex`."""
    rows = Receipt.objects.order_by("pk").values_list("pk", "estate_id", "number")
    for pk, estate_id, number in rows.iterator(chunk_size=5000):
        yield pk, estate_id, search.keys_of_number(number)
