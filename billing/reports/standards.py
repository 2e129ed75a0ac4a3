"""Standards over many units: until when an item was charged, what a new price would come to (SPEC §6.1)."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from billing.models import Adjustment, Charge, Item, Payer, Standard
from billing.reports import consumption
from billing.rules import debtors, formulas
from office import clocks, money
from office.models import Unit

F = Item.Formula


def charged_until(item):
    """The first day that no run has charged `item` for yet, or None."""
    found = Charge.objects.filter(estate=item.estate_id, item=item, source_kind__in=[Charge.RUN, "late"])
    return found.aggregate(last=Max("until_on"))["last"]


def terms_of(standard, tiers=None):
    steps = standard.tiers.all() if tiers is None else tiers
    return formulas.Terms(
        standard.pk or 0,
        standard.price,
        standard.by_days,
        tuple((tier.above, tier.price) for tier in steps),
        standard.due_days,
    )


@dataclass(frozen=True)
class Effect:
    """What a standard changes in a whole month: how many units, what they pay now and what then."""

    units: int
    before: Decimal | None  # None where no month can be worked out
    after: Decimal | None
    lacking: int = 0  # units it holds for that have no area

    @property
    def difference(self):
        return None if self.after is None or self.before is None else self.after - self.before


def effect(estate, item, draft, tiers=()):
    """What `draft` (an unsaved standard) would change from its first day on, against what holds then without it."""
    day = draft.period.lower
    known = list(Standard.objects.filter(estate=estate, item=item).prefetch_related("tiers"))
    before = {one.pk: terms_of(one) for one in known}
    new = formulas.Terms(0, draft.price, draft.by_days, tuple(tiers), draft.due_days)
    same = [one for one in known if scope(one) == scope(draft)]
    others = [one for one in known if one not in same]
    quantities = _quantities(estate, item, day)
    count, lacking = 0, 0
    sums: dict[str, Decimal] = defaultdict(Decimal)
    rows = Unit.objects.filter(estate=estate).only("id", "kind", "use", "building_id", "area")
    for unit in rows.iterator(chunk_size=5000):
        if debtors.standard_on(day, [*others, draft], unit) is not draft:
            continue
        count += 1
        lacking += item.formula in (F.AREA, F.SHARED) and unit.area is None
        old = debtors.standard_on(day, known, unit)
        sums["before"] += _amount(item, unit, quantities, before[old.pk]) if old else 0
        sums["after"] += _amount(item, unit, quantities, new)
    if item.formula not in (F.AREA, F.FIXED, F.READING):
        return Effect(count, None, None, lacking)
    return Effect(count, sums["before"] or Decimal("0.00"), sums["after"] or Decimal("0.00"), lacking)


def scope(standard):
    return standard.building_id, standard.use, standard.unit_kind


def _quantities(estate, item, day):
    """{unit: consumption} of the last month charged before `day`, else of the month before it; empty for items that ask none."""
    if item.formula != F.READING:
        return {}
    known = charged_until(item)
    month = clocks.add_months(min(day, known or day).replace(day=1), -1)
    sql = consumption.unit_use("AND m.kind = %(kind)s")
    return {
        row["unit_id"]: row["consumption"]
        for row in consumption.run(sql, estate, month, kind=item.meter_kind)
    }


def _amount(item, unit, quantities, terms):
    if item.formula == F.AREA:
        exact = (unit.area or 0) * terms.price
    elif item.formula == F.FIXED:
        exact = terms.price
    else:
        exact = formulas.cost(quantities.get(unit.pk, Decimal(0)), terms)
    return money.round_half_up(exact)


def of_unit(unit, day):
    """What holds for a unit on `day`: [(item, standard or None, percent or None, payer row or None)], in order of items."""
    standards: dict = defaultdict(list)
    adjusted: dict = defaultdict(list)
    named: dict = {}
    for one in Standard.objects.filter(estate=unit.estate_id, period__contains=day).prefetch_related("tiers"):
        standards[one.item_id].append(one)
    for less in Adjustment.objects.filter(unit=unit, period__contains=day):
        adjusted[less.item_id].append(less)
    for payer in Payer.objects.filter(unit=unit, period__contains=day).select_related("person"):
        named[payer.item_id] = payer
    items = Item.objects.filter(estate=unit.estate_id, is_active=True).exclude(
        formula__in=[F.ONCE, F.DEPOSIT]
    )
    return [
        (
            item,
            debtors.standard_on(day, standards[item.pk], unit),
            debtors.percent_on(day, adjusted[item.pk]),
            named.get(item.pk) or named.get(None),
        )
        for item in items
    ]
