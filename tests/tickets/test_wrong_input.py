"""Wrong input to every page of the repairs: an answer at the place, never a 500, and nothing written.

The forms that succeed stand in the access table; here all of their fields at once, then each in turn, hold what no
form expects. Pages are asked with the same values in every parameter of their address.
"""

from functools import partialmethod

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from office.models import Event
from tests.architecture.access_table import TABLE
from tests.architecture.world import World
from tests.conftest import FULL
from tests.paper import draws_once

ABSURD = {
    "empty": "",
    "blank": " \u3000 ",
    "NUL": "a\x00b",
    "last day": "9999-12-31",
    "first day": "0001-01-01",
    "last minute": "9999-12-31T23:59",
    "first minute": "0001-01-01T00:00",
    "long number": "9" * 400,
    "big number": "9" * 19,
    "negative": "-1",
    "no number": "NaN",
    "no end": "1e999",
    "other digits": "²٣𝟜",
    "long": "管" * 20_000,
    "marks": "<script>\u202e\ufeff🛠%s{0}%(x)s'\";--",
}
SHARP = ("NUL", "last day", "last minute", "big number")  # those that pass the first check of some field
EXTRA = (
    "form_key",
    "version",
    "back",
    "file_ids",
    "lines-TOTAL_FORMS",
    "lines-0-quantity",
    "lines-0-price",
    "skip",
    "repeat_of",
)
PARAMETERS = [
    "q",
    "day",
    "technician",
    "unit",
    "person",
    "asset",
    "order",
    "after",
    "before",
    "page",
    "ticket",
    "skip",
    "how",
    "back",
    "size",
    "number",
    "where",
    "category",
    "month",
    "from",
    "to",
    "since",
    "until",
    "state",
    "sort",
    "repeat_of",
    "opened_from",
    "opened_to",
    "due",
    "reporter_name",
    "now",
    "for",
    "query",
]
LINES = [line for line in TABLE if line.name.startswith("tickets:")]


def lines(method):
    return [pytest.param(line, id=line.name) for line in LINES if getattr(line, method) != 405]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic(), draws_once():
        made = World()
        made.clients = {}
        for role, staff in made.cast.items():
            made.clients[role] = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")
            made.clients[role].force_login(staff)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def read(monkeypatch):
    """The names that views have looked for in what they were sent, growing with every request."""
    names = set()

    def looked_for(given, name, *rest, plain):
        names.add(name)
        return plain(given, name, *rest)

    for way in ("__getitem__", "__contains__", "get", "getlist", "pop"):
        plain = getattr(QueryDict, way)
        monkeypatch.setattr(QueryDict, way, partialmethod(looked_for, plain=plain))
    for way in ("items", "lists", "keys", "values", "dict", "urlencode", "__iter__"):
        plain = getattr(QueryDict, way)

        def all_of_them(given, *rest, plain=plain):
            names.update(EXTRA)
            return plain(given, *rest)

        monkeypatch.setattr(QueryDict, way, all_of_them)
    return names


def ask(world, line, method, data):
    """(status, what went wrong, whether all is as it was) of one request, which is taken back afterwards."""
    client = world.clients[(line.writes or line.opens).split()[-1]]
    address = reverse(line.name, kwargs=line.args(world) if line.args else None)
    before = written(world, line)  # outside: rows the world makes as it is asked for them must stay
    with transaction.atomic():
        response = getattr(client, method)(address, data)
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)
        problem = getattr(response, "exc_info", None)
        same = response.status_code < 500 and before == written(world, line)
        transaction.set_rollback(True)
    return response.status_code, f"{problem[0].__name__}: {problem[1]}"[:200] if problem else "", same


def written(world, line):
    return Event.objects.count(), line.changes(world) if line.changes else None


@pytest.mark.parametrize("line", lines("post"))
def test_no_absurd_field_breaks_a_form_or_writes_anything(world, line, read):
    valid = line.data(world) if line.data else {}
    if line.changes:
        line.changes(world)  # its rows are made here, outside the savepoints
    wrong = []

    def post(field, name, data):
        status, problem, same = ask(world, line, "post", data)
        if status >= 500:
            wrong.append(f"{field} = {name}: {status} {problem}")
        elif status >= 400 and not same:
            wrong.append(f"{field} = {name}: {status}, yet something was written")

    for name, value in ABSURD.items():
        post("all", name, dict.fromkeys([*valid, *EXTRA], value))
    ask(world, line, "post", valid)
    waiting = dict.fromkeys([*valid, *EXTRA])
    # In turn whatever has been looked for by then; what no request made a view look for can break nothing.
    while field := next((field for field in waiting if field in valid or field in read), None):
        del waiting[field]
        for name in SHARP if FULL else SHARP[len(waiting) % 2 :: 2]:
            post(field, name, valid | {field: ABSURD[name]})
    assert not wrong, f"{line.name}:\n  " + "\n  ".join(wrong)


@pytest.mark.parametrize("line", lines("get"))
def test_no_absurd_address_breaks_a_page(world, line):
    wrong = []
    absurd = {name: ABSURD[name] for name in SHARP} if "pdf" in line.name else ABSURD  # a PDF takes its time
    for name, value in absurd.items():
        status, problem, _same = ask(world, line, "get", dict.fromkeys(PARAMETERS, value[:2000]))
        if status >= 500:
            wrong.append(f"{name}: {status} {problem}")
    assert not wrong, f"{line.name}:\n  " + "\n  ".join(wrong)
