"""上門收取: visits agreed, receipts prepared and carried, what came back (SPEC §6.5)."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import collections as actions
from billing.columns import collections as columns
from billing.columns.closing import receipt_address
from billing.forms.collections import CollectedForm, CollectionForm, GiveUpForm
from billing.models import Account, Collection
from billing.rules import collections as rules
from office import clocks, formkeys, lists, roles
from office.access import may
from office.models import Staff, Unit
from office.refusals import Refused
from office.views.session import enter
from residents.models import Occupancy

FORM = require_http_methods(["GET", "POST"])


@may(rules.READ)
@FORM
def collections(request):
    found = Collection.objects.visible_to(request.user, rules.READ).filter(estate=request.estate)
    moves = []
    if request.user.may(rules.TAKE):
        moves.append({"verb": "new", "label": _("Agree a visit"), "url": reverse("billing:collection_new"), "icon": "plus", "key": "n", "style": "primary"})  # fmt: skip
        moves.append({"verb": "mine", "label": _("My visits"), "url": reverse("billing:my_collections"), "icon": "route"})  # fmt: skip
    moves.append({"verb": "print", "label": _("Print the list"), "url": reverse("billing:collections_pdf"), "icon": "printer", "key": "p"})  # fmt: skip
    return lists.render(request, columns.COLLECTIONS, found, template="billing/list.html", actions=moves)


@may(rules.TAKE)
@require_GET
def my_collections(request):
    """The collector's telephone: where to go, whom to call, how much."""
    found = (
        Collection.objects.visible_to(request.user, rules.TAKE)
        .filter(collector=request.user, state=Collection.State.AGREED)
        .select_related("unit", "receipt", "estate")
        .order_by("window_from", "pk")
    )
    cards = [
        (row, rules.window(row.window_from, row.window_to), row.window_to < request.now) for row in found
    ]
    tonight = clocks.end_of_day(clocks.local_date(request.now, request.estate.zone), request.estate.zone) if request.estate else request.now  # fmt: skip
    context = {
        "today": [card for card in cards if card[0].window_from < tonight],
        "later": [card for card in cards if card[0].window_from >= tonight],
    }
    return render(request, "billing/my_collections.html", context)


@may(rules.TAKE)
@FORM
def collection_new(request):
    """`?unit=` is the unit's key or its code; without it the unit is asked for first."""
    if request.estate is None:
        raise Http404
    asked = (request.GET.get("unit") or "").strip()
    unit = _unit(request.estate, asked) if asked else None
    accounts = (
        Account.objects.filter(unit=unit, estate=request.estate)
        .select_related("person")
        .order_by("-owed", "pk")
    )
    if unit is None or not accounts:
        unknown = _("No unit “%(code)s” with an account here.") % {"code": asked} if asked else ""
        return render(
            request,
            "billing/collection_unit.html",
            {"asked": asked, "unknown": unknown},
            status=422 if request.method == "POST" else 200,
        )
    takers = [name for name, role in roles.ROLES.items() if rules.TAKE in role.permissions]
    collectors = Staff.objects.filter(
        postings__estate=request.estate, postings__role__in=takers, is_active=True
    )
    form = CollectionForm(
        request.POST if request.method == "POST" else None,
        accounts=accounts,
        collectors=collectors.distinct().order_by("name"),
        initial=_proposed(request, unit, accounts[0]),
    )
    refused, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = dict(form.cleaned_data)
            key = data.pop("form_key")

            def write():
                row = actions.agree(**data, by=request.user, now=request.now)
                return reverse("billing:collection", args=[row.pk])

            try:
                location, _first = formkeys.once(key, request.user, request.now, write)
            except Refused as refusal:
                refused, status = refusal.sentence, 409
            else:
                messages.success(request, _("Agreed. It stands among the promises of who goes."))
                return redirect(location)
    return render(request, "billing/collection_new.html", {"form": form, "unit": unit, "refused": refused}, status=status)  # fmt: skip


def _unit(estate, asked):
    """By its code as people say it, else by its key."""
    units = Unit.objects.filter(estate=estate)
    if found := units.filter(code=asked).first():
        return found
    return (
        units.filter(pk=int(asked)).first()
        if asked.isascii() and asked.isdigit() and len(asked) < 12
        else None
    )


