"""Telling the result, the callback, and how a complaint ends (SPEC §5.3)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, journal, promises, undo
from office.models import Promise
from office.refusals import Refused
from tickets import complaints as rules
from tickets.actions.complaints import case
from tickets.actions.complaints.case import ANSWER, CALLBACK, FORWARD, TELL, Kind, Outcome, Purpose, State
from tickets.models import (
    Complaint,
    ComplaintCall,
)
from tickets.rules import unreachable_enough


@transaction.atomic
def tell(*, complaint, by, now, how=Complaint.ToldHow.PHONE, at=None, reached=True, remark="", version=None):
    """The clerk tells the resident the result, by telephone or face to face, the same day; a message keeps nothing
    (SPEC §5.3). From here on a callback is owed. Not reached is one try, and the promise stays open."""
    complaint = case.begin(complaint, "tell", by, version)
    at = case.fact(complaint, at, now)
    if at < complaint.reported_at:
        raise Refused(_("This lies before the result was recorded."))
    if how not in Complaint.ToldHow.values:
        raise Refused(_("The result is told by telephone or face to face."))
    if not reached:
        ways = {
            Complaint.ToldHow.PHONE: ComplaintCall.How.PHONE,
            Complaint.ToldHow.FACE: ComplaintCall.How.VISIT,
        }
        _call(complaint, Purpose.RESULT, at, by, now, Outcome.NOT_REACHED, ways[how], None, remark)
        complaint.tries += 1
        case.save(complaint, "tries")
        case.note("tell_failed", complaint, by, now, **{"try": complaint.tries})
        return complaint
    promises.keep(complaint, TELL, ANSWER, at=at, by=by)
    complaint.state, complaint.told_at, complaint.told_by, complaint.told_how = State.TOLD, at, by, how
    complaint.answered_at, complaint.tries = complaint.answered_at or at, 0
    case.step(complaint, Kind.TOLD, at, by, now, remark.strip())
    owed = case.promise(complaint, CALLBACK, CALLBACK, fact_at=at, now=now)
    case.save(complaint, "state", "told_at", "told_by", "told_how", "answered_at", "tries")
    case.note(
        "told", complaint, by, now,
        how=journal.word("complaint.told", how), at=case.stamp(at, complaint), due=case.stamp(owed.due_at, complaint),
    )  # fmt: skip
    return complaint


def _call(complaint, purpose, at, by, now, outcome, how, score, remark):
    return ComplaintCall.objects.create(
        complaint=complaint, purpose=purpose, round=complaint.rounds, tried_at=at, by=by, how=how, outcome=outcome,
        score=score, remark=remark.strip(), recorded_at=now,
    )  # fmt: skip


@transaction.atomic
def call_back(
    *, complaint, outcome, by, now, how=ComplaintCall.How.PHONE, tried_at=None, score=None, remark="",
    harm_now=False, version=None,
):  # fmt: skip
    """回訪 (SPEC §5.3): satisfied closes; not satisfied opens the next round with promises of its own, counted from
    now; not reached is one try. The promise is kept when the person was reached, satisfied or not."""
    complaint = case.begin(complaint, "call_back", by, version)
    tried_at = case.fact(complaint, tried_at, now)
    if tried_at < complaint.told_at:
        raise Refused(_("The callback lies before the result was told."))
    if outcome == Outcome.NOT_SATISFIED:
        case.need(remark, _("Write down what the resident is not satisfied with."))
    owed = promises.open_of(complaint)
    before = case.as_it_was(complaint, owed)
    made = [_call(complaint, Purpose.CALLBACK, tried_at, by, now, outcome, how, score, remark)]
    data = {}
    if outcome == Outcome.NOT_REACHED:
        complaint.tries += 1
        verb, data = "not_reached", {"try": complaint.tries}
    else:
        callbacks = [row for row in owed if row.kind == CALLBACK]
        promises.close(callbacks, Promise.Outcome.KEPT, at=tried_at, by=by)
        case.drop([row for row in owed if row.kind != CALLBACK], at=now, by=by)
        complaint.satisfied = outcome == Outcome.SATISFIED
        verb = "closed" if complaint.satisfied else "reopened"
        if complaint.satisfied:
            complaint.state, complaint.closed_at = State.CLOSED, tried_at
            complaint.ending = Complaint.Ending.CALLED_BACK
        else:
            made += _reopen(complaint, tried_at, harm_now, now)
            data = {"round": complaint.rounds}
    fields = [name.removesuffix("_id") for name in case.UNDO_FIELDS if name != "next_due_at"]
    case.save(complaint, *fields)
    case.note(verb, complaint, by, now, **data)
    if verb == "reopened":
        case.bell("reopened", complaint, [complaint.owner, complaint.handler], by, now)
        case.forward(complaint, by, now)
    undo.offer(
        verb=f"complaint.{verb}", subject=complaint, by=by, now=now, before=before,
        made=[undo.made(row) for row in made],
    )  # fmt: skip
    return complaint


def _reopen(complaint, at, harm_now, now):
    """The next round: nothing of it has been done yet, and its promises count from the callback."""
    for name in case.CLEARED:
        setattr(complaint, name, None)
    complaint.told_how, complaint.contact_tries, complaint.tries = "", 0, 0
    complaint.harm_now, complaint.wanted_by = harm_now, None
    complaint.state, complaint.counts_from = State.HANDLING, at
    complaint.rounds += 1
    case.name_receiver(complaint)
    return case.promise_class(complaint, now)


@transaction.atomic
def close_unreachable(*, complaint, reason, by, now, version=None):
    """After 3 failed tries on 2 different days, of telling the result or of calling back; counts against the 100 %."""
    complaint = case.begin(complaint, "close_unreachable", by, version)
    reason = case.need(reason, _("Give the reason."))
    purpose = Purpose.RESULT if complaint.state == State.REPORTED else Purpose.CALLBACK
    tries = complaint.calls.filter(
        purpose=purpose, round=complaint.rounds, outcome=Outcome.NOT_REACHED
    ).values_list("tried_at", flat=True)
    if not unreachable_enough([clocks.local_date(at, complaint.estate.zone) for at in tries]):
        raise Refused(rules.too_few_tries())
    owed = promises.open_of(complaint)
    unkept = [row for row in owed if row.kind != FORWARD]
    promises.close(unkept, Promise.Outcome.UNREACHABLE, at=now, by=by, reason=reason[:300])
    case.drop([row for row in owed if row.kind == FORWARD], at=now, by=by)
    complaint.state, complaint.closed_at = State.CLOSED, now
    complaint.ending, complaint.end_reason = Complaint.Ending.UNREACHABLE, reason[:300]
    case.save(complaint, "state", "closed_at", "ending", "end_reason")
    case.note("closed_unreachable", complaint, by, now, tries=complaint.tries)
    return complaint


@transaction.atomic
def withdraw(*, complaint, reason, by, now, version=None):
    """The resident takes the complaint back. What was missed until then stays missed; no callback is owed."""
    complaint = case.begin(complaint, "withdraw", by, version)
    reason = case.need(reason, _("Write down what the resident said."))
    owed = promises.open_of(complaint)
    before = case.as_it_was(complaint, owed)
    case.drop(owed, at=now, by=by, reason=_("withdrawn by the resident"))
    complaint.state, complaint.closed_at = State.WITHDRAWN, now
    complaint.ending, complaint.end_reason = Complaint.Ending.WITHDRAWN, reason[:300]
    case.save(complaint, "state", "closed_at", "ending", "end_reason")
    case.note("withdrawn", complaint, by, now)
    undo.offer(verb="complaint.withdrawn", subject=complaint, by=by, now=now, before=before)
    return complaint
