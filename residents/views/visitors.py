"""來訪登記: in on one short form, out with one press; who is still inside stands first."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, lists
from office.access import may
from office.models import Event, Unit
from office.views.session import enter
from residents import actions, columns, reports
from residents.forms import VisitorForm
from residents.models import Visitor
from residents.views import answers

WRITE, READ = "gate.visitors", "gate.read"
INSIDE = 100  # shown on the page of who is inside


def _estates(request):
    return {*request.user.estate_ids(WRITE), *request.user.estate_ids(READ)}


def _get(request, pk, *permissions):
    estates = {estate for permission in permissions for estate in request.user.estate_ids(permission)}
    rows = Visitor.objects.visible_to(request.user).filter(estate_id__in=estates)
    return get_object_or_404(rows.select_related("unit", "estate", "in_by", "out_by"), pk=pk)


@may(WRITE)
@require_GET
def inside(request):
    """Who is still inside, the longest first; those of yesterday and before are marked."""
    estate = answers.here(request, WRITE)
    today = clocks.midnight(clocks.local_date(request.now, estate.zone), estate.zone)
    rows = (
        Visitor.objects.visible_to(request.user, WRITE).filter(estate=estate).inside().select_related("unit")
    )
    shown = [
        {
            "visitor": row,
            "place": row.unit.code if row.unit else row.host or _("Office"),
            "purpose": row.get_purpose_display(),
            "since": lists.stamp(row.in_at) if row.in_at < today else lists.stamp(row.in_at)[-5:],
            "overnight": row.in_at < today,
        }
        for row in rows.order_by("in_at", "pk")[:INSIDE]
    ]
    context = {"shown": shown, "overnight": sum(one["overnight"] for one in shown), "may_read": request.user.may(READ, estate.pk),
               "days": estate.visitor_days}  # fmt: skip
    return render(request, "residents/visitors_inside.html", context)


@may(WRITE, READ)
@require_http_methods(["GET", "POST"])
def visitors(request):
    estate = request.estate
    if estate is None or estate.pk not in _estates(request):
        raise Http404
    rows = Visitor.objects.visible_to(request.user).filter(estate=estate)
    moves = []
    if request.user.may(WRITE, estate.pk):
        new = {"verb": "new", "label": _("Visitor in"), "url": reverse("residents:visitor_new"), "icon": "user-plus",
               "key": "n", "style": "primary"}  # fmt: skip
        here = {
            "verb": "inside",
            "label": _("Still inside"),
            "url": reverse("residents:inside"),
            "icon": "users",
        }
        moves = [here, new]
    context = {"note": reports.retention_note(estate)}
    return lists.render(
        request,
        columns.VISITORS,
        rows,
        template="residents/visitors.html",
        actions=moves,
        extra_context=context,
    )


@may(WRITE)
@require_http_methods(["GET", "POST"])
def visitor_new(request):
    estate = answers.here(request, WRITE)
    unit = None
    if (asked := request.GET.get("unit", "")).isdecimal() and len(asked) < 19:
        unit = (
            Unit.objects.visible_to(request.user, WRITE)
            .filter(pk=int(asked))
            .select_related("estate")
            .first()
        )
        if unit:
            enter(request, unit.estate)
            estate = unit.estate

    def act(form):
        row = actions.visitor_in(estate=estate, by=request.user, now=request.now, **form.values)
        messages.success(request, _("%(name)s is inside.") % {"name": row.name})
        return reverse("residents:inside")

    form = VisitorForm(answers.posted(request), estate=estate, initial={"unit": unit})
    return answers.handle(
        request, _("Visitor in"), form, reverse("residents:inside"), act, submit=_("Let in")
    )


@may(WRITE)
@require_POST
def visitor_out(request, pk):
    row = _get(request, pk, WRITE)
    kept = request.POST.get("kept") == "1"
    actions.visitor_out(visitor=row, by=request.user, now=request.now, badge_kept=kept)
    messages.success(request, _("%(name)s has left.") % {"name": row.name or _("The visitor")})
    return redirect("residents:inside")


@may(WRITE, READ)
@require_GET
def visitor(request, pk):
    row = _get(request, pk, WRITE, READ)
    facts = [
        (_("Unit"), row.unit.code if row.unit else ""),
        (_("To whom"), row.host),
        (_("Purpose"), row.get_purpose_display()),
        (_("Telephone"), row.phone),
        (_("How many people"), str(row.people)),
        (_("Number plate"), row.plate),
        (_("Visitor's card"), row.badge),
        (_("In"), f"{lists.stamp(row.in_at)} {row.in_by.local_name}"),
        (_("Out"), f"{lists.stamp(row.out_at)} {row.out_by.local_name}" if row.out_at else ""),
        (_("Remark"), row.remark),
    ]
    moves = []
    if row.out_at is None and request.user.may(WRITE, row.estate_id):
        out = reverse("residents:visitor_out", args=[row.pk])
        moves.append(
            {"verb": "out", "label": _("Out"), "url": out, "icon": "logout", "style": "primary", "post": True}
        )
    state = (_("inside"), "busy") if row.out_at is None else (_("left"), "quiet")
    context = {
        "title": row.name or _("erased after %(days)s days") % {"days": row.estate.visitor_days},
        "state": state, "facts": facts, "moves": moves,
        "back": (_("Visitors"), reverse("residents:visitors")),
        "events": answers.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }  # fmt: skip
    return render(request, "residents/record.html", context)
