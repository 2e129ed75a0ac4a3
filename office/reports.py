"""What is read over many rows of the office."""

from dataclasses import dataclass, fields
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q

from office.models import DepartmentHead, Heartbeat, Message, Promise
from office.roles import DIRECTORS, HEADS


def heartbeats():
    """{"worker": datetime, "beat": datetime}"""
    return dict(Heartbeat.objects.values_list("name", "at"))


def oldest_due(now):
    """When the most neglected escalation step was due; None when nothing is waiting."""
    return (
        Promise.objects.filter(next_step_at__lte=now)
        .order_by("next_step_at")
        .values_list("next_step_at", flat=True)
        .first()
    )


def oldest_unsent(now):
    """Since when the most neglected message should have left; None when all that is due has left."""
    waiting = Message.objects.filter(
        state__in=[Message.State.QUEUED, Message.State.SENDING], send_after__lte=now
    )
    return waiting.order_by("send_after").values_list("send_after", flat=True).first()


def desk_counts(staff, now):
    """{"bell": unread notices, "overdue": promises owed and past due} of one person, in one query."""
    with (
        connection.cursor() as cursor
    ):  # by hand: every page asks this, and putting it together cost as much again
        cursor.execute(
            f"""SELECT (SELECT count(*) FROM {Message._meta.db_table}
                         WHERE staff_id = %(staff)s AND channel = 'desk' AND read_at IS NULL),
                       (SELECT count(*) FROM {Promise._meta.db_table}
                         WHERE owner_id = %(staff)s AND closed_at IS NULL AND due_at <= %(now)s)""",  # noqa: S608
            {"staff": staff.pk, "now": now},
        )
        bell, overdue = cursor.fetchone()
    return {"bell": bell, "overdue": overdue}


# --- what is owed (SPEC §1: each person's home page is the list of promises they owe) -------------------------


def owed_by(staff, limit=50):
    """Open promises `staff` owns, the most urgent first."""
    rows = Promise.objects.open().filter(owner=staff).select_related("estate").order_by("due_at", "pk")
    return list(rows[:limit])


def headed_by(staff):
    """{(estate id, department)} that `staff` answers for: head, deputy of a vacant chair, else the supervisor."""
    estates = staff.estate_ids()
    found = set()
    for row in DepartmentHead.objects.filter(estate_id__in=estates):
        chief = row.head_id or row.deputy_id
        supervises = chief is None and any(role in HEADS for role in staff.roles_at(row.estate_id))
        if chief == staff.pk or row.deputy_id == staff.pk or supervises:
            found.add((row.estate_id, row.department))
    return found


def escalated_to(staff, departments, limit=50):
    """Open promises of others that climbed to `staff` as head of `departments`, or as director."""
    climbed = Q(pk__in=[])
    for estate_id, department in departments:
        climbed |= Q(level__gte=Promise.Level.HEAD, estate_id=estate_id, department=department)
    directs = [pk for pk in staff.estate_ids() if any(role in DIRECTORS for role in staff.roles_at(pk))]
    if directs:
        climbed |= Q(level__gte=Promise.Level.DIRECTOR, estate_id__in=directs)
    rows = Promise.objects.open().filter(climbed).exclude(owner=staff)
    return list(rows.select_related("estate", "owner").order_by("due_at", "pk")[:limit])


def owed_by_departments(staff, departments, tonight, limit=50):
    """What the departments one heads owe until `tonight`, whoever owns it; what has climbed stands elsewhere."""
    theirs = Q(pk__in=[])
    for estate_id, department in departments:
        theirs |= Q(estate_id=estate_id, department=department)
    rows = (
        Promise.objects.open()
        .filter(theirs, due_at__lte=tonight, level__lt=Promise.Level.HEAD)
        .exclude(owner=staff)
    )
    return list(rows.select_related("estate", "owner").order_by("due_at", "pk")[:limit])


# --- promises added up ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PromiseFigures:
    """Promises of one kind: open ones by lateness, and those that ended in the month."""

    overdue: int = 0
    today: int = 0
    open: int = 0
    kept: int = 0
    on_time: int = 0
    unreachable: int = 0


def promise_figures(estate_id, now, tonight, start, end):
    """{kind: PromiseFigures} of every kind there is: what is open now, and what ended in [start, end). Two queries."""
    about = Promise.objects.filter(estate_id=estate_id)
    found: dict[str, dict] = {}
    waiting = about.filter(closed_at__isnull=True).values("kind")
    open_now: Any = waiting.annotate(
        overdue=Count("id", filter=Q(due_at__lte=now)),
        today=Count("id", filter=Q(due_at__gt=now, due_at__lte=tonight)),
        open=Count("id"),
    ).order_by("kind")
    for row in open_now:
        found.setdefault(row.pop("kind"), {}).update(row)
    ended = about.filter(closed_at__gte=start, closed_at__lt=end).values("kind")
    kept = Q(outcome=Promise.Outcome.KEPT)
    over: Any = ended.annotate(
        kept=Count("id", filter=kept),
        on_time=Count("id", filter=kept & Q(closed_at__lte=F("due_at"))),
        unreachable=Count("id", filter=Q(outcome=Promise.Outcome.UNREACHABLE)),
    ).order_by("kind")
    for row in over:
        found.setdefault(row.pop("kind"), {}).update(row)
    return {kind: PromiseFigures(**row) for kind, row in found.items()}


def added(kind, rows):
    """Dataclasses of whole numbers, added up field by field."""
    return kind(**{field.name: sum(getattr(row, field.name) for row in rows) for field in fields(kind)})


def figures_together(figures):
    """{kind: PromiseFigures} of several estates as one."""
    kinds = dict.fromkeys(kind for row in figures for kind in row)
    return {
        kind: added(PromiseFigures, [row.get(kind, PromiseFigures()) for row in figures]) for kind in kinds
    }
