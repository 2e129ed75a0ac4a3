"""Who is told of a complaint, who has it, and its class changed afterwards (SPEC §5.2, §5.3)."""

from datetime import timedelta

import pytest

from office import promises
from office.models import Message, Promise
from office.refusals import Refused
from tests.cast import NOW, ZONE
from tests.tickets.complaints import HOUR, local, outcomes, owed
from tickets import complaints as rules
from tickets import reports
from tickets.actions import complaints as acts


def test_the_forward_is_owed_by_the_named_head_or_director(complain, director, guard, supervisor):
    assert complain("major").forward_to == director
    assert complain("important").forward_to == guard  # noise is the business of security
    assert (
        complain("important", department="environment").forward_to == supervisor
    )  # nobody posted: the next one up
    assert complain().forward_to is None
    promise = Promise.objects.filter(rule_key="complaint_forward_important").first()
    assert (promise.owner, promise.department) == (guard, "security")


def test_nobody_posted_climbs_to_the_next_one_up(complain, estate, director, supervisor, guard):
    guard.is_active = False
    guard.save()
    assert complain("important").forward_to == supervisor
    supervisor.postings.all().delete()
    assert complain("important").forward_to == director
    director.is_active = False
    director.save()
    assert complain("important").forward_to is None  # nobody at all: the clerk who took it owes it


def test_a_complaint_about_the_head_goes_past_the_head(complain, guard, supervisor, director):
    complaint = complain("important", against="staff", against_staff=guard, department="security")
    assert complaint.forward_to == supervisor
    assert rules.why_not("acknowledge", complaint, guard)
    assert complain("major", against="staff", against_staff=director).forward_to == supervisor


def test_only_the_acknowledgement_of_who_is_named_keeps_the_forward(complain, clerk, lead, guard, director):
    complaint = complain("important")
    assert (
        Message.objects.filter(template="complaint.forwarded", staff=guard).count() == 1
    )  # told is not acknowledged
    for by in (clerk, lead, director):
        with pytest.raises(Refused, match="Only whom it is forwarded to"):
            acts.acknowledge(complaint=complaint, by=by, now=NOW)
    acts.acknowledge(complaint=complaint, by=guard, now=NOW + HOUR)
    row = Promise.objects.get(kind="complaint_forward")
    assert (row.outcome, row.closed_at, row.closed_by) == ("kept", NOW + HOUR, guard)
    with pytest.raises(Refused, match="acknowledged it already"):
        acts.acknowledge(complaint=complaint, by=guard, now=NOW)
    with pytest.raises(Refused, match="forwarded to nobody"):
        acts.acknowledge(complaint=complain(), by=director, now=NOW)


def test_reclassing_counts_from_the_reception(complain, clerk, guard):
    complaint = complain()
    complaint = acts.reclass(
        complaint=complaint, klass="important", reason="保安失職", by=clerk, now=NOW + timedelta(minutes=20)
    )
    assert owed(complaint) == {
        "complaint_forward": ("complaint_forward_important", NOW + HOUR),
        "complaint_solve": ("complaint_solve_important", local(16)),
    }
    assert complaint.forward_to == guard
    assert outcomes(complaint, "complaint_solve") == ["cancelled", "open"]


def test_a_limit_already_past_falls_due_soon_and_says_so(complain, clerk):
    late = complain()
    late = acts.reclass(complaint=late, klass="important", reason="x", by=clerk, now=local(13, 15))
    assert owed(late)["complaint_forward"] == ("complaint_late_hour", local(13, 16))
    assert owed(late)["complaint_solve"] == ("complaint_solve_important", local(16))
    late = complain()
    late = acts.reclass(complaint=late, klass="major", reason="x", by=clerk, now=local(15, 9))
    assert owed(late) == {
        "complaint_forward": ("complaint_late_day", local(16)),
        "complaint_answer": ("complaint_late_day", local(16)),
        "complaint_solve": ("complaint_solve_major", local(23)),
    }
    row = Promise.objects.get(subject_id=late.pk, kind="complaint_answer")
    assert promises.clock(row, local(15, 9), ZONE)["note"] == "late by re-classing"


