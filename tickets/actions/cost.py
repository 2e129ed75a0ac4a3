from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.reports.settled import settled
from office import journal
from office.money import round_half_up
from office.refusals import Refused
from tickets import rules
from tickets.actions import change
from tickets.models import QuoteLine, Ticket

Cost = Ticket.Cost


@transaction.atomic
def decide_cost(*, ticket, cost, by, now, reason="", contractor="", version=None):
    """Who pays. Free work is asked for and approved, never decided here (SPEC §4.3)."""
    ticket = change.begin(ticket, "decide_cost", by, version)
    if cost == Cost.FREE:
        raise Refused(_("Work free of charge is asked for and approved."))
    if cost not in (Cost.WARRANTY, Cost.PAID, Cost.PUBLIC):
        raise Refused(_("Say who pays."))
    proposed, _until = rules.cost_at_intake(
        unit=ticket.unit,
        category=ticket.category,
        today=ticket.opened_at.astimezone(ticket.estate.zone).date(),
    )
    if cost != proposed and proposed != Cost.UNDECIDED and not reason.strip():
        raise Refused(_("The register says otherwise: give the reason of your decision."))
    if cost != Cost.PAID and ticket.agreed_amount is not None:
        raise Refused(_("The resident has already agreed to an amount."))
    ticket.cost, ticket.cost_reason, ticket.contractor = cost, reason, contractor
    journal.record(
        "ticket.cost_decided",
        subject=ticket,
        by=by,
        now=now,
        data={"cost": journal.word("ticket.cost", cost)},
    )
    return change.end(ticket, "cost", "cost_reason", "contractor")


@transaction.atomic
def quote(*, ticket, lines, by, now, version=None):
    """Write the quotation 報價: labour and parts (SPEC §4.1). A new one replaces the old until the resident agrees."""
    ticket = change.begin(ticket, "quote", by, version)
    if ticket.agreed_amount is not None:
        raise Refused(_("The resident has already agreed to an amount."))
    if not lines:
        raise Refused(_("A quotation has at least one line."))
    ticket.quote_lines.all().delete()
    rows = [
        QuoteLine(
            ticket=ticket, position=n, amount=rules.line_amount(line["quantity"], line["price"]), **line
        )
        for n, line in enumerate(lines, 1)
    ]
    QuoteLine.objects.bulk_create(rows)
    ticket.cost, ticket.quoted_amount = Cost.PAID, sum((row.amount for row in rows), Decimal(0))
    journal.record(
        "ticket.quoted",
        subject=ticket,
        by=by,
        now=now,
        data={"amount": journal.money(ticket.quoted_amount, ticket.estate.currency)},
    )
    return change.end(ticket, "cost", "quoted_amount")


@transaction.atomic
def consent(*, ticket, amount, consent_by, how, at, by, now, version=None):
    """The resident agrees to pay `amount`. Billing will charge it on completion."""
    ticket = change.begin(ticket, "consent", by, version)
    change.past(at, now, _("The consent lies in the future."))
    if settled(Ticket.SUBJECT, ticket.pk).charged:
        raise Refused(_("This work has been charged already: finance corrects the charge."))
    set_consent(ticket, amount, consent_by, how, at, by=by, now=now)
    return change.end(ticket, "cost", "agreed_amount", "consent_by", "consent_how", "consent_at")


def set_consent(ticket, amount, consent_by, how, at, *, by, now):
    if ticket.cost not in (Cost.PAID, Cost.UNDECIDED):
        raise Refused(
            _("Nothing is charged for this repair: %(cost)s.") % {"cost": ticket.get_cost_display()}
        )
    if not consent_by.strip():
        raise Refused(_("Write down who agreed to the amount."))
    if amount < 0:
        raise Refused(_("An amount is not negative."))
    ticket.cost, ticket.agreed_amount = Cost.PAID, round_half_up(amount)
    ticket.consent_by, ticket.consent_how, ticket.consent_at = consent_by, how[:40], at
    journal.record(
        "ticket.consented",
        subject=ticket,
        by=by,
        now=now,
        data={"amount": journal.money(ticket.agreed_amount, ticket.estate.currency)},
    )
