"""Taking a complaint: the form, and what the clerk sees beside it while the resident talks (SPEC §5.1, §5.2)."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, drafts, formkeys, promises
from office.access import may
from office.models import Unit
from office.models.promises import Measure
from office.refusals import Refused
from office.views.session import enter
from residents.models import Occupancy, Person
from tickets import complaints, places, reports
from tickets.actions import complaints as acts
from tickets.forms import ComplaintForm
from tickets.models import Complaint, ComplaintCause, LogEntry
from tickets.views.complaints import TAKE
from tickets.views.intake import SHOWN

Klass = Complaint.Klass


@may(TAKE)
@require_http_methods(["GET", "POST"])
def intake(request):
    """GET takes `unit`, `person`, `phone`, `entry` of the page the clerk comes from."""
    if request.estate is None:
        raise Http404
    if request.method == "POST":
        _stay(request)
        form = _form(request, request.POST)
        return _save(request, form) if form.is_valid() else _page(request, form, status=422)
    entry = _entry(request, request.GET.get("entry", ""))
    initial = _from_entry(request, entry) if entry else _prefilled(request)
    form = _form(request, initial=initial)
    _focus(form)
    return _page(request, form)


def _form(request, *args, **kwargs):
    staff = reports.colleagues(request.estate.pk)
    return ComplaintForm(*args, estate=request.estate, staff=staff, now=request.now, **kwargs)


def _stay(request):
    """The form belongs to the estate it was opened in, whatever another tab has switched to since."""
    meant = request.POST.get("estate", "")
    for posting in request.user.posting_list:
        if str(posting.estate_id) == meant:
            enter(request, posting.estate)


def _save(request, form):
    values = form.values()
    calmed = request.POST.get("then") == "calm"

    def take():
        complaint = acts.take(
            estate=request.estate, by=request.user, now=request.now, calmed=calmed,
            repeat_of=_repeat_of(request, values), entry=_entry(request, request.POST.get("entry", "")), **values,
        )  # fmt: skip
        return reverse("tickets:complaint", args=[complaint.pk])

    try:
        location, first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, take)
    except Refused as refusal:
        return _page(request, form, status=409, refused=refusal.sentence)
    drafts.forget_sent(request, "tickets.complaint")
    if not first:
        messages.info(request, _("This was saved already; here it is."))
    elif calmed:
        messages.success(
            request, _("Taken, and the supervisor has been called. Go on talking in a separate room.")
        )
    else:
        messages.success(request, _("Taken. Its promises run from now."))
    return redirect(location)


def _earlier(request, *, cause, unit, complainant):
    """What the same household or person complained of for the same cause, the newest first."""
    if cause is None or not (unit or complainant):
        return []
    return list(
        reports.complaint_repeats(
            estate=request.estate, cause=cause, unit=unit, complainant=complainant, now=request.now
        )[:5]
    )


def _repeat_of(request, values):
    """The earlier complaint the clerk ticked, if it is one of those offered."""
    wanted = request.POST.get("repeat_of", "")
    offered = _earlier(request, cause=values["cause"], unit=values["unit"], complainant=values["complainant"])
    return next((row for row in offered if str(row.pk) == wanted), None)


def _page(request, form, status=200, refused=""):
    entry = _entry(request, (request.POST if form.is_bound else request.GET).get("entry", ""))
    context = {"form": form, "refused": refused, "entry": entry}
    return render(
        request, "tickets/complaint_new.html", context | hints_of(request, _said(form)), status=status
    )


def _said(form):
    """What the form holds, sent or prefilled, as the panel beside it is asked with."""
    if form.is_bound:
        return form.data
    said = QueryDict(mutable=True)
    place = form.initial.get("place")
    said.update({"where": place.value if place else "", "klass": Klass.MINOR, "prefilled": "yes"})
    return said


# --- what is known before the first key ------------------------------------------------------------------------


def _number(text):
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)


def _opened(request, found, text):
    """The row asked for; work goes on in its estate. Not theirs is 404."""
    row = get_object_or_404(found.visible_to(request.user, TAKE), pk=_number(text))
    enter(request, row.estate)
    return row


def _entry(request, text):
    """The line of the reception log the complaint comes from."""
    if not text:
        return None
    return _opened(request, LogEntry.objects.select_related("estate", "unit__building", "person"), text)


def _from_entry(request, entry):
    """What the line says already is not asked twice."""
    place = places.Place(
        unit=entry.unit, person=entry.person if entry.unit_id else None, text="" if entry.unit_id else entry.place
    )  # fmt: skip
    initial = {"course": entry.asked, "channel": entry.channel, "at": entry.at}
    if not place.value or entry.name or entry.phone:
        return (
            initial | {"name": entry.name, "phone": entry.phone} | ({"place": place} if place.value else {})
        )
    return initial | _household(request, place)


def _prefilled(request):
    asked = {name: request.GET.get(name, "").strip() for name in ("unit", "person", "phone")}
    place, initial = places.Place(), {}
    if asked["unit"]:
        place.unit = _opened(request, Unit.objects.select_related("building", "estate"), asked["unit"])
    if asked["person"]:
        place.person = _opened(request, Person.objects.select_related("estate"), asked["person"])
        if place.unit is None:
            homes = Occupancy.objects.on(_today(request)).filter(person=place.person)
            home = homes.select_related("unit__building").order_by("-lives_here", "pk").first()
            place.unit = home and home.unit
    if place.unit or place.person:
        initial = _household(request, place)
    if asked["phone"]:
        initial["phone"] = asked["phone"].replace("\0", "")[:40]
    return initial


def _household(request, place):
    """Name and telephone of the person asked for, else of the first who lives there."""
    callers = places.household(place.unit, _today(request)) if place.unit else []
    chosen = next((one for one in callers if place.person and one.person.pk == place.person.pk), None)
    if chosen is None and place.person:
        chosen = places.Caller(place.person, "", list(place.person.phones.all()))
    chosen = chosen or (callers[0] if callers else None)
    initial = {"place": place} if place.unit else {}
    if chosen:
        place.person = chosen.person
        initial |= {"name": chosen.person.local_name, "phone": chosen.phone}
    return initial


def _today(request):
    return clocks.local_date(request.now, request.estate.zone)


def _focus(form):
    """The cursor waits in the first field that is still empty."""
    for name, key in (("name", "name"), ("where", "where")):
        if not form.initial.get(key):
            form.fields[name].widget.attrs["autofocus"] = True
            return
    form.fields["course"].widget.attrs["autofocus"] = True


# --- the panel beside the form -----------------------------------------------------------------------------------


@may(TAKE)
@require_GET
def hints(request):
    """Asked again when place, cause, class or the resident's date change."""
    if request.estate is None:
        raise Http404
    context = hints_of(request, request.GET) | {"swap": True}
    return render(request, "tickets/complaint_new.html#complaint-hints", context)


