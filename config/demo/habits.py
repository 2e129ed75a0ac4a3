"""What the demonstration charges, and how its people pay."""

from dataclasses import dataclass, field
from decimal import Decimal

from billing.models import Charge, Item
from office.models import Unit

# What is charged, by the code of the item: (price, fields of the standard).
PRICES: list[tuple[str, str, dict]] = [
    ("management", "2.60", {"unit_kind": "flat", "until": "raised"}),
    ("management", "2.80", {"unit_kind": "flat", "since": "raised"}),
    ("management", "5.50", {"unit_kind": "shop"}),
    ("management", "1.20", {"unit_kind": "storage"}),
    ("parking", "180", {"unit_kind": "parking"}),
    ("refuse", "12", {"unit_kind": "flat"}),
    ("refuse", "60", {"unit_kind": "shop"}),
    ("water", "0", {"tiers": (("0", "3.45"), ("15", "4.83"), ("25", "5.83"))}),
    ("shared_electricity", "0.68", {"unit_kind": "flat"}),
]
DOCUMENT = {
    "management": "深發改〔%s〕118 號",
    "parking": "深發改〔%s〕204 號",
    "refuse": "深城管〔%s〕31 號",
    "water": "深水務〔%s〕77 號",
}
# How people pay. The first accounts show every habit, however small the estate.
FIRST = ("good", "never", "year", "late", "part", "good", "stops", "good", "good")
HABITS = ("good",) * 62 + ("late",) * 14 + ("part",) * 7 + ("year",) * 9 + ("stops",) * 5 + ("never",) * 3
WHOLE = ("charge_is_booked", "voucher_has_entries", "receipt_begins")
METHODS = ("qr", "qr", "qr", "cash", "cash", "card", "transfer", "mandate")


@dataclass
class Debtor:
    """An account as it pays: what is open, oldest first, and the habit of whoever owes it."""

    id: int
    unit: Unit
    name: str
    habit: str
    prepaid: Decimal = field(default_factory=Decimal)
    open: list = field(default_factory=list)  # [Open]


@dataclass
class Open:
    charge: Charge
    item: Item
    left: Decimal
