"""A repair from the call to the callback (SPEC §4): each verb, its promises, its refusals."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from office import journal, promises, undo
from office.models import Event, Promise, Staff, Unit
from office.refusals import Refused, Stale
from tests.cast import ZONE, make_staff, make_unit, post
from tickets import actions, reports, rules
from tickets.models import Asset, CallbackTry, Category, Ticket, WorkLine

pytestmark = pytest.mark.django_db
S = Ticket.State


def open_promise(ticket, kind):
    return Promise.objects.get(
        subject_kind=ticket.SUBJECT, subject_id=ticket.pk, kind=kind, closed_at__isnull=True
    )


def local(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


# --- intake ------------------------------------------------------------------------------------------------


def test_take_makes_ticket_and_first_work_order(take, clerk):
    ticket = take()
    assert (ticket.number, ticket.state, ticket.owner) == ("R2026-000001", S.ACCEPTED, clerk)
    order = ticket.work_orders.get()
    assert (order.number, order.technician, order.dispatched_at) == ("R2026-000001-1", None, None)
    assert Promise.objects.count() == 0


def test_take_decides_the_warranty_from_the_first_hand_over(estate, take, category_of, now):
    electrical = category_of(warranty__months=24)
    inside = take(category=electrical, unit=make_unit(estate, "3-2-1301", handed_over_on=date(2024, 3, 13)))
    assert (inside.cost, inside.warranty_until) == ("warranty", date(2026, 3, 12))  # today is the last day
    outside = take(category=electrical, unit=make_unit(estate, "3-2-1302", handed_over_on=date(2024, 3, 12)))
    assert (outside.cost, outside.warranty_until) == ("paid", date(2026, 3, 11))


def test_take_at_a_public_facility_costs_nothing(estate, take):
    lift = Asset.objects.create(estate=estate, code="L2", name_zh_hant="2 號電梯", kind="lift", place="2 座")
    ticket = take(unit=None, asset=lift)
    assert (ticket.cost, ticket.place) == ("public", "2 座")


@pytest.mark.parametrize(
    ("start", "end", "words"), [(3, 1, "ends before it begins"), (-3, -1, "lies in the past")]
)
def test_take_refuses_an_impossible_window(take, now, start, end, words):
    with pytest.raises(Refused, match=words):
        take(window_from=now + timedelta(hours=start), window_to=now + timedelta(hours=end))
    assert Ticket.objects.count() == 0


def test_the_same_fault_again_is_flagged_and_linked_when_wanted(estate, take, now):
    first = take()
    again = take(now=now + timedelta(days=estate.repeat_days), repeat_of=first)
    assert (again.is_repeat, again.repeat_of) == (True, first)
    later = take(now=now + timedelta(days=2 * estate.repeat_days, seconds=1))
    assert later.is_repeat is False


def test_a_ticket_without_a_place_cannot_exist(take):
    with pytest.raises(IntegrityError), transaction.atomic():
        take(unit=None)


def test_correct_is_refused_on_a_stale_page(take, clerk, now):
    ticket = take()
    actions.correct(ticket=ticket, problem="浴室漏水", by=clerk, now=now, version=ticket.version)
    with pytest.raises(Stale):
        actions.correct(ticket=ticket, problem="客廳漏水", by=clerk, now=now, version=ticket.version)


# --- dispatch and work -------------------------------------------------------------------------------------


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


# --- the end of work and its promises ----------------------------------------------------------------------


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


# --- callback ----------------------------------------------------------------------------------------------


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


# --- cost --------------------------------------------------------------------------------------------------


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


# --- more time ---------------------------------------------------------------------------------------------


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


# --- other ends --------------------------------------------------------------------------------------------


def test_cancelled_tells_the_reporter_and_owes_no_callback(dispatched, clerk, now):
    ticket = dispatched()
    with pytest.raises(Refused, match="how the reporter was told"):
        actions.cancel(ticket=ticket, reason="自行修好", told="", by=clerk, now=now)
    ticket = actions.cancel(ticket=ticket, reason="自行修好", told="電話", by=clerk, now=now)
    assert (ticket.state, ticket.ending, ticket.next_due_at) == (S.CANCELLED, "cancelled", None)
    assert not Promise.objects.open().exists()


def test_a_duplicate_names_the_other_ticket(take, clerk, now):
    first, second = take(), take()
    second = actions.mark_duplicate(ticket=second, of=first, told="電話", by=clerk, now=now)
    assert (second.state, second.duplicate_of, second.ending) == (S.CANCELLED, first, "duplicate")
    with pytest.raises(Refused):
        actions.mark_duplicate(ticket=first, of=second, told="電話", by=clerk, now=now)


def test_hand_over_moves_the_owner_with_every_open_promise(ended, cashier, clerk, supervisor, now):
    ticket = ended()
    at = now + timedelta(hours=3)
    with pytest.raises(Refused, match="reason"):
        actions.hand_over(ticket=ticket, to=cashier, reason="", by=supervisor, now=at)
    ticket = actions.hand_over(ticket=ticket, to=cashier, reason="休假", by=supervisor, now=at)
    told = Event.objects.filter(verb="ticket.handed_over").latest("id")
    assert journal.sentence(told) == "handed over to 何嘉欣: 休假"
    assert (ticket.owner, open_promise(ticket, "callback").owner) == (cashier, cashier)


# --- one transaction ---------------------------------------------------------------------------------------


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


# --- clocks, crews and corrections that could slip through ----------------------------------------------------


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


@pytest.mark.parametrize("way", ["unit", "asset"])
def test_no_ticket_names_a_place_of_another_estate(take, elsewhere, way):
    """The last line: whatever a page, an import or a script does, the database refuses it."""
    ticket = take()
    theirs = (
        make_unit(elsewhere, "9-9")
        if way == "unit"
        else Asset.objects.create(estate=elsewhere, code="L9", name_zh_hant="電梯")
    )
    with pytest.raises(IntegrityError, match=f"ticket_{way}_of_its_estate"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**{way: theirs})
    with pytest.raises(IntegrityError, match="of_its_estate"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(estate=elsewhere)


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


def test_another_category_weighs_the_warranty_again(take, category_of, clerk, now):
    """2 years of pipes are over, 5 years of waterproofing are not."""
    wet = Category.objects.get(estate=category_of("other").estate, code="LK-WET")
    pipe = Category.objects.get(estate=wet.estate, code="LK-PIPE")
    Unit.objects.update(handed_over_on=date(2023, 3, 1))
    ticket = take(category=pipe, unit=Unit.objects.get())
    assert ticket.cost == "paid"
    ticket = actions.correct(ticket=ticket, category=wet, by=clerk, now=now)
    assert (ticket.cost, ticket.warranty_until) == ("warranty", date(2028, 2, 29))
    ticket = actions.correct(ticket=ticket, category=pipe, by=clerk, now=now)
    ticket = actions.decide_cost(ticket=ticket, cost="warranty", reason="發展商同意", by=clerk, now=now)
    other = Category.objects.get(estate=wet.estate, code="TAP")
    assert actions.correct(ticket=ticket, category=other, by=clerk, now=now).cost == "warranty"


def test_another_category_may_make_it_a_repeat(take, category_of, clerk, now):
    tap = Category.objects.get(estate=category_of("other").estate, code="TAP")
    take(category=tap, now=now - timedelta(days=3))
    ticket = take("leak")
    assert not ticket.is_repeat
    assert actions.correct(ticket=ticket, category=tap, by=clerk, now=now).is_repeat


def test_a_correction_is_told_in_the_readers_words(take, clerk, now):
    ticket = actions.correct(ticket=take(), problem="水龍頭漏", reporter_phone="1", by=clerk, now=now)
    event = Event.objects.filter(subject_id=ticket.pk).latest("id")
    assert journal.sentence(event) == "corrected: what is wrong, telephone"
    assert "水龍頭漏" not in str(event.data)


def test_a_duplicate_names_a_ticket_that_goes_on(take, clerk, now):
    first, second = take(), take()
    actions.cancel(ticket=first, reason="自行修好", told="電話", by=clerk, now=now)
    with pytest.raises(Refused, match="goes on"):
        actions.mark_duplicate(ticket=second, of=first, told="電話", by=clerk, now=now)


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


@pytest.mark.parametrize("values", [{"satisfied": None}, {"satisfied": False}, {"done_at": None}])
def test_the_database_wants_a_satisfied_answer_behind_called_back(ended, clerk, now, values):
    ticket = actions.call_back(ticket=ended(), outcome="satisfied", by=clerk, now=now + timedelta(hours=3))
    with pytest.raises(IntegrityError, match="ticket_closes_by_callback"), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**values)


def test_half_a_window_cannot_be_written_down(take, now):
    with pytest.raises(IntegrityError, match="ticket_window_in_order"), transaction.atomic():
        Ticket.objects.filter(pk=take().pk).update(window_from=now)


def test_how_long_a_fault_counts_as_a_repeat_is_a_setting(estate, take, now):
    take(now=now - timedelta(days=10))
    for days, repeats in ((9, False), (11, True)):
        estate.repeat_days = days
        with transaction.atomic():
            assert take().is_repeat is repeats
            transaction.set_rollback(True)


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
