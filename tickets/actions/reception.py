"""What people do with the reception log 客戶服務中心工作日誌 (SPEC §2)."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from office import journal, outbox, promises, search, series, undo
from office.models import Message, Promise
from office.models.by_hand import insert
from office.refusals import Refused, Stale
from tickets import reception, reports
from tickets.actions import change, telling
from tickets.models import Handover, LogEntry, Question, Ticket

SERIES = "log"
KIND = "expert_answer"
Who = LogEntry.Who


def _entry(entry, version=None):
    """The line, locked and read again with its question."""
    row = (
        LogEntry.objects.select_for_update(of=("self",))
        .select_related("estate", "unit", "by")
        .get(pk=entry.pk)
    )
    if version is not None and int(version) != row.version:
        raise Stale
    return row


def _refuse(sentence):
    if sentence:
        raise Refused(sentence)


def _save(entry, *fields):
    entry.version += 1
    entry.save(update_fields=[*fields, "version"])
    return entry


# --- lines ---------------------------------------------------------------------------------------------------


@transaction.atomic
def log(
    *,
    estate,
    asked,
    by,
    now,
    at=None,
    channel=LogEntry.Channel.PHONE,
    unit=None,
    place="",
    person=None,
    name="",
    phone="",
    authority=None,
    organisation="",
    credentials="",
    answered="",
):
    """Write one line: every visit, call, letter and counter matter (SPEC §2). Who it was follows from what is known.

    An official is routed to the authority's counterpart, who gets a notice. Not done here: asking an expert.
    """
    _refuse(reception.role_refuses(by, reception.WRITE, estate.pk))
    change.past(at or now, now + timedelta(minutes=5), _("This time has not come yet."))
    if person and not phone:
        phone = person.phones.values_list("number", flat=True).first() or ""
    name = name or (person.name if person else "")
    organisation = organisation or (authority.name_in(estate.language) if authority else "")
    entry = LogEntry(
        estate=estate,
        number=series.take(estate, SERIES, now=now),
        at=at or now,
        recorded_at=now,
        channel=channel,
        who=who(unit, person, name, phone, organisation),
        unit=unit,
        place=place,
        person=person,
        name=name,
        phone=phone,
        authority=authority,
        organisation=organisation,
        credentials=credentials if organisation else "",
        counterpart=reports.counterpart(authority, estate) if authority else None,
        asked=asked,
        answered=answered,
        by=by,
    )
    entry.save(force_insert=True)
    search.put_new(LogEntry.SUBJECT, entry.pk, estate.pk, reports.keys_of_entry(entry))
    journal.record(
        "log.written",
        subject=entry,
        by=by,
        now=now,
        data={"channel": journal.word("log.channel", entry.channel)},
    )
    if entry.counterpart_id:
        _announce(entry, by, now)
    undo.offer(
        verb="log.written",
        subject=entry,
        by=by,
        now=now,
        before=[{"model": LogEntry._meta.label, "pk": entry.pk, "fields": {"withdrawn": True}}],
    )
    return entry


def who(unit, person, name, phone, organisation):
    """Whom a line is about, from what was written down."""
    if organisation:
        return Who.OFFICIAL
    if person or unit:
        return Who.RESIDENT
    return Who.OUTSIDE if name or phone else Who.ANONYMOUS


def _announce(entry, by, now):
    """The counterpart hears of the official at once; nobody announces somebody to himself."""
    data = {"to": entry.counterpart.name, "authority": entry.organisation}
    journal.record("log.routed", subject=entry, by=by, now=now, data=data)
    if entry.counterpart_id != by.pk:
        outbox.queue(
            "log.official",
            dedupe_key=f"log:official:{entry.pk}:{entry.counterpart_id}",
            channel=Message.Channel.DESK,
            estate=entry.estate,
            now=now,
            staff=entry.counterpart,
            data={"number": entry.number, "authority": entry.organisation},
            subject=entry,
        )


CORRECTABLE = ("asked", "answered", "name", "phone", "channel", "at", "credentials")


@transaction.atomic
def correct_log(*, entry, by, now, version=None, **fields):
    """Correct or complete a line: what was answered, a name. The journal says which fields, never what stood there."""
    entry = _entry(entry, version)
    _refuse(reception.role_refuses(by, reception.WRITE, entry.estate_id))
    if entry.withdrawn:
        raise Refused(_("This line has been taken back."))
    unknown = set(fields) - set(CORRECTABLE)
    if unknown:
        raise TypeError(f"not correctable: {', '.join(sorted(unknown))}")
    change.past(fields.get("at") or entry.at, now + timedelta(minutes=5), _("This time has not come yet."))
    changed = [name for name, value in fields.items() if getattr(entry, name) != value]
    if not changed:
        return entry
    before = undo.snapshot(entry, *changed, "who")
    for name in changed:
        setattr(entry, name, fields[name])
    entry.who = who(entry.unit_id, entry.person_id, entry.name, entry.phone, entry.organisation)
    _save(entry, *changed, "who")
    if {"phone", "name"} & set(changed):
        search.put(LogEntry.SUBJECT, entry.pk, entry.estate_id, reports.keys_of_entry(entry))
    journal.record(
        "log.corrected",
        subject=entry,
        by=by,
        now=now,
        data={"fields": journal.fields("log.field", changed)},
    )
    undo.offer(verb="log.corrected", subject=entry, by=by, now=now, before=[before])
    return entry


def log_ticket(ticket, by, now):
    """A ticket taken directly writes its own line, in its own transaction (SPEC §2). Patrols and old files write none."""
    channel = reception.CHANNELS.get(ticket.channel)
    if channel is None or ticket.stream == ticket.category.Stream.PREVENTIVE:
        return
    line = LogEntry(
        estate_id=ticket.estate_id,
        at=now,
        recorded_at=now,
        channel=channel,
        who=who(ticket.unit_id, ticket.reporter_id, ticket.reporter_name, ticket.reporter_phone, ""),
        unit_id=ticket.unit_id,
        place=ticket.place,
        person_id=ticket.reporter_id,
        name=ticket.reporter_name,
        phone=ticket.reporter_phone,
        asked=ticket.problem,
        by=by,
        became_kind=Ticket.SUBJECT,
        became_id=ticket.pk,
        became_text=ticket.number,
        automatic=True,
    )
    insert(line)


@transaction.atomic
def log_turned(*, entry, subject, by, now):
    """The line became `subject` (SPEC §2 "one click turns an entry into …"); called by the action that opens it."""
    entry = _entry(entry)
    if entry.estate_id != subject.estate_id:
        raise Refused(_("The line belongs to another estate."))
    _refuse(reception.why_not_turn(entry))
    entry.became_kind, entry.became_id, entry.became_text = subject.SUBJECT, subject.pk, str(subject)
    _save(entry, "became_kind", "became_id", "became_text")
    journal.record("log.turned", subject=entry, by=by, now=now, data={"into": str(subject)})
    return entry


# --- questions to an expert ------------------------------------------------------------------------------------


def _department(staff, estate_id):
    """Where the expert works, whose head hears of a late answer."""
    return next(p.department for p in staff.posting_list if p.estate_id == estate_id)


def _expert(expert, estate_id):
    if not expert.is_active or not expert.may(reception.ANSWER, estate_id):
        raise Refused(_("This person answers no questions at this estate."))


@transaction.atomic
def ask_expert(*, entry, expert, agreed_at, by, now, version=None):
    """Give the question to a named person with the time promised to who asked (SPEC §2, §11 "at the agreed time")."""
    entry = _entry(entry, version)
    _refuse(reception.why_not_ask(entry, by))
    _expert(expert, entry.estate_id)
    if agreed_at <= now:
        raise Refused(_("The promised time lies in the past."))
    department = _department(expert, entry.estate_id)
    was = undo.snapshot(entry, "next_due_at")
    question = Question.objects.create(
        entry=entry, expert=expert, department=department, agreed_at=agreed_at, asked_by=by, asked_at=now
    )
    promise = promises.make(
        KIND,
        KIND,
        subject=entry,
        fact_at=now,
        now=now,
        owner=expert,
        estate=entry.estate,
        department=department,
        title=f"{entry} {entry.where}".strip()[:200],
        agreed=agreed_at,
    )
    entry.next_due_at = promise.due_at
    _save(entry, "next_due_at")
    data = {"to": expert.name, "due": change.stamp(agreed_at, entry.estate.zone)}
    journal.record("log.asked", subject=entry, by=by, now=now, data=data)
    _tell(expert, entry, "log.question", by, now, due_at=agreed_at.isoformat())
    undo.offer(
        verb="log.asked",
        subject=entry,
        by=by,
        now=now,
        before=[was],
        made=[undo.made(promise), undo.made(question)],
    )
    return question


def _tell(staff, entry, template, by, now, **data):
    """A notice on the bell; none to who did it himself."""
    if staff.pk == by.pk:
        return
    outbox.queue(
        template,
        dedupe_key=f"{template}:{entry.pk}:{entry.version}:{staff.pk}",
        channel=Message.Channel.DESK,
        estate=entry.estate,
        now=now,
        staff=staff,
        data={"number": str(entry), "unit": entry.where, **data},
        subject=entry,
    )


@transaction.atomic
def pass_on(*, entry, to, reason, by, now, version=None):
    """The question goes to another expert, with a reason (SPEC §1). The promised time does not move."""
    entry = _entry(entry, version)
    _refuse(reception.why_not_pass_on(entry, by))
    _expert(to, entry.estate_id)
    question = entry.question
    if not reason.strip():
        raise Refused(_("Give the reason of the hand-over."))
    if to.pk == question.expert_id:
        raise Refused(_("This person has the question already."))
    question.expert, question.department = to, _department(to, entry.estate_id)
    question.passed_on = reason.strip()[:300]
    question.save(update_fields=["expert", "department", "passed_on"])
    owed = promises.open_of(entry, KIND)
    for promise in owed:
        promise.owner, promise.department, promise.reason = to, question.department, question.passed_on
        promise.save(update_fields=["owner", "department", "reason"])
    _save(entry)
    journal.record("log.passed_on", subject=entry, by=by, now=now, data={"to": to.name})
    _tell(to, entry, "log.question", by, now, due_at=question.agreed_at.isoformat())
    return question


@transaction.atomic
def hand_over_promises(pk, *, kind, to, reason, by, now, notice):
    """From the board: a question goes to another expert, whose bell rings by that; telling an answer to a colleague."""
    entry = _entry(LogEntry(pk=pk))
    question = reception.question_of(entry)
    if question is None or question.answered_at is None:
        return pass_on(entry=entry, to=to, reason=reason, by=by, now=now)
    _refuse(reception.role_refuses(by, reception.WRITE, entry.estate_id))
    if not to.is_active or entry.estate_id not in to.estate_ids(reception.WRITE):
        raise Refused(_("This person does not work at the reception of this estate."))
    was = next((promise.owner for promise in promises.open_of(entry, KIND)), None)
    moved = promises.hand_over(entry, to, was=was, reason=reason, by=by, now=now, notice=notice)
    data = {"to": to.name, "reason": journal.reason(moved)}
    journal.record("log.answer_handed_over", subject=entry, by=by, now=now, data=data)
    _save(entry)
    return entry


@transaction.atomic
def answer(*, entry, text, by, now, told_how="", version=None):
    """Record the expert's answer. Whoever wrote the line owes telling it now, unless it has been told (`told_how`)."""
    entry = _entry(entry, version)
    _refuse(reception.why_not_answer(entry, by))
    if not text.strip():
        raise Refused(_("Write down the answer."))
    question = entry.question
    owed = promises.open_of(entry, KIND)
    before = [
        undo.snapshot(entry, "answered", "next_due_at"),
        undo.snapshot(
            question, "answer", "answered_by_id", "answered_at", "told_by_id", "told_at", "told_how"
        ),
        *(
            undo.snapshot(p, "owner_id", "department", "outcome", "closed_at", "closed_by_id", "reason")
            for p in owed
        ),
    ]
    question.answer, question.answered_by, question.answered_at = text.strip(), by, now
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    journal.record("log.answered", subject=entry, by=by, now=now)
    if told_how:
        _told(entry, question, told_how, by, now, owed)
    else:
        for promise in owed:
            promise.owner, promise.department = entry.by, promises.KINDS[KIND].department
            promise.save(update_fields=["owner", "department"])
        _save(entry)
        _tell(entry.by, entry, "log.answer", by, now)
        telling.who_asked(entry, question.answer, now)
    undo.offer(verb="log.answered", subject=entry, by=by, now=now, before=before)
    return entry


