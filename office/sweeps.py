"""What happens by itself. Every reminder is worked out from the database: losing the broker loses nothing,
running twice changes nothing, a missed hour is caught up (SPEC §11)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from office.models import SweepRun

log = logging.getLogger(__name__)


@dataclass
class Result:
    """What one sweep found due, did, and failed to do (rows)."""

    found: int = 0
    done: int = 0
    failed: int = 0
    error: str = ""

    def __add__(self, other):
        return Result(
            self.found + other.found,
            self.done + other.done,
            self.failed + other.failed,
            other.error or self.error,
        )


@dataclass(frozen=True)
class Sweep:
    """`run(now) -> Result`; `label` and `rule` are words for people; `every` is seconds between runs."""

    name: str
    label: object
    rule: object
    run: Callable[[datetime], Result]
    every: int = 60


REGISTRY: dict[str, Sweep] = {}


def register(sweep):
    REGISTRY[sweep.name] = sweep


def run(name, now=None):
    """Run one sweep and note what it did. A sweep that breaks says so and never stops the others."""
    started = timezone.now()
    sweep = REGISTRY[name]
    try:
        result = sweep.run(now or started)
    except Exception as problem:
        log.exception("sweep %s failed", name)
        result = Result(failed=1, error=f"{type(problem).__name__}: {problem}"[:2000])
    run = SweepRun(
        name=name,
        started_at=started,
        finished_at=timezone.now(),
        found=result.found,
        done=result.done,
        failed=result.failed,
        error=result.error,
    )
    written = ["started_at", "finished_at", "found", "done", "failed", "error"]
    SweepRun.objects.bulk_create(  # one statement: a minute has many sweeps that find nothing
        [run], update_conflicts=True, unique_fields=["name"], update_fields=written
    )
    return result
