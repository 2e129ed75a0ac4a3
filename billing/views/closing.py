"""日結, 月結, 收款日記帳: what was taken, counted against the ledger, and locked (SPEC §6.6)."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.actions import closing as actions
from billing.columns import closing as columns
from billing.forms.closing import CloseDayForm, ClosePeriodForm
from billing.models import Book, DayClose, Entry, PeriodClose, Till, Voucher
from billing.reports import closing as reports
from billing.reports import figures
from billing.rules import closing as rules
from office import clocks, formkeys, lists
from office.access import may
from office.models import Staff
from office.refusals import Refused
from office.views.session import enter

FORM = require_http_methods(["GET", "POST"])
HISTORY = 24  # closes of the books shown at once


# --- a cashier's day ---------------------------------------------------------------------------------------------


@may(rules.CLOSE_DAY, rules.CLOSE_PERIOD)
@FORM
def close_day(request):
    """The oldest day of one's own that is not closed; `?day=` chooses another, `?cashier=` is for finance."""
    estate = _estate(request)
    cashier = _cashier(request, estate)
    today = clocks.local_date(request.now, estate.zone)
    waiting = reports.unclosed([estate.pk], today, cashier)
    day = _day(request.GET.get("day")) or (waiting[0].day if waiting else today)
    sums = reports.sums(estate, cashier, day)
    own = cashier == request.user
    form = CloseDayForm(
        request.POST if request.method == "POST" else None, currency=estate.currency, sums=sums, own=own
    )
    refused = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def write():
            row = actions.close_day(
                estate=estate, cashier=cashier, day=day, counted=data["counted"], opening=data["opening"],
                notes=data["notes"], confirmed=data["confirmed"], reason=data["reason"], foreseen=data["foreseen"],
                by=request.user, now=request.now,
            )  # fmt: skip
            return reverse("billing:close", args=[row.pk])

        try:
            location, first = formkeys.once(data["form_key"], request.user, request.now, write)
        except Refused as refusal:
            refused = refusal.sentence
            form.data = {**request.POST.dict(), "foreseen": form.fields["foreseen"].initial}
        else:
            if first:
                messages.success(request, _("The day is closed. Print the sheet and sign it."))
            return redirect(location)
    till = Till.objects.filter(estate=estate, cashier=cashier).first()
    out = list(reports.out(estate, cashier, through=day))
    why_not = rules.why_not_day(
        cashier=cashier, by=request.user, estate_id=estate.pk, day=day, today=today, sums=sums,
        closed_through=till and till.closed_through, earlier=waiting[0].day if waiting else None,
        out=[row.number for row in out],
    )  # fmt: skip
    context = {
        "form": form,
        "cashier": cashier,
        "own": own,
        "day": day,
        "refused": refused,
        "why_not": "" if refused else why_not,
        "sums": _sums(sums or {}, cashier, day),
        "total": sum((sums or {}).values()),
        "cash": (sums or {}).get(rules.CASH, 0),
        "lines": _lines(reports.lines(estate, cashier, day)),
        "out": [(row, columns.receipt_address(row.pk)) for row in out],
        "waiting": [
            (row.day, _address(cashier, row.day, own), row.total) for row in waiting if row.day != day
        ],
        "closed": DayClose.objects.filter(estate=estate, cashier=cashier, day=day).first(),
    }
    status = 409 if refused else 422 if form.is_bound else 200
    return render(request, "billing/close_day.html", context, status=status)


def _estate(request):
    if request.estate is None:
        raise Http404
    return request.estate


def _cashier(request, estate):
    """Oneself; finance may name a cashier who has a drawer here."""
    wanted = request.GET.get("cashier", "")
    if not wanted or wanted == str(request.user.pk):
        return request.user
    if not request.user.may(rules.CLOSE_PERIOD, estate.pk) or not wanted.isascii() or not wanted.isdigit():
        raise Http404
    tills = Till.objects.filter(estate=estate).values("cashier_id")
    return get_object_or_404(Staff, pk__in=tills, id=int(wanted[:12]))


def _day(text):
    try:
        return parse_date(text or "")
    except ValueError:
        return None


def _address(cashier, day, own):
    query = {"day": f"{day:%Y-%m-%d}"} if own else {"cashier": cashier.pk, "day": f"{day:%Y-%m-%d}"}
    return f"{reverse('billing:close_day')}?{urlencode(query)}"


def _book_address(**query):
    return f"{reverse('billing:cash_book')}?{urlencode(query)}"


def _sums(sums, cashier, day):
    """[(method, amount, the lines behind it)]"""
    words, at = dict(Entry.Method.choices), f"{day:%Y-%m-%d}"
    return [
        (words[method], amount, _book_address(cashier=cashier.pk, day_from=at, day_to=at, method=method))
        for method, amount in sums.items()
    ]


