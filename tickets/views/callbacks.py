"""回訪: the queue of people to call back, one card at a time (SPEC §4.4)."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, formkeys, lists
from office.access import may
from office.refusals import Refused
from tickets import actions, columns, reports, rules
from tickets.forms import CallbackForm
from tickets.models import CallbackTry
from tickets.views import moving, rows
from tickets.views.ticket import place_text

SKIPS = 60  # tickets put aside for this sitting


@may("tickets.callback")
@require_GET
def queue(request):
    if request.estate is None:
        raise Http404
    return _page(request, None)


def _page(request, form, ticket=None, status=200, refused=""):
    """The card of `ticket`, of `?ticket=`, or of the most urgent that was not put aside."""
    waiting = list(reports.callback_queue(request.user, request.estate.pk, request.now))
    skipped = _skipped(request)
    wanted = request.GET.get("ticket", "")
    if ticket is None and wanted:
        ticket = next((row for row in waiting if str(row.pk) == wanted), None)
    if ticket is None:
        ticket = next((row for row in waiting if row.pk not in skipped), None)
    start, end = reports.month_bounds(
        clocks.local_date(request.now, request.estate.zone), request.estate.zone
    )
    context = {
        "queue": [_line(row, request.now, ticket, skipped) for row in waiting],
        "skip": ",".join(str(pk) for pk in skipped),
        "rate": reports.callback_rate(request.estate.pk, start, end),
        "clerks": reports.callbacks_by_clerk(request.estate.pk, start, end),
        "month_from": f"{start.astimezone(request.estate.zone):%Y-%m-%d}",
        "month_to": f"{clocks.local_date(request.now, request.estate.zone):%Y-%m-%d}",
        "refused": refused,
    }
    if ticket is not None:
        how = request.GET.get("how", "")
        initial = {"how": how} if how in CallbackTry.How.values else {}
        context |= {
            "ticket": ticket,
            "card": _card(ticket, request.now, request.user),
            "form": form or CallbackForm(initial=initial, on_site=ticket.checked_on_site),
            "skip_url": f"{reverse('tickets:callbacks')}?skip={','.join(str(pk) for pk in [*skipped, ticket.pk])}",
            "skip_with": ",".join(str(pk) for pk in skipped),
        }
    return render(request, "tickets/callbacks.html", context, status=status)


def _skipped(request):
    text = request.POST.get("skip") or request.GET.get("skip", "")
    return [int(part) for part in text.split(",")[:SKIPS] if part.isdecimal() and len(part) < 18]


def _line(ticket, now, chosen, skipped):
    tone, text = (
        clocks.due_text(ticket.next_due_at, now, ticket.estate.zone) if ticket.next_due_at else ("", "")
    )
    return {
        "ticket": ticket,
        "place": place_text(ticket),
        "tone": tone,
        "text": text,
        "chosen": chosen is not None and ticket.pk == chosen.pk,
        "skipped": ticket.pk in skipped,
        "tries": ticket.callback_tries,
    }


def _card(ticket, now, staff):
    """Who to call and what to ask. The words are in the resident's language (SPEC §1)."""
    order = rows.latest_order(ticket)
    language = ticket.reporter_language or ticket.estate.language
    name = ticket.technician.name if ticket.technician else ""
    with translation.override(language):
        script = _script(ticket, name)
    tone, text = (
        clocks.due_text(ticket.next_due_at, now, ticket.estate.zone) if ticket.next_due_at else ("", "")
    )
    return {
        "place": place_text(ticket),
        "order": order,
        "lines": list(order.lines.all()) if order else [],
        "technician": ticket.technician,
        "done": lists.stamp(ticket.done_at),
        "tone": tone,
        "text": text,
        "due": ticket.next_due_at,
        "script": script,
        "script_language": language,
        "tries": list(ticket.callbacks.select_related("by").filter(tried_at__gte=ticket.done_at))
        if ticket.callback_tries
        else [],
        "state": columns.state_label(ticket.state),
        "unreachable": rules.why_not("close_unreachable", ticket, staff) is None,
    }


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
    """Record one try; the next card opens by itself."""
    ticket = rows.ticket(request, pk)
    if request.method != "POST":
        return redirect(f"{reverse('tickets:callbacks')}?ticket={ticket.pk}")
    if already := formkeys.known(request.POST.get("form_key"), request.user):
        return redirect(already)
    form = CallbackForm(request.POST)
    if sentence := rules.why_not("call_back", ticket, request.user):
        return _page(request, form, status=409, refused=sentence)
    if not form.is_valid():
        return _page(request, form, ticket, status=422)
    data = form.cleaned_data
    skip = ",".join(str(one) for one in _skipped(request))

    def call():
        actions.call_back(
            ticket=ticket, outcome=data["outcome"], how=data["how"], score=data["score"], remark=data["remark"],
            by=request.user, now=request.now,
        )  # fmt: skip
        aside = f"{skip},{ticket.pk}" if skip else str(ticket.pk)
        # Who was not reached is put aside for this sitting, so that the next one opens.
        kept = aside if data["outcome"] == CallbackTry.Outcome.NOT_REACHED else skip
        return reverse("tickets:callbacks") + (f"?skip={kept}" if kept else "")

    try:
        location, _first = formkeys.once(data["form_key"], request.user, request.now, call)
    except Refused as refusal:
        return _page(request, form, ticket, status=409, refused=refusal.sentence)
    said = {
        CallbackTry.Outcome.SATISFIED: _("%(number)s: satisfied, closed."),
        CallbackTry.Outcome.NOT_SATISFIED: _("%(number)s: back to repair with a new work order."),
        CallbackTry.Outcome.NOT_REACHED: _("%(number)s: not reached, try again later."),
    }[data["outcome"]]
    return moving.done(request, ticket, said % {"number": ticket.number}, location)
