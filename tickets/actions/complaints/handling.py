"""What the department does and says, up to its report (SPEC §5.3)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import promises, undo
from office.refusals import Refused
from tickets import complaints as rules
from tickets.actions import telling
from tickets.actions.complaints import case
from tickets.actions.complaints.case import ANSWER, SOLVE, TELL, Kind, Klass, State
from tickets.models import (
    Complaint,
    ComplaintMeeting,
    ComplaintRemedy,
)


def _taken_in_hand(complaint, by):
    """Whoever acts on a complaint nobody has been given is responsible for it."""
    if complaint.handler_id is None:
        if complaint.against_staff_id == by.pk:
            raise Refused(_("Nobody handles a complaint about himself."))
        complaint.handler = by
        for promise in promises.open_of(complaint, SOLVE):
            promise.owner = by
            promise.save(update_fields=["owner"])
    if complaint.state == State.RECEIVED:
        complaint.state = State.HANDLING
    return ["handler", "state"]


def _handled(complaint, move, kind, verb, text, at, by, now, version, *fields, **values):
    """One step of the handling: its text, its time, its line in the journal."""
    complaint = case.begin(complaint, move, by, version)
    text = case.need(text, _("Write down what was done or said."))
    at = case.fact(complaint, at, now)
    touched = _taken_in_hand(complaint, by)
    for name, value in values.items():
        setattr(complaint, name, at if value is _AT else value)
    case.step(complaint, kind, at, by, now, text)
    case.save(complaint, *touched, *values, *fields)
    case.note(verb, complaint, by, now, at=case.stamp(at, complaint))
    return complaint


_AT = object()  # the time of the step


@transaction.atomic
def contact(*, complaint, text, by, now, at=None, reached=True, version=None):
    """The person responsible contacts the resident first (SPEC §5.3). Who was not reached was still tried."""
    if not reached:
        complaint = case.begin(complaint, "contact", by, version)
        at = case.fact(complaint, at, now)
        touched = _taken_in_hand(complaint, by)
        complaint.contact_tries += 1
        case.step(complaint, Kind.CONTACT_FAILED, at, by, now, text.strip())
        case.save(complaint, *touched, "contact_tries")
        case.note("contact_failed", complaint, by, now, at=case.stamp(at, complaint))
        return complaint
    first = {} if complaint.contacted_at else {"contacted_at": _AT}
    return _handled(complaint, "contact", Kind.CONTACT, "contacted", text, at, by, now, version, **first)


@transaction.atomic
def stop_harm(*, complaint, text, by, now, at=None, version=None):
    """What goes on doing harm is stopped, before anything else is recorded (SPEC §5.3)."""
    return _handled(
        complaint, "stop_harm", Kind.HARM_STOPPED, "harm_stopped", text, at, by, now, version, harm_stopped_at=_AT
    )  # fmt: skip


@transaction.atomic
def act(*, complaint, text, by, now, at=None, version=None):
    return _handled(complaint, "act", Kind.ACTION, "acted", text, at, by, now, version)


@transaction.atomic
def meet(*, complaint, place, parties, outcome, by, now, at=None, version=None):
    """A joint meeting with several parties and what came of it."""
    place, parties = place.strip(), parties.strip()
    if not place or not parties:
        raise Refused(_("Say where the meeting was and who took part."))
    text = f"{place} · {parties}\n{outcome.strip()}" if outcome.strip() else ""
    complaint = _handled(complaint, "meet", Kind.MEETING, "met", text, at, by, now, version)
    ComplaintMeeting.objects.create(
        complaint=complaint, at=at or now, place=place, parties=parties, outcome=outcome.strip(), by=by, recorded_at=now
    )  # fmt: skip
    return complaint


@transaction.atomic
def tell_reason(*, complaint, text, by, now, at=None, version=None):
    """Not solvable at once: the reason is told to the resident. No clock moves for it (SPEC §0, §5.3)."""
    return _handled(complaint, "tell_reason", Kind.REASON_TOLD, "reason_told", text, at, by, now, version)


@transaction.atomic
def report_up(*, complaint, text, by, now, at=None, version=None):
    """Not solvable at once: reported upward; the head of the department hears of it, from him on the director."""
    complaint = _handled(complaint, "report_up", Kind.REPORTED_UP, "reported_up", text, at, by, now, version)
    besides = {by.pk, complaint.against_staff_id}
    up = rules.receivers(complaint.estate_id, Klass.IMPORTANT, complaint.department, besides - {by.pk})
    if by.pk in {person.pk for person in up[:1]}:
        up = rules.receivers(complaint.estate_id, Klass.MAJOR, complaint.department, besides)
    case.bell("reported_up", complaint, up[:1], by, now)
    return complaint


@transaction.atomic
def answer(*, complaint, text, by, now, at=None, version=None):
    """The clear answer told to the resident; of a major complaint it is promised (SPEC §5.2)."""
    complaint = _handled(
        complaint, "answer", Kind.ANSWER, "answered", text, at, by, now, version, answered_at=_AT
    )
    promises.keep(complaint, ANSWER, at=complaint.answered_at, by=by)
    return _clock_again(complaint)


def _clock_again(complaint):
    """The derived clock, after a promise was kept or made behind `_handled`."""
    complaint.next_due_at = promises.next_due(complaint)
    complaint.save(update_fields=["next_due_at"])
    return complaint


@transaction.atomic
def propose(*, complaint, text, by, now, cost=None, version=None):
    """One of the proposed remedies, with what it costs (SPEC §5.3)."""
    complaint = case.begin(complaint, "propose", by, version)
    text = case.need(text, _("Write down the remedy."))
    if cost is not None and cost < 0:
        raise Refused(_("A cost cannot be below zero."))
    touched = _taken_in_hand(complaint, by)
    remedy = ComplaintRemedy.objects.create(
        complaint=complaint, text=text[:500], cost=cost, proposed_at=now, by=by
    )
    case.save(complaint, *touched)
    case.note("proposed", complaint, by, now)
    undo.offer(
        verb="complaint.proposed", subject=complaint, by=by, now=now, before=[complaint.was], made=[undo.made(remedy)]
    )  # fmt: skip
    return complaint


@transaction.atomic
def decide_remedy(*, complaint, remedy, accepted, by, now, version=None):
    """What the resident said to a remedy; the last answer counts until the complaint has ended."""
    complaint = case.begin(complaint, "decide_remedy", by, version)
    remedy = complaint.remedies.select_for_update().get(pk=remedy.pk)
    before = [complaint.was, undo.snapshot(remedy, "accepted", "decided_at", "decided_by_id")]
    remedy.accepted, remedy.decided_at, remedy.decided_by = accepted, now, by
    remedy.save(update_fields=["accepted", "decided_at", "decided_by"])
    case.save(complaint)
    verb = "remedy_accepted" if accepted else "remedy_refused"
    case.note(verb, complaint, by, now)
    undo.offer(verb=f"complaint.{verb}", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def report(*, complaint, result, fault, valid, by, now, at=None, apology=None, version=None):
    """The department's result: it keeps “solved”, and the clerk owes telling it the same day (SPEC §5.2, §5.3).

    A complaint found not justified is answered like any other.
    """
    complaint = case.begin(complaint, "report", by, version)
    result = case.need(result, _("Write down the result."))
    at = case.fact(complaint, at, now)
    if fault not in Complaint.Fault.values or valid is None:
        raise Refused(_("Say whose fault it was and whether the complaint is justified."))
    promises.keep(complaint, SOLVE, at=at, by=by)
    complaint.state, complaint.reported_at, complaint.reported_by = State.REPORTED, at, by
    complaint.result, complaint.fault, complaint.valid, complaint.tries = result, fault, valid, 0
    if apology is not None:
        complaint.apology = apology
    case.step(complaint, Kind.REPORT, at, by, now, result)
    owed = case.promise(complaint, TELL, TELL, fact_at=at, now=now)
    case.save(
        complaint, "state", "reported_at", "reported_by", "result", "fault", "valid", "apology", "tries"
    )
    case.note("reported", complaint, by, now, at=case.stamp(at, complaint))
    case.bell("reported", complaint, [complaint.owner], by, now, due_at=owed.due_at.isoformat())
    # It keeps no promise: the clerk tells the result by telephone or face to face (SPEC §5.3).
    telling.complainant("complaint.resident_result", complaint, now=now)
    return complaint
