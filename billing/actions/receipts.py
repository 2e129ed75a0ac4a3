"""What happens to the paper of a receipt."""

from django.db import transaction

from billing.models import Receipt, ReceiptStep
from office import journal


@transaction.atomic
def printed(*, receipt, by, now):
    """The receipt went to the printer: from the second time on it is marked as printed again, and counted."""
    receipt = Receipt.objects.select_related("estate").get(pk=receipt.pk)
    ReceiptStep.objects.create(
        estate_id=receipt.estate_id, receipt=receipt, verb=ReceiptStep.Verb.PRINTED, by=by, at=now
    )
    count = ReceiptStep.objects.filter(receipt=receipt, verb=ReceiptStep.Verb.PRINTED).count()
    if count > 1:
        journal.record("receipt.reprinted", subject=receipt, by=by, now=now, data={"count": count - 1})
