"""Handing over what the office owes: one promise, or many one after the other (SPEC §1, UX G9)."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import jobs, outbox, promises
from office.models import Promise, Staff
from office.refusals import Refused

JOB = "office.hand_over"
PERMISSION = "office.hand_over"


def why_not(promise, by):
    """Why `by` cannot hand this promise over: None or one sentence. Reads the promise alone."""
    if not by.may(PERMISSION, promise.estate_id):
        return _("Your role does not allow this.")
    if not promise.is_open:
        return _("This promise has ended.")
    matter = promises.MATTERS.get(promise.subject_kind)
    return str(matter.stays[promise.kind]) if matter and promise.kind in matter.stays else None


@transaction.atomic
def hand_over(*, promise, to, reason, by, now, notice=True):
    """One promise to somebody else, with a reason. Where its matter has an owner the whole matter goes, by the
    matter's own action and under its lock; else the promise alone, under its own. No clock moves.
    """
    if not reason.strip():
        raise Refused(_("Give the reason of the hand-over."))
    matter = promises.MATTERS.get(promise.subject_kind)
    if matter and matter.hand_over:
        # The matter is locked before its promises, everywhere: this row is only looked at.
        row = Promise.objects.select_related("estate").get(pk=promise.pk)
        _refuse(why_not(row, by), row, to)
        matter.hand_over(row.subject_id, kind=row.kind, to=to, reason=reason, by=by, now=now, notice=notice)
        return row
    row = Promise.objects.select_for_update(of=("self",)).select_related("estate", "owner").get(pk=promise.pk)
    _refuse(why_not(row, by), row, to)
    was, row.owner = row.owner, to
    row.save(update_fields=["owner"])
    promises.note_hand_over(
        row, to, was=was, reason=reason, by=by, now=now, notice=notice,
        kind=row.subject_kind, pk=row.subject_id, text=row.title,
    )  # fmt: skip
    return row


def _refuse(sentence, promise, to):
    if sentence:
        raise Refused(sentence)
    if promise.owner_id == to.pk:
        raise Refused(_("%(name)s owns it already.") % {"name": to})
    if not to.is_active or promise.estate_id not in to.estate_ids():
        raise Refused(_("This person does not work at this estate."))


def hand_over_many(rows, *, to, reason, by, now, tell=None, told_alone=False):
    """Promises one after the other, each in its own transaction: ([handed over], [(promise, sentence)]).

    Promises of one matter go together, so the second is found where it should be. `tell(done, total)` after each.
    """
    handed, refused = [], []
    moved = set()
    for at, promise in enumerate(rows, start=1):
        matter = (promise.subject_kind, promise.subject_id)
        try:
            if matter in moved and Promise.objects.filter(pk=promise.pk, owner=to).exists():
                handed.append(promise)  # went with its matter
                continue
            hand_over(promise=promise, to=to, reason=reason, by=by, now=now, notice=told_alone)
            handed.append(promise)
            moved.add(matter)
        except Refused as refusal:
            refused.append((promise, refusal.sentence))
        finally:
            if tell:
                tell(at, len(rows))
    return handed, refused


def tell_of_many(*, to, count, by, estate, now, key):
    """One notice for all that was handed over together; none to whoever took it himself."""
    if to == by or not count:
        return
    outbox.queue(
        "promise.many_handed_over", dedupe_key=f"handed:{key}", channel="desk", estate=estate, now=now, staff=to,
        data={"count": count, "by": by.name},
    )  # fmt: skip


def run(job):
    """The same by a worker. Begun again after a death it finds what it has handed over where it should be."""
    args = job.args
    to = Staff.objects.get(pk=args["to"])
    rows = list(Promise.objects.filter(pk__in=args["ids"]).select_related("estate").order_by("due_at", "pk"))
    went_before = 0
    if job.attempts > 1:
        went_before = len([row for row in rows if row.owner_id == to.pk])
        rows = [row for row in rows if row.owner_id != to.pk]
    handed, refused = hand_over_many(
        rows, to=to, reason=args["reason"], by=job.by, now=job.made_at,
        tell=lambda done, total: jobs.progress(job, done, total),
    )  # fmt: skip
    for promise, sentence in refused:
        jobs.row_error(job, promise.title, sentence)
    job.done, job.total = len(rows), len(rows)
    count = len(handed) + went_before
    tell_of_many(to=to, count=count, by=job.by, estate=job.estate, now=job.made_at, key=f"job:{job.pk}")


def set_up():
    """What the office tells itself about handing over at start-up."""
    jobs.register(JOB, run, gettext_lazy("hand-over of many promises"))
    outbox.templates(
        {
            "promise.handed_over": (
                gettext_lazy("Handed over to you: %(title)s"),
                gettext_lazy("%(by)s handed %(title)s over to you; its clocks go on."),
            ),
            "promise.many_handed_over": (
                gettext_lazy("Promises handed over to you: %(count)s"),
                gettext_lazy("%(by)s handed them over to you; they are on your home page, clocks go on."),
            ),
        }
    )
