"""From dispatch to the end of work: arrival, waiting, water test, rework, and what is promised of each (SPEC §4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from office import undo
from office.models import Event, Promise
from office.refusals import Refused
from tests.cast import make_staff
from tests.tickets.repairs import S, local, open_promise
from tickets import actions
from tickets.models import Ticket, WorkLine

pytestmark = pytest.mark.django_db


def test_dispatch_promises_arrival_by_the_end_of_the_window(dispatched, technician, now):
    ticket = dispatched()
    promise = open_promise(ticket, "arrival")
    assert (ticket.state, ticket.technician) == (S.DISPATCHED, technician)
    assert (promise.due_at, promise.owner, promise.director_at) == (
        now + timedelta(hours=3),
        technician,
        None,
    )
    assert ticket.next_due_at == promise.due_at


def test_a_new_window_renews_the_arrival_promise_and_keeps_the_old_one(dispatched, clerk, now):
    ticket = dispatched()
    actions.schedule(
        ticket=ticket,
        window_from=now + timedelta(hours=5),
        window_to=now + timedelta(hours=6),
        by=clerk,
        now=now,
    )
    outcomes = Promise.objects.filter(kind="arrival").order_by("sequence").values_list("sequence", "outcome")
    assert list(outcomes) == [(1, "cancelled"), (2, "open")]


def test_dispatch_only_to_technicians_of_the_estate(take, clerk, lead, stranger, now):
    ticket = take()
    for somebody in (clerk, stranger):
        with pytest.raises(Refused, match="not a technician"):
            actions.dispatch(
                ticket=ticket,
                technician=somebody,
                window_from=now,
                window_to=now + timedelta(hours=1),
                by=lead,
                now=now,
            )


def test_arrival_keeps_the_promise_at_the_time_of_arrival(dispatched, technician, now):
    ticket = dispatched()
    late = now + timedelta(hours=4)
    actions.arrive(
        work_order=ticket.work_orders.get(), at=late, by=technician, now=late + timedelta(hours=20)
    )
    promise = Promise.objects.get(kind="arrival")
    assert (promise.outcome, promise.closed_at) == ("kept", late)
    assert promise.closed_at > promise.due_at


def test_waiting_shows_and_never_stops_a_clock(dispatched, technician, now):
    ticket = dispatched()
    ticket = actions.wait(
        ticket=ticket,
        waiting_for="parts",
        until=date(2026, 3, 20),
        reason="等水泵到貨",
        by=technician,
        now=now,
    )
    promise = open_promise(ticket, "waiting")
    assert (ticket.state, promise.due_at) == (S.WAITING, local(2026, 3, 21))
    ticket = actions.resume(ticket=ticket, by=technician, now=now + timedelta(days=1))
    promise.refresh_from_db()
    assert (ticket.state, ticket.waiting_for, promise.outcome) == (S.DISPATCHED, "", "kept")


def test_waiting_needs_reason_and_a_day_ahead(dispatched, technician, now):
    ticket = dispatched()
    with pytest.raises(Refused, match="reason"):
        actions.wait(
            ticket=ticket, waiting_for="parts", until=date(2026, 3, 20), reason=" ", by=technician, now=now
        )
    with pytest.raises(Refused, match="past"):
        actions.wait(
            ticket=ticket, waiting_for="parts", until=date(2026, 3, 11), reason="x", by=technician, now=now
        )


@pytest.mark.parametrize("risk", ["safety", "other"])
def test_callback_within_two_days_of_completion(ended, risk):
    ticket = ended(risk, at=local(2026, 3, 12, 23, 59))
    promise = open_promise(ticket, "callback")
    assert (ticket.state, ticket.done_at) == (S.DONE, local(2026, 3, 12, 23, 59))
    assert (promise.rule_key, promise.due_at) == (f"callback_{risk}", local(2026, 3, 15))
    assert (promise.warn_at, promise.director_at) == (local(2026, 3, 14, 9), local(2026, 3, 16))


def test_the_clock_starts_from_the_fact_not_from_the_keying(dispatched, technician, now):
    ticket = dispatched()
    ended_at = now + timedelta(hours=2)
    ticket = actions.finish(
        work_order=ticket.work_orders.get(),
        ended_at=ended_at,
        result="已修復",
        by=technician,
        now=now + timedelta(days=9),
    )
    promise = open_promise(ticket, "callback")
    assert (promise.fact_at, promise.due_at) == (ended_at, local(2026, 3, 15))  # born overdue


def test_a_leak_is_called_back_three_days_after_the_passed_test(ended, lead):
    ticket = ended("leak", at=local(2026, 3, 12, 16))
    assert (ticket.state, ticket.done_at) == (S.TESTING, None)
    assert open_promise(ticket, "water_test").due_at == local(2026, 3, 15)
    assert not Promise.objects.filter(kind="callback").exists()
    tested = local(2026, 3, 14, 11)
    ticket = actions.water_test(ticket=ticket, tested_at=tested, passed=True, by=lead, now=tested)
    promise = open_promise(ticket, "callback")
    assert (ticket.state, ticket.done_at) == (S.DONE, tested)
    assert (promise.rule_key, promise.fact_at, promise.due_at) == (
        "callback_leak",
        tested,
        local(2026, 3, 18),
    )
    assert Promise.objects.get(kind="water_test").outcome == "kept"


def test_a_failed_water_test_returns_to_work_with_a_new_order(ended, lead):
    ticket = ended("leak", at=local(2026, 3, 12, 16))
    ticket = actions.water_test(
        ticket=ticket, tested_at=local(2026, 3, 13), passed=False, by=lead, now=local(2026, 3, 13)
    )
    assert ticket.state == S.ACCEPTED
    assert list(ticket.work_orders.values_list("sequence", flat=True)) == [1, 2]
    assert Promise.objects.get(kind="water_test").outcome == "cancelled"
    assert not Promise.objects.filter(kind="callback").exists()


def test_the_end_of_work_needs_a_result_and_plausible_times(dispatched, technician, now):
    order = dispatched().work_orders.get()
    later = now + timedelta(hours=2)
    for values, words in [
        ({"result": " "}, "Write down the result"),
        ({"ended_at": later + timedelta(hours=1)}, "in the future"),
        ({"arrived_at": later + timedelta(minutes=1)}, "before the technician arrived"),
        ({"arrived_at": now - timedelta(days=1)}, "before the report"),
    ]:
        given = {"ended_at": later, "result": "已修復"} | values
        with pytest.raises(Refused, match=words):
            actions.finish(work_order=order, by=technician, now=later, **given)


def test_parts_and_labour_are_written_on_the_work_order(dispatched, technician, now):
    order = dispatched().work_orders.get()
    line = {
        "item_id": None,
        "kind": "part",
        "text": "角閥",
        "quantity": Decimal(2),
        "price": Decimal("35.50"),
    }
    actions.finish(work_order=order, ended_at=now, result="換角閥", lines=[line], by=technician, now=now)
    assert list(WorkLine.objects.values_list("work_order", "text", "quantity", "price")) == [
        (order.pk, "角閥", Decimal(2), Decimal("35.50"))
    ]


def test_another_technician_cannot_end_the_work(estate, dispatched, now):
    other = make_staff("other", (estate, "technician"))
    with pytest.raises(Refused):
        actions.finish(work_order=dispatched().work_orders.get(), ended_at=now, result="x", by=other, now=now)


def test_a_slip_is_keyed_in_with_its_water_test(take, clerk, technician, now):
    ticket = take("leak")
    done = now + timedelta(hours=3)
    ticket = actions.key_slip(
        work_order=ticket.work_orders.get(), arrived_at=now + timedelta(hours=1), ended_at=done, result="已補漏",
        technician=technician, test_passed=True, by=clerk, now=done + timedelta(days=1),
    )  # fmt: skip
    assert (ticket.state, ticket.technician, ticket.done_at) == (S.DONE, technician, done)
    assert open_promise(ticket, "callback").due_at == local(2026, 3, 16)


def test_waiting_leaves_the_promised_arrival_alone(dispatched, technician, now):
    ticket = dispatched()
    arrival = open_promise(ticket, "arrival")
    given = {"waiting_for": "parts", "until": date(2026, 3, 20), "reason": "等水泵"}
    ticket = actions.wait(ticket=ticket, by=technician, now=now, **given)
    assert open_promise(ticket, "arrival") == arrival
    assert ticket.next_due_at == arrival.due_at  # the earlier clock, not the date it waits for
    ticket = actions.resume(ticket=ticket, by=technician, now=now + timedelta(days=1))
    assert open_promise(ticket, "arrival") == arrival
    assert Promise.objects.filter(kind="arrival").count() == 1


def test_taking_back_a_resume_leaves_the_promised_arrival(dispatched, technician, now):
    ticket = dispatched()
    given = {"waiting_for": "parts", "until": date(2026, 3, 20), "reason": "等水泵"}
    ticket = actions.wait(ticket=ticket, by=technician, now=now, **given)
    ticket = actions.resume(ticket=ticket, by=technician, now=now)
    undo.take_back(undo=undo.latest(technician, ticket, now), by=technician, now=now)
    ticket.refresh_from_db()
    assert ticket.state == S.WAITING
    assert {row.kind for row in Promise.objects.open()} == {"arrival", "waiting"}


def test_a_new_window_does_not_hide_that_the_old_one_was_missed(dispatched, lead, technician, now):
    ticket = dispatched()
    late = now + timedelta(hours=4)
    window = {"window_from": late, "window_to": late + timedelta(hours=2)}
    actions.dispatch(ticket=ticket, technician=technician, by=lead, now=late, **window)
    outcomes = Promise.objects.filter(kind="arrival").order_by("sequence").values_list("outcome", flat=True)
    assert list(outcomes) == ["unreachable", "open"]


def test_a_new_window_while_it_waits_moves_the_promise_with_it(dispatched, technician, clerk, now):
    ticket = dispatched()
    given = {"waiting_for": "resident", "until": date(2026, 3, 20), "reason": "無人"}
    ticket = actions.wait(ticket=ticket, by=technician, now=now, **given)
    end = now + timedelta(days=2)
    window = {"window_from": end - timedelta(hours=1), "window_to": end}
    ticket = actions.schedule(ticket=ticket, by=clerk, now=now, **window)
    assert open_promise(ticket, "arrival").due_at == end


def test_rework_does_not_begin_before_the_work_it_mends_had_ended(ended, clerk, lead, technician, now):
    ticket = ended()
    at = ticket.done_at + timedelta(hours=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="仍漏", by=clerk, now=at)
    window = {"window_from": at, "window_to": at + timedelta(hours=2)}
    ticket = actions.dispatch(ticket=ticket, technician=technician, by=lead, now=at, **window)
    order, wrong = ticket.work_orders.last(), ticket.work_ended_at - timedelta(minutes=5)
    with pytest.raises(Refused, match="work order before"):
        actions.arrive(work_order=order, at=wrong, by=technician, now=at)
    with pytest.raises(Refused, match="work order before"):
        actions.finish(work_order=order, ended_at=wrong, result="好", by=technician, now=at)


def test_a_rework_that_is_printed_is_not_taken_back(ended, clerk, now):
    ticket = ended()
    at = ticket.done_at + timedelta(hours=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="仍漏", by=clerk, now=at)
    order = ticket.work_orders.last()
    actions.mark_printed(work_orders=[order], by=clerk, now=at)
    offer = undo.latest(clerk, ticket, at)
    with pytest.raises(Refused, match=f"Work order {order.number} is already printed"):
        undo.take_back(undo=offer, by=clerk, now=at + timedelta(seconds=5))
    assert (Ticket.objects.get(pk=ticket.pk).state, ticket.work_orders.count()) == (S.ACCEPTED, 2)


def test_a_rework_taken_back_leaves_nothing_to_print(ended, clerk, now):
    ticket = ended()
    at = ticket.done_at + timedelta(hours=1)
    ticket = actions.call_back(ticket=ticket, outcome="not_satisfied", remark="仍漏", by=clerk, now=at)
    order = ticket.work_orders.last()
    undo.take_back(undo=undo.latest(clerk, ticket, at), by=clerk, now=at + timedelta(seconds=5))
    actions.mark_printed(work_orders=[order], by=clerk, now=at + timedelta(seconds=6))
    assert not Event.objects.filter(verb="ticket.printed").exists()
