"""Complaints 投訴: the list, and one complaint's page with its clocks, steps and next actions (SPEC §5)."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import clocks, escalation, lists, promises
from office.access import may
from office.models import Event, File, Promise
from office.views.session import enter
from tickets import columns, complaints, reports
from tickets.models import Complaint
from tickets.views import prints, rows
from tickets.views.ticket import address, file_lines, journal_lines

READ, READ_OWN, TAKE = "complaints.read", "complaints.read_own", "complaints.take"
RELATED = (
    "estate", "unit", "building", "cause", "owner", "handler", "forward_to", "against_staff", "complainant", "acknowledged_by",
    "ticket", "repeat_of",
)  # fmt: skip
PRINTED = ("unit", "building", "cause", "owner", "handler", "against_staff")
MOST_PRINTED = 1000  # lines of a register
EVENTS = 60  # lines of the timeline shown at once
HISTORY = 8  # earlier complaints of the household
# What usually comes next, the first of them most; the rest stands under "More".
USUAL: dict = {
    Complaint.State.RECEIVED: ("acknowledge", "stop_harm", "contact", "route"),
    Complaint.State.HANDLING: ("acknowledge", "stop_harm", "act", "report", "meet", "propose"),
    Complaint.State.REPORTED: ("acknowledge", "tell"),
    Complaint.State.TOLD: ("acknowledge", "call_back", "close_unreachable"),
}
LOOKS = {
    "complaint.taken": ("message-2", "new"),
    "complaint.acknowledged": ("circle-check", "good"),
    "complaint.reclassed": ("flag", "wait"),
    "complaint.routed": ("send", ""),
    "complaint.contacted": ("phone-call", "busy"),
    "complaint.harm_stopped": ("shield-check", "good"),
    "complaint.acted": ("tool", "busy"),
    "complaint.met": ("users", "busy"),
    "complaint.calmed": ("urgent", "bad"),
    "complaint.reported": ("clipboard-check", "good"),
    "complaint.told": ("circle-check", "good"),
    "complaint.closed": ("mood-smile", "good"),
    "complaint.reopened": ("mood-sad", "bad"),
    "complaint.withdrawn": ("x", ""),
}


def needs(verb):
    """The permissions that open the page of a move: for everybody's complaints, and for one's own."""
    rule = complaints.MOVES[verb]
    return [permission for permission in (rule.permission, rule.own) if permission]


def row_of(request, pk):
    """One complaint with what its page names, or 404. Work goes on in its estate."""
    row = get_object_or_404(rows.complaints(request.user).select_related(*RELATED), pk=pk)
    enter(request, row.estate)
    return row


# --- the list ------------------------------------------------------------------------------------------------


@may(READ)
@require_http_methods(["GET", "POST"])
def listed(request):
    actions = []
    if request.user.may(TAKE):
        actions.append(
            {
                "verb": "take",
                "label": _("Take a complaint"),
                "url": reverse("tickets:complaint_new"),
                "icon": "plus",
                "key": "t",
                "style": "primary",
            }
        )
    actions += [
        {
            "verb": "analysis",
            "label": _("Analysis"),
            "url": reverse("tickets:complaint_analysis"),
            "icon": "chart-bar",
            "key": "a",
        },
    ]
    found = columns.complaint_beginnings(rows.meant(request, Complaint, READ))
    declared = columns.over(columns.COMPLAINTS, rows.wide(request))
    return lists.render(request, declared, found, template="tickets/complaint_list.html", actions=actions)


# --- one complaint -------------------------------------------------------------------------------------------


@may(READ, READ_OWN)
@require_GET
def complaint(request, pk):
    row = row_of(request, pk)
    moves = moves_of(row, request.user)
    owed = list(
        Promise.objects.of(Complaint.SUBJECT, row.pk)
        .exclude(outcome=Promise.Outcome.CANCELLED)
        .select_related("owner")
        .order_by("due_at", "pk")
    )
    zone = row.estate.zone
    script, language = script_of(row)
    calm = complaints.why_not("calm_down", row, request.user) is None
    files = File.objects.filter(subject_kind=Complaint.SUBJECT, subject_id=row.pk, removed_at__isnull=True)
    events = Event.objects.filter(subject_kind=Complaint.SUBJECT, subject_id=row.pk).order_by("-id")[:EVENTS]
    context = {
        "complaint": row,
        "place": row.where,
        "state": row.get_state_display(),
        "state_tone": complaints.TONES[row.state],
        "klass_tone": complaints.CLASS_TONES[row.klass],
        "harm": row.is_open and row.harm_going_on,
        "moves": [move for move in moves if move["usual"] or move["why_not"]],
        "more": [
            *[move for move in moves if not move["usual"] and not move["why_not"]],
            *message_to_complainant(row, request.user),
        ],
        "calm": {"url": _url("calm_down", row), "label": complaints.MOVES["calm_down"].label} if calm else None,
        "record_url": reverse("tickets:complaint_print", args=[row.pk]),
        "clocks": [promises.clock(one, request.now, zone) for one in owed if one.is_open],
        "past_clocks": [promises.clock(one, request.now, zone) for one in owed if not one.is_open],
        "climbed": escalation.story(row, request.user) if any(one.level for one in owed) else [],
        "script": script if row.is_open else "",
        "script_language": language,
        "ticket": _ticket(request, row),
        "may_repair": row.is_open and complaints.why_not("link_ticket", row, request.user) is None
        and request.user.may("tickets.intake", row.estate_id),
        "steps": list(row.steps.select_related("by").order_by("at", "pk")),
        "meetings": list(row.meetings.order_by("at", "pk")),
        "remedies": list(row.remedies.order_by("pk")),
        "calls": list(row.calls.select_related("by").order_by("tried_at", "pk")),
        "history": history_of(row, request.user),
        "facts": facts(row),
        "files": file_lines(files),
        "events": journal_lines(events, LOOKS, request.user.may("messages.read", row.estate_id)),
    }  # fmt: skip
    return render(request, "tickets/complaint.html", context)


def _url(verb, row):
    if verb == "call_back":
        return f"{reverse('tickets:callbacks')}?complaint={row.pk}"
    return reverse(f"tickets:complaint_{verb}", args=[row.pk])


def usual_of(row):
    """What usually comes next; the resident is contacted before anything else, and a major one is answered clearly."""
    usual = USUAL.get(row.state, ())
    if row.state == Complaint.State.HANDLING:
        if not row.contacted_at:
            usual = (*usual[:2], "contact", *usual[2:])
        if row.klass == Complaint.Klass.MAJOR and not row.answered_at:
            usual = (*usual[:4], "answer", *usual[4:])
    return usual


def moves_of(row, staff):
    """Every move as a button or as a refusal with its sentence; the usual next one first."""
    if not row.is_open:
        return []
    usual = usual_of(row)
    names = [
        name for name in complaints.MOVES if name not in ("calm_down",) and complaints.may(name, row, staff)
    ]
    names.sort(key=lambda name: usual.index(name) if name in usual else len(usual))
    moves, first = [], True
    for name in names:
        rule, why_not = complaints.MOVES[name], complaints.why_not(name, row, staff)
        if why_not and name in ("acknowledge", "stop_harm", "decide_remedy"):
            continue  # said only where there is something to acknowledge, stop or decide
        moves.append(
            {
                "verb": name,
                "label": rule.label,
                "icon": rule.icon,
                "key": rule.key,
                "url": _url(name, row),
                "why_not": why_not,
                "style": "primary" if first and not why_not and name in usual else "",
                "usual": name in usual,
                "dialog": name not in ("acknowledge", "call_back", "correct"),
                "post": name == "acknowledge",
            }
        )
        first = first and bool(why_not)
    return moves


def message_to_complainant(row, staff):
    """The page on which a message to who complained is written; also when the complaint is over."""
    if not staff.may("messages.send", row.estate_id) or not (row.complainant_id or row.phone):
        return []
    url = address("message_to_complainant", [row.pk])
    return [{"verb": "message", "label": _("Write a message"), "icon": "mail", "url": url}] if url else []


def script_of(row):
    """(words to say, their language): thanks first; an apology where one is owed. In the resident's language."""
    language = row.language or (row.complainant.language if row.complainant else "") or row.estate.language
    kind = "apology" if row.apology else "thanks"
    return complaints.prompt(kind, language), language


