"""What is read over many tickets. Every figure here is a filter of the list it opens."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, Sum

from office import clocks, search
from office.models import Event, File, Promise, Staff, Unit
from office.models.by_hand import from_json
from tickets.models import (
    Asset,
    CallbackTry,
    Category,
    ComplaintCall,
    LogEntry,
    Request,
    Ticket,
    WorkLine,
    WorkOrder,
)


def is_repeat(*, estate, category, unit, asset, now):
    """Whether `repeat_candidates` finds any: every intake asks it."""
    if unit is None and asset is None:
        return False
    column, place = ("unit_id", unit.pk) if unit else ("asset_id", asset.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT EXISTS (SELECT FROM tickets_ticket
                WHERE {column} = %s AND category_id = %s AND estate_id = %s AND opened_at BETWEEN %s AND %s
                  AND state <> 'cancelled')""",  # noqa: S608  the column is one of ours
            [place, category.pk, estate.pk, now - timedelta(days=estate.repeat_days), now],
        )
        return cursor.fetchone()[0]


def repeat_candidates(*, estate, category, unit, asset, now, limit=5, other_than=None, only=None):
    """Earlier tickets of the same category at the same unit or asset within `estate.repeat_days` (SPEC §4.6)."""
    if unit is None and asset is None:
        return []
    place = {"unit": unit} if unit else {"asset": asset}
    since = now - timedelta(days=estate.repeat_days)
    found: Any = Ticket.objects.filter(
        estate=estate, category=category, opened_at__gte=since, opened_at__lte=now, **place
    ).exclude(state=Ticket.State.CANCELLED)
    if other_than:
        found = found.exclude(pk=other_than)
    if only:  # whether there is one is all that is asked
        found = found.values_list(only, flat=True)
    return list(found.order_by("-opened_at", "-pk")[:limit])


HISTORY = 8  # earlier tickets with the same fault, on a page


def fault_history(ticket, limit=HISTORY, only=()):
    """Earlier tickets of the same category at the same place, newest first; printed on the work order (SPEC §4.2).

    `only` names the fields that are shown, where not all of a ticket's sixty are.
    """
    if ticket.unit_id is None and ticket.asset_id is None:
        return []
    place = {"unit_id": ticket.unit_id} if ticket.unit_id else {"asset_id": ticket.asset_id}
    earlier = Ticket.objects.filter(category_id=ticket.category_id, opened_at__lt=ticket.opened_at, **place)
    earlier = earlier.order_by("-opened_at", "-pk")
    named = not only or any(name.startswith("technician") for name in only)
    earlier = earlier.select_related("technician") if named else earlier
    return list((earlier.only(*only) if only else earlier)[:limit])


@dataclass(frozen=True)
class Sheet:
    """What the page of a ticket always shows, and which other parts the ticket has at all: most have little."""

    orders: list[WorkOrder]
    promises: list[Promise]
    events: list[Event]
    log: list[LogEntry]  # the lines it came from, the first first
    history: list[
        Ticket
    ]  # earlier ones with the same fault, the newest first: number, day, state, technician
    tests: bool
    callbacks: bool
    requests: bool
    files: bool


