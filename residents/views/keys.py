"""Keys the office holds: the list, one key with its journeys, out, back, lost."""

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, lists
from office.access import may
from office.models import Event, File, Staff
from office.views.session import enter
from residents import actions, columns, rules
from residents.forms import BackForm, CardMoveForm, KeyForm, LendForm, ReasonForm
from residents.models import Key, KeyLoan
from residents.views import answers
from residents.views.vehicles import asked_unit, household, people_of

READ, WRITE = "gate.read", "gate.keys"
FORM = require_http_methods(["GET", "POST"])
JOURNEYS = 30


def _url(key):
    return reverse("residents:key", args=[key.pk])


def _get(request, pk, permission):
    rows = Key.objects.visible_to(request.user, permission).select_related("unit", "estate")
    return get_object_or_404(rows, pk=pk)


@may(READ)
@FORM
def keys(request):
    out = KeyLoan.objects.filter(key=OuterRef("pk"), in_at__isnull=True).order_by("-out_at")
    holder = Coalesce("person__name", "staff__name", "contractor")
    rows = answers.of_estate(request, Key, READ).annotate(
        holder=Subquery(out.annotate(who=holder).values("who")[:1]),
        out_at=Subquery(out.values("out_at")[:1]),
        due_at=Subquery(out.values("due_at")[:1]),
    )
    register = {
        "verb": "print",
        "label": _("Key register"),
        "url": reverse("residents:keys_pdf"),
        "icon": "printer",
    }
    moves = [register]
    if request.user.may(WRITE):
        new = {"verb": "new", "label": _("Key into keeping"), "url": reverse("residents:key_new"), "icon": "plus",
               "key": "n", "style": "primary"}  # fmt: skip
        moves.append(new)
    return lists.render(request, columns.KEYS, rows, actions=moves)


@may(READ)
@require_GET
def keys_pdf(request):
    """鑰匙登記表: every key the office holds, where it is, and room to sign."""
    from residents import printouts  # here: WeasyPrint takes a second to load, and few requests print

    if request.estate is None:
        raise Http404
    rows = answers.of_estate(request, Key, READ).filter(ended_on__isnull=True).select_related("unit")
    return answers.paper(printouts.key_register(rows, estate=request.estate, now=request.now))


@may(WRITE)
@FORM
def key_new(request):
    estate, unit = asked_unit(request, WRITE)
    today = clocks.local_date(request.now, estate.zone)

    def act(form):
        return _url(actions.take_key(estate=estate, by=request.user, now=request.now, **form.values))

    form = KeyForm(
        answers.posted(request), estate=estate, today=today, initial={"unit": unit, "received_on": today}
    )
    return answers.handle(
        request, _("Key into keeping"), form, household(unit.pk) if unit else reverse("residents:keys"), act
    )


@may(READ)
@require_GET
def key(request, pk):
    row = _get(request, pk, READ)
    enter(request, row.estate)
    loans = list(row.loans.select_related("person", "staff", "out_by", "in_by")[:JOURNEYS])
    drawn: dict = {}
    for file in File.objects.filter(
        subject_kind=KeyLoan.SUBJECT, subject_id__in=[loan.pk for loan in loans], removed_at__isnull=True
    ).order_by("pk"):
        drawn[file.subject_id, file.kind] = reverse("office:file", args=[file.pk])
    moves = []
    for verb, move in rules.KEY_MOVES.items():
        if not rules.why_not(rules.KEY_MOVES, verb, row, request.user):
            url = reverse(f"residents:key_{verb}", args=[row.pk])
            style = "primary" if verb in ("lend", "take_back") else ""
            moves.append(
                {
                    "verb": verb,
                    "label": move.label,
                    "url": url,
                    "icon": move.icon,
                    "key": move.key,
                    "style": style,
                }
            )
    place = (_("Unit"), row.unit.code, household(row.unit_id)) if row.unit else (_("Room"), row.room)
    late = any(loan.is_open and loan.due_at <= request.now for loan in loans)
    state = (_("overdue"), "late") if late else (row.get_state_display(), columns.KEY_TONES[row.state])
    context = {
        "title": _("Key %(tag)s") % {"tag": row.tag}, "moves": moves,
        "state": state,
        "facts": [
            place, *([(_("Room"), row.room)] if row.unit and row.room else []), (_("Keys on the ring"), str(row.count)),
            (_("Held since"), lists.day(row.received_on)),
            *([(_("Held until"), lists.day(row.ended_on))] if row.ended_on else []), (_("Remark"), row.remark),
        ],
        "loans": [_journey(loan, drawn, request.now) for loan in loans],
        "back": (_("Keys"), reverse("residents:keys")),
        "events": answers.timeline(Event.objects.filter(subject_kind=row.SUBJECT, subject_id=row.pk)),
    }  # fmt: skip
    return render(request, "residents/key.html", context)


