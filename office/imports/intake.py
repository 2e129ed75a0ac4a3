"""What people do with an import: send a file, choose, match, mend, apply, roll back (SPEC §14; UX G6).

Long steps are Jobs of the import; while one is under way nothing else is done to it. Every verb locks the import,
asks `why_not`, and says no in one sentence.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import accesslog, files, jobs, journal, promises, sweeps, workbooks
from office.imports import applying, checking, matching, reading
from office.imports.sheets import SHEETS
from office.models import Import, ImportKey, ImportMatching, ImportRow, ImportWrite
from office.refusals import Refused, Stale
from office.sweeps import Coming, Foreseen, Result, Sweep

PERMISSION = "office.import"  # each sheet asks for its own besides
AT_ONCE = 200  # rows checked while the person waits; more are a Job
KEPT = timedelta(
    days=60
)  # after the last step; then the file and the staged rows go, and with them the way back
WORK = {
    "check": "imports.check",
    "again": "imports.again",
    "proposals": "imports.proposals",
    "apply": "imports.apply",
    "roll_back": "imports.roll_back",
}


# --- what may happen ---------------------------------------------------------------------------------------

S = Import.State
MOVES = {
    "choose": (S.OPEN, S.CHECKED),
    "match": (S.OPEN, S.CHECKED),
    "check": (S.OPEN, S.CHECKED),
    "mend": (S.CHECKED,),
    "apply": (S.CHECKED,),
    "roll_back": (S.APPLIED,),
}


def is_busy(batch):
    return batch.job is not None and not batch.job.is_over


def why_not(move, batch, *, all_rows=False):
    """One sentence why this cannot be done to the import now, or None."""
    if is_busy(batch):
        return _("Work on this import is under way.")
    if batch.state not in MOVES[move]:
        return _("This import is %(state)s.") % {"state": batch.get_state_display()}
    if batch.swept_at:
        return _("The rows of this import are no longer kept.")
    if move == "check" and not batch.matching:
        return _("The columns have not been matched.")
    if move == "apply":
        if not (batch.counts.get("create") or batch.counts.get("update")):
            return _("There is nothing to write.")
        if all_rows and batch.counts.get("error"):
            return _("There are rows with errors.")
    return None


def _begin(batch, move, **facts):
    """The import, locked, with its job; refused when the move may not be done."""
    row = (
        Import.objects.select_for_update(of=("self",))
        .select_related("estate", "by", "file", "job")
        .get(pk=batch.pk)
    )
    if sentence := why_not(move, row, **facts):
        raise Refused(sentence)
    return row


def _work(batch, what, *, title, by, now, **args):
    batch.job = jobs.start(
        WORK[what], title=title, estate=batch.estate, by=by, now=now, args={"import": batch.pk, **args}
    )
    batch.save(update_fields=["job"])
    return batch.job


# --- the file ----------------------------------------------------------------------------------------------


def receive(*, content, name, estate, by, now, upload_key=""):
    """Keep a file and look at its sheets. Refused in a sentence when it is no table we can read."""
    data = content.read(workbooks.MAX_FILE + 1)
    content_type = reading.check(data, name)
    name = " ".join(name.replace("\0", "").split())[-200:] or _("file")
    with transaction.atomic():
        kept = files.store(
            data=data, name=name, content_type=content_type, estate=estate, by=by, now=now, upload_key=upload_key,
            kind="import",
        )  # fmt: skip
        try:
            previews = [_preview(one) for one in reading.look(kept.content.path, name)]
        except BaseException:
            kept.content.storage.delete(kept.content.name)
            raise
        batch = Import.objects.create(
            estate=estate, by=by, made_at=now, file=kept, name=name, previews=previews
        )
        kept.subject_kind, kept.subject_id = Import.SUBJECT, batch.pk
        kept.save(update_fields=["subject_kind", "subject_id"])
        journal.record("import.received", subject=batch, text=f"#{batch.pk}", by=by, now=now)
    return batch


def _preview(one):
    return {
        "name": one.name, "rows": one.rows, "columns": one.columns, "header_row": one.header_row,
        "guess": one.guess, "problem": str(one.problem), "hidden": one.hidden,
        "sample": [[checking.sampled(cell) for cell in row] for row in one.sample],
    }  # fmt: skip


@transaction.atomic
def same_file(*, batch, by, now):
    """A further import of the same file, for its next sheet."""
    row = Import.objects.select_related("file").get(pk=batch.pk)
    if row.file_id is None:
        raise Refused(_("The file is no longer kept."))
    return Import.objects.create(
        estate_id=row.estate_id, by=by, made_at=now, file=row.file, name=row.name, previews=row.previews
    )


# --- sheet and columns -------------------------------------------------------------------------------------


def preview_of(batch, source):
    return next((one for one in batch.previews if one["name"] == source), None)


@transaction.atomic
def choose(*, batch, source, sheet, header_row, by, now):
    """Say which sheet of the file brings what in and where its header stands; columns are matched by name.

    What was matched last time for a header like this one is matched again.
    """
    batch = _begin(batch, "choose")
    preview = preview_of(batch, source)
    if preview is None or sheet not in SHEETS:
        raise Refused(_("Choose a sheet of the file and what it brings in."))
    if preview["problem"]:
        raise Refused(preview["problem"])
    if not 0 <= header_row < len(preview["sample"]):
        raise Refused(_("There is no such row to name the columns."))
    batch.source, batch.sheet, batch.header_row = source, sheet, header_row
    batch.headers = [checking.shown(cell) for cell in preview["sample"][header_row]]
    batch.matching = _remembered(batch) or {
        key: one.index for key, one in matching.match(batch.headers, SHEETS[sheet]).items()
    }
    batch.state, batch.counts = Import.State.OPEN, {}
    batch.save(update_fields=["source", "sheet", "header_row", "headers", "matching", "state", "counts"])
    return batch


def _remembered(batch):
    row = ImportMatching.objects.filter(
        estate_id=batch.estate_id, fingerprint=matching.fingerprint(batch.headers), sheet=batch.sheet
    ).first()
    known = {column.key for column in SHEETS[batch.sheet].columns}
    return row and {
        key: index for key, index in row.matching.items() if key in known and index < len(batch.headers)
    }


@transaction.atomic
def match(*, batch, columns, by, now):
    """Say which column of the file is which ({column key: place}), remember it for this source, and check."""
    batch = _begin(batch, "match")
    sheet = SHEETS.get(batch.sheet)
    if sheet is None:
        raise Refused(_("Choose a sheet of the file and what it brings in."))
    known = {column.key for column in sheet.columns}
    columns = {
        key: place for key, place in columns.items() if key in known and 0 <= place < len(batch.headers)
    }
    if len(set(columns.values())) < len(columns):
        raise Refused(_("A column of the file can be matched only once."))
    missing = [str(column.label) for column in sheet.columns if column.needed and column.key not in columns]
    if missing:
        raise Refused(_("Say which column is: %(names)s.") % {"names": ", ".join(missing)})
    batch.matching = columns
    batch.save(update_fields=["matching"])
    ImportMatching.objects.update_or_create(
        estate_id=batch.estate_id,
        fingerprint=matching.fingerprint(batch.headers),
        defaults={"sheet": batch.sheet, "matching": columns, "used_at": now},
    )
    return _work(batch, "check", title=_("Check %(name)s") % {"name": batch}, by=by, now=now)


@transaction.atomic
def check_again(*, batch, by, now):
    """Compare every row anew, as it stands in the grid."""
    batch = _begin(batch, "check")
    what = "again" if batch.state == Import.State.CHECKED else "check"
    return _work(batch, what, title=_("Check %(name)s") % {"name": batch}, by=by, now=now)


# --- rows --------------------------------------------------------------------------------------------------


@transaction.atomic
def mend(*, batch, cells, by, now, versions=None):
    """Write what was typed into the grid ({row: {column key: text}}) and check those rows alone.

    Only rows with errors are mended here: nothing is staged for them. (saved, still wrong).
    """
    batch = _begin(batch, "mend")
    rows = list(
        batch.rows.select_for_update()
        .filter(pk__in=cells, outcome=ImportRow.Outcome.ERROR)
        .order_by("number")
    )
    if len(rows) < len(cells):
        raise Stale
    changed = [row for row in rows if _typed(batch, row, cells[row.pk], versions)]
    checking.check_rows(batch, changed, now, by)
    return len(changed), sum(row.outcome == ImportRow.Outcome.ERROR for row in changed)


def _typed(batch, row, texts, versions):
    """Put typed texts into the row's cells; whether any differs. A masked secret that nobody touched stays."""
    if versions is not None and versions.get(row.pk) != row.version:
        raise Stale
    columns = {column.key: column for column in SHEETS[batch.sheet].columns}
    changed = False
    for key, text in texts.items():
        if key not in columns or key not in batch.matching:
            continue
        text = checking.kept(text.strip())
        before = row.cells.get(key, "")
        if text == checking.shown(before):
            continue
        row.cells[key] = checking.hide(text, batch.pk, row.number) if columns[key].secret and text else text
        if not text:
            del row.cells[key]
        changed = True
    return changed


