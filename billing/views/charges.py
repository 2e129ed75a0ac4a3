"""A charge explained in words and figures, and what became of it (SPEC §6.1)."""

from datetime import date, timedelta
from decimal import Decimal

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.models import Charge, Entry, OpenCharge, Standard
from billing.rules import explain
from office import money
from office.access import may
from office.views.session import enter


@may("billing.read")
@require_GET
def charge(request, month, pk):
    """`month` is the charge's period, YYYY-MM: the key of a charge is both."""
    try:
        period = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404 from None
    found = Charge.objects.visible_to(request.user, "billing.read").filter(period=period)
    row = get_object_or_404(
        found.select_related("estate", "unit", "item", "account__person", "voucher"), pk=pk
    )
    enter(request, row.estate)
    currency = row.estate.currency
    steps = explain.steps(row.basis)
    documents = dict(
        Standard.objects.filter(pk__in={step.standard for step in steps if step.standard}).values_list(
            "pk", "document"
        )
    )
    exact = explain.exact(row.basis)
    still_open = OpenCharge.objects.filter(pk=row.pk, period=period).values_list("amount", flat=True).first()
    context = {
        "charge": row,
        "title": f"{row.item.local_name} {month}",
        "amount": money.show(row.amount, currency),
        "steps": [
            {
                "words": step.words,
                "figures": step.figures,
                "amount": "" if step.amount is None else explain.number(step.amount, 2 if step.amount == round(step.amount, 2) else 4),
                "document": documents.get(step.standard, "") if step.standard else "",
            }
            for step in steps
        ],
        "rounded": _rounded(row, exact, currency),
        "readings": [_reading(fact) for fact in _facts(row.basis)],
        "settled": _settled(row, currency),
        "state": _state(row, still_open, currency),
        "facts": [
            (_("Unit"), row.unit.code, reverse("residents:unit", args=[row.unit_id])),
            # Translators: 付款人
            (_("Payer"), str(row.account.person)),
            (_("Days"), f"{row.from_on:%Y-%m-%d} – {row.until_on - timedelta(days=1):%Y-%m-%d}"),
            (_("Due on"), f"{row.due_on:%Y-%m-%d}"),
            (_("Charged on"), f"{row.voucher.day:%Y-%m-%d}"),
            # Translators: 帳單
            (_("Bill"), row.voucher.number),
            # Translators: 代收代辦
            (_("Collected for others"), _("yes") if row.item.agency else _("no")),
        ],
        "of": _of(row),
    }  # fmt: skip
    return render(request, "billing/charge.html", context)


def _rounded(row, exact, currency):
    """How the exact figure became the amount, in words; empty where they are the same."""
    if exact is None:
        return (
            _("The amount was agreed: %(text)s") % {"text": row.text}
            if row.text
            else _("The amount was agreed.")
        )
    if explain.is_share(row.basis, row.amount):
        return _("A share of %(whole)s. The shares of all payers add up to it to the cent.") % {
            "whole": money.show(Decimal(row.basis["whole"]), currency)
        }
    return "" if exact == row.amount else _("Rounded to the cent, half a cent up.")


def _facts(basis):
    found = list(basis.get("readings", ()))
    for pool in basis.get("pools", ()):
        found += pool.get("readings", ())
    return found


def _reading(fact):
    """A reading behind the consumption, as a line of the table."""
    if "carried_from" in fact or "carried_to" in fact:
        month = fact.get("carried_from", fact.get("carried_to"))[:7]
        words = _("carried over from %(month)s") if "carried_from" in fact else _("carried over to %(month)s")
        return {
            "meter": fact["meter"],
            "words": words % {"month": month},
            "used": explain.number(fact["used"]),
        }
    return {
        "meter": fact["meter"],
        "from": fact["from"],
        "until": fact["until"],
        "before": explain.number(fact["before"]),
        "value": explain.number(fact["value"]),
        "multiplier": explain.number(fact["multiplier"]),
        "used": explain.number(fact["used"]),
        "words": _("the dial passed zero") if fact.get("rolled_over") else "",
    }


def _settled(row, currency):
    """What was booked against it, oldest first."""
    entries = Entry.objects.filter(charge_id=row.pk, period=row.period, head=Entry.Head.RECEIVABLE).exclude(
        voucher=row.voucher_id
    )
    return [
        {
            "day": f"{entry.day:%Y-%m-%d}",
            "words": str(entry.voucher.get_kind_display()),
            "reason": entry.voucher.reason,
            "amount": money.show(entry.amount, currency),
        }
        for entry in entries.select_related("voucher").order_by("pk")
    ]


def _state(row, still_open, currency):
    if not still_open:
        return _("settled"), "good"
    if still_open == row.amount:
        return _("open"), "today"
    return _("%(amount)s open") % {"amount": money.show(still_open, currency)}, "today"


def _of(row):
    """The charge a late fee was charged for: (words, address)."""
    basis = row.basis
    if basis.get("formula") != "late":
        return None
    found = Charge.objects.filter(pk=basis["charge"], period=basis["period"]).select_related("item").first()
    if found is None:
        return None
    return (
        f"{found.item.local_name} {found.period:%Y-%m}",
        reverse("billing:charge", args=[f"{found.period:%Y-%m}", found.pk]),
    )
