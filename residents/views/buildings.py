from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from office import lists, places
from office.access import may
from office.models import Building, Event, Section
from residents import columns
from residents.forms import BuildingForm, SectionForm
from residents.views import answers
from residents.views.answers import EDIT, READ


def _get(request, pk, permission=READ):
    return get_object_or_404(Building.objects.visible_to(request.user, permission), pk=pk)


def _url(building):
    return reverse("residents:building", args=[building.pk])


@may(READ)
@require_http_methods(["GET", "POST"])
def buildings(request):
    entrances = Section.objects.filter(building=OuterRef("pk")).order_by("sort_key").values("code")
    rows = answers.of_estate(request, Building).annotate(
        entrances=ArraySubquery(entrances), unit_count=Count("units")
    )
    actions = []
    if request.user.may(EDIT):
        new = {"verb": "new", "label": _("New building"), "url": reverse("residents:building_new"), "icon": "plus",
               "key": "n", "style": "primary"}  # fmt: skip
        actions.append(new)
    return lists.render(request, columns.BUILDINGS, rows, actions=actions)


@may(READ)
@require_GET
def building(request, pk):
    row = _get(request, pk)
    facts = [
        (_("Code"), row.code),
        (pgettext("of a thing", "Name"), row.name),
        (_("Floors"), row.floors),
        (_("Address"), row.address),
    ]
    context = {
        "building": row,
        "facts": facts,
        "sections": row.sections.annotate(unit_count=Count("units")).order_by("sort_key"),
        "units_url": f"{reverse('residents:units')}?building={row.pk}",
        "unit_count": row.units.count(),
        "may_edit": request.user.may(EDIT, row.estate_id),
        "events": answers.timeline(Event.objects.filter(subject_kind="building", subject_id=row.pk)),
    }
    return render(request, "residents/building.html", context)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def building_new(request):
    estate = answers.here(request, EDIT)

    def act(form):
        row = places.add_building(estate=estate, by=request.user, now=request.now, **form.values)
        return _url(row)

    form = BuildingForm(request.POST or None, estate=estate)
    return answers.handle(request, _("New building"), form, reverse("residents:buildings"), act)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def building_edit(request, pk):
    row = _get(request, pk, EDIT)
    initial = {name: getattr(row, name) for name in ("code", "name", "floors", "address")}

    def act(form):
        places.edit_building(building=row, by=request.user, now=request.now, **form.values)
        return _url(row)

    form = BuildingForm(request.POST or None, estate=row.estate, building=row, initial=initial)
    return answers.handle(request, _("Edit building %(code)s") % {"code": row.code}, form, _url(row), act)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def section_new(request, pk):
    row = _get(request, pk, EDIT)

    def act(form):
        places.add_section(building=row, by=request.user, now=request.now, **form.values)
        return _url(row)

    form = SectionForm(request.POST or None, building=row)
    return answers.handle(
        request, _("New section of building %(code)s") % {"code": row.code}, form, _url(row), act
    )


@may(EDIT)
@require_http_methods(["GET", "POST"])
def section_edit(request, pk):
    mine = Building.objects.visible_to(request.user, EDIT)
    section = get_object_or_404(Section.objects.filter(building__in=mine).select_related("building"), pk=pk)
    initial = {name: getattr(section, name) for name in ("code", "floors", "has_lift")}

    def act(form):
        places.edit_section(section=section, by=request.user, now=request.now, **form.values)
        return _url(section.building)

    form = SectionForm(request.POST or None, building=section.building, section=section, initial=initial)
    title = _("Edit section %(section)s of building %(code)s") % {
        "section": section.code,
        "code": section.building.code,
    }
    return answers.handle(request, title, form, _url(section.building), act)