def _ticket(request, row):
    """The linked repair with its state, as far as the reader may open it."""
    if row.ticket_id is None:
        return None
    shown = {"number": row.ticket.number, "url": "", "state": "", "tone": ""}
    if rows.tickets(request.user).filter(pk=row.ticket_id).exists():
        shown |= {
            "url": reverse("tickets:ticket", args=[row.ticket_id]),
            "state": columns.state_label(row.ticket.state),
            "tone": columns.TONES[row.ticket.state],
        }
    return shown


def history_of(row, staff):
    """Earlier and later complaints of the same household or person: (complaint, state, tone), the newest first."""
    if not staff.may(READ, row.estate_id) or not (row.unit_id or row.complainant_id):
        return []
    found = reports.complaints_beside(row, limit=HISTORY)
    return [(old, old.get_state_display(), complaints.TONES[old.state]) for old in found]


def facts(row):
    """(label, text, address) of what was written down at intake and since."""
    unit_url = reverse("residents:unit", args=[row.unit_id]) if row.unit_id else ""
    person_url = reverse("residents:person", args=[row.complainant_id]) if row.complainant_id else ""
    department = row.get_department_display() if row.department else ""
    found = [
        (_("Unit or place"), row.where, unit_url),
        (_("Complainant"), row.name, person_url),
        (_("Telephone"), row.phone, f"tel:{row.phone}" if row.phone else ""),
        (_("Against"), against(row)),
        (_("When it happened"), lists.stamp(row.occurred_at)),
        (_("Department"), department),
        (_("Person responsible"), row.handler.local_name if row.handler else ""),
        (_("Taken by"), row.owner.local_name if row.owner else ""),
        (_("Taken"), f"{lists.stamp(row.opened_at)}, {row.get_channel_display()}"),
    ]
    if row.wanted_by:
        found.append((_("Date the resident asks for"), f"{row.wanted_by:%Y-%m-%d}"))
    if row.class_reason:
        found.append((_("Why this class"), row.class_reason))
    if row.forward_to_id:
        found.append((_("Forwarded to"), row.forward_to.local_name))
    if row.acknowledged_at:
        by = row.acknowledged_by.local_name if row.acknowledged_by else ""
        found.append((_("Acknowledged"), f"{by} {lists.stamp(row.acknowledged_at)}".strip()))
    if row.told_at:
        found.append((_("Told"), f"{lists.stamp(row.told_at)}, {row.get_told_how_display()}"))
    if row.rounds > 1:
        found.append((_("Round"), str(row.rounds)))
    if row.closed_at:
        found.append((_("Ended"), f"{lists.stamp(row.closed_at)}, {row.get_ending_display()}"))
    if row.end_reason:
        found.append((_("Reason"), row.end_reason))
    if row.repeat_of_id:
        found.append(
            (_("Repeat of"), row.repeat_of.number, reverse("tickets:complaint", args=[row.repeat_of_id]))
        )
    lines = reports.log_lines_about(Complaint.SUBJECT, row.pk)
    found += [
        (_("From the log"), f"{line.number or lists.stamp(line.at)}", reverse("tickets:reception_entry", args=[line.pk]))
        for line in lines
    ]  # fmt: skip
    return found


