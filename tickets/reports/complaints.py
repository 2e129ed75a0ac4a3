"""What is read over many complaints: repeats, people and causes that come again, the figures of now and of a month."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q

from office import phones, search
from office.models import Promise, Staff
from office.roles import ROLES
from tickets import complaints as rules
from tickets.models import Complaint, ComplaintCall

__all__ = [
    "ComplaintFigures",
    "ComplaintMonth",
    "complaint_figures",
    "complaint_handlers",
    "complaint_owners",
    "complaint_repeats",
    "complaints_of",
    "complaints_of_month",
    "keys_of_complaint",
    "keys_of_complaints",
    "recurring_causes",
    "repeated_complainants",
]  # fmt: skip

State = Complaint.State


def keys_of_complaint(complaint):
    """What a complaint is found by: its whole number, and the whole telephone of somebody the register does not know
    (as with lines of the log: the tails belong to the household)."""
    keys = search.keys_of_number(complaint.number)
    if complaint.phone and not complaint.complainant_id:
        digits = phones.read(complaint.phone, complaint.estate.country)
        keys |= search.keys_of_phone(digits) if digits else set()
    return {(kind, key) for kind, key in keys if kind in ("number", "phone")}


def keys_of_complaints():
    """(id, estate, keys) of every complaint, for `reindex`."""
    rows = Complaint.objects.select_related("estate").order_by("pk")
    for row in rows.iterator(chunk_size=2_000):
        yield row.pk, row.estate_id, keys_of_complaint(row)


def complaints_of(staff):
    """The complaints `staff` may open: of the estates where he reads them, and those he handles or that name him."""
    own = Q(handler=staff) | Q(forward_to=staff) | Q(acknowledged_by=staff)
    return Complaint.objects.filter(
        Q(estate_id__in=staff.estate_ids(rules.READ))
        | (Q(estate_id__in=staff.estate_ids("complaints.read_own")) & own)
    )


def _with(*permissions):
    return [name for name, role in ROLES.items() if role.permissions & set(permissions)]


def complaint_handlers(estate_id):
    """Staff of the estate who may be made responsible for a complaint."""
    return Staff.objects.posted_as(estate_id, *_with(rules.HANDLE, rules.OWN)).order_by("name", "pk")


def complaint_owners(estate_id):
    """Staff of the estate to whom a complaint may be handed over: they tell the resident."""
    return Staff.objects.posted_as(estate_id, *_with("complaints.tell")).order_by("name", "pk")


def complaint_repeats(*, estate, cause, unit, complainant, now, other_than=None):
    """Earlier complaints about the same cause from the same household or person, within `estate.repeat_days`."""
    who = Q()
    if unit is not None:
        who |= Q(unit=unit)
    if complainant is not None:
        who |= Q(complainant=complainant)
    if not who:
        return Complaint.objects.none()
    since = now - timedelta(days=estate.repeat_days)
    found = Complaint.objects.filter(
        who, estate=estate, cause=cause, opened_at__gte=since, opened_at__lte=now
    ).exclude(state=State.WITHDRAWN)
    if other_than:
        found = found.exclude(pk=other_than)
    return found.order_by("-opened_at", "-pk")


# --- now -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ComplaintFigures:
    """Open complaints at one moment. Each number is a filter of the list of complaints."""

    open: int = 0
    late: int = 0
    harm: int = 0
    unacknowledged: int = 0
    to_tell: int = 0
    callbacks: int = 0
    by_class: dict[str, int] = field(default_factory=dict)


def complaint_figures(estate_ids, now):
    """What is open at these estates now: one query over the open ones."""
    classes = {f"class_{klass}": Count("pk", filter=Q(klass=klass)) for klass in Complaint.Klass.values}
    found = (
        Complaint.objects.filter(estate_id__in=estate_ids)
        .open()
        .aggregate(
            open=Count("pk"),
            late=Count("pk", filter=Q(next_due_at__lte=now)),
            harm=Count("pk", filter=Q(harm_now=True, harm_stopped_at__isnull=True)),
            unacknowledged=Count(
                "pk", filter=~Q(klass=Complaint.Klass.MINOR) & Q(acknowledged_at__isnull=True)
            ),
            to_tell=Count("pk", filter=Q(state=State.REPORTED)),
            callbacks=Count("pk", filter=Q(state=State.TOLD)),
            **classes,
        )
    )
    by_class = {klass: found.pop(f"class_{klass}") for klass in Complaint.Klass.values}
    return ComplaintFigures(**found, by_class=by_class)


# --- a month ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """Promises of one kind that began in the period: owed, kept, kept in time."""

    owed: int = 0
    kept: int = 0
    on_time: int = 0

    @property
    def rate(self):
        return self.kept / self.owed if self.owed else None

    @property
    def on_time_rate(self):
        return self.on_time / self.owed if self.owed else None


@dataclass(frozen=True)
class ComplaintMonth:
    """Complaints received in [start, end) and what was promised in it. Keys are ids and the models' own words."""

    received: int
    by_class: Counter
    by_cause: Counter  # id of the cause
    by_department: Counter
    by_building: Counter  # id of the building, None for public places
    by_fault: Counter  # of those with a result
    by_state: Counter
    valid: int
    invalid: int
    repeats: int
    reopened: int
    closed: int  # ended in the period, whenever received
    satisfied: int  # callbacks in the period
    not_satisfied: int
    promises: dict[str, Kept]
    recurring: list[dict[str, Any]]
    complainants: list[dict[str, Any]]


