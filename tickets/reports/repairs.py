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
from office.models import Event, Promise, Staff, Unit
from office.models.by_hand import from_json
from tickets.models import Asset, CallbackTry, Category, Request, Ticket, WorkLine, WorkOrder


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


def fault_history(ticket, limit=8, only=()):
    """Earlier tickets of the same category at the same place, newest first; printed on the work order (SPEC §4.2).

    `only` names the fields that are shown, where not all of a ticket's sixty are.
    """
    if ticket.unit_id is None and ticket.asset_id is None:
        return []
    place = {"unit_id": ticket.unit_id} if ticket.unit_id else {"asset_id": ticket.asset_id}
    earlier = Ticket.objects.filter(category_id=ticket.category_id, opened_at__lt=ticket.opened_at, **place)
    earlier = earlier.select_related("technician").order_by("-opened_at", "-pk")
    return list((earlier.only(*only) if only else earlier)[:limit])


@dataclass(frozen=True)
class Sheet:
    """What the page of a ticket always shows, and which other parts the ticket has at all: most have little."""

    orders: list[WorkOrder]
    promises: list[Promise]
    events: list[Event]
    tests: bool
    callbacks: bool
    requests: bool
    files: bool
    history: bool


# One statement of index look-ups: asked for one by one they cost five times as much, most of it for putting
# the questions together.
_SHEET = """
SELECT json_build_object(
  'unit', (SELECT json_agg(unit) FROM (SELECT id, code FROM office_unit WHERE id = %(unit)s) AS unit),
  'asset', (SELECT json_agg(asset) FROM (
     SELECT id, name_zh_hant, name_zh_hans, name_en, place FROM tickets_asset WHERE id = %(asset)s) AS asset),
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
  'staff', (SELECT json_agg(person) FROM (
     SELECT id, name, name_en FROM office_staff WHERE id IN (
       SELECT unnest(%(staff)s::bigint[])
       UNION SELECT technician_id FROM tickets_workorder WHERE ticket_id = %(id)s
       UNION SELECT owner_id FROM office_promise WHERE subject_kind = %(kind)s AND subject_id = %(id)s)) AS person)
)::text,
EXISTS (SELECT FROM tickets_watertest WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM tickets_callbacktry WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM tickets_request WHERE ticket_id = %(id)s),
EXISTS (SELECT FROM office_file WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND removed_at IS NULL),
EXISTS (SELECT FROM tickets_ticket WHERE {place} = %(place)s AND category_id = %(category)s AND opened_at < %(opened)s)
"""


def sheet_of(ticket, events):
    """Read what the page of `ticket` shows, its last `events` included; the ticket's own relations are filled in."""
    place, at = ("unit_id", ticket.unit_id) if ticket.unit_id else ("asset_id", ticket.asset_id)
    values = {
        "id": ticket.pk, "kind": ticket.SUBJECT, "unit": ticket.unit_id, "asset": ticket.asset_id,
        "category": ticket.category_id, "staff": [ticket.owner_id, ticket.technician_id], "events": events,
        "place": at, "opened": ticket.opened_at,
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
    orders, promises = rows(WorkOrder, "orders"), rows(Promise, "promises")
    lines = rows(WorkLine, "lines")
    for order in orders:
        order.technician = staff.get(order.technician_id)
        order.used = [line for line in lines if line.work_order_id == order.pk]
    ticket.crew = {order.technician_id for order in orders}
    for promise in promises:
        promise.owner = staff.get(promise.owner_id)
    return Sheet(orders, promises, rows(Event, "events"), *parts)


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
        Promise.objects.filter(subject_kind=subject_kind, subject_id__in=ids)
        .open()
        .select_related("owner")
        .order_by("due_at")
    ):
        found[promise.subject_id].append(promise)
    return found


# --- the dashboard: each figure is a filter of the list it opens ---------------------------------------------


@dataclass(frozen=True)
class PromiseFigures:
    """Promises of one kind: open ones by lateness, and those that ended in the month."""

    overdue: int = 0
    today: int = 0
    open: int = 0
    kept: int = 0
    on_time: int = 0
    unreachable: int = 0


def promise_figures(estate_id, kinds, now, tonight, start, end):
    """{kind: PromiseFigures}: what is open now, and what ended in [start, end). Two queries."""
    about = Promise.objects.filter(estate_id=estate_id, subject_kind=Ticket.SUBJECT, kind__in=kinds)
    found: dict[str, dict] = {kind: {} for kind in kinds}
    waiting = about.filter(closed_at__isnull=True).values("kind")
    open_now: Any = waiting.annotate(
        overdue=Count("id", filter=Q(due_at__lte=now)),
        today=Count("id", filter=Q(due_at__gt=now, due_at__lte=tonight)),
        open=Count("id"),
    ).order_by("kind")
    for row in open_now:
        found[row.pop("kind")].update(row)
    ended = about.filter(closed_at__gte=start, closed_at__lt=end).values("kind")
    kept = Q(outcome=Promise.Outcome.KEPT)
    over: Any = ended.annotate(
        kept=Count("id", filter=kept),
        on_time=Count("id", filter=kept & Q(closed_at__lte=F("due_at"))),
        unreachable=Count("id", filter=Q(outcome=Promise.Outcome.UNREACHABLE)),
    ).order_by("kind")
    for row in over:
        found[row.pop("kind")].update(row)
    return {kind: PromiseFigures(**row) for kind, row in found.items()}


