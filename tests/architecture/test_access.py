"""Walks the URLconf against the reviewed table: every pattern × every role × GET and POST.

One set-up for the whole file; every case runs in a savepoint that is rolled back. What a GET wrote is read from
PostgreSQL's own counters of this transaction, which also count what was taken back before the answer.
"""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from office import roles
from office.checks import patterns
from tests.architecture.access_table import NOBODY, OWN_BUSINESS, TABLE, Line
from tests.architecture.world import World
from tests.paper import draws_once

READ_ONLY = {"office_accesslog", "django_session"}  # what a GET may write


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), draws_once():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            made = World()
            made.clients = {}
            for role, staff in [*made.cast.items(), (NOBODY, None)]:
                made.clients[role] = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")
                if staff:
                    made.clients[role].force_login(staff)
            yield made
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


def lines():
    return [pytest.param(line, id=line.name) for line in TABLE]


def written():
    """{table: rows inserted, updated or deleted} by this transaction until now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


class Case:
    """One request in a savepoint: its answer, what it wrote, and the named value before and after."""

    def __init__(self, world, line, role, method, address, data):
        client = world.clients[role]
        cookies = client.cookies.copy()
        before = written()
        with transaction.atomic():
            self.value_before = line.changes(world) if line.changes else None
            send = client.get if method == "GET" else client.post
            response = send(address, data if method == "POST" else None, headers=line.headers)
            self.status = response.status_code
            if problem := getattr(response, "exc_info", None):
                self.status = f"{self.status} {problem[0].__name__}: {problem[1]}"[:300]
            self.location = response.headers.get("Location", "")
            streaming = getattr(response, "streaming", False)
            self.body = b"".join(response.streaming_content) if streaming else response.content
            self.value_after = line.changes(world) if line.changes else None
            transaction.set_rollback(True)
        after = written()
        self.wrote = {
            table for table, rows in after.items() if rows != before.get(table, 0) and table not in READ_ONLY
        }
        client.cookies = cookies


def expected(line, role):
    """((GET answers), (POST answers)) this line promises `role`."""
    opens, writes = line.opens.split(), (line.writes or line.opens).split()
    if role in line.others:
        get, post = line.others[role]
        return (get,), (post,)
    if role == NOBODY:
        if line.public:
            return (200, line.get), (200, line.post)
        return (302,), (302,)
    if role == "stranger":
        if line.args:
            return (line.get if line.get == 405 else 404,), (line.post if line.post == 405 else 404,)
        return (line.get,), (line.post, *line.stranger) if line.public else (
            line.stranger if line.post != 405 else (405,)
        )
    if role not in opens:
        return (403,), (403,)
    return (line.get,), (line.post if role in writes or line.post == 405 else 403,)


def test_every_url_has_a_line_and_every_line_a_url():
    names = [name for name, _route, _view in patterns()]
    unnamed = [route for name, route, _view in patterns() if not name]
    assert not unnamed, f"URLs without a name cannot be reviewed: {unnamed}"
    listed = [line.name for line in TABLE]
    missing = sorted(set(names) - set(listed))
    assert not missing, f"add a Line to tests/architecture/access_table.py for: {', '.join(missing)}"
    stale = sorted(set(listed) - set(names))
    assert not stale, (
        f"no such URL any more, strike from tests/architecture/access_table.py: {', '.join(stale)}"
    )
    doubled = sorted({name for name in listed if listed.count(name) > 1})
    assert not doubled, f"more than one Line for: {', '.join(doubled)}"


@pytest.mark.parametrize("line", lines())
def test_a_line_is_about_a_named_row_and_somebody_reaches_it(line):
    assert line.opens.split(), "nobody may open it"
    assert set(line.opens.split()) <= set(roles.ROLES), "unknown role"
    assert line.shows or line.changes or line.plain, (
        "say what row it shows or changes, or in `plain` why none"
    )


@pytest.mark.parametrize("line", lines())
def test_the_answers_are_those_of_the_table(world, line: Line):
    kwargs = line.args(world) if line.args else None
    address = reverse(line.name, kwargs=kwargs)
    data = line.data(world) if line.data else {}
    for value in (line.shows, line.changes):
        if value:
            value(world)  # its rows are made here, outside the savepoints
    wrong = []
    for role in [*roles.ROLES, "stranger", NOBODY]:
        gets, posts = expected(line, role)
        get = Case(world, line, role, "GET", address, data)
        if get.status not in gets:
            wrong.append(f"GET by {role}: {get.status}, table says {gets}")
        if get.wrote:
            wrong.append(f"GET by {role} wrote to {', '.join(sorted(get.wrote))}")
        named = line.shows and str(line.shows(world)).encode() in get.body
        opens = role in line.opens.split()
        if opens and line.shows and line.get == 200 and get.status == 200 and not named:
            wrong.append(f"GET by {role} does not show {line.shows(world)!r}")
        post = Case(world, line, role, "POST", address, data)
        if post.status not in posts:
            wrong.append(f"POST by {role}: {post.status}, table says {posts}")
        changed = post.value_before != post.value_after
        may_write = (
            opens
            and role not in line.others
            and role in (line.writes or line.opens).split()
            and line.post in (200, 302)
        )
        if line.changes and may_write and not changed:
            wrong.append(f"POST by {role} changed nothing")
        if line.changes and not line.public and changed and role == NOBODY:
            wrong.append("POST by nobody changed something")
        if line.changes and changed and not may_write and role != "stranger":
            wrong.append(f"POST by {role} changed something")
        if role == NOBODY and not line.public and "/account/login/" not in get.location:
            wrong.append("GET by nobody does not lead to the log-in")
    assert not wrong, f"{line.name} ({address}):\n  " + "\n  ".join(wrong)


@pytest.mark.parametrize("line", [row for row in lines() if row.values[0].args and row.values[0].changes])
def test_the_stranger_changes_no_row_of_ours(world, line: Line):
    if "stranger" in line.others:
        pytest.skip("the address names no row of an estate")
    data = line.data(world) if line.data else {}
    case = Case(world, line, "stranger", "POST", reverse(line.name, kwargs=line.args(world)), data)
    assert case.status == 404
    assert case.value_before == case.value_after


def test_the_auditor_changes_nothing_of_the_office():
    writes = {
        line.name
        for line in TABLE
        if line.post in (200, 302) and "auditor" in (line.writes or line.opens).split() and line.changes
    }
    assert writes <= OWN_BUSINESS


def test_a_get_that_writes_is_found_out(world, monkeypatch):
    """The twin: without it the counters could be silently empty."""
    from office.models import Heartbeat
    from office.views import reminders

    def writing():
        Heartbeat.objects.update_or_create(name="walk", defaults={"at": world.now})
        return {}

    monkeypatch.setattr(reminders, "heartbeats", writing)
    line = next(line for line in TABLE if line.name == "office:reminders")
    case = Case(world, line, "supervisor", "GET", reverse(line.name), {})
    assert (case.status, case.wrote) == (200, {"office_heartbeat"})
