"""Mandates and files to and from the bank, their layouts, and the list for the tax system (SPEC §6.7)."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import bank_layouts, mandates
from billing.columns import bank
from billing.forms.bank import AskForm, EndForm, FileForm, LayoutForm, MandateForm
from billing.models import BankFile, Draft, Entry, Layout, Mandate
from billing.rules import bank_files
from office import clocks, formkeys, identity, lists, workbooks
from office.access import may
from office.files import XLSX
from office.imports import reading
from office.money import show
from office.refusals import Refused, Stale
from office.workbooks.parent import ENDINGS

BANK = "billing.bank"
FORM = require_http_methods(["GET", "POST"])
STALE = gettext_lazy("Somebody has changed this in the meantime. Look at it again.")


def _of(request, model, **wanted):
    rows = model.objects.visible_to(request.user, BANK)
    if request.estate is not None:
        rows = rows.filter(estate=request.estate)
    return rows.filter(**wanted)


def _estate(request):
    if request.estate is None or not request.user.may(BANK, request.estate.pk):
        raise Http404
    return request.estate


def _move(verb, label, name, icon, key="", style="", **more):
    return {
        "verb": verb,
        "label": label,
        "url": reverse(f"billing:{name}"),
        "icon": icon,
        "key": key,
        "style": style,
        **more,
    }


def form_page(
    request, form, title, back, *, submit=None, icon="check", note="", refused="", preview=None, status=200
):
    context = {
        "form": form, "title": title, "back": back, "submit": submit or _("Save"), "icon": icon, "note": note,
        "refused": refused, "preview": preview,
    }  # fmt: skip
    status = 422 if status == 200 and form.is_bound and not form.is_valid() else status
    return render(request, "billing/bank_form.html", context, status=status)


def sent(request, form, act, page):
    """Run an action once for the form that was sent; refused: the page again with the sentence."""
    try:
        address, _first = formkeys.once(form.cleaned_data.get("form_key"), request.user, request.now, act)
    except Refused as refusal:
        return page(str(refusal.sentence), 409)
    except Stale:
        return page(str(STALE), 409)
    return redirect(address)


def rows_of(file):
    """(bytes, rows) of the first sheet of a file that came in; Refused when it is no table."""
    data = file.read(workbooks.MAX_FILE + 1)
    file.seek(0)
    reading.check(data, file.name or "")
    with tempfile.TemporaryDirectory() as folder:
        ending = Path(file.name or "").suffix.lower()
        path = Path(folder) / f"bank{ending if ending in ENDINGS else '.csv'}"
        path.write_bytes(data)
        try:
            found = workbooks.read(path)
        except workbooks.Unreadable as problem:
            raise Refused(reading.sentence(problem, file.name)) from problem
    return data, next((sheet.rows for sheet in found if sheet.rows), [])


# --- mandates ------------------------------------------------------------------------------------------------


@may(BANK)
@FORM
def mandate_list(request):
    moves = [
        _move("new", _("Enter a mandate"), "mandate_new", "plus", "n", "primary"),
        _move("ask", _("Ask the bank"), "mandate_ask", "send", "s"),
        _move("results", _("Bring in the bank’s answer"), "mandate_results", "file-import", "b"),
        _move("files", _("Bank files"), "bank_files", "list"),
        _move("layouts", _("Layouts"), "layouts", "settings"),
    ]
    return lists.render(
        request, bank.MANDATES, _of(request, Mandate), template="billing/bank_list.html", actions=moves
    )


@may(BANK)
@FORM
def mandate_new(request):
    estate, back = _estate(request), reverse("billing:mandates")
    form = MandateForm(
        request.POST or None, estate=estate, initial={"since": clocks.local_date(request.now, estate.zone)}
    )

    def page(refused="", status=200):
        return form_page(request, form, _("Enter a mandate"), back, refused=refused, status=status)

    if not (request.method == "POST" and form.is_valid()):
        return page()
    data = form.cleaned_data
    names = ("account", "bank", "number", "holder", "since", "until", "reference", "evidence")

    def act():
        row = mandates.sign(**{name: data[name] for name in names}, by=request.user, now=request.now)
        return reverse("billing:mandate", args=[row.pk])

    return sent(request, form, act, page)


@may(BANK)
@FORM
def mandate(request, pk):
    """A mandate: its facts, and its end."""
    row = get_object_or_404(_of(request, Mandate).select_related("account__unit", "account__person"), pk=pk)
    form = EndForm(request.POST or None, version=row.version)
    facts = _("%(unit)s %(debtor)s · %(bank)s %(number)s · since %(since)s") % {
        "unit": row.account.unit.code, "debtor": row.account.person.name, "bank": row.bank,
        "number": identity.mask("", row.number_tail), "since": row.period.lower,
    }  # fmt: skip

    def page(refused="", status=200):
        return form_page(
            request,
            form,
            _("Bank mandate"),
            reverse("billing:mandates"),
            submit=_("End it"),
            note=facts,
            refused=refused,
            status=status,
        )

    if not (request.method == "POST" and form.is_valid()):
        return page()

    def act():
        mandates.end(
            mandate=row, last_day=form.cleaned_data["last_day"], by=request.user, now=request.now,
            version=form.cleaned_data.get("version"),
        )  # fmt: skip
        return reverse("billing:mandates")

    return sent(request, form, act, page)


# --- files ---------------------------------------------------------------------------------------------------


@may(BANK)
@FORM
def file_list(request):
    moves = [
        _move("ask", _("Ask the bank"), "mandate_ask", "send", "n", "primary"),
        _move("results", _("Bring in the bank’s answer"), "mandate_results", "file-import", "b"),
    ]
    return lists.render(
        request, bank.FILES, _of(request, BankFile), template="billing/bank_list.html", actions=moves
    )


@may(BANK)
@FORM
def draft_list(request):
    return lists.render(request, bank.DRAFTS, _of(request, Draft), template="billing/bank_list.html")


@may(BANK)
@FORM
def mandate_ask(request):
    """Ask the bank for what is due: a file with one line an account, to be taken out from its page."""
    estate = _estate(request)
    today = clocks.local_date(request.now, estate.zone)
    form = AskForm(request.POST or None, estate=estate, initial={"due_through": today})

    def page(refused="", status=200):
        return form_page(request, form, _("Ask the bank for what is due"), reverse("billing:mandates"), submit=_("Make the file"), icon="send", refused=refused, status=status)  # fmt: skip

    if not (request.method == "POST" and form.is_valid()):
        return page()

    def act():
        file = mandates.ask(layout=form.cleaned_data["layout"], due_through=form.cleaned_data["due_through"], by=request.user, now=request.now)  # fmt: skip
        return reverse("billing:bank_file", args=[file.pk])

    return sent(request, form, act, page)


@may(BANK)
@FORM
def mandate_results(request):
    """Bring in what the bank answered: paid lines get their receipt, the others keep why not."""
    estate = _estate(request)
    form = FileForm(request.POST or None, request.FILES or None, estate=estate, purpose="results")

    def page(refused="", status=200):
        return form_page(request, form, _("Bring in the bank’s answer"), reverse("billing:mandates"), submit=_("Bring in"), icon="file-import", refused=refused, status=status)  # fmt: skip

    if not (request.method == "POST" and form.is_valid()):
        return page()

    def act():
        data, rows = rows_of(form.cleaned_data["file"])
        file, paid, failed, unmatched = mandates.results(
            layout=form.cleaned_data["layout"], name=form.cleaned_data["file"].name, data=data, rows=rows, by=request.user, now=request.now
        )  # fmt: skip
        messages.success(request, _("Paid: %(paid)s, not paid: %(failed)s, unknown: %(unmatched)s.") % {"paid": paid, "failed": failed, "unmatched": unmatched})  # fmt: skip
        return reverse("billing:bank_file", args=[file.pk])

    return sent(request, form, act, page)


@may(BANK)
@require_GET
def bank_file(request, pk):
    row = get_object_or_404(_of(request, BankFile).select_related("layout", "by"), pk=pk)
    lines, moves = "", []
    if row.purpose == Layout.Purpose.STATEMENT:
        lines = f"{reverse('billing:statements')}?file={row.pk}"
    elif row.purpose == Layout.Purpose.OUT:
        lines = f"{reverse('billing:drafts')}?file={row.pk}"
        moves = [{"verb": "download", "label": _("Take the file out"), "url": reverse("billing:bank_file_out", args=[row.pk]), "icon": "download", "post": True, "style": "primary", "key": "d"}]  # fmt: skip
    facts = [
        (_("Kind"), row.get_purpose_display()),
        (_("Layout"), row.layout.name),
        (_("Day"), f"{row.day}"),
        (_("Lines"), str(row.count), lines),
        (_("Amount"), show(row.total, row.estate.currency)),
        (_("By"), row.by.local_name),
    ]
    return render(request, "billing/bank_file.html", {"file": row, "facts": facts, "moves": moves})


@may(BANK)
@require_POST
def bank_file_out(request, pk):
    """The bytes for the bank; who took the account numbers out is logged."""
    row = get_object_or_404(_of(request, BankFile, purpose="out").select_related("layout", "estate"), pk=pk)
    table = bank_files.table(row.layout, mandates.lines_of(file=row, by=request.user, now=request.now))
    if row.layout.form == Layout.Form.XLSX:
        answer = HttpResponse(bank_files.as_xlsx(table), content_type=XLSX)
    else:
        answer = HttpResponse(
            bank_files.as_csv(row.layout, table), content_type=f"text/csv; charset={row.layout.encoding}"
        )
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.name}"'
    return answer


# --- layouts -------------------------------------------------------------------------------------------------


@may(BANK)
@FORM
def layout_list(request):
    moves = [_move("new", _("Enter a layout"), "layout_new", "plus", "n", "primary")]
    return lists.render(
        request, bank.LAYOUTS, _of(request, Layout), template="billing/bank_list.html", actions=moves
    )


@may(BANK)
@FORM
def layout_new(request):
    return _layout(request, Layout(estate=_estate(request)))


@may(BANK)
@FORM
def layout(request, pk):
    """A layout; a sample file shows how it would be read, before it is saved."""
    return _layout(request, get_object_or_404(_of(request, Layout), pk=pk))


def _layout(request, row):
    form = LayoutForm(
        request.POST or None, request.FILES or None, instance=row, version=row.version if row.pk else None
    )

    def page(refused="", status=200):
        title = row.name if row.pk else _("Enter a layout")
        return form_page(request, form, title, reverse("billing:layouts"), refused=refused, status=status)

    if not (request.method == "POST" and form.is_valid()):
        return page()
    values = {name: form.cleaned_data[name] for name in (*LayoutForm.Meta.fields, "columns")}
    if sample := form.cleaned_data.get("sample"):
        return _preview(request, form, row, values, sample)
    try:
        bank_layouts.save(
            layout=Layout.objects.get(pk=row.pk) if row.pk else None, estate=row.estate, values=values, by=request.user,
            now=request.now, version=form.cleaned_data.get("version"),
        )  # fmt: skip
    except Refused as refusal:
        return page(str(refusal.sentence), 409)
    except Stale:
        return page(str(STALE), 409)
    return redirect("billing:layouts")


def _preview(request, form, row, values, sample):
    """The first rows of a sample as the layout reads them; nothing is saved."""
    tried = Layout(estate=row.estate, **values)
    try:
        _data, rows = rows_of(sample)
    except Refused as refusal:
        return form_page(request, form, row.name or _("Enter a layout"), reverse("billing:layouts"), refused=str(refusal.sentence), status=409)  # fmt: skip
    heads = list(tried.columns)
    shown = []
    for number, cells in enumerate(rows[: tried.header_rows + 8], start=1):
        if number <= tried.header_rows:
            continue
        said = bank_files.cells(tried, cells)
        try:
            if said.get("day"):
                said["day"] = bank_files.day_of(said["day"], tried, number)
            for name in ("amount", "income"):
                if name in said:
                    said[name] = show(bank_files.amount_of(said[name], tried, number))
        except bank_files.BadCell as bad:
            said = {heads[0]: str(bad)}
        shown.append([str(said.get(name, "")) for name in heads])
    preview = {"heads": [str(bank_files.LABELS[name]) for name in heads], "rows": shown}
    note = _("This is how the sample would be read. Nothing is saved yet: save without a sample file.")
    return form_page(
        request, form, row.name or _("Enter a layout"), reverse("billing:layouts"), preview=preview, note=note
    )


# --- for the tax system --------------------------------------------------------------------------------------


@may(BANK)
@FORM
def tax_list(request):
    """What an invoicing system needs to write invoices: income that was paid, by receipt and item."""
    return lists.render(
        request, bank.TAX, bank.tax_rows(_of(request, Entry)), template="billing/bank_list.html"
    )
