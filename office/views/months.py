"""月度統計分析: the list of months, the report of one, its two signatures, its paper (SPEC §4.8)."""

import django_filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from office import drafts, journal, lists, month_end, months, promises
from office.access import may
from office.actions import months as actions
from office.addresses import row_address
from office.models import Event, MonthReport, Promise
from office.models.places import LANGUAGES
from office.month_forms import MonthForm, SendBackForm, SignForm
from office.refusals import Refused
from office.views.session import enter

READ, WRITE, DECIDE = months.READ, months.WRITE, months.DECIDE
FORM = require_http_methods(["GET", "POST"])
State = MonthReport.State
TONES = {State.DRAFT: "today", State.SIGNED: "busy", State.SENT_BACK: "late", State.ISSUED: "done"}


class MonthFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=State.choices, empty_label=gettext_lazy("any")
    )

    class Meta:
        model = MonthReport
        fields = ()


def _person(name):
    def text(row):
        english = translation.get_language() == "en" and row[f"{name}__name_en"]
        return english or row[f"{name}__name"] or ""

    return text


def _moment(name):
    return lambda row: lists.stamp(row[name]) if row[name] else ""


MONTHS = lists.List(
    name="months",
    # Translators: 月度統計分析
    title=gettext_lazy("Monthly reports"),
    fields=(
        "id", "month", "state", "signed_at", "signed_by__name", "signed_by__name_en", "issued_at", "issued_by__name",
        "issued_by__name_en", "file_id",
    ),
    columns=(
        lists.Column("month", gettext_lazy("Month"), lambda row: f"{row['month']:%Y-%m}", order="newest"),
        lists.Column(
            "state", gettext_lazy("State"), lambda row: str(dict(State.choices)[row["state"]]), kind="state",
            tone=lambda row: TONES[row["state"]],
        ),
        lists.Column("signed_by", gettext_lazy("Supervisor"), _person("signed_by")),
        lists.Column("signed", gettext_lazy("Signed"), _moment("signed_at")),
        lists.Column("issued_by", gettext_lazy("Director"), _person("issued_by")),
        lists.Column("issued", gettext_lazy("Issued"), _moment("issued_at")),
        lists.Column(
            "file", gettext_lazy("Filed PDF"), lambda row: _("open") if row["file_id"] else "",
            href=lambda row: row_address("office:file", row["file_id"]) if row["file_id"] else "", exported=False,
        ),
    ),
    filterset=MonthFilter,
    orders={"newest": ("-month", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("office:month", row["id"]),
    empty=(gettext_lazy("The first report is drafted on the 1st of the month by itself."),),
    export_permission=READ,
)  # fmt: skip


@may(READ)
@FORM
def month_list(request):
    found = MonthReport.objects.visible_to(request.user, READ).filter(estate=request.estate)
    return lists.render(request, MONTHS, found)


def _get(request, pk, permission=READ):
    rows = MonthReport.objects.visible_to(request.user, permission)
    row = get_object_or_404(
        rows.select_related("estate", "signed_by", "issued_by", "sent_back_by", "file"), pk=pk
    )
    enter(request, row.estate)
    return row


@may(READ)
@FORM
def month(request, pk):
    """The report: live figures while it is written, frozen ones afterwards. A POST keeps the texts."""
    report = _get(request, pk)
    if request.method == "POST" and not request.user.may(WRITE, report.estate_id):
        raise PermissionDenied
    figures = months.figures_of(report)
    parts = months.shown(figures)
    writes = report.is_written and not months.why_not("save", report, request.user)
    form, status = None, 200
    if writes or request.method == "POST":
        form = MonthForm(request.POST or None, report=report, parts=parts)
    if form is not None and request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.save(
                    report=report, texts=form.texts, analyses=form.analyses, by=request.user, now=request.now,
                    version=form.cleaned_data["version"],
                )  # fmt: skip
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                drafts.forget_sent(request, f"month-{report.pk}")
                if request.POST.get("then") == "sign":
                    return redirect("office:month_sign", report.pk)
                messages.success(request, _("Saved."))
                return redirect("office:month", report.pk)
    context = {
        "report": report,
        "parts": parts,
        "form": form,
        "writes": writes and form is not None,
        "draft_url": reverse("office:draft", args=[f"month-{report.pk}"]),
        **_head(request, report, figures),
    }
    return render(request, "office/month.html", context, status=status)


def _head(request, report, figures):
    """State, clocks, moves and story of a report: what stands around its figures."""
    zone, missing = report.estate.zone, len(months.missing(figures, report.analyses))
    about = Promise.objects.of(report.SUBJECT, report.pk).exclude(outcome=Promise.Outcome.CANCELLED)
    clocks_ = [promises.clock(one, request.now, zone) for one in about.select_related("owner").order_by("pk")]
    story = Event.objects.filter(subject_kind=report.SUBJECT, subject_id=report.pk).order_by("-id")[:30]
    return {
        "state": (report.get_state_display(), TONES[State(report.state)]),
        "clocks": clocks_,
        "moves": _moves(request, report, missing),
        "missing": missing,
        "recurring_count": report.estate.recurring_count,
        "events": [_told(event) for event in story],
    }


def _told(event):
    return {
        "text": journal.sentence(event), "at": lists.stamp(event.at), "iso": event.at.isoformat(timespec="minutes"),
        "by": event.by_name,
    }  # fmt: skip


def _moves(request, report, missing):
    user, moves = request.user, []
    for verb, page, style, key in (
        ("sign", "office:month_sign", "primary", "s"),
        ("issue", "office:month_issue", "primary", "s"),
        ("send_back", "office:month_send_back", "", "b"),
    ):
        rule = months.MOVES[verb]
        if report.state not in rule.sources or not user.may(rule.permission, report.estate_id):
            continue
        why = months.why_not(verb, report, user, missing=missing)
        moves.append(
            {"verb": verb, "label": rule.label, "icon": rule.icon, "url": reverse(page, args=[report.pk]), "style": style,
             "key": key, "why_not": why or ""}
        )  # fmt: skip
    if report.file_id:
        filed = reverse("office:file", args=[report.file_id])
        moves.append(
            {"verb": "filed", "label": _("Filed PDF"), "icon": "archive", "url": filed, "style": "primary"}
        )
    paper = reverse("office:month_pdf", args=[report.pk])
    label = _("Print a copy") if report.state == State.ISSUED else _("Print")
    moves.append({"verb": "print", "label": label, "icon": "printer", "url": paper, "key": "p"})
    return moves


def _signing(request, report, verb, act, template, form_class, **context):
    """A page with one form that ends in one move."""
    figures = months.figures_of(report)
    missing = months.missing(figures, report.analyses)
    if why := months.why_not(verb, report, request.user, missing=len(missing)):
        messages.error(request, why)
        return redirect("office:month", report.pk)
    initial = {"mark": months.mark(figures)}
    form, status = form_class(request.POST or None, version=report.version, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return act(form.cleaned_data)
            except Refused as refusal:  # the page shows the present state, to be looked at again
                form = form_class(version=_get(request, report.pk).version, initial=initial)
                context["refused"], status = refusal.sentence, 409
    context |= {"report": report, "form": form, "parts": months.shown(figures), "move": months.MOVES[verb]}
    return render(request, template, context, status=status)


@may(WRITE)
@FORM
def month_sign(request, pk):
    report = _get(request, pk, WRITE)

    def act(data):
        actions.sign(
            report=report, mark=data["mark"], version=data["version"], signature=data["signature"], by=request.user,
            now=request.now,
        )  # fmt: skip
        messages.success(request, _("Signed. The director has been told."))
        return redirect("office:month", report.pk)

    return _signing(request, report, "sign", act, "office/month_sign.html", SignForm)


@may(DECIDE)
@FORM
def month_issue(request, pk):
    report = _get(request, pk, DECIDE)

    def act(data):
        actions.issue(
            report=report,
            version=data["version"],
            signature=data["signature"],
            by=request.user,
            now=request.now,
        )
        month_end.file_issued(request.now)  # what fails here is found by the sweep
        messages.success(request, _("Signed and issued. The PDF is filed; the supervisor has been told."))
        return redirect("office:month", report.pk)

    return _signing(request, report, "issue", act, "office/month_sign.html", SignForm)


@may(DECIDE)
@FORM
def month_send_back(request, pk):
    report = _get(request, pk, DECIDE)

    def act(data):
        actions.send_back(
            report=report, reason=data["reason"], version=data["version"], by=request.user, now=request.now
        )
        messages.success(request, _("Sent back. The supervisor has been told."))
        return redirect("office:month", report.pk)

    return _signing(request, report, "send_back", act, "office/month_send_back.html", SendBackForm)


@may(READ)
@require_GET
def month_pdf(request, pk):
    """The paper of the present state; of an issued report a copy, marked as one. `?language=` chooses its language."""
    from office import printing, printouts  # here: WeasyPrint takes a second to load, and few requests print

    report = _get(request, pk)
    language = request.GET.get("language", "")
    if language and language not in dict(LANGUAGES):
        raise Http404
    printout = printouts.month_report(report, language=language, copy=report.state == State.ISSUED)
    response = HttpResponse(printing.pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{printout.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
