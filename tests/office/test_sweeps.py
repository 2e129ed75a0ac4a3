"""`manage.py sweep`, what beat runs, and the tasks that carry it (SPEC §11)."""

import io
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import InternalError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office import sweeps, tasks
from office.management.commands import sweep as command
from office.models import Heartbeat, Message, Promise, SweepFailure, SweepHour, SweepRun
from office.sweeps import Failure, Result, Sweep
from residents.models import Visitor
from tests.cast import NOW
from tests.matters import KIND, owe


@pytest.fixture
def registry(monkeypatch):
    """No reminders but those of the test; what each was told the time is."""
    monkeypatch.setattr(sweeps, "REGISTRY", {})
    monkeypatch.setattr(command.sweeps, "REGISTRY", sweeps.REGISTRY)
    seen = {}

    def add(name, result):
        def run(now):
            seen[name] = now
            if isinstance(result, Exception):
                raise result
            return result

        sweeps.register(Sweep(name, _("late"), _("late"), run))
        return seen

    return add


def printed(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("sweep", *words, stdout=out, stderr=err)
    return out.getvalue().splitlines()


# --- running -----------------------------------------------------------------------------------------------


def test_what_a_run_did_is_kept(db, registry):
    registry("one", Result(3, 2, 1, "row 7"))
    before = timezone.now()
    sweeps.run("one", NOW)
    run = SweepRun.objects.get()
    assert (run.name, run.found, run.done, run.failed, run.error) == ("one", 3, 2, 1, "row 7")
    assert before <= run.started_at <= run.finished_at <= timezone.now()
    sweeps.run("one", NOW)
    assert SweepRun.objects.count() == 1


def test_a_sweep_that_breaks_says_so_and_stops_no_other(db, registry):
    registry("bad", ValueError("nonsense"))
    registry("good", Result(1, 1))
    with pytest.raises(CommandError):
        printed()
    assert SweepRun.objects.get(name="bad").error == "ValueError: nonsense"
    assert SweepRun.objects.get(name="good").done == 1


def test_the_runs_of_an_hour_add_up(db, registry):
    registry("one", Result(3, 2, 1))
    for _run in range(3):
        sweeps.run("one", NOW)
    hour = SweepHour.objects.get()
    assert (hour.name, hour.runs, hour.found, hour.done, hour.failed) == ("one", 3, 9, 6, 3)
    assert hour.hour == SweepRun.objects.get().finished_at.replace(minute=0, second=0, microsecond=0)
    SweepHour.objects.update(hour=hour.hour - timedelta(hours=1))
    sweeps.run("one", NOW)
    assert sorted(SweepHour.objects.values_list("runs", flat=True)) == [1, 3]


def test_a_run_is_noted_in_one_statement(db, registry, django_assert_num_queries):
    registry("one", Result())
    with django_assert_num_queries(1):
        sweeps.run("one", NOW)


# --- rows that fail ----------------------------------------------------------------------------------------


def failing(*keys, error="refused"):
    return Result(len(keys), 0, len(keys), error, [Failure(key, f"T-{key}", error) for key in keys])


def test_a_row_stays_among_the_failures_until_a_run_does_it(db, registry):
    registry("one", failing("7", "8"))
    sweeps.run("one", NOW)
    since = SweepFailure.objects.get(key="7").since
    registry("one", failing("7", error="still refused"))
    sweeps.run("one", NOW)
    failure = SweepFailure.objects.get()
    assert (failure.key, failure.title, failure.error, failure.tries) == ("7", "T-7", "still refused", 2)
    assert failure.since == since < failure.last_at
    registry("one", Result(1, 1))
    sweeps.run("one", NOW)
    assert not SweepFailure.objects.exists()


def test_a_sweep_that_breaks_is_a_failure_of_its_own_and_mends_none(db, registry):
    registry("one", failing("7"))
    sweeps.run("one", NOW)
    registry("one", ValueError("nonsense"))
    sweeps.run("one", NOW)
    assert list(SweepFailure.objects.values_list("key", "error", "tries")) == [
        ("7", "refused", 1),
        ("", "ValueError: nonsense", 1),
    ]
    registry("one", failing("7"))
    sweeps.run("one", NOW)
    assert list(SweepFailure.objects.values_list("key", "tries")) == [("7", 2)]


def test_another_sweeps_failures_are_left_alone(db, registry):
    registry("one", failing("7"))
    registry("two", Result(1, 1))
    sweeps.run("one", NOW)
    sweeps.run("two", NOW)
    assert SweepFailure.objects.get().sweep == "one"


def test_a_run_that_began_before_the_failure_says_nothing_about_it(db, registry):
    """Two at once: the one that skipped the row, since the other held it, does not call it done."""

    def slow(now):
        sweeps._note("one", failing("7"), True, 0)  # the other one comes to its end meanwhile
        return Result()

    sweeps.register(Sweep("one", "one", "one", slow))
    sweeps.run("one", NOW)
    assert SweepFailure.objects.get().key == "7"


# --- what would happen -------------------------------------------------------------------------------------


def test_a_dry_run_says_the_same_as_the_run_and_the_database_lets_it_write_nothing(estate, clerk, supervisor):
    promise = owe(estate, clerk, NOW, title="R2026-000001 3-2-1201")
    foreseen = sweeps.foresee(KIND, promise.due_at, [estate.pk])
    assert foreseen.count == 2
    assert [(row.title, row.told, row.due_at) for row in foreseen.rows] == [
        (promise.title, (clerk.local_name,), promise.warn_at),
        (promise.title, (supervisor.local_name,), promise.due_at),
    ]
    assert not Message.objects.exists() and not SweepRun.objects.exists()
    assert sweeps.run(KIND, promise.due_at).done == foreseen.count
    assert sweeps.foresee(KIND, promise.due_at, [estate.pk]).count == 0


def test_a_dry_run_that_would_write_is_refused_by_the_database(estate, clerk, registry):
    promise = owe(estate, clerk, NOW)

    def writing(now, estates, limit):
        Promise.objects.filter(pk=promise.pk).update(title="written")

    sweeps.register(Sweep("one", "one", "one", lambda now: Result(), preview=writing))
    with pytest.raises(InternalError, match="read-only"):
        sweeps.foresee("one", NOW, [estate.pk])
    promise.refresh_from_db()
    assert promise.title != "written"
    promise.title = "written again"
    promise.save()  # afterwards writing is allowed again


def test_a_dry_run_tells_nothing_of_other_estates(estate, elsewhere, clerk, stranger):
    owe(elsewhere, stranger, NOW)
    assert sweeps.foresee(KIND, NOW + timedelta(days=9), [estate.pk]).count == 0


@pytest.mark.parametrize("name", ["housekeeping", "visitors"])
def test_sweeps_that_clear_away_say_how_much(estate, clerk, name):
    assert sweeps.foresee(name, NOW, [estate.pk]).count == 0
    if name == "housekeeping":
        SweepHour.objects.create(name="one", hour=NOW - timedelta(days=29), runs=1)
    else:
        inside = NOW - timedelta(days=201)
        Visitor.objects.create(
            estate=estate,
            name="陳",
            host="陳",
            in_at=inside,
            in_by=clerk,
            out_at=inside + timedelta(hours=1),
            out_by=clerk,
        )
    foreseen = sweeps.foresee(name, NOW, [estate.pk])
    assert (foreseen.count, len(foreseen.rows)) == (1, 1)
    assert sweeps.run(name, NOW).done == 1
    assert sweeps.foresee(name, NOW, [estate.pk]).count == 0


# --- the command -------------------------------------------------------------------------------------------


def test_one_line_per_reminder_messages_last(db, registry):
    registry("messages", Result(5, 5))
    registry("waiting", Result())
    registry("callback", Result(3, 3))
    assert printed() == [
        "waiting found=0 done=0 failed=0",
        "callback found=3 done=3 failed=0",
        "messages found=5 done=5 failed=0",
    ]


def test_only_one(db, registry):
    registry("callback", Result(3, 3))
    registry("waiting", Result())
    assert printed("--only", "callback") == ["callback found=3 done=3 failed=0"]


def test_an_unknown_name_is_refused_and_nothing_runs(db, registry):
    seen = registry("callback", Result())
    with pytest.raises(CommandError, match="There are: callback") as refusal:
        printed("--only", "calback")
    assert (refusal.value.returncode, seen) == (2, {})


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2026-03-01T09:00", datetime(2026, 3, 1, 1, tzinfo=UTC)),  # Asia/Shanghai
        ("2026-03-01 09:00:30", datetime(2026, 3, 1, 1, 0, 30, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 2, 28, 16, tzinfo=UTC)),
        ("2026-03-01T09:00Z", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("2026-03-01T09:00+01:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_now_is_read_in_the_estates_zone_unless_it_says_otherwise(db, registry, words, moment):
    seen = registry("callback", Result())
    printed("--now", words)
    assert seen == {"callback": moment}


def test_a_time_that_is_none_is_refused(db, registry):
    seen = registry("callback", Result())
    with pytest.raises(CommandError, match="yesterday") as refusal:
        printed("--now", "yesterday")
    assert (refusal.value.returncode, seen) == (2, {})


@pytest.mark.parametrize(("testing", "demo", "refused"), [(1, 0, False), (0, 1, False), (0, 0, True)])
def test_the_future_is_for_demonstration_and_tests(db, registry, settings, testing, demo, refused):
    settings.TESTING, settings.DEMO = bool(testing), bool(demo)
    seen = registry("callback", Result())
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    if refused:
        with pytest.raises(CommandError) as refusal:
            printed("--now", tomorrow)
        assert (refusal.value.returncode, seen) == (2, {})
    else:
        printed("--now", tomorrow)
        assert set(seen) == {"callback"}


def test_failed_rows_end_with_1(db, registry):
    registry("callback", Result(2, 1, 1, "row 7"))
    with pytest.raises(CommandError) as refusal:
        printed()
    assert refusal.value.returncode == 1


def test_a_real_run_climbs_and_sends_in_one_go(estate, clerk):
    owe(estate, clerk, NOW)
    warned = ["--now", "2026-03-14T09:00"]
    lines = printed(*warned)
    assert lines[-1] == "messages found=1 done=1 failed=0"
    assert f"{KIND} found=1 done=1 failed=0" in lines
    assert Message.objects.get().state == "sent"
    assert all(line.endswith("found=0 done=0 failed=0") for line in printed(*warned))


# --- tasks -------------------------------------------------------------------------------------------------


def test_the_timetable_names_tasks_that_exist():
    timetable = import_module("config.celery").TIMETABLE
    current_app.loader.import_default_modules()
    for entry in timetable.values():
        assert entry["task"] in current_app.tasks


def test_every_sweep_becomes_a_task_of_its_own(db, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.sweep, "apply_async", lambda args, **options: sent.append(args[0]))
    tasks.sweep_all()
    assert sorted([*sent, "messages", "jobs"]) == sorted(sweeps.REGISTRY)


def test_a_sweep_rests_as_long_as_it_says(db):
    """What is looked at hourly is not looked at every half minute; after its hour, by the database's clock, it is."""
    assert sweeps.REGISTRY["housekeeping"].every == 3600
    for name in ("housekeeping", KIND):
        sweeps.run(name)
    assert "housekeeping" not in sweeps.turn()
    assert KIND in sweeps.turn()
    SweepRun.objects.update(started_at=timezone.now() - timedelta(seconds=3600 - sweeps.TICK / 2))
    assert "housekeeping" in sweeps.turn()


def test_the_tick_is_the_timetables():
    assert import_module("config.celery").TIMETABLE["sweeps"]["schedule"] == sweeps.TICK


def test_a_sweeps_task_runs_it(db, registry):
    seen = registry("callback", Result(1, 1))
    tasks.sweep("callback")
    assert set(seen) == {"callback"}


@pytest.mark.parametrize(("task", "name"), [("deliver_messages", "messages"), ("run_jobs", "jobs")])
def test_messages_and_jobs_have_a_task(db, registry, task, name):
    seen = registry(name, Result(1, 1))
    getattr(tasks, task)()
    assert set(seen) == {name}


def test_the_heart_beats_and_an_older_clock_never_moves_it_back(db):
    tasks.heartbeat()
    first = dict(Heartbeat.objects.values_list("name", "at"))
    assert set(first) == {"beat", "worker"}
    tasks.heartbeat(sent_at=(timezone.now() - timedelta(seconds=3)).isoformat())
    beats = dict(Heartbeat.objects.values_list("name", "at"))
    assert beats["worker"] > first["worker"] == beats["beat"]
    tasks.heartbeat(sent_at=sweeps.present().isoformat())
    assert Heartbeat.objects.get(name="beat").at > beats["beat"]
