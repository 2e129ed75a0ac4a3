"""What is read over many rows of the office."""

from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from office import clocks, promises
from office.models import DepartmentHead, Heartbeat, Message, Promise
from office.models.promises import Measure
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
    """{"bell": unread notices, "overdue": promises owed and past due, "unswept": seconds since anything was last
    swept} in one query. The last by the database's clock, whatever the machines' clocks say; an office where nothing
    has ever been swept counts from its first account."""
    with (
        connection.cursor() as cursor
    ):  # by hand: every page asks this, and putting it together cost as much again
        cursor.execute(
            f"""SELECT (SELECT count(*) FROM {Message._meta.db_table}
                         WHERE staff_id = %(staff)s AND channel = 'desk' AND read_at IS NULL),
                       (SELECT count(*) FROM {Promise._meta.db_table}
                         WHERE owner_id = %(staff)s AND closed_at IS NULL AND due_at <= %(now)s),
                       ({UNSWEPT})""",  # noqa: S608
            {"staff": staff.pk, "now": now},
        )
        bell, overdue, seconds = cursor.fetchone()
    return {"bell": bell, "overdue": overdue, "unswept": seconds or 0}


UNSWEPT = """SELECT extract(epoch FROM clock_timestamp() - coalesce(
    (SELECT max(finished_at) FROM office_sweeprun), (SELECT min(created_at) FROM office_staff)))::bigint"""
SILENCE = 120  # seconds without any sweep after which everybody is told


def unswept():
    """Seconds since anything was last swept, for pages that are open already."""
    with connection.cursor() as cursor:
        cursor.execute(UNSWEPT)
        return cursor.fetchone()[0] or 0


