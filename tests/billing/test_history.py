"""A ledger kept elsewhere comes in row by row, and every balance is the same to the cent (SPEC §6, §14)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.imports import reading
from billing.models import (
    Account,
    Charge,
    Entry,
    History,
    HistoryRow,
    OldAccount,
    OpenCharge,
    Voucher,
)
from billing.reports import history as reports
from billing.rules.history import Books, Row
from office.imports import cells
from office.imports.sheets import Bad
from residents.models import Person
from tests.cast import make_person, make_unit, occupy
from tests.imported import applied, checked, counts, rolled_back

pytestmark = pytest.mark.django_db
HEAD = "Unit,Date,Fee item,Description,Charge,Payment,Reference,Balance"


@pytest.fixture
def flat(estate):
    unit = make_unit(estate, "3-2-1201", area=Decimal("85.20"))
    occupy(unit, make_person(estate, "張小明"))
    return unit


def running(account):
    """The account's balance after every row of its history, from the entries alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.day, v.id, sum(e.amount) FROM billing_voucher v JOIN billing_entry e ON e.voucher_id = v.id"
            " WHERE e.account_id = %s AND e.head IN ('receivable', 'prepaid') GROUP BY 1, 2 ORDER BY 1, 2",
            [account.pk],
        )
        total, found = Decimal(0), []
        for _day, _voucher, amount in cursor.fetchall():
            total += amount
            if amount:
                found.append(total)
        return found


def ledger(estate, by, lines, head=HEAD, sheet="ledger"):
    return checked(estate, by, [head, *lines], sheet, name="ledger.csv")


def told(batch):
    return {
        row.number: [(one["cell"], one["reason"]) for one in row.errors]
        for row in batch.rows.filter(outcome="error")
    }


# --- a ledger as most keep it ------------------------------------------------------------------------------

LINES = [
    "3-2-1201,2024-01-01,,Balance brought forward,,,,350.00",
    "3-2-1201,2024-01-31,管理費,January,238.56,,,588.56",
    '3-2-1201,2024-02-03,,Cash,,"1,000.00",R-0017,-411.44',
    "3-2-1201,2024-02-29,管理費,February,238.56,,,-172.88",
    "3-2-1201,2024-03-01,水費,,66.20,,,-106.68",
    "3-2-1201,2024-03-05,水費,read wrongly,(66.20),,,-172.88",
    "3-2-1201,2024-03-05,,,,100,R-0020,-272.88",
    "3-2-1201,2024-03-05,,,,200,R-0021,-472.88",
    "3-2-1201,2024-03-09,,Refund,,-450,,-22.88",
    "Total,,,,543.12,850,,-22.88",
]


def test_every_running_balance_is_the_same(estate, finance, flat):
    batch = ledger(estate, finance, LINES)
    assert counts(batch) == {"create": 9, "left_out": 1}, told(batch)
    applied(batch, finance)
    account = Account.objects.get(unit=flat)
    said = ["350.00", "588.56", "-411.44", "-172.88", "-106.68", "-172.88", "-272.88", "-472.88", "-22.88"]
    assert running(account) == [Decimal(one) for one in said]
    assert (account.owed, account.prepaid) == (Decimal(0), Decimal("22.88"))
    rows = HistoryRow.objects.filter(account=account).order_by("place")
    assert [row.running for row in rows] == [row.balance for row in rows] == [Decimal(one) for one in said]
    assert Voucher.objects.filter(source_kind="history").exclude(cashier=None).count() == 0
    assert History.objects.get(batch=batch).facts["different"] == 0
    (sums,) = reports.booked(batch).values()
    assert sums[2] == Decimal("-22.88")


def test_the_same_file_a_second_time_changes_nothing(estate, finance, flat):
    applied(ledger(estate, finance, LINES), finance)
    before = Entry.objects.count()
    second = ledger(estate, finance, LINES)
    assert counts(second) == {"unchanged": 9, "left_out": 1}
    assert Entry.objects.count() == before


