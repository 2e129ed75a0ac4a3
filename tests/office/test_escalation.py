"""Each step once, in order, to the right person, also after an outage (SPEC §0 "Escalation", §1 heads and deputies)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from office import escalation, outbox, promises, sweeps
from office.models import DepartmentHead, Message, Promise
from office.sweeps import Result
from tests import databases
from tests.cast import NOW, make_estate, make_staff, post
from tests.matters import KIND, SECOND, matter, owe, owe_many

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def chair(estate, lead, supervisor):
    """The front desk's head and deputy."""
    head = make_staff("head", (estate, "clerk"))
    deputy = make_staff("deputy", (estate, "clerk"))
    row, _ = DepartmentHead.objects.update_or_create(
        estate=estate, department="front_desk", defaults={"head": head, "deputy": deputy}
    )
    return row


def told():
    """(template, user name) of every message, in the order they were written."""
    return list(Message.objects.order_by("pk").values_list("template", "staff__username"))


# --- the ladder --------------------------------------------------------------------------------------------


def test_owner_then_head_then_director_each_at_its_time(estate, clerk, director, chair):
    promise = owe(estate, clerk, NOW)
    warn, due, late = promise.warn_at, promise.due_at, promise.director_at

    assert escalation.climb(KIND, warn - SECOND) == Result()
    assert escalation.climb(KIND, warn) == Result(found=1, done=1)
    assert told() == [("promise.warn", "clerk")]
    assert escalation.climb(KIND, due - SECOND) == Result()
    assert escalation.climb(KIND, due) == Result(found=1, done=1)
    assert told()[1:] == [("promise.head", "head")]
    assert escalation.climb(KIND, late - SECOND) == Result()
    assert escalation.climb(KIND, late) == Result(found=1, done=1)
    assert told()[2:] == [("promise.director", "director")]
    assert escalation.climb(KIND, late + 400 * DAY) == Result()

    promise.refresh_from_db()
    assert (promise.warned_at, promise.head_at, promise.director_told_at) == (warn, due, late)
    assert (promise.level, promise.next_step_at) == (Promise.Level.DIRECTOR, None)


def test_specified_hours_of_a_day_limit(estate, clerk, zone):
    promise = owe(estate, clerk, NOW)
    local = [
        f"{moment.astimezone(zone):%m-%d %H:%M}"
        for moment in (promise.warn_at, promise.due_at, promise.director_at)
    ]
    assert local == ["03-14 09:00", "03-15 00:00", "03-16 00:00"]


@pytest.fixture
def zone(estate):
    return estate.zone


def test_a_kind_that_never_climbs_to_the_director_stops_at_the_head(estate, clerk, chair):
    promise = owe(
        estate, clerk, NOW, kind="arrival", rule="arrival", agreed=NOW + HOUR, department="front_desk"
    )
    escalation.climb("arrival", NOW + 30 * DAY)
    assert told() == [("promise.warn", "clerk"), ("promise.head", "head")]
    promise.refresh_from_db()
    assert (promise.level, promise.next_step_at) == (Promise.Level.HEAD, None)


@pytest.mark.parametrize(
    ("gone", "heard"),
    [
        (set(), ["head"]),
        ({"head"}, ["deputy"]),
        ({"head", "deputy"}, ["second", "supervisor"]),
        ({"head", "deputy", "supervisor"}, ["second"]),
        ({"head", "deputy", "supervisor", "second"}, ["director"]),
    ],
)
def test_a_vacant_chair_is_passed_over(estate, clerk, supervisor, director, chair, gone, heard):
    people = {person.username: person for person in (chair.head, chair.deputy, supervisor, director)}
    people["second"] = make_staff("second", (estate, "supervisor"))
    for name in gone:
        people[name].is_active = False
        people[name].save()
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.due_at)
    assert [name for template, name in sorted(told()) if template == "promise.head"] == heard


def test_no_head_named_at_all(estate, clerk, supervisor):
    DepartmentHead.objects.filter(estate=estate).delete()
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.due_at)
    assert told() == [("promise.warn", "clerk"), ("promise.head", "supervisor")]


