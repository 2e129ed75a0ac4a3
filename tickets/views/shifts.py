"""交接班: what the next shift must know, written by who leaves, acknowledged by name by who comes (SPEC §2)."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, drafts, formkeys, lists, promises, undo
from office.access import may
from office.refusals import Refused
from office.views.session import enter
from tickets import actions, columns, reception, reports
from tickets.forms import HandoverForm
from tickets.models import Handover, LogEntry
from tickets.views import moving, rows

FORM = require_http_methods(["GET", "POST"])


@may(reception.READ)
@FORM
def shifts(request):
    """Every hand-over, the newest first."""
    found = rows.of_estate(request, Handover, reception.READ).filter(withdrawn=False)
    moves = []
    if request.user.may(reception.WRITE):
        url = reverse("tickets:shift_new")
        moves = [
            {"verb": "new", "label": _("Hand over the shift"), "url": url, "icon": "users", "key": "n", "style": "primary"}
        ]  # fmt: skip
    return lists.render(request, columns.HANDOVERS, found, template="tickets/list.html", actions=moves)


@may(reception.WRITE)
@FORM
def shift_new(request):
    if request.estate is None:
        raise Http404
    form = HandoverForm(moving.posted(request), estate=request.estate, now=request.now)
    if request.method == "POST" and form.is_valid():
        data, made = form.cleaned_data, []

        def write():
            row = actions.hand_over_shift(
                estate=request.estate, day=data["day"], shift=data["shift"], text=data["text"], by=request.user,
                now=request.now,
            )  # fmt: skip
            made.append(row)
            return reverse("tickets:shift", args=[row.pk])

        try:
            location, first = formkeys.once(data["form_key"], request.user, request.now, write)
        except Refused as refusal:
            return _shift_page(request, form, 409, refusal.sentence)
        drafts.forget_sent(request, "tickets.shift")
        if first:
            undo.toast(request, undo.latest(request.user, made[0], request.now), _("Handed over. The next person acknowledges it."))  # fmt: skip
        return redirect(location)
    return _shift_page(request, form, 422 if form.is_bound else 200)


def _shift_page(request, form, status, refused=""):
    lines = _open_lines(reports.open_for_shift(request.estate, request.now), request)
    context = {"form": form, "lines": lines, "refused": refused}
    return render(request, "tickets/shift_new.html", context, status=status)


def _open_lines(lines, request):
    """The frozen lines of a hand-over as they are shown: what, by when, where it leads."""
    zone, found = request.estate.zone, []
    ids = [line["id"] for line in lines if line["kind"] == LogEntry.SUBJECT]
    asked = dict(LogEntry.objects.filter(estate=request.estate, pk__in=ids).values_list("pk", "asked"))
    for line in lines:
        url = promises.SUBJECTS.get(line["kind"])
        due = line["due_at"] and datetime.fromisoformat(line["due_at"])
        tone, text = clocks.due_text(due, request.now, zone) if due else ("", "")
        kind = promises.KINDS.get(line["promise"])
        found.append(
            {
                "text": line["text"],
                "url": url(line["id"]) if url else "",
                "what": kind.label if kind else columns.short(asked.get(line["id"], "")),
                "due": {"tone": tone, "text": text, "hint": lists.stamp(due)} if due else None,
            }
        )
    return found


@may(reception.READ)
@require_GET
def shift(request, pk):
    row = _handover(request, pk)
    why_not = None if row.acknowledged_at else reception.why_not_acknowledge(row, request.user)
    context = {
        "handover": row,
        "lines": _open_lines(row.open_lines, request),
        "may_acknowledge": not row.acknowledged_at and not row.withdrawn and not why_not,
        "why_not": why_not,
    }
    return render(request, "tickets/shift.html", context)


def _handover(request, pk):
    found = Handover.objects.visible_to(request.user, reception.READ)
    row = get_object_or_404(found.select_related("estate", "written_by", "acknowledged_by"), pk=pk)
    enter(request, row.estate)
    return row


@may(reception.WRITE)
@require_POST
def shift_acknowledge(request, pk):
    row = _handover(request, pk)
    try:
        actions.acknowledge(handover=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("tickets:shift", pk=row.pk)
    messages.success(request, _("Acknowledged."))
    return redirect("tickets:shift", pk=row.pk)
