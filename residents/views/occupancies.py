from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from office.access import may
from office.models import Unit
from residents import actions, rules
from residents.forms import CorrectForm, EndForm, OccupancyForm
from residents.models import Occupancy, Person
from residents.views import answers
from residents.views.answers import EDIT


def _url(unit_id):
    return reverse("residents:unit", args=[unit_id])


def _get(request, pk):
    rows = Occupancy.objects.visible_to(request.user, EDIT).select_related("unit", "person", "estate")
    return get_object_or_404(rows, pk=pk)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def occupancy_new(request, pk):
    unit = get_object_or_404(Unit.objects.visible_to(request.user, EDIT).select_related("estate"), pk=pk)

    def act(form):
        row = actions.start_occupancy(unit=unit, by=request.user, now=request.now, **form.values)
        said = {"name": row.person.local_name, "role": row.get_role_display(), "unit": unit.code}
        messages.success(request, _("%(name)s is now %(role)s of %(unit)s.") % said)
        return _url(unit.pk)

    today = request.now.astimezone(unit.estate.zone).date()
    initial = {"person": request.GET.get("person", ""), "since": today}
    if request.GET.get("role") in Occupancy.Role.values:
        initial["role"] = request.GET["role"]
    people = Person.objects.visible_to(request.user, EDIT)
    form = OccupancyForm(request.POST or None, unit=unit, people=people, initial=initial)
    intro = {
        "text": _("Not in the register yet?"),
        "url": f"{reverse('residents:person_new')}?unit={unit.pk}",
        "label": _("Enter a new person"),
    }
    title = _("Add a person to %(unit)s") % {"unit": unit.code}
    return answers.handle(request, title, form, _url(unit.pk), act, intro=intro)


@may(EDIT)
@require_http_methods(["GET", "POST"])
def occupancy_end(request, pk):
    row = _get(request, pk)

    def act(form):
        actions.end_occupancy(occupancy=row, until=form.until, by=request.user, now=request.now)
        return _url(row.unit_id)

    today = request.now.astimezone(row.estate.zone).date()
    form = EndForm(request.POST or None, occupancy=row, initial={"last_day": today})
    said = {"name": row.person.local_name, "role": row.get_role_display(), "unit": row.unit.code}
    title = _("%(name)s, %(role)s of %(unit)s: last day") % said
    return answers.handle(request, title, form, _url(row.unit_id), act, submit=_("End this period"))


@may(EDIT)
@require_http_methods(["GET", "POST"])
def occupancy_correct(request, pk):
    row = _get(request, pk)

    def act(form):
        values = form.cleaned_data
        actions.correct_occupancy(
            occupancy=row, since=values["since"], until=form.until, share=values.get("share"),
            lives_here=values["lives_here"], reason=values["reason"], by=request.user, now=request.now,
        )  # fmt: skip
        return _url(row.unit_id)

    initial = {
        "share": row.share.normalize() if row.share is not None else None,
        "since": row.period.lower,
        "last_day": rules.last_day(row.period.upper),
        "lives_here": row.lives_here,
    }
    form = CorrectForm(request.POST or None, occupancy=row, initial=initial)
    said = {"name": row.person.local_name, "role": row.get_role_display(), "unit": row.unit.code}
    title = _("%(name)s, %(role)s of %(unit)s: correct an entry") % said
    return answers.handle(request, title, form, _url(row.unit_id), act)