@pytest.mark.parametrize("why", ["inactive", "posted elsewhere", "nobody"])
def test_a_warning_without_owner_goes_to_the_head(estate, elsewhere, clerk, chair, why):
    if why == "inactive":
        clerk.is_active = False
        clerk.save()
    elif why == "posted elsewhere":
        clerk.postings.all().delete()
        post(clerk, elsewhere, "clerk")
    promise = owe(estate, None if why == "nobody" else clerk, NOW)
    escalation.climb(KIND, promise.warn_at)
    assert told() == [("promise.warn", "head")]


def test_without_a_director_the_supervisors_hear_of_it(estate, clerk, supervisor, chair):
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    assert told()[2:] == [("promise.director", "supervisor")]


def test_every_director_hears_of_it(estate, clerk, director, chair):
    make_staff("another", (estate, "director"))
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    assert sorted(told()[2:]) == [("promise.director", "another"), ("promise.director", "director")]


def test_nobody_left_at_all_still_climbs(estate, clerk):
    DepartmentHead.objects.all().delete()
    clerk.is_active = False
    clerk.save()
    promise = owe(estate, clerk, NOW)
    assert escalation.climb(KIND, promise.director_at) == Result(found=3, done=3)
    assert told() == []


def test_the_department_decides_which_head(estate, clerk, lead, chair):
    DepartmentHead.objects.update_or_create(
        estate=estate, department="repair", defaults={"head": lead, "deputy": None}
    )
    promise = owe(estate, clerk, NOW, department="repair")
    escalation.climb(KIND, promise.due_at)
    assert told()[1:] == [("promise.head", "lead")]


def test_another_estate_hears_nothing(estate, elsewhere, stranger, clerk, chair):
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    assert not Message.objects.filter(staff=stranger).exists()
    assert set(Message.objects.values_list("estate_id", flat=True)) == {estate.pk}


# --- what climbs and what does not -------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["kept", "cancelled", "extended", "unreachable"])
def test_a_closed_promise_stays_where_it_is(estate, clerk, outcome):
    promise = owe(estate, clerk, NOW)
    promises.close([promise], outcome, at=NOW + HOUR, by=clerk)
    assert escalation.climb(KIND, NOW + 30 * DAY) == Result()
    assert told() == []


def test_an_extension_climbs_by_its_own_time(estate, clerk, chair):
    subject = matter()
    old = owe(estate, clerk, NOW, subject=subject)
    new = promises.extend(
        old, new_due_at=NOW + 10 * DAY, estate=estate, subject=subject, by=clerk, now=NOW, reason="parts"
    )
    assert escalation.climb(KIND, old.director_at) == Result()
    assert escalation.climb(KIND, new.due_at) == Result(found=2, done=2)


def test_each_kind_is_a_sweep_of_its_own(estate, clerk):
    owe(estate, clerk, NOW, kind="waiting", rule="waiting", agreed=NOW + HOUR)
    assert escalation.climb(KIND, NOW + 9 * DAY) == Result()
    assert escalation.climb("waiting", NOW + 9 * DAY) == Result(found=2, done=2)


def test_every_kind_of_promise_has_a_sweep_with_words():
    assert set(promises.KINDS) | {"messages"} <= set(sweeps.REGISTRY)
    for kind in promises.KINDS.values():
        sweep = sweeps.REGISTRY[kind.name]
        assert str(sweep.label) == str(kind.label)
        assert str(sweep.rule) == "; ".join(str(rule.label) for rule in kind.rules)


# --- late, twice, in parallel ------------------------------------------------------------------------------


