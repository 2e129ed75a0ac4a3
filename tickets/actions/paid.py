"""Paid work is charged when it is done: the agreed amount, to whoever pays for the unit (SPEC §4.1, §6.11)."""

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import charging, ledger
from billing.models import Charge, Item
from billing.reports.payers import payer_of
from billing.reports.settled import is_withdrawn, settled
from office import clocks, journal
from office.refusals import Refused
from tickets import rules
from tickets.actions import change
from tickets.models import Category, Ticket

# Fee items of the usual kinds of work (billing/catalogue.py); other work is charged as a repair.
ITEMS = {Category.Stream.SERVICE: "service"}


def when_done(ticket, *, by, now):
    """The charge of a completed ticket, in the transaction of its completion; None where nothing is charged.

    The work is done whether or not the books can take it: what stands in the way is written down, and the ticket
    offers to charge it later.
    """
    if not rules.is_chargeable(ticket) or settled(Ticket.SUBJECT, ticket.pk).charged:
        return None
    try:
        with transaction.atomic():
            return _charge(ticket, by, now)
    except Refused as refusal:
        journal.record(
            "ticket.not_charged", subject=ticket, by=by, now=now, data={"reason": refusal.sentence}
        )
        return None


@transaction.atomic
def charge(*, ticket, by, now, version=None):
    """Charge what could not be charged on completion."""
    ticket = change.begin(ticket, "charge", by, version)
    if settled(Ticket.SUBJECT, ticket.pk).charged:
        raise Refused(_("This work has been charged already."))
    _charge(ticket, by, now)
    return change.end(ticket)


def withdraw(*, ticket, reason, by, now):
    """Take back what was charged for a ticket: its work is free of charge after all."""
    for row in Charge.objects.filter(source_kind=Ticket.SUBJECT, source_id=str(ticket.pk)).order_by("pk"):
        if not is_withdrawn(row):
            charging.withdraw(charge=row, reason=reason, by=by, now=now, by_its_matter=True)


def take_back(row, *, by, now):
    """The completion was taken back within its ten seconds, so is the charge."""
    charging.withdraw(charge=row, reason=_("taken back"), by=by, now=now, by_its_matter=True)


def _charge(ticket, by, now):
    item = Item.objects.filter(
        estate=ticket.estate, code=ITEMS.get(ticket.category.stream, "repair"), is_active=True
    ).first()
    if item is None:
        raise Refused(_("The estate has no fee item for repairs: finance enters it among the fee items."))
    day = clocks.local_date(ticket.done_at or now, ticket.estate.zone)
    payer = payer_of(ticket.unit, item, day)
    if payer is None:
        raise Refused(_("The register names nobody who pays for %(unit)s.") % {"unit": ticket.unit})
    before = Charge.objects.filter(source_kind=Ticket.SUBJECT, source_id=str(ticket.pk)).count()
    return charging.charge(
        account=ledger.account_of(ticket.unit, payer),
        item=item,
        amount=ticket.agreed_amount,
        from_on=day,
        text=f"{ticket.number} {ticket.category.name_in(ticket.estate.language)}",
        source=(Ticket.SUBJECT, ticket.pk),
        key=f"ticket:{ticket.pk}:{before}",  # one that was taken back is charged anew
        by=by,
        now=now,
    )
