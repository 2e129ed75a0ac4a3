"""Home: what this person owes today, the most urgent first, put together from each app's reports (SPEC §1)."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.filters_ledger import OVERDUE
from billing.reports import figures as fees
from billing.reports import refunds
from billing.views.figures import REPORTS, Links
from office import board, clocks, escalation, money, months, promises
from office import reports as office_reports
from office.lists.estates import ALL as EVERYWHERE
from office.lists.estates import readable, tonight
from tickets import reports as ticket_reports
from tickets.views.dashboard import percent
from tickets.views.work import card

SHOWN = 20  # lines of a section on the home page
ALL = 300  # on the page that shows everything


def context(request, everything=False):
    """Sections of promises, own work, requests to decide, and the numbers worth a look."""
    staff, now = request.user, request.now
    limit = ALL if everything else SHOWN
    # A deputy from the crew answers for the department, but may not open its tickets.
    headed = {pair for pair in office_reports.headed_by(staff) if staff.may("tickets.read", pair[0])}
    zone = request.estate.zone if request.estate else None
    work = []
    if staff.may("tickets.work_own"):
        work = [card(order, now) for order in ticket_reports.own_orders(staff)[:limit]]
    sections = [
        _section(request, "mine", _("I owe"), "user-check", office_reports.owed_by(staff, limit + 1), limit),
        _section(request, "climbed", _("Climbed to me"), "trending-up", office_reports.escalated_to(staff, headed, limit + 1), limit),
        _section(
            request, "department", _("Due in my department by tonight"), "users",
            office_reports.owed_by_departments(staff, headed, tonight(now, zone) if zone else now, limit + 1), limit,
        ),
    ]  # fmt: skip
    if work:  # a technician's promises are the arrivals of the work orders above
        sections = [section for section in sections if section["key"] != "mine" or not _all_arrivals(section)]
    sections = [section for section in sections if section["lines"]]
    return {
        "today": clocks.local_date(now, zone) if zone else now.date(),
        "work": work,
        "handovers": ticket_reports.waiting_handovers(staff) if staff.may("reception.write") else [],
        "acknowledge": _to_acknowledge(request),
        "requests": ticket_reports.requests_to_decide(staff, limit) if staff.may("tickets.approve") else [],
        "reports": months.waiting_for(staff) if staff.may(months.WRITE) else [],
        "refunds": [_refund(row, request) for row in refunds.waiting_for(staff, limit)],
        "sections": sections,
        "tiles": [*_tiles(request), *_fees(request)],
        "actions": _actions(staff),
        "more_url": reverse("owed")
        if not everything and any(section["more"] for section in sections)
        else "",
        "hint": _hint(staff),
    }


def _to_acknowledge(request):
    """Complaints forwarded to this person: one press says that they have heard of it (SPEC §5.2)."""
    if not request.user.may("complaints.acknowledge"):
        return []
    found = []
    for row in ticket_reports.to_acknowledge(request.user):
        tone, text = (
            clocks.due_text(row.next_due_at, request.now, row.estate.zone) if row.next_due_at else ("", "")
        )
        found.append(
            {
                "title": f"{row.number} {row.where}",
                "what": f"{row.get_klass_display()} · {row.cause.local_name}",
                "by": row.owner.local_name if row.owner else "",
                "href": reverse("tickets:complaint", args=[row.pk]),
                "url": reverse("tickets:complaint_acknowledge", args=[row.pk]),
                "tone": tone,
                "text": text,
            }
        )
    return found


def _refund(row, request):
    """Money on its way back that waits for this person's word, or for the payment."""
    several = len(request.user.estate_ids()) > 1
    return {
        "title": f"{row.account.unit.code} {row.account.person.local_name}",
        "what": f"{row.get_state_display()}: {row.reason}",
        "amount": money.show(row.amount, row.estate.currency),
        "by": " · ".join(filter(None, [row.asked_by.local_name, row.estate.local_name if several else ""])),
        "href": reverse("billing:refund", args=[row.pk]),
    }


def _section(request, key, title, icon, rows, limit):
    several = len(request.user.estate_ids()) > 1
    stands = escalation.stands(rows[:limit], request.user) if key == "climbed" else {}
    return {
        "key": key,
        "title": title,
        "icon": icon,
        "more": len(rows) > limit,
        "kinds": {promise.kind for promise in rows},
        "lines": [
            _line(promise, request, several, key != "mine") | {"stand": stands.get(promise.pk)}
            for promise in rows[:limit]
        ],
    }


def _all_arrivals(section):
    return section["kinds"] <= {"arrival"}


def _line(promise, request, several, named):
    zone = promise.estate.zone
    tone, text = clocks.due_text(promise.due_at, request.now, zone)
    kind = promises.KINDS.get(promise.kind)
    url = promises.SUBJECTS.get(promise.subject_kind)
    href = url(promise.subject_id) if url else ""
    if promise.kind == "callback" and request.user.may("tickets.callback", promise.estate_id):
        href = f"{reverse('tickets:callbacks')}?ticket={promise.subject_id}"
    if promise.kind == "complaint_callback" and request.user.may("complaints.callback", promise.estate_id):
        href = f"{reverse('tickets:callbacks')}?complaint={promise.subject_id}"
    return {
        "title": promise.title,
        "kind": str(kind.label) if kind else promise.kind,
        "href": href,
        "tone": tone,
        "text": text,
        "hint": promises.rule_text(promise, zone),
        "estate": promise.estate.local_name if several else "",
        "owner": promise.owner.local_name if named and promise.owner_id else "",
    }


