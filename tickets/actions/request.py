from django.db import transaction
from django.utils.translation import gettext as _

from office import journal, promises
from office.models import Promise
from office.refusals import Refused
from tickets.actions import change, paid
from tickets.models import Request, Ticket


@transaction.atomic
def ask(*, ticket, kind, reason, by, now, promise=None, new_due_at=None):
    """Ask for more time on one promise, or for work free of charge (SPEC §4.3). Nothing changes until approved."""
    ticket = change.begin(ticket, f"ask_{kind}", by)
    if not reason.strip():
        raise Refused(_("Give the reason."))
    if ticket.requests.filter(kind=kind, state=Request.State.ASKED).exists():
        raise Refused(_("This has already been asked for and waits for an answer."))
    if kind == Request.Kind.TIME:
        _check_extension(ticket, promise, new_due_at, now)
    request = Request.objects.create(
        ticket=ticket,
        kind=kind,
        promise=promise,
        new_due_at=new_due_at,
        reason=reason,
        asked_by=by,
        asked_at=now,
    )
    data = {"until": change.stamp(new_due_at, ticket.estate.zone)} if kind == Request.Kind.TIME else {}
    journal.record(f"ticket.asked_{kind}", subject=ticket, by=by, now=now, data=data)
    change.end(ticket)
    return request


def _check_extension(ticket, promise, new_due_at, now):
    if promise is None or new_due_at is None:
        raise Refused(_("Say which promise needs more time, and until when."))
    if promise.subject_id != ticket.pk or promise.subject_kind != ticket.SUBJECT or not promise.is_open:
        raise Refused(_("This promise is no longer open."))
    if new_due_at <= promise.due_at or new_due_at <= now:
        raise Refused(_("The new time must lie after the promised one, and ahead."))


@transaction.atomic
def decide(*, request, approve, by, now, answer=""):
    """Approve or refuse. Approved time: the old promise stays as "extended", a new one takes the new time."""
    ticket = change.begin(request.ticket, "decide", by)
    request = Request.objects.select_for_update(of=("self",)).select_related("promise").get(pk=request.pk)
    if request.state != Request.State.ASKED:
        raise Refused(_("This request has already been answered."))
    if request.asked_by_id == by.pk:
        raise Refused(_("Somebody else decides what you asked for."))
    request.state = Request.State.APPROVED if approve else Request.State.REFUSED
    request.decided_by, request.decided_at, request.decision = by, now, answer
    request.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    fields = []
    if approve and request.kind == Request.Kind.TIME:
        promise = (
            Promise.objects.select_for_update(of=("self",)).select_related("owner").get(pk=request.promise_id)
        )
        if not promise.is_open:
            raise Refused(_("This promise is no longer open."))
        promises.extend(
            promise,
            new_due_at=request.new_due_at,
            estate=ticket.estate,
            subject=ticket,
            by=by,
            now=now,
            reason=request.reason,
        )
    elif approve:
        paid.withdraw(ticket=ticket, reason=request.reason, by=by, now=now)
        ticket.cost, ticket.cost_reason = Ticket.Cost.FREE, request.reason
        ticket.agreed_amount = ticket.consent_at = None
        ticket.consent_by = ticket.consent_how = ""
        fields = ["cost", "cost_reason", "agreed_amount", "consent_by", "consent_how", "consent_at"]
    verb, data = "ticket.request_refused", {"kind": journal.word("ticket.request", request.kind)}
    if approve and request.kind == Request.Kind.TIME:
        zone = ticket.estate.zone
        verb, data = "ticket.extended", {
            "promise": journal.word("ticket.promise", promise.kind),
            "old": change.stamp(promise.due_at, zone),
            "new": change.stamp(request.new_due_at, zone),
        }  # fmt: skip
    elif approve:
        verb = "ticket.request_approved"
    journal.record(verb, subject=ticket, by=by, now=now, data=data)
    change.end(ticket, *fields)
    return request