def silence(seconds):
    """What everybody is told when nothing has been swept for `seconds`; empty while the machine is awake."""
    if seconds < SILENCE:
        return ""
    minutes = seconds // 60
    if minutes < 120:
        since = ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    else:
        since = ngettext("%(n)s hour", "%(n)s hours", minutes // 60) % {"n": minutes // 60}
    return _(
        "No reminder has run for %(since)s: warnings and messages come late. Tell the administrator."
    ) % {"since": since}


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


# --- what a change of a rule would do ------------------------------------------------------------------------

LOOKED_BACK = timedelta(days=30)
LOOKED_AT = 20_000  # promises of those days; more are not needed to see what a number does


@dataclass
class Fate:
    """How promises fared under a rule."""

    on_time: int = 0
    late: int = 0
    running: int = 0

    def count(self, due_at, closed_at, now):
        if closed_at is None and due_at > now:
            self.running += 1
        elif (closed_at or now) <= due_at:
            self.on_time += 1
        else:
            self.late += 1


@dataclass(frozen=True)
class RulePreview:
    """What rule `key` with another number would do: nothing to what is open, and how the last days would have gone."""

    still_open: int
    before: Fate
    after: Fate
    moved: int
    old: clocks.Limit
    new: clocks.Limit
    example_at: datetime


def rule_preview(estate, kind, key, amount, measure, valid_from, now):
    """Worked out by the same function as real clocks. Promises for an agreed time have no number and are left out."""
    about = Promise.objects.filter(estate=estate, kind=kind, rule_key=key)
    lately = (
        about.filter(fact_at__gt=now - LOOKED_BACK, fact_at__lte=now)
        .exclude(measure=Measure.AT)
        .exclude(outcome__in=[Promise.Outcome.CANCELLED, Promise.Outcome.EXTENDED])
        .order_by("-fact_at")
        .values_list("fact_at", "due_at", "closed_at")[:LOOKED_AT]
    )
    place = {"zone": estate.zone, "closes_at": estate.closes_at}
    before, after, moved = Fate(), Fate(), 0
    for fact_at, due_at, closed_at in lately:
        would = clocks.limit(fact_at=fact_at, amount=amount, measure=measure, **place).due_at
        before.count(due_at, closed_at, now)
        after.count(would, closed_at, now)
        moved += would != due_at
    example = example_fact(valid_from, estate)
    steps = promises.steps_of(promises.escalation_at(estate.pk, example))
    old_amount, old_measure = promises.rule_at(estate.pk, key, valid_from)
    old, new = (
        clocks.limit(fact_at=example, amount=number, measure=counted, steps=steps, **place)
        for number, counted in ((old_amount, old_measure), (amount, measure))
    )
    return RulePreview(about.open().count(), before, after, moved, old, new, example)


def example_fact(valid_from, estate):
    """A fact in the middle of a working morning, for clocks that explain a rule."""
    day = clocks.local_date(valid_from, estate.zone)
    return max(valid_from, datetime.combine(day, time(10), tzinfo=estate.zone))


EXAMPLES = ((1, Measure.HOURS), (0, Measure.SAME_DAY), (3, Measure.DAYS))


def escalation_examples(estate, valid_from, old, new):
    """[(amount, measure, Limit under the Steps `old`, under `new`)] for one limit of each sort, and their fact."""
    fact = example_fact(valid_from, estate)
    rows = []
    for amount, measure in EXAMPLES:
        limits = [
            clocks.limit(
                fact_at=fact, amount=amount, measure=measure, zone=estate.zone, closes_at=estate.closes_at,
                steps=steps,
            )
            for steps in (old, new)
        ]  # fmt: skip
        rows.append((amount, measure, *limits))
    return fact, rows


@dataclass(frozen=True)
class WallNumbers:
    overdue: int
    today: int
    kept: int


def on_the_wall(estate_id, now, midnight, tonight, rows, late):
    """(WallNumbers, promises): what is open and was kept today, and `rows` clocks, at most `late` of them overdue.

    The oldest overdue ones stand first; where fewer come next, more overdue ones fill the screen. Four queries.
    """
    about = Promise.objects.filter(estate_id=estate_id)
    waiting = about.filter(closed_at__isnull=True)
    numbers = waiting.filter(due_at__lte=tonight).aggregate(
        overdue=Count("pk", filter=Q(due_at__lte=now)), today=Count("pk", filter=Q(due_at__gt=now))
    )
    kept = about.filter(closed_at__gte=midnight, closed_at__lte=now, outcome=Promise.Outcome.KEPT).count()
    overdue = list(waiting.filter(due_at__lte=now).order_by("due_at", "pk")[:rows])
    ahead = list(waiting.filter(due_at__gt=now).order_by("due_at", "pk")[:rows])
    shown = overdue[: max(late, rows - len(ahead))]
    return WallNumbers(kept=kept, **numbers), shown + ahead[: rows - len(shown)]


@dataclass(frozen=True)
class Rates:
    """What became of promises whose clock began in a month. `owed` is the sum of the others."""

    owed: int = 0
    on_time: int = 0
    late: int = 0
    unreachable: int = 0
    overdue: int = 0
    waiting: int = 0

    @property
    def kept(self):
        return self.on_time + self.late


def promise_rates(estate_id, kinds, now, start, end):
    """{(kind, owner id or None): Rates} of one estate; `start`, `end` are the month by its own days. One query.

    By the fact the clock counts from, so that a promise stays in its month however late it is kept; an extended
    one counts by its successor, a cancelled one not at all.
    """
    kept = Q(outcome=Promise.Outcome.KEPT)
    still = Q(closed_at__isnull=True)
    rows: Any = (
        Promise.objects.filter(estate_id=estate_id, kind__in=kinds, fact_at__gte=start, fact_at__lt=end)
        .exclude(outcome__in=[Promise.Outcome.EXTENDED, Promise.Outcome.CANCELLED])
        .values("kind", "owner_id")
        .annotate(
            owed=Count("pk"),
            on_time=Count("pk", filter=kept & Q(closed_at__lte=F("due_at"))),
            late=Count("pk", filter=kept & Q(closed_at__gt=F("due_at"))),
            unreachable=Count("pk", filter=Q(outcome=Promise.Outcome.UNREACHABLE)),
            overdue=Count("pk", filter=still & Q(due_at__lte=now)),
            waiting=Count("pk", filter=still & Q(due_at__gt=now)),
        )
        .order_by("kind", "owner_id")
    )
    return {(row.pop("kind"), row.pop("owner_id")): Rates(**row) for row in rows}
