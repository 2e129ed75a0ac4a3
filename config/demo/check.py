"""Whether what was loaded is what the office would have written: clocks by their rules, a promise for every state
that owes one, numbers without gaps. Reads the database only, so it judges any data, not just the demonstration's."""

from collections import Counter, defaultdict

from django.db.models import Count, Max

from office import clocks, promises
from office.models import Estate, Event, Promise, Series
from office.models.promises import Measure
from tickets import complaints
from tickets.models import Complaint, Ticket

OWED = {"dispatched": "arrival", "waiting": "waiting", "testing": "water_test", "done": "callback"}
OWED_BY = {"reported": complaints.TELL, "told": complaints.CALLBACK}
MOST = 20  # sentences


def problems():
    """Sentences, at most 20; empty when everything holds."""
    found = []
    for estate in Estate.objects.order_by("pk"):
        owed: dict[int, list[Promise]] = defaultdict(list)
        found += _promises(estate, owed, Ticket.SUBJECT)
        found += _tickets(estate, owed)
        complained: dict[int, list[Promise]] = defaultdict(list)
        found += _promises(estate, complained, Complaint.SUBJECT)
        found += _complaints(estate, complained)
        found += _numbers(estate)
    return found[:MOST]


def _promises(estate, owed, subject):
    """Each due time is what the rule in force makes of its fact; fills `owed` with the open ones by their matter."""
    rules, found = {}, []
    rows = Promise.objects.filter(estate=estate, subject_kind=subject)
    for row in rows.iterator(chunk_size=5_000):
        agreed = row.due_at if row.measure == Measure.AT else None
        if agreed is None:
            if row.rule_key not in rules:
                rules[row.rule_key] = promises.rule_at(estate.pk, row.rule_key, row.fact_at)
            if (row.amount, row.measure) != rules[row.rule_key]:
                found.append(f"{row}: not the rule in force")
        times = clocks.limit(
            fact_at=row.fact_at, amount=row.amount, measure=row.measure, zone=estate.zone, closes_at=estate.closes_at,
            agreed=agreed,
        )  # fmt: skip
        director_at = times.director_at if promises.KINDS[row.kind].climbs_to_director else None
        if (row.due_at, row.warn_at, row.director_at) != (times.due_at, times.warn_at, director_at):
            found.append(f"{row}: due {row.due_at}, by its rule {times.due_at}")
        if row.closed_at is None:
            owed[row.subject_id].append(row)
    return found


def _tickets(estate, owed):
    """Each open ticket owes what its state says, from the right fact; a closed one owes nothing."""
    found = []
    for ticket in Ticket.objects.filter(estate=estate, source="").iterator(chunk_size=5_000):
        rows = owed.get(ticket.pk, [])
        kind = OWED.get(ticket.state) if ticket.is_open else None
        if ticket.is_open and ticket.state == Ticket.State.WAITING:
            # Who waits before arriving still owes the arrival: its clock runs on.
            rows = sorted((row for row in rows if row.kind != "arrival"), key=lambda row: row.due_at)
        if [row.kind for row in rows] != ([kind] if kind else []):
            found.append(f"{ticket}: {ticket.state} owes {[row.kind for row in rows]}")
            continue
        if ticket.next_due_at != min((row.due_at for row in owed.get(ticket.pk, [])), default=None):
            found.append(f"{ticket}: next due {ticket.next_due_at}")
        if rows and rows[0].extends_id is None and not _counts_from(ticket, rows[0], estate):
            found.append(f"{ticket}: {kind} does not count from its fact")
    return found


def _complaints(estate, owed):
    """Each open complaint owes what its class and state say, a closed one nothing; numbers without gaps."""
    found: list[str] = []
    taken: Counter[int] = Counter()
    for row in Complaint.objects.filter(estate=estate).iterator(chunk_size=5_000):
        taken[int(row.number[1:5])] += 1
        kinds = set(complaints.owed(row)) if row.is_open else set()
        kinds |= {OWED_BY[row.state]} if row.state in OWED_BY else set()
        mine = owed.get(row.pk, [])
        if {promise.kind for promise in mine} != kinds or len(mine) != len(kinds):
            found.append(f"{row}: {row.state} owes {sorted(promise.kind for promise in mine)}")
        if row.next_due_at != min((promise.due_at for promise in mine), default=None):
            found.append(f"{row}: next due {row.next_due_at}")
    counters = dict(Series.objects.filter(estate=estate, kind="complaint").values_list("year", "last"))
    if counters != dict(taken):
        found.append(f"{estate.code}: numbers of complaints taken {dict(taken)}, counters {counters}")
    return found


def _counts_from(ticket, promise, estate):
    if promise.kind == "callback":
        return promise.fact_at == ticket.done_at
    if promise.kind == "water_test":
        return promise.fact_at == ticket.work_ended_at
    if promise.kind == "arrival":
        return promise.due_at == ticket.window_to and promise.owner_id == ticket.technician_id
    return promise.due_at == clocks.end_of_day(ticket.waiting_until, estate.zone)


def _numbers(estate):
    """The counter stands at the last number, and no number is missing; every ticket has its first line."""
    found: list[str] = []
    taken: Counter[int] = Counter()
    for number in Ticket.objects.filter(estate=estate).values_list("number", flat=True).iterator():
        taken[int(number[1:5])] += 1
    counters = dict(Series.objects.filter(estate=estate, kind="ticket").values_list("year", "last"))
    if counters != dict(taken):
        found.append(f"{estate.code}: numbers taken {dict(taken)}, counters {counters}")
    told = Event.objects.filter(estate_id=estate.pk, verb__in=["ticket.taken", "ticket.imported"]).aggregate(
        lines=Count("id"), tickets=Count("subject_id", distinct=True), last=Max("at")
    )
    if not told["lines"] == told["tickets"] == sum(taken.values()):
        found.append(f"{estate.code}: {told} for {sum(taken.values())} tickets")
    return found
