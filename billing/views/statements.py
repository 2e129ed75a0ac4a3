"""Bank statements: brought in, looked at, booked; what nothing fits is worked off line by line (SPEC §6.7)."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.actions import statements
from billing.columns import bank
from billing.forms.bank import FileForm, IgnoreForm
from billing.models import Account, StatementLine
from billing.views.bank import BANK, STALE, _estate, _move, _of, form_page, rows_of, sent
from office import lists, search
from office.access import may
from office.models import SearchKey
from office.money import show
from office.refusals import Refused, Stale

FORM = require_http_methods(["GET", "POST"])
SHOWN = 100
FOUND = 12
TONES = {1: "quiet", 2: "busy", 3: "good"}
S = StatementLine.State


@may(BANK)
@FORM
def statement_list(request):
    moves = [
        _move("work", _("Work off bank lines"), "statement_work", "list-check", "w", "primary"),
        _move("new", _("Bring in a statement"), "statement_new", "file-import", "n"),
    ]
    return lists.render(
        request, bank.LINES, _of(request, StatementLine), template="billing/bank_list.html", actions=moves
    )


@may(BANK)
@FORM
def statement_new(request):
    """Bring in a statement: its lines are kept and matched; nothing is booked."""
    form = FileForm(request.POST or None, request.FILES or None, estate=_estate(request), purpose="statement")

    def page(refused="", status=200):
        return form_page(
            request, form, _("Bring in a statement"), reverse("billing:statements"), submit=_("Bring in"), icon="file-import",
            note=_("Incoming lines are kept and matched with accounts. Nothing is booked before you have looked."),
            refused=refused, status=status,
        )  # fmt: skip

    if not (request.method == "POST" and form.is_valid()):
        return page()

    def act():
        data, rows = rows_of(form.cleaned_data["file"])
        _file, new, other = statements.bring_in(
            layout=form.cleaned_data["layout"], name=form.cleaned_data["file"].name, data=data, rows=rows, by=request.user, now=request.now
        )  # fmt: skip
        messages.success(
            request,
            _("New lines: %(new)s. Rows that are no incoming money: %(other)s.")
            % {"new": new, "other": other},
        )
        return reverse("billing:statement_work")

    return sent(request, form, act, page)


@may(BANK)
@require_GET
def statement_work(request, refusals=(), status=200):
    """Proposals to be booked after a look, and the lines nothing fits."""
    rows = _of(request, StatementLine)
    proposed = (
        rows.filter(state=S.PROPOSED)
        .select_related("account__unit", "account__person", "estate")
        .order_by("-sure", "day", "pk")
    )
    unmatched = rows.filter(state=S.OPEN).select_related("estate").order_by("day", "pk")
    left = proposed.count() + unmatched.count()
    proposed, unmatched = list(proposed[:SHOWN]), list(unmatched[:SHOWN])
    context = {
        "proposed": [_proposal(row) for row in proposed],
        "proposed_total": show(sum((row.amount for row in proposed), Decimal(0))),
        "unmatched": [_shown(row) for row in unmatched],
        "more": left - len(proposed) - len(unmatched),
        "refusals": refusals,
        "moves": [_move("new", _("Bring in a statement"), "statement_new", "file-import", "n")],
    }
    return render(request, "billing/statement_work.html", context, status=status)


def _shown(row):
    return {
        "pk": row.pk, "day": f"{row.day}", "amount": show(row.amount), "payer": row.payer, "text": row.text,
        "href": reverse("billing:statement_line", args=[row.pk]), "label": f"{row.day} {show(row.amount)} {row.payer}",
    }  # fmt: skip


def _proposal(row):
    return _shown(row) | {
        "account": f"{row.account.unit.code} {row.account.person.name}", "owed": show(row.account.owed),
        "sure": row.get_sure_display(), "tone": TONES[row.sure], "why": bank.why_text(row.why),
        "ticked": row.sure == StatementLine.Sure.CERTAIN,
    }  # fmt: skip


@may(BANK)
@require_POST
def statement_book(request):
    """Book the ticked proposals: a few at once, many as long work."""
    estate = _estate(request)
    ids = [int(pk) for pk in request.POST.getlist("line") if pk.isdecimal() and len(pk) < 18]
    done, refused, job = statements.book_many(estate=estate, ids=ids, by=request.user, now=request.now)
    if job is not None:
        return redirect("office:job", job.pk)
    if refused:
        return statement_work_again(request, refused)
    messages.success(request, ngettext("%(n)s line booked.", "%(n)s lines booked.", done) % {"n": done})
    return redirect("billing:statement_work")


def statement_work_again(request, refusals):
    request.method = "GET"
    return statement_work(request, refusals=refusals, status=409)


@may(BANK)
@require_GET
def statement_line(request, pk):
    return _line_page(request, pk)


def _get(request, pk):
    rows = _of(request, StatementLine).select_related(
        "estate", "account__unit", "account__person", "receipt", "file", "by"
    )
    return get_object_or_404(rows, pk=pk)


def _line_page(request, pk, *, refused="", status=200, ignore=None):
    row = _get(request, pk)
    to_do = row.state in (S.OPEN, S.PROPOSED)
    q = request.GET.get("q", "").strip()[:60]
    found = _accounts(row, q) if to_do else []
    typed = {name: value for name, value in request.POST.items() if name.startswith("share-")}
    if typed and not found:
        ids = [int(name.removeprefix("share-")) for name in typed if name.removeprefix("share-").isdecimal()]
        found = list(Account.objects.filter(estate=row.estate, pk__in=ids).select_related("unit", "person"))
    moves = []
    if row.state == S.IGNORED:
        moves = [{"verb": "take-up", "label": _("Take it up again"), "url": reverse("billing:statement_take_up", args=[row.pk]), "icon": "arrow-back-up", "post": True}]  # fmt: skip
    context = {
        "title": _("%(amount)s on %(day)s") % {"amount": show(row.amount, row.estate.currency), "day": row.day},
        "line": row, "facts": _facts(row), "to_do": to_do, "q": q, "refused": refused, "moves": moves,
        "proposed": row.state == S.PROPOSED,
        "accounts": [
            {
                "pk": one.pk, "label": f"{one.unit.code} {one.person.name}", "owed": show(one.owed), "prepaid": show(one.prepaid),
                "share": typed.get(f"share-{one.pk}", f"{row.amount}" if one.pk == row.account_id or len(found) == 1 else ""),
            }
            for one in found
        ],
        "ignore": ignore or IgnoreForm(version=row.version),
    }  # fmt: skip
    return render(request, "billing/statement_line.html", context, status=status)


def _facts(row):
    account = f"{row.account.unit.code} {row.account.person.name}" if row.account else ""
    return [
        (_("State"), row.get_state_display()),
        (_("Payer"), " ".join(filter(None, [row.payer, f"•••• {row.payer_tail}" if row.payer_tail else ""]))),
        (_("Text"), row.text),
        (_("Reference"), row.reference),
        (_("File"), row.file.name, reverse("billing:bank_file", args=[row.file_id])),
        (_("Account"), account),
        (
            _("How sure"),
            " · ".join(filter(None, [row.get_sure_display() if row.sure else "", bank.why_text(row.why)])),
        ),
        (_("Receipt"), row.receipt.number if row.receipt else ""),
        (_("Reason"), row.reason),
    ]


def _accounts(row, q):
    """Accounts by unit code or debtor's name; without words the one that is proposed."""
    rows = Account.objects.filter(estate=row.estate).select_related("unit", "person")
    if not q:
        return list(rows.filter(pk=row.account_id)) if row.account_id else []
    keys = SearchKey.objects.filter(estate=row.estate)
    units = keys.filter(subject_kind="unit", kind="code", key="-".join(search.code_parts(q))).values(
        "subject_id"
    )
    match = Q(unit_id__in=units) | Q(person__name__icontains=q) | Q(unit__code__istartswith=q)
    return list(rows.filter(match).order_by("-owed", "pk")[:FOUND])


