"""The rooms of the monthly report, one line each, in its order (SPEC §4.8, office/months.py)."""

from office import months
from tickets.reports.complaint_months import COMPLAINTS
from tickets.reports.months import CALLBACKS, REPAIRS


def compose():
    months.use(
        REPAIRS,
        CALLBACKS,
        COMPLAINTS,
    )
