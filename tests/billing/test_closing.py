"""A day closes to the cent, once, and nothing is booked into it afterwards (SPEC §6.6)."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import QuerySet

from billing.actions import closing, ledger
from billing.models import Book, DayClose, Entry, PeriodClose, Receipt, ReceiptStep, Run, Till, Voucher
from billing.reports import closing as reports
from billing.rules.ledger import Head, Line
from office.models import Promise
from office.refusals import Refused
from tests.billing.drawers import TEN, paid
from tests.cast import NOW, make_estate, make_person, make_staff, make_unit

DAY = date(2026, 3, 12)  # of NOW


@pytest.fixture
def account(estate):
    return ledger.account_of(make_unit(estate, "3-2-1201"), make_person(estate))


def close(account, cashier, counted="10.00", by=None, day=DAY, now=NOW, **values):
    return closing.close_day(
        estate=account.estate, cashier=cashier, day=day, counted=Decimal(counted), by=by or cashier, now=now, **values
    )  # fmt: skip


def carried(account, cashier, day=DAY):
    receipt = Receipt.objects.create(
        estate=account.estate, number=f"S-{Receipt.objects.count()}", payer="張小明", cashier=cashier, day=day, at=NOW, total=TEN
    )  # fmt: skip
    ReceiptStep.objects.create(estate=account.estate, receipt=receipt, verb="carried", by=cashier, at=NOW)
    return receipt


def test_a_close_freezes_what_the_ledger_says_of_the_day(account, cashier):
    paid(account, cashier, "30.50")
    voucher = paid(account, cashier, "9.50")
    paid(account, cashier, "100.00", "card")
    ledger.reverse(voucher=voucher, by=cashier, now=NOW, reason="wrong unit")
    row = close(account, cashier, "130.50", opening=Decimal("100.00"), confirmed=["card"])
    assert row.sums == {"cash": "30.50", "card": "100.00"}
    assert (row.cash, row.total, row.difference) == (Decimal("30.50"), Decimal("130.50"), 0)
    assert Till.objects.get().closed_through == DAY
    assert sum(line["amount"] for line in reports.lines(account.estate, cashier, DAY)) == row.total


def test_after_the_close_nothing_is_booked_into_the_day(account, cashier):
    paid(account, cashier)
    close(account, cashier)
    with pytest.raises(Refused, match="closed for this cashier"):
        paid(account, cashier)
    paid(account, cashier, now=NOW + timedelta(days=1))  # the next day goes on


def test_a_difference_is_explained(account, cashier):
    paid(account, cashier)
    with pytest.raises(Refused, match="Explain"):
        close(account, cashier, "9.99")
    row = close(account, cashier, "9.99", reason="a cent rolled under the counter")
    assert row.difference == Decimal("-0.01")


def test_other_methods_are_held_against_their_slips(account, cashier):
    paid(account, cashier)
    paid(account, cashier, method="qr")
    with pytest.raises(Refused, match="QR payment"):
        close(account, cashier)
    assert close(account, cashier, confirmed=["qr"]).confirmed == ["qr"]


def test_days_are_closed_the_oldest_first(account, cashier):
    before = DAY - timedelta(days=2)
    paid(account, cashier, day=before)
    paid(account, cashier)
    with pytest.raises(Refused, match="Close 2026-03-10 first"):
        close(account, cashier)
    close(account, cashier, day=before)
    close(account, cashier)
    assert not reports.unclosed([account.estate_id], DAY)


def test_not_while_a_carried_receipt_is_out(account, cashier):
    paid(account, cashier)
    receipt = carried(account, cashier)
    with pytest.raises(Refused, match=receipt.number):
        close(account, cashier)
    ReceiptStep.objects.create(
        estate=account.estate, receipt=receipt, verb="cancelled", reason="nobody at home", by=cashier, at=NOW
    )  # fmt: skip
    close(account, cashier)


def test_a_day_is_closed_once_and_only_when_money_was_taken(account, cashier):
    with pytest.raises(Refused, match="nothing to close"):
        close(account, cashier)
    paid(account, cashier)
    with pytest.raises(Refused, match="not come yet"):
        close(account, cashier, day=DAY + timedelta(days=1))
    close(account, cashier)
    with pytest.raises(Refused, match="closed already"):
        close(account, cashier)


def test_money_that_came_while_counting_is_counted_again(account, cashier):
    paid(account, cashier)
    foreseen = reports.sums(account.estate, cashier, DAY)
    paid(account, cashier)
    with pytest.raises(Refused, match="count again"):
        close(account, cashier, foreseen=foreseen)


def test_finance_closes_for_a_cashier_who_is_away_and_says_why(account, cashier, finance, clerk):
    paid(account, cashier)
    with pytest.raises(Refused, match="closed by its cashier"):
        close(account, cashier, by=clerk)
    with pytest.raises(Refused, match="why you close"):
        close(account, cashier, by=finance)
    assert close(account, cashier, by=finance, reason="on sick leave").by == finance


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE billing_dayclose SET total = 0",
        "DELETE FROM billing_dayclose",
        "UPDATE billing_till SET closed_through = NULL",
        "UPDATE billing_till SET closed_through = '2026-03-01'",
        "DELETE FROM billing_till",
        "DELETE FROM billing_periodclose",
        "INSERT INTO billing_dayclose (estate_id, cashier_id, by_id, day, at, sums, total, cash, receipts, opening,"
        " counted, notes, confirmed, difference, reason) SELECT estate_id, cashier_id, by_id, day + 1, at, sums, total,"
        " cash, receipts, 0, counted + 1, notes, confirmed, 0, '' FROM billing_dayclose",
    ],
)
def test_the_database_keeps_a_close_as_it_was(account, cashier, sentence):
    paid(account, cashier)
    close(account, cashier)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sentence)


# --- the promise -------------------------------------------------------------------------------------------------


def test_a_drawer_that_took_money_owes_its_close_the_same_day(account, cashier):
    paid(account, cashier)
    assert closing.owe_closes(NOW) == (1, 1) and closing.owe_closes(NOW) == (0, 0)
    promise = Promise.objects.get(kind="day_close")
    assert (promise.owner, promise.title) == (cashier, "2026-03-12")
    close(account, cashier, now=NOW + timedelta(hours=5))
    promise.refresh_from_db()
    assert promise.outcome == Promise.Outcome.KEPT
    assert closing.owe_closes(NOW) == (0, 0)


# --- the books ---------------------------------------------------------------------------------------------------


def shut(account, finance, through=DAY, now=NOW + timedelta(days=30), note="no run yet"):
    return closing.close_period(estate=account.estate, through=through, by=finance, now=now, note=note)


def test_finance_closes_the_books_when_every_drawer_is_closed(account, cashier, finance):
    paid(account, cashier)
    with pytest.raises(Refused, match="Days of cashiers"):
        shut(account, finance)
    close(account, cashier)
    row = shut(account, finance)
    assert sum(Decimal(amount) for amount in row.heads.values()) == 0 and row.heads["money"] == "10.00"
    assert Book.objects.get().closed_through == DAY
    with pytest.raises(Refused, match="closed the books"):
        ledger.post(
            estate=account.estate, kind="opening", by=finance, now=NOW, day=DAY,
            lines=[Line(Head.OPENING, TEN), Line(Head.PREPAID, -TEN, account_id=account.pk)],
        )  # fmt: skip
    with pytest.raises(Refused, match="already"):
        shut(account, finance)


def test_the_books_stay_open_for_what_is_not_done(account, cashier, finance):
    paid(account, cashier)
    close(account, cashier)
    with pytest.raises(Refused, match="Finance"):
        shut(account, cashier)
    with pytest.raises(Refused, match="over"):
        shut(account, finance, now=NOW)
    with pytest.raises(Refused, match="2026-02"):
        shut(account, finance, through=date(2026, 2, 28), note="")
    carried(account, cashier)
    with pytest.raises(Refused, match="still out"):
        shut(account, finance)
    assert not PeriodClose.objects.exists()


@pytest.mark.parametrize(
    ("states", "missing"),
    [
        ([], True),
        (["posted"], False),  # whether or not it found anything to charge
        (["paused"], True),
        (["posting"], True),
        (["cancelled"], True),
        (["cancelled", "posted"], False),
        (["posted", "paused"], True),
    ],
)
def test_a_month_is_billed_when_a_run_of_it_came_to_its_end(account, finance, states, missing):
    for state in states:
        over = NOW if state in ("posted", "cancelled") else None
        Run.objects.create(
            estate=account.estate, period=date(2026, 2, 1), state=state, day=DAY, by=finance, at=NOW, finished_at=over
        )  # fmt: skip
    found = reports.months_without_run(account.estate, date(2026, 1, 31), date(2026, 2, 28))
    assert found == ([date(2026, 2, 1)] if missing else [])


# --- several at once: real connections ---------------------------------------------------------------------------


@pytest.fixture
def drawer(own_db):
    """(accounts, cashier) committed for every connection: each payer has an account, all pay into one drawer."""
    estate = make_estate()
    cashier = make_staff("cashier", (estate, "cashier"))
    accounts = [
        ledger.account_of(make_unit(estate, f"3-2-{n}"), make_person(estate, f"住户{n}")) for n in range(10)
    ]
    for account in accounts:
        paid(account, cashier)
    return accounts, cashier


def together(*calls):
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait()
        try:
            answers.append(call())
        except (Refused, IntegrityError) as refusal:
            answers.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def booked(cashier, day):
    return sum(
        (entry.amount for entry in Entry.objects.filter(head="money", voucher__cashier=cashier, day=day)),
        Decimal(0),
    )


def test_while_ten_pay_the_close_counts_each_payment_or_refuses_it(drawer):
    accounts, cashier = drawer
    for trial in range(3):
        day = NOW + timedelta(days=trial)
        if trial:
            paid(accounts[0], cashier, now=day)
        at_first = len(Voucher.objects.filter(day=day.date()))
        count = lambda day=day: reports.sums(accounts[0].estate, cashier, day.date())["cash"]  # noqa: E731
        answers = together(
            *[lambda account=account, day=day: paid(account, cashier, now=day) for account in accounts],
            lambda day=day, count=count: close(
                accounts[0], cashier, count(), day=day.date(), now=day, reason="taken while counting"
            ),
        )
        row = DayClose.objects.get(day=day.date())
        done = sum(isinstance(answer, Voucher) for answer in answers)
        assert done + sum(isinstance(answer, Refused) for answer in answers) == 10
        assert row.total == booked(cashier, day.date()) == TEN * (at_first + done)


def one_payment_waits(drawer, monkeypatch):
    """A payment is booked and not committed when the close begins; answers (total of the close, what is booked)."""
    accounts, cashier = drawer
    booked_one, closing_began = threading.Event(), threading.Event()

    def pay_slowly():
        with transaction.atomic():
            paid(accounts[0], cashier)
            booked_one.set()
            closing_began.wait(10)

    def close_now():
        booked_one.wait(10)
        timer = threading.Timer(0.5, closing_began.set)
        timer.start()
        return close(accounts[0], cashier, "100.00", reason="one more was taken")

    together(pay_slowly, close_now)
    return DayClose.objects.get().total, booked(cashier, DAY)


def test_a_close_waits_for_the_payment_that_is_being_booked(drawer, monkeypatch):
    total, there = one_payment_waits(drawer, monkeypatch)
    assert total == there == Decimal("110.00")


def test_without_the_lock_it_would_miss_it(drawer, monkeypatch):
    guarded = QuerySet.select_for_update
    monkeypatch.setattr(
        QuerySet,
        "select_for_update",
        lambda rows, *args, **options: rows if rows.model is Till else guarded(rows, *args, **options),
    )
    total, there = one_payment_waits(drawer, monkeypatch)
    assert total == Decimal("100.00") and there == Decimal("110.00")


def test_two_closes_of_one_day_make_one(drawer):
    accounts, cashier = drawer
    answers = together(*[lambda: close(accounts[0], cashier, "100.00") for _ in range(4)])
    assert sum(isinstance(answer, DayClose) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 3


def test_the_books_close_with_every_payment_in_them_or_refused(drawer):
    accounts, cashier = drawer
    finance = make_staff("finance", (accounts[0].estate, "finance"))
    close(accounts[0], cashier, "100.00")
    later = NOW + timedelta(days=30)

    def opening(account):
        lines = [Line(Head.OPENING, TEN), Line(Head.PREPAID, -TEN, account_id=account.pk)]
        with transaction.atomic():
            ledger.lock([account.pk])
            return ledger.post(
                estate=account.estate, kind="opening", lines=lines, by=finance, now=NOW, day=DAY
            )

    answers = together(
        *[lambda account=account: opening(account) for account in accounts],
        lambda: shut(accounts[0], finance, now=later),
    )
    row = PeriodClose.objects.get()
    held = sum(entry.amount for entry in Entry.objects.filter(head="prepaid"))
    assert Decimal(row.heads["prepaid"]) == held
    assert held == -TEN * (10 + sum(isinstance(answer, Voucher) for answer in answers))
