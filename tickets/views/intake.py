"""Taking a repair over the telephone: the form, what it shows while it is filled in, and the places it suggests."""

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, drafts, formkeys
from office.access import may
from office.models import Unit
from office.refusals import Refused
from office.views.session import enter
from residents.models import Occupancy, Person
from tickets import actions, places, reception, reports, rules
from tickets.actions import complaints as acts
from tickets.forms import IntakeForm
from tickets.models import Asset, Category, Complaint, LogEntry, Ticket

SHOWN = 6  # people of a household offered as callers


@may("tickets.intake")
@require_http_methods(["GET", "POST"])
def intake(request):
    if request.estate is None:
        raise Http404
    if request.method == "POST":
        _stay(request)
        form = IntakeForm(request.POST, estate=request.estate, now=request.now)
        return _save(request, form) if form.is_valid() else _page(request, form, status=422)
    if entry := _entry(request, request.GET.get("entry", "")):
        initial = _from_entry(request, entry)
    elif complaint := _complaint(request, request.GET.get("complaint", "")):
        initial = _from_complaint(complaint)
    else:
        initial = _prefilled(request, _asked_place(request))
    form = IntakeForm(estate=request.estate, now=request.now, initial=initial)
    _focus(form)
    return _page(request, form)


def _stay(request):
    """The form belongs to the estate it was opened in, whatever another tab has switched to since."""
    meant = request.POST.get("estate", "")
    for posting in request.user.posting_list:
        if str(posting.estate_id) == meant:
            enter(request, posting.estate)


def _save(request, form):
    def take():
        chosen = _repeat_of(request, form)
        ticket = actions.take(
            estate=request.estate, by=request.user, now=request.now, repeat_of=chosen,
            entry=_entry(request, request.POST.get("entry", "")), **form.values(),
        )  # fmt: skip
        if complaint := _complaint(request, request.POST.get("complaint", "")):
            acts.link_ticket(complaint=complaint, ticket=ticket, by=request.user, now=request.now)
        if request.POST.get("then") == "print":
            return reverse("tickets:work_order_print", args=[ticket.work_orders.get().pk]) + "?now=1"
        return reverse("tickets:ticket", args=[ticket.pk])

    try:
        location, first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, take)
    except Refused as refusal:
        return _page(request, form, status=409, refused=refusal.sentence)
    drafts.forget_sent(request, "tickets.intake")
    if first:
        messages.success(request, _("Taken. The work order is ready."))
    else:
        messages.info(request, _("This was saved already; here it is."))
    return redirect(location)


def _repeat_of(request, form):
    """The earlier ticket the clerk ticked, if it is one of those offered."""
    wanted = request.POST.get("repeat_of", "")
    data = form.cleaned_data
    offered = reports.repeat_candidates(
        estate=request.estate,
        category=data["category"],
        unit=data["where"].unit,
        asset=data["where"].asset,
        now=request.now,
    )
    return next((row for row in offered if str(row.pk) == wanted), None)


def _page(request, form, status=200, refused=""):
    said = request.POST if form.is_bound else request.GET
    context = {
        "form": form,
        "refused": refused,
        "entry": _entry(request, said.get("entry", "")),
        "complaint": _complaint(request, said.get("complaint", "")),
        **hints_of(request, request.POST if form.is_bound else None, form),
    }
    return render(request, "tickets/intake.html", context, status=status)


def _entry(request, text):
    """The line of the reception log the repair comes from (`?entry=`); not theirs is 404."""
    if not text:
        return None
    found = LogEntry.objects.select_related("estate", "unit__building", "person")
    row = get_object_or_404(found.visible_to(request.user, "tickets.intake"), pk=_number(text))
    enter(request, row.estate)
    return row


def _complaint(request, text):
    """The complaint the repair puts right (`?complaint=`); not theirs is 404."""
    if not text:
        return None
    found = Complaint.objects.select_related("estate", "unit__building", "building", "complainant")
    row = get_object_or_404(found.visible_to(request.user, "complaints.take"), pk=_number(text))
    enter(request, row.estate)
    return row


def _from_complaint(complaint):
    """What was said in the complaint is not asked twice."""
    person = complaint.complainant if complaint.unit_id else None
    building = None if complaint.unit_id or complaint.place else complaint.building
    place = places.Place(unit=complaint.unit, person=person, building=building)
    if not complaint.unit_id:
        place.text = complaint.place
    return {
        "problem": complaint.course,
        "channel": reception.TICKET_CHANNELS[complaint.channel],
        "reporter_name": complaint.name,
        "reporter_phone": complaint.phone,
        "place": place,
    }


def _from_entry(request, entry):
    """What the line says already is not asked twice; where it names nobody, whoever lives there is proposed."""
    person = entry.person if entry.unit_id else None
    place = places.Place(unit=entry.unit, person=person, text="" if entry.unit_id else entry.place)
    initial = {"problem": entry.asked, "channel": reception.TICKET_CHANNELS[entry.channel]}
    if not place.value or entry.name or entry.phone:
        initial |= {"reporter_name": entry.name, "reporter_phone": entry.phone}
        return initial | ({"place": place} if place.value else {})
    return initial | _prefilled(request, place)


