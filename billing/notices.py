"""Payment notices and statements in batches: one PDF of all who owe, in the order of their units (SPEC §6.9)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.actions import notices as promised
from billing.models import Account
from billing.printouts import notices as sheets
from office import jobs
from office.refusals import Refused

JOB = "billing.notices"


def owing(estate, building=None):
    """Ids of the accounts that owe, in the order the letter boxes are walked."""
    rows = Account.objects.filter(estate=estate, owed__gt=0)
    rows = rows.filter(unit__building=building) if building else rows
    return list(rows.order_by("unit__building_id", "unit__sort_key", "pk").values_list("pk", flat=True))


def start(*, kind, estate, building, by, now):
    """Ask a worker for the sheets of all who owe, of one building or of the whole estate."""
    if not owing(estate, building):
        raise Refused(_("Nobody owes anything there."))
    return jobs.start(
        JOB, title=str(sheets.TITLES[kind]), estate=estate, by=by,
        args={"kind": kind, "building": building.pk if building else None}, now=now,
    )  # fmt: skip


def work(job):
    """A job's part: shard after shard. Who has paid meanwhile is left out."""
    from office import printing  # here: WeasyPrint takes a second to load, and most workers never print

    kind = job.args["kind"]
    now = timezone.now()
    ids = owing(job.estate, job.args["building"])
    job.total = len(ids)
    batch = printing.pdf_many(
        sheets.of_accounts(kind, ids, job.estate, now),
        shard=sheets.SHARD,
        progress=lambda done: jobs.progress(job, done, job.total),
    )
    for _position, title, reason in batch.failures:
        jobs.row_error(job, title, reason)
    job.done = job.total - len(batch.failures)
    jobs.keep_result(
        job, data=batch.data, name=f"{job.estate.code}-{kind}.pdf", content_type="application/pdf"
    )
    if kind == sheets.NOTICE and not job.args["building"] and not batch.failures:
        promised.keep(estate=job.estate, by=job.by, now=now)
