"""A billing run killed at every place, in every slice, and run again: each unit, item and month exactly once."""

import os
import signal
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.db.models import Count, Sum
from django.utils import timezone

from billing.actions import ledger, run
from billing.models import Account, Charge, Entry, Item, OpenCharge, Payer, Run, Standard, Voucher
from billing.reports import run_sql
from billing.rules.ledger import Head, Line
from office import clocks, failpoints
from tests.cast import make_estate, make_person, make_staff, make_unit, occupy

from .child import in_a_child

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
SLICES = 8
NAMES = [name for name in failpoints.NAMES if name.startswith("billing.run.")]
ONCE = {"billing.run.begun", "billing.run.posted"}
ARRIVALS = [(name, n) for name in NAMES for n in range(1, 2 if name in ONCE else SLICES + 1)]
FEW = [("billing.run.charges", 2), ("billing.run.told", 1), ("billing.run.slice", 3)]
FIRST = date(2017, 1, 1)


@pytest.fixture
def place(own_db):
    """Eight flats of one owner each, two items, and a little prepaid by everybody."""
    estate = make_estate()
    finance = make_staff("finance", (estate, "finance"))
    for code in ("management", "refuse"):
        item = Item.objects.get(estate=estate, code=code)
        Standard.objects.create(estate=estate, item=item, price=Decimal("1.37"), period=(FIRST, None))
    for n in range(SLICES):
        unit = make_unit(estate, f"3-2-120{n}", area=Decimal(80 + n))
        owner = make_person(estate, f"住{n}")
        occupy(unit, owner, since=FIRST)
        account = ledger.account_of(unit, owner)
        ledger.post(
            estate=estate, kind="payment", by=finance, cashier=finance, now=timezone.now(),
            lines=[Line(Head.MONEY, Decimal(5), method="cash"), Line(Head.PREPAID, Decimal(-5), account_id=account.pk)],
        )  # fmt: skip
    return estate, finance


def begin(estate, by, period):
    return run.post(estate=estate, period=period, by=by, now=timezone.now())


def go_on(row):
    run.go_on(Run.objects.select_related("estate", "by").get(pk=row.pk), now=timezone.now, size=1)


def killed(row, name, arrival=1):
    failpoints._arrivals.clear()
    code = in_a_child(lambda: go_on(row), GUANJIA_FAILPOINT=f"{name}:{arrival}")
    assert code == -signal.SIGKILL, (name, arrival, code)


def is_whole(estate, period):
    """Everything the ledger must say after a month is charged once."""
    charges = Charge.objects.filter(period=period)
    assert charges.count() == SLICES * 2
    assert not charges.values("unit", "item").annotate(n=Count("id")).filter(n__gt=1).exists()
    bills = Voucher.objects.filter(kind="charge")
    numbers = sorted(bills.values_list("number", flat=True))
    assert numbers == [f"B{numbers[0][1:5]}-{n:06d}" for n in range(1, len(numbers) + 1)]
    assert not Entry.objects.values("voucher").annotate(sum=Sum("amount")).exclude(sum=0).exists()
    booked = dict(
        Entry.objects.filter(head="receivable").values_list("account").annotate(sum=Sum("amount")).order_by()
    )
    for account in Account.objects.filter(estate=estate):
        assert booked[account.pk] == account.owed
        still = OpenCharge.objects.filter(account=account).aggregate(sum=Sum("amount"))["sum"] or 0
        assert still == account.owed
    row = Run.objects.get(period=period)
    assert (row.state, row.bills, row.charges) == ("posted", SLICES, SLICES * 2)
    assert row.amount == charges.aggregate(sum=Sum("amount"))["sum"]


def test_a_run_killed_anywhere_and_run_again_charges_exactly_once(place):
    estate, finance = place
    if FULL:
        assert len(ARRIVALS) >= 80
    for n, (name, arrival) in enumerate(ARRIVALS if FULL else FEW):
        period = clocks.add_months(FIRST, n)
        row = begin(estate, finance, period)
        killed(row, name, arrival)
        go_on(row)
        is_whole(estate, period)
    assert sum(account.prepaid for account in Account.objects.all()) == 0  # drawn once, to the cent


def again(estate, finance):
    """Killed after three slices, left at that, and run anew from the first unit on."""
    row = begin(estate, finance, FIRST)
    killed(row, "billing.run.slice", 3)
    run.pause(run=row, by=finance, now=timezone.now())
    run.stop(run=row, by=finance, now=timezone.now())
    for unit in Account.objects.order_by("unit").values_list("unit", flat=True)[:1]:
        Payer.objects.create(
            estate=estate, unit_id=unit, person=make_person(estate, "租客"), period=(FIRST, None)
        )
    row = begin(estate, finance, FIRST)
    go_on(row)
    return Charge.objects.filter(period=FIRST).count()


def test_a_new_run_charges_what_the_dead_one_left(place):
    assert again(*place) == SLICES * 2


def test_without_asking_the_ledger_it_is_refused_or_charged_twice(place, monkeypatch):
    """The guard off: the key of the charges refuses the same debtor, and another debtor is charged anew."""
    lines = run_sql.lines(again=True)
    monkeypatch.setattr(run_sql, "lines", lambda: lines)
    with pytest.raises((IntegrityError, run.Refused)):
        again(*place)
    assert Charge.objects.filter(period=FIRST).count() > 6
    connection.close()
