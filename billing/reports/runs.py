"""What a run would charge, against the month before; what keeps units from being charged (SPEC §6.2)."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from billing.models import Item
from billing.reports import run_sql
from office import clocks

EVERY_UNIT = (0, (1 << 62))


def values(estate, period, units=EVERY_UNIT):
    """The parameters of `run_sql`."""
    until = clocks.add_months(period, 1)
    return {
        "estate": estate.pk, "period": period, "until": until, "days": (until - period).days,
        "before": clocks.add_months(period, -1), "first": units[0], "last": units[1],
    }  # fmt: skip


@dataclass(frozen=True)
class ItemTotal:
    item: Item
    units: int  # to be charged now
    amount: Decimal
    charged: Decimal  # already, by earlier runs of the month
    last: Decimal  # the month before, by its runs

    @property
    def difference(self):
        return self.amount + self.charged - self.last


TOTALS = """SELECT item_id, sum(units), sum(amount), sum(charged), sum(last) FROM (
    SELECT item_id, count(*) AS units, sum(amount) AS amount, 0 AS charged, 0 AS last FROM ({lines}) line GROUP BY item_id
    UNION ALL
    SELECT item_id, 0, 0, CASE WHEN period = %(period)s::date THEN sum(amount) ELSE 0 END,
           CASE WHEN period = %(before)s::date THEN sum(amount) ELSE 0 END
    FROM billing_charge WHERE estate_id = %(estate)s AND source_kind = 'run' AND seq = 0
      AND period IN (%(period)s::date, %(before)s::date) GROUP BY item_id, period
  ) sums GROUP BY item_id"""


def totals(estate, period):
    """[ItemTotal] in the office's order of items. Two queries."""
    rows = _ask(TOTALS.format(lines=run_sql.lines()), values(estate, period))
    items = {item.pk: item for item in Item.objects.filter(pk__in=[row[0] for row in rows])}
    found = [ItemTotal(items[pk], int(units), *amounts) for pk, units, *amounts in rows]
    return sorted(found, key=lambda total: (total.item.position, total.item.code))


def worked_out(estate, period, unit_ids):
    """What the facts of today come to for these units, charged already or not: [dict] as `run_sql.lines` names them."""
    if not unit_ids:
        return []
    wanted = values(estate, period, (min(unit_ids), max(unit_ids))) | {"units": list(unit_ids)}
    sql = f"SELECT * FROM ({run_sql.lines(again=True)}) line WHERE unit_id = ANY(%(units)s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, wanted)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _ask(sql, wanted):
    with connection.cursor() as cursor:
        cursor.execute(sql, wanted)
        return cursor.fetchall()
