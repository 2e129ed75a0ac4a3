"""Making, keeping and ending promises. Called by actions inside their transaction (ARCHITECTURE §2).

Kinds and rules register from each app; the numbers themselves are PromiseRule rows of the estate, loaded with
SPEC's defaults by `load_rules`. The rule in force at the starting fact holds (SPEC §0).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from office import clocks, outbox
from office.models import EscalationRule, OwnerChange, Promise, PromiseRule
from office.models.by_hand import insert
from office.models.promises import Measure
from office.models.staff import Department


@dataclass(frozen=True)
class Rule:
    """A number of the specification: `facts` is what the clock counts from, in words ("the completion of the repair")."""

    key: str
    label: object
    facts: object
    amount: int
    measure: str
    source: str  # "SPEC §4.4"
    note: object = ""  # said before the rule where it is an exception: "late by re-classing"


@dataclass(frozen=True)
class Kind:
    """A kind of promise; `name` is also its sweep's name. `workflow` is the heading it stands under on such pages."""

    name: str
    label: object
    rules: tuple[Rule, ...]
    climbs_to_director: bool = True
    department: str = Department.FRONT_DESK
    order: int = field(default=100)
    workflow: object = _lazy("Promises")


KINDS: dict[str, Kind] = {}
RULES: dict[str, Rule] = {}
SUBJECTS: dict[str, Callable[[int], str]] = {}  # subject kind → address of the page of a row


def register(kind):
    KINDS[kind.name] = kind
    RULES.update({rule.key: rule for rule in kind.rules})


@dataclass(frozen=True)
class Matter:
    """What promises are about, as the board knows it.

    `hand_over(pk, *, kind, to, reason, by, now, notice)` is the matter's own action: the promises follow its owner.
    `stays`: kinds of promise that are not handed over from the board, each with the sentence that says why.
    """

    label: object
    permission: str = ""  # opens its page; empty: whoever sees the promise
    hand_over: Callable | None = None
    stays: dict = field(default_factory=dict)


MATTERS: dict[str, Matter] = {}


def register_subject(subject_kind, url, *, label="", permission="", hand_over=None, stays=None):
    """Where a row of this kind has its page; with `label`, promises are made about it (see Matter)."""
    SUBJECTS[subject_kind] = url
    if label:
        MATTERS[subject_kind] = Matter(label, permission, hand_over, stays or {})


EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def load_rules(estate):
    """The specification's defaults as rows of a new estate. Running it again adds only what is missing."""
    PromiseRule.objects.bulk_create(
        [
            PromiseRule(
                estate=estate, key=rule.key, amount=rule.amount, measure=rule.measure, valid_from=EPOCH
            )
            for rule in RULES.values()
        ],
        ignore_conflicts=True,
    )


def rule_at(estate_id, key, fact_at):
    """(amount, measure) in force at `fact_at`; SPEC's default when the estate has no row that early."""
    row = (
        PromiseRule.objects.filter(estate_id=estate_id, key=key, valid_from__lte=fact_at)
        .order_by("-valid_from")
        .values_list("amount", "measure")
        .first()
    )
    return row or (RULES[key].amount, RULES[key].measure)


# The rule and the steps in force at a fact, and the last sequence about a subject, in one look: every promise asks.
TERMS = """
    SELECT rule.amount, rule.measure, steps.id, steps.hour_minutes, steps.closing_hours, steps.day_time,
        steps.director_hours_short, steps.director_hours, (steps.directors -> %(kind)s::text)::boolean,
        (SELECT max(sequence) FROM office_promise
          WHERE subject_kind = %(subject_kind)s AND subject_id = %(subject_id)s AND kind = %(kind)s)
    FROM (SELECT 1) AS one
    LEFT JOIN LATERAL (
        SELECT amount, measure FROM office_promiserule
        WHERE estate_id = %(estate)s AND key = %(key)s AND valid_from <= %(fact_at)s ORDER BY valid_from DESC LIMIT 1
    ) AS rule ON TRUE
    LEFT JOIN LATERAL (
        SELECT * FROM office_escalationrule
        WHERE estate_id = %(estate)s AND valid_from <= %(fact_at)s ORDER BY valid_from DESC LIMIT 1
    ) AS steps ON TRUE
"""


