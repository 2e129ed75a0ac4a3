# ruff: noqa: S608  the names of tables and columns are our models' own
"""What was staged goes into the register in whole statements, all of it or nothing; and comes out again.

One transaction each: a worker killed half-way leaves nothing. The database's constraints have the last word.
"""

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from office import jobs, journal, search
from office.failpoints import failpoint
from office.imports import checking
from office.imports.sheets import SHEETS
from office.models import Event, File, Import, ImportWrite, Promise, SearchKey
from office.refusals import Refused

STEP = 5000  # rows of the file written by one statement: a sign of life between two
IDS = 5000  # subjects whose search keys are made at once
LISTED = 200  # touched rows that are named; all are counted
WRITES = ImportWrite._meta.db_table


# --- into the register -------------------------------------------------------------------------------------


def apply(job):
    """Write the valid rows (`args["all"]`: only if every row is valid). Rows that changed in the meantime are compared again first."""
    batch = _agree(job)
    if batch is None:
        return
    now = timezone.now()
    try:
        with transaction.atomic():
            batch = checking.locked(batch.pk)
            if _stale(batch):
                raise _changed()
            _write(job, batch, now)
            _finish(
                batch,
                "import.applied",
                job.by,
                now,
                {name: batch.counts.get(name, 0) for name in ("create", "update", "unchanged", "error")},
            )
            failpoint("imports.applying")
    except IntegrityError as problem:
        raise _changed() from problem
    except DataError as problem:
        raise Refused(
            _("A value does not fit its column: %(detail)s") % {"detail": str(problem).splitlines()[0]}
        ) from problem
    failpoint("imports.applied")


def _changed():
    return Refused(
        _(
            "The register has changed since this was checked, and nothing was written. Check again, look at the counts, and apply."
        )
    )


def _agree(job):
    """The import as it stands; checked again first when the register has changed. Other counts than were seen stop it."""
    with transaction.atomic():
        batch = checking.locked(job.args["import"])
        if batch.state == Import.State.APPLIED:
            if _is_done(job, batch):
                return None
            raise Refused(_("This import is applied already."))
        if batch.state != Import.State.CHECKED:
            raise Refused(_("This import has not been checked."))
        if _stale(batch):
            before = batch.counts
            checking.again(job, batch)
            different = before != batch.counts
        else:
            different = False
    if different:
        raise Refused(
            _(
                "The register has changed since this was checked. It was checked again: look at the counts, and apply."
            )
        )
    if job.args.get("all") and batch.counts.get("error"):
        raise Refused(_("There are rows with errors; nothing was written."))
    return batch


def _is_done(job, batch):
    """Whether this very job did it already: its worker died between the commit and saying so."""
    if batch.job_id != job.pk or job.attempts < 2:
        return False
    job.total = job.done = batch.writes.count()
    return True


def _stale(batch):
    """Whether the journal speaks of rows of this kind since the check."""
    kinds = {table.kind for table in _load(batch).tables if table.kind}
    return Event.objects.filter(
        pk__gt=batch.checked_event, estate_id=batch.estate_id, subject_kind__in=kinds
    ).exists()


def _load(batch):
    sheet = SHEETS.get(batch.sheet)
    if sheet is None:
        raise Refused(_("This kind of import does not exist any more."))
    return sheet.load


def _columns(table):
    """Columns that are written; those the database works out itself are not."""
    return [one.column for one in table.model._meta.concrete_fields if not one.generated]


def _write(job, batch, now):
    load = _load(batch)
    if load.own:
        load.write(job, batch, now)
        return
    _prune(batch, load)
    total = batch.writes.count()
    done = 0
    for table in load.tables:
        for values in _ranges(batch, table):
            _lock_units(table, values)
            _insert(table, values)
            done += _update(table, values)
            done += _made(values)
            jobs.progress(job, min(done, total), total)
            failpoint("imports.writing")
    job.total = job.done = total
    _index(job, batch, load)
    _tell(batch, job.by, now)


