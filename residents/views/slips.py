"""物品放行條 at the counter: issued, printed, cancelled; the list of all."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, formkeys, lists, search
from office.access import may
from office.models import Event, Unit
from office.refusals import Refused
from office.views.session import enter
from residents import actions, columns, reports, rules
from residents.forms import CancelForm, SlipForm, goods_formset, lines_of
from residents.models import ReleaseSlip
from residents.views import answers

READ, ISSUE = "gate.read", "gate.slips"
SIZES = ("A5", "A4")
SUGGESTED = 20


def _url(slip):
    return reverse("residents:slip", args=[slip.pk])


def _get(request, pk, permission=READ):
    rows = ReleaseSlip.objects.visible_to(request.user, permission).select_related(*reports.SLIP_PAGE)
    return get_object_or_404(rows, pk=pk)


@may(READ)
@require_http_methods(["GET", "POST"])
def slips(request):
    rows = answers.of_estate(request, ReleaseSlip, READ)
    moves = []
    if request.user.may(ISSUE):
        new = {"verb": "new", "label": _("New slip"), "url": reverse("residents:slip_new"), "icon": "plus",
               "key": "n", "style": "primary"}  # fmt: skip
        moves.append(new)
    return lists.render(request, columns.SLIPS, rows, actions=moves)


@may("register.read", "gate.visitors")
@require_GET
def units_suggest(request):
    """Units of the estate in view for a box that is searched by typing. Names only to who reads the register."""
    user, estate = request.user, request.estate
    allowed = estate and (user.may("register.read", estate.pk) or user.may("gate.visitors", estate.pk))
    estates = [estate.pk] if allowed else []
    kinds = ["unit", "person"] if estates and user.may("register.read", estate.pk) else ["unit"]
    hits = search.find(estates, request.GET.get("q", "")[:100], kinds=kinds, limit=SUGGESTED)
    today = clocks.local_date(request.now, estate.zone) if estate else None
    people = [hit.subject_id for hit in hits if hit.subject_kind == "person"]
    lived = reports.units_of_people(people, today) if people else []
    ids = list(dict.fromkeys([hit.subject_id for hit in hits if hit.subject_kind == "unit"] + lived))
    rows = Unit.objects.filter(pk__in=ids, estate_id__in=estates)
    if kind := request.GET.get("kind"):
        rows = rows.filter(kind=kind)
    units = rows.in_bulk()
    names = reports.names_of_units(list(units), today) if len(kinds) > 1 and units else {}
    found = [
        {"value": units[pk].code, "text": units[pk].code, "hint": "、".join(names.get(pk, ()))}
        for pk in ids[:SUGGESTED]
        if pk in units
    ]
    return JsonResponse({"results": found})


@may(ISSUE)
@require_http_methods(["GET", "POST"])
def slip_new(request):
    """First the unit, then who moves what out. `?like=` fills in an earlier slip's goods."""
    estate = answers.here(request, ISSUE)
    unit = _asked_unit(request)
    if unit is None:
        wrong = bool(request.GET.get("unit"))
        context = {"wrong": wrong, "typed": request.GET.get("unit", "")[:40]}
        return render(request, "residents/slip_unit.html", context, status=422 if wrong else 200)
    enter(request, unit.estate)
    estate = unit.estate
    today = clocks.local_date(request.now, estate.zone)
    people = list(
        {one.person_id: one for one in reversed(reports.household(unit, today).residents)}.values()
    )[::-1]
    like = _like(request, unit)
    form = SlipForm(request.POST or None, people=people, initial=_initial(people, estate, like))
    goods = goods_formset(
        request.POST or None, initial=[_line(line) for line in like.lines.all()] if like else None
    )
    status = 200
    if request.method == "POST":
        if address := formkeys.known(request.POST.get("form_key"), request.user):
            return redirect(address)
        status = 422
        if all((form.is_valid(), goods.is_valid())):
            try:
                return redirect(_issue(request, unit, people, form, goods))
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
    context = {
        "form": form, "goods": goods, "unit": unit, "people": people, "back": reverse("residents:unit", args=[unit.pk]),
        # What is owed stands above: a note to the clerk, not a bar (SPEC §2).
        "arrears": answers.address_of("billing:arrears_note", unit.pk),
    }  # fmt: skip
    return render(request, "residents/slip_new.html", context, status=status)


def _asked_unit(request):
    asked = request.POST.get("unit") or request.GET.get("unit") or ""
    rows = Unit.objects.visible_to(request.user, ISSUE).select_related("estate")
    if asked.isdecimal() and len(asked) < 19 and (found := rows.filter(pk=int(asked)).first()):
        return found
    if not asked:
        return None
    from residents.forms.fields import unit_by_words

    found = unit_by_words(request.estate, asked[:80])
    return rows.filter(pk=found.pk).first() if found else None


