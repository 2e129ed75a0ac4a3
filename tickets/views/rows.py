"""The rows a person may open. Not theirs is 404, the same as not existing (SPEC §1)."""

from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404

from office.lists.estates import meant, wide  # noqa: F401  asked for here like the rest
from tickets import rules
from tickets.models import Complaint, Ticket, WorkOrder

TICKET_PAGE = ("unit", "asset", "category", "owner", "technician")
PAGE = (
    "estate",
    "unit__building",
    "asset",
    "building",
    "category",
    "owner",
    "technician",
    "reporter",
)


ORDER_PAGE = ("technician", "estate", *(f"ticket__{name}" for name in PAGE))
# What a work order's sheet names. Each table less spares a millisecond: PostgreSQL tries the orders of all joins.
PAPER = ("ticket__estate", "ticket__unit", "ticket__asset", "ticket__category", "ticket__owner", "technician")


def tickets(staff):
    """All tickets where the posting reads repairs; elsewhere those with a work order of one's own."""
    rows = Ticket.objects.visible_to(staff, "tickets.read")
    if staff.may("tickets.read_own"):
        own = WorkOrder.objects.filter(ticket=OuterRef("pk"), technician=staff)
        rows = rows | Ticket.objects.visible_to(staff, "tickets.read_own").filter(Exists(own))
    return rows


def ticket(request, pk, related=TICKET_PAGE):
    """One ticket with what its page always names, or 404. What few tickets have is read where it is shown."""
    row = get_object_or_404(tickets(request.user).select_related(*related), pk=pk)
    for posting in request.user.posting_list:  # its estate came with the request
        if posting.estate_id == row.estate_id:
            row.estate = posting.estate
            break
    return row


def orders(staff):
    rows = WorkOrder.objects.visible_to(staff, "tickets.read")
    if staff.may("tickets.read_own"):
        rows = rows | WorkOrder.objects.visible_to(staff, "tickets.read_own").filter(technician=staff)
    return rows


def order(request, pk, related=ORDER_PAGE):
    """One work order with its ticket, or 404: technicians see their own only (SPEC §1)."""
    return get_object_or_404(orders(request.user).select_related(*related), pk=pk)


def complaints(staff):
    """All complaints where the posting reads them; elsewhere those one handles or is to acknowledge."""
    found = Complaint.objects.visible_to(staff, "complaints.read")
    if staff.may("complaints.read_own"):
        own = Complaint.objects.visible_to(staff, "complaints.read_own")
        found = found | own.filter(Q(handler=staff) | Q(forward_to=staff))
    return found


def of_estate(request, model, permission):
    """Rows of the estate in view where the posting grants `permission`."""
    return model.objects.visible_to(request.user, permission).filter(estate=request.estate)


def latest_order(ticket):
    return ticket.work_orders.select_related("technician").order_by("-sequence").first()


def needs(verb):
    """The permissions that open the page of a move: for everybody's work, and for one's own."""
    rule = rules.MOVES[verb]
    return [permission for permission in (rule.permission, rule.own) if permission]
