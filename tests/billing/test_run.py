"""A run charges every unit, item and month exactly once (SPEC §6.2)."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from billing.actions import ledger, run
from billing.models import Account, Charge, Entry, Item, OpenCharge, Payer, Run, Standard, Voucher
from billing.rules.ledger import Head, Line
from office import jobs
from office.models import Event
from office.refusals import Refused
from tests.cast import NOW, make_person, make_unit, occupy

D = Decimal
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def now():
    return NOW


def set_price(estate, code, price, **fields):
    item = Item.objects.get(estate=estate, code=code)
    return Standard.objects.create(
        estate=estate, item=item, price=D(price), period=(date(2020, 1, 1), None), **fields
    )


@pytest.fixture
def street(estate):
    """Three flats of 80, 81 and 82 m², each with its owner; a management fee of 2.00 and refuse removal of 15.00."""
    set_price(estate, "management", "2.00")
    set_price(estate, "refuse", "15.00")
    units = [make_unit(estate, f"3-2-120{n}", area=D(80 + n)) for n in range(3)]
    for n, unit in enumerate(units):
        occupy(unit, make_person(estate, f"住{n}"))
    return units


def posted(estate, by, period=MARCH, size=None):
    row = run.post(estate=estate, period=period, by=by, now=NOW)
    return run.go_on(row, now=now, size=size)


def charged():
    rows = Charge.objects.order_by("unit__code", "item__code")
    return [(row.unit.code, row.item.code, str(row.amount)) for row in rows.select_related("unit", "item")]


WHOLE = [
    ("3-2-1200", "management", "160.00"),
    ("3-2-1200", "refuse", "15.00"),
    ("3-2-1201", "management", "162.00"),
    ("3-2-1201", "refuse", "15.00"),
    ("3-2-1202", "management", "164.00"),
    ("3-2-1202", "refuse", "15.00"),
]


def test_every_unit_and_item_is_charged_once_with_a_bill_per_account(estate, street, finance):
    row = posted(estate, finance)
    assert charged() == WHOLE
    assert (row.state, row.bills, row.charges, row.amount) == ("posted", 3, 6, D("531.00"))
    bills = Voucher.objects.order_by("number")
    assert [(bill.number, bill.day, bill.by) for bill in bills] == [
        (f"B2026-00000{n}", date(2026, 3, 12), finance) for n in (1, 2, 3)
    ]
    assert [account.owed for account in Account.objects.order_by("unit__code")] == [D(175), D(177), D(179)]
    assert Entry.objects.aggregate(sum=Sum("amount"))["sum"] == 0
    charge = Charge.objects.select_related("unit").first()
    assert (charge.due_on, charge.from_on, charge.until_on) == (date(2026, 3, 31), MARCH, APRIL)
    assert charge.basis["parts"][0]["price"] == "2.0000"


def test_a_second_run_of_the_month_adds_only_what_came_late(estate, street, finance):
    posted(estate, finance)
    late = make_unit(estate, "3-2-1203", area=D(50))
    occupy(late, make_person(estate, "遲到"))
    again = posted(estate, finance)
    assert charged() == [*WHOLE, ("3-2-1203", "management", "100.00"), ("3-2-1203", "refuse", "15.00")]
    assert (again.bills, again.amount) == (1, D("115.00"))
    empty = posted(estate, finance)
    assert (empty.state, empty.bills) == ("posted", 0) and Voucher.objects.count() == 4


def test_a_unit_without_a_reading_is_charged_no_tier(estate, street, finance):
    from billing.models import Meter, Reading, Tier

    standard = set_price(estate, "water", "0")
    for above, price in ((0, "3.00"), (10, "4.50")):
        Tier.objects.create(standard=standard, above=above, price=D(price))
    meter = Meter.objects.create(
        estate=estate, unit=street[1], kind="water", serial="W1", installed_on=date(2026, 2, 28)
    )
    Reading.objects.create(
        estate=estate, meter=meter, read_on=date(2026, 3, 31), value=12, consumption=12, source="desk", at=NOW
    )
    posted(estate, finance)
    assert charged() == [*WHOLE[:4], ("3-2-1201", "water", "39.00"), *WHOLE[4:]]


def test_slices_make_the_same_bills_as_one(estate, street, finance):
    posted(estate, finance, size=1)
    assert charged() == WHOLE
    assert sorted(Voucher.objects.values_list("number", flat=True))[-1] == "B2026-000003"


def test_an_owner_registered_after_posting_is_not_charged_again(estate, street, finance):
    posted(estate, finance)
    Payer.objects.create(
        estate=estate, unit=street[0], person=make_person(estate, "租客"), period=(date(2026, 1, 1), None)
    )
    posted(estate, finance)
    assert charged() == WHOLE


def test_prepayments_are_drawn_down_oldest_due_first_and_no_further_than_they_go(
    estate, street, finance, cashier
):
    posted(estate, finance, period=date(2026, 2, 1))
    account = Account.objects.get(unit=street[0])
    ledger.post(
        estate=estate, kind="payment", by=cashier, now=NOW, cashier=cashier,
        lines=[Line(Head.MONEY, D("200.00"), method="cash"), Line(Head.PREPAID, D("-200.00"), account_id=account.pk)],
    )  # fmt: skip
    row = posted(estate, finance)
    account.refresh_from_db()
    assert (row.drawn, account.prepaid, account.owed) == (D("200.00"), D(0), D("150.00"))
    left = OpenCharge.objects.filter(account=account).order_by("due_on", "charge_id")
    assert {one.period for one in left} == {MARCH}
    assert sum(one.amount for one in left) == D("150.00")
    draw = Voucher.objects.get(kind="draw")
    assert draw.entries.count() == 4 and draw.source_id == str(row.pk)
    assert Event.objects.filter(verb="account.drawn", unit_id=street[0].pk).exists()


def test_a_deposit_is_not_paid_out_of_prepayments(estate, street, finance, cashier):
    from billing.actions import charging

    account = ledger.account_of(street[0], street[0].occupancies.get().person)
    deposit = Item.objects.get(estate=estate, code="deposit_renovation")
    charging.charge(account=account, item=deposit, amount=D("2000"), by=cashier, now=NOW)
    ledger.post(
        estate=estate, kind="payment", by=cashier, now=NOW, cashier=cashier,
        lines=[Line(Head.MONEY, D("300.00"), method="cash"), Line(Head.PREPAID, D("-300.00"), account_id=account.pk)],
    )  # fmt: skip
    posted(estate, finance)
    account.refresh_from_db()
    assert (account.prepaid, account.owed) == (D("125.00"), D("2000.00"))


def test_a_slice_is_ten_statements_however_many_units(estate, street, finance):
    def statements():
        row = run.post(estate=estate, period=MARCH, by=finance, now=NOW)
        ledger.open_months([MARCH])
        with CaptureQueriesContext(
            connection,
        ) as found:
            run.post_slice(row, 0, 1 << 62, NOW)
        run._over(row, NOW)
        return len(found)

    few = statements()
    for n in range(5):
        occupy(make_unit(estate, f"3-2-130{n}", area=D(50)), make_person(estate))
    assert few == statements() == 10


def test_paused_it_stops_at_the_slice_and_goes_on_where_it_was(estate, street, finance):
    row = run.post(estate=estate, period=MARCH, by=finance, now=NOW)
    told = []

    def pause_after_one(done, total):
        told.append((done, total))
        if done == 1:
            run.pause(run=row, by=finance, now=NOW)

    run.go_on(row, now=now, told=pause_after_one, size=1)
    assert told == [(0, 3), (1, 3)]
    assert Voucher.objects.count() == 1 and Run.objects.get().state == "paused"
    row = run.resume(run=row, by=finance, now=NOW)
    jobs.run_waiting(NOW)
    assert charged() == WHOLE
    assert Run.objects.get().state == "posted"


def test_a_stopped_run_leaves_the_rest_to_the_next(estate, street, finance):
    row = run.post(estate=estate, period=MARCH, by=finance, now=NOW)
    run.go_on(
        row,
        now=now,
        told=lambda done, total: done == 1 and run.pause(run=row, by=finance, now=NOW),
        size=1,
    )
    row = run.stop(run=Run.objects.get(), by=finance, now=NOW)
    assert row.is_over
    posted(estate, finance)
    assert charged() == WHOLE


def test_one_run_at_a_time_and_no_month_far_ahead(estate, street, finance, clerk):
    run.post(estate=estate, period=MARCH, by=finance, now=NOW)
    with pytest.raises(Refused, match="being posted already"):
        run.post(estate=estate, period=MARCH, by=finance, now=NOW)
    with pytest.raises(Refused, match="has begun"):
        run.post(estate=estate, period=date(2026, 5, 1), by=finance, now=NOW)
    with pytest.raises(Refused, match="role"):
        run.post(estate=estate, period=APRIL, by=clerk, now=NOW)


def test_books_closed_today_refuse_the_run(estate, street, finance):
    from billing.models import Book

    Book.objects.update_or_create(estate=estate, defaults={"closed_through": date(2026, 3, 12)})
    with pytest.raises(Refused, match="closed the books"):
        run.post(estate=estate, period=MARCH, by=finance, now=NOW)


def test_numbers_written_by_the_database_are_those_of_python(estate):
    from office import series

    for pattern in ("B{year}-{n:06d}", "{n}", "{year:d}/{n:3d}%".replace("3d", "03d"), "號{n:02d}-{year}"):
        for number in (1, 99, 1234567):
            words, values = series.in_sql(pattern, 2026, number)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {words}", values)
                assert cursor.fetchone()[0] == pattern.format(year=2026, n=number)


def test_the_command_shows_a_month_and_posts_it(estate, street, finance, capsys):
    from django.core.management import call_command

    words = ("bill", "--estate", estate.code, "--period", "2026-03")
    call_command(*words)
    assert "management units=3 amount=486.00 charged=0 last=0" in capsys.readouterr().out
    assert not Charge.objects.exists()
    call_command(*words, "--post")
    assert "posted bills=3 charges=6 amount=531.00" in capsys.readouterr().out
    assert charged() == WHOLE
    call_command(*words, "--post")
    assert "posted bills=0 charges=0 amount=0.00" in capsys.readouterr().out


# --- what is seen before ------------------------------------------------------------------------------------------


def test_the_preview_compares_with_last_month_and_lists_what_is_odd(estate, street, finance):
    from tests.cast import client_of

    posted(estate, finance, period=date(2026, 2, 1))
    Standard.objects.filter(item__code="refuse").update(price=D("30.00"))
    bare, _lone, free = (make_unit(estate, f"3-2-140{n}", area=None if n == 0 else D(50)) for n in range(3))
    for unit in (bare, free):
        occupy(unit, make_person(estate, "住"))
    from billing.models import Adjustment

    Adjustment.objects.create(
        estate=estate, unit=free, item=Item.objects.get(estate=estate, code="management"), percent=0,
        period=(date(2026, 1, 1), None), reason="免",
    )  # fmt: skip
    from billing.reports import runs

    with CaptureQueriesContext(connection) as few:
        odd = {one.name: [(row.unit.code, row.item and row.item.code) for row in one.rows] for one in runs.oddities(estate, MARCH, 50)}  # fmt: skip
    assert odd == {
        "area": [("3-2-1400", "management")],
        "payer": [("3-2-1401", "management"), ("3-2-1401", "refuse")],
        "zero": [("3-2-1402", "management")],
        "jump": [(unit.code, "refuse") for unit in street],
    }
    assert len(few) <= 24
    totals = {row.item.code: (row.units, row.amount, row.last) for row in runs.totals(estate, MARCH)}
    assert totals == {"management": (3, D("486.00"), D("486.00")), "refuse": (5, D("150.00"), D("45.00"))}
    assert client_of(finance)


def test_a_transfer_registered_late_is_shown_as_charged_otherwise(estate, street, finance):
    from billing.reports import runs

    posted(estate, finance)
    old = street[0].occupancies.get()
    old.period = (date(2020, 1, 1), date(2026, 3, 16))
    old.save()
    occupy(street[0], make_person(estate, "新業主"), since=date(2026, 3, 16))
    [odd] = [one for one in runs.oddities(estate, MARCH, 50) if one.name == "changed"]
    assert {(row.unit.code, row.item.code, row.said) for row in odd.rows} == {
        ("3-2-1200", "management", "charged 160.00, would be 77.42"),
        ("3-2-1200", "management", "charged 0.00, would be 82.58"),
        ("3-2-1200", "refuse", "charged 15.00, would be 7.26"),
        ("3-2-1200", "refuse", "charged 0.00, would be 7.74"),
    }
    assert sum(row["amount"] for row in runs.worked_out(estate, MARCH, [street[0].pk])) == D("175.00")


def test_pages_of_a_run(estate, street, finance):
    from tests.cast import client_of

    client = client_of(finance)
    page = client.get("/fees/runs/new", {"period": "2026-03"})
    assert page.status_code == 200 and "531.00" in page.text
    assert client.get("/fees/runs/new", {"period": "soon"}).status_code == 422
    answer = client.post("/fees/runs/new", {"period": "2026-03"})
    row = Run.objects.get()
    assert answer.url == f"/fees/runs/{row.pk}/"
    assert client.post("/fees/runs/new", {"period": "2026-03"}).status_code == 409
    run.go_on(row, now=now)
    page = client.get(answer.url)
    assert page.status_code == 200 and "531.00" in page.text
    assert client.get("/fees/runs/").status_code == 200
    assert client.post(f"/fees/runs/{row.pk}/pause").status_code == 302
    assert Run.objects.get().state == "posted"
