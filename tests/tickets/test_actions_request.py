"""More time for a promise is asked for by one and decided by another (SPEC §4)."""

from datetime import timedelta

import pytest

from office import journal
from office.models import Event, Promise
from office.refusals import Refused
from tests.tickets.repairs import open_promise
from tickets import actions, reports

pytestmark = pytest.mark.django_db


def test_an_approved_extension_is_a_new_promise_and_the_old_one_stays_visible(ended, clerk, supervisor, now):
    ticket = ended()
    promise = open_promise(ticket, "callback")
    new = promise.due_at + timedelta(days=2)
    request = actions.ask(
        ticket=ticket,
        kind="time",
        promise=promise,
        new_due_at=new,
        reason="業主出差",
        by=clerk,
        now=now + timedelta(hours=3),
    )
    promise.refresh_from_db()
    assert promise.is_open  # asking moves nothing
    actions.decide(request=request, approve=True, by=supervisor, now=now + timedelta(hours=4))
    old, extended = Promise.objects.filter(kind="callback").order_by("sequence")
    assert (old.outcome, old.due_at, extended.extends, extended.due_at) == (
        "extended",
        promise.due_at,
        old,
        new,
    )
    ticket.refresh_from_db()
    assert ticket.next_due_at == new


def test_a_refused_extension_moves_nothing(ended, clerk, supervisor, now):
    ticket = ended()
    promise = open_promise(ticket, "callback")
    at = now + timedelta(hours=3)
    request = actions.ask(
        ticket=ticket,
        kind="time",
        promise=promise,
        new_due_at=promise.due_at + timedelta(days=1),
        reason="忙",
        by=clerk,
        now=at,
    )
    actions.decide(request=request, approve=False, answer="不可", by=supervisor, now=at)
    assert open_promise(ticket, "callback") == promise


def test_an_extension_lies_after_the_promised_time(ended, clerk, now):
    ticket = ended()
    promise = open_promise(ticket, "callback")
    with pytest.raises(Refused, match="after the promised one"):
        actions.ask(
            ticket=ticket, kind="time", promise=promise, new_due_at=promise.due_at, reason="忙", by=clerk,
            now=now + timedelta(hours=3),
        )  # fmt: skip


def test_the_timeline_says_from_when_to_when_a_promise_was_extended(ended, clerk, supervisor, now):
    ticket = ended()
    promise, at = open_promise(ticket, "callback"), now + timedelta(hours=3)
    new = promise.due_at + timedelta(days=2)
    given = {"kind": "time", "promise": promise, "new_due_at": new, "reason": "業主出差"}
    request = actions.ask(ticket=ticket, by=clerk, now=at, **given)
    actions.decide(request=request, approve=True, by=supervisor, now=at)
    event = Event.objects.latest("id")
    assert (
        journal.sentence(event) == "callback: more time approved, from 2026-03-15 00:00 to 2026-03-17 00:00"
    )


def test_an_ended_ticket_asks_nobody_for_an_answer_any_more(ended, clerk, supervisor, now):
    ticket = ended()
    promise, at = open_promise(ticket, "callback"), now + timedelta(hours=3)
    given = {
        "kind": "time",
        "promise": promise,
        "new_due_at": promise.due_at + timedelta(days=1),
        "reason": "忙",
    }
    request = actions.ask(ticket=ticket, by=clerk, now=at, **given)
    assert reports.requests_to_decide(supervisor) == [request]
    actions.call_back(ticket=ticket, outcome="satisfied", by=clerk, now=at)
    assert reports.requests_to_decide(supervisor) == []
