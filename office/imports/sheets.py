"""What may come in from a workbook: each app declares its sheets, as it declares its lists (SPEC §14).

    sheets.register(Sheet("units", _("Units"), columns=(Column("building", _("Building"), cells.text(20), "楼栋 楼号"), …),
                          identity=("building", "room"), load=loads.Units()))

A column says how a cell is read, a sheet which columns tell its rows apart, a load (office.imports.loading) what a
row means for the register.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from office import journal
from office.models import Estate


class Bad(Exception):
    """A cell that cannot be read: the reason in one sentence, and the text that would do, where that is plain."""

    def __init__(self, reason, proposed=""):
        super().__init__(str(reason))
        self.reason, self.proposed = str(reason), str(proposed)


@dataclass(frozen=True)
class Place:
    """What reading a cell may depend on."""

    estate: Estate
    today: date  # local
    now: datetime

    @property
    def country(self):
        return self.estate.country


@dataclass(frozen=True)
class Column:
    """`parse(cell, place)` gives the value or raises Bad; it is never asked about an empty cell (None).

    `aliases` are further names of the column in files, blank-separated. A `secret` cell is kept sealed and shown
    masked. `choices` are (value, label) pairs the grid offers. `named`: the column has to be there, though single
    cells of it may be empty.
    """

    key: str
    label: Any
    parse: Callable
    aliases: str = ""
    required: bool = False
    named: bool = False
    help: Any = ""
    choices: tuple = ()
    secret: bool = False

    @property
    def needed(self):
        return self.required or self.named


@dataclass(frozen=True)
class Sheet:
    """A kind of rows that may come in. `order`: linked sheets of one workbook are brought in from low to high."""

    key: str
    label: Any
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    load: Any
    permission: str = "register.import"
    order: int = 100
    help: Any = ""

    def column(self, key):
        return next(column for column in self.columns if column.key == key)


SHEETS: dict[str, Sheet] = {}


def register(sheet):
    """Called by each app at start-up."""
    SHEETS[sheet.key] = sheet
    journal.words("import.sheet", [(sheet.key, sheet.label)])


def open_to(staff, estate_id):
    """The sheets `staff` may bring in at an estate, in the order they build upon one another."""
    mine = [sheet for sheet in SHEETS.values() if staff.may(sheet.permission, estate_id)]
    return sorted(mine, key=lambda sheet: (sheet.order, sheet.key))
