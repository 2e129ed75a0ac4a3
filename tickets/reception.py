"""The reception log's rules: what a line may be turned into, who may do what with a question, which shift it is (SPEC §2)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import clocks
from tickets.models import Complaint, Handover, LogEntry, Ticket

READ, WRITE, ANSWER = "reception.read", "reception.write", "reception.answer"


@dataclass(frozen=True)
class Turn:
    """A matter a line may become: its subject kind, the page that takes it (`?entry=`), the permission, the key."""

    kind: str
    label: object
    icon: str
    key: str
    page: str
    permission: str


# One line per workflow. Its page reads `?entry=`, its action stamps the line (`actions.log_turned`).
TURNS = (
    # Translators: 報修
    Turn(Ticket.SUBJECT, gettext_lazy("Repair"), "tool", "r", "tickets:intake", "tickets.intake"),
    # Translators: 投訴
    Turn(
        Complaint.SUBJECT,
        gettext_lazy("Complaint"),
        "message-2",
        "t",
        "tickets:complaint_new",
        "complaints.take",
    ),
)

# Channels of the log by the ticket's own words for them; a patrol or an old file came through nobody's door.
CHANNELS = {
    Ticket.Channel.PHONE: LogEntry.Channel.PHONE,
    Ticket.Channel.COUNTER: LogEntry.Channel.COUNTER,
    Ticket.Channel.MESSAGE: LogEntry.Channel.MESSAGE,
    Ticket.Channel.LETTER: LogEntry.Channel.LETTER,
}
TICKET_CHANNELS = {mine: theirs for theirs, mine in CHANNELS.items()} | {
    LogEntry.Channel.VISIT: Ticket.Channel.COUNTER
}


def role_refuses(staff, permission, estate_id):
    """The sentence for a posting that does not grant `permission`, or None."""
    return None if staff.may(permission, estate_id) else _("Your role does not allow this.")


def why_not_turn(entry):
    if entry.withdrawn:
        return _("This line has been taken back.")
    if entry.became_kind:
        return _("It has already become %(what)s; write a second line for a second matter.") % {
            "what": entry.became_text
        }
    return None


def why_not_ask(entry, staff):
    """Why no expert may be asked now, or None. A line asks one question."""
    if sentence := role_refuses(staff, WRITE, entry.estate_id):
        return sentence
    if entry.withdrawn:
        return _("This line has been taken back.")
    if question_of(entry):
        return _("An expert has been asked already; write a second line for a second question.")
    return None


def why_not_answer(entry, staff):
    """The expert answers, or the desk for an expert who telephones."""
    question = question_of(entry)
    if question is None:
        return _("Nobody has been asked.")
    if question.answered_at:
        return _("The answer has been recorded already.")
    if question.expert_id != staff.pk:
        return role_refuses(staff, WRITE, entry.estate_id)
    return role_refuses(staff, ANSWER, entry.estate_id)


def why_not_tell(entry, staff):
    question = question_of(entry)
    if question is None:
        return _("Nobody has been asked.")
    if question.told_at:
        return _("The person who asked has been told already.")
    if not question.answered_at:
        return _("There is no answer yet.")
    if question.expert_id == staff.pk:
        return role_refuses(staff, ANSWER, entry.estate_id)
    return role_refuses(staff, WRITE, entry.estate_id)


def why_not_pass_on(entry, staff):
    question = question_of(entry)
    if question is None:
        return _("Nobody has been asked.")
    if question.answered_at:
        return _("The answer has been recorded already.")
    if question.expert_id != staff.pk:
        return role_refuses(staff, WRITE, entry.estate_id)
    return role_refuses(staff, ANSWER, entry.estate_id)


def question_of(entry):
    return getattr(entry, "question", None)


def why_not_acknowledge(handover, staff):
    if sentence := role_refuses(staff, WRITE, handover.estate_id):
        return sentence
    if handover.withdrawn:
        return _("This hand-over has been taken back.")
    if handover.acknowledged_at:
        return _("%(name)s has acknowledged it already.") % {"name": handover.acknowledged_by}
    if handover.written_by_id == staff.pk:
        return _("Somebody else acknowledges what you hand over.")
    return None


# --- shifts --------------------------------------------------------------------------------------------------

# Local time at which each shift begins; the night ends when the next morning begins.
STARTS = {
    Handover.Shift.MORNING: time(6),
    Handover.Shift.AFTERNOON: time(14),
    Handover.Shift.NIGHT: time(22),
}


def shift_at(moment, zone):
    """(day, shift) at work at `moment`; the small hours belong to the night of the day before."""
    local = moment.astimezone(zone)
    day, clock = local.date(), local.time()
    if clock < STARTS[Handover.Shift.MORNING]:
        return day - timedelta(days=1), Handover.Shift.NIGHT
    return day, max((start, shift) for shift, start in STARTS.items() if start <= clock)[1]


def shift_bounds(day, shift, zone):
    """[from, to) of a shift; without one, of the whole local day."""
    if not shift:
        return clocks.midnight(day, zone), clocks.end_of_day(day, zone)
    order = list(STARTS)
    following = order[(order.index(Handover.Shift(shift)) + 1) % len(order)]
    end_day = day + timedelta(days=1) if shift == Handover.Shift.NIGHT else day
    return (
        datetime.combine(day, STARTS[Handover.Shift(shift)], tzinfo=zone),
        datetime.combine(end_day, STARTS[following], tzinfo=zone),
    )
