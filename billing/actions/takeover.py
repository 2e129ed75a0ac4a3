"""Debts taken over in writing: a buyer takes what the seller owes (SPEC §6, §0)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import charging, ledger
from billing.models import Item, Voucher
from billing.reports import accounts as reports
from billing.reports import settled
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from billing.rules.ledger import Head
from office import journal
from office.refusals import Refused


@transaction.atomic
def take_over(*, account_from, account_to, evidence, by, now, charges=None):
    """What `account_from` owes is owed by `account_to` from now on: all of it, or the charges (ids) that are named.

    `evidence`: the paper it stands on. Each debt goes on as a charge of the same item, month and due date; nothing is
    earned twice. Answers the voucher.
    """
    rules.check("take_over", account_from, by)
    evidence = rules.reason(evidence)
    if account_from.unit_id != account_to.unit_id or account_from.pk == account_to.pk:
        raise Refused(_("A debt is taken over by another debtor of the same unit."))
    accounts = ledger.lock([account_from.pk, account_to.pk])
    source, target = accounts[account_from.pk], accounts[account_to.pk]
    rows = [row for row in reports.open_charges([source]) if charges is None or row.pk in set(charges)]
    if not rows or (charges is not None and len(rows) != len(set(charges))):
        raise Refused(_("There is nothing of this owed any more. Open the page again to see what is."))
    olds = charging.of_open(rows)
    with ledger.refusing():
        voucher = ledger.new_voucher(
            estate=source.estate,
            kind=Voucher.Kind.TRANSFER,
            day=ledger.today(source.estate, now),
            at=now,
            by=by,
            source=(settled.TAKEN_OVER, source.pk),
            reason=evidence,
        )
        lines = []
        for row in rows:
            old = olds[row.pk]
            new = ledger.new_charge(
                account=target,
                item=old.item,
                amount=row.amount,
                period=old.period,
                from_on=old.from_on,
                until_on=old.until_on,
                due_on=old.due_on,
                voucher=voucher,
                text=old.text,
                basis={**old.basis, "taken_over_from": old.pk},
                source=(old.source_kind, old.source_id),
                seq=charging.next_seq(old, target),
            )
            lines += _moved(row, -row.amount, row) + _moved(new, row.amount, row)
        ledger.write_entries(voucher, lines)
    total = sum((row.amount for row in rows), Decimal(0))
    journal.record(
        "account.taken_over",
        subject=source,
        text=source.unit.code,
        by=by,
        now=now,
        data={"amount": journal.money(total, source.estate.currency), "to": target.pk},
    )
    return voucher


def _moved(charge, amount, row):
    """Lines that put a debt on an account, or take it off; a deposit's pending part goes with it."""
    lines = [lines_of.of_charge(Head.RECEIVABLE, amount, charge, building_id=row.building_id)]
    if row.formula == Item.Formula.DEPOSIT:
        lines.append(lines_of.of_charge(Head.PENDING, -amount, charge, building_id=row.building_id))
        return lines
    return lines
