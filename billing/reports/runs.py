"""What a run would charge, against the month before; what keeps units from being charged (SPEC §6.2)."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Charge, Item, Reading
from billing.reports import consumption, run_sql
from office import clocks
from office.models import Unit
from office.money import show

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
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {run_sql.IN_BULK}")
        cursor.execute(sql, wanted)
        return cursor.fetchall()


# --- oddities -----------------------------------------------------------------------------------------------------

SHOWN = 100  # units of an oddity that are listed; all are counted
ODDITIES = {
    "area": gettext_lazy("Units without area: not charged"),
    "payer": gettext_lazy("Nobody to pay: not charged"),
    "zero": gettext_lazy("Amount of zero: not charged"),
    "unread": gettext_lazy("Meter without a reading in the month"),
    "held": gettext_lazy("Reading held: a person has to decide"),
    "jump": gettext_lazy("Far from last month"),
    "changed": gettext_lazy("Charged already, and different by the facts of today"),
    "address": gettext_lazy("Payer lives elsewhere and has no address for letters"),
}


@dataclass(frozen=True)
class Odd:
    """A unit with something unusual; `said` in figures, `charge` to be looked at."""

    unit: Unit
    item: Item | None
    said: str = ""
    charge: int | None = None


@dataclass(frozen=True)
class Oddity:
    name: str
    label: object
    count: int
    rows: list[Odd]

    @property
    def more(self):
        return self.count - len(self.rows)


def oddities(estate, period, jump):
    """[Oddity] that there are; the number of queries does not grow with the units."""
    wanted = values(estate, period) | {"jump": jump}
    found: dict[str, list] = {name: [] for name in ODDITIES}
    for unit, item, why in _ask(run_sql.left_out(), wanted):
        found[why].append((unit, item, "", None))
    kinds = Item.objects.filter(
        estate=estate, formula__in=["reading", "shared"], standards__period__contains=period
    )
    meters = consumption.missing(estate, period).filter(
        kind__in=set(kinds.values_list("meter_kind", flat=True)), unit__isnull=False
    )
    found["unread"] = [(unit, None, serial, None) for unit, serial in meters.values_list("unit", "serial")]
    held = Reading.objects.filter(
        estate=estate, state=Reading.State.HELD, read_on__gte=period, read_on__lt=wanted["until"],
        meter__unit__isnull=False,
    )  # fmt: skip
    found["held"] = [
        (unit, None, serial, None) for unit, serial in held.values_list("meter__unit", "meter__serial")
    ]
    for unit, item, amount, last in _ask(run_sql.jumps(), wanted):
        said = _("%(amount)s, last month %(last)s") % {"amount": show(amount), "last": show(last)}
        found["jump"].append((unit, item, said, None))
    for unit, item, amount, charged, charge in _ask(run_sql.changed(), wanted):
        said = _("charged %(charged)s, would be %(amount)s") % {
            "charged": show(charged),
            "amount": show(amount),
        }
        found["changed"].append((unit, item, said, charge))
    found["address"] = [(*row, "", None) for row in _ask(run_sql.unreachable(), wanted)]
    shown = {
        name: sorted(rows, key=lambda row: (row[0], row[1] or 0))[:SHOWN] for name, rows in found.items()
    }
    units = Unit.objects.in_bulk({row[0] for rows in shown.values() for row in rows})
    items = Item.objects.in_bulk({row[1] for rows in shown.values() for row in rows if row[1]})
    return [
        Oddity(
            name, label, len(found[name]),
            [Odd(units[unit], items.get(item), said, charge) for unit, item, said, charge in shown[name]],
        )
        for name, label in ODDITIES.items()
        if found[name]
    ]  # fmt: skip


def of_run(run):
    """[(item, charges, amount)] a run has made, in the office's order."""
    rows = Charge.objects.filter(
        period=run.period, estate=run.estate_id, source_kind=Charge.RUN, source_id=str(run.pk)
    )
    sums = rows.values("item").annotate(amount=Sum("amount"), n=Count("id")).order_by()
    items = Item.objects.in_bulk([row["item"] for row in sums])
    found = [(items[row["item"]], row["n"], row["amount"]) for row in sums]
    return sorted(found, key=lambda row: (row[0].position, row[0].code))
