"""What happens by itself about money."""

from django.utils.translation import gettext as _

from billing.actions import closing
from billing.models import Till
from billing.reports import closing as reports
from office import sweeps


def owe_closes(now):
    """The sweep that makes the promise to close a day that took money."""
    found, done = closing.owe_closes(now)
    return sweeps.Result(found=found, done=done)


def foresee_closes(now, estates, limit):
    found = reports.without_promise(now, estates=estates)
    rows = [
        sweeps.Coming(
            title=f"{row.cashier} {row.day:%Y-%m-%d}",
            step=_("owes the close of the day"),
            told=(row.cashier,),
            due_at=row.first_at,
            subject_kind=Till.SUBJECT,
            subject_id=row.till_id,
            estate_id=row.estate_id,
        )
        for row in found[:limit]
    ]
    return sweeps.Foreseen(len(found), tuple(rows))
