"""The crew's day: who goes where in which order, and its work orders as one print (SPEC §4.2)."""

from datetime import date

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from office import clocks
from office.access import may
from tickets import columns, reports
from tickets.actions import day as day_actions
from tickets.forms import DayForm
from tickets.models import WorkOrder
from tickets.views.moves import crew, loads
from tickets.views.ticket import place_text, window_text

YEARS = 50  # further away is no working day, and beyond the calendar there are no days at all


def asked(request, data):
    """(day, [technician ids]) of a query; today and everybody when nothing is asked."""
    if request.estate is None:
        raise Http404
    today = clocks.local_date(request.now, request.estate.zone)
    try:
        day = date.fromisoformat(data.get("day", ""))
    except ValueError:
        day = today
    if abs(day.year - today.year) > YEARS:
        day = today
    chosen = [int(text) for text in data.getlist("technician") if text.isdecimal() and len(text) < 18]
    return day, chosen


def query(day, technicians):
    return "?" + "&".join([f"day={day:%Y-%m-%d}", *(f"technician={pk}" for pk in technicians)])


@may("tickets.read")
@require_GET
def day(request):
    return render(request, "tickets/day.html", _context(request, *asked(request, request.GET)))


def _context(request, day, technicians):
    crews: dict = {}
    for order in reports.day_orders(request.estate, day, technicians):
        crews.setdefault(order.technician_id, []).append(order)
    words = loads(request.estate, day)
    form = DayForm({"day": f"{day:%Y-%m-%d}", "technician": technicians}, technicians=crew(request.estate))
    return {
        "form": form,
        "day": day,
        "technicians": technicians,
        "query": query(day, technicians),
        "before_url": reverse("tickets:day") + query(date.fromordinal(day.toordinal() - 1), technicians),
        "after_url": reverse("tickets:day") + query(date.fromordinal(day.toordinal() + 1), technicians),
        "crews": [
            {
                "technician": orders[0].technician,
                "load": words.get(pk, _("all back")),
                "orders": [_line(order, at, len(orders)) for at, order in enumerate(orders)],
            }
            for pk, orders in crews.items()
        ],
        "total": sum(len(orders) for orders in crews.values()),
        "may_order": request.user.may("tickets.dispatch", request.estate.pk),
        "may_print": request.user.may("tickets.print", request.estate.pk),
    }


def _line(order, at, count):
    ticket = order.ticket
    return {
        "order": order,
        "ticket": ticket,
        "place": place_text(ticket),
        "window": window_text(order.window_from, order.window_to)[11:],
        "state": columns.state_label(ticket.state),
        "state_tone": columns.TONES[ticket.state],
        "is_first": at == 0,
        "is_last": at == count - 1,
        "printed": order.printed_at,
    }


@may("tickets.dispatch")
@require_POST
def day_order(request):
    """Move one work order up or down in its technician's day."""
    day, technicians = asked(request, request.POST)
    order = get_object_or_404(
        WorkOrder.objects.visible_to(request.user, "tickets.dispatch").filter(estate=request.estate),
        pk=_number(request.POST.get("order", "")),
    )
    orders = list(reports.day_orders(request.estate, day, [order.technician_id]))
    at = next((n for n, row in enumerate(orders) if row.pk == order.pk), None)
    if at is None:
        raise Http404
    to = at + (-1 if request.POST.get("go") == "up" else 1)
    if 0 <= to < len(orders):
        orders[at], orders[to] = orders[to], orders[at]
        day_actions.reorder(work_orders=orders, by=request.user, now=request.now)
    if request.headers.get("HX-Request"):
        return render(request, "tickets/day.html#day-crews", _context(request, day, technicians))
    return redirect(reverse("tickets:day") + query(day, technicians))


def _number(text):
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)
