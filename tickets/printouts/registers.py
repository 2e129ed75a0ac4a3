"""業主報修登記表 and 業主報修有償服務登記表, the two repair registers."""

from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _

from office import money, printing
from office.printing import Printout
from tickets.models import Ticket
from tickets.printouts.sheets import amount_text, in_language, place_of, sheet_language, stamp, window_text


@dataclass
class RegisterFacts:
    number: str = ""
    paid: bool = False
    place: str = ""
    reporter: str = ""
    phone: str = ""
    reported_at: str = ""
    channel: str = ""
    category: str = ""
    window: str = ""
    warranty: str = ""
    contractor: str = ""
    taken_by: str = ""
    problem: str = ""
    quote: list = field(default_factory=list)  # (description, quantity, price, amount)
    quote_total: str = ""
    agreed: str = ""
    consent: str = ""
    technician: str = ""
    arrived_at: str = ""
    ended_at: str = ""
    result: str = ""
    tested: str = ""
    callbacks: list = field(default_factory=list)  # (at, by, outcome, words)
    blank: bool = False


@in_language
def draw_register(facts, *, letterhead, language, size):
    if facts.paid:
        # Translators: 業主報修有償服務登記表
        title, title_zh = _("Register of paid repair services"), "業主報修有償服務登記表"
    else:
        # Translators: 業主報修登記表
        title, title_zh = _("Register of owners' repairs"), "業主報修登記表"
    return Printout(
        template="tickets/print/register.html",
        title=title,
        filename=f"{facts.number or 'repair-register'}.pdf",
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "title_zh": title_zh,
            "number": facts.number,
            "paid": facts.paid,
            "facts": [
                [(_("Place"), facts.place), (_("Category"), facts.category)],
                [(_("Reported by"), facts.reporter), (_("Telephone"), facts.phone)],
                [(_("Reported at"), facts.reported_at), (_("Channel"), facts.channel)],
                [(_("Convenient time"), facts.window), (_("Taken by"), facts.taken_by)],
                [(_("Warranty until"), facts.warranty), (_("Developer or contractor"), facts.contractor)],
            ],
            "problem": facts.problem,
            "problem_lines": range(1 if facts.paid else 2) if facts.blank else (),
            "quote_head": [
                (_("Description"), ""),
                (_("Quantity"), "narrow right"),
                (_("Price"), "medium right"),
                (_("Amount"), "medium right"),
            ],
            "quote": facts.quote,
            "quote_blank": range(max(0, 3 - len(facts.quote))),
            "quote_total": [_("Total"), "", "", facts.quote_total],
            "consent": [[(_("Agreed amount"), facts.agreed), (_("Consent"), facts.consent)]],
            "handling": [
                [(_("Technician"), facts.technician), (_("Arrived at"), facts.arrived_at)],
                [(_("Work ended at"), facts.ended_at), (_("Water test"), facts.tested)],
                [(_("Result"), facts.result, "tall") if not facts.paid else (_("Result"), facts.result)],
            ],
            "callback_head": [
                (_("At"), "medium"),
                (_("By"), "medium"),
                (_("Outcome"), "medium"),
                (_("What was said"), ""),
            ],
            "callbacks": facts.callbacks,
            "callback_blank": range(max(0, 1 - len(facts.callbacks))),
            "signs": [(_("Resident"), ""), (_("Technician"), ""), (_("Front desk"), "")],
        },
    )


def register(ticket, *, size="A4"):
    """The register sheet of one ticket: with quotation and consent where the resident pays (SPEC §4.1)."""
    estate, zone, language = ticket.estate, ticket.estate.zone, sheet_language(ticket)
    order = ticket.work_orders.order_by("-sequence").first()
    with translation.override(language):
        tests = list(ticket.water_tests.all())
        tested = tests[-1] if tests else None
        facts = RegisterFacts(
            number=ticket.number,
            paid=ticket.cost in (Ticket.Cost.PAID, Ticket.Cost.FREE),
            place=place_of(ticket),
            reporter=ticket.reporter_name,
            phone=ticket.reporter_phone,
            reported_at=stamp(ticket.opened_at, zone),
            channel=ticket.get_channel_display(),
            category=ticket.category.name_in(language),
            window=window_text(ticket.window_from, ticket.window_to, zone),
            warranty=f"{ticket.warranty_until:%Y-%m-%d}" if ticket.warranty_until else "",
            contractor=ticket.contractor,
            taken_by=ticket.owner.name if ticket.owner else "",
            problem=ticket.problem,
            quote=[
                (
                    line.text,
                    f"{line.quantity.normalize():f}",
                    money.show(line.price, estate.currency),
                    money.show(line.amount, estate.currency),
                )
                for line in ticket.quote_lines.all()
            ],
            quote_total=amount_text(ticket.quoted_amount, estate.currency),
            agreed=amount_text(ticket.agreed_amount, estate.currency),
            consent=f"{ticket.consent_by} {stamp(ticket.consent_at, zone)} {ticket.consent_how}".strip(),
            technician=ticket.technician.name if ticket.technician else "",
            arrived_at=stamp(order.arrived_at, zone) if order else "",
            ended_at=stamp(ticket.work_ended_at, zone),
            result=ticket.result,
            tested=" ".join((stamp(tested.tested_at, zone), _("passed") if tested.passed else _("failed")))
            if tested
            else "",
            callbacks=[
                (stamp(row.tried_at, zone), row.by.name, row.get_outcome_display(), row.remark)
                for row in ticket.callbacks.select_related("by")
            ],
        )
    return draw_register(
        facts, letterhead=printing.letterhead(estate, language), language=language, size=size
    )
