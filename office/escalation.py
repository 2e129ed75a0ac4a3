"""Promises climb: the owner is warned, at the due time the head of the department hears of it, later the director
(SPEC §0 "Escalation"). One step function for every kind of promise; each kind is a sweep of its own (SPEC §11).

Each step happens once, whoever runs it, however often: the row is locked, the step depends on the level it was
found at, and the message's key is made of promise, step and receiver.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office import journal, outbox, promises, sweeps
from office.models import Department, DepartmentHead, EscalationRule, Message, Posting, Promise, Seen, Staff
from office.models.promises import Measure
from office.phrases import clauses, listed
from office.roles import DIRECTORS, HEADS
from office.sweeps import Result
from office.wake import wake

log = logging.getLogger(__name__)

BATCH = 500  # rows per statement and transaction
Level = Promise.Level
WARN, HEAD, DIRECTOR = Level.WARNED, Level.HEAD, Level.DIRECTOR

# Who is due, by the index over open steps; locked rows are somebody else's and wait for the next round.
DUE = """
    SELECT id, level, next_step_at FROM office_promise
    WHERE kind = %(kind)s AND next_step_at <= %(now)s AND NOT id = ANY(%(skip)s::bigint[])
      AND (%(only)s::bigint IS NULL OR id = %(only)s::bigint)
    ORDER BY next_step_at, id LIMIT %(batch)s
"""
LOCK = "FOR UPDATE SKIP LOCKED"
UNCHANGED = "AND promise.level = due.level"
KEY = "'promise:' || told.id || ':' || step || ':' || staff_id"
# `ladder` says who hears of the steps above the owner; an owner who left is passed over like a vacant chair.
STEP = """
    WITH due AS ({due} {lock}),
    climbed AS (
        UPDATE office_promise AS promise SET
            level = promise.level + 1,
            warned_at = CASE promise.level WHEN 0 THEN %(now)s ELSE warned_at END,
            head_at = CASE promise.level WHEN 1 THEN %(now)s ELSE head_at END,
            director_told_at = CASE promise.level WHEN 2 THEN %(now)s ELSE director_told_at END
        FROM due WHERE promise.id = due.id {unchanged}
        RETURNING promise.id, promise.level AS step, estate_id, unit_id, owner_id, department, title, measure,
                  subject_kind, subject_id, due_at, due.next_step_at AS step_at
    ),
    present AS MATERIALIZED (
        SELECT DISTINCT posting.estate_id, posting.staff_id
        FROM office_posting AS posting JOIN office_staff AS staff ON staff.id = posting.staff_id
        WHERE staff.is_active
    ),
    ladder AS (
        SELECT * FROM unnest(%(steps)s::int[], %(estates)s::bigint[], %(departments)s::text[], %(staff)s::bigint[])
            AS ladder (step, estate_id, department, staff_id)
    ),
    told AS (
        SELECT climbed.*, coalesce(ladder.staff_id, present.staff_id) AS staff_id
        FROM climbed
        LEFT JOIN present ON climbed.step = 1 AND present.estate_id = climbed.estate_id
            AND present.staff_id = climbed.owner_id
        LEFT JOIN ladder ON present.staff_id IS NULL AND ladder.estate_id = climbed.estate_id
            AND ladder.department = climbed.department AND ladder.step = greatest(climbed.step, 2)
    ),
    ways AS (
        SELECT * FROM unnest(%(way_estates)s::bigint[], %(way_channels)s::text[], %(way_steps)s::int[],
            %(way_after)s::timestamptz[]) AS ways (estate_id, channel, from_step, quiet_until)
    ),
    sent AS (
        SELECT told.*, 'desk' AS channel, '' AS address, '' AS language, {key} AS dedupe_key,
            %(now)s::timestamptz AS send_after
        FROM told WHERE staff_id IS NOT NULL
        UNION ALL
        SELECT told.*, ways.channel, address, staff.language, {key} || ':' || ways.channel,
            CASE WHEN measure = ANY(%(urgent)s) THEN %(now)s::timestamptz ELSE greatest(%(now)s, quiet_until) END
        FROM told JOIN ways ON ways.estate_id = told.estate_id AND told.step >= ways.from_step
        JOIN office_staff AS staff ON staff.id = told.staff_id
        CROSS JOIN LATERAL (SELECT CASE ways.channel WHEN 'email' THEN staff.email ELSE staff.phone END) AS
            reached (address)
        WHERE address <> ''
    ),
    written AS (
        INSERT INTO office_message (
            estate_id, channel, staff_id, address, template, language, data, subject_kind, subject_id, unit_id,
            dedupe_key, made_at, send_after, state, attempts, gateway_reference, error
        )
        SELECT estate_id, channel, staff_id, address, (%(templates)s::text[])[step], language,
            jsonb_build_object(
                'kind', jsonb_build_object('word', 'promise.' || %(kind)s::text), 'title', title, 'due_at', due_at,
                'step_at', step_at, 'promise', id,
                'late_seconds', greatest(0, extract(epoch FROM %(now)s::timestamptz - step_at))::bigint
            ),
            subject_kind, subject_id, unit_id, dedupe_key, %(now)s, send_after, 'queued', 0, '', ''
        FROM sent
        ON CONFLICT (dedupe_key) DO NOTHING
    )
    SELECT count(*) FROM climbed
