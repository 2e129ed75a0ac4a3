"""退款: what may happen to a request for a refund (SPEC §6.4)."""

from django.utils.translation import gettext as _

from billing.models import Refund
from billing.rules import bookings

S = Refund.State
STARTS = {"decide_refund": (S.ASKED,), "pay_out": (S.APPROVED,)}


def why_not(move, refund, by):
    """None when `by` may make `move` (decide_refund, pay_out) on `refund` now."""
    if sentence := bookings.why_not(move, refund, by):
        return sentence
    if refund.state not in STARTS[move]:
        return _("Not possible while the refund is “%(state)s”.") % {"state": S(refund.state).label}
    if move == "decide_refund" and refund.asked_by_id == by.pk:
        return _("Who asks for a refund does not decide it: somebody else has to.")
    return None
