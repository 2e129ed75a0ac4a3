"""Old tickets from another system: states, dates and addresses as the mapping says, and nothing owed unless asked for."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from django.db import connection

from office import clocks, search
from office.models import DepartmentHead, Event, Message, Promise, Series
from tests.cast import make_staff, make_unit
from tickets import actions, imports
from tickets.models import Ticket, WorkOrder

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
STATUSES = {"Open": 42, "Closed": 29, "In Progress": 28, "Assigned": 1}
# Columns of the source that matter, between others that do not.
COLUMNS = (
    "unique_key", "created_date", "closed_date", "agency", "complaint_type", "descriptor", "location_type",
    "incident_zip", "incident_address", "intersection_street_1", "intersection_street_2", "city", "borough", "landmark", "status",
    "resolution_description", "resolution_action_updated_date", "open_data_channel_type", "location",
)  # fmt: skip


def rows_like_the_source(seed=1):
    """Service requests in the shape of NYC Open Data: line breaks inside cells, dates as text, empty columns."""
    lot, rows = Random(seed), []
    statuses = [status for status, count in STATUSES.items() for _one in range(count)]
    lot.shuffle(statuses)
    for number, status in enumerate(statuses):
        opened = datetime.fromisoformat("2024-04-15T22:50") + timedelta(minutes=number)
        closed = opened + timedelta(minutes=lot.randint(0, 90))
        at_corner = number % 10 == 0
        rows.append(
            {
                "unique_key": str(60_870_000 + number),
                "created_date": f"{opened:%Y-%m-%dT%H:%M:%S}.000",
                "closed_date": f"{closed:%Y-%m-%dT%H:%M:%S}.000" if status == "Closed" and number % 7 else "",
                "agency": "HPD",
                "complaint_type": lot.choice(
                    ("WATER LEAK", "PLUMBING", "Noise - Residential", "HEAT/HOT WATER")
                ),
                "descriptor": 'CEILING "WET"',
                "incident_zip": "11226",
                "incident_address": "" if at_corner else f"{number} FLATBUSH AVENUE",
                "intersection_street_1": "133 AVENUE" if at_corner else "",
                "intersection_street_2": "231 STREET" if at_corner else "",
                "city": "BROOKLYN" if number % 3 else "",
                "borough": "BROOKLYN",
                "status": status,
                "resolution_description": "The tenant was not at home,\nplease call again.",
                # Of what is still open the source writes the day only: a moment before the call.
                "resolution_action_updated_date": f"{closed:%Y-%m-%dT%H:%M:%S}.000"
                if status == "Closed"
                else f"{opened:%Y-%m-%d}T00:00:00.000",
                "open_data_channel_type": lot.choice(("ONLINE", "PHONE", "MOBILE", "UNKNOWN")),
                "location": "\n,  \n(40.65, -73.95)",
            }
        )
    return rows


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, quoting=csv.QUOTE_ALL, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def source(tmp_path):
    def write(change=None):
        rows = rows_like_the_source()
        if change:
            change(rows)
        return str(write_csv(tmp_path / "old.csv", rows))

    return write


def bring_in(file, *words):
    call_command("import_tickets", file, "--estate", "HT", "--map", "nyc311", *words)


def test_every_row_comes_in_with_the_counts_of_the_file(estate, source, capsys):
    bring_in(source())
    tickets = Ticket.objects.filter(estate=estate, source="nyc311")
    assert Counter(tickets.values_list("source_status", flat=True)) == STATUSES
    states = {"Open": "accepted", "Closed": "closed", "In Progress": "in_progress", "Assigned": "dispatched"}
    assert {(t.source_status, t.state) for t in tickets} == set(states.items())
    printed = capsys.readouterr().out
    for status, count in STATUSES.items():
        assert [line.split()[-2:] for line in printed.splitlines() if line.startswith(status)] == [
            [str(count)] * 2
        ]
    assert "100 created, 0 updated, 0 unchanged, 0 kept." in printed


def test_number_status_address_and_dates_are_kept(estate, source):
    bring_in(source())
    ticket = Ticket.objects.get(source_number="60870011")
    row = rows_like_the_source()[11]
    assert ticket.place == "11 FLATBUSH AVENUE, BROOKLYN, 11226"
    assert ticket.opened_at == datetime.fromisoformat(row["created_date"]).replace(tzinfo=NEW_YORK)
    assert ticket.result == "The tenant was not at home,\nplease call again."
    assert ticket.problem == f'{row["complaint_type"]} · CEILING "WET"'
    assert Ticket.objects.get(source_number="60870010").place == "133 AVENUE / 231 STREET, BROOKLYN, 11226"


def test_closed_ones_ended_as_imported_and_nothing_is_sent_or_promised(estate, source):
    bring_in(source())
    closed = Ticket.objects.filter(state="closed")
    assert {(t.ending, t.satisfied, t.is_open) for t in closed} == {("imported", None, False)}
    assert Promise.objects.count() == Message.objects.count() == 0
    assert set(Ticket.objects.values_list("next_due_at", flat=True)) == {None}
    connection.check_constraints()


def test_a_second_run_finds_everything_unchanged(estate, source, capsys):
    file = source()
    bring_in(file)
    before = list(Ticket.objects.order_by("pk").values())
    bring_in(file)
    assert "0 created, 0 updated, 100 unchanged, 0 kept." in capsys.readouterr().out
    assert list(Ticket.objects.order_by("pk").values()) == before
    assert Event.objects.filter(verb="ticket.imported").count() == WorkOrder.objects.count() + 29 == 100
    assert Series.objects.get(estate=estate, kind="ticket").last == 100


def test_a_newer_file_brings_untouched_tickets_up_to_date_and_leaves_the_others(
    estate, source, clerk, now, capsys
):
    bring_in(source())
    opened = list(Ticket.objects.filter(source_status="Open").order_by("pk")[:2])
    touched = opened[0]
    actions.correct(ticket=touched, by=clerk, now=now, problem="說清楚了")

    def closed_meanwhile(rows):
        for row in rows:
            if row["unique_key"] in {ticket.source_number for ticket in opened}:
                row["status"], row["closed_date"] = "Closed", "2024-05-01T10:00:00.000"

    bring_in(source(closed_meanwhile))
    assert "0 created, 1 updated, 98 unchanged, 1 kept." in capsys.readouterr().out
    assert [Ticket.objects.get(pk=ticket.pk).state for ticket in opened] == ["accepted", "closed"]


def test_an_unknown_status_is_an_error_of_its_row_and_nothing_is_written(estate, source, capsys):
    file = source(lambda rows: rows[3].update(status="Pending"))
    with pytest.raises(CommandError, match="1 errors; nothing was written"):
        bring_in(file)
    assert "row 5: the mapping names no state for the status “Pending”" in capsys.readouterr().out
    assert not Ticket.objects.exists()
    bring_in(file, "--valid-rows")
    assert Ticket.objects.count() == 99


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"created_date": "yesterday"}, "opened_at is no date: yesterday"),
        ({"created_date": ""}, "opened_at is empty"),
        ({"created_date": "2199-01-01T00:00:00.000"}, "opened_at lies in the future"),
        ({"status": "Closed", "closed_date": "2001-01-01T00:00:00.000"}, "closed_at lies before opened_at"),
        ({"unique_key": ""}, "number is empty"),
        ({"unique_key": "60870001"}, "number 60870001 is already in row 3"),
        ({"incident_address": "", "city": "", "borough": "", "incident_zip": ""}, "place is empty"),
        ({"incident_address": "A" * 201}, "place is longer than 200 characters"),
    ],
)
def test_wrong_cells_are_named_with_their_row(estate, source, capsys, values, words):
    with pytest.raises(CommandError):
        bring_in(source(lambda rows: rows[4].update(values)))
    assert f"row 6: {words}" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(estate, source, capsys):
    bring_in(source(), "--dry-run")
    printed = capsys.readouterr().out
    assert "100 created" in printed
    assert "Dry run: nothing was written." in printed
    assert not Ticket.objects.exists()
    assert not Series.objects.filter(last__gt=0).exists()


def test_imported_tickets_are_found_by_both_numbers(estate, source):
    bring_in(source())
    ticket = Ticket.objects.get(source_number="60870042")
    for text in (ticket.number, "60870042"):
        assert [(hit.subject_kind, hit.subject_id) for hit in search.find([estate.pk], text)][:1] == [
            (Ticket.SUBJECT, ticket.pk)
        ]
    call_command("reindex", "--check")


def test_work_goes_on_from_every_imported_state(estate, source, lead, clerk, now):
    """What came in half done is dispatched and ended like any other repair."""
    bring_in(source())
    technician = make_staff("wing", (estate, "technician"))
    for status in ("Open", "Assigned"):
        ticket = Ticket.objects.filter(source_status=status).first()
        start = now + timedelta(hours=1)
        ticket = actions.dispatch(
            ticket=ticket,
            technician=technician,
            window_from=start,
            window_to=start + timedelta(hours=2),
            by=lead,
            now=now,
        )
        assert ticket.state == "dispatched"
    ticket = Ticket.objects.filter(source_status="In Progress", risk="other").first()
    actions.key_slip(
        work_order=ticket.work_orders.get(), technician=technician, arrived_at=now - timedelta(hours=2), ended_at=now,
        result="修好", agreed_amount=0, consent_by="住戶", by=clerk, now=now,
    )  # fmt: skip
    ticket.refresh_from_db()
    assert ticket.state == "done"
    assert ticket.next_due_at == clocks.end_of_day(now.date() + timedelta(days=2), estate.zone)


@pytest.fixture
def chinese(tmp_path):
    """A workbook of a Chinese office with its mapping, states before the callback included."""
    (tmp_path / "old.toml").write_text(
        """
