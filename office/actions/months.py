"""The monthly report: drafted on the first, written, signed by the supervisor, signed or sent back by the director,
filed as a PDF (SPEC §4.8)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import files, journal, months, outbox, promises
from office.clocks import add_months, midnight
from office.models import MonthReport, Posting
from office.refusals import Refused, Stale
from office.wake import wake

REPORT, DECISION = "month_report", "month_decision"  # kinds of promise
State = MonthReport.State


def staff_of(estate, *roles):
    """Who is posted in the first of `roles` that anybody holds, the longest there first."""
    posted = Posting.objects.filter(estate=estate, role__in=roles, staff__is_active=True)
    found = [(post.role, post.staff) for post in posted.select_related("staff").order_by("pk")]
    for role in roles:
        if people := [staff for held, staff in found if held == role]:
            return people
    return []


@transaction.atomic
def draft(*, estate, month, now):
    """Open the report of `month` (its first day) and promise it; (report, whether it is new). Once, whoever asks."""
    report, made = MonthReport.objects.get_or_create(estate=estate, month=month, defaults={"drafted_at": now})
    if not made:
        return report, False
    people = staff_of(estate, "supervisor", "director")
    first = midnight(add_months(month, 1), estate.zone)
    _promise(REPORT, "month_report", report, people, fact_at=first, now=now)
    journal.record("month.drafted", subject=report, by=None, now=now)
    _tell("month.draft", report, people, now)
    return report, True


@transaction.atomic
def save(*, report, texts, analyses, by, now, version=None):
    """Keep what the supervisor wrote. Texts of parts and issues that are not named stay as they are."""
    report = _begin(report, "save", by, version)
    if _keep(report, texts, analyses):
        _end(report, "texts", "analyses")
        journal.record("month.saved", subject=report, by=by, now=now)
    return report


@transaction.atomic
def sign(*, report, mark, by, now, version=None, signature=b""):
    """The supervisor signs the figures whose `mark` the page showed: from here on they are frozen.

    Refused while a recurring issue has no analysis, and when the figures have changed since the page was opened.
    `signature` is a picture; where none is drawn the name stands for it.
    """
    report = _begin(report, "sign", by, version)
    figures = months.compose(report.estate, report.month)
    if months.mark(figures) != mark:
        raise Refused(
            _("The figures have changed since this page was opened. Look at them again before you sign.")
        )
    _ask("sign", report, by, missing=len(months.missing(figures, report.analyses)))
    report.state, report.figures, report.signed_at, report.signed_by = State.SIGNED, figures, now, by
    _end(report, "state", "figures", "signed_at", "signed_by")
    _keep_signature(report, signature, "signature", by, now)
    promises.keep(report, REPORT, at=now, by=by)
    people = staff_of(report.estate, "director", "supervisor")
    _promise(DECISION, "month_decision", report, people, fact_at=now, now=now)
    journal.record("month.signed", subject=report, by=by, now=now)
    _tell("month.signed", report, people, now)
    return report


@transaction.atomic
def send_back(*, report, reason, by, now, version=None):
    """The director wants something changed: the supervisor writes again, on live figures, under a new promise."""
    report = _begin(report, "send_back", by, version)
    signed_by = report.signed_by
    report.state, report.figures, report.signed_at, report.signed_by = State.SENT_BACK, None, None, None
    report.sent_back_at, report.sent_back_by, report.sent_back_reason = now, by, reason
    _end(
        report,
        "state",
        "figures",
        "signed_at",
        "signed_by",
        "sent_back_at",
        "sent_back_by",
        "sent_back_reason",
    )
    for file in files.of(report).filter(kind="signature"):  # it stood under other figures
        files.remove(file=file, by=by, now=now)
    promises.keep(report, DECISION, at=now, by=by)
    _promise(REPORT, "month_again", report, [signed_by], fact_at=now, now=now)
    journal.record("month.sent_back", subject=report, by=by, now=now, data={"reason": reason})
    _tell("month.sent_back", report, [signed_by], now)
    return report


@transaction.atomic
def issue(*, report, by, now, version=None, signature=b""):
    """The director signs: the report is out, and nothing of it changes any more. Its PDF is filed afterwards."""
    report = _begin(report, "issue", by, version)
    report.state, report.issued_at, report.issued_by = State.ISSUED, now, by
    _end(report, "state", "issued_at", "issued_by")
    _keep_signature(report, signature, "signature_director", by, now)
    promises.keep(report, DECISION, at=now, by=by)
    journal.record("month.issued", subject=report, by=by, now=now)
    _tell("month.issued", report, [report.signed_by], now)
    wake("office.tasks.sweep", "month_file")
    return report


@transaction.atomic
def file_away(*, report, pdf, name, now):
    """Keep the paper as it was issued. The first one stays, whoever comes second."""
    report = MonthReport.objects.select_for_update(of=("self",)).select_related("estate").get(pk=report.pk)
    if report.file_id or report.state != State.ISSUED:
        return report
    report.file = files.store(
        data=pdf, name=name, content_type="application/pdf", estate=report.estate, by=report.issued_by, now=now,
        subject_kind=report.SUBJECT, subject_id=report.pk, kind="month_report",
    )  # fmt: skip
    report.save(update_fields=["file"])
    journal.record("month.filed", subject=report, by=None, now=now)
    return report


# --- shared ----------------------------------------------------------------------------------------------------


def _begin(report, move, by, version):
    """The locked row, unless the page was older than it or the rule says no."""
    rows = MonthReport.objects.select_for_update(of=("self",)).select_related("estate", "signed_by")
    report = rows.get(pk=report.pk)
    if version is not None and report.version != version:
        raise Stale
    _ask(move, report, by)
    return report


def _ask(move, report, by, **facts):
    if sentence := months.why_not(move, report, by, **facts):
        raise Refused(sentence)


def _end(report, *names):
    report.version += 1
    report.save(update_fields=[*names, "version"])


def _keep(report, texts, analyses):
    before = {**report.texts}, {**report.analyses}
    report.texts.update(texts)
    report.analyses.update(analyses)
    return before != (report.texts, report.analyses)


def _keep_signature(report, picture, kind, by, now):
    if picture:
        files.store(
            data=picture, name=f"{kind}.png", content_type="image/png", estate=report.estate, by=by, now=now,
            subject_kind=report.SUBJECT, subject_id=report.pk, kind=kind,
        )  # fmt: skip


def _promise(kind, rule, report, people, *, fact_at, now):
    promises.make(
        kind, rule, subject=report, fact_at=fact_at, now=now, owner=people[0] if people else None,
        estate=report.estate, title=f"{report.estate.name} {report}",
    )  # fmt: skip


def _tell(template, report, people, now):
    """On the bell, once for each version of the report."""
    for person in people:
        outbox.queue(
            template, dedupe_key=f"{template}:{report.pk}:{report.version}:{person.pk}", channel="desk",
            estate=report.estate, now=now, staff=person, subject=report,
            data={"month": str(report), "estate": report.estate.code},
        )  # fmt: skip
