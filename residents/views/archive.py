"""戶檔案: what a household's archive must hold, what it holds, who opened it; filing, saying what a file is."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import accesslog, clocks, files, formkeys, lists, promises
from office.access import may
from office.models import File, Unit
from office.refusals import Refused
from residents import actions, papers
from residents import archive as rules
from residents.forms.archive import FileForm, KindForm
from residents.models import DocumentKind, Person
from residents.reports import archive as reports
from residents.views.answers import EDIT, READ


def _unit(request, pk, permission=READ):
    rows = Unit.objects.visible_to(request.user, permission).select_related("estate", "building", "section")
    return get_object_or_404(rows, pk=pk)


def _kinds(estate_id):
    return DocumentKind.objects.filter(estate_id=estate_id, is_active=True).order_by("position", "code")


def _held(request, unit):
    return reports.archive_of(unit, request.user, clocks.local_date(request.now, unit.estate.zone))


def _rows(request, unit, held):
    """The files of the page's list, with what its columns say."""
    ids = {one.person_id for one in held.people}
    return papers.with_names(rules.files_of(unit, request.user, ids), unit)


@may(READ)
@require_http_methods(["GET", "POST"])
def archive(request, pk):
    unit = _unit(request, pk)
    return _page(request, unit)


def _page(request, unit, form=None, status=200):
    held = _held(request, unit)
    edits = request.user.may(EDIT, unit.estate_id)
    if form is None and edits:
        initial = {"kind": request.GET.get("kind"), "person": request.GET.get("person")}
        asked = {name: value for name, value in initial.items() if (value or "").isdecimal()}
        form = FileForm(kinds=_kinds(unit.estate_id), people=held.people, initial=asked)
    context = {
        "unit": unit,
        "held": held,
        "needs": [_need(need, unit, edits) for need in held.needs],
        "missing": len(held.missing),
        "form": form if edits else None,
        "add_url": reverse("residents:archive_add", args=[unit.pk]),
        "pdf_url": reverse("residents:archive_pdf", args=[unit.pk]),
    }
    declared = papers.listed_for(reports.may_see_openings(request.user, unit.estate_id))
    request.GET = _without(request.GET, "kind", "person") if request.method == "GET" else request.GET
    response = lists.render(
        request, declared, _rows(request, unit, held), template="residents/archive.html", extra_context=context,
        title=_("Archive of %(unit)s") % {"unit": unit.code},
    )  # fmt: skip
    response.status_code = status if status != 200 else response.status_code
    return response


def _without(query, *names):
    """The list's own query: what the form above it is filled in with is no filter."""
    rest = query.copy()
    for name in names:
        rest.pop(name, None)
    return rest


def _need(need, unit, edits):
    whose = f"&person={need.of.person_id}" if need.of else ""
    add = f"{reverse('residents:archive', args=[unit.pk])}?kind={need.kind.pk}{whose}#file-form"
    return {
        "name": need.kind.local_name,
        "of": need.of.person.local_name if need.of else "",
        "why": need.kind.get_needed_display(),
        "files": [(file.name, reverse("residents:archive_file", args=[file.pk])) for file in need.files],
        "add_url": add if edits and need.is_missing else "",
    }


@may(EDIT)
@require_POST
def archive_add(request, pk):
    unit = _unit(request, pk, EDIT)
    held = _held(request, unit)
    form = FileForm(request.POST, kinds=_kinds(unit.estate_id), people=held.people)
    if not form.is_valid():
        return _page(request, unit, form, status=422)
    values, back = form.cleaned_data, reverse("residents:archive", args=[unit.pk])

    def act():
        actions.file_document(
            unit=unit, kind=values["kind"], person=form.people.get(values["person"]), file_ids=values["file_ids"],
            by=request.user, now=request.now,
        )  # fmt: skip
        return back

    try:
        address = formkeys.once(form.data.get("form_key"), request.user, request.now, act)[0]
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, unit, form, status=409)
    messages.success(request, _("Filed."))
    return redirect(address)


