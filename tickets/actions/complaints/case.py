"""How every change of a complaint begins and ends, and how its promises are made."""

from django.utils.translation import gettext as _

from office import clocks, journal, outbox, promises, undo
from office.models import Message, Promise, Staff
from office.refusals import Refused, Stale
from tickets import complaints as rules
from tickets.actions import change
from tickets.models import (
    Complaint,
    ComplaintCall,
    ComplaintStep,
)

SERIES = "complaint"
State, Klass, Kind = Complaint.State, Complaint.Klass, ComplaintStep.Kind
Outcome, Purpose = ComplaintCall.Outcome, ComplaintCall.Purpose
FORWARD, ANSWER, SOLVE, TELL, CALLBACK = rules.KINDS
PROMISE_FIELDS = ("outcome", "closed_at", "closed_by_id", "reason", "owner_id", "department")
CLEARED = (
    "acknowledged_at", "acknowledged_by", "contacted_at", "answered_at", "reported_at", "reported_by", "told_at",
    "told_by", "harm_stopped_at",
)  # fmt: skip
UNDO_FIELDS = (
    "state", "klass", "class_reason", "reclassed_at", "department", "handler_id", "forward_to_id", "acknowledged_at",
    "acknowledged_by_id", "contacted_at", "contact_tries", "answered_at", "reported_at", "reported_by_id", "told_at",
    "told_by_id", "told_how", "harm_now", "harm_stopped_at", "rounds", "counts_from", "tries", "satisfied", "ending",
    "end_reason", "closed_at", "wanted_by", "ticket_id", "owner_id", "next_due_at",
)  # fmt: skip


def begin(complaint, move, by, version):
    """The complaint, locked and read again; refused when the page was older or the rule says no."""
    row = (
        Complaint.objects.select_for_update(of=("self",))
        .select_related(
            "estate", "unit", "building", "owner", "handler", "cause", "acknowledged_by", "complainant"
        )
        .get(pk=complaint.pk)
    )
    if version is not None and int(version) != row.version:
        raise Stale
    if sentence := rules.why_not(move, row, by):
        raise Refused(sentence)
    row.was = undo.snapshot(row, *UNDO_FIELDS)
    return row


def save(complaint, *fields):
    complaint.next_due_at = promises.next_due(complaint)
    complaint.version += 1
    complaint.save(update_fields=[*fields, "next_due_at", "version"])
    return complaint


def need(text, sentence):
    if not text.strip():
        raise Refused(sentence)
    return text.strip()


def fact(complaint, at, now):
    """When it happened: not ahead, and not before this round began."""
    at = at or now
    change.past(at, now, _("This time has not come yet."))
    if at < complaint.counts_from:
        raise Refused(_("This lies before the complaint was received."))
    return at


def step(complaint, kind, at, by, now, text=""):
    return ComplaintStep.objects.create(
        complaint=complaint, kind=kind, at=at, by=by, text=text, round=complaint.rounds, recorded_at=now
    )


def note(verb, complaint, by, now, **data):
    journal.record(f"complaint.{verb}", subject=complaint, by=by, now=now, data=data)


def stamp(moment, complaint):
    return change.stamp(moment, complaint.estate.zone)


def bell(template, complaint, people, by, now, **data):
    """A notice on the bell of `people`; none to who did it himself. Numbers and places, no names of residents."""
    words = {"number": complaint.number, "where": complaint.where} | data
    for person in {person.pk: person for person in people if person}.values():
        if person.pk == by.pk:
            continue
        outbox.queue(
            f"complaint.{template}",
            dedupe_key=f"complaint.{template}:{complaint.pk}:{complaint.version}:{person.pk}",
            channel=Message.Channel.DESK,
            estate=complaint.estate,
            now=now,
            staff=person,
            data=words,
            subject=complaint,
        )