def against(row):
    """Who or what is complained of, in one line."""
    who = row.against_staff.local_name if row.against_staff else ""
    department = row.get_against_department_display() if row.against_department else ""
    return " · ".join(filter(None, [row.get_against_display(), department, who, row.against_text]))


# --- paper ---------------------------------------------------------------------------------------------------


@may(READ)
@require_GET
def record_pdf(request, pk):
    """投訴記錄表: one complaint on paper."""
    from tickets import printouts  # here: see `prints.answer`

    return prints.answer(printouts.complaint_record(row_of(request, pk)))


@may(READ)
@require_GET
def register_pdf(request):
    """投訴登記冊: the complaints the list shows, on paper."""
    from tickets import printouts  # here: see `prints.answer`

    if request.estate is None:
        raise Http404
    found = columns.COMPLAINTS.filterset(
        request.GET, queryset=rows.of_estate(request, Complaint, READ), request=request
    )
    asked = found.form.cleaned_data if found.is_valid() else {}
    today = clocks.local_date(request.now, request.estate.zone)
    until = asked.get("opened_to") or today
    since = asked.get("opened_from") or min(until, today).replace(day=1)
    start, end = clocks.midnight(since, request.estate.zone), clocks.end_of_day(until, request.estate.zone)
    printed = found.qs.filter(opened_at__gte=start, opened_at__lt=end).select_related(*PRINTED)
    printout = printouts.complaints_register(
        printed.order_by("opened_at", "pk")[:MOST_PRINTED], estate=request.estate, since=since, until=until
    )
    return prints.answer(printout)
