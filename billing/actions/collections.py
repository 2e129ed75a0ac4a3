"""上門收取: an appointment is agreed, its receipt prepared, and on return it is used or comes back (SPEC §6.5)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import ledger, payment
from billing.models import Collection, Till
from billing.reports import accounts as reports
from billing.rules import collections as rules
from office import clocks, journal, promises
from office.refusals import Refused

NOTHING = Decimal(0)
AHEAD, VISIT = "collection_ahead", "collection"  # the promises
State = Collection.State


@transaction.atomic
def agree(
    *, account, payer, owner_name, window_from, window_to, amount, collector, by, now, phone="", note=""
):
    """Agree when somebody comes to collect, from whom and how much. Two promises: the day before, and the visit."""
    estate, unit = account.estate, account.unit
    if not by.may(rules.TAKE, estate.pk):
        raise Refused(_("Only who takes money collects."))
    refused = rules.why_not_agreed(
        window_from=window_from, window_to=window_to, amount=amount, account=account, unit_estate=unit.estate_id,
        collector=collector, estate_id=estate.pk, now=now,
    )  # fmt: skip
    if refused:
        raise Refused(refused)
    row = Collection.objects.create(
        estate=estate, unit=unit, account=account, payer=payer.strip(), owner_name=owner_name.strip(), phone=phone.strip(),
        window_from=window_from, window_to=window_to, amount=amount, collector=collector, note=note.strip(), made_by=by,
        made_at=now,
    )  # fmt: skip
    said = {"subject": row, "fact_at": now, "now": now, "owner": collector, "estate": estate}
    # What is agreed for later in the day itself has no day before.
    before = clocks.midnight(clocks.local_date(window_from, estate.zone), estate.zone)
    promises.make(AHEAD, AHEAD, agreed=before if before > now else window_from, **said)
    promises.make(VISIT, VISIT, agreed=window_to, **said)
    data = {
        "amount": journal.money(amount, estate.currency),
        "at": clocks.moment_text(window_from, estate.zone),
    }
    journal.record("collection.agreed", subject=row, by=by, now=now, data=data)
    return row


@transaction.atomic
def prepare(*, collection, by, now):
    """Take the receipt's number and print it: what is owed, oldest first, the rest as prepayment."""
    row = _locked(collection)
    _check(rules.why_not_prepare(row, by))
    ledger.lock([row.account_id])
    # A close of this drawer's day waits for us, or we find the day closed: no receipt leaves a closed drawer.
    ledger.till_of(row.estate, row.collector)
    till = Till.objects.select_for_update().get(estate=row.estate, cashier=row.collector)
    if till.closed_through and till.closed_through >= ledger.today(row.estate, now):
        raise Refused(_("The day is closed for this cashier: prepare the receipt tomorrow."))
    charges, prepay = _shares(row.account_id, row.amount)
    row.receipt = payment.carry(
        estate=row.estate, payer=row.payer, charges=charges, prepay=prepay, by=by, now=now, unit=row.unit,
        cashier=row.collector,
    )  # fmt: skip
    _save(row, "receipt")
    promises.keep(row, AHEAD, at=now, by=by)
    return row


@transaction.atomic
def collect(*, collection, methods, by, now):
    """The money is handed in. Another amount than prepared: that receipt is cancelled and a new one issued."""
    row = _locked(collection)
    _check(rules.why_not(row, by))
    total = sum(methods.values(), NOTHING)
    if row.receipt_id and row.receipt.total == total:
        row.used = payment.hand_in(receipt=row.receipt, methods=methods, by=by, now=now)
    else:
        if row.receipt_id:
            payment.return_unused(receipt=row.receipt, reason=_("another amount was paid"), by=by, now=now)
        ledger.lock([row.account_id])
        charges, prepay = _shares(row.account_id, total)
        row.used = payment.pay(
            estate=row.estate, payer=row.payer, charges=charges, prepay=prepay, methods=methods, by=by, now=now,
            unit=row.unit, cashier=row.collector, key=f"collection:{row.pk}", source=(Collection.SUBJECT, row.pk),
        )  # fmt: skip
    row.state = State.COLLECTED
    _save(row, "used", "state")
    promises.keep(row, AHEAD, VISIT, at=now, by=by)
    data = {"amount": journal.money(total, row.estate.currency)}
    journal.record("collection.collected", subject=row, by=by, now=now, data=data)
    return row


@transaction.atomic
def give_up(*, collection, reason, by, now, called_off=False):
    """Nobody paid, or the visit is called off: a prepared receipt is cancelled, its number kept."""
    row = _locked(collection)
    _check(rules.why_not(row, by))
    reason = reason.strip()
    if not reason:
        raise Refused(_("Write down why."))
    if row.receipt_id:
        payment.return_unused(receipt=row.receipt, reason=reason, by=by, now=now)
    row.state, row.reason = State.OFF if called_off else State.UNUSED, reason[:300]
    _save(row, "state", "reason")
    end = promises.cancel if called_off else promises.keep
    end(row, AHEAD, VISIT, at=now, by=by)
    verb = "collection.off" if called_off else "collection.unused"
    journal.record(verb, subject=row, by=by, now=now)
    return row


def _locked(collection):
    found = Collection.objects.select_for_update(of=("self",))
    return found.select_related("estate", "unit", "collector", "receipt__estate", "receipt__cashier").get(
        pk=collection.pk
    )


def _check(refused):
    if refused:
        raise Refused(refused)


def _save(row, *names):
    row.version += 1
    row.save(update_fields=[*names, "version"])


def _shares(account_id, amount):
    """([(charge, amount)], [(account, amount)]): what is owed oldest first, what is over as prepayment."""
    charges, left = [], amount
    for charge in reports.open_charges([account_id]):
        share = min(left, charge.amount)
        if share:
            charges.append((charge.charge_id, share))
            left -= share
    return charges, [(account_id, left)] if left else []