"""
# An hour's limit and an agreed hour do not wait for the morning; a colleague's bell is silent anyway.
URGENT = [Measure.HOURS, Measure.AT]
TEMPLATES = {WARN: "promise.warn", HEAD: "promise.head", DIRECTOR: "promise.director"}


def climb(kind, now):
    """Every step of open promises of `kind` that is due at `now`, in the order of their times.

    After an outage a promise takes all its missed steps, one at a time. A row the database refuses is counted and
    left where it is; it stops nobody else, and the next run tries it again.
    """
    result = Result()
    skip: list[int] = []
    if not _due(kind, now, skip, batch=1):
        return result
    ladder, ways = _ladder(), _ways(now)
    while True:
        try:
            done = _step(kind, now, ladder, ways, skip)
        except DatabaseError as problem:
            _still_connected(problem)
            done, failed = 0, result.failed
            for pk in _due(kind, now, skip):
                try:
                    done += _step(kind, now, ladder, ways, skip, only=pk)
                except DatabaseError as refusal:
                    _still_connected(refusal)
                    log.exception("promise %s does not climb", pk)
                    result.error = f"{pk}: {refusal}"[: sweeps.ERROR]
                    result.failed += 1
                    result.failures.append(_failure(pk, refusal))
                    skip.append(pk)
            if not done and result.failed == failed:  # the rest is locked: somebody else's, or the next run's
                break
        else:
            if not done:
                break
        result.done += done
    result.found = result.done + result.failed
    if result.done:
        wake("office.tasks.deliver_messages")
    return result


def _due(kind, now, skip, batch=BATCH):
    values = {"kind": kind, "now": now, "skip": skip, "only": None, "batch": batch}
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        return [row[0] for row in cursor.fetchall()]


def _step(kind, now, ladder, ways, skip, only=None):
    """One step for at most one batch, with its messages, in one statement; how many promises climbed."""
    steps, estates, departments, staff = _columns(ladder, 4)
    way_estates, way_channels, way_steps, way_after = _columns(ways, 4)
    values = {
        "kind": kind,
        "now": now,
        "skip": skip,
        "only": only,
        "batch": BATCH,
        "steps": steps,
        "estates": estates,
        "departments": departments,
        "staff": staff,
        "way_estates": way_estates,
        "way_channels": way_channels,
        "way_steps": way_steps,
        "way_after": way_after,
        "urgent": URGENT,
        "templates": list(TEMPLATES.values()),
    }
    statement = STEP.format(due=DUE, lock=LOCK, unchanged=UNCHANGED, key=KEY)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def _columns(rows, count):
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def _still_connected(problem):
    """A lost connection is not the row's fault: let the sweep fail as a whole and come again."""
    if not connection.is_usable():
        raise problem


