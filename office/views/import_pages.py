"""What each step of an import shows, as ready strings."""

from urllib.parse import quote

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from office import lists
from office.imports import checking, intake, matching, sheets
from office.models import Import, ImportRow, Job
from office.phrases import listed
from office.views.jobs import bar
from office.workbooks import cell_name

TONES = {"open": "new", "checked": "wait", "applied": "done", "rolled_back": "quiet"}
ROW_TONES = {"create": "good", "update": "busy", "unchanged": "quiet", "error": "bad", "left_out": "quiet"}
OUTCOMES = (
    ("create", gettext_lazy("New")),
    ("update", gettext_lazy("Changes")),
    ("unchanged", gettext_lazy("Unchanged")),
    ("error", gettext_lazy("Errors")),
    ("left_out", gettext_lazy("Left out")),
)
PAGE = 20  # rows of the grid
SAMPLES = 3  # values shown beside a column


def sheet_label(key):
    return str(sheets.SHEETS[key].label) if key in sheets.SHEETS else key


def page(request, batch):
    """(template, context) of the step the import is at."""
    context = _common(request, batch)
    if intake.is_busy(batch):
        return "office/import_work.html", {**context, **work(batch, request)}
    step = request.GET.get("step")
    undecided = batch.state in (Import.State.OPEN, Import.State.CHECKED) and not batch.swept_at
    if undecided and (not batch.source or step == "sheet"):
        return "office/import_sheet.html", {**context, **_sheet(request, batch)}
    if undecided and (batch.state == Import.State.OPEN or step == "columns"):
        return "office/import_columns.html", {**context, **_columns(batch)}
    return "office/import_rows.html", {**context, **_result(request, batch)}


def _common(request, batch):
    step = (
        1
        if not batch.source
        else 2
        if batch.state == Import.State.OPEN
        else 3
        if batch.state == Import.State.CHECKED
        else 4
    )
    address = reverse("office:import", args=[batch.pk])
    may_go_back = batch.state in (Import.State.OPEN, Import.State.CHECKED) and not intake.is_busy(batch)
    steps = [
        (_("Sheet"), f"{address}?step=sheet" if may_go_back and step > 1 else ""),
        (_("Columns"), f"{address}?step=columns" if may_go_back and step > 2 else ""),
        (_("Check and mend"), address if may_go_back and step == 3 and request.GET.get("step") else ""),
        (_("Rolled back") if batch.state == Import.State.ROLLED_BACK else _("Brought in"), ""),
    ]
    shown = {"sheet": 1, "columns": 2}.get(request.GET.get("step", ""), step) if may_go_back else step
    job = batch.job
    return {
        "batch": batch,
        "tone": TONES[batch.state],
        "sheet_label": sheet_label(batch.sheet),
        "steps": [
            {"number": number, "label": label, "url": url, "here": number == shown, "done": number < step}
            for number, (label, url) in enumerate(steps, start=1)
        ],
        "trouble": job.error if job is not None and job.state == Job.State.FAILED else "",
        "stopped": job is not None and job.state == Job.State.CANCELLED,
    }


def work(batch, request):
    """The bar of the work under way."""
    return {"batch": batch, "job": batch.job, "bar": bar(batch.job, request.now) if batch.job else None}


# --- step 1 ------------------------------------------------------------------------------------------------


def _sheet(request, batch):
    wanted = request.GET.get("source", batch.source)
    chosen = intake.preview_of(batch, wanted) or _likeliest(batch)
    open_sheets = sheets.open_to(request.user, batch.estate_id)
    header = batch.header_row if batch.source == chosen["name"] else chosen["header_row"]
    width = max((len(row) for row in chosen["sample"]), default=0)
    return {
        "tabs": [
            {
                "label": one["name"],
                "url": f"?step=sheet&source={quote(one['name'])}",
                "active": one is chosen,
                "count": one["rows"],
            }
            for one in batch.previews
        ],
        "preview": chosen,
        "letters": [cell_name(0, place).rstrip("1") for place in range(min(width, 40))],
        "lines": [
            {
                "number": number,
                "cells": [checking.shown(cell)[:60] for cell in [*row, *[""] * width][: min(width, 40)]],
                "head": number == (header or 0),
            }
            for number, row in enumerate(chosen["sample"])
        ],
        "rows_text": ngettext("%(n)s row", "%(n)s rows", chosen["rows"] or 0) % {"n": chosen["rows"] or 0},
        "choices": [(sheet.key, sheet.label, sheet.help) for sheet in open_sheets],
        "guess": batch.sheet if batch.source == chosen["name"] else chosen["guess"],
    }