_AXES = ("klass", "cause", "department", "building", "fault", "state", "valid", "is_repeat")


def complaints_of_month(estate_id, start, end, *, least=3):
    """The month's summary of one estate (SPEC §4.8, §5.6). Six queries, whatever the number of complaints."""
    received = Complaint.objects.filter(estate_id=estate_id, opened_at__gte=start, opened_at__lt=end)
    counts = {axis: Counter[Any]() for axis in _AXES}
    reopened = total = 0
    for row in received.values(*_AXES).annotate(n=Count("pk"), again=Count("pk", filter=Q(rounds__gt=1))):
        total += row["n"]
        reopened += row["again"]
        for axis in _AXES:
            counts[axis][row[axis]] += row["n"]
    counts["fault"].pop("", None)
    answers = dict(
        ComplaintCall.objects.filter(
            complaint__estate_id=estate_id,
            purpose=ComplaintCall.Purpose.CALLBACK,
            tried_at__gte=start,
            tried_at__lt=end,
        )
        .values("outcome")
        .annotate(n=Count("pk"))
        .values_list("outcome", "n")
        .order_by("outcome")
    )
    return ComplaintMonth(
        received=total,
        by_class=counts["klass"],
        by_cause=counts["cause"],
        by_department=counts["department"],
        by_building=counts["building"],
        by_fault=counts["fault"],
        by_state=counts["state"],
        valid=counts["valid"][True],
        invalid=counts["valid"][False],
        repeats=counts["is_repeat"][True],
        reopened=reopened,
        closed=Complaint.objects.filter(estate_id=estate_id, closed_at__gte=start, closed_at__lt=end).count(),
        satisfied=answers.get(ComplaintCall.Outcome.SATISFIED, 0),
        not_satisfied=answers.get(ComplaintCall.Outcome.NOT_SATISFIED, 0),
        promises=_kept(estate_id, start, end),
        recurring=recurring_causes(estate_id, start, end, least=least),
        complainants=repeated_complainants(estate_id, start, end),
    )


def _kept(estate_id, start, end):
    """{kind: Kept} of the promises whose fact lies in [start, end); extended and dropped ones are owed no more."""
    kept = Q(outcome=Promise.Outcome.KEPT)
    rows: Any = (
        Promise.objects.filter(estate_id=estate_id, kind__in=rules.KINDS, fact_at__gte=start, fact_at__lt=end)
        .exclude(outcome__in=[Promise.Outcome.EXTENDED, Promise.Outcome.CANCELLED])
        .values("kind")
        .annotate(
            owed=Count("pk"),
            kept=Count("pk", filter=kept),
            on_time=Count("pk", filter=kept & Q(closed_at__lte=F("due_at"))),
        )
        .order_by("kind")
    )
    found = {row.pop("kind"): Kept(**row) for row in rows}
    return {kind: found.get(kind, Kept()) for kind in rules.KINDS}


def recurring_causes(estate_id, start, end, *, least=3):
    """[{cause, building, n}]: the same cause at the same building `least` times or more, the most frequent first."""
    rows = (
        Complaint.objects.filter(estate_id=estate_id, opened_at__gte=start, opened_at__lt=end)
        .exclude(state=State.WITHDRAWN)
        .values("cause", "building")
        .annotate(n=Count("pk"))
        .filter(n__gte=least)
        .order_by("-n", "cause", "building")
    )
    return list(rows)


def repeated_complainants(estate_id, start, end, *, least=2):
    """[{unit, complainant, n}]: households and people of the register who complained `least` times or more."""
    rows = (
        Complaint.objects.filter(estate_id=estate_id, opened_at__gte=start, opened_at__lt=end)
        .filter(Q(unit__isnull=False) | Q(complainant__isnull=False))
        .values("unit", "complainant")
        .annotate(n=Count("pk"))
        .filter(n__gte=least)
        .order_by("-n", "unit", "complainant")
    )
    return list(rows)
