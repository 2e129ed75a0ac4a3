"""What happens by itself at a month's end: reports are drafted on the 1st, issued ones are filed as PDF (SPEC §4.8, §11)."""

import logging

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from office import sweeps
from office.actions import months as actions
from office.clocks import add_months, local_date, midnight
from office.models import Estate, Event, MonthReport
from office.sweeps import Coming, Failure, Foreseen, Result, Sweep

log = logging.getLogger(__name__)
MOST = 12  # months a long outage leaves to be drafted


def due(now):
    """[(estate, first day)] of months that are over by each estate's own calendar and have no report, oldest first.

    The month before always; those since the last report too, when nothing ran for longer. An estate that was not
    open yet has nothing to report.
    """
    reports = MonthReport.objects.order_by("estate", "-month").distinct("estate")
    last, found = dict(reports.values_list("estate", "month")), []
    for estate in Estate.objects.filter(is_active=True):
        newest = add_months(local_date(now, estate.zone).replace(day=1), -1)
        first = last.get(estate.pk)
        first = newest if first is None else max(add_months(first, 1), add_months(newest, 1 - MOST))
        while first <= newest:
            if _was_open(estate, first):
                found.append((estate, first))
            first = add_months(first, 1)
    return found


def _was_open(estate, first):
    end = midnight(add_months(first, 1), estate.zone)
    return Event.objects.filter(estate_id=estate.pk, at__lt=end).exists()


def draft_due(now):
    result = Result()
    for estate, first in due(now):
        result.found += 1
        title = f"{estate.code} {first:%Y-%m}"
        try:
            result.done += actions.draft(estate=estate, month=first, now=now)[1]
        except DatabaseError as problem:
            if not connection.is_usable():
                raise
            _failed(result, Failure(title, title, str(problem), estate_id=estate.pk))
    return result


def drafts_to_come(now, estates, limit):
    lines = [
        Coming(f"{estate.local_name} {first:%Y-%m}", _now("to be drafted"), due_at=midnight(add_months(first, 1), estate.zone))
        for estate, first in due(now)
        if estate.pk in estates
    ]  # fmt: skip
    return Foreseen(len(lines), tuple(lines[:limit]))


def _unfiled():
    waiting = MonthReport.objects.filter(state=MonthReport.State.ISSUED, file__isnull=True)
    return waiting.select_related("estate", "signed_by", "issued_by").order_by("issued_at")


def file_issued(now):
    """Paper of issued reports that is not filed yet: drawn from the frozen figures, kept as issued."""
    result = Result()
    for report in _unfiled():
        result.found += 1
        try:
            file(report, now)
            result.done += 1
        except Exception as problem:  # one sheet that cannot be drawn does not keep the others
            title = f"{report.estate.code} {report}"
            failure = Failure(
                str(report.pk), title, str(problem), report.SUBJECT, report.pk, report.estate_id
            )
            _failed(result, failure)
    return result


def file(report, now):
    """Draw and keep the PDF of one issued report."""
    from office import printing, printouts  # here: WeasyPrint takes a second to load

    printout = printouts.month_report(report)
    return actions.file_away(report=report, pdf=printing.pdf(printout), name=printout.filename, now=now)


def files_to_come(now, estates, limit):
    lines = [
        Coming(f"{report.estate.local_name} {report}", _now("to be filed as PDF"), (), report.issued_at, report.SUBJECT, report.pk)
        for report in _unfiled().filter(estate__in=estates)
    ]  # fmt: skip
    return Foreseen(len(lines), tuple(lines[:limit]))


def _failed(result, failure):
    log.exception("monthly report %s", failure.title)
    result.failed += 1
    result.error = f"{failure.title}: {failure.error}"[: sweeps.ERROR]
    result.failures.append(failure)


def register_sweeps():
    sweeps.register(
        Sweep(
            "month_draft",
            _("drafts of the monthly report"),
            _("on the 1st the report of the month before is drafted, by the estate's calendar"),
            draft_due,
            every=600,
            preview=drafts_to_come,
            workflow=_("Monthly reports"),
        )
    )
    sweeps.register(
        Sweep(
            "month_file",
            _("filing of monthly reports"),
            _("a report both have signed is filed as PDF"),
            file_issued,
            every=60,
            preview=files_to_come,
            workflow=_("Monthly reports"),
        )
    )
