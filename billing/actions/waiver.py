"""減免: what the office gives up of a debt, with the reason, by the director (SPEC §6)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.actions import ledger
from billing.models import OpenCharge, Voucher
from billing.reports import accounts as reports
from billing.rules import bookings as rules
from billing.rules import ledger as lines_of
from office import journal
from office.refusals import Refused


@transaction.atomic
def waive(*, charges, reason, by, now):
    """Give up amounts still owed: `charges` [(charge id, amount)], all of one estate, in one voucher."""
    claims: dict = {}
    for pk, value in charges:
        claims[pk] = claims.get(pk, Decimal(0)) + rules.amount(value)
    owing = list(OpenCharge.objects.filter(pk__in=claims).select_related("estate"))
    estates = {row.estate_id for row in owing}
    if len(estates) != 1:
        raise Refused(ledger.REFUSALS["open_charge_not_overpaid"]())
    estate = owing[0].estate
    rules.check("waive", owing[0], by)
    reason = rules.reason(reason)
    accounts = ledger.lock([row.account_id for row in owing])
    rows = reports.of_charges(claims, estate)
    lines = []
    for pk, amount in claims.items():
        row = rows.get(pk)
        if row is None or row.amount < amount:
            raise Refused(_("There is not so much owed any more. Open the page again to see what is."))
        lines += lines_of.waiving(row, amount, item=row, building_id=row.building_id)
    voucher = ledger.write(
        estate=estate, kind=Voucher.Kind.WAIVER, lines=lines, by=by, now=now, reason=reason
    )
    for account in accounts.values():
        given = sum(claims[row.pk] for row in rows.values() if row.account_id == account.pk)
        journal.record(
            "account.waived",
            subject=account,
            text=account.unit.code,
            by=by,
            now=now,
            data={"amount": journal.money(given, estate.currency)},
        )
    return voucher