def _likeliest(batch):
    """The sheet that is to come in first: those linked to others build upon it."""
    known = [one for one in batch.previews if one["guess"] in sheets.SHEETS and not one["problem"]]
    if known:
        return min(known, key=lambda one: sheets.SHEETS[one["guess"]].order)
    return batch.previews[0]


# --- step 2 ------------------------------------------------------------------------------------------------


def _columns(batch):
    sheet = sheets.SHEETS[batch.sheet]
    preview = intake.preview_of(batch, batch.source) or {"sample": []}
    below = preview["sample"][batch.header_row + 1 :]
    heads = [
        {
            "index": index,
            "text": f"{cell_name(0, index).rstrip('1')} · {head[:40] or '–'}",
            "samples": [
                text for row in below if index < len(row) and (text := checking.shown(row[index])[:24])
            ][:SAMPLES],
        }
        for index, head in enumerate(batch.headers)
    ]
    heads = [head for head in heads if head["samples"] or batch.headers[head["index"]]]
    by_name = matching.match(batch.headers, sheet)
    used = set(batch.matching.values())
    return {
        "sheet": sheet,
        "identity": ", ".join(str(sheet.column(key).label) for key in sheet.identity),
        "rows": [_column_row(column, batch, by_name, heads) for column in sheet.columns],
        "unused": [head["text"] for head in heads if head["index"] not in used],
    }


def _column_row(column, batch, by_name, heads):
    place = batch.matching.get(column.key)
    found = by_name.get(column.key)
    if place is None:
        sure, tone = "", ""
    elif found and found.index == place:
        sure, tone = (_("by its name"), "good") if found.certainty == "sure" else (_("likely"), "wait")
    else:
        sure, tone = _("as last time"), "busy"
    head = next((head for head in heads if head["index"] == place), None)
    return {
        "key": column.key,
        "label": capfirst(column.label),
        "help": column.help,
        "required": column.needed,
        "place": place,
        "options": [(head["index"], head["text"], head["index"] == place) for head in heads],
        "samples": head["samples"] if head and not column.secret else [],
        "sure": sure,
        "tone": tone,
    }


# --- steps 3 and 4 -----------------------------------------------------------------------------------------


def _result(request, batch):
    address = reverse("office:import", args=[batch.pk])
    outcomes = dict(OUTCOMES)
    shown = request.GET.get("rows", "")
    wrong = batch.counts.get("error")
    if shown not in outcomes or (shown == "error" and not wrong):  # the last one mended: every row is shown
        shown = "error" if wrong and request.GET.get("rows") != "all" else ""
    sheet = sheets.SHEETS.get(batch.sheet)
    context = {
        "tiles": _tiles(batch, address, shown),
        "shown": shown,
        "shown_label": outcomes.get(shown, ""),
        "moves": _moves(batch),
        "facts": _facts(batch),
        "may_mend": batch.state == Import.State.CHECKED and intake.why_not("mend", batch) is None,
        "has_proposals": batch.state == Import.State.CHECKED and intake.has_proposals(batch),
        "links": {
            name: reverse(f"office:import_{name}", args=[batch.pk])
            for name in ("mend", "proposals", "errors")
        },
    }
    if sheet is not None and not batch.swept_at:
        context |= _grid(request, batch, sheet, shown, context["may_mend"])
    return context


