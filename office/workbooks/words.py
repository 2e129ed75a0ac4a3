"""What both sides of the pipe say: limits, places, refusals, cells that hold no value."""

MAX_ROWS = 500_000
MAX_COLUMNS = 512
MAX_SHEETS = 200
MAX_TEXT = 32_767  # characters of one cell; Excel's own limit
HEAD = 60  # rows a survey shows
# Cells that show something but hold nothing to bring in, as they are handed over.
ERROR_CELLS = frozenset(
    ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BUSY!",
     "#BLOCKED!", "#CONNECT!", "#GETTING_DATA", "#ERROR!")
)  # fmt: skip
UNSAVED_FORMULA = "=?"


class Unreadable(Exception):
    """Why a file cannot be read.

    `code`: large, unfolds, locked, damaged, format, slow, memory, wide, long, text, encoding, quote, sheet, empty.
    `where` says at which sheet, cell, line, byte or part; `detail` what was found there.
    """

    def __init__(self, code, detail="", **where):
        said = " ".join(str(value) for value in (code, detail, *where.values()) if value not in ("", None))
        super().__init__(said)
        self.code, self.detail, self.where = code, str(detail)[:300], where


def column_name(column):
    """0 → A, 26 → AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row, column):
    """(0, 0) → A1."""
    return f"{column_name(column)}{row + 1}"