def _lines(lines):
    methods, kinds = dict(Entry.Method.choices), dict(Voucher.Kind.choices)
    return [
        {**line, "method": methods[line["method"]], "kind": kinds[line["kind"]], "url": columns.receipt_address(line["receipt_id"])}
        for line in lines
    ]  # fmt: skip


@may(rules.CLOSE_DAY, rules.CLOSE_PERIOD, rules.READ)
@require_GET
def till(request, pk):
    """Where the promise to close a day leads: its cashier and finance to the form, others to the list."""
    found = _seen(request, Till)
    row = get_object_or_404(found.select_related("estate", "cashier"), pk=pk)
    enter(request, row.estate)
    if rules.may_close(row.cashier, request.user, row.estate_id):
        own = row.cashier == request.user
        query = "" if own else f"?{urlencode({'cashier': row.cashier_id})}"
        return redirect(f"{reverse('billing:close_day')}{query}")
    return redirect(f"{reverse('billing:closes')}?{urlencode({'cashier': row.cashier_id})}")


def _seen(request, model, prefix=""):
    """Everybody's rows for those who read reports or close the books, one's own for a cashier."""
    estates = {*request.user.estate_ids(rules.READ), *request.user.estate_ids(rules.CLOSE_PERIOD)}
    own = Q(estate_id__in=request.user.estate_ids(rules.CLOSE_DAY)) & Q(**{f"{prefix}cashier": request.user})
    return model.objects.filter(Q(estate_id__in=estates) | own)


@may(rules.READ, rules.CLOSE_DAY)
@FORM
def closes(request):
    """Closed days, and above them the drawers that wait."""
    estate = _estate(request)
    today = clocks.local_date(request.now, estate.zone)
    everybody = request.user.may(rules.READ, estate.pk)
    waiting = reports.unclosed([estate.pk], today, None if everybody else request.user)
    finance = request.user.may(rules.CLOSE_PERIOD, estate.pk)
    moves = []
    if request.user.may(rules.CLOSE_DAY, estate.pk):
        moves.append({"verb": "close", "label": _("Close the day"), "url": reverse("billing:close_day"), "icon": "lock", "key": "n", "style": "primary"})  # fmt: skip
    moves.append({"verb": "book", "label": _("Cashier's book"), "url": reverse("billing:cash_book"), "icon": "list"})  # fmt: skip
    if everybody:
        moves.append({"verb": "period", "label": _("Closed books"), "url": reverse("billing:close_period"), "icon": "calendar-event"})  # fmt: skip
    found = _seen(request, DayClose).filter(estate=estate)
    return lists.render(
        request,
        columns.CLOSES,
        found,
        template="billing/closes.html",
        actions=moves,
        extra_context={"waiting": [_waiting(row, request.user, finance, today) for row in waiting]},
    )


def _waiting(row, staff, finance, today):
    own = row.cashier_id == staff.pk
    query = (
        {"day": f"{row.day:%Y-%m-%d}"} if own else {"cashier": row.cashier_id, "day": f"{row.day:%Y-%m-%d}"}
    )
    at = f"{row.day:%Y-%m-%d}"
    return {
        "cashier": row.cashier,
        "day": row.day,
        "total": row.total,
        "late": row.day < today,
        "book": _book_address(cashier=row.cashier_id, day_from=at, day_to=at),
        "url": f"{reverse('billing:close_day')}?{urlencode(query)}" if own or finance else "",
    }


def _close(request, pk):
    row = get_object_or_404(_seen(request, DayClose).select_related("estate", "cashier", "by"), pk=pk)
    enter(request, row.estate)
    return row


@may(rules.READ, rules.CLOSE_DAY)
@require_GET
def close(request, pk):
    row = _close(request, pk)
    context = {
        "close": row,
        "sums": _sums(row.sums, row.cashier, row.day),
        "lines": _lines(reports.lines(row.estate, row.cashier, row.day)),
        "expected": row.cash + row.opening,
        "notes": [(note, number) for note, number in row.notes.items()],
        "pdf": reverse("billing:close_pdf", args=[row.pk]),
    }
    return render(request, "billing/close.html", context)


@may(rules.READ, rules.CLOSE_DAY)
@require_GET
def close_pdf(request, pk):
    """日結單 as PDF."""
    from billing.printouts import (
        closing as printouts,  # here: WeasyPrint takes a second to load, and few requests print
    )
    from office import printing

    row = _close(request, pk)
    return printing.answer(printouts.day_close(row, reports.lines(row.estate, row.cashier, row.day)))


# --- the books ---------------------------------------------------------------------------------------------------


