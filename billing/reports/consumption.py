"""Consumption per meter and month: once in Python, once set-based for the billing run. A test holds them equal.

Consumption of a reading belongs to the month of its day; what is carried (`CarriedUse`) leaves one month and joins
another. Held, refused and replaced readings count nowhere.

    meter_use()   one row per meter that has consumption in the month:
                  meter_id, kind, unit_id, building_id, reach, consumption, from_on, until_on, readings
    unit_use()    the meters of a unit together: unit_id, kind, consumption, from_on, until_on, readings
    shared_use()  shared meters together: reach, building_id, kind, consumption, from_on, until_on, readings
                  reach 'building': divided among the units of building_id; 'estate': building_id is null

`from_on` is the day of the reading before (its end), `until_on` that of the last one; both null where everything was
carried. `readings` are the facts as JSON, in order of meter and day: {meter, from, until, before, value, rolled_over,
multiplier, used}, quantities as text; {meter, carried_from, used} for what came from a month already charged and
{meter, carried_to, used} for what left to the next.

Parameters by name: %(estate)s, %(period)s (first of the month). `consumption` may be zero, and negative after a
correction was carried; nothing is charged for that. Write `WITH used AS (…)` around them, or narrow them first:
`unit_use("AND m.unit_id BETWEEN %(first)s AND %(last)s")`; the words are conditions on the meter `m`.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q

from billing.models import CarriedUse, Meter, Reading
from billing.rules import meters as rules
from office import clocks

# --- set-based ---------------------------------------------------------------------------------------------------


def _facts(narrow):
    return f"""
  SELECT m.id AS meter_id, m.kind, m.unit_id, m.building_id, m.reach, 0 AS turn, r.id,
         coalesce(p.read_on, m.installed_on) AS from_on, r.read_on AS until_on, r.consumption AS used,
         jsonb_build_object(
           'meter', m.serial, 'from', coalesce(p.read_on, m.installed_on), 'until', r.read_on,
           'before', coalesce(p.value, m.installed_at_value)::text, 'value', r.value::text,
           'rolled_over', r.rolled_over, 'multiplier', m.multiplier::text, 'used', r.consumption::text) AS fact
  FROM billing_reading r
  JOIN billing_meter m ON m.id = r.meter_id {narrow}
  LEFT JOIN LATERAL (
    SELECT b.value, b.read_on FROM billing_reading b
    WHERE b.meter_id = r.meter_id AND b.state = 'counted' AND b.read_on < r.read_on
    ORDER BY b.read_on DESC LIMIT 1
  ) p ON true
  WHERE r.estate_id = %(estate)s AND r.state = 'counted'
    AND r.read_on >= %(period)s::date AND r.read_on < (%(period)s::date + interval '1 month')
  UNION ALL
  SELECT m.id, m.kind, m.unit_id, m.building_id, m.reach, 1, c.id, NULL, NULL, c.quantity,
         jsonb_build_object('meter', m.serial, 'carried_from', c.from_period, 'used', c.quantity::text)
  FROM billing_carrieduse c JOIN billing_meter m ON m.id = c.meter_id {narrow}
  WHERE c.estate_id = %(estate)s AND c.to_period = %(period)s::date
  UNION ALL
  SELECT m.id, m.kind, m.unit_id, m.building_id, m.reach, 2, c.id, NULL, NULL, -c.quantity,
         jsonb_build_object('meter', m.serial, 'carried_to', c.to_period, 'used', (-c.quantity)::text)
  FROM billing_carrieduse c JOIN billing_meter m ON m.id = c.meter_id {narrow}
  WHERE c.estate_id = %(estate)s AND c.from_period = %(period)s::date"""  # noqa: S608  the words come from callers in this code


_TOGETHER = """sum(used) AS consumption, min(from_on) AS from_on, max(until_on) AS until_on,
       jsonb_agg(fact ORDER BY meter_id, turn, until_on, id) AS readings"""


def meter_use(narrow=""):
    """SQL: a row per meter."""
    return f"""SELECT meter_id, kind, unit_id, building_id, reach, {_TOGETHER} FROM ({_facts(narrow)}) facts
GROUP BY meter_id, kind, unit_id, building_id, reach"""  # noqa: S608


def unit_use(narrow=""):
    """SQL: a row per unit and kind."""
    return f"""SELECT unit_id, kind, {_TOGETHER} FROM ({_facts(f"AND m.unit_id IS NOT NULL {narrow}")}) facts