@transaction.atomic
def take_proposals(*, batch, by, now):
    """Put every proposed value into its cell, and check those rows: at once when they are few, else as a Job."""
    batch = _begin(batch, "mend")
    rows = _with_proposals(batch)
    if rows.count() > AT_ONCE:
        return _work(
            batch, "proposals", title=_("Take all proposals: %(name)s") % {"name": batch}, by=by, now=now
        ), None
    found = list(rows.order_by("number"))
    _propose(batch, found, by, now)
    return None, (len(found), sum(row.outcome == ImportRow.Outcome.ERROR for row in found))


def _with_proposals(batch):
    return batch.rows.filter(outcome="error").extra(where=["errors @? '$[*] ? (@.proposed != \"\")'"])


def has_proposals(batch):
    return _with_proposals(batch).exists()


def _propose(batch, rows, by, now):
    for row in rows:
        for error in row.errors:
            if error["proposed"]:
                row.cells[error["column"]] = error["proposed"]
    checking.check_rows(batch, rows, now, by)


def _propose_all(job):
    with transaction.atomic():
        batch = checking.locked(job.args["import"])
        rows = _with_proposals(batch).order_by("number")
        job.total, after = rows.count(), 0
        while found := list(rows.filter(number__gt=after)[:500]):
            after = found[-1].number
            _propose(batch, found, job.by, timezone.now())
            jobs.progress(job, min(job.total, job.done + len(found)), job.total)
        job.done = job.total


