"""Telling the result, the callback, and how a complaint ends (SPEC §5.3)."""

import pytest
from django.db import IntegrityError, transaction

from office import promises
from office.models import Message, Promise
from office.refusals import Refused
from tests.cast import NOW, ZONE
from tests.tickets.complaints import HOUR, local, outcomes, owed
from tickets import complaints as rules
from tickets.actions import complaints as acts
from tickets.models import Complaint


def test_the_result_is_told_the_same_day_by_the_clerk_who_took_it(reported, clerk, cashier, supervisor):
    complaint = reported("important")
    assert owed(complaint) == {
        "complaint_forward": ("complaint_forward_important", NOW + HOUR),
        "complaint_tell": ("complaint_tell", local(13)),
    }
    assert outcomes(complaint, "complaint_solve") == ["kept"]
    assert Message.objects.filter(template="complaint.reported", staff=clerk).exists()
    with pytest.raises(Refused, match="May Chan took this complaint"):
        acts.tell(complaint=complaint, by=cashier, now=NOW + 2 * HOUR)
    with pytest.raises(Refused, match="telephone or face to face"):
        acts.tell(complaint=complaint, by=clerk, now=NOW + 2 * HOUR, how="message")
    complaint = acts.tell(complaint=complaint, by=clerk, now=NOW + 2 * HOUR, how="face")
    assert outcomes(complaint, "complaint_tell") == ["kept"]
    assert owed(complaint)["complaint_callback"] == ("complaint_callback", local(15))


def test_the_database_knows_telephone_and_face_to_face_only(told):
    complaint = told()
    for how in ("sms", ""):
        with pytest.raises(IntegrityError, match="complaint_told_is_whole"), transaction.atomic():
            Complaint.objects.filter(pk=complaint.pk).update(told_how=how)


def test_a_result_reported_late_in_the_evening_is_told_late_the_next_morning(reported, clerk):
    complaint = reported(at=local(12, 23, 59))
    row = Promise.objects.get(kind="complaint_tell")
    assert row.due_at == local(13)
    acts.tell(complaint=complaint, by=clerk, now=local(13))
    row.refresh_from_db()
    assert promises.clock(row, local(13), ZONE)["text"] == "kept"  # at 24:00 to the second
    complaint = reported(at=local(12, 23, 59))
    acts.tell(complaint=complaint, by=clerk, now=local(13, 9))
    row = Promise.objects.filter(kind="complaint_tell").last()
    assert promises.clock(row, local(13, 9), ZONE)["text"] == "kept late"


def test_telling_the_result_answers_as_well(told):
    complaint = told("major")
    assert outcomes(complaint, "complaint_answer") == ["kept"]
    assert complaint.answered_at == complaint.told_at


def test_whoever_handled_it_or_is_complained_of_never_calls(told, lead, supervisor, clerk):
    complaint = told(against="staff", against_staff=supervisor)
    assert rules.why_not("call_back", complaint, clerk) is None
    assert "complained of" in rules.why_not("call_back", complaint, supervisor)
    complaint.handler = clerk
    assert "handled" in rules.why_not("call_back", complaint, clerk)


def test_where_the_clerk_handled_it_the_callback_is_the_head_of_the_desks(complain, clerk, supervisor):
    complaint = acts.contact(complaint=complain(), text="x", by=clerk, now=NOW)
    complaint = acts.report(complaint=complaint, result="x", fault="none", valid=True, by=clerk, now=NOW)
    complaint = acts.tell(complaint=complaint, by=clerk, now=NOW)
    assert Promise.objects.get(kind="complaint_callback").owner == supervisor
    with pytest.raises(Refused, match="never makes its callback"):
        acts.call_back(complaint=complaint, outcome="satisfied", by=clerk, now=NOW)