source = "舊系統"
zone = "Asia/Shanghai"
dates = ["%Y/%m/%d %H:%M"]
[columns]
number = "工单号"
status = "状态"
opened_at = "报修时间"
ended_at = "完工时间"
problem = "问题"
unit = "房号"
category = "类别"
urgent = "加急"
[states]
"待回访" = "done"
"待试漏" = "testing"
"已派" = "accepted"
[categories]
"漏水" = "LK-PIPE"
"电" = "SOCKET"
""",
        encoding="utf-8",
    )
    book = xlsxwriter.Workbook(tmp_path / "old.xlsx", {"default_date_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet()
    head = ("工单号", "状态", "报修时间", "完工时间", "问题", "房号", "类别", "加急")
    rows = [
        (
            1001,
            "待回访",
            datetime.fromisoformat("2026-02-26T09:00"),
            datetime.fromisoformat("2026-02-27T16:00"),
            "插座没电",
            "3-2-1201",
            "电",
            "是",
        ),
        (1002, "待试漏", "2026/02/26 09:30", "2026/02/28 11:00", "厨房漏水", "3 2 1201", "漏水", ""),
        (1003, "已派", 46079.5, "", "开关坏了\n客厅", "9-9-999", "电", ""),
    ]
    for number, row in enumerate([head, *rows]):
        for column, value in enumerate(row):
            sheet.write_datetime(number, column, value) if isinstance(value, datetime) else sheet.write(
                number, column, value
            )
    book.close()
    return str(tmp_path / "old.xlsx"), str(tmp_path / "old.toml")


def test_a_workbook_with_units_dates_and_numbers_as_excel_has_them(estate, chinese, capsys):
    unit = make_unit(estate, "3-2-1201")
    file, mapping = chinese
    call_command("import_tickets", file, "--estate", "HT", "--map", mapping)
    first, second, third = Ticket.objects.order_by("source_number")
    assert [t.source_number for t in (first, second, third)] == ["1001", "1002", "1003"]
    assert [t.unit_id for t in (first, second, third)] == [unit.pk, unit.pk, None]
    assert (first.urgent, third.urgent, third.place) == (True, False, "9-9-999")
    assert first.done_at == datetime(2026, 2, 27, 8, 0, tzinfo=UTC)
    assert second.work_ended_at == datetime(2026, 2, 28, 3, 0, tzinfo=UTC)
    assert clocks.local_date(third.opened_at, estate.zone) == date(2026, 2, 26)
    assert "row 4: no unit 9-9-999; kept as text" in capsys.readouterr().out
    assert not Promise.objects.exists()


def test_what_is_still_owed_is_promised_when_asked_for_and_once(estate, chinese, clerk, capsys):
    DepartmentHead.objects.filter(estate=estate, department="front_desk").update(head=clerk)
    file, mapping = chinese
    for _again in range(2):
        call_command("import_tickets", file, "--estate", "HT", "--map", mapping, "--owe")
    done, testing = (Ticket.objects.get(source_number=number) for number in ("1001", "1002"))
    owed = {p.subject_id: p for p in Promise.objects.all()}
    assert owed.keys() == {done.pk, testing.pk}
    for ticket, kind, fact_at, day in (
        (done, "callback", done.done_at, date(2026, 3, 1)),
        (testing, "water_test", testing.work_ended_at, date(2026, 3, 2)),
    ):
        promise = owed[ticket.pk]
        assert (promise.kind, promise.fact_at, promise.owner) == (kind, fact_at, clerk)
        assert promise.due_at == ticket.next_due_at == clocks.end_of_day(day, estate.zone)
    assert "2 promises made." in capsys.readouterr().out
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source = ", "is not TOML"),
        ("[columns]\n", "names no source"),
        ('source = "a"\n[columns]\nnumber = "n"\n', "no column for: status, opened_at, problem"),
        ('source = "a"\n[columns]\ncolour = "c"\n', "Unknown fields: colour"),
        (
            'source = "a"\n[columns]\nnumber = "n"\nstatus = "s"\nopened_at = "o"\nproblem = "p"\n[states]\nx = "lost"\n',
            "Unknown states: lost",
        ),
    ],
)
def test_a_mapping_that_says_too_little_is_refused(tmp_path, text, words):
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    with pytest.raises(imports.BadMapping, match=words):
        imports.mapping(str(tmp_path / "m.toml"))


def test_a_file_without_the_columns_says_which_are_missing(estate, tmp_path, capsys):
    (tmp_path / "x.csv").write_text("unique_key,status\n1,Open\n", encoding="utf-8")
    with pytest.raises(CommandError):
        bring_in(str(tmp_path / "x.csv"))
    assert (
        "These columns are not in the file: borough, city, closed_date, complaint_type"
        in capsys.readouterr().out
    )


def test_unknown_estate_file_and_mapping_are_named(estate, source, tmp_path):
    with pytest.raises(CommandError, match="no estate XX"):
        call_command("import_tickets", source(), "--estate", "XX", "--map", "nyc311")
    with pytest.raises(CommandError, match="known: nyc311"):
        call_command("import_tickets", source(), "--estate", "HT", "--map", "nyc")
    with pytest.raises(CommandError, match="is not there"):
        bring_in(str(tmp_path / "none.csv"))
