"""The dry run: every row of the file read, parsed and compared, every error of every row said at once.

It writes nothing but the import's own rows. The whole file is one piece of long work in one transaction: a worker
that dies leaves the import as it was. Rows mended in the grid are checked alone, or all again from what is staged.
"""

import json
import logging
import re
from collections import Counter
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from office import identity, jobs
from office.clocks import local_date
from office.failpoints import failpoint
from office.imports import loading, reading
from office.imports.sheets import SHEETS, Bad, Place
from office.models import Event, Import, ImportKey, ImportRow, ImportWrite
from office.refusals import Refused
from office.workbooks import cell_name

log = logging.getLogger(__name__)

LONGEST = 2000  # characters of a cell that are kept
SEALED = "sealed"


# --- cells -------------------------------------------------------------------------------------------------


def kept(cell):
    """A cell as JSON can hold it, the value unchanged."""
    if isinstance(cell, str):
        return cell.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]
    if isinstance(cell, float) and (cell != cell or cell in (float("inf"), float("-inf"))):
        return ""
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else cell


# Mainland and Hong Kong cards; longer rows of digits cannot be told from them.
_IDENTITY = re.compile(r"(?<!\w)(?:\d{11,}[\dXx]{4}|[A-Z]{1,2}\d{6}\(?[\dA]\)?)(?!\w)")


