"""Lists over many repairs. What may be seen here, and the moves over several rows."""

from django.db.models.functions import Left
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import lists
from office.access import may
from tickets import columns
from tickets.models import CallbackTry, Ticket
from tickets.views import rows

SNIPPET = 90  # characters read of the problem


def listed(request):
    """Tickets of the estate in view, as the list reads them."""
    return rows.of_estate(request, Ticket, "tickets.read").annotate(problem_start=Left("problem", SNIPPET))


@may("tickets.read")
@require_http_methods(["GET", "POST"])
def tickets(request):
    bulk, actions = [], []
    if request.user.may("tickets.dispatch"):
        bulk.append(
            {
                "verb": "dispatch_many",
                "label": _("Dispatch to …"),
                "url": reverse("tickets:dispatch_many"),
                "icon": "send",
            }
        )
    if request.user.may("tickets.intake"):
        actions.append(
            {
                "verb": "take",
                "label": _("Take a repair"),
                "url": reverse("tickets:intake"),
                "icon": "plus",
                "key": "r",
                "style": "primary",
            }
        )
    if rows.wide(request):  # a technician belongs to an estate: nothing is dispatched over several
        bulk = []
    return lists.render(
        request,
        columns.over(columns.TICKETS, rows.wide(request)),
        rows.meant(request, Ticket, "tickets.read").annotate(problem_start=Left("problem", SNIPPET)),
        template="tickets/list.html",
        actions=actions,
        bulk=bulk,
    )


@may("tickets.read")
@require_GET
def promises(request):
    """Where the promises about repairs stood alone; bookmarks still lead here."""
    query = request.GET.copy()
    query.setdefault("about", Ticket.SUBJECT)
    return redirect(f"{reverse('office:board')}?{query.urlencode()}")


@may("tickets.read")
@require_http_methods(["GET", "POST"])
def callbacks_made(request):
    """Every try to call back: results, scores, by whom."""
    made = CallbackTry.objects.filter(ticket__estate_id__in=request.user.estate_ids("tickets.read"))
    if not rows.wide(request):
        made = made.filter(ticket__estate=request.estate)
    declared = columns.over(columns.CALLBACKS, rows.wide(request), "ticket__estate")
    return lists.render(request, declared, made, template="tickets/list.html")
