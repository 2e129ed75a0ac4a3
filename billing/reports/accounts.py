"""What accounts owe and hold: the counter, statements and bookings read it here, one statement for any number of charges."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from billing.models import Account, Item, OpenCharge


@dataclass(frozen=True)
class Open:
    """A charge and what is still owed of it, with the names it is shown by."""

    charge_id: int
    period: date
    account_id: int
    item_id: int
    due_on: date
    amount: Decimal  # still owed
    charged: Decimal
    from_on: date
    until_on: date  # half-open
    text: str
    formula: str
    agency: bool
    names: dict  # the item's, by language: {"zh-hant": …, "zh-hans": …, "en": …}
    unit_id: int
    unit: str
    building_id: int
    person_id: int

    @property
    def pk(self):  # as a Charge: `rules.ledger.of_charge` takes either
        return self.charge_id

    def item_name(self, language):
        return self.names.get(language) or self.names["zh-hant"]

    @property
    def is_deposit(self):
        return self.formula == Item.Formula.DEPOSIT


OPEN = """
SELECT o.charge_id, o.period, o.account_id, o.item_id, o.due_on, o.amount, c.amount, c.from_on, c.until_on, c.text,
       i.formula, i.agency, i.name_zh_hant, i.name_zh_hans, i.name_en, a.unit_id, u.code, u.building_id, a.person_id
  FROM billing_opencharge o
  JOIN billing_charge c ON c.period = o.period AND c.id = o.charge_id
  JOIN billing_item i ON i.id = o.item_id
  JOIN billing_account a ON a.id = o.account_id
  JOIN office_unit u ON u.id = a.unit_id
 WHERE {} ORDER BY o.due_on, o.period, i.position, o.charge_id"""


def _read(condition, parameters):
    with connection.cursor() as cursor:
        cursor.execute(OPEN.format(condition), parameters)
        rows = cursor.fetchall()
    return [
        Open(*row[:12], {"zh-hant": row[12], "zh-hans": row[13], "en": row[14]}, *row[15:]) for row in rows
    ]


def open_charges(accounts):
    """What these accounts (rows or ids) still owe, oldest first."""
    return _read("o.account_id = ANY(%s)", [[getattr(row, "pk", row) for row in accounts]])


def of_charges(charge_ids, estate):
    """What is still owed of these charges of an estate, by id; what is paid is not among them."""
    rows = _read("o.charge_id = ANY(%s) AND o.estate_id = %s", [list(charge_ids), estate.pk])
    return {row.charge_id: row for row in rows}


@dataclass(frozen=True)
class Household:
    """The accounts of a unit with their debtors; those that owe first."""

    accounts: list
    charges: list

    @property
    def owed(self):
        return sum((row.owed for row in self.accounts), Decimal(0))

    @property
    def prepaid(self):
        return sum((row.prepaid for row in self.accounts), Decimal(0))

    @property
    def deposits(self):
        return sum((row.deposits for row in self.accounts), Decimal(0))

    def overdue(self, today):
        return sum((row.amount for row in self.charges if row.due_on < today), Decimal(0))


def household(unit):
    """All accounts of `unit` and what they owe, oldest first: two statements."""
    accounts = list(Account.objects.filter(unit=unit).select_related("person").order_by("-owed", "pk"))
    return Household(accounts, open_charges(accounts) if accounts else [])


def owed_of(charge):
    """What is still owed of one charge."""
    row = OpenCharge.objects.filter(charge_id=charge.pk).first()
    return row.amount if row else Decimal(0)
