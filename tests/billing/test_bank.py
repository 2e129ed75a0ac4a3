"""Mandates out and back, statements matched and booked once (SPEC §6.7)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.actions import charging, ledger, mandates, statements
from billing.models import (
    Account,
    BankFile,
    Draft,
    Entry,
    Item,
    KnownPayer,
    Layout,
    Mandate,
    OpenCharge,
    Receipt,
    StatementLine,
)
from billing.rules import bank_files
from office import identity, search
from office.refusals import Refused
from tests.cast import NOW, make_person, make_unit, occupy

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def item(estate):
    return Item.objects.create(estate=estate, code="try", name_zh_hant="試收費", formula="once")


@pytest.fixture
def flats(estate, item, finance, cashier):
    """Three accounts that owe 100, 200 and 300."""
    found = []
    for number, name in enumerate(["張小明", "李四", "王五"], start=1):
        unit = make_unit(estate, f"3-2-120{number}")
        person = make_person(estate, name)
        occupy(unit, person)
        search.put("unit", unit.pk, estate.pk, search.keys_of_code(unit.code))
        search.put("person", person.pk, estate.pk, search.keys_of_name(name, ""))
        account = ledger.account_of(unit, person)
        charging.charge(
            account=account, item=item, amount=Decimal(60 * number), by=cashier, now=NOW - timedelta(days=40)
        )
        charging.charge(
            account=account, item=item, amount=Decimal(40 * number), by=cashier, now=NOW - timedelta(days=5)
        )
        found.append(account)
    return found


@pytest.fixture
def statement(estate):
    columns = {"day": "A", "amount": "B", "payer": "C", "number": "D", "text": "E", "reference": "F"}
    return Layout.objects.create(estate=estate, name="try", purpose="statement", columns=columns)


def lines(*rows):
    return [["日期", "金額", "戶名", "帳號", "摘要", "流水號"], *rows]


def bring(layout, rows, by, name="s.csv"):
    return statements.bring_in(layout=layout, name=name, data=repr(rows).encode(), rows=rows, by=by, now=NOW)


def found():
    return {
        row.reference: (row.state, row.account_id, row.sure) for row in StatementLine.objects.order_by("pk")
    }


def test_lines_are_matched_by_unit_name_and_amount(estate, finance, flats, statement):
    one, two, three = flats
    rows = lines(
        ["2026-03-10", "100.00", "某公司", "", "3-2-1201 物業費", "a"],  # code and amount
        ["2026-03-10", "50", "李四", "", "", "b"],  # name alone
        ["2026-03-10", "300.00", "", "", "", "c"],  # the amount of one account only
        ["2026-03-10", "12.34", "路人", "", "不知", "d"],
        ["2026-03-10", "200.00", "李四", "", "3座2單元1202室", "e"],
        ["2026-03-10", "-99.00", "電力公司", "", "", "f"],
    )
    _file, new, other = bring(statement, rows, finance)
    assert (new, other) == (5, 1)
    assert found() == {
        "a": ("proposed", one.pk, 3), "b": ("proposed", two.pk, 1), "c": ("proposed", three.pk, 1),
        "d": ("open", None, None), "e": ("proposed", two.pk, 3),
    }  # fmt: skip


def test_two_people_of_one_name_are_no_proposal(estate, finance, flats, statement):
    unit = make_unit(estate, "9-1-101")
    ledger.account_of(unit, make_person(estate, "李四"))
    Account.objects.filter(pk=flats[1].pk).update(version=2)
    bring(statement, lines(["2026-03-10", "50", "李四", "", "", "a"]), finance)
    assert found()["a"][1] in (None, flats[1].pk)  # who owes is meant before who owes nothing


def test_the_same_statement_and_the_same_line_come_once(estate, finance, flats, statement):
    rows = lines(["2026-03-10", "100", "x", "", "", "a"], ["2026-03-10", "100", "x", "", "", "a"])
    assert bring(statement, rows, finance)[1] == 2  # twice in one file: two payments
    assert bring(statement, rows, finance)[1] == 0
    longer = lines(*rows[1:], ["2026-03-11", "5", "y", "", "", "b"])
    assert bring(statement, longer, finance, "longer.csv")[1] == 1


def test_certain_lines_are_booked_with_a_receipt_oldest_debt_first(estate, finance, flats, statement):
    bring(
        statement,
        lines(
            ["2026-03-10", "80", "x", "", "3-2-1201 張小明", "a"],
            ["2026-03-10", "500", "李四", "", "3-2-1202", "b"],
        ),
        finance,
    )
    done, refused, _job = statements.book_many(
        estate=estate, ids=list(StatementLine.objects.values_list("pk", flat=True)), by=finance, now=NOW
    )
    assert (done, refused) == (2, [])
    assert OpenCharge.objects.get(account=flats[0]).amount == 20  # 60 of February whole, 20 of March
    flats[1].refresh_from_db()
    assert (flats[1].owed, flats[1].prepaid) == (0, 300)
    assert Receipt.objects.count() == 2
    assert set(Entry.objects.filter(head="money").values_list("method", flat=True)) == {"transfer"}
    line = StatementLine.objects.get(reference="a")
    with pytest.raises(Refused):
        statements.book(line=line, by=finance, now=NOW)
    assert Receipt.objects.count() == 2


def test_an_unmatched_line_is_split_and_its_payer_remembered(estate, finance, flats, statement):
    bring(statement, lines(["2026-03-10", "400", "代付公司", "6222020000001234567", "", "a"]), finance)
    line = StatementLine.objects.get()
    assert line.state == "open" and "6222" not in line.payer_index and line.payer_tail == "4567"
    with pytest.raises(Refused):
        statements.assign(line=line, shares=[(flats[0].pk, Decimal(399))], by=finance, now=NOW)
    statements.assign(
        line=line,
        shares=[(flats[0].pk, Decimal(100)), (flats[2].pk, Decimal(300))],
        by=finance,
        now=NOW,
        remember=True,
    )
    assert not OpenCharge.objects.filter(account__in=[flats[0], flats[2]]).exists()
    assert Receipt.objects.get().total == 400
    assert KnownPayer.objects.get().account == flats[0]
    bring(
        statement,
        lines(["2026-04-10", "10", "代付公司", "6222020000001234567", "", "b"]),
        finance,
        "next.csv",
    )
    assert found()["b"] == ("proposed", flats[0].pk, 3)


def test_a_line_is_left_aside_with_a_reason_and_taken_up_again(estate, finance, flats, statement):
    bring(statement, lines(["2026-03-10", "100", "利息", "", "", "a"]), finance)
    line = StatementLine.objects.get()
    with pytest.raises(Refused):
        statements.ignore(line=line, reason=" ", by=finance, now=NOW)
    statements.ignore(line=line, reason="interest", by=finance, now=NOW)
    with pytest.raises(Refused):
        statements.assign(line=line, shares=[(flats[0].pk, Decimal(100))], by=finance, now=NOW)
    statements.take_up(line=line, by=finance, now=NOW)
    line.refresh_from_db()
    assert line.state in ("open", "proposed")


def test_the_database_keeps_a_booked_line_with_its_receipt(estate, finance, flats, statement):
    bring(statement, lines(["2026-03-10", "100", "x", "", "", "a"]), finance)
    for values in ({"state": "posted"}, {"state": "ignored", "reason": ""}, {"amount": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StatementLine.objects.update(**values)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("3-2-1201 物業費", ["3-2-1201"]), ("3座2單元1202室", ["3-2-1202"]), ("2026年3月", []), ("轉帳", [])],
)
def test_unit_codes_are_found_in_a_text(text, codes):
    assert bank_files.codes_in(text) == codes


def test_a_chinese_statement_with_a_column_of_directions(estate, finance):
    layout = Layout(
        estate=estate, purpose="statement", header_rows=2, sign="column", date_form="%Y%m%d", in_cents=True,
        columns={"day": "A", "side": "B", "amount": "C", "payer": "D"},
    )  # fmt: skip
    rows = [
        ["某銀行"],
        ["日期", "借貸", "金額", "對方"],
        ["20260310", "貸", "12345", "張"],
        ["20260310", "借", "500", "電"],
    ]
    money, other = bank_files.incoming(layout, rows)
    assert [(one.day, one.amount, one.payer) for one in money] == [
        (date(2026, 3, 10), Decimal("123.45"), "張")
    ]
    assert other == 1


# --- mandates ------------------------------------------------------------------------------------------------


@pytest.fixture
def out(estate):
    columns = {"reference": "A", "holder": "B", "number": "C", "amount": "D"}
    return Layout.objects.create(
        estate=estate, name="out", purpose="out", columns=columns, encoding="gb18030", separator="|"
    )


@pytest.fixture
def back(estate):
    columns = {"reference": "A", "amount": "B", "result": "C", "why": "D"}
    return Layout.objects.create(
        estate=estate, name="back", purpose="results", columns=columns, success="成功 0000"
    )


def sign(account, by, number="6222020000001234567"):
    return mandates.sign(
        account=account, bank="工商銀行", number=number, holder="張小明", since=date(2026, 1, 1), evidence="folder 7",
        by=by, now=NOW,
    )  # fmt: skip


def test_the_number_of_a_mandate_is_sealed(estate, finance, flats):
    row = sign(flats[0], finance)
    assert row.number_tail == "4567" and "6222" not in row.number_sealed
    assert identity.unseal(row.number_sealed, pk=row.pk, subject="mandate") == "6222020000001234567"
    with pytest.raises(Refused):
        sign(flats[0], finance)
    mandates.end(mandate=row, last_day=date(2026, 2, 28), by=finance, now=NOW)
    assert not Mandate.objects.filter(period__contains=TODAY).exists()


def test_what_is_due_goes_out_in_one_line_an_account_and_comes_back_once(estate, finance, flats, out, back):
    for account in flats:
        sign(account, finance, f"622202000000{account.pk:04d}")
    file = mandates.ask(layout=out, due_through=TODAY - timedelta(days=1), by=finance, now=NOW)
    assert (file.count, file.total) == (3, Decimal(600))
    text = bank_files.as_csv(out, bank_files.table(out, mandates.lines_of(file=file, by=finance, now=NOW)))
    assert text.decode("gb18030").splitlines()[1].split("|")[1:] == [
        "張小明",
        f"622202000000{flats[0].pk:04d}",
        "100.00",
    ]
    with pytest.raises(Refused):  # all of it is with the bank already
        mandates.ask(layout=out, due_through=TODAY, by=finance, now=NOW)
    one, two, three = Draft.objects.order_by("pk")
    rows = [
        ["流水", "金額", "結果", "原因"], [one.reference, "100.00", "成功", ""], [two.reference, "200.00", "失敗", "餘額不足"],
        [three.reference, "1.00", "成功", ""], ["D0-9", "5", "成功", ""],
    ]  # fmt: skip
    answered = mandates.results(layout=back, name="r.csv", data=b"1", rows=rows, by=finance, now=NOW)
    assert answered[1:] == (1, 1, 2)
    assert [one["why"] for one in answered[0].unmatched] == [
        "another amount than was asked for",
        "nobody asked for this",
    ]
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.receipt.total == 100 and (two.state, two.reason) == ("failed", "餘額不足")
    assert list(Entry.objects.filter(head="money").values_list("method", "amount")) == [
        ("mandate", Decimal(100))
    ]
    assert mandates.results(layout=back, name="r.csv", data=b"1", rows=rows, by=finance, now=NOW)[1:] == (
        0,
        0,
        2,
    )
    again = mandates.results(layout=back, name="r2.csv", data=b"2", rows=rows, by=finance, now=NOW)
    assert again[1:3] == (0, 0) and Receipt.objects.count() == 1
    assert BankFile.objects.count() == 3


def test_matching_takes_one_statement_however_many_lines(
    estate, finance, flats, statement, django_assert_num_queries
):
    bring(
        statement,
        lines(*(["2026-03-10", "1", "x", "", f"3-2-120{n % 3 + 1}", f"r{n}"] for n in range(60))),
        finance,
    )
    with django_assert_num_queries(1):
        statements.match(estate=estate)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_statementline WHERE state = 'proposed'")
        assert cursor.fetchone()[0] == 60
