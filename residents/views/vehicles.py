"""Vehicles and access cards of units."""

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, lists
from office.access import may
from office.models import Event, Unit
from office.views.session import enter
from residents import actions, columns, rules
from residents.forms import CardForm, CardMoveForm, LastDayForm, VehicleForm
from residents.models import AccessCard, Parking, Person, Vehicle
from residents.views import answers

READ, WRITE = "gate.read", "gate.vehicles"
FORM = require_http_methods(["GET", "POST"])


def _new(label, name):
    return [
        {"verb": "new", "label": label, "url": reverse(name), "icon": "plus", "key": "n", "style": "primary"}
    ]


def asked_unit(request, permission):
    """(estate, unit or None): `?unit=ID` comes from a household page and decides the estate."""
    estate = answers.here(request, permission)
    asked = request.GET.get("unit", "")
    rows = Unit.objects.visible_to(request.user, permission).select_related("estate")
    unit = rows.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    if unit is not None:
        enter(request, unit.estate)
        estate = unit.estate
    return estate, unit


def people_of(request, estate, permission):
    return Person.objects.visible_to(request.user, permission).filter(estate=estate)


def household(unit_id):
    return reverse("residents:unit", args=[unit_id])


@may(READ)
@FORM
def vehicles(request):
    today = clocks.local_date(request.now, request.estate.zone) if request.estate else None
    space = Parking.objects.filter(vehicle=OuterRef("pk"), period__contains=today).values("space__code")[:1]
    rows = answers.of_estate(request, Vehicle, READ).annotate(space=Subquery(space))
    moves = _new(_("New vehicle"), "residents:vehicle_new") if request.user.may(WRITE) else []
    return lists.render(request, columns.VEHICLES, rows, actions=moves)


@may(WRITE)
@FORM
def vehicle_new(request):
    estate, unit = asked_unit(request, WRITE)
    today = clocks.local_date(request.now, estate.zone)

    def act(form):
        row = actions.register_vehicle(by=request.user, now=request.now, **form.values)
        messages.success(request, _("%(plate)s is registered.") % {"plate": row.plate})
        return household(row.unit_id)

    form = VehicleForm(
        answers.posted(request), estate=estate, people=people_of(request, estate, WRITE), today=today,
        initial={"unit": unit, "since": today},
    )  # fmt: skip
    return answers.handle(
        request, _("New vehicle"), form, household(unit.pk) if unit else reverse("residents:vehicles"), act
    )


def _vehicle(request, pk, permission):
    rows = Vehicle.objects.visible_to(request.user, permission).select_related("unit", "estate", "person")
    return get_object_or_404(rows, pk=pk)


@may(READ)
@require_GET
def vehicle(request, pk):
    row = _vehicle(request, pk, READ)
    enter(request, row.estate)
    today = clocks.local_date(request.now, row.estate.zone)
    ended = row.period.upper is not None and row.period.upper <= today
    parkings = list(row.parkings.select_related("space"))
    moves = []
    if request.user.may(WRITE, row.estate_id) and not ended:
        edit, end = (reverse(f"residents:vehicle_{verb}", args=[row.pk]) for verb in ("edit", "end"))
        moves = [
            {"verb": "edit", "label": _("Edit"), "url": edit, "icon": "edit", "key": "e", "style": "primary"},
            {"verb": "end", "label": _("No longer here"), "url": end, "icon": "logout"},
        ]
    context = {
        "title": row.plate, "state": (_("left"), "quiet") if ended else (row.get_kind_display(), "good"), "moves": moves,
        "facts": [
            (_("Unit"), row.unit.code, household(row.unit_id)),
            (_("Keeper"), row.person.local_name if row.person else "", reverse("residents:person", args=[row.person_id]) if row.person else ""),
            (_("Kind"), row.get_kind_display()), (_("Colour"), row.colour), (_("Make"), row.make),
            (_("Period"), rules.period_text(row.period.lower, row.period.upper)),
        ],
        "table": {
            "title": _("Parking spaces"), "head": [_("Space"), _("Period")],
            "rows": [(one.space.code, rules.period_text(one.period.lower, one.period.upper)) for one in parkings],
            "empty": _("No space of its own."),
        },
        "back": (_("Vehicles"), reverse("residents:vehicles")),
        "events": answers.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }  # fmt: skip
    return render(request, "residents/record.html", context)


