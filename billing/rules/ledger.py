"""What the ledger knows of its lines (SPEC §6). Debits are positive, credits negative."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.models import Charge, Entry, Item

Head = Entry.Head


@dataclass(frozen=True)
class Line:
    """One entry to be written; `amount` in the estate's currency, two places."""

    head: str
    amount: Decimal
    account_id: int | None = None
    item_id: int | None = None
    building_id: int | None = None
    charge_id: int | None = None
    period: date | None = None
    due_on: date | None = None
    method: str = ""

    def __neg__(self):
        return Line(**{**vars(self), "amount": -self.amount})


def of_charge(head, amount, charge, *, building_id):
    """A line under `head` that belongs to a charge: receivable, pending, deposit, income, agency, waived."""
    return Line(
        head=head,
        amount=amount,
        account_id=charge.account_id,
        item_id=charge.item_id,
        building_id=building_id,
        charge_id=charge.pk,
        period=charge.period,
        due_on=charge.due_on,
    )


def earned(item):
    """The head a charge of `item` is credited to."""
    if item.formula == Item.Formula.DEPOSIT:
        return Head.PENDING
    return Head.AGENCY if item.agency else Head.INCOME


def charging(charge: Charge, item: Item, *, building_id):
    """The two lines of a new charge: owed by the account, earned (or passed on, or pending as a deposit)."""
    return [
        of_charge(Head.RECEIVABLE, charge.amount, charge, building_id=building_id),
        of_charge(earned(item), -charge.amount, charge, building_id=building_id),
    ]


def settling(charge, amount, *, item, building_id):
    """Lines by which `amount` of a charge is paid, whatever with; a deposit becomes held as far as it is paid."""
    lines = [of_charge(Head.RECEIVABLE, -amount, charge, building_id=building_id)]
    if item.formula == Item.Formula.DEPOSIT:
        lines.append(of_charge(Head.PENDING, amount, charge, building_id=building_id))
        lines.append(of_charge(Head.DEPOSIT, -amount, charge, building_id=building_id))
    return lines


def waiving(charge, amount, *, item, building_id):
    """Lines by which `amount` of a charge is given up. A deposit is not earned, so nothing is lost: it is pending no more."""
    head = Head.PENDING if item.formula == Item.Formula.DEPOSIT else Head.WAIVED
    return [
        of_charge(Head.RECEIVABLE, -amount, charge, building_id=building_id),
        of_charge(head, amount, charge, building_id=building_id),
    ]