def test_a_longer_file_brings_only_what_is_new(estate, finance, flat):
    applied(ledger(estate, finance, LINES[:4]), finance)
    longer = ledger(estate, finance, LINES)
    assert counts(longer) == {"unchanged": 4, "create": 5, "left_out": 1}, told(longer)
    applied(longer, finance)
    assert running(Account.objects.get(unit=flat))[-1] == Decimal("-22.88")
    assert History.objects.get(batch=longer).facts["different"] == 0


def test_the_next_years_file_goes_on_where_the_last_one_ended(estate, finance, flat):
    applied(ledger(estate, finance, LINES), finance)
    following = ledger(estate, finance, ["3-2-1201,2024-04-01,,期初餘額,,,,-22.88", "3-2-1201,2024-04-30,管理費,April,238.56,,,215.68"])  # fmt: skip
    assert counts(following) == {"unchanged": 1, "create": 1}, told(following)
    applied(following, finance)
    assert running(Account.objects.get(unit=flat))[-1] == Decimal("215.68")


def test_rolling_back_books_reversals_and_the_file_may_come_again(estate, finance, flat):
    batch = applied(ledger(estate, finance, LINES), finance)
    entries = Entry.objects.count()
    assert rolled_back(batch, finance).state == "rolled_back", batch.job.error
    account = Account.objects.get(unit=flat)
    assert (account.owed, account.prepaid, account.deposits) == (0, 0, 0)
    assert Entry.objects.count() > entries  # nothing was deleted
    assert not OpenCharge.objects.exists() and not HistoryRow.objects.exists()
    applied(ledger(estate, finance, LINES), finance)
    assert HistoryRow.objects.count() == 9
    account.refresh_from_db()
    assert account.prepaid == Decimal("22.88")


def test_an_account_comes_in_whole_or_not_at_all(estate, finance, flat):
    other = make_unit(estate, "3-2-1202")
    occupy(other, make_person(estate, "李四"))
    lines = [
        *LINES[:3],
        "3-2-1202,2024-01-31,管理費,,100,,,100",
        "3-2-1201,nonsense,,,50,,,",
        "9-9-999,2024-01-31,,,1,,,",
    ]
    batch = ledger(estate, finance, lines)
    assert counts(batch) == {"create": 1, "error": 5}
    errors = told(batch)
    assert errors[6][0][0] == "B6" and errors[7][0][0] == "A7"
    applied(batch, finance)
    assert Account.objects.get().unit == other


def test_differences_are_listed_with_their_cell(estate, finance, flat):
    lines = [*LINES[:3], "3-2-1201,2024-02-29,管理費,February,238.56,,,-172.00"]
    facts = History.objects.get(batch=ledger(estate, finance, lines)).facts
    (one,) = facts["differences"]
    assert (one["row"], one["file"], one["ours"], one["difference"]) == (5, "-172.00", "-172.88", "0.88")


def test_debts_are_settled_oldest_first_and_receipts_keep_their_number(estate, finance, flat):
    lines = [
        "3-2-1201,2024-01-31,管理費,,100,,,", "3-2-1201,2024-02-29,管理費,,100,,,",
        "3-2-1201,2024-03-05,,,,150,R-77,",
    ]  # fmt: skip
    applied(ledger(estate, finance, lines), finance)
    left = OpenCharge.objects.get()
    assert (left.due_on, left.amount) == (date(2024, 2, 29), Decimal("50.00"))
    assert HistoryRow.objects.get(reference="R-77").payment == 150
    assert Entry.objects.filter(head="money").aggregate(total=Sum("amount"))["total"] == 150


# --- other layouts -----------------------------------------------------------------------------------------