def _asked_place(request):
    """`?unit=`, `?person=`, `?asset=` of the page the clerk comes from. What is not theirs is 404."""
    unit, person, asset = (request.GET.get(name, "") for name in ("unit", "person", "asset"))
    place = places.Place()
    if asset:
        place.asset = _opened(request, Asset.objects.select_related("estate"), asset)
        return place
    if unit:
        place.unit = _opened(request, Unit.objects.select_related("building", "estate"), unit)
    if person:
        place.person = _opened(request, Person.objects.select_related("estate"), person)
        if place.unit is None:
            home = (
                Occupancy.objects.on(_today(request))
                .filter(person=place.person)
                .select_related("unit__building")
                .order_by("-lives_here", "pk")
                .first()
            )
            place.unit = home and home.unit
    return place if place.unit or place.person else None


def _opened(request, found, text):
    """The row asked for; work goes on in its estate."""
    row = get_object_or_404(found.visible_to(request.user, "tickets.intake"), pk=_number(text))
    enter(request, row.estate)
    return row


def _number(text):
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


def _today(request):
    return clocks.local_date(request.now, request.estate.zone)


def _prefilled(request, place):
    """Name and telephone of the person asked for, else of the first who lives there."""
    if place is None:
        return {}
    initial = {"place": place}
    if place.asset:
        return initial
    callers = places.household(place.unit, _today(request)) if place.unit else []
    chosen = next((c for c in callers if place.person and c.person.pk == place.person.pk), None)
    if chosen is None and place.person:
        chosen = places.Caller(place.person, "", list(place.person.phones.all()))
    chosen = chosen or (callers[0] if callers else None)
    if chosen:
        place.person = chosen.person
        initial |= {"reporter_name": chosen.person.local_name, "reporter_phone": chosen.phone}
    if place.unit is None:
        del initial["place"]
    return initial


def _focus(form):
    """The cursor waits in the first field that is still empty."""
    for name, key in (
        ("reporter_name", "reporter_name"),
        ("where", "where"),
        ("reporter_phone", "reporter_phone"),
    ):
        if not form.initial.get(key):
            form.fields[name].widget.attrs["autofocus"] = True
            return
    form.fields["problem"].widget.attrs["autofocus"] = True


@may("tickets.intake")
@require_GET
def hints(request):
    """The panel beside the form, asked again when place or category change."""
    context = hints_of(request, request.GET)
    return render(request, "tickets/intake.html#intake-hints", context | {"swap": True})


def hints_of(request, data, form=None):
    """What the clerk should know before hanging up: household, warranty, repeats, what is open already."""
    if data is None:
        place, category = (form.initial.get("place") if form else None), None
        filled = None
    else:
        place = places.read(request.estate, data.get("where", ""))
        wanted = data.get("category", "")
        found = (
            Category.objects.filter(estate=request.estate, pk=wanted)
            if wanted.isdecimal() and len(wanted) < 18
            else None
        )
        category = found.select_related("warranty").first() if found is not None else None
        filled = data.get("reporter_name", "").strip(), data.get("reporter_phone", "").strip()
    hints: dict = {"place": place, "category": category}
    if place is None:
        return {"hints": hints}
    if place.unit:
        hints["callers"] = places.household(place.unit, _today(request))[:SHOWN]
        chosen = next((c for c in hints["callers"] if place.person and c.person.pk == place.person.pk), None)
        chosen = chosen or (hints["callers"][0] if hints["callers"] else None)
        if chosen and filled is not None and not filled[0] and not filled[1]:
            hints["fill"] = chosen
    if category:
        cost, until = rules.cost_at_intake(unit=place.unit, category=category, today=_today(request))
        hints |= {
            "cost": cost,
            "cost_text": _cost_text(cost, until, category),
            "cost_tone": _COST_TONES.get(cost, "quiet"),
        }
        hints["repeats"] = list(
            reports.repeat_candidates(
                estate=request.estate, category=category, unit=place.unit, asset=place.asset, now=request.now
            )
        )
        hints["chosen_repeat"] = (data or {}).get("repeat_of", "")
    if place.unit or place.asset:
        same = {"unit": place.unit} if place.unit else {"asset": place.asset}
        hints["open"] = list(
            Ticket.objects.filter(estate=request.estate, closed_at__isnull=True, **same)
            .select_related("category")
            .order_by("-opened_at")[:5]
        )
    return {"hints": hints}


_COST_TONES = {
    Ticket.Cost.WARRANTY: "good",
    Ticket.Cost.PAID: "wait",
    Ticket.Cost.UNDECIDED: "today",
    Ticket.Cost.PUBLIC: "quiet",
}


def _cost_text(cost, until, category):
    if cost == Ticket.Cost.WARRANTY:
        return _("Within warranty until %(day)s: no charge.") % {"day": f"{until:%Y-%m-%d}"}
    if cost == Ticket.Cost.PAID and until:
        return _("Warranty ended on %(day)s: paid service, quotation and consent needed.") % {
            "day": f"{until:%Y-%m-%d}"
        }
    if cost == Ticket.Cost.PAID:
        return _("Paid service: quotation and consent needed.")
    if cost == Ticket.Cost.UNDECIDED and category.warranty is None:
        return _("No warranty is set for this category: decide who pays before work ends.")
    if cost == Ticket.Cost.UNDECIDED:
        return _("The day of first hand-over is not known: decide who pays before work ends.")
    return _("No charge.")


@may("tickets.intake")
@require_GET
def suggest(request):
    """Places for what was typed, for the chooser."""
    if request.estate is None:
        raise Http404
    return JsonResponse(places.suggest(request.estate, request.GET.get("q", "")), safe=False)
