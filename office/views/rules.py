"""The numbers the office's promises go by, and how they climb: read, tried out, changed from a day on (SPEC §0, §1)."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, promises, reports
from office.access import may
from office.actions import settings as actions
from office.admin_forms import EscalationForm, RuleForm
from office.lists import stamp
from office.models import EscalationRule, Event, PromiseRule
from office.models.promises import Measure
from office.phrases import listed
from office.refusals import Refused
from office.views.settings import estate_of, tabs

READ, CHANGE = "office.read_rules", "office.change_rules"


@may(READ)
@require_GET
def settings(request):
    """Every rule of every kind, under the headings of the navigation."""
    estate, changes = estate_of(request, CHANGE, READ)
    kept: dict[str, list[PromiseRule]] = {}
    for row in PromiseRule.objects.filter(estate=estate).order_by("-valid_from"):
        kept.setdefault(row.key, []).append(row)
    workflows: dict[str, list] = {}
    escalation = promises.escalation_at(estate.pk, request.now)
    for kind in sorted(promises.KINDS.values(), key=lambda kind: kind.order):
        rows = [_rule_row(rule, kept.get(rule.key, ()), request.now) for rule in kind.rules]
        group = {"label": kind.label, "rows": rows, "climbs": promises.climbs(kind.name, escalation)}
        workflows.setdefault(str(kind.workflow), []).append(group)
    context = {"workflows": workflows.items(), "changes": changes, **tabs(request, "rules")}
    return render(request, "office/settings.html", context)


@may(READ)
@require_http_methods(["GET", "POST"])
def rule(request, key):
    """One rule: its history, and what another number would do before it is announced (`?amount=…` tries it out)."""
    estate, changes = estate_of(request, CHANGE, READ)
    kind = next((kind for kind in promises.KINDS.values() if key in {rule.key for rule in kind.rules}), None)
    if kind is None:
        raise Http404
    declared = promises.RULES[key]
    rows = list(PromiseRule.objects.filter(estate=estate, key=key).order_by("-valid_from"))
    row = _rule_row(declared, rows, request.now)
    given = request.POST if request.method == "POST" else request.GET if "measure" in request.GET else None
    initial = {"amount": row["amount"], "measure": row["measure"]}
    form = RuleForm(given, estate=estate, now=request.now, initial=initial)
    status, preview = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_rule(
                    estate=estate, key=key, by=request.user, now=request.now, **_numbers(form)
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved. Promises already made stay as they are."))
                return redirect("office:settings_rule", key)
    elif given is not None:
        if form.is_valid() and row["editable"]:
            found = reports.rule_preview(estate, kind.name, key, now=request.now, **_numbers(form))
            preview = _shown(found, form.cleaned_data["valid_from"], estate.zone)
        status = 200 if form.is_valid() else 422
    past = [{"text": promises.length(row.amount, row.measure), **_dated(row, request.now)} for row in rows]
    context = {
        "rule": declared,
        "row": row,
        "form": form if changes and row["editable"] else None,
        "preview": preview,
        "history": _with_authors(past, "office.promise_rule"),
        **tabs(request, "rules"),
    }
    page = "office/settings_rule.html"
    if request.htmx and request.method == "GET" and not request.htmx.boosted:
        page += "#preview"
    return render(request, page, context, status=status)


@may(READ)
@require_http_methods(["GET", "POST"])
def escalation(request):
    """When promises climb, whether to the director, and by which ways staff hear of it."""
    estate, changes = estate_of(request, CHANGE, READ)
    rows = list(EscalationRule.objects.filter(estate=estate).order_by("-valid_from"))
    current = next((row for row in rows if row.valid_from <= request.now), None)
    given = request.POST if request.method == "POST" else request.GET if "day_time" in request.GET else None
    form = EscalationForm(given, estate=estate, now=request.now, row=current)
    status, preview = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_escalation(
                    estate=estate,
                    values=form.values,
                    valid_from=form.cleaned_data["valid_from"],
                    by=request.user,
                    now=request.now,
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved. Promises already made stay as they are."))
                return redirect("office:settings_escalation")
    elif given is not None:
        status = 422
        if form.is_valid():
            status, tried = 200, EscalationRule(**form.values)
            preview = _examples(estate, form.cleaned_data["valid_from"], current, tried)
    told = [{"lines": _escalation_words(row), **_dated(row, request.now)} for row in rows]
    context = {
        "form": form if changes else None,
        "preview": preview,
        "lines": _escalation_words(current),
        "history": _with_authors(told, "office.escalation_rule"),
        **tabs(request, "escalation"),
    }
    page = "office/settings_escalation.html"
    if request.htmx and request.method == "GET" and not request.htmx.boosted:
        page += "#preview"
    return render(request, page, context, status=status)


def _numbers(form):
    return {name: form.cleaned_data[name] for name in ("amount", "measure", "valid_from")}


def _shown(preview, valid_from, zone):
    fates = [
        (_("kept in time"), preview.before.on_time, preview.after.on_time),
        (_("kept late or overdue"), preview.before.late, preview.after.late),
        (_("still running"), preview.before.running, preview.after.running),
    ]
    return {
        "still_open": preview.still_open,
        "moved": preview.moved,
        "seen": preview.before.on_time + preview.before.late + preview.before.running,
        "fates": fates,
        "days": reports.LOOKED_BACK.days,
        "from": stamp(valid_from),
        "fact": stamp(preview.example_at),
        "clocks": _compared(preview.old, preview.new, zone),
    }


def _compared(old, new, zone):
    steps = ((_("warning"), "warn_at"), (_("due"), "due_at"), (_("director"), "director_at"))
    return [
        {
            "step": words,
            "old": clocks.moment_text(getattr(old, name), zone),
            "new": clocks.moment_text(getattr(new, name), zone),
        }
        for words, name in steps
    ]


def _examples(estate, valid_from, old, new):
    """For one limit of each sort: when it warns, falls due and reaches the director under both rows."""
    fact, rows = reports.escalation_examples(
        estate, valid_from, promises.steps_of(old), promises.steps_of(new)
    )
    return {
        "fact": stamp(fact),
        "rows": [
            {"label": promises.length(amount, measure), "clocks": _compared(before, after, estate.zone)}
            for amount, measure, before, after in rows
        ],
    }


def _escalation_words(row):
    """(what, how much) of an EscalationRule, in words."""
    numbers, choices = row or EscalationRule(), dict(EscalationRule.From.choices)
    stay = [str(kind.label) for kind in promises.KINDS.values() if not promises.climbs(kind.name, row)]
    return [
        (_("Limits in hours"), _("warning %(n)s minutes ahead") % {"n": numbers.hour_minutes}),
        (_("Same-day limits"), _("warning %(n)s hours before closing") % {"n": numbers.closing_hours}),
        (
            _("Limits in days"),
            _("warning at %(time)s of the due day") % {"time": f"{numbers.day_time:%H:%M}"},
        ),
        (_("Head of the department"), _("at the due time")),
        (
            _("Director"),
            _("%(short)s h after a 1-hour limit, %(other)s h after any other")
            % {"short": numbers.director_hours_short, "other": numbers.director_hours},
        ),
        (_("Never reach the director"), listed(stay) or _("none")),
        (_("E-mail to staff"), choices[numbers.email_from]),
        (_("SMS to staff"), choices[numbers.sms_from]),
    ]


def _dated(row, now):
    return {
        "pk": row.pk,
        "from": stamp(row.valid_from) if row.valid_from > promises.EPOCH else _("the beginning"),
        "state": _("announced") if row.valid_from > now else "",
    }


def _with_authors(history, kind):
    """Who announced each line, and when: from the journal; what came with the estate was announced by nobody."""
    events = Event.objects.filter(subject_kind=kind, subject_id__in=[line["pk"] for line in history])
    by = {event.subject_id: f"{event.by_name}, {stamp(event.at)}" for event in events.order_by("pk")}
    return [line | {"by": by.get(line["pk"], "")} for line in history]


def _rule_row(rule, rows, now):
    """A rule as the estate has it; `rows` are its PromiseRules, the newest first."""
    row = next((row for row in rows if row.valid_from <= now), None)
    amount, measure = (row.amount, row.measure) if row else (rule.amount, rule.measure)
    coming = [row for row in rows if row.valid_from > now]
    return {
        "rule": rule,
        "amount": amount,
        "measure": measure,
        "text": promises.length(amount, measure),
        "since": stamp(row.valid_from) if row and row.valid_from > promises.EPOCH else "",
        "default": promises.length(rule.amount, rule.measure),
        "changed": (amount, measure) != (rule.amount, rule.measure),
        "coming": coming
        and f"{promises.length(coming[-1].amount, coming[-1].measure)} · {stamp(coming[-1].valid_from)}",
        "editable": measure != Measure.AT,
    }
