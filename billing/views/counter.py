"""收費: the cashier's counter. One page takes what a household pays, whatever for and however (SPEC §6.4)."""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.actions import counter as actions
from billing.forms.counter import CounterForm, extras_formset, lines_of
from billing.reports import counter as reports
from office import clocks, formkeys, money
from office.access import may
from office.failpoints import failpoint
from office.models import Unit
from office.refusals import Refused
from office.views.session import enter
from residents.reports import household

TAKE = "billing.take_payment"


@may(TAKE)
@require_http_methods(["GET", "POST"])
def counter(request, pk):
    """What is due of a unit and of its payer's others; everything of the payer is ticked, and Ctrl+Enter takes it."""
    unit = get_object_or_404(Unit.objects.visible_to(request.user, TAKE).select_related("building"), pk=pk)
    unit.estate = next(row.estate for row in request.user.posting_list if row.estate_id == unit.estate_id)
    enter(request, unit.estate)
    if address := _sent_before(request):
        return redirect(address)
    today = clocks.local_date(request.now, unit.estate.zone)
    house = household(unit, today)
    here, there = reports.accounts_of(unit, {one.person_id for one in house.residents})
    items = reports.items_of(unit.estate)
    purses = reports.purses([*here, *there], items, today)
    payer = _payer(request, house, here)
    dues = [due for purse in purses for due in purse.dues]
    dues.sort(key=lambda due: (due.due_on, due.charge_id))
    debtors = reports.debtors(house, here)
    closed = reports.closed_through(unit.estate, request.user)
    extras = extras_formset(request.POST or None, items=items.values())
    form = CounterForm(
        request.POST or None,
        dues=dues,
        debtors=debtors,
        ticked=_suggested(purses, unit, payer),
        extras=extras,
        currency=unit.estate.currency,
        initial={"payer": _name(payer, here, house), "person": payer, "main": "cash"},
    )
    status = 200
    if request.method == "POST":
        status = 422
        sound = extras.is_valid()
        if form.is_valid() and sound:
            try:
                return redirect(_take(request, unit, form, extras))
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
        if address := _sent_before(
            request
        ):  # paid by its twin since: what is refused here is what the twin paid
            return redirect(address)
    context = {
        "unit": unit,
        "form": form,
        "extras": extras,
        "prices": reports.prices_json(items.values(), today),
        "groups": _groups(purses, unit, form),
        "owed": sum((purse.owed for purse in purses), reports.ZERO),
        "held": [purse.account for purse in purses if purse.account.prepaid or purse.account.deposits],
        "currency": unit.estate.currency,
        "sign": money.SIGNS.get(unit.estate.currency, ""),
        "names": [label.partition(" (")[0] for _pk, label in debtors],
        "why_not": _("Your day is closed: money taken now is booked tomorrow.") if closed and closed >= today else "",
        "back": reverse("residents:unit", args=[unit.pk]),
    }  # fmt: skip
    return render(request, "billing/counter.html", context, status=status)


def _sent_before(request):
    """Where this very form has led to, when it has been sent before."""
    return request.method == "POST" and formkeys.known(request.POST.get("form_key"), request.user)


def _payer(request, house, here):
    """Who stands at the counter: the caller, else whoever owes here, else the owner. Only somebody known here."""
    known = [one.person_id for one in house.residents if one.role in reports.PAYING]
    known += [account.person_id for account in here]
    asked = request.GET.get("payer", "")
    if asked.isdecimal() and len(asked) < 19 and int(asked) in known:
        return int(asked)
    owing = [account.person_id for account in here if account.owed]
    now_here = [pk for pk in owing if pk in {one.person_id for one in house.residents}]
    return next(iter([*now_here, *owing, *known]), None)


def _name(payer, here, house):
    names = {account.person_id: account.person.name for account in here}
    names |= {one.person_id: one.name for one in house.residents}
    return names.get(payer, "")


def _suggested(purses, unit, payer):
    """What is ticked when the page opens: everything this payer owes for this unit; without it, all that is owed here."""
    here = [purse for purse in purses if purse.account.unit_id == unit.pk]
    own = [purse for purse in here if purse.account.person_id == payer and purse.dues]
    return {due.charge_id for purse in own or here for due in purse.dues}


def _groups(purses, unit, form):
    """[(account, is it here, rows, sum)] of the accounts that owe something."""
    row_of = form.row_of
    return [
        {
            "account": purse.account,
            "here": purse.account.unit_id == unit.pk,
            "rows": [row_of[due.charge_id] for due in purse.dues],
            "owed": purse.owed,
        }
        for purse in purses
        if purse.dues
    ]


def _take(request, unit, form, extras):
    values = form.cleaned_data

    def act():
        receipt = actions.take(
            unit=unit,
            payer=values["payer"],
            charges=form.charges,
            extras=lines_of(extras),
            prepaid=values["prepaid"],
            person=values.get("person") or None,
            methods=form.money.methods,
            given=form.money.given,
            by=request.user,
            now=request.now,
        )
        printing = "&now=1" if request.POST.get("then") != "keep" else ""
        return f"{reverse('billing:receipt', args=[receipt.pk])}?new=1{printing}"

    address, _first = formkeys.once(values["form_key"], request.user, request.now, act)
    failpoint("billing.pay.booked")
    return address
