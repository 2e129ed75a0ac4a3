"""What the ledger tells the office: the sentences of what was booked. Each stands with its unit, on the household's timeline."""

from django.utils.translation import gettext_lazy as _

from billing.models import Entry, Voucher
from office import journal

SENTENCES = {
    "charge.made": _("%(item)s charged: %(amount)s"),
    "charge.withdrawn": _("charge taken back: %(item)s %(amount)s"),
    "charge.corrected": _("charge corrected: %(item)s from %(old)s to %(amount)s"),
    "receipt.booked": _("paid %(amount)s by %(methods)s"),
    "receipt.carried": _("prepared and carried: %(amount)s"),
    "receipt.handed_in": _("handed in: %(amount)s by %(methods)s"),
    "receipt.cancelled": _("returned unused"),
    "receipt.voided": _("voided: %(amount)s"),
    "account.waived": _("waived: %(amount)s"),
    "account.drawn": _("drawn from the prepayment: %(amount)s"),
    "account.taken_over": _("debt of %(amount)s taken over by another debtor"),
    "deposit.forfeited": _("deposit forfeited: %(amount)s"),
    "deposit.given_back": _("deposit given back: %(amount)s"),
    "voucher.taken_back": _("taken back: %(kind)s"),
    "refund.asked": _("refund of %(amount)s asked for"),
    "refund.approved": _("refund of %(amount)s approved"),
    "refund.declined": _("refund of %(amount)s declined"),
    "refund.paid": _("refund of %(amount)s paid out by %(methods)s"),
}


def register():
    journal.sentences(SENTENCES)
    journal.words("billing.method", Entry.Method.choices)
    journal.words("billing.voucher", Voucher.Kind.choices)
