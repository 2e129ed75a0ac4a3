"""What the cashier has before her: everything a household owes, its payer's other units beside it (SPEC §6.4).

A constant number of queries, however long the debts are.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Account, Book, Item, Standard, Till
from residents.models import Occupancy, Person

ZERO = Decimal("0.00")
OTHERS = 30  # accounts in other units; a developer may have a thousand
PAYING = (Occupancy.Role.OWNER, Occupancy.Role.TENANT, Occupancy.Role.DEVELOPER)
AT_COUNTER = (Item.Formula.ONCE, Item.Formula.DEPOSIT)


@dataclass
class Due:
    """What is still open of one charge."""

    charge_id: int
    period: date
    account_id: int
    item: Item
    due_on: date
    amount: Decimal
    charged: Decimal
    from_on: date
    until_on: date
    text: str
    today: date

    @property
    def month(self):
        return f"{self.period:%Y-%m}"

    @property
    def href(self):
        return charge_address(self.period, self.charge_id)

    @property
    def days_late(self):
        """Arrears count from the day after (SPEC §6.1)."""
        return max(0, (self.today - self.due_on).days)

    @property
    def age(self):
        """(words, tone) for people."""
        return age_of(self.due_on, self.today)


@dataclass
class Purse:
    """An account as it stands at the counter."""

    account: Account
    dues: list = field(default_factory=list)

    @property
    def owed(self):
        return sum((due.amount for due in self.dues), ZERO)


def charge_address(period, charge_id):
    """The page that explains a charge."""
    try:
        return reverse("billing:charge", args=[f"{period:%Y-%m}", charge_id])
    except NoReverseMatch:
        return ""


def age_of(due_on, today):
    """(words, tone): since when something is overdue, or when it will be due."""
    days = (today - due_on).days
    if days <= 0:
        return _("due %(day)s") % {"day": f"{due_on:%Y-%m-%d}"}, "quiet"
    said = ngettext("late %(days)s day", "late %(days)s days", days) % {"days": days}
    return said, "late" if days > 90 else "today"


def accounts_of(unit, people=()):
    """Accounts of the unit, then those of the same people (and of `people`) in other units that owe or hold something."""
    rows = Account.objects.select_related("unit", "person").filter(estate_id=unit.estate_id)
    here = list(rows.filter(unit=unit).order_by("-owed", "pk"))
    known = {account.person_id for account in here} | set(people)
    there = rows.filter(Q(owed__gt=0) | Q(prepaid__gt=0), person__in=known).exclude(unit=unit)
    return here, list(there.order_by("unit__sort_key", "pk")[:OTHERS]) if known else []


_OPEN = """
SELECT o.charge_id, o.period, o.account_id, o.item_id, o.due_on, o.amount, c.amount, c.from_on, c.until_on, c.text
  FROM billing_opencharge o JOIN billing_charge c ON c.period = o.period AND c.id = o.charge_id
 WHERE o.account_id = ANY(%s) ORDER BY o.due_on, o.charge_id
"""


def open_dues(account_ids, items, today):
    """[Due] of these accounts, the oldest first: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [list(account_ids)])
        rows = cursor.fetchall()
    return [Due(*row[:3], items[row[3]], *row[4:], today) for row in rows]


def purses(accounts, items, today):
    """[Purse] in the order of `accounts`."""
    found = {account.pk: Purse(account) for account in accounts}
    for due in open_dues(found, items, today) if found else ():
        found[due.account_id].dues.append(due)
    return list(found.values())


def items_of(estate):
    """{pk: Item} of the estate, whatever they are charged for."""
    return {item.pk: item for item in Item.objects.filter(estate=estate)}


def prices(items, today):
    """{item id: the amount its standard proposes} for one-off items and deposits."""
    ids = [item.pk for item in items if item.formula in AT_COUNTER]
    rows = Standard.objects.filter(item__in=ids, period__contains=today, unit_kind="", use="", building=None)
    return {row.item_id: f"{row.price:.2f}" for row in rows if row.price} if ids else {}


def prices_json(items, today):
    return json.dumps({str(pk): price for pk, price in prices(items, today).items()})


def debtors(house, here):
    """[(person id, words)] on whose account something may be booked: who pays here today, then who has an account."""
    found = {}
    for one in house.residents:
        if one.role in PAYING:
            found.setdefault(one.person_id, f"{one.local_name} ({one.role_label})")
    for account in here:
        found.setdefault(account.person_id, account.person.local_name)
    return list(found.items())


def closed_through(estate, cashier):
    """The last day that nothing may be booked into any more by this cashier; None when no day is closed."""
    days = Book.objects.filter(estate=estate).values_list("closed_through")
    tills = Till.objects.filter(estate=estate, cashier=cashier).values_list("closed_through")
    found = [day for (day,) in days.union(tills, all=True) if day]
    return max(found, default=None)


def language_of(receipt, fall_back):
    """The language of whoever is named as payer, if the register knows the name among the receipt's debtors."""
    rows = Person.objects.filter(
        accounts__entries__voucher__receipt_step__receipt=receipt, name=receipt.payer
    ).exclude(language="")
    return rows.values_list("language", flat=True).first() or fall_back
