"""What a repair costs, who agreed to it and who decided it (SPEC §4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from office import journal
from office.models import Event
from office.refusals import Refused
from tests.cast import make_unit
from tests.tickets.repairs import S
from tickets import actions

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(estate, take, category_of):
    old = make_unit(estate, "3-2-0101", handed_over_on=date(2010, 1, 1))
    return take(category=category_of(warranty__months=24), unit=old)


def test_paid_work_ends_only_with_an_agreed_amount(paid, technician, lead, now):
    assert paid.cost == "paid"
    ticket = actions.dispatch(
        ticket=paid,
        technician=technician,
        window_from=now,
        window_to=now + timedelta(hours=1),
        by=lead,
        now=now,
    )
    order = ticket.work_orders.get()
    with pytest.raises(Refused, match="paid work"):
        actions.finish(work_order=order, ended_at=now, result="好", by=technician, now=now)
    ticket = actions.finish(
        work_order=order,
        ended_at=now,
        result="好",
        agreed_amount=Decimal("120"),
        consent_by="張小明",
        by=technician,
        now=now,
    )
    assert (ticket.agreed_amount, ticket.consent_by, ticket.state) == (Decimal("120.00"), "張小明", S.DONE)


def test_a_quotation_sums_its_lines_and_stands_once_agreed(paid, clerk, now):
    lines = [
        {
            "item_id": None,
            "kind": "labour",
            "text": "人工",
            "quantity": Decimal("1.5"),
            "price": Decimal("80.33"),
        },
        {"item_id": None, "kind": "part", "text": "水喉", "quantity": Decimal(2), "price": Decimal("12.35")},
    ]
    ticket = actions.quote(ticket=paid, lines=lines, by=clerk, now=now)
    assert ticket.quoted_amount == Decimal("145.20")  # 120.495 → 120.50, + 24.70
    ticket = actions.consent(
        ticket=ticket,
        amount=ticket.quoted_amount,
        consent_by="張小明",
        how="phone",
        at=now,
        by=clerk,
        now=now,
    )
    with pytest.raises(Refused, match="already agreed"):
        actions.quote(ticket=ticket, lines=lines, by=clerk, now=now)
    said = [
        journal.sentence(event)
        for event in Event.objects.filter(verb__in=["ticket.quoted", "ticket.consented"]).order_by("pk")
    ]
    assert said == ["quoted ¥145.20", "agreed to pay ¥145.20"]


def test_free_work_is_asked_for_and_approved_by_somebody_else(paid, clerk, supervisor, now):
    with pytest.raises(Refused, match="asked for and approved"):
        actions.decide_cost(ticket=paid, cost="free", by=supervisor, now=now)
    request = actions.ask(ticket=paid, kind="free", reason="獨居長者", by=clerk, now=now)
    with pytest.raises(Refused, match="role"):
        actions.decide(request=request, approve=True, by=clerk, now=now)
    actions.decide(request=request, approve=True, by=supervisor, now=now)
    paid.refresh_from_db()
    assert (paid.cost, paid.cost_reason) == ("free", "獨居長者")


def test_nobody_approves_their_own_request(paid, supervisor, now):
    request = actions.ask(ticket=paid, kind="free", reason="獨居長者", by=supervisor, now=now)
    with pytest.raises(Refused, match="Somebody else"):
        actions.decide(request=request, approve=True, by=supervisor, now=now)


def test_against_the_register_the_decision_needs_a_reason(paid, clerk, now):
    with pytest.raises(Refused, match="give the reason"):
        actions.decide_cost(ticket=paid, cost="warranty", by=clerk, now=now)
    ticket = actions.decide_cost(
        ticket=paid, cost="warranty", reason="發展商同意", contractor="宏發", by=clerk, now=now
    )
    assert (ticket.cost, ticket.contractor) == ("warranty", "宏發")
