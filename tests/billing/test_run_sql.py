"""The set-based month equals the rules, over random estates (SPEC §6.1, 6.2)."""

import json
import os
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Adjustment, Item, Meter, Payer, Reading, Standard, Tier
from billing.reports import consumption, run_sql
from billing.rules import debtors, explain, formulas
from office import clocks
from office.models import Unit
from residents.models import Occupancy
from tests.cast import NOW, make_building, make_person, make_unit

D = Decimal
MARCH = date(2026, 3, 1)
FULL = bool(os.environ.get("GUANJIA_FULL"))


def lines(estate, period=MARCH, again=False):
    until = clocks.add_months(period, 1)
    values = {"estate": estate.pk, "period": period, "until": until, "days": (until - period).days,
              "first": 0, "last": 1 << 62}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row_to_json(line)::text FROM ({run_sql.lines(again)}) line", values)
        return [json.loads(text, parse_float=D) for (text,) in cursor.fetchall()]


def by_rules(estate, period=MARCH):
    """{(unit, item, payer): (amount, from, until, due, basis)} as billing/rules says."""
    items = list(Item.objects.filter(estate=estate, formula__in=["area", "fixed", "reading", "shared"]))
    units = list(Unit.objects.filter(estate=estate).order_by("pk"))
    terms = {
        one.pk: formulas.Terms(
            one.pk, one.price, one.by_days, tuple((tier.above, tier.price) for tier in one.tiers.all()), one.due_days
        )
        for one in Standard.objects.filter(estate=estate).prefetch_related("tiers")
    }  # fmt: skip
    standards = defaultdict(list)
    for one in Standard.objects.filter(estate=estate):
        standards[one.item_id].append(one)

    def holding(item, unit):
        def on(day):
            found = debtors.standard_on(day, standards[item.pk], unit)
            return found and terms[found.pk]

        return on

    owners, developers, payers, percents = (defaultdict(list) for _n in range(4))
    for row in Occupancy.objects.filter(estate=estate):
        if row.role == "owner":
            owners[row.unit_id].append(debtors.Holder.of(row, row.share))
        elif row.role == "developer":
            developers[row.unit_id].append(debtors.Holder.of(row))
    for row in Payer.objects.filter(estate=estate):
        payers[row.unit_id, row.item_id].append(debtors.Holder.of(row))
    for row in Adjustment.objects.filter(estate=estate):
        percents[row.unit_id, row.item_id].append(row)

    parts = {}
    for unit in units:
        for item in items:
            facts = debtors.Facts(
                debtors.fee_start(unit), owners[unit.pk], developers[unit.pk], payers[unit.pk, item.pk], payers[unit.pk, None]
            )  # fmt: skip
            parts[unit, item] = formulas.parts(
                period,
                lambda day, facts=facts: debtors.payer_on(day, facts),
                holding(item, unit),
                lambda day, key=(unit.pk, item.pk): debtors.percent_on(day, percents[key]),
            )

    used = {
        (use["unit_id"], use["kind"]): use for use in consumption.run(consumption.unit_use(), estate, period)
    }
    pools = sorted(
        consumption.run(consumption.shared_use(), estate, period),
        key=lambda pool: (pool["reach"], pool["building_id"] or 1 << 62, pool["kind"]),
    )
    shares = defaultdict(list)
    for item in items:
        if item.formula != "shared":
            continue
        for pool in pools:
            if pool["kind"] != item.meter_kind:
                continue
            areas = {}
            for unit in units:
                first = next(filter(None, map(holding(item, unit), formulas.days_of(period))), None)
                if unit.area and first and pool["building_id"] in (None, unit.building_id):
                    areas[unit.pk] = (unit.area, first)
            if areas:
                everything = sum(area for area, _terms in areas.values())
                for pk, share in formulas.shared(pool["consumption"], areas).items():
                    shares[pk, item.pk].append((pool, everything, share))

    found = {}
    for (unit, item), own in parts.items():
        if not own:
            continue
        days = sum(part.days for part in own)
        if item.formula == "area":
            split = formulas.monthly(unit.area, own, period) if unit.area else []
        elif item.formula == "fixed":
            split = formulas.monthly(D(1), own, period)
        elif item.formula == "reading":
            use = used.get((unit.pk, item.meter_kind))
            split = formulas.reading(use["consumption"], own) if use else []
        else:
            split = formulas.by_days(sum((share for *_x, share in shares[unit.pk, item.pk]), D(0)), own)
        for share in split:
            if item.formula in ("area", "fixed"):
                basis = explain.monthly(
                    item.formula, share, period, unit.area if item.formula == "area" else None
                )
            elif item.formula == "reading":
                whole = formulas.Share(share.payer, share.amount, share.whole, tuple(own))
                basis = explain.reading(whole, use["consumption"], days, use["readings"])
                basis["parts"] = explain._parts(share)
            else:
                facts = [
                    {"reach": pool["reach"], "building": pool["building_id"], "consumption": str(pool["consumption"]),
                     "area": str(everything), "share": str(one), "readings": pool["readings"]}
                    for pool, everything, one in shares[unit.pk, item.pk]
                ]  # fmt: skip
                basis = explain.shared(share, unit.area, facts, days)
            due = formulas.due_on(period, share.parts[0].terms)
            found[unit.pk, item.pk, share.payer] = (
                share.amount, share.from_on.isoformat(), share.until_on.isoformat(), due.isoformat(), basis,
            )  # fmt: skip
    return found


