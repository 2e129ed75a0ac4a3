"""What fee standards tell the office: sentences of the journal."""

from django.utils.translation import gettext_lazy as _

from billing.models import Item
from office import journal

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
}


def register():
    journal.sentences(SENTENCES)
    journal.field_words("fee_item", Item)
