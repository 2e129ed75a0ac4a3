"""Handing over from the board: a promise follows its matter's owner, whatever the matter is (SPEC §1)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from office import journal
from office.actions import handing
from office.models import Event, Message, OwnerChange, Promise
from office.refusals import Refused
from tests.cast import client_of, make_unit
from tickets import actions
from tickets.models import Ticket

HOUR = timedelta(hours=1)


def promise_of(matter, kind):
    return Promise.objects.open().get(subject_kind=matter.SUBJECT, subject_id=matter.pk, kind=kind)


def test_a_repair_goes_as_a_whole(ended, clerk, cashier, supervisor, now):
    ticket = ended()
    handing.hand_over(
        promise=promise_of(ticket, "callback"), to=cashier, reason="休假", by=supervisor, now=now + 3 * HOUR
    )
    ticket.refresh_from_db()
    assert (ticket.owner, promise_of(ticket, "callback").owner) == (cashier, cashier)
    told = Event.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk).latest("pk")
    assert journal.sentence(told) == "handed over to 何嘉欣: 休假"
    assert Message.objects.filter(staff=cashier, template="promise.handed_over").count() == 1
    assert OwnerChange.objects.get().was == clerk
    page = client_of(supervisor).get(reverse("tickets:ticket", args=[ticket.pk])).content.decode()
    assert "handed over to 何嘉欣: 休假" in page


def test_an_arrival_stays_with_whoever_was_sent(dispatched, cashier, supervisor, now):
    ticket = dispatched()
    row = promise_of(ticket, "arrival")
    with pytest.raises(Refused, match="dispatch the work order"):
        handing.hand_over(promise=row, to=cashier, reason="休假", by=supervisor, now=now)
    row.refresh_from_db()
    assert row.owner == ticket.technician


def test_a_question_goes_to_another_expert_and_its_telling_to_a_colleague(
    estate, clerk, cashier, finance, lead, supervisor, now
):
    entry = actions.log(estate=estate, channel="phone", asked="?", by=clerk, now=now, unit=make_unit(estate))
    actions.ask_expert(entry=entry, expert=finance, agreed_at=now + 2 * HOUR, by=clerk, now=now)
    values = {"reason": "知道得更清楚", "by": supervisor, "now": now}
    handing.hand_over(promise=promise_of(entry, "expert_answer"), to=lead, **values)
    assert promise_of(entry, "expert_answer").owner == lead
    entry.refresh_from_db()
    actions.answer(entry=entry, text="可以", by=lead, now=now)
    assert promise_of(entry, "expert_answer").owner == clerk
    handing.hand_over(promise=promise_of(entry, "expert_answer"), to=cashier, **values)
    assert promise_of(entry, "expert_answer").owner == cashier
    told = Event.objects.filter(verb="log.answer_handed_over").get()
    assert journal.sentence(told) == "telling the answer handed over to 何嘉欣: 知道得更清楚"


def test_two_promises_of_one_matter_go_once(ended, cashier, supervisor, now):
    ticket = ended()
    rows = list(Promise.objects.open().filter(subject_id=ticket.pk, subject_kind=Ticket.SUBJECT))
    handed, refused = handing.hand_over_many(
        rows * 2, to=cashier, reason="休假", by=supervisor, now=now + 3 * HOUR
    )
    assert (len(handed), refused, OwnerChange.objects.count()) == (2 * len(rows), [], 1)


def test_the_households_timeline_tells_the_reason(ended, cashier, supervisor, now):
    ticket = ended()
    actions.hand_over(ticket=ticket, to=cashier, reason="休假", by=supervisor, now=now + 3 * HOUR)
    page = client_of(supervisor).get(reverse("residents:unit", args=[ticket.unit_id])).content.decode()
    assert "handed over to 何嘉欣: 休假" in page
