"""Where the table of a sheet begins, and which of its columns is which, in Chinese of both scripts and in English.

Names are compared folded: simplified, lower case, without blanks, punctuation and what stands in brackets.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils import translation

from office import search
from office.imports.sheets import SHEETS

HEADER_WITHIN = 30  # rows from the top in which a header is looked for
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True)
class Match:
    """`index` counts from 0; `certainty` is sure (the very name) or likely (the name is part of what stands there)."""

    index: int
    certainty: str


@lru_cache(maxsize=4096)
def _folded(text):
    return re.sub(r"[\W_]+", "", search.fold(text))


def fold(text):
    """A header as it is compared; what stands in brackets (units, hints) does not decide."""
    text = " ".join(str(text).split())
    return _folded(re.sub(r"[((\[【].*?[))\]】]", "", text)) or _folded(text)


def names_of(column):
    """Every folded name of a column: key, aliases and label in each language, so that exports come back in."""
    return _names(column.key, column.aliases, column.label)


@lru_cache(maxsize=1024)
def _names(key, aliases, label):
    said = {fold(key), *(fold(name) for name in aliases.split())}
    for language in LANGUAGES:
        with translation.override(language):
            said.add(fold(label))
    return frozenset(said - {""})


def header_texts(rows, number, merged=()):
    """The header as texts by column. A second row of names below merged cells is joined to the first."""
    if number is None or number >= len(rows):
        return []
    return [_text(cell) for cell in rows[number]]


def _text(cell):
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).split())


def header_row(rows, sheet=None):
    """Which row names the columns, counted from 0: where most names are known to a declared sheet, else None."""
    best, most = None, 1
    for number, row in enumerate(rows[:HEADER_WITHIN]):
        for one in [sheet] if sheet else SHEETS.values():
            known = sum(match.certainty == "sure" for match in match_columns(row, one).values())
            if known > most:
                best, most = number, known
    return best


def guess(headers):
    """The key of the declared sheet these columns belong to, or ""."""
    best, most = "", (0, 0)
    for key, sheet in SHEETS.items():
        found = match_columns(headers, sheet)
        if any(column.needed and column.key not in found for column in sheet.columns):
            continue
        score = (len(found), -sheet.order)
        if len(found) > 1 and score > most:
            best, most = key, score
    return best


def match(headers, sheet):
    """{column key: Match}; each place once, the surest first."""
    return match_columns([_text(cell) for cell in headers], sheet)


def match_columns(headers, sheet):
    """The table is the run of named columns without a gap that knows most names; what stands beside it is notes.

    Where that run lacks a column nothing can do without, the gap is inside the table and every column counts.
    """
    texts = [fold(_text(cell)) for cell in headers]
    table = _matched(texts, _table_of(texts, sheet), sheet)
    if any(column.needed and column.key not in table for column in sheet.columns):
        return _matched(texts, range(len(texts)), sheet)
    return table


def _table_of(texts, sheet):
    """The places of the run of columns that knows most names of the sheet."""
    known = frozenset().union(*(names_of(column) for column in sheet.columns))
    best, most, start = range(0), 0, 0
    for end in range(len(texts) + 1):
        if end < len(texts) and texts[end]:
            continue
        run = range(start, end)
        count = sum(texts[place] in known for place in run)
        if count > most:
            best, most = run, count
        start = end + 1
    return best


def _matched(texts, places, sheet):
    found: dict[str, Match] = {}
    taken: set[int] = set()
    for certainty, fits in (("sure", _is), ("likely", _holds)):
        for column in sheet.columns:
            if column.key in found:
                continue
            names = names_of(column)
            for index in places:
                if texts[index] and index not in taken and fits(texts[index], names):
                    found[column.key] = Match(index, certainty)
                    taken.add(index)
                    break
    return found


def _is(text, names):
    return text in names


def _holds(text, names):
    return len(text) <= 20 and any(len(name) >= 3 and name in text for name in names)


def fingerprint(headers):
    """Equal for files of the same source, whatever their rows."""
    texts = [fold(_text(cell)) for cell in headers]
    return hashlib.sha256("\x1f".join(texts).rstrip("\x1f").encode()).hexdigest()
