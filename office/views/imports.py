"""Files that are to come in: sent, their sheet and columns chosen, checked, mended, brought in, rolled back (UX G6)."""

import uuid

import django_filters
from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import formkeys, lists
from office.access import may
from office.files import XLSX
from office.imports import intake, sheets, workbook
from office.models import Import, ImportRow
from office.refusals import Refused
from office.views import import_pages

IMPORT = intake.PERMISSION


class ImportFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=Import.State.choices)

    class Meta:
        model = Import
        fields = ()


def _counted(outcome):
    return lambda row: str(row["counts"].get(outcome) or "")


LIST = lists.List(
    name="imports",
    title=gettext_lazy("Imports"),
    fields=("id", "name", "source", "sheet", "state", "counts", "made_at", "by__name"),
    columns=(
        lists.Column("name", gettext_lazy("File"), lambda row: row["name"]),
        lists.Column("source", gettext_lazy("Sheet of the file"), lambda row: row["source"]),
        lists.Column("sheet", gettext_lazy("Brings in"), lambda row: import_pages.sheet_label(row["sheet"])),
        lists.Column(
            "state",
            gettext_lazy("State"),
            lambda row: str(Import.State(row["state"]).label),
            kind="state",
            tone=lambda row: import_pages.TONES[row["state"]],
        ),
        lists.Column("create", gettext_lazy("New"), _counted("create"), align="right"),
        lists.Column("update", gettext_lazy("Changes"), _counted("update"), align="right"),
        lists.Column("error", gettext_lazy("Errors"), _counted("error"), align="right"),
        lists.Column("by", gettext_lazy("Started by"), lambda row: row["by__name"]),
        lists.Column(
            "made_at",
            gettext_lazy("Sent"),
            lambda row: lists.stamp(row["made_at"]),
            value=lambda row: row["made_at"],
            order="newest",
        ),
    ),
    filterset=ImportFilter,
    orders={"newest": ("-made_at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("office:import", args=[row["id"]]),
    export_permission="office.import",
    empty=(
        gettext_lazy("Nothing has been brought in from a file yet."),
        lambda: reverse("office:import_new"),
        gettext_lazy("Bring in a file"),
        "n",
    ),
)


def _get(request, pk):
    """An import of a kind the person may bring in."""
    rows = Import.objects.visible_to(request.user, IMPORT).select_related("estate", "by", "file", "job")
    row = get_object_or_404(rows, pk=pk)
    sheet = sheets.SHEETS.get(row.sheet)
    if sheet is not None and not request.user.may(sheet.permission, row.estate_id):
        raise Http404
    return row


@may(IMPORT)
@require_http_methods(["GET", "POST"])
def import_list(request):
    new = {"verb": "new", "label": _("Bring in a file"), "url": reverse("office:import_new"), "icon": "file-import",
           "key": "n", "style": "primary"}  # fmt: skip
    rows = Import.objects.visible_to(request.user, IMPORT)
    if request.estate is not None:
        rows = rows.filter(estate=request.estate)
    closed = [key for key, sheet in sheets.SHEETS.items() if not request.user.may(sheet.permission)]
    rows = rows.exclude(sheet__in=closed)
    return lists.render(request, LIST, rows, template="office/imports.html", actions=[new])


@may(IMPORT)
@require_http_methods(["GET", "POST"])
def import_new(request):
    """Send a file. What it is, its content says; one that cannot be read is refused before it is kept."""
    if request.estate is None or not request.user.may(IMPORT, request.estate.pk):
        raise Http404
    refused, status = "", 200
    if request.method == "POST":
        key, given = request.POST.get("form_key"), request.FILES.get("file")
        if key and (address := formkeys.known(key, request.user)):
            return redirect(address)
        if given is None:
            refused, status = _("Choose a file."), 422
        else:
            try:
                return redirect(
                    formkeys.once(key, request.user, request.now, lambda: _received(request, given))[0]
                )
            except Refused as refusal:
                refused, status = str(refusal.sentence), 422
    context = {
        "refused": refused,
        "form_key": uuid.uuid4(),
        "sheets": sheets.open_to(request.user, request.estate.pk),
    }
    return render(request, "office/import_new.html", context, status=status)


def _received(request, given):
    batch = intake.receive(
        content=given, name=given.name or "", estate=request.estate, by=request.user, now=request.now
    )
    return reverse("office:import", args=[batch.pk])


@may(IMPORT)
@require_GET
def batch(request, pk):
    """The step the import is at. While work is under way the page asks every second how far it is."""
    return _page(request, _get(request, pk))


def _page(request, row, *, refused="", status=200):
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted and request.method == "GET":
        answer = render(request, "office/import_work.html#import-work", import_pages.work(row, request))
        if not intake.is_busy(row):
            answer.headers["HX-Refresh"] = "true"
        return answer
    template, context = import_pages.page(request, row)
    return render(request, template, {**context, "refused": refused}, status=status)


def _then(request, row, act, *, to=""):
    """Run one action and go on; refused: the page again, with the rule's sentence."""
    try:
        act()
    except Refused as refusal:
        return _page(request, _get(request, row.pk), refused=refusal.sentence, status=409)
    return redirect(reverse("office:import", args=[row.pk]) + to)


@may(IMPORT)
@require_POST
def choose(request, pk):
    """Which sheet of the file, what it brings in, where its header stands."""
    row = _get(request, pk)
    said = request.POST.get("header_row", "")
    number = int(said) if said.isdecimal() and len(said) < 6 else -1
    sheet = sheets.SHEETS.get(request.POST.get("sheet", ""))
    if sheet is not None and not request.user.may(sheet.permission, row.estate_id):
        sheet = None
    source = request.POST.get("source", "")
    return _then(
        request,
        row,
        lambda: intake.choose(
            batch=row, source=source, sheet=sheet.key if sheet else "", header_row=number, by=request.user,
            now=request.now,
        ),
    )  # fmt: skip


@may(IMPORT)
@require_POST
def match(request, pk):
    """Which column of the file is which; then every row is checked."""
    row = _get(request, pk)
    columns = {
        name.removeprefix("column-"): int(value)
        for name, value in request.POST.items()
        if name.startswith("column-") and value.isdecimal() and len(value) < 5
    }
    return _then(
        request, row, lambda: intake.match(batch=row, columns=columns, by=request.user, now=request.now)
    )


@may(IMPORT)
@require_POST
def check(request, pk):
    row = _get(request, pk)
    return _then(request, row, lambda: intake.check_again(batch=row, by=request.user, now=request.now))


@may(IMPORT)
@require_POST
def mend(request, pk):
    """What was typed into the grid; only rows that differ are checked."""
    row = _get(request, pk)
    cells: dict[int, dict] = {}
    versions = {}
    for name, value in request.POST.items():
        kind, _dash, rest = name.partition("-")
        number, _dash, key = rest.partition("-")
        if not number.isdecimal() or len(number) > 18:
            continue
        if kind == "cell":
            cells.setdefault(int(number), {})[key] = value
        elif kind == "version" and value.isdecimal() and len(value) < 10:
            versions[int(number)] = int(value)

    def act():
        saved, wrong = intake.mend(
            batch=row, cells=cells, versions=versions, by=request.user, now=request.now
        )
        _say_mended(request, saved, wrong)

    return _then(request, row, act, to="?rows=error#rows")


def _say_mended(request, saved, wrong):
    if not saved:
        messages.info(request, _("Nothing was changed."))
        return
    said = ngettext("%(n)s row checked again.", "%(n)s rows checked again.", saved) % {"n": saved}
    if wrong:
        left = ngettext("%(n)s is still wrong.", "%(n)s are still wrong.", wrong) % {"n": wrong}
        messages.warning(request, f"{said} {left}")
    else:
        messages.success(request, said)


@may(IMPORT)
@require_POST
def proposals(request, pk):
    """Put every proposed value into its cell."""
    row = _get(request, pk)

    def act():
        _job, result = intake.take_proposals(batch=row, by=request.user, now=request.now)
        if result is not None:
            _say_mended(request, *result)

    return _then(request, row, act, to="?rows=error#rows")


@may(IMPORT)
@require_POST
def leave(request, pk, row_pk):
    """Leave a wrong row out, or take it in again."""
    row = _get(request, pk)
    line = get_object_or_404(ImportRow.objects.filter(batch=row), pk=row_pk)
    act = intake.put_back if line.outcome == ImportRow.Outcome.LEFT_OUT else intake.leave_out
    shown = "left_out" if act is intake.put_back else "error"
    return _then(
        request,
        row,
        lambda: act(batch=row, row=line, by=request.user, now=request.now),
        to=f"?rows={shown}#rows",
    )


@may(IMPORT)
@require_POST
def errors(request, pk):
    """A workbook of the wrong rows alone with their reasons; mended elsewhere, it comes in like any file."""
    row = _get(request, pk)
    sheet = sheets.SHEETS.get(row.sheet)
    if sheet is None or not row.counts.get("error"):
        raise Http404
    intake.record_download(batch=row, count=row.counts["error"], by=request.user, now=request.now)
    content = workbook.of_errors(row, sheet)
    # Translators: end of a file's name
    errors = _("errors")
    name = f"{row.name.rsplit('.', 1)[0]}-{errors}.xlsx"
    return FileResponse(content, as_attachment=True, filename=name, content_type=XLSX)


@may(IMPORT)
@require_POST
def apply(request, pk):
    """Bring the valid rows in; with `all` only if every row is valid."""
    row = _get(request, pk)
    everything = request.POST.get("all") == "1"
    return _then(
        request, row, lambda: intake.apply(batch=row, all_rows=everything, by=request.user, now=request.now)
    )


@may(IMPORT)
@require_POST
def roll_back(request, pk):
    row = _get(request, pk)
    return _then(request, row, lambda: intake.roll_back(batch=row, by=request.user, now=request.now))


@may(IMPORT)
@require_POST
def next_sheet(request, pk):
    """A further import of the same file, for another of its sheets."""
    row = _get(request, pk)
    try:
        following = intake.same_file(batch=row, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, row, refused=refusal.sentence, status=409)
    return redirect("office:import", following.pk)
