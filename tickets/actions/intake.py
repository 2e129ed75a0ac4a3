from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, files, journal, promises, series, undo
from office.models import Promise
from office.refusals import Refused
from tickets import reports, rules
from tickets.actions import change, reception, telling
from tickets.models import Category, Ticket


@transaction.atomic
def take(
    *,
    estate,
    category,
    problem,
    by,
    now,
    unit=None,
    asset=None,
    building=None,
    place="",
    reporter=None,
    reporter_name="",
    reporter_phone="",
    channel=Ticket.Channel.PHONE,
    urgent=False,
    window_from=None,
    window_to=None,
    repeat_of=None,
    file_ids=(),
    entry=None,
):
    """Take a repair (SPEC §4.1): ticket, first work order, warranty decision, repeat flag.

    No promise is made here: the callback counts from completion, arrival from the dispatch. It writes its own line of
    the reception log, or stamps the line it comes from (`entry`).
    """
    if not by.may("tickets.intake", estate.pk):
        raise Refused(_("Your role does not allow this."))
    if bool(window_from) != bool(window_to):
        raise Refused(_("Give the date and both times of the window."))
    if window_from and window_to and window_from >= window_to:
        raise Refused(_("The window ends before it begins."))
    if window_to and window_to <= now:
        raise Refused(_("The window lies in the past."))
    cost, until = rules.cost_at_intake(
        unit=unit, category=category, today=clocks.local_date(now, estate.zone)
    )
    repeats = reports.is_repeat(estate=estate, category=category, unit=unit, asset=asset, now=now)
    ticket = Ticket(
        number=series.take(estate, "ticket", now=now),
        estate=estate,
        unit=unit,
        asset=asset,
        building=building or (unit.building if unit else asset.building if asset else None),
        place=place or (asset.place if asset else ""),
        owner=by,
        opened_at=now,
        category=category,
        stream=category.stream,
        risk=category.risk,
        department=category.department,
        reporter=reporter,
        reporter_name=reporter_name or (reporter.name if reporter else ""),
        reporter_phone=reporter_phone,
        reporter_language=reporter.language if reporter else "",
        channel=channel,
        problem=problem,
        urgent=urgent,
        window_from=window_from,
        window_to=window_to,
        cost=cost,
        warranty_until=until,
        is_repeat=repeats,
        repeat_of=repeat_of,
    )
    change.write(ticket, now)
    files.attach(file_ids, ticket, by=by, now=now)
    journal.record(
        "ticket.taken",
        subject=ticket,
        by=by,
        now=now,
        data={"category": category.name_zh_hant, "id": category.pk},
    )
    if entry:
        reception.log_turned(entry=entry, subject=ticket, by=by, now=now)
    else:
        reception.log_ticket(ticket, by, now)
    telling.reporter("ticket.resident_taken", ticket, key=f"ticket:taken:{ticket.pk}", now=now)
    return ticket


CORRECTABLE = (
    "category", "problem", "reporter", "reporter_name", "reporter_phone", "channel", "urgent", "place", "asset",
    "contractor", "repeat_of",
)  # fmt: skip


@transaction.atomic
def correct(*, ticket, by, now, version=None, file_ids=(), **fields):
    """Correct what was written down at intake. A new category brings its own risk and department.

    Promises already made keep the rule they were made by (SPEC §0).
    """
    ticket = change.begin(ticket, "correct", by, version)
    unknown = set(fields) - set(CORRECTABLE)
    if unknown:
        raise TypeError(f"not correctable: {sorted(unknown)}")
    ticket.was_category_id = ticket.category_id
    changed = [name for name, value in fields.items() if getattr(ticket, name) != value]
    for name in changed:
        setattr(ticket, name, fields[name])
    extra = []
    if "category" in changed:
        if ticket.state in (Ticket.State.TESTING, Ticket.State.DONE) and ticket.category.risk != ticket.risk:
            raise Refused(_("Work has ended: the category can only change to one of the same risk."))
        ticket.stream, ticket.risk, ticket.department = (
            ticket.category.stream,
            ticket.category.risk,
            ticket.category.department,
        )
        extra = ["stream", "risk", "department", "cost", "warranty_until"]
        _weigh_again(ticket)
    if "category" in changed or "asset" in changed:
        ticket.is_repeat = bool(
            reports.repeat_candidates(
                estate=ticket.estate, category=ticket.category, unit=ticket.unit, asset=ticket.asset,
                now=ticket.opened_at, other_than=ticket.pk,
            )
        )  # fmt: skip
        extra.append("is_repeat")
    files.attach(file_ids, ticket, by=by, now=now)
    if changed:
        journal.record(
            "ticket.corrected",
            subject=ticket,
            by=by,
            now=now,
            data={"fields": journal.fields("ticket.field", changed)},
        )
    return change.end(ticket, *changed, *extra)


