"""The wrong rows of an import as a workbook: their cells under our own names of the columns, and why each is wrong."""

import tempfile

import xlsxwriter
from django.utils.translation import gettext as _

from office import formulas
from office.imports import checking

MOST = 32_000  # characters of a cell
BOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def of_errors(batch, sheet):
    """An open file. Texts stay texts, never formulas; columns are named so that they match by themselves again."""
    target = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    book = xlsxwriter.Workbook(target, BOOK)
    head, marked, wrong, reason = (
        book.add_format(given)
        for given in (
            {"bold": True, "bottom": 1},
            {"quote_prefix": True},
            {"bg_color": "#FCE8E6", "quote_prefix": True},
            {"font_color": "#9A1F18", "text_wrap": True},
        )
    )
    page = book.add_worksheet()
    page.freeze_panes(1, 0)
    columns = [column for column in sheet.columns if column.key in batch.matching]
    columns.sort(key=lambda column: batch.matching[column.key])
    for place, column in enumerate(columns):
        page.set_column(place, place, 18)
        page.write_string(0, place, str(column.label), head)
    page.set_column(len(columns), len(columns), 60)
    page.write_string(0, len(columns), _("Reason"), head)
    for line, (number, cells, problems) in enumerate(_rows(batch), start=1):
        bad = {problem["column"] for problem in problems}
        for place, column in enumerate(columns):
            cell = checking.seen(cells.get(column.key, ""), batch.pk, number)
            text = checking.shown(cell)[:MOST]
            if text or column.key in bad:
                form = wrong if column.key in bad else marked if formulas.is_risky(text) else None
                page.write_string(line, place, text, form)
        said = "; ".join(f"{problem['cell']}: {problem['reason']}" for problem in problems)
        page.write_string(line, len(columns), said[:MOST], reason)
    book.close()
    target.seek(0)
    return target


def _rows(batch):
    rows = batch.rows.filter(outcome="error").order_by("number")
    return rows.values_list("number", "cells", "errors").iterator(chunk_size=1000)
