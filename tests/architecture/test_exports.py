"""Every list the project declares, found by itself: what is filtered is what is exported, in its order, harmless and whole.

The lists are found in the modules, their pages by walking the access table; a list without a page, or without an
export, fails here. The rows are the walk's own, some of them with texts a spreadsheet would run.
"""

import csv
import inspect
import io
import re
import sys
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from office import formulas, lists, phrases
from office.checks import patterns
from office.lists import copying
from office.models import AccessLog, Unit
from residents.models import Person
from tests.architecture.access_table import TABLE
from tests.architecture.world import World
from tickets.models import CallbackTry, Ticket

RISKY_TEXTS = (
    "=1+1",
    "+852 1234",
    "-2",
    "@here",
    "'=quoted",
    "'plain",
    "<b>&amp;",
    "a_x000D_b",
    "two\nlines",
    "，、",
)
# What tells somebody apart. A list that shows one of these is personal: its exports are logged.
PERSONAL = re.compile(
    r"(^|__|_)(reporter_name|reporter_phone|person|phone|phones|numbers|holder|visitor|applicant|email|born_on|"
    r"plate|owners|remark|taken_by|told_by|caller|contact)(_|__|$)"
)


def declared_lists():
    """{name: List} of every list in the project's modules."""
    found = {}
    for name, module in sorted(sys.modules.items()):
        if (
            name.split(".")[0] in ("office", "residents", "billing", "tickets", "config")
            and module is not None
        ):
            for value in vars(module).values():
                if isinstance(value, lists.List):
                    found[value.name] = value
    return found


class Page:
    """A list's page as one person of the cast sees it."""

    def __init__(self, client, address, role):
        self.client, self.address, self.role = client, address, role

    def get(self, query=""):
        return self.client.get(f"{self.address}?{query}" if query else self.address).context["page"]

    def rows(self, query=""):
        """First cells of all pages."""
        found, page = [], self.get(query)
        while True:
            found += [row["cells"][0]["text"] for row in page.rows]
            if not page.next_url:
                return found
            page = self.get(page.next_url.partition("?")[2])

    def export(self, kind, query=""):
        answer = self.client.post(f"{self.address}?export={kind}", {"query": query})
        assert answer.status_code == 200, (self.address, answer.status_code)
        body = b"".join(answer.streaming_content)
        if kind == "csv":
            assert body.startswith(b"\xef\xbb\xbf")
            return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
        return [[_said(value) for value in row] for row in rows]


def _said(value):
    """A cell of the workbook as the CSV says it."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


@pytest.fixture(scope="module")
def pages(django_db_setup, django_db_blocker):
    """{list name: Page} of every list there is a page for."""

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            world = World()
            clients = {}
            for role, staff in world.cast.items():
                clients[role] = Client(HTTP_ACCEPT_LANGUAGE="en")
                clients[role].force_login(staff)
            found, open_lines = (
                {},
                [line for line in TABLE if line.get == 200 and not line.public and _draws_a_list(line)],
            )
            for line in open_lines:
                for make in (line.args, line.shows):
                    if callable(make):
                        make(world)
            poison()
            for line in open_lines:
                address = reverse(line.name, kwargs=line.args(world) if line.args else None)
                # Who may do most sees the export, when anybody does.
                role = next(
                    (one for one in ("supervisor", "director", "admin") if one in line.opens.split()),
                    line.opens.split()[0],
                )
                page = (clients[role].get(address).context or {}).get("page")
                if isinstance(page, lists.ListPage):
                    if not page.export_urls and "admin" in line.opens.split():
                        role = "admin"
                    if page.rows and not page.export_urls and "auditor" in line.opens.split():
                        role = "auditor"
                    found.setdefault(page.name, Page(clients[role], address, role))
            yield found
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


def _draws_a_list(line):
    """Asked of the view's text, so that a hundred other pages need not be drawn."""
    view = next(view for name, _route, view in patterns() if name == line.name)
    text = inspect.getsource(inspect.unwrap(view))
    return "lists.render(" in text or "_page(request, unit)" in text


def poison():
    """Texts a spreadsheet would run, in rows of every room."""
    for model, names in (
        (Person, ("name", "address", "note")),
        (Unit, ("note", "use")),
        (Ticket, ("problem", "reporter_name", "place")),
        (CallbackTry, ("remark",)),
    ):
        for number, pk in enumerate(model.objects.order_by("pk").values_list("pk", flat=True)):
            text = RISKY_TEXTS[number % len(RISKY_TEXTS)]
            model.objects.filter(pk=pk).update(**dict.fromkeys(names, text[:40]))


def test_every_declared_list_has_a_page_and_an_export(pages):
    declared = declared_lists()
    assert set(pages) == set(declared)
    assert [name for name, one in declared.items() if not one.export_permission] == []