def _weigh_again(ticket):
    """Another category has another warranty (SPEC §4.1). What somebody decided, quoted or agreed to stays."""
    today = clocks.local_date(ticket.opened_at, ticket.estate.zone)
    before = Category.objects.select_related("warranty").get(pk=ticket.was_category_id)
    proposed, _until = rules.cost_at_intake(unit=ticket.unit, category=before, today=today)
    cost, ticket.warranty_until = rules.cost_at_intake(
        unit=ticket.unit, category=ticket.category, today=today
    )
    if ticket.cost == proposed and ticket.quoted_amount is None and ticket.agreed_amount is None:
        ticket.cost = cost


@transaction.atomic
def cancel(*, ticket, reason, told, by, now, version=None):
    """Cancel before work has ended. The reporter is told (`told` says how), no callback is owed (SPEC §4.4)."""
    ticket = change.begin(ticket, "cancel", by, version)
    return _end_unrepaired(ticket, "ticket.cancelled", Ticket.Ending.CANCELLED, reason, told, by, now, {})


@transaction.atomic
def mark_duplicate(*, ticket, of, told, by, now, version=None):
    """Close as a duplicate of the ticket `of`; the reporter is told, no callback is owed (SPEC §4.4)."""
    # Both rows, in order: two people who name each other's ticket must not end both.
    rows = Ticket.objects.select_for_update(of=("self",)).filter(pk__in=[ticket.pk, of.pk]).order_by("pk")
    of = next(row for row in list(rows) if row.pk == of.pk)
    ticket = change.begin(ticket, "duplicate", by, version)
    if of.pk == ticket.pk or of.estate_id != ticket.estate_id:
        raise Refused(_("A ticket is a duplicate of another ticket of the same estate."))
    if of.state == Ticket.State.CANCELLED:
        raise Refused(_("That ticket has been cancelled: name the one that goes on."))
    ticket.duplicate_of = of
    return _end_unrepaired(
        ticket, "ticket.duplicate", Ticket.Ending.DUPLICATE, of.number, told, by, now, {"of": of.number}
    )


def _end_unrepaired(ticket, verb, ending, reason, told, by, now, data):
    if not told.strip():
        raise Refused(_("Say how the reporter was told."))
    ended = promises.open_of(ticket)
    promise_rows = [undo.snapshot(row, "outcome", "closed_at", "closed_by_id", "reason") for row in ended]
    promises.close(ended, Promise.Outcome.CANCELLED, at=now, by=by)
    ticket.state, ticket.ending, ticket.closed_at = Ticket.State.CANCELLED, ending, now
    ticket.end_reason = f"{reason} / {told}"[:300]
    change.end(ticket, "state", "ending", "closed_at", "end_reason", "duplicate_of")
    journal.record(verb, subject=ticket, by=by, now=now, data=data)
    undo.offer(verb=verb, subject=ticket, by=by, now=now, before=[ticket.was, *promise_rows])
    return ticket


@transaction.atomic
def hand_over(*, ticket, to, reason, by, now, version=None, notice=True):
    """誰受理誰跟進誰回覆: the owner changes only by an explicit hand-over with a reason (SPEC §1)."""
    ticket = change.begin(ticket, "hand_over", by, version)
    if not reason.strip():
        raise Refused(_("Give the reason of the hand-over."))
    if not to.is_active or ticket.estate_id not in to.estate_ids("tickets.read"):
        raise Refused(_("This person does not work on tickets of this estate."))
    was, ticket.owner = ticket.owner, to
    moved = promises.hand_over(
        ticket, to, was=was, reason=reason, by=by, now=now, leave=("arrival",), notice=notice
    )
    data = {"to": to.name, "reason": journal.reason(moved)}
    journal.record("ticket.handed_over", subject=ticket, by=by, now=now, data=data)
    return change.end(ticket, "owner")


def hand_over_promises(pk, *, kind, to, reason, by, now, notice):
    """The same from the board: the promise follows the ticket's owner (an arrival stays, see the register)."""
    ticket = Ticket.objects.get(pk=pk)
    return hand_over(ticket=ticket, to=to, reason=reason, by=by, now=now, notice=notice)
