from .bank import BankFile, Draft, KnownPayer, Layout, Mandate, StatementLine
from .closing import DayClose, PeriodClose
from .collections import Collection
from .history import History, HistoryRow, ItemName, OldAccount
from .items import Adjustment, Item, Payer, Standard, Tier
from .ledger import Account, Book, Charge, Entry, OpenCharge, Till, Voucher
from .meters import CarriedUse, Meter, MissedReading, Reading
from .receipts import Receipt, ReceiptStep
from .refunds import Refund
from .runs import Run
from .sums import Owing, Turnover

__all__ = [
    "Account",
    "Adjustment",
    "BankFile",
    "Book",
    "CarriedUse",
    "Charge",
    "Collection",
    "DayClose",
    "Draft",
    "Entry",
    "History",
    "HistoryRow",
    "Item",
    "ItemName",
    "KnownPayer",
    "Layout",
    "Mandate",
    "Meter",
    "MissedReading",
    "OldAccount",
    "OpenCharge",
    "Owing",
    "Payer",
    "PeriodClose",
    "Reading",
    "Receipt",
    "ReceiptStep",
    "Refund",
    "Run",
    "Standard",
    "StatementLine",
    "Tier",
    "Till",
    "Turnover",
    "Voucher",
]
