"""Long work: how far it is, what came out, stopping it."""

import django_filters
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import jobs, lists
from office.access import may
from office.models import Job
from office.refusals import Refused

TONES = {"queued": "wait", "running": "busy", "done": "done", "failed": "bad", "cancelled": "quiet"}


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=Job.State.choices)

    class Meta:
        model = Job
        fields = ()


def _rows_text(row):
    return f"{row['done']} / {row['total']}" if row["total"] else ""


LIST = lists.List(
    name="jobs",
    title=gettext_lazy("Long work"),
    fields=("id", "title", "state", "done", "total", "failed", "made_at", "finished_at", "by__name"),
    columns=(
        lists.Column("title", gettext_lazy("Work"), lambda row: row["title"]),
        lists.Column(
            "state",
            gettext_lazy("State"),
            lambda row: str(Job.State(row["state"]).label),
            kind="state",
            tone=lambda row: TONES[row["state"]],
        ),
        lists.Column("rows", gettext_lazy("Done"), _rows_text, align="right"),
        lists.Column("failed", gettext_lazy("Errors"), lambda row: str(row["failed"] or ""), align="right"),
        lists.Column("by", gettext_lazy("Started by"), lambda row: row["by__name"]),
        lists.Column(
            "made_at",
            gettext_lazy("Asked for"),
            lambda row: lists.stamp(row["made_at"]),
            order="newest",
            source="made_at",
        ),
        lists.Column(
            "finished_at",
            gettext_lazy("Finished"),
            lambda row: lists.stamp(row["finished_at"]),
            source="finished_at",
        ),
    ),
    filterset=JobFilter,
    orders={"newest": ("-made_at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("office:job", args=[row["id"]]),
    empty=(gettext_lazy("No imports, exports or batch prints yet."),),
    export_permission="office.jobs",
)


@may("office.home")
@require_http_methods(["GET", "POST"])
def job_list(request):
    return lists.render(request, LIST, jobs.visible_to(request.user), template="office/jobs.html")


@may("office.home")
@require_GET
def job(request, pk):
    """The page asks again every second until the work is over; the fragment is the state alone."""
    row = get_object_or_404(jobs.visible_to(request.user).select_related("by", "result_file"), pk=pk)
    context = {
        "job": row,
        "tone": TONES[row.state],
        "bar": bar(row, request.now),
        "facts": [
            (_("Started by"), row.by.local_name),
            (_("Asked for"), lists.stamp(row.made_at)),
            (_("Begun"), lists.stamp(row.started_at)),
            (_("Finished"), lists.stamp(row.finished_at)),
        ],
        "may_stop": not row.is_over and _may_stop(row, request.user),
        "errors": row.errors if row.is_over else [],
        "errors_text": ngettext("%(n)s row could not be done", "%(n)s rows could not be done", row.failed)
        % {"n": row.failed},
    }
    htmx = getattr(request, "htmx", None)
    name = "office/job.html#job-state" if htmx and not htmx.boosted else "office/job.html"
    return render(request, name, context)


def bar(row, now):
    """How far it is, for _ui/job.html."""
    return {"done": row.done, "total": row.total, "text": _bar_text(row, jobs.seconds_left(row, now))}


def _bar_text(row, left):
    if row.state == Job.State.QUEUED:
        return _("waiting for its turn")
    if not row.total:
        return str(row.get_state_display())
    said = _("%(done)s of %(total)s") % {"done": row.done, "total": row.total}
    if left is None:
        return said
    if left < 60:
        words = ngettext("about %(n)s second left", "about %(n)s seconds left", left) % {"n": left}
    else:
        words = ngettext("about %(n)s minute left", "about %(n)s minutes left", left // 60) % {
            "n": left // 60
        }
    return f"{said} · {words}"


@may("office.home")
@require_POST
def job_cancel(request, pk):
    """Only who started it, or an administrator; for others there is nothing to stop here."""
    row = get_object_or_404(jobs.visible_to(request.user), pk=pk)
    if not _may_stop(row, request.user):
        raise Http404
    try:
        jobs.cancel(job=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("office:job", pk)


def _may_stop(row, staff):
    return row.by_id == staff.pk or staff.may("office.administer", row.estate_id)
