"""The lists of this room, each declared once: page, count, totals and spreadsheet read these columns."""

from office.lists.estates import over
from tickets.columns.complaints import COMPLAINTS, state_of_complaint
from tickets.columns.complaints import beginnings as complaint_beginnings
from tickets.columns.reception import HANDOVERS, LOG, short
from tickets.columns.repairs import ASSETS, CALLBACKS, TICKETS, kind_label, state_label
from tickets.columns.upkeep import PLANS
from tickets.rules import TONES

__all__ = [
    "ASSETS", "CALLBACKS", "COMPLAINTS", "HANDOVERS", "LOG", "PLANS", "TICKETS", "TONES", "complaint_beginnings", "kind_label",
    "over", "short", "state_label", "state_of_complaint",
]  # fmt: skip
