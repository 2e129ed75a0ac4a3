"""Returned slips keyed in one after the other, in the order they lie on the desk (SPEC §4.2)."""

from datetime import date

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, formkeys
from office.access import may
from office.refusals import Refused
from tickets import actions, rules
from tickets.forms import SlipForm, lines_of, work_formset
from tickets.models import PriceItem, WorkOrder
from tickets.views import moving
from tickets.views.moves import crew
from tickets.views.ticket import place_text

LAST = 12  # slips shown as keyed in


@may("tickets.slips")
@require_http_methods(["GET", "POST"])
def slips(request):
    if request.estate is None:
        raise Http404
    day = _day(request)
    prices = list(PriceItem.objects.filter(estate=request.estate, is_active=True))
    form = SlipForm(
        moving.posted(request),
        estate=request.estate,
        now=request.now,
        technicians=crew(request.estate),
        initial={"day": day, "number": request.GET.get("number", "")},
    )
    formset = work_formset(moving.posted(request), prices=prices, language=request.estate.language)
    if request.method != "POST":
        return _page(request, form, formset)
    if already := formkeys.known(request.POST.get("form_key"), request.user):
        return redirect(already)
    valid = [form.is_valid(), formset.is_valid()]
    if not all(valid):
        return _page(request, form, formset, status=422)
    data = form.cleaned_data
    order, location = data["number"], f"{reverse('tickets:slips')}?day={data['day']:%Y-%m-%d}"

    def key():
        actions.key_slip(
            work_order=order, arrived_at=data["arrived_at"], ended_at=data["ended_at"], result=data["result"],
            technician=data["technician"], lines=lines_of(formset), signed_by=data["signed_by"],
            agreed_amount=data["agreed_amount"], consent_by=data["consent_by"], test_passed=data["test_passed"],
            tested_at=data["tested_at"], by=request.user, now=request.now,
        )  # fmt: skip
        return location

    try:
        formkeys.once(data["form_key"], request.user, request.now, key)
    except Refused as refusal:
        return _page(request, form, formset, status=409, refused=refusal.sentence)
    messages.success(request, _("%(number)s keyed in. Next slip.") % {"number": order.number})
    return redirect(location)


def _day(request):
    """The day of the slip before; else today."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return clocks.local_date(request.now, request.estate.zone)


def _page(request, form, formset, status=200, refused=""):
    keyed = (
        WorkOrder.objects.visible_to(request.user, "tickets.slips")
        .filter(estate=request.estate, slip_keyed_by=request.user, slip_keyed_at__isnull=False)
        .select_related("ticket__unit", "ticket__asset", "ticket__category", "technician")
        .order_by("-slip_keyed_at")[:LAST]
    )
    context = {
        "form": form,
        "formset": formset,
        "refused": refused,
        "rare_open": bool(refused) or any(form[name].errors or form[name].value() for name in form.RARE),
        "keyed": [(order, place_text(order.ticket)) for order in keyed],
        "order": _order_hint(request, form["number"].value()),
    }
    return render(request, "tickets/slips.html", context, status=status)


def _order_hint(request, typed):
    """Which work order the typed number means, with why its slip could not be keyed in."""
    typed = (typed or "").strip()
    if not typed:
        return None
    form = SlipForm(
        {"number": typed}, estate=request.estate, now=request.now, technicians=crew(request.estate)
    )
    form.full_clean()
    if form.errors.get("number"):
        return {"error": form.errors["number"][0]}
    order = form.cleaned_data["number"]
    ticket = order.ticket
    return {
        "order": order,
        "ticket": ticket,
        "place": place_text(ticket),
        "why_not": rules.why_not("key_slip", ticket, request.user)
        or (_("This slip has already been keyed in.") if order.ended_at else ""),
        "needs_amount": rules.needs_amount(ticket),
    }


@may("tickets.slips")
@require_GET
def slip_hint(request):
    """What stands behind the number, shown while the slip is keyed in."""
    if request.estate is None:
        raise Http404
    return render(
        request, "tickets/slips.html#slip-hint", {"order": _order_hint(request, request.GET.get("number"))}
    )
