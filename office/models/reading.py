"""Rows that a statement written by hand brings back as JSON."""

from datetime import date, datetime
from functools import cache

from django.db import models

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