@may(rules.READ, rules.CLOSE_PERIOD)
@FORM
def close_period(request):
    """Finance closes the books; who reads reports sees what was closed, and what is still in the way."""
    estate = _estate(request)
    today = clocks.local_date(request.now, estate.zone)
    book = Book.objects.filter(estate=estate).first()
    closed = book.closed_through if book else None
    last_month = today.replace(day=1) - timedelta(days=1)
    may_close = request.user.may(rules.CLOSE_PERIOD, estate.pk)
    sent = request.method == "POST"
    form = ClosePeriodForm(request.POST if sent else None, initial={"through": _day(request.GET.get("through")) or last_month})  # fmt: skip
    refused = ""
    if sent and not may_close:
        refused = _("Finance closes the books.")
    elif sent and form.is_valid():
        data = form.cleaned_data

        def write():
            actions.close_period(
                estate=estate, through=data["through"], note=data["note"], by=request.user, now=request.now
            )
            return reverse("billing:close_period")

        try:
            location, _first = formkeys.once(data["form_key"], request.user, request.now, write)
        except Refused as refusal:
            refused = refusal.sentence
        else:
            messages.success(request, _("The books are closed up to that day."))
            return redirect(location)
    through = (sent and form.is_valid() and form.cleaned_data["through"]) or form.initial["through"]
    context = {
        "form": form,
        "may_close": may_close,
        "refused": refused,
        "closed": closed,
        "through": through,
        "checks": _checks(estate, closed, through),
        "rows": PeriodClose.objects.filter(estate=estate).select_related("by").order_by("-through")[:HISTORY],
    }
    status = (403 if not may_close else 409) if refused else 422 if sent else 200
    return render(request, "billing/close_period.html", context, status=status)


def _checks(estate, closed, through):
    """[(what, whether it holds, what is in the way with its address)]"""
    tills = reports.unclosed([estate.pk], through)
    out = list(reports.out(estate, through=through))
    missing = reports.months_without_run(estate, closed, through)
    found = figures.proof(estate, limit=5)
    return [
        (_("Every cashier's day is closed"), not tills,
         [(f"{row.cashier} {row.day:%Y-%m-%d}", reverse("billing:till", args=[row.till_id])) for row in tills]),
        (_("No carried receipt is out"), not out, [(row.number, columns.receipt_address(row.pk)) for row in out]),
        (_("The billing run of every month is posted"), not missing, [(f"{month:%Y-%m}", "") for month in missing]),
        (_("The trial balance comes to zero, and every kept figure agrees"), found.holds,
         [(f"{what} {which}", "") for what, which, _kept, _booked in found.differences]),
    ]  # fmt: skip


@may(rules.READ, rules.CLOSE_PERIOD)
@require_GET
def period_pdf(request, pk):
    """月結單 as PDF."""
    from billing.printouts import closing as printouts
    from office import printing

    row = get_object_or_404(PeriodClose.objects.visible_to(request.user, rules.READ).select_related("estate", "by"), pk=pk)  # fmt: skip
    enter(request, row.estate)
    return printing.answer(printouts.period_close(row))


# --- the cashier's book ------------------------------------------------------------------------------------------


@may(rules.READ, rules.CLOSE_DAY)
@FORM
def cash_book(request):
    """收款日記帳: every line of money that went through a drawer."""
    estate = _estate(request)
    found = _seen(request, Entry, "voucher__").filter(
        estate=estate, head=Entry.Head.MONEY, voucher__cashier__isnull=False
    )
    query = {name: request.GET[name] for name in ("day_from", "day_to", "cashier") if request.GET.get(name)}
    url = (
        f"{reverse('billing:cash_book_pdf')}?{urlencode(query)}"
        if query
        else reverse("billing:cash_book_pdf")
    )
    moves = [{"verb": "print", "label": _("Print"), "url": url, "icon": "printer", "key": "p"}]
    return lists.render(request, columns.BOOK, found, template="billing/list.html", actions=moves)


@may(rules.READ, rules.CLOSE_DAY)
@require_GET
def cash_book_pdf(request):
    """收款日記帳 on paper: by day, cashier and method. Nothing chosen: the present month."""
    from billing.printouts import closing as printouts
    from office import printing

    estate = _estate(request)
    today = clocks.local_date(request.now, estate.zone)
    first = _day(request.GET.get("day_from")) or today.replace(day=1)
    last = _day(request.GET.get("day_to")) or max(today, first)
    if (last - first).days > 366:  # a year fits a sheet somebody reads
        last = first + timedelta(days=366)
    rows = reports.book(estate, first, last)
    if not request.user.may(rules.READ, estate.pk):
        rows = [row for row in rows if row[1] == request.user.pk]
    elif request.GET.get("cashier"):
        rows = [row for row in rows if str(row[1]) == request.GET["cashier"]]
    return printing.answer(printouts.cash_book(rows, estate=estate, first=first, last=last))
