"""表計: the register of meters, their exchange and the order one walks in (SPEC §6.3)."""

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.actions import meters as actions
from billing.columns.meters import METERS, TONES
from billing.forms.meters import ExchangeForm, MeterForm
from billing.models import Meter, Reading
from billing.reports import meters as reports
from billing.rules import meters as rules
from office import clocks, formkeys, journal, lists
from office.access import may
from office.models import Building, Event
from office.refusals import Refused
from office.views.session import enter

FORM = require_http_methods(["GET", "POST"])
EVENTS, READINGS, MONTHS = 20, 24, 24


def of_estate(request, model, permission):
    return model.objects.visible_to(request.user, permission).filter(estate=request.estate)


def posted(request):
    return request.POST if request.method == "POST" else None


def answer(request, form, act, *, title, back, said, template="billing/meter_form.html", **context):
    """422 with the form, 409 with the sentence, else on to where `act` leads; a form sent twice acts once."""
    refused, status = "", 200
    if request.method == "POST":
        if form.is_valid():
            try:
                location, _first = formkeys.once(
                    form.cleaned_data.get("form_key"), request.user, request.now, act
                )
            except Refused as refusal:
                refused = refusal.sentence
            else:
                messages.success(request, said)
                return redirect(location)
        status = 409 if refused else 422
    context |= {"form": form, "title": title, "back": back, "refused": refused}
    return render(request, template, context, status=status)


@may(rules.READ)
@FORM
def meters(request):
    last = Reading.objects.filter(meter=OuterRef("pk"), state=Reading.State.COUNTED).order_by("-read_on")
    rows = of_estate(request, Meter, rules.READ).annotate(
        last_value=Subquery(last.values("value")[:1]), last_on=Subquery(last.values("read_on")[:1])
    )
    return lists.render(request, METERS, rows, actions=pages(request, "meters"))


def pages(request, here):
    """What one begins from the pages of meters, and where else they lead."""
    may_take, may_change = request.user.may(rules.TAKE), request.user.may(rules.REGISTER)
    found = []
    if may_change and here == "meters":
        found.append({"verb": "new", "label": _("Write down a meter"), "url": reverse("billing:meter_new"), "icon": "plus",
                      "style": "primary", "key": "n"})  # fmt: skip
    others = [
        # Translators: 抄表
        ("round", _("Reading round"), "route", may_take),
        ("desk_readings", _("Enter readings"), "keyboard", may_take),
        ("held", _("Held readings"), "alert-triangle", request.user.may(rules.READ)),
        ("readings", _("Readings"), "list", request.user.may(rules.READ)),
        ("meters", _("Meters"), "gauge", request.user.may(rules.READ)),
        (
            "meter_order",
            _("Order of the round"),
            "sort-ascending",
            may_change and here in ("meters", "round"),
        ),
    ]
    found += [
        {"verb": name, "label": label, "url": reverse(f"billing:{name}"), "icon": icon}
        for name, label, icon, allowed in others
        if allowed and name != here
    ]
    return found


def row_of(request, pk, permission):
    found = Meter.objects.visible_to(request.user, permission)
    row = get_object_or_404(found.select_related("estate", "unit__building", "building", "replaces"), pk=pk)
    enter(request, row.estate)
    return row


@may(rules.READ)
@require_GET
def meter(request, pk):
    row = row_of(request, pk, rules.READ)
    unit_word = rules.UNITS[Meter.Kind(row.kind)]
    spans, months = reports.history(row)
    others = (
        row.readings.exclude(state=Reading.State.COUNTED).select_related("by").order_by("-read_on", "-pk")
    )
    events = Event.objects.filter(subject_kind=Meter.SUBJECT, subject_id=row.pk).order_by("-pk")[:EVENTS]
    successor = Meter.objects.filter(replaces=row).first()
    context = {
        "meter": row,
        "unit_word": unit_word,
        "place": _where(row),
        "facts": _facts(row, successor),
        "moves": _moves(row, request.user),
        "chart": {
            "id": "meter-months", "title": _("Consumption by month"), "kind": "bar", "unit": unit_word, "head": _("Month"),
            "series": [unit_word],
            "rows": [(f"{month:%Y-%m}", [used], [""]) for month, used in months[-MONTHS:]],
        },
        "spans": [_line(span, request.user) for span in spans[:READINGS]],
        "more": len(spans) > READINGS,
        "others": [
            (one, rules.shown(one.value), one.get_state_display(), TONES[one.state], rules.DOUBTS.get(one.doubt, ""))
            for one in others[:READINGS]
        ],
        "events": [
            {"text": journal.sentence(event), "at": lists.stamp(event.at), "iso": event.at.isoformat(), "by": event.by_name}
            for event in events
        ],
    }  # fmt: skip
    return render(request, "billing/meter.html", context)


def _line(span, staff):
    row = span.reading
    return {
        "row": row,
        "value": rules.shown(row.value),
        "used": rules.shown(row.consumption),
        "source": row.get_source_display(),
        "may_correct": rules.why_not_correct(row, staff) is None,
    }


def _where(row):
    if row.unit:
        return row.unit.code
    return str(row.building) if row.reach == Meter.Reach.BUILDING else _("the whole estate")


