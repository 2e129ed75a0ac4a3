"""維修工作單, the work order."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from office import printing
from office.printing import Printout
from tickets import reports
from tickets.models import Ticket
from tickets.printouts.sheets import (
    amount_text,
    in_language,
    part_row,
    place_of,
    public_url,
    sheet_language,
    stamp,
    window_text,
)

BLANK_PARTS = {"A4": 6, "A5": 4}
BLANK_STEPS = {"A4": 10, "A5": 6}
BLANK_RESULT = {"A4": 3, "A5": 2}


@dataclass
class WorkOrderFacts:
    """What stands on a work order; empty for one to be filled in by hand."""

    number: str = ""
    url: str = ""
    reprint: bool = False
    place: str = ""
    reporter: str = ""
    phone: str = ""
    reported_at: str = ""
    channel: str = ""
    category: str = ""
    urgent: bool = False
    window: str = ""
    technician: str = ""
    taken_by: str = ""
    cost: str = ""
    problem: str = ""
    history: list = field(default_factory=list)  # (date, number, result)
    parts: list = field(default_factory=list)  # (description, quantity, price, amount)
    quoted: str = ""
    agreed: str = ""
    arrived_at: str = ""
    ended_at: str = ""
    result: str = ""
    leak: bool | None = None  # None: unknown, the line is printed for it
    tested_at: str = ""
    test_passed: bool | None = None
    signed_by: str = ""
    signature: str = ""  # address of the drawn one
    copies: int = 2
    upkeep: bool = False  # preventive work: no resident, a check list
    facility: str = ""
    contractor: str = ""
    due: str = ""
    steps: list = field(default_factory=list)
    blank: bool = False


@in_language
def draw_work_order(facts, *, letterhead, language, size):
    captions = (_("resident's copy"), _("office's copy"), _("repair department's copy"))
    urgent, resident = _("urgent"), _("Resident")
    place = facts.place + (f"　【{urgent}】" if facts.urgent else "")
    if facts.upkeep:
        # Translators: 保養工作單
        title, title_zh = _("Maintenance order"), "保養工作單"
        who = [
            [(_("Public facility"), facts.facility), (_("Serviced by"), facts.contractor)],
            [(_("Due on"), facts.due), (_("Agreed window"), facts.window)],
        ]
    else:
        # Translators: 維修工作單
        title, title_zh = _("Work order"), "維修工作單"
        who = [
            [(_("Reported by"), facts.reporter), (_("Telephone"), facts.phone)],
            [(_("Reported at"), facts.reported_at), (_("Agreed window"), facts.window)],
        ]
    parts_blank = BLANK_PARTS[size] // 2 if facts.upkeep else BLANK_PARTS[size]
    return Printout(
        template="tickets/print/work_order.html",
        title=title,
        filename=f"{facts.number or 'work-order'}.pdf",
        size=size,
        language=language,
        copies=captions[: facts.copies] if facts.copies > 1 else (),
        context={
            "letterhead": letterhead,
            "title_zh": title_zh,
            "number": facts.number,
            "qr": printing.qr(facts.url) if facts.url else "",
            "reprint": _("printed again") if facts.reprint else "",
            "facts": [
                [(_("Place"), place), (_("Category"), facts.category)],
                *who,
                [(_("Taken by"), facts.taken_by), (_("Technician"), facts.technician)],
                [(_("Arrived at"), facts.arrived_at), (_("Work ended at"), facts.ended_at)],
            ],
            "problem": facts.problem,
            "problem_lines": range(2) if facts.blank else (),
            "problem_head": _("Work") if facts.upkeep else _("What is wrong"),
            "steps": facts.steps,
            "steps_blank": range(BLANK_STEPS[size] if facts.upkeep and facts.blank else 0),
            "history_title": _("Earlier work") if facts.upkeep else _("The same fault before"),
            "history_head": [(_("Date"), "medium"), (_("Number"), "wide"), (_("Result"), "")],
            "history": facts.history,
            "parts_head": [
                (_("Description"), ""),
                (_("Quantity"), "narrow right"),
                (_("Price"), "medium right"),
                (_("Amount"), "medium right"),
            ],
            "parts": facts.parts,
            "parts_blank": range(max(0, parts_blank - len(facts.parts)) if not facts.ended_at else 0),
            "money": []
            if facts.upkeep
            else [[(_("Cost"), facts.cost), (_("Agreed amount"), facts.agreed or facts.quoted)]],
            "result": facts.result,
            "result_lines": range(BLANK_RESULT[size]),
            "leak": facts.leak is not False and not facts.upkeep,
            "test_at": facts.tested_at,
            "test_ticks": [
                (_("passed"), facts.test_passed is True),
                (_("failed"), facts.test_passed is False),
            ],
            "signs": [
                (_("Technician"), ""),
                (_("Repair lead"), "")
                if facts.upkeep
                else (f"{resident} {facts.signed_by}".strip(), facts.signature),
                (_("Front desk"), ""),
            ],
        },
    )


def work_order(order, *, size=None, history=None):
    """維修工作單 of one errand, filled as far as the facts are known. `history` saves a query in batches."""
    ticket, estate, zone = order.ticket, order.ticket.estate, order.ticket.estate.zone
    language = sheet_language(ticket)
    if history is None:
        history = reports.fault_history(ticket, limit=3, only=("number", "opened_at", "state", "result"))
    lines = list(order.lines.all())
    drawn = reports.signature(order) if order.ended_at else None
    tests = [test for test in ticket.water_tests.all() if order.ended_at and test.tested_at >= order.ended_at]
    with translation.override(language):
        facts = WorkOrderFacts(
            number=order.number,
            url=public_url(reverse("tickets:work_order", args=[order.pk])),
            reprint=order.prints > 0,
            place=place_of(ticket),
            reporter=ticket.reporter_name,
            phone=ticket.reporter_phone,
            reported_at=f"{stamp(ticket.opened_at, zone)}　{ticket.get_channel_display()}",
            category=ticket.category.name_in(language),
            urgent=ticket.urgent,
            window=window_text(
                order.window_from or ticket.window_from, order.window_to or ticket.window_to, zone
            ),
            technician=order.technician.name if order.technician else "",
            taken_by=ticket.owner.name if ticket.owner else "",
            cost=ticket.get_cost_display() if ticket.cost != Ticket.Cost.UNDECIDED else "",
            problem=ticket.problem,
            history=[
                (
                    f"{old.opened_at.astimezone(zone):%Y-%m-%d}",
                    old.number,
                    (old.result or old.get_state_display())[:80],
                )
                for old in history
            ],
            parts=[part_row(line, estate.currency) for line in lines],
            quoted=amount_text(ticket.quoted_amount, estate.currency),
            agreed=amount_text(ticket.agreed_amount, estate.currency),
            arrived_at=stamp(order.arrived_at, zone),
            ended_at=stamp(order.ended_at, zone),
            result=order.result,
            leak=ticket.is_leak,
            tested_at=stamp(tests[-1].tested_at, zone) if tests else "",
            test_passed=tests[-1].passed if tests else None,
            signed_by=order.signed_by,
            signature=printing.attachment_url(drawn) if drawn else "",
            copies=1 if ticket.plan_id else estate.copies,
            upkeep=ticket.plan_id is not None,
            facility=f"{ticket.asset.code} {ticket.asset.name_in(language)}" if ticket.plan_id else "",
            contractor=ticket.asset.contractor if ticket.plan_id else "",
            due=f"{ticket.plan_due:%Y-%m-%d}" if ticket.plan_id else "",
            steps=ticket.steps,
        )
    letterhead = printing.letterhead(estate, language)
    return draw_work_order(facts, letterhead=letterhead, language=language, size=size or estate.paper)


def work_orders(orders, *, size=None):
    """The sheets of a crew's day in the order given, with three queries for all of them."""
    histories = reports.fault_histories([order.ticket for order in orders], limit=3)
    return [work_order(order, size=size, history=histories.get(order.ticket_id, [])) for order in orders]
