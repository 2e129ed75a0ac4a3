"""What an imported ledger came to here, asked of the entries themselves (SPEC §14)."""

from decimal import Decimal

from django.db import connection

from billing.models import HistoryRow

_NETS = """
WITH nets AS (
  SELECT e.account_id, e.kind, e.voucher_id, sum(e.amount) AS net
    FROM billing_voucher v LEFT JOIN billing_voucher u ON u.id = v.reverses_id
    JOIN billing_entry e ON e.voucher_id = v.id
   WHERE v.source_kind IN ('history', 'history-undo') AND v.source_id = %(batch)s AND e.head IN ('receivable', 'prepaid')
   GROUP BY 1, 2, 3
)
SELECT account_id, coalesce(sum(net) FILTER (WHERE kind IN ('charge', 'transfer') OR (kind = 'opening' AND net > 0)), 0),
       coalesce(-sum(net) FILTER (WHERE kind IN ('payment', 'refund', 'waiver', 'draw') OR (kind = 'opening' AND net < 0)), 0),
       sum(net)
  FROM nets GROUP BY 1
"""


def booked(batch):
    """{account: (charged, paid, balance)} of the bookings of an import, summed from the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_NETS, {"batch": str(batch.pk)})
        return {account: (charged, paid, balance) for account, charged, paid, balance in cursor.fetchall()}


def rows_of(batch):
    """{account: (label, rows, charged, paid, our balance, the file's)} of what came in with an import."""
    found: dict = {}
    rows = HistoryRow.objects.filter(batch=batch).order_by("account_id", "place")
    for account, unit, name, charge, payment, running, balance in rows.values_list(
        "account_id",
        "account__unit__code",
        "account__person__name",
        "charge",
        "payment",
        "running",
        "balance",
    ):
        label, count, charged, paid, _running, said = found.get(
            account, (f"{unit} {name}", 0, Decimal(0), Decimal(0), None, None)
        )
        found[account] = (
            label, count + 1, charged + charge, paid + payment, running, said if balance is None else balance
        )  # fmt: skip
    return found
