"""Rows on their way into the database by COPY: a million of them in about a minute.

Ids are taken from the tables' own sequences, so rows may refer to each other before they are written.
"""

import json

from django.db import connection
from django.db.models import NOT_PROVIDED, GeneratedField


class Bulk:
    """`add(Model, **values)` gives the new row's id; `flush` writes in the order the models were named."""

    def __init__(self, *models):
        self.tables = {model: _Table(model) for model in models}
        self.waiting = 0
        self.written = 0

    def add(self, model, **values):
        table = self.tables[model]
        pk = values["id"] = values.get("id") or next(table.ids)
        table.rows.append(values)
        self.waiting += 1
        return pk

    def reserve(self, model):
        """An id for a row that is added later."""
        return next(self.tables[model].ids)

    def flush(self, at_least=1):
        """Write what waits once it is `at_least` rows. Rows must not refer to tables named after theirs."""
        if self.waiting < at_least:
            return
        with connection.cursor() as cursor:
            for table in self.tables.values():
                table.write(cursor)
        self.written += self.waiting
        self.waiting = 0


class _Table:
    def __init__(self, model):
        self.name = model._meta.db_table
        self.rows = []
        self.ids = _ids(self.name)
        self.columns = [
            (field.attname, field.column, _default(field))
            for field in model._meta.concrete_fields
            # What only the database can say, such as the transaction a booking belongs to.
            if not isinstance(field, GeneratedField)
            and (field.default is not NOT_PROVIDED or not field.has_db_default())
        ]

    def write(self, cursor):
        if not self.rows:
            return
        known = {attname for attname, _column, _default in self.columns}
        if unknown := self.rows[0].keys() - known:
            raise LookupError(f"{self.name} has no {', '.join(sorted(unknown))}")
        names = ", ".join(f'"{column}"' for _attname, column, _default in self.columns)
        defaults = [(attname, default) for attname, _column, default in self.columns]
        with cursor.copy(f'COPY "{self.name}" ({names}) FROM STDIN') as copy:
            for row in self.rows:
                copy.write_row([row.get(attname, default) for attname, default in defaults])
        self.rows = []


def as_json(data):
    """A JSON column's value."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _default(field):
    if field.default is NOT_PROVIDED:
        return "" if field.empty_strings_allowed and not field.null else None
    value = field.get_default()
    return as_json(value) if isinstance(value, dict | list) else value


def _ids(table, batch=2_000):
    """Ids of the table's sequence, fetched by the thousand."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, batch]
            )
            yield from [pk for (pk,) in cursor.fetchall()]
