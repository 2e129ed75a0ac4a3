"""The supervisor's repairs: every number is a link to exactly its rows (SPEC §12)."""

from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from office import clocks
from office.access import may
from office.board import kind_choices
from tickets import columns, reports
from tickets.complaints import CLASS_TONES
from tickets.filters import AGES, ALL, age_bounds, name_in_catalogue, readable, tonight
from tickets.models import CallbackTry, Complaint, Ticket

Outcome = CallbackTry.Outcome


def month_of(request):
    """First day of `?month=2026-03`, else of the present month."""
    today = clocks.local_date(request.now, request.estate.zone)
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return min(asked, today.replace(day=1))


def scope(request, permission):
    """(estates, query) of `?estate=all`: where the person holds `permission`, and how the lists are asked for them.

    Without it the estate in view. The lists reach as far as the person reads repairs, which may be further.
    """
    if request.GET.get("estate") != ALL:
        return [request.estate], {}
    estates = [row for row in readable(request.user) if request.user.may(permission, row.pk)]
    whole = len(estates) == len(readable(request.user))
    return estates, {"estate": ALL if whole else [row.pk for row in estates]}


class Links:
    """Addresses of the lists behind the numbers, for one month and the estates in `query`."""

    def __init__(self, first, query=None):
        self.last = clocks.add_months(first, 1) - timedelta(days=1)
        self.first = first
        self.query = query or {}
        self.pages = {name: reverse(f"tickets:{name}") for name in ("list", "callbacks_made")}
        self.pages |= {"promises": reverse("office:board"), "complaints": reverse("tickets:complaints")}

    def span(self, prefix):
        return {f"{prefix}_from": self.first.isoformat(), f"{prefix}_to": self.last.isoformat()}

    def tickets(self, **query):
        return self._to("list", query)

    def promises(self, **query):
        return self._to("promises", query)

    def complaints(self, **query):
        return self._to("complaints", query)

    def callbacks(self, **query):
        return self._to("callbacks_made", query | self.span("tried"))

    def _to(self, name, query):
        return f"{self.pages[name]}?{urlencode(self.query | query, doseq=True)}"


@may("tickets.dashboard")
@require_GET
def dashboard(request):
    if request.estate is None or not request.user.may("tickets.dashboard", request.estate.pk):
        raise Http404
    now = request.now
    first = month_of(request)
    estates, query = scope(request, "tickets.dashboard")
    links = Links(first, query)
    boards = [_board(estate, first, now, named=bool(query)) for estate in estates]
    board = reports.together(boards)
    end = reports.month_bounds(first, request.estate.zone)[1]
    month, keep = f"{first:%Y-%m}", f"estate={ALL}&" if query else ""
    context = {
        "month": month,
        "before": f"?{keep}month={clocks.add_months(first, -1):%Y-%m}",
        "after": f"?{keep}month={clocks.add_months(first, 1):%Y-%m}" if end <= now else "",
        "several": len(readable(request.user)) > 1,
        "everywhere": bool(query),
        "tiles": [
            *_promise_tiles(board.promises, links),
            *_callback_tiles(board.callbacks, links),
            *_month_tiles(board.opened, board.answers, links),
            *_complaint_tiles(board, links),
        ],
        "charts": [
            *([_estate_chart(estates, boards, first)] if query else []),
            _age_chart(board.ages, links),
            _promise_chart(board.promises, links),
            _owner_chart(board, links),
            _complaint_chart(board.complaints, links),
            _complaint_state_chart(board.complaints, links),
            _load_chart(board, links),
            _state_chart(board.open, links),
            _satisfaction_chart(board.answers, links),
            _score_chart(board.answers, links),
            _category_chart(board, links),
            _building_chart(board, links),
        ],
    }
    return render(request, "tickets/dashboard.html", context)


def _board(estate, first, now, named):
    """One estate's figures by its own local days; `named`: its buildings say whose they are."""
    start, end = reports.month_bounds(first, estate.zone)
    board = reports.board(
        estate_id=estate.pk,
        now=now,
        tonight=tonight(now, estate.zone),
        start=start,
        end=end,
        ages=[age_bounds(row[0], now, estate.zone) for row in AGES],
    )
    if not named:
        return board
    buildings = {
        pk: (f"{estate.local_name} {words}", f"{estate.code} {key}")
        for pk, (words, key) in board.buildings.items()
    }
    return replace(board, buildings=buildings)


def _estate_chart(estates, boards, first):
    rows = []
    for estate, board in zip(estates, boards, strict=True):
        links = Links(first, {"estate": estate.pk})
        waiting, opened = sum(row["n"] for row in board.open), sum(row["n"] for row in board.opened)
        addresses = [links.tickets(open="yes"), links.tickets(**links.span("opened"))]
        rows.append((estate.local_name, [waiting, opened], addresses))
    series = [_("open"), _("opened in the month")]
    return _chart("estates", _("Repairs by estate"), _("Estate"), series, rows, horizontal=True)