def _facts(row, successor):
    found = [
        (_("Kind"), row.get_kind_display()),
        (_("Unit"), row.unit.code, reverse("residents:unit", args=[row.unit_id])) if row.unit else (_("Shared by"), row.get_reach_display()),
        (_("Building"), str(row.building or "")),
        (_("Place"), row.place),
        (_("Digits"), str(row.digits)),
        (_("Multiplier"), rules.shown(row.multiplier)),
        (_("Installed on"), f"{row.installed_on:%Y-%m-%d}"),
        (_("Reading when installed"), rules.shown(row.installed_at_value)),
    ]  # fmt: skip
    if row.replaces:
        found.append((_("Replaces"), row.replaces.serial, reverse("billing:meter", args=[row.replaces_id])))
    if row.removed_on:
        found.append((_("Removed on"), f"{row.removed_on:%Y-%m-%d}"))
    if successor:
        found.append((_("Replaced by"), successor.serial, reverse("billing:meter", args=[successor.pk])))
    return found


def _moves(row, staff):
    found = []
    if staff.may(rules.TAKE, row.estate_id) and not row.removed_on:
        found.append({"verb": "read", "label": _("Enter a reading"), "url": reverse("billing:meter_read", args=[row.pk]),
                      "icon": "edit", "style": "primary", "key": "n"})  # fmt: skip
    if staff.may(rules.REGISTER, row.estate_id):
        found.append({"verb": "edit", "label": _("Edit"), "url": reverse("billing:meter_edit", args=[row.pk]), "icon": "settings", "key": "e"})  # fmt: skip
        # Translators: 換表
        found.append({"verb": "exchange", "label": _("Exchange"), "url": reverse("billing:meter_exchange", args=[row.pk]),
                      "icon": "repeat", "why_not": rules.why_not_exchange(row, staff)})  # fmt: skip
    return found


@may(rules.REGISTER)
@FORM
def meter_new(request):
    if request.estate is None:
        raise Http404
    row = Meter(estate=request.estate, installed_on=clocks.local_date(request.now, request.estate.zone))
    unit = request.GET.get("unit", "")[:40]
    form = MeterForm(
        posted(request), instance=row, estate=request.estate,
        initial={"unit": unit, "kind": Meter.Kind.WATER, "digits": 5},
    )  # fmt: skip
    return _edit(request, form, row)


@may(rules.REGISTER)
@FORM
def meter_edit(request, pk):
    row = row_of(request, pk, rules.REGISTER)
    return _edit(
        request, MeterForm(posted(request), instance=row, estate=row.estate, version=row.version), row
    )


def _edit(request, form, row):
    old = row if row.pk else None
    back = reverse("billing:meter", args=[row.pk]) if old else reverse("billing:meters")

    def act():
        values = {name: form.cleaned_data[name] for name in actions.FIELDS}
        saved = actions.save(
            estate=row.estate, meter=old, values=values, by=request.user, now=request.now,
            version=form.cleaned_data.get("version") if old else None,
        )  # fmt: skip
        return reverse("billing:meter", args=[saved.pk])

    title = _("Edit the meter") if old else _("Write down a meter")
    return answer(request, form, act, title=title, back=back, said=_("Saved."))


@may(rules.REGISTER)
@FORM
def meter_exchange(request, pk):
    row = row_of(request, pk, rules.REGISTER)
    today = clocks.local_date(request.now, row.estate.zone)
    form = ExchangeForm(
        posted(request),
        initial={"day": today, "digits": row.digits, "multiplier": row.multiplier.normalize()},
    )

    def act():
        names = ("day", "final", "rolled_over", "serial", "first", "digits", "multiplier")
        values = {name: form.cleaned_data[name] for name in names}
        new = actions.exchange(meter=row, by=request.user, now=request.now, **values)
        return reverse("billing:meter", args=[new.pk])

    return answer(
        request, form, act, title=_("Exchange the meter %(serial)s") % {"serial": row.serial},
        back=reverse("billing:meter", args=[row.pk]), said=_("The meter is exchanged."),
    )  # fmt: skip


@may(rules.REGISTER)
@FORM
def meter_order(request):
    """One building at a time; drag, arrow buttons, or a number."""
    if request.estate is None:
        raise Http404
    buildings = list(Building.objects.filter(estate=request.estate, pk__in=Meter.objects.filter(estate=request.estate, removed_on=None).values("building")))  # fmt: skip
    said = request.POST.get("building") or request.GET.get("building", "")
    chosen = next((one for one in buildings if str(one.pk) == said), None)
    if said and chosen is None:
        raise Http404
    chosen = chosen or (buildings[0] if buildings else None)
    rows = Meter.objects.visible_to(request.user, rules.REGISTER).filter(
        estate=request.estate, removed_on=None, building=chosen
    )
    rows = list(rows.select_related("unit").order_by(*reports.WALK)) if chosen else []
    if request.method == "POST":
        typed = {row.pk: request.POST.get(f"place-{row.pk}", "") for row in rows}
        places = {
            pk: int(text) if text.isdecimal() and len(text) < 8 else 10**8 for pk, text in typed.items()
        }
        ids = sorted(typed, key=lambda pk: places[pk])  # the same number twice: as it was
        moved = actions.order(estate=request.estate, ids=ids, by=request.user, now=request.now)
        messages.success(request, _("The order is kept.") if moved else _("Nothing has been changed."))
        return redirect(f"{reverse('billing:meter_order')}?building={chosen.pk}" if chosen else request.path)
    context = {
        "buildings": [(one, one == chosen) for one in buildings],
        "chosen": chosen,
        "rows": [(row, _where(row), place) for place, row in enumerate(rows, start=1)],
    }
    return render(request, "billing/meter_order.html", context)
