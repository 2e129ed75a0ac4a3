"""收費標準: items and their standards, what holds for a unit, and any charge explained (SPEC §6.1)."""

from collections import defaultdict
from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import standards as actions
from billing.forms.standards import AdjustmentForm, EndForm, ItemForm, PayerForm, StandardForm
from billing.models import Adjustment, Item, Payer, Standard
from billing.reports import standards as reports
from billing.rules import standards as rules
from billing.rules.explain import number
from office import clocks, journal, lists, money
from office.access import may
from office.models import Event, Unit
from office.refusals import Refused
from office.views.session import enter

READ, EDIT, ADJUST = rules.READ, rules.EDIT, rules.ADJUST
FORM = require_http_methods(["GET", "POST"])
EVENTS = 30
F = Item.Formula


def _today(request, estate):
    return clocks.local_date(request.now, estate.zone)


def _posted(request):
    return request.POST if request.method == "POST" else None


def _answer(request, form, act, *, title, back, said, note="", icon="check", **more):
    """422 with the form, 409 with the sentence, else on."""
    refused, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                act()
            except Refused as refusal:
                refused, status = refusal.sentence, 409
            else:
                messages.success(request, said)
                return redirect(back)
    context = {
        "form": form,
        "title": title,
        "back": back,
        "refused": refused,
        "icon": icon,
        "note": note,
        **more,
    }
    return render(request, "billing/standard_form.html", context, status=status)


# --- items ---------------------------------------------------------------------------------------------------------


@may(READ)
@require_GET
def standards(request):
    """Every item with what it costs today and what follows."""
    estate = request.estate
    if estate is None or not request.user.may(READ, estate.pk):
        raise Http404
    today = _today(request, estate)
    by_item = defaultdict(list)
    rows = Standard.objects.filter(estate=estate).exclude(period__fully_lt=(today, None))
    for row in rows.select_related("building", "item").prefetch_related("tiers"):
        by_item[row.item_id].append(_row(row, estate, today))
    items = [
        {"item": item, "url": reverse("billing:item", args=[item.pk]), "standards": by_item[item.pk]}
        for item in Item.objects.filter(estate=estate)
    ]
    actions_ = [
        # Translators: 付款人
        {"verb": "payers", "label": _("Payers named"), "url": f"{reverse('billing:payers')}?state=now", "icon": "users"},
        {"verb": "percentages", "label": _("Percentages"), "url": f"{reverse('billing:percentages')}?state=now", "icon": "adjustments"},
    ]  # fmt: skip
    if request.user.may(EDIT, estate.pk):
        actions_ = [*actions_, {"verb": "new", "label": _("New fee item"), "url": reverse("billing:item_new"), "icon": "plus", "style": "primary", "key": "n"}]  # fmt: skip
    return render(request, "billing/standards.html", {"items": items, "actions": actions_})


def _row(row, estate, today):
    """A standard as a line of a table: price, scope, validity, document, and whether it holds."""
    lower, upper = row.period.lower, row.period.upper
    if upper is not None and upper <= today:
        state, tone = _("ended"), "muted"
    elif lower > today:
        state, tone = _("to come"), "today"
    else:
        state, tone = _("in force"), "good"
    scope = [
        str(row.building) if row.building_id else "",
        row.use,
        row.get_unit_kind_display() if row.unit_kind else "",
    ]
    return {
        "pk": row.pk,
        "price": price_text(row, estate.currency),
        "tiers": [f"> {number(tier.above)}: {number(tier.price)}" for tier in row.tiers.all()],
        "scope": ", ".join(filter(None, scope)) or _("all units"),
        "from": f"{lower:%Y-%m-%d}",
        "until": f"{upper - timedelta(days=1):%Y-%m-%d}" if upper else "",
        "document": row.document,
        "state": state,
        "tone": tone,
        "open": upper is None or upper > today,
    }


