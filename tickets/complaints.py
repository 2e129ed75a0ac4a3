"""What may happen to a complaint, and what is promised about it (SPEC §5). One dict of moves is the machine.

`why_not` answers None or one translated sentence: the action refuses with it, the page shows the same sentence on
the disabled button.
"""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import clocks
from office.models import Department, DepartmentHead, Posting, Staff
from office.models.promises import Measure
from office.roles import DIRECTORS, HEADS
from tickets.models import Complaint
from tickets.rules import UNREACHABLE_DAYS, UNREACHABLE_TRIES, Move

S, Klass = Complaint.State, Complaint.Klass
OPEN = (S.RECEIVED, S.HANDLING, S.REPORTED, S.TOLD)
AT_WORK = (S.RECEIVED, S.HANDLING)
READ, TAKE, HANDLE, OWN = "complaints.read", "complaints.take", "complaints.handle", "complaints.handle_own"
HAND_OVER = "complaints.hand_over"

TONES: dict[str, str] = {
    S.RECEIVED: "new",
    S.HANDLING: "busy",
    S.REPORTED: "today",
    S.TOLD: "today",
    S.CLOSED: "done",
    S.WITHDRAWN: "quiet",
}
CLASS_TONES: dict[str, str] = {Klass.MAJOR: "late", Klass.IMPORTANT: "today", Klass.MINOR: "quiet"}
WEIGHT = {Klass.MINOR: 0, Klass.IMPORTANT: 1, Klass.MAJOR: 2}

MOVES = {
    "acknowledge": Move(pgettext_lazy("move", "Acknowledge"), OPEN, None, "complaints.acknowledge", icon="user-check", key="a"),
    "reclass": Move(gettext_lazy("Re-class"), OPEN, None, "complaints.reclass", icon="flag"),
    "route": Move(gettext_lazy("Give to a department"), AT_WORK, S.HANDLING, HANDLE, icon="send", key="d"),
    "contact": Move(gettext_lazy("Resident contacted"), AT_WORK, S.HANDLING, HANDLE, OWN, "phone-call"),
    "stop_harm": Move(gettext_lazy("Harm stopped"), AT_WORK, S.HANDLING, HANDLE, OWN, "shield-check"),
    "act": Move(gettext_lazy("Action taken"), AT_WORK, S.HANDLING, HANDLE, OWN, "hammer"),
    "meet": Move(gettext_lazy("Joint meeting"), AT_WORK, S.HANDLING, HANDLE, OWN, "users"),
    "propose": Move(gettext_lazy("Propose a remedy"), AT_WORK, S.HANDLING, HANDLE, OWN, "note"),
    "decide_remedy": Move(gettext_lazy("Answer to the remedy"), OPEN, None, HANDLE, OWN, "scale"),
    "tell_reason": Move(gettext_lazy("Tell why it takes time"), AT_WORK, S.HANDLING, HANDLE, OWN, "message-2"),
    "report_up": Move(gettext_lazy("Report upward"), AT_WORK, S.HANDLING, HANDLE, OWN, "arrow-up"),
    "answer": Move(gettext_lazy("Clear answer given"), AT_WORK, S.HANDLING, HANDLE, OWN, "message"),
    "report": Move(gettext_lazy("Record the result"), (S.HANDLING,), S.REPORTED, HANDLE, OWN, "check", "f"),
    "tell": Move(gettext_lazy("Result told"), (S.REPORTED,), S.TOLD, "complaints.tell", icon="speakerphone", key="t"),
    "call_back": Move(gettext_lazy("Callback"), (S.TOLD,), S.CLOSED, "complaints.callback", icon="phone", key="b"),
    "close_unreachable": Move(gettext_lazy("Close as not reachable"), (S.REPORTED, S.TOLD), S.CLOSED, "complaints.unreachable", icon="phone-off"),
    "calm_down": Move(gettext_lazy("Separate room, call the supervisor"), OPEN, None, "complaints.calm", icon="urgent"),
    "withdraw": Move(gettext_lazy("Withdrawn by the resident"), OPEN, S.WITHDRAWN, TAKE, icon="x"),
    "link_ticket": Move(gettext_lazy("Linked repair"), OPEN, None, TAKE, icon="link"),
    "extend": Move(gettext_lazy("Approve more time"), OPEN, None, "complaints.extend", icon="hourglass"),
    "correct": Move(gettext_lazy("Edit"), OPEN, None, TAKE, icon="edit", key="e"),
    "hand_over": Move(gettext_lazy("Hand over"), OPEN, None, HAND_OVER, icon="users"),
}  # fmt: skip

