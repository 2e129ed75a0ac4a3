"""Long work: imports, exports, batch prints (ARCHITECTURE §2). A row says how far it is; a worker's death loses nothing.

    jobs.register("tickets.print_day", print_day, _("print a crew's day"))

    def print_day(job):
        for done, order in enumerate(orders, start=1):
            …
            jobs.progress(job, done, len(orders))
        jobs.keep_result(job, data=pdf, name="day.pdf", content_type="application/pdf")

    job = jobs.start("tickets.print_day", title=_("…"), estate=estate, by=by, args={"ids": ids}, now=now)
    return redirect("office:job", job.pk)

`run(job)` may be called again from the start after its worker died: it finds out itself what is done already.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import files, outbox, promises, sweeps
from office.models import Job, SweepFailure
from office.refusals import Refused
from office.sweeps import Result
from office.wake import wake

log = logging.getLogger(__name__)

SUBJECT = "office.job"
LEASE = timedelta(minutes=2)  # a running job that says nothing for so long has lost its worker
MAX_ATTEMPTS = 3
MAX_ERRORS = 1000
EVERY = 0.5  # seconds between two signs of life


@dataclass(frozen=True)
class Kind:
    """A kind of long work; `run(job)` does it and raises Refused with a sentence when it cannot be done."""

    name: str
    run: Any
    label: Any


KINDS: dict[str, Kind] = {}


class Stopped(Exception):
    """Somebody asked to cancel it. Raised by `progress`; what is committed by then stays."""


class Lost(Exception):
    """Another worker has taken the job over: this one was silent too long."""


def register(kind, run, label=""):
    """Called by each app at start-up."""
    KINDS[kind] = Kind(kind, run, label or kind)


# --- asked for by people -----------------------------------------------------------------------------------


def start(kind, *, title, estate, by, args=None, now):
    """Ask for long work; a worker takes it after commit, or at its next look."""
    if kind not in KINDS:
        raise LookupError(f"job kind {kind!r} is not registered")
    job = Job.objects.create(
        kind=kind, title=str(title)[:200], estate=estate, by=by, args=args or {}, made_at=now
    )
    wake("office.tasks.run_jobs")
    return job


def visible_to(staff):
    """One's own jobs, and all of the estates where one may see everybody's."""
    mine = Job.objects.filter(by=staff, estate_id__in=staff.estate_ids())
    return mine | Job.objects.filter(estate_id__in=staff.estate_ids("office.jobs"))


@transaction.atomic
def cancel(*, job, by, now):
    """Stop it: at once when it waits, at its next sign of life when it runs."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.is_over:
        raise Refused(_("This work is over already."))
    if job.by_id != by.pk and not by.may("office.administer", job.estate_id):
        raise Refused(_("Only the person who started it, or an administrator, stops it."))
    job.cancel_requested = True
    if job.state == Job.State.QUEUED:
        job.state, job.finished_at = Job.State.CANCELLED, now
    job.save(update_fields=["cancel_requested", "state", "finished_at"])
    return job


# --- told by the work --------------------------------------------------------------------------------------


def progress(job, done, total=None):
    """How far it is, and a sign of life; seen by others at once, even from inside a transaction.

    Raises Stopped when somebody asked to cancel. Cheap to call for every row: it writes twice a second.
    """
    job.done, job.total = done, job.total if total is None else total
    told = time.monotonic()
    if told - getattr(job, "told", 0) < EVERY:
        return
    job.told = told
    answer = _sign(job)
    if answer is None:
        raise Lost
    if answer:
        raise Stopped


# The claim is lengthened by the database's clock: by a worker's own, two hours behind, it would have run out already.
SIGN = """UPDATE office_job SET done = %s, total = %s, failed = %s, claimed_until = clock_timestamp() + %s
    WHERE id = %s AND claim = %s RETURNING cancel_requested"""


def _sign(job):
    """Whether cancelling was asked for; None when the claim is not ours any more."""
    values = [job.done, job.total, job.failed, LEASE, job.pk, job.claim]
    if not connection.in_atomic_block:
        return _ask(connection, values)
    # Inside the work's own transaction nobody would see it before the end: say it beside.
    beside = connections["default"].copy()
    try:
        answer = _ask(beside, values)
    finally:
        beside.close()
    # A row this very transaction made (tests) is seen only from within.
    return _ask(connection, values) if answer is None else answer


def _ask(link, values):
    with link.cursor() as cursor:
        cursor.execute(SIGN, values)
        row = cursor.fetchone()
    return None if row is None else row[0]


def row_error(job, row, text):
    """A row that could not be done, with its reason; the first thousand are kept, all are counted."""
    job.failed += 1
    if len(job.errors) < MAX_ERRORS:
        job.errors.append({"row": str(row)[:80], "text": str(text)[:500]})


def keep_result(job, *, data, name, content_type):
    """The file to fetch when it is over (bytes of our own making)."""
    job.result_file = files.store(
        data=data,
        name=name,
        content_type=content_type,
        estate=job.estate,
        by=job.by,
        now=timezone.now(),
        subject_kind=SUBJECT,
        subject_id=job.pk,
        kind="result",
    )
    return job.result_file


# --- done by workers ---------------------------------------------------------------------------------------

