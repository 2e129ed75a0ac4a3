"""The next actions of a ticket, one small page each. Every page reads one form and calls one action."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from office import clocks, formkeys, lists, money, promises
from office.access import may
from office.models import Promise, Staff
from office.refusals import Refused
from tickets import actions, columns, reports, rules
from tickets.forms import (
    AskForm,
    BulkDispatchForm,
    CancelForm,
    ConsentForm,
    CorrectForm,
    CostForm,
    DecideForm,
    DispatchForm,
    DuplicateForm,
    HandOverForm,
    ResumeForm,
    ScheduleForm,
    UnreachableForm,
    WaitForm,
    WaterTestForm,
    lines_of,
    quote_formset,
)
from tickets.forms.fields import read_usual, usual_windows
from tickets.models import PriceItem, Request, Ticket
from tickets.views import moving, rows
from tickets.views.lists import listed

FORM = require_http_methods(["GET", "POST"])
BULK_LIMIT = 200  # tickets in one bulk dispatch


# --- who goes, and when ------------------------------------------------------------------------------------


def crew(estate):
    """Staff of the estate who can be sent."""
    return Staff.objects.filter(pk__in=reports.technicians(estate.pk).values("pk")).order_by("name")


def loads(estate, day):
    """{staff id: "3 orders · 4.5 h"} of one day (SPEC §4.2)."""
    words = {}
    for pk, (orders, time) in reports.load(estate, day).items():
        hours = f"{time.total_seconds() / 3600:.1f}".removesuffix(".0") if time else "0"
        words[pk] = ngettext("%(n)s order, %(hours)s h", "%(n)s orders, %(hours)s h", orders) % {
            "n": orders,
            "hours": hours,
        }
    return words


def _window_ahead(ticket, now):
    """The agreed window while it is not over, else the next usual half day, to be changed."""
    if ticket.window_to and ticket.window_to > now:
        return ticket.window_from, ticket.window_to
    usual = usual_windows(ticket.estate, now)
    return read_usual(usual[0][0], ticket.estate.zone) if usual else None


@may(*rows.needs("dispatch"))
@FORM
def dispatch(request, pk):
    ticket = rows.ticket(request, pk)
    window = _window_ahead(ticket, request.now)
    day = clocks.local_date(window[0] if window else request.now, ticket.estate.zone)
    form = DispatchForm(
        moving.posted(request),
        now=request.now,
        technicians=crew(ticket.estate),
        loads=loads(ticket.estate, day),
        version=ticket.version,
        initial={"technician": ticket.technician_id, "window": window},
    )

    def act():
        data = form.cleaned_data
        actions.dispatch(
            ticket=ticket, technician=data["technician"], window_from=data["window"][0], window_to=data["window"][1],
            visit_order=data["visit_order"], by=request.user, now=request.now, version=data["version"],
        )  # fmt: skip

    said = _("Dispatched.")
    note = _("Load on %(day)s: open work orders and hours of their windows.") % {"day": f"{day:%Y-%m-%d}"}
    return moving.move(request, ticket, "dispatch", form, act, said=said, note=note)


@may("tickets.dispatch")
@require_POST
def dispatch_many(request):
    """First the preview of what would happen, then the dispatch; what is refused is listed with its reason."""
    chosen = lists.chosen(
        request,
        columns.TICKETS,
        listed(request).filter(estate_id__in=request.user.estate_ids("tickets.dispatch")),
    )
    tickets = list(
        chosen.select_related("estate", "unit", "asset", "category", "technician").order_by(
            "window_from", "pk"
        )[: BULK_LIMIT + 1]
    )
    if not tickets:
        messages.warning(request, _("No ticket was chosen."))
        return redirect("tickets:list")
    too_many, tickets = len(tickets) > BULK_LIMIT, tickets[:BULK_LIMIT]
    if already := formkeys.known(request.POST.get("form_key"), request.user):
        messages.info(request, _("This was saved already; here it is."))
        return redirect(already)
    go = "technician" in request.POST or "go" in request.POST
    form = BulkDispatchForm(
        request.POST if go else None,
        now=request.now,
        technicians=crew(request.estate),
        loads=loads(request.estate, clocks.local_date(request.now, request.estate.zone)),
    )
    effects = [
        (ticket, rules.why_not("dispatch", ticket, request.user) or _no_window(ticket, request.now))
        for ticket in tickets
    ]
    context = {
        "form": form,
        "effects": effects,
        "too_many": too_many,
        "limit": BULK_LIMIT,
        "possible": sum(1 for row in effects if not row[1]),
    }
    if not go or not form.is_valid():
        return render(request, "tickets/dispatch_many.html", context, status=422 if go else 200)
    address = reverse("tickets:list") + f"?open=yes&technician={form.cleaned_data['technician'].pk}"
    answers = {}

    def send():
        answers["sent"], answers["refused"] = _dispatch_each(request, tickets, form.cleaned_data)
        return address

    _address, first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, send)
    if not first:
        return redirect(address)
    sent, refused = answers["sent"], answers["refused"]
    if refused:
        return render(
            request,
            "tickets/dispatch_many.html",
            context | {"sent": sent, "refused_rows": refused},
            status=200,
        )
    messages.success(
        request,
        ngettext("%(n)s ticket dispatched.", "%(n)s tickets dispatched.", len(sent)) % {"n": len(sent)},
    )
    return redirect(address)


def _no_window(ticket, now):
    if ticket.window_to is None:
        return ""
    return _("Its window is over; it takes the one given here.") if ticket.window_to <= now else ""


def _dispatch_each(request, tickets, data):
    """([dispatched], [(ticket, reason)]): one action per row; one refusal never stops the next."""
    sent, refused = [], []
    for ticket in tickets:
        window = data["window"]
        if ticket.window_to and ticket.window_to > request.now:
            window = ticket.window_from, ticket.window_to
        if window is None:
            refused.append((ticket, _("It has no window that lies ahead; give one here.")))
            continue
        try:
            actions.dispatch(
                ticket=ticket, technician=data["technician"], window_from=window[0], window_to=window[1],
                by=request.user, now=request.now, version=ticket.version,
            )  # fmt: skip
        except Refused as refusal:
            refused.append((ticket, refusal.sentence))
        else:
            sent.append(ticket)
    return sent, refused


@may(*rows.needs("schedule"))
@FORM
def schedule(request, pk):
    ticket = rows.ticket(request, pk)
    initial = {"window": _window_ahead(ticket, request.now)}
    form = ScheduleForm(moving.posted(request), now=request.now, version=ticket.version, initial=initial)

    def act():
        start, end = form.cleaned_data["window"]
        actions.schedule(
            ticket=ticket,
            window_from=start,
            window_to=end,
            by=request.user,
            now=request.now,
            version=form.cleaned_data["version"],
        )

    return moving.move(request, ticket, "schedule", form, act, said=_("Window agreed."))


@may(*rows.needs("wait"))
@FORM
def wait(request, pk):
    ticket = rows.ticket(request, pk)
    today = clocks.local_date(request.now, ticket.estate.zone)
    form = WaitForm(
        moving.posted(request),
        today=today,
        version=ticket.version,
        initial={"until": today + timedelta(days=1), "waiting_for": request.GET.get("for", "")},
    )

    def act():
        actions.wait(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    note = _("Waiting stops no clock. Who needs more time asks for it.")
    return moving.move(request, ticket, "wait", form, act, said=_("The ticket waits."), note=note)


@may(*rows.needs("resume"))
@FORM
def resume(request, pk):
    ticket = rows.ticket(request, pk)
    form = ResumeForm(moving.posted(request), version=ticket.version)

    def act():
        actions.resume(ticket=ticket, by=request.user, now=request.now, version=form.cleaned_data["version"])

    return moving.move(request, ticket, "resume", form, act, said=_("It goes on."))


@may(*rows.needs("water_test"))
@FORM
def water_test(request, pk):
    ticket = rows.ticket(request, pk)
    form = WaterTestForm(
        moving.posted(request), now=request.now, version=ticket.version, initial={"tested_at": request.now}
    )

    def act():
        actions.water_test(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    note = _(
        "Passed: the callback is due 3 days after the test. Failed: back to repair with a new work order."
    )
    return moving.move(request, ticket, "water_test", form, act, said=_("Water test recorded."), note=note)


# --- money -------------------------------------------------------------------------------------------------


@may(*rows.needs("decide_cost"))
@FORM
def decide_cost(request, pk):
    ticket = rows.ticket(request, pk)
    form = CostForm(
        moving.posted(request),
        version=ticket.version,
        initial={"cost": ticket.cost, "reason": ticket.cost_reason, "contractor": ticket.contractor},
    )

    def act():
        actions.decide_cost(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    note = (
        _("The register says: warranty until %(day)s.") % {"day": ticket.warranty_until}
        if ticket.warranty_until
        else ""
    )
    return moving.move(request, ticket, "decide_cost", form, act, said=_("Decided who pays."), note=note)


@may(*rows.needs("charge"))
@FORM
def charge(request, pk):
    ticket = rows.ticket(request, pk)
    form = ResumeForm(moving.posted(request), version=ticket.version)

    def act():
        actions.charge(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    note = _("%(amount)s is charged to whoever pays for %(unit)s.") % {
        "amount": money.show(ticket.agreed_amount, ticket.estate.currency),
        "unit": ticket.unit or "–",
    }
    return moving.move(request, ticket, "charge", form, act, said=_("Charged."), note=note)


@may(*rows.needs("quote"))
@FORM
def quote(request, pk):
    ticket = rows.ticket(request, pk)
    prices = list(PriceItem.objects.filter(estate=ticket.estate, is_active=True))
    lines = [
        {
            "item": line.item_id,
            "kind": line.kind,
            "text": line.text,
            "quantity": line.quantity,
            "price": line.price,
        }
        for line in ticket.quote_lines.all()
    ]
    formset = quote_formset(
        moving.posted(request),
        prices=prices,
        language=ticket.estate.language,
        initial=lines,
        extra=1 if lines else 3,
    )
    form = ResumeForm(moving.posted(request), version=ticket.version)

    def act():
        actions.quote(
            ticket=ticket,
            lines=lines_of(formset),
            by=request.user,
            now=request.now,
            version=form.cleaned_data["version"],
        )

    return moving.move(request, ticket, "quote", form, act, said=_("Quotation written."), formset=formset)


@may(*rows.needs("consent"))
@FORM
def consent(request, pk):
    ticket = rows.ticket(request, pk)
    form = ConsentForm(
        moving.posted(request),
        now=request.now,
        version=ticket.version,
        initial={
            "amount": ticket.agreed_amount or ticket.quoted_amount,
            "consent_by": ticket.reporter_name,
            "at": request.now,
        },
    )

    def act():
        actions.consent(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, ticket, "consent", form, act, said=_("Consent recorded."))


# --- asking and deciding -----------------------------------------------------------------------------------


def _ask(request, pk, kind, said):
    ticket = rows.ticket(request, pk)
    owed = Promise.objects.of(Ticket.SUBJECT, ticket.pk).open().order_by("due_at")
    choices = [
        (promise, f"{promises.KINDS[promise.kind].label}: {lists.stamp(promise.due_at)}") for promise in owed
    ]
    form = AskForm(moving.posted(request), kind=kind, promises=choices, now=request.now)

    def act():
        actions.ask(ticket=ticket, kind=kind, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, ticket, f"ask_{kind}", form, act, said=said)


@may(*rows.needs("ask_time"))
@FORM
def ask_time(request, pk):
    return _ask(request, pk, Request.Kind.TIME, _("Asked for. The clock runs on until it is approved."))


@may(*rows.needs("ask_free"))
@FORM
def ask_free(request, pk):
    return _ask(request, pk, Request.Kind.FREE, _("Asked for."))


@may(*rows.needs("decide"))
@FORM
def decide(request, pk):
    """`pk` is the request's."""
    asked = get_object_or_404(
        Request.objects.filter(
            ticket__in=Ticket.objects.visible_to(request.user, "tickets.approve")
        ).select_related(
            "ticket__estate", "ticket__unit", "ticket__category", "promise", "asked_by", "ticket__technician"
        ),
        pk=pk,
    )
    form = DecideForm(moving.posted(request))

    def act():
        actions.decide(request=asked, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, asked.ticket, "decide", form, act, said=_("Decided."), asked=asked)


