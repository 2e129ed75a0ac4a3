"""Two guards, one slip, the same moment: real connections, one release. The twin without the lock releases twice."""

import threading

import pytest
from django.db import connections
from django.db.models import QuerySet

from office.models import Event
from office.refusals import Refused
from residents import actions
from residents.models import ReleaseSlip
from tests.cast import NOW, make_estate, make_person, make_staff, make_unit, occupy


@pytest.fixture
def gate(own_db):
    estate = make_estate()
    unit, person = make_unit(estate, "3-2-1201"), make_person(estate, "張小明")
    occupy(unit, person)
    guards = [make_staff(name, (estate, "guard")) for name in ("guard", "guard2")]
    clerk = make_staff("clerk", (estate, "clerk"))

    def issue():
        return actions.issue_slip(
            unit=unit, person=person, lines=[("沙發", 1, "")], days=1, by=clerk, now=NOW
        )

    return issue, guards


def race(*calls):
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


def release(slip, guards):
    return race(*[lambda by=by: actions.release_slip(slip=slip, by=by, now=NOW) for by in guards])


def test_two_guards_release_one_slip_once(gate):
    issue, guards = gate
    for _ in range(5):
        answers = release(issue(), guards)
        assert sum(isinstance(answer, ReleaseSlip) for answer in answers) == 1
        assert sum(isinstance(answer, Refused) for answer in answers) == 1
    assert Event.objects.filter(verb="slip.released").count() == 5


def test_without_the_row_lock_both_would(gate, monkeypatch):
    issue, guards = gate
    slip, meet = issue(), threading.Barrier(2)
    guarded = QuerySet.select_for_update

    def unlocked(rows, *args, **options):
        return rows if rows.model is ReleaseSlip else guarded(rows, *args, **options)

    why_not = actions.slips.rules.why_not_slip

    def asked_together(*args):
        answer = why_not(*args)
        meet.wait(60)
        return answer

    monkeypatch.setattr(QuerySet, "select_for_update", unlocked)
    monkeypatch.setattr("residents.rules.why_not_slip", asked_together)
    release(slip, guards)
    assert Event.objects.filter(verb="slip.released").count() == 2
