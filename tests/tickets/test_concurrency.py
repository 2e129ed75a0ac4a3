"""Two people, one ticket, the same moment: real connections, one effect. Each race has a twin without its guard."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections
from django.db.models import QuerySet

from office.models import Event, Promise
from office.refusals import Refused
from tests.cast import NOW, make_estate, make_staff, make_unit
from tickets import actions, reception
from tickets.models import CallbackTry, Category, Handover, Ticket


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
