"""What old ledgers and the bank tell the office: their sheets, the journal's sentences."""

from django.utils.translation import gettext_lazy as _

from office import journal

SENTENCES = {
    "item.named": _("“%(name)s” of other systems means %(item)s"),
}


def register():
    journal.sentences(SENTENCES)
    # Rooms above the registers are loaded when the app is ready, not when this module is read.
    from billing.imports import sheets

    sheets.declare()
