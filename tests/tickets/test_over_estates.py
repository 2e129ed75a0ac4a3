"""Dashboard and home over several estates: every number is the number of its rows, whatever the zones (SPEC §12)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.cast import NOW, client_of, make_estate, make_staff, make_unit
from tickets import actions
from tickets.models import Category

ALL = {"estate": "all"}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def far(db):
    """An estate whose day ends sixteen hours after ours."""
    return make_estate("VC", "溫哥華苑", "Vancouver Court", time_zone="America/Vancouver")


@pytest.fixture
def roamer(estate, far):
    return make_staff("roamer", (estate, "supervisor"), (far, "supervisor"))


def repairs(estate, by, worker, now):
    """A few at each age and state; most of one category, so that both estates share a row of the charts."""
    for n, days in enumerate((0, 0, 1, 3, 5, 9, 12, 40)):
        at = now - timedelta(days=days, hours=2 + 5 * (n % 3))
        category = Category.objects.filter(estate=estate, risk="other", stream="repair").order_by("code")[
            n % 2
        ]
        ticket = actions.take(
            estate=estate, category=category, problem="滴水", unit=make_unit(estate, f"{n % 2 + 1}-1-{n + 100}"),
            reporter_name="張小明", by=by, now=at,
        )  # fmt: skip
        if n % 3 == 0:
            continue
        actions.decide_cost(ticket=ticket, cost="warranty", reason="測試", by=by, now=at)
        ticket = actions.dispatch(
            ticket=ticket, technician=worker, window_from=at + timedelta(minutes=10),
            window_to=at + timedelta(hours=20 if n == 1 else 1), by=by, now=at,
        )  # fmt: skip
        if n % 3 == 2:
            ended = at + timedelta(minutes=30)
            order = ticket.work_orders.get()
            ticket = actions.finish(work_order=order, ended_at=ended, result="好", by=worker, now=ended)
            if n > 4:
                actions.call_back(ticket=ticket, outcome="satisfied", score=n % 5 + 1, by=by, now=now)


@pytest.fixture
def both(estate, far, roamer, now):
    worker = make_staff("worker", (estate, "lead"), (far, "lead"))
    for place in (estate, far):
        repairs(place, roamer, worker, now)


def count(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert "this list knows no" not in answer.content.decode().lower(), address
    return answer.context["page"].count


def numbers(page):
    # Tiles of the fees are amounts: tests/billing/test_figure_pages.py
    found = [(tile["href"], tile["value"]) for tile in page.context["tiles"] if "/fees/" not in tile["href"]]
    for chart in page.context.get("charts", ()):
        for _label, values, addresses in chart["rows"]:
            found += zip(addresses, values, strict=True)
    return found


def test_both_together_are_as_many_as_each_alone(both, estate, far, roamer):
    client = client_of(roamer)
    listed = reverse("tickets:list")
    assert count(client, f"{listed}?estate=all") == 16
    assert count(client, f"{listed}?estate={estate.pk}") == count(client, f"{listed}?estate={far.pk}") == 8
    assert count(client, listed) == 8
    titles = [chart["id"] for chart in client.get(reverse("tickets:dashboard"), ALL).context["charts"]]
    assert titles[0] == "chart-estates"


def test_each_row_of_several_estates_says_whose_it_is(both, roamer):
    client = client_of(roamer)
    page = client.get(reverse("tickets:list"), ALL).context["page"]
    assert page.columns[1][1] == "Estate"
    assert {row["cells"][1]["text"] for row in page.rows} == {"Hang Tai Garden", "Vancouver Court"}
    assert page.bulk == []
    alone = client.get(reverse("tickets:list")).context["page"]
    assert alone.columns[1][1] != "Estate"


def test_what_is_shown_over_all_estates_is_exported(both, roamer):
    answer = client_of(roamer).post(
        reverse("tickets:list"), {"export": "csv", "query": "estate=all&open=yes"}
    )
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 1 + count(client_of(roamer), f"{reverse('tickets:list')}?estate=all&open=yes")
    assert "Estate" in lines[0]


def test_a_supervisor_here_who_is_a_clerk_there_counts_here_alone(both, estate, far):
    client = client_of(make_staff("half", (estate, "supervisor"), (far, "clerk")))
    found = numbers(client.get(reverse("tickets:dashboard"), ALL))
    assert dict(found) == {address: count(client, address) for address, _value in found}
    opened = next(value for address, value in found if "opened_from" in address)
    assert opened == 6  # of the eight here, two are of other months
    home = client.get(reverse("home"))
    assert dict(numbers(home)) == {address: count(client, address) for address, _value in numbers(home)}


def test_whoever_works_at_one_estate_is_not_asked_which(both, clerk, estate, far):
    client = client_of(clerk)
    page = client.get(reverse("tickets:list")).context["page"]
    assert "estate" not in {field.name for field in page.form.visible_fields()}
    assert count(client, f"{reverse('tickets:list')}?estate=all") == page.count == 8


def test_an_estate_that_is_not_ones_own_is_refused(both, roamer, elsewhere):
    for wrong in (elsewhere.pk, "0", "x"):
        refused = client_of(roamer).get(reverse("tickets:list"), {"estate": wrong})
        assert refused.context["page"].rows == []
        assert client_of(roamer).get(reverse("tickets:list"), {"estate": wrong}).status_code == 422
    assert client_of(roamer).get(reverse("tickets:dashboard"), {"estate": wrong}).status_code == 200