def sampled(cell):
    """A cell of the first rows, kept before anybody has said which column holds identity numbers: those are masked."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= 10**14:
        cell = str(int(cell)) if cell == cell and abs(cell) != float("inf") else ""
    if isinstance(cell, str):
        cell = _IDENTITY.sub(lambda found: identity.mask("", found[0][-4:]), cell)
    return kept(cell)


def _is_empty(cell):
    return cell is None or (isinstance(cell, str) and not cell.strip())


def hide(cell, batch_id, number):
    """A secret cell as it is staged: sealed for this row of this import, with what a mask may show."""
    text = str(cell)
    return {
        SEALED: identity.seal(text, pk=f"{batch_id}:{number}", subject="import"),
        "tail": identity.tail("", text),
    }


def seen(cell, batch_id, number):
    """The cell a parser reads."""
    if isinstance(cell, dict):
        return identity.unseal(cell[SEALED], pk=f"{batch_id}:{number}", subject="import")
    return cell


def shown(cell):
    """The cell as the grid shows it."""
    if isinstance(cell, dict):
        return identity.mask("", cell["tail"])
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def read_row(sheet, matching, place, number, cells):
    """A Row of values out of {column key: cell}; what cannot be read is an error with its address."""
    row = loading.Row(number, {}, {key: cell_name(number - 1, index) for key, index in matching.items()})
    if sheet.load.passes_over(cells):
        row.passed_over = True
        return row
    for column in sheet.columns:
        cell = cells.get(column.key, "")
        if _is_empty(cell):
            row.values[column.key] = None
            if column.required:
                row.error(column.key, _("%(column)s is empty.") % {"column": column.label})
            continue
        try:
            row.values[column.key] = column.parse(cell, place)
        except Bad as bad:
            row.values[column.key] = None
            row.error(column.key, bad.reason, "" if column.secret else bad.proposed)
        except Exception:  # a parser's own mistake is an error of the cell, never of the page
            log.exception("column %s of %s", column.key, sheet.key)
            row.values[column.key] = None
            row.error(column.key, _("This cannot be read."))
    return row


# --- the whole file ----------------------------------------------------------------------------------------


def check(job):
    """Read the file from its header on, stage and plan every row."""
    with transaction.atomic():
        batch = locked(job.args["import"])
        if batch.state not in (Import.State.OPEN, Import.State.CHECKED) or batch.file_id is None:
            raise Refused(_("This import can no longer be checked."))
        for model in (ImportRow, ImportWrite, ImportKey):
            model.objects.filter(batch=batch).delete()
        _plan_all(job, batch, _from_file(batch), timezone.now())
        failpoint("imports.checked")


def _from_file(batch):
    """(row number, {column key: cell}, left out) of the file."""
    matched = sorted(batch.matching.items())
    path = batch.file.content.path
    for index, cells in reading.rows(path, batch.file.name, batch.source, batch.header_row + 1):
        found = {key: kept(cells[place]) for key, place in matched if place < len(cells)}
        found = {key: cell for key, cell in found.items() if not _is_empty(cell)}
        if found:
            yield index + 1, found


def again(job, batch):
    """Compare all staged rows anew, with what was mended; the file is not asked again."""
    for model in (ImportWrite, ImportKey):
        model.objects.filter(batch=batch).delete()
    _plan_all(job, batch, None, timezone.now())


def _plan_all(job, batch, source, now):
    """Plan rows in batches; `source` None: those that are staged."""
    sheet, run = _begin(batch, now, whole=True)
    event = last_event()
    counts: Counter = Counter()
    total = job.total = _expected(batch) if source is not None else batch.rows.count()
    secret = [column.key for column in sheet.columns if column.secret]
    for rows, cells in _batches(batch, sheet, run.place, source):
        run.load.plan(run, [row for row in rows if not row.errors and not row.passed_over])
        run.flush()
        if source is not None:
            _stage(batch, rows, cells, secret)
        else:
            _restage(batch, rows)
        counts.update(row.outcome for row in rows)
        job.failed = counts["error"]
        jobs.progress(job, counts.total(), max(total, counts.total()))
        failpoint("imports.checking")
    counts["left_out"] = batch.rows.filter(outcome="left_out").count()
    if run.load.own:
        settle(batch, run)
        counts = Counter(outcomes(batch))
        job.failed = counts["error"]
    job.total = job.done = counts.total()
    batch.counts = {outcome: counts[outcome] for outcome in ImportRow.Outcome.values}
    batch.state, batch.checked_at, batch.checked_event = Import.State.CHECKED, now, event
    batch.save(update_fields=["counts", "state", "checked_at", "checked_event"])


def _expected(batch):
    preview: dict = next((one for one in batch.previews if one["name"] == batch.source), {})
    return max(0, (preview.get("rows") or 0) - batch.header_row - 1)


def _batches(batch, sheet, place, source):
    """([Row], [cells]) by the thousand."""
    if source is None:
        source = staged(batch.rows.exclude(outcome="left_out"))
    rows, kept_cells = [], []
    for number, cells in source:
        rows.append(read_row(sheet, batch.matching, place, number, cells))
        kept_cells.append(cells)
        if len(rows) == loading.BATCH:
            yield rows, kept_cells
            rows, kept_cells = [], []
    if rows:
        yield rows, kept_cells


def staged(rows):
    """(number, cells) of staged rows in order, a thousand at a time."""
    after = 0
    while page := list(
        rows.filter(number__gt=after).order_by("number").values_list("batch_id", "number", "cells")[:1000]
    ):
        for batch_id, number, cells in page:
            yield number, {key: seen(cell, batch_id, number) for key, cell in cells.items()}
        after = page[-1][1]


def _stage(batch, rows, cells, secret):
    command = (
        f"COPY {ImportRow._meta.db_table} (batch_id, number, cells, outcome, errors, version) FROM STDIN"
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for row, found in zip(rows, cells, strict=True):
            for key in secret:
                if key in found:
                    found[key] = hide(found[key], batch.pk, row.number)
            copy.write_row(
                (
                    batch.pk, row.number, json.dumps(found, ensure_ascii=False), row.outcome,
                    json.dumps(row.errors, ensure_ascii=False) if row.errors else "[]", 1,
                )
            )  # fmt: skip


def _restage(batch, rows):
    """Write only the rows whose answer has changed."""
    present = {
        row.number: row for row in batch.rows.filter(number__in=[row.number for row in rows]).defer("cells")
    }
    changed = []
    for row in rows:
        stands = present[row.number]
        if (stands.outcome, stands.errors) != (row.outcome, row.errors):
            stands.outcome, stands.errors, stands.version = row.outcome, row.errors, stands.version + 1
            changed.append(stands)
    ImportRow.objects.bulk_update(changed, ["outcome", "errors", "version"], batch_size=500)


# --- single rows -------------------------------------------------------------------------------------------


def check_rows(batch, rows, now, by=None):
    """Plan these staged rows beside the others; they have nothing staged themselves. Saves them and the counts."""
    sheet, run = _begin(batch, now, whole=False, by=by)
    for start in range(0, len(rows), loading.BATCH):
        part = rows[start : start + loading.BATCH]
        read = [
            read_row(
                sheet, batch.matching, run.place, row.number,
                {key: seen(cell, batch.pk, row.number) for key, cell in row.cells.items()},
            )
            for row in part
        ]  # fmt: skip
        run.load.plan(run, [row for row in read if not row.errors and not row.passed_over])
        run.flush()
        for stands, row in zip(part, read, strict=True):
            stands.outcome, stands.errors, stands.version = row.outcome, row.errors, stands.version + 1
        ImportRow.objects.bulk_update(part, ["cells", "outcome", "errors", "version"], batch_size=500)
    if run.load.own:
        settle(batch, run)
    count(batch)


def settle(batch, run):
    """What only the whole file tells: rows that differ from what they seemed alone are written down."""
    verdicts = run.load.settle(batch, run.place, run.by)
    changed = []
    for number, (outcome, errors) in verdicts.items():
        said = [
            {"column": key, "cell": cell_name(number - 1, batch.matching[key]) if key in batch.matching else "",
             "reason": str(reason), "proposed": proposed}
            for key, reason, proposed in errors
        ]  # fmt: skip
        changed.append((number, outcome, json.dumps(said, ensure_ascii=False)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {ImportRow._meta.db_table} r SET outcome = n.outcome, errors = n.errors::jsonb,"  # noqa: S608
            " version = r.version + 1 FROM unnest(%s::int[], %s::text[], %s::text[]) AS n(number, outcome, errors)"
            " WHERE r.batch_id = %s AND r.number = n.number"
            " AND (r.outcome, r.errors) IS DISTINCT FROM (n.outcome, n.errors::jsonb)",
            [*(list(column) for column in zip(*changed, strict=True)), batch.pk]
            if changed
            else [[], [], [], batch.pk],
        )


def outcomes(batch):
    """{outcome: rows} as they stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT outcome, count(*) FROM {ImportRow._meta.db_table} WHERE batch_id = %s GROUP BY outcome",  # noqa: S608
            [batch.pk],
        )
        return dict(cursor.fetchall())


def count(batch):
    """Count the outcomes anew."""
    found = outcomes(batch)
    batch.counts = {outcome: found.get(outcome, 0) for outcome in ImportRow.Outcome.values}
    batch.save(update_fields=["counts"])


def _begin(batch, now, *, whole, by=None):
    sheet = SHEETS.get(batch.sheet)
    if sheet is None:
        raise Refused(_("This kind of import does not exist any more."))
    place = Place(batch.estate, local_date(now, batch.estate.zone), now)
    return sheet, loading.Run(batch, sheet.load, place=place, by=by or batch.by, whole=whole)


def locked(pk):
    """The import, locked for the work that changes its rows."""
    return Import.objects.select_for_update(of=("self",)).select_related("estate", "by", "file").get(pk=pk)


def last_event():
    """The journal's last line: what comes after it may change what was found."""
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0
