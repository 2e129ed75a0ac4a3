"""A whole list as Excel or CSV, by the columns its page shows."""

import csv
import io
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import xlsxwriter
from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import FileResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from office import accesslog
from office.lists.keysets import keys_of
from office.lists.query import read
from office.lists.words import day, stamp

SHEET_ROWS = 1_048_575  # of an Excel sheet, without the head
RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


def answer_export(request, declared, queryset, kind):
    if kind not in ("xlsx", "csv") or not declared.export_permission:
        raise PermissionDenied
    if not request.user.may(declared.export_permission):
        raise PermissionDenied
    reading = read(
        request,
        declared,
        exportable(declared, queryset, request.user),
        QueryDict(request.POST.get("query", "")),
    )
    if reading.unknown or not reading.is_valid:
        messages.error(request, _("Nothing was exported: the filter holds something that cannot be."))
        return redirect(request.path)
    rows, name = ordered(declared, reading), file_name(declared, request.now, kind)
    if declared.personal:
        accesslog.log(
            what=accesslog.EXPORT,
            by=request.user,
            now=request.now,
            estate_id=request.estate.pk if request.estate else None,
            subject_kind=declared.name,
            detail={
                "list": declared.name,
                "filter": reading.query.urlencode(),
                "count": rows.count(),
                "as": kind,
            },
        )
    if kind == "csv":
        response = StreamingHttpResponse(
            csv_lines(declared, rows, request.now), content_type="text/csv; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    sheet = tempfile.TemporaryFile()  # noqa: SIM115  FileResponse closes it
    write_xlsx(declared, rows, request.now, sheet)
    sheet.seek(0)
    return FileResponse(
        sheet,
        as_attachment=True,
        filename=name,
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def exportable(declared, queryset, staff):
    """The rows of the estates where `staff` may export this list."""
    try:
        queryset.model._meta.get_field("estate_id")
    except FieldDoesNotExist:
        return queryset
    return queryset.filter(estate_id__in=staff.estate_ids(declared.export_permission))


def ordered(declared, reading):
    """All matching rows in the list's order, as dicts."""
    order = declared.orders[reading.order.removeprefix("-")]
    keys = keys_of(reading.rows, order, reading.order.startswith("-"))
    return reading.rows.order_by(*(key.expression for key in keys)).values(*declared.fields)


def file_name(declared, now, kind):
    return f"{slugify(declared.name)}-{day(now)}.{kind}"


def _export_columns(declared):
    return [column for column in declared.columns if column.exported]


def _each(rows, now):
    for row in rows.iterator(chunk_size=2000):
        row["now"] = now
        yield row


def csv_lines(declared, rows, now):
    """The whole list as CSV text, UTF-8 with the mark Excel wants. A text that looks like a formula gets a `'`."""
    # The answer is streamed after the middleware has put its language and zone away.
    language, zone = translation.get_language(), timezone.get_current_timezone()
    columns = _export_columns(declared)

    def lines():
        with translation.override(language), timezone.override(zone):
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            buffer.write("\ufeff")
            writer.writerow([_csv_text(column.label) for column in columns])
            left = _each(rows, now)
            while batch := list(islice(left, 500)):
                for row in batch:
                    writer.writerow([_csv_value(column.exported_value(row)) for column in columns])
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
            yield buffer.getvalue().encode()

    return lines()


def _csv_value(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return day(value)
    return _csv_text(value)


def _csv_text(value):
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def write_xlsx(declared, rows, now, target, progress=None):
    """The whole list as a workbook into the file `target`; returns the number of rows. Memory does not grow.

    Texts are written as texts, so none is ever a formula; those that look like one also carry Excel's own
    text mark, which keeps them texts when somebody edits the cell.
    """
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    formats = _Formats(
        head=book.add_format({"bold": True, "bottom": 1}),
        marked=book.add_format({"quote_prefix": True}),
        money=book.add_format({"num_format": "#,##0.00"}),
        moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        day=book.add_format({"num_format": "yyyy-mm-dd"}),
    )
    columns = _export_columns(declared)
    sheet, line, count = None, 0, 0
    for row in _each(rows, now):
        if sheet is None or line >= SHEET_ROWS:
            sheet, line = _sheet(book, columns, formats), 0
        line += 1
        count += 1
        for index, column in enumerate(columns):
            _write(sheet, line, index, column.exported_value(row), column, formats)
        if progress and count % 1000 == 0:
            progress(count)
    if sheet is None:
        _sheet(book, columns, formats)
    book.close()
    return count


@dataclass(frozen=True)
class _Formats:
    head: Any
    marked: Any
    money: Any
    moment: Any
    day: Any


def _sheet(book, columns, formats):
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, 18)
        sheet.write_string(0, index, str(column.label), formats.head)
    return sheet


def _write(sheet, line, index, value: Any, column, formats):
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, index, value)
    elif (
        isinstance(value, (int, Decimal)) and -(10**15) < value < 10**15
    ):  # beyond 15 digits Excel drops some
        sheet.write_number(line, index, value, formats.money if column.kind == "money" else None)
    elif isinstance(value, datetime):
        local = value.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
        sheet.write_datetime(line, index, local, formats.moment)
    elif isinstance(value, date):
        sheet.write_datetime(line, index, value, formats.day)
    else:
        text = str(value)[:32767]  # all a cell can hold
        sheet.write_string(line, index, text, formats.marked if text.startswith(RISKY) else None)