CLAIM = """
    UPDATE office_job SET state = 'running', claim = %(claim)s, claimed_until = %(until)s, attempts = attempts + 1,
        started_at = coalesce(started_at, %(now)s)
    WHERE id = (
        SELECT id FROM office_job
        WHERE state IN ('queued', 'running') AND made_at <= %(now)s
          AND (state = 'queued' OR claimed_until < %(now)s)
          AND %(at_once)s > (SELECT count(*) FROM office_job WHERE state = 'running' AND claimed_until >= %(now)s)
        ORDER BY made_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""
CLAIMING = 7_246_001  # the advisory lock of a claim: two at once would both count the same running jobs


def run_waiting(now):
    """Do the work that waits, one job after the other, also what a dead worker left. Safe in many workers at once.

    Only settings.JOBS_AT_ONCE run at a time: a worker's other slots stay free for messages and reminders. Whoever
    finds no room goes home; the one at work takes the next when it is through.

    1. Claim the oldest one that waits or whose lease has run out, and commit.
    2. After three workers died of it, it has failed.
    3. Do it, outside any transaction of ours.
    4. Write down the end, unless another worker has it by now, and ring the bell of who asked for it.
    """
    began, result = time.monotonic(), Result()
    while True:
        clock = now + timedelta(seconds=time.monotonic() - began)
        job = _claim(clock)
        if job is None:
            return result
        result.found += 1
        if _run(job):
            result.done += 1
        else:
            result.failed += 1


def _claim(clock):
    values = {
        "claim": uuid.uuid4(),
        "until": clock + LEASE,
        "now": clock,
        "at_once": settings.JOBS_AT_ONCE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING])
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
    return Job.objects.select_related("estate", "by").get(pk=row[0]) if row else None


def _run(job):
    """Do it in the language and zone of who asked; whether it came to a good end."""
    language = job.by.language or job.estate.language
    with translation.override(language), timezone.override(job.estate.zone):
        if job.attempts > MAX_ATTEMPTS:
            return _over(job, Job.State.FAILED, _("The machine stopped three times while doing this."))
        if job.cancel_requested:
            return _over(job, Job.State.CANCELLED)
        job.done = job.failed = 0
        job.errors = []
        try:
            KINDS[job.kind].run(job)
        except Stopped:
            return _over(job, Job.State.CANCELLED)
        except Lost:
            log.warning("job %s: another worker has it", job.pk)
            return False
        except Refused as refusal:
            return _over(job, Job.State.FAILED, refusal.sentence)
        except Exception as problem:
            log.exception("job %s (%s) failed", job.pk, job.kind)
            return _over(job, Job.State.FAILED, f"{type(problem).__name__}: {problem}")
        return _over(job, Job.State.DONE)


@transaction.atomic
def _over(job, state, error=""):
    """Write down the end and ring the bell, both or neither; nothing when the claim is not ours any more."""
    now = timezone.now()
    changed = Job.objects.filter(pk=job.pk, claim=job.claim).update(
        state=state,
        finished_at=now,
        claim=None,
        claimed_until=None,
        done=job.done,
        total=job.total,
        failed=job.failed,
        errors=job.errors,
        error=str(error)[:2000].replace("\0", ""),
        result=job.result,
        result_file_id=job.result_file_id,
    )
    if not changed:
        log.warning("job %s: another worker has it", job.pk)
        return False
    if state != Job.State.CANCELLED:
        outbox.queue(
            f"job.{state}",
            dedupe_key=f"job:{job.pk}:over",
            channel="desk",
            estate=job.estate,
            now=now,
            staff=job.by,
            data={"title": job.title, "failed": job.failed},
            subject=job,
        )
    return state == Job.State.DONE


def seconds_left(job, now):
    """How long it will still take at the pace so far; None when that cannot be said."""
    if job.is_over or not job.started_at or not job.done or not job.total:
        return None
    spent = (now - job.started_at).total_seconds()
    return max(0, round(spent / job.done * (job.total - job.done)))


def _can_read(staff, job_id):
    return visible_to(staff).filter(pk=job_id).exists()


def foresee(now, estates, limit):
    """What `run_waiting` would begin now."""
    due = Job.objects.filter(estate__in=estates, made_at__lte=now).filter(
        Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, claimed_until__lt=now)
    )
    rows = [
        sweeps.Coming(job.title, job.get_state_display(), (job.by.local_name,), job.made_at, SUBJECT, job.pk)
        for job in due.select_related("by").order_by("made_at", "pk")[:limit]
    ]
    return sweeps.Foreseen(due.count(), tuple(rows))


RECENT = timedelta(days=7)


def failing(now, estates, limit):
    """Work that came to no good end lately. It is not tried again by itself: whoever asked has been told."""
    rows = Job.objects.filter(estate__in=estates, state=Job.State.FAILED, finished_at__gt=now - RECENT)
    return [
        (
            SweepFailure(
                sweep="jobs", key=str(job.pk), title=job.title, subject_kind=SUBJECT, subject_id=job.pk,
                error=job.error, since=job.finished_at, last_at=job.finished_at, tries=job.attempts,
            ),
            None,
        )
        for job in rows.order_by("-pk")[:limit]
        if job.finished_at is not None
    ]  # fmt: skip


def set_up():
    """What the office tells itself about jobs at start-up."""
    promises.register_subject(SUBJECT, lambda pk: reverse("office:job", args=[pk]))
    files.register_subject(SUBJECT, _can_read)
    outbox.templates(
        {
            "job.done": (
                gettext_lazy("Finished: %(title)s"),
                gettext_lazy("Rows that could not be done: %(failed)s."),
            ),
            "job.failed": (gettext_lazy("Not finished: %(title)s"), gettext_lazy("Open it to see why.")),
        }
    )
    sweeps.register(
        sweeps.Sweep(
            name="jobs",
            label=gettext_lazy("long work that waits"),
            rule=gettext_lazy("as soon as somebody asks; again when its worker died"),
            run=run_waiting,
            every=15,
            preview=foresee,
            failing=failing,
        )
    )
