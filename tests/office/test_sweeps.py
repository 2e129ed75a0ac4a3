"""`manage.py sweep`, what beat runs, and the tasks that carry it (SPEC §11)."""

import io
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office import sweeps, tasks
from office.management.commands import sweep as command
from office.models import Heartbeat, Message, SweepRun
from office.sweeps import Result, Sweep
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


def test_every_sweep_becomes_a_task_of_its_own(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.sweep, "apply_async", lambda args, **options: sent.append(args[0]))
    tasks.sweep_all()
    assert sorted([*sent, "messages", "jobs"]) == sorted(sweeps.REGISTRY)


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
    ahead = timezone.now() + timedelta(seconds=3)
    tasks.heartbeat(sent_at=ahead.isoformat())
    assert Heartbeat.objects.get(name="beat").at == ahead
