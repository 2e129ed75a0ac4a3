"""How cells are read: `parse(cell, place)` gives the value or raises Bad with a reason and, where it is plain, a proposal.

A cell is what the file holds (text, number, date, truth) or what somebody typed into the grid. A value said as text
(`text_of`) reads as the same value again, so that a proposal that is taken is good. Nothing is guessed: what can be
meant in two ways is refused, with what it most likely means as the proposal.
"""

from office.imports.cells.amounts import money
from office.imports.cells.days import day, moment
from office.imports.cells.people import identity_number, name, owners, phone_numbers
from office.imports.cells.plain import (
    SEVERAL,
    choice,
    code,
    codes,
    decimal,
    said,
    several,
    text,
    text_of,
    whole,
    yes_no,
)

__all__ = [
    "SEVERAL",
    "choice",
    "code",
    "codes",
    "day",
    "decimal",
    "identity_number",
    "moment",
    "money",
    "name",
    "owners",
    "phone_numbers",
    "said",
    "several",
    "text",
    "text_of",
    "whole",
    "yes_no",
]
