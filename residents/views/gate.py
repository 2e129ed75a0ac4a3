"""The guard's telephone: a slip opened by its QR code or by its number, compared, released once or turned away."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import clocks, formkeys, lists
from office.access import may
from office.refusals import Refused
from residents import actions, reports, rules
from residents.forms import NumberForm, RefuseForm, ReleaseForm
from residents.models import ReleaseSlip, SlipRefusal
from residents.views import answers

RELEASE = "gate.release"
# A slip that is over is gone, a used one conflicts with what happened; of any other nothing is told.
STATUS = {
    SlipRefusal.Reason.USED: 409,
    SlipRefusal.Reason.EXPIRED: 410,
    SlipRefusal.Reason.CANCELLED: 410,
    SlipRefusal.Reason.ELSEWHERE: 404,
    SlipRefusal.Reason.FORGED: 404,
}
TOLD = (SlipRefusal.Reason.USED, SlipRefusal.Reason.EXPIRED, SlipRefusal.Reason.CANCELLED)


@may(RELEASE)
@never_cache
@require_http_methods(["GET", "POST"])
def gate(request):
    """One big box. A good slip opens; anything else is refused in red, and recorded when the slip exists."""
    estate = answers.here(request, RELEASE)
    form = NumberForm(request.POST or None)
    if request.method != "POST":
        return _box(request, estate, form)
    if not form.is_valid():
        return _box(request, estate, form, 422)
    typed = form.cleaned_data["number"]
    slip = reports.slip_of_number(estate.pk, typed)
    if slip is None:
        said = _("There is no slip %(number)s in this estate.") % {"number": typed}
        return _red(request, None, "unknown", said, 404)
    reason, sentence = rules.worthless(slip, request.now)
    if not reason:
        return redirect("residents:gate_slip", slip.pk, slip.token)
    _note(request, slip, slip.token)
    return _red(request, slip, reason, sentence, STATUS[reason], noted=True)


def _box(request, estate, form, status=200):
    today = clocks.midnight(clocks.local_date(request.now, estate.zone), estate.zone)
    done = (
        ReleaseSlip.objects.visible_to(request.user, RELEASE)
        .filter(estate=estate, released_at__gte=today)
        .order_by("-released_at")
        .values_list("number", "released_at")[:5]
    )
    context = {"form": form, "done": [(number, lists.stamp(at)[-5:]) for number, at in done]}
    return render(request, "residents/gate.html", context, status=status)


def _red(request, slip, reason, sentence, status, *, noted=False, token=""):
    """The red page. Whose goods they are is told only of a slip that is real and of this estate."""
    records = bool(slip) and not noted and request.user.may(RELEASE)
    context = {
        "slip": slip if reason in TOLD else None,
        "sentence": sentence,
        "noted": noted,
        "seen_url": reverse("residents:gate_seen", args=[slip.pk, token]) if records else "",
        "may_release": request.user.may(RELEASE),
    }
    return render(request, "residents/gate_refused.html", context, status=status)


def _find(pk):
    """By its address, whose ever it is: the answer to a stranger depends on the slip, and tells nothing of it."""
    return ReleaseSlip.objects.select_related(*reports.SLIP_PAGE).filter(pk=pk).first()


def _judged(request, pk, token):
    """(slip, None) of a good slip, (slip or None, the red answer) of any other."""
    slip = _find(pk)
    if slip is None:
        said = _("This code is not genuine. Send the paper to the front desk.")
        return None, _red(request, None, "unknown", said, 404)
    estate_id = request.estate.pk if request.estate else None
    reason, sentence = rules.verdict(slip, token=token, estate_id=estate_id, now=request.now)
    if not reason:
        return slip, None
    return slip, _red(request, slip, reason, sentence, STATUS[reason], token=token)


def _note(request, slip, token):
    return actions.note_worthless(
        slip=slip, token=token, estate=request.estate, by=request.user, now=request.now
    )


@may(RELEASE, "gate.read")
@never_cache
@require_GET
def gate_slip(request, pk, token):
    """What the QR code opens: everything to compare, and two large buttons."""
    slip, red = _judged(request, pk, token)
    return red or _green(request, slip, token)


def _green(request, slip, token, *, form=None, refuse=None, status=200):
    lines = list(slip.lines.all())
    may_release = request.user.may(RELEASE, slip.estate_id)
    context = {
        "slip": slip,
        "token": token,
        "lines": lines,
        "until": reports.last_minute(slip.valid_until),
        "may_release": may_release,
        "form": (form or ReleaseForm(slip=slip, lines=lines)) if may_release else None,
        "refuse": (refuse or RefuseForm()) if may_release else None,
        "refusing": refuse is not None,
        "refusals": [
            (lists.stamp(one.at), one.get_reason_display(), one.remark) for one in slip.refusals.all()[:3]
        ],
    }
    return render(request, "residents/gate_slip.html", context, status=status)


def _once(request, slip, token, form, act):
    """Run `act` once for this form; a refusal of the rule is the red page as it now is."""
    if address := formkeys.known(form.data.get("form_key"), request.user):
        return redirect(address)
    try:
        key = form.cleaned_data["form_key"]
        return redirect(formkeys.once(key, request.user, request.now, act)[0])
    except Refused as refusal:
        fresh = _find(slip.pk)
        reason = rules.worthless(fresh, request.now)[0]
        if not reason:
            form.add_error(None, refusal.sentence)
            return _green(request, fresh, token, form=form, status=409)
        _note(request, fresh, token)
        return _red(request, fresh, reason, refusal.sentence, STATUS[reason], noted=True)


@may(RELEASE)
@require_POST
def gate_release(request, pk, token):
    if address := formkeys.known(request.POST.get("form_key"), request.user):
        return redirect(address)
    slip, red = _judged(request, pk, token)
    if red:
        if slip:
            _note(request, slip, token)
        return red
    form = ReleaseForm(request.POST, slip=slip, lines=list(slip.lines.all()))
    if not form.is_valid():
        return _green(request, slip, token, form=form, status=422)

    def act():
        actions.release_slip(slip=slip, by=request.user, now=request.now, **form.seen)
        return reverse("residents:gate_released", args=[slip.pk])

    return _once(request, slip, token, form, act)


@may(RELEASE)
@require_POST
def gate_refuse(request, pk, token):
    """The guard's own eyes: something differs. The front desk hears of it."""
    if address := formkeys.known(request.POST.get("form_key"), request.user):
        return redirect(address)
    slip, red = _judged(request, pk, token)
    if red:
        if slip:
            _note(request, slip, token)
        return red
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return _green(request, slip, token, refuse=form, status=422)

    def act():
        values = form.cleaned_data
        actions.refuse_slip(
            slip=slip, reason=values["reason"], remark=values["remark"], by=request.user, now=request.now
        )
        return reverse("residents:gate_turned", args=[slip.pk])

    return _once(request, slip, token, form, act)