@transaction.atomic
def leave_out(*, batch, row, by, now):
    """Leave a wrong row out, so that the rest can be written whole."""
    batch = _begin(batch, "mend")
    row = batch.rows.select_for_update().get(pk=row.pk)
    if row.outcome != ImportRow.Outcome.ERROR:
        raise Stale
    row.outcome, row.errors, row.version = ImportRow.Outcome.LEFT_OUT, [], row.version + 1
    row.save(update_fields=["outcome", "errors", "version"])
    checking.count(batch)


@transaction.atomic
def put_back(*, batch, row, by, now):
    """Take a row in again that was left out."""
    batch = _begin(batch, "mend")
    row = batch.rows.select_for_update().get(pk=row.pk)
    if row.outcome != ImportRow.Outcome.LEFT_OUT:
        raise Stale
    checking.check_rows(batch, [row], now, by)


# --- the register ------------------------------------------------------------------------------------------


@transaction.atomic
def apply(*, batch, all_rows, by, now):
    """Write the valid rows; with `all_rows` only if there is no other."""
    batch = _begin(batch, "apply", all_rows=all_rows)
    return _work(
        batch, "apply", title=_("Bring in %(name)s") % {"name": batch}, by=by, now=now, all=bool(all_rows)
    )


@transaction.atomic
def roll_back(*, batch, by, now):
    """Take out everything the import brought in, while nobody has touched it."""
    batch = _begin(batch, "roll_back")
    return _work(batch, "roll_back", title=_("Roll back %(name)s") % {"name": batch}, by=by, now=now)


