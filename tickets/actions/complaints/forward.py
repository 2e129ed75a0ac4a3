"""Class, forward, department and owner of a complaint (SPEC §5.2, §5.3)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, journal, promises, undo
from office.models import Promise
from office.models.promises import Measure
from office.refusals import Refused
from tickets import complaints as rules
from tickets.actions.complaints import case
from tickets.actions.complaints.case import FORWARD, SOLVE, Klass, State
from tickets.models import (
    Complaint,
)


@transaction.atomic
def acknowledge(*, complaint, by, now, version=None):
    """The named head or director has taken note: only this keeps the forward (SPEC §5.2)."""
    complaint = case.begin(complaint, "acknowledge", by, version)
    owed = promises.open_of(complaint, FORWARD)
    before = case.as_it_was(complaint, owed)
    promises.close(owed, Promise.Outcome.KEPT, at=now, by=by)
    complaint.acknowledged_at, complaint.acknowledged_by = now, by
    case.save(complaint, "acknowledged_at", "acknowledged_by")
    case.note("acknowledged", complaint, by, now, name=by.name)
    undo.offer(verb="complaint.acknowledged", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def reclass(*, complaint, klass, reason, by, now, wanted_by=None, version=None):
    """Another class: its promises are worked out again from the reception; what was missed keeps its record, and a
    limit that is past by now falls due soon and says so (SPEC §5.2). A new class has its own receiver."""
    complaint = case.begin(complaint, "reclass", by, version)
    if sentence := rules.why_not_reclass_to(klass, complaint, by):
        raise Refused(sentence)
    reason = case.need(reason, _("Give the reason."))
    if wanted_by and klass != Klass.MINOR:
        raise Refused(_("The resident's date counts for minor complaints only."))
    zone, estate = complaint.estate.zone, complaint.estate
    if wanted_by and wanted_by < clocks.local_date(now, zone):
        raise Refused(_("The date the resident asks for lies in the past."))
    old = promises.open_of(complaint, *rules.OF_CLASS)
    before = case.as_it_was(complaint, old)
    case.drop(old, at=now, by=by, reason=reason)
    was = complaint.klass
    complaint.klass, complaint.class_reason, complaint.reclassed_at = klass, reason[:300], now
    complaint.wanted_by = wanted_by or complaint.wanted_by
    _reforward(complaint)
    made = []
    for kind, rule in rules.owed(complaint).items():
        agreed = clocks.end_of_day(complaint.wanted_by, zone) if rule == rules.WANTED else None
        fact = complaint.counts_from
        amount, measure = (0, Measure.AT) if agreed else promises.rule_at(estate.pk, rule, fact)
        key, fact_at = rules.after_reclassing(
            rule, amount=amount, measure=measure, fact_at=fact, reclassed_at=now, zone=zone,
            closes_at=estate.closes_at, agreed=agreed,
        )  # fmt: skip
        made.append(
            case.promise(
                complaint, kind, key, fact_at=fact_at, now=now, agreed=agreed if key == rule else None
            )
        )
    case.save(
        complaint, "klass", "class_reason", "reclassed_at", "wanted_by", "forward_to", "acknowledged_at",
        "acknowledged_by",
    )  # fmt: skip
    words = {"old": journal.word("complaint.class", was), "new": journal.word("complaint.class", klass)}
    case.note("reclassed", complaint, by, now, **words)
    case.forward(complaint, by, now)
    undo.offer(
        verb="complaint.reclassed", subject=complaint, by=by, now=now, before=before,
        made=[undo.made(row) for row in made],
    )  # fmt: skip
    return complaint


def _reforward(complaint):
    """Name the receiver of the new class. An acknowledgement counts for the class it was given for: one that was
    given earlier in this round, for this very class, still holds."""
    case.name_receiver(complaint)
    rule = rules.CLASS_RULES[complaint.klass].get(FORWARD)
    kept = (
        Promise.objects.of(complaint.SUBJECT, complaint.pk)
        .filter(
            kind=FORWARD,
            outcome=Promise.Outcome.KEPT,
            department=rules.department_of(FORWARD, complaint),
            closed_at__gte=complaint.counts_from,
        )
        .select_related("closed_by")
        .order_by("-closed_at")
        .first()
        if rule
        else None
    )
    complaint.acknowledged_at = kept.closed_at if kept else None
    complaint.acknowledged_by = kept.closed_by if kept else None


@transaction.atomic
def route(*, complaint, department, handler, by, now, reason="", version=None, notice=True):
    """Give it to a department and the person responsible there (SPEC §5.3). No clock moves; a forward that nobody has
    acknowledged goes to the head of the new department. From one person to another it needs a reason."""
    complaint = case.begin(complaint, "route", by, version)
    case.check_handler(handler, complaint)
    had = complaint.handler
    if had:
        if had.pk == handler.pk and complaint.department == department:
            raise Refused(_("This person has the complaint already."))
        case.need(reason, _("Give the reason of the hand-over."))
    owed = promises.open_of(complaint, FORWARD, SOLVE)
    before = case.as_it_was(complaint, owed)
    complaint.department, complaint.handler, complaint.state = department, handler, State.HANDLING
    for promise in owed:
        if promise.kind == SOLVE:
            promise.owner, promise.department = handler, department
            promise.save(update_fields=["owner", "department"])
    case.renew_receiver(complaint, [row for row in owed if row.kind == FORWARD], by, now)
    case.save(complaint, "department", "handler", "state", "forward_to")
    data = {"department": journal.word("department", department), "to": handler.name}
    if had:  # who, from whom and why stays written down
        moved = promises.note_hand_over(
            complaint, handler, was=had, reason=reason, by=by, now=now, notice=notice,
            kind=complaint.SUBJECT, pk=complaint.pk, text=str(complaint),
        )  # fmt: skip
        case.note("rerouted", complaint, by, now, **data, reason=journal.reason(moved))
        return complaint
    case.note("routed", complaint, by, now, **data)
    case.bell("routed", complaint, [handler], by, now)
    undo.offer(verb="complaint.routed", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def hand_over(*, complaint, to, reason, by, now, version=None, notice=True):
    """誰受理誰跟進誰回覆: the owner changes only by an explicit hand-over with a reason (SPEC §1)."""
    complaint = case.begin(complaint, "hand_over", by, version)
    case.need(reason, _("Give the reason of the hand-over."))
    if not to.is_active or not to.may("complaints.tell", complaint.estate_id):
        raise Refused(_("This person takes no complaints at this estate."))
    if to.pk == complaint.owner_id:
        raise Refused(_("This person has the complaint already."))
    was, complaint.owner = complaint.owner, to
    for promise in promises.open_of(complaint):
        if promise.kind != FORWARD:
            promise.owner = case.owner_of(promise.kind, complaint)
            promise.save(update_fields=["owner"])
    moved = promises.note_hand_over(
        complaint, to, was=was, reason=reason, by=by, now=now, notice=notice,
        kind=complaint.SUBJECT, pk=complaint.pk, text=str(complaint),
    )  # fmt: skip
    case.save(complaint, "owner")
    case.note("handed_over", complaint, by, now, to=to.name, reason=journal.reason(moved))
    return complaint


def hand_over_promises(pk, *, kind, to, reason, by, now, notice):
    """From the board: “solved” goes to another person responsible, all else to another clerk who tells the resident."""
    complaint = Complaint.objects.get(pk=pk)
    values = {"complaint": complaint, "reason": reason, "by": by, "now": now, "notice": notice}
    if kind == SOLVE and complaint.handler_id:
        return route(department=complaint.department, handler=to, **values)
    return hand_over(to=to, **values)
