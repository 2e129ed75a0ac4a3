"""What is done with money besides taking it. Nothing is undone: everything here is a booking of its own (SPEC §6)."""

from decimal import Decimal

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.actions import deposits, draw, late, ledger, refund, takeover, void, waiver
from billing.columns.accounts import REFUNDS
from billing.forms import accounts as forms
from billing.models import Charge, Entry, Refund, Voucher
from billing.reports import counter, statement
from billing.rules import bookings
from billing.rules import refunds as refund_rules
from billing.rules.counter import spread
from billing.views import accounts, pages, receipts
from office import clocks, lists, money
from office.access import may
from office.models import Staff
from office.refusals import Refused
from office.roles import ROLES
from office.views.session import enter
from residents.models import Person
from residents.reports import household


def _home(account):
    return reverse("billing:account", args=[account.pk])


def _facts(account):
    currency = account.estate.currency
    return [
        (_("Unit"), account.unit.code),
        (_("Debtor"), account.person.local_name),
        (_("Owed"), money.show(account.owed, currency)),
        # Translators: 預存款
        (_("Prepaid"), money.show(account.prepaid, currency)),
        # Translators: 押金
        (_("Deposits"), money.show(account.deposits, currency)),
    ]


@may("billing.void")
@require_http_methods(["GET", "POST"])
def receipt_void(request, pk):
    """作廢 of a receipt: reversed by an entry of its own, the number stays used."""
    row = receipts.get(request, pk, "billing.void")
    back = reverse("billing:receipt", args=[row.pk])

    def act(values):
        void.void(receipt=row, reason=values["reason"], by=request.user, now=request.now)
        messages.success(
            request, _("%(number)s is void. What it had paid is owed again.") % {"number": row.number}
        )
        return back

    return pages.handle(
        request, _("Void %(number)s") % {"number": row.number}, forms.ReasonForm(request.POST or None), back, act,
        submit=_("Void the receipt"), style="danger", facts=receipts.facts_of(row),
        intro=_("The money goes back to the payer, the receipt is collected, and what it had paid is owed again."),
    )  # fmt: skip


@may("billing.void", "billing.adjust", "billing.waive", "billing.approve_refund")
@require_http_methods(["GET", "POST"])
def take_back(request, pk, voucher):
    """A draw, a waiver, money given back or kept by mistake: its mirror is booked, with the reason (SPEC §6.4)."""
    account = accounts.get(request, pk, "billing.read")
    booked = Voucher.objects.filter(estate=account.estate_id, kind__in=bookings.TAKEN_BACK)
    row = get_object_or_404(booked.select_related("estate", "by", "reversed_by"), pk=voucher)
    touched = list(Entry.objects.filter(voucher=row).select_related("account__unit", "account__person"))
    of_accounts = {entry.account_id: entry.account for entry in touched if entry.account_id}
    if account.pk not in of_accounts or not bookings.may(bookings.TAKEN_BACK[row.kind], row, request.user):
        raise Http404
    enter(request, account.estate)
    if getattr(row, "reversed_by", None):
        messages.info(request, _("This has been taken back already."))
        return redirect(_home(account))
    currency, amount = account.estate.currency, sum(entry.amount for entry in touched if entry.amount > 0)
    facts = [
        *[(_("Account"), f"{one.unit.code} {one.person.local_name}") for one in of_accounts.values()],
        (_("Booking"), row.get_kind_display()),
        (_("Amount"), money.show(amount, currency)),
        (_("Booked"), f"{row.day:%Y-%m-%d} {row.by.local_name if row.by else ''}"),
        *([(_("Reason"), row.reason)] if row.reason else []),
    ]

    def act(values):
        void.take_back(voucher=row, reason=values["reason"], by=request.user, now=request.now)
        messages.success(request, _("%(amount)s is taken back.") % {"amount": money.show(amount, currency)})
        return _home(account)

    return pages.handle(
        request, _("Take back: %(what)s") % {"what": row.get_kind_display()}, forms.ReasonForm(request.POST or None),
        _home(account), act, submit=_("Take back"), style="danger", facts=facts,
        intro=_("The whole booking is reversed by an entry of its own; both stay in the books."),
    )  # fmt: skip