# One statement of index look-ups: asked for one by one they cost five times as much, most of it for putting
# the questions together.
_SHEET = """
WITH earlier AS (
  SELECT id, number, opened_at, state, technician_id FROM tickets_ticket
  WHERE {place} = %(place)s AND category_id = %(category)s AND opened_at < %(opened)s
  ORDER BY opened_at DESC, id DESC LIMIT %(history)s)
SELECT json_build_object(
  'unit', (SELECT json_agg(unit) FROM (SELECT id, code FROM office_unit WHERE id = %(unit)s) AS unit),
  'asset', (SELECT json_agg(asset) FROM (
     SELECT id, name_zh_hant, name_zh_hans, name_en, place, in_service FROM tickets_asset WHERE id = %(asset)s) AS asset),
  'category', (SELECT json_agg(category) FROM (
     SELECT id, name_zh_hant, name_zh_hans, name_en FROM tickets_category WHERE id = %(category)s) AS category),
  'orders', (SELECT json_agg(errand ORDER BY sequence) FROM tickets_workorder AS errand WHERE ticket_id = %(id)s),
  'lines', (SELECT json_agg(line ORDER BY position, line.id) FROM tickets_workline AS line
     JOIN tickets_workorder AS errand ON errand.id = work_order_id WHERE ticket_id = %(id)s),
  'promises', (SELECT json_agg(promise ORDER BY due_at, id) FROM office_promise AS promise
     WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND outcome <> 'cancelled'),
  'events', (SELECT json_agg(event) FROM (
     SELECT * FROM office_event WHERE subject_kind = %(kind)s AND subject_id = %(id)s
     ORDER BY id DESC LIMIT %(events)s) AS event),
  'log', (SELECT json_agg(line) FROM (
     SELECT id, number, at FROM tickets_logentry
     WHERE became_kind = %(kind)s AND became_id = %(id)s AND NOT withdrawn ORDER BY at, id LIMIT 5) AS line),
  'history', (SELECT json_agg(earlier) FROM earlier),
  'staff', (SELECT json_agg(person) FROM (
     SELECT id, name, name_en FROM office_staff WHERE id IN (
       SELECT unnest(%(staff)s::bigint[])
       UNION SELECT technician_id FROM tickets_workorder WHERE ticket_id = %(id)s
       UNION SELECT technician_id FROM earlier
       UNION SELECT owner_id FROM office_promise WHERE subject_kind = %(kind)s AND subject_id = %(id)s)) AS person)
)::text,
EXISTS (SELECT FROM tickets_watertest WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM tickets_callbacktry WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM tickets_request WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM office_file WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND removed_at IS NULL)
"""


def sheet_of(ticket, events):
    """Read what the page of `ticket` shows, its last `events` included; the ticket's own relations are filled in."""
    place, at = ("unit_id", ticket.unit_id) if ticket.unit_id else ("asset_id", ticket.asset_id)
    values = {
        "id": ticket.pk, "kind": ticket.SUBJECT, "unit": ticket.unit_id, "asset": ticket.asset_id,
        "category": ticket.category_id, "staff": [ticket.owner_id, ticket.technician_id], "events": events,
        "place": at, "opened": ticket.opened_at, "history": HISTORY,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SHEET.replace("{place}", place), values)
        text, *parts = cursor.fetchone()
    read = json.loads(text, parse_float=Decimal)

    def rows(model, name):
        return [from_json(model, row) for row in read[name] or ()]

    staff = {person.pk: person for person in rows(Staff, "staff")}
    for name, model in (("unit", Unit), ("asset", Asset), ("category", Category)):
        setattr(ticket, name, next(iter(rows(model, name)), None))
    ticket.owner, ticket.technician = staff.get(ticket.owner_id), staff.get(ticket.technician_id)
    orders, promises, history = rows(WorkOrder, "orders"), rows(Promise, "promises"), rows(Ticket, "history")
    lines = rows(WorkLine, "lines")
    for order in orders:
        order.technician = staff.get(order.technician_id)
        order.used = [line for line in lines if line.work_order_id == order.pk]
    ticket.crew = {order.technician_id for order in orders}
    for promise in promises:
        promise.owner = staff.get(promise.owner_id)
    for old in history:
        old.technician = staff.get(old.technician_id)
    return Sheet(orders, promises, rows(Event, "events"), rows(LogEntry, "log"), history, *parts)


