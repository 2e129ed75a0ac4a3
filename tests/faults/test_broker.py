"""The broker only wakes workers: emptied, killed or away it loses nothing (issue 2, Faults; ARCHITECTURE §3)."""

import os
import signal
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from office import escalation, outbox, sweeps
from office.models import Message, Promise, SweepFailure
from tests.cast import client_of, make_estate, make_staff, make_unit
from tests.matters import KIND, owe, owe_many
from tickets.models import Category, Ticket

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
REMINDERS = 1000 if FULL else 60
DOWN = 60 if FULL else 3  # seconds
WORKERS = 8 if FULL else 3
POISON = 20 if FULL else 3
HOUR = 3600
PATIENCE = 300  # seconds a busy machine may take; nobody waits that long for anything that comes
UNGUARDED = ("-I", "tests.faults.unguarded")


@pytest.fixture
def office(own_db):
    """An estate with everybody a promise climbs to."""
    estate = make_estate()
    for role in ("clerk", "supervisor", "director"):
        make_staff(role, (estate, role))
    return estate


@pytest.fixture
def worker(real_worker):
    """Workers that end at once with the test."""
    yield from _started(real_worker)


@pytest.fixture
def crowd(real_worker, real_beat):
    """`crowd(NAME="value")`: many workers, one clock two hours ahead and one behind, and two beats, ready for work."""

    def start(**environment):
        clocks = [2 * HOUR, -2 * HOUR] + [0] * (WORKERS - 2)
        people = [
            real_worker(*UNGUARDED, concurrency=2, ready=False, AHEAD=str(ahead), **environment)
            for ahead in clocks
        ]
        people += [real_beat("-S", "tests.faults.quick.Scheduler") for _ in range(2)]
        for process in people[:WORKERS]:
            process.await_printed("ready.")
        started.extend(people)
        return people

    started = []
    yield start
    for process in started:
        process.kill()


@pytest.fixture
def beat(real_beat):
    """Beats with the office's timetable, every entry once a second."""
    yield from _started(lambda: real_beat("-S", "tests.faults.quick.Scheduler"))


