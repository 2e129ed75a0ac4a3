"""計費: the month's charges looked at before they are posted, posted, and what came of it (SPEC §6.2)."""

from datetime import date

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import run as actions
from billing.models import Run
from billing.reports import runs as reports
from billing.rules import runs as rules
from office import clocks, lists
from office.access import may
from office.money import show
from office.refusals import Refused
from office.views.jobs import bar
from office.views.session import enter

TONES = {"posting": "busy", "paused": "wait", "posted": "done", "cancelled": "quiet"}
NEWEST = 60  # runs on the page: some years of them
JUMP = 50  # percent against last month that is worth a look


def _estate(request, permission):
    if request.estate is None or not request.user.may(permission, request.estate.pk):
        raise Http404
    return request.estate


def _row(run, currency):
    return {
        "url": reverse("billing:run", args=[run.pk]), "month": f"{run.period:%Y-%m}", "state": run.get_state_display(),
        "tone": TONES[run.state], "bills": f"{run.bills:,}", "charges": f"{run.charges:,}", "amount": show(run.amount, currency),
        "drawn": show(run.drawn, currency), "by": run.by.local_name, "at": lists.stamp(run.at),
    }  # fmt: skip


@may("billing.read")
@require_GET
def runs(request):
    """The runs of the estate, the newest month first; from here the next one is looked at."""
    estate = _estate(request, "billing.read")
    found = Run.objects.filter(estate=estate).select_related("by").order_by("-period", "-pk")[:NEWEST]
    context = {
        "rows": [_row(run, estate.currency) for run in found],
        "may_run": request.user.may("billing.run", estate.pk),
        "month": f"{clocks.local_date(request.now, estate.zone):%Y-%m}",
    }
    return render(request, "billing/runs.html", context)


@may("billing.run")
@require_http_methods(["GET", "POST"])
def run_new(request):
    """What a month comes to, by item and against the month before, and what is unusual; POST posts it."""
    estate = _estate(request, "billing.run")
    source = request.POST if request.method == "POST" else request.GET
    today = clocks.local_date(request.now, estate.zone)
    refused, status = "", 200
    try:
        period = date.fromisoformat(f"{source.get('period') or f'{today:%Y-%m}'}-01")
        rules.check_period(period, today)
        if request.method == "POST":
            row = actions.post(estate=estate, period=period, by=request.user, now=request.now)
            messages.success(request, _("The charges are being posted."))
            return redirect("billing:run", row.pk)
    except ValueError:
        period, refused, status = today.replace(day=1), _("Write the month like 2026-03."), 422
    except Refused as refusal:
        refused, status = refusal.sentence, 409
    jump = source.get("jump", "")
    jump = int(jump) if jump.isascii() and jump.isdigit() and len(jump) < 5 else JUMP
    totals = reports.totals(estate, period)
    context = {
        "month": f"{period:%Y-%m}",
        "before": f"{clocks.add_months(period, -1):%Y-%m}",
        "jump": jump,
        "refused": refused,
        "totals": [_total(row, estate.currency) for row in totals],
        "whole": _whole(totals, estate.currency),
        "oddities": [_oddity(one, period) for one in reports.oddities(estate, period, jump)],
        "open": Run.objects.filter(estate=estate, period=period, finished_at=None).first(),
        "nothing": not any(row.units for row in totals),
        "again": any(row.charged for row in totals),
    }
    return render(request, "billing/run_new.html", context, status=status)


def _total(row, currency):
    return {
        "item": row.item.local_name, "url": reverse("billing:item", args=[row.item.pk]), "units": f"{row.units:,}",
        "amount": show(row.amount, currency), "charged": show(row.charged, currency), "last": show(row.last, currency),
        "difference": show(row.difference, currency),
    }  # fmt: skip


def _whole(totals, currency):
    def sums(name):
        return show(sum(getattr(row, name) for row in totals), currency)

    return {name: sums(name) for name in ("amount", "charged", "last", "difference")}


def _oddity(one, period):
    return {
        "label": one.label,
        "name": one.name,
        "count": f"{one.count:,}",
        "more": one.more,
        "rows": [
            {
                "unit": odd.unit.code,
                "url": reverse("residents:unit", args=[odd.unit.pk]),
                "item": odd.item.local_name if odd.item else "",
                "said": odd.said,
                "charge": reverse("billing:charge", args=[f"{period:%Y-%m}", odd.charge])
                if odd.charge
                else "",
            }
            for odd in one.rows
        ],
    }


@may("billing.read")
@require_GET
def run(request, pk):
    """How far a run is and what it charged; asks again every second while it is at work."""
    rows = Run.objects.visible_to(request.user, "billing.read").select_related("estate", "by", "job")
    row = get_object_or_404(rows, pk=pk)
    enter(request, row.estate)
    at_work = row.state == Run.State.POSTING and row.job is not None and not row.job.is_over
    currency = row.estate.currency
    charges = f"{reverse('billing:charges')}?run={row.pk}"
    context = {
        "run": row,
        "charges": charges,
        "row": _row(row, currency),
        "at_work": at_work,
        "bar": bar(row.job, request.now) if at_work else None,
        "problem": row.job.error if row.job and not row.is_over and not at_work else "",
        "moves": _moves(row, request.user),
        "items": [
            {"item": item.local_name, "url": f"{charges}&item={item.code}", "n": f"{n:,}", "amount": show(amount, currency)}
            for item, n, amount in reports.of_run(row)
        ],
        "facts": [
            (_("Booked on"), lists.day(row.day)),
            (_("Started by"), row.by.local_name),
            (_("Started at"), lists.stamp(row.at)),
            (_("Finished at"), lists.stamp(row.finished_at)),
            # Translators: 帳單
            (_("Bills"), f"{row.bills:,}"),
            (_("Charges"), f"{row.charges:,}"),
            (_("Amount"), show(row.amount, currency)),
            (_("Drawn from prepayments"), show(row.drawn, currency)),
        ],
        "may_run": request.user.may("billing.run", row.estate_id),
    }  # fmt: skip
    htmx = getattr(request, "htmx", None)
    name = "billing/run.html#run-state" if htmx and not htmx.boosted else "billing/run.html"
    return render(request, name, context)


def _moves(row, by):
    """What can be done now; refused moves are left out of a run that is over."""
    if row.is_over or not by.may("billing.run", row.estate_id):
        return []
    return [
        {"label": move.label, "icon": move.icon, "url": reverse(f"billing:run_{verb}", args=[row.pk])}
        for verb, move in rules.MOVES.items()
        if rules.why_not(verb, row, by) is None
    ]


def _turn(request, pk, act):
    row = get_object_or_404(Run.objects.visible_to(request.user, "billing.run"), pk=pk)
    try:
        act(run=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("billing:run", pk)


@may("billing.run")
@require_POST
def run_pause(request, pk):
    return _turn(request, pk, actions.pause)


@may("billing.run")
@require_POST
def run_resume(request, pk):
    return _turn(request, pk, actions.resume)


@may("billing.run")
@require_POST
def run_stop(request, pk):
    return _turn(request, pk, actions.stop)
