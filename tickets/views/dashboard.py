"""The supervisor's repairs: every number is a link to exactly its rows (SPEC §12)."""

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
from tickets import columns, reports
from tickets.filters import AGES, KINDS, age_bounds, name_in_catalogue
from tickets.models import CallbackTry, Ticket

Outcome = CallbackTry.Outcome


def month_of(request):
    """First day of `?month=2026-03`, else of the present month."""
    today = clocks.local_date(request.now, request.estate.zone)
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return min(asked, today.replace(day=1))


class Links:
    """Addresses of the lists behind the numbers, for one month."""

    def __init__(self, first):
        self.last = clocks.add_months(first, 1) - timedelta(days=1)
        self.first = first
        self.pages = {name: reverse(f"tickets:{name}") for name in ("list", "promises", "callbacks_made")}

    def span(self, prefix):
        return {f"{prefix}_from": self.first.isoformat(), f"{prefix}_to": self.last.isoformat()}

    def tickets(self, **query):
        return f"{self.pages['list']}?{urlencode(query)}"

    def promises(self, **query):
        return f"{self.pages['promises']}?{urlencode(query)}"

    def callbacks(self, **query):
        return f"{self.pages['callbacks_made']}?{urlencode(query | self.span('tried'))}"


@may("tickets.dashboard")
@require_GET
def dashboard(request):
    if request.estate is None or not request.user.may("tickets.dashboard", request.estate.pk):
        raise Http404
    estate, now, zone = request.estate, request.now, request.estate.zone
    first = month_of(request)
    start, end = reports.month_bounds(first, zone)
    tonight = clocks.end_of_day(clocks.local_date(now, zone), zone)
    links = Links(first)
    board = reports.board(
        estate_id=estate.pk,
        kinds=KINDS,
        now=now,
        tonight=tonight,
        start=start,
        end=end,
        ages=[age_bounds(row[0], now, zone) for row in AGES],
    )
    month = f"{first:%Y-%m}"
    context = {
        "month": month,
        "before": f"?month={clocks.add_months(first, -1):%Y-%m}",
        "after": f"?month={clocks.add_months(first, 1):%Y-%m}" if end <= now else "",
        "tiles": [
            *_promise_tiles(board.promises, links),
            *_callback_tiles(board.callbacks, links),
            *_month_tiles(board.opened, board.answers, links),
        ],
        "charts": [
            _age_chart(board.ages, links),
            _promise_chart(board.promises, links),
            _load_chart(board, links),
            _state_chart(board.open, links),
            _satisfaction_chart(board.answers, links),
            _score_chart(board.answers, links),
            _category_chart(board, links),
            _building_chart(board, links),
        ],
    }
    return render(request, "tickets/dashboard.html", context)


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


def _promise_chart(figures, links):
    rows = [
        (
            columns.kind_label(kind),
            [row.overdue, row.today, row.open - row.overdue - row.today],
            [
                links.promises(kind=kind, outcome="overdue"),
                links.promises(kind=kind, outcome="today"),
                links.promises(kind=kind, outcome="ahead"),
            ],
        )
        for kind, row in figures.items()
    ]
    series = [_("overdue"), _("due today"), _("due later")]
    return _chart(
        "promises",
        _("Open promises by kind"),
        _("Promise"),
        series,
        rows,
        stacked=True,
        tones=["late", "today", "quiet"],
    )


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
    counts = _sums(board.opened, "category")
    rows = [
        (name_in_catalogue(*board.categories[pk]), [n], [links.tickets(category=pk, **links.span("opened"))])
        for pk, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
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
