"""A statement of an account: every entry with the running balance, and the deposits it holds (SPEC §6.9)."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.models import Entry, Voucher
from billing.reports import receipts
from billing.reports.counter import charge_address

PAGE = 200
HEADS = dict(Entry.Head.choices)
KINDS = dict(Voucher.Kind.choices)

# Balance: what is owed less what is prepaid. Deposits are held beside it and never part of it.
_ENTRIES = """
SELECT e.id, e.day, e.head, v.kind, e.amount, sum(e.amount) OVER (ORDER BY e.day, e.id),
       e.charge_id, e.period, e.item_id, v.id, v.reason, v.number, r.id, r.number, c.from_on, c.until_on, c.text, b.id
  FROM billing_entry e
  JOIN billing_voucher v ON v.id = e.voucher_id
  LEFT JOIN billing_voucher b ON b.reverses_id = v.id
  LEFT JOIN billing_receiptstep s ON s.voucher_id = coalesce(v.reverses_id, v.id) AND s.verb = 'booked'
  LEFT JOIN billing_receipt r ON r.id = s.receipt_id
  LEFT JOIN billing_charge c ON c.period = e.period AND c.id = e.charge_id AND e.kind = 'charge'
 WHERE e.account_id = %s AND e.head IN ('receivable', 'prepaid')
 ORDER BY e.day DESC, e.id DESC LIMIT %s OFFSET %s
"""

_HELD = """
SELECT e.charge_id, e.period, e.item_id, -sum(e.amount), min(e.day), c.text
  FROM billing_entry e LEFT JOIN billing_charge c ON c.period = e.period AND c.id = e.charge_id
 WHERE e.account_id = %s AND e.head = 'deposit'
 GROUP BY e.charge_id, e.period, e.item_id, c.text HAVING sum(e.amount) <> 0 ORDER BY 5, 1
"""

# Deposits that were given back or kept, as long as nobody took that back.
_LET_GO = """
SELECT v.id, v.kind, e.day, e.item_id, e.amount, v.reason
  FROM billing_entry e JOIN billing_voucher v ON v.id = e.voucher_id
 WHERE e.account_id = %s AND e.head = 'deposit' AND e.amount > 0 AND v.kind IN ('refund', 'forfeit')
   AND NOT EXISTS (SELECT FROM billing_voucher b WHERE b.reverses_id = v.id)
 ORDER BY v.id DESC LIMIT 20
"""


@dataclass
class Line:
    """An entry ready to be shown: charged and settled stand in columns of their own."""

    day: str
    what: str
    note: str
    href: str
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal
    receipt: str = ""
    receipt_href: str = ""
    voucher: int = 0
    kind: str = ""
    reversed: bool = False
    back: str = ""  # where this person takes it back


@dataclass
class LetGo:
    """A deposit that was given back or kept."""

    voucher: int
    kind: str
    what: str
    day: date
    item: str
    amount: Decimal
    reason: str
    back: str = ""


@dataclass
class Held:
    """A deposit the office holds, wholly or in part."""

    charge_id: int
    period: date
    item: str
    amount: Decimal
    since: date
    text: str
    moves: list = field(default_factory=list)  # what the page may do with it


def lines(account, items, page=0):
    """([Line] newest first, whether there are older ones): one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [account.pk, PAGE + 1, PAGE * page])
        rows = cursor.fetchall()
    language = get_language()
    return [_line(row, items, language) for row in rows[:PAGE]], len(rows) > PAGE


def _line(row, items, language):
    (_id, day, head, kind, amount, balance, charge, period, item, voucher, reason, number, receipt, receipt_number,
     from_on, until_on, text, back) = row  # fmt: skip
    name = items[item].name_in(language) if item in items else ""
    month = f"{period:%Y-%m}" if period else ""
    if from_on:
        month = receipts.period_of({"period": month, "from": f"{from_on}", "until": f"{until_on}"}) or month
    if head == "prepaid":
        # Translators: 預存款
        prepayment = _("Prepayment")
        what = f"{KINDS[kind]}: {prepayment}"
    else:
        what = " ".join(filter(None, [name, month])) if kind == "charge" else f"{KINDS[kind]}: {name} {month}"
    return Line(
        f"{day:%Y-%m-%d}",
        what.strip(),
        " · ".join(filter(None, [text, number if kind == "charge" else "", reason])),
        charge_address(period, charge) if charge and kind == "charge" else "",
        amount if amount > 0 else None,
        -amount if amount < 0 else None,
        balance,
        receipt_number or "",
        reverse("billing:receipt", args=[receipt]) if receipt else "",
        voucher,
        kind,
        back is not None,
    )


def held(account, items):
    """[Held] of an account, the oldest first: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [account.pk])
        return [
            Held(charge, period, items[item].local_name, amount, since, text or "")
            for charge, period, item, amount, since, text in cursor.fetchall()
        ]


def let_go(account, items):
    """[LetGo] of an account, the newest first: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_LET_GO, [account.pk])
        return [
            LetGo(voucher, kind, str(KINDS[kind]), day, items[item].local_name, amount, reason)
            for voucher, kind, day, item, amount, reason in cursor.fetchall()
        ]
