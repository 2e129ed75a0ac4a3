"""Repairs and complaints at each of their states, made by the actions themselves."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from office.models import DepartmentHead
from tests.cast import NOW, make_person, make_unit, occupy
from tests.tickets.complaints import HOUR
from tickets import actions
from tickets.actions import complaints as acts
from tickets.models import Category, ComplaintCause


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


# --- complaints ------------------------------------------------------------------------------------------------


@pytest.fixture
def heads(estate, supervisor, lead, director, guard):
    """Who heads what; environment has nobody."""
    for department, head in (
        ("front_desk", supervisor),
        ("repair", lead),
        ("management", director),
        ("security", guard),
    ):
        DepartmentHead.objects.update_or_create(estate=estate, department=department, defaults={"head": head})


@pytest.fixture
def complain(estate, unit, clerk, heads):
    """Take a complaint at 10:00 on 12 March 2026; `cause` by its code."""

    def complain(klass="minor", cause="NOISE", **values):
        given = {
            "estate": estate,
            "unit": unit,
            "course": "樓上裝修噪音",
            "name": "張小明",
            "phone": "138 0013 8000",
            "by": clerk,
            "now": NOW,
        } | values
        cause = ComplaintCause.objects.get(estate=estate, code=cause)
        return acts.take(klass=klass, cause=cause, **given)

    return complain


@pytest.fixture
def handled(complain, lead):
    """Given to the lead of the repair department, the resident contacted."""

    def handled(klass="minor", **values):
        complaint = complain(klass, handler=lead, department="repair", **values)
        if complaint.harm_now:
            complaint = acts.stop_harm(complaint=complaint, text="關閥", by=lead, now=NOW)
        return acts.contact(complaint=complaint, text="已致電", by=lead, now=NOW)

    return handled


@pytest.fixture
def reported(handled, lead):
    def reported(klass="minor", at=NOW + HOUR, **values):
        complaint = handled(klass, **values)
        return acts.report(
            complaint=complaint, result="已勸止", fault="neighbour", valid=True, by=lead, now=at
        )

    return reported


@pytest.fixture
def told(reported, clerk):
    def told(klass="minor", at=NOW + 2 * HOUR, **values):
        return acts.tell(complaint=reported(klass, **values), by=clerk, now=at)

    return told
