"""上門收取: who may do what with an appointment (SPEC §6.5)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import Collection

TAKE = "billing.take_payment"
READ = "billing.read"
State = Collection.State


def why_not(row, by):
    """None while an appointment is open and `by` takes money there."""
    if row.state != State.AGREED:
        return _("This appointment is over: %(state)s.") % {"state": State(row.state).label}
    if not by.may(TAKE, row.estate_id):
        return _("Only who takes money collects.")
    return None


def why_not_prepare(row, by):
    if row.receipt_id:
        return _("The receipt is prepared already.")
    return why_not(row, by)


def why_not_agreed(*, window_from, window_to, amount, account, unit_estate, collector, estate_id, now):
    if window_to <= window_from:
        return _("The visit ends before it begins.")
    if window_to <= now:
        return _("This time is over.")
    if amount <= 0:
        return _("Write down the amount agreed.")
    if account.estate_id != estate_id or unit_estate != estate_id:
        return _("There is no such account here.")
    if not collector.may(TAKE, estate_id):
        return _("%(name)s does not take money here.") % {"name": collector.name}
    return None


def window(start, end):
    """2026-03-12 14:00–15:00, local."""
    start, end = timezone.localtime(start), timezone.localtime(end)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M}–{until}"