# --- deposits ------------------------------------------------------------------------------------------------


def _held(request, pk, charge, permission):
    """(account, what is held of this deposit, its charge row) or 404."""
    account = accounts.get(request, pk, permission)
    enter(request, account.estate)
    found = statement.held(account, counter.items_of(account.estate))
    held = next((one for one in found if one.charge_id == charge), None)
    if held is None:
        raise Http404
    return account, held, get_object_or_404(Charge, pk=charge, period=held.period, account=account)


@may("billing.take_payment")
@require_http_methods(["GET", "POST"])
def deposit_back(request, pk, charge):
    account, held, row = _held(request, pk, charge, "billing.take_payment")

    def act(values):
        deposits.give_back(
            charge=row, amount=values["amount"], methods={values["method"]: values["amount"]},
            reason=values["reason"], by=request.user, now=request.now,
        )  # fmt: skip
        given = money.show(values["amount"], account.estate.currency)
        messages.success(request, _("%(amount)s of the deposit is given back.") % {"amount": given})
        return _home(account)

    form = forms.BackForm(request.POST or None, most=held.amount, currency=account.estate.currency)
    title = _("Give back: %(item)s") % {"item": held.item}
    return pages.handle(
        request, title, form, _home(account), act, submit=_("Give back"), facts=_facts(account)
    )


@may("billing.approve_refund")
@require_http_methods(["GET", "POST"])
def deposit_forfeit(request, pk, charge):
    """沒收: the deposit becomes income of its item."""
    account, held, row = _held(request, pk, charge, "billing.approve_refund")

    def act(values):
        deposits.forfeit(
            charge=row, amount=values["amount"], reason=values["reason"], by=request.user, now=request.now
        )
        kept = money.show(values["amount"], account.estate.currency)
        messages.success(request, _("%(amount)s of the deposit is forfeited.") % {"amount": kept})
        return _home(account)

    form = forms.AmountForm(request.POST or None, most=held.amount, currency=account.estate.currency)
    title = _("Forfeit: %(item)s") % {"item": held.item}
    return pages.handle(
        request, title, form, _home(account), act, submit=_("Forfeit"), style="danger", facts=_facts(account)
    )


# --- debts -----------------------------------------------------------------------------------------------------


@may("billing.waive")
@require_http_methods(["GET", "POST"])
def waive(request, pk):
    """減免, by the director."""
    account = accounts.get(request, pk, "billing.waive")
    enter(request, account.estate)
    today = clocks.local_date(request.now, account.estate.zone)
    dues = counter.open_dues([account.pk], counter.items_of(account.estate), today)
    form = forms.WaiveForm(
        request.POST or None, dues=dues, most=account.owed, currency=account.estate.currency
    )

    def act(values):
        owed = [(due.charge_id, due.amount) for due in dues if values["charge"] in (None, due.charge_id)]
        parts, _rest = spread(owed, values["amount"])
        waiver.waive(charges=list(parts.items()), reason=values["reason"], by=request.user, now=request.now)
        given = money.show(values["amount"], account.estate.currency)
        messages.success(request, _("%(amount)s is waived.") % {"amount": given})
        return _home(account)

    title = _("Waive a debt of %(unit)s") % {"unit": account.unit.code}
    return pages.handle(request, title, form, _home(account), act, submit=_("Waive"), facts=_facts(account))


@may("billing.take_payment", "billing.run")
@require_http_methods(["GET", "POST"])
def draw_prepaid(request, pk):
    """What is prepaid pays what is owed, the oldest first; the next run does it by itself."""
    permission = "billing.take_payment" if request.user.may("billing.take_payment") else "billing.run"
    account = accounts.get(request, pk, permission)
    enter(request, account.estate)

    def act(values):
        draw.draw(accounts=[account], by=request.user, now=request.now)
        messages.success(request, _("The prepayment has paid what it could."))
        return _home(account)

    return pages.handle(
        request, _("Pay from the prepayment of %(unit)s") % {"unit": account.unit.code},
        forms.ConfirmForm(request.POST if request.method == "POST" else None), _home(account), act, submit=_("Pay from the prepayment"),
        facts=_facts(account), intro=_("The oldest debts are paid first. Deposits are not paid from it."),
    )  # fmt: skip