PER = {
    F.AREA: lambda: _("a m² and month"),
    F.FIXED: lambda: _("a month"),
    F.READING: lambda: "",
    F.SHARED: lambda: _("by area"),
    F.ONCE: lambda: _("proposed"),
    F.DEPOSIT: lambda: _("proposed"),
}
METERED = {
    Item.Meter.WATER: lambda: _("a m³"),
    Item.Meter.ELECTRICITY: lambda: _("a kWh"),
    Item.Meter.GAS: lambda: _("a m³"),
}


def price_text(row, currency):
    """“¥2.80 a m² and month”, “0.05% a day after 5 days, at most 100%”."""
    item = row.item
    if item.formula == F.LATE:
        if row.rate is None:
            return "–"
        text = _("%(rate)s%% a day after %(days)s days of grace") % {
            "rate": number(row.rate * 100),
            "days": row.grace_days,
        }
        return text + (_(", at most %(cap)s%%") % {"cap": number(row.cap)} if row.cap is not None else "")
    sign = money.SIGNS.get(currency, f"{currency} ")
    words = [METERED[item.meter_kind]()] if item.meter_kind else []
    words.append(PER[item.formula]())
    if row.tiers.all():
        return _("in tiers")
    return " ".join(
        filter(None, [sign + number(row.price, max(2, len(number(row.price).partition(".")[2]))), *words])
    )


def _item(request, pk, permission):
    row = get_object_or_404(Item.objects.visible_to(request.user, permission).select_related("estate"), pk=pk)
    enter(request, row.estate)
    return row


@may(READ)
@require_GET
def item(request, pk):
    row = _item(request, pk, READ)
    today = _today(request, row.estate)
    charged = reports.charged_until(row)
    found = (
        row.standards.select_related("building", "item").prefetch_related("tiers").order_by("-period", "pk")
    )
    edits = request.user.may(EDIT, row.estate_id)
    lines = [
        _row(one, row.estate, today) | {"removable": edits and not rules.why_not_remove(one, charged), "ends": edits and (one.period.upper is None or one.period.upper > today)}
        for one in found
    ]  # fmt: skip
    events = Event.objects.filter(subject_kind="fee_item", subject_id=row.pk).order_by("-pk")[:EVENTS]
    moves = []
    if edits:
        moves = [
            {"verb": "new", "label": _("New standard"), "url": reverse("billing:standard_new", args=[row.pk]), "icon": "plus", "style": "primary", "key": "n"},
            {"verb": "edit", "label": _("Edit"), "url": reverse("billing:item_edit", args=[row.pk]), "icon": "edit", "key": "e"},
        ]  # fmt: skip
    context = {
        "item": row,
        "lines": lines,
        "moves": moves,
        "facts": [
            (_("Worked out by"), row.get_formula_display()),
            (_("Meters"), row.get_meter_kind_display() if row.meter_kind else ""),
            # Translators: 代收代辦
            (_("Collected for others"), _("yes") if row.agency else _("no")),
            (_("Charged up to"), f"{charged - timedelta(days=1):%Y-%m-%d}" if charged else ""),
            (_("Tax classification code"), row.tax_code),
            (_("Tax rate"), f"{number(row.tax_rate)}%" if row.tax_rate is not None else ""),
            (_("In use"), _("yes") if row.is_active else _("no")),
        ],
        "events": [
            {"text": journal.sentence(event), "at": lists.stamp(event.at), "iso": event.at.isoformat(), "by": event.by_name}
            for event in events
        ],
    }  # fmt: skip
    return render(request, "billing/item.html", context)


@may(EDIT)
@FORM
def item_new(request):
    if request.estate is None or not request.user.may(EDIT, request.estate.pk):
        raise Http404
    return _edit_item(request, request.estate, None)


@may(EDIT)
@FORM
def item_edit(request, pk):
    row = _item(request, pk, EDIT)
    return _edit_item(request, row.estate, row)


def _edit_item(request, estate, row):
    form = ItemForm(_posted(request), estate=estate, instance=row)
    back = reverse("billing:item", args=[row.pk]) if row else reverse("billing:standards")

    def act():
        actions.save_item(estate=estate, item=row, values=form.cleaned_data, by=request.user, now=request.now)

    title = _("Edit the fee item") if row else _("New fee item")
    return _answer(
        request, form, act, title=title, back=back, said=_("Saved."), note=row.local_name if row else ""
    )