def percent(part, whole):
    return f"{part * 100 / whole:.1f} %".replace(".0 %", " %") if whole else "–"


def tile(label, value, href, tone="", icon="", hint=""):
    return {"label": label, "value": value, "href": href, "tone": tone, "icon": icon, "hint": hint}


def _promise_tiles(figures, links):
    overdue = sum(row.overdue for row in figures.values())
    today = sum(row.today for row in figures.values())
    kept = sum(row.kept for row in figures.values())
    on_time = sum(row.on_time for row in figures.values())
    ended = kept + sum(row.unreachable for row in figures.values())
    closed = links.span("closed")
    return [
        tile(_("Promises overdue"), overdue, links.promises(outcome="overdue"), "late" if overdue else "good", "urgent"),
        tile(_("Promises due today"), today, links.promises(outcome="today"), "today" if today else "", "clock"),
        tile(_("Promises kept"), kept, links.promises(outcome="kept", **closed), "good", "circle-check"),
        tile(_("Kept on time"), on_time, links.promises(outcome="on_time", **closed), "good", "circle-check",
             hint=_("%(rate)s of those that ended") % {"rate": percent(on_time, ended)}),
    ]  # fmt: skip


def _callback_tiles(rate, links):
    fact = {"kind": "callback", **links.span("fact")}
    return [
        tile(_("Callbacks owed"), rate.owed, links.promises(outcome="owed", **fact), "", "phone", _("for repairs completed in the month")),
        tile(_("Callbacks kept"), rate.kept, links.promises(outcome="kept", **fact), "good" if rate.kept == rate.owed else "today", "phone-call",
             _("%(rate)s; the goal is 100 %%") % {"rate": percent(rate.kept, rate.owed)}),
        tile(_("Callbacks on time"), rate.on_time, links.promises(outcome="on_time", **fact), "", "clock",
             percent(rate.on_time, rate.owed)),
        tile(_("Never reached"), rate.unreachable, links.promises(outcome="unreachable", **fact), "late" if rate.unreachable else "", "phone-off"),
    ]  # fmt: skip


def _month_tiles(opened, answers, links):
    total = sum(row["n"] for row in opened)
    repeats = sum(row["n"] for row in opened if row["is_repeat"])
    satisfied = sum(n for (outcome, _score), n in answers.items() if outcome == Outcome.SATISFIED)
    reached = sum(n for (outcome, _score), n in answers.items() if outcome != Outcome.NOT_REACHED)
    span = links.span("opened")
    return [
        tile(pgettext("how many", "Opened"), total, links.tickets(**span), "", "plus"),
        tile(_("Repeats"), repeats, links.tickets(repeat="yes", **span), "today" if repeats else "", "repeat", percent(repeats, total)),
        tile(_("Satisfied"), satisfied, links.callbacks(outcome=Outcome.SATISFIED), "good", "mood-smile",
             _("%(rate)s of those reached") % {"rate": percent(satisfied, reached)}),
        tile(_("Reached"), reached, links.callbacks(reached="yes"), "", "phone-call"),
    ]  # fmt: skip


def _chart(key, title, head, series, rows, **more):
    return {"id": f"chart-{key}", "title": title, "head": head, "series": series, "rows": rows, **more}


def _sums(rows, key):
    counts: dict = {}
    for row in rows:
        counts[row[key]] = counts.get(row[key], 0) + row["n"]
    return counts


def _staff_name(name, name_en):
    return name_en if name_en and get_language() == "en" else name


def _age_chart(ages, links):
    rows = [
        (label, [n], [links.tickets(open="yes", age=key)])
        for (key, label, _from, _below), n in zip(AGES, ages, strict=True)
    ]
    return _chart("age", _("Open repairs by age"), _("Age"), [_("open")], rows)


def _promise_rows(figures, links, label, asked):
    """[(label, numbers, addresses)] of open promises by lateness."""
    return [
        (
            label(key),
            [row.overdue, row.today, row.open - row.overdue - row.today],
            [links.promises(**asked(key), outcome=outcome) for outcome in ("overdue", "today", "ahead")],
        )
        for key, row in figures
        if row.open
    ]


def _promise_chart(figures, links):
    order = {name: place for place, (name, _label) in enumerate(kind_choices())}
    rows = _promise_rows(
        sorted(figures.items(), key=lambda item: order.get(item[0], len(order))),
        links,
        columns.kind_label,
        lambda kind: {"kind": kind},
    )
    return _lateness("promises", _("Open promises by kind"), _("Promise"), rows)


def _owner_chart(board, links):
    rows = _promise_rows(
        sorted(board.owners.items(), key=lambda item: (-item[1].overdue, -item[1].open, item[0] or 0)),
        links,
        lambda pk: _staff_name(*board.technicians[pk]) if pk else _("nobody"),
        lambda pk: {"owner": pk} if pk else {"no_owner": "true"},
    )
    return _lateness("owners", _("Open promises by person"), _("Person"), rows, horizontal=True)