GROUP BY unit_id, kind"""  # noqa: S608


def shared_use(narrow=""):
    """SQL: a row per kind and building, or estate, that shares."""
    building = "CASE WHEN reach = 'building' THEN building_id END"
    return f"""SELECT reach, {building} AS building_id, kind, {_TOGETHER}
FROM ({_facts(f"AND m.unit_id IS NULL {narrow}")}) facts GROUP BY reach, {building}, kind"""  # noqa: S608


def run(sql, estate, period, **values):
    """The rows of one of the above, as dicts. For tests and single pages; the billing run joins them in its own SQL."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"estate": estate.pk, "period": period, **values})
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row | {"readings": json.loads(row["readings"])} for row in rows]


# --- in Python: the truth the SQL is held against -----------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """What a counted reading says: from the one before to this one."""

    reading: Reading
    since: date
    before: Decimal
    used: Decimal

    @property
    def days(self):
        return (self.reading.read_on - self.since).days


@dataclass(frozen=True)
class Use:
    meter: Meter
    period: date
    consumption: Decimal
    from_on: date | None
    until_on: date | None
    readings: list


def spans(meter, readings):
    """[Span] of a meter's counted readings, oldest first."""
    found, since, before = [], meter.installed_on, meter.installed_at_value
    for row in sorted(readings, key=lambda row: row.read_on):
        found.append(Span(row, since, before, rules.used(meter, before, row.value, row.rolled_over)))
        since, before = row.read_on, row.value
    return found


def use_of(meter, readings, carried):
    """{month: Use} of a meter from its counted readings and its `CarriedUse` rows."""
    months: dict[date, list] = defaultdict(list)
    for span in spans(meter, readings):
        months[rules.month_of(span.reading.read_on)].append(span)
    moved: dict[date, list] = defaultdict(list)
    for row in sorted(carried, key=lambda row: row.pk):
        moved[row.to_period].append(("carried_from", row.from_period, row.quantity))
        moved[row.from_period].append(("carried_to", row.to_period, -row.quantity))
    return {month: _use(meter, month, months[month], moved[month]) for month in sorted({*months, *moved})}


def _use(meter, month, spans, moved):
    moved = sorted(moved, key=lambda one: one[0])  # what came, then what left, as the SQL has them
    facts = [
        {
            "meter": meter.serial,
            "from": span.since.isoformat(),
            "until": span.reading.read_on.isoformat(),
            "before": _text(span.before),
            "value": _text(span.reading.value),
            "rolled_over": span.reading.rolled_over,
            "multiplier": _text(meter.multiplier),
            "used": _text(span.used),
        }
        for span in spans
    ]
    facts += [
        {"meter": meter.serial, word: other.isoformat(), "used": _text(used)} for word, other, used in moved
    ]
    total = sum((span.used for span in spans), Decimal(0)) + sum((used for *_x, used in moved), Decimal(0))
    first = min((span.since for span in spans), default=None)
    return Use(meter, month, total, first, max((s.reading.read_on for s in spans), default=None), facts)


def _text(number):
    return str(number.quantize(rules.THOUSANDTH))


def of_month(estate, period, meters=None):
    """[Use] of the meters (default: all of the estate) with consumption in the month, by meter. Three queries."""
    rows = Meter.objects.filter(estate=estate) if meters is None else meters
    found = {meter.pk: meter for meter in rows.order_by("pk")}
    readings: dict[int, list] = defaultdict(list)
    until = clocks.add_months(period, 1)
    for row in Reading.objects.filter(
        meter__in=list(found), state=Reading.State.COUNTED, read_on__lt=until
    ).order_by("read_on"):
        readings[row.meter_id].append(row)
    carried: dict[int, list] = defaultdict(list)
    moved = CarriedUse.objects.filter(Q(from_period=period) | Q(to_period=period), meter__in=list(found))
    for one in moved:
        carried[one.meter_id].append(one)
    uses = (use_of(meter, readings[pk], carried[pk]).get(period) for pk, meter in found.items())
    return [use for use in uses if use]


def missing(estate, period):
    """Meters that hung during the whole month and have nothing counted in it: the run's oddity. A queryset."""
    until = clocks.add_months(period, 1)
    read = Reading.objects.filter(
        estate=estate, state=Reading.State.COUNTED, read_on__gte=period, read_on__lt=until
    )
    return Meter.objects.filter(
        Q(removed_on__isnull=True) | Q(removed_on__gte=until), estate=estate, installed_on__lt=period
    ).exclude(pk__in=read.values("meter"))
