"""What rows mean for the register: found, new, changed. Everything is staged first and written by whole statements.

A load is asked batch by batch what its rows would do. It looks up what is there (`run.prime`, `run.get`), says
every error of a row, and only then stages its writes: the values of whole new rows, with their primary keys taken
from the sequence already, and old and new values of changed ones. Applying is `INSERT … SELECT` and `UPDATE … FROM`
over these, rolling back the reverse (office.imports.applying).
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models

from office import journal
from office.models import ImportKey, ImportWrite

BATCH = 1000  # rows planned at once
IDS = 500  # primary keys fetched from a sequence at once


@dataclass(frozen=True)
class Table:
    """A table a load writes to.

    `find(run, keys)` gives {key: (pk, {column: value})} of what is in the database. `updates` are the columns an
    import may change. `kind` is the subject's, where people know the row by itself (journal, search, files);
    `keys(ids)` yields (id, estate id, search keys) of written rows. `locks`: the column with the unit that is locked
    before rows are made. `wanted_by`: (table, column) pairs; a shared row nobody refers to is not made.
    """

    name: str
    model: type[models.Model]
    find: Callable
    updates: tuple[str, ...] = ()
    kind: str = ""
    keys: Callable | None = None
    locks: str = ""
    wanted_by: tuple[tuple[str, str], ...] = ()

    @property
    def db_table(self):
        return self.model._meta.db_table


class Load:
    """What the rows of a sheet write. `tables` in the order of writing: what is referred to comes first.

    `subjects`: the tables whose rows the file's rows stand for; one that makes only something else (an owner for a
    unit that is there) changes them. Empty: all.
    """

    tables: tuple[Table, ...] = ()
    subjects: tuple[str, ...] = ()
    # A load that writes by itself stages nothing: once every row is read it says what the whole file comes to
    # (`settle`), then writes it (`write`) or takes it back (`take_back`), in the transaction it is called in.
    own = False

    def passes_over(self, cells):
        """Whether a row of {column key: cell} is none (a subtotal, the heading again) and is left out unread."""
        return False

    def settle(self, batch, place, by):
        """{row number: (outcome, [(column, reason, proposed)])} of the rows whose answer the whole file decides."""
        raise NotImplementedError

    def write(self, job, batch, now):
        raise NotImplementedError

    def take_back(self, job, batch, now):
        """How many rows were taken back. Refused when something stands upon them by now."""
        raise NotImplementedError

    def report(self, batch):
        """(label, address) of a page that says more about the import than its rows do, or None."""
        return None

    def plan(self, run, rows):
        """Stage what `rows` (at most BATCH) write, or say what is wrong with them."""
        raise NotImplementedError


@dataclass(slots=True)
class Row:
    """A row of the file: `values` by column key, None where the cell is empty; `cells` where each stands (B7)."""

    number: int
    values: dict
    cells: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    creates: bool = False
    updates: bool = False
    passed_over: bool = False

    def error(self, column, reason, proposed=""):
        """Everything wrong is said before anything is staged: half a row is never written."""
        if self.creates or self.updates:
            raise AssertionError(f"row {self.number} has staged writes already")
        self.errors.append(
            {
                "column": column,
                "cell": self.cells.get(column, ""),
                "reason": str(reason),
                "proposed": proposed,
            }
        )

    @property
    def outcome(self):
        if self.passed_over:
            return "left_out"
        if self.errors:
            return "error"
        return "create" if self.creates else "update" if self.updates else "unchanged"


@dataclass(slots=True)
class Found:
    """A subject as it will stand. `row`: the row of this file that staged it; 0: the register has it."""

    pk: int
    values: dict
    row: int = 0

    def changes(self, wanted):
        """The columns of `wanted` that differ; what the file leaves empty (None) changes nothing."""
        return {
            name: value
            for name, value in ((name, plain(value)) for name, value in wanted.items())
            if value is not None and self.values.get(name) != value
        }


def plain(value):
    """A column's value as it is staged: equal values, equal JSON."""
    if value is None or isinstance(value, bool | int | str | float):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, models.Model):
        return value.pk
    return str(value)  # ranges: [2020-01-01,2021-01-01)


