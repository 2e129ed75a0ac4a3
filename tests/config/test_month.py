"""月度統計分析 over its rooms: every number is the count of the list it opens (SPEC §4.8, §12)."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from office import months
from office.actions import months as actions
from tests.cast import NOW, make_building, make_section, make_staff, make_unit
from tickets import actions as repairs
from tickets.models import Asset, Category, Complaint, ComplaintCause

MARCH = date(2026, 3, 1)
APRIL = NOW.replace(month=4, day=2)
FIGURE = re.compile(
    r'<a href="([^"]+)"(?: data-figure)?(?: tabindex="-1")?>(?:<rect[^>]*/>(?:<text[^>]*>)?)?(\d+)<'
)


def take(estate, people, code, at, **values):
    category = Category.objects.get(estate=estate, code=code)
    return repairs.take(
        estate=estate,
        category=category,
        problem="漏",
        reporter_name="張",
        by=people["clerk"],
        now=at,
        **values,
    )


def finish(ticket, people, at, technician="technician"):
    if ticket.cost == "undecided":
        ticket = repairs.decide_cost(ticket=ticket, cost="warranty", by=people["clerk"], now=at)
    ticket = repairs.dispatch(
        ticket=ticket, technician=people[technician], window_from=at, window_to=at + timedelta(hours=2), by=people["lead"],
        now=at,
    )  # fmt: skip
    order = ticket.work_orders.last()
    repairs.arrive(
        work_order=order, at=at + timedelta(minutes=90), by=people[technician], now=at + timedelta(minutes=90)
    )
    done = at + timedelta(hours=3)
    return repairs.finish(work_order=order, ended_at=done, result="好", by=people[technician], now=done)


def call(ticket, people, at, outcome="satisfied", **values):
    return repairs.call_back(ticket=ticket, outcome=outcome, by=people["clerk"], now=at, **values)


@pytest.fixture(autouse=True)
def in_april():
    with time_machine.travel(APRIL, tick=False):
        yield


@pytest.fixture
def march(estate, cast):
    """A month with a stack, an asset, a building and a flat that came again and again, at its edges and beside them."""
    other = make_staff("other", (estate, "technician"))
    people = {**cast, "other": other}
    three, five = make_building(estate, "3"), make_building(estate, "5")
    entrance = make_section(three, "2")
    flats = [
        make_unit(estate, f"3-2-{floor}01", building=three, section=entrance, floor=str(floor))
        for floor in (8, 9, 12)
    ]
    far = [make_unit(estate, f"5-1-{door}", building=five, floor=door[0]) for door in ("201", "302", "403")]
    pump = Asset.objects.create(estate=estate, code="PUMP", name_zh_hant="水泵房", kind="pump", building=five)
    midnight = NOW.replace(day=1, hour=0)
    tickets = []
    for n, unit in enumerate(flats):  # one above the other
        tickets.append(take(estate, people, "LK-PIPE", midnight + timedelta(days=n, hours=10), unit=unit))
    for n, unit in enumerate(far):  # three taps in one building, at no single place
        tickets.append(take(estate, people, "TAP", midnight + timedelta(days=3 + n, hours=n), unit=unit))
    for n in range(3):
        tickets.append(take(estate, people, "LAMP", midnight + timedelta(days=8 + n), asset=pump))
    tickets.append(take(estate, people, "TAP", midnight, unit=flats[0]))
    tickets.append(take(estate, people, "TAP", midnight + timedelta(days=31, seconds=-1), place="大堂"))
    take(estate, people, "TAP", midnight + timedelta(days=31), unit=flats[0])  # April's
    take(estate, people, "TAP", midnight - timedelta(seconds=1), unit=flats[0])  # February's
    repairs.cancel(
        ticket=tickets[-1],
        reason="重複",
        told="電話",
        by=people["clerk"],
        now=midnight + timedelta(days=31, hours=1),
    )
    for n, ticket in enumerate(tickets[3:8]):
        who = "other" if n % 2 else "technician"
        tickets[3 + n] = finish(ticket, people, ticket.opened_at + timedelta(hours=1 + 30 * n), who)
    call(tickets[3], people, tickets[3].done_at + timedelta(hours=1), score=5)
    call(tickets[4], people, tickets[4].done_at + timedelta(days=3), score=2)
    call(tickets[5], people, tickets[5].done_at + timedelta(hours=2), "not_satisfied", remark="還在滴")
    call(tickets[6], people, tickets[6].done_at + timedelta(hours=2), "not_reached")
    complaints_of(estate, people, flats, midnight)
    return people


def complaints_of(estate, people, flats, midnight):
    """Noise in one building four times, a bin once elsewhere; one answered late, one withdrawn, one solved."""
    noise, other = (ComplaintCause.objects.get(estate=estate, code=code) for code in ("NOISE", "OTHER"))
    made = []
    for n, unit in enumerate([*flats, flats[0]]):
        made.append(
            repairs.complaints.take(
                estate=estate, unit=unit, cause=noise, klass="important" if n else "minor", course="樓上裝修", name="張",
                by=people["clerk"], now=midnight + timedelta(days=4 + n),
            )
        )  # fmt: skip
    repairs.complaints.take(
        estate=estate, place="花園", cause=other, course="垃圾滿溢", name="李", by=people["clerk"], now=midnight + timedelta(days=6)
    )  # fmt: skip
    solved = repairs.complaints.route(
        complaint=made[0],
        department="repair",
        handler=people["lead"],
        by=people["clerk"],
        now=made[0].opened_at,
    )
    at = made[0].opened_at + timedelta(hours=3)
    repairs.complaints.contact(complaint=solved, text="已致電", by=people["lead"], now=at)
    repairs.complaints.report(
        complaint=solved, result="已勸止", fault="neighbour", valid=True, by=people["lead"], now=at
    )
    repairs.complaints.tell(complaint=solved, by=people["clerk"], now=at)
    repairs.complaints.withdraw(complaint=made[1], reason="已和解", by=people["clerk"], now=made[1].opened_at)


def report_of(estate):
    return actions.draft(estate=estate, month=MARCH, now=APRIL)[0]


def shown_count(client, href):
    page = client.get(href.replace("&amp;", "&"))
    assert page.status_code == 200, href
    said = page.context["page"]
    assert said.count_is_exact and said.is_valid, href
    assert not said.reading.unknown, href
    return said.count


def test_every_number_of_the_report_is_the_number_of_its_rows(march, estate, sign_in):
    report = report_of(estate)
    client = sign_in(march["supervisor"])
    html = client.get(reverse("office:month", args=[report.pk])).content.decode()
    found = {(href, int(value)) for href, value in FIGURE.findall(html)}
    assert len(found) > 60
    wrong = {href: (value, count) for href, value in found if (count := shown_count(client, href)) != value}
    assert not wrong
    assert sum(1 for _href, value in found if value) > 40
    bare = re.findall(r'<td class="text-end[^"]*">\s*\d+\s*</td>', html)
    assert not bare, "a number without its rows"


def words_of(estate, key):
    """(facts, issues) of one part as people read them."""
    found = next(part for part in months.shown(months.compose(estate, MARCH)) if part.key == key)
    facts = {label: (now.text, now.beside) for label, now, _before, _year in found.facts}
    return facts, [(one["what"], one["where"], one["count"]) for one in found.issues]


def test_recurring_faults_are_named_by_the_narrowest_place_that_holds_them(march, estate):
    facts, issues = words_of(estate, "repairs")
    assert facts["Repairs reported"] == ("11", "")
    tap, lamp, pipe = (
        Category.objects.get(estate=estate, code=code).name_en for code in ("TAP", "LAMP", "LK-PIPE")
    )
    pump = Asset.objects.get(estate=estate)
    assert sorted(issues) == sorted(
        [
            (pipe, "flats one above the other 3-2-×01", 3),
            (tap, "5", 3),
            (lamp, pump.local_name, 3),
        ]
    )


def test_the_callback_rate_is_kept_over_owed_of_the_months_completions(march, estate):
    facts, _issues = words_of(estate, "callbacks")
    assert facts["Callbacks owed for the month's repairs"] == ("5", "")
    assert facts["kept, goal 100 %"] == ("3", "60\u00a0%")
    assert facts["kept on time"] == ("2", "40\u00a0%")
    assert facts["satisfied"] == ("2", "66.7\u00a0%")


def test_complaints_count_by_class_and_limit_and_withdrawn_ones_recur_no_more(march, estate):
    facts, issues = words_of(estate, "complaints")
    received = Complaint.objects.filter(estate=estate)
    assert facts["Complaints received"] == (str(received.count()), "") == ("5", "")
    assert facts["of these justified"] == ("1", "20\u00a0%")
    assert facts["Complaints to be solved"][0] == "4"
    assert facts["solved in time"] == ("1", "25\u00a0%")
    assert facts["told the same day"] == ("1", "100\u00a0%")
    noise = ComplaintCause.objects.get(estate=estate, code="NOISE")
    assert issues == [(noise.name_en, "3", 3)]


def test_the_month_before_and_the_same_month_last_year_stand_beside(march, estate):
    part = next(
        part for part in months.shown(months.compose(estate, date(2026, 4, 1))) if part.key == "repairs"
    )
    _label, now, before, year = part.facts[0]
    assert (now.text, before.text, year.text) == ("1", "11", "0")
    part = next(
        part for part in months.shown(months.compose(estate, date(2027, 3, 1))) if part.key == "repairs"
    )
    assert part.facts[0][3].text == "11"