def _terms(kind, key, fact_at, estate, subject):
    """(amount and measure, or None; Steps; whether it climbs to the director; last sequence) of one counted from
    `fact_at`."""
    values = {
        "kind": kind,
        "key": key,
        "fact_at": fact_at,
        "estate": estate.pk,
        "subject_kind": subject.SUBJECT,
        "subject_id": subject.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(TERMS, values)
        amount, measure, found, *numbers, climbs, last = cursor.fetchone()
    rule = None if measure is None else (amount, measure)
    climbs = KINDS[kind].climbs_to_director if climbs is None else climbs
    return rule, _steps(*numbers) if found else clocks.SPECIFIED, climbs, last or 0


def _steps(hour_minutes, closing_hours, day_time, director_hours_short, director_hours):
    return clocks.Steps(
        hour_warning=timedelta(minutes=hour_minutes),
        closing_warning=timedelta(hours=closing_hours),
        day_time=day_time,
        director_short=timedelta(hours=director_hours_short),
        director=timedelta(hours=director_hours),
    )


def steps_of(row):
    """The Steps an EscalationRule says; the specification's when there is none."""
    if row is None:
        return clocks.SPECIFIED
    return _steps(
        row.hour_minutes, row.closing_hours, row.day_time, row.director_hours_short, row.director_hours
    )


def climbs(kind, row):
    """Whether promises of `kind` reach the director under the EscalationRule `row` (or without any)."""
    default = KINDS[kind].climbs_to_director
    return default if row is None else row.directors.get(kind, default)


def escalation_at(estate_id, fact_at):
    """The EscalationRule in force at `fact_at`; None while the specification's own numbers hold."""
    rows = EscalationRule.objects.filter(estate_id=estate_id, valid_from__lte=fact_at)
    return rows.order_by("-valid_from").first()


def make(
    kind,
    rule_key,
    *,
    subject,
    fact_at,
    now,
    owner,
    estate,
    title=None,
    department=None,
    agreed=None,
    extends=None,
    reason="",
):
    """Open the next promise of `kind` about `subject`, counted from `fact_at` (the fact, not the keying).

    With `agreed` the due time is that moment. A fact keyed late may give a promise that is born overdue.
    Not done here: warning anybody; the sweeps do that.
    """
    rule, steps, to_director, last = _terms(kind, rule_key, fact_at, estate, subject)
    amount, measure = (0, Measure.AT) if agreed else rule or (RULES[rule_key].amount, RULES[rule_key].measure)
    times = clocks.limit(
        fact_at=fact_at,
        amount=amount,
        measure=measure,
        zone=estate.zone,
        closes_at=estate.closes_at,
        agreed=agreed,
        steps=steps,
    )
    return Promise.objects.create(
        kind=kind,
        subject_kind=subject.SUBJECT,
        subject_id=subject.pk,
        sequence=last + 1,
        title=title or str(subject),
        estate=estate,
        unit_id=getattr(subject, "unit_id", None),
        owner=owner,
        department=department or KINDS[kind].department,
        rule_key=rule_key,
        amount=amount,
        measure=measure,
        fact_at=fact_at,
        due_at=times.due_at,
        warn_at=times.warn_at,
        director_at=times.director_at if to_director else None,
        made_at=now,
        extends=extends,
        reason=reason,
    )


def open_of(subject, *kinds):
    """Open promises about `subject`, locked, oldest due first."""
    rows = (
        Promise.objects.of(subject.SUBJECT, subject.pk)
        .open()
        .select_for_update(of=("self",))
        .order_by("due_at", "pk")
    )
    return list(rows.filter(kind__in=kinds) if kinds else rows)


def close(promises, outcome, *, at, by, reason=""):
    """End promises with `outcome`; `at` is the fact that ended them (kept in time or late is at <= due_at)."""
    for promise in promises:
        promise.outcome, promise.closed_at, promise.closed_by, promise.reason = (
            outcome,
            at,
            by,
            reason or promise.reason,
        )
        promise.save(update_fields=["outcome", "closed_at", "closed_by", "reason"])
    return promises


def keep(subject, *kinds, at, by):
    return close(open_of(subject, *kinds), Promise.Outcome.KEPT, at=at, by=by)


def cancel(subject, *kinds, at, by, reason=""):
    return close(open_of(subject, *kinds), Promise.Outcome.CANCELLED, at=at, by=by, reason=reason)


def extend(promise, *, new_due_at, estate, subject, by, now, reason):
    """An approved extension: the old promise keeps its outcome, the next sequence takes the new time (SPEC §0)."""
    close([promise], Promise.Outcome.EXTENDED, at=now, by=by, reason=reason)
    return make(
        promise.kind,
        promise.rule_key,
        subject=subject,
        fact_at=promise.fact_at,
        now=now,
        owner=promise.owner,
        estate=estate,
        title=promise.title,
        department=promise.department,
        agreed=new_due_at,
        extends=promise,
        reason=reason,
    )


def hand_over(subject, to, *, was, reason, by, now, leave=(), notice=True):
    """Open promises follow their matter to its new owner (SPEC §1). Their clocks do not move.

    Called by the matter's action under its row lock; kinds in `leave` stay with whoever owes them. Writes down who,
    from whom and why, and rings the bell of `to` unless `notice` is False (several at once are told in one).
    """
    rows = Promise.objects.of(subject.SUBJECT, subject.pk).open().exclude(kind__in=leave)
    rows.update(owner=to)
    return note_hand_over(
        subject, to, was=was, reason=reason, by=by, now=now, notice=notice,
        kind=subject.SUBJECT, pk=subject.pk, text=str(subject),
    )  # fmt: skip


def note_hand_over(row, to, *, was, reason, by, now, notice, kind, pk, text):
    """Write down who got the matter (`kind`, `pk`) of `row`'s estate from whom and why, and tell who has it now."""
    change = insert(
        OwnerChange(
            estate_id=row.estate_id, subject_kind=kind, subject_id=pk, was=was, to=to,
            reason=reason.strip()[:300], by=by, at=now,
        )
    )  # fmt: skip
    if notice and to != by:
        outbox.queue(
            "promise.handed_over", dedupe_key=f"handed:{change.pk}", channel="desk", estate=row.estate, now=now,
            staff=to, data={"title": text, "by": by.name if by else ""},
            subject=SimpleNamespace(SUBJECT=kind, pk=pk),
        )  # fmt: skip
    return change


def next_due(subject):
    """Earliest due time among the open promises, for the column lists sort by."""
    return (
        Promise.objects.of(subject.SUBJECT, subject.pk)
        .open()
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )


def length(amount, measure):
    """How long a limit is, in words: "3 days"; without the fact it counts from."""
    if measure == Measure.AT:
        return _("at the agreed time")
    if measure == Measure.SAME_DAY:
        return _("the same day")
    words = {
        Measure.HOURS: ngettext("%(n)s hour", "%(n)s hours", amount),
        Measure.DAYS: ngettext("%(n)s day", "%(n)s days", amount),
        Measure.MONTHS: ngettext("%(n)s month", "%(n)s months", amount),
    }[measure]
    return words % {"n": amount}


def rule_text(promise, zone):
    """The rule behind a clock, as shown on focus: "3 days after the passed water test of 12 Mar 2026"."""
    rule = RULES.get(promise.rule_key)
    text = _rule_text(promise, rule, zone)
    note = _note(promise, rule)
    return _("%(note)s: %(rule)s") % {"note": note, "rule": text} if note else text


def _note(promise, rule):
    """What is exceptional about its limit; an extension is agreed anew."""
    return rule.note if rule and not promise.extends_id else ""


def _rule_text(promise, rule, zone):
    if promise.measure == Measure.AT:
        return _("agreed for %(time)s") % {"time": clocks.moment_text(promise.due_at, zone)}
    said = {"fact": rule.facts if rule else "", "at": f"{promise.fact_at.astimezone(zone):%Y-%m-%d %H:%M}"}
    if promise.measure == Measure.SAME_DAY:
        return _("the same day as %(fact)s (%(at)s)") % said
    n = promise.amount
    if (
        promise.measure == Measure.HOURS
    ):  # one look-up for a row, not one for each measure: lists have many rows
        words = ngettext("%(n)s hour after %(fact)s (%(at)s)", "%(n)s hours after %(fact)s (%(at)s)", n)
    elif promise.measure == Measure.DAYS:
        words = ngettext("%(n)s day after %(fact)s (%(at)s)", "%(n)s days after %(fact)s (%(at)s)", n)
    else:
        words = ngettext("%(n)s month after %(fact)s (%(at)s)", "%(n)s months after %(fact)s (%(at)s)", n)
    return words % {"n": n, **said}


def clock(promise, now, zone):
    """A promise as one clock: what, how late, by which rule."""
    tone, text = clocks.due_text(promise.due_at, now, zone)
    rule = RULES.get(promise.rule_key)
    if promise.outcome == Promise.Outcome.KEPT:
        tone, text = (
            ("kept", _("kept")) if promise.closed_at <= promise.due_at else ("broken", _("kept late"))
        )
    elif promise.outcome == Promise.Outcome.EXTENDED:
        tone, text = "quiet", _("extended")
    elif promise.outcome == Promise.Outcome.UNREACHABLE:
        tone, text = "broken", _("could not be kept")
    return {
        "label": KINDS[promise.kind].label if promise.kind in KINDS else promise.kind,
        "text": text,
        "tone": tone,
        "due": promise.due_at,
        "due_text": f"{promise.due_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "hint": rule_text(promise, zone),
        "note": _note(promise, rule),
        "owner": promise.owner,
        "reason": promise.reason,
    }
