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

SENTENCES = {
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
    "ticket.not_charged": _("not charged: %(reason)s"),
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
    from billing.models import Charge
    from tickets import catalogue, complaint_registers, reports, rules, tasks, tellings, upkeep_registers
    from tickets.actions import intake, paid, reception
    from tickets.imports import equipment, old
    from tickets.models import Category, Handover, LogEntry, Request, Ticket, WorkOrder

    setup.register(catalogue.load)
    jobs.register(tasks.DAY, tasks.print_day, _("print a crew's day"))
    search.register(Ticket.SUBJECT, reports.keys_of_tickets, kinds=("number", "number_tail"))
    search.register(LogEntry.SUBJECT, reports.keys_of_entries, kinds=("number", "phone"))
    outbox.templates(NOTICES)
    texts.register(*tellings.TELLINGS)
    old.declare()
    equipment.declare()

    for kind in (EXPERT, CALLBACK, WATER_TEST, ARRIVAL, WAITING):
        promises.register(kind)
    series.PATTERNS["ticket"] = "R{year}-{n:06d}"
    series.LABELS["ticket"] = _("ticket")
    series.PATTERNS["log"] = "L{year}-{n:06d}"
    series.LABELS["log"] = _("line of the log")
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
    files.register_subject(Ticket.SUBJECT, may_read_files, permission="tickets.read")
    files.register_subject(WorkOrder.SUBJECT, may_read_order_files, permission="tickets.read")
    undo.guard(WorkOrder, rules.why_not_unmade)
    undo.reverse_by(Charge, paid.take_back)
    complaint_registers.register()
    upkeep_registers.register()


def may_read_files(staff, ticket_id):
    """Who may open the ticket may open its photos."""
    from tickets.views import rows  # here: views load when URLs do

    return rows.tickets(staff).filter(pk=ticket_id).exists()


def may_read_order_files(staff, order_id):
    """Who may open the ticket may see who signed for the work."""
    from tickets.views import rows  # here: views load when URLs do

    return rows.tickets(staff).filter(work_orders=order_id).exists()


def catalogue_pages():
    """The catalogues of repairs an office edits under Settings."""
    from tickets import catalogue
    from tickets.admin_forms import AuthorityForm, CategoryForm, PriceForm, WarrantyForm
    from tickets.models import Authority, Category, PriceItem, WarrantyPeriod

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