def by_sql(estate, **words):
    rows = lines(estate, **words)
    found = {
        (row["unit_id"], row["item_id"], row["person_id"]): (
            D(row["amount"]), row["from_on"], row["until_on"], row["due_on"], row["basis"],
        )
        for row in rows
    }  # fmt: skip
    assert len(found) == len(rows)
    return found


# --- random estates ------------------------------------------------------------------------------------------------

around = st.integers(-40, 70).map(lambda n: MARCH + timedelta(days=n))
within = st.sampled_from([MARCH + timedelta(days=n) for n in (0, 1, 9, 14, 15, 30, 31)])
steps = st.lists(st.one_of(around, within), max_size=3, unique=True).map(sorted)
money = st.integers(0, 200_000).map(lambda n: D(n).scaleb(-4))
percent = st.sampled_from([D("70.00"), D("0.00"), D("33.33"), D("100.00")])
area = st.one_of(st.none(), st.integers(1, 30_000).map(lambda n: D(n).scaleb(-2)))
quantity = st.integers(0, 99_999).map(lambda n: D(n).scaleb(-3))
a_unit = st.fixed_dictionaries(
    {
        "area": area,
        "kind": st.sampled_from(["flat", "shop"]),
        "building": st.integers(0, 1),
        "handed_over_on": st.one_of(st.none(), around, st.just(date(2020, 1, 1))),
        "developer": steps,
        "owners": steps,
        "second": st.booleans(),
        "payers": steps,
        "payer_of": st.one_of(st.none(), st.integers(0, 3)),
        "percents": st.lists(percent, max_size=2),
        "percent_from": st.tuples(within, within).map(sorted),
        "used": st.one_of(st.none(), quantity),
    }
)
a_standard = st.fixed_dictionaries(
    {
        "scope": st.sampled_from(["", "", "kind", "building"]),
        "price": money,
        "by_days": st.sampled_from([True, True, True, False]),
        "due_days": st.sampled_from([0, 10]),
        "since": st.sampled_from([date(2025, 1, 1), date(2025, 1, 1), date(2026, 3, 16)]),
        "next": st.one_of(st.none(), money),
        "tiers": st.lists(st.tuples(st.integers(1, 50), money), max_size=2, unique_by=lambda tier: tier[0]),
    }
)
an_estate = st.fixed_dictionaries(
    {
        "units": st.lists(a_unit, min_size=2, max_size=6),
        "standards": st.lists(
            st.lists(a_standard, max_size=2, unique_by=lambda one: one["scope"]), min_size=4, max_size=4
        ),
        "pools": st.lists(st.tuples(st.sampled_from(["building", "estate"]), quantity), max_size=3),
    }
)
FORMULAS = (("area", ""), ("fixed", ""), ("reading", "water"), ("shared", "electricity"))


