"""Accounts, items and charges for tests about money."""

from datetime import date
from decimal import Decimal

from billing.actions import charging, ledger
from billing.models import Item, Standard, Tier
from tests.cast import NOW, make_person, make_unit, occupy

MARCH = date(2026, 3, 1)


def make_item(estate, code="try", formula=Item.Formula.ONCE, **fields):
    return Item.objects.create(
        estate=estate,
        code=code,
        name_zh_hant="物業管理費",
        name_en="Management fee",
        formula=formula,
        **fields,
    )


def make_account(estate, code="3-2-1201"):
    unit = make_unit(estate, code, area=Decimal("85.20"))
    owner = make_person(estate)
    occupy(unit, owner)
    return ledger.account_of(unit, owner)


def make_charge(account, item, amount="100.00", *, by, now=NOW, period=MARCH, **fields):
    return charging.charge(
        account=account, item=item, amount=Decimal(amount), by=by, now=now, period=period, **fields
    )


def make_standard(item, price="0", since=date(2020, 1, 1), until=None, tiers=(), **fields):
    """A standard of `item`; `tiers` are (above, price)."""
    row = Standard.objects.create(
        estate=item.estate, item=item, price=Decimal(price), period=(since, until), **fields
    )
    Tier.objects.bulk_create(Tier(standard=row, above=above, price=price) for above, price in tiers)
    return Standard.objects.get(pk=row.pk)