@may(BANK)
@require_POST
def statement_assign(request, pk):
    """Book a line on the accounts that were typed."""
    row = _get(request, pk)
    shares = []
    for name, value in request.POST.items():
        account = name.removeprefix("share-")
        if not name.startswith("share-") or not account.isdecimal() or len(account) > 17 or not value.strip():
            continue
        try:
            amount = Decimal(value.strip().replace(",", ""))
        except InvalidOperation:
            return _line_page(
                request, pk, refused=_("“%(said)s” is no amount.") % {"said": value[:20]}, status=422
            )
        shares.append((int(account), amount))
    try:
        receipt = statements.assign(
            line=row, shares=shares, by=request.user, now=request.now, remember=request.POST.get("remember") == "1",
            version=_version(request),
        )  # fmt: skip
    except Refused as refusal:
        return _line_page(request, pk, refused=str(refusal.sentence), status=409)
    except Stale:
        return _line_page(request, pk, refused=str(STALE), status=409)
    messages.success(request, _("Booked with receipt %(number)s.") % {"number": receipt.number})
    following = _of(request, StatementLine, state=S.OPEN).order_by("day", "pk").first()
    return (
        redirect("billing:statement_line", following.pk) if following else redirect("billing:statement_work")
    )


def _version(request):
    said = request.POST.get("version", "")
    return int(said) if said.isdecimal() and len(said) < 10 else None


@may(BANK)
@require_POST
def statement_ignore(request, pk):
    row = _get(request, pk)
    form = IgnoreForm(request.POST, version=row.version)
    if not form.is_valid():
        return _line_page(request, pk, ignore=form, status=422)
    try:
        statements.ignore(
            line=row,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=request.now,
            version=_version(request),
        )
    except Refused as refusal:
        return _line_page(request, pk, refused=str(refusal.sentence), status=409)
    except Stale:
        return _line_page(request, pk, refused=str(STALE), status=409)
    return redirect("billing:statement_work")


@may(BANK)
@require_POST
def statement_take_up(request, pk):
    row = _get(request, pk)
    try:
        statements.take_up(line=row, by=request.user, now=request.now)
    except Stale:
        return _line_page(request, pk, refused=str(STALE), status=409)
    return redirect("billing:statement_line", row.pk)