def test_an_outage_is_caught_up_with_every_step_once_and_in_order(estate, clerk, director, chair):
    first, second = owe(estate, clerk, NOW), owe(estate, clerk, NOW - DAY)
    back = first.director_at + 3 * DAY
    assert escalation.climb(KIND, back) == Result(found=6, done=6)
    assert escalation.climb(KIND, back) == Result()
    for promise in (first, second):
        rows = Message.objects.filter(subject_id=promise.subject_id).order_by("pk")
        assert [row.template for row in rows] == ["promise.warn", "promise.head", "promise.director"]
        late = [
            int((back - moment).total_seconds())
            for moment in (promise.warn_at, promise.due_at, promise.director_at)
        ]
        assert [row.data["late_seconds"] for row in rows] == late
        promise.refresh_from_db()
        assert (promise.warned_at, promise.head_at, promise.director_told_at) == (back, back, back)


def test_a_promise_born_overdue_climbs_to_the_head_at_once(estate, clerk, chair):
    promise = owe(estate, clerk, NOW - 3 * DAY, now=NOW)
    assert promise.due_at < NOW < promise.director_at
    assert escalation.climb(KIND, NOW) == Result(found=2, done=2)
    assert told() == [("promise.warn", "clerk"), ("promise.head", "head")]


def test_the_words_of_a_step(estate, clerk, chair):
    promise = owe(estate, clerk, NOW, title="R2026-000001 3-2-1201")
    escalation.climb(KIND, promise.due_at + 3 * HOUR)
    warn, head = Message.objects.order_by("pk")
    assert outbox.text(head, "en") == (
        "Overdue: callback, R2026-000001 3-2-1201",
        "callback, R2026-000001 3-2-1201 was due at 2026-03-15 00:00 and is still open. This notice comes 3 hours late.",
    )
    assert warn.dedupe_key == f"promise:{promise.pk}:1:{clerk.pk}"
    assert (warn.subject_kind, warn.subject_id) == (promise.subject_kind, promise.subject_id)


def test_more_than_a_batch(estate, clerk, monkeypatch):
    monkeypatch.setattr(escalation, "BATCH", 7)
    rows = owe_many(estate, clerk, NOW, 20)
    assert escalation.climb(KIND, rows[0].warn_at) == Result(found=20, done=20)
    assert Message.objects.count() == 20


def test_a_message_already_written_is_not_written_twice(estate, clerk):
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.warn_at)
    Promise.objects.update(level=0)  # as a restored backup would have it
    escalation.climb(KIND, promise.warn_at)
    assert told() == [("promise.warn", "clerk")]


def _race(database):
    """One sweep holds its batch uncommitted while a second one runs; what both did."""
    estate = make_estate()
    clerk = make_staff("clerk", (estate, "clerk"))
    make_staff("supervisor", (estate, "supervisor"))
    promise = owe(estate, clerk, NOW)
    second = []

    def run():
        try:
            second.append(escalation.climb(KIND, promise.warn_at))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        first = escalation.climb(KIND, promise.warn_at)
        thread.start()
        # Over, or waiting for our row: either way it has looked while we had not committed.
        while True:
            thread.join(0.02)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_stat_clear_snapshot()"
                )  # else this transaction sees the first answer for ever
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
                    [database],
                )
                if not thread.is_alive() or cursor.fetchone()[0]:
                    break
    thread.join(60)
    promise.refresh_from_db()
    return first, second[0], promise.level, Message.objects.count()


def test_two_sweeps_at_once_take_each_step_once(own_db):
    assert _race(own_db) == (Result(found=1, done=1), Result(), Promise.Level.WARNED, 1)


def test_twin_without_lock_and_level_the_step_is_taken_twice(monkeypatch, own_db):
    monkeypatch.setattr(escalation, "LOCK", "")
    monkeypatch.setattr(escalation, "UNCHANGED", "")
    _first, _second, level, messages = _race(own_db)
    assert (level, messages) == (Promise.Level.HEAD, 2)


def test_twin_the_level_alone_protects(monkeypatch, own_db):
    monkeypatch.setattr(escalation, "LOCK", "")
    assert _race(own_db)[2:] == (Promise.Level.WARNED, 1)