def test_lists_about_people_log_their_exports():
    for name, one in declared_lists().items():
        sources = [column.source for column in one.columns if isinstance(column.source, str)]
        telling = [field for field in (*one.fields, *sources) if PERSONAL.search(field)]
        assert one.personal or not telling, (name, telling)


def test_what_is_filtered_is_what_is_exported(pages):
    """The whole list, each of its orders backwards, and every choice of every filter: as many rows, in that order."""
    declared = declared_lists()
    for name, page in pages.items():
        shown = page.get()
        assert shown.export_urls or not shown.rows, (name, page.role)
        if not shown.export_urls:
            continue
        queries = ["", *(f"order=-{order}" for order in declared[name].orders)]
        for key, field in shown.form.fields.items() if shown.form else ():
            choices = [value for value, _label in getattr(field, "choices", ()) if value]
            queries += [urlencode({key: str(getattr(value, "value", value))}) for value in choices[:1]]
        first = next(column for column in declared[name].columns if column.shown)
        if name == "access":
            queries = []  # exporting it adds a line to it
        for query in queries:
            wanted = page.rows(query)
            lines = page.export("csv", query)
            assert len(lines) == len(wanted) + 1, (name, query)
            if first.exported and first.source is None and first.value is None:
                cells = [formulas.unguarded(line[0]) for line in lines[1:]]
                assert cells == wanted, (name, query)


def test_both_kinds_say_the_same_and_nothing_runs(pages):
    compared = 0
    for name, page in pages.items():
        if not page.get().export_urls or name == "access":  # exporting it adds a line to it
            continue
        lines, cells = page.export("csv"), page.export("xlsx")
        assert len(lines) == len(cells), name
        for line, row in zip(lines, cells, strict=True):
            row += [""] * (len(line) - len(row))
            for text, value in zip(line, row, strict=True):
                number = re.fullmatch(r"-?\d+(\.\d+)?", text)
                assert number or text == "" or text[0] not in formulas.FIRST, (name, text)
                plain = formulas.unguarded(text)
                assert not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", text), (
                    name,
                    "moments are exported to the second",
                    text,
                )
                compared += plain == value or (number is not None and float(text) == float(value))
                midnight = (
                    plain.removesuffix(" 00:00:00") == value
                )  # a workbook's moment without a time is a day
                assert plain == value or number or midnight or _yes(plain, value), (name, plain, value)
    assert compared > 100


def _yes(text, value):
    return (text, value) in (("yes", "True"), ("no", "False"))


def test_poison_comes_back_as_it_was(pages):
    """The texts a spreadsheet would run stand in both files, marked in the one and as texts in the other."""
    line = {formulas.unguarded(row[0]) for row in pages["people"].export("csv")}
    names = set(Person.objects.values_list("name", flat=True))
    assert line >= names & set(RISKY_TEXTS)
    assert {row[0] for row in pages["people"].export("xlsx")} >= names & set(RISKY_TEXTS)


def test_exports_of_people_are_logged_with_filter_and_count(pages):
    page = pages["people"]
    page.export("csv", "kind=person")
    line = AccessLog.objects.filter(what="export").latest("pk")
    assert line.detail == {
        "list": "people",
        "filter": "kind=person",
        "count": len(page.rows("kind=person")),
        "as": "csv",
    }


def test_the_database_writes_what_the_page_would(pages):
    """Lists the database writes by itself, against the same lists row by row in Python."""
    declared, seen = declared_lists(), 0
    for name, page in pages.items():
        columns = [column for column in declared[name].columns if column.exported]
        if not copying.can(columns) or not page.get().export_urls:
            continue
        fast = page.export("csv")
        texts = [
            place
            for place, column in enumerate(columns)
            if column.text and column.kind in ("text", "state", "unit")
        ]
        shown = {
            column.key: place
            for place, column in enumerate(column for column in declared[name].columns if column.shown)
        }
        for place in texts:
            if columns[place].key not in shown or columns[place].key == "problem":
                continue
            cells = []
            listed = page.get()
            for row in listed.rows:
                cells.append(str(row["cells"][shown[columns[place].key]]["text"]))
            got = [formulas.unguarded(line[place]) for line in fast[1:]]
            seen += 1
            assert [_short(text) for text in got] == [_short(text) for text in cells], (
                name,
                columns[place].key,
            )
    assert seen > 5


def _short(text):
    """Moments are exported to the second and shown to the minute."""
    return re.sub(r"^(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d$", r"\1", text)


@pytest.mark.parametrize("text", [*RISKY_TEXTS, "", "''", "'", "''=x", "\t1", "\r2", "＝3"])
def test_marks_are_taken_off_as_they_were_put_on(text):
    assert formulas.unguarded(formulas.guarded(text)) == text
    assert formulas.guarded(text)[:1] not in formulas.FIRST or text == ""
    assert phrases.listed([text]) == text