@transaction.atomic
def tell(*, entry, told_how, by, now, version=None):
    """The answer has been told to who asked: now the promise is kept (SPEC §2)."""
    entry = _entry(entry, version)
    _refuse(reception.why_not_tell(entry, by))
    question = entry.question
    owed = promises.open_of(entry, KIND)
    before = [
        undo.snapshot(entry, "answered", "next_due_at"),
        undo.snapshot(question, "told_by_id", "told_at", "told_how"),
        *(undo.snapshot(p, "outcome", "closed_at", "closed_by_id", "reason") for p in owed),
    ]
    _told(entry, question, told_how, by, now, owed)
    undo.offer(verb="log.told", subject=entry, by=by, now=now, before=before)
    return entry


def _told(entry, question, how, by, now, owed):
    if how not in Question.How.values:
        raise Refused(_("Say how the person who asked was told."))
    question.told_by, question.told_at, question.told_how = by, now, how
    question.save(update_fields=["told_by", "told_at", "told_how"])
    promises.close(owed, Promise.Outcome.KEPT, at=now, by=by)
    entry.next_due_at = None
    entry.answered = entry.answered or question.answer
    _save(entry, "next_due_at", "answered")
    journal.record("log.told", subject=entry, by=by, now=now)


# --- shift hand-over -------------------------------------------------------------------------------------------


