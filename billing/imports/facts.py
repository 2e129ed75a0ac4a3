"""A row, an account and the whole of an old ledger, as they are read."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(slots=True)
class Said:
    """A row of the file."""

    number: int
    values: dict
    words: str = ""  # what it says in words, folded
    day: date | None = None
    unit: Any = None  # (pk, code)
    who: str = ""
    charge: Decimal = ZERO
    payment: Decimal = ZERO
    balance: Decimal | None = None
    opening: bool = False
    informs: bool = False  # repeats what the rows before came to; booked nothing
    errors: list = field(default_factory=list)
    undated: bool = False  # booked on the day of the import
    item: Any = None
    key: str = ""
    known: bool = False
    parts: tuple = ()  # further amounts of an opening balance: (what, amount)
    deposit: Any = None  # the item of a deposit held

    @property
    def effect(self):
        return self.charge - self.payment


@dataclass
class Party:
    """An account of the file with its rows in their order."""

    unit: tuple
    who: str
    rows: list
    person: Any = None  # pk, or a name that is new to the register
    account: Any = None
    prior: Decimal = ZERO  # what earlier files brought for it
    running: list = field(default_factory=list)
    entries: list = field(default_factory=list)  # (Said, Row, our balance after it) of what is new
    wrong: bool = False

    @property
    def label(self):
        return f"{self.unit[1]} {self.who}".strip()


@dataclass
class Whole:
    """The file as it is understood."""

    parties: list = field(default_factory=list)
    verdicts: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)  # folded account number: (as said, Party)
    items: list = field(default_factory=list)  # new ones, unsaved
    spare: Any = None
