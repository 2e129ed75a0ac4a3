"""Fourteen months of fees: standards, meters with readings, charges, receipts, arrears of every age, prepayments, deposits.

Worked out by the rules of billing, written by COPY through the ledger's own triggers: a month of charges and its
payments at a time, in the order of the days, so that receipt numbers follow the clock without gaps.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.db import connection
from psycopg.types.range import DateRange

from billing.actions import late, ledger
from billing.models import (
    Account,
    Adjustment,
    Book,
    Charge,
    Entry,
    Item,
    Meter,
    Payer,
    Reading,
    Receipt,
    ReceiptStep,
    Run,
    Standard,
    Tier,
    Till,
    Voucher,
)  # fmt: skip
from billing.rules import debtors, explain, formulas
from billing.rules import ledger as lines_of
from billing.rules.debtors import Facts, Holder
from billing.rules.ledger import Head, Line
from config.demo.bulk import as_json
from config.demo.drawers import Drawers
from config.demo.habits import DOCUMENT, FIRST, HABITS, METHODS, PRICES, WHOLE, Debtor, Open
from config.demo.names import simplified
from office import clocks, journal, series
from office.models import Series, Unit
from residents.models import Occupancy, Person

D = Decimal
MONTHS = 14
RUN_ON = 27  # the day of the month its fees are charged, two days after the meters are read
READ_ON = 25
DUE_DAYS = 15


class Fees:
    def __init__(self, world, seed):
        self.bulk, self.estate, self.crew, self.now = world.office.bulk, world.estate, world.crew, world.now
        self.events = world.office.journal
        estate, now = self.estate, self.now
        self.lot = Random(f"{seed}/fees/{estate.code}")  # noqa: S311  made-up habits, not secrets
        self.zone = estate.zone
        self.today = clocks.local_date(now, self.zone)
        last = self.today.replace(day=1)
        if self.today.day <= RUN_ON:
            last = clocks.add_months(last, -1)
        self.periods = [clocks.add_months(last, n - MONTHS + 1) for n in range(MONTHS)]
        self.raised = self.periods[MONTHS // 2]
        self.items = {item.code: item for item in Item.objects.filter(estate=estate)}
        self.units = list(Unit.objects.filter(estate=estate).order_by("sort_key").select_related("building"))
        self.accounts: dict[tuple, Debtor] = {}
        self.numbers: dict[tuple[str, int], int] = defaultdict(int)

    def write(self):
        """All of it. Answers nothing; the rows are counted by the bulk."""
        Book.objects.create(estate=self.estate)
        Till.objects.bulk_create(Till(estate=self.estate, cashier=cashier) for cashier in self.crew.cashiers)
        ledger.open_months([*self.periods, self.today.replace(day=1)])
        self._whole("DEFERRED")
        self._people()
        self._standards()
        self._orders()
        used, shared = self._meters()
        for number, period in enumerate(self.periods):
            self._charge(period, used[period], shared[period])
            if number == 1:
                self._deposits(period)
            self._pay(period, number)
            self.bulk.flush()
        self._late()
        for (kind, year), last in self.numbers.items():
            values = {"last": last, "pattern": series.PATTERNS[kind]}
            Series.objects.update_or_create(estate=self.estate, kind=kind, year=year, defaults=values)
        drawers = Drawers(self)
        drawers.visit(self._visits())
        drawers.close()
        self._whole("IMMEDIATE")

    def _whole(self, when):
        """COPY writes vouchers before their entries: the database asks whether bookings are whole when all are there."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS {', '.join(WHOLE)} {when}")

    # --- who and by what --------------------------------------------------------------------------------------------

    def _people(self):
        roles: dict[tuple, list] = defaultdict(list)
        self.tenants = {}
        rows = Occupancy.objects.filter(estate=self.estate, role__in=["owner", "developer", "tenant"])
        for row in rows.order_by("pk"):
            roles[row.unit_id, row.role].append(Holder.of(row, row.share or 0))
            if row.role == "tenant" and row.period.upper is None:
                self.tenants[row.unit_id] = row
        self.names = dict(Person.objects.filter(estate=self.estate).values_list("pk", "name"))
        self.holders = roles
        self.named: dict[int, Holder] = {}

    def _text(self, text):
        return simplified(text) if self.estate.language == "zh-hans" else text

    def _standards(self):
        since = clocks.add_months(self.periods[0].replace(month=1), -24)
        for code, price, fields in PRICES:
            lower = self.raised if fields.get("since") else since
            upper = self.raised if fields.get("until") else None
            row = Standard.objects.create(
                estate=self.estate,
                item=self.items[code],
                price=D(price),
                period=DateRange(lower, upper),
                unit_kind=fields.get("unit_kind", ""),
                due_days=DUE_DAYS,
                document=self._text(DOCUMENT[code] % lower.year) if code in DOCUMENT else "",
            )
            Tier.objects.bulk_create(
                Tier(standard=row, above=D(above), price=D(cost)) for above, cost in fields.get("tiers", ())
            )
        Standard.objects.create(
            estate=self.estate,
            item=self.items["late"],
            period=DateRange(clocks.add_months(self.today.replace(day=1), -1), None),
            rate=D("0.0005"),
            grace_days=15,
            cap=D(100),
            document=self._text("前期物業管理協議第 12 條"),
        )
        self.standards = defaultdict(list)
        for row in Standard.objects.filter(estate=self.estate).prefetch_related("tiers"):
            tiers = tuple((tier.above, tier.price) for tier in row.tiers.all())
            self.standards[row.item_id].append(
                (row, formulas.Terms(row.pk, row.price, row.by_days, tiers, row.due_days))
            )

    def _orders(self):
        """Three flats in custody at 70 %, some tenants who pay their own water."""
        self.percents = defaultdict(list)
        held = [unit for unit in self.units if unit.kind == "flat" and unit.handed_over_on]
        since = self.periods[-5] + timedelta(days=11)
        for unit in self.lot.sample(held, min(3, len(held))):
            less = Adjustment.objects.create(
                estate=self.estate, unit=unit, item=self.items["management"], percent=70,
                period=DateRange(since, None), reason=self._text("空置託管"), source_kind="custody",
            )  # fmt: skip
            self.percents[unit.pk].append(less)
        for number, (unit_id, row) in enumerate(sorted(self.tenants.items())):
            if number % 2 == 0:
                payer = Payer.objects.create(
                    estate=self.estate, unit_id=unit_id, item=self.items["water"], person_id=row.person_id,
                    period=DateRange(row.period.lower, None), reason=self._text("租約約定由租户繳付"),
                )  # fmt: skip
                self.named[unit_id] = Holder.of(payer)

    def _meters(self):
        """({period: {unit: (consumption, fact)}}, {period: {building: (consumption, fact)}}); two readings wait."""
        used: dict = defaultdict(dict)
        shared: dict = defaultdict(dict)
        first = clocks.add_months(self.periods[0], -1).replace(day=READ_ON)
        months = [period.replace(day=READ_ON) for period in self.periods]
        if months[-1] < self.today.replace(day=READ_ON) <= self.today:
            months.append(self.today.replace(day=READ_ON))
        reader = self.crew.technicians[0]
        flats = [unit for unit in self.units if unit.kind in ("flat", "shop") and unit.handed_over_on]
        buildings = {unit.building_id: unit for unit in self.units if unit.kind == "flat"}
        places = [(unit, None) for unit in flats] + [(None, unit.building) for unit in buildings.values()]
        doubted = {len(flats) // 3: "below", len(flats) // 2: "far"}
        for position, (unit, building) in enumerate(places, start=1):
            kind = "water" if unit else "electricity"
            start = D(self.lot.randrange(20, 900))
            values = {"unit_id": unit.pk, "building_id": unit.building_id} if unit else {"building_id": building.pk, "reach": "building"}  # fmt: skip
            serial = f"W{unit.code_key}" if unit else f"E{building.code}"
            meter = self.bulk.add(
                Meter, estate_id=self.estate.pk, kind=kind, serial=serial, position=10 * position,
                installed_on=first, installed_at_value=start, digits=5 if unit else 6,
                place=self._text("廚房" if unit else "電井"), **values,
            )  # fmt: skip
            before, since, usual = (
                start,
                first,
                self.lot.randint(4, 22) if unit else self.lot.randint(700, 1600),
            )
            for number, day in enumerate(months):
                quantity = D(usual * self.lot.randint(70, 130)).scaleb(-2).quantize(D("1"))
                doubt = doubted.get(position, "") if unit and number == len(months) - 1 else ""
                value = before - 3 if doubt == "below" else before + quantity * (9 if doubt else 1)
                value = max(value, D(0))
                self.bulk.add(
                    Reading, estate_id=self.estate.pk, meter_id=meter, read_on=day, value=value,
                    consumption=None if doubt else quantity, state="held" if doubt else "counted", doubt=doubt,
                    source="phone", by_id=reader.pk, at=self._at(day, 9 * 60 + position % 400),
                )  # fmt: skip
                if doubt:
                    continue
                fact = {
                    "meter": serial, "from": since.isoformat(), "until": day.isoformat(), "before": f"{before:.3f}",
                    "value": f"{value:.3f}", "rolled_over": False, "multiplier": "1.000", "used": f"{quantity:.3f}",
                }  # fmt: skip
                period = day.replace(day=1)
                if unit:
                    used[period][unit.pk] = (quantity.quantize(D("0.001")), fact)
                else:
                    shared[period][building.pk] = (quantity.quantize(D("0.001")), fact)
                before, since = value, day
        return used, shared

    # --- a month ------------------------------------------------------------------------------------------------------

    def _at(self, day, minutes):
        return datetime.combine(day, time(0), tzinfo=self.zone) + timedelta(minutes=minutes)

    def _constant(self, holders, first, until):
        """No payer changes within the month: one question answers for all its days."""
        days = {one.from_on for one in holders} | {one.until_on for one in holders}
        return not any(day and first < day < until for day in days)

    def _payer(self, unit, period, named):
        owners, developers = self.holders[unit.pk, "owner"], self.holders[unit.pk, "developer"]
        known = [self.named[unit.pk]] if named and unit.pk in self.named else []
        facts = Facts(debtors.fee_start(unit), owners, developers, known)
        until = clocks.add_months(period, 1)
        start = [Holder(0, unit.handed_over_on)] if unit.handed_over_on else []
        if self._constant([*owners, *developers, *known, *start], period, until):
            person = debtors.payer_on(period, facts)
            return lambda day: person
        return lambda day: debtors.payer_on(day, facts)

    def _parts(self, unit, item, period, named=False):
        fitting = [(row, terms) for row, terms in self.standards[item.pk] if debtors.fits(row, unit)]
        if not fitting:
            return []
        by_row = {row.pk: terms for row, terms in fitting}

        def terms(day):
            found = debtors.standard_on(day, [row for row, _terms in fitting], unit)
            return by_row[found.pk] if found else None

        if self._constant([Holder(0, row.period.lower, row.period.upper) for row, _terms in fitting], period, clocks.add_months(period, 1)):  # fmt: skip
            always = terms(period)
            held = lambda day: always  # noqa: E731
        else:
            held = terms
        percents = self.percents.get(unit.pk, ()) if item.code == "management" else ()
        return formulas.parts(
            period, self._payer(unit, period, named), held, lambda day: debtors.percent_on(day, percents) if percents else None
        )  # fmt: skip

    def _shares(self, period, used, shared):
        """Every share of the month: (unit, item, share, basis)."""
        pools: dict = defaultdict(dict)
        items = self.items
        for unit in self.units:
            for code in ("management", "parking", "refuse"):
                item = items[code]
                area = unit.area if item.formula == "area" else None
                parts = self._parts(unit, item, period)
                if not parts or (item.formula == "area" and area is None):
                    continue
                for share in formulas.monthly(area if area is not None else D(1), parts, period):
                    yield unit, item, share, explain.monthly(item.formula, share, period, area)
            if unit.pk in used:
                quantity, fact = used[unit.pk]
                parts = self._parts(unit, items["water"], period, named=True)
                charged = sum(part.days for part in parts)
                for share in formulas.reading(quantity, parts):
                    yield unit, items["water"], share, explain.reading(share, quantity, charged, [fact])
            if unit.kind == "flat":
                parts = self._parts(unit, items["shared_electricity"], period)
                if parts:
                    pools[unit.building_id][unit] = parts
        for building, sharing in pools.items():
            if building not in shared:
                continue
            quantity, fact = shared[building]
            areas = {unit.pk: (unit.area, parts[0].terms) for unit, parts in sharing.items()}
            everything = sum(area for area, _terms in areas.values())
            found = formulas.shared(quantity, areas)
            for unit, parts in sharing.items():
                pool = {
                    "reach": "building", "building": building, "consumption": str(quantity), "area": str(everything),
                    "share": str(found[unit.pk]), "readings": [fact],
                }  # fmt: skip
                charged = sum(part.days for part in parts)
                for share in formulas.by_days(found[unit.pk], parts):
                    yield (
                        unit,
                        items["shared_electricity"],
                        share,
                        explain.shared(share, unit.area, [pool], charged),
                    )

    def _debtor(self, unit, person):
        if (unit.pk, person) not in self.accounts:
            pk = self.bulk.add(Account, estate_id=self.estate.pk, unit_id=unit.pk, person_id=person, owed=0, prepaid=0, deposits=0, version=1)  # fmt: skip
            number = len(self.accounts)
            habit = FIRST[number] if number < len(FIRST) else self.lot.choice(HABITS)
            self.accounts[unit.pk, person] = Debtor(pk, unit, self.names[person], habit)
        return self.accounts[unit.pk, person]

    def _number(self, kind, day):
        self.numbers[kind, day.year] += 1
        return series.PATTERNS[kind].format(year=day.year, n=self.numbers[kind, day.year])

    def _voucher(self, kind, day, at, by, lines, **values):
        pk = self.bulk.add(
            Voucher, estate_id=self.estate.pk, kind=kind, day=day, at=at, by_id=by.pk if by else None, number=values.pop("number", ""), **values
        )  # fmt: skip
        for line in lines:
            self.bulk.add(Entry, voucher_id=pk, estate_id=self.estate.pk, kind=kind, day=day, **vars(line))
        return pk

    def _charge(self, period, used, shared):
        """The month's run: one voucher per account, its prepayment drawn at once."""
        day = period.replace(day=RUN_ON)
        at = self._at(day, 10 * 60)
        run = Run.objects.create(estate=self.estate, period=period, day=day, by=self.crew.finance, at=at, state=Run.State.POSTED, finished_at=at + timedelta(minutes=1))  # fmt: skip
        self.run = str(run.pk)
        by_debtor = defaultdict(list)
        for unit, item, share, basis in self._shares(period, used, shared):
            by_debtor[self._debtor(unit, share.payer).id].append((unit, item, share, basis))
        debtors_ = {one.id: one for one in self.accounts.values()}
        for pk, found in by_debtor.items():
            debtor, voucher = debtors_[pk], self.bulk.reserve(Voucher)
            lines = []
            for unit, item, share, basis in found:
                row = self._charge_row(
                    debtor, item, voucher, share.amount, period, share.from_on, share.until_on,
                    formulas.due_on(period, share.parts[0].terms), basis=basis, source_kind=Charge.RUN, source_id=self.run,
                )  # fmt: skip
                lines += lines_of.charging(row, item, building_id=unit.building_id)
                debtor.open.append(Open(row, item, row.amount))
            self._voucher("charge", day, at, self.crew.finance, lines, id=voucher, number=self._number("bill", day), source_kind="run", source_id=self.run)  # fmt: skip
            run.bills += 1
            run.charges += len(found)
            run.amount += sum(share.amount for _unit, _item, share, _basis in found)
            run.drawn += self._draw(debtor, day, at)
        run.save(update_fields=["bills", "charges", "amount", "drawn"])

    def _charge_row(
        self, debtor, item, voucher, amount, period, from_on, until_on, due_on, basis=None, **values
    ):
        row = Charge(
            id=self.bulk.reserve(Charge), estate_id=self.estate.pk, unit_id=debtor.unit.pk, account_id=debtor.id, item_id=item.pk,
            voucher_id=voucher, amount=amount, period=period, from_on=from_on, until_on=until_on, due_on=due_on, **values,
        )  # fmt: skip
        self.bulk.add(
            Charge, id=row.pk, estate_id=self.estate.pk, unit_id=debtor.unit.pk, account_id=debtor.id, item_id=item.pk,
            voucher_id=voucher, amount=amount, period=period, from_on=from_on, until_on=until_on, due_on=due_on,
            basis=as_json(basis or {}), seq=0, **values,
        )  # fmt: skip
        return row

    def _draw(self, debtor, day, at):
        lines, left = [], debtor.prepaid
        for one in debtor.open:
            amount = min(left, one.left)
            if amount:
                lines += self._settle(debtor, one, amount)
                left -= amount
        if lines:
            held = Line(
                Head.PREPAID, debtor.prepaid - left, account_id=debtor.id, building_id=debtor.unit.building_id
            )
            self._voucher(
                "draw",
                day,
                at,
                self.crew.finance,
                [held, *lines],
                source_kind="run",
                source_id=self.run,
            )
            drawn, debtor.prepaid = debtor.prepaid - left, left
            debtor.open = [one for one in debtor.open if one.left]
            return drawn
        return 0

    def _settle(self, debtor, one, amount):
        one.left -= amount
        return lines_of.settling(one.charge, amount, item=one.item, building_id=debtor.unit.building_id)

    # --- the counter ------------------------------------------------------------------------------------------------

    def _pay(self, period, number):
        """Who comes between this run and the next one, in the order of the clock."""
        first = period.replace(day=RUN_ON) + timedelta(days=1)
        last = min(clocks.add_months(period, 1).replace(day=RUN_ON), self.today) - timedelta(days=1)
        if last < first:
            return
        coming = []
        for debtor in self.accounts.values():
            if (share := self._comes(debtor, number)) and debtor.open:
                day = first + timedelta(days=min(int(self.lot.expovariate(1 / 9)), (last - first).days))
                coming.append(
                    (self._at(day, self.lot.randint(8 * 60 + 40, 17 * 60 + 20)), debtor.id, debtor, share)
                )
        for at, _pk, debtor, share in sorted(coming, key=lambda one: one[:2]):
            self._receipt(at, debtor, share)

    def _comes(self, debtor, number):
        """What of the debt is paid in this month: 0, a part, 1, or 2 for more than is owed."""
        lot = self.lot.random()
        match debtor.habit:
            case "good":
                return 1 if lot < 0.93 else 0
            case "late":
                return 1 if number % 3 == 2 else 0
            case "part":
                return D("0.6") if lot < 0.7 else 0
            case "year":
                return 2 if debtor.open else 0
            case "stops":
                return 1 if number < MONTHS - 2 - debtor.id % 7 else 0
        return 0

    def _receipt(self, at, debtor, share):
        day = at.date()
        lines, printed = [], []
        owed = sum(one.left for one in debtor.open)
        budget = owed if share >= 1 else (owed * share).quantize(D("1"))
        for one in debtor.open:
            amount = min(budget, one.left)
            if amount <= 0:
                continue
            budget -= amount
            lines += self._settle(debtor, one, amount)
            printed.append(self._printed(debtor, one, amount))
        if share == 2:
            more = (owed * 6).quantize(D("100"))
            if more:
                debtor.prepaid += more
                lines.append(
                    Line(Head.PREPAID, -more, account_id=debtor.id, building_id=debtor.unit.building_id)
                )
                printed.append({"account": debtor.id, "unit": debtor.unit.code, "unit_id": debtor.unit.pk, "prepaid": True, "amount": f"{more}"})  # fmt: skip
        total = sum((D(line["amount"]) for line in printed), D(0))
        if not total:
            return
        debtor.open = [one for one in debtor.open if one.left]
        method = self.lot.choice(METHODS)
        methods = {method: total}
        if total > 500 and self.lot.random() < 0.08:
            methods = {"cash": D(200), "card": total - 200}
        self._book(at, day, debtor, lines, printed, methods, total)

    def _printed(self, debtor, one, amount):
        row, item = one.charge, one.item
        return {
            "charge": row.pk, "account": debtor.id, "unit": debtor.unit.code, "unit_id": debtor.unit.pk, "item_id": item.pk,
            "item": {"zh-hant": item.name_zh_hant, "zh-hans": item.name_zh_hans, "en": item.name_en},
            "deposit": item.formula == "deposit", "period": f"{row.period}", "from": f"{row.from_on}", "until": f"{row.until_on}",
            "text": row.text, "amount": f"{amount}",
        }  # fmt: skip

    def _book(self, at, day, debtor, lines, printed, methods, total):
        cashier = self.lot.choice(self.crew.cashiers)
        received = [Line(Head.MONEY, amount, method=method) for method, amount in methods.items()]
        voucher = self._voucher("payment", day, at, cashier, [*received, *lines], cashier_id=cashier.pk)
        facts = {"lines": printed, "methods": {method: f"{amount}" for method, amount in methods.items()}}
        number = self._number("receipt", day)
        receipt = self.bulk.add(
            Receipt, estate_id=self.estate.pk, number=number, unit_id=debtor.unit.pk, payer=debtor.name, cashier_id=cashier.pk,
            day=day, at=at, total=total, facts=as_json(facts),
        )  # fmt: skip
        self.bulk.add(ReceiptStep, estate_id=self.estate.pk, receipt_id=receipt, verb="booked", voucher_id=voucher, by_id=cashier.pk, at=at)  # fmt: skip
        data = {"amount": journal.money(total, self.estate.currency), "methods": [journal.word("billing.method", one) for one in methods]}  # fmt: skip
        self.events.record(
            at, verb="receipt.booked", subject_kind=Receipt.SUBJECT, subject_id=receipt, subject_text=number,
            estate_id=self.estate.pk, unit_id=debtor.unit.pk, by_id=cashier.pk, by_name=cashier.name, data=as_json(data),
        )  # fmt: skip

    def _deposits(self, period):
        """Three renovations leave a deposit."""
        item, day = self.items["deposit_renovation"], period.replace(day=RUN_ON)
        owners = [one for one in self.accounts.values() if one.unit.kind == "flat" and one.habit == "good"][
            :3
        ]
        for number, debtor in enumerate(owners):
            at = self._at(day, 15 * 60 + number * 7)
            voucher = self.bulk.reserve(Voucher)
            row = self._charge_row(
                debtor, item, voucher, D("2000.00"), period, day, day + timedelta(days=1), day, text=self._text("裝修押金"),
            )  # fmt: skip
            self._voucher("charge", day, at, self.crew.cashiers[0], lines_of.charging(row, item, building_id=debtor.unit.building_id), id=voucher)  # fmt: skip
            one = Open(row, item, row.amount)
            lines = self._settle(debtor, one, row.amount)
            self._book(
                at,
                day,
                debtor,
                lines,
                [self._printed(debtor, one, row.amount)],
                {"card": row.amount},
                row.amount,
            )

    def _late(self):
        """Late fees of last month, charged in the first hour of this one as the sweep does it."""
        first = self.today.replace(day=1)
        at, item, accounts = (
            self._at(first, 30),
            self.items["late"],
            {one.id: one for one in self.accounts.values()},
        )
        month = clocks.add_months(first, -1)
        found = late.fees(self.estate, [pk for _account, pk in late.candidates(self.estate, month)], first)
        for fee in found:
            debtor, voucher = accounts[fee.charge.account_id], self.bulk.reserve(Voucher)
            source = {"source_kind": late.SOURCE, "source_id": str(fee.charge.pk)}
            row = self._charge_row(
                debtor,
                item,
                voucher,
                fee.amount,
                month,
                fee.from_on,
                fee.until_on,
                first,
                basis=fee.basis,
                **source,
            )
            lines = lines_of.charging(row, item, building_id=debtor.unit.building_id)
            key = late.key_of(fee.charge.pk, month)
            self._voucher("charge", first, at, None, lines, id=voucher, key=key, **source)
        total = sum((fee.amount for fee in found), D(0))
        self.events.record(
            at, verb="late.charged", subject_kind="late_fees", subject_id=int(f"{month:%Y%m}"), subject_text=f"{month:%Y-%m}",
            estate_id=self.estate.pk, by_name="",
            data=as_json({"count": len(found), "amount": journal.money(total, self.estate.currency)}),
        )  # fmt: skip
        self.bulk.flush()

    def _visits(self):
        """(account, payer, amount) of five who owe something and mostly pay; those everybody looks at are left alone."""
        known = list(self.accounts.values())[len(FIRST) :]
        owing = [one for one in known if one.open and one.habit != "never" and one.unit.kind == "flat"]
        return [(one.id, one.name, sum(due.left for due in one.open)) for one in owing[:5]]
