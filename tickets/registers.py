"""What the tickets app tells the office: promise kinds, number series, journal sentences, subjects."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import catalogues, files, jobs, journal, outbox, promises, search, series, setup, texts, undo
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department

# Headings of the reminders page and of the rules, as in the navigation.
# Translators: 報修
REPAIRS = _("Repairs")
# Translators: 客戶服務中心
FRONT_DESK = _("Front desk")
# Translators: 投訴
COMPLAINTS = _("Complaints")

CALLBACK = promises.Kind(
    "callback",
    _("callback"),
    (
        promises.Rule(
            "callback_safety",
            _("callback, safety installation"),
            _("completion"),
            2,
            Measure.DAYS,
            "SPEC §4.4",
        ),
        promises.Rule(
            "callback_leak", _("callback, leak"), _("the passed water test"), 3, Measure.DAYS, "SPEC §4.4"
        ),
        promises.Rule(
            "callback_other", _("callback, other repairs"), _("completion"), 2, Measure.DAYS, "SPEC §4.4"
        ),
        promises.Rule(
            "callback_site",
            _("check on site, preventive and patrol"),
            _("completion"),
            2,
            Measure.DAYS,
            "SPEC §4.4",
        ),
    ),
    department=Department.FRONT_DESK,
    order=10,
    workflow=REPAIRS,
)
WATER_TEST = promises.Kind(
    "water_test",
    _("water test"),
    (
        promises.Rule(
            "water_test", _("passed water test of a leak"), _("the end of work"), 2, Measure.DAYS, "SPEC §4.3"
        ),
    ),
    department=Department.REPAIR,
    order=20,
    workflow=REPAIRS,
)
ARRIVAL = promises.Kind(
    "arrival",
    _("arrival"),
    (
        promises.Rule(
            "arrival",
            _("arrival in the agreed window"),
            _("the agreed window"),
            0,
            Measure.AT,
            "SPEC §4.2, §11",
        ),
    ),
    climbs_to_director=False,
    department=Department.REPAIR,
    order=30,
    workflow=REPAIRS,
)
WAITING = promises.Kind(
    "waiting",
    _("waiting until"),
    (
        promises.Rule(
            "waiting",
            _("date until which a repair waits"),
            _("the agreed date"),
            0,
            Measure.AT,
            "SPEC §4.3, §11",
        ),
    ),
    climbs_to_director=False,
    department=Department.REPAIR,
    order=40,
    workflow=REPAIRS,
)

EXPERT = promises.Kind(
    "expert_answer",
    _("expert's answer"),
    (
        promises.Rule(
            "expert_answer", _("expert's promised answer"), _("the question"), 0, Measure.AT, "SPEC §2, §11"
        ),
    ),
    department=Department.FRONT_DESK,
    order=5,
    workflow=FRONT_DESK,
)

# 投訴: the numbers of SPEC §5.2. All of a class count from the reception, or from the callback that reopened it.
_RECEPTION = _("the reception, or the callback that reopened it")
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
    workflow=COMPLAINTS,
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
    workflow=COMPLAINTS,
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
    workflow=COMPLAINTS,
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
    workflow=COMPLAINTS,
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
    workflow=COMPLAINTS,
)
COMPLAINTS = (COMPLAINT_FORWARD, COMPLAINT_TELL, COMPLAINT_ANSWER, COMPLAINT_SOLVE, COMPLAINT_CALLBACK)

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
    "ticket.taken": _("taken: %(category)s"),
    "ticket.imported": _("taken over from %(source)s as %(status)s"),
    "ticket.corrected": _("corrected: %(fields)s"),
    "ticket.scheduled": _("window agreed: %(window)s"),
    "ticket.dispatched": _("work order %(work_order)s dispatched to %(technician)s, %(window)s"),
    "ticket.arrived": _("%(technician)s arrived at %(at)s"),
    "ticket.waits": _("waits for %(what)s until %(until)s"),
    "ticket.resumed": _("goes on"),
    "ticket.work_ended": _("work ended at %(at)s"),
    "ticket.done": _("completed at %(at)s, callback owed by %(due)s"),
    "ticket.test_passed": _("water test passed at %(at)s, callback owed by %(due)s"),
    "ticket.test_failed": _("water test failed at %(at)s, back to repair as %(work_order)s"),
    "ticket.cost_decided": _("cost decided: %(cost)s"),
    "ticket.quoted": _("quoted %(amount)s"),
    "ticket.consented": _("agreed to pay %(amount)s"),
    "ticket.asked_time": _("more time asked for, until %(until)s"),
    "ticket.asked_free": _("work free of charge asked for"),
    "ticket.request_approved": _("request approved: %(kind)s"),
    "ticket.request_refused": _("request refused: %(kind)s"),
    "ticket.extended": _("%(promise)s: more time approved, from %(old)s to %(new)s"),
    "ticket.callback_not_reached": _("callback: not reached (try %(try)s)"),
    "ticket.callback_not_satisfied": _("callback: not satisfied, back to repair as %(work_order)s"),
    "ticket.closed": _("callback: satisfied, closed"),
    "ticket.closed_unreachable": _("closed as not reachable after %(tries)s tries"),
    "ticket.cancelled": _("cancelled, reporter told"),
    "ticket.duplicate": _("closed as a duplicate of %(of)s, reporter told"),
    "ticket.handed_over": _("handed over to %(to)s: %(reason)s"),
    "ticket.printed": _("work order %(work_order)s printed"),
    "asset.saved": _("public facility saved"),
    "log.written": _("noted in the log: %(channel)s"),
    "log.corrected": _("line of the log corrected: %(fields)s"),
    "log.turned": _("became %(into)s"),
    "log.routed": _("%(authority)s: %(to)s was told"),
    "log.asked": _("question given to %(to)s, answer promised for %(due)s"),
    "log.answer_handed_over": _("telling the answer handed over to %(to)s: %(reason)s"),
    "log.passed_on": _("question passed on to %(to)s"),
    "log.answered": _("expert's answer recorded"),
    "log.told": _("the person who asked was told"),
    "log.handed_over": _("%(shift)s of %(day)s handed over"),
    "log.acknowledged": _("%(shift)s of %(day)s acknowledged"),
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
    "ticket.dispatched": _("dispatch"),
    "ticket.arrived": _("arrival"),
    "ticket.waits": _("waiting"),
    "ticket.resumed": _("going on"),
    "ticket.work_ended": _("end of work"),
    "ticket.closed": _("callback"),
    "ticket.callback_not_satisfied": _("callback"),
    "ticket.callback_not_reached": _("callback"),
    "ticket.cancelled": _("cancellation"),
    "ticket.duplicate": _("duplicate"),
    "log.written": _("line of the log"),
    "log.corrected": _("correction of the log"),
    "log.asked": _("question to an expert"),
    "log.answered": _("expert's answer"),
    "log.told": _("telling the answer"),
    "log.handed_over": _("shift hand-over"),
}

# Notices on the bell; numbers and units, no names of residents.
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
    "log.official": (
        _("An official is here: %(authority)s"),
        _("%(authority)s came to the office (%(number)s): you are the counterpart."),
    ),
    "log.question": (
        _("A question for you: %(number)s %(unit)s"),
        _("%(number)s %(unit)s: the answer is promised for %(due_at)s."),
    ),
    "log.answer": (
        _("The expert has answered: %(number)s %(unit)s"),
        _("%(number)s %(unit)s: tell the person who asked."),
    ),
}


def register():
    from tickets import catalogue, reports, rules, tasks, tellings
    from tickets.actions import complaints, intake, reception
    from tickets.imports import old
    from tickets.models import Category, Complaint, Handover, LogEntry, Request, Ticket, WorkOrder

    setup.register(catalogue.load)
    jobs.register(tasks.DAY, tasks.print_day, _("print a crew's day"))
    search.register(Ticket.SUBJECT, reports.keys_of_tickets, kinds=("number", "number_tail"))
    search.register(LogEntry.SUBJECT, reports.keys_of_entries, kinds=("number", "phone"))
    search.register(Complaint.SUBJECT, reports.keys_of_complaints, kinds=("number", "phone"))
    outbox.templates(NOTICES)
    texts.register(*tellings.TELLINGS)
    old.declare()

    for kind in (*COMPLAINTS, EXPERT, CALLBACK, WATER_TEST, ARRIVAL, WAITING):
        promises.register(kind)
    series.PATTERNS["ticket"] = "R{year}-{n:06d}"
    series.LABELS["ticket"] = _("ticket")
    series.PATTERNS["log"] = "L{year}-{n:06d}"
    series.LABELS["log"] = _("line of the log")
    series.PATTERNS["complaint"] = "C{year}-{n:06d}"
    series.LABELS["complaint"] = _("complaint")
    for row in catalogue_pages():
        catalogues.register(row)
    journal.sentences(SENTENCES)
    journal.words("verb", UNDOABLE.items())
    journal.words("ticket.state", Ticket.State.choices)
    journal.words("ticket.cost", Ticket.Cost.choices)
    journal.words("ticket.waiting", Ticket.Waiting.choices)
    journal.words("ticket.request", Request.Kind.choices)
    journal.words("ticket.stream", Category.Stream.choices)
    journal.words(
        "ticket.promise", [(kind.name, kind.label) for kind in (CALLBACK, WATER_TEST, ARRIVAL, WAITING)]
    )
    journal.field_words("ticket.field", Ticket)
    journal.field_words("log.field", LogEntry)
    journal.words("log.channel", LogEntry.Channel.choices)
    journal.words("complaint.class", Complaint.Klass.choices)
    journal.words("complaint.state", Complaint.State.choices)
    journal.words("complaint.told", Complaint.ToldHow.choices)
    journal.field_words("complaint.field", Complaint)
    journal.words("log.shift", Handover.Shift.choices)
    promises.register_subject(
        LogEntry.SUBJECT,
        partial(row_address, "tickets:reception_entry"),
        label=_("questions of the reception log"),
        permission="reception.read",
        hand_over=reception.hand_over_promises,
    )
    promises.register_subject(Handover.SUBJECT, partial(row_address, "tickets:shift"))
    promises.register_subject(
        Ticket.SUBJECT,
        partial(row_address, "tickets:ticket"),
        label=_("repairs"),
        permission="tickets.read",
        hand_over=intake.hand_over_promises,
        stays={
            "arrival": _("An arrival belongs to whoever is sent: dispatch the work order to somebody else.")
        },
    )
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
    files.register_subject(Ticket.SUBJECT, may_read_files, permission="tickets.read")
    files.register_subject(WorkOrder.SUBJECT, may_read_order_files, permission="tickets.read")
    undo.guard(WorkOrder, rules.why_not_unmade)


def may_read_files(staff, ticket_id):
    """Who may open the ticket may open its photos."""
    from tickets.views import rows  # here: views load when URLs do

    return rows.tickets(staff).filter(pk=ticket_id).exists()


def may_read_complaint_files(staff, complaint_id):
    """Who may open the complaint may open its letters and photos."""
    from tickets import reports  # here: models load when apps do

    return reports.complaints_of(staff).filter(pk=complaint_id).exists()


def may_read_order_files(staff, order_id):
    """Who may open the ticket may see who signed for the work."""
    from tickets.views import rows  # here: views load when URLs do

    return rows.tickets(staff).filter(work_orders=order_id).exists()


def catalogue_pages():
    """The catalogues of repairs an office edits under Settings."""
    from tickets import catalogue
    from tickets.admin_forms import AuthorityForm, CategoryForm, CauseForm, PriceForm, WarrantyForm
    from tickets.models import Authority, Category, ComplaintCause, PriceItem, WarrantyPeriod

    return [
        catalogues.Catalogue(
            name="categories",
            label=_("Categories"),
            hint=_("What residents report. The risk decides the callback, the part decides the warranty."),
            icon="tag",
            model=Category,
            form=CategoryForm,
            columns=(
                (_("kind of work"), lambda row: row.get_stream_display()),
                (_("risk"), lambda row: row.get_risk_display()),
                (_("department"), lambda row: row.get_department_display()),
                (_("warranty of"), lambda row: row.warranty or ""),
            ),
            related=("warranty",),
            prepare=catalogue.fill_search,
        ),
        catalogues.Catalogue(
            name="warranties",
            label=_("Warranty periods"),
            hint=_("Counted from the first hand-over of the unit; it stays with the unit on resale."),
            icon="shield-check",
            model=WarrantyPeriod,
            form=WarrantyForm,
            columns=(
                (_("months"), lambda row: row.months or ""),
                (_("seasons"), lambda row: row.seasons or ""),
                (_("season"), lambda row: f"{row.season_starts} – {row.season_ends}" if row.seasons else ""),
            ),
        ),
        catalogues.Catalogue(
            name="authorities",
            # Translators: 公務人員
            label=_("Authorities and their counterparts"),
            hint=_(
                "Officials who come to the office are sent to their counterpart, who gets a notice at once."
            ),
            icon="shield",
            model=Authority,
            form=AuthorityForm,
            columns=(
                (_("department"), lambda row: row.get_department_display()),
                (_("counterpart"), lambda row: row.staff or ""),
            ),
            related=("staff",),
        ),
        catalogues.Catalogue(
            name="causes",
            # Translators: 投訴原因
            label=_("Causes of complaints"),
            hint=_("What complaints are about, and the department that usually answers for it."),
            icon="mood-sad",
            model=ComplaintCause,
            form=CauseForm,
            columns=((_("department"), lambda row: row.get_department_display()),),
        ),
        catalogues.Catalogue(
            name="prices",
            label=_("Price list"),
            hint=_("Labour and parts of paid services. A quotation keeps the price of its day."),
            icon="receipt",
            model=PriceItem,
            form=PriceForm,
            columns=(
                (_("kind"), lambda row: row.get_kind_display()),
                (_("per"), lambda row: row.measure),
                (_("price"), lambda row: f"{row.price:,.2f}"),
            ),
        ),
    ]
