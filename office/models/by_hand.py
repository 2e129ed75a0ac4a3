"""Rows read and written by statements that are put together once, for the pages and actions people wait for most.

Elsewhere the ORM does it: putting a statement together costs it two to three times what PostgreSQL needs to run it.
"""

from datetime import date, datetime
from functools import cache

from django.db import connection, models

_READERS = {models.DateTimeField: datetime.fromisoformat, models.DateField: date.fromisoformat}


@cache
def _columns(model):
    """[(column, what makes its JSON a value, or None)] in the order the model has them."""
    found = []
    for field in model._meta.concrete_fields:
        kind = field.output_field if field.generated else field
        found.append((field.attname, _READERS.get(type(kind))))
    return found


def from_json(model, row):
    """A row of `model` out of `to_json`; columns that were not read are read when somebody asks for them.

    For fields whose JSON is their value, and moments and days. Decimals need `parse_float=Decimal`.
    """
    names, values = [], []
    for name, read in _columns(model):
        if name in row:
            value = row[name]
            names.append(name)
            values.append(read(value) if read and value is not None else value)
    return model.from_db("default", names, values)


@cache
def _insertion(model, once):
    """(fields, statement) of an INSERT of one row."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    key = model._meta.pk.column
    skip = f'ON CONFLICT ("{once}") DO NOTHING' if once else ""
    statement = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks}) {skip} RETURNING "{key}"'  # noqa: S608
    return fields, statement


def insert(row, once=""):
    """Write a new row; it gets its key. What `save(force_insert=True)` does, but for signals, which nobody uses here.

    `once`: a column that is unique; None when a row with this value is there already.
    """
    fields, statement = _insertion(row._meta.model, once)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        made = cursor.fetchone()
    if made is None:
        return None
    row.pk = made[0]
    row._state.adding, row._state.db = False, connection.alias
    return row