def _tiles(request):
    """Numbers this person can do something about, over all their estates: each by its own local days."""
    staff, now = request.user, request.now
    estates = readable(staff, board.READ)
    if not estates:
        return []
    first = clocks.local_date(now, request.estate.zone).replace(day=1)
    found = {estate.pk: _figures(estate, first, now) for estate in estates}
    figures = office_reports.figures_together(list(found.values()))
    overdue, today = sum(row.overdue for row in figures.values()), sum(row.today for row in figures.values())
    promised = _promised(estates, estates, request)
    tiles = [
        _tile(_("Overdue"), overdue, promised(outcome="overdue"), "late" if overdue else "good", "urgent"),
        _tile(_("Due today"), today, promised(outcome="today"), "today" if today else "", "clock"),
    ]
    calling = [estate for estate in estates if staff.may("tickets.callback", estate.pk)]
    if calling:
        callback = office_reports.figures_together([found[estate.pk] for estate in calling]).get(
            "callback", office_reports.PromiseFigures()
        )
        hint = ngettext("%(n)s overdue", "%(n)s overdue", callback.overdue) % {"n": callback.overdue}
        address = _promised(calling, estates, request)(kind="callback", outcome="open")
        tiles.append(_tile(_("Callbacks waiting"), callback.open, address, "", "phone", hint))
    led = [estate for estate in estates if staff.may("office.rates", estate.pk)]
    if led:
        figures = office_reports.figures_together([found[estate.pk] for estate in led])
        kept = sum(row.kept for row in figures.values())
        on_time = sum(row.on_time for row in figures.values())
        address = _promised(led, estates, request)(outcome="kept", closed_from=first.isoformat())
        said = _("%(rate)s on time") % {"rate": percent(on_time, kept)}
        tiles.append(_tile(_("Kept this month"), kept, address, "good", "circle-check", said))
    return tiles


def _fees(request):
    """What is overdue and how much of the month has come in, of the estate in view: two statements (SPEC §6.12)."""
    estate = request.estate
    if estate is None or not request.user.may(REPORTS, estate.pk):
        return []
    today = clocks.local_date(request.now, estate.zone)
    first = today.replace(day=1)
    ages = fees.ageing([estate.pk], today).get(None, {})
    overdue = sum((amount for age, amount in ages.items() if age != fees.NOT_DUE), fees.NOTHING)
    month = fees.collection([estate.pk], first, first).get(first)
    links = Links(first, first, {})
    tiles = [
        # Translators: 逾期欠費
        _tile(_("Fees overdue"), money.show(overdue, estate.currency), links.charges(age=OVERDUE), "late" if overdue else "good", "urgent"),
    ]  # fmt: skip
    if month and month.rate is not None:
        said = _("%(collected)s of %(charged)s") % {
            "collected": money.show(month.collected, estate.currency),
            "charged": money.show(month.charged, estate.currency),
        }
        collected = links.collection()[1]
        # Translators: 收繳率
        tiles.append(_tile(_("Collected for this month"), f"{month.rate} %".replace(".0 %", " %"), collected, "", "cash", said))  # fmt: skip
    return tiles


def _figures(estate, first, now):
    start, end = ticket_reports.month_bounds(first, estate.zone)
    return office_reports.promise_figures(estate.pk, now, tonight(now, estate.zone), start, end)


def _promised(estates, readable_, request):
    """Address of the board about these estates; none is named where only one can be meant."""
    if len(readable_) == 1 and estates == [request.estate]:
        query = {}
    else:
        query = {
            "estate": EVERYWHERE if len(estates) == len(readable_) else [estate.pk for estate in estates]
        }
    return lambda **more: board.address(**query, **more)


def _tile(label, value, href, tone="", icon="", hint=""):
    return {"label": label, "value": value, "href": href, "tone": tone, "icon": icon, "hint": hint}


def _actions(staff):
    """What this person starts from here."""
    wanted = [
        ("tickets.intake", "take", _("Take a repair"), "tickets:intake", "plus", "r"),
        ("complaints.take", "complain", _("Take a complaint"), "tickets:complaint_new", "message-2", "t"),
        ("reception.write", "log", _("Log a call"), "tickets:reception_new", "phone-incoming", "c"),
        ("tickets.callback", "callbacks", _("Callbacks"), "tickets:callbacks", "phone", "b"),
        ("tickets.work_own", "mine", _("My work"), "tickets:my_work", "tool", "w"),
        ("tickets.dashboard", "dashboard", _("Dashboard"), "tickets:dashboard", "chart-bar", "d"),
    ]
    if not staff.may("tickets.intake"):  # the gate's people; the front desk has these in the navigation
        wanted += [
            ("gate.release", "gate", _("Check a slip"), "residents:gate", "shield-check", "s"),
            ("gate.visitors", "visitor", _("Visitor in"), "residents:visitor_new", "user-plus", "v"),
        ]
    return [
        {
            "verb": verb,
            "label": label,
            "url": reverse(name),
            "icon": icon,
            "key": key,
            "style": "primary" if at == 0 else "",
        }
        for at, (_permission, verb, label, name, icon, key) in enumerate(
            row for row in wanted if staff.may(row[0])
        )
    ]


def _hint(staff):
    if staff.may("gate.release") and not staff.may("tickets.intake"):
        return _("Slips are checked and visitors let in with the buttons above.")
    if staff.may("tickets.work_own"):
        return _("Work orders appear here as soon as they are dispatched to you.")
    if staff.may("tickets.read"):
        return _("Promises appear here with their clocks as soon as somebody owes them.")
    return _("What is assigned to you will appear here; the bell tells you at once.")
