"""滯納金: late fees, once a month for each charge that is late (SPEC §6.1).

What is charged is the fee since the charge was due, by the standard in force on each day, less what was charged
before: a month that was missed, or a payment handed in late, is made good by the next one. None on late fees and on
deposits. A charge that was booked late is late from its booking on: nobody pays for days on which he owed nothing yet.
"""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

from django.db import transaction
from django.db.models import Q, Sum

from billing.actions import ledger
from billing.models import Charge, Entry, Item, OpenCharge, Standard, Voucher
from billing.rules import debtors, explain, formulas
from billing.rules import ledger as lines_of
from office import clocks, journal
from office.models import Event

SOURCE = "late"
SLICE = 500
F = Item.Formula


@dataclass(frozen=True)
class Fee:
    charge: Charge
    amount: Decimal
    basis: dict
    from_on: date
    until_on: date


def item_of(estate):
    """The late fee among the estate's items, or None."""
    return (
        Item.objects.filter(estate=estate, formula=F.LATE, is_active=True).order_by("position", "pk").first()
    )


def candidates(estate, month, accounts=None):
    """[(account, charge)] that may owe a late fee for days before the end of `month`: open, or settled since it began."""
    until = clocks.add_months(month, 1)
    narrow = {} if accounts is None else {"account__in": accounts}
    bears = ~Q(item__formula__in=[F.LATE, F.DEPOSIT])
    found = OpenCharge.objects.filter(bears, estate=estate, due_on__lt=until, **narrow)
    settled = Entry.objects.filter(
        bears,
        estate=estate,
        head=Entry.Head.RECEIVABLE,
        amount__lt=0,
        day__gte=month,
        due_on__lt=until,
        **narrow,
    )
    pairs = {*found.values_list("account_id", "charge_id"), *settled.values_list("account_id", "charge_id")}
    return sorted(pairs)


def fees(estate, charge_ids, until):
    """[Fee] for days before `until`. Four queries, however many charges."""
    item = item_of(estate)
    standards = list(Standard.objects.filter(item=item, rate__isnull=False)) if item else []
    if not standards:
        return []
    steps: dict[int, list] = defaultdict(list)
    periods = set()
    entries = Entry.objects.filter(charge_id__in=charge_ids, estate=estate, head=Entry.Head.RECEIVABLE)
    for entry in entries.select_related("voucher"):
        day = entry.day
        if entry.amount > 0:
            day = max(day, clocks.local_date(entry.voucher.at, estate.zone))
        steps[entry.charge_id].append((day, entry.amount))
        periods.add(entry.period)
    found_rows = Charge.objects.filter(
        period__in=periods, pk__in=list(steps)
    )  # by both: its key is (period, id)
    rows = {row.pk: row for row in found_rows.select_related("unit", "account", "item").order_by("pk")}
    ids = [str(pk) for pk in rows]
    before = dict(
        Charge.objects.filter(source_kind=SOURCE, source_id__in=ids, estate=estate)
        .values_list("source_id")
        .annotate(sum=Sum("amount"))
    )
    found = []
    for pk, row in rows.items():
        parts = formulas.late_parts(row.due_on, until, _open_on(steps[pk]), _terms_on(standards, row.unit))
        charged = before.get(str(pk), Decimal(0))
        amount = formulas.late(row.amount, parts, charged)
        if amount:
            basis = explain.late(row, parts, charged)
            found.append(Fee(row, amount, basis, parts[0].from_on, parts[-1].until_on))
    return found


def _open_on(steps):
    """What was open at the end of a day; what is paid costs nothing from its day on."""
    steps = sorted(steps)
    days = [day for day, _amount in steps]
    sums = [Decimal(0), *accumulate(amount for _day, amount in steps)]
    return lambda day: sums[bisect_right(days, day)]


def _terms_on(standards, unit):
    fitting = [one for one in standards if debtors.fits(one, unit)]
    made = {one.pk: formulas.LateTerms(one.pk, one.rate, one.grace_days, one.cap) for one in fitting}

    def on(day):
        found = debtors.standard_on(day, fitting, unit)
        return made[found.pk] if found else None

    return on


