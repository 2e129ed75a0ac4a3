"""The board: what the office owes, and handing it over (SPEC §1; UX G9)."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import board as declared
from office import formkeys, jobs, lists, promises
from office.access import may
from office.actions import handing
from office.forms import Choose, Form
from office.models import Promise, Staff

AT_ONCE = 50  # promises handed over while one waits; more are a Job
MOST = 20_000  # of one hand-over
SHOWN = 100  # rows of a preview


def _kept(request):
    """The filter without the place in the list."""
    query = request.GET.copy()
    for name in ("order", "after", "before"):
        query.pop(name, None)
    return query


@may(declared.READ)
@require_http_methods(["GET", "POST"])
def board(request):
    if request.estate is None:
        raise Http404
    bulk, actions = (
        [],
        [
            {
                "verb": "print",
                "label": _("Morning sheet"),
                "url": f"{reverse('office:morning_pdf')}?{_kept(request).urlencode()}",
                "icon": "printer",
                "key": "p",
            }
        ],
    )
    if request.user.may("office.rates"):
        actions.append(
            {"verb": "rates", "label": _("Kept and on time"), "url": reverse("office:rates"), "icon": "gauge"}
        )
    if request.user.may(handing.PERMISSION) and declared.shows_open(request):
        bulk.append(
            {
                "verb": "hand_over",
                "label": _("Hand over …"),
                "url": reverse("office:board_hand_over"),
                "icon": "users",
                "key": "h",
            }
        )
        bulk.append(
            {
                "verb": "see",
                "label": _("Seen, I take care"),
                "url": reverse("office:see_many"),
                "icon": "check",
                "key": "v",
            }
        )
    return lists.render(
        request,
        declared.declared(request),
        declared.rows(request),
        template="office/board.html",
        tabs=declared.tabs(request),
        bulk=bulk,
        actions=actions,
    )


@may(declared.READ)
@require_GET
def morning_pdf(request):
    """晨會清單: what the board shows, a page for each department; of open promises those late or due today."""
    from office import morning, printing  # here: few requests print

    if request.estate is None:
        raise Http404
    query = request.GET.copy()
    about = ""
    if not query.get("outcome"):
        about = "due"
    reading = lists.read(request, declared.declared(request), declared.rows(request), query)
    if not reading.is_valid or reading.unknown:
        raise Http404
    rows = reading.rows
    with translation.override(request.estate.language):
        if about:
            rows = rows.filter(declared.until_tonight(request, reading))
            said = _("Overdue and due today")
        else:
            said = str(dict(declared.OUTCOMES)[query["outcome"]] if query["outcome"] != "open" else _("open"))
    found = list(rows.select_related("estate", "owner").order_by("due_at", "pk")[: morning.MOST + 1])
    left = rows.count() - morning.MOST if len(found) > morning.MOST else 0
    sheet = morning.morning(
        found[: morning.MOST], estate=request.estate, now=request.now, about=said, left=left
    )
    return printing.answer(sheet)


class HandOverForm(Form):
    """Who gets it, and why; the chosen promises ride along as one field."""

    keyed = True
    ids = forms.CharField(widget=forms.HiddenInput, max_length=MOST * 20)
    to = forms.ModelChoiceField(
        Staff.objects.none(), label=gettext_lazy("New owner"), empty_label="", widget=Choose
    )
    reason = forms.CharField(
        label=pgettext_lazy("of a hand-over", "Reason"),
        max_length=300,
        widget=forms.Textarea({"rows": 2, "maxlength": 300}),
    )

    def __init__(self, *args, staff, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = staff


def _may_hand_over(request):
    return Promise.objects.visible_to(request.user, handing.PERMISSION)


@may(handing.PERMISSION)
@require_http_methods(["GET", "POST"])
def hand_over(request, pk):
    """One promise, and the matter it belongs to."""
    promise = get_object_or_404(_may_hand_over(request), pk=pk)
    page = declared.matter_url(request.user, promise.subject_kind, promise.subject_id, promise.estate_id)
    return _hand_over(request, [promise.pk], page or reverse("office:board"))


@may(handing.PERMISSION)
@require_POST
def hand_over_many(request):
    """First the preview of what would happen, then the hand-over; what is refused is listed with its reason."""
    if "ids" in request.POST:
        ids = [int(one) for one in request.POST["ids"].split(",") if one.isdecimal() and len(one) < 19]
    else:
        chosen = lists.chosen(request, declared.declared(request), declared.rows(request)).order_by()
        ids = list(chosen.filter(closed_at__isnull=True).values_list("pk", flat=True)[: MOST + 1])
    if not ids:
        messages.warning(request, _("No open promise was chosen."))
        return redirect("office:board")
    return _hand_over(request, ids, reverse("office:board"))


def _hand_over(request, ids, back):
    if already := formkeys.known(request.POST.get("form_key"), request.user):
        messages.info(request, _("This was saved already; here it is."))
        return redirect(already)
    too_many, ids = len(ids) > MOST, ids[:MOST]
    rows = list(
        _may_hand_over(request)
        .filter(pk__in=ids)
        .select_related("estate", "owner", "unit")
        .order_by("due_at", "pk")
    )
    if not rows:
        raise Http404
    go = request.method == "POST" and "go" in request.POST
    estates = {row.estate_id for row in rows}
    colleagues = Staff.objects.filter(is_active=True, postings__estate__in=estates).distinct()
    owners = {row.owner_id for row in rows}
    if len(owners) == 1:
        colleagues = colleagues.exclude(pk=next(iter(owners)))
    given = ",".join(str(row.pk) for row in rows)
    form = HandOverForm(
        request.POST if go else None, staff=colleagues.order_by("name"), initial={"ids": given}
    )
    effects = [(row, handing.why_not(row, request.user)) for row in rows]
    context = {
        "form": form,
        "many": len(rows) > 1,
        "rows": [_effect(row, why, request) for row, why in effects[:SHOWN]],
        "hidden": max(0, len(rows) - SHOWN),
        "possible": sum(1 for _row, why in effects if not why),
        "along": _along([row for row, why in effects if not why]),
        "too_many": too_many,
        "most": MOST,
        "by_job": len(rows) > AT_ONCE,
        "back": back,
    }
    if not go or not form.is_valid():
        return render(request, "office/board_hand_over.html", context, status=422 if go else 200)
    data, answers = form.cleaned_data, {}
    values = {"to": data["to"], "reason": data["reason"], "by": request.user, "now": request.now}

    def act():
        if len(rows) > AT_ONCE:
            job = jobs.start(
                handing.JOB,
                title=_("%(n)s promises to %(name)s") % {"n": len(rows), "name": data["to"]},
                estate=request.estate,
                by=request.user,
                args={"ids": [row.pk for row in rows], "to": data["to"].pk, "reason": data["reason"]},
                now=request.now,
            )
            return reverse("office:job", args=[job.pk])
        answers["handed"], answers["refused"] = handing.hand_over_many(
            rows, told_alone=len(rows) == 1, **values
        )
        if len(rows) > 1:
            handing.tell_of_many(
                to=data["to"], count=len(answers["handed"]), by=request.user, estate=rows[0].estate,
                now=request.now, key=data["form_key"],
            )  # fmt: skip
        return back

    location, first = formkeys.once(data["form_key"], request.user, request.now, act)
    if not first or "handed" not in answers:
        return redirect(location)
    if answers["refused"]:
        answers["refused"] = [(_line(row), sentence) for row, sentence in answers["refused"]]
        return render(
            request,
            "office/board_hand_over.html",
            context | answers,
            status=409 if not answers["handed"] else 200,
        )
    n = len(answers["handed"])
    messages.success(
        request,
        ngettext("%(n)s promise handed over to %(name)s.", "%(n)s promises handed over to %(name)s.", n)
        % {"n": n, "name": data["to"]},
    )
    return redirect(location)


def _line(row):
    return f"{row.title}, {declared.kind_label(row.kind)}"


def _effect(row, why, request):
    clock = promises.clock(row, request.now, row.estate.zone)
    return {
        "title": row.title,
        "kind": clock["label"],
        "clock": clock,
        "owner": row.owner.local_name if row.owner_id else _("nobody"),
        "why": why,
    }


def _along(rows):
    """How many further open promises go along with the matters of `rows`."""
    matters: dict[str, set] = {}
    for row in rows:
        known = promises.MATTERS.get(row.subject_kind)
        if known and known.hand_over:
            matters.setdefault(row.subject_kind, set()).add(row.subject_id)
    chosen = [row.pk for row in rows]
    return sum(
        Promise.objects.open()
        .filter(subject_kind=kind, subject_id__in=ids)
        .exclude(pk__in=chosen)
        .exclude(kind__in=promises.MATTERS[kind].stays)
        .count()
        for kind, ids in matters.items()
    )