def _failure(pk, refusal):
    promise = Promise.objects.get(pk=pk)
    return sweeps.Failure(
        str(pk), promise.title, str(refusal), promise.subject_kind, promise.subject_id, promise.estate_id
    )


# --- what would happen -------------------------------------------------------------------------------------

# A row may owe several steps at once: after an outage, or when it was born overdue.
STEPS_DUE = """
    SELECT id, title, subject_kind, subject_id, level, owner_id, estate_id, department, warn_at, due_at, director_at,
        sum((level = 0)::int + (level <= 1 AND due_at <= %(now)s)::int
            + (level <= 2 AND director_at IS NOT NULL AND director_at <= %(now)s)::int) OVER () AS steps
    FROM office_promise
    WHERE kind = %(kind)s AND next_step_at <= %(now)s AND estate_id = ANY(%(estates)s)
    ORDER BY next_step_at, id LIMIT %(limit)s
"""
STEP_WORDS = {WARN: _("warning"), HEAD: _("to the head of the department"), DIRECTOR: _("to the director")}


def foresee(kind, now, estates, limit):
    """The steps `climb` would take now, each with who would hear of it."""
    rows = list(
        Promise.objects.raw(STEPS_DUE, {"kind": kind, "now": now, "estates": estates, "limit": limit})
    )
    if not rows:
        return sweeps.Foreseen()
    heard: dict[tuple, list[int]] = {}  # (step, estate, department) → staff
    for step, estate, department, person in _ladder():
        heard.setdefault((step, estate, department), []).append(person)
    present = set(
        Posting.objects.filter(staff__is_active=True, estate_id__in=estates).values_list(
            "estate_id", "staff_id"
        )
    )
    names = {person.pk: person.local_name for person in Staff.objects.filter(postings__estate_id__in=estates)}
    lines = []
    for promise in rows:
        moments = {WARN: promise.warn_at, HEAD: promise.due_at, DIRECTOR: promise.director_at}
        for step, moment in moments.items():
            if step <= promise.level or moment is None or moment > now:
                continue
            owner = promise.owner_id
            if step == WARN and owner is not None and (promise.estate_id, owner) in present:
                told = [owner]
            else:
                told = heard.get((max(step, HEAD), promise.estate_id, promise.department), [])
            who = tuple(names[person] for person in told)
            lines.append(
                sweeps.Coming(
                    promise.title,
                    STEP_WORDS[step],
                    who,
                    moment,
                    promise.subject_kind,
                    promise.subject_id,
                    promise.estate_id,
                )
            )
    steps = vars(rows[0])["steps"]  # a column of the statement, none of the model
    return sweeps.Foreseen(int(steps), tuple(lines[:limit]))


def _ladder():
    """(step, estate, department, staff member) for every chair: who hears of a promise above its owner.

    Head of the department, else the deputy, else the supervisors, else the directors (SPEC §1); of the last step
    the directors, else the supervisors, since somebody must. Who left the house or the estate is passed over.
    """
    posted: dict[int, dict[str, set[int]]] = {}  # estate → role → staff
    for estate, role, person in Posting.objects.filter(
        staff__is_active=True, estate__is_active=True
    ).values_list("estate_id", "role", "staff_id"):
        posted.setdefault(estate, {}).setdefault(role, set()).add(person)
    chairs = {
        (estate, department): (head, deputy)
        for estate, department, head, deputy in DepartmentHead.objects.values_list(
            "estate_id", "department", "head_id", "deputy_id"
        )
    }
    rows = []
    for estate, roles in posted.items():
        present = set().union(*roles.values())
        supervisors = set().union(*(roles.get(role, ()) for role in HEADS))
        directors = set().union(*(roles.get(role, ()) for role in DIRECTORS))
        for department in Department.values:
            chair = chairs.get((estate, department), ())
            head = next(({person} for person in chair if person in present), None)
            for step, people in (
                (HEAD, head or supervisors or directors),
                (DIRECTOR, directors or supervisors),
            ):
                rows += [(int(step), estate, department, person) for person in sorted(people)]
    return rows