def test_satisfied_closes_it(told, clerk):
    complaint = acts.call_back(complaint=told(), outcome="satisfied", score=5, by=clerk, now=local(13, 10))
    assert (complaint.state, complaint.ending, complaint.satisfied) == ("closed", "called_back", True)
    assert (owed(complaint), complaint.next_due_at) == ({}, None)
    assert outcomes(complaint, "complaint_callback") == ["kept"]
    with pytest.raises(IntegrityError, match="complaint_ends_as_it_may"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(satisfied=None)


def test_not_satisfied_opens_the_next_round_with_promises_of_its_own(told, clerk, director, lead):
    complaint = told("major")
    complaint = acts.acknowledge(complaint=complaint, by=director, now=NOW + 3 * HOUR)
    with pytest.raises(Refused, match="not satisfied with"):
        acts.call_back(complaint=complaint, outcome="not_satisfied", by=clerk, now=local(14, 9))
    complaint = acts.call_back(
        complaint=complaint, outcome="not_satisfied", remark="又再發生", by=clerk, now=local(14, 9)
    )
    assert (complaint.state, complaint.rounds, complaint.told_at, complaint.acknowledged_at) == (
        "handling", 2, None, None,
    )  # fmt: skip
    assert outcomes(complaint, "complaint_callback") == ["kept"]  # reached, satisfied or not
    assert owed(complaint) == {
        "complaint_forward": ("complaint_forward_major", local(15)),
        "complaint_answer": ("complaint_answer", local(17)),
        "complaint_solve": ("complaint_solve_major", local(25)),
    }
    with pytest.raises(Refused, match="Contact the resident first"):
        acts.report(complaint=complaint, result="x", fault="none", valid=True, by=lead, now=local(14, 10))
    complaint = acts.contact(complaint=complaint, text="x", by=lead, now=local(14, 10))
    complaint = acts.report(
        complaint=complaint, result="y", fault="none", valid=True, by=lead, now=local(14, 10)
    )
    complaint = acts.tell(complaint=complaint, by=clerk, now=local(14, 11))
    complaint = acts.call_back(complaint=complaint, outcome="satisfied", by=clerk, now=local(15))
    assert complaint.state == "closed"
    assert [step.round for step in complaint.steps.filter(kind="report")] == [1, 2]


@pytest.mark.parametrize("stage", ["tell", "call_back"])
def test_three_tries_on_two_days_and_the_supervisor_may_close(stage, reported, told, clerk, supervisor):
    complaint = reported() if stage == "tell" else told()

    def fail(at):
        if stage == "tell":
            return acts.tell(complaint=complaint, reached=False, by=clerk, now=at)
        return acts.call_back(complaint=complaint, outcome="not_reached", by=clerk, now=at)

    for at in (local(12, 15), local(12, 16), local(12, 17)):
        with pytest.raises(Refused, match="3 tries on 2 different days"):
            acts.close_unreachable(complaint=complaint, reason="x", by=supervisor, now=at)
        complaint = fail(at)
    with pytest.raises(Refused, match="3 tries on 2 different days"):  # three, on one day
        acts.close_unreachable(complaint=complaint, reason="x", by=supervisor, now=local(12, 18))
    complaint = fail(local(13, 9))
    with pytest.raises(Refused, match="role does not allow"):
        acts.close_unreachable(complaint=complaint, reason="x", by=clerk, now=local(13, 9))
    complaint = acts.close_unreachable(complaint=complaint, reason="離港", by=supervisor, now=local(13, 9))
    assert (complaint.state, complaint.ending) == ("closed", "unreachable")
    kind = "complaint_tell" if stage == "tell" else "complaint_callback"
    assert outcomes(complaint, kind) == ["unreachable"]  # counts against the 100 %


def test_withdrawn_by_the_resident_keeps_what_was_missed(complain, clerk):
    complaint = acts.withdraw(complaint=complain("important"), reason="已和解", by=clerk, now=NOW + 2 * HOUR)
    assert (complaint.state, complaint.is_open, owed(complaint)) == ("withdrawn", False, {})
    assert outcomes(complaint, "complaint_forward") == ["unreachable"]
    assert outcomes(complaint, "complaint_solve") == ["cancelled"]
