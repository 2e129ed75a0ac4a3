"""What people do with maintenance plans, and the tickets that open themselves (SPEC §4.7)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from office import clocks, journal, promises, series
from office.refusals import Refused, Stale
from tickets import reports, upkeep
from tickets.actions import change
from tickets.models import Category, Plan, Ticket

A_DAY = timedelta(days=1)
FIELDS = ("asset", "title", "number", "every", "starts_on", "checks", "category", "responsible")


@transaction.atomic
def save_plan(*, estate, values, by, now, plan=None, version=None):
    """Make a maintenance plan, or change it. Tickets already opened stay as they are; what comes follows the new rule."""
    if sentence := upkeep.role_refuses(by, estate.pk):
        raise Refused(sentence)
    made = plan is None
    row = Plan(estate=estate) if plan is None else _locked(plan, version)
    if not made and row.state == Plan.State.ENDED:
        raise Refused(_("This plan has ended; make a new one."))
    changed = [name for name in FIELDS if made or getattr(row, name) != values[name]]
    for name in FIELDS:
        setattr(row, name, values[name])
    if row.category.stream != Category.Stream.PREVENTIVE or row.category.estate_id != estate.pk:
        raise Refused(_("Choose a category of preventive work."))
    if row.asset.estate_id != estate.pk:
        raise Refused(_("This facility belongs to another estate."))
    if not row.responsible.may("tickets.read", estate.pk):
        raise Refused(_("This person does not work on tickets of this estate."))
    row.next_due = _next_due(row)
    if not made:
        row.version += 1
    row.save()
    journal.record(
        "plan.made" if made else "plan.changed", subject=row, text=row.title, by=by, now=now,
        data={"due": row.next_due.isoformat(), "fields": journal.fields("plan.field", changed)},
    )  # fmt: skip
    return row


def _next_due(plan):
    """The first due day that has had no ticket yet."""
    last = reports.last_planned(plan) if plan.pk else None
    return upkeep.due_from(plan, last + A_DAY) if last else plan.starts_on


def _locked(plan, version=None):
    row = (
        Plan.objects.select_for_update(of=("self",))
        .select_related("estate", "asset__building", "category", "responsible")
        .get(pk=plan.pk)
    )
    if version is not None and int(version) != row.version:
        raise Stale
    return row


@transaction.atomic
def stop_plan(*, plan, end, reason, by, now, version=None):
    """Pause the plan, or end it for good, with the reason. Open tickets of it go on."""
    row = _locked(plan, version)
    sentence = upkeep.why_not_stop(row, by) if not end else upkeep.why_not_end(row, by)
    if sentence:
        raise Refused(sentence)
    if not reason.strip():
        raise Refused(_("Give the reason."))
    row.state, row.reason = (Plan.State.ENDED if end else Plan.State.PAUSED), reason.strip()[:300]
    row.version += 1
    row.save(update_fields=["state", "reason", "version"])
    journal.record("plan.ended" if end else "plan.paused", subject=row, text=row.title, by=by, now=now)
    return row


@transaction.atomic
def go_on(*, plan, by, now, version=None):
    """A paused plan runs again, from its next due day on; what fell into the pause is not made up for."""
    row = _locked(plan, version)
    if sentence := upkeep.why_not_go_on(row, by):
        raise Refused(sentence)
    today = clocks.local_date(now, row.estate.zone)
    row.state, row.reason = Plan.State.ACTIVE, ""
    row.next_due = upkeep.due_from(row, max(today, row.next_due))
    row.version += 1
    row.save(update_fields=["state", "reason", "next_due", "version"])
    journal.record("plan.resumed", subject=row, text=row.title, by=by, now=now)
    return row


@transaction.atomic
def open_due(*, plan, now):
    """Open the ticket that is due, or None when there is none (any more). The machine does this, so no role is asked.

    Under the plan's lock and once for each due day (unique in the database): sweeps may meet and run twice.
    """
    row = _locked(plan)
    estate = row.estate
    today = clocks.local_date(now, estate.zone)
    found = upkeep.opens(row, today, estate.upkeep_days) if row.state == Plan.State.ACTIVE else None
    if found is None:
        return None
    day, missed = found
    row.next_due = upkeep.due_from(row, day + A_DAY)
    row.save(update_fields=["next_due"])
    ticket = Ticket(
        number=series.take(estate, "ticket", now=now),
        estate=estate,
        asset=row.asset,
        building=row.asset.building,
        place=row.asset.place or row.asset.name_in(None),
        owner=row.responsible,
        opened_at=now,
        category=row.category,
        stream=row.category.stream,
        risk=row.category.risk,
        department=row.category.department,
        channel=Ticket.Channel.PLAN,
        problem=_problem(row, missed),
        checks=row.checks,
        plan=row,
        plan_due=day,
        cost=Ticket.Cost.PUBLIC,
        **_window(estate, day, now),
    )
    change.write(ticket, now)
    end = clocks.end_of_day(day, estate.zone)
    promises.make(
        "upkeep", "upkeep", subject=ticket, fact_at=now, now=now, owner=row.responsible, estate=estate,
        title=change.title(ticket), agreed=end,
    )  # fmt: skip
    ticket.next_due_at = end
    ticket.save(update_fields=["next_due_at"])
    journal.record(
        "ticket.planned", subject=ticket, by=None, now=now,
        data={"plan": row.pk, "due": day.isoformat(), "missed": missed},
    )  # fmt: skip
    return ticket


def _window(estate, day, now):
    """The office's hours of the due day; none when they are over, so that the desk agrees another."""
    start, end = (datetime.combine(day, at, tzinfo=estate.zone) for at in (estate.opens_at, estate.closes_at))
    return {"window_from": start, "window_to": end} if end > now and start < end else {}


def _problem(plan, missed):
    """What is to be done, in the estate's language; what an outage or a late start left out is said."""
    if not missed:
        return plan.title
    with translation.override(plan.estate.language):
        said = ngettext(
            "%(n)s earlier time was missed and is made up for with this one.",
            "%(n)s earlier times were missed and are made up for with this one.",
            missed,
        )
    return f"{plan.title}\n{said % {'n': missed}}"