def technicians(*estate_ids):
    """Who can be dispatched at these estates, technicians first."""
    return (
        Staff.objects.filter(
            is_active=True, postings__estate_id__in=estate_ids, postings__role__in=("technician", "lead")
        )
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


CALLBACKS = ("callback", "complaint_callback")  # what the one queue of callbacks keeps


def callback_promises(estate_id, start, end, kinds=("callback",)):
    """Callbacks owed for completions in [start, end). An extension replaces its promise and does not count twice."""
    return Promise.objects.filter(
        estate_id=estate_id, kind__in=kinds, fact_at__gte=start, fact_at__lt=end
    ).exclude(outcome__in=[Promise.Outcome.EXTENDED, Promise.Outcome.CANCELLED])


def callback_rate(estate_id, start, end, kinds=("callback",)):
    kept = Q(outcome=Promise.Outcome.KEPT)
    row = callback_promises(estate_id, start, end, kinds).aggregate(
        owed=Count("id"),
        kept=Count("id", filter=kept),
        on_time=Count("id", filter=kept & Q(closed_at__lte=F("due_at"))),
        unreachable=Count("id", filter=Q(outcome=Promise.Outcome.UNREACHABLE)),
    )
    return CallbackRate(**row)


def callbacks_by_clerk(estate_id, start, end):
    """[(staff id, name, tries, reached)] of the month about repairs and complaints, for the queue's live figures."""
    made = CallbackTry.objects.filter(ticket__estate_id=estate_id)
    about = ComplaintCall.objects.filter(
        complaint__estate_id=estate_id, purpose=ComplaintCall.Purpose.CALLBACK
    )
    reached = Count("id", filter=~Q(outcome=CallbackTry.Outcome.NOT_REACHED))
    found: dict = {}
    for tries in (made, about):
        rows = tries.filter(tried_at__gte=start, tried_at__lt=end).order_by().values("by_id", "by__name")
        for row in rows.annotate(tries=Count("id"), reached=reached):
            _pk, _name, so_far, with_answer = found.get(row["by_id"], (0, "", 0, 0))
            found[row["by_id"]] = (
                row["by_id"], row["by__name"], so_far + row["tries"], with_answer + row["reached"],
            )  # fmt: skip
    return sorted(found.values(), key=lambda row: (-row[2], row[0]))


def clocks_of(subject_kind, ids):
    """{subject id: [open promises, earliest due first]} in one query, for pages that show every clock."""
    found = defaultdict(list)
    for promise in (
        Promise.objects.filter(subject_kind=subject_kind, subject_id__in=ids)
        .open()
        .select_related("owner")
        .order_by("due_at")
    ):
        found[promise.subject_id].append(promise)
    return found


# --- home: what is owed to whom ------------------------------------------------------------------------------


def own_orders(staff):
    """Work orders of a technician that have not come back, the earliest window first."""
    return (
        WorkOrder.objects.visible_to(staff)
        .filter(technician=staff, ended_at__isnull=True, ticket__closed_at__isnull=True)
        .select_related("ticket__unit", "ticket__category", "ticket__asset", "ticket__estate")
        .order_by("window_from", "visit_order", "pk")
    )


def requests_to_decide(staff, limit=30):
    """Requests that wait for somebody who may approve; not one's own (SPEC §4.3)."""
    return list(
        Request.objects.filter(
            state=Request.State.ASKED,
            ticket__closed_at__isnull=True,  # an ended ticket needs no answer any more
            ticket__estate_id__in=staff.estate_ids("tickets.approve"),
        )
        .exclude(asked_by=staff)
        .select_related("ticket__unit", "ticket__estate", "asked_by", "promise")
        .order_by("asked_at")[:limit]
    )


def fault_histories(tickets, limit=3):
    """{ticket id: earlier tickets of the same category and place} for many sheets in one query."""
    units = {ticket.unit_id for ticket in tickets if ticket.unit_id}
    assets = {ticket.asset_id for ticket in tickets if ticket.asset_id}
    if not units and not assets:
        return {}
    earlier = defaultdict(list)
    rows = Ticket.objects.filter(
        Q(unit_id__in=units) | Q(unit__isnull=True, asset_id__in=assets),
        category_id__in={ticket.category_id for ticket in tickets},
    ).order_by("-opened_at", "-pk")
    for row in rows:
        earlier[row.category_id, row.unit_id, None if row.unit_id else row.asset_id].append(row)
    return {
        ticket.pk: [
            row
            for row in earlier[
                ticket.category_id, ticket.unit_id, None if ticket.unit_id else ticket.asset_id
            ]
            if row.opened_at < ticket.opened_at
        ][:limit]
        for ticket in tickets
    }


def keys_of_tickets():
    """(id, estate, search keys) of every ticket, for `reindex`: its number, and its number in another system."""
    rows = Ticket.objects.values_list("pk", "estate_id", "number", "source_number")
    for pk, estate_id, number, source_number in rows.iterator(chunk_size=5_000):
        yield pk, estate_id, search.keys_of_number(number) | search.keys_of_number(source_number)


def signature(order):
    """The resident's signature drawn when the work ended, or None: the name typed stands for it."""
    rows = File.objects.filter(subject_kind=WorkOrder.SUBJECT, subject_id=order.pk, kind="signature")
    return rows.filter(removed_at__isnull=True).order_by("-pk").first() if order.ended_at else None
