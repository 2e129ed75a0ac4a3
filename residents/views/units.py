from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import lists, places
from office.access import may
from office.models import Event, Unit
from office.views.session import enter
from residents import columns, reports, rules
from residents.forms import UnitForm
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
def unit(request, pk):
    rows = Unit.objects.visible_to(request.user, READ).select_related("building", "section", "estate")
    row = get_object_or_404(rows, pk=pk)
    enter(request, row.estate)
    today = request.now.astimezone(row.estate.zone).date()
    asked, wrong = _asked_day(request, today)
    history = reports.people_of_unit(row)

    def on(day):
        return reports.Household(day, sorted(
            (one for one in history if one.since <= day and (one.until is None or day < one.until)),
            key=reports.in_order,
        ))  # fmt: skip

    house = on(today)
    states = list(UnitState.objects.filter(unit=row, period__contains=today).values_list("kind", flat=True))
    status = rules.unit_status(
        states=states,
        lived_in=bool(house.living_here),
        owned=bool(house.owners),
        handed_over_on=row.handed_over_on,
    )
    may_edit = request.user.may(EDIT, row.estate_id)
    context = {
        "unit": row,
        "status": {"text": rules.STATUS[status][0], "tone": rules.STATUS[status][1]},
        "facts": _facts(row),
        "house": house,
        "history": history,
        "asked": asked,
        "asked_house": on(asked),
        "wrong_day": wrong,
        "today": today,
        "may_edit": may_edit,
        "actions": _actions(request, row, may_edit),
        "panel": answers.address_of("tickets:unit_panel", row.pk)
        if request.user.may("tickets.read", row.estate_id)
        else "",
        "events": answers.timeline(Event.objects.filter(unit_id=row.pk)),
    }
    return render(request, "residents/unit.html", context, status=422 if wrong else 200)


def _facts(row):
    return [
        (_("Building"), str(row.building), reverse("residents:building", args=[row.building_id])),
        (_("Section"), row.section.code if row.section else ""),
        (_("Floor"), row.floor),
        (_("Kind"), row.get_kind_display()),
        (_("Gross floor area"), f"{row.area} m²" if row.area is not None else ""),
        (_("Use"), row.use),
        (_("Handed over on"), lists.day(row.handed_over_on)),
    ]


def _actions(request, row, may_edit):
    moves = []
    intake = answers.address_of("tickets:intake", query=f"unit={row.pk}")
    if intake and request.user.may("tickets.intake", row.estate_id):
        # Translators: 報修
        moves.append(
            {
                "verb": "repair",
                "label": _("New repair"),
                "url": intake,
                "icon": "tool",
                "key": "r",
                "style": "primary",
            }
        )
    if may_edit:
        occupy = reverse("residents:occupancy_new", args=[row.pk])
        moves.append({"verb": "occupy", "label": _("Add a person"), "url": occupy, "icon": "user-plus"})
        edit = reverse("residents:unit_edit", args=[row.pk])
        moves.append({"verb": "edit", "label": _("Edit"), "url": edit, "icon": "edit", "key": "e"})
    return moves


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
