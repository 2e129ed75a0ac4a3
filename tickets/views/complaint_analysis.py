"""What the month's complaints have in common: causes, departments, buildings, who complains again (SPEC §4.8, §5.6).

Every number is a link to exactly its rows.
"""

from datetime import timedelta
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from office import clocks
from office.access import may
from office.models import Building, Department
from tickets import complaints, reports
from tickets.models import Complaint, ComplaintCause
from tickets.views.complaints import READ
from tickets.views.dashboard import month_of, percent, tile

TILES = {Complaint.Klass.MAJOR: "urgent", Complaint.Klass.IMPORTANT: "alert-triangle", Complaint.Klass.MINOR: "message-2"}  # fmt: skip


class Links:
    """Addresses of the list behind the numbers of one month."""

    def __init__(self, first):
        last = clocks.add_months(first, 1) - timedelta(days=1)
        self.span = {"opened_from": first.isoformat(), "opened_to": last.isoformat()}
        self.page = reverse("tickets:complaints")

    def __call__(self, **query):
        return f"{self.page}?{urlencode(self.span | query)}"


@may(READ)
@require_GET
def analysis(request):
    if request.estate is None or not request.user.may(READ, request.estate.pk):
        raise Http404
    estate, first = request.estate, month_of(request)
    start, end = reports.month_bounds(first, estate.zone)
    groups, links = reports.complaint_groups(estate.pk, start, end), Links(first)
    causes = {row.pk: row for row in ComplaintCause.objects.filter(estate=estate)}
    buildings = {row.pk: row for row in Building.objects.filter(estate=estate).order_by("sort_key")}
    context = {
        "month": f"{first:%Y-%m}",
        "before": f"?month={clocks.add_months(first, -1):%Y-%m}",
        "after": f"?month={clocks.add_months(first, 1):%Y-%m}" if end <= request.now else "",
        "tiles": _tiles(groups, links),
        "charts": [
            _cause_chart(groups, causes, links),
            _department_chart(groups, links),
            _building_chart(groups, buildings, links),
            _against_chart(groups, links),
            _fault_chart(groups, links),
            _recurring_chart(groups, causes, buildings, links),
            _complainers_chart(reports.complainers(estate.pk, start, end), links),
        ],
    }
    return render(request, "tickets/complaint_analysis.html", context)


def _sum(groups, **wanted):
    return sum(row["n"] for row in groups if all(row[name] == value for name, value in wanted.items()))


def _sums(groups, *keys):
    counts: dict = {}
    for row in groups:
        key = row[keys[0]] if len(keys) == 1 else tuple(row[name] for name in keys)
        counts[key] = counts.get(key, 0) + row["n"]
    return counts


def _tiles(groups, links):
    total = _sum(groups)
    repeats = _sum(groups, is_repeat=True)
    found, not_found = _sum(groups, valid=True), _sum(groups, valid=False)
    happy, unhappy = _sum(groups, satisfied=True), _sum(groups, satisfied=False)
    return [
        tile(pgettext("complaints", "Taken"), total, links(), "", "plus"),
        *(
            tile(str(klass.label), _sum(groups, klass=klass), links(klass=klass.value), complaints.CLASS_TONES[klass], TILES[klass])
            for klass in Complaint.Klass
        ),
        tile(_("Repeats"), repeats, links(repeat="yes"), "today" if repeats else "", "repeat", percent(repeats, total)),
        tile(_("Well founded"), found, links(valid="yes"), "", "scale",
             _("%(rate)s of those with a result") % {"rate": percent(found, found + not_found)}),
        tile(_("Satisfied"), happy, links(satisfied="yes"), "good", "mood-smile",
             _("%(rate)s of those reached") % {"rate": percent(happy, happy + unhappy)}),
    ]  # fmt: skip


def _chart(key, title, head, rows, **more):
    series = [_("complaints")]
    return {
        "id": f"chart-{key}", "title": title, "head": head, "series": series, "rows": rows, "horizontal": True, **more
    }  # fmt: skip


def _most_first(counts):
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _cause_chart(groups, causes, links):
    rows = [
        (causes[pk].local_name, [n], [links(cause=pk)]) for pk, n in _most_first(_sums(groups, "cause_id"))
    ]
    return _chart("causes", _("By cause"), _("Cause"), rows, tall=len(rows) > 5)


def _department_chart(groups, links):
    words = dict(Department.choices)
    rows = [
        (str(words[key]), [n], [links(department=key)])
        for key, n in _most_first(_sums(groups, "department"))
        if key
    ]
    return _chart("departments", _("By department"), _("Department"), rows)


def _building_chart(groups, buildings, links):
    counts = _sums(groups, "building_id")
    rows = [(str(row), [counts[pk]], [links(building=pk)]) for pk, row in buildings.items() if pk in counts]
    if None in counts:
        rows.append((_("no building"), [counts[None]], [links(no_building="true")]))
    return _chart("buildings", _("By building"), _("Building"), rows, tall=len(rows) > 5)


def _against_chart(groups, links):
    words = dict(Complaint.Against.choices)
    rows = [(str(words[key]), [n], [links(against=key)]) for key, n in _most_first(_sums(groups, "against"))]
    return _chart("against", _("Against whom"), _("Against"), rows)


def _fault_chart(groups, links):
    words = dict(Complaint.Fault.choices)
    rows = [
        (str(words[key]), [n], [links(fault=key)]) for key, n in _most_first(_sums(groups, "fault")) if key
    ]
    return _chart("faults", _("Whose fault"), _("Fault lies with"), rows)


def _recurring_chart(groups, causes, buildings, links):
    """The same cause at the same building again and again asks for a written analysis."""
    counts = _sums(groups, "cause_id", "building_id")
    rows = [
        (f"{buildings[building]}: {causes[cause].local_name}", [n], [links(cause=cause, building=building)])
        for (cause, building), n in _most_first(counts)
        if building and n >= reports.RECURRING
    ]
    title = _("Recurring: same cause, same building, %(n)s times or more") % {"n": reports.RECURRING}
    return _chart("recurring", title, _("Where and what"), rows, table_open=True)


def _complainers_chart(people, links):
    english = get_language() == "en"
    rows = [
        (name_en if english and name_en else name, [n], [links(complainant=pk)])
        for pk, name, name_en, n in people
    ]
    return _chart("complainers", _("Who complained more than once"), _("Complainant"), rows, table_open=True)
