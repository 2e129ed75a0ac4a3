from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, journal, promises, undo
from office.models import Promise
from office.refusals import Refused
from tickets import rules
from tickets.actions import change
from tickets.models import CallbackTry, Ticket

Outcome = CallbackTry.Outcome


@transaction.atomic
def call_back(
    *, ticket, outcome, by, now, how=CallbackTry.How.PHONE, tried_at=None, score=None, remark="", version=None
):
    """回訪 (SPEC §4.4): satisfied closes the ticket; not satisfied sends it back to repair with a new work order;
    not reached is one try. The promise is kept when the person was reached, satisfied or not."""
    ticket = change.begin(ticket, "call_back", by, version)
    tried_at = tried_at or now
    change.past(tried_at, now, _("The callback lies in the future."))
    if tried_at < ticket.done_at:
        raise Refused(_("The callback lies before the completion."))
    if rules.is_of_the_crew(ticket, by):
        raise Refused(rules.crew_calls_nobody_back())
    if outcome == Outcome.NOT_SATISFIED and not remark.strip():
        raise Refused(_("Write down what the resident is not satisfied with."))
    order = change.latest_order(ticket)
    owed = promises.open_of(ticket, "callback")
    before = [ticket.was] + [undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason") for p in owed]
    attempt = CallbackTry.objects.create(
        ticket=ticket, work_order=order, tried_at=tried_at, by=by, outcome=outcome, score=score, remark=remark, recorded_at=now,
        how=CallbackTry.How.SITE if ticket.checked_on_site else how,
    )  # fmt: skip
    made = [undo.made(attempt)]
    ticket.callback_tries += 1
    if outcome != Outcome.NOT_REACHED:
        promises.close(owed, Promise.Outcome.KEPT, at=tried_at, by=by)
    if outcome == Outcome.SATISFIED:
        ticket.state, ticket.closed_at, ticket.satisfied = Ticket.State.CLOSED, tried_at, True
        ticket.ending = Ticket.Ending.SITE_CHECKED if ticket.checked_on_site else Ticket.Ending.CALLED_BACK
        verb, data = "ticket.closed", {}
    elif outcome == Outcome.NOT_SATISFIED:
        again = change.new_errand(ticket, now)
        made.append(undo.made(again))
        ticket.state, ticket.satisfied, ticket.done_at = Ticket.State.ACCEPTED, False, None
        ticket.rework_count += 1
        verb, data = "ticket.callback_not_satisfied", {"work_order": again.number}
    else:
        verb, data = "ticket.callback_not_reached", {"try": ticket.callback_tries}
    change.end(
        ticket, "state", "closed_at", "satisfied", "ending", "callback_tries", "done_at", "rework_count"
    )
    journal.record(verb, subject=ticket, by=by, now=now, data=data)
    undo.offer(verb=verb, subject=ticket, by=by, now=now, before=before, made=made)
    return ticket


@transaction.atomic
def close_unreachable(*, ticket, reason, by, now, version=None):
    """After 3 failed tries on 2 different days; counts against the 100 % (SPEC §4.4)."""
    ticket = change.begin(ticket, "close_unreachable", by, version)
    tries = ticket.callbacks.filter(outcome=Outcome.NOT_REACHED, tried_at__gte=ticket.done_at).values_list(
        "tried_at", flat=True
    )
    if not rules.unreachable_enough([clocks.local_date(at, ticket.estate.zone) for at in tries]):
        raise Refused(
            _("Only after %(tries)s tries on %(days)s different days.")
            % {"tries": rules.UNREACHABLE_TRIES, "days": rules.UNREACHABLE_DAYS}
        )
    if not reason.strip():
        raise Refused(_("Give the reason."))
    promises.close(
        promises.open_of(ticket, "callback"), Promise.Outcome.UNREACHABLE, at=now, by=by, reason=reason
    )
    ticket.state, ticket.closed_at, ticket.ending = Ticket.State.CLOSED, now, Ticket.Ending.UNREACHABLE
    ticket.end_reason = reason[:300]
    change.end(ticket, "state", "closed_at", "ending", "end_reason")
    journal.record(
        "ticket.closed_unreachable", subject=ticket, by=by, now=now, data={"tries": ticket.callback_tries}
    )
    return ticket
