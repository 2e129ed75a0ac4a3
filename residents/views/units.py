from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import lists, places
from office.access import may
from office.models import Unit
from office.refusals import Refused
from office.views.session import enter
from residents import columns, reports
from residents.forms import NoteForm, UnitForm
from residents.models import Occupancy, UnitState
from residents.views import answers
from residents.views.answers import EDIT, READ

FIELDS = ("code", "kind", "building", "section", "floor", "area", "use", "handed_over_on", "note", "warning")


def _url(unit):
    return reverse("residents:unit", args=[unit.pk])


@may(READ)
@require_http_methods(["GET", "POST"])
def units(request):
    today = timezone.localdate()
    beside = Occupancy.objects.filter(unit=OuterRef("pk")).on(today)
    owners = beside.filter(role=Occupancy.Role.OWNER).order_by("-share", "pk").values("person__name")
    states = UnitState.objects.filter(unit=OuterRef("pk"), period__contains=today).values("kind")
    rows = answers.of_estate(request, Unit).annotate(
        owners=ArraySubquery(owners),
        lived_in=Exists(beside.filter(lives_here=True).exclude(role=Occupancy.Role.DEVELOPER)),
        states_held=ArraySubquery(states),
    )
    actions = []
    if request.user.may(EDIT):
        new = {"verb": "new", "label": _("New unit"), "url": reverse("residents:unit_new"), "icon": "plus",
               "key": "n", "style": "primary"}  # fmt: skip
        actions.append(new)
    return lists.render(request, columns.UNITS, rows, actions=actions)


def _asked_day(request, today):
    """The day of “who owned it on …”; (day, whether what was typed was no date)."""
    said = request.GET.get("day", "")
    if not said:
        return today, False
    try:
        return date.fromisoformat(said), False
    except ValueError:
        return today, True


@may(READ)
@require_GET
def history(request, pk):
    """Who has lived in a unit and owned it, and who on a given day. The page of the unit itself is the household page."""
    row = get_object_or_404(Unit.objects.visible_to(request.user, READ).select_related("estate"), pk=pk)
    enter(request, row.estate)
    today = request.now.astimezone(row.estate.zone).date()
    asked, wrong = _asked_day(request, today)
    people = reports.people_of_unit(row)
    there = [one for one in people if one.since <= asked and (one.until is None or asked < one.until)]
    context = {
        "unit": row,
        "history": people,
        "asked": asked,
        "asked_house": reports.Household(asked, sorted(there, key=reports.in_order)),
        "wrong_day": wrong,
        "may_edit": request.user.may(EDIT, row.estate_id),
    }
    return render(request, "residents/history.html", context, status=422 if wrong else 200)


@may(EDIT)
@require_POST
def unit_note(request, pk):
    """The note of a unit, mended where it stands: on the household page."""
    row = get_object_or_404(Unit.objects.visible_to(request.user, EDIT).select_related("estate"), pk=pk)
    form, status = NoteForm(request.POST, version=row.version), 422
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("note", "warning")}
        version = form.cleaned_data["version"]
        try:
            row = places.edit_unit(unit=row, version=version, by=request.user, now=request.now, **values)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            status = 409
        else:
            if not request.htmx:
                return redirect(_url(row))
            status = 200
    if not request.htmx:
        title = _("Note of %(unit)s") % {"unit": row.code}
        return answers.page(request, title, form, _url(row), status=status)
    context = {"unit": row, "form": form if status != 200 else None, "may_edit": True}
    return render(request, "residents/note.html", context, status=status)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def unit_new(request):
    estate = answers.here(request, EDIT)

    def act(form):
        return _url(places.add_unit(estate=estate, by=request.user, now=request.now, **form.values))

    initial = {"building": request.GET.get("building", "")}
    form = UnitForm(request.POST or None, estate=estate, initial=initial)
    return answers.handle(request, _("New unit"), form, reverse("residents:units"), act)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def unit_edit(request, pk):
    row = get_object_or_404(Unit.objects.visible_to(request.user, EDIT).select_related("estate"), pk=pk)
    initial = {name: getattr(row, name) for name in FIELDS}

    def act(form):
        version = form.cleaned_data["version"]
        places.edit_unit(unit=row, version=version, by=request.user, now=request.now, **form.values)
        return _url(row)

    form = UnitForm(request.POST or None, estate=row.estate, unit=row, initial=initial, version=row.version)
    return answers.handle(request, _("Edit %(unit)s") % {"unit": row.code}, form, _url(row), act)