# Harm that goes on is stopped before any of these is recorded (SPEC §5.3).
AFTER_HARM = {"contact", "act", "meet", "propose", "tell_reason", "report_up", "answer", "report"}
# The resident is contacted first, then things are clarified and done (SPEC §5.3).
AFTER_CONTACT = {"act", "meet", "propose", "report"}


def is_own(complaint, staff):
    return complaint.handler_id is not None and complaint.handler_id == staff.pk


def may(move, complaint, by):
    """Role and estate only."""
    rule = MOVES[move]
    if by.may(rule.permission, complaint.estate_id):
        return True
    return bool(rule.own) and is_own(complaint, by) and by.may(rule.own, complaint.estate_id)


def why_not(move, complaint, by):
    """None when `by` may make `move` on `complaint` now, else the reason in one sentence.

    Reads `complaint` only, but for an acknowledgement also who heads what.
    """
    rule = MOVES[move]
    if not may(move, complaint, by):
        if rule.own and by.may(rule.own, complaint.estate_id):
            return _("Only the person responsible for this complaint may do this.")
        return _("Your role does not allow this.")
    if complaint.state not in rule.starts:
        if not complaint.is_open:
            return _("This complaint is ended.")
        return _("Not possible while the complaint is “%(state)s”.") % {"state": S(complaint.state).label}
    if move in AFTER_HARM and complaint.harm_going_on:
        return _("Harm is still going on: first record what stops it.")
    if move in AFTER_CONTACT and not (complaint.contacted_at or complaint.contact_tries):
        return _("Contact the resident first.")
    if move in ("act", "meet", "propose", "report") and complaint.against_staff_id == by.pk:
        return _("Nobody handles a complaint about himself.")
    return SPECIAL[move](complaint, by) if move in SPECIAL else None


def _why_not_acknowledge(complaint, by):
    if complaint.klass == Klass.MINOR:
        return _("A minor complaint is forwarded to nobody.")
    if complaint.acknowledged_at:
        return _("%(name)s has acknowledged it already.") % {"name": complaint.acknowledged_by}
    if complaint.forward_to_id == by.pk and complaint.against_staff_id != by.pk:
        return None
    named = receivers(
        complaint.estate_id, complaint.klass, complaint.department, {complaint.against_staff_id}
    )
    if by.pk in {person.pk for person in named}:
        return None
    who = " / ".join(str(person) for person in named) or "—"
    return _("Only whom it is forwarded to acknowledges it: %(who)s.") % {"who": who}


def _why_not_stop_harm(complaint, by):
    if not complaint.harm_now:
        return _("No harm was going on when it was recorded.")
    return _("That the harm has stopped is recorded already.") if complaint.harm_stopped_at else None


def _why_not_answer(complaint, by):
    return _("The clear answer has been given already.") if complaint.answered_at else None


def _why_not_tell(complaint, by):
    if complaint.owner_id == by.pk or by.may(HAND_OVER, complaint.estate_id):
        return None
    return _("%(name)s took this complaint and tells the result, or hands it over.") % {
        "name": complaint.owner or "—"
    }


def _why_not_call_back(complaint, by):
    if is_own(complaint, by):
        return _("Whoever handled the complaint never makes its callback.")
    if complaint.against_staff_id == by.pk:
        return _("Whoever is complained of never makes the callback.")
    return None


def _why_not_close_unreachable(complaint, by):
    return too_few_tries() if complaint.tries < UNREACHABLE_TRIES else None


SPECIAL = {
    "acknowledge": _why_not_acknowledge,
    "stop_harm": _why_not_stop_harm,
    "answer": _why_not_answer,
    "tell": _why_not_tell,
    "call_back": _why_not_call_back,
    "close_unreachable": _why_not_close_unreachable,
}


def too_few_tries():
    return _("Only after %(tries)s tries on %(days)s different days.") % {
        "tries": UNREACHABLE_TRIES,
        "days": UNREACHABLE_DAYS,
    }


def why_not_reclass_to(klass, complaint, by):
    """Up is the desk's right; down takes promises away and is the supervisor's."""
    if klass == complaint.klass:
        return _("The complaint is of this class already.")
    if WEIGHT[klass] < WEIGHT[complaint.klass] and not by.may("complaints.extend", complaint.estate_id):
        return _("A supervisor lowers the class of a complaint.")
    return None


