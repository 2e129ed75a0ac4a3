"""When work on a facility comes round, and what may be done about its plan (SPEC §4.7, §0)."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from office import clocks
from tickets.models import Plan

READ, EDIT = "assets.read", "assets.edit"
TONES = {Plan.State.ACTIVE: "good", Plan.State.PAUSED: "wait", Plan.State.ENDED: "quiet"}
MONTHS = {Plan.Every.MONTH: 1, Plan.Every.YEAR: 12}


def due_day(starts_on, number, every, turn):
    """The due day of the `turn`-th time (0 is the first). Always reckoned from the first: a 31st that was clipped to
    30 April is the 31st of May again, a 29 February comes back in leap years."""
    if every == Plan.Every.WEEK:
        return starts_on + timedelta(weeks=number * turn)
    return clocks.add_months(starts_on, number * MONTHS[every] * turn)


def turn_from(starts_on, number, every, day):
    """The first turn whose due day is `day` or later."""
    if day <= starts_on:
        return 0
    if every == Plan.Every.WEEK:
        return -(-(day - starts_on).days // (7 * number))
    step = number * MONTHS[every]
    turn = ((day.year - starts_on.year) * 12 + day.month - starts_on.month) // step
    return turn if due_day(starts_on, number, every, turn) >= day else turn + 1


def due_from(plan, day):
    """The first due day of `plan` that is `day` or later."""
    turn = turn_from(plan.starts_on, plan.number, plan.every, day)
    return due_day(plan.starts_on, plan.number, plan.every, turn)


def due_days(plan, first, last):
    """Every due day of `plan` in [first, last], in order."""
    turn, found = turn_from(plan.starts_on, plan.number, plan.every, first), []
    while (day := due_day(plan.starts_on, plan.number, plan.every, turn)) <= last:
        found.append(day)
        turn += 1
    return found


def opens(plan, today, ahead):
    """(due day to open a ticket for, how many earlier ones were missed), or None when none is near.

    After an outage only the latest due day gets a ticket: nobody services a pump four times in one morning.
    """
    days = due_days(plan, plan.next_due, today + timedelta(days=ahead))
    if not days:
        return None
    past = [day for day in days if day <= today]
    day = days[0] if not past else past[-1]
    return day, max(0, len(past) - 1)


def every_text(plan):
    """How often, in words: "every 3 months"."""
    return every_words(plan.every, plan.number)


def every_words(every, n):
    words = {
        Plan.Every.WEEK: ngettext("every week", "every %(n)s weeks", n),
        Plan.Every.MONTH: ngettext("every month", "every %(n)s months", n),
        Plan.Every.YEAR: ngettext("every year", "every %(n)s years", n),
    }[every]
    return words % {"n": n}


def role_refuses(staff, estate_id):
    return None if staff.may(EDIT, estate_id) else _("Your role does not allow this.")


def why_not_stop(plan, staff):
    if sentence := role_refuses(staff, plan.estate_id):
        return sentence
    return None if plan.state == Plan.State.ACTIVE else _("This plan is not running.")


def why_not_end(plan, staff):
    if sentence := role_refuses(staff, plan.estate_id):
        return sentence
    return _("This plan has ended already.") if plan.state == Plan.State.ENDED else None


def why_not_go_on(plan, staff):
    if sentence := role_refuses(staff, plan.estate_id):
        return sentence
    return None if plan.state == Plan.State.PAUSED else _("Only a paused plan goes on.")