def due_months(estate, today):
    """The month whose late fees are to be charged now: the last one, once there is a standard and it was not done yet."""
    month = clocks.add_months(today.replace(day=1), -1)
    until = clocks.add_months(month, 1)
    holds = Standard.objects.filter(
        estate=estate,
        item__formula=F.LATE,
        item__is_active=True,
        rate__isnull=False,
        period__overlap=(None, until),
    )
    done = Event.objects.filter(
        estate_id=estate.pk, subject_kind="late_fees", subject_id=int(f"{month:%Y%m}"), verb="late.charged"
    )
    return [month] if holds.exists() and not done.exists() else []


def charge_month(*, estate, month, by, now):
    """Charge the late fees of `month` and of what was missed before it, in slices; (charges, amount). Safe to run twice."""
    pairs = candidates(estate, month)
    count, total = 0, Decimal(0)
    for first in range(0, len(pairs), SLICE):
        done = _charge(estate, pairs[first : first + SLICE], month, clocks.add_months(month, 1), by, now)
        count, total = count + len(done), total + sum((fee.amount for fee in done), Decimal(0))
    journal.record(
        "late.charged", subject=None, kind="late_fees", pk=int(f"{month:%Y%m}"), text=f"{month:%Y-%m}", estate_id=estate.pk,
        by=by, now=now, data={"count": count, "amount": journal.money(total, estate.currency)},
    )  # fmt: skip
    return count, total


def due(*, account, now):
    """What `charge_account` would charge now, unwritten."""
    today = ledger.today(account.estate, now)
    month = today.replace(day=1)
    pairs = candidates(account.estate, month, [account.pk])
    keys = {key_of(pk, month): pk for _account, pk in pairs}
    return fees(account.estate, _unknown(keys), today)


def _unknown(keys):
    """The charges whose late fee of the month is not booked yet."""
    known = set(Voucher.objects.filter(key__in=list(keys)).values_list("key", flat=True))
    return [pk for key, pk in keys.items() if key not in known]


def charge_account(*, account, by, now):
    """Charge an account's late fees up to yesterday, before it pays: once per charge and month like the others."""
    today = ledger.today(account.estate, now)
    month = today.replace(day=1)
    return _charge(account.estate, candidates(account.estate, month, [account.pk]), month, today, by, now)


def key_of(charge_id, month):
    return f"late:{charge_id}:{month:%Y%m}"


@transaction.atomic
def _charge(estate, pairs, month, until, by, now):
    accounts = ledger.lock([account for account, _charge in pairs])
    keys = {key_of(pk, month): pk for _account, pk in pairs}
    found = fees(estate, _unknown(keys), until)
    if not found:
        return []
    item, today = item_of(estate), ledger.today(estate, now)
    ledger.open_months([month])
    with ledger.refusing():
        vouchers = Voucher.objects.bulk_create(
            Voucher(
                estate=estate, kind=Voucher.Kind.CHARGE, day=today, at=now, by=by, source_kind=SOURCE,
                source_id=str(fee.charge.pk), key=key_of(fee.charge.pk, month),
            )
            for fee in found
        )  # fmt: skip
        rows = Charge.objects.bulk_create(
            Charge(
                estate=estate, unit_id=fee.charge.unit_id, account_id=fee.charge.account_id, item=item, voucher=voucher,
                amount=fee.amount, period=month, from_on=fee.from_on, until_on=fee.until_on, due_on=today, basis=fee.basis,
                source_kind=SOURCE, source_id=str(fee.charge.pk),
            )
            for fee, voucher in zip(found, vouchers, strict=True)
        )  # fmt: skip
        entries = [
            Entry(voucher=voucher, estate=estate, kind=voucher.kind, day=today, **vars(line))
            for fee, voucher, row in zip(found, vouchers, rows, strict=True)
            for line in lines_of.charging(row, item, building_id=fee.charge.unit.building_id)
        ]
        Entry.objects.bulk_create(entries, batch_size=len(entries))
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for fee in found:
        sums[fee.charge.account_id] += fee.amount
    for pk, amount in sums.items():
        journal.record(
            "charge.made", subject=accounts[pk], text=accounts[pk].unit.code, by=by, now=now,
            data={"item": item.code, "amount": journal.money(amount, estate.currency)},
        )  # fmt: skip
    return found
