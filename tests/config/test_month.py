"""月度統計分析 over its rooms: every number is the count of the list it opens (SPEC §4.8, §12)."""

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse

from office.actions import months as actions
from tests.cast import NOW, make_building, make_section, make_staff, make_unit
from tickets import actions as repairs
from tickets.models import Asset, Category

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
    far = [make_unit(estate, f"5-1-{floor}02", building=five, floor=str(floor)) for floor in (2, 3, 4)]
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
    return people


def report_of(estate):
    return actions.draft(estate=estate, month=MARCH, now=APRIL)[0]


def shown_count(client, href):
    page = client.get(href.replace("&amp;", "&"))
    assert page.status_code == 200, href
    said = page.context["page"]
    assert said.count_is_exact and said.is_valid, href
    asked = {part.split("=")[0] for part in urlsplit(href.replace("&amp;", "&")).query.split("&")}
    assert asked <= set(said.reading.filterset.filters), href
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