@may(RELEASE)
@require_POST
def gate_seen(request, pk, token):
    """The red page records by itself that it was shown: looking (GET) writes nothing."""
    slip = _find(pk)
    noted = _note(request, slip, token) if slip else None
    mine = slip is not None and slip.estate_id in request.user.estate_ids()
    if request.htmx:
        return render(
            request, "residents/gate_refused.html#gate-noted", {"noted": noted}, status=200 if mine else 404
        )
    return HttpResponse(status=204 if mine else 404)


def _mine(request, pk):
    rows = ReleaseSlip.objects.visible_to(request.user, RELEASE).select_related(*reports.SLIP_PAGE)
    return rows.filter(pk=pk).first()


@may(RELEASE)
@never_cache
@require_GET
def gate_released(request, pk):
    """Green, after the release; another address than the code's, which is red from now on."""
    slip = _mine(request, pk)
    if slip is None or slip.released_by_id != request.user.pk:
        return _red(request, None, "unknown", _("There is no such slip."), 404)
    return render(request, "residents/gate_done.html", {"slip": slip, "at": lists.stamp(slip.released_at)})


@may(RELEASE)
@never_cache
@require_GET
def gate_turned(request, pk):
    """After a refusal: what was recorded, and that the front desk knows."""
    slip = _mine(request, pk)
    refusal = slip and slip.refusals.filter(by=request.user).first()
    if refusal is None:
        return _red(request, None, "unknown", _("There is no such slip."), 404)
    context = {"slip": slip, "refusal": refusal, "ended": slip.state == ReleaseSlip.State.CANCELLED}
    return render(request, "residents/gate_turned.html", context)
