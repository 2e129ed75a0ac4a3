"""回訪: the one queue of people to call back, about repairs and complaints, one card at a time (SPEC §4.4, §5.3)."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, formkeys, lists
from office.access import may
from office.phrases import listed
from office.refusals import Refused
from tickets import actions, complaints, reports, rules
from tickets.actions import complaints as acts
from tickets.forms import CallbackForm, ComplaintCallForm
from tickets.models import CallbackTry, Complaint
from tickets.views import moving, rows
from tickets.views.complaints import needs, row_of
from tickets.views.ticket import place_text

SKIPS = 60  # matters put aside for this sitting
COMPLAINT = "c"  # before the id of a complaint among those put aside


@may("tickets.callback")
@require_GET
def queue(request):
    if request.estate is None:
        raise Http404
    return _page(request, None)


def _page(request, form, matter=None, status=200, refused=""):
    """The card of `matter`, of `?ticket=` or `?complaint=`, or of the most urgent that was not put aside."""
    waiting = reports.callbacks_owed(request.user, request.estate.pk, request.now)
    skipped = _skipped(request)
    wanted = _wanted(request)
    if matter is None and wanted:
        matter = next((row for row in waiting if key_of(row) == wanted), None)
    if matter is None:
        matter = next((row for row in waiting if key_of(row) not in skipped), None)
    start, end = reports.month_bounds(
        clocks.local_date(request.now, request.estate.zone), request.estate.zone
    )
    context = {
        "queue": [_line(row, request.now, matter, skipped) for row in waiting],
        "skip": ",".join(skipped),
        "rate": reports.callback_rate(request.estate.pk, start, end, kinds=reports.CALLBACKS),
        "clerks": reports.callbacks_by_clerk(request.estate.pk, start, end),
        "month_from": f"{start.astimezone(request.estate.zone):%Y-%m-%d}",
        "month_to": f"{clocks.local_date(request.now, request.estate.zone):%Y-%m-%d}",
        "refused": refused,
    }
    if matter is not None:
        how = request.GET.get("how", "")
        initial = {"how": how} if how in CallbackTry.How.values else {}
        on_site = getattr(matter, "checked_on_site", False)
        context |= {
            "matter": matter,
            "card": _card(matter, request.now, request.user),
            "form": form or _form(matter, initial=initial, on_site=on_site),
            "skip_url": f"{reverse('tickets:callbacks')}?skip={','.join([*skipped, key_of(matter)])}",
            "skip_with": ",".join(skipped),
        }
    return render(request, "tickets/callbacks.html", context, status=status)


def _form(matter, *args, **kwargs):
    form = ComplaintCallForm if isinstance(matter, Complaint) else CallbackForm
    return form(*args, **kwargs)


def key_of(matter):
    """What the address says of it: `12` a ticket, `c12` a complaint."""
    return f"{COMPLAINT}{matter.pk}" if isinstance(matter, Complaint) else f"{matter.pk}"


def _wanted(request):
    if complaint := request.GET.get("complaint", ""):
        return f"{COMPLAINT}{complaint}"
    return request.GET.get("ticket", "")


def _skipped(request):
    text = request.POST.get("skip") or request.GET.get("skip", "")
    parts = text.split(",")[:SKIPS]
    return [part for part in parts if part.removeprefix(COMPLAINT).isdecimal() and len(part) < 19]


def address_of(matter):
    name = "complaint" if isinstance(matter, Complaint) else "ticket"
    return f"?{name}={matter.pk}"


def _line(matter, now, chosen, skipped):
    tone, text = (
        clocks.due_text(matter.next_due_at, now, matter.estate.zone) if matter.next_due_at else ("", "")
    )
    complaint = isinstance(matter, Complaint)
    return {
        "matter": matter,
        "url": address_of(matter),
        "place": matter.where if complaint else place_text(matter),
        "what": matter.cause.local_name if complaint else matter.category.local_name,
        "complaint": complaint,
        "tone": tone,
        "text": text,
        "chosen": chosen is not None and key_of(matter) == key_of(chosen),
        "skipped": key_of(matter) in skipped,
        "tries": matter.tries if complaint else matter.callback_tries,
    }


def _card(matter, now, staff):
    """Who to call and what to ask. The words are in the resident's language (SPEC §1)."""
    tone, text = (
        clocks.due_text(matter.next_due_at, now, matter.estate.zone) if matter.next_due_at else ("", "")
    )
    card = _complaint_card(matter, staff) if isinstance(matter, Complaint) else _repair_card(matter, staff)
    return card | {"tone": tone, "text": text, "due": matter.next_due_at, "address": address_of(matter)}


def _repair_card(ticket, staff):
    order = rows.latest_order(ticket)
    language = ticket.reporter_language or ticket.estate.language
    name = ticket.technician.name if ticket.technician else ""
    with translation.override(language):
        script = _script(ticket, name)
    lines = list(order.lines.all()) if order else []
    used = listed(f"{line.text} × {line.quantity.normalize():f}" for line in lines)
    done = "\n".join(filter(None, [ticket.result or "–", used]))
    by = ticket.technician.local_name if ticket.technician else "–"
    tries = ticket.callbacks.select_related("by").filter(tried_at__gte=ticket.done_at)
    return {
        "number": ticket.number,
        "url": reverse("tickets:ticket", args=[ticket.pk]),
        "place": place_text(ticket),
        "name": ticket.reporter_name,
        "phone": ticket.reporter_phone,
        "script": script,
        "script_language": language,
        "facts": [
            (_("What was wrong"), f"{ticket.category.local_name}: {ticket.problem[:200]}"),
            (_("What was done"), done),
            (_("By"), f"{by}, {lists.stamp(ticket.done_at)}"),
        ],
        "tries": list(tries) if ticket.callback_tries else [],
        "unreachable_url": reverse("tickets:close_unreachable", args=[ticket.pk])
        if rules.why_not("close_unreachable", ticket, staff) is None
        else "",
        "action": reverse("tickets:call_back", args=[ticket.pk]),
    }


