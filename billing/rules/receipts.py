"""What may happen to a receipt, and what has to be undone first (SPEC §6.4, §6.6)."""

from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.models import Entry, ReceiptStep, Voucher
from billing.rules import bookings

Verb = ReceiptStep.Verb
Head = Entry.Head


def state(verbs):
    """The verb a receipt is shown by, out of those of its steps: carried, booked, cancelled or voided."""
    for verb in (Verb.VOIDED, Verb.CANCELLED, Verb.BOOKED):
        if verb in verbs:
            return verb
    return Verb.CARRIED


def why_not_void(receipt, by, verbs=None):
    """None when `by` may void `receipt`. `verbs`: of its steps, where the page has read them."""
    if sentence := bookings.why_not("void", receipt, by):
        return sentence
    if verbs is None:
        verbs = set(receipt.steps.values_list("verb", flat=True))
    match state(verbs):
        case Verb.VOIDED:
            return _("This receipt has been voided already.")
        case Verb.CANCELLED:
            return _("This receipt has been returned unused.")
        case Verb.CARRIED:
            return _("This receipt is out: return it unused instead.")
    return None


def why_not_reversed(voucher):
    """What was done with this voucher's money since, and has to be undone first; None when nothing was.

    The accounts are locked.
    """
    entries = Entry.objects.filter(voucher=voucher)
    for row in entries.filter(head=Head.PREPAID, amount__lt=0).select_related("account"):
        if row.account and row.account.prepaid < -row.amount:
            return _(
                "The prepayment of this receipt has been used since: put back what was drawn from it first."
            )
    for row in entries.filter(head=Head.DEPOSIT, amount__lt=0):
        held = Entry.objects.filter(charge_id=row.charge_id, head=Head.DEPOSIT).aggregate(sum=Sum("amount"))
        if held["sum"] > row.amount:
            return _("The deposit of this receipt has been given back or forfeited: take that back first.")
    charges = entries.filter(head=Head.RECEIVABLE).values("charge_id")
    later = Entry.objects.filter(charge_id__in=charges, head=Head.RECEIVABLE, kind=Voucher.Kind.CHARGE)
    if later.values("charge_id").annotate(net=Sum("amount")).filter(net__lte=0).exists():
        return _(
            "A charge of this receipt has been taken back since; what was paid on it is prepayment now: refund that instead."
        )
    return None