@may("billing.run")
@require_http_methods(["GET", "POST"])
def late_now(request, pk):
    """滯納金 up to yesterday, charged before somebody pays; the month's own charging goes on from there (SPEC §6.1)."""
    account = accounts.get(request, pk, "billing.run")
    enter(request, account.estate)
    currency = account.estate.currency
    due = late.due(account=account, now=request.now)

    def act(values):
        found = late.charge_account(account=account, by=request.user, now=request.now)
        if not found:
            raise Refused(_("No late fee is due on this account today."))
        total = money.show(sum(fee.amount for fee in found), currency)
        messages.success(request, _("Late fees charged: %(amount)s.") % {"amount": total})
        return _home(account)

    total = money.show(sum((fee.amount for fee in due), Decimal(0)), currency)
    # Translators: 滯納金
    title = _("Late fees of %(unit)s up to yesterday") % {"unit": account.unit.code}
    intro = (
        _("%(amount)s will be charged, one line for each late charge.") % {"amount": total}
        if due
        else _("No late fee is due on this account today.")
    )
    form = forms.ConfirmForm(request.POST if request.method == "POST" else None)
    return pages.handle(request, title, form, _home(account), act, submit=_("Charge late fees"), facts=[*_facts(account), (_("Late charges"), len(due)), (_("Late fees"), total)], intro=intro)  # fmt: skip


@may("billing.take_over")
@require_http_methods(["GET", "POST"])
def take_over(request, pk):
    """A buyer takes what the seller owes, in writing."""
    account = accounts.get(request, pk, "billing.take_over")
    enter(request, account.estate)
    today = clocks.local_date(request.now, account.estate.zone)
    here, _there = counter.accounts_of(account.unit)
    people = [
        (person, said)
        for person, said in counter.debtors(household(account.unit, today), here)
        if person != account.person_id
    ]

    def act(values):
        person = get_object_or_404(Person, pk=values["person"], estate=account.estate)
        target = ledger.account_of(account.unit, person)
        takeover.take_over(
            account_from=account, account_to=target, evidence=values["evidence"], by=request.user, now=request.now
        )  # fmt: skip
        messages.success(request, _("The debt is on this account now."))
        return _home(target)

    form = forms.TakeOverForm(request.POST or None, people=people)
    title = _("Debt of %(name)s taken over") % {"name": account.person.local_name}
    return pages.handle(
        request, title, form, _home(account), act, submit=_("Take over"), facts=_facts(account)
    )


# --- refunds ---------------------------------------------------------------------------------------------------


@may("billing.refund")
@require_http_methods(["GET", "POST"])
def refund_ask(request, pk):
    account = accounts.get(request, pk, "billing.refund")
    enter(request, account.estate)
    held = statement.held(account, counter.items_of(account.estate))
    form = forms.AskRefundForm(
        request.POST or None, prepaid=account.prepaid, held=held, currency=account.estate.currency
    )

    def act(values):
        chosen = next((one for one in held if one.charge_id == values["source"]), None)
        charge = Charge.objects.get(pk=chosen.charge_id, period=chosen.period) if chosen else None
        row = refund.ask(
            account=account, amount=values["amount"], reason=values["reason"], charge=charge,
            by=request.user, now=request.now,
        )  # fmt: skip
        messages.success(request, _("Asked for. Somebody else decides it."))
        return reverse("billing:refund", args=[row.pk])

    title = _("Refund to %(name)s") % {"name": account.person.local_name}
    return pages.handle(
        request, title, form, _home(account), act, submit=_("Ask for the refund"), facts=_facts(account)
    )


