"""What a cashier's day comes to, which days wait to be closed, and the cashier's book 收款日記帳 (SPEC §6.6, §6.12)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Sum

from billing.models import Entry, Receipt, ReceiptStep, Run, Till

Head, Verb = Entry.Head, ReceiptStep.Verb


def money_of(estate, cashier, day):
    """The money entries of one drawer and day. An entry's day is its voucher's: a voucher belongs to one close."""
    return Entry.objects.filter(
        estate=estate, day=day, head=Head.MONEY, voucher__estate=estate, voucher__cashier=cashier
    )


def sums(estate, cashier, day):
    """{method: amount}, by the ledger; None when nothing was booked at all. A method that comes to zero stays."""
    found = dict(
        money_of(estate, cashier, day).order_by().values_list("method").annotate(total=Sum("amount"))
    )
    return {method: found[method] for method in Entry.Method.values if method in found} or None


def receipts_of(estate, cashier, day):
    """How many receipts were booked into the drawer on a day."""
    return ReceiptStep.objects.filter(
        verb=Verb.BOOKED, voucher__estate=estate, voucher__cashier=cashier, voucher__day=day
    ).count()


def lines(estate, cashier, day):
    """[{at, number, receipt_id, kind, unit, payer, method, amount}] of a day, in the order they were booked."""
    fields = {
        "voucher__at": "at",
        "voucher__kind": "kind",
        "voucher__receipt_step__receipt_id": "receipt_id",
        "voucher__receipt_step__receipt__number": "number",
        "voucher__receipt_step__receipt__payer": "payer",
        "voucher__receipt_step__receipt__unit__code": "unit",
        "voucher__reason": "reason",
        "method": "method",
        "amount": "amount",
    }
    rows = money_of(estate, cashier, day).order_by("voucher_id", "pk").values(*fields)
    return [{fields[name]: value for name, value in row.items()} for row in rows]


def out(estate, cashier=None, through=None):
    """Receipts that were carried out and are neither used nor returned, the oldest first."""
    steps = ReceiptStep.objects.filter(receipt=OuterRef("pk"))
    rows = Receipt.objects.filter(
        Exists(steps.filter(verb=Verb.CARRIED)),
        ~Exists(steps.filter(verb__in=[Verb.BOOKED, Verb.CANCELLED])),
        estate=estate,
    )
    if cashier is not None:
        rows = rows.filter(cashier=cashier)
    if through is not None:
        rows = rows.filter(day__lte=through)
    return rows.order_by("pk")


@dataclass(frozen=True)
class Unclosed:
    """A cashier's day with money that is not closed."""

    estate_id: int
    till_id: int
    cashier_id: int
    cashier: str
    day: date
    first_at: datetime
    total: Decimal


UNCLOSED = """
SELECT t.estate_id, t.id, t.cashier_id, s.name, v.day, min(v.at), sum(e.amount)
FROM billing_till t
JOIN office_staff s ON s.id = t.cashier_id
JOIN billing_voucher v ON v.estate_id = t.estate_id AND v.cashier_id = t.cashier_id
  AND v.day > coalesce(t.closed_through, '-infinity') AND v.day <= %(through)s
JOIN billing_entry e ON e.voucher_id = v.id AND e.head = 'money'
WHERE t.estate_id = ANY(%(estates)s) AND (%(cashier)s::bigint IS NULL OR t.cashier_id = %(cashier)s)
GROUP BY t.id, s.name, v.day ORDER BY v.day, s.name
"""


def unclosed(estates, through, cashier=None):
    """[Unclosed] of days up to `through`, the oldest first; `estates` are ids."""
    with connection.cursor() as cursor:
        values = {
            "estates": list(estates),
            "through": through,
            "cashier": cashier.pk if cashier is not None else None,
        }
        cursor.execute(UNCLOSED, values)
        return [Unclosed(*row) for row in cursor.fetchall()]


def heads(estate, through):
    """{head: amount} of everything booked up to and including a day: the trial balance at a close."""
    rows = Entry.objects.filter(estate=estate, day__lte=through).order_by().values_list("head")
    return dict(rows.annotate(total=Sum("amount")))


def months_without_run(estate, after, through):
    """Whole months that end within (after, through] and were not billed to the end; the first books ask for the last only.

    A run that found nothing to charge is a run; one that is under way or paused has charged half of its month.
    """
    month = (after + timedelta(days=1)).replace(day=1) if after else through.replace(day=1)
    found = []
    while month <= through:
        following = (month + timedelta(days=32)).replace(day=1)
        if following - timedelta(days=1) <= through:
            found.append(month)
        month = following
    runs = Run.objects.filter(estate=estate, period__in=found).values_list("period", "state")
    posted = {month for month, state in runs if state == Run.State.POSTED}
    half = {month for month, state in runs if state in (Run.State.POSTING, Run.State.PAUSED)}
    return [month for month in found if month not in posted or month in half]


def book(estate, first, last):
    """[(day, cashier id, cashier, method, amount, entries)] of money taken in drawers, for the printed book."""
    rows = (
        Entry.objects.filter(
            estate=estate, head=Head.MONEY, day__gte=first, day__lte=last, voucher__cashier__isnull=False
        )
        .order_by("day", "voucher__cashier__name", "method")
        .values_list("day", "voucher__cashier_id", "voucher__cashier__name", "method")
        .annotate(total=Sum("amount"), count=Count("pk"))
    )
    return list(rows)


# A promise stands for the local day its fact belongs to: its title is that day.
WITHOUT_PROMISE = f"""
SELECT u.* FROM ({UNCLOSED}) AS u (estate_id, till_id, cashier_id, cashier, day, first_at, total)
WHERE (%(till)s::bigint IS NULL OR u.till_id = %(till)s) AND NOT EXISTS (
  SELECT FROM office_promise p WHERE p.subject_kind = 'till' AND p.subject_id = u.till_id
    AND p.kind = 'day_close' AND p.title = to_char(u.day, 'YYYY-MM-DD'))
"""  # noqa: S608  two constants


def without_promise(now, till=None, estates=None):
    """[Unclosed] of every estate that nobody has promised to close yet."""
    with connection.cursor() as cursor:
        if estates is None:
            estates = (
                [till.estate_id] if till else Till.objects.values_list("estate_id", flat=True).distinct()
            )
        values = {
            "estates": list(estates),
            "through": (
                now + timedelta(days=1)
            ).date(),  # whatever the estate's zone: nothing is booked ahead
            "cashier": None,
            "till": till.pk if till else None,
        }
        cursor.execute(WITHOUT_PROMISE, values)
        return [Unclosed(*row) for row in cursor.fetchall()]
