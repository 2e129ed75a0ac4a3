"""Simulated time: sweeps hour by hour, day and night, run twice each time, with an outage of three days.

Ten days with few promises in `make test`, a quarter of nights and week-ends, too, in `make year`: the same case. What must happen is
worked out from the promises alone, without the ladder's code.
"""

import os
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from office import escalation, promises, sweeps
from office.models import Message, Promise
from tests.cast import ZONE, make_estate, make_staff
from tests.matters import matter, owe

# On a database of their own, committed for real: inside one long transaction PostgreSQL can clear nothing away, and
# a year of notes about the sweeps' last runs makes every hour slower than the one before.
pytestmark = [pytest.mark.year, pytest.mark.usefixtures("own_db")]

FULL = bool(os.environ.get("GUANJIA_FULL"))
DAYS = 91 if FULL else 10
A_DAY = 6  # promises made each day
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 2, 20, 0, 30, tzinfo=ZONE)  # half past, so that no step falls on the minute of a sweep
OUTAGE = (BEGIN + 5 * DAY, BEGIN + 8 * DAY)
KINDS = [
    ("callback", "callback_other"),
    ("callback", "callback_leak"),
    ("water_test", "water_test"),
    ("arrival", "arrival"),
]
SWEEPS = ("callback", "water_test", "arrival")


@dataclass
class Life:
    """One promise and what will become of it."""

    promise: Promise
    subject: object
    made: datetime
    ends: datetime | None
    how: str = "keep"


def _born(estate, clerk, now, chance):
    """A promise of today: sometimes keyed late, mostly ended sooner or later, sometimes extended, sometimes forgotten."""
    kind, rule = chance.choice(KINDS)
    fact = now - chance.choice([timedelta(), timedelta(), 7 * HOUR, 3 * DAY])
    agreed = fact + timedelta(minutes=chance.randrange(30, 3000)) if kind == "arrival" else None
    subject = matter()
    promise = owe(estate, clerk, fact, now=now, kind=kind, rule=rule, subject=subject, agreed=agreed)
    ends = chance.choice([None, now + timedelta(minutes=chance.randrange(60, 8000))])
    return Life(promise, subject, now, ends, chance.choice(["keep", "keep", "cancel", "extend"]))


@transaction.atomic
def _end(life, estate, clerk, now, chance):
    """What the office does about it; an extension lives on as the next promise."""
    if life.how == "extend":
        open_row = Promise.objects.get(pk=life.promise.pk)
        until = max(now, open_row.due_at) + timedelta(minutes=chance.randrange(60, 4000))
        values = {"estate": estate, "subject": life.subject, "by": clerk, "now": now, "reason": "parts"}
        new = promises.extend(open_row, new_due_at=until, **values)
        return Life(new, life.subject, now, None)
    {"keep": promises.keep, "cancel": promises.cancel}[life.how](life.subject, at=now, by=clerk)
    return None


def _expected(lives, ticks):
    """{(promise, step): when}: the first sweep at or after the step's time, if the promise was still open then."""
    steps = {}
    for life in lives:
        times = (life.promise.warn_at, life.promise.due_at, life.promise.director_at)
        for step, moment in enumerate(times, start=1):
            tick = next((tick for tick in ticks if tick >= max(moment, life.made)), None) if moment else None
            if tick and (life.ends is None or tick < life.ends):
                steps[life.promise.pk, step] = tick
    return steps


def _live(days, sweep, seed=20260220):
    """Live through the days; (what happened, what should have), both {(promise, step): when}, doubles as a list."""
    chance = random.Random(seed)
    estate = make_estate()
    clerk, *_others = (make_staff(role, (estate, role)) for role in ("clerk", "supervisor", "director"))
    lives, running, ticks = [], [], []
    for hour in range(days * 24):
        now = BEGIN + hour * HOUR
        if hour % (24 // A_DAY) == 0 and hour < (days - 2) * 24:
            running.append(_born(estate, clerk, now, chance))
            lives.append(running[-1])
        for life in [life for life in running if life.ends and life.ends <= now]:
            life.ends = now  # the office works by the hour, too
            running.remove(life)
            if successor := _end(life, estate, clerk, now, chance):
                running.append(successor)
                lives.append(successor)
        if not OUTAGE[0] <= now < OUTAGE[1]:
            ticks.append(now)
            sweep(now)
            sweep(now)
    happened = [
        ((int(message.dedupe_key.split(":")[1]), int(message.dedupe_key.split(":")[2])), message.made_at)
        for message in Message.objects.order_by("pk")
    ]
    return happened, _expected(lives, ticks), lives


def _sweep(now):
    """The sweeps this case is about; all of them, by the command, in test_demonstration.py."""
    for name in (*SWEEPS, "messages"):
        assert not sweeps.run(name, now).failed


def test_every_step_happens_once_and_at_the_first_chance():
    happened, expected, lives = _live(DAYS, _sweep)
    assert Counter(step for step, _when in happened).most_common(1)[0][1] == 1
    assert dict(happened) == expected
    # Everything the case is about did occur.
    assert {step for _promise, step in expected} == {1, 2, 3}
    caught_up = Counter(when for when in expected.values())[OUTAGE[1]]
    assert caught_up > A_DAY
    order = {}
    for (promise, step), _when in happened:
        order.setdefault(promise, []).append(step)
    assert all(steps == sorted(steps) for steps in order.values())
    assert not Message.objects.exclude(state="sent").exists()
    for life in lives:
        life.promise.refresh_from_db()
        steps = [life.promise.warned_at, life.promise.head_at, life.promise.director_told_at]
        assert steps == [expected.get((life.promise.pk, step)) for step in (1, 2, 3)]
    print(
        f"{DAYS} days, {len(lives)} promises, {len(expected)} steps, each once; {caught_up} caught up after the outage"
    )


def _forgetful(now):
    """A sweep whose promises do not keep what they were told."""
    for name in SWEEPS:
        sweeps.run(name, now)
    Promise.objects.open().update(level=0)


def test_twin_forgotten_levels_are_held_by_the_messages_key():
    happened, expected, _lives = _live(3, _forgetful)
    assert Counter(step for step, _when in happened).most_common(1)[0][1] == 1
    assert dict(happened) == expected


def test_twin_without_level_and_key_people_are_told_again_and_again(monkeypatch):
    monkeypatch.setattr(escalation, "KEY", f"{escalation.KEY} || ':' || gen_random_uuid()")
    happened, expected, _lives = _live(3, _forgetful)
    assert Counter(step for step, _when in happened).most_common(1)[0][1] > 2
    assert len(happened) > len(expected)