def _like(request, unit):
    asked = request.GET.get("like", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return ReleaseSlip.objects.visible_to(request.user, ISSUE).filter(pk=int(asked), unit=unit).first()


def _initial(people, estate, like):
    initial = {"days": estate.slip_days, "person": people[0].person_id if people else None}
    if like:
        names = ("agent_name", "agent_phone", "agent_shown", "plate", "carrier", "remark")
        initial |= {name: getattr(like, name) for name in names} | {"person": like.person_id}
    return initial


def _line(line):
    return {"name": line.name, "quantity": line.quantity, "remark": line.remark}


def _issue(request, unit, people, form, goods):
    person = next(one for one in people if one.person_id == form.cleaned_data["person"])

    def act():
        slip = actions.issue_slip(
            unit=unit,
            person=person.person_id,
            lines=lines_of(goods),
            by=request.user,
            now=request.now,
            **form.values,
        )
        return f"{reverse('residents:slip_print', args=[slip.pk])}?now=1"

    return formkeys.once(form.cleaned_data["form_key"], request.user, request.now, act)[0]


@may(READ)
@require_GET
def slip(request, pk):
    row = _get(request, pk)
    enter(request, row.estate)
    refusals = list(row.refusals.select_related("by")[:20])
    context = {
        "slip": row,
        "lines": list(row.lines.all()),
        "state": reports.slip_state(row.state, row.valid_until, request.now),
        "facts": _facts(row),
        "refusals": [(lists.stamp(one.at), one.get_reason_display(), one.remark, one.by.local_name) for one in refusals],
        "moves": _moves(request, row),
        "events": answers.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }  # fmt: skip
    return render(request, "residents/slip.html", context)


def _facts(row):
    facts: list[tuple] = [
        (_("Unit"), row.unit.code, reverse("residents:unit", args=[row.unit_id])),
        (_("Resident"), row.person.local_name, reverse("residents:person", args=[row.person_id])),
    ]
    if row.agent_name:
        facts.append((_("Agent"), " ".join(filter(None, [row.agent_name, row.agent_phone]))))
        facts.append((_("Shown by the agent"), row.agent_shown))
    facts += [
        (_("Number plate"), row.plate),
        (_("Carrier"), row.carrier),
        (_("Issued"), f"{lists.stamp(row.issued_at)} {row.issued_by.local_name}"),
        (_("Valid until"), reports.last_minute(row.valid_until)),
    ]
    if row.remark:
        facts.append((_("Remark"), row.remark))
    if row.released_at:
        facts.append((_("Released"), f"{lists.stamp(row.released_at)} {row.released_by.local_name}"))
    if row.cancelled_at:
        facts.append((_("Cancelled"), f"{lists.stamp(row.cancelled_at)} {row.cancelled_by.local_name}: {row.cancel_reason}"))  # fmt: skip
    return facts


def _moves(request, row):
    moves = []
    if request.user.may(ISSUE, row.estate_id):
        why = rules.why_not_slip("cancel", row, request.user, request.now)
        if not why:
            print_url = reverse("residents:slip_print", args=[row.pk])
            moves.append(
                {
                    "verb": "print",
                    "label": _("Print"),
                    "url": print_url,
                    "icon": "printer",
                    "style": "primary",
                }
            )
        cancel = {"verb": "cancel", "label": _("Cancel"), "icon": "x", "why_not": why or ""}
        moves.append({**cancel, "url": reverse("residents:slip_cancel", args=[row.pk])})
        again = f"{reverse('residents:slip_new')}?unit={row.unit_id}&like={row.pk}"
        moves.append({"verb": "again", "label": _("New slip like this"), "url": again, "icon": "copy"})
    if request.user.may("gate.release", row.estate_id):
        gate = reverse("residents:gate_slip", args=[row.pk, row.token])
        moves.append({"verb": "gate", "label": _("At the gate"), "url": gate, "icon": "shield-check"})
    return moves


@may(ISSUE)
@require_http_methods(["GET", "POST"])
def slip_cancel(request, pk):
    row = _get(request, pk, ISSUE)

    def act(form):
        values = form.cleaned_data
        actions.cancel_slip(
            slip=row, reason=values["reason"], version=values["version"], by=request.user, now=request.now
        )
        messages.success(request, _("%(number)s is cancelled.") % {"number": row.number})
        return _url(row)

    form = CancelForm(request.POST or None, version=row.version)
    title = _("Cancel %(number)s") % {"number": row.number}
    return answers.handle(request, title, form, _url(row), act, submit=_("Cancel the slip"))


# --- paper -------------------------------------------------------------------------------------------------


def _size(request, estate):
    wanted = request.GET.get("size", "")
    return wanted if wanted in SIZES else estate.paper


@may(ISSUE)
@require_GET
def slip_print(request, pk):
    """The sheet as it will leave the printer; Ctrl+P prints it."""
    row = _get(request, pk, ISSUE)
    size = _size(request, row.estate)
    context = {
        "slip": row,
        "pdf_url": f"{reverse('residents:slip_pdf', args=[row.pk])}?size={size}",
        "sizes": [(name, f"?size={name}", name == size) for name in SIZES],
        "now": request.GET.get("now") == "1",
    }
    return render(request, "residents/slip_print.html", context)


@may(ISSUE)
@require_GET
def slip_pdf(request, pk):
    from residents import printouts  # here: WeasyPrint takes a second to load, and few requests print

    row = _get(request, pk, ISSUE)
    return answers.paper(printouts.release_slip(row, size=_size(request, row.estate)))


@may(ISSUE)
@require_POST
def slip_printed(request, pk):
    row = _get(request, pk, ISSUE)
    actions.slip_printed(slip=row, by=request.user, now=request.now)
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    return redirect("residents:slip_pdf", row.pk)
