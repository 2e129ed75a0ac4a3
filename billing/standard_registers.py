"""What fee standards tell the office: sentences of the journal."""

from django.utils.translation import gettext_lazy as _

from billing.models import Item
from office import journal, sweeps

SENTENCES = {
    "item.added": _("fee item %(item)s added"),
    "item.changed": _("fee item changed: %(fields)s"),
    "standard.set": _("standard set from %(from)s: %(price)s (%(document)s)"),
    "standard.ended": _("standard %(price)s ended, no longer from %(until)s"),
    "standard.removed": _("standard %(price)s from %(from)s removed before it was charged with"),
    "adjustment.set": _("%(percent)s %% of %(item)s from %(from)s"),
    "adjustment.ended": _("percentage ended, no longer from %(until)s"),
    "payer.named": _("payer of %(item)s named from %(from)s"),
    "payer.ended": _("payer no longer from %(until)s"),
    "late.charged": _("late fees charged: %(count)s, %(amount)s"),
}


def register():
    from billing import tasks  # here: actions load after the models of every app

    sweeps.register(
        sweeps.Sweep(
            "late_fees",
            # Translators: 滯納金
            _("late fees"),
            _("at the beginning of a month, for the days of the month before"),
            tasks.charge_late_fees,
            every=3600,
            preview=tasks.foresee_late_fees,
            # Translators: 收費
            workflow=_("Fees"),
        )
    )
    journal.sentences(SENTENCES)
    journal.field_words("fee_item", Item)
