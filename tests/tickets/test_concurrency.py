"""Two people, one ticket, the same moment: real connections, one effect. Each race has a twin without its guard."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections
from django.db.models import QuerySet

from office.models import Event, Promise
from office.refusals import Refused
from tests import databases
from tests.cast import NOW, make_estate, make_staff, make_unit
from tickets import actions, reception, tasks, upkeep
from tickets.models import Asset, CallbackTry, Category, Handover, Plan, Ticket


@pytest.fixture
def office(own_db):
    """An estate with two clerks, a lead and a technician, committed for every connection to see."""
    estate = make_estate()
    cast = {name: make_staff(name, (estate, role)) for name, role in [
        ("clerk", "clerk"), ("cashier", "cashier"), ("lead", "lead"), ("technician", "technician"), ("supervisor", "supervisor"),
    ]}  # fmt: skip
    unit = make_unit(estate, "3-2-1201")
    category = Category.objects.filter(estate=estate, risk="other", stream="repair").first()
    return {"estate": estate, "unit": unit, "category": category, **cast}


def taken(office, **values):
    given = {
        "estate": office["estate"],
        "unit": office["unit"],
        "category": office["category"],
        "by": office["clerk"],
    }
    ticket = actions.take(**given, problem="門鎖壞", now=NOW, **values)
    return actions.decide_cost(ticket=ticket, cost="public", by=office["clerk"], now=NOW, reason="x")


def done(office):
    window = {"window_from": NOW, "window_to": NOW + timedelta(hours=1)}
    ticket = actions.dispatch(
        ticket=taken(office), technician=office["technician"], by=office["lead"], now=NOW, **window
    )
    order = ticket.work_orders.get()
    return actions.finish(work_order=order, ended_at=NOW, result="好", by=office["technician"], now=NOW)


def race(*calls):
    """Run the calls at once in threads of their own connections; the answers, refusals included."""
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait()
        try:
            answers.append(call())
        except Refused as refusal:
            answers.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def both_call_back(office):
    ticket = done(office)
    return race(*[
        lambda by=by: actions.call_back(ticket=ticket, outcome="satisfied", by=office[by], now=NOW + timedelta(hours=1))
        for by in ("clerk", "cashier")
    ])  # fmt: skip


def test_two_clerks_call_back_the_same_ticket_and_one_does(office):
    for _ in range(5):
        answers = both_call_back(office)
        assert sum(isinstance(answer, Ticket) for answer in answers) == 1
        assert sum(isinstance(answer, Refused) for answer in answers) == 1
    assert CallbackTry.objects.count() == 5
    assert Event.objects.filter(verb="ticket.closed").count() == 5


def test_without_the_row_lock_both_would(office, monkeypatch):
    meet = threading.Barrier(2)
    guarded = QuerySet.select_for_update

    def unlocked(rows, *args, **options):
        if rows.model is not Ticket:
            return guarded(rows, *args, **options)
        return rows

    ticket = done(office)
    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    why_not = actions.callback.change.rules.why_not

    def asked_together(*args):
        answer = why_not(*args)
        meet.wait(60)
        return answer

    monkeypatch.setattr("tickets.rules.why_not", asked_together)
    race(*[
        lambda by=by: actions.call_back(ticket=ticket, outcome="satisfied", by=office[by], now=NOW + timedelta(hours=1))
        for by in ("clerk", "cashier")
    ])  # fmt: skip
    assert CallbackTry.objects.count() == 2


def test_two_leads_dispatch_from_the_same_page_and_the_second_is_told(office):
    ticket = taken(office)
    window = {"window_from": NOW + timedelta(hours=1), "window_to": NOW + timedelta(hours=2)}
    answers = race(*[
        lambda by=by: actions.dispatch(
            ticket=ticket, technician=office["technician"], by=office[by], now=NOW, version=ticket.version, **window
        )
        for by in ("lead", "supervisor")
    ])  # fmt: skip
    assert sum(isinstance(answer, Ticket) for answer in answers) == 1
    assert Promise.objects.filter(kind="arrival").count() == 1


def test_two_clerks_name_each_others_ticket_as_the_one_that_goes_on_and_one_goes_on(office):
    for _ in range(5):
        first, second = taken(office), taken(office)
        answers = race(*[
            lambda by=by, row=row, of=of: actions.mark_duplicate(ticket=row, of=of, told="電話", by=office[by], now=NOW)
            for by, row, of in (("clerk", first, second), ("cashier", second, first))
        ])  # fmt: skip
        assert sum(isinstance(answer, Refused) for answer in answers) == 1
        assert Ticket.objects.filter(pk__in=[first.pk, second.pk], closed_at=None).count() == 1


def test_many_clerks_take_tickets_and_no_number_is_lost_or_given_twice(office):
    answers = race(*[lambda n=n: taken(office, place=str(n)) for n in range(8)])
    assert sorted(ticket.number for ticket in answers) == [f"R2026-{n:06}" for n in range(1, 9)]


# --- shift hand-over (SPEC §2 "acknowledged by name") ----------------------------------------------------------


def handed(office):
    return actions.hand_over_shift(
        estate=office["estate"], day=NOW.date(), shift="morning", text="電梯年檢", by=office["clerk"], now=NOW
    )


def both_acknowledge(office, row):
    return race(*[
        lambda by=by: actions.acknowledge(handover=row, by=office[by], now=NOW + timedelta(hours=1))
        for by in ("cashier", "supervisor")
    ])  # fmt: skip


def test_two_colleagues_acknowledge_a_hand_over_and_one_has(office):
    for _ in range(5):
        answers = both_acknowledge(office, handed(office))
        assert sum(isinstance(answer, Handover) for answer in answers) == 1
        assert sum(isinstance(answer, Refused) for answer in answers) == 1
    assert Event.objects.filter(verb="log.acknowledged").count() == 5


def test_without_the_row_lock_the_database_still_keeps_the_first_name(office, monkeypatch):
    """The twin: both pass the rule together; the second is stopped by the table's own trigger."""
    row, meet = handed(office), threading.Barrier(2)
    guarded, why_not = QuerySet.select_for_update, reception.why_not_acknowledge

    def unlocked(rows, *args, **options):
        return rows if rows.model is Handover else guarded(rows, *args, **options)

    def asked_together(*args):
        answer = why_not(*args)
        meet.wait(60)
        return answer

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    monkeypatch.setattr(reception, "why_not_acknowledge", asked_together)
    broken = []

    def acknowledge(by):
        try:
            return actions.acknowledge(handover=row, by=office[by], now=NOW + timedelta(hours=1))
        except DatabaseError as problem:
            broken.append(problem)

    answers = race(*[lambda by=by: acknowledge(by) for by in ("cashier", "supervisor")])
    assert sum(isinstance(answer, Handover) for answer in answers) == len(broken) == 1
    first = next(answer for answer in answers if answer)
    assert Handover.objects.get(pk=row.pk).acknowledged_by == first.acknowledged_by


