"""Prepayments drawn down: what an account holds pays what it owes, oldest first (SPEC §6.4)."""

from decimal import Decimal

from django.db import transaction

from billing.actions import ledger
from billing.models import Voucher
from billing.reports import accounts as reports
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from billing.rules.ledger import Head, Line
from office import journal


@transaction.atomic
def draw(*, accounts, by, now):
    """Pay with what these accounts hold what they owe, one voucher each. Deposits are not drawn for: they are taken."""
    vouchers = []
    for account in accounts:
        rules.check("draw", account, by)
    locked = ledger.lock([account.pk for account in accounts])
    for account in locked.values():
        left, lines = account.prepaid, []
        owing = reports.open_charges([account]) if left else []
        for row in sorted(owing, key=lambda row: (row.due_on, row.pk)):  # as the billing run does
            amount = min(left, row.amount)
            if row.is_deposit or not amount:
                continue
            lines += lines_of.settling(row, amount, item=row, building_id=row.building_id)
            left -= amount
        drawn = account.prepaid - left
        if not drawn:
            continue
        held = Line(Head.PREPAID, Decimal(drawn), account_id=account.pk, building_id=account.unit.building_id)
        vouchers.append(
            ledger.write(estate=account.estate, kind=Voucher.Kind.DRAW, lines=[held, *lines], by=by, now=now)
        )
        _tell("account.drawn", account, drawn, by, now)
    return vouchers


def _tell(verb, account, amount, by, now):
    journal.record(
        verb,
        subject=account,
        text=account.unit.code,
        by=by,
        now=now,
        data={"amount": journal.money(amount, account.estate.currency)},
    )
