"""What the counter tells the office: how receipts are found, and the sentences about their paper."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import journal, promises, search
from office.addresses import row_address

SENTENCES = {
    # Translators: 補印
    "receipt.reprinted": _("receipt printed again (copy %(count)s)"),
}


def register():
    from billing.models import Account, Receipt
    from billing.reports import receipts

    journal.sentences(SENTENCES)
    search.register(Receipt.SUBJECT, receipts.keys_of_receipts, kinds=("number", "number_tail"))
    promises.register_subject(Receipt.SUBJECT, partial(row_address, "billing:receipt"))
    promises.register_subject(Account.SUBJECT, partial(row_address, "billing:account"))