def _tiles(batch, address, shown):
    total = sum(batch.counts.values())
    tiles = [
        {
            "label": label,
            "value": batch.counts.get(value, 0),
            "href": f"{address}?rows={value}#rows",
            "tone": ROW_TONES[value] if batch.counts.get(value) else "quiet",
            "active": value == shown,
        }
        for value, label in OUTCOMES
        if value != "left_out" or batch.counts.get(value)
    ]
    return [
        *tiles,
        {"label": _("All rows"), "value": total, "href": f"{address}?rows=all#rows", "tone": "quiet"},
    ]


def _facts(batch):
    people = [
        (_("Brings in"), sheet_label(batch.sheet)),
        (_("Estate"), batch.estate.local_name),
        (_("Sent"), f"{lists.stamp(batch.made_at)} · {batch.by.local_name}"),
        (_("Checked"), lists.stamp(batch.checked_at)),
    ]
    if batch.applied_at:
        people.append((_("Brought in"), f"{lists.stamp(batch.applied_at)} · {batch.applied_by.local_name}"))
    if batch.rolled_back_at:
        people.append(
            (_("Rolled back"), f"{lists.stamp(batch.rolled_back_at)} · {batch.rolled_back_by.local_name}")
        )
    if batch.swept_at:
        people.append((_("File and rows removed"), lists.stamp(batch.swept_at)))
    return people


def _moves(batch):
    def address(name):
        return reverse(f"office:import_{name}", args=[batch.pk])

    moves = []
    if batch.state == Import.State.CHECKED:
        write = (batch.counts.get("create") or 0) + (batch.counts.get("update") or 0)
        wrong = batch.counts.get("error") or 0
        label = ngettext("Bring in %(n)s row", "Bring in %(n)s rows", write) % {"n": write}
        if wrong:
            label = ngettext("Bring in the %(n)s valid row", "Bring in the %(n)s valid rows", write) % {
                "n": write
            }
        moves.append(
            {
                "verb": "apply", "label": label, "url": address("apply"), "icon": "database-import", "style": "primary",
                "post": True, "key": "b", "why_not": intake.why_not("apply", batch),
                "confirm": ngettext(
                    "%(n)s row with errors stays out.", "%(n)s rows with errors stay out.", wrong
                ) % {"n": wrong} if wrong else "",
            }
        )  # fmt: skip
        if wrong:
            moves.append(
                {
                    "verb": "apply-all", "label": _("All rows or nothing"), "url": address("apply"), "post": True,
                    "fields": [("all", "1")], "icon": "checks",
                    "why_not": intake.why_not("apply", batch, all_rows=True),
                }
            )  # fmt: skip
        moves.append(
            {
                "verb": "check", "label": _("Check again"), "url": address("check"), "icon": "refresh", "post": True,
                "why_not": intake.why_not("check", batch),
            }
        )  # fmt: skip
    sheet = sheets.SHEETS.get(batch.sheet)
    if sheet is not None and (report := sheet.load.report(batch)):
        moves.append(
            {"verb": "report", "label": report[0], "url": report[1], "icon": "list-check", "key": "v"}
        )
    if batch.state == Import.State.APPLIED:
        moves.append(
            {
                "verb": "roll-back", "label": _("Roll back"), "url": address("roll_back"), "icon": "arrow-back-up",
                "post": True, "style": "danger", "why_not": intake.why_not("roll_back", batch),
                "confirm": _("Everything this import brought in is taken out again. Roll it back?"),
            }
        )  # fmt: skip
    if batch.file_id and len(batch.previews) > 1:
        moves.append(
            {
                "verb": "next", "label": _("Another sheet of this file"), "url": address("next"), "icon": "plus",
                "post": True,
            }
        )  # fmt: skip
    return moves