def _started(real):
    started = []

    def start(*words, **environment):
        started.append(real(*words, **environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def _due(estate, count):
    """Promises that owe all three steps: `count` reminders to each of three people."""
    clerk = estate.postings.get(role="clerk").staff
    owe_many(estate, clerk, timezone.now() - timedelta(days=30), count)


def _await_out(count, seconds=PATIENCE, besides=()):
    """Wait until every step of `count` promises has gone out; every one of them once. `besides`: those that break."""
    end = time.monotonic() + seconds
    expected = {"promise.warn": count, "promise.head": count, "promise.director": count}
    while True:
        sent = Counter(Message.objects.filter(state="sent").values_list("template", flat=True))
        if sent == expected:
            break
        assert time.monotonic() < end, sent
        time.sleep(0.2)
    levels = Promise.objects.filter(kind=KIND).exclude(pk__in=besides).values_list("level", flat=True)
    assert set(levels) == {Promise.Level.DIRECTOR}
    assert not Promise.objects.filter(pk__in=besides, level__gt=0).exists()
    assert Message.objects.count() == 3 * count
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def _kill(broker):
    for process in broker.pids():
        os.kill(process, signal.SIGKILL)
    broker.await_gone()


# --- emptied -----------------------------------------------------------------------------------------------


def test_an_emptied_broker_loses_no_reminder(office, own_redis, worker, beat):
    _due(office, REMINDERS)
    for _ in range(20):
        current_app.send_task("office.tasks.sweep_all")
    assert own_redis.say("LLEN", "celery") == ":20\r\n"
    own_redis.say("FLUSHALL")
    assert own_redis.say("LLEN", "celery") == ":0\r\n"
    printed = worker(*UNGUARDED)
    beat()
    printed.await_printed("office.tasks.sweep")
    own_redis.say("FLUSHALL")  # and once more in the middle of it
    _await_out(REMINDERS)


def test_twin_reminders_kept_in_the_broker_are_lost(office, own_redis, worker, tmp_path):
    ledger = tmp_path / "ledger"
    for _ in range(REMINDERS):
        current_app.send_task("tests.remind", (str(ledger),), countdown=1)
    own_redis.say("FLUSHALL")
    worker(*UNGUARDED)
    current_app.send_task("tests.remind", (str(ledger),))  # this one arrives: the worker does know the task
    end = time.monotonic() + PATIENCE
    while not ledger.exists() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(2)
    assert ledger.read_text() == "reminded\n"


# --- killed and away ---------------------------------------------------------------------------------------


def _take_repair(client, unit, category):
    """One repair taken at the desk, and a colleague told of it; the answer's status."""
    form = {
        "form_key": str(uuid.uuid4()),
        "reporter_name": "張小明",
        "where": f"unit:{unit.pk}",
        "reporter_phone": "138 0013 8000",
        "problem": "廚房水管漏水",
        "when": f"{timezone.localdate() + timedelta(days=1)}T13:30/17:30",
        "category": str(category.pk),
        "channel": "phone",
        "then": "open",
    }
    return client.post(reverse("tickets:intake"), form).status_code


def test_a_killed_broker_stops_no_clerk_and_loses_no_reminder(office, own_redis, worker, beat):
    unit, category = (
        make_unit(office, "3-2-1201"),
        Category.objects.filter(estate=office, stream="repair").first(),
    )
    clerk = office.postings.get(role="clerk").staff
    client = client_of(clerk)
    worker()
    beat()
    _kill(own_redis)
    _due(office, REMINDERS)
    answers, slowest, end = Counter(), 0, time.monotonic() + DOWN
    while time.monotonic() < end:
        began = time.monotonic()
        answers[_take_repair(client, unit, category)] += 1
        with transaction.atomic():  # a write that wakes a worker, as every notice does
            outbox.queue(
                "promise.warn",
                dedupe_key=str(uuid.uuid4()),
                channel="desk",
                estate=office,
                staff=clerk,
                now=timezone.now(),
            )
        slowest = max(slowest, time.monotonic() - began)
    own_redis.start()
    written = Message.objects.exclude(dedupe_key__startswith="promise:")
    print(
        f"{answers.total()} repairs taken in {DOWN} s without a broker, slowest {slowest:.2f} s: {dict(answers)}"
    )
    assert answers == {302: Ticket.objects.count()} and answers.total() == written.count() > 0
    own = written.count()
    deadline = time.monotonic() + PATIENCE
    while Message.objects.filter(state="sent").count() < 3 * REMINDERS + own:
        assert time.monotonic() < deadline, Counter(Message.objects.values_list("state", flat=True))
        time.sleep(0.2)
    assert Message.objects.count() == 3 * REMINDERS + own
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}
    assert Promise.objects.filter(level=Promise.Level.DIRECTOR).count() == REMINDERS


# --- too many of them --------------------------------------------------------------------------------------


@contextmanager
def gate_shut(kind):
    """Steps of this kind stop at their gate, who is due already read; opens when two sweeps stand before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [kind])
        yield
        end = time.monotonic() + PATIENCE
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database() "
                "WHERE locktype = 'advisory' AND NOT granted"
            )
            if cursor.fetchone()[0] > 1:
                break
            assert time.monotonic() < end, "two sweeps never met"
            time.sleep(0.05)
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [kind])


def _await_rows(rows, count, words):
    end = time.monotonic() + PATIENCE
    while rows.count() < count:
        assert time.monotonic() < end, words
        time.sleep(0.2)


def _due_in_an_hour(office, clerk, now):
    """A clock that is two hours ahead takes it for due."""
    row = owe(office, clerk, now, kind="water_test", rule="water_test")
    at = now + timedelta(hours=1)
    Promise.objects.filter(pk=row.pk).update(warn_at=at, due_at=at)
    return Promise.objects.filter(pk=row.pk, level__gt=Promise.Level.QUIET)


def test_sweeps_that_meet_have_each_effect_once_and_without_guards_twice(office, own_redis, crowd):
    """Workers and two beats at once, two clocks wrong by two hours, rows that break, the broker emptied on the way."""
    began, now = time.monotonic(), timezone.now()
    clerk = office.postings.get(role="clerk").staff
    with gate_shut(KIND):
        _due(office, REMINDERS)
        poison = [promise.pk for promise in owe_many(office, clerk, now - timedelta(days=30), POISON)]
        Promise.objects.filter(pk__in=poison).update(title="poison")
        early = _due_in_an_hour(office, clerk, now)
        people = crowd(UNGUARDED_KINDS="arrival")
    own_redis.say("FLUSHALL")
    _await_out(REMINDERS, besides=poison)
    seconds = time.monotonic() - began
    time.sleep(3)  # and they go on without having anything to do
    _await_out(REMINDERS, besides=poison)
    _await_rows(SweepFailure.objects.filter(sweep=KIND), POISON, "a poison row is not named")
    named = set(SweepFailure.objects.filter(sweep=KIND).values_list("key", flat=True))
    assert named == {str(pk) for pk in poison}
    assert not early.exists()
    print(
        f"{REMINDERS} promises, {3 * REMINDERS} steps, each once, by {WORKERS} workers and 2 beats in {seconds:.0f} s with "
        f"their start; {POISON} poison rows named and in nobody's way; two clocks wrong by 2 h; the broker emptied"
    )
    # The twin: the same sweeps about promises of a kind that has no guards. Only their warning is due.
    with gate_shut("arrival"):
        times = {"warn_at": now - timedelta(hours=1), "due_at": now + timedelta(days=1)}
        bare = [owe(office, clerk, now, kind="arrival", rule="arrival", agreed=now).pk for _ in range(5)]
        Promise.objects.filter(pk__in=bare).update(**times)
    doubled = Promise.objects.filter(pk__in=bare, level__gte=Promise.Level.HEAD)
    _await_rows(doubled, len(bare), "without guards nothing was doubled: the test proves nothing")
    assert Message.objects.count() >= 3 * REMINDERS + 2 * len(bare)
    assert all(process.child.poll() is None for process in people)


def test_twin_a_sweep_that_believes_its_workers_clock_is_early(office, own_redis, worker):
    early = _due_in_an_hour(office, office.postings.get(role="clerk").staff, timezone.now())
    worker(*UNGUARDED, concurrency=1, AHEAD=str(2 * HOUR), OWN_TIME="1")
    current_app.send_task("office.tasks.sweep", ("water_test",))
    _await_rows(early, 1, "the clock was believed and nothing was early")


def test_twin_a_sweep_that_stops_at_its_first_broken_row_takes_nobody(office, monkeypatch):
    """In this process: without asking again row by row, one poison row holds its whole kind up."""
    clerk = office.postings.get(role="clerk").staff
    rows = owe_many(office, clerk, timezone.now() - timedelta(days=30), 5)
    broken = f"{escalation.UNCHANGED} AND 1 / (CASE promise.id WHEN {rows[0].pk} THEN 0 ELSE 1 END) = 1"
    monkeypatch.setattr(escalation, "UNCHANGED", broken)
    with monkeypatch.context() as without:
        without.setattr(escalation, "DatabaseError", ZeroDivisionError)  # never raised: nothing is caught
        assert sweeps.run(KIND).error
        assert set(Promise.objects.values_list("level", flat=True)) == {0}
    result = sweeps.run(KIND)
    assert (result.done, result.failed) == (3 * 4, 1)
