"""What the ledger sums to: ageing, collection, income, money, what is held (SPEC §6.12). Amounts in the estate's currency.

Read from the sums the ledger keeps (`Turnover`, `Owing`), never from millions of entries; `proof` compares the two.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Case, CharField, F, Q, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from billing.models import Account, Entry, OpenCharge, Owing, Turnover, Voucher

Head, Kind = Entry.Head, Voucher.Kind
NOTHING = Decimal("0.00")

# Ageing 帳齡: days since the day after the due day (SPEC §6.1, §6.12). (key, words, from, to), both days included.
NOT_DUE = "not_due"
AGES = (
    ("d30", _("0–30 days"), 1, 30),
    ("d90", _("31–90 days"), 31, 90),
    ("d180", _("91–180 days"), 91, 180),
    ("d365", _("181–365 days"), 181, 365),
    ("older", _("over a year"), 366, None),
)
AGE_KEYS = (NOT_DUE, *(key for key, _words, _from, _to in AGES))

# Where a receivable comes from, and by what it goes. What is reversed counts under what it was.
CHARGED = (Kind.CHARGE, Kind.OPENING, Kind.TRANSFER)
COLLECTED = (Kind.PAYMENT, Kind.DRAW)


def due_days(age, today):
    """(first, last) due day of a column of the ageing; None where it is open."""
    if age == NOT_DUE:
        return today, None
    first, last = next((first, last) for key, _words, first, last in AGES if key == age)
    return (today - timedelta(days=last) if last else None), today - timedelta(days=first)


def of_age(age, today):
    """The filter of rows with `due_on` that belong to a column of the ageing."""
    first, last = due_days(age, today)
    found = Q()
    if first:
        found &= Q(due_on__gte=first)
    if last:
        found &= Q(due_on__lte=last)
    return found


def _age(today):
    return Case(
        *(When(of_age(age, today), then=Value(age)) for age in AGE_KEYS), output_field=CharField(max_length=8)
    )


def ageing(estates, today, by=None):
    """{group: {age: amount}} of what is owed at `estates` (ids); `by` None (one group: None), "item" or "building"."""
    group = {"item": "item_id", "building": "building_id"}.get(by)
    rows = Owing.objects.filter(estate_id__in=estates).annotate(age=_age(today))
    fields = [group, "age"] if group else ["age"]
    found: dict = {}
    for row in rows.order_by().values(*fields).annotate(total=Sum("amount")):
        if row["total"]:
            found.setdefault(row[group] if group else None, {})[row["age"]] = row["total"]
    return found


def open_rows(estates, today, age=None):
    """The open charges behind a figure of the ageing."""
    rows = OpenCharge.objects.filter(estate_id__in=estates)
    return rows.filter(of_age(age, today)) if age else rows


def debtors(estates, limit=50):
    """The accounts that owe most, the greatest first."""
    rows = Account.objects.filter(estate_id__in=estates, owed__gt=0).select_related("unit", "person")
    return list(rows.order_by("-owed", "pk")[:limit])


@dataclass(frozen=True)
class Collection:
    """應收、實收 of a period: `rate` in % with one place, None where nothing was charged (SPEC §6.12)."""

    charged: Decimal
    collected: Decimal
    waived: Decimal

    @property
    def open(self):
        return self.charged - self.collected - self.waived

    @property
    def rate(self):
        if not self.charged:
            return None
        return (self.collected * 100 / self.charged).quantize(Decimal("0.1"))


def collection(estates, first, last, by="period"):
    """{group: Collection} for what was charged for the months `first`…`last` (first days, both included).

    Collected is what has come in for these months until now, drawn prepayments included; whatever deposits are is
    neither. `by`: "period", "item" or "building".
    """
    group = {"period": "period", "item": "item_id", "building": "building_id"}[by]
    rows = Turnover.objects.filter(
        estate_id__in=estates, period__range=(first, last), head=Head.RECEIVABLE
    ).exclude(item__formula="deposit")
    found = (
        rows.order_by()
        .values(group)
        .annotate(
            charged=Sum("amount", filter=Q(kind__in=CHARGED)),
            collected=Sum("amount", filter=Q(kind__in=COLLECTED)),
            waived=Sum("amount", filter=Q(kind=Kind.WAIVER)),
        )
    )
    return {
        row[group]: Collection(
            row["charged"] or NOTHING, -(row["collected"] or NOTHING), -(row["waived"] or NOTHING)
        )
        for row in found.order_by(group)
    }


def income(estates, first, last):
    """[(item id, agency, amount)] booked in the months `first`…`last`; what is collected for others apart (SPEC §6.1)."""
    rows = Turnover.objects.filter(
        estate_id__in=estates, month__range=(first, last), head__in=(Head.INCOME, Head.AGENCY)
    )
    found = rows.order_by().values("item_id", "head").annotate(total=Sum("amount"))
    return [
        (row["item_id"], row["head"] == Head.AGENCY, -row["total"])
        for row in found.order_by("head", "item__position", "item__code")
        if row["total"]
    ]


def money(estates, first, last):
    """{method: amount} that came in (less what went out) in the months `first`…`last`."""
    rows = Turnover.objects.filter(estate_id__in=estates, month__range=(first, last), head=Head.MONEY)
    found = rows.order_by().values("method").annotate(total=Sum("amount"))
    return {row["method"]: row["total"] for row in found if row["total"]}


def held(estates):
    """What the office holds for others now: {"prepaid": amount, "deposits": amount, "pending": charged, not yet paid}."""
    heads = {"prepaid": Head.PREPAID, "deposits": Head.DEPOSIT, "pending": Head.PENDING}
    found = dict(
        Turnover.objects.filter(estate_id__in=estates, head__in=heads.values())
        .order_by()
        .values_list("head")
        .annotate(total=Sum(-F("amount")))
    )
    return {key: found.get(head, NOTHING) for key, head in heads.items()}


@dataclass(frozen=True)
class Proof:
    """The trial balance: each head's sum, and every place where a kept figure differs from the entries."""

    heads: dict[str, Decimal]
    differences: list[tuple[str, str, Decimal, Decimal]]  # (what, of which, kept, by the entries)

    @property
    def total(self):
        return sum(self.heads.values(), NOTHING)

    @property
    def holds(self):
        return not self.total and not self.differences


