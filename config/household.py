"""The household page: what the clerk needs of a unit while the telephone is at the ear, in one request (SPEC §2).

The register's address of a unit (`residents:unit`) shows it; config/urls.py puts it there, because no room below may
know the rooms above. What stands on it comes from each room's reports (office/cards.py, config/desk.py ROOMS).
"""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config import timeline
from config.desk import ROOMS
from office import cards, clocks, lists
from office.access import may
from office.addresses import row_address
from office.models import Unit
from office.views.session import enter
from residents import reports, rules
from residents.models import Person

READ = "register.read"
OLDER = "older"  # a fragment of the timeline only


@may(READ)
@require_GET
def household(request, pk):
    """Everything about one unit. htmx asks for parts of the timeline at the same address."""
    found = Unit.objects.visible_to(request.user, READ).select_related("building", "section")
    unit = get_object_or_404(found, pk=pk)
    unit.estate = next(row.estate for row in request.user.posting_list if row.estate_id == unit.estate_id)
    enter(request, unit.estate)
    if request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request:
        house = reports.household(unit, clocks.local_date(request.now, unit.estate.zone))
        return _timeline_part(request, unit, house)
    shown = [
        card for room in ROOMS if (card := room.card(unit, staff=request.user, now=request.now)) is not None
    ]
    house = next(card.context["house"] for card in shown if card.key == "people")
    caller = _caller(request, unit, house)
    for card in shown:
        if card.draw:
            card.context["caller"] = caller
    starts = _starts(request, unit, caller)
    status, tone = rules.STATUS[reports.status_of(unit, house)]
    context = {
        "unit": unit,
        "status": {"text": status, "tone": tone},
        "columns": [
            sorted((card for card in shown if card.column == column), key=lambda card: card.position)
            for column in (cards.PEOPLE, cards.MATTERS, cards.ASIDE)
        ],
        "house": house,
        "facts": _facts(unit),
        "caller": caller,
        "starts": starts,
        "moves": [start for start in starts if start["key"] or start["style"]],
        "may_edit": request.user.may("register.edit", unit.estate_id),
        "timeline": timeline.page(request, unit, house),
    }
    return render(request, "household/page.html", context)


def _timeline_part(request, unit, house):
    context = {"unit": unit, "timeline": timeline.page(request, unit, house)}
    part = OLDER if request.GET.get("before") else "timeline"
    return render(request, f"household/timeline.html#{part}", context)


def _caller(request, unit, house):
    """{pk, name, resident} of `?caller=`; None when nobody is named. Who is not of this estate is 404."""
    said = request.GET.get("caller", "")
    if not said:
        return None
    if not said.isdecimal() or len(said) > 18:
        raise Http404
    for one in house.residents:
        if one.person_id == int(said):
            return {"pk": one.person_id, "name": one.local_name, "resident": one}
    person = get_object_or_404(Person.objects.visible_to(request.user, READ), pk=said, estate=unit.estate_id)
    return {"pk": person.pk, "name": person.local_name, "resident": None}


def _starts(request, unit, caller):
    """Every room's buttons in their order; those that want to know get told who is calling."""
    found = [start for room in ROOMS for start in room.starts(unit, staff=request.user)]
    return [
        {
            "verb": start.verb,
            "label": start.label,
            "url": _told(start, caller),
            "icon": start.icon,
            "key": start.key,
            "style": start.style,
            "why_not": start.why_not,
        }
        for start in sorted(found, key=lambda start: start.position)
    ]


def _told(start, caller):
    if not caller or not start.caller:
        return start.url
    return f"{start.url}{'&' if '?' in start.url else '?'}{urlencode({start.caller: caller['pk']})}"


def _facts(unit):
    return [
        (_("Building"), str(unit.building), row_address("residents:building", unit.building_id)),
        (_("Section"), unit.section.code if unit.section else ""),
        (_("Floor"), unit.floor),
        (_("Kind"), unit.get_kind_display()),
        (_("Gross floor area"), f"{unit.area} m²" if unit.area is not None else ""),
        (_("Use"), unit.use),
        (_("Handed over on"), lists.day(unit.handed_over_on)),
    ]


urlpatterns = [path("units/<int:pk>/", household, name="unit")]