def promise(complaint, kind, rule_key, *, fact_at, now, agreed=None):
    return promises.make(
        kind,
        rule_key,
        subject=complaint,
        fact_at=fact_at,
        now=now,
        owner=owner_of(kind, complaint),
        estate=complaint.estate,
        title=f"{complaint.number} {complaint.where}"[:200],
        department=rules.department_of(kind, complaint),
        agreed=agreed,
    )


def owner_of(kind, complaint):
    """Who owes it: the named head or director, the person responsible, or the clerk who took it."""
    if kind == FORWARD:
        return complaint.forward_to or complaint.owner
    if kind == SOLVE:
        return complaint.handler or complaint.owner
    if kind == CALLBACK:
        return caller(complaint)
    return complaint.owner


def caller(complaint):
    """The clerk who took it, unless he handled it himself: then the head of the front desk, or the next ones up."""
    out = {complaint.handler_id, complaint.against_staff_id}
    if complaint.owner_id not in out:
        return complaint.owner
    others = rules.receivers(complaint.estate_id, Klass.IMPORTANT, promises.KINDS[CALLBACK].department, out)
    return others[0] if others else complaint.owner


def name_receiver(complaint):
    """Name whom the complaint is forwarded to."""
    named = rules.receivers(
        complaint.estate_id, complaint.klass, complaint.department, {complaint.against_staff_id}
    )
    complaint.forward_to = named[0] if named else None


def promise_class(complaint, now):
    """Open what its class promises, counted from the reception or the reopening."""
    zone, made = complaint.estate.zone, []
    for kind, rule in rules.owed(complaint).items():
        agreed = clocks.end_of_day(complaint.wanted_by, zone) if rule == rules.WANTED else None
        made.append(promise(complaint, kind, rule, fact_at=complaint.counts_from, now=now, agreed=agreed))
    return made


def forward(complaint, by, now):
    """The named head or director hears of it at once; the promise is kept only when he acknowledges (SPEC §5.2)."""
    if complaint.forward_to_id and not complaint.acknowledged_at:
        klass = journal.word("complaint.class", complaint.klass)
        bell("forwarded", complaint, [complaint.forward_to], by, now, klass=klass)


def drop(rows, *, at, by, reason=""):
    """End promises that are owed no more. One whose time has passed stays to be seen as not kept."""
    for promise in rows:
        missed = promise.due_at <= at
        outcome = Promise.Outcome.UNREACHABLE if missed else Promise.Outcome.CANCELLED
        promises.close([promise], outcome, at=at, by=by, reason=reason[:300])


def as_it_was(complaint, rows):
    return [complaint.was, *(undo.snapshot(row, *PROMISE_FIELDS) for row in rows)]


def check_handler(handler, complaint):
    if handler.pk == complaint.against_staff_id:
        raise Refused(_("Nobody handles a complaint about himself."))
    if not handler.is_active or not (
        handler.may(rules.HANDLE, complaint.estate_id) or handler.may(rules.OWN, complaint.estate_id)
    ):
        raise Refused(_("This person handles no complaints at this estate."))


def renew_receiver(complaint, rows, by, now):
    """Another one is named to acknowledge; the clock does not move."""
    old = complaint.forward_to_id
    name_receiver(complaint)
    for promise in rows:
        promise.owner = owner_of(FORWARD, complaint)
        promise.department = rules.department_of(FORWARD, complaint)
        promise.save(update_fields=["owner", "department"])
    if rows and complaint.forward_to_id != old:
        forward(complaint, by, now)


def calm(complaint, at, by, now, text):
    complaint.calmed_at = at
    step(complaint, Kind.CALM_DOWN, at, by, now, text.strip())
    note("calmed", complaint, by, now, at=stamp(at, complaint))
    on_duty = Staff.objects.posted_as(complaint.estate_id, *rules.HEADS) or Staff.objects.posted_as(
        complaint.estate_id, *rules.DIRECTORS
    )
    bell("calm", complaint, on_duty, by, now)