def _grid(request, batch, sheet, shown, may_mend):
    """A page of rows with their cells; wrong ones to be mended in place."""
    columns = [column for column in sheet.columns if column.key in batch.matching]
    columns.sort(key=lambda column: batch.matching[column.key])
    rows = batch.rows.filter(outcome=shown) if shown else batch.rows.all()
    after = request.GET.get("after", "")
    start = int(after) if after.isdecimal() and len(after) < 10 else 0
    page = list(rows.filter(number__gt=start).order_by("number")[: PAGE + 1])
    more, page = len(page) > PAGE, page[:PAGE]
    address = reverse("office:import", args=[batch.pk])
    query = f"?rows={shown or 'all'}"
    changes = _changes(batch, [row.number for row in page])
    drawn = [_row(batch, row, columns, may_mend, changes) for row in page]
    return {
        "heads": [
            {"letter": cell_name(0, batch.matching[column.key]).rstrip("1"), "label": capfirst(column.label)}
            for column in columns
        ],
        "grid": drawn,
        "editable": any(row["editable"] for row in drawn),
        "changing": any(row["changes"] for row in drawn),
        "first_url": f"{address}{query}#rows" if start else "",
        "next_url": f"{address}{query}&after={page[-1].number}#rows" if more else "",
    }


def _row(batch, row, columns, may_mend, changes):
    wrong: dict[str, list] = {}
    for error in row.errors:
        wrong.setdefault(error["column"], []).append(error)
    editable = may_mend and row.outcome == ImportRow.Outcome.ERROR
    cells = []
    for column in columns:
        text = checking.shown(row.cells.get(column.key, ""))
        errors = wrong.pop(column.key, [])
        cells.append(
            {
                "key": column.key,
                "name": f"cell-{row.pk}-{column.key}",
                "id": f"cell-{row.pk}-{column.key}",
                "text": text,
                "size": min(max(len(text) + 1, 6), 24),
                "label": f"{cell_name(row.number - 1, batch.matching[column.key])} {capfirst(column.label)}",
                "errors": errors,
                "proposed": next((error["proposed"] for error in errors if error["proposed"]), ""),
                "choices": [
                    (str(value), label, text in (str(value), str(label))) for value, label in column.choices
                ],
            }
        )
        chosen = cells[-1]["choices"]
        if chosen and text and not any(one[2] for one in chosen):
            cells[-1]["choices"] = [(text, text, True), *chosen]
    return {
        "pk": row.pk,
        "number": row.number,
        "version": row.version,
        "outcome": row.outcome,
        "outcome_label": row.get_outcome_display(),
        "tone": ROW_TONES[row.outcome],
        "cells": cells,
        "errors": [
            error for errors in wrong.values() for error in errors
        ],  # of columns that are not in the file
        "editable": editable,
        "changes": changes.get(row.number, []),
        "may_leave": may_mend and row.outcome in ("error", "left_out"),
        "leave_url": reverse("office:import_leave", args=[batch.pk, row.pk]),
    }


HIDDEN = {"version", "identity_sealed", "identity_tail", "identity_index"}


def _changes(batch, numbers):
    """{row number: ["area: 89.5 → 98.5", …]} of what these rows change in the register: one query."""
    found: dict[int, list] = {}
    sheet = sheets.SHEETS.get(batch.sheet)
    if sheet is None or not numbers:
        return found
    labels = {
        table.name: {field.column: str(field.verbose_name) for field in table.model._meta.concrete_fields}
        for table in sheet.load.tables
    }
    names = {table.name: str(table.model._meta.verbose_name) for table in sheet.load.tables}
    made: dict[int, list] = {}
    writes = batch.writes.filter(number__in=numbers).order_by("id")
    for number, table, action, values, before in writes.values_list(
        "number", "table", "action", "values", "before"
    ):
        lines = found.setdefault(number, [])
        if action == "create":
            made.setdefault(number, []).append(names.get(table, table))
            continue
        for column, value in values.items():
            if column not in HIDDEN:
                was = before.get(column)
                label = labels.get(table, {}).get(column, column)
                lines.append(f"{label}: {_said(was)} → {_said(value)}")
    for number, what in made.items():
        found[number].insert(0, _("new: %(what)s") % {"what": listed(dict.fromkeys(what))})
    return found


def _said(value):
    if value in (None, ""):
        return "–"
    return (
        {True: _("yes"), False: _("no")}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)[:60]
    )
