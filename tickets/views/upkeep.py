"""保養: plans, the coming weeks, and facilities that go out of service and come back (SPEC §4.7)."""

from datetime import timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, formkeys, journal, lists
from office.access import may
from office.models import Event
from office.refusals import Refused, Stale
from office.views.session import enter
from tickets import actions, columns, printouts, reports, upkeep
from tickets.forms import PlanForm, ServiceForm, StopPlanForm
from tickets.models import Asset, Plan
from tickets.views import moving, prints, rows

FORM = require_http_methods(["GET", "POST"])
WEEKS = 12
TICKETS = 20  # earlier tickets of one plan shown at once
EVENTS = 30


# --- plans -------------------------------------------------------------------------------------------------------


@may(upkeep.READ)
@FORM
def plans(request):
    found = rows.of_estate(request, Plan, upkeep.READ)
    return lists.render(
        request, columns.PLANS, found, template="tickets/list.html", actions=_pages(request, "plans")
    )


def _pages(request, here):
    """What one starts from the pages of maintenance, and where else they lead."""
    found = []
    if request.user.may(upkeep.EDIT):
        found.append(
            {"verb": "new", "label": _("Make a plan"), "url": reverse("tickets:plan_new"), "icon": "plus", "style": "primary", "key": "n"}
        )  # fmt: skip
    others = {
        "upkeep": (_("The coming weeks"), "calendar-event"),
        "plans": (_("Maintenance plans"), "list-details"),
        "assets": (_("Public facilities"), "tools"),
    }
    found += [
        {"verb": name, "label": label, "url": reverse(f"tickets:{name}"), "icon": icon}
        for name, (label, icon) in others.items()
        if name != here
    ]
    if here == "upkeep":
        found.append({"verb": "year", "label": _("Plan of the year"), "url": reverse("tickets:upkeep_pdf"), "icon": "printer", "key": "p"})  # fmt: skip
    return found


@may(upkeep.READ)
@require_GET
def plan(request, pk):
    row = _plan(request, pk, upkeep.READ)
    tickets = row.tickets.select_related("technician").order_by("-plan_due", "-pk")[:TICKETS]
    events = Event.objects.filter(subject_kind=Plan.SUBJECT, subject_id=row.pk).order_by("-pk")[:EVENTS]
    running = row.state == Plan.State.ACTIVE
    today = clocks.local_date(request.now, row.estate.zone)
    coming = upkeep.due_days(row, row.next_due, row.next_due + timedelta(days=366)) if running else []
    context = {
        "plan": row,
        "every": upkeep.every_text(row),
        "tone": upkeep.TONES[row.state],
        "facts": [
            (_("Public facility"), str(row.asset), reverse("tickets:asset", args=[row.asset_id])),
            (_("How often"), upkeep.every_text(row)),
            (_("First due day"), f"{row.starts_on:%Y-%m-%d}"),
            (_("Next due"), f"{row.next_due:%Y-%m-%d}" if running else ""),
            (_("Opens"), _opens_on(row, today) if running else ""),
            (_("Category"), row.category.local_name),
            (_("Responsible"), row.responsible.local_name),
        ],
        "steps": [line.strip() for line in row.checks.splitlines() if line.strip()],
        "coming": [f"{day:%Y-%m-%d}" for day in coming[:WEEKS]],
        "tickets": [
            (ticket, f"{ticket.plan_due:%Y-%m-%d}", columns.state_label(ticket.state), columns.TONES[ticket.state])
            for ticket in tickets
        ],
        "moves": _moves(row, request.user),
        "events": [
            {"text": journal.sentence(event), "at": lists.stamp(event.at), "iso": event.at.isoformat(), "by": event.by_name}
            for event in events
        ],
    }  # fmt: skip
    return render(request, "tickets/plan.html", context)


def _opens_on(row, today):
    day = row.next_due - timedelta(days=row.estate.upkeep_days)
    return _("in a few minutes") if day <= today else f"{day:%Y-%m-%d}"


def _moves(row, staff):
    if not staff.may(upkeep.EDIT, row.estate_id):
        return []
    stop, go_on = upkeep.why_not_end(row, staff), upkeep.why_not_go_on(row, staff)
    found = [
        {"verb": "edit", "label": _("Edit"), "url": reverse("tickets:plan_edit", args=[row.pk]), "icon": "edit", "key": "e",
         "why_not": stop},
        {"verb": "stop", "label": _("Pause or end"), "url": reverse("tickets:plan_stop", args=[row.pk]), "icon": "player-pause",
         "why_not": stop, "dialog": True},
    ]  # fmt: skip
    if row.state == Plan.State.PAUSED:
        found.insert(
            0,
            {"verb": "resume", "label": _("Go on"), "url": reverse("tickets:plan_resume", args=[row.pk]), "icon": "player-play",
             "post": True, "style": "primary", "why_not": go_on, "fields": [("version", row.version)]},
        )  # fmt: skip
    return found