def between(days):
    """[(from, until)] of days in order; the last is open-ended."""
    return [(day, until) for day, until in zip(days, [*days, None][1:], strict=True)]


def furnish(estate, plan):
    Standard.objects.filter(estate=estate).delete()
    buildings = [make_building(estate, "71"), make_building(estate, "72")]
    items = [
        Item.objects.create(estate=estate, code=f"t{n}", name_zh_hant=formula, formula=formula, meter_kind=kind)
        for n, (formula, kind) in enumerate(FORMULAS)
    ]  # fmt: skip
    for item, standards in zip(items, plan["standards"], strict=True):
        for one in standards:
            scope = {
                "": {}, "kind": {"unit_kind": "flat"}, "building": {"building": buildings[0]},
            }[one["scope"]]  # fmt: skip
            ends = [(one["since"], date(2026, 3, 21) if one["next"] is not None else None, one["price"])]
            if one["next"] is not None:
                ends.append((date(2026, 3, 21), None, one["next"]))
            for since, until, price in ends:
                row = Standard.objects.create(
                    estate=estate, item=item, period=(since, until), price=price, by_days=one["by_days"],
                    due_days=one["due_days"], **scope,
                )  # fmt: skip
                if one["tiers"] and item.formula in ("reading", "shared"):
                    Tier.objects.create(standard=row, above=0, price=price)
                    for above, more in one["tiers"]:
                        Tier.objects.create(standard=row, above=above, price=more)
    people = [make_person(estate, f"人{n}") for n in range(4)]

    def measure(serial, used, **fields):
        meter = Meter.objects.create(estate=estate, serial=serial, installed_on=date(2026, 1, 1), **fields)
        Reading.objects.create(
            estate=estate, meter=meter, read_on=date(2026, 3, 31), value=used, consumption=used, source="desk", at=NOW
        )  # fmt: skip

    for n, one in enumerate(plan["units"]):
        unit = make_unit(
            estate, f"7{n}", building=buildings[one["building"]], area=one["area"], kind=one["kind"],
            handed_over_on=one["handed_over_on"],
        )  # fmt: skip
        for k, period in enumerate(between(one["developer"])[:1]):
            Occupancy.objects.create(
                estate=estate, unit=unit, person=people[3 - k], role="developer", period=period
            )
        for k, period in enumerate(between(one["owners"])):
            for person, share in [(people[k], 60), (people[3], 40)] if one["second"] else [(people[k], 100)]:
                Occupancy.objects.create(
                    estate=estate, unit=unit, person=person, role="owner", period=period, share=share
                )
        item = None if one["payer_of"] is None else items[one["payer_of"]]
        for k, period in enumerate(between(one["payers"])[:-1]):
            Payer.objects.create(estate=estate, unit=unit, item=item, person=people[k], period=period)
        first, second = one["percent_from"]
        periods = [period for period in ((first, second), (second, None)) if period[0] != period[1]]
        for which, share in zip(periods, one["percents"], strict=False):
            for item in items[:3]:
                Adjustment.objects.create(
                    estate=estate, unit=unit, item=item, percent=share, period=which, reason="託管"
                )
        if one["used"] is not None:
            measure(f"W{n}", one["used"], kind="water", unit=unit)
    for n, (reach, used) in enumerate(plan["pools"]):
        measure(
            f"E{n}",
            used,
            kind="electricity",
            reach=reach,
            building=buildings[0] if reach == "building" else None,
        )


@settings(
    max_examples=300 if FULL else 12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=an_estate)
def test_the_statement_says_what_the_rules_say(estate, plan):
    with transaction.atomic():
        furnish(estate, plan)
        assert by_sql(estate) == by_rules(estate)
        transaction.set_rollback(True)
