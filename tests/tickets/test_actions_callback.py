"""The callback of a repair: who makes it, what it keeps, what closes (SPEC §4)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from office.models import Promise, Staff
from office.refusals import Refused
from tests.cast import make_staff, post
from tests.tickets.repairs import S, open_promise
from tickets import actions, reports, rules
from tickets.models import CallbackTry, Ticket

pytestmark = pytest.mark.django_db


def test_satisfied_closes_and_keeps_the_promise(ended, clerk, now):
    ticket = ended()
    at = now + timedelta(days=1)
    ticket = actions.call_back(ticket=ticket, outcome="satisfied", score=5, by=clerk, now=at)
    assert (ticket.state, ticket.ending, ticket.closed_at, ticket.satisfied) == (
        S.CLOSED,
        "called_back",
        at,
        True,
    )
    promise = Promise.objects.get(kind="callback")
    assert (promise.outcome, promise.closed_at, ticket.next_due_at) == ("kept", at, None)


def test_not_satisfied_is_kept_and_goes_back_as_rework_owing_a_new_callback(
    ended, clerk, lead, technician, now
):
    ticket = ended()
    at = now + timedelta(days=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="仍然滴水", by=clerk, now=at)
    assert (ticket.state, ticket.rework_count, ticket.closed_at) == (S.ACCEPTED, 1, None)
    assert [o.number for o in ticket.work_orders.all()] == ["R2026-000001-1", "R2026-000001-2"]
    assert Promise.objects.get(kind="callback").outcome == "kept"
    actions.dispatch(
        ticket=ticket,
        technician=technician,
        window_from=at,
        window_to=at + timedelta(hours=2),
        by=lead,
        now=at,
    )
    actions.finish(work_order=ticket.work_orders.last(), ended_at=at, result="重修", by=technician, now=at)
    assert list(
        Promise.objects.filter(kind="callback").order_by("sequence").values_list("sequence", "outcome")
    ) == [
        (1, "kept"),
        (2, "open"),
    ]


def test_the_technician_of_the_job_never_calls_back(estate, dispatched, lead, now):
    both = make_staff("both", (estate, "technician"), (estate, "clerk"))
    ticket = dispatched()
    ticket = actions.dispatch(
        ticket=ticket, technician=both, window_from=now, window_to=now + timedelta(hours=1), by=lead, now=now
    )
    ticket = actions.finish(work_order=ticket.work_orders.get(), ended_at=now, result="好", by=both, now=now)
    with pytest.raises(Refused, match="never makes its callback"):
        actions.call_back(ticket=ticket, outcome="satisfied", by=both, now=now)


def test_unreachable_after_three_tries_on_two_days_by_the_supervisor(ended, clerk, supervisor, now):
    ticket = ended()
    day = now + timedelta(hours=3)
    for at in (day, day + timedelta(hours=1), day + timedelta(hours=2)):
        ticket = actions.call_back(ticket=ticket, outcome="not_reached", by=clerk, now=at)
    with pytest.raises(Refused, match="3 tries on 2 different days"):
        actions.close_unreachable(ticket=ticket, reason="電話停機", by=supervisor, now=at)
    at = day + timedelta(days=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_reached", by=clerk, now=at)
    assert open_promise(ticket, "callback").due_at  # tries do not keep it
    with pytest.raises(Refused, match="role"):
        actions.close_unreachable(ticket=ticket, reason="電話停機", by=clerk, now=at)
    ticket = actions.close_unreachable(ticket=ticket, reason="電話停機", by=supervisor, now=at)
    assert (ticket.state, ticket.ending) == (S.CLOSED, "unreachable")
    assert Promise.objects.get(kind="callback").outcome == "unreachable"


def test_a_patrol_ticket_is_checked_on_site(ended, clerk, now):
    ticket = ended(channel="patrol")
    assert open_promise(ticket, "callback").rule_key == "callback_site"
    ticket = actions.call_back(ticket=ticket, outcome="satisfied", by=clerk, now=now + timedelta(days=1))
    assert (ticket.ending, CallbackTry.objects.get().how) == ("site_checked", "site")


@pytest.mark.parametrize("ending", ["", "called_back"])
def test_the_database_refuses_to_close_without_a_callback(take, now, ending):
    ticket = take()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(state="closed", closed_at=now, ending=ending)


def test_whoever_went_first_does_not_call_back_after_the_rework(estate, ended, clerk, lead, now):
    ticket = ended()
    first, second = ticket.technician, make_staff("second", (estate, "technician"))
    at = ticket.done_at + timedelta(hours=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="仍漏", by=clerk, now=at)
    window = {"window_from": at, "window_to": at + timedelta(hours=2)}
    ticket = actions.dispatch(ticket=ticket, technician=second, by=lead, now=at, **window)
    end = at + timedelta(hours=1)
    order = ticket.work_orders.last()
    ticket = actions.finish(work_order=order, ended_at=end, result="好", by=lead, now=end)
    post(first, estate, "clerk")
    first = Staff.objects.get(pk=first.pk)
    assert rules.why_not("call_back", ticket, first) == "The technician of the job never makes its callback."
    assert rules.why_not("call_back", ticket, clerk) is None
    assert list(reports.callback_queue(first, estate.pk, end)) == []


@pytest.mark.parametrize("values", [{"satisfied": None}, {"satisfied": False}, {"done_at": None}])
def test_the_database_wants_a_satisfied_answer_behind_called_back(ended, clerk, now, values):
    ticket = actions.call_back(ticket=ended(), outcome="satisfied", by=clerk, now=now + timedelta(hours=3))
    with pytest.raises(IntegrityError, match="ticket_closes_by_callback"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**values)


def test_the_rate_counts_who_was_not_reached_against_it(estate, ended, clerk, supervisor, now):
    """Kept in time, kept late, not reached; each owed once (SPEC §4.4)."""
    in_time, late, silent = ended(), ended(), ended()
    actions.call_back(ticket=in_time, outcome="satisfied", by=clerk, now=now + timedelta(hours=3))
    actions.call_back(ticket=late, outcome="satisfied", by=clerk, now=now + timedelta(days=4))
    for hours in (3, 4, 30):
        actions.call_back(ticket=silent, outcome="not_reached", by=clerk, now=now + timedelta(hours=hours))
    actions.close_unreachable(ticket=silent, reason="空號", by=supervisor, now=now + timedelta(hours=31))
    month = reports.month_bounds(now.date(), estate.zone)
    rate = reports.callback_rate(estate.pk, *month)
    assert (rate.owed, rate.kept, rate.on_time, rate.unreachable) == (3, 2, 1, 1)
    assert reports.callback_rate(estate.pk, month[1], month[1] + timedelta(days=30)).owed == 0