# Kept against recomputed: accounts, open charges, both sums, charges against what was booked for them. Each of these
# reads all entries of an estate: a page for the end of a month, not for every morning.
DIFFERENCES = """
WITH entries AS MATERIALIZED (
  SELECT voucher_id, head, account_id, item_id, building_id, charge_id, period, due_on, kind, method, day, amount
    FROM billing_entry WHERE estate_id = %(estate)s
), unbalanced AS (
  SELECT 'voucher' AS what, voucher_id::text AS which, 0::numeric AS kept, sum(amount) AS booked
    FROM entries GROUP BY voucher_id HAVING sum(amount) <> 0
), accounts AS (
  SELECT 'account', a.id::text || ' ' || s.head, s.kept, coalesce(e.amount, 0)
    FROM billing_account a
    CROSS JOIN LATERAL (VALUES ('receivable', a.owed), ('prepaid', -a.prepaid), ('deposit', -a.deposits)) s (head, kept)
    LEFT JOIN (SELECT account_id, head, sum(amount) AS amount FROM entries GROUP BY 1, 2) e
      ON e.account_id = a.id AND e.head = s.head
    WHERE a.estate_id = %(estate)s AND s.kept <> coalesce(e.amount, 0)
), open_charges AS (
  SELECT 'open charge', coalesce(o.charge_id, e.charge_id)::text, coalesce(o.amount, 0), coalesce(e.amount, 0)
    FROM (SELECT charge_id, amount FROM billing_opencharge WHERE estate_id = %(estate)s) o
    FULL JOIN (SELECT charge_id, sum(amount) AS amount FROM entries WHERE head = 'receivable' GROUP BY 1) e USING (charge_id)
    WHERE coalesce(o.amount, 0) <> coalesce(e.amount, 0)
), charges AS (
  SELECT 'charge', coalesce(c.id, e.charge_id)::text, coalesce(c.amount, 0), coalesce(e.amount, 0)
    FROM (SELECT id, amount FROM billing_charge WHERE estate_id = %(estate)s) c
    FULL JOIN (
      SELECT charge_id, sum(amount) AS amount FROM entries
        WHERE head = 'receivable' AND amount > 0 AND voucher_id IN (
          SELECT voucher_id FROM billing_charge WHERE estate_id = %(estate)s)
        GROUP BY 1
    ) e ON e.charge_id = c.id
    WHERE coalesce(c.amount, 0) <> coalesce(e.amount, 0)
), turnover AS (
  SELECT 'sum of a month', concat_ws(' ', to_char(coalesce(t.month, e.month), 'YYYY-MM'), coalesce(t.head, e.head)),
         coalesce(t.amount, 0), coalesce(e.amount, 0)
    FROM (SELECT month, head, sum(amount) AS amount FROM billing_turnover WHERE estate_id = %(estate)s GROUP BY 1, 2) t
    FULL JOIN (SELECT date_trunc('month', day)::date AS month, head, sum(amount) AS amount FROM entries GROUP BY 1, 2) e
      USING (month, head)
    WHERE coalesce(t.amount, 0) <> coalesce(e.amount, 0)
), owing AS (
  SELECT 'sum by age', coalesce(t.due_on, e.due_on)::text, coalesce(t.amount, 0), coalesce(e.amount, 0)
    FROM (SELECT due_on, sum(amount) AS amount FROM billing_owing WHERE estate_id = %(estate)s GROUP BY 1) t
    FULL JOIN (SELECT due_on, sum(amount) AS amount FROM entries WHERE head = 'receivable' GROUP BY 1) e USING (due_on)
    WHERE coalesce(t.amount, 0) <> coalesce(e.amount, 0)
)
SELECT * FROM unbalanced UNION ALL SELECT * FROM accounts UNION ALL SELECT * FROM open_charges
UNION ALL SELECT * FROM charges UNION ALL SELECT * FROM turnover UNION ALL SELECT * FROM owing LIMIT %(limit)s
"""


def proof(estate, limit=200):
    """The trial balance 試算表 of an estate, recomputed from every entry."""
    heads = dict.fromkeys(Head.values, NOTHING)
    heads |= dict(
        Entry.objects.filter(estate=estate).order_by().values_list("head").annotate(total=Sum("amount"))
    )
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"estate": estate.pk, "limit": limit})
        return Proof(heads, cursor.fetchall())


def month_of(day):
    return date(day.year, day.month, 1)
