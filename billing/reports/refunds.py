"""退款: what waits for somebody to decide it or to pay it out."""

from django.db.models import Q

from billing.models import Refund
from billing.rules import refunds as rules

NEEDS = {"decide_refund": "billing.approve_refund", "pay_out": "billing.refund"}


def waiting_for(staff, limit):
    """Refunds this person may decide (never one's own) or pay out, the oldest first: one query; none for others."""
    wanted = Q()
    for move, permission in NEEDS.items():
        if staff.may(permission):
            own = Q(asked_by=staff) if move == "decide_refund" else Q(pk__in=[])
            wanted |= Q(estate_id__in=staff.estate_ids(permission), state__in=rules.STARTS[move]) & ~own
    if not wanted:
        return []
    related = ("estate", "account__unit", "account__person", "asked_by")
    return list(Refund.objects.filter(wanted).select_related(*related).order_by("asked_at", "pk")[:limit])