def _plan(request, pk, permission):
    found = Plan.objects.visible_to(request.user, permission)
    row = get_object_or_404(found.select_related("estate", "asset", "category", "responsible"), pk=pk)
    enter(request, row.estate)
    return row


@may(upkeep.EDIT)
@FORM
def plan_new(request):
    """`?asset=` chooses the facility."""
    if request.estate is None:
        raise Http404
    asset = rows.of_estate(request, Asset, upkeep.EDIT).filter(pk=_number(request.GET.get("asset"))).first()
    category = PlanForm(estate=request.estate).fields["category"].queryset.first()
    initial = {"asset": asset, "category": category, "responsible": request.user.pk, "starts_on": clocks.local_date(request.now, request.estate.zone) + timedelta(days=7)}  # fmt: skip
    return _edit(request, Plan(estate=request.estate), initial)


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


@may(upkeep.EDIT)
@FORM
def plan_edit(request, pk):
    return _edit(request, _plan(request, pk, upkeep.EDIT), None)


def _edit(request, row, initial):
    back = reverse("tickets:plan", args=[row.pk]) if row.pk else reverse("tickets:plans")
    form = PlanForm(
        moving.posted(request), instance=row, initial=initial, estate=row.estate, version=row.version if row.pk else None
    )  # fmt: skip
    title = _("Edit the plan") if row.pk else _("Make a plan")

    def act():
        values = {name: form.cleaned_data[name] for name in actions.plans.FIELDS}
        saved = actions.save_plan(
            estate=row.estate, plan=row if row.pk else None, values=values, by=request.user, now=request.now,
            version=form.cleaned_data.get("version") if row.pk else None,
        )  # fmt: skip
        return reverse("tickets:plan", args=[saved.pk])

    if not row.pk:

        def once():
            location, _first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, act)
            return location

        return _form(request, form, once, title=title, back=back, said=_("Saved."))
    return _form(request, form, act, title=title, back=back, said=_("Saved."))


def _form(request, form, act, *, title, back, said, icon="check", note=""):
    """422 with the form, 409 with the sentence, else on to where `act` leads."""
    refused, status = "", 200
    if request.method == "POST":
        if form.is_valid():
            try:
                location = act()
            except Stale as refusal:
                refused = refusal.sentence
            except Refused as refusal:
                refused = refusal.sentence
            else:
                messages.success(request, said)
                return redirect(location)
        status = 409 if refused else 422
    context = {"form": form, "title": title, "back": back, "refused": refused, "icon": icon, "note": note}
    return render(request, "tickets/upkeep_form.html", context, status=status)


@may(upkeep.EDIT)
@FORM
def plan_stop(request, pk):
    row = _plan(request, pk, upkeep.EDIT)
    back = reverse("tickets:plan", args=[row.pk])
    form = StopPlanForm(moving.posted(request), version=row.version)

    def act():
        actions.stop_plan(
            plan=row, end=form.cleaned_data["end"] == "end", reason=form.cleaned_data["reason"], by=request.user,
            now=request.now, version=form.cleaned_data["version"],
        )  # fmt: skip
        return back

    return _form(request, form, act, title=_("Pause or end"), back=back, said=_("The plan is stopped."), icon="player-pause")  # fmt: skip


