"""Workbooks and CSV files from outside, read where they can do no harm.

What the file is, is asked of its content, never of its name. The zip directory is looked at first (a 160 kB file can
unfold to a gigabyte); then a child process with limits on memory and time reads and hands rows over in small
pieces, so that neither side holds more than it must. Cells are text, numbers, dates; empty cells are "".

    check(handle)            → kind, or Unreadable, in milliseconds
    survey(path)             → [Survey]: the sheets, how large, and their first rows
    stream(path, sheet)      → (row number from 0, [cells]) of the rows that hold something
    read(path)               → [Sheet], whole: for files of a few thousand rows
"""

from office.workbooks.checks import MAX_FILE, check
from office.workbooks.parent import Sheet, Survey, read, stream, survey
from office.workbooks.words import ERROR_CELLS, UNSAVED_FORMULA, Unreadable, cell_name, column_name

__all__ = [
    "ERROR_CELLS",
    "MAX_FILE",
    "UNSAVED_FORMULA",
    "Sheet",
    "Survey",
    "Unreadable",
    "cell_name",
    "check",
    "column_name",
    "read",
    "stream",
    "survey",
]
