"""What closing days and collecting at the door tell the office: promises, their sweep, journal sentences."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from billing.models import Collection, DayClose, Till
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

COLLECTION_AHEAD = promises.Kind(
    "collection_ahead",
    # Translators: 上門收取準備
    _("collection to be prepared"),
    (
        promises.Rule(
            "collection_ahead",
            # Translators: 上門收取
            _("receipt prepared before a collection at the door"),
            _("the appointment"),
            0,
            Measure.AT,
            "SPEC §6.5, §11",
        ),
    ),
    climbs_to_director=False,
    order=60,
    workflow=FEES,
)
COLLECTION = promises.Kind(
    "collection",
    # Translators: 上門收取
    _("collection at the door"),
    (
        promises.Rule(
            "collection",
            # Translators: 上門收取
            _("collection at the door at the agreed time"),
            _("the appointment"),
            0,
            Measure.AT,
            "SPEC §6.5, §11",
        ),
    ),
    climbs_to_director=False,
    order=60,
    workflow=FEES,
)

SENTENCES = {
    "collection.agreed": _("collection of %(amount)s at the door agreed for %(at)s"),
    "collection.collected": _("collected at the door: %(amount)s"),
    "collection.unused": _("collection at the door: nothing was paid"),
    "collection.off": _("collection at the door called off"),
    "day.closed": _("%(day)s closed: %(total)s"),
    "day.closed_with_difference": _("%(day)s closed: %(total)s, %(difference)s more or less in the drawer"),
    "period.closed": _("books closed up to and including %(day)s"),
}


def register():
    from billing import tasks

    for kind in (DAY_CLOSE, COLLECTION_AHEAD, COLLECTION):
        promises.register(kind)
    promises.register_subject(
        Till.SUBJECT, partial(row_address, "billing:till"), label=_("tills"), permission="billing.close_day"
    )
    promises.register_subject(DayClose.SUBJECT, partial(row_address, "billing:close"))
    promises.register_subject(
        Collection.SUBJECT,
        partial(row_address, "billing:collection"),
        # Translators: 上門收取
        label=_("collections at the door"),
        permission="billing.take_payment",
    )
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
