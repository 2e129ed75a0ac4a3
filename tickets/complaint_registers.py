"""What complaints tell the office: promise kinds, number series, journal sentences, notices, causes (SPEC §5)."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import catalogues, files, journal, outbox, promises, search, series
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department

# Translators: 投訴
WORKFLOW = _("Complaints")
# 投訴: the numbers of SPEC §5.2. All of a class count from the reception, or from the callback that reopened it.
_RECEPTION = _("reception or reopening")
COMPLAINT_FORWARD = promises.Kind(
    "complaint_forward",
    _("complaint acknowledged"),
    (
        promises.Rule(
            "complaint_forward_major",
            _("major complaint, acknowledged by the director"),
            _RECEPTION,
            0,
            Measure.SAME_DAY,
            "SPEC §5.2",
        ),
        promises.Rule(
            "complaint_forward_important",
            _("important complaint, acknowledged by the head of department"),
            _RECEPTION,
            1,
            Measure.HOURS,
            "SPEC §5.2",
        ),
        promises.Rule(
            "complaint_late_hour",
            _("past at re-classing, counted in hours"),
            _("the re-classing"),
            1,
            Measure.HOURS,
            "SPEC §5.2",
            note=_("late by re-classing"),
        ),
        promises.Rule(
            "complaint_late_day",
            _("past at re-classing, counted in days"),
            _("the re-classing"),
            0,
            Measure.SAME_DAY,
            "SPEC §5.2",
            note=_("late by re-classing"),
        ),
    ),
    department=Department.MANAGEMENT,
    order=1,
    workflow=WORKFLOW,
)
COMPLAINT_TELL = promises.Kind(
    "complaint_tell",
    _("result of a complaint told"),
    (
        promises.Rule(
            "complaint_tell",
            _("result told to the resident"),
            _("the department's report"),
            0,
            Measure.SAME_DAY,
            "SPEC §5.3",
        ),
    ),
    department=Department.FRONT_DESK,
    order=2,
    workflow=WORKFLOW,
)
COMPLAINT_ANSWER = promises.Kind(
    "complaint_answer",
    _("clear answer to a complaint"),
    (
        promises.Rule(
            "complaint_answer",
            _("major complaint, clear answer to the resident"),
            _RECEPTION,
            2,
            Measure.DAYS,
            "SPEC §5.2",
        ),
    ),
    department=Department.FRONT_DESK,
    order=3,
    workflow=WORKFLOW,
)
COMPLAINT_SOLVE = promises.Kind(
    "complaint_solve",
    _("complaint solved"),
    (
        promises.Rule(
            "complaint_solve_major", _("major complaint, solved"), _RECEPTION, 10, Measure.DAYS, "SPEC §5.2"
        ),
        promises.Rule(
            "complaint_solve_important",
            _("important complaint, done"),
            _RECEPTION,
            3,
            Measure.DAYS,
            "SPEC §5.2",
        ),
        promises.Rule(
            "complaint_solve_minor", _("minor complaint, solved"), _RECEPTION, 2, Measure.DAYS, "SPEC §5.2"
        ),
        promises.Rule(
            "complaint_solve_wanted",
            _("minor complaint, the resident's own date"),
            _("the date the resident asks for"),
            0,
            Measure.AT,
            "SPEC §5.2",
            note=_("date the resident asks for"),
        ),
    ),
    department=Department.MANAGEMENT,
    order=4,
    workflow=WORKFLOW,
)
COMPLAINT_CALLBACK = promises.Kind(
    "complaint_callback",
    _("callback of a complaint"),
    (
        promises.Rule(
            "complaint_callback",
            _("callback of a complaint"),
            _("the telling of the result"),
            2,
            Measure.DAYS,
            "SPEC §5.3, §11",
        ),
    ),
    department=Department.FRONT_DESK,
    order=11,
    workflow=WORKFLOW,
)
KINDS = (COMPLAINT_FORWARD, COMPLAINT_TELL, COMPLAINT_ANSWER, COMPLAINT_SOLVE, COMPLAINT_CALLBACK)

SENTENCES = {
    "complaint.taken": _("complaint taken: %(klass)s"),
    "complaint.corrected": _("complaint corrected: %(fields)s"),
    "complaint.acknowledged": _("acknowledged by %(name)s"),
    "complaint.reclassed": _("re-classed from %(old)s to %(new)s"),
    "complaint.routed": _("given to %(to)s, %(department)s"),
    "complaint.rerouted": _("given on to %(to)s, %(department)s: %(reason)s"),
    "complaint.contacted": _("resident contacted at %(at)s"),
    "complaint.contact_failed": _("resident not reached at %(at)s"),
    "complaint.harm_stopped": _("harm stopped at %(at)s"),
    "complaint.acted": _("action at %(at)s"),
    "complaint.met": _("joint meeting at %(at)s"),
    "complaint.proposed": _("remedy proposed"),
    "complaint.remedy_accepted": _("remedy accepted"),
    "complaint.remedy_refused": _("remedy not accepted"),
    "complaint.reason_told": _("told at %(at)s why it takes time"),
    "complaint.reported_up": _("reported upward at %(at)s"),
    "complaint.answered": _("clear answer given at %(at)s"),
    "complaint.reported": _("result recorded at %(at)s, to be told the same day"),
    "complaint.told": _("result told %(how)s at %(at)s, callback owed by %(due)s"),
    "complaint.tell_failed": _("result: resident not reached (try %(try)s)"),
    "complaint.not_reached": _("callback: not reached (try %(try)s)"),
    "complaint.closed": _("callback: satisfied, closed"),
    "complaint.reopened": _("callback: not satisfied, reopened as round %(round)s"),
    "complaint.closed_unreachable": _("closed as not reachable after %(tries)s tries"),
    "complaint.withdrawn": _("withdrawn by the resident"),
    "complaint.calmed": _("talk moved to a separate room at %(at)s, supervisor called"),
    "complaint.linked": _("linked with repair %(ticket)s"),
    "complaint.unlinked": _("no longer linked with a repair"),
    "complaint.extended": _("%(promise)s: more time approved, from %(old)s to %(new)s"),
    "complaint.handed_over": _("handed over to %(to)s: %(reason)s"),
}

# What a taken-back change is called in the journal.
UNDOABLE = {
    "complaint.corrected": _("correction of a complaint"),
    "complaint.acknowledged": _("acknowledgement"),
    "complaint.reclassed": _("re-classing"),
    "complaint.routed": _("giving to a department"),
    "complaint.proposed": _("proposed remedy"),
    "complaint.remedy_accepted": _("answer to a remedy"),
    "complaint.remedy_refused": _("answer to a remedy"),
    "complaint.closed": _("callback"),
    "complaint.reopened": _("callback"),
    "complaint.not_reached": _("callback"),
    "complaint.withdrawn": _("withdrawal"),
    "complaint.linked": _("linked repair"),
    "complaint.unlinked": _("linked repair"),
}

# Notices on the bell; numbers and places, no names of residents.
NOTICES = {
    "complaint.forwarded": (
        _("Please acknowledge: complaint %(number)s, %(klass)s"),
        _(
            "Complaint %(number)s, %(where)s, is %(klass)s: it is forwarded to you. Acknowledge it on its page."
        ),
    ),
    "complaint.routed": (
        _("A complaint for you: %(number)s"),
        _("You are responsible for complaint %(number)s, %(where)s: contact the resident first."),
    ),
    "complaint.reported": (
        _("Tell the result today: complaint %(number)s"),
        _("The result of complaint %(number)s, %(where)s, is recorded: tell the resident by %(due_at)s."),
    ),
    "complaint.reopened": (
        _("Reopened: complaint %(number)s"),
        _("The resident is not satisfied: complaint %(number)s, %(where)s, is open again."),
    ),
    "complaint.reported_up": (
        _("Reported upward: complaint %(number)s"),
        _("Complaint %(number)s, %(where)s, cannot be solved at once: please read what was reported."),
    ),
    "complaint.calm": (
        _("Please come: separate room, complaint %(number)s"),
        _(
            "The talk about complaint %(number)s, %(where)s, has moved to a separate room: please come at once."
        ),
    ),
}


def register():
    from tickets import reports
    from tickets.actions import complaints
    from tickets.models import Complaint

    for kind in KINDS:
        promises.register(kind)
    outbox.templates(NOTICES)
    journal.sentences(SENTENCES)
    journal.words("verb", UNDOABLE.items())
    search.register(Complaint.SUBJECT, reports.keys_of_complaints, kinds=("number", "phone"))
    series.PATTERNS["complaint"] = "C{year}-{n:06d}"
    series.LABELS["complaint"] = _("complaint")
    journal.words("complaint.class", Complaint.Klass.choices)
    journal.words("complaint.state", Complaint.State.choices)
    journal.words("complaint.told", Complaint.ToldHow.choices)
    journal.field_words("complaint.field", Complaint)
    promises.register_subject(
        Complaint.SUBJECT,
        partial(row_address, "tickets:complaint"),
        label=_("complaints"),
        permission="complaints.read",
        hand_over=complaints.hand_over_promises,
        stays={
            "complaint_forward": _("Whoever heads the department or the office acknowledges a complaint.")
        },
    )
    files.register_subject(Complaint.SUBJECT, may_read_complaint_files, permission="complaints.read")
    catalogues.register(causes())


def may_read_complaint_files(staff, complaint_id):
    """Who may open the complaint may open its letters and photos."""
    from tickets import reports  # here: models load when apps do

    return reports.complaints_of(staff).filter(pk=complaint_id).exists()


def causes():
    from tickets.admin_forms import CauseForm
    from tickets.models import ComplaintCause

    return catalogues.Catalogue(
        name="causes",
        # Translators: 投訴原因
        label=_("Causes of complaints"),
        hint=_("What complaints are about, and the department that usually answers for it."),
        icon="mood-sad",
        model=ComplaintCause,
        form=CauseForm,
        columns=((_("department"), lambda row: row.get_department_display()),),
    )
