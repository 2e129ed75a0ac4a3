"""Every page of the repairs draws, for each state a repair can be in, within its number of queries."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.cast import NOW
from tickets import actions
from tickets.models import Asset, Request, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def every_state(take, dispatched, ended, lead, technician, supervisor, clerk, now):
    """One ticket in each state; those that have ended started two days ago."""
    before = now - timedelta(days=2)
    waiting = actions.wait(
        ticket=dispatched(),
        waiting_for="parts",
        until=now.date() + timedelta(days=2),
        reason="角閥",
        by=lead,
        now=now,
    )
    working = dispatched()
    working = actions.arrive(work_order=working.work_orders.last(), at=now, by=technician, now=now)
    testing = _ended(take, technician, lead, before, "leak")
    done = _ended(take, technician, lead, before)
    closed = actions.call_back(
        ticket=_ended(take, technician, lead, before), outcome="satisfied", score=5, by=clerk, now=now
    )
    cancelled = actions.cancel(ticket=take(), reason="自行修好", told="電話", by=clerk, now=now)
    tickets = [take(), dispatched(), working, waiting, testing, done, closed, cancelled]
    return {ticket.state: Ticket.objects.get(pk=ticket.pk) for ticket in tickets}


def _ended(take, technician, lead, at, risk="other"):
    ticket = take(risk, now=at)
    ticket = actions.dispatch(
        ticket=ticket,
        technician=technician,
        window_from=at + timedelta(hours=1),
        window_to=at + timedelta(hours=3),
        by=lead,
        now=at,
    )
    end = at + timedelta(hours=2)
    return actions.finish(
        work_order=ticket.work_orders.last(), ended_at=end, result="已修復", by=technician, now=end
    )


def test_every_state_has_a_page(every_state, sign_in, supervisor):
    assert set(every_state) == set(Ticket.State.values)
    client = sign_in(supervisor)
    for ticket in every_state.values():
        answer = client.get(reverse("tickets:ticket", args=[ticket.pk]))
        assert answer.status_code == 200
        assert ticket.number in answer.content.decode()
        for order in ticket.work_orders.all():
            assert client.get(reverse("tickets:work_order", args=[order.pk])).status_code == 200


MOVES = [
    "dispatch", "schedule", "wait", "resume", "water_test", "decide_cost", "quote", "consent", "ask_time", "ask_free", "correct",
    "cancel", "duplicate", "hand_over", "close_unreachable",
]  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_every_form_of_a_move_draws_or_says_why_not(every_state, sign_in, supervisor, name):
    client = sign_in(supervisor)
    answers = {
        client.get(reverse(f"tickets:{name}", args=[ticket.pk])).status_code
        for ticket in every_state.values()
    }
    assert answers <= {200, 409}
    assert 409 in answers


@pytest.mark.parametrize("name", MOVES)
def test_an_empty_form_is_answered_with_its_errors(every_state, sign_in, supervisor, name):
    client = sign_in(supervisor)
    for ticket in every_state.values():
        answer = client.post(reverse(f"tickets:{name}", args=[ticket.pk]), {})
        assert answer.status_code in ((302, 409) if name == "resume" else (422, 409))


PAGES = [
    "list",
    "callbacks_made",
    "callbacks",
    "day",
    "slips",
    "intake",
    "assets",
    "asset_add",
    "dashboard",
    "my_work",
]


@pytest.mark.parametrize("name", PAGES)
def test_pages_over_many_rows_draw(every_state, sign_in, supervisor, name):
    assert sign_in(supervisor).get(reverse(f"tickets:{name}")).status_code == 200


@pytest.mark.parametrize(
    "role",
    [
        "clerk",
        "cashier",
        "lead",
        "technician",
        "guard",
        "supervisor",
        "director",
        "finance",
        "auditor",
        "admin",
    ],
)
@pytest.mark.parametrize("name", ["home", "owed"])
def test_home_of_every_role(every_state, cast_of, sign_in, role, name):
    assert sign_in(cast_of(role)).get(reverse(name)).status_code == 200


@pytest.fixture
def cast_of(request):
    return request.getfixturevalue


def test_a_request_is_decided(every_state, sign_in, supervisor, lead, now):
    ticket = every_state["accepted"]
    ticket = actions.decide_cost(ticket=ticket, cost="paid", reason="人為損壞", by=lead, now=now)
    asked = actions.ask(ticket=ticket, kind="free", reason="老人家", by=lead, now=now)
    client = sign_in(supervisor)
    url = reverse("tickets:decide", args=[asked.pk])
    assert "老人家" in client.get(url).content.decode()
    assert client.post(url, {"approve": "yes"}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == Request.State.APPROVED


def test_a_facility_is_added_and_shows_its_faults(estate, sign_in, supervisor, take):
    client = sign_in(supervisor)
    values = {"code": "L2", "name_zh_hant": "2 號電梯", "kind": "lift", "in_service": "on", "is_active": "on"}
    answer = client.post(reverse("tickets:asset_add"), values)
    lift = Asset.objects.get(code="L2")
    assert (answer.status_code, answer["Location"]) == (302, reverse("tickets:asset", args=[lift.pk]))
    fault = take(unit=None, asset=lift)
    assert fault.number in client.get(reverse("tickets:asset", args=[lift.pk])).content.decode()
    again = client.post(reverse("tickets:asset_add"), values)
    assert (again.status_code, "Another facility has the code L2." in again.content.decode()) == (422, True)