def _proposed(request, unit, account):
    today = clocks.local_date(request.now, request.estate.zone)
    owner = (
        Occupancy.objects.filter(unit=unit, role="owner", period__contains=today)
        .select_related("person").order_by("-share", "pk").first()
    )  # fmt: skip
    start = clocks.midnight(today + timedelta(days=1), request.estate.zone) + timedelta(hours=10)
    return {
        "account": account,
        "amount": account.owed or None,
        "payer": account.person.name,
        "owner_name": owner.person.name if owner else account.person.name,
        "phone": account.person.phones.values_list("number", flat=True).first() or "",
        "window_from": start,
        "window_to": start + timedelta(hours=1),
        "collector": request.user.pk,
    }


def _row(request, pk, permission):
    found = Collection.objects.visible_to(request.user, permission)
    row = get_object_or_404(
        found.select_related("estate", "unit", "account__person", "collector", "receipt", "used", "made_by"),
        pk=pk,
    )
    enter(request, row.estate)
    return row


@may(rules.READ)
@require_GET
def collection(request, pk):
    return _page(request, _row(request, pk, rules.READ))


def _page(request, row, *, collected=None, give_up=None, refused="", status=200):
    owed_now = row.receipt.total if row.receipt else row.amount
    context = {
        "collection": row,
        "window": rules.window(row.window_from, row.window_to),
        "tone": columns.TONES[row.state],
        "why_not": rules.why_not(row, request.user),
        "why_not_prepare": rules.why_not_prepare(row, request.user),
        "collected": collected or CollectedForm(amount=owed_now),
        "give_up": give_up or GiveUpForm(),
        "refused": refused,
        "receipt_url": receipt_address(row.receipt_id),
        "used_url": receipt_address(row.used_id) if row.used_id != row.receipt_id else "",
        "facts": [
            (_("Account"), f"{row.account.person.name}"),
            (_("Payer"), row.payer),
            (_("Owner of the unit"), row.owner_name),
            (_("Who goes"), row.collector.local_name),
            (_("Note"), row.note),
            (_("Reason"), row.reason),
        ],
    }
    return render(request, "billing/collection.html", context, status=status)


@may(rules.TAKE)
@require_POST
def collection_prepare(request, pk):
    row = _row(request, pk, rules.TAKE)
    try:
        actions.prepare(collection=row, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, row, refused=refusal.sentence, status=409)
    messages.success(request, _("The receipt is prepared: print it and take it along."))
    return redirect("billing:collection", pk=row.pk)


@may(rules.TAKE)
@require_POST
def collection_collect(request, pk):
    row = _row(request, pk, rules.TAKE)
    form = CollectedForm(request.POST)
    if not form.is_valid():
        return _page(request, row, collected=form, status=422)
    data = form.cleaned_data

    def write():
        done = actions.collect(collection=row, methods=data["methods"], by=request.user, now=request.now)
        if done.receipt_id and done.used_id != done.receipt_id:
            messages.warning(
                request,
                _("Another amount was paid: receipt %(old)s is cancelled, give out %(new)s instead.")
                % {"old": done.receipt.number, "new": done.used.number},
            )
        return reverse("billing:collection", args=[row.pk])

    try:
        location, first = formkeys.once(data["form_key"], request.user, request.now, write)
    except Refused as refusal:
        return _page(request, row, collected=form, refused=refusal.sentence, status=409)
    if first:
        messages.success(request, _("Booked into the drawer of who went."))
    return redirect(location)


@may(rules.TAKE)
@require_POST
def collection_give_up(request, pk):
    row = _row(request, pk, rules.TAKE)
    form = GiveUpForm(request.POST)
    if not form.is_valid():
        return _page(request, row, give_up=form, status=422)
    try:
        actions.give_up(collection=row, **form.cleaned_data, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, row, give_up=form, refused=refusal.sentence, status=409)
    messages.success(request, _("Written down. The number of a prepared receipt stays used."))
    return redirect("billing:collection", pk=row.pk)


@may(rules.READ)
@require_GET
def collections_pdf(request):
    """上門收費清單: the visits that are agreed, in the order of their time."""
    from billing.printouts import collections as printouts  # here: WeasyPrint takes a second to load
    from office import printing

    if request.estate is None:
        raise Http404
    found = Collection.objects.visible_to(request.user, rules.READ).filter(
        estate=request.estate, state=Collection.State.AGREED
    )
    rows = found.select_related("unit", "collector", "receipt").order_by("window_from", "pk")[:500]
    return printing.answer(printouts.collection_list(rows, estate=request.estate, now=request.now))
