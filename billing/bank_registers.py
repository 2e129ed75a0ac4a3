"""What old ledgers and the bank tell the office: their sheets, the journal's sentences."""

from django.utils.translation import gettext_lazy as _

from office import jobs, journal, setup

SENTENCES = {
    "item.named": _("“%(name)s” of other systems means %(item)s"),
    "mandate.signed": _("bank mandate signed"),
    "mandate.ended": _("bank mandate ended"),
    "mandate.asked": _("%(count)s amounts asked of the bank: %(amount)s"),
    "mandate.answered": _("the bank answered: %(paid)s paid, %(failed)s not, %(unmatched)s unknown"),
    "layout.saved": _("layout of a bank file saved"),
    "statement.received": _("bank statement received: %(count)s new lines of %(of)s"),
    "statement.ignored": _("line of a bank statement left aside"),
}


def register():
    journal.sentences(SENTENCES)
    # Rooms above the registers are loaded when the app is ready, not when this module is read.
    from billing.actions import bank_layouts, statements
    from billing.imports import sheets

    sheets.declare()
    setup.register(bank_layouts.load)
    jobs.register("billing.statement", statements.run, _("book bank lines"))
