"""Long work of the repairs, done by a worker and shown as a Job (ARCHITECTURE §2)."""

import logging
from datetime import date
from itertools import groupby

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from office import clocks, jobs, outbox, sweeps
from office.refusals import Refused
from tickets import actions, printouts, reports
from tickets.models import Asset, Plan

log = logging.getLogger(__name__)

DAY = "tickets.print_day"


def print_day(job):
    """A crew's day as one PDF: for each technician the list of visits, then the work orders in visit order.

    The sheets are marked as printed once the file is kept: run again after its worker died, nothing is marked twice
    for a print nobody got.
    """
    from office import printing  # here: WeasyPrint takes a second to load, and most workers never print

    day = date.fromisoformat(job.args["day"])
    orders = list(reports.day_orders(job.estate, day, job.args["technicians"]))
    if not orders:
        raise Refused(_("No work order has its window on this day any more."))
    crews = [(crew, list(theirs)) for crew, theirs in groupby(orders, key=lambda order: order.technician)]
    job.total = len(orders) + len(crews)
    batch = printing.pdf_many(
        _sheets(job.estate, day, crews, job.args.get("size") or None),
        progress=lambda done: jobs.progress(job, done, job.total),
    )
    for _position, title, reason in batch.failures:
        jobs.row_error(job, title, reason)
    job.done = job.total - len(batch.failures)
    name = f"{job.estate.code}-{day:%Y-%m-%d}.pdf"
    jobs.keep_result(job, data=batch.data, name=name, content_type="application/pdf")
    actions.mark_printed(work_orders=orders, by=job.by, now=timezone.now())


def _sheets(estate, day, crews, size):
    for technician, orders in crews:
        yield printouts.day(orders, estate=estate, date=day, technician=technician)
        yield from printouts.work_orders(orders, size=size)


# --- what comes round (SPEC §4.7, §11) --------------------------------------------------------------------------


def open_plans(now):
    """The sweep that opens the tickets of maintenance plans, some days ahead. One plan's trouble stops no other."""
    result = sweeps.Result()
    for plan in reports.due_plans(now):
        result.found += 1
        try:
            result.done += actions.open_due(plan=plan, now=now) is not None
        except Exception as problem:
            if not connection.is_usable():  # not the row's fault: let the whole sweep come again
                raise
            log.exception("plan %s opens no ticket", plan.pk)
            result.failed += 1
            result.failures.append(
                sweeps.Failure(
                    str(plan.pk), str(plan), f"{type(problem).__name__}: {problem}", Plan.SUBJECT, plan.pk, plan.estate_id
                )
            )  # fmt: skip
    return result


def foresee_plans(now, estates, limit):
    plans = reports.due_plans(now, estates)
    rows = [
        sweeps.Coming(
            title=str(plan), step=_("opens a ticket"), told=(str(plan.responsible),),
            due_at=clocks.end_of_day(plan.next_due, plan.estate.zone), subject_kind=Plan.SUBJECT, subject_id=plan.pk,
        )
        for plan in plans[:limit]
    ]  # fmt: skip
    return sweeps.Foreseen(len(plans), tuple(rows))


def remind_certificates(now):
    """Tell the repair lead and the supervisors twice before a certificate ends; each of them once per step."""
    result = sweeps.Result()
    for asset, step, people in reports.ending_certificates(now):
        result.found += 1
        data = {
            "facility": f"{asset.code} {asset.name_zh_hant}",
            "until": asset.certificate_until.isoformat(),
        }
        for person in people:
            outbox.queue(
                "upkeep.certificate", dedupe_key=reports.certificate_key(asset, step, person), channel="desk",
                estate=asset.estate, now=now, staff=person, data=data, subject=asset,
            )  # fmt: skip
        result.done += 1
    return result


def foresee_certificates(now, estates, limit):
    found = reports.ending_certificates(now, estates)
    rows = [
        sweeps.Coming(
            title=f"{asset.code} {asset.local_name}", step=_("reminds of the certificate"),
            told=tuple(str(person) for person in people),
            due_at=clocks.end_of_day(asset.certificate_until, asset.estate.zone), subject_kind=Asset.SUBJECT, subject_id=asset.pk,
        )
        for asset, _step, people in found[:limit]
    ]  # fmt: skip
    return sweeps.Foreseen(len(found), tuple(rows))