def _prune(batch, load):
    """Take out what was staged for others that never came."""
    with connection.cursor() as cursor:
        for table in reversed(load.tables):
            for_others = " ".join(
                f'AND NOT EXISTS (SELECT 1 FROM {WRITES} x WHERE x.batch_id = w.batch_id AND x."table" = %s'
                " AND x.values->>%s = w.subject_id::text)"
                for _pair in table.wanted_by
            )
            if for_others:
                names = [word for pair in table.wanted_by for word in pair]
                cursor.execute(
                    f'DELETE FROM {WRITES} w WHERE w.batch_id = %s AND w."table" = %s AND w.shared {for_others}',
                    [batch.pk, table.name, *names],
                )


def _ranges(batch, table):
    """Parameters of the statements, a slice of the file's rows each."""
    ends = batch.writes.filter(table=table.name).aggregate(first=Min("number"), last=Max("number"))
    if ends["first"] is None:
        return
    for start in range(ends["first"], ends["last"] + 1, STEP):
        yield {"batch": batch.pk, "table": table.name, "start": start, "end": start + STEP}


SLICE = 'w.batch_id = %(batch)s AND w."table" = %(table)s AND w.number >= %(start)s AND w.number < %(end)s'


def _lock_units(table, values):
    """Two desks cannot hand out the same share of a unit (residents.actions locks it too), in the order of ids."""
    if table.locks:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM office_unit WHERE id IN (SELECT (w.values->>%(column)s)::bigint FROM {WRITES} w"
                f" WHERE {SLICE}) ORDER BY id FOR NO KEY UPDATE",
                values | {"column": table.locks},
            )


def _insert(table, values):
    names = ", ".join(f'"{name}"' for name in _columns(table))
    given = ", ".join(f'p."{name}"' for name in _columns(table))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table.db_table} ({names}) SELECT {given} FROM {WRITES} w,"
            f" jsonb_populate_record(NULL::{table.db_table}, w.values) p"
            f" WHERE {SLICE} AND w.action = 'create' ORDER BY w.id",
            values,
        )


