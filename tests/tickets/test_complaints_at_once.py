"""Complaints under every order of moves, and two people at once (SPEC §5): real connections, one effect."""

import os
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from office.models import DepartmentHead, Event, Promise
from office.refusals import Refused
from tests.cast import NOW, make_estate, make_staff, make_unit
from tickets import complaints as rules
from tickets.actions import complaints as acts
from tickets.models import Complaint, ComplaintCause

ROLES = ("clerk", "cashier", "lead", "supervisor", "director", "guard")
Klass = Complaint.Klass


def open_office():
    estate = make_estate()
    office = {role: make_staff(role, (estate, role)) for role in ROLES}
    office |= {"estate": estate, "unit": make_unit(estate, "3-2-1201")}
    DepartmentHead.objects.update_or_create(
        estate=estate, department="repair", defaults={"head": office["lead"]}
    )
    office["cause"] = ComplaintCause.objects.get(estate=estate, code="REPAIR")
    return office


def taken(office, klass=Klass.IMPORTANT, now=NOW, **values):
    return acts.take(
        estate=office["estate"], unit=office["unit"], cause=office["cause"], course="維修拖延", klass=klass,
        by=office["clerk"], now=now, **values,
    )  # fmt: skip


def reported(office):
    complaint = acts.contact(complaint=taken(office), text="x", by=office["lead"], now=NOW)
    return acts.report(
        complaint=complaint, result="x", fault="company", valid=True, by=office["lead"], now=NOW
    )


MORE = 20 if os.environ.get("GUANJIA_FULL") else 1
reached: set = set()


# --- every order of moves ---------------------------------------------------------------------------------------