def test_what_was_missed_keeps_its_record(complain, supervisor, clerk):
    complaint = complain("important")
    with pytest.raises(Refused, match="A supervisor lowers the class"):
        acts.reclass(complaint=complaint, klass="minor", reason="x", by=clerk, now=NOW)
    complaint = acts.reclass(
        complaint=complaint, klass="minor", reason="x", by=supervisor, now=NOW + 2 * HOUR
    )
    assert outcomes(complaint, "complaint_forward") == ["unreachable"]
    assert outcomes(complaint, "complaint_solve") == ["cancelled", "open"]
    assert complaint.forward_to is None


def test_an_acknowledgement_counts_for_the_class_it_was_given_for(
    complain, clerk, guard, director, supervisor
):
    complaint = acts.acknowledge(complaint=complain("important"), by=guard, now=NOW)
    complaint = acts.reclass(complaint=complaint, klass="major", reason="x", by=clerk, now=NOW)
    assert complaint.acknowledged_at is None and complaint.forward_to == director
    assert owed(complaint)["complaint_forward"] == ("complaint_forward_major", local(13))
    complaint = acts.reclass(complaint=complaint, klass="important", reason="x", by=supervisor, now=NOW)
    assert complaint.acknowledged_by == guard and "complaint_forward" not in owed(complaint)


def test_an_answer_given_is_not_owed_again(handled, lead, clerk):
    complaint = acts.answer(complaint=handled("important"), text="維修中", by=lead, now=NOW + HOUR)
    complaint = acts.reclass(complaint=complaint, klass="major", reason="x", by=clerk, now=NOW + 2 * HOUR)
    assert set(owed(complaint)) == {"complaint_forward", "complaint_solve"}


def test_giving_it_to_another_department_names_another_head_and_moves_no_clock(
    complain, clerk, lead, technician
):
    complaint = complain("important")
    before = owed(complaint)
    complaint = acts.route(complaint=complaint, department="repair", handler=technician, by=clerk, now=NOW)
    assert owed(complaint) == before
    forward = Promise.objects.get(kind="complaint_forward")
    assert (complaint.forward_to, forward.owner, forward.department) == (lead, lead, "repair")
    assert Promise.objects.get(kind="complaint_solve").owner == technician
    with pytest.raises(Refused, match="reason of the hand-over"):
        acts.route(complaint=complaint, department="repair", handler=lead, by=clerk, now=NOW)


def test_reclassing_in_the_second_round_counts_from_the_reopening(told, clerk):
    complaint = acts.call_back(
        complaint=told(), outcome="not_satisfied", remark="x", by=clerk, now=local(14, 9)
    )
    complaint = acts.reclass(
        complaint=complaint, klass="important", reason="x", by=clerk, now=local(14, 9, 30)
    )
    assert owed(complaint)["complaint_forward"][1] == local(14, 10)


def test_handing_over_moves_who_tells_and_no_clock(handled, clerk, cashier, lead, supervisor):
    complaint = handled("major")
    before = owed(complaint)
    complaint = acts.hand_over(complaint=complaint, to=cashier, reason="休假", by=supervisor, now=NOW)
    assert (complaint.owner, owed(complaint)) == (cashier, before)
    owners = dict(Promise.objects.of(complaint.SUBJECT, complaint.pk).values_list("kind", "owner__username"))
    assert owners == {
        "complaint_forward": "director",
        "complaint_answer": "cashier",
        "complaint_solve": "lead",
    }
    complaint = acts.report(complaint=complaint, result="x", fault="none", valid=True, by=lead, now=NOW)
    assert "Kary Ho" in rules.why_not("tell", complaint, clerk)
    acts.tell(complaint=complaint, by=cashier, now=NOW)


def test_whoever_is_responsible_or_named_opens_the_complaint_and_no_other_guard(
    complain, guard, technician, clerk
):
    complaint = complain("important")
    for by, opens in ((guard, True), (technician, False), (clerk, True)):
        assert reports.complaints_of(by).filter(pk=complaint.pk).exists() == opens
