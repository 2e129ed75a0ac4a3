"""Long work of the repairs, done by a worker and shown as a Job (ARCHITECTURE §2)."""

from datetime import date
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from office import jobs
from office.refusals import Refused
from tickets import actions, printouts, reports

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
