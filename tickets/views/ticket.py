"""The ticket's page: its state, its clocks, what may be done next, and everything that happened."""

from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.reports.settled import settled
from office import escalation, journal, lists, money, promises
from office.access import may
from office.addresses import row_address
from office.models import File
from office.views.session import enter
from tickets import columns, reports, rules
from tickets.models import Ticket
from tickets.views import rows

EVENTS = 60  # lines of the timeline shown at once
# What usually comes next, the first of them most; the rest stands under "More".
USUAL = {
    Ticket.State.ACCEPTED: ("dispatch", "schedule", "correct"),
    Ticket.State.DISPATCHED: ("arrive", "finish", "dispatch", "wait"),
    Ticket.State.IN_PROGRESS: ("finish", "wait"),
    Ticket.State.WAITING: ("resume", "dispatch"),
    Ticket.State.TESTING: ("water_test",),
    Ticket.State.DONE: ("call_back", "close_unreachable"),
}
PLAIN = {
    "key_slip",
    "decide",
    "charge",
}  # they start from the slips' page, the request itself and the unpaid work
LOOKS = {
    "ticket.taken": ("phone-incoming", "new"),
    "ticket.dispatched": ("send", "new"),
    "ticket.scheduled": ("calendar", ""),
    "ticket.arrived": ("map-pin", "busy"),
    "ticket.waits": ("clock-pause", "wait"),
    "ticket.resumed": ("player-play", ""),
    "ticket.work_ended": ("tool", "busy"),
    "ticket.done": ("circle-check", "good"),
    "ticket.test_passed": ("droplet", "good"),
    "ticket.test_failed": ("droplet", "bad"),
    "ticket.callback_not_reached": ("phone-off", "wait"),
    "ticket.callback_not_satisfied": ("mood-sad", "bad"),
    "ticket.closed": ("mood-smile", "good"),
    "ticket.cancelled": ("x", ""),
    "ticket.duplicate": ("copy", ""),
    "ticket.printed": ("printer", ""),
    "ticket.quoted": ("receipt", ""),
    "ticket.consented": ("signature", ""),
    "ticket.not_charged": ("cash", "bad"),
    "message.written": ("mail", ""),
    "message.sent": ("mail", "good"),
    "message.failed": ("mail", "bad"),
    "message.printed": ("printer", ""),
}


@may("tickets.read", "tickets.read_own")
@require_GET
def ticket(request, pk):
    row = rows.ticket(request, pk, related=())
    enter(request, row.estate)
    sheet = reports.sheet_of(row, events=EVENTS)
    latest = sheet.orders[-1] if sheet.orders else None
    paid = settled(Ticket.SUBJECT, row.pk) if rules.is_chargeable(row) and row.done_at else None
    moves = (
        moves_of(row, latest, request.user)
        + service_of(row, request.user)
        + charge_of(row, paid, request.user)
    )
    context = {
        "ticket": row,
        "place": place_text(row),
        "state": columns.state_label(row.state),
        "state_tone": columns.TONES[row.state],
        "moves": [move for move in moves if move["usual"] or move["why_not"]],
        "more": [
            *(move for move in moves if not move["usual"] and not move["why_not"]),
            *message_to_reporter(row, request.user),
        ],
        "clocks": [
            promises.clock(promise, request.now, row.estate.zone)
            for promise in sheet.promises
            if promise.is_open
        ],
        "past_clocks": [
            promises.clock(promise, request.now, row.estate.zone)
            for promise in sheet.promises
            if not promise.is_open
        ],
        "steps": escalation.story(row, request.user)
        if any(promise.level for promise in sheet.promises)
        else [],
        "facts": [*facts(row), *log_lines(sheet.log)],
        "costs": [*costs(row), *payment(row, paid)],
        "quote_lines": list(row.quote_lines.all()) if row.quoted_amount is not None else [],
        "orders": sheet.orders,
        "latest": latest,
        "tests": list(row.water_tests.select_related("by")) if row.is_leak and sheet.tests else [],
        "callbacks": list(row.callbacks.select_related("by")) if sheet.callbacks else [],
        "requests": [
            (asked, asked.state == asked.State.ASKED and request.user.may("tickets.approve", row.estate_id))
            for asked in row.requests.select_related("asked_by", "decided_by", "promise").order_by("-pk")
        ]
        if sheet.requests
        else [],
        "history": [(old, columns.state_label(old.state), columns.TONES[old.state]) for old in sheet.history],
        "files": files(row) if sheet.files else [],
        "events": timeline(sheet.events, request.user.may("messages.read", row.estate_id)),
    }
    return render(request, "tickets/ticket.html", context)