@transaction.atomic
def hand_over_shift(*, estate, day, shift, text, by, now):
    """交接班: free lines and what is open at this moment, for the next shift (SPEC §2)."""
    _refuse(reception.role_refuses(by, reception.WRITE, estate.pk))
    lines = reports.open_for_shift(estate, now)
    if not text.strip() and not lines:
        raise Refused(_("Nothing is open: write at least one line, such as “nothing special”."))
    row = Handover.objects.create(
        estate=estate,
        day=day,
        shift=shift,
        text=text.strip(),
        open_lines=lines,
        written_by=by,
        written_at=now,
    )
    data = {"shift": journal.word("log.shift", shift), "day": f"{day:%Y-%m-%d}"}
    journal.record("log.handed_over", subject=row, by=by, now=now, data=data)
    undo.offer(
        verb="log.handed_over",
        subject=row,
        by=by,
        now=now,
        before=[{"model": Handover._meta.label, "pk": row.pk, "fields": {"withdrawn": True}}],
    )
    return row


@transaction.atomic
def acknowledge(*, handover, by, now):
    """The next person has read it, by name: once, and never who wrote it (SPEC §2)."""
    row = (
        Handover.objects.select_for_update(of=("self",)).select_related("acknowledged_by").get(pk=handover.pk)
    )
    _refuse(reception.why_not_acknowledge(row, by))
    row.acknowledged_by, row.acknowledged_at, row.version = by, now, row.version + 1
    row.save(update_fields=["acknowledged_by", "acknowledged_at", "version"])
    data = {"day": f"{row.day:%Y-%m-%d}", "shift": journal.word("log.shift", row.shift)}
    journal.record("log.acknowledged", subject=row, by=by, now=now, data=data)
    return row