def _lateness(key, title, head, rows, **more):
    series = [_("overdue"), _("due today"), _("due later")]
    return _chart(key, title, head, series, rows, stacked=True, tones=["late", "today", "quiet"], **more)


def _complaint_tiles(board, links):
    waiting = sum(row["n"] for row in board.complaints)
    major = sum(row["n"] for row in board.complaints if row["klass"] == Complaint.Klass.MAJOR)
    return [
        tile(_("Complaints open"), waiting, links.complaints(open="yes"), "", "message"),
        tile(_("Of these major"), major, links.complaints(open="yes", klass=Complaint.Klass.MAJOR), "late" if major else "", "flag"),
        tile(_("Complaints taken"), board.complained, links.complaints(**links.span("opened")), "", "plus"),
    ]  # fmt: skip


def _complaint_chart(groups, links):
    classes, rows = Complaint.Klass.choices, []
    for place, (key, label, _from, _below) in enumerate(AGES):
        numbers = [
            sum(row[f"age_{place}"] for row in groups if row["klass"] == klass) for klass, _label in classes
        ]
        rows.append(
            (
                label,
                numbers,
                [links.complaints(open="yes", klass=klass, age=key) for klass, _label in classes],
            )
        )
    tones = [CLASS_TONES[klass] for klass, _label in classes]
    series = [str(label) for _klass, label in classes]
    title = _("Open complaints by age and class")
    return _chart("complaint-age", title, _("Age"), series, rows, stacked=True, tones=tones)


def _complaint_state_chart(groups, links):
    counts = _sums(groups, "state")
    rows = [
        (str(label), [counts[state]], [links.complaints(open="yes", state=state)])
        for state, label in Complaint.State.choices
        if state in counts
    ]
    return _chart("complaint-state", _("Open complaints by state"), _("State"), [_("open")], rows)


def _load_chart(board, links):
    counts = _sums(board.open, "technician")
    rows = [
        (_staff_name(*board.technicians[pk]), [n], [links.tickets(open="yes", technician=pk)])
        for pk, n in sorted(counts.items(), key=lambda item: -item[1])
        if pk
    ]
    if None in counts:
        rows.append((_("nobody sent"), [counts[None]], [links.tickets(open="yes", no_technician="true")]))
    return _chart("load", _("Load by technician"), _("Technician"), [_("open")], rows, horizontal=True)


def _state_chart(groups, links):
    counts = _sums(groups, "state")
    rows = [
        (str(label), [counts[state]], [links.tickets(open="yes", state=state)])
        for state, label in Ticket.State.choices
        if state in counts
    ]
    return _chart("state", _("Open repairs by state"), _("State"), [_("open")], rows)


def _satisfaction_chart(answers, links):
    counts: dict = {}
    for (outcome, _score), n in answers.items():
        counts[outcome] = counts.get(outcome, 0) + n
    rows = [
        (str(label), [counts[outcome]], [links.callbacks(outcome=outcome)])
        for outcome, label in Outcome.choices
        if outcome in counts
    ]
    return _chart(
        "satisfaction", _("Callbacks by result"), _("Result"), [_("callbacks")], rows, kind="doughnut"
    )


def _score_chart(answers, links):
    counts: dict = {}
    for (_outcome, score), n in answers.items():
        if score is not None:
            counts[score] = counts.get(score, 0) + n
    rows = [
        (str(score), [n], [links.callbacks(score=score)]) for score, n in sorted(counts.items(), reverse=True)
    ]
    return _chart("scores", _("Scores given"), _("Score"), [_("callbacks")], rows)


def _category_chart(board, links):
    counts: dict = {}
    if links.query:  # each estate has a catalogue of its own; the code is what they share
        names = {code: words for *words, code in board.categories.values()}
        for row in board.opened:
            code = board.categories[row["category"]][3]
            counts[code] = counts.get(code, 0) + row["n"]
    else:
        names = {pk: words for pk, (*words, _code) in board.categories.items()}
        counts = _sums(board.opened, "category")
    wanted = "category_code" if links.query else "category"
    rows = [
        (name_in_catalogue(*names[key]), [n], [links.tickets(**{wanted: key}, **links.span("opened"))])
        for key, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return _chart(
        "category",
        _("Opened in the month, by category"),
        _("Category"),
        [_("opened")],
        rows,
        horizontal=True,
        tall=True,
    )


def _building_chart(board, links):
    counts = _sums(board.opened, "building")
    span = links.span("opened")
    rows = [
        (words, [counts[pk]], [links.tickets(building=pk, **span)])
        for pk, (words, _key) in sorted(board.buildings.items(), key=lambda item: item[1][1])
    ]
    if None in counts:
        rows.append((_("no building"), [counts[None]], [links.tickets(no_building="true", **span)]))
    return _chart(
        "building",
        _("Opened in the month, by building"),
        _("Building"),
        [_("opened")],
        rows,
        horizontal=True,
        tall=True,
    )
