from .items import Adjustment, Item, Payer, Standard, Tier
from .ledger import Account, Book, Charge, Entry, OpenCharge, Till, Voucher
from .meters import Meter, Reading
from .receipts import Receipt, ReceiptStep

__all__ = [
    "Account",
    "Adjustment",
    "Book",
    "Charge",
    "Entry",
    "Item",
    "Meter",
    "OpenCharge",
    "Payer",
    "Reading",
    "Receipt",
    "ReceiptStep",
    "Standard",
    "Tier",
    "Till",
    "Voucher",
]