class Run:
    """One planning of an import's rows. `whole`: from the first row to the last, nothing being staged yet."""

    def __init__(self, batch, load, *, place, by, whole):
        self.batch, self.load, self.place, self.by, self.whole = batch, load, place, by, whole
        self.estate = place.estate
        self.tables = {table.name: table for table in load.tables}
        self._ids: defaultdict[str, list] = defaultdict(list)
        self._defaults = {name: _defaults(table.model) for name, table in self.tables.items()}
        self._cache: defaultdict[str, dict] = defaultdict(dict)  # of this batch: table → key → Found
        self._primed: defaultdict[str, set] = defaultdict(set)  # asked for in this batch, found or not
        self._made: defaultdict[str, set] = defaultdict(set)  # primary keys made so far
        self._keys: defaultdict[str, dict] = defaultdict(dict)  # staged so far: table → key → pk
        self._changed: defaultdict[str, dict] = defaultdict(dict)  # staged so far: table → pk → row
        self._writes: dict[tuple, list] = {}
        self._new_keys: list[tuple] = []

    # --- what is there

    def prime(self, table, keys, *, fresh=False):
        """Look up many keys at once: in the register and among what this import stages.

        `fresh`: they speak of rows this import makes, so the register need not be asked.
        """
        cache, primed = self._cache[table], self._primed[table]
        keys = {key for key in keys if key not in primed and key not in cache}
        if not keys:
            return
        primed |= keys
        found = {}
        if not fresh:
            found = {
                key: Found(pk, {name: plain(value) for name, value in values.items()})
                for key, (pk, values) in self.tables[table].find(self, keys).items()
            }
        staged = self._staged_keys(table, keys)
        changed = self._staged_rows(table, {*staged.values(), *(one.pk for one in found.values())})
        for key in keys:
            one = found.get(key)
            pk = staged.get(key) or (one.pk if one else None)
            if pk is None:
                continue
            if pk in changed:
                number, values = changed[pk]
                one = Found(pk, {**(one.values if one and one.pk == pk else {}), **values}, number)
            if one is not None:
                cache[key] = one

    def makes(self, table, pk):
        """Whether this run makes the row; of earlier runs of the import it does not know."""
        return pk in self._made[table]

    def get(self, table, key):
        """The Found of a primed key, or None."""
        return self._cache[table].get(key)

    def _staged_keys(self, table, keys):
        if self.whole:
            known = self._keys[table]
            return {key: known[key] for key in keys if key in known}
        rows = ImportKey.objects.filter(batch=self.batch, table=table, key__in=keys)
        return dict(rows.values_list("key", "subject_id"))

    def _staged_rows(self, table, pks):
        """{pk: (row, columns)} of what this import has staged for these subjects."""
        if self.whole:
            known = self._changed[table]
            pks = {pk for pk in pks if pk in known}
        if not pks:
            return {}
        rows = ImportWrite.objects.filter(batch=self.batch, table=table, subject_id__in=pks)
        return {
            pk: (number, values) for pk, number, values in rows.values_list("subject_id", "number", "values")
        }

    # --- what will be

    def create(self, table, row, values, *, pk=None, keys=(), event=None, shared=False):
        """Stage a new row; its primary key. `keys`: what later rows of the file find it by.

        `pk`: from `next_id`, where the values depend on it. `shared`: it is made for whoever refers to it (a
        building for its units) and does not count as this row's.
        """
        pk = pk or self.next_id(table)
        values = {**self._defaults[table], **{name: plain(value) for name, value in values.items()}, "id": pk}
        self._writes[table, pk] = [row.number, "create", values, None, event, shared]
        self._changed[table][pk] = row.number
        self._made[table].add(pk)
        one = Found(pk, values, row.number)
        for key in keys:
            self._cache[table][key] = one
            self._keys[table][key] = pk
            self._new_keys.append((table, key, pk))
        if not shared:
            row.updates = True
            row.creates = row.creates or not self.load.subjects or table in self.load.subjects
        return pk

    def update(self, table, row, found, after, *, event=None):
        """Stage changed columns of a row the register has. Nothing when `after` is empty."""
        after = {name: plain(value) for name, value in after.items()}
        if not after:
            return
        if found.row:
            raise AssertionError(f"{table} {found.pk} is staged by row {found.row} already")
        before = {name: found.values.get(name) for name in after}
        self._writes[table, found.pk] = [row.number, "update", after, before, event, False]
        self._changed[table][found.pk] = row.number
        found.values.update(after)
        found.row = row.number
        row.updates = True

    def event(self, verb, kind, subject_id, text, *, unit_id=None, **data):
        """A line of the journal, written with the row it belongs to; it names the import it came by."""
        if verb not in journal.SENTENCES:
            raise LookupError(f"journal verb {verb!r} has no sentence")
        return {
            "verb": verb, "kind": kind, "id": subject_id, "text": str(text)[:80], "unit": unit_id,
            "data": {**data, "import": self.batch.pk},
        }  # fmt: skip

    def flush(self):
        """Write down what was staged, and forget the batch."""
        if self._writes:
            command = (
                f'COPY {ImportWrite._meta.db_table} (batch_id, "table", subject_id, number, action, values, before,'
                " event, shared) FROM STDIN"
            )
            with connection.cursor() as cursor, cursor.copy(command) as copy:
                for (table, pk), (number, action, values, before, event, shared) in self._writes.items():
                    copy.write_row(
                        (
                            self.batch.pk,
                            table,
                            pk,
                            number,
                            action,
                            _json(values),
                            _json(before),
                            _json(event),
                            shared,
                        )
                    )
        if self._new_keys:
            command = f'COPY {ImportKey._meta.db_table} (batch_id, "table", key, subject_id) FROM STDIN'
            with connection.cursor() as cursor, cursor.copy(command) as copy:
                for table, key, pk in self._new_keys:
                    copy.write_row((self.batch.pk, table, key, pk))
        self._writes, self._new_keys = {}, []
        self._cache.clear()
        self._primed.clear()

    def amend(self, table, found, changes):
        """Change what this import has staged itself (a share that a later row makes smaller)."""
        changes = {name: plain(value) for name, value in changes.items()}
        found.values.update(changes)
        if (table, found.pk) in self._writes:
            self._writes[table, found.pk][2].update(changes)
        else:
            write = ImportWrite.objects.get(batch=self.batch, table=table, subject_id=found.pk)
            write.values.update(changes)
            write.save(update_fields=["values"])

    def next_id(self, table):
        """A primary key out of the table's sequence."""
        ids = self._ids[table]
        if not ids:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                    [self.tables[table].db_table, IDS if self.whole else 5],
                )
                ids.extend(reversed([row[0] for row in cursor.fetchall()]))
        return ids.pop()


def _json(value):
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _defaults(model) -> dict[str, Any]:
    """Every column of a new row as the model would fill it."""
    return {
        one.column: plain(one.get_default())
        for one in model._meta.concrete_fields
        if not one.primary_key and not one.generated
    }