def address(name, args):
    """A page of another room; empty where that room is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def place_text(ticket):
    """Unit, facility or public area in one line."""
    if ticket.unit_id:
        return ticket.unit.code
    if ticket.asset_id:
        return f"{ticket.asset.local_name} {ticket.place or ticket.asset.place}".strip()
    return ticket.place


def moves_of(ticket, order, staff, back=""):
    """Every move as a button or as a refusal with its sentence; the usual next one first."""
    if not ticket.is_open:
        return []
    names = [name for name in rules.MOVES if name not in PLAIN and rules.may(name, ticket, staff)]
    usual = USUAL.get(ticket.state, ())
    names.sort(key=lambda name: usual.index(name) if name in usual else len(usual))
    moves = []
    for name in names:
        rule = rules.MOVES[name]
        on_order = name in ("arrive", "finish")
        if on_order and order is None:
            continue
        url = row_address(f"tickets:{name}", order.pk if on_order else ticket.pk)
        moves.append(
            {
                "verb": name,
                "label": rule.label,
                "icon": rule.icon,
                "key": rule.key,
                "url": url + (f"?back={back}" if back else ""),
                "why_not": rules.why_not(name, ticket, staff),
                "style": "primary" if name == usual[0] else "",
                "usual": name in usual,
                "dialog": name not in ("finish", "quote", "call_back", "correct"),
            }
        )
    return moves


def message_to_reporter(ticket, staff):
    """The page on which a message to who reported is written; also when the repair is over."""
    if not staff.may("messages.send", ticket.estate_id) or not (ticket.reporter_id or ticket.reporter_phone):
        return []
    url = address("message_to_reporter", [ticket.pk])
    return [{"verb": "message", "label": _("Write a message"), "icon": "mail", "url": url}] if url else []


def service_of(ticket, staff):
    """A fault of a public facility takes it out of service in two presses; the fault's words are the reason."""
    if not (ticket.asset_id and ticket.is_open and ticket.asset.in_service and ticket.plan_id is None):
        return []
    if not staff.may("assets.edit", ticket.estate_id):
        return []
    url = f"{row_address('tickets:asset_service', ticket.asset_id)}?ticket={ticket.pk}"
    return [
        {"verb": "service", "label": _("Take out of service"), "icon": "alert-triangle", "url": url, "why_not": None,
         "usual": False, "dialog": True}
    ]  # fmt: skip


def charge_of(ticket, paid, staff):
    """Paid work that could not be charged when it was done can be charged now."""
    if paid is None or paid.charged or rules.why_not("charge", ticket, staff):
        return []
    rule, url = rules.MOVES["charge"], row_address("tickets:charge", ticket.pk)
    return [
        {"verb": "charge", "label": rule.label, "icon": rule.icon, "url": url, "why_not": None, "usual": True, "dialog": True}
    ]  # fmt: skip


def payment(ticket, paid):
    """(label, text, address of the counter) of what was charged for the work, and what of it is still owed."""
    if paid is None:
        return []
    if not paid.charged:
        return [(_("Payment"), _("not charged yet"), "")]
    currency = ticket.estate.currency
    if not paid.open:
        return [(_("Payment"), _("%(amount)s, settled") % {"amount": money.show(paid.charged, currency)}, "")]
    words = _("%(open)s of %(amount)s not paid yet") % {
        "open": money.show(paid.open, currency),
        "amount": money.show(paid.charged, currency),
    }
    return [(_("Payment"), words, row_address("billing:counter", ticket.unit_id))]


def window_text(start, end):
    return f"{lists.stamp(start)}–{lists.stamp(end)[-5:]}" if start and end else ""


