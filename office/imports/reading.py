"""A file somebody sends in, as sheets with a header each; why it cannot be read, said with its place and the way out."""

import io
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from office import workbooks
from office.files import XLSX
from office.imports import matching
from office.refusals import Refused

CONTENT_TYPES = {
    "xlsx": XLSX,
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
}


class Unreadable(Refused):
    """The file or one of its sheets cannot be read: what, where, and what to do."""


@dataclass(frozen=True)
class Preview:
    """A sheet before anything of it is kept. `header_row` counts from 0; `guess` is the key of a declared sheet."""

    name: str
    rows: int
    columns: int
    header_row: int | None = None
    guess: str = ""
    sample: list = field(default_factory=list)
    problem: str = ""
    hidden: bool = False


def check(data, name):
    """The content type of a table; Unreadable in milliseconds for everything else, before it is kept."""
    try:
        return CONTENT_TYPES[workbooks.check(io.BytesIO(data))]
    except workbooks.Unreadable as problem:
        raise Unreadable(sentence(problem, name)) from problem


def look(path, name=""):
    """A Preview of every sheet of the file."""
    try:
        found = workbooks.survey(path)
    except workbooks.Unreadable as problem:
        raise Unreadable(sentence(problem, name)) from problem
    return [_preview(one, name) for one in found]


def _preview(survey, name):
    number = matching.header_row(survey.head)
    headers = matching.header_texts(survey.head, number, survey.merged) if number is not None else []
    return Preview(
        name=survey.name,
        rows=survey.rows,
        columns=survey.columns,
        header_row=number,
        guess=matching.guess(headers),
        sample=survey.head[:20],
        problem=sentence(survey.problem, name) if survey.problem else "",
        hidden=survey.hidden,
    )


def rows(path, name, sheet_name, start=0):
    """(row number from 0, cells) of the rows that hold something, as they come; memory stays flat."""
    try:
        yield from workbooks.stream(path, sheet_name, start)
    except workbooks.Unreadable as problem:
        raise Unreadable(sentence(problem, name)) from problem


def sentence(problem, name=""):
    """What is wrong, where, and what to do, in the reader's language."""
    said = " ".join(part for part in (_what(problem), _place(problem.where), _way_out(problem)) if part)
    return f"{name}: {said}" if name else said


def _what(problem):
    code, detail = problem.code, problem.detail
    values = {"detail": detail}
    if code == "large":
        return _("The file is larger than %(most)s MB.") % {"most": workbooks.MAX_FILE // 2**20}
    if code == "format" and detail:
        return _("The file is none of .xlsx, .xls, .ods and .csv but %(detail)s.") % values
    words = {
        "unfolds": _("The file unfolds to far more than it may hold (%(detail)s).") % values,
        "locked": _("The file is protected by a password."),
        "damaged": _("The file is damaged or incomplete (%(detail)s).") % values,
        "format": _("The file is none of .xlsx, .xls, .ods and .csv."),
        "slow": _("The file takes longer to read than it may (%(detail)s).") % values,
        "memory": _("The file claims more cells than fit into memory."),
        "wide": _("There are cells beyond column %(detail)s.") % values,
        "long": _("There are more than %(detail)s rows.") % values,
        "text": _("A cell holds more than %(detail)s characters.") % values,
        "encoding": _("The text is in none of the encodings UTF-8, GB18030, Big5."),
        "quote": _("A quotation mark is not closed, or stands in the middle of a text (%(detail)s).") % values,
        "sheet": _("This sheet is not in the file."),
        "empty": _("The file is empty."),
    }  # fmt: skip
    return words.get(code) or str(problem)


def _place(where):
    words = {
        "sheet": _("Sheet: %(at)s."),
        "cell": _("Cell: %(at)s."),
        "line": _("Line: %(at)s."),
        "byte": _("Byte: %(at)s."),
        "part": _("Part: %(at)s."),
    }
    return " ".join(words[key] % {"at": value} for key, value in where.items() if key in words)


def _way_out(problem):
    words = {
        "large": _("Split it, or leave out pictures, and send the parts."),
        "unfolds": _("Copy the table into a new workbook and send that."),
        "locked": _("Open it, save it without the password, and send it again."),
        "damaged": _("Open it in Excel or LibreOffice, save it anew, and send it again."),
        "format": _("Open it in Excel or LibreOffice and save it as one of these."),
        "slow": _("Copy the table into a new workbook, or split it."),
        "memory": _("Copy the table into a new workbook, or split it."),
        "wide": _("Delete what stands far to the right, or copy the table into a new workbook."),
        "long": _("Split it and send the parts."),
        "text": _("Shorten it."),
        "encoding": _("Save it again as “CSV UTF-8”."),
        "quote": _("Close it, or save the table as .xlsx."),
        "sheet": _("Choose another one."),
        "empty": _("Look whether it is the right file."),
    }
    return words.get(problem.code, "")
