"""What a household pays at the counter, in one step: charges made on the spot, debts, prepayment, one receipt (SPEC §6.4)."""

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import charging, ledger, payment
from billing.models import Item, OpenCharge
from office.refusals import Refused
from residents.models import Person


@transaction.atomic
def take(*, unit, payer, charges, methods, by, now, extras=(), prepaid=0, person=None, given=None):
    """A receipt for `charges` [(charge id, amount)], for `extras` [(item id, amount, text)] charged now, and for `prepaid`.

    Extras and prepayment are booked on the account of the unit and `person`. What is charged here and not paid here
    does not stay behind: a refusal takes the charges back with it.
    """
    paid, advance = list(charges), []
    if extras or prepaid:
        debtor = Person.objects.filter(pk=person, estate_id=unit.estate_id).first()
        if debtor is None:
            raise Refused(_("Say on whose account this is booked."))
        account = ledger.account_of(unit, debtor)
        # All accounts at once, in id order: the extras would else hold theirs while the payment waits for the others.
        owing = OpenCharge.objects.filter(pk__in=[pk for pk, _amount in charges], estate=unit.estate_id)
        ledger.lock([account.pk, *owing.values_list("account_id", flat=True)])
        items = Item.objects.in_bulk([item for item, _amount, _text in extras])
        for item, amount, text in extras:
            charge = charging.charge(
                account=account, item=items[item], amount=amount, text=text, by=by, now=now
            )
            paid.append((charge.pk, amount))
        if prepaid:
            advance.append((account.pk, prepaid))
    return payment.pay(
        estate=unit.estate,
        payer=payer,
        unit=unit,
        charges=paid,
        prepay=advance,
        methods=methods,
        given=given,
        by=by,
        now=now,
    )