# --- who hears of it -------------------------------------------------------------------------------------------


def receivers(estate_id, klass, department, besides=()):
    """Who acknowledges a complaint, the first one named: of a major one the director; of an important one the head of
    the department or the deputy; where nobody is posted, or all are complained of, the next ones up (SPEC §1, §5.2).
    """
    if klass == Klass.MINOR:
        return []
    posted: dict[str, list[Staff]] = {}
    rows = Posting.objects.filter(estate_id=estate_id, staff__is_active=True).exclude(
        staff_id__in=[pk for pk in besides if pk]
    )
    people = {}
    for row in rows.select_related("staff").order_by("pk"):
        posted.setdefault(row.role, []).append(row.staff)
        people[row.staff_id] = row.staff
    supervisors = [person for role in HEADS for person in posted.get(role, [])]
    directors = [person for role in DIRECTORS for person in posted.get(role, [])]
    if klass == Klass.MAJOR:
        return directors or supervisors
    chair = DepartmentHead.objects.filter(estate_id=estate_id, department=department).first()
    heads = [people[pk] for pk in (chair.head_id, chair.deputy_id) if pk in people] if chair else []
    return heads or supervisors or directors


# --- promises --------------------------------------------------------------------------------------------------

FORWARD, ANSWER, SOLVE = "complaint_forward", "complaint_answer", "complaint_solve"
TELL, CALLBACK = "complaint_tell", "complaint_callback"
KINDS = (FORWARD, ANSWER, SOLVE, TELL, CALLBACK)
OF_CLASS = (FORWARD, ANSWER, SOLVE)  # what re-classing works out again
WANTED = "complaint_solve_wanted"
LATE_HOUR, LATE_DAY = "complaint_late_hour", "complaint_late_day"

# What each class promises, by the rule that holds the number (SPEC §5.2).
CLASS_RULES = {
    Klass.MAJOR: {FORWARD: "complaint_forward_major", ANSWER: "complaint_answer", SOLVE: "complaint_solve_major"},
    Klass.IMPORTANT: {FORWARD: "complaint_forward_important", SOLVE: "complaint_solve_important"},
    Klass.MINOR: {SOLVE: "complaint_solve_minor"},
}  # fmt: skip


def owed(complaint):
    """{kind: rule} of the promises its class makes that nothing has fulfilled yet."""
    fulfilled = {
        FORWARD: complaint.acknowledged_at,
        ANSWER: complaint.answered_at or complaint.told_at,
        SOLVE: complaint.reported_at,
    }
    rules = dict(CLASS_RULES[complaint.klass])
    if complaint.klass == Klass.MINOR and complaint.wanted_by:
        rules[SOLVE] = WANTED
    return {kind: rule for kind, rule in rules.items() if not fulfilled[kind]}


def after_reclassing(rule_key, *, amount, measure, fact_at, reclassed_at, zone, closes_at, agreed=None):
    """(rule, fact) that a promise counts by once the class is another; amount and measure are those of `rule_key`.

    It counts from the fact, as if it had always been of this class. A limit already past falls due 1 hour after the
    re-classing where it counts in hours, else at the end of that day, and says that it is late by it (SPEC §5.2).
    """
    limit = clocks.limit(
        fact_at=fact_at, amount=amount, measure=measure, zone=zone, closes_at=closes_at, agreed=agreed
    )
    if limit.due_at > reclassed_at:
        return rule_key, fact_at
    return (LATE_HOUR if measure == Measure.HOURS else LATE_DAY), reclassed_at


def department_of(kind, complaint):
    """Whose head hears when it is late."""
    if kind == SOLVE or (kind == FORWARD and complaint.klass == Klass.IMPORTANT):
        return complaint.department
    return Department.MANAGEMENT if kind == FORWARD else Department.FRONT_DESK


# --- words for the resident ------------------------------------------------------------------------------------

_PROMPTS = {
    "thanks": gettext_lazy(
        "Thank you for telling us. We take it seriously, and I shall see to it that you get an answer."
    ),
    "apology": gettext_lazy(
        "We are sorry for the trouble this has caused you. We shall look into it at once and let you know the result."
    ),
    "invalid": gettext_lazy(
        "Thank you for your patience. We have looked into the matter carefully and should like to explain what we found."
    ),
}


def prompt(kind, language):
    """What the clerk says to the resident, in the resident's language: thanks, apology, or why nothing is found."""
    with translation.override(language or None):
        return str(_PROMPTS[kind])