# --- standards -----------------------------------------------------------------------------------------------------


@may(EDIT)
@FORM
def standard_new(request, pk):
    """First the effect of what was typed, then saved: `preview` and `save` are two buttons of one form."""
    row = _item(request, pk, EDIT)
    today = _today(request, row.estate)
    latest = row.standards.filter(period__contains=today).order_by("-pk").first()
    first = clocks.add_months(today.replace(day=1), 1)
    initial = {
        "from_on": first,
        "due_days": latest.due_days if latest else 0,
        "grace_days": latest.grace_days if latest else 0,
    }
    form = StandardForm(_posted(request), item=row, initial=initial)
    back = reverse("billing:item", args=[row.pk])
    effect = ""
    if request.method == "POST" and form.is_valid():
        effect = effect_text(
            reports.effect(row.estate, row, form.draft, form.cleaned_data.get("tiers", ())), row.estate
        )
        if "preview" in request.POST:
            context = {"form": form, "title": _("New standard"), "back": back, "note": row.local_name, "icon": "check", "preview": True, "effect": effect}  # fmt: skip
            return render(request, "billing/standard_form.html", context)

    def act():
        actions.set_standard(
            draft=form.draft, tiers=form.cleaned_data.get("tiers", ()), by=request.user, now=request.now
        )

    return _answer(
        request, form, act, title=_("New standard"), back=back, said=_("The standard is set."), note=row.local_name,
        preview=True, effect=effect,
    )  # fmt: skip


def effect_text(effect, estate):
    """“1,204 units, ¥212,340.00 → ¥233,574.00 a month (+10.0%)”."""
    units = ngettext("%(n)s unit", "%(n)s units", effect.units) % {"n": f"{effect.units:,}"}
    parts = [units]
    if effect.after is not None:
        change = f" ({effect.difference / effect.before * 100:+.1f}%)" if effect.before else ""
        before, after = (money.show(amount, estate.currency) for amount in (effect.before, effect.after))
        parts.append(_("%(before)s → %(after)s a month") % {"before": before, "after": after} + change)
    if effect.lacking:
        parts.append(
            ngettext("%(n)s of them has no area", "%(n)s of them have no area", effect.lacking)
            % {"n": f"{effect.lacking:,}"}
        )
    return ", ".join(parts)


def _standard(request, pk):
    found = Standard.objects.visible_to(request.user, EDIT).select_related("item", "estate")
    row = get_object_or_404(found, pk=pk)
    enter(request, row.estate)
    return row


@may(EDIT)
@FORM
def standard_end(request, pk):
    row = _standard(request, pk)
    charged = reports.charged_until(row.item)
    last = max(
        filter(None, [charged, clocks.add_months(_today(request, row.estate).replace(day=1), 1)])
    ) - timedelta(days=1)
    form = EndForm(_posted(request), initial={"last_day": last}, version=row.version)

    def act():
        actions.end_standard(
            standard=row,
            until=form.until,
            by=request.user,
            now=request.now,
            version=form.cleaned_data["version"],
        )

    note = f"{row.item.local_name} {price_text(row, row.estate.currency)}"
    return _answer(
        request, form, act, title=_("End the standard"), back=reverse("billing:item", args=[row.item_id]), said=_("Ended."),
        note=note, icon="x",
    )  # fmt: skip


@may(EDIT)
@require_POST
def standard_remove(request, pk):
    row = _standard(request, pk)
    try:
        actions.remove_standard(standard=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("Removed."))
    return redirect("billing:item", row.item_id)


# --- a unit --------------------------------------------------------------------------------------------------------


def _unit(request, pk, permission):
    found = Unit.objects.visible_to(request.user, permission).select_related("estate", "building")
    row = get_object_or_404(found, pk=pk)
    enter(request, row.estate)
    return row


