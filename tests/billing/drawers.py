"""Money into a drawer, as short as the ledger allows it."""

from decimal import Decimal

from django.db import transaction

from billing.actions import ledger
from billing.rules.ledger import Head, Line
from tests.cast import NOW

TEN = Decimal("10.00")


def paid(account, cashier, amount=TEN, method="cash", now=NOW, day=None):
    """Money into the drawer, held as prepayment."""
    amount = Decimal(amount)
    lines = [
        Line(Head.MONEY, amount, method=method),
        Line(Head.PREPAID, -amount, account_id=account.pk, building_id=account.unit.building_id),
    ]
    with transaction.atomic():
        ledger.lock([account.pk])
        return ledger.post(
            estate=account.estate, kind="payment", lines=lines, by=cashier, now=now, cashier=cashier, day=day
        )
