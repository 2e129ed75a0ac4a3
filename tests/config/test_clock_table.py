"""Every clock the office knows, second by second: when its owner is warned, when the head, when the director hears of it.

The table is the registry itself, so that a new kind of promise is in it by itself. What must happen is worked out here
from SPEC §0 alone, in plain hours and calendar days, without a line of `office.clocks`.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from office import escalation, promises
from office.models import Message, Promise
from office.models.promises import Measure
from tests.cast import make_estate, make_staff, make_unit, post
from tests.matters import owe
from tickets.actions import complaints as acts
from tickets.models import ComplaintCause

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OFFSETS = (-SECOND, timedelta(), SECOND)
SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
CLOSES = time(17, 30)
BOUNDARIES = {
    "midnight": (SHANGHAI, date(2026, 3, 12)),
    "end of a month": (SHANGHAI, date(2026, 2, 1)),
    "29 February": (SHANGHAI, date(2028, 2, 29)),
    "after 29 February": (SHANGHAI, date(2028, 3, 1)),
    "New Year": (SHANGHAI, date(2027, 1, 1)),
    "clocks go forward": (LONDON, date(2026, 3, 29)),
    "clocks go back": (LONDON, date(2026, 10, 25)),
}


# --- what the specification says ---------------------------------------------------------------------------


def at(zone, day, hour=0, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def steps(rule, fact, zone, agreed=None):
    """(warning, head, director) of a promise that counts from `fact`, all in UTC, where an hour is an hour."""
    day, one = fact.astimezone(zone).date(), timedelta(days=1)
    later = 24 * HOUR
    if rule.measure == Measure.HOURS:
        due = fact + rule.amount * HOUR
        warn = due - 15 * MINUTE
        later = HOUR if rule.amount == 1 else later
    elif rule.measure == Measure.SAME_DAY:
        due, warn = at(zone, day + one), at(zone, day, 15, 30)  # the office closes at 17:30
    elif rule.measure == Measure.DAYS:
        last = day + rule.amount * one
        due, warn = at(zone, last + one), at(zone, last, 9)
    elif rule.measure == Measure.MONTHS:
        year, month = divmod(day.year * 12 + day.month - 1 + rule.amount, 12)
        last = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
        due, warn = at(zone, last + one), at(zone, last, 9)
    else:
        due, warn = agreed, agreed - 15 * MINUTE
        if agreed.astimezone(zone).time() == time():  # a day, not an hour: 24:00 of the day before
            warn = at(zone, agreed.astimezone(zone).date() - one, 9)
    return min(warn, due), due, due + later


# --- an office in both zones -------------------------------------------------------------------------------


@pytest.fixture
def office():
    estate = make_estate(closes_at=CLOSES)
    for role in ("clerk", "supervisor", "director", "lead"):
        make_staff(role, (estate, role))
    return estate


@pytest.fixture
def estates(office):
    london = make_estate("LN", time_zone="Europe/London", closes_at=CLOSES)
    for posting in list(office.postings.all()):
        post(posting.staff, london, posting.role)
    return {SHANGHAI: office, LONDON: london}


def levels(pks):
    return dict(Promise.objects.filter(pk__in=pks).values_list("pk", "level"))


def walk(kind, expected):
    """Sweep a second before, at and a second after every step; each promise has taken the steps it should, no other."""
    moments = {step for taken in expected.values() for step in taken}
    for now in sorted({moment + offset for moment in moments for offset in OFFSETS}):
        escalation.climb(kind, now)
        wanted = {pk: sum(step <= now for step in taken) for pk, taken in expected.items()}
        assert levels(expected) == wanted, now
    keys = list(Message.objects.filter(channel="desk").values_list("dedupe_key", flat=True))
    told = {tuple(key.split(":")[1:3]) for key in keys if key.startswith("promise:")}
    assert told == {(str(pk), str(n)) for pk, taken in expected.items() for n in range(1, len(taken) + 1)}


def reached(kind, times):
    """The steps this kind of promise takes at all."""
    return times if promises.KINDS[kind.name].climbs_to_director else times[:2]


RULES = [pytest.param(kind, rule, id=rule.key) for kind in promises.KINDS.values() for rule in kind.rules]


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_every_clock_at_every_boundary(estates, kind, rule):
    expected = {}
    clerk = estates[SHANGHAI].postings.get(role="clerk").staff
    for zone, day in BOUNDARIES.values():
        for offset in OFFSETS:
            moment = at(zone, day) + offset
            agreed = moment if rule.measure == Measure.AT else None
            fact = moment - 30 * HOUR if agreed else moment
            # As the desk keys it: in the estate's own time.
            promise = owe(
                estates[zone], clerk, fact.astimezone(zone), kind=kind.name, rule=rule.key,
                agreed=agreed and agreed.astimezone(zone),
            )  # fmt: skip
            expected[promise.pk] = reached(kind, steps(rule, fact, zone, agreed))
    walk(kind.name, expected)


@pytest.mark.parametrize("kind", promises.KINDS.values(), ids=lambda kind: kind.name)
def test_a_hand_over_moves_no_clock_and_the_bell_rings_for_who_has_it(office, kind):
    """Handed over a second before, at, or after the warning: whoever owes it at that moment is warned, once."""
    for offset in OFFSETS:
        _hand_over(office, kind, offset)
        Message.objects.all().delete()


def _hand_over(estate, kind, offset):
    rule = kind.rules[0]
    clerk, lead = (estate.postings.get(role=role).staff for role in ("clerk", "lead"))
    fact = at(SHANGHAI, date(2026, 3, 12), 10)
    agreed = fact + 30 * HOUR if rule.measure == Measure.AT else None
    promise = owe(estate, clerk, fact, kind=kind.name, rule=rule.key, agreed=agreed)
    times = reached(kind, steps(rule, fact, SHANGHAI, agreed))
    moment = times[0] + offset
    for now in sorted({moment, *(step + more for step in times for more in OFFSETS)}):
        if now == moment:
            Promise.objects.filter(pk=promise.pk).update(owner=lead)
        escalation.climb(kind.name, now)
        assert levels([promise.pk]) == {promise.pk: sum(step <= now for step in times)}
    warned = Message.objects.filter(template="promise.warn", channel="desk")
    assert [message.staff for message in warned] == [clerk if offset > timedelta() else lead]
    assert Message.objects.filter(template="promise.head", channel="desk").count() >= 1
    promise.refresh_from_db()
    assert (promise.warn_at, promise.due_at) == times[:2]


# --- another class (SPEC §5.2) -----------------------------------------------------------------------------

TAKEN = at(SHANGHAI, date(2026, 3, 12), 10)
LIMITS = {  # class → what it owes: kind → (measure, amount)
    "major": {
        "complaint_forward": (Measure.SAME_DAY, 0),
        "complaint_answer": (Measure.DAYS, 2),
        "complaint_solve": (Measure.DAYS, 10),
    },
    "important": {"complaint_forward": (Measure.HOURS, 1), "complaint_solve": (Measure.DAYS, 3)},
    "minor": {"complaint_solve": (Measure.DAYS, 2)},
}


class Said:
    def __init__(self, measure, amount):
        self.measure, self.amount = measure, amount


def reclassed(measure, amount, now):
    """The steps of a limit after a change of class at `now`: from the reception, or soon when that is past."""
    times = steps(Said(measure, amount), TAKEN, SHANGHAI)
    if times[1] > now:
        return times
    late = Said(Measure.HOURS, 1) if measure == Measure.HOURS else Said(Measure.SAME_DAY, 0)
    return steps(late, now, SHANGHAI)


CHANGES = [
    (old, new, kind)
    for old, new in (("minor", "important"), ("minor", "major"), ("important", "major"))
    for kind in LIMITS[new]
]


@pytest.mark.parametrize(("old", "new", "kind"), CHANGES)
def test_a_change_of_class_around_each_limit(office, old, new, kind):
    """Re-classed a second before, at, or after the moment at which a limit of the new class runs out."""
    for offset in OFFSETS:
        _change_class(office, old, new, kind, offset)


def _change_class(estate, old, new, kind, offset):
    clerk, director = (estate.postings.get(role=role).staff for role in ("clerk", "director"))
    complaint = acts.take(
        estate=estate, unit=make_unit(estate), course="噪音", cause=ComplaintCause.objects.filter(estate=estate).first(),
        name="張小明", phone="13800138000", klass=old, class_reason="x", by=clerk, now=TAKEN,
    )  # fmt: skip
    moment = steps(Said(*LIMITS[new][kind]), TAKEN, SHANGHAI)[1] + offset
    acts.reclass(complaint=complaint, klass=new, reason="嚴重", by=director, now=moment)
    rows = {row.kind: row for row in Promise.objects.of(complaint.SUBJECT, complaint.pk).open()}
    assert set(rows) == set(LIMITS[new])
    for name, (measure, amount) in LIMITS[new].items():
        wanted = reclassed(measure, amount, moment)
        assert (rows[name].warn_at, rows[name].due_at, rows[name].director_at) == wanted, name
    Message.objects.all().delete()
    late = reclassed(*LIMITS[new][kind], moment)
    walk(kind, {rows[kind].pk: late})