class Machine(RuleBasedStateMachine):
    """Anybody tries anything at any time: what is refused changes nothing, and the promises always fit the state."""

    office: dict

    @initialize(
        klass=strategies.sampled_from(list(Klass.values)),
        harm=strategies.booleans(),
        far=strategies.integers(0, 8),
    )
    def take(self, klass, harm, far):
        self.now = NOW
        self.missed, self.seen = set(), {}
        self.complaint = taken(self.office, klass, harm_now=harm)
        for _one in range(far):
            self._next("not_satisfied")

    who = strategies.sampled_from(ROLES)

    @rule(hours=strategies.sampled_from([0.5, 1, 3, 15, 24, 72, 250]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(
        by=who,
        move=strategies.sampled_from(
            ["acknowledge", "contact", "stop_harm", "act", "tell_reason", "answer", "report", "tell"]
        ),
    )
    def move(self, by, move):
        values = {
            "report": {"result": "x", "fault": "none", "valid": False},
            "tell": {"how": "face"},
            "acknowledge": {},
        }.get(move, {"text": "x"})
        self._try(getattr(acts, move), by, **values)

    @rule(
        steps=strategies.integers(2, 4),
        outcome=strategies.sampled_from(["not_satisfied", "not_satisfied", "satisfied", "not_reached"]),
    )
    def goes_on(self, steps, outcome):
        """The next things, by whoever may do them: so that every run gets far."""
        for _one in range(steps):
            self._next(outcome)

    def _next(self, outcome):
        complaint = Complaint.objects.get(pk=self.complaint.pk)
        reached.add((complaint.state, min(complaint.rounds, 2)))
        if complaint.state == "told":
            caller = "cashier" if complaint.handler_id != self.office["cashier"].pk else "clerk"
            self._try(acts.call_back, caller, outcome=outcome, remark="x")
        elif complaint.state == "reported":
            self._try(acts.tell, "supervisor")
        elif complaint.harm_going_on:
            self._try(acts.stop_harm, "lead", text="x")
        elif not complaint.contacted_at:
            self._try(acts.contact, "lead", text="x")
        else:
            self._try(acts.report, "lead", result="x", fault="none", valid=True)

    @rule(by=who, outcome=strategies.sampled_from(["satisfied", "not_satisfied", "not_reached"]))
    def call(self, by, outcome):
        self._try(acts.call_back, by, outcome=outcome, remark="x")

    @rule(by=who, klass=strategies.sampled_from(list(Klass.values)))
    def reclass(self, by, klass):
        self._try(acts.reclass, by, klass=klass, reason="x")

    @rule(by=who, to=strategies.sampled_from(["lead", "cashier", "guard"]))
    def route(self, by, to):
        self._try(acts.route, by, department="repair", handler=self.office[to], reason="x")

    @rule(by=who, to=strategies.sampled_from(["clerk", "cashier"]))
    def hand_over(self, by, to):
        self._try(acts.hand_over, by, to=self.office[to], reason="x")

    @rule(by=who)
    def close_unreachable(self, by):
        self._try(acts.close_unreachable, by, reason="x")

    def _try(self, action, by, **values):
        before = self._picture()
        try:
            with transaction.atomic():
                action(complaint=self.complaint, by=self.office[by], now=self.now, **values)
        except Refused:
            assert self._picture() == before

    def _picture(self):
        complaint = Complaint.objects.values().get(pk=self.complaint.pk)
        return complaint, sorted(self._promises().values_list("pk", "outcome", "due_at", "owner_id"))

    def _promises(self):
        return Promise.objects.of(Complaint.SUBJECT, self.complaint.pk)

    @invariant()
    def what_is_owed_fits_and_nothing_missed_is_forgotten(self):
        complaint = Complaint.objects.get(pk=self.complaint.pk)
        rows = list(self._promises().order_by("due_at"))
        due = [row for row in rows if row.closed_at is None]
        expected = set(rules.owed(complaint)) if complaint.is_open else set()
        expected |= {"reported": {rules.TELL}, "told": {rules.CALLBACK}}.get(complaint.state, set())
        assert sorted(row.kind for row in due) == sorted(expected)
        assert complaint.next_due_at == (due[0].due_at if due else None)
        assert all(row.owner_id for row in due)
        self.missed |= {row.pk for row in due if row.due_at <= self.now}
        for row in rows:
            assert not (row.pk in self.missed and row.outcome == "cancelled")
            assert self.seen.setdefault(row.pk, row.due_at) == row.due_at  # a due time never moves


def test_promises_fit_under_every_order_of_moves(db):
    office = open_office()

    class InOffice(Machine):
        pass

    InOffice.office = office
    run_state_machine_as_test(
        InOffice,
        settings=settings(
            max_examples=MORE * 5, stateful_step_count=10, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert {state for state, _round in reached} >= {"received", "handling", "reported", "told", "closed"}
    assert ("told", 2) in reached


# --- two people at once -----------------------------------------------------------------------------------------


@pytest.fixture
def office(own_db):
    return open_office()


def race(*calls):
    """Run the calls at once in threads of their own connections; the answers, refusals included."""
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait()
        try:
            answers.append(call())
        except (Refused, DatabaseError) as refusal:
            answers.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def one_of(answers):
    done = [answer for answer in answers if isinstance(answer, Complaint)]
    assert len(done) == 1 and sum(isinstance(answer, Refused) for answer in answers) == len(answers) - 1
    return done[0]


def test_two_people_tell_the_same_result_and_one_has(office):
    for _again in range(3):
        complaint = reported(office)
        complaint = one_of(
            race(*[
                lambda by=by, row=complaint: acts.tell(complaint=row, by=office[by], now=NOW)
                for by in ("clerk", "supervisor")
            ])
        )  # fmt: skip
        owed = Promise.objects.of(Complaint.SUBJECT, complaint.pk)
        assert owed.filter(kind=rules.CALLBACK).count() == 1
        assert complaint.steps.filter(kind="told").count() == 1
    assert Event.objects.filter(verb="complaint.told").count() == 3


def test_head_and_deputy_acknowledge_and_one_has(office):
    DepartmentHead.objects.filter(department="repair").update(deputy=office["supervisor"])
    complaint = taken(office)
    one_of(
        race(*[
            lambda by=by: acts.acknowledge(complaint=complaint, by=office[by], now=NOW)
            for by in ("lead", "supervisor")
        ])
    )  # fmt: skip
    assert Event.objects.filter(verb="complaint.acknowledged").count() == 1


def test_two_people_reclass_and_each_class_has_its_promises_once(office):
    complaint = taken(office)
    one_of(
        race(*[
            lambda by=by, klass=klass: acts.reclass(
                complaint=complaint, klass=klass, reason="x", by=office[by], now=NOW, version=complaint.version
            )
            for by, klass in (("clerk", Klass.MAJOR), ("supervisor", Klass.MINOR))
        ])
    )  # fmt: skip
    complaint = Complaint.objects.get()
    owed = Promise.objects.of(Complaint.SUBJECT, complaint.pk).open()
    assert sorted(owed.values_list("kind", flat=True)) == sorted(rules.CLASS_RULES[complaint.klass])


def test_many_complaints_taken_at_once_have_numbers_without_gaps(office):
    answers = race(*[lambda: taken(office) for _n in range(6)])
    assert sorted(complaint.number for complaint in answers) == [f"C2026-{n:06}" for n in range(1, 7)]


def test_without_the_row_lock_both_would_call_back_and_the_database_keeps_one(office, monkeypatch):
    """The twin: both pass the rule together; the second call of the round is stopped by the table's own key."""
    complaint = acts.tell(complaint=reported(office), by=office["clerk"], now=NOW)
    meet = threading.Barrier(2)
    guarded, why_not = QuerySet.select_for_update, rules.why_not

    def unlocked(rows, *args, **options):
        return rows if rows.model is Complaint else guarded(rows, *args, **options)

    def asked_together(*args):
        answer = why_not(*args)
        meet.wait(10)
        return answer

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    monkeypatch.setattr(rules, "why_not", asked_together)
    answers = race(*[
        lambda by=by: acts.call_back(complaint=complaint, outcome="satisfied", by=office[by], now=NOW)
        for by in ("clerk", "cashier")
    ])  # fmt: skip
    assert sum(isinstance(answer, DatabaseError) for answer in answers) == 1
    assert complaint.calls.count() == 1
