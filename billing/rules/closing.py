"""When a cashier's day and the estate's books may be closed (SPEC §6.6): None, or the sentence that refuses."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Entry
from office.phrases import listed

CLOSE_DAY = "billing.close_day"  # one's own
CLOSE_PERIOD = "billing.close_period"  # the books; and the day of a cashier who is away
READ = "billing.reports"
CASH = Entry.Method.CASH


def may_close(cashier, by, estate_id):
    """Whether `by` closes days of `cashier`: one's own, or finance for somebody who is away, with a reason."""
    own = cashier.pk == by.pk and by.may(CLOSE_DAY, estate_id)
    return own or by.may(CLOSE_PERIOD, estate_id)


def why_not_day(*, cashier, by, estate_id, day, today, closed_through, sums, earlier, out):
    """`earlier`: the oldest day with money not closed yet; `out`: numbers of carried receipts; `sums` by method."""
    if not may_close(cashier, by, estate_id):
        return _("A day is closed by its cashier, or by finance.")
    if day > today:
        return _("This day has not come yet.")
    if closed_through and day <= closed_through:
        return _("This day is closed already.")
    if earlier and earlier < day:
        return _("Close %(day)s first: money was taken on that day.") % {"day": f"{earlier:%Y-%m-%d}"}
    if out:
        return ngettext(
            "Receipt %(numbers)s is still out: hand in its money, or return it unused.",
            "Receipts %(numbers)s are still out: hand in their money, or return them unused.",
            len(out),
        ) % {"numbers": listed(out)}
    if sums is None:
        return _("No money was taken on this day: there is nothing to close.")
    return None


def why_not_counted(*, sums, counted, opening, confirmed, reason, own):
    """What was counted and confirmed against what the ledger says."""
    unconfirmed = [method for method, amount in sums.items() if method != CASH and method not in confirmed]
    if unconfirmed:
        words = dict(Entry.Method.choices)
        return _("Hold %(methods)s against the slips and tick what agrees.") % {
            "methods": listed([str(words[method]) for method in unconfirmed])
        }
    if difference(sums, counted, opening) and not reason:
        return _("Explain the difference.")
    if not own and not reason:
        return _("Write down why you close somebody else's day.")
    return None


def difference(sums, counted, opening):
    """What is in the drawer less what should be: more than zero is too much."""
    return counted - opening - sums.get(CASH, Decimal(0))


def why_not_period(*, by, estate_id, through, today, closed_through, tills, out, holds, missing, note):
    """`tills`: [(cashier, day)] not closed; `out`: carried receipts; `missing`: months without a billing run."""
    if not by.may(CLOSE_PERIOD, estate_id):
        return _("Finance closes the books.")
    if through >= today:
        return _("Only days that are over can be closed.")
    if closed_through and through <= closed_through:
        return _("The books are closed up to %(day)s already.") % {"day": f"{closed_through:%Y-%m-%d}"}
    if tills:
        names = listed([f"{cashier} {day:%Y-%m-%d}" for cashier, day in tills[:5]])
        return _("Days of cashiers are still to be closed: %(tills)s.") % {"tills": names}
    if out:
        return _("Receipts are still out: %(numbers)s.") % {"numbers": listed(out[:5])}
    if not holds:
        return _("The trial balance does not hold: the books stay open until it does.")
    if missing and not note:
        months = listed([f"{month:%Y-%m}" for month in missing])
        return _("No billing run was posted for %(months)s: say why in the note, or post it first.") % {
            "months": months
        }
    return None


def changed():
    return _("Money came in while you were counting. The totals below are new: count again.")
