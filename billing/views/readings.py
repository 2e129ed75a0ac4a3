"""抄表: the round on the telephone, entry at the desk, held readings, corrections, the sheet (SPEC §6.3)."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods

from billing.actions import readings as actions
from billing.columns.meters import READINGS
from billing.forms.meters import CorrectForm, DecideForm, ReadForm
from billing.models import Meter, MissedReading, Reading
from billing.reports import meters as reports
from billing.rules import meters as rules
from billing.views.meters import answer, of_estate, pages, posted, row_of
from office import clocks, formkeys, lists
from office.access import may
from office.forms import DecimalField
from office.models import Building
from office.refusals import Refused
from office.views.session import enter

FORM = require_http_methods(["GET", "POST"])
SHOWN = 12  # readings before a held one


@may(rules.READ)
@FORM
def readings(request):
    rows = of_estate(request, Reading, rules.READ)
    return lists.render(request, READINGS, rows, actions=pages(request, "readings"))


def _day(request, estate):
    """`day=` of the request, else today; never one that has not come."""
    today = clocks.local_date(request.now, estate.zone)
    try:
        said = date.fromisoformat(request.POST.get("day") or request.GET.get("day", ""))
    except ValueError:
        return today
    return said if said <= today and said.year >= 2000 else today


def _kind(request):
    said = request.POST.get("kind") or request.GET.get("kind", "")
    return said if said in Meter.Kind.values else ""


def _query(day, kind):
    return f"?day={day:%Y-%m-%d}" + (f"&kind={kind}" if kind else "")


# --- the round -----------------------------------------------------------------------------------------------------


@may(rules.TAKE)
@require_GET
def round_(request):
    """The buildings with how far each has come."""
    if request.estate is None:
        raise Http404
    day, kind = _day(request, request.estate), _kind(request)
    buildings = {row.pk: row for row in Building.objects.filter(estate=request.estate)}
    lines: dict = {}
    for building, of_kind, read, of in reports.progress(request.estate, day):
        if kind and of_kind != kind:
            continue
        line = lines.setdefault(building, {"read": 0, "of": 0})
        line["read"] += read
        line["of"] += of
    found = []
    for pk, line in lines.items():
        building = buildings.get(pk)
        found.append({
            "name": str(building) if building else _("without a building"),
            "order": building.sort_key if building else "~",
            "url": reverse("billing:round_building", args=[pk or 0]) + _query(day, kind),
            "sheet": reverse("billing:meter_sheet", args=[pk or 0]) + _query(day, kind),
            "desk": f"{reverse('billing:desk_readings')}{_query(day, kind)}&building={pk or 0}",
            "done": line["read"] == line["of"], **line,
        })  # fmt: skip
    context = {
        "day": day, "kind": kind, "kinds": Meter.Kind.choices, "lines": sorted(found, key=lambda one: one["order"]),
        "actions": pages(request, "round"),
    }  # fmt: skip
    return render(request, "billing/round.html", context)


def _building(request, pk, permission):
    """(building or None, its meters); 0 stands for meters without a building. Not theirs is 404."""
    rows = Meter.objects.visible_to(request.user, permission)
    if pk == 0:
        if request.estate is None:
            raise Http404
        return None, rows.filter(estate=request.estate, building=None)
    building = get_object_or_404(
        Building.objects.visible_to(request.user, permission).select_related("estate"), pk=pk
    )
    enter(request, building.estate)
    return building, rows.filter(building=building)


@may(rules.TAKE)
@FORM
def round_building(request, building):
    """One meter after the other. Without script each answer opens the next; with it they are kept on the telephone."""
    place, rows = _building(request, building, rules.TAKE)
    day, kind = _day(request, request.estate), _kind(request)
    here = reverse("billing:round_building", args=[building]) + _query(day, kind)
    stops = reports.stops(rows.filter(kind=kind) if kind else rows, day)
    if not stops:
        raise Http404
    said = request.POST.get("meter") or request.GET.get("at", "")
    at = next((one for one in stops if str(one.meter.pk) == said), None)
    if request.method == "POST" and at is None:
        raise Http404
    if at is None:
        at = next((one for one in stops if not one.done and not one.missed), None) or next(
            (one for one in stops if not one.done), None
        )
    refused, typed = "", ""
    if request.method == "POST":
        refused = _walked(request, at, day)
        if _wants_json(request):
            waits = Reading.objects.filter(meter=at.meter, read_on=day, state=Reading.State.HELD)
            return JsonResponse(
                {"refused": refused, "held": not refused and waits.exists()}, status=409 if refused else 200
            )
        if not refused:
            return redirect(here)
        typed = request.POST.get("value", "")[:20]
    context = {
        "place": place, "day": day, "kind": kind, "here": here, "stops": stops, "at": at, "refused": refused, "typed": typed,
        "done": sum(1 for one in stops if one.done), "of": len(stops), "reasons": MissedReading.Reason.choices,
        "back": reverse("billing:round") + _query(day, kind), "building": building,
        "data": {
            "key": f"round-{request.user.pk}-{building}-{day:%Y-%m-%d}",
            "stops": [_stop_data(one) for one in stops],
            "at": at.meter.pk if at else None,
        },
    }  # fmt: skip
    return render(request, "billing/round_building.html", context, status=409 if refused else 200)


def _wants_json(request):
    return request.headers.get("Accept") == "application/json"


def _stop_data(stop):
    meter = stop.meter
    return {
        "pk": meter.pk, "where": stop.where, "what": f"{meter.get_kind_display()} · {meter.serial}", "place": meter.place,
        "last": stop.last_text, "lastOn": f"{stop.last_on:%Y-%m-%d}", "usual": stop.usual_text, "unit": stop.unit_word,
        "end": str(rules.dial_end(meter)), "done": bool(stop.done), "missed": bool(stop.missed),
        "held": bool(stop.done and stop.done.state == Reading.State.HELD),
    }  # fmt: skip


def _walked(request, stop, day):
    """Take or miss the meter as the form says, once per form key; the sentence of a refusal, else nothing."""
    meter, reason = stop.meter, request.POST.get("missed", "")

    def act():
        if reason:
            actions.miss(meter=meter, reason=reason, day=day, by=request.user, now=request.now)
        else:
            actions.take(
                meter=meter, value=value, read_on=day, source=Reading.Source.PHONE, by=request.user, now=request.now,
                rolled_over=bool(request.POST.get("rolled_over")),
            )  # fmt: skip
        return reverse("billing:round")

    if reason and reason not in MissedReading.Reason.values:
        return _("Choose a reason.")
    value = None if reason else number(request.POST.get("value", ""))
    if not reason and value is None:
        return _("Enter the number on the dial.")
    try:
        formkeys.once(request.POST.get("form_key"), request.user, request.now, act)
    except Refused as refusal:
        return str(refusal.sentence)
    return ""


_FIELD = DecimalField(max_digits=12, decimal_places=3, min_value=Decimal(0), required=False)


def number(text):
    """What was typed as a Decimal; None when it is none."""
    from django.core.exceptions import ValidationError

    try:
        return _FIELD.clean(text.strip()[:30])
    except (ValidationError, InvalidOperation):
        return None


# --- at the desk ---------------------------------------------------------------------------------------------------


@may(rules.TAKE)
@FORM
def desk_readings(request):
    """A table of one building: Enter goes down, what is right is kept, what is not stays with its reason."""
    if request.estate is None:
        raise Http404
    day, kind = _day(request, request.estate), _kind(request)
    held_in = Meter.objects.filter(estate=request.estate, removed_on=None)
    buildings = list(Building.objects.filter(estate=request.estate, pk__in=held_in.values("building")))
    said = request.POST.get("building") or request.GET.get("building", "")
    pk = int(said) if said.isdecimal() and len(said) < 12 else (buildings[0].pk if buildings else 0)
    place, rows = _building(request, pk, rules.TAKE)
    stops = reports.stops(rows.filter(kind=kind) if kind else rows, day)
    problems: dict = {}
    if request.method == "POST":
        taken, held = _typed(request, stops, day, problems)
        if taken or held:
            said = ngettext("%(n)s reading written down.", "%(n)s readings written down.", taken + held) % {
                "n": taken + held
            }
            if held:
                said += " " + ngettext(
                    "%(n)s is held for a person.", "%(n)s are held for a person.", held
                ) % {"n": held}
            messages.success(request, said)
        if not problems:
            return redirect(f"{reverse('billing:desk_readings')}{_query(day, kind)}&building={pk}")
        stops = reports.stops(rows.filter(kind=kind) if kind else rows, day)
    context = {
        "day": day, "kind": kind, "kinds": Meter.Kind.choices, "place": place, "building": pk,
        "buildings": [(one, one.pk == pk) for one in buildings], "of": len(stops),
        "done": sum(1 for one in stops if one.done),
        "lines": [
            (stop, rules.shown(stop.done.value) if stop.done else "", *problems.get(stop.meter.pk, ("", ""))) for stop in stops
        ],
        "problems": len(problems), "actions": pages(request, "desk_readings"),
        "sheet": reverse("billing:meter_sheet", args=[pk]) + _query(day, kind),
    }  # fmt: skip
    return render(request, "billing/desk_readings.html", context, status=422 if problems else 200)


def _typed(request, stops, day, problems):
    """(counted, held); `problems` gets {meter: (what was typed, why not)}."""
    taken = held = 0
    for stop in stops:
        text = request.POST.get(f"value-{stop.meter.pk}", "").strip()[:30]
        if not text or stop.done:
            continue
        value = number(text)
        if value is None:
            problems[stop.meter.pk] = text, _("This is no number.")
            continue
        try:
            row = actions.take(
                meter=stop.meter, value=value, read_on=day, source=Reading.Source.DESK, by=request.user, now=request.now
            )  # fmt: skip
        except Refused as refusal:
            problems[stop.meter.pk] = text, str(refusal.sentence)
            continue
        held += row.state == Reading.State.HELD
        taken += row.state != Reading.State.HELD
    return taken, held


@may(rules.TAKE)
@FORM
def meter_read(request, pk):
    """One reading of one meter, of any day."""
    row = row_of(request, pk, rules.TAKE)
    form = ReadForm(posted(request), initial={"read_on": clocks.local_date(request.now, row.estate.zone)})
    back = (
        reverse("billing:meter", args=[row.pk]) if request.user.may(rules.READ) else reverse("billing:round")
    )

    def act():
        names = ("value", "read_on", "rolled_over")
        actions.take(
            meter=row, source=Reading.Source.DESK, by=request.user, now=request.now,
            **{name: form.cleaned_data[name] for name in names},
        )  # fmt: skip
        return back

    title = _("Reading of %(serial)s") % {"serial": row.serial}
    return answer(request, form, act, title=title, back=back, said=_("Written down."))


# --- held and corrected --------------------------------------------------------------------------------------------


@may(rules.READ)
@require_GET
def held(request):
    if request.estate is None:
        raise Http404
    rows = list(reports.held(request.user, request.estate)[:200])
    missed = MissedReading.objects.visible_to(request.user, rules.READ).filter(estate=request.estate)
    context = {
        "rows": [
            (row, row.meter.unit.code if row.meter.unit else row.meter.place or str(row.meter.building or ""),
             rules.shown(row.value), rules.DOUBTS.get(row.doubt, ""))
            for row in rows
        ],
        "missed": missed.select_related("meter__unit").order_by("-day", "meter")[:50],
        "actions": pages(request, "held"),
        "may_decide": request.user.may(rules.DECIDE, request.estate.pk),
    }  # fmt: skip
    return render(request, "billing/held_readings.html", context)


@may(rules.DECIDE)
@FORM
def reading_decide(request, pk):
    """What it says against its history; the next held one opens by itself."""
    found = Reading.objects.visible_to(request.user, rules.DECIDE)
    row = get_object_or_404(
        found.select_related("meter__estate", "meter__unit", "meter__building", "by"), pk=pk
    )
    enter(request, row.meter.estate)
    form = DecideForm(posted(request))

    def act():
        actions.decide(
            reading=row, decision=form.cleaned_data["decision"], words=form.cleaned_data["words"], by=request.user,
            now=request.now,
        )  # fmt: skip
        following = reports.held(request.user, row.meter.estate).exclude(pk=row.pk).first()
        return (
            reverse("billing:reading_decide", args=[following.pk]) if following else reverse("billing:held")
        )

    return answer(
        request, form, act, title=_("Held reading"), back=reverse("billing:held"), said=_("Decided."),
        template="billing/reading_decide.html", **_held_context(row, request.user),
    )  # fmt: skip


def _held_context(row, staff):
    meter = row.meter
    spans, _months = reports.history(meter)
    earlier = [span for span in spans if span.reading.read_on < row.read_on][:SHOWN]
    before, since = (
        (earlier[0].reading.value, earlier[0].reading.read_on) if earlier else actions.start_of(meter)
    )
    usual = rules.usual([(span.used, span.days) for span in earlier])
    unit = rules.UNITS[Meter.Kind(meter.kind)]
    days = max((row.read_on - since).days, 1)
    used, rolled = rules.used(meter, before, row.value), rules.used(meter, before, row.value, True)
    would = rolled if row.doubt == rules.ROLLED else max(used, Decimal(0))
    shown = [*reversed(earlier)]
    return {
        "reading": row, "meter": meter, "unit_word": unit, "doubt": rules.DOUBTS.get(row.doubt, ""),
        "where": meter.unit.code if meter.unit else meter.place or str(meter.building or ""),
        "facts": [
            (_("Reading"), f"{rules.shown(row.value)} · {row.read_on:%Y-%m-%d}"),
            (_("Reading before"), f"{rules.shown(before)} · {since:%Y-%m-%d}"),
            (_("Consumption if it counts"), f"{rules.shown(used)} {unit}"),
            (_("Consumption if the dial passed zero"), f"{rules.shown(rolled)} {unit}"),
            (_("Usual in so many days"), f"{rules.shown(usual.over(days))} {unit}" if usual else _("not known yet")),
            (pgettext("of a reading", "Taken"), f"{row.get_source_display()} · {lists.stamp(row.at)} · {row.by.local_name if row.by else ''}"),
        ],
        "below": used < 0,
        "likely": "rolled" if row.doubt == rules.ROLLED else "refuse" if used < 0 else "count",
        "why_not": rules.why_not_decide(row, staff),
        "chart": {
            "id": "held-history", "title": _("Consumption between readings"), "kind": "bar", "unit": unit,
            "head": _("Read on"), "series": [unit],
            "rows": [(f"{span.reading.read_on:%Y-%m-%d}", [span.used], [""]) for span in shown]
            + [(f"{row.read_on:%Y-%m-%d} ?", [would], [""])],
        },
    }  # fmt: skip


@may(rules.TAKE)
@FORM
def reading_correct(request, pk):
    found = Reading.objects.visible_to(request.user, rules.TAKE).select_related("meter__estate")
    row = get_object_or_404(found, pk=pk)
    enter(request, row.meter.estate)
    form = CorrectForm(
        posted(request), initial={"value": rules.shown(row.value), "rolled_over": row.rolled_over}
    )
    back = (
        reverse("billing:meter", args=[row.meter_id])
        if request.user.may(rules.READ)
        else reverse("billing:round")
    )

    def act():
        names = ("value", "rolled_over", "words")
        values = {name: form.cleaned_data[name] for name in names}
        actions.correct(reading=row, by=request.user, now=request.now, **values)
        return back

    title = _("Correct the reading of %(day)s") % {"day": f"{row.read_on:%Y-%m-%d}"}
    note = _(
        "The old reading stays and is named by the new one. What has been charged already is set off with the next bill."
    )
    return answer(request, form, act, title=title, back=back, said=_("Corrected."), note=note)


# --- paper ---------------------------------------------------------------------------------------------------------


@may(rules.TAKE, rules.READ)
@require_GET
def meter_sheet(request, building):
    """抄表單 of one building as PDF."""
    from billing.printouts import (
        readings as paper,
    )  # here: WeasyPrint takes a second to load, and few requests print
    from office import printing

    permission = rules.TAKE if request.user.may(rules.TAKE) else rules.READ
    place, rows = _building(request, building, permission)
    day, kind = _day(request, request.estate), _kind(request)
    stops = reports.stops(rows.filter(kind=kind) if kind else rows, day)
    return printing.answer(paper.meter_sheet(stops, estate=request.estate, building=place, day=day))