# --- what would happen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [(), ("clerk",), ("head", "deputy"), ("head", "deputy", "supervisor")])
@pytest.mark.parametrize("late", [timedelta(), DAY, 5 * DAY])
def test_foreseen_is_what_happens(estate, clerk, supervisor, director, chair, gone, late):
    """Step for step and person for person what the sweep then writes down, whoever is missing."""
    people = {person.username: person for person in (clerk, chair.head, chair.deputy, supervisor)}
    for name in gone:
        people[name].is_active = False
        people[name].save()
    first = owe(estate, clerk, NOW)
    owe(estate, None, NOW - DAY), owe(estate, clerk, NOW, department="repair")
    owe(estate, clerk, NOW - 9 * DAY, now=NOW - 9 * DAY)
    now = first.warn_at + late
    foreseen = escalation.foresee(KIND, now, [estate.pk], 100)
    assert foreseen.count == len(foreseen.rows) == escalation.climb(KIND, now).done
    words = {name: str(escalation.STEP_WORDS[step]) for step, name in escalation.TEMPLATES.items()}
    written = {
        (row.subject_id, words[row.template], row.staff.local_name)
        for row in Message.objects.select_related("staff")
    }
    assert written == {(row.subject_id, str(row.step), who) for row in foreseen.rows for who in row.told}


def test_foreseeing_is_a_handful_of_queries(estate, clerk, django_assert_num_queries):
    owe_many(estate, clerk, NOW, 30)
    with django_assert_num_queries(5):  # the rows, postings, chairs, who is present, names
        escalation.foresee(KIND, NOW + DAY * 9, [estate.pk], 100)


# --- rows that break ---------------------------------------------------------------------------------------


def test_a_row_the_database_refuses_stops_nobody(estate, clerk, monkeypatch, caplog):
    rows = owe_many(estate, clerk, NOW, 5)
    bad = {rows[1].pk, rows[3].pk}
    # Dividing by zero for these rows only, whatever the planner looks at first: the statement fails as a whole, as with
    # any refusal of the database.
    monkeypatch.setattr(
        escalation,
        "UNCHANGED",
        f"AND 1 / (CASE WHEN due.id IN ({', '.join(map(str, bad))}) THEN 0 ELSE 1 END) = 1",
    )
    result = escalation.climb(KIND, rows[0].due_at)
    assert (result.found, result.done, result.failed) == (8, 6, 2)
    assert "division by zero" in result.error
    assert {(row.key, row.title, row.estate_id) for row in result.failures} == {
        (str(rows[at].pk), rows[at].title, estate.pk) for at in (1, 3)
    }
    assert (
        set(Promise.objects.filter(level=Promise.Level.HEAD).values_list("pk", flat=True))
        == {promise.pk for promise in rows} - bad
    )
    assert set(Promise.objects.filter(level=0).values_list("pk", flat=True)) == bad
    monkeypatch.undo()
    assert escalation.climb(KIND, rows[0].due_at) == Result(found=4, done=4)


# --- speed that is a promise -------------------------------------------------------------------------------


def test_nothing_due_is_one_indexed_query(own_db):
    estate = make_estate()
    owe_many(estate, make_staff("clerk", (estate, "clerk")), NOW, 3000)
    databases.servers().postgres.sql("ANALYZE office_promise", database=own_db)  # as autovacuum does
    with CaptureQueriesContext(connection) as queries:
        assert escalation.climb(KIND, NOW) == Result()
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + queries[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "promise_next_step" in plan and "Seq Scan" not in plan


def test_a_batch_is_one_statement(estate, clerk):
    rows = owe_many(estate, clerk, NOW, 30)
    with CaptureQueriesContext(connection) as queries:
        escalation.climb(KIND, rows[0].warn_at)
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 6  # anybody due?, postings, chairs, ways out, the batch, nobody left


def test_keys_tell_promise_step_and_receiver(estate, clerk, director, chair):
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    keys = set(Message.objects.values_list("dedupe_key", flat=True))
    assert keys == {
        f"promise:{promise.pk}:{step}:{person.pk}"
        for step, person in enumerate((clerk, chair.head, director), start=1)
    }