def hints_of(request, said):
    """Words to say in the resident's language, what the class promises, the household, what it complained of before."""
    estate = request.estate
    place = places.read(estate, said.get("where", ""))
    klass = said.get("klass", "")
    klass = Klass(klass) if klass in Klass.values else Klass.MINOR
    cause = _cause(estate, said.get("cause", ""))
    language = (place and place.person and place.person.language) or estate.language
    found = {
        "place": place,
        "language": language,
        "script": f"{complaints.prompt('thanks', language)} {complaints.prompt('apology', language)}",
        "klass": klass.label,
        "klass_tone": complaints.CLASS_TONES[klass],
        "klass_when": WHEN[klass](),
        "promises": promised(estate, klass, said.get("wanted_by", ""), request.now),
    }
    if place is None or not place.unit:
        return {"hints": found}
    callers = places.household(place.unit, _today(request))[:SHOWN]
    chosen = next((one for one in callers if place.person and one.person.pk == place.person.pk), None)
    chosen = chosen or (callers[0] if callers else None)
    if chosen and not said.get("prefilled") and not said.get("name", "").strip() and not said.get("phone", "").strip():  # fmt: skip
        found["fill"] = chosen
    if chosen and chosen.person.language and not place.person:
        found["language"] = chosen.person.language
        found["script"] = " ".join(
            complaints.prompt(kind, chosen.person.language) for kind in ("thanks", "apology")
        )
    open_here = Complaint.objects.filter(estate=estate, unit=place.unit).open().select_related("cause")
    return {
        "hints": found
        | {
            "callers": callers,
            "open": list(open_here.order_by("-opened_at")[:5]),
            "repeats": _earlier(request, cause=cause, unit=place.unit, complainant=place.person),
            "chosen_repeat": said.get("repeat_of", ""),
        }
    }


def _cause(estate, text):
    if not text.isdecimal() or len(text) > 18:
        return None
    return ComplaintCause.objects.filter(estate=estate, pk=text).first()


# What makes a complaint one of its class, in SPEC's words.
WHEN = {
    Klass.MAJOR: lambda: _("Gravely affects daily life, safety or the company's name."),
    Klass.IMPORTANT: lambda: _("Our management or service is at fault."),
    Klass.MINOR: lambda: _("Isolated and personal."),
}


def promised(estate, klass, wanted_by, now):
    """[(promise, until when, rule)] a complaint of this class would make if it were taken now."""
    found = []
    for kind, key in complaints.CLASS_RULES[klass].items():
        amount, measure = promises.rule_at(estate.pk, key, now)
        limit = clocks.limit(
            fact_at=now, amount=amount, measure=measure, zone=estate.zone, closes_at=estate.closes_at
        )
        rule = promises.length(amount, measure)
        due = limit.due_at
        day = _day(wanted_by) if klass == Klass.MINOR and kind == complaints.SOLVE else None
        if day and day >= clocks.local_date(now, estate.zone):
            due, rule = clocks.end_of_day(day, estate.zone), _("date the resident asks for")
        found.append((promises.KINDS[kind].label, _until(due, measure, estate.zone), rule))
    return found


def _day(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _until(due, measure, zone):
    """24:00 of a day is said as that day's, as people do."""
    local = due.astimezone(zone)
    if measure == Measure.HOURS:
        return f"{local:%Y-%m-%d %H:%M}"
    return _("%(day)s, 24:00") % {"day": f"{(due - timedelta(seconds=1)).astimezone(zone):%Y-%m-%d}"}
