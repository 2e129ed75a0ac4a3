"""收據: the page a payment ends on, its paper, and the list of all."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import receipts as actions
from billing.columns.accounts import RECEIPTS
from billing.models import Receipt, ReceiptStep
from billing.reports import receipts as reports
from billing.rules import bookings
from billing.rules import receipts as rules
from billing.views import pages
from office import lists, money
from office.access import may
from office.views.session import enter

READ, PRINT = "billing.read", "billing.print"
SIZES = ("A5", "A4", "80mm")
Verb = ReceiptStep.Verb


def get(request, pk, permission=READ):
    rows = Receipt.objects.visible_to(request.user, permission)
    row = get_object_or_404(rows.select_related("estate", "unit", "cashier"), pk=pk)
    row.history = list(row.steps.select_related("by", "voucher").order_by("pk"))
    row.verbs = [step.verb for step in row.history]
    return row


@may(READ)
@require_http_methods(["GET", "POST"])
def receipts(request):
    rows = reports.with_verbs(pages.of_estate(request, Receipt, READ))
    return lists.render(request, RECEIPTS, rows)


@may(READ)
@require_GET
def receipt(request, pk):
    """What was paid, the change to hand back, the sheet. `?new=1` right after the payment, `now=1` prints by itself."""
    row = get(request, pk)
    enter(request, row.estate)
    state = reports.state_of(row.verbs)
    size = _size(request)
    context = {
        "receipt": row,
        "state": state,
        "new": request.GET.get("new") == "1",
        "now": request.GET.get("now") == "1" and Verb.PRINTED not in row.verbs,
        "lines": reports.lines(row),
        "currency": row.estate.currency,
        "given": row.facts.get("given"),
        "change": row.facts.get("change"),
        "facts": facts_of(row),
        "steps": [_step(step) for step in row.history if step.verb != Verb.PRINTED],
        "prints": row.verbs.count(Verb.PRINTED),
        "pdf_url": f"{reverse('billing:receipt_pdf', args=[row.pk])}?size={size}",
        "sizes": [(name, f"?size={name}", name == size) for name in SIZES],
        "may_print": request.user.may(PRINT, row.estate_id),
        "may_take": request.user.may("billing.take_payment", row.estate_id),
        "moves": _moves(request, row, state[0]),
    }
    return render(request, "billing/receipt.html", context)


def facts_of(row):
    currency = row.estate.currency
    paid = ", ".join(f"{words} {money.show(amount, currency)}" for _n, words, amount in reports.methods(row))
    unit = (_("Unit"), row.unit.code, reverse("residents:unit", args=[row.unit_id])) if row.unit_id else None
    facts = [
        *([unit] if unit else []),
        # Translators: 付款人
        (_("Payer"), row.payer),
        (_("Date"), f"{row.day:%Y-%m-%d}"),
        (_("Cashier"), row.cashier.local_name),
        (_("Paid by"), paid),
    ]
    if row.facts.get("given"):
        facts.append((_("Cash handed over"), money.show(row.facts["given"], currency)))
        facts.append((pgettext("money", "Change"), money.show(row.facts["change"], currency)))
    return facts


def _step(step):
    said = f"{step.get_verb_display()}: {step.reason}" if step.reason else step.get_verb_display()
    return {
        "text": said,
        "at": lists.stamp(step.at),
        "iso": step.at.isoformat(timespec="minutes"),
        "by": step.by.local_name,
    }


def _moves(request, row, state):
    moves = []
    if row.unit_id and request.user.may("billing.take_payment", row.estate_id):
        moves.append(
            {
                "verb": "again",
                "label": _("Next payment here"),
                "url": reverse("billing:counter", args=[row.unit_id]),
                "icon": "cash",
                "key": "p",
            }
        )
    if bookings.may("void", row, request.user):
        moves.append(
            {
                "verb": "void",
                # Translators: 作廢
                "label": _("Void"),
                "url": reverse("billing:receipt_void", args=[row.pk]),
                "icon": "x",
                "why_not": rules.why_not_void(row, request.user, set(row.verbs)) or "",
            }
        )
    return moves


# --- paper -------------------------------------------------------------------------------------------------


def _size(request):
    wanted = request.GET.get("size", "") or request.COOKIES.get("receipt_size", "")
    return wanted if wanted in SIZES else "A5"


@may(PRINT)
@require_GET
def receipt_pdf(request, pk):
    """The sheet as it will leave the printer: marked 補印 once it has left it before."""
    from billing.printouts import receipts as paper  # here: WeasyPrint loads for a second
    from office import printing

    row = get(request, pk, PRINT)
    copy = row.verbs.count(Verb.PRINTED)
    return printing.answer(paper.receipt(row, copy=copy, size=_size(request), verbs=row.verbs))


@may(PRINT)
@require_POST
def receipt_printed(request, pk):
    row = get(request, pk, PRINT)
    actions.printed(receipt=row, by=request.user, now=request.now)
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    return redirect("billing:receipt_pdf", row.pk)
