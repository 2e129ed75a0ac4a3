"""How clocks are read (SPEC §0): properties over every time zone, month ends, leap days and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.utils import translation
from hypothesis import assume, example, given
from hypothesis import strategies as st

from office import clocks
from office.models.promises import Measure

SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
CLOSES = time(17, 30)
INSTANT = timedelta(microseconds=1)

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
FIRST, LAST = datetime(2000, 1, 1), datetime(2037, 1, 1)  # noqa: DTZ001 hypothesis adds the zone
facts = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
LEAP = datetime(2028, 2, 28, 15, 59, 59, tzinfo=UTC)
HAVANA = ZoneInfo("America/Havana")  # clocks go back at 01:00 to 00:00: midnight comes twice
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # went forward at 00:00 to 01:00: midnight never came


def limit(fact_at, amount=0, measure=Measure.DAYS, zone=SHANGHAI, **values):
    return clocks.limit(
        fact_at=fact_at, amount=amount, measure=measure, zone=zone, closes_at=CLOSES, **values
    )


@cache
def has(zone, day):
    """Whether the calendar of `zone` knows `day`: Samoa went without 30 December 2011."""
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


def last_day(moment, zone):
    """The local date of the last moment before a limit, which ends at 24:00."""
    return clocks.local_date(moment.astimezone(UTC) - INSTANT, zone)


# --- days --------------------------------------------------------------------------------------------------


@given(facts, st.integers(0, 400), zones)
@example(LEAP, 1, SHANGHAI)
@example(datetime(2026, 1, 31, 3, tzinfo=UTC), 2, SHANGHAI)
@example(datetime(2026, 3, 27, 12, tzinfo=UTC), 2, LONDON)
@example(datetime(2026, 10, 30, 12, tzinfo=UTC), 2, HAVANA)
@example(datetime(2018, 11, 2, 12, tzinfo=UTC), 2, SAO_PAULO)
def test_n_days_end_on_the_nth_local_day_after_the_fact(fact, n, zone):
    target = clocks.local_date(fact, zone) + timedelta(days=n)
    assume(has(zone, target) and has(zone, target + timedelta(days=1)))
    due = limit(fact, n, zone=zone).due_at
    assert last_day(due, zone) == target
    assert clocks.local_date(due, zone) == target + timedelta(days=1)  # it holds to the very end of the day


@given(facts, st.integers(0, 400), zones)
def test_keying_later_the_same_day_changes_nothing(fact, n, zone):
    day = clocks.local_date(fact, zone)
    morning = clocks.midnight(day, zone)
    assert limit(fact, n, zone=zone) == limit(morning, n, zone=zone)


@given(facts, st.integers(0, 60), zones)
def test_a_day_more_is_a_local_day_later(fact, n, zone):
    day = clocks.local_date(fact, zone) + timedelta(days=n)
    assume(all(has(zone, day + timedelta(days=more)) for more in range(3)))
    one, other = limit(fact, n, zone=zone).due_at, limit(fact, n + 1, zone=zone).due_at
    assert last_day(other, zone) - last_day(one, zone) == timedelta(days=1)


@pytest.mark.parametrize(
    ("fact", "n", "due"),
    [
        ("2026-03-12 00:00:00", 2, "2026-03-15 00:00"),  # the first second of day 0
        ("2026-03-12 23:59:59", 2, "2026-03-15 00:00"),  # and its last
        ("2026-03-13 00:00:00", 2, "2026-03-16 00:00"),
        ("2026-02-27 10:00:00", 2, "2026-03-02 00:00"),
        ("2028-02-27 10:00:00", 2, "2028-03-01 00:00"),  # leap year: the 29th is day 2
        ("2026-12-30 10:00:00", 3, "2027-01-03 00:00"),
        ("2026-02-14 10:00:00", 2, "2026-02-17 00:00"),  # weekends and holidays count
    ],
)
def test_days_as_the_office_counts_them(fact, n, due):
    times = limit(datetime.fromisoformat(fact).replace(tzinfo=SHANGHAI), n)
    assert f"{times.due_at:%Y-%m-%d %H:%M}" == due
    assert times.warn_at == times.due_at - timedelta(hours=15)  # 09:00 of the due day
    assert times.director_at == times.due_at + timedelta(hours=24)


def test_the_day_the_clocks_change_is_a_day():
    forward = limit(datetime(2026, 3, 28, 12, tzinfo=LONDON), 1, zone=LONDON)
    back = limit(datetime(2026, 10, 24, 12, tzinfo=LONDON), 1, zone=LONDON)
    noon = [datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 11, tzinfo=UTC)]
    assert [forward.due_at.astimezone(UTC) - noon[0], back.due_at.astimezone(UTC) - noon[1]] == [
        timedelta(hours=35),
        timedelta(hours=37),
    ]


# --- months ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-08-31", 1, "2026-09-30"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_months_are_clipped_to_their_end(start, n, end):
    assert clocks.add_months(date.fromisoformat(start), n) == date.fromisoformat(end)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 120))
def test_months_keep_the_date_or_the_last_day(day, n):
    later = clocks.add_months(day, n)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == n
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@given(facts, st.integers(1, 24), zones)
def test_a_limit_of_months_ends_with_that_day(fact, n, zone):
    target = clocks.add_months(clocks.local_date(fact, zone), n)
    assume(has(zone, target) and has(zone, target + timedelta(days=1)))
    assert last_day(limit(fact, n, Measure.MONTHS, zone=zone).due_at, zone) == target


# --- hours, same day, agreed times -------------------------------------------------------------------------


@given(facts, st.integers(0, 200), zones)
def test_hours_run_to_the_second(fact, n, zone):
    assert limit(fact, n, Measure.HOURS, zone=zone).due_at - fact == timedelta(hours=n)


def test_the_one_hour_limit_warns_a_quarter_before_and_climbs_after_an_hour():
    fact = datetime(2026, 3, 12, 16, 30, 7, tzinfo=SHANGHAI)
    times = limit(fact, 1, Measure.HOURS)
    assert times.warn_at - fact == timedelta(minutes=45)
    assert times.due_at - fact == timedelta(hours=1)
    assert times.director_at - fact == timedelta(hours=2)


def test_other_hour_limits_climb_a_day_later():
    fact = datetime(2026, 3, 12, 16, 30, 7, tzinfo=SHANGHAI)
    assert limit(fact, 4, Measure.HOURS).director_at - fact == timedelta(hours=28)


@given(facts, zones)
def test_the_same_day_ends_at_its_midnight(fact, zone):
    day = clocks.local_date(fact, zone)
    assume(has(zone, day + timedelta(days=1)))
    assert last_day(limit(fact, measure=Measure.SAME_DAY, zone=zone).due_at, zone) == day


def test_a_same_day_limit_warns_two_hours_before_the_office_closes():
    times = limit(datetime(2026, 3, 12, 9, tzinfo=SHANGHAI), measure=Measure.SAME_DAY)
    assert f"{times.warn_at:%d %H:%M}" == "12 15:30"
    assert f"{times.due_at:%d %H:%M}" == "13 00:00"


def test_an_agreed_time_is_kept_as_it_is():
    agreed = datetime(2026, 3, 14, 10, 30, tzinfo=SHANGHAI)
    times = limit(datetime(2026, 3, 12, 9, tzinfo=SHANGHAI), measure=Measure.AT, agreed=agreed)
    assert (times.due_at, agreed - times.warn_at) == (agreed, timedelta(minutes=15))


@given(facts, st.integers(0, 400), st.sampled_from(Measure), zones)
def test_warning_due_director_come_in_this_order(fact, n, measure, zone):
    times = limit(fact, n, measure, zone=zone, agreed=fact + timedelta(hours=n))
    warn, due, director = (
        moment.astimezone(UTC) for moment in (times.warn_at, times.due_at, times.director_at)
    )
    assert warn <= due < director


# --- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "tone", "words"),
    [
        ("2026-03-10 09:00", "late", "late 2 days"),
        ("2026-03-11 10:00", "late", "late 1 day"),
        ("2026-03-12 07:00", "late", "late 3 hours"),
        ("2026-03-12 10:00", "late", "late"),
        ("2026-03-12 10:40", "today", "in 40 minutes"),
        ("2026-03-12 12:30", "today", "in 2 hours"),
        ("2026-03-12 17:00", "today", "today 17:00"),
        ("2026-03-13 00:00", "today", "today 24:00"),
        ("2026-03-14 00:00", "soon", "in 1 day"),
        ("2026-03-19 00:00", "soon", "in 6 days"),
    ],
)
def test_a_clock_in_words(due, tone, words):
    now = datetime(2026, 3, 12, 10, tzinfo=SHANGHAI)
    with translation.override("en"):
        moment = datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
        assert clocks.due_text(moment, now, SHANGHAI) == (tone, words)