# --- ending and mending ------------------------------------------------------------------------------------


@may(*rows.needs("correct"))
@FORM
def correct(request, pk):
    ticket = rows.ticket(request, pk)
    form = CorrectForm(moving.posted(request), ticket=ticket, version=ticket.version)

    def act():
        actions.correct(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, ticket, "correct", form, act, said=_("Corrected."))


@may(*rows.needs("cancel"))
@FORM
def cancel(request, pk):
    ticket = rows.ticket(request, pk)
    form = CancelForm(moving.posted(request), version=ticket.version)

    def act():
        actions.cancel(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, ticket, "cancel", form, act, said=_("Cancelled."), style="danger")


@may(*rows.needs("duplicate"))
@FORM
def duplicate(request, pk):
    ticket = rows.ticket(request, pk)
    others = Ticket.objects.filter(estate=ticket.estate).exclude(pk=ticket.pk)
    form = DuplicateForm(
        moving.posted(request),
        version=ticket.version,
        candidates=others,
        initial={"of": _likely(ticket, others)},
    )

    def act():
        actions.mark_duplicate(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(
        request, ticket, "duplicate", form, act, said=_("Closed as a duplicate."), style="danger"
    )


def _likely(ticket, others):
    """Number of the open ticket of the same place and category, if there is just that one."""
    same = {"unit_id": ticket.unit_id} if ticket.unit_id else {"asset_id": ticket.asset_id}
    if not any(same.values()):
        return ""
    numbers = others.filter(closed_at__isnull=True, category_id=ticket.category_id, **same).values_list(
        "number", flat=True
    )[:2]
    return numbers[0] if len(numbers) == 1 else ""


@may(*rows.needs("hand_over"))
@FORM
def hand_over(request, pk):
    ticket = rows.ticket(request, pk)
    colleagues = Staff.objects.posted_as(
        ticket.estate_id, "clerk", "cashier", "lead", "supervisor", "director"
    )
    form = HandOverForm(
        moving.posted(request), staff=colleagues.exclude(pk=ticket.owner_id), version=ticket.version
    )

    def act():
        actions.hand_over(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    return moving.move(request, ticket, "hand_over", form, act, said=_("Handed over."))


@may(*rows.needs("close_unreachable"))
@FORM
def close_unreachable(request, pk):
    ticket = rows.ticket(request, pk)
    form = UnreachableForm(moving.posted(request), version=ticket.version)

    def act():
        actions.close_unreachable(ticket=ticket, by=request.user, now=request.now, **form.cleaned_data)

    note = _("It counts as a callback that was not kept.")
    return moving.move(
        request,
        ticket,
        "close_unreachable",
        form,
        act,
        said=_("Closed as not reachable."),
        note=note,
        style="danger",
    )
