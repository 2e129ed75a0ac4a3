"""The figures of a page of money: collection, ageing, income and what is held, for one estate or several of one currency."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing.models import Item
from billing.reports import figures
from billing.reports.figures import NOTHING, Collection
from office import clocks
from office.models import Building


@dataclass
class Board:
    """Figures of the months `first`…`last`; ageing and what is held are of today. Items go by their code."""

    first: date
    last: date
    today: date
    months: dict = field(default_factory=dict)  # period → Collection
    buildings: dict = field(default_factory=dict)  # building id or None → Collection
    items: dict = field(default_factory=dict)  # code → Collection
    ages: dict = field(default_factory=dict)  # age → amount
    ages_by_item: dict = field(default_factory=dict)  # code → {age: amount}
    ages_by_building: dict = field(default_factory=dict)  # building id or None → {age: amount}
    income: dict = field(default_factory=dict)  # code → amount
    agency: dict = field(default_factory=dict)  # code → amount
    money: dict = field(default_factory=dict)  # method → amount
    held: dict = field(default_factory=dict)
    item_names: dict = field(default_factory=dict)  # code → words, in the order of the catalogue
    building_names: dict = field(default_factory=dict)  # id → words

    @property
    def whole(self):
        return _sum(self.months.values())

    @property
    def overdue(self):
        return sum((amount for age, amount in self.ages.items() if age != figures.NOT_DUE), NOTHING)

    @property
    def not_due(self):
        return self.ages.get(figures.NOT_DUE, NOTHING)


def _sum(rows):
    charged, collected, waived = (
        sum(parts, Decimal("0.00")) for parts in zip(*((row.charged, row.collected, row.waived) for row in rows), strict=True)
    ) if (rows := list(rows)) else (NOTHING, NOTHING, NOTHING)  # fmt: skip
    return Collection(charged, collected, waived)


def board(estates, first, last, today):
    """All figures of `estates` in ten statements, whatever their size."""
    ids = [estate.pk for estate in estates]
    items = list(Item.objects.filter(estate__in=ids).order_by("position", "code"))
    codes = {item.pk: item.code for item in items}
    booked = figures.income(ids, first, last)
    by_building = figures.ageing(ids, today, by="building")
    ages: dict = defaultdict(Decimal)
    for group in by_building.values():
        for age, amount in group.items():
            ages[age] += amount
    return Board(
        first, last, today,
        months=figures.collection(ids, first, last),
        buildings=figures.collection(ids, first, last, by="building"),
        items=_coded(figures.collection(ids, first, last, by="item"), codes, _sum),
        ages=dict(ages),
        ages_by_item=_coded(figures.ageing(ids, today, by="item"), codes, _added),
        ages_by_building=by_building,
        income=_coded({item: amount for item, agency, amount in booked if not agency}, codes, sum),
        agency=_coded({item: amount for item, agency, amount in booked if agency}, codes, sum),
        money=figures.money(ids, first, last),
        held=figures.held(ids),
        item_names={item.code: item.local_name for item in reversed(items)},
        building_names=_buildings(estates),
    )  # fmt: skip


def _coded(found, codes, join):
    """Figures by item as figures by the items' codes."""
    groups = defaultdict(list)
    for item, figure in found.items():
        groups[codes.get(item, "")].append(figure)
    return {code: join(group) for code, group in groups.items()}


def _added(groups):
    found: dict = defaultdict(Decimal)
    for group in groups:
        for age, amount in group.items():
            found[age] += amount
    return dict(found)


def _buildings(estates):
    names = {estate.pk: f"{estate.local_name} " for estate in estates} if len(estates) > 1 else {}
    rows = Building.objects.filter(estate__in=[estate.pk for estate in estates]).order_by(
        "estate_id", "sort_key"
    )
    return {row.pk: f"{names.get(row.estate_id, '')}{row}" for row in rows}


def span_of(months, today):
    """(first, last) months of a page: what was asked for if it is one, else the twelve up to this month."""
    this = today.replace(day=1)
    first, last = months
    last = last or this
    first = first or clocks.add_months(last, -11)
    return (first, last) if first <= last else (last, first)
