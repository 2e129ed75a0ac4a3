"""Every change of a repair is one transaction with its line in the journal, and rewrites no promise."""

from datetime import timedelta

import pytest

from office import promises
from office.models import Event, Promise
from tests.tickets.repairs import S, open_promise
from tickets import actions

pytestmark = pytest.mark.django_db


def test_if_the_event_cannot_be_written_the_change_does_not_exist(dispatched, technician, now, monkeypatch):
    ticket = dispatched()

    def refuse(*args, **kwargs):
        raise RuntimeError("no journal")

    monkeypatch.setattr("tickets.actions.work.journal.record", refuse)
    with pytest.raises(RuntimeError):
        actions.finish(work_order=ticket.work_orders.get(), ended_at=now, result="好", by=technician, now=now)
    ticket.refresh_from_db()
    assert (ticket.state, Promise.objects.filter(kind="callback").count()) == (S.DISPATCHED, 0)


def test_every_move_leaves_its_line_in_the_journal(ended, clerk, now):
    ticket = actions.call_back(ticket=ended(), outcome="satisfied", by=clerk, now=now + timedelta(days=1))
    verbs = Event.objects.filter(subject_kind=ticket.SUBJECT, subject_id=ticket.pk).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "ticket.taken",
        "ticket.dispatched",
        "ticket.arrived",
        "ticket.work_ended",
        "ticket.done",
        "ticket.closed",
    ]


def test_a_rule_change_never_rewrites_a_promise(estate, ended, now):
    from office.models import PromiseRule

    before = open_promise(ended(), "callback")
    PromiseRule.objects.create(
        estate=estate, key="callback_other", amount=5, measure="days", valid_from=now + timedelta(days=1)
    )
    before.refresh_from_db()
    assert before.amount == 2
    assert promises.rule_at(estate.pk, "callback_other", now + timedelta(days=2)) == (5, "days")
