"""What the department does and says, up to its report (SPEC §5.3)."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from office import undo
from office.models import Event, Message, Promise
from office.refusals import Refused, Stale
from tests.cast import NOW
from tests.tickets.complaints import HOUR, local, outcomes, owed
from tickets.actions import complaints as acts
from tickets.models import Complaint, ComplaintStep


def test_harm_that_goes_on_is_stopped_before_anything_else_is_recorded(complain, lead):
    complaint = complain("important", harm_now=True, handler=lead)
    deeds = {
        "contact": {"text": "x"}, "act": {"text": "x"}, "meet": {"place": "x", "parties": "x", "outcome": "x"},
        "propose": {"text": "x"}, "tell_reason": {"text": "x"}, "report_up": {"text": "x"}, "answer": {"text": "x"},
        "report": {"result": "x", "fault": "none", "valid": True},
    }  # fmt: skip
    for move, values in deeds.items():
        with pytest.raises(Refused, match="first record what stops it"):
            getattr(acts, move)(complaint=complaint, by=lead, now=NOW, **values)
    with pytest.raises(IntegrityError, match="complaint_stops_harm_first"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(contacted_at=NOW)
    complaint = acts.stop_harm(complaint=complaint, text="關閥", by=lead, now=NOW)
    assert not complaint.harm_going_on and complaint.steps.get().kind == "harm_stopped"
    acts.contact(complaint=complaint, text="已致電", by=lead, now=NOW)


def test_the_resident_is_contacted_before_anything_is_done(complain, lead):
    complaint = complain(handler=lead)
    with pytest.raises(Refused, match="Contact the resident first"):
        acts.act(complaint=complaint, text="x", by=lead, now=NOW)
    complaint = acts.contact(complaint=complaint, text="", reached=False, by=lead, now=NOW)
    assert (complaint.contacted_at, complaint.contact_tries) == (None, 1)
    acts.act(complaint=complaint, text="上門調解", by=lead, now=NOW)  # who is not there is not waited for


def test_whoever_acts_on_what_nobody_has_is_responsible(complain, cashier):
    complaint = acts.contact(complaint=complain(), text="x", by=cashier, now=NOW)
    assert (complaint.handler, complaint.state) == (cashier, "handling")
    assert Promise.objects.get(kind="complaint_solve").owner == cashier


def test_nobody_handles_a_complaint_about_himself(complain, lead):
    complaint = complain(against="staff", against_staff=lead)
    with pytest.raises(Refused, match="about himself"):
        acts.route(complaint=complaint, department="repair", handler=lead, by=lead, now=NOW)
    with pytest.raises(Refused, match="about himself"):
        acts.contact(complaint=complaint, text="x", by=lead, now=NOW)
    with pytest.raises(IntegrityError, match="complaint_not_handled_by_its_cause"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(handler=lead)


def test_meetings_remedies_and_reasons_are_kept_and_no_clock_moves(handled, lead, supervisor):
    complaint = handled("important")
    before = owed(complaint)
    complaint = acts.meet(
        complaint=complaint, place="會議室", parties="張先生、樓上業主", outcome="協商賠償", by=lead, now=NOW
    )
    complaint = acts.propose(complaint=complaint, text="重做天花", cost=Decimal("800.00"), by=lead, now=NOW)
    complaint = acts.propose(complaint=complaint, text="賠償", cost=Decimal("500.00"), by=lead, now=NOW)
    first, second = complaint.remedies.all()
    complaint = acts.decide_remedy(complaint=complaint, remedy=first, accepted=False, by=lead, now=NOW)
    complaint = acts.decide_remedy(complaint=complaint, remedy=second, accepted=True, by=lead, now=NOW)
    complaint = acts.tell_reason(complaint=complaint, text="須等材料", by=lead, now=NOW)
    complaint = acts.report_up(complaint=complaint, text="須業委會同意", by=lead, now=NOW)
    assert [row.accepted for row in complaint.remedies.all()] == [False, True]
    assert complaint.meetings.get().outcome == "協商賠償"
    assert owed(complaint) == before
    heard = Message.objects.filter(template="complaint.reported_up").values_list("staff__username", flat=True)
    assert list(heard) == ["director"]  # the head of the department reported it himself


def test_steps_and_meetings_are_never_changed_nor_removed(handled):
    complaint = handled()
    for change in (
        lambda: ComplaintStep.objects.update(text="x"),
        lambda: ComplaintStep.objects.filter(complaint=complaint).delete(),
        lambda: complaint.meetings.all().delete(),
    ):
        with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
            change()


def test_a_major_complaint_is_answered_in_two_days_and_solved_in_ten(handled, lead, clerk, director):
    complaint = acts.acknowledge(complaint=handled("major"), by=director, now=NOW)
    complaint = acts.answer(complaint=complaint, text="一周內修好", by=lead, now=local(14, 12))
    assert set(owed(complaint)) == {"complaint_solve"}
    assert complaint.next_due_at == local(23)
    assert outcomes(complaint, "complaint_answer") == ["kept"]


def test_a_complaint_found_not_justified_is_answered_like_any_other(handled, lead):
    complaint = acts.report(
        complaint=handled(), result="查無此事", fault="none", valid=False, by=lead, now=NOW
    )
    assert (complaint.state, set(owed(complaint))) == ("reported", {"complaint_tell"})
    with pytest.raises(Refused, match="whose fault"):
        acts.report(complaint=handled(), result="x", fault="", valid=True, by=lead, now=NOW)


def test_a_page_older_than_the_row_is_refused(complain, clerk, lead):
    complaint = complain(handler=lead)
    acts.contact(complaint=complaint, text="x", by=lead, now=NOW)
    with pytest.raises(Stale):
        acts.reclass(
            complaint=complaint, klass="major", reason="x", by=clerk, now=NOW, version=complaint.version
        )


def test_what_stayed_in_the_house_is_taken_back(told, complain, clerk, guard):
    def back(complaint, by):
        return undo.take_back(undo=undo.latest(by, complaint, NOW), by=by, now=NOW)

    complaint = complain("important")
    acted = acts.acknowledge(complaint=complaint, by=guard, now=NOW)
    assert back(acted, guard).acknowledged_at is None
    assert owed(complaint)["complaint_forward"][1] == NOW + HOUR
    complaint = complain()
    acted = acts.reclass(complaint=complaint, klass="major", reason="x", by=clerk, now=NOW)
    assert back(acted, clerk).klass == "minor"
    assert owed(complaint) == {"complaint_solve": ("complaint_solve_minor", local(15))}
    complaint = told()
    acted = acts.call_back(
        complaint=complaint, outcome="not_satisfied", remark="x", by=clerk, now=NOW + 3 * HOUR
    )
    again = undo.take_back(undo=undo.latest(clerk, acted, NOW + 3 * HOUR), by=clerk, now=NOW + 3 * HOUR)
    assert (again.state, again.rounds, set(owed(again))) == ("told", 1, {"complaint_callback"})
    assert not again.calls.exists()


def test_the_journal_holds_no_word_of_the_resident(told, clerk):
    acts.call_back(complaint=told(), outcome="not_satisfied", remark="張太很生氣", by=clerk, now=local(13, 9))
    text = " ".join(str(row) for row in Event.objects.values_list("data", flat=True))
    for word in ("張", "138", "噪音", "勸止"):
        assert word not in text
