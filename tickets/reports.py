"""What is read over many tickets. Every figure here is a filter of the list it opens."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, Sum

from office import clocks
from office.models import Promise, Staff
from tickets.models import CallbackTry, Ticket, WorkOrder


def repeat_candidates(*, estate, category, unit, asset, now, limit=5):
    """Earlier tickets of the same category at the same unit or asset within `estate.repeat_days` (SPEC §4.6)."""
    if unit is None and asset is None:
        return []
    place = {"unit": unit} if unit else {"asset": asset}
    since = now - timedelta(days=estate.repeat_days)
    return list(
        Ticket.objects.filter(
            estate=estate, category=category, opened_at__gte=since, opened_at__lte=now, **place
        )
        .exclude(state=Ticket.State.CANCELLED)
        .order_by("-opened_at", "-pk")[:limit]
    )


def fault_history(ticket, limit=8):
    """Earlier tickets of the same category at the same place, newest first; printed on the work order (SPEC §4.2)."""
    if ticket.unit_id is None and ticket.asset_id is None:
        return []
    place = {"unit_id": ticket.unit_id} if ticket.unit_id else {"asset_id": ticket.asset_id}
    return list(
        Ticket.objects.filter(category_id=ticket.category_id, opened_at__lt=ticket.opened_at, **place)
        .select_related("technician")
        .order_by("-opened_at", "-pk")[:limit]
    )


def technicians(estate_id):
    """Who can be dispatched at an estate, technicians first."""
    return (
        Staff.objects.posted_as(estate_id, "technician", "lead")
        .order_by("-postings__role", "name")
        .distinct()
    )


@dataclass
class Load:
    """A technician's day: open work orders and hours in agreed windows."""

    technician: object
    orders: int = 0
    hours: object = None


def load(estate, day):
    """{staff id: Load} of the local date `day`: one query (SPEC §4.2, dispatch shows the load)."""
    start, end = clocks.midnight(day, estate.zone), clocks.end_of_day(day, estate.zone)
    rows = (
        WorkOrder.objects.filter(
            estate=estate,
            technician__isnull=False,
            window_from__gte=start,
            window_from__lt=end,
            ended_at__isnull=True,
        )
        .values("technician_id")
        .annotate(orders=Count("id"), time=Sum(F("window_to") - F("window_from")))
    )
    return {row["technician_id"]: (row["orders"], row["time"]) for row in rows}


def day_orders(estate, day, technician_ids=None):
    """Dispatched work orders whose window begins on `day`, in visit order."""
    start, end = clocks.midnight(day, estate.zone), clocks.end_of_day(day, estate.zone)
    orders = WorkOrder.objects.filter(
        estate=estate,
        technician__isnull=False,
        window_from__gte=start,
        window_from__lt=end,
        ticket__closed_at__isnull=True,
    )
    if technician_ids:
        orders = orders.filter(technician_id__in=technician_ids)
    return orders.select_related(
        "ticket__category", "ticket__unit__building", "ticket__asset", "ticket__estate", "technician"
    ).order_by("technician__name", F("visit_order").asc(nulls_last=True), "window_from", "pk")


def callback_queue(staff, estate_id, now, limit=50):
    """Tickets that owe a callback, the most urgent first, without the jobs `staff` did themselves (SPEC §4.4)."""
    return (
        Ticket.objects.filter(estate_id=estate_id, state=Ticket.State.DONE, closed_at__isnull=True)
        .exclude(work_orders__technician=staff)
        .select_related("unit", "category", "technician", "estate", "asset", "reporter", "owner")
        .order_by(F("next_due_at").asc(nulls_last=True), "pk")[:limit]
    )


def month_bounds(day, zone):
    """[first moment, first moment of the next month) of the local month that contains `day`."""
    first = day.replace(day=1)
    return clocks.midnight(first, zone), clocks.midnight(clocks.add_months(first, 1), zone)


@dataclass(frozen=True)
class CallbackRate:
    """SPEC §4.4: kept ÷ owed among repairs completed in the month; on time is separate."""

    owed: int
    kept: int
    on_time: int
    unreachable: int

    @property
    def rate(self):
        return self.kept * 100 / self.owed if self.owed else None

    @property
    def on_time_rate(self):
        return self.on_time * 100 / self.owed if self.owed else None


def callback_promises(estate_id, start, end):
    """Callbacks owed for completions in [start, end). An extension replaces its promise and does not count twice."""
    return Promise.objects.filter(
        estate_id=estate_id, kind="callback", fact_at__gte=start, fact_at__lt=end
    ).exclude(outcome__in=[Promise.Outcome.EXTENDED, Promise.Outcome.CANCELLED])


def callback_rate(estate_id, start, end):
    kept = Q(outcome=Promise.Outcome.KEPT)
    row = callback_promises(estate_id, start, end).aggregate(
        owed=Count("id"),
        kept=Count("id", filter=kept),
        on_time=Count("id", filter=kept & Q(closed_at__lte=F("due_at"))),
        unreachable=Count("id", filter=Q(outcome=Promise.Outcome.UNREACHABLE)),
    )
    return CallbackRate(**row)


def callbacks_by_clerk(estate_id, start, end):
    """[(staff id, name, tries, reached)] of the month, for the queue's live figures."""
    rows = (
        CallbackTry.objects.filter(ticket__estate_id=estate_id, tried_at__gte=start, tried_at__lt=end)
        .values("by_id", "by__name")
        .annotate(tries=Count("id"), reached=Count("id", filter=~Q(outcome=CallbackTry.Outcome.NOT_REACHED)))
        .order_by("-tries")
    )
    return [(row["by_id"], row["by__name"], row["tries"], row["reached"]) for row in rows]


def clocks_of(subject_kind, ids):
    """{subject id: [open promises, earliest due first]} in one query, for pages that show every clock."""
    found = defaultdict(list)
    for promise in (
        Promise.objects.filter(subject_kind=subject_kind, subject_id__in=ids).open().order_by("due_at")
    ):
        found[promise.subject_id].append(promise)
    return found