# --- at start-up -------------------------------------------------------------------------------------------


def _again(job):
    with transaction.atomic():
        checking.again(job, checking.locked(job.args["import"]))


def sweep(now):
    """Files and staged rows whose time is over: personal values nobody needs any more."""
    result = Result()
    old = Import.objects.filter(swept_at__isnull=True, made_at__lt=now - KEPT).order_by("pk")
    for pk in list(old.values_list("pk", flat=True)):
        with transaction.atomic():
            batch = Import.objects.select_for_update(of=("self",)).select_related("file", "job").get(pk=pk)
            last = max(
                filter(None, (batch.made_at, batch.checked_at, batch.applied_at, batch.rolled_back_at))
            )
            if batch.swept_at or is_busy(batch) or last >= now - KEPT:
                continue
            result.found += 1
            for model in (ImportRow, ImportWrite, ImportKey):
                model.objects.filter(batch=batch).delete()
            kept = batch.file
            batch.file, batch.previews, batch.touched, batch.swept_at = None, [], [], now
            batch.save(update_fields=["file", "previews", "touched", "swept_at"])
            if kept and not Import.objects.filter(file=kept).exists():
                kept.content.storage.delete(str(kept.content.name))
                kept.delete()
            result.done += 1
    return result


def foresee(now, estates, limit):
    """Imports whose file and rows `sweep` would remove now, as far as their dates tell."""
    before = now - KEPT
    old = Import.objects.filter(estate__in=estates, swept_at__isnull=True, made_at__lt=before).exclude(
        Q(checked_at__gte=before) | Q(applied_at__gte=before) | Q(rolled_back_at__gte=before)
    )
    rows = [
        Coming(str(batch), _("to be removed"), (), batch.made_at + KEPT, Import.SUBJECT, batch.pk)
        for batch in old.order_by("pk")[:limit]
    ]
    return Foreseen(old.count(), tuple(rows))


def _can_read(staff, import_id):
    return Import.objects.visible_to(staff, PERMISSION).filter(pk=import_id).exists()


def set_up():
    """What the office tells itself about imports at start-up."""
    promises.register_subject(Import.SUBJECT, lambda pk: reverse("office:import", args=[pk]))
    files.register_subject(Import.SUBJECT, _can_read)
    jobs.register(WORK["check"], checking.check, gettext_lazy("check a file that is to come in"))
    jobs.register(WORK["again"], _again, gettext_lazy("check a file again"))
    jobs.register(WORK["proposals"], _propose_all, gettext_lazy("take all proposals"))
    jobs.register(WORK["apply"], applying.apply, gettext_lazy("bring a file in"))
    jobs.register(WORK["roll_back"], applying.roll_back, gettext_lazy("roll an import back"))
    journal.sentences(
        {
            "import.received": gettext_lazy("file received"),
            "import.applied": gettext_lazy(
                "%(sheet)s brought in: %(create)s new, %(update)s changed, %(unchanged)s unchanged, %(error)s with errors left out"
            ),
            "import.rolled_back": gettext_lazy("%(sheet)s rolled back: %(rows)s entries"),
            "import.taken_out": gettext_lazy("taken out again with import no. %(import)s"),
            "import.put_back": gettext_lazy("put back as it was before import no. %(import)s"),
        }
    )
    sweeps.register(
        Sweep(
            name="imports",
            label=gettext_lazy("files of imports"),
            rule=gettext_lazy("a file and its rows are removed 60 days after the last step of its import"),
            run=sweep,
            every=3600,
            preview=foresee,
        )
    )


def record_download(*, batch, count, by, now):
    """Who took personal data out of the house: the workbook of wrong rows holds them."""
    accesslog.log(
        what=accesslog.EXPORT, by=by, now=now, estate_id=batch.estate_id, subject_kind=Import.SUBJECT,
        subject_id=batch.pk, detail={"import": batch.pk, "count": count, "as": "xlsx"},
    )  # fmt: skip
