"""Orders and places in them: a page begins beyond a row, wherever that row stands.

The last page costs what the first one costs; nothing counts rows to skip them.
"""

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.expressions import OrderBy
from django.utils import timezone


@dataclass(frozen=True)
class Key:
    """One field of an order, with where its empty values stand."""

    name: str
    descending: bool
    nulls_first: bool
    nullable: bool
    output: Any

    @property
    def expression(self):
        return OrderBy(
            F(self.name),
            descending=self.descending,
            # PostgreSQL's own places need no words, and an index matches them as it stands.
            nulls_first=True if self.nulls_first and not self.descending else None,
            nulls_last=True if not self.nulls_first and self.descending else None,
        )

    def flipped(self):
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)


class _Beyond(Func):
    """`(a, id) > (x, y)`: the one comparison of several fields an index answers by going to the place."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, operator, names, values):
        self.operator, self.size = operator, len(names)
        super().__init__(*(F(name) for name in names), *values)

    def as_sql(self, compiler, connection, **context):  # type: ignore[override]
        sides, parameters = [], []
        for part in (self.source_expressions[: self.size], self.source_expressions[self.size :]):
            compiled = [compiler.compile(expression) for expression in part]
            sides.append(", ".join(sql for sql, _params in compiled))
            for _sql, params in compiled:
                parameters.extend(params)
        return f"({sides[0]}) {self.operator} ({sides[1]})", parameters


def _resolve(queryset, name):
    """(field, whether it may be empty) of `name`, relations and annotations included."""
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field, True
    model, nullable = queryset.model, False
    output: Any = None
    for part in name.split("__"):
        output = model._meta.pk if part == "pk" else model._meta.get_field(part)
        nullable = nullable or output.null
        model = output.related_model if output.is_relation and part != output.attname else model
    return (output.target_field if output.is_relation else output), nullable


def keys_of(queryset, order, backwards=False):
    """The keys of an order (names with `-`, or OrderBy expressions), the primary key last."""
    keys = []
    for part in order:
        if isinstance(part, OrderBy):
            name, descending = getattr(part.expression, "name", ""), part.descending
            nulls_first = bool(part.nulls_first) if part.nulls_first or part.nulls_last else descending
        else:
            name, descending = part.removeprefix("-"), part.startswith("-")
            nulls_first = descending
        output, nullable = _resolve(queryset, name)
        keys.append(Key(name, descending, nulls_first, nullable, output))
    pk = queryset.model._meta.pk
    if keys[-1].name not in ("pk", pk.name):
        keys.append(Key(pk.name, keys[0].descending, keys[0].descending, False, pk))
    return [key.flipped() for key in keys] if backwards else keys


def _step(key, value):
    """What stands beyond `value` by this key alone; None when nothing does."""
    if value is None:
        return Q(**{f"{key.name}__isnull": False}) if key.nulls_first else None
    beyond = Q(**{f"{key.name}__{'lt' if key.descending else 'gt'}": value})
    return beyond | Q(**{f"{key.name}__isnull": True}) if key.nullable and not key.nulls_first else beyond


def _lexicographic(keys, values):
    """Beyond `values` field by field: for mixed directions and empty values, which a row comparison cannot say."""
    equal, either = Q(), None
    for key, value in zip(keys, values, strict=True):
        step = _step(key, value)
        if step is not None:
            either = (equal & step) if either is None else either | (equal & step)
        equal &= Q(**{f"{key.name}__isnull": True}) if value is None else Q(**{key.name: value})
    if either is None:
        return Q(pk__in=[])
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:  # lets the index start at the place
        either &= Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": value})
    return either


def _beyond(keys, values):
    plain = all(key.descending == keys[0].descending for key in keys) and not any(
        key.nullable for key in keys[1:]
    )
    if not plain or any(value is None for value in values):
        return _lexicographic(keys, values)
    given = [Value(value, output_field=key.output) for key, value in zip(keys, values, strict=True)]
    return Q(_Beyond("<" if keys[0].descending else ">", [key.name for key in keys], given))


def _stretches(keys, values):
    """Conditions to ask one after the other until a page is full: each is one range of the index.

    Empty values of the first field stand at one end; asking for both ends at once would read the whole index.
    """
    if values is None:
        return [Q()]
    first = keys[0]
    if not first.nullable:
        return [_beyond(keys, values)]
    full, empty = Q(**{f"{first.name}__isnull": False}), Q(**{f"{first.name}__isnull": True})
    in_order = [empty, full] if first.nulls_first else [full, empty]
    here = 0 if (values[0] is None) == first.nulls_first else 1
    rest = _beyond(keys[1:], values[1:]) if values[0] is None else _beyond(keys, values)
    return [in_order[here] & rest, *in_order[here + 1 :]]


def take(queryset, fields, keys, values, size):
    """Up to `size` rows beyond `values` (None: from the start) as dicts of `fields` and the keys' fields."""
    names = list(dict.fromkeys([*fields, *(key.name for key in keys)]))
    ordered = queryset.order_by(*(key.expression for key in keys)).values(*names)
    rows: list[dict] = []
    for condition in _stretches(keys, values):
        rows.extend(ordered.filter(condition)[: size - len(rows)])
        if len(rows) >= size:
            break
    return rows


def cursor_of(row, keys):
    """The place of a row as URL-safe text."""
    values = [None if row[key.name] is None else _plain(row[key.name]) for key in keys]
    packed = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _plain(value):
    if isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def place_of(text, keys):
    """The values of a cursor, checked against their fields; ValueError for anything we did not write."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (binascii.Error, UnicodeError, RecursionError) as problem:
        raise ValueError("not a place") from problem
    if not isinstance(values, list) or len(values) != len(keys):
        raise ValueError("not a place")
    checked: list[Any] = []
    for key, value in zip(keys, values, strict=True):
        if value is None and key.nullable:
            checked.append(None)
            continue
        if not isinstance(value, (bool, int, str)) or "\0" in str(value):
            raise ValueError("not a place")
        try:
            value = key.output.to_python(value)
            key.output.run_validators(value)
        except (ValidationError, TypeError, OverflowError) as problem:
            raise ValueError("not a place") from problem
        if value is None or (isinstance(value, datetime) and timezone.is_naive(value)):
            raise ValueError("not a place")
        checked.append(value)
    return checked
