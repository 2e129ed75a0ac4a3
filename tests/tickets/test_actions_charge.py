"""Paid work is charged when it is done, to whoever pays for the unit; the ticket says what is not paid (SPEC §4.1, §6.11)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.actions import payment
from billing.models import Charge
from billing.reports.figures import proof
from billing.reports.settled import settled
from office import undo
from office.models import Event
from office.refusals import Refused
from tests.cast import client_of, make_person, make_unit, occupy
from tickets import actions
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_unit(estate):
    """Out of warranty, so that its repairs are paid."""
    return make_unit(estate, "3-2-0101", handed_over_on=date(2010, 1, 1))


@pytest.fixture
def owner(estate, old_unit):
    person = make_person(estate, "何先生")
    occupy(old_unit, person)
    return person


@pytest.fixture
def finish(take, old_unit, category_of, technician, lead, now):
    def finish(amount="120.00", **values):
        ticket = take(category=category_of(warranty__months=24), unit=old_unit, **values)
        ticket = actions.dispatch(
            ticket=ticket,
            technician=technician,
            window_from=now,
            window_to=now + timedelta(hours=1),
            by=lead,
            now=now,
        )
        return actions.finish(
            work_order=ticket.work_orders.get(), ended_at=now, result="好", agreed_amount=Decimal(amount),
            consent_by="何先生", by=technician, now=now,
        )  # fmt: skip

    return finish


def test_the_agreed_amount_is_charged_on_completion_to_who_pays_for_the_unit(finish, owner, estate):
    ticket = finish()
    row = Charge.objects.get()
    assert (row.amount, row.account.person, row.item.code) == (Decimal("120.00"), owner, "repair")
    assert ticket.number in row.text and (row.source_kind, row.source_id) == (Ticket.SUBJECT, str(ticket.pk))
    assert settled(Ticket.SUBJECT, ticket.pk).open == Decimal("120.00")
    assert proof(estate).holds


def test_an_amount_of_nothing_is_not_charged(finish, owner):
    finish("0")
    assert not Charge.objects.exists()


def test_rework_is_not_charged_again(finish, owner, clerk, technician, lead, now):
    ticket = finish()
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="還在漏", by=clerk, now=now)
    actions.dispatch(
        ticket=ticket,
        technician=technician,
        window_from=now,
        window_to=now + timedelta(hours=1),
        by=lead,
        now=now,
    )
    actions.finish(work_order=ticket.work_orders.last(), ended_at=now, result="好", by=technician, now=now)
    assert settled(Ticket.SUBJECT, ticket.pk).charged == Decimal("120.00")


def test_a_completion_taken_back_reverses_its_charge_and_the_next_one_charges_again(
    finish, owner, technician, estate, now
):
    ticket = finish()
    offer = undo.latest(technician, ticket, now)
    undo.take_back(undo=offer, by=technician, now=now)
    ticket.refresh_from_db()
    assert settled(Ticket.SUBJECT, ticket.pk).charged == 0 and ticket.done_at is None
    actions.finish(
        work_order=ticket.work_orders.get(), ended_at=now, result="好", agreed_amount=Decimal("80"), consent_by="何先生",
        by=technician, now=now,
    )  # fmt: skip
    assert settled(Ticket.SUBJECT, ticket.pk).open == Decimal("80.00")
    assert Charge.objects.count() == 2 and proof(estate).holds


def test_work_approved_as_free_is_not_owed_any_more_and_what_was_paid_becomes_prepayment(
    finish, owner, cashier, clerk, supervisor, estate, now
):
    ticket = finish()
    row = Charge.objects.get()
    payment.pay(
        estate=estate,
        payer="何先生",
        charges=[(row.pk, Decimal(50))],
        methods={"cash": Decimal(50)},
        by=cashier,
        now=now,
    )
    asked = actions.ask(ticket=ticket, kind="free", reason="老住戶", by=clerk, now=now)
    actions.decide(request=asked, approve=True, by=supervisor, now=now)
    assert settled(Ticket.SUBJECT, ticket.pk).charged == 0
    row.account.refresh_from_db()
    assert (row.account.owed, row.account.prepaid) == (0, Decimal("50.00"))


def test_work_at_a_unit_nobody_pays_for_is_done_all_the_same_and_charged_later(
    finish, old_unit, estate, clerk, now
):
    ticket = finish()
    assert ticket.state == "done" and not Charge.objects.exists()
    assert "nobody" in Event.objects.get(verb="ticket.not_charged").data["reason"]
    with pytest.raises(Refused, match="nobody"):
        actions.charge(ticket=ticket, by=clerk, now=now)
    occupy(old_unit, make_person(estate, "何先生"))
    actions.charge(ticket=ticket, by=clerk, now=now)
    assert settled(Ticket.SUBJECT, ticket.pk).open == Decimal("120.00")
    with pytest.raises(Refused, match="already"):
        actions.charge(ticket=ticket, by=clerk, now=now)


def test_what_was_charged_is_not_agreed_anew(finish, owner, clerk, now):
    ticket = finish()
    with pytest.raises(Refused, match="finance corrects"):
        actions.consent(
            ticket=ticket, amount=Decimal(90), consent_by="何先生", how="phone", at=now, by=clerk, now=now
        )


def test_the_ticket_says_what_is_not_paid_yet(finish, owner, estate, clerk, cashier, now):
    ticket = finish()
    page = client_of(clerk).get(reverse("tickets:ticket", args=[ticket.pk])).content.decode()
    assert "¥120.00 of ¥120.00 not paid yet" in page
    payment.pay(
        estate=estate, payer="何先生", charges=[(Charge.objects.get().pk, Decimal(120))],
        methods={"qr": Decimal(120)}, by=cashier, now=now,
    )  # fmt: skip
    assert (
        "¥120.00, settled"
        in client_of(clerk).get(reverse("tickets:ticket", args=[ticket.pk])).content.decode()
    )
