"""How clocks and periods are read (SPEC §0). Pure functions: no database, no present time.

A *day* is a calendar day of the estate's zone; "N days" ends at 24:00, which is 00:00 of the next day.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from office.models.promises import Measure


@dataclass(frozen=True)
class Steps:
    """When a promise climbs (SPEC §0 "Escalation"). The numbers of the specification; an office may change them."""

    hour_warning: timedelta = timedelta(minutes=15)  # before a limit in hours, or an agreed time
    closing_warning: timedelta = timedelta(hours=2)  # before the office closes, for a same-day limit
    day_time: time = time(9)  # of the due day, for a limit in days
    director_short: timedelta = timedelta(hours=1)  # after a 1-hour limit
    director: timedelta = timedelta(hours=24)  # after any other


SPECIFIED = Steps()


def local_date(moment, zone):
    """The local calendar date of an aware `moment`."""
    return moment.astimezone(zone).date()


def midnight(day, zone):
    """00:00 of `day` in `zone`; also 24:00 of the day before. A clock change never makes it vanish."""
    return datetime.combine(day, time.min, tzinfo=zone)


def end_of_day(day, zone):
    """24:00 of `day`."""
    return midnight(day + timedelta(days=1), zone)


def later_by(moment, length):
    """`moment` and `length` more as a stopwatch counts, also over the night in which the clocks change."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def add_months(day, months):
    """The same date `months` on, clipped to the month's end."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Limit:
    """A promise's times: when due, when its owner is warned, when the director hears of it (SPEC §0)."""

    due_at: datetime
    warn_at: datetime
    director_at: datetime


def limit(*, fact_at, amount, measure, zone, closes_at, agreed=None, steps=SPECIFIED):
    """Due time and escalation steps of a promise that counts from `fact_at`.

    `amount` counts in `measure` (hours, days, months); "same day" needs none, "at" takes the `agreed` time.
    `closes_at` is the office's closing time, for the warning of same-day limits. The due time owes nothing to `steps`.
    """
    later = steps.director
    if measure == Measure.HOURS:
        due_at = later_by(fact_at, timedelta(hours=amount))
        warn_at = later_by(due_at, -steps.hour_warning)
        if amount <= 1:  # only the 1-hour limit climbs to the director after an hour (SPEC §0)
            later = steps.director_short
    elif measure == Measure.SAME_DAY:
        day = local_date(fact_at, zone)
        due_at = end_of_day(day, zone)
        warn_at = later_by(datetime.combine(day, closes_at, tzinfo=zone), -steps.closing_warning)
    elif measure in (Measure.DAYS, Measure.MONTHS):
        start = local_date(fact_at, zone)
        day = start + timedelta(days=amount) if measure == Measure.DAYS else add_months(start, amount)
        due_at = end_of_day(day, zone)
        warn_at = datetime.combine(day, steps.day_time, tzinfo=zone)
    else:
        due_at, warn_at = agreed, later_by(agreed, -steps.hour_warning)
        if (
            agreed.astimezone(zone).time() == time.min
        ):  # agreed for a day, not for an hour: 24:00 of the day before
            warn_at = datetime.combine(
                local_date(agreed, zone) - timedelta(days=1), steps.day_time, tzinfo=zone
            )
    return Limit(due_at, min(warn_at, due_at), later_by(due_at, later))


def moment_text(moment, zone):
    """A moment in figures; midnight is the end of the day before: "2026-03-14 24:00"."""
    local = moment.astimezone(zone)
    if local.time() == time.min:
        return f"{local.date() - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def due_text(due_at, now, zone):
    """(tone, words) of a clock: late by how much, today until when, or in how long. Words are translated."""
    from django.utils.translation import gettext as _
    from django.utils.translation import ngettext

    if due_at <= now:
        days, hours = (now - due_at).days, int((now - due_at).total_seconds() // 3600)
        if days:
            return "late", ngettext("late %(n)s day", "late %(n)s days", days) % {"n": days}
        if hours:
            return "late", ngettext("late %(n)s hour", "late %(n)s hours", hours) % {"n": hours}
        return "late", _("late")
    last_moment = (due_at - timedelta(microseconds=1)).astimezone(zone)
    today = local_date(now, zone)
    left = due_at - now
    if left < timedelta(hours=3):
        minutes = int(left.total_seconds() // 60)
        if minutes >= 60:
            return "today", ngettext("in %(n)s hour", "in %(n)s hours", minutes // 60) % {"n": minutes // 60}
        return "today", ngettext("in %(n)s minute", "in %(n)s minutes", minutes) % {"n": minutes}
    if last_moment.date() == today:
        local = due_at.astimezone(zone)
        clock = "24:00" if local.time() == time.min else f"{local:%H:%M}"
        return "today", _("today %(time)s") % {"time": clock}
    days = (last_moment.date() - today).days
    return "soon", ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
