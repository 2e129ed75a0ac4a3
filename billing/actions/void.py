"""Bookings taken back, whole, by the mirror of what was written (SPEC §6.4). Numbers stay used."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import ledger, payment
from billing.models import Book, Entry, Receipt, ReceiptStep, Till
from billing.rules import bookings as rules
from billing.rules import receipts
from office import journal
from office.refusals import Refused


@transaction.atomic
def void(*, receipt, reason, by, now):
    """Void a receipt: reversed into its own day while that is open, else into today, always in its cashier's drawer."""
    sentence = receipts.why_not_void(receipt, by)
    if sentence:
        raise Refused(sentence)
    reason = rules.reason(reason)
    step = receipt.steps.select_related("voucher__estate", "voucher__cashier").get(
        verb=ReceiptStep.Verb.BOOKED
    )
    units = lock_of(step.voucher)
    # Again, now that nobody else can change it.
    sentence = receipts.why_not_void(receipt, by) or receipts.why_not_reversed(step.voucher)
    if sentence:
        raise Refused(sentence)
    mirror = ledger.reverse(
        voucher=step.voucher, by=by, now=now, reason=reason, day=day_of(step.voucher, now)
    )
    payment.step(receipt, ReceiptStep.Verb.VOIDED, by, now, voucher=mirror, reason=reason)
    journal.record_for_units(
        "receipt.voided",
        subject=receipt,
        unit_ids=units or [receipt.unit_id],
        by=by,
        now=now,
        data={"amount": journal.money(receipt.total, receipt.estate.currency)},
    )
    return mirror


@transaction.atomic
def take_back(*, voucher, reason, by, now):
    """Take back a draw, a waiver, or money given back or kept by mistake: the mirror of what was written."""
    move = rules.TAKEN_BACK.get(voucher.kind)
    if move is None:
        raise Refused(_("This booking is not taken back here."))
    rules.check(move, voucher, by)
    reason = rules.reason(reason)
    units = lock_of(voucher)
    if sentence := receipts.why_not_reversed(voucher):
        raise Refused(sentence)
    mirror = ledger.reverse(voucher=voucher, by=by, now=now, reason=reason, day=day_of(voucher, now))
    journal.record_for_units(
        "voucher.taken_back",
        subject=voucher,
        unit_ids=units,
        by=by,
        now=now,
        data={"kind": journal.word("billing.voucher", voucher.kind)},
    )
    return mirror


def lock_of(voucher):
    """Lock the accounts a voucher touches; their units."""
    ids = Entry.objects.filter(voucher=voucher, account__isnull=False).values_list("account_id", flat=True)
    return {row.unit_id for row in ledger.lock(ids).values()}


def day_of(voucher, now):
    """The voucher's own day while it is open, else the first open one from today on (SPEC §6.6)."""
    closed = [Book.objects.filter(pk=voucher.estate_id).values_list("closed_through", flat=True).first()]
    if voucher.cashier_id:
        till = Till.objects.filter(estate_id=voucher.estate_id, cashier_id=voucher.cashier_id)
        closed.append(till.values_list("closed_through", flat=True).first())
    last = max((day for day in closed if day), default=None)
    if last is None or voucher.day > last:
        return voucher.day
    return max(ledger.today(voucher.estate, now), last + timedelta(days=1))


def receipt_of(voucher):
    """The receipt a voucher was booked with; None where there is none."""
    return Receipt.objects.filter(steps__voucher=voucher, steps__verb=ReceiptStep.Verb.BOOKED).first()
