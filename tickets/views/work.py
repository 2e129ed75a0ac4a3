"""Work as the technician does it: the own list and one work order on the telephone; the same forms at the desk."""

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, formkeys, money
from office.access import may
from office.views.session import enter
from tickets import actions, columns, reports, rules
from tickets.forms import ArriveForm, FinishForm, lines_of, work_formset
from tickets.models import PriceItem, WorkOrder
from tickets.views import moving, rows
from tickets.views.ticket import files, moves_of, place_text, window_text

FORM = require_http_methods(["GET", "POST"])
BIG = ("arrive", "wait", "resume", "finish")


@may("tickets.work_own", "tickets.work")
@require_GET
def my_work(request):
    """Own work orders that have not come back: overdue and today in visit order, then later ones."""
    zone = request.estate.zone
    tonight = clocks.end_of_day(clocks.local_date(request.now, zone), zone)
    mine = (
        WorkOrder.objects.visible_to(request.user)
        .filter(technician=request.user, ended_at__isnull=True, ticket__closed_at__isnull=True)
        .select_related("ticket__unit", "ticket__category", "ticket__asset", "ticket__estate")
        .order_by("window_from", "visit_order", "pk")
    )
    cards = [card(order, request.now) for order in mine]
    today = [c for c in cards if c["order"].window_from is None or c["order"].window_from < tonight]
    today.sort(key=lambda c: (c["order"].visit_order or 100, c["order"].window_from or request.now))
    later = [c for c in cards if c not in today]
    return render(request, "tickets/my_work.html", {"today": today, "later": later})


def card(order, now):
    """A work order as one large card."""
    ticket = order.ticket
    tone = ""
    if order.window_to and order.window_to <= now and not order.arrived_at:
        tone = "late"
    return {
        "order": order,
        "url": reverse("tickets:work_order", args=[order.pk]),
        "place": place_text(ticket),
        "category": ticket.category.local_name,
        "window": window_text(order.window_from, order.window_to),
        "state": columns.state_label(ticket.state),
        "state_tone": columns.TONES[ticket.state],
        "tone": tone,
    }


@may("tickets.read", "tickets.read_own")
@require_GET
def work_order(request, pk):
    """What the QR code on the sheet opens: one work order with large buttons."""
    order = rows.order(request, pk)
    ticket = order.ticket
    enter(request, order.estate)
    here = reverse("tickets:work_order", args=[order.pk])
    latest = rows.latest_order(ticket)
    moves = []
    if latest and latest.pk == order.pk and order.ended_at is None:
        moves = [
            _large(move) for move in moves_of(ticket, order, request.user, back=here) if move["verb"] in BIG
        ]
        moves.sort(key=lambda move: BIG.index(move["verb"]))
    asks = [
        move
        for move in moves_of(ticket, order, request.user, back=here)
        if move["verb"] in ("ask_time", "ask_free") and not move["why_not"]
    ]
    context = {
        "order": order,
        "ticket": ticket,
        "place": place_text(ticket),
        "window": window_text(order.window_from, order.window_to),
        "state": columns.state_label(ticket.state),
        "state_tone": columns.TONES[ticket.state],
        "moves": [move for move in moves if not move["why_not"]],
        "refused": [move for move in moves if move["why_not"]],
        "asks": asks,
        "history": reports.fault_history(ticket, limit=4),
        "files": files(ticket),
        "lines": list(order.lines.all()) if order.ended_at else [],
        "latest": latest,
        "signature": reports.signature(order),
    }
    return render(request, "tickets/work_order.html", context)


def _large(move):
    """On site waiting nearly always means parts: the form opens with that chosen."""
    if move["verb"] == "wait":
        return move | {"label": _("Need parts, wait"), "url": f"{move['url']}&for=parts"}
    return move


@may(*rows.needs("arrive"))
@FORM
def arrive(request, pk):
    order = rows.order(request, pk)
    form = ArriveForm(moving.posted(request), now=request.now)

    def act():
        actions.arrive(work_order=order, at=form.cleaned_data["at"], by=request.user, now=request.now)

    return moving.move(request, order.ticket, "arrive", form, act, said=_("Arrival recorded."), order=order)


@may(*rows.needs("finish"))
@FORM
def finish(request, pk):
    order = rows.order(request, pk)
    ticket = order.ticket
    prices = list(PriceItem.objects.filter(estate=order.estate, is_active=True))
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
    formset = work_formset(
        moving.posted(request), prices=prices, language=order.estate.language, initial=lines
    )
    form = FinishForm(
        moving.posted(request),
        now=request.now,
        work_order=order,
        needs_amount=rules.needs_amount(ticket),
        currency=money.SIGNS.get(order.estate.currency, order.estate.currency),
        upload_url=reverse("office:upload"),
        initial={"agreed_amount": ticket.quoted_amount, "consent_by": ticket.reporter_name},
    )
    location = {}

    def act():
        def work():
            data = form.cleaned_data
            actions.finish(
                work_order=order, ended_at=data["ended_at"], result=data["result"], signed_by=data["signed_by"],
                arrived_at=data.get("arrived_at"), agreed_amount=data.get("agreed_amount"), consent_by=data.get("consent_by", ""),
                file_ids=data["file_ids"], signature=data["signature"], lines=lines_of(formset), by=request.user, now=request.now,
            )  # fmt: skip
            return moving.back_to(request, ticket)

        location["to"], _first = formkeys.once(form.cleaned_data["form_key"], request.user, request.now, work)
        return location["to"]

    said = _("Work ended; a water test is due.") if ticket.is_leak else _("Work ended; a callback is owed.")
    return moving.move(
        request,
        ticket,
        "finish",
        form,
        act,
        said=said,
        formset=formset,
        template="tickets/finish.html",
        order=order,
    )