LAYOUTS = {
    "one signed amount, newest first, day first": (
        "Property,Date,Type,Details,Amount,Balance",
        ["3-2-1201,14/03/2024,,Payment received,-100.00,50.00", "3-2-1201,05/02/2024,,Late fee,50.00,150.00",
         "3-2-1201,01/02/2024,,Management fee,100.00,100.00"],
    ),
    "debit and credit, Chinese, full width": (
        "房号,日期,摘要,借方,贷方,方向,余额",
        ["3-2-1201,２０２４年２月１日,管理費,￥１００．００,,借,100.00", "3-2-1201,2024.2.5,滯納金,50.00,,借,150.00",
         "3-2-1201,20240314,收款,,100.00,借,50.00", ",,本月合计,150.00,100.00,,"],
    ),
    "the unit once, above its rows": (
        "日期,项目,说明,应收,实收,结余",
        ["房號：3-2-1201,,,,,", "2024-02-01,管理費,,100,,100", "日期,项目,说明,应收,实收,结余", "2024-02-05,滯納金,,50,,150",
         "2024-03-14,,现金,,100,50", "小计,,,150,100,50"],
    ),
    "payments with a minus": (
        "Unit,Date,Item,Charge,Payment,Balance",
        ["3-2-1201,2024-02-01,fee,100,,100", "3-2-1201,2024-02-05,late,50,,150", "3-2-1201,2024-03-14,,,-100,50"],
    ),
    "balances in credit are positive": (
        "Unit,Date,Item,Charge,Payment,Balance",
        ["3-2-1201,2024-02-01,fee,100,,-100", "3-2-1201,2024-02-05,late,50,,-150", "3-2-1201,2024-03-14,,,100,-50"],
    ),
    "an amount and a type": (
        "Unit,Date,Type,Amount,Balance",
        ["3-2-1201,2024-02-01,Charge,100,100", "3-2-1201,2024-02-05,Charge,50,150", "3-2-1201,2024-03-14,Payment,100,50 DR"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_usual_layouts_say_the_same(estate, finance, flat, layout):
    head, lines = LAYOUTS[layout]
    if "房号" not in head and "Unit" not in head and "Property" not in head:
        head, lines = f"房号,{head}", [line if line.startswith("房") else f",{line}" for line in lines]
    batch = ledger(estate, finance, lines, head)
    assert batch.counts["create"] == 3 and not batch.counts["error"], (told(batch), batch.counts)
    facts = History.objects.get(batch=batch).facts
    assert facts["different"] == 0, facts
    applied(batch, finance)
    assert running(Account.objects.get(unit=flat)) == [Decimal(100), Decimal(150), Decimal(50)]


def test_an_account_number_is_remembered_with_its_unit(estate, finance, flat):
    head = "Account,Unit,Date,Charge,Payment"
    applied(ledger(estate, finance, ["K-0815,3-2-1201,2024-01-31,100,"], head), finance)
    assert OldAccount.objects.get().account.unit == flat
    batch = ledger(
        estate, finance, ["k-0815,2024-02-29,100,", "K-9,2024-02-29,100,"], "Account,Date,Charge,Payment"
    )
    assert counts(batch) == {"create": 1, "error": 1}
    assert told(batch)[3][0][0] == "A3"


def test_account_numbers_come_in_by_their_own_sheet(estate, finance, flat):
    batch = checked(
        estate, finance, ["Account,Unit,Owner", "K-1,3-2-1201,張小明"], "old_accounts", name="n.csv"
    )
    applied(batch, finance)
    assert OldAccount.objects.get().account.person.name == "張小明"
    rolled_back(batch, finance)
    assert not OldAccount.objects.exists()


def test_a_debtor_the_register_does_not_have_is_entered(estate, finance, flat):
    head = "Unit,Debtor,Date,Charge,Payment"
    applied(
        ledger(
            estate,
            finance,
            ["3-2-1201,前業主王五,2019-01-31,100,", "3-2-1201,張小明先生,2024-01-31,50,"],
            head,
        ),
        finance,
    )
    assert set(Account.objects.values_list("person__name", "owed")) == {
        ("前業主王五", Decimal(100)),
        ("張小明", Decimal(50)),
    }
    assert Person.objects.filter(name="前業主王五").count() == 1
    again = ledger(estate, finance, ["3-2-1201,前業主王五,2019-01-31,100,"], head)
    assert counts(again) == {"unchanged": 1}


def test_opening_balances(estate, finance, flat):
    lines = ["3-2-1201,管理費,2023-12,250.50,,", "3-2-1201,,,,80,500"]
    batch = checked(
        estate, finance, ["Unit,Item,Period,Owed,Prepaid,Deposit", *lines], "openings", name="openings.csv"
    )
    assert counts(batch) == {"create": 2}, told(batch)
    applied(batch, finance)
    account = Account.objects.get()
    assert (account.owed, account.prepaid, account.deposits) == (Decimal("170.50"), Decimal(0), Decimal(500))
    assert Charge.objects.get(item__name_zh_hant="管理費").period == date(2023, 12, 1)
    assert not Entry.objects.filter(head="money").exists()
    rolled_back(batch, finance)
    account.refresh_from_db()
    assert (account.owed, account.prepaid, account.deposits) == (0, 0, 0)


# --- properties --------------------------------------------------------------------------------------------

CENTS = st.integers(-30_000, 60_000).filter(bool).map(lambda n: Decimal(n).scaleb(-2))
MOVES = st.lists(
    st.tuples(st.sampled_from("cccpppwo"), CENTS, st.integers(0, 20), st.sampled_from([0, 1])), max_size=25
)


class Fake:
    formula, agency = "once", False

    def __init__(self, pk, formula="once"):
        self.pk, self.formula = pk, formula


@given(MOVES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_whatever_the_rows_say_the_balance_moves_by_charge_less_payment(moves, deposit):
    items = [Fake(1), Fake(2, "deposit" if deposit else "once")]
    books = Books(7, None, Fake(3))
    day, balance = date(2024, 1, 1), Decimal(0)
    for number, (kind, amount, days, item) in enumerate(moves):
        day += timedelta(days=days)
        charge, payment = (amount, Decimal(0)) if kind == "c" else (Decimal(0), amount)
        if kind == "o":
            charge, payment = (amount, Decimal(0)) if amount > 0 else (Decimal(0), -amount)
        row = Row(
            number, day, items[item], charge, payment, opening=kind == "o", waived=kind == "w", text="x"
        )
        before = len(books.bookings)
        books.book(row)
        made = books.bookings[before:]
        assert all(sum(line.amount for line in one.lines) == 0 for one in made)
        balance += sum(
            line.amount for one in made for line in one.lines if line.head in ("receivable", "prepaid")
        )
        assert balance == sum(one.open for one in books.open) - books.prepaid
        assert books.prepaid >= 0 and all(0 < one.open <= one.amount for one in books.open)
        assert not (books.prepaid and books.open)
    expected = sum(
        (amount if kind == "c" or kind == "o" else -amount for kind, amount, _days, _item in moves),
        Decimal(0),
    )
    assert balance == expected


@given(st.lists(MOVES.filter(bool), min_size=1, max_size=3), st.booleans())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_ledgers_have_the_same_balances_here(estate, finance, accounts, newest_first):
    from django.db import transaction

    with transaction.atomic():
        units = [make_unit(estate, f"7-1-{n}01") for n in range(1, len(accounts) + 1)]
        lines, expected = [], {}
        for unit, moves in zip(units, accounts, strict=True):
            occupy(unit, make_person(estate, f"業主{unit.code}"))
            day, balance, own = date(2023, 1, 1), Decimal(0), []
            expected[unit.code] = []
            for number, (kind, amount, days, item) in enumerate(moves):
                day += timedelta(days=days)
                effect = amount if kind == "c" else -amount
                balance += effect
                expected[unit.code].append(balance)
                charge, payment = (amount, "") if kind == "c" else ("", amount)
                own.append(
                    f"{unit.code},{day:%d/%m/%Y},{'管理費' if item else '水費'},no. {number},{charge},{payment},,{balance}"
                )
            lines += own
        batch = ledger(estate, finance, lines[::-1] if newest_first else lines)
        assert not batch.counts["error"], told(batch)
        applied(batch, finance)
        for unit in units:
            assert running(Account.objects.get(unit=unit)) == expected[unit.code]
        transaction.set_rollback(True)


# --- cells -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1,234.50", "1234.50"), ("(1,234.50)", "-1234.50"), ("1,234.50-", "-1234.50"), ("－１００", "-100.00"),
        ("¥-12.5", "-12.50"), ("-￥12.50", "-12.50"), ("100.00 CR", "-100.00"), ("貸 100", "-100.00"), ("借100", "100.00"),
        ("HK$ 1'000", "1000.00"), (0.1 + 0.2, "0.30"), ("平", None), ("—", None), ("100元", "100.00"), ("（5.00）", "-5.00"),
    ],
)  # fmt: skip
def test_amounts_in_every_usual_form(cell, meant):
    assert cells.money()(cell, None) == (None if meant is None else Decimal(meant))


@pytest.mark.parametrize("cell", ["12.345", "abc", "1,23,4", True, "12..5"])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(Bad):
        cells.money()(cell, None)


def test_the_file_tells_which_part_of_a_date_is_the_day():
    parts = [reading.Parts((5, 3, 2024), ""), reading.Parts((25, 3, 2024), "")]
    assert reading.order_of(parts) == ("dmy",)
    assert reading.order_of([reading.Parts((3, 25, 24), "")]) == ("mdy",)


@pytest.mark.parametrize(
    "text", ["小计", "本月合计", "3-2-1201 合計", "grand total", "Total for 3-2-1201", "过次页"]
)
def test_sums_are_no_rows(text):
    from office import search

    assert reading.is_total([search.fold(text)])


def test_a_total_fee_is_a_row():
    assert not reading.is_total(["total cleaning service"])


def test_a_large_ledger_comes_in_by_whole_statements(estate, finance):
    """2 000 rows here; a hundred thousand with GUANJIA_FULL=1, in about a minute."""
    import os
    import time

    households, months = (1000, 50) if os.environ.get("GUANJIA_FULL") else (50, 20)
    lines, expected = [], {}
    for n in range(households):
        unit = make_unit(estate, f"8-1-{1000 + n}")
        occupy(unit, make_person(estate, f"業主{n}"))
        balance = Decimal(0)
        for month in range(months):
            day = date(2018 + month // 12, month % 12 + 1, 28)
            balance += Decimal("238.56")
            lines.append(f"{unit.code},{day},管理費,,238.56,,,{balance}")
            paid = Decimal("238.56") * (month % 3)
            balance -= paid or Decimal("1.00")
            lines.append(f"{unit.code},{day},,,,{paid or 1},R{n}-{month},{balance}")
        expected[unit.pk] = balance
    started = time.monotonic()
    batch = ledger(estate, finance, lines)
    checked_in = time.monotonic() - started
    assert counts(batch) == {"create": len(lines)}
    batch = applied(batch, finance)
    applied_in = time.monotonic() - started - checked_in
    found = dict(Account.objects.values_list("unit_id", "owed"))
    prepaid = dict(Account.objects.values_list("unit_id", "prepaid"))
    assert {pk: found[pk] - prepaid[pk] for pk in expected} == expected
    rolled_back(batch, finance)
    print(
        f"\n{len(lines)} rows: checked {checked_in:.1f} s, written {applied_in:.1f} s, back {time.monotonic() - started - checked_in - applied_in:.1f} s"
    )
    assert not Account.objects.exclude(owed=0, prepaid=0).exists()