# --- seen, I take care -------------------------------------------------------------------------------------


class Chair:
    """What one person answers for above the owners of promises: asked once a page, then for every promise on it."""

    def __init__(self, staff):
        self.staff = staff
        here = {estate: staff.roles_at(estate) for estate in staff.estate_ids()}
        self.directs = {estate for estate, roles in here.items() if set(roles) & set(DIRECTORS)}
        self.supervises = {estate for estate, roles in here.items() if set(roles) & set(HEADS)}
        self.departments = set()
        for row in DepartmentHead.objects.filter(Q(head=staff) | Q(deputy=staff), estate__in=here):
            self.departments.add((row.estate_id, row.department))
        # Where nobody directs, the supervisors are the last ones to hear of it (`_ladder`).
        with_director = Posting.objects.filter(
            estate__in=self.supervises, role__in=DIRECTORS, staff__is_active=True
        )
        self.directs |= self.supervises - set(with_director.values_list("estate_id", flat=True))

    def step(self, promise):
        """The highest step of `promise` so far that this person answers for; None for those who only read it."""
        if promise.level >= DIRECTOR and promise.estate_id in self.directs:
            return DIRECTOR
        heads = (promise.estate_id, promise.department) in self.departments
        if promise.level >= HEAD and (heads or promise.estate_id in self.supervises | self.directs):
            return HEAD
        return None

    def why_not_see(self, promise, seen):
        """None, or why this person does not say "seen" to `promise`; `seen` are the steps somebody has seen."""
        step = self.step(promise)
        if not promise.is_open:
            return _("This promise is over.")
        if step is None:
            return _("This promise has not climbed to you.")
        if step in seen:
            return _("Somebody has seen it already.")
        return None


def seen(promises):
    """{promise id: {step: Seen}} with who said so, in one query."""
    found: dict[int, dict[int, Seen]] = {}
    rows = Seen.objects.filter(promise__in=[promise.pk for promise in promises]).select_related("by")
    for row in rows:
        found.setdefault(row.promise_id, {})[row.step] = row
    return found


@dataclass(frozen=True)
class Stand:
    """Where the acknowledgement of a promise that climbed stands: who has seen it last, whether one may say so oneself."""

    promise: Promise
    last: Seen | None
    may_see: bool


def stands(promises, staff):
    """{promise id: Stand} of those of `promises` that climbed above their owner; three queries for any number."""
    climbed = [promise for promise in promises if promise.level >= HEAD]
    if not climbed:
        return {}
    chair, known = Chair(staff), seen(climbed)
    found = {}
    for promise in climbed:
        steps = known.get(promise.pk, {})
        last = steps[max(steps)] if steps else None
        found[promise.pk] = Stand(promise, last, chair.why_not_see(promise, steps) is None)
    return found


# Every step taken about one matter, with everybody who was told; a step that found nobody stands there all the same.
STORY = """
    SELECT promise.id, taken.step, taken.at, array_remove(array_agg(staff.name ORDER BY message.id), NULL),
        array_remove(array_agg(coalesce(nullif(staff.name_en, ''), staff.name) ORDER BY message.id), NULL),
        array_remove(array_agg(DISTINCT message.channel) FILTER (WHERE message.channel <> 'desk'), NULL)
    FROM office_promise AS promise
    CROSS JOIN LATERAL (VALUES (1, warned_at), (2, head_at), (3, director_told_at)) AS taken (step, at)
    LEFT JOIN office_message AS message ON message.subject_kind = promise.subject_kind
        AND message.subject_id = promise.subject_id AND message.template = (%(templates)s::text[])[taken.step]
        AND split_part(message.dedupe_key, ':', 2) = promise.id::text
    LEFT JOIN office_staff AS staff ON staff.id = message.staff_id AND message.channel = 'desk'
    WHERE promise.subject_kind = %(kind)s AND promise.subject_id = %(pk)s AND taken.at IS NOT NULL
    GROUP BY promise.id, taken.step, taken.at
    ORDER BY taken.at, promise.id, taken.step
"""