# --- maintenance plans (SPEC §4.7 "tickets open by themselves") --------------------------------------------------


def due_plan(office):
    asset = Asset.objects.create(estate=office["estate"], code="PUMP-1", name_zh_hant="水泵", kind="pump")
    category = Category.objects.filter(estate=office["estate"], stream="preventive").first()
    values = {"asset": asset, "title": "保養", "number": 1, "every": "week", "starts_on": NOW.date(), "checks": "", "category": category,
              "responsible": office["lead"]}  # fmt: skip
    return actions.save_plan(estate=office["estate"], values=values, by=office["lead"], now=NOW)


def days_opened(plan):
    return list(Ticket.objects.filter(plan=plan).order_by("plan_due").values_list("plan_due", flat=True))


def test_two_workers_open_the_same_plans_and_each_day_has_one_ticket(office):
    plan = due_plan(office)
    weeks = [NOW + timedelta(weeks=n) for n in range(5)]
    for now in weeks:
        results = race(*[lambda now=now: tasks.open_plans(now)] * 2)
        assert sum(result.done for result in results) == 1
        assert not any(result.failed for result in results)
    assert days_opened(plan) == [now.date() for now in weeks]
    assert Promise.objects.filter(kind="upkeep").count() == 5


@pytest.mark.parametrize("unique", [True, False])
def test_without_the_plans_lock_the_unique_day_still_holds_and_without_both_there_are_two(
    office, own_db, monkeypatch, unique
):
    plan, meet = due_plan(office), threading.Barrier(2)
    guarded, opens = QuerySet.select_for_update, upkeep.opens

    def unlocked(rows, *args, **options):
        return rows if rows.model is Plan else guarded(rows, *args, **options)

    def asked_together(*args):
        answer = opens(*args)
        meet.wait(60)
        return answer

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    monkeypatch.setattr(upkeep, "opens", asked_together)
    if not unique:
        databases.servers().postgres.sql("DROP INDEX ticket_of_plan_once", database=own_db)
    results = race(*[lambda: tasks.open_plans(NOW)] * 2)
    assert sorted(result.failed for result in results) == ([0, 1] if unique else [0, 0])
    assert days_opened(plan) == [NOW.date()] * (1 if unique else 2)
