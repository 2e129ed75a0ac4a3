"""What happens by itself. Every reminder is worked out from the database: losing the broker loses nothing,
running twice changes nothing, a missed hour is caught up (SPEC §11)."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)

SHOWN = 100  # lines of a dry run
ERROR = 2000  # characters of an error that are kept


@dataclass(frozen=True)
class Failure:
    """A row that could not be done: what tells it within the sweep, words for people, the matter it belongs to."""

    key: str
    title: str
    error: str
    subject_kind: str = ""
    subject_id: int | None = None
    estate_id: int | None = None


@dataclass
class Result:
    """What one sweep found due, did, and failed to do (rows)."""

    found: int = 0
    done: int = 0
    failed: int = 0
    error: str = ""
    failures: list[Failure] = field(default_factory=list)

    def __add__(self, other):
        return Result(
            self.found + other.found,
            self.done + other.done,
            self.failed + other.failed,
            other.error or self.error,
            self.failures + other.failures,
        )


@dataclass(frozen=True)
class Coming:
    """One thing a sweep would do now: to what (`title`, subject), what (`step`), who hears of it, since when due."""

    title: str
    step: object
    told: tuple[str, ...] = ()
    due_at: datetime | None = None
    subject_kind: str = ""
    subject_id: int | None = None
    estate_id: int | None = None


@dataclass(frozen=True)
class Foreseen:
    """What a sweep would do now: how many things in all, and the first of them."""

    count: int = 0
    rows: tuple[Coming, ...] = ()


@dataclass(frozen=True)
class Sweep:
    """`run(now) -> Result`; `label` and `rule` are words for people; `every` is seconds between runs.

    `preview(now, estates, limit) -> Foreseen` says what a run would do at the estates (ids) of whoever asks; it
    reads only, the database sees to that. `failing(now, estates, limit) -> [(SweepFailure, when it is tried again)]` is
    for sweeps whose rows keep their own trouble (messages, jobs). `workflow` is the heading it stands under.
    """

    name: str
    label: object
    rule: object
    run: Callable[[datetime], Result]
    every: int = 60
    preview: Callable[[datetime, list[int], int], Foreseen] | None = None
    failing: Callable[[datetime, list[int], int], list] | None = None
    workflow: object = _("Office")


REGISTRY: dict[str, Sweep] = {}


def register(sweep):
    REGISTRY[sweep.name] = sweep


# One statement: a minute has many sweeps that find nothing. By the database's clock, whatever the worker's says.
# What failed before is done when a run went through and did not fail at it again; a run that began before the
# failure was written down says nothing about it.
NOTE = """
    WITH clock AS (
        SELECT clock_timestamp() AS ended, clock_timestamp() - %(took)s * interval '1 second' AS started
    ),
    latest AS (
        INSERT INTO office_sweeprun (name, started_at, finished_at, found, done, failed, error)
        SELECT %(name)s, started, ended, %(found)s, %(done)s, %(failed)s, %(error)s FROM clock
        ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at,
            found = excluded.found, done = excluded.done, failed = excluded.failed, error = excluded.error
    ),
    hourly AS (
        INSERT INTO office_sweephour AS hours (name, hour, runs, found, done, failed)
        SELECT %(name)s, date_trunc('hour', ended), 1, %(found)s, %(done)s, %(failed)s FROM clock
        ON CONFLICT (name, hour) DO UPDATE SET runs = hours.runs + 1, found = hours.found + excluded.found,
            done = hours.done + excluded.done, failed = hours.failed + excluded.failed
    ),
    mended AS (
        DELETE FROM office_sweepfailure USING clock
        WHERE sweep = %(name)s AND %(whole)s AND last_at < clock.started AND NOT key = ANY(%(keys)s)
    )
    INSERT INTO office_sweepfailure AS known (
        sweep, key, title, subject_kind, subject_id, estate_id, error, since, last_at, tries
    )
    SELECT %(name)s, failure.key, failure.title, failure.subject_kind, failure.subject_id, failure.estate_id,
        failure.error, clock.ended, clock.ended, 1
    FROM clock, unnest(
        %(keys)s::text[], %(titles)s::text[], %(kinds)s::text[], %(subjects)s::bigint[], %(estates)s::bigint[],
        %(errors)s::text[]
    ) AS failure (key, title, subject_kind, subject_id, estate_id, error)
    ON CONFLICT (sweep, key) DO UPDATE SET title = excluded.title, error = excluded.error,
        last_at = greatest(known.last_at, excluded.last_at), tries = known.tries + 1
"""


TICK = 30  # seconds between two entries of the timetable (config/celery.py)
RESTING = """
    SELECT run.name FROM office_sweeprun AS run
    JOIN unnest(%(names)s::text[], %(every)s::int[]) AS known (name, every) ON known.name = run.name
    WHERE run.started_at > clock_timestamp() - (known.every - %(tick)s / 2) * interval '1 second'
"""


def turn():
    """Names of the sweeps whose turn it is: all but those that may rest longer than a tick and ran lately."""
    slow = {sweep.name: sweep.every for sweep in REGISTRY.values() if sweep.every > TICK}
    with connection.cursor() as cursor:
        cursor.execute(RESTING, {"names": list(slow), "every": list(slow.values()), "tick": TICK})
        resting = {row[0] for row in cursor.fetchall()}
    return [name for name in REGISTRY if name not in resting]


def present():
    """The time by the database's clock: a worker whose own is wrong does nothing early, late or twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def run(name, now=None):
    """Run one sweep and note what it did. A sweep that breaks says so and never stops the others."""
    began, whole = time.monotonic(), True
    try:
        result = REGISTRY[name].run(now or present())
    except Exception as problem:
        log.exception("sweep %s failed", name)
        error = f"{type(problem).__name__}: {problem}"[:ERROR]
        result, whole = Result(failed=1, error=error, failures=[Failure("", "", error)]), False
    _note(name, result, whole, time.monotonic() - began)
    return result


def _note(name, result, whole, took):
    failures = list({failure.key: failure for failure in result.failures}.values())
    values = {
        "name": name,
        "took": took,
        "found": result.found,
        "done": result.done,
        "failed": result.failed,
        "error": result.error,
        "whole": whole,
        "keys": [failure.key[:80] for failure in failures],
        "titles": [str(failure.title)[:200] for failure in failures],
        "kinds": [failure.subject_kind for failure in failures],
        "subjects": [failure.subject_id for failure in failures],
        "estates": [failure.estate_id for failure in failures],
        "errors": [failure.error[:ERROR] for failure in failures],
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)


def foresee(name, now, estates, limit=SHOWN):
    """What sweep `name` would do at `now` at `estates`, or None when it cannot say. Nothing can be written meanwhile."""
    preview = REGISTRY[name].preview
    if preview is None:
        return None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        return preview(now, list(estates), limit)