@dataclass(frozen=True)
class Taken:
    """One step of escalation that was taken: who was told when, by which other ways, and who has seen it."""

    promise: Promise
    step: int
    at: datetime
    told: list[str]
    channels: list[str]
    seen: Seen | None
    may_see: bool

    @property
    def words(self):
        return STEP_WORDS[Level(self.step)]

    @property
    def heard(self):
        return listed(self.told)

    @property
    def ways(self):
        return [Message.Channel(channel).label for channel in self.channels]

    @property
    def stand(self):
        return Stand(self.promise, self.seen, self.may_see)

    @property
    def kind(self):
        return promises.KINDS[self.promise.kind].label


def story(subject, staff):
    """The steps taken about `subject`, the oldest first, as its page tells them to `staff`."""
    values = {"templates": list(TEMPLATES.values()), "kind": subject.SUBJECT, "pk": subject.pk}
    with connection.cursor() as cursor:
        cursor.execute(STORY, values)
        rows = cursor.fetchall()
    if not rows:
        return []
    about = {
        promise.pk: promise
        for promise in Promise.objects.filter(pk__in={promise for promise, *_rest in rows})
    }
    known, chair = seen(about.values()), None
    if any(promise.is_open and promise.level >= HEAD for promise in about.values()):
        chair = Chair(staff)
    taken = []
    for pk, step, at, names, english, channels in rows:
        promise, steps = about[pk], known.get(pk, {})
        mine = chair is not None and chair.step(promise) == step and chair.why_not_see(promise, steps) is None
        told = english if get_language() == "en" else names
        taken.append(Taken(promise, step, at, told, channels or [], steps.get(step), mine))
    return taken


def _ways(now):
    """(estate, channel, from which step, not before) for every way besides the bell that an estate has switched on.

    Staff are not woken for what has time until the morning; what is urgent does not ask (`URGENT`).
    """
    rows = (
        EscalationRule.objects.filter(valid_from__lte=now, estate__is_active=True)
        .order_by("estate_id", "-valid_from")
        .distinct("estate_id")
        .select_related("estate")
    )
    ways = []
    for row in rows:
        after = outbox.quiet_until(now, row.estate) or now
        ways += [
            (row.estate_id, channel, int(step), after)
            for channel, step in (("email", row.email_from), ("sms", row.sms_from))
            if step
        ]
    return ways


outbox.templates(
    {
        "promise.warn": (
            _("Due soon: %(kind)s, %(title)s"),
            _("%(kind)s, %(title)s: due at %(due_at)s."),
        ),
        "promise.head": (
            _("Overdue: %(kind)s, %(title)s"),
            _("%(kind)s, %(title)s was due at %(due_at)s and is still open."),
        ),
        "promise.director": (
            _("Long overdue: %(kind)s, %(title)s"),
            _(
                "%(kind)s, %(title)s was due at %(due_at)s; the head of the department knows and it is still open."
            ),
        ),
    }
)


def register_sweeps():
    """One sweep per kind of promise, named like it. Called once all apps have registered their kinds."""
    for kind in promises.KINDS.values():
        sweeps.register(_sweep(kind))
    journal.words("promise", [(kind.name, kind.label) for kind in promises.KINDS.values()])


def _sweep(kind):
    def run(now):
        return climb(kind.name, now)

    def preview(now, estates, limit):
        return foresee(kind.name, now, estates, limit)

    return sweeps.Sweep(
        name=kind.name,
        label=kind.label,
        rule=_rules_in_words(kind.rules),
        run=run,
        every=30,
        preview=preview,
        workflow=kind.workflow,
    )


def _joined(rules):
    return clauses(rule.label for rule in rules)


_rules_in_words = lazy(_joined, str)  # in the language of whoever reads them
