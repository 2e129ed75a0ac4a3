"""Accounts: the list, who owes, and one account as a statement with what can be done about it."""

from urllib.parse import urlencode

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.columns.accounts import ACCOUNTS, ARREARS, with_age
from billing.models import Account
from billing.reports import counter, statement
from billing.rules import bookings
from billing.views import pages
from office import clocks, lists
from office.access import may
from office.models import Event
from office.views.session import enter

READ = "billing.read"


def get(request, pk, permission=READ):
    rows = Account.objects.visible_to(request.user, permission).select_related("estate", "unit", "person")
    return get_object_or_404(rows, pk=pk)


@may(READ)
@require_http_methods(["GET", "POST"])
def accounts(request):
    return lists.render(request, ACCOUNTS, with_age(pages.of_estate(request, Account, READ)))


@may(READ)
@require_http_methods(["GET", "POST"])
def arrears(request):
    """Who owes, the most first."""
    rows = pages.of_estate(request, Account, READ).filter(owed__gt=0)
    return lists.render(request, ARREARS, with_age(rows))


@may(READ)
@require_GET
def account(request, pk):
    """Every entry with the running balance, what is open, what is held."""
    row = get(request, pk)
    enter(request, row.estate)
    today = clocks.local_date(request.now, row.estate.zone)
    items = counter.items_of(row.estate)
    asked = request.GET.get("page", "0")
    page = int(asked) if asked.isdecimal() and len(asked) < 5 else 0
    lines, more = statement.lines(row, items, page)
    dues = counter.open_dues([row.pk], items, today)
    gone = statement.let_go(row, items)
    _take_back(request, row, [*lines, *gone])
    context = {
        "account": row,
        "currency": row.estate.currency,
        "balance": row.owed - row.prepaid,
        "dues": dues,
        "overdue": sum((due.amount for due in dues if due.days_late), counter.ZERO),
        "held": _held(request, row, items),
        "let_go": gone,
        "lines": lines,
        "newer": page and page - 1,
        "page": page,
        "older": page + 1 if more else 0,
        "moves": moves(request, row),
        "may_print": request.user.may("billing.print", row.estate_id),
        "may_take": request.user.may("billing.take_payment", row.estate_id),
        "events": pages.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }
    return render(request, "billing/account.html", context)


def _held(request, row, items):
    """Deposits with what may be done with each."""
    found = statement.held(row, items)
    for one in found:
        one.moves = [
            {"verb": f"{verb}-{one.charge_id}", "label": label, "url": reverse(name, args=[row.pk, one.charge_id]), "icon": icon}
            for verb, label, name, icon in (
                ("give_back", _("Give back"), "billing:deposit_back", "arrow-back-up"),
                # Translators: 沒收
                ("forfeit", _("Forfeit"), "billing:deposit_forfeit", "lock"),
            )
            if bookings.may(verb, row, request.user)
        ]  # fmt: skip
    return found


def _take_back(request, row, lines):
    """Where a line's booking is taken back, once per booking, for whoever may."""
    seen = set()
    for line in lines:
        move = bookings.TAKEN_BACK.get(line.kind)
        if move and line.voucher not in seen and not getattr(line, "reversed", False):
            seen.add(line.voucher)
            if bookings.may(move, row, request.user):
                line.back = reverse("billing:take_back", args=[row.pk, line.voucher])


def moves(request, row):
    """Buttons of what this person may do here; what cannot be done now says why."""
    user, found = request.user, []
    nothing = "" if row.owed else _("Nothing is owed on this account.")
    empty = "" if row.prepaid else _("Nothing is prepaid on this account.")
    holds = "" if row.prepaid or row.deposits else _("Nothing is prepaid or held on this account.")
    for verb, label, name, icon, why in (
        ("draw", _("Pay from the prepayment"), "billing:draw", "arrow-down", empty or nothing),
        ("ask_refund", _("Refund"), "billing:refund_ask", "arrow-back-up", holds),
        # Translators: 滯納金
        ("late", _("Late fees"), "billing:late_now", "clock", nothing),
        # Translators: 減免
        ("waive", _("Waive"), "billing:waive", "scale", nothing),
        ("take_over", _("Taken over"), "billing:take_over", "users", nothing),
    ):
        if bookings.may(verb, row, user):
            found.append(
                {
                    "verb": verb,
                    "label": label,
                    "url": reverse(name, args=[row.pk]),
                    "icon": icon,
                    "why_not": why,
                }
            )
    if bookings.may("pay", row, user) and user.may("billing.take_payment", row.estate_id):
        url = f"{reverse('billing:counter', args=[row.unit_id])}?payer={row.person_id}"
        pay = {
            "verb": "pay",
            "label": _("Take a payment"),
            "url": url,
            "icon": "cash",
            "key": "p",
            "style": "primary",
        }
        found.insert(0, pay)
        # Translators: 上門收取
        visit = {"verb": "visit", "label": _("Agree a visit"), "url": f"{reverse('billing:collection_new')}?{urlencode({'unit': row.unit.code})}", "icon": "route"}  # fmt: skip
        found.append(visit)
    return found