@may(READ)
@require_GET
def archive_pdf(request, pk):
    """戶檔案目錄: the list of what is filed, and what is missing. Who printed it is logged."""
    from office import printing
    from residents import printouts  # here: the press is slow to load

    unit = _unit(request, pk)
    held = _held(request, unit)
    rows = list(_rows(request, unit, held).order_by("uploaded_at", "pk").values(*papers.ARCHIVE.fields))
    accesslog.log(
        what=accesslog.EXPORT, by=request.user, now=request.now, estate_id=unit.estate_id, subject_kind="unit",
        subject_id=unit.pk, detail={"list": "archive", "count": len(rows), "as": "pdf"},
    )  # fmt: skip
    drawn = printouts.archive_list(unit, held, rows, now=request.now)
    response = HttpResponse(printing.pdf(drawn), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{drawn.filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _file(request, pk, permission=READ):
    row = get_object_or_404(File.objects.visible_to(request.user, permission), pk=pk, removed_at__isnull=True)
    # Listed for who may read its record; whether it opens is asked when it is opened.
    can_read = files.SUBJECTS.get(row.subject_kind)
    if row.subject_id is None or can_read is None or not can_read(request.user, row.subject_id):
        raise Http404
    return row


@may(READ)
@require_http_methods(["GET", "POST"])
def archive_file(request, pk):
    row = _file(request, pk)
    kind = DocumentKind.objects.filter(estate_id=row.estate_id, code=row.kind).first()
    edits = request.user.may(EDIT, row.estate_id)
    form = KindForm(request.POST or None, kinds=_kinds(row.estate_id), initial={"kind": kind})
    status = 200
    if request.method == "POST":
        if not edits:
            raise PermissionDenied
        if form.is_valid():
            try:
                actions.set_document_kind(
                    file=row, kind=form.cleaned_data["kind"], by=request.user, now=request.now
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved."))
                return redirect("residents:archive_file", pk)
        else:
            status = 422
    return render(
        request, "residents/archive_file.html", _file_context(request, row, kind, form, edits), status=status
    )


def _file_context(request, row, kind, form, edits):
    unit = Unit.objects.visible_to(request.user, READ).filter(pk=row.unit_id).first() if row.unit_id else None
    person = Person.objects.filter(pk=row.subject_id).first() if row.subject_kind == rules.PERSON else None
    left = reports.left_on(unit, [person.pk]).get(person.pk) if unit and person else None
    zone = row.estate.zone
    find = promises.SUBJECTS.get(row.subject_kind)
    opens = rules.may_open(request.user, row)
    facts = [
        (_("Document"), kind.local_name if kind else _("not said")),
        (_("Whose"), person.local_name if person else (unit.code if unit else "")),
        (_("Filed"), lists.stamp(row.uploaded_at)),
        (_("Filed by"), row.uploaded_by.local_name if row.uploaded_by else ""),
        (_("Size"), papers.size_text(row.size)),
        (
            _("Kept until"),
            papers.kept_text(
                kind,
                kind and kind.keep_years,
                row.uploaded_at.astimezone(zone).date(),
                left,
                person is not None,
            ),
        ),
    ]
    sees = reports.may_see_openings(request.user, row.estate_id)
    return {
        "file": row,
        "unit": unit,
        "facts": [(label, text) for label, text in facts if text],
        "record_url": find(row.subject_id) if find else "",
        "open_url": reverse("office:file", args=[row.pk]) if opens else "",
        "form": form if edits else None,
        "may_remove": edits and row.subject_kind in (rules.UNIT, rules.PERSON),
        "sees_openings": sees,
        "openings": [(lists.stamp(at), who) for at, who in reports.openings(row, request.user)],
    }


@may(EDIT)
@require_POST
def archive_remove(request, pk):
    row = _file(request, pk, EDIT)
    try:
        actions.remove_document(file=row, by=request.user, now=request.now)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("residents:archive_file", pk)
    messages.success(request, _("Taken off the archive. The file itself is kept."))
    return redirect("residents:archive", row.unit_id) if row.unit_id else redirect("residents:units")