def _journey(loan, drawn, now):
    state, tone = _("back"), "quiet"
    if loan.in_at is None:
        late = loan.due_at <= now
        state, tone = (
            (_("lost"), "late") if loan.lost_at else (_("overdue"), "late") if late else (_("out"), "busy")
        )
    return {
        "holder": loan.holder, "purpose": loan.purpose, "out_at": lists.stamp(loan.out_at), "due_at": lists.stamp(loan.due_at),
        "in_at": lists.stamp(loan.in_at) if loan.in_at else "", "state": state, "tone": tone, "signed_by": loan.signed_by,
        "lost": f"{lists.stamp(loan.lost_at)} {loan.lost_reason}" if loan.lost_at else "",
        "by": loan.out_by.local_name, "in_by": loan.in_by.local_name if loan.in_by else "",
        "signature": drawn.get((loan.pk, "signature_out"), ""), "signature_in": drawn.get((loan.pk, "signature_in"), ""),
    }  # fmt: skip


@may(WRITE)
@FORM
def key_lend(request, pk):
    row = _get(request, pk, WRITE)
    zone = row.estate.zone

    def act(form):
        actions.lend_key(
            key=row, version=form.cleaned_data["version"], by=request.user, now=request.now, **form.values
        )
        messages.success(request, _("Key %(tag)s is out.") % {"tag": row.tag})
        return _url(row)

    local = request.now.astimezone(zone)
    closes = datetime.combine(local.date(), row.estate.closes_at or time(17, 30), tzinfo=zone)
    due = closes if closes > request.now + timedelta(hours=1) else closes + timedelta(days=1)
    colleagues = Staff.objects.filter(postings__estate=row.estate, is_active=True).distinct().order_by("name")
    form = LendForm(
        answers.posted(request), people=people_of(request, row.estate, WRITE), colleagues=colleagues, now=request.now,
        version=row.version, initial={"due_at": due},
    )  # fmt: skip
    title = _("Key %(tag)s goes out") % {"tag": row.tag}
    return answers.handle(request, title, form, _url(row), act, submit=_("Give out"))


@may(WRITE)
@FORM
def key_take_back(request, pk):
    row = _get(request, pk, WRITE)

    def act(form):
        values = form.cleaned_data
        actions.take_key_back(
            key=row,
            signature=values["signature"],
            version=values["version"],
            by=request.user,
            now=request.now,
        )
        messages.success(request, _("Key %(tag)s is back.") % {"tag": row.tag})
        return _url(row)

    form = BackForm(answers.posted(request), version=row.version)
    return answers.handle(
        request,
        _("Key %(tag)s comes back") % {"tag": row.tag},
        form,
        _url(row),
        act,
        submit=pgettext("key", "Back"),
    )


@may(WRITE)
@FORM
def key_lose(request, pk):
    row = _get(request, pk, WRITE)

    def act(form):
        values = form.cleaned_data
        actions.lose_key(
            key=row, reason=values["reason"], version=values["version"], by=request.user, now=request.now
        )
        messages.success(request, _("Recorded; the supervisor knows."))
        return _url(row)

    form = ReasonForm(answers.posted(request), version=row.version)
    return answers.handle(
        request,
        _("Key %(tag)s is lost") % {"tag": row.tag},
        form,
        _url(row),
        act,
        submit=pgettext("key", "Lost"),
    )


@may(WRITE)
@FORM
def key_give_back(request, pk):
    row = _get(request, pk, WRITE)

    def act(form):
        actions.give_key_back(key=row, version=form.cleaned_data["version"], by=request.user, now=request.now)
        return _url(row)

    form = CardMoveForm(answers.posted(request), version=row.version)
    del form.fields["reason"]
    title = _("Key %(tag)s goes back to its owner for good") % {"tag": row.tag}
    return answers.handle(request, title, form, _url(row), act, submit=_("Give back for good"))