def _made(values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {WRITES} w WHERE {SLICE} AND w.action = 'create'", values)
        return cursor.fetchone()[0]


def _update(table, values, *, to="values", expected="before"):
    """Change what stands as it was seen; a row that does not stops everything."""
    if not table.updates:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {WRITES} w WHERE {SLICE} AND w.action = 'update'", values)
        wanted = cursor.fetchone()[0]
        if not wanted:
            return 0
        given = ", ".join(f'"{name}" = p."{name}"' for name in table.updates)
        # The new row is made in a subquery: `p` must not see the columns of `t` it is assigned to.
        cursor.execute(
            f"UPDATE {table.db_table} t SET {given} FROM (SELECT w.subject_id,"
            f" (jsonb_populate_record(s, w.{to})).* FROM {WRITES} w JOIN {table.db_table} s ON s.id = w.subject_id"
            f" WHERE {SLICE} AND w.action = 'update'"
            f" AND jsonb_populate_record(s, w.{expected}) IS NOT DISTINCT FROM s) p WHERE t.id = p.subject_id",
            values,
        )
        if cursor.rowcount != wanted:
            raise _changed()
        return wanted


def _index(job, batch, load):
    """Search keys of what was written: those of changed rows are made anew."""
    for table in load.tables:
        if table.keys is None:
            continue
        for action in ImportWrite.Action.values:
            for ids in _subjects(batch, table, action):
                if action == "update":
                    SearchKey.objects.filter(subject_kind=table.kind, subject_id__in=ids).delete()
                search.put_many(table.kind, table.keys(ids))
                jobs.progress(job, job.done, job.total)
                failpoint("imports.indexing")


def _subjects(batch, table, action):
    """Ids of written rows, some thousand at a time."""
    rows = batch.writes.filter(table=table.name, action=action).order_by("subject_id")
    after = 0
    while ids := list(rows.filter(subject_id__gt=after).values_list("subject_id", flat=True)[:IDS]):
        yield ids
        after = ids[-1]


def _tell(batch, by, now):
    """The journal's lines of every row, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Event._meta.db_table} (at, verb, subject_kind, subject_id, subject_text, estate_id, unit_id,"
            " by_id, by_name, data) SELECT %s, w.event->>'verb', w.event->>'kind', (w.event->>'id')::bigint,"
            " w.event->>'text', %s, (w.event->>'unit')::bigint, %s, %s, w.event->'data'"
            f" FROM {WRITES} w WHERE w.batch_id = %s AND w.event IS NOT NULL ORDER BY w.id",
            [now, batch.estate_id, by.pk, by.name[:80], batch.pk],
        )


def _finish(batch, verb, by, now, data):
    if verb == "import.applied":
        batch.state, batch.applied_at, batch.applied_by = Import.State.APPLIED, now, by
        batch.save(update_fields=["state", "applied_at", "applied_by"])
    else:
        batch.state, batch.rolled_back_at, batch.rolled_back_by, batch.touched = (
            Import.State.ROLLED_BACK,
            now,
            by,
            [],
        )
        batch.save(update_fields=["state", "rolled_back_at", "rolled_back_by", "touched"])
    journal.record(
        verb, subject=batch, text=f"#{batch.pk}", by=by, now=now,
        data={"sheet": journal.word("import.sheet", batch.sheet), **data},
    )  # fmt: skip


# --- and out again -----------------------------------------------------------------------------------------


def roll_back(job):
    """Take out what the import made and put back what it changed, while nobody has touched any of it since."""
    now = timezone.now()
    with transaction.atomic():
        batch = checking.locked(job.args["import"])
        if batch.state == Import.State.ROLLED_BACK and _is_done(job, batch):
            return
        if batch.state != Import.State.APPLIED:
            raise Refused(_("Only an applied import is rolled back."))
        if batch.swept_at:
            raise Refused(_("The rows of this import are no longer kept; it cannot be rolled back."))
        load = _load(batch)
        _lock_subjects(batch, load)
        touched, count = _touched(batch, load)
        if touched:
            batch.touched = touched
            batch.save(update_fields=["touched"])
        else:
            _take_back(job, batch, load, now)
            failpoint("imports.rolling_back")
    if touched:
        raise Refused(
            _("Touched since: %(n)s. Nothing was rolled back; the import's page lists them.") % {"n": count}
        )


def _lock_subjects(batch, load):
    """Nobody changes any of it while it is being compared."""
    with connection.cursor() as cursor:
        for table in load.tables:
            cursor.execute(
                f"SELECT 1 FROM {table.db_table} t WHERE t.id IN (SELECT w.subject_id FROM {WRITES} w"
                ' WHERE w.batch_id = %s AND w."table" = %s) ORDER BY t.id FOR UPDATE',
                [batch.pk, table.name],
            )


def _touched(batch, load):
    """([{kind, id, text, why}], how many): what is not as the import left it, or is referred to from elsewhere."""
    found: list[dict] = []
    count = 0
    for table in load.tables:
        for why, sql, values in _questions(batch, load, table):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT DISTINCT subject_id FROM ({sql}) q ORDER BY subject_id", values)
                ids = [row[0] for row in cursor.fetchall()]
            count += len(ids)
            named = ids[: max(0, LISTED - len(found))]
            texts = (
                {row.pk: str(row) for row in table.model._default_manager.filter(pk__in=named)}
                if named
                else {}
            )
            found += [
                {
                    "kind": table.kind,
                    "id": pk,
                    "text": texts.get(pk, f"#{pk}")[:80],
                    "what": str(table.model._meta.verbose_name),
                    "why": str(why),
                }
                for pk in named
            ]
    return found, count


def _questions(batch, load, table):
    """(why, SELECT of subject_id, parameters) for each way a row may have been touched."""
    mine = 'w.batch_id = %s AND w."table" = %s'
    ours = [batch.pk, table.name]
    yield (
        _("changed or gone since"),
        f"SELECT w.subject_id FROM {WRITES} w LEFT JOIN {table.db_table} t ON t.id = w.subject_id WHERE {mine} AND"
        f" (t.id IS NULL OR jsonb_populate_record(t, w.values) IS DISTINCT FROM t)",
        ours,
    )
    names = {one.db_table: one.name for one in load.tables}
    for relation in table.model._meta.related_objects:
        if relation.many_to_many:
            continue
        other = relation.related_model._meta.db_table
        column = relation.field.column
        yield (
            _("%(what)s refers to it") % {"what": relation.related_model._meta.verbose_name},
            f'SELECT w.subject_id FROM {WRITES} w JOIN {other} r ON r."{column}" = w.subject_id WHERE {mine}'
            f" AND w.action = 'create' AND NOT EXISTS (SELECT 1 FROM {WRITES} x WHERE x.batch_id = w.batch_id"
            " AND x.\"table\" = %s AND x.action = 'create' AND x.subject_id = r.id)",
            [*ours, names.get(other, "")],
        )
    if table.kind:
        for model, kept in ((File, " AND r.removed_at IS NULL"), (Promise, "")):
            yield (
                _("%(what)s refers to it") % {"what": model._meta.verbose_name},
                f"SELECT w.subject_id FROM {WRITES} w JOIN {model._meta.db_table} r ON r.subject_kind = %s"
                f" AND r.subject_id = w.subject_id{kept} WHERE {mine} AND w.action = 'create' AND NOT EXISTS (SELECT 1"
                f" FROM {WRITES} x WHERE x.batch_id = w.batch_id AND x.\"table\" = %s AND x.action = 'create'"
                " AND x.subject_id = r.id)",
                [table.kind, *ours, names.get(model._meta.db_table, "")],
            )


def _take_back(job, batch, load, now):
    if load.own:
        job.total = job.done = total = load.take_back(job, batch, now)
        _finish(batch, "import.rolled_back", job.by, now, {"rows": total})
        return
    total, done = batch.writes.count(), 0
    changed = [
        (table, ids) for table in load.tables if table.keys for ids in _subjects(batch, table, "update")
    ]
    for table in reversed(load.tables):
        for values in _ranges(batch, table):
            done += _update(table, values, to="before", expected="values")
            done += _delete(table, values)
            jobs.progress(job, min(done, total), total)
    for table, ids in changed:
        SearchKey.objects.filter(subject_kind=table.kind, subject_id__in=ids).delete()
        search.put_many(table.kind, table.keys(ids))
    job.total = job.done = total
    _tell_taken_back(batch, job.by, now)
    _finish(batch, "import.rolled_back", job.by, now, {"rows": total})


def _delete(table, values):
    with connection.cursor() as cursor:
        if table.keys:
            cursor.execute(
                f"DELETE FROM {SearchKey._meta.db_table} k USING {WRITES} w WHERE {SLICE} AND w.action = 'create'"
                " AND k.subject_kind = %(kind)s AND k.subject_id = w.subject_id",
                values | {"kind": table.kind},
            )
        cursor.execute(
            f"DELETE FROM {table.db_table} t USING {WRITES} w WHERE {SLICE} AND w.action = 'create'"
            " AND t.id = w.subject_id",
            values,
        )
        return cursor.rowcount


def _tell_taken_back(batch, by, now):
    """A line for every line the import wrote: the journal is never shortened."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Event._meta.db_table} (at, verb, subject_kind, subject_id, subject_text, estate_id, unit_id,"
            " by_id, by_name, data) SELECT %s, CASE w.action WHEN 'create' THEN 'import.taken_out' ELSE"
            " 'import.put_back' END, w.event->>'kind', (w.event->>'id')::bigint, w.event->>'text', %s,"
            " (w.event->>'unit')::bigint, %s, %s, jsonb_build_object('import', w.batch_id)"
            f" FROM {WRITES} w WHERE w.batch_id = %s AND w.event IS NOT NULL ORDER BY w.id",
            [now, batch.estate_id, by.pk, by.name[:80], batch.pk],
        )
