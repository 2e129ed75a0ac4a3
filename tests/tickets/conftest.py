"""A repair at each of its states, made by the actions themselves."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from tests.cast import make_person, make_unit, occupy
from tickets import actions
from tickets.models import Category


@pytest.fixture(autouse=True)
def english():
    """Sentences of rules and forms are compared in English, whatever the installation speaks."""
    with translation.override("en"):
        yield


@pytest.fixture
def unit(estate):
    unit = make_unit(estate, "3-2-1201", handed_over_on=date(2025, 6, 1))
    occupy(unit, make_person(estate, "張小明", "138 0013 8000"), since=date(2025, 6, 1))
    return unit


@pytest.fixture
def category_of(estate):
    def find(risk="other", **fields):
        return Category.objects.filter(estate=estate, risk=risk, stream="repair", **fields).first()

    return find


@pytest.fixture
def take(estate, unit, clerk, category_of, now):
    """Take a repair; `risk` picks the category."""

    def take(risk="other", **values):
        given = {
            "estate": estate,
            "category": category_of(risk),
            "problem": "廚房漏水",
            "unit": unit,
            "reporter_name": "張小明",
            "reporter_phone": "138 0013 8000",
            "by": clerk,
            "now": now,
        } | values
        ticket = actions.take(**given)
        if ticket.cost == "undecided":
            ticket = actions.decide_cost(ticket=ticket, cost="warranty", by=clerk, now=now)
        return ticket

    return take


@pytest.fixture
def dispatched(take, technician, lead, now):
    def dispatched(risk="other", **values):
        ticket = take(risk, **values)
        return actions.dispatch(
            ticket=ticket,
            technician=technician,
            window_from=now + timedelta(hours=1),
            window_to=now + timedelta(hours=3),
            by=lead,
            now=now,
        )

    return dispatched


@pytest.fixture
def ended(dispatched, technician, now):
    """Work ended at `at` (default: two hours after the report)."""

    def ended(risk="other", at=None, **values):
        at = at or now + timedelta(hours=2)
        ticket = dispatched(risk, **values)
        return actions.finish(
            work_order=ticket.work_orders.last(), ended_at=at, result="已修復", by=technician, now=at,
        )  # fmt: skip

    return ended
