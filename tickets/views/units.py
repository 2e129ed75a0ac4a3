"""What the household page shows of repairs: a panel it loads by its address (SPEC §2)."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from office import lists
from office.access import may
from office.models import Unit
from tickets import columns, reports
from tickets.models import Ticket
from tickets.views.ticket import clock

ENDED, TRIES = 5, 5  # ended tickets and callbacks shown


@may("tickets.read")
@require_GET
def unit_panel(request, pk):
    """Open repairs of a unit with their clocks, the last ended ones, the last callbacks."""
    unit = get_object_or_404(
        Unit.objects.visible_to(request.user, "tickets.read").select_related("estate"), pk=pk
    )
    open_rows = list(reports.open_of_unit(unit.pk))
    owed = reports.clocks_of(Ticket.SUBJECT, [row.pk for row in open_rows])
    zone = unit.estate.zone
    context = {
        "unit": unit,
        "open_rows": [
            _line(row) | {"clocks": [clock(promise, request.now, zone) for promise in owed[row.pk]]}
            for row in open_rows
        ],
        "ended": [_line(row) for row in reports.ended_of_unit(unit.pk, ENDED)],
        "callbacks": [(row, lists.stamp(row.tried_at)) for row in reports.callbacks_of_unit(unit.pk, TRIES)],
        "may_take": request.user.may("tickets.intake", unit.estate_id),
    }
    return render(request, "tickets/unit_panel.html", context)


def _line(row):
    return {
        "ticket": row,
        "state": columns.state_label(row.state),
        "tone": columns.TONES[row.state],
        "opened": lists.stamp(row.opened_at),
        "ended": lists.stamp(row.closed_at) if row.closed_at else "",
    }