def facts(ticket):
    """(label, text, address) of what was written down at intake and since."""
    unit_url = address("residents:unit", args=[ticket.unit_id]) if ticket.unit_id else ""
    asset_url = reverse("tickets:asset", args=[ticket.asset_id]) if ticket.asset_id else ""
    found = [
        (_("Unit or place"), place_text(ticket), unit_url or asset_url),
        (
            _("Reporter"),
            ticket.reporter_name,
            address("residents:person", args=[ticket.reporter_id]) if ticket.reporter_id else "",
        ),
        (
            _("Telephone"),
            ticket.reporter_phone,
            f"tel:{ticket.reporter_phone}" if ticket.reporter_phone else "",
        ),
        (_("Category"), f"{ticket.category.local_name} ({ticket.get_risk_display()})", ""),
        (_("Convenient time"), window_text(ticket.window_from, ticket.window_to), ""),
        (_("Technician"), ticket.technician.local_name if ticket.technician else "", ""),
        (_("Taken by"), ticket.owner.local_name if ticket.owner else "", ""),
        (_("Opened"), f"{lists.stamp(ticket.opened_at)}, {ticket.get_channel_display()}", ""),
    ]
    if ticket.work_ended_at:
        found.append((_("Work ended"), lists.stamp(ticket.work_ended_at), ""))
    if ticket.done_at:
        found.append((_("Completed"), lists.stamp(ticket.done_at), ""))
    if ticket.closed_at:
        found.append((_("Ended"), f"{lists.stamp(ticket.closed_at)}, {ticket.get_ending_display()}", ""))
    if ticket.end_reason:
        found.append((_("Reason"), ticket.end_reason, ""))
    if ticket.repeat_of_id:
        found.append(
            (_("Repeat of"), ticket.repeat_of.number, reverse("tickets:ticket", args=[ticket.repeat_of_id]))
        )
    if ticket.duplicate_of_id:
        found.append(
            (
                _("Duplicate of"),
                ticket.duplicate_of.number,
                reverse("tickets:ticket", args=[ticket.duplicate_of_id]),
            )
        )
    if ticket.plan_id:
        plan_url = reverse("tickets:plan", args=[ticket.plan_id])
        found.append(
            (_("Maintenance plan"), _("due on %(day)s") % {"day": f"{ticket.plan_due:%Y-%m-%d}"}, plan_url)
        )
    if ticket.source:
        found.append((_("Source"), f"{ticket.source} {ticket.source_number}: {ticket.source_status}", ""))
    return found


def log_lines(lines):
    """The lines of the reception log it came from."""
    return [
        (
            _("From the log"),
            f"{line.number or lists.stamp(line.at)}",
            reverse("tickets:reception_entry", args=[line.pk]),
        )
        for line in lines
    ]


def costs(ticket):
    currency = ticket.estate.currency
    found = [(_("Who pays"), ticket.get_cost_display())]
    if ticket.warranty_until:
        found.append((_("Warranty until"), f"{ticket.warranty_until:%Y-%m-%d}"))
    if ticket.cost_reason:
        found.append((_("Reason"), ticket.cost_reason))
    if ticket.contractor:
        found.append((_("Contractor"), ticket.contractor))
    if ticket.quoted_amount is not None:
        found.append((_("Quotation"), money.show(ticket.quoted_amount, currency)))
    if ticket.agreed_amount is not None:
        found.append((_("Agreed amount"), money.show(ticket.agreed_amount, currency)))
        found.append((_("Consent"), f"{ticket.consent_by}, {lists.stamp(ticket.consent_at)}"))
    return found


def size_text(size):
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"


def files(ticket):
    found = File.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, removed_at__isnull=True)
    return file_lines(found)


def file_lines(found):
    """Photos and files as _ui/attachments.html draws them."""
    return [
        {
            "name": file.name,
            "url": address("office:file", args=[file.pk]),
            "thumb": address("office:file", args=[file.pk]) if file.is_image else "",
            "size_text": size_text(file.size),
            "at": lists.stamp(file.uploaded_at),
            "by": file.uploaded_by.local_name if file.uploaded_by else "",
        }
        for file in found.select_related("uploaded_by").order_by("pk")
    ]


def timeline(events, reads_messages=False):
    return journal_lines(events, LOOKS, reads_messages)


def journal_lines(events, looks, reads_messages=False):
    """Lines of the journal as _ui/timeline.html draws them; `looks`: verb → (icon, tone)."""
    found, events = [], list(events)
    journal.read_reasons(*(event.data for event in events))
    for event in events:
        icon, tone = looks.get(event.verb, ("history", ""))
        found.append(
            {
                "text": journal.sentence(event),
                "at": lists.stamp(event.at),
                "iso": event.at.isoformat(),
                "by": event.by_name,
                "icon": icon,
                "tone": tone,
                "href": address("office:message", [event.data["message"]])
                if reads_messages and "message" in event.data
                else "",
            }
        )
    return found
