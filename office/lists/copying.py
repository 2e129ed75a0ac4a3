"""A whole list written by the database itself: `COPY (SELECT …)` of ready cells, nothing per row in Python.

For lists whose exported columns all say where their value stands (`Column.source`). The same values, the same
words and the same marks as office.lists.export writes row by row; a test compares the two for every such list.
"""

from itertools import islice

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import connection
from django.db.models import BooleanField, DateField, DateTimeField, DecimalField, F, IntegerField
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import ClientCursor, sql

from office import formulas
from office.lists import workbook
from office.lists.workbook import DAY, MOMENT, MONEY
from office.phrases import listed

BLOCK = 64 * 1024


def can(columns):
    return all(column.source is not None for column in columns)


def csv_blocks(columns, rows):
    """The lines of a CSV as blocks of bytes, and how many rows are in each: (bytes, rows)."""
    for statement, _fields in _statement(columns, rows, _csv):
        with (
            connection.cursor() as cursor,
            cursor.copy(statement + sql.SQL(" TO STDOUT (FORMAT csv)")) as copy,
        ):
            held, size = [], 0
            for line in copy:  # one row each
                held.append(bytes(line))
                size += len(line)
                if size >= BLOCK:
                    yield b"".join(held), len(held)
                    held, size = [], 0
            if held:
                yield b"".join(held), len(held)


def xlsx_rows(columns, rows):
    """(rows of cells as text, how many), for workbook.stream."""
    for statement, fields in _statement(columns, rows, _plain):
        kinds = [_style(field, column) for field, column in zip(fields, columns, strict=True)]
        with connection.cursor() as cursor, cursor.copy(statement + sql.SQL(" TO STDOUT")) as copy:
            copy.set_types(["text"] * len(columns))
            given = copy.rows()
            while batch := list(islice(given, 500)):
                yield workbook.rows_of(kinds, batch), len(batch)


def _statement(columns, rows, draw):
    """COPY (SELECT ready values FROM (the list's own query)) and their fields; nothing where no row can be meant."""
    names = [f"export_{n}" for n in range(len(columns))]
    given = {name: _expression(column) for name, column in zip(names, columns, strict=True)}
    asked = rows.annotate(**given).values_list(*names)
    try:
        text, values = asked.query.sql_with_params()
    except EmptyResultSet:
        return
    connection.ensure_connection()
    inner = ClientCursor(connection.connection).mogrify(text, values)
    fields = [_kind(asked.query.annotations[name]) for name in names]
    cells = [draw(sql.Identifier(name), field) for name, field in zip(names, fields, strict=True)]
    yield (
        sql.SQL("COPY (SELECT {} FROM ({}) AS listed)").format(sql.SQL(", ").join(cells), sql.SQL(inner)),
        fields,
    )


def _expression(column):
    source = column.source
    if callable(source) and not hasattr(source, "resolve_expression"):
        source = source()
    return F(source) if isinstance(source, str) else source


def _kind(expression):
    try:
        return expression.output_field
    except (FieldDoesNotExist, AttributeError):
        return None


def _words(name, field):
    """The column as text: choices by their labels, truth as yes and no, several values in a row."""
    if choices := getattr(field, "flatchoices", None):
        cases = [
            sql.SQL("WHEN {} THEN {}").format(sql.Literal(value), sql.Literal(str(label)))
            for value, label in choices
            if value is not None
        ]
        return sql.SQL("CASE {name} {cases} ELSE {name}::text END").format(
            name=name, cases=sql.SQL(" ").join(cases)
        )
    if isinstance(field, BooleanField):
        return sql.SQL("CASE {name} WHEN true THEN {yes} WHEN false THEN {no} END").format(
            name=name, yes=sql.Literal(_("yes")), no=sql.Literal(_("no"))
        )
    if isinstance(field, ArrayField):
        return sql.SQL("array_to_string({}, {})").format(name, sql.Literal(listed("ab")[1:-1]))
    return sql.SQL("{}::text").format(name)


def _local(name):
    return sql.SQL("({} AT TIME ZONE {})").format(name, sql.Literal(str(timezone.get_current_timezone())))


def _is(field, *kinds):
    return isinstance(field, kinds) and not field.flatchoices


def _csv(name, field):
    if _is(field, DateTimeField):
        return sql.SQL("to_char({}, 'YYYY-MM-DD HH24:MI:SS')").format(_local(name))
    if _is(field, DateField):
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(name)
    if _is(field, IntegerField, DecimalField):
        return sql.SQL("{}::text").format(name)
    text = _words(name, field)
    first = sql.SQL(", ").join(map(sql.Literal, "'" + formulas.FIRST))
    # The first character alone decides for nearly all of them; the pattern is dear.
    return sql.SQL(
        "CASE WHEN left({text}, 1) IN ({first}) AND {text} ~ {pattern} THEN '''' || {text} ELSE nullif({text}, '') END"
    ).format(text=text, first=first, pattern=sql.Literal(formulas.PATTERN))


def _plain(name, field):
    """What workbook.rows_of takes: numbers and Excel's days as digits, the rest as text; nothing is empty text."""
    if _is(field, DateTimeField):
        text = sql.SQL("(date_part('epoch', date_trunc('second', {})) / 86400 + 25569)::text").format(
            _local(name)
        )
    elif _is(field, DateField):
        text = sql.SQL("({} - '1899-12-30'::date)::text").format(name)
    elif _is(field, IntegerField, DecimalField):
        text = sql.SQL("{}::text").format(name)
    else:
        text = _words(name, field)
    return sql.SQL("coalesce({}, '')").format(text)


def _style(field, column):
    if _is(field, DateTimeField):
        return MOMENT
    if _is(field, DateField):
        return DAY
    if _is(field, IntegerField, DecimalField):
        return MONEY if column.kind == "money" else 0
    return None
