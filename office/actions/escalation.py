"""A promise that climbed to somebody is acknowledged: "seen, I take care" (SPEC §0, §5.2)."""

from django.db import transaction

from office import escalation, journal
from office.models import Promise, Seen
from office.refusals import Refused


@transaction.atomic
def see(*, promise, by, now):
    """Write down that `by` has seen the step that reached him. It keeps no promise and stops no clock: the next
    step comes all the same. A second press, or a colleague at the same time, finds it done.
    """
    promise = Promise.objects.select_for_update(of=("self",)).get(pk=promise.pk)
    steps = escalation.seen([promise]).get(promise.pk, {})
    chair = escalation.Chair(by)
    if reason := chair.why_not_see(promise, steps):
        raise Refused(reason)
    step = chair.step(promise)
    row = Seen.objects.create(promise=promise, step=step, by=by, at=now)
    journal.record(
        "promise.seen",
        subject=promise,
        kind=promise.subject_kind,
        pk=promise.subject_id,
        text=promise.title,
        by=by,
        now=now,
        data={"promise": journal.word("promise", promise.kind), "step": journal.word("step", int(step))},
    )
    return row
