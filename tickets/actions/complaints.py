"""What people do with a complaint 投訴, from its reception to the callback (SPEC §5).

Offered to be taken back: what stayed in the house. What was said to a resident, done or met about has left it; its
steps are append-only, and the next step says what was wrong with one.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, files, journal, outbox, promises, search, series, undo
from office.models import Message, Promise, Staff
from office.models.by_hand import insert
from office.models.promises import Measure
from office.refusals import Refused, Stale
from tickets import complaints as rules
from tickets import reports
from tickets.actions import change, reception, telling
from tickets.models import (
    Complaint,
    ComplaintCall,
    ComplaintMeeting,
    ComplaintRemedy,
    ComplaintStep,
    LogEntry,
)
from tickets.rules import unreachable_enough

SERIES = "complaint"
State, Klass, Kind = Complaint.State, Complaint.Klass, ComplaintStep.Kind
Outcome, Purpose = ComplaintCall.Outcome, ComplaintCall.Purpose
FORWARD, ANSWER, SOLVE, TELL, CALLBACK = rules.KINDS
PROMISE_FIELDS = ("outcome", "closed_at", "closed_by_id", "reason", "owner_id", "department")
CLEARED = (
    "acknowledged_at", "acknowledged_by", "contacted_at", "answered_at", "reported_at", "reported_by", "told_at",
    "told_by", "harm_stopped_at",
)  # fmt: skip
UNDO_FIELDS = (
    "state", "klass", "class_reason", "reclassed_at", "department", "handler_id", "forward_to_id", "acknowledged_at",
    "acknowledged_by_id", "contacted_at", "contact_tries", "answered_at", "reported_at", "reported_by_id", "told_at",
    "told_by_id", "told_how", "harm_now", "harm_stopped_at", "rounds", "counts_from", "tries", "satisfied", "ending",
    "end_reason", "closed_at", "wanted_by", "ticket_id", "owner_id", "next_due_at",
)  # fmt: skip


# --- how every change begins and ends --------------------------------------------------------------------------


def _begin(complaint, move, by, version):
    """The complaint, locked and read again; refused when the page was older or the rule says no."""
    row = (
        Complaint.objects.select_for_update(of=("self",))
        .select_related(
            "estate", "unit", "building", "owner", "handler", "cause", "acknowledged_by", "complainant"
        )
        .get(pk=complaint.pk)
    )
    if version is not None and int(version) != row.version:
        raise Stale
    if sentence := rules.why_not(move, row, by):
        raise Refused(sentence)
    row.was = undo.snapshot(row, *UNDO_FIELDS)
    return row


def _end(complaint, *fields):
    complaint.next_due_at = promises.next_due(complaint)
    complaint.version += 1
    complaint.save(update_fields=[*fields, "next_due_at", "version"])
    return complaint


def _need(text, sentence):
    if not text.strip():
        raise Refused(sentence)
    return text.strip()


def _fact(complaint, at, now):
    """When it happened: not ahead, and not before this round began."""
    at = at or now
    change.past(at, now, _("This time has not come yet."))
    if at < complaint.counts_from:
        raise Refused(_("This lies before the complaint was received."))
    return at


def _step(complaint, kind, at, by, now, text=""):
    return ComplaintStep.objects.create(
        complaint=complaint, kind=kind, at=at, by=by, text=text, round=complaint.rounds, recorded_at=now
    )


def _journal(verb, complaint, by, now, **data):
    journal.record(f"complaint.{verb}", subject=complaint, by=by, now=now, data=data)


def _stamp(moment, complaint):
    return change.stamp(moment, complaint.estate.zone)


def _bell(template, complaint, people, by, now, **data):
    """A notice on the bell of `people`; none to who did it himself. Numbers and places, no names of residents."""
    words = {"number": complaint.number, "where": complaint.where} | data
    for person in {person.pk: person for person in people if person}.values():
        if person.pk == by.pk:
            continue
        outbox.queue(
            f"complaint.{template}",
            dedupe_key=f"complaint.{template}:{complaint.pk}:{complaint.version}:{person.pk}",
            channel=Message.Channel.DESK,
            estate=complaint.estate,
            now=now,
            staff=person,
            data=words,
            subject=complaint,
        )


# --- promises --------------------------------------------------------------------------------------------------


def _promise(complaint, kind, rule_key, *, fact_at, now, agreed=None):
    return promises.make(
        kind,
        rule_key,
        subject=complaint,
        fact_at=fact_at,
        now=now,
        owner=_owner_of(kind, complaint),
        estate=complaint.estate,
        title=f"{complaint.number} {complaint.where}"[:200],
        department=rules.department_of(kind, complaint),
        agreed=agreed,
    )


def _owner_of(kind, complaint):
    """Who owes it: the named head or director, the person responsible, or the clerk who took it."""
    if kind == FORWARD:
        return complaint.forward_to or complaint.owner
    if kind == SOLVE:
        return complaint.handler or complaint.owner
    if kind == CALLBACK:
        return _caller(complaint)
    return complaint.owner


def _caller(complaint):
    """The clerk who took it, unless he handled it himself: then the head of the front desk, or the next ones up."""
    out = {complaint.handler_id, complaint.against_staff_id}
    if complaint.owner_id not in out:
        return complaint.owner
    others = rules.receivers(complaint.estate_id, Klass.IMPORTANT, promises.KINDS[CALLBACK].department, out)
    return others[0] if others else complaint.owner


def _name_receiver(complaint):
    """Name whom the complaint is forwarded to."""
    named = rules.receivers(
        complaint.estate_id, complaint.klass, complaint.department, {complaint.against_staff_id}
    )
    complaint.forward_to = named[0] if named else None


def _promise_class(complaint, now):
    """Open what its class promises, counted from the reception or the reopening."""
    zone, made = complaint.estate.zone, []
    for kind, rule in rules.owed(complaint).items():
        agreed = clocks.end_of_day(complaint.wanted_by, zone) if rule == rules.WANTED else None
        made.append(_promise(complaint, kind, rule, fact_at=complaint.counts_from, now=now, agreed=agreed))
    return made


def _forward(complaint, by, now):
    """The named head or director hears of it at once; the promise is kept only when he acknowledges (SPEC §5.2)."""
    if complaint.forward_to_id and not complaint.acknowledged_at:
        klass = journal.word("complaint.class", complaint.klass)
        _bell("forwarded", complaint, [complaint.forward_to], by, now, klass=klass)


def _drop(rows, *, at, by, reason=""):
    """End promises that are owed no more. One whose time has passed stays to be seen as not kept."""
    for promise in rows:
        missed = promise.due_at <= at
        outcome = Promise.Outcome.UNREACHABLE if missed else Promise.Outcome.CANCELLED
        promises.close([promise], outcome, at=at, by=by, reason=reason[:300])


def _before(complaint, rows):
    return [complaint.was, *(undo.snapshot(row, *PROMISE_FIELDS) for row in rows)]


# --- taking it -------------------------------------------------------------------------------------------------


@transaction.atomic
def take(
    *,
    estate,
    course,
    cause,
    by,
    now,
    at=None,
    klass=Klass.MINOR,
    class_reason="",
    channel=Complaint.Channel.PHONE,
    occurred_at=None,
    unit=None,
    building=None,
    place="",
    complainant=None,
    name="",
    phone="",
    language="",
    against=Complaint.Against.COMPANY,
    against_text="",
    against_department="",
    against_staff=None,
    demand="",
    department="",
    handler=None,
    wanted_by=None,
    harm_now=False,
    calmed=False,
    apology=False,
    ticket=None,
    repeat_of=None,
    file_ids=(),
    entry=None,
):
    """Take a complaint (SPEC §5.1, §5.2): its class, its promises from the reception `at`, the forward to who is named.

    It writes its own line of the reception log, or stamps the line it comes from (`entry`). With a `handler` it is
    given to the department at once.
    """
    if not by.may(rules.TAKE, estate.pk):
        raise Refused(_("Your role does not allow this."))
    at = at or now
    change.past(at, now, _("This time has not come yet."))
    occurred_at = occurred_at or at
    change.past(occurred_at, at, _("It happened after it was complained of."))
    if complainant and not phone:
        phone = complainant.phones.values_list("number", flat=True).first() or ""
    name = name or (complainant.name if complainant else "")
    if not (complainant or unit or name.strip() or phone.strip()):
        raise Refused(_("Say who complains: nobody could be told the result otherwise."))
    if klass != Klass.MINOR and wanted_by:
        raise Refused(_("The resident's date counts for minor complaints only."))
    if wanted_by and wanted_by < clocks.local_date(at, estate.zone):
        raise Refused(_("The date the resident asks for lies in the past."))
    complaint = Complaint(
        number=series.take(estate, SERIES, now=now),
        estate=estate,
        owner=by,
        opened_at=at,
        recorded_at=now,
        counts_from=at,
        klass=klass,
        class_reason=class_reason,
        channel=channel,
        occurred_at=occurred_at,
        unit=unit,
        building=building or (unit.building if unit else None),
        place=place,
        complainant=complainant,
        name=name,
        phone=phone,
        language=language or (complainant.language if complainant else ""),
        against=against,
        against_text=against_text,
        against_department=against_department,
        against_staff=against_staff,
        course=_need(course, _("Write down what happened.")),
        demand=demand,
        cause=cause,
        department=department or against_department or cause.department,
        wanted_by=wanted_by,
        harm_now=harm_now,
        apology=apology,
        ticket=ticket,
        repeat_of=repeat_of,
    )
    _check_places(complaint)
    if handler:
        _check_handler(handler, complaint)
        complaint.handler, complaint.state = handler, State.HANDLING
    complaint.is_repeat = reports.complaint_repeats(
        estate=estate, cause=cause, unit=unit, complainant=complainant, now=at
    ).exists()
    _name_receiver(complaint)
    insert(complaint)
    promised = _promise_class(complaint, now)
    complaint.next_due_at = min((row.due_at for row in promised), default=None)
    complaint.save(update_fields=["next_due_at"])
    files.attach(file_ids, complaint, by=by, now=now)
    search.put_new(Complaint.SUBJECT, complaint.pk, estate.pk, reports.keys_of_complaint(complaint))
    _journal("taken", complaint, by, now, klass=journal.word("complaint.class", klass))
    if entry:
        reception.log_turned(entry=entry, subject=complaint, by=by, now=now)
    else:
        _log(complaint, by)
    _forward(complaint, by, now)
    _bell("routed", complaint, [handler], by, now)
    if calmed:
        _calm(complaint, at, by, now, "")
        complaint.save(update_fields=["calmed_at"])
    solved_by = next((row.due_at for row in promised if row.kind == SOLVE), None)
    if solved_by:
        due = telling.last_day(solved_by, estate.zone)
        telling.complainant("complaint.resident_received", complaint, now=now, due=due)
    return complaint


def _check_places(complaint):
    if not (complaint.unit_id or complaint.building_id or complaint.place.strip()):
        raise Refused(_("Say where: a unit, a building or a place."))
    for row in (complaint.unit, complaint.building, complaint.cause, complaint.ticket, complaint.repeat_of):
        if row is not None and row.estate_id != complaint.estate_id:
            raise Refused(_("This belongs to another estate."))
    if complaint.against == Complaint.Against.DEPARTMENT and not complaint.against_department:
        raise Refused(_("Say which department is complained of."))
    if complaint.against == Complaint.Against.STAFF and not (
        complaint.against_staff_id or complaint.against_text.strip()
    ):
        raise Refused(_("Say who is complained of."))


def _check_handler(handler, complaint):
    if handler.pk == complaint.against_staff_id:
        raise Refused(_("Nobody handles a complaint about himself."))
    if not handler.is_active or not (
        handler.may(rules.HANDLE, complaint.estate_id) or handler.may(rules.OWN, complaint.estate_id)
    ):
        raise Refused(_("This person handles no complaints at this estate."))


def _log(complaint, by):
    """A complaint taken directly writes its own line of the reception log, in its own transaction (SPEC §2)."""
    insert(
        LogEntry(
            estate_id=complaint.estate_id,
            at=complaint.opened_at,
            recorded_at=complaint.recorded_at,
            channel=complaint.channel,
            who=reception.who(
                complaint.unit_id, complaint.complainant_id, complaint.name, complaint.phone, ""
            ),
            unit_id=complaint.unit_id,
            place=complaint.place,
            person_id=complaint.complainant_id,
            name=complaint.name,
            phone=complaint.phone,
            asked=complaint.course,
            by=by,
            became_kind=Complaint.SUBJECT,
            became_id=complaint.pk,
            became_text=complaint.number,
            automatic=True,
        )
    )


CORRECTABLE = (
    "channel", "occurred_at", "unit", "building", "place", "complainant", "name", "phone", "language", "against",
    "against_text", "against_department", "against_staff", "course", "demand", "cause", "wanted_by", "harm_now",
    "repeat_of", "apology",
)  # fmt: skip


@transaction.atomic
def correct(*, complaint, by, now, version=None, file_ids=(), **fields):
    """Correct what was written down at the reception. The class has its own move; another date of the resident
    replaces the one before. The journal says which fields, never what stood there."""
    complaint = _begin(complaint, "correct", by, version)
    if unknown := set(fields) - set(CORRECTABLE):
        raise TypeError(f"not correctable: {sorted(unknown)}")
    changed = [name for name, value in fields.items() if getattr(complaint, name) != value]
    columns = [complaint._meta.get_field(name).attname for name in changed]
    before = undo.snapshot(complaint, *{*UNDO_FIELDS, *columns, "is_repeat"})
    for name in changed:
        setattr(complaint, name, fields[name])
    _need(complaint.course, _("Write down what happened."))
    _check_places(complaint)
    if not (complaint.complainant_id or complaint.unit_id or complaint.name or complaint.phone):
        raise Refused(_("Say who complains: nobody could be told the result otherwise."))
    change.past(complaint.occurred_at, now, _("This time has not come yet."))
    extra, owed, made = [], [], []
    if "harm_now" in changed:
        _check_harm(complaint)
    if "against_staff" in changed:
        if complaint.handler_id and complaint.handler_id == complaint.against_staff_id:
            raise Refused(_("Nobody handles a complaint about himself."))
        if complaint.against_staff_id and complaint.against_staff_id == complaint.acknowledged_by_id:
            raise Refused(_("This person has acknowledged the complaint already."))
        owed += promises.open_of(complaint, FORWARD)
        was = [undo.snapshot(row, *PROMISE_FIELDS) for row in owed]
        _renew_receiver(complaint, owed, by, now)
        extra.append("forward_to")
    else:
        was = []
    if "wanted_by" in changed:
        rows = _check_wanted(complaint, now)
        was += [undo.snapshot(row, *PROMISE_FIELDS) for row in rows]
        if rows:
            _drop(rows, at=now, by=by, reason=_("the resident asked for another date"))
            rule = rules.owed(complaint)[SOLVE]
            agreed = (
                clocks.end_of_day(complaint.wanted_by, complaint.estate.zone)
                if rule == rules.WANTED
                else None
            )
            made.append(
                _promise(complaint, SOLVE, rule, fact_at=complaint.counts_from, now=now, agreed=agreed)
            )  # fmt: skip
    if {"cause", "unit", "complainant"} & set(changed):
        complaint.is_repeat = reports.complaint_repeats(
            estate=complaint.estate,
            cause=complaint.cause,
            unit=complaint.unit,
            complainant=complaint.complainant,
            now=complaint.opened_at,
            other_than=complaint.pk,
        ).exists()
        extra.append("is_repeat")
    files.attach(file_ids, complaint, by=by, now=now)
    if not changed:
        return _end(complaint) if file_ids else complaint
    if {"name", "phone", "complainant"} & set(changed):
        keys = reports.keys_of_complaint(complaint)
        search.put(Complaint.SUBJECT, complaint.pk, complaint.estate_id, keys)
    _end(complaint, *changed, *extra)
    _journal("corrected", complaint, by, now, fields=journal.fields("complaint.field", changed))
    if not {"name", "phone", "complainant"} & set(changed):  # search keys do not come back with the row
        undo.offer(
            verb="complaint.corrected",
            subject=complaint,
            by=by,
            now=now,
            before=[before, *was],
            made=[undo.made(row) for row in made],
        )
    return complaint


def _check_harm(complaint):
    if not complaint.harm_now and complaint.harm_stopped_at:
        raise Refused(_("That the harm has stopped is recorded already."))
    if complaint.harm_now and (complaint.contacted_at or complaint.answered_at or complaint.reported_at):
        raise Refused(_("Other steps are recorded already: record what stops the harm as an action."))


def _check_wanted(complaint, now):
    """The open promise that another date of the resident replaces."""
    if complaint.klass != Klass.MINOR:
        raise Refused(_("The resident's date counts for minor complaints only."))
    today = clocks.local_date(now, complaint.estate.zone)
    if complaint.wanted_by and complaint.wanted_by < today:
        raise Refused(_("The date the resident asks for lies in the past."))
    return promises.open_of(complaint, SOLVE)


def _renew_receiver(complaint, rows, by, now):
    """Another one is named to acknowledge; the clock does not move."""
    old = complaint.forward_to_id
    _name_receiver(complaint)
    for promise in rows:
        promise.owner = _owner_of(FORWARD, complaint)
        promise.department = rules.department_of(FORWARD, complaint)
        promise.save(update_fields=["owner", "department"])
    if rows and complaint.forward_to_id != old:
        _forward(complaint, by, now)


# --- class and forward -----------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge(*, complaint, by, now, version=None):
    """The named head or director has taken note: only this keeps the forward (SPEC §5.2)."""
    complaint = _begin(complaint, "acknowledge", by, version)
    owed = promises.open_of(complaint, FORWARD)
    before = _before(complaint, owed)
    promises.close(owed, Promise.Outcome.KEPT, at=now, by=by)
    complaint.acknowledged_at, complaint.acknowledged_by = now, by
    _end(complaint, "acknowledged_at", "acknowledged_by")
    _journal("acknowledged", complaint, by, now, name=by.name)
    undo.offer(verb="complaint.acknowledged", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def reclass(*, complaint, klass, reason, by, now, wanted_by=None, version=None):
    """Another class: its promises are worked out again from the reception; what was missed keeps its record, and a
    limit that is past by now falls due soon and says so (SPEC §5.2). A new class has its own receiver."""
    complaint = _begin(complaint, "reclass", by, version)
    if sentence := rules.why_not_reclass_to(klass, complaint, by):
        raise Refused(sentence)
    reason = _need(reason, _("Give the reason."))
    if wanted_by and klass != Klass.MINOR:
        raise Refused(_("The resident's date counts for minor complaints only."))
    zone, estate = complaint.estate.zone, complaint.estate
    if wanted_by and wanted_by < clocks.local_date(now, zone):
        raise Refused(_("The date the resident asks for lies in the past."))
    old = promises.open_of(complaint, *rules.OF_CLASS)
    before = _before(complaint, old)
    _drop(old, at=now, by=by, reason=reason)
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
            _promise(complaint, kind, key, fact_at=fact_at, now=now, agreed=agreed if key == rule else None)
        )
    _end(
        complaint, "klass", "class_reason", "reclassed_at", "wanted_by", "forward_to", "acknowledged_at",
        "acknowledged_by",
    )  # fmt: skip
    words = {"old": journal.word("complaint.class", was), "new": journal.word("complaint.class", klass)}
    _journal("reclassed", complaint, by, now, **words)
    _forward(complaint, by, now)
    undo.offer(
        verb="complaint.reclassed", subject=complaint, by=by, now=now, before=before,
        made=[undo.made(row) for row in made],
    )  # fmt: skip
    return complaint


def _reforward(complaint):
    """Name the receiver of the new class. An acknowledgement counts for the class it was given for: one that was
    given earlier in this round, for this very class, still holds."""
    _name_receiver(complaint)
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
    complaint = _begin(complaint, "route", by, version)
    _check_handler(handler, complaint)
    had = complaint.handler
    if had:
        if had.pk == handler.pk and complaint.department == department:
            raise Refused(_("This person has the complaint already."))
        _need(reason, _("Give the reason of the hand-over."))
    owed = promises.open_of(complaint, FORWARD, SOLVE)
    before = _before(complaint, owed)
    complaint.department, complaint.handler, complaint.state = department, handler, State.HANDLING
    for promise in owed:
        if promise.kind == SOLVE:
            promise.owner, promise.department = handler, department
            promise.save(update_fields=["owner", "department"])
    _renew_receiver(complaint, [row for row in owed if row.kind == FORWARD], by, now)
    _end(complaint, "department", "handler", "state", "forward_to")
    data = {"department": journal.word("department", department), "to": handler.name}
    if had:  # who, from whom and why stays written down
        moved = promises.note_hand_over(
            complaint, handler, was=had, reason=reason, by=by, now=now, notice=notice,
            kind=complaint.SUBJECT, pk=complaint.pk, text=str(complaint),
        )  # fmt: skip
        _journal("rerouted", complaint, by, now, **data, reason=journal.reason(moved))
        return complaint
    _journal("routed", complaint, by, now, **data)
    _bell("routed", complaint, [handler], by, now)
    undo.offer(verb="complaint.routed", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def hand_over(*, complaint, to, reason, by, now, version=None, notice=True):
    """誰受理誰跟進誰回覆: the owner changes only by an explicit hand-over with a reason (SPEC §1)."""
    complaint = _begin(complaint, "hand_over", by, version)
    _need(reason, _("Give the reason of the hand-over."))
    if not to.is_active or not to.may("complaints.tell", complaint.estate_id):
        raise Refused(_("This person takes no complaints at this estate."))
    if to.pk == complaint.owner_id:
        raise Refused(_("This person has the complaint already."))
    was, complaint.owner = complaint.owner, to
    for promise in promises.open_of(complaint):
        if promise.kind != FORWARD:
            promise.owner = _owner_of(promise.kind, complaint)
            promise.save(update_fields=["owner"])
    moved = promises.note_hand_over(
        complaint, to, was=was, reason=reason, by=by, now=now, notice=notice,
        kind=complaint.SUBJECT, pk=complaint.pk, text=str(complaint),
    )  # fmt: skip
    _end(complaint, "owner")
    _journal("handed_over", complaint, by, now, to=to.name, reason=journal.reason(moved))
    return complaint


def hand_over_promises(pk, *, kind, to, reason, by, now, notice):
    """From the board: “solved” goes to another person responsible, all else to another clerk who tells the resident."""
    complaint = Complaint.objects.get(pk=pk)
    values = {"complaint": complaint, "reason": reason, "by": by, "now": now, "notice": notice}
    if kind == SOLVE and complaint.handler_id:
        return route(department=complaint.department, handler=to, **values)
    return hand_over(to=to, **values)


# --- handling --------------------------------------------------------------------------------------------------


def _taken_in_hand(complaint, by):
    """Whoever acts on a complaint nobody has been given is responsible for it."""
    if complaint.handler_id is None:
        if complaint.against_staff_id == by.pk:
            raise Refused(_("Nobody handles a complaint about himself."))
        complaint.handler = by
        for promise in promises.open_of(complaint, SOLVE):
            promise.owner = by
            promise.save(update_fields=["owner"])
    if complaint.state == State.RECEIVED:
        complaint.state = State.HANDLING
    return ["handler", "state"]


def _handled(complaint, move, kind, verb, text, at, by, now, version, *fields, **values):
    """One step of the handling: its text, its time, its line in the journal."""
    complaint = _begin(complaint, move, by, version)
    text = _need(text, _("Write down what was done or said."))
    at = _fact(complaint, at, now)
    touched = _taken_in_hand(complaint, by)
    for name, value in values.items():
        setattr(complaint, name, at if value is _AT else value)
    _step(complaint, kind, at, by, now, text)
    _end(complaint, *touched, *values, *fields)
    _journal(verb, complaint, by, now, at=_stamp(at, complaint))
    return complaint


_AT = object()  # the time of the step


@transaction.atomic
def contact(*, complaint, text, by, now, at=None, reached=True, version=None):
    """The person responsible contacts the resident first (SPEC §5.3). Who was not reached was still tried."""
    if not reached:
        complaint = _begin(complaint, "contact", by, version)
        at = _fact(complaint, at, now)
        touched = _taken_in_hand(complaint, by)
        complaint.contact_tries += 1
        _step(complaint, Kind.CONTACT_FAILED, at, by, now, text.strip())
        _end(complaint, *touched, "contact_tries")
        _journal("contact_failed", complaint, by, now, at=_stamp(at, complaint))
        return complaint
    first = {} if complaint.contacted_at else {"contacted_at": _AT}
    return _handled(complaint, "contact", Kind.CONTACT, "contacted", text, at, by, now, version, **first)


@transaction.atomic
def stop_harm(*, complaint, text, by, now, at=None, version=None):
    """What goes on doing harm is stopped, before anything else is recorded (SPEC §5.3)."""
    return _handled(
        complaint, "stop_harm", Kind.HARM_STOPPED, "harm_stopped", text, at, by, now, version, harm_stopped_at=_AT
    )  # fmt: skip


@transaction.atomic
def act(*, complaint, text, by, now, at=None, version=None):
    return _handled(complaint, "act", Kind.ACTION, "acted", text, at, by, now, version)


@transaction.atomic
def meet(*, complaint, place, parties, outcome, by, now, at=None, version=None):
    """A joint meeting with several parties and what came of it."""
    place, parties = place.strip(), parties.strip()
    if not place or not parties:
        raise Refused(_("Say where the meeting was and who took part."))
    text = f"{place} · {parties}\n{outcome.strip()}" if outcome.strip() else ""
    complaint = _handled(complaint, "meet", Kind.MEETING, "met", text, at, by, now, version)
    ComplaintMeeting.objects.create(
        complaint=complaint, at=at or now, place=place, parties=parties, outcome=outcome.strip(), by=by, recorded_at=now
    )  # fmt: skip
    return complaint


@transaction.atomic
def tell_reason(*, complaint, text, by, now, at=None, version=None):
    """Not solvable at once: the reason is told to the resident. No clock moves for it (SPEC §0, §5.3)."""
    return _handled(complaint, "tell_reason", Kind.REASON_TOLD, "reason_told", text, at, by, now, version)


@transaction.atomic
def report_up(*, complaint, text, by, now, at=None, version=None):
    """Not solvable at once: reported upward; the head of the department hears of it, from him on the director."""
    complaint = _handled(complaint, "report_up", Kind.REPORTED_UP, "reported_up", text, at, by, now, version)
    besides = {by.pk, complaint.against_staff_id}
    up = rules.receivers(complaint.estate_id, Klass.IMPORTANT, complaint.department, besides - {by.pk})
    if by.pk in {person.pk for person in up[:1]}:
        up = rules.receivers(complaint.estate_id, Klass.MAJOR, complaint.department, besides)
    _bell("reported_up", complaint, up[:1], by, now)
    return complaint


@transaction.atomic
def answer(*, complaint, text, by, now, at=None, version=None):
    """The clear answer told to the resident; of a major complaint it is promised (SPEC §5.2)."""
    complaint = _handled(
        complaint, "answer", Kind.ANSWER, "answered", text, at, by, now, version, answered_at=_AT
    )
    promises.keep(complaint, ANSWER, at=complaint.answered_at, by=by)
    return _clock_again(complaint)


def _clock_again(complaint):
    """The derived clock, after a promise was kept or made behind `_handled`."""
    complaint.next_due_at = promises.next_due(complaint)
    complaint.save(update_fields=["next_due_at"])
    return complaint


@transaction.atomic
def propose(*, complaint, text, by, now, cost=None, version=None):
    """One of the proposed remedies, with what it costs (SPEC §5.3)."""
    complaint = _begin(complaint, "propose", by, version)
    text = _need(text, _("Write down the remedy."))
    if cost is not None and cost < 0:
        raise Refused(_("A cost cannot be below zero."))
    touched = _taken_in_hand(complaint, by)
    remedy = ComplaintRemedy.objects.create(
        complaint=complaint, text=text[:500], cost=cost, proposed_at=now, by=by
    )
    _end(complaint, *touched)
    _journal("proposed", complaint, by, now)
    undo.offer(
        verb="complaint.proposed", subject=complaint, by=by, now=now, before=[complaint.was], made=[undo.made(remedy)]
    )  # fmt: skip
    return complaint


@transaction.atomic
def decide_remedy(*, complaint, remedy, accepted, by, now, version=None):
    """What the resident said to a remedy; the last answer counts until the complaint has ended."""
    complaint = _begin(complaint, "decide_remedy", by, version)
    remedy = complaint.remedies.select_for_update().get(pk=remedy.pk)
    before = [complaint.was, undo.snapshot(remedy, "accepted", "decided_at", "decided_by_id")]
    remedy.accepted, remedy.decided_at, remedy.decided_by = accepted, now, by
    remedy.save(update_fields=["accepted", "decided_at", "decided_by"])
    _end(complaint)
    verb = "remedy_accepted" if accepted else "remedy_refused"
    _journal(verb, complaint, by, now)
    undo.offer(verb=f"complaint.{verb}", subject=complaint, by=by, now=now, before=before)
    return complaint


@transaction.atomic
def report(*, complaint, result, fault, valid, by, now, at=None, apology=None, version=None):
    """The department's result: it keeps “solved”, and the clerk owes telling it the same day (SPEC §5.2, §5.3).

    A complaint found not justified is answered like any other.
    """
    complaint = _begin(complaint, "report", by, version)
    result = _need(result, _("Write down the result."))
    at = _fact(complaint, at, now)
    if fault not in Complaint.Fault.values or valid is None:
        raise Refused(_("Say whose fault it was and whether the complaint is justified."))
    promises.keep(complaint, SOLVE, at=at, by=by)
    complaint.state, complaint.reported_at, complaint.reported_by = State.REPORTED, at, by
    complaint.result, complaint.fault, complaint.valid, complaint.tries = result, fault, valid, 0
    if apology is not None:
        complaint.apology = apology
    _step(complaint, Kind.REPORT, at, by, now, result)
    owed = _promise(complaint, TELL, TELL, fact_at=at, now=now)
    _end(complaint, "state", "reported_at", "reported_by", "result", "fault", "valid", "apology", "tries")
    _journal("reported", complaint, by, now, at=_stamp(at, complaint))
    _bell("reported", complaint, [complaint.owner], by, now, due_at=owed.due_at.isoformat())
    # It keeps no promise: the clerk tells the result by telephone or face to face (SPEC §5.3).
    telling.complainant("complaint.resident_result", complaint, now=now)
    return complaint


@transaction.atomic
def tell(*, complaint, by, now, how=Complaint.ToldHow.PHONE, at=None, reached=True, remark="", version=None):
    """The clerk tells the resident the result, by telephone or face to face, the same day; a message keeps nothing
    (SPEC §5.3). From here on a callback is owed. Not reached is one try, and the promise stays open."""
    complaint = _begin(complaint, "tell", by, version)
    at = _fact(complaint, at, now)
    if at < complaint.reported_at:
        raise Refused(_("This lies before the result was recorded."))
    if how not in Complaint.ToldHow.values:
        raise Refused(_("The result is told by telephone or face to face."))
    if not reached:
        ways = {
            Complaint.ToldHow.PHONE: ComplaintCall.How.PHONE,
            Complaint.ToldHow.FACE: ComplaintCall.How.VISIT,
        }
        _call(complaint, Purpose.RESULT, at, by, now, Outcome.NOT_REACHED, ways[how], None, remark)
        complaint.tries += 1
        _end(complaint, "tries")
        _journal("tell_failed", complaint, by, now, **{"try": complaint.tries})
        return complaint
    promises.keep(complaint, TELL, ANSWER, at=at, by=by)
    complaint.state, complaint.told_at, complaint.told_by, complaint.told_how = State.TOLD, at, by, how
    complaint.answered_at, complaint.tries = complaint.answered_at or at, 0
    _step(complaint, Kind.TOLD, at, by, now, remark.strip())
    owed = _promise(complaint, CALLBACK, CALLBACK, fact_at=at, now=now)
    _end(complaint, "state", "told_at", "told_by", "told_how", "answered_at", "tries")
    _journal(
        "told", complaint, by, now,
        how=journal.word("complaint.told", how), at=_stamp(at, complaint), due=_stamp(owed.due_at, complaint),
    )  # fmt: skip
    return complaint


# --- callback and end ------------------------------------------------------------------------------------------


def _call(complaint, purpose, at, by, now, outcome, how, score, remark):
    return ComplaintCall.objects.create(
        complaint=complaint, purpose=purpose, round=complaint.rounds, tried_at=at, by=by, how=how, outcome=outcome,
        score=score, remark=remark.strip(), recorded_at=now,
    )  # fmt: skip


@transaction.atomic
def call_back(
    *, complaint, outcome, by, now, how=ComplaintCall.How.PHONE, tried_at=None, score=None, remark="",
    harm_now=False, version=None,
):  # fmt: skip
    """回訪 (SPEC §5.3): satisfied closes; not satisfied opens the next round with promises of its own, counted from
    now; not reached is one try. The promise is kept when the person was reached, satisfied or not."""
    complaint = _begin(complaint, "call_back", by, version)
    tried_at = _fact(complaint, tried_at, now)
    if tried_at < complaint.told_at:
        raise Refused(_("The callback lies before the result was told."))
    if outcome == Outcome.NOT_SATISFIED:
        _need(remark, _("Write down what the resident is not satisfied with."))
    owed = promises.open_of(complaint)
    before = _before(complaint, owed)
    made = [_call(complaint, Purpose.CALLBACK, tried_at, by, now, outcome, how, score, remark)]
    data = {}
    if outcome == Outcome.NOT_REACHED:
        complaint.tries += 1
        verb, data = "not_reached", {"try": complaint.tries}
    else:
        callbacks = [row for row in owed if row.kind == CALLBACK]
        promises.close(callbacks, Promise.Outcome.KEPT, at=tried_at, by=by)
        _drop([row for row in owed if row.kind != CALLBACK], at=now, by=by)
        complaint.satisfied = outcome == Outcome.SATISFIED
        verb = "closed" if complaint.satisfied else "reopened"
        if complaint.satisfied:
            complaint.state, complaint.closed_at = State.CLOSED, tried_at
            complaint.ending = Complaint.Ending.CALLED_BACK
        else:
            made += _reopen(complaint, tried_at, harm_now, now)
            data = {"round": complaint.rounds}
    fields = [name.removesuffix("_id") for name in UNDO_FIELDS if name != "next_due_at"]
    _end(complaint, *fields)
    _journal(verb, complaint, by, now, **data)
    if verb == "reopened":
        _bell("reopened", complaint, [complaint.owner, complaint.handler], by, now)
        _forward(complaint, by, now)
    undo.offer(
        verb=f"complaint.{verb}", subject=complaint, by=by, now=now, before=before,
        made=[undo.made(row) for row in made],
    )  # fmt: skip
    return complaint


def _reopen(complaint, at, harm_now, now):
    """The next round: nothing of it has been done yet, and its promises count from the callback."""
    for name in CLEARED:
        setattr(complaint, name, None)
    complaint.told_how, complaint.contact_tries, complaint.tries = "", 0, 0
    complaint.harm_now, complaint.wanted_by = harm_now, None
    complaint.state, complaint.counts_from = State.HANDLING, at
    complaint.rounds += 1
    _name_receiver(complaint)
    return _promise_class(complaint, now)


@transaction.atomic
def close_unreachable(*, complaint, reason, by, now, version=None):
    """After 3 failed tries on 2 different days, of telling the result or of calling back; counts against the 100 %."""
    complaint = _begin(complaint, "close_unreachable", by, version)
    reason = _need(reason, _("Give the reason."))
    purpose = Purpose.RESULT if complaint.state == State.REPORTED else Purpose.CALLBACK
    tries = complaint.calls.filter(
        purpose=purpose, round=complaint.rounds, outcome=Outcome.NOT_REACHED
    ).values_list("tried_at", flat=True)
    if not unreachable_enough([clocks.local_date(at, complaint.estate.zone) for at in tries]):
        raise Refused(rules.too_few_tries())
    owed = promises.open_of(complaint)
    unkept = [row for row in owed if row.kind != FORWARD]
    promises.close(unkept, Promise.Outcome.UNREACHABLE, at=now, by=by, reason=reason[:300])
    _drop([row for row in owed if row.kind == FORWARD], at=now, by=by)
    complaint.state, complaint.closed_at = State.CLOSED, now
    complaint.ending, complaint.end_reason = Complaint.Ending.UNREACHABLE, reason[:300]
    _end(complaint, "state", "closed_at", "ending", "end_reason")
    _journal("closed_unreachable", complaint, by, now, tries=complaint.tries)
    return complaint


@transaction.atomic
def withdraw(*, complaint, reason, by, now, version=None):
    """The resident takes the complaint back. What was missed until then stays missed; no callback is owed."""
    complaint = _begin(complaint, "withdraw", by, version)
    reason = _need(reason, _("Write down what the resident said."))
    owed = promises.open_of(complaint)
    before = _before(complaint, owed)
    _drop(owed, at=now, by=by, reason=_("withdrawn by the resident"))
    complaint.state, complaint.closed_at = State.WITHDRAWN, now
    complaint.ending, complaint.end_reason = Complaint.Ending.WITHDRAWN, reason[:300]
    _end(complaint, "state", "closed_at", "ending", "end_reason")
    _journal("withdrawn", complaint, by, now)
    undo.offer(verb="complaint.withdrawn", subject=complaint, by=by, now=now, before=before)
    return complaint


# --- beside the handling ---------------------------------------------------------------------------------------


@transaction.atomic
def calm_down(*, complaint, by, now, at=None, text="", version=None):
    """One button: the supervisor is called and the talk moves to a separate room (SPEC §5.4)."""
    complaint = _begin(complaint, "calm_down", by, version)
    _calm(complaint, _fact(complaint, at, now), by, now, text)
    return _end(complaint, "calmed_at")


def _calm(complaint, at, by, now, text):
    complaint.calmed_at = at
    _step(complaint, Kind.CALM_DOWN, at, by, now, text.strip())
    _journal("calmed", complaint, by, now, at=_stamp(at, complaint))
    on_duty = Staff.objects.posted_as(complaint.estate_id, *rules.HEADS) or Staff.objects.posted_as(
        complaint.estate_id, *rules.DIRECTORS
    )
    _bell("calm", complaint, on_duty, by, now)


@transaction.atomic
def link_ticket(*, complaint, ticket, by, now, version=None):
    """The repair that belongs to the complaint; None unlinks."""
    complaint = _begin(complaint, "link_ticket", by, version)
    if ticket is not None and ticket.estate_id != complaint.estate_id:
        raise Refused(_("This belongs to another estate."))
    complaint.ticket = ticket
    _end(complaint, "ticket")
    if ticket:
        _journal("linked", complaint, by, now, ticket=ticket.number)
        verb = "complaint.linked"
    else:
        _journal("unlinked", complaint, by, now)
        verb = "complaint.unlinked"
    undo.offer(verb=verb, subject=complaint, by=by, now=now, before=[complaint.was])
    return complaint


EXTENDABLE = (ANSWER, SOLVE, CALLBACK)


@transaction.atomic
def extend(*, complaint, promise, new_due_at, reason, by, now, version=None):
    """An approved extension with its reason: the old time stays to be seen (SPEC §0). Nobody approves his own, and
    what is owed the same day or within the hour is not extended."""
    complaint = _begin(complaint, "extend", by, version)
    reason = _need(reason, _("Give the reason."))
    rows = {row.pk: row for row in promises.open_of(complaint, *EXTENDABLE)}
    if promise.pk not in rows:
        raise Refused(_("This promise is no longer open, or is not extended."))
    promise = rows[promise.pk]
    if promise.owner_id == by.pk:
        raise Refused(_("Somebody else decides about more time for you."))
    if new_due_at <= promise.due_at or new_due_at <= now:
        raise Refused(_("The new time must lie after the promised one, and ahead."))
    old = promise.due_at
    promises.extend(
        promise, new_due_at=new_due_at, estate=complaint.estate, subject=complaint, by=by, now=now, reason=reason[:300]
    )  # fmt: skip
    _end(complaint)
    _journal(
        "extended", complaint, by, now,
        promise=journal.word("promise", promise.kind), old=_stamp(old, complaint), new=_stamp(new_due_at, complaint),
    )  # fmt: skip
    return complaint