@may(upkeep.EDIT)
@require_POST
def plan_resume(request, pk):
    row = _plan(request, pk, upkeep.EDIT)
    try:
        actions.go_on(
            plan=row, by=request.user, now=request.now, version=_number(request.POST.get("version")) or None
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The plan goes on."))
    return redirect("tickets:plan", row.pk)


# --- the coming weeks --------------------------------------------------------------------------------------------


@may(upkeep.READ)
@require_GET
def coming(request):
    """What comes round in the next twelve weeks, week by week, and how much of the fire protection is in service."""
    estate = _estate(request)
    today = clocks.local_date(request.now, estate.zone)
    monday = today - timedelta(days=today.weekday())
    due = reports.coming(estate, monday, monday + timedelta(weeks=WEEKS) - timedelta(days=1))
    weeks = [
        {"from": f"{start:%Y-%m-%d}", "to": f"{start + timedelta(days=6):%Y-%m-%d}", "now": start == monday, "lines": [_line(one, today) for one in lines]}
        for start, lines in groupby(due, key=lambda one: one.day - timedelta(days=one.day.weekday()))
    ]  # fmt: skip
    context = {
        "weeks": weeks,
        "tiles": fire_tiles(estate, today),
        "months": _months(estate, today),
        "actions": _pages(request, "upkeep"),
        "empty": {
            "text": _("Nothing comes round in the next twelve weeks."),
            "hint": _("A plan opens its work orders by itself, some days ahead."),
            "icon": "checklist",
        },
    }
    return render(request, "tickets/upkeep.html", context)


def _line(due, today):
    ticket = due.ticket
    state = (columns.state_label(ticket.state), columns.TONES[ticket.state]) if ticket else ("", "")
    if ticket and ticket.done_at is None and ticket.is_open and due.day < today:
        state = (_("late"), "late")
    return {
        "day": due.day,
        "plan": due.plan,
        "place": due.plan.asset.place,
        "ticket": ticket,
        "state": state[0],
        "tone": state[1],
    }


def fire_tiles(estate, today):
    """消防設施完好率, out of service, certificates: each number with exactly its list."""
    fire = reports.in_service([estate.pk])
    address = reverse("tickets:assets")
    alone = {"is_active": "yes"}

    def link(**more):
        return f"{address}?{urlencode(alone | more)}"

    soon, ended = reports.certificates(estate, today)
    out = reports.out_of_service(estate)
    tiles = []
    if fire.total:
        said = ngettext("%(n)s of %(all)s in service", "%(n)s of %(all)s in service", fire.total) % {"n": fire.running, "all": fire.total}  # fmt: skip
        tone = "good" if fire.rate == 100 else "late"
        # Translators: 消防設施完好率
        tiles.append(_tile(_("Fire protection in service"), f"{fire.rate} %", link(kind="fire"), tone, "shield-check", said))  # fmt: skip
    tiles += [
        _tile(_("Out of service"), out, link(in_service="no"), "late" if out else "good", "alert-triangle"),
        _tile(_("Certificates that end soon"), soon, link(certificate="soon"), "today" if soon else "", "calendar-event"),
        _tile(_("Certificates that have ended"), ended, link(certificate="ended"), "late" if ended else "good", "urgent"),
    ]  # fmt: skip
    return tiles


def _tile(label, value, href, tone, icon, hint=""):
    return {"label": label, "value": value, "href": href, "tone": tone, "icon": icon, "hint": hint}


def _months(estate, today):
    return [
        {
            "month": f"{month:%Y-%m}",
            "rate": f"{service.rate} %",
            "running": service.running,
            "total": service.total,
        }
        for month, service in reports.in_service_by_month(estate, today)
        if service.total
    ]


# --- paper -------------------------------------------------------------------------------------------------------


@may(upkeep.READ)
@require_GET
def year_pdf(request):
    """年度保養計劃 of `?year=`, else of this year."""
    estate = _estate(request)
    year = _number(request.GET.get("year")) or clocks.local_date(request.now, estate.zone).year
    if not 2000 <= year <= 2100:
        raise Http404
    return prints.answer(printouts.year_plan(estate, year))


@may(upkeep.READ)
@require_GET
def equipment_pdf(request):
    """設備台帳 of the facilities in use."""
    estate = _estate(request)
    assets = Asset.objects.filter(estate=estate, is_active=True).select_related("building")
    return prints.answer(printouts.equipment_register(assets, estate=estate, now=request.now))


@may(upkeep.READ)
@require_GET
def asset_card(request, pk):
    """設備卡 with the QR code that opens the facility's page."""
    found = Asset.objects.visible_to(request.user, upkeep.READ).select_related("estate", "building")
    return prints.answer(printouts.equipment_card(get_object_or_404(found, pk=pk)))


def _estate(request):
    estate = request.estate
    if estate is None or not request.user.may(upkeep.READ, estate.pk):
        raise Http404
    return estate


# --- out of service and back -------------------------------------------------------------------------------------


@may(upkeep.EDIT)
@FORM
def asset_service(request, pk):
    """`?ticket=` names the fault that put it out of service; its words are the reason proposed."""
    found = Asset.objects.visible_to(request.user, upkeep.EDIT).select_related("estate")
    row = get_object_or_404(found, pk=pk)
    enter(request, row.estate)
    ticket = rows.tickets(request.user).filter(pk=_number(request.GET.get("ticket")), asset=row).first()
    initial = {"reason": f"{ticket.number} {ticket.problem}"[:300] if ticket and row.in_service else ""}
    form = ServiceForm(moving.posted(request), initial=initial, now=request.now)
    wanted = not row.in_service if request.method == "GET" else request.POST.get("in_service") == "yes"
    back = reverse("tickets:ticket", args=[ticket.pk]) if ticket else reverse("tickets:asset", args=[row.pk])

    def act():
        actions.set_service(
            asset=row, in_service=wanted, reason=form.cleaned_data["reason"], at=form.cleaned_data["at"], by=request.user,
            now=request.now, ticket=ticket,
        )  # fmt: skip
        return back

    title = _("Back in service") if wanted else _("Take out of service")
    form.fixed = (("in_service", "yes" if wanted else "no"),)
    return _form(
        request, form, act, title=title, back=back, said=_("Saved."), note=f"{row.code} {row.local_name}"
    )