@dataclass(frozen=True)
class Board:
    """All figures of the dashboard. Each is a filter of the list it opens (tests/tickets hold them against the lists)."""

    promises: dict[str, PromiseFigures]
    callbacks: CallbackRate
    answers: dict[tuple[str, int | None], int]  # (outcome, score or None) → tries in the month
    opened: list[dict[str, Any]]  # {category, building, is_repeat, n} of tickets opened in the month
    open: list[dict[str, Any]]  # {state, technician, n} of open tickets
    ages: list[int]  # open tickets in each of the asked ages
    technicians: dict[int, tuple[str, str]]  # id → name, English name
    categories: dict[int, tuple[str, str, str]]
    buildings: dict[int, tuple[str, str]]  # id → words, sort key


# One statement of indexed ranges: what is open (partial indexes), and one month of what ended. Years of history
# behind it are not read.
_BOARD = """
WITH waiting AS (
  SELECT kind, count(*) AS open, count(*) FILTER (WHERE due_at <= %(now)s) AS overdue,
         count(*) FILTER (WHERE due_at > %(now)s AND due_at <= %(tonight)s) AS today
  FROM office_promise
  WHERE estate_id = %(estate)s AND closed_at IS NULL AND subject_kind = %(subject)s AND kind = ANY(%(kinds)s)
  GROUP BY kind
), ended AS (
  SELECT kind, count(*) FILTER (WHERE outcome = 'kept') AS kept,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = ANY(%(kinds)s) AND subject_kind = %(subject)s
    AND closed_at >= %(start)s AND closed_at < %(end)s
  GROUP BY kind
), callbacks AS (
  SELECT count(*) AS owed, count(*) FILTER (WHERE outcome = 'kept') AS kept,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = 'callback' AND fact_at >= %(start)s AND fact_at < %(end)s
    AND outcome NOT IN ('extended', 'cancelled')
), answers AS (
  SELECT t.outcome, t.score, count(*) AS n
  FROM tickets_callbacktry t JOIN tickets_ticket ON tickets_ticket.id = t.ticket_id
  WHERE tickets_ticket.estate_id = %(estate)s AND t.tried_at >= %(start)s AND t.tried_at < %(end)s
  GROUP BY t.outcome, t.score
), opened AS (
  SELECT category_id AS category, building_id AS building, is_repeat, count(*) AS n
  FROM tickets_ticket
  WHERE estate_id = %(estate)s AND opened_at >= %(start)s AND opened_at < %(end)s
  GROUP BY category_id, building_id, is_repeat
), open AS (
  SELECT state, technician_id AS technician, count(*) AS n, {ages}
  FROM tickets_ticket WHERE estate_id = %(estate)s AND closed_at IS NULL
  GROUP BY state, technician_id ORDER BY state, technician_id
)
SELECT (SELECT json_agg(waiting) FROM waiting), (SELECT json_agg(ended) FROM ended),
       (SELECT row_to_json(callbacks) FROM callbacks), (SELECT json_agg(answers) FROM answers),
       (SELECT json_agg(opened) FROM opened), (SELECT json_agg(open) FROM open),
       (SELECT json_agg(json_build_array(id, name, name_en)) FROM office_staff
         WHERE id IN (SELECT technician FROM open)),
       (SELECT json_agg(json_build_array(id, name_zh_hant, name_zh_hans, name_en)) FROM tickets_category
         WHERE id IN (SELECT category FROM opened)),
       (SELECT json_agg(json_build_array(id, coalesce(nullif(name, ''), code), sort_key)) FROM office_building
         WHERE id IN (SELECT building FROM opened))
"""


def board(*, estate_id, kinds, now, tonight, start, end, ages):
    """The dashboard in one statement; `ages` are (opened at or after or None, opened before)."""
    values = {
        "estate": estate_id, "subject": Ticket.SUBJECT, "kinds": list(kinds), "now": now, "tonight": tonight,
        "start": start, "end": end,
    }  # fmt: skip
    columns = []
    for at, (since, before) in enumerate(ages):
        values[f"before_{at}"], within = before, f"opened_at < %(before_{at})s"
        if since is not None:
            values[f"since_{at}"], within = since, f"{within} AND opened_at >= %(since_{at})s"
        columns.append(f"count(*) FILTER (WHERE {within}) AS age_{at}")
    with connection.cursor() as cursor:
        cursor.execute(_BOARD.replace("{ages}", ", ".join(columns)), values)
        read = cursor.fetchone()
    parts: list[Any] = [json.loads(part) if isinstance(part, str) else part or [] for part in read]
    waiting, ended, callbacks, answers, opened, unfinished, staff, categories, buildings = parts
    figures: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    for row in (*waiting, *ended):
        figures[row.pop("kind")].update(row)
    return Board(
        promises={kind: PromiseFigures(**row) for kind, row in figures.items()},
        callbacks=CallbackRate(**callbacks),
        answers={(row["outcome"], row["score"]): row["n"] for row in answers},
        opened=opened,
        open=unfinished,
        ages=[sum(row[f"age_{at}"] for row in unfinished) for at in range(len(ages))],
        technicians={pk: tuple(names) for pk, *names in staff},
        categories={pk: tuple(names) for pk, *names in categories},
        buildings={pk: tuple(words) for pk, *words in buildings},
    )


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