@may("billing.read")
@require_http_methods(["GET", "POST"])
def refunds(request):
    return lists.render(request, REFUNDS, pages.of_estate(request, Refund, "billing.read"))


def _refund(request, pk, permission="billing.read"):
    rows = Refund.objects.visible_to(request.user, permission)
    related = (
        "estate",
        "account__unit",
        "account__person",
        "account__estate",
        "asked_by",
        "decided_by",
        "voucher__by",
    )
    row = get_object_or_404(rows.select_related(*related), pk=pk)
    enter(request, row.estate)
    return row


TONES = {"asked": "today", "approved": "busy", "declined": "quiet", "paid": "good"}


def _refund_facts(row):
    currency = row.estate.currency
    facts = [
        (_("Unit"), row.account.unit.code, _home(row.account)),
        (_("Debtor"), row.account.person.local_name),
        (_("Amount"), money.show(row.amount, currency)),
        # Translators: 押金, 預存款
        (_("Out of"), _("deposit held") if row.charge_id else _("prepayment")),
        (_("Reason"), row.reason),
        (_("Asked for"), f"{lists.stamp(row.asked_at)} {row.asked_by.local_name}"),
    ]
    if row.decided_at:
        facts.append((_("Decided"), f"{lists.stamp(row.decided_at)} {row.decided_by.local_name}"))
    if row.decision:
        facts.append((_("Why declined"), row.decision))
    if row.voucher_id:
        facts.append((_("Paid out"), f"{lists.stamp(row.voucher.at)} {row.voucher.by.local_name}"))
    return facts


@may("billing.read")
@require_GET
def refund_page(request, pk):
    row = _refund(request, pk)
    found = []
    for move, label, name, icon in (
        ("decide_refund", _("Decide"), "billing:refund_decide", "scale"),
        ("pay_out", _("Pay out"), "billing:refund_pay_out", "cash"),
    ):
        if bookings.may(move, row, request.user):
            why = refund_rules.why_not(move, row, request.user)
            found.append(
                {
                    "verb": move,
                    "label": label,
                    "url": reverse(name, args=[row.pk]),
                    "icon": icon,
                    "why_not": why or "",
                }
            )
    context = {
        "refund": row,
        "state": (row.get_state_display(), TONES[row.state]),
        "facts": _refund_facts(row),
        "moves": found,
        "currency": row.estate.currency,
    }
    return render(request, "billing/refund.html", context)


@may("billing.approve_refund")
@require_http_methods(["GET", "POST"])
def refund_decide(request, pk):
    row = _refund(request, pk, "billing.approve_refund")
    back = reverse("billing:refund", args=[row.pk])

    def act(values):
        common = {"refund": row, "by": request.user, "now": request.now, "version": values["version"]}
        if values["decision"] == "approve":
            refund.approve(**common)
        else:
            refund.decline(**common, reason=values["reason"])
        return back

    form = forms.DecideForm(request.POST or None, version=row.version)
    return pages.handle(
        request, _("Decide the refund"), form, back, act, facts=_refund_facts(row), submit=_("Decide")
    )


@may("billing.refund")
@require_http_methods(["GET", "POST"])
def refund_pay_out(request, pk):
    row = _refund(request, pk, "billing.refund")
    back = reverse("billing:refund", args=[row.pk])
    takers = [name for name, role in ROLES.items() if "billing.take_payment" in role.permissions]
    cashiers = Staff.objects.filter(
        is_active=True, postings__estate=row.estate, postings__role__in=takers
    ).distinct()

    def act(values):
        refund.pay_out(
            refund=row, methods={values["method"]: row.amount}, by=request.user, now=request.now,
            cashier=values["cashier"], version=values["version"],
        )  # fmt: skip
        return back

    form = forms.PayOutForm(request.POST or None, cashiers=cashiers, version=row.version)
    return pages.handle(
        request, _("Pay the refund out"), form, back, act, facts=_refund_facts(row), submit=_("Pay out")
    )