@may(WRITE)
@FORM
def vehicle_edit(request, pk):
    row = _vehicle(request, pk, WRITE)
    today = clocks.local_date(request.now, row.estate.zone)
    back = reverse("residents:vehicle", args=[row.pk])
    parking = row.parkings.filter(period__upper_inf=True).select_related("space").first()

    def act(form):
        actions.edit_vehicle(vehicle=row, by=request.user, now=request.now, **form.values)
        return back

    initial = {
        "kind": row.kind,
        "colour": row.colour,
        "make": row.make,
        "person": row.person_id,
        "since": today,
    }
    form = VehicleForm(
        answers.posted(request), estate=row.estate, people=people_of(request, row.estate, WRITE), today=today, vehicle=row,
        initial=initial | {"space": parking.space if parking else None},
    )  # fmt: skip
    return answers.handle(request, _("Edit %(plate)s") % {"plate": row.plate}, form, back, act)


@may(WRITE)
@FORM
def vehicle_end(request, pk):
    row = _vehicle(request, pk, WRITE)
    today = clocks.local_date(request.now, row.estate.zone)

    def act(form):
        actions.end_vehicle(
            vehicle=row, last_day=form.cleaned_data["last_day"], by=request.user, now=request.now
        )
        return household(row.unit_id)

    form = LastDayForm(answers.posted(request), initial={"last_day": today})
    title = _("%(plate)s is no longer here") % {"plate": row.plate}
    return answers.handle(request, title, form, reverse("residents:vehicle", args=[row.pk]), act)


# --- access cards ------------------------------------------------------------------------------------------


@may(READ)
@FORM
def cards(request):
    rows = answers.of_estate(request, AccessCard, READ)
    moves = _new(_("Issue a card"), "residents:card_new") if request.user.may(WRITE) else []
    return lists.render(request, columns.CARDS, rows, actions=moves)


@may(WRITE)
@FORM
def card_new(request):
    estate, unit = asked_unit(request, WRITE)
    today = clocks.local_date(request.now, estate.zone)

    def act(form):
        row = actions.issue_card(by=request.user, now=request.now, **form.values)
        messages.success(request, _("Card %(number)s is issued.") % {"number": row.number})
        return household(row.unit_id)

    form = CardForm(
        answers.posted(request), estate=estate, people=people_of(request, estate, WRITE), today=today,
        initial={"unit": unit, "issued_on": today},
    )  # fmt: skip
    return answers.handle(
        request, _("Issue a card"), form, household(unit.pk) if unit else reverse("residents:cards"), act
    )


def _card(request, pk, permission):
    rows = AccessCard.objects.visible_to(request.user, permission).select_related("unit", "estate", "person")
    return get_object_or_404(rows, pk=pk)


@may(READ)
@require_GET
def card(request, pk):
    row = _card(request, pk, READ)
    enter(request, row.estate)
    moves = []
    for verb, move in rules.CARD_MOVES.items():
        if request.user.may(move.permission, row.estate_id):
            why = rules.why_not(rules.CARD_MOVES, verb, row, request.user)
            url = reverse("residents:card_move", args=[row.pk, verb])
            moves.append(
                {"verb": verb, "label": move.label, "url": url, "icon": move.icon, "why_not": why or ""}
            )
    context = {
        "title": row.number, "moves": [move for move in moves if not move["why_not"]],
        "state": (row.get_state_display(), columns.CARD_TONES[row.state]),
        "facts": [
            (_("Unit"), row.unit.code, household(row.unit_id)),
            (_("Holder"), row.person.local_name if row.person else "", reverse("residents:person", args=[row.person_id]) if row.person else ""),
            (_("Kind"), row.get_kind_display()), (_("Issued on"), lists.day(row.issued_on)),
            (_("Blocked on"), lists.day(row.blocked_on)), (_("Lost on"), lists.day(row.lost_on)),
            (_("Returned on"), lists.day(row.returned_on)), (_("Remark"), row.reason),
        ],
        "back": (_("Access cards"), reverse("residents:cards")),
        "events": answers.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }  # fmt: skip
    return render(request, "residents/record.html", context)


@may(WRITE)
@FORM
def card_move(request, pk, move):
    if move not in rules.CARD_MOVES:
        raise Http404
    row = _card(request, pk, WRITE)
    back = reverse("residents:card", args=[row.pk])

    def act(form):
        values = form.cleaned_data
        actions.move_card(
            card=row,
            move=move,
            reason=values["reason"],
            version=values["version"],
            by=request.user,
            now=request.now,
        )
        return back

    form = CardMoveForm(answers.posted(request), version=row.version)
    title = f"{row.number}: {rules.CARD_MOVES[move].label}"
    return answers.handle(request, title, form, back, act, submit=rules.CARD_MOVES[move].label)
