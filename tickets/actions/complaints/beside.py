"""What happens beside the handling: calming down, a linked repair, more time (SPEC §0, §5.3, §5.4)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import journal, promises, undo
from office.refusals import Refused
from tickets.actions.complaints import case
from tickets.actions.complaints.case import ANSWER, CALLBACK, SOLVE


@transaction.atomic
def calm_down(*, complaint, by, now, at=None, text="", version=None):
    """One button: the supervisor is called and the talk moves to a separate room (SPEC §5.4)."""
    complaint = case.begin(complaint, "calm_down", by, version)
    case.calm(complaint, case.fact(complaint, at, now), by, now, text)
    return case.save(complaint, "calmed_at")


@transaction.atomic
def link_ticket(*, complaint, ticket, by, now, version=None):
    """The repair that belongs to the complaint; None unlinks."""
    complaint = case.begin(complaint, "link_ticket", by, version)
    if ticket is not None and ticket.estate_id != complaint.estate_id:
        raise Refused(_("This belongs to another estate."))
    complaint.ticket = ticket
    case.save(complaint, "ticket")
    if ticket:
        case.note("linked", complaint, by, now, ticket=ticket.number)
        verb = "complaint.linked"
    else:
        case.note("unlinked", complaint, by, now)
        verb = "complaint.unlinked"
    undo.offer(verb=verb, subject=complaint, by=by, now=now, before=[complaint.was])
    return complaint


EXTENDABLE = (ANSWER, SOLVE, CALLBACK)


@transaction.atomic
def extend(*, complaint, promise, new_due_at, reason, by, now, version=None):
    """An approved extension with its reason: the old time stays to be seen (SPEC §0). Nobody approves his own, and
    what is owed the same day or within the hour is not extended."""
    complaint = case.begin(complaint, "extend", by, version)
    reason = case.need(reason, _("Give the reason."))
    rows = {row.pk: row for row in promises.open_of(complaint, *EXTENDABLE)}
    if promise.pk not in rows:
        raise Refused(_("This promise is no longer open, or is not extended."))
    promise = rows[promise.pk]
    if promise.owner_id == by.pk:
        raise Refused(_("Somebody else decides about more time for you."))
    if new_due_at <= promise.due_at or new_due_at <= now:
        raise Refused(_("The new time must lie after the promised one, and ahead."))
    old = promise.due_at
    promises.extend(
        promise, new_due_at=new_due_at, estate=complaint.estate, subject=complaint, by=by, now=now, reason=reason[:300]
    )  # fmt: skip
    case.save(complaint)
    case.note(
        "extended", complaint, by, now,
        promise=journal.word("promise", promise.kind), old=case.stamp(old, complaint), new=case.stamp(new_due_at, complaint),
    )  # fmt: skip
    return complaint
