"""Taking a complaint and correcting what was written down (SPEC §5.1, §5.2)."""

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, files, journal, promises, search, series, undo
from office.models.by_hand import insert
from office.refusals import Refused
from tickets import complaints as rules
from tickets import reports
from tickets.actions import change, reception, telling
from tickets.actions.complaints import case
from tickets.actions.complaints.case import FORWARD, SOLVE, Klass, State
from tickets.models import (
    Complaint,
    LogEntry,
)


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
        number=series.take(estate, case.SERIES, now=now),
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
        course=case.need(course, _("Write down what happened.")),
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
        case.check_handler(handler, complaint)
        complaint.handler, complaint.state = handler, State.HANDLING
    complaint.is_repeat = reports.complaint_repeats(
        estate=estate, cause=cause, unit=unit, complainant=complainant, now=at
    ).exists()
    case.name_receiver(complaint)
    insert(complaint)
    promised = case.promise_class(complaint, now)
    complaint.next_due_at = min((row.due_at for row in promised), default=None)
    complaint.save(update_fields=["next_due_at"])
    files.attach(file_ids, complaint, by=by, now=now)
    search.put_new(Complaint.SUBJECT, complaint.pk, estate.pk, reports.keys_of_complaint(complaint))
    case.note("taken", complaint, by, now, klass=journal.word("complaint.class", klass))
    if entry:
        reception.log_turned(entry=entry, subject=complaint, by=by, now=now)
    else:
        _log(complaint, by)
    case.forward(complaint, by, now)
    case.bell("routed", complaint, [handler], by, now)
    if calmed:
        case.calm(complaint, at, by, now, "")
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
    complaint = case.begin(complaint, "correct", by, version)
    if unknown := set(fields) - set(CORRECTABLE):
        raise TypeError(f"not correctable: {sorted(unknown)}")
    changed = [name for name, value in fields.items() if getattr(complaint, name) != value]
    columns = [complaint._meta.get_field(name).attname for name in changed]
    before = undo.snapshot(complaint, *{*case.UNDO_FIELDS, *columns, "is_repeat"})
    for name in changed:
        setattr(complaint, name, fields[name])
    case.need(complaint.course, _("Write down what happened."))
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
        was = [undo.snapshot(row, *case.PROMISE_FIELDS) for row in owed]
        case.renew_receiver(complaint, owed, by, now)
        extra.append("forward_to")
    else:
        was = []
    if "wanted_by" in changed:
        rows = _check_wanted(complaint, now)
        was += [undo.snapshot(row, *case.PROMISE_FIELDS) for row in rows]
        if rows:
            case.drop(rows, at=now, by=by, reason=_("the resident asked for another date"))
            rule = rules.owed(complaint)[SOLVE]
            agreed = (
                clocks.end_of_day(complaint.wanted_by, complaint.estate.zone)
                if rule == rules.WANTED
                else None
            )
            made.append(
                case.promise(complaint, SOLVE, rule, fact_at=complaint.counts_from, now=now, agreed=agreed)
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
        return case.save(complaint) if file_ids else complaint
    if {"name", "phone", "complainant"} & set(changed):
        keys = reports.keys_of_complaint(complaint)
        search.put(Complaint.SUBJECT, complaint.pk, complaint.estate_id, keys)
    case.save(complaint, *changed, *extra)
    case.note("corrected", complaint, by, now, fields=journal.fields("complaint.field", changed))
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
