"""Charges by hand, and what becomes of a wrong one: it is taken back, and charged anew (SPEC §6)."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.actions import ledger
from billing.models import Charge, Item, Voucher
from billing.reports import accounts as reports
from billing.reports import settled
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from billing.rules.ledger import Head, Line
from office import clocks, journal
from office.refusals import Refused


@transaction.atomic
def charge(
    *,
    account,
    item,
    amount,
    by,
    now,
    period=None,
    from_on=None,
    until_on=None,
    due_on=None,
    text="",
    basis=None,
    source=("", ""),
    key=None,
):
    """Charge an account for one item. What a counter charges is due at once (SPEC §6.1).

    `source`: the matter it comes from, whose own rules allowed it. `key`: booked once; who comes again gets the first.
    """
    if not source[0]:
        rules.check("charge", account, by)
    if item.estate_id != account.estate_id:
        raise ValueError("an item of another estate")
    account = ledger.lock([account.pk])[account.pk]
    if key and (first := Charge.objects.filter(voucher__key=key).first()):
        return first
    today = ledger.today(account.estate, now)
    from_on = from_on or period or today
    row = write(
        account,
        item,
        amount=rules.amount(amount),
        period=(period or from_on).replace(day=1),
        from_on=from_on,
        until_on=until_on or (clocks.add_months(period, 1) if period else from_on + timedelta(days=1)),
        due_on=due_on or today,
        text=text[:200],
        basis=basis,
        source=source,
        by=by,
        now=now,
        key=key,
    )
    _tell("charge.made", row, account, item, by, now)
    return row


@transaction.atomic
def withdraw(*, charge, reason, by, now, by_its_matter=False):
    """Take a charge back, whole. What was paid on it becomes prepayment, what was waived is not waived any more.

    `by_its_matter`: the matter it comes from takes it back, by its own rules.
    """
    if not by_its_matter:
        rules.check("withdraw", charge, by)
    account, item, _paid = _withdraw(charge, rules.reason(reason), by, now)
    _tell("charge.withdrawn", charge, account, item, by, now)
    return charge


@transaction.atomic
def correct(*, charge, amount, basis, reason, by, now):
    """Take a charge back and charge it anew; what had been paid on it is paid on the new one as far as it goes.

    `amount` zero: nothing is charged instead. Answers the new charge, or None.
    """
    rules.check("correct", charge, by)
    reason = rules.reason(reason)
    amount = Decimal(amount)
    if amount:
        amount = rules.amount(amount)
    account, item, paid = _withdraw(charge, reason, by, now)
    row = None
    if amount:
        row = write(
            account,
            item,
            amount=amount,
            period=charge.period,
            from_on=charge.from_on,
            until_on=charge.until_on,
            due_on=charge.due_on,
            text=charge.text,
            basis=basis,
            source=(charge.source_kind, charge.source_id),
            by=by,
            now=now,
            seq=next_seq(charge, account),
            reason=reason,
        )
        _settle_from_prepayment(row, item, paid, account, by, now)
    journal.record(
        "charge.corrected",
        subject=account,
        text=str(account.unit),
        by=by,
        now=now,
        data={
            "item": item.code,
            "old": journal.money(charge.amount, account.estate.currency),
            "amount": journal.money(amount, account.estate.currency),
        },
    )
    return row


def next_seq(charge, account):
    """Which one of its unit, item, period and debtor a charge that follows `charge` is."""
    same = Charge.objects.filter(
        period=charge.period, unit=charge.unit_id, item=charge.item_id, account=account
    )
    last = same.aggregate(last=Max("seq"))["last"]
    return 0 if last is None else last + 1


def of_open(rows):
    """{id: Charge} of open charges (reports.accounts.Open)."""
    periods = {row.period for row in rows}
    found = Charge.objects.filter(period__in=periods, pk__in=[row.pk for row in rows]).select_related("item")
    return {row.pk: row for row in found}


def write(
    account,
    item,
    *,
    amount,
    period,
    from_on,
    until_on,
    due_on,
    text,
    basis,
    source,
    by,
    now,
    key=None,
    seq=0,
    reason="",
):
    """A charge with its voucher and entries; the account is locked."""
    ledger.open_months([period])
    with ledger.refusing():
        voucher = ledger.new_voucher(
            estate=account.estate,
            kind=Voucher.Kind.CHARGE,
            day=ledger.today(account.estate, now),
            at=now,
            by=by,
            source=source,
            key=key,
            reason=reason,
        )
        row = ledger.new_charge(
            account=account,
            item=item,
            amount=amount,
            period=period,
            from_on=from_on,
            until_on=until_on,
            due_on=due_on,
            voucher=voucher,
            text=text,
            basis=basis,
            source=source,
            seq=seq,
        )
        ledger.write_entries(voucher, lines_of.charging(row, item, building_id=account.unit.building_id))
    return row


def _withdraw(charge, reason, by, now):
    """Three vouchers at most: payments on it to prepayment, waivers off it, the charge itself the other way round."""
    account = ledger.lock([charge.account_id])[charge.account_id]
    item, building = charge.item, account.unit.building_id
    if settled.is_withdrawn(charge):
        raise Refused(_("This charge has been taken back already."))
    left, waived = reports.owed_of(charge), settled.waived_of(charge)
    paid = charge.amount - left - waived
    if settled.is_taken_over(charge):
        raise Refused(_("Somebody else has taken this debt over: it cannot be taken back any more."))
    booking = {
        "estate": account.estate,
        "by": by,
        "now": now,
        "reason": reason,
        "source": ("charge", charge.pk),
    }
    if paid:
        if item.formula == Item.Formula.DEPOSIT and settled.held_of(charge) < paid:
            raise Refused(_("This deposit has been given back or forfeited."))
        back = [-line for line in lines_of.settling(charge, paid, item=item, building_id=building)]
        held = Line(Head.PREPAID, -paid, account_id=account.pk, building_id=building)
        ledger.write(kind=Voucher.Kind.TRANSFER, lines=[*back, held], **booking)
    if waived:
        back = [-line for line in lines_of.waiving(charge, waived, item=item, building_id=building)]
        ledger.write(kind=Voucher.Kind.WAIVER, lines=back, **booking)
    unmade = [-line for line in lines_of.charging(charge, item, building_id=building)]
    ledger.write(kind=Voucher.Kind.CHARGE, lines=unmade, **booking)
    return account, item, paid


def _settle_from_prepayment(row, item, paid, account, by, now):
    """What had been paid on the wrong charge, back from the prepayment onto the right one."""
    amount = min(paid, row.amount)
    if amount > 0:
        building = account.unit.building_id
        ledger.write(
            estate=account.estate,
            kind=Voucher.Kind.TRANSFER,
            lines=[
                Line(Head.PREPAID, amount, account_id=account.pk, building_id=building),
                *lines_of.settling(row, amount, item=item, building_id=building),
            ],
            by=by,
            now=now,
            source=("charge", row.pk),
        )


def _tell(verb, row, account, item, by, now):
    journal.record(
        verb,
        subject=account,
        text=str(account.unit),
        by=by,
        now=now,
        data={"item": item.code, "amount": journal.money(row.amount, account.estate.currency)},
    )
