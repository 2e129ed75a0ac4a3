"""押金: charged and paid at once, held, given back or forfeited with the reason (SPEC §6.4)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import charging, ledger, payment
from billing.models import Item, Voucher
from billing.reports import settled
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from billing.rules.ledger import Head, Line
from office import journal
from office.refusals import Refused


@transaction.atomic
def take(*, account, item, amount, payer, methods, by, now, text="", source=("", ""), given=None):
    """Charge a deposit and take it, with its receipt. Answers (charge, receipt)."""
    rules.check("take_deposit", account, by)
    if item.formula != Item.Formula.DEPOSIT:
        raise ValueError("not the item of a deposit")
    charge = charging.charge(
        account=account, item=item, amount=amount, by=by, now=now, text=text, source=source
    )
    receipt = payment.pay(
        estate=account.estate,
        payer=payer,
        charges=[(charge.pk, charge.amount)],
        methods=methods,
        by=by,
        now=now,
        given=given,
        unit=account.unit,
        source=source,
    )
    return charge, receipt


@transaction.atomic
def give_back(*, charge, amount, methods, reason, by, now):
    """Give a held deposit back, whole or in part, out of the drawer of `by`."""
    rules.check("give_back", charge, by)
    reason = rules.reason(reason)
    methods = rules.methods(methods, by)
    amount = rules.amount(amount)
    if amount != sum(methods.values()):
        raise Refused(_("What is paid and what it is paid with do not come to the same amount."))
    account = hold(charge, amount)
    voucher = ledger.write(
        estate=account.estate,
        kind=Voucher.Kind.REFUND,
        lines=[released(charge, amount, account), *paid_out(methods)],
        by=by,
        now=now,
        cashier=by,
        reason=reason,
        source=("deposit", charge.pk),
    )
    _tell("deposit.given_back", account, amount, by, now)
    return voucher


@transaction.atomic
def forfeit(*, charge, amount, reason, by, now):
    """Keep a held deposit, whole or in part: it becomes income of its item."""
    rules.check("forfeit", charge, by)
    reason = rules.reason(reason)
    amount = rules.amount(amount)
    account = hold(charge, amount)
    earned = lines_of.of_charge(Head.INCOME, -amount, charge, building_id=account.unit.building_id)
    voucher = ledger.write(
        estate=account.estate,
        kind=Voucher.Kind.FORFEIT,
        lines=[released(charge, amount, account), earned],
        by=by,
        now=now,
        reason=reason,
        source=("deposit", charge.pk),
    )
    _tell("deposit.forfeited", account, amount, by, now)
    return voucher


def hold(charge, amount):
    """The account of a deposit, locked; refused when less is held of it."""
    account = ledger.lock([charge.account_id])[charge.account_id]
    if settled.held_of(charge) < amount:
        raise Refused(_("There is not so much held of this deposit any more."))
    return account


def released(charge, amount, account):
    return lines_of.of_charge(Head.DEPOSIT, Decimal(amount), charge, building_id=account.unit.building_id)


def paid_out(methods):
    return [Line(Head.MONEY, -amount, method=method) for method, amount in methods.items()]


def _tell(verb, account, amount, by, now):
    journal.record(
        verb,
        subject=account,
        text=account.unit.code,
        by=by,
        now=now,
        data={"amount": journal.money(amount, account.estate.currency)},
    )
