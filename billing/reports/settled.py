"""How far charges are settled: of a matter (a ticket, a permit), and of a single charge."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from billing.models import Entry, Voucher

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Settled:
    """`charged` without what was taken back; `open` still owed of it; `paid` the rest but for waivers."""

    charged: Decimal
    open: Decimal
    paid: Decimal

    @property
    def is_settled(self):
        """Charged, and nothing owed any more."""
        return self.charged > 0 and self.open == 0


SETTLED = """
SELECT coalesce(sum(e.amount) FILTER (WHERE e.kind = 'charge'), 0.00),
       coalesce(sum(e.amount), 0.00),
       coalesce(-sum(e.amount) FILTER (WHERE e.kind NOT IN ('charge', 'waiver')), 0.00)
  FROM billing_charge c
  JOIN billing_entry e ON e.charge_id = c.id AND e.period = c.period AND e.head = 'receivable'
 WHERE c.source_kind = %s AND c.source_id = %s"""


def settled(source_kind, source_id):
    """What became of the charges of one matter."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED, [source_kind, str(source_id)])
        charged, left, paid = cursor.fetchone()
    return Settled(charged, left, paid)


def _sum(charge, **filters):
    rows = Entry.objects.filter(charge_id=charge.pk, period=charge.period, **filters)
    return rows.aggregate(sum=Sum("amount"))["sum"] or NOTHING


def is_withdrawn(charge):
    """Whether the charge was taken back."""
    return Entry.objects.filter(
        charge_id=charge.pk, head=Entry.Head.RECEIVABLE, kind=Voucher.Kind.CHARGE, amount=-charge.amount
    ).exists()


def waived_of(charge):
    return -_sum(charge, head=Entry.Head.RECEIVABLE, kind=Voucher.Kind.WAIVER)


def is_taken_over(charge):
    """Whether another debtor took over what was owed of it."""
    return Entry.objects.filter(
        charge_id=charge.pk, head=Entry.Head.RECEIVABLE, amount__lt=0, voucher__source_kind=TAKEN_OVER
    ).exists()


def held_of(charge):
    """The deposit held under this charge."""
    return -_sum(charge, head=Entry.Head.DEPOSIT)


TAKEN_OVER = "takeover"  # source of the voucher; its id is the account the debt came from
