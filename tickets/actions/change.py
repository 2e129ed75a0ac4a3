"""How every change of a ticket begins and ends: lock, ask the rule, change named fields, write the promise column."""

from office import clocks, promises, search, undo
from office.models import Promise
from office.models.by_hand import insert
from office.refusals import Refused, Stale
from tickets import rules
from tickets.models import Ticket, WorkOrder

UNDO_FIELDS = (
    "state", "technician_id", "waiting_for", "waiting_until", "waiting_reason", "window_from", "window_to",
    "dispatched_at", "arrived_at", "work_ended_at", "tested_at", "done_at", "result", "closed_at", "satisfied",
    "ending", "end_reason", "callback_tries", "rework_count", "duplicate_of_id", "cost", "cost_reason",
    "agreed_amount", "consent_by", "consent_how", "consent_at", "next_due_at",
)  # fmt: skip


def begin(ticket, move, by, version=None):
    """The ticket, locked and read again; refused when the page was older or the rule says no."""
    row = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("estate", "category", "unit", "owner", "technician")
        .get(pk=ticket.pk)
    )
    if version is not None and int(version) != row.version:
        raise Stale
    sentence = rules.why_not(move, row, by)
    if sentence:
        raise Refused(sentence)
    row.was = undo.snapshot(row, *UNDO_FIELDS)
    return row


def end(ticket, *fields):
    """Save the changed fields, the derived clock and the version."""
    ticket.next_due_at = promises.next_due(ticket)
    ticket.version += 1
    ticket.save(update_fields=[*fields, "next_due_at", "version"])
    return ticket


def latest_order(ticket):
    return WorkOrder.objects.select_for_update().filter(ticket=ticket).order_by("-sequence").first()


def write(ticket, now):
    """Write a new ticket with its first work order, findable by its number."""
    insert(ticket)
    new_errand(ticket, now, first=True)
    search.put_new(Ticket.SUBJECT, ticket.pk, ticket.estate_id, search.keys_of_number(ticket.number))


def new_errand(ticket, now, first=False):
    """The next work order of the same ticket (first errand, rework, failed water test)."""
    last = (
        0
        if first
        else (
            WorkOrder.objects.filter(ticket=ticket)
            .order_by("-sequence")
            .values_list("sequence", flat=True)
            .first()
            or 0
        )
    )
    errand = WorkOrder(
        ticket=ticket,
        estate_id=ticket.estate_id,
        number=f"{ticket.number}-{last + 1}",
        sequence=last + 1,
        made_at=now,
    )
    return insert(errand)


def title(ticket):
    """What the promise is called in lists, without a join."""
    return f"{ticket.number} {ticket.unit.code if ticket.unit_id else ticket.place or ticket.asset}"[:200]


def promise(ticket, kind, rule_key, *, fact_at, now, owner=None, agreed=None):
    return promises.make(
        kind,
        rule_key,
        subject=ticket,
        fact_at=fact_at,
        now=now,
        owner=owner or ticket.owner,
        estate=ticket.estate,
        title=title(ticket),
        agreed=agreed,
    )


def renew_arrival(ticket, *, by, now):
    """The promise to arrive follows the agreed window: the old one ends, the new one is due at the window's end.

    One whose time had passed stays to be seen as not kept: a new window makes nobody punctual.
    """
    old = promises.open_of(ticket, "arrival")
    for row in old:
        missed = row.due_at <= now
        outcome = Promise.Outcome.UNREACHABLE if missed else Promise.Outcome.CANCELLED
        promises.close([row], outcome, at=now, by=by)
    if ticket.technician_id and ticket.window_to and (old or ticket.state == Ticket.State.DISPATCHED):
        promise(
            ticket,
            "arrival",
            "arrival",
            fact_at=now,
            now=now,
            owner=ticket.technician,
            agreed=ticket.window_to,
        )


def past(moment, now, sentence):
    """A fact lies in the past; what lies ahead cannot have happened yet."""
    if moment > now:
        raise Refused(sentence)


def window_text(start, end, zone):
    if not start:
        return "—"
    start, end = start.astimezone(zone), end.astimezone(zone)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"


def stamp(moment, zone):
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def end_of(day, zone):
    return clocks.end_of_day(day, zone)
