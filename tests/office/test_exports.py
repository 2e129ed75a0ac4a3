"""Exports: sent while they are read, by a worker when they are long, and a sheet is never too full."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation
from python_calamine import CalamineWorkbook

from office import jobs
from office.lists import workbook
from office.models import AccessLog, Job
from tests.cast import NOW, client_of, make_person, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def desk(clerk):
    clerk.language = "en"
    clerk.save()
    return client_of(clerk)


def sheets(body):
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def people(estate, count):
    return [make_person(estate, f"住戶{n}", f"1380013{8000 + n}") for n in range(count)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_list_is_written_by_a_worker_with_the_same_filter(estate, desk, clerk, settings, kind):
    settings.EXPORT_JOB_ROWS = 2
    people(estate, 4)
    make_person(estate, "恆泰公司", kind="company")
    address = reverse("residents:people")
    answer = desk.post(f"{address}?export={kind}", {"query": "kind=person&order=-name"})
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("office:job", args=[job.pk]))
    assert not AccessLog.objects.filter(what="export").exists()  # nothing has left the house yet
    assert jobs.run_waiting(NOW.replace(year=2099)).done == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 4, 4)
    body = job.result_file.content.read()
    assert job.result_file.size == len(body)
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    else:
        (rows,) = sheets(body)
    assert [row[0] for row in rows] == ["Name", "住戶3", "住戶2", "住戶1", "住戶0"]
    line = AccessLog.objects.get(what="export")
    assert line.detail == {"list": "people", "filter": "kind=person&order=-name", "count": 4, "as": kind}
    page = desk.get(reverse("office:job", args=[job.pk])).content.decode()
    assert f"people-{job.made_at:%Y}" in page


def test_who_lost_the_right_meanwhile_gets_no_file(estate, desk, clerk, settings):
    settings.EXPORT_JOB_ROWS = 0
    people(estate, 1)
    desk.post(f"{reverse('residents:people')}?export=csv", {"query": ""})
    clerk.postings.update(role="guard")
    assert jobs.run_waiting(NOW.replace(year=2099)).failed == 1
    job = Job.objects.get()
    assert (job.error, job.result_file) == ("You may no longer open this list.", None)


def test_the_first_bytes_come_before_the_rows_are_read():
    """Nothing is collected: blocks are out long before the source has given all of its rows."""
    asked = []

    def chunks():
        for number in range(200):
            asked.append(number)
            cells = "".join(workbook.cell(f"{number}-{place}-{number**place}") for place in range(300))
            yield f"<row>{cells}</row>", 1

    blocks = workbook.stream(["x"], chunks())
    assert next(blocks)[:2] == b"PK"
    assert asked == []
    while len(asked) < 100:
        assert len(next(blocks)) < 4 * workbook.BLOCK
    assert len(asked) < 200


def test_a_full_sheet_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 4)
    chunks = [("".join(f"<row>{workbook.cell(f'{n}-{m}')}</row>" for m in range(2)), 2) for n in range(5)]
    found = sheets(b"".join(workbook.stream(["Head"], chunks)))
    assert [len(rows) for rows in found] == [5, 5, 3]
    assert [rows[0] for rows in found] == [["Head"]] * 3
    assert [row[0] for row in found[2][1:]] == ["4-0", "4-1"]


def test_a_workbook_without_rows_has_its_head():
    assert sheets(b"".join(workbook.stream(["A", "B"], []))) == [[["A", "B"]]]


def test_every_kind_of_value_comes_back(estate):
    values = [
        "text", "<b>&amp;</b>", " space ", "two\nlines", "a\rb", "_x000D_", "\x01bell", "=1+1", True, 7, Decimal("12.50"),
        date(2020, 2, 29), datetime(2026, 3, 12, 1, 2, 3, tzinfo=UTC), 10**18,
    ]  # fmt: skip
    cells = "".join(workbook.cell(value) for value in values)
    (rows,) = sheets(b"".join(workbook.stream(["x"] * len(values), [(f"<row>{cells}</row>", 1)])))
    as_the_clock_said = datetime(2026, 3, 12, 9, 2, 3)  # noqa: DTZ001  a workbook knows no zone
    assert rows[1] == [
        "text", "<b>&amp;</b>", " space ", "two\nlines", "a\rb", "_x000D_", "bell", "=1+1", True, 7.0, 12.5,
        date(2020, 2, 29), as_the_clock_said, str(10**18),
    ]  # fmt: skip


def test_rows_by_the_column_are_the_cells_one_by_one():
    texts = ["", "plain", "=1+1", "+852", "a<b", "two\nlines", "_x0041_", "x" * 40_000, "'", "'=1"]
    got = workbook.rows_of([None, 0, workbook.MONEY], [(text, "5", "") for text in texts])
    want = "".join(
        f"<row>{workbook.cell(text)}{workbook.cell(5)}{workbook.cell(None)}</row>" for text in texts
    )
    assert got == want


def test_units_keep_their_numbers_days_and_whole_notes(estate, desk):
    make_unit(
        estate, "3-2-1201", area=Decimal("88.50"), handed_over_on=date(2025, 6, 1), note="line 1\nline 2"
    )
    answer = desk.post(f"{reverse('residents:units')}?export=xlsx", {"query": ""})
    (rows,) = sheets(b"".join(answer.streaming_content))
    row = dict(zip(rows[0], rows[1], strict=True))
    assert (row["Unit"], row["Area (m²)"], row["Handed over on"], row["note"]) == (
        "3-2-1201", 88.5, date(2025, 6, 1), "line 1\nline 2",
    )  # fmt: skip