@may(READ)
@require_GET
def unit_terms(request, pk):
    """What holds for a unit today: standards, percentages, who pays; and what held before."""
    unit = _unit(request, pk, READ)
    today = _today(request, unit.estate)
    lines = [
        {
            "item": item_,
            "price": price_text(standard, unit.estate.currency) if standard else "",
            "document": standard.document if standard else "",
            "percent": f"{number(percent)}%" if percent is not None else "",
            "payer": payer.person if payer else None,
        }
        for item_, standard, percent, payer in reports.of_unit(unit, today)
    ]
    adjusts = request.user.may(ADJUST, unit.estate_id)
    orders = [
        _order(row, today, adjusts, f"{number(row.percent)}%", "billing:adjustment_end")
        for row in Adjustment.objects.filter(unit=unit).select_related("item").order_by("-period", "-pk")
    ]
    payers = [
        _order(row, today, adjusts, str(row.person), "billing:payer_end")
        for row in Payer.objects.filter(unit=unit).select_related("item", "person").order_by("-period", "-pk")
    ]
    moves = []
    if adjusts:
        moves = [
            {"verb": "payer", "label": _("Name a payer"), "url": reverse("billing:payer_new", args=[unit.pk]), "icon": "user", "key": "n"},
            {"verb": "adjust", "label": _("Set a percentage"), "url": reverse("billing:adjustment_new", args=[unit.pk]), "icon": "adjustments"},
        ]  # fmt: skip
    context = {"unit": unit, "lines": lines, "orders": orders, "payers": payers, "moves": moves}
    return render(request, "billing/unit_terms.html", context)


def _order(row, today, adjusts, text, end):
    lower, upper = row.period.lower, row.period.upper
    return {
        "item": row.item.local_name if row.item_id else _("every fee"),
        "text": text,
        "from": f"{lower:%Y-%m-%d}",
        "until": f"{upper - timedelta(days=1):%Y-%m-%d}" if upper else "",
        "reason": row.reason,
        "end": reverse(end, args=[row.pk]) if adjusts and (upper is None or upper > today) else "",
    }


@may(ADJUST)
@FORM
def adjustment_new(request, pk):
    unit = _unit(request, pk, ADJUST)
    form = AdjustmentForm(_posted(request), unit=unit, initial={"from_on": _today(request, unit.estate)})

    def act():
        values = form.cleaned_data
        actions.adjust(
            unit=unit, item=values["item"], percent=values["percent"], period=form.period, reason=values["reason"],
            by=request.user, now=request.now,
        )  # fmt: skip

    return _on_unit(request, unit, form, act, _("Set a percentage"), _("From the next billing run on."))


@may(ADJUST)
@FORM
def payer_new(request, pk):
    unit = _unit(request, pk, ADJUST)
    form = PayerForm(_posted(request), unit=unit, initial={"from_on": _today(request, unit.estate)})

    def act():
        values = form.cleaned_data
        actions.name_payer(
            unit=unit, item=values["item"], person=values["person"], period=form.period, reason=values["reason"],
            by=request.user, now=request.now,
        )  # fmt: skip

    return _on_unit(request, unit, form, act, _("Name a payer"), _("From the next billing run on."))


@may(ADJUST)
@FORM
def adjustment_end(request, pk):
    return _end(request, Adjustment, pk)


@may(ADJUST)
@FORM
def payer_end(request, pk):
    return _end(request, Payer, pk)


def _end(request, model, pk):
    found = model.objects.visible_to(request.user, ADJUST).select_related("unit__estate", "item")
    row = get_object_or_404(found, pk=pk)
    enter(request, row.unit.estate)
    today = _today(request, row.unit.estate)
    form = EndForm(_posted(request), initial={"last_day": max(today, row.period.lower)}, version=row.version)

    def act():
        actions.end(
            row=row, until=form.until, by=request.user, now=request.now, version=form.cleaned_data["version"]
        )

    return _on_unit(
        request, row.unit, form, act, _("End"), row.item.local_name if row.item_id else _("every fee")
    )


def _on_unit(request, unit, form, act, title, note):
    back = reverse("billing:unit_terms", args=[unit.pk])
    return _answer(request, form, act, title=title, back=back, said=_("Saved."), note=f"{unit.code} · {note}")
