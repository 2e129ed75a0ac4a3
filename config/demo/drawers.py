"""日結, 月結, 上門收取: closed drawers, closed books, and visits to people who pay at the door.

Closes are worked out from the ledger in a few statements and written by COPY; visits are few, and written by billing's
own actions. The first cashier still has the last day to close, so that the page to do it shows a day.
"""

from collections import defaultdict
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum

from billing.actions import collections
from billing.models import Account, Book, DayClose, Entry, PeriodClose, Receipt, ReceiptStep, Till
from config.demo.bulk import as_json
from office import clocks, journal, promises
from office.models import Promise, SearchKey
from office.models.promises import Measure

D = Decimal
FLOAT = D(500)  # 備用金
ODD = 12  # so many closes after the one that did not come out even
KIND = "day_close"


class Drawers:
    def __init__(self, fees):
        self.fees, self.bulk, self.estate, self.crew = fees, fees.bulk, fees.estate, fees.crew
        self.now, self.today, self.zone = fees.now, fees.today, fees.zone
        self.calls = 0
        self.sequence = {}  # till → promises so far

    def close(self):
        self._days()
        self._books()
        self.bulk.flush()

    # --- visits -----------------------------------------------------------------------------------------------------

    def visit(self, owing):
        """Last evening one paid, one did not open and one had called it off; today's receipt is out; tomorrow waits.

        `owing`: (account, payer, amount) of five people who owe something.
        """
        last, first = self.crew.cashiers[-1], self.crew.cashiers[0]
        before, eve = self._at(-3, 10, 20), self._at(-1, 18, 30)
        text = self.fees._text
        paid, shut, off, today, tomorrow = [*owing, *[None] * 5][:5]
        if paid:
            row = self._agree(paid, last, eve, before)
            row = collections.prepare(collection=row, by=last, now=self._at(-1, 17, 31))
            methods = {"cash": row.amount}
            collections.collect(collection=row, methods=methods, by=last, now=self._at(-1, 19, 5))
        if shut:
            row = self._agree(shut, last, eve + timedelta(minutes=45), before + timedelta(minutes=9))
            row = collections.prepare(collection=row, by=last, now=self._at(-1, 17, 34))
            collections.give_up(
                collection=row, reason=text("無人應門，改約"), by=last, now=self._at(-1, 19, 40)
            )
        if off:
            row = self._agree(off, last, eve + timedelta(minutes=90), before + timedelta(minutes=21))
            collections.give_up(
                collection=row,
                reason=text("住戶已自行轉帳"),
                by=last,
                now=self._at(-1, 16, 50),
                called_off=True,
            )
        if today:
            start = self.now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0) + timedelta(
                hours=2
            )
            row = self._agree(today, first, start, self._at(-1, 15, 12))
            collections.prepare(
                collection=row, by=first, now=max(self.now - timedelta(minutes=12), self._at(0, 0, 0))
            )
        if tomorrow:
            start = self._at(1, 19, 0)
            self._agree(tomorrow, first, start, self._at(-1, 15, 40), text("按門鈴請先致電"))
        SearchKey.objects.filter(
            subject_kind=Receipt.SUBJECT
        ).delete()  # written with all the others, by COPY

    def _at(self, days, hour, minute):
        day = self.today + timedelta(days=days)
        return datetime.combine(day, time(hour, minute), tzinfo=self.zone)

    def _agree(self, owing, collector, start, now, note=""):
        account, payer, amount = owing
        self.calls += 11
        return collections.agree(
            account=Account.objects.select_related("estate", "unit").get(pk=account), payer=payer, owner_name=payer,
            window_from=start, window_to=start + timedelta(minutes=45), amount=amount, collector=collector,
            phone=f"138 0013 80{self.calls:02d}", note=note, by=collector, now=now,
        )  # fmt: skip

    # --- closes -----------------------------------------------------------------------------------------------------

    def _days(self):
        """Every drawer's days with money; the first cashier's last one waits."""
        sums: dict = defaultdict(dict)
        span: dict = {}
        rows = Entry.objects.filter(estate=self.estate, head=Entry.Head.MONEY, voucher__cashier__isnull=False)
        keys = ("day", "voucher__cashier_id")
        for day, cashier, method, total, first, last in (
            rows.order_by(*keys, "method").values_list(*keys, "method")
            .annotate(total=Sum("amount"), first=Min("voucher__at"), last=Max("voucher__at"))
        ):  # fmt: skip
            sums[day, cashier][method] = total
            since, until = span.get((day, cashier), (first, last))
            span[day, cashier] = min(since, first), max(until, last)
        receipts = {
            (day, cashier): count
            for day, cashier, count in ReceiptStep.objects.filter(estate=self.estate, verb="booked", voucher__cashier__isnull=False)
            .order_by().values_list("voucher__day", "voucher__cashier_id").annotate(count=Count("pk"))
        }  # fmt: skip
        names = {one.pk: one for one in self.crew.cashiers}
        head = self.crew.cashiers[0].pk
        waits = max((day for day, cashier in sums if cashier == head), default=None)
        found = [key for key in sorted(sums) if key != (waits, head)]
        tills = dict(Till.objects.filter(estate=self.estate).values_list("cashier_id", "pk"))
        through = {}
        odds = next((key for key in reversed(found[:-ODD] or found) if "cash" in sums[key]), None)
        for day, cashier in found:
            odd = (day, cashier) == odds
            self._day(names[cashier], tills[cashier], day, sums[day, cashier], span[day, cashier], receipts.get((day, cashier), 0), odd)  # fmt: skip
            through[cashier] = day
        for cashier, day in through.items():
            Till.objects.filter(estate=self.estate, cashier_id=cashier).update(closed_through=day)

    def _day(self, cashier, till, day, by_method, span, receipts, odd):
        estate, currency = self.estate, self.estate.currency
        total, cash = sum(by_method.values()), by_method.get("cash", D(0))
        difference = D("-10.00") if odd else D(0)
        evening = datetime.combine(day, time(17, 24), tzinfo=self.zone) + timedelta(minutes=day.day % 7)
        at = max(evening, span[1] + timedelta(minutes=10))
        pk = self.bulk.add(
            DayClose, estate_id=estate.pk, cashier_id=cashier.pk, day=day, at=at, by_id=cashier.pk,
            sums=as_json({method: f"{by_method[method]}" for method in Entry.Method.values if method in by_method}),
            total=total, cash=cash, receipts=receipts, opening=FLOAT, counted=FLOAT + cash + difference, difference=difference,
            confirmed=as_json([method for method in Entry.Method.values if method in by_method and method != "cash"]),
            reason=self.fees._text("找續時多付十元，已致電住戶，未能收回") if odd else "",
        )  # fmt: skip
        data = {"day": f"{day:%Y-%m-%d}", "total": journal.money(total, currency)}
        if odd:
            data["difference"] = journal.money(difference, currency)
        self.fees.events.record(
            at, verb="day.closed_with_difference" if odd else "day.closed", subject_kind=DayClose.SUBJECT, subject_id=pk,
            subject_text=f"{day:%Y-%m-%d}", estate_id=estate.pk, by_id=cashier.pk, by_name=cashier.name, data=as_json(data),
        )  # fmt: skip
        times = clocks.limit(
            fact_at=span[0], amount=0, measure=Measure.SAME_DAY, zone=self.zone, closes_at=estate.closes_at
        )
        self.sequence[till] = self.sequence.get(till, 0) + 1
        self.bulk.add(
            Promise, kind=KIND, rule_key=KIND, subject_kind=Till.SUBJECT, subject_id=till, sequence=self.sequence[till],
            title=f"{day:%Y-%m-%d}", estate_id=estate.pk, owner_id=cashier.pk, amount=0, measure=str(Measure.SAME_DAY),
            department=promises.KINDS[KIND].department, fact_at=span[0], due_at=times.due_at, warn_at=times.warn_at,
            made_at=span[0], outcome="kept", closed_at=at, closed_by_id=cashier.pk, level=0,
        )  # fmt: skip

    def _books(self):
        """Finance has closed every month but the last whole one, on the sixth of the month after."""
        final = clocks.add_months(
            self.today.replace(day=1), -1
        )  # its first day: the books before it are closed
        kept: dict = defaultdict(D)
        heads: dict = defaultdict(dict)
        rows = Entry.objects.filter(estate=self.estate, day__lt=final).order_by().values_list("day", "head")
        for day, head, amount in rows.annotate(amount=Sum("amount")):
            month = clocks.add_months(day.replace(day=1), 1)
            heads[month][head] = heads[month].get(head, 0) + amount
        finance, through = self.crew.finance, None
        for following in sorted(heads):
            for head, amount in heads[following].items():
                kept[head] += amount
            through, at = following - timedelta(days=1), datetime.combine(following.replace(day=6), time(16, 5), tzinfo=self.zone)  # fmt: skip
            pk = self.bulk.add(
                PeriodClose, estate_id=self.estate.pk, through=through, at=at, by_id=finance.pk,
                heads=as_json({head: f"{amount}" for head, amount in kept.items()}),
            )  # fmt: skip
            self.fees.events.record(
                at, verb="period.closed", subject_kind=PeriodClose.SUBJECT, subject_id=pk, subject_text=f"{through:%Y-%m-%d}",
                estate_id=self.estate.pk, by_id=finance.pk, by_name=finance.name, data=as_json({"day": f"{through:%Y-%m-%d}"}),
            )  # fmt: skip
        Book.objects.filter(estate=self.estate).update(closed_through=through or final - timedelta(days=1))
