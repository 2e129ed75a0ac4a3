"""退款: asked for by finance, approved by somebody else, paid out (SPEC §6.4)."""

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import deposits, ledger
from billing.models import Charge, Refund, Voucher
from billing.reports import settled
from billing.rules import bookings, refunds
from billing.rules.ledger import Head, Line
from office import journal
from office.refusals import Refused, Stale


@transaction.atomic
def ask(*, account, amount, reason, by, now, charge=None):
    """Ask for money back: out of the prepayment, or of a held deposit (`charge`)."""
    bookings.check("ask_refund", account, by)
    reason, amount = bookings.reason(reason), bookings.amount(amount)
    account = ledger.lock([account.pk])[account.pk]
    if charge is not None and charge.account_id != account.pk:
        raise ValueError("a charge of another account")
    under_way = account.refunds.filter(
        state__in=[Refund.State.ASKED, Refund.State.APPROVED], charge_id=charge.pk if charge else None
    )
    held = settled.held_of(charge) if charge else account.prepaid
    if sum((row.amount for row in under_way), amount) > held:
        raise Refused(_("There is not so much to pay back, other refunds under way considered."))
    row = Refund.objects.create(
        estate=account.estate,
        account=account,
        charge_id=charge.pk if charge else None,
        period=charge.period if charge else None,
        amount=amount,
        reason=reason,
        asked_by=by,
        asked_at=now,
    )
    _tell("refund.asked", row, by, now)
    return row


@transaction.atomic
def approve(*, refund, by, now, version=None):
    refund = _begin(refund, "decide_refund", by, version)
    return _end(
        refund, by, now, "refund.approved", state=Refund.State.APPROVED, decided_by=by, decided_at=now
    )


@transaction.atomic
def decline(*, refund, reason, by, now, version=None):
    reason = bookings.reason(reason)
    refund = _begin(refund, "decide_refund", by, version)
    return _end(
        refund,
        by,
        now,
        "refund.declined",
        state=Refund.State.DECLINED,
        decided_by=by,
        decided_at=now,
        decision=reason,
    )


@transaction.atomic
def pay_out(*, refund, methods, by, now, cashier=None, version=None):
    """Pay an approved refund out; cash out of `cashier`'s drawer."""
    refund = _begin(refund, "pay_out", by, version)
    methods = bookings.methods(methods, cashier)
    if refund.amount != sum(methods.values()):
        raise Refused(_("What is paid and what it is paid with do not come to the same amount."))
    account = refund.account
    if refund.charge_id:
        charge = Charge.objects.get(pk=refund.charge_id, period=refund.period)
        deposits.hold(charge, refund.amount)
        line = deposits.released(charge, refund.amount, account)
    else:
        if account.prepaid < refund.amount:
            raise Refused(_("There is not so much left on the account."))
        line = Line(Head.PREPAID, refund.amount, account_id=account.pk, building_id=account.unit.building_id)
    voucher = ledger.write(
        estate=account.estate,
        kind=Voucher.Kind.REFUND,
        lines=[line, *deposits.paid_out(methods)],
        by=by,
        now=now,
        cashier=cashier,
        reason=refund.reason,
        source=(Refund.SUBJECT, refund.pk),
    )
    words = [journal.word("billing.method", method) for method in methods]
    return _end(refund, by, now, "refund.paid", {"methods": words}, state=Refund.State.PAID, voucher=voucher)


def _begin(refund, move, by, version):
    """The account and the refund, locked and read again; refused when the page was older or the rule says no."""
    account = ledger.lock([refund.account_id])[refund.account_id]
    row = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
    row.account = account
    if version is not None and int(version) != row.version:
        raise Stale
    if sentence := refunds.why_not(move, row, by):
        raise Refused(sentence)
    return row


def _end(refund, by, now, verb, data=None, **fields):
    for name, value in fields.items():
        setattr(refund, name, value)
    refund.version += 1
    refund.save(update_fields=[*fields, "version"])
    _tell(verb, refund, by, now, data)
    return refund


def _tell(verb, refund, by, now, data=None):
    account = refund.account
    journal.record(
        verb,
        subject=refund,
        text=account.unit.code,
        by=by,
        now=now,
        data={"amount": journal.money(refund.amount, account.estate.currency), **(data or {})},
    )