def _complaint_card(complaint, staff):
    language = complaint.language or complaint.estate.language
    with translation.override(language):
        script = _complaint_script(complaint)
    told = f"{lists.stamp(complaint.told_at)}, {complaint.get_told_how_display()}"
    tries = complaint.calls.select_related("by").filter(round=complaint.rounds, purpose="callback")
    return {
        "number": complaint.number,
        "url": reverse("tickets:complaint", args=[complaint.pk]),
        "place": complaint.where,
        "name": complaint.name,
        "phone": complaint.phone,
        "script": script,
        "script_language": language,
        "facts": [
            (
                pgettext("complaint", "What happened"),
                f"{complaint.cause.local_name}: {complaint.course[:200]}",
            ),
            (_("Result"), complaint.result),
            (_("Told"), told),
        ],
        "tries": list(tries) if complaint.tries else [],
        "unreachable_url": reverse("tickets:complaint_close_unreachable", args=[complaint.pk])
        if complaints.why_not("close_unreachable", complaint, staff) is None
        else "",
        "action": reverse("tickets:complaint_call_back", args=[complaint.pk]),
        "complaint": True,
    }


def _complaint_script(complaint):
    return (
        _("Good day, this is the management office of %(estate)s. On %(day)s we told you the result of your complaint about “%(cause)s”. "
          "Has it been put right? Are you satisfied with the way it was handled?")
        % {
            "estate": complaint.estate.local_name,
            "cause": complaint.cause.local_name,
            "day": f"{complaint.told_at.astimezone(complaint.estate.zone):%Y-%m-%d}",
        }
    )  # fmt: skip


def _script(ticket, technician):
    values = {
        "estate": ticket.estate.local_name,
        "category": ticket.category.local_name,
        "day": f"{ticket.done_at.astimezone(ticket.estate.zone):%Y-%m-%d}",
        "technician": technician,
    }
    if ticket.checked_on_site:
        return _("Check on site: is “%(category)s” of %(day)s in order, clean and safe?") % values
    return (
        _("Good day, this is the management office of %(estate)s. On %(day)s %(technician)s repaired “%(category)s” at your home. "
          "Is everything in order? Are you satisfied with the work?") % values
    )  # fmt: skip


@may(*rows.needs("call_back"))
@require_http_methods(["GET", "POST"])
def call_back(request, pk):
    """Record one try about a repair; the next card opens by itself."""
    ticket = rows.ticket(request, pk)

    def call(data):
        actions.call_back(
            ticket=ticket, outcome=data["outcome"], how=data["how"], score=data["score"], remark=data["remark"],
            by=request.user, now=request.now,
        )  # fmt: skip

    said = {
        CallbackTry.Outcome.SATISFIED: _("%(number)s: satisfied, closed."),
        CallbackTry.Outcome.NOT_SATISFIED: _("%(number)s: back to repair with a new work order."),
        CallbackTry.Outcome.NOT_REACHED: _("%(number)s: not reached, try again later."),
    }
    return _tried(request, ticket, rules.why_not, call, said)


@may(*needs("call_back"))
@require_http_methods(["GET", "POST"])
def complaint_call_back(request, pk):
    """Record one try about a complaint; not satisfied opens its next round (SPEC §5.3)."""
    complaint = row_of(request, pk)

    def call(data):
        acts.call_back(
            complaint=complaint, outcome=data["outcome"], how=data["how"], score=data["score"],
            remark=data["remark"], harm_now=data["harm_now"], by=request.user, now=request.now,
        )  # fmt: skip

    said = {
        CallbackTry.Outcome.SATISFIED: _("%(number)s: satisfied, closed."),
        CallbackTry.Outcome.NOT_SATISFIED: _("%(number)s: the complaint is open again."),
        CallbackTry.Outcome.NOT_REACHED: _("%(number)s: not reached, try again later."),
    }
    return _tried(request, complaint, complaints.why_not, call, said)


def _tried(request, matter, why_not, call, said):
    if request.method != "POST":
        return redirect(f"{reverse('tickets:callbacks')}{address_of(matter)}")
    if already := formkeys.known(request.POST.get("form_key"), request.user):
        return redirect(already)
    form = _form(matter, request.POST)
    if sentence := why_not("call_back", matter, request.user):
        return _page(request, form, status=409, refused=sentence)
    if not form.is_valid():
        return _page(request, form, matter, status=422)
    data, skip = form.cleaned_data, _skipped(request)

    def record():
        call(data)
        # Who was not reached is put aside for this sitting, so that the next one opens.
        aside = [*skip, key_of(matter)] if data["outcome"] == CallbackTry.Outcome.NOT_REACHED else skip
        return reverse("tickets:callbacks") + (f"?skip={','.join(aside)}" if aside else "")

    try:
        location, _first = formkeys.once(data["form_key"], request.user, request.now, record)
    except Refused as refusal:
        return _page(request, form, matter, status=409, refused=refusal.sentence)
    return moving.done(request, matter, said[data["outcome"]] % {"number": matter.number}, location)
