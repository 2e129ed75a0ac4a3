"""What closing days and collecting at the door tell the office: promises, their sweep, journal sentences."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from billing.models import DayClose, Till
from office import journal, promises, sweeps
from office.addresses import row_address
from office.models.promises import Measure

# Translators: 收費
FEES = _("Fees")

DAY_CLOSE = promises.Kind(
    "day_close",
    # Translators: 日結
    _("day to be closed"),
    (
        promises.Rule(
            "day_close",
            # Translators: 日結
            _("the day close of a cashier"),
            _("the first money taken that day"),
            0,
            Measure.SAME_DAY,
            "SPEC §6.6",
        ),
    ),
    climbs_to_director=False,
    order=60,
    workflow=FEES,
)

SENTENCES = {
    "day.closed": _("%(day)s closed: %(total)s"),
    "day.closed_with_difference": _("%(day)s closed: %(total)s, %(difference)s more or less in the drawer"),
    "period.closed": _("books closed up to and including %(day)s"),
}


def register():
    from billing import tasks

    promises.register(DAY_CLOSE)
    promises.register_subject(
        Till.SUBJECT, partial(row_address, "billing:till"), label=_("tills"), permission="billing.close_day"
    )
    promises.register_subject(DayClose.SUBJECT, partial(row_address, "billing:close"))
    journal.sentences(SENTENCES)
    sweeps.register(
        sweeps.Sweep(
            name="tills",
            label=_("tills to be closed"),
            rule=_("a drawer that took money is closed by the end of that day"),
            run=tasks.owe_closes,
            every=300,
            preview=tasks.foresee_closes,
            workflow=FEES,
        )
    )
