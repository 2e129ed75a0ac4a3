"""投訴 (SPEC §5): classes with their promises, re-classing, stop-the-harm-first, telling the same day, callback."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from office import clocks, printing, promises, roles, search, undo
from office.models import DepartmentHead, Event, Message, Promise, PromiseRule
from office.models.promises import Measure
from office.refusals import Refused, Stale
from tests.cast import NOW, ZONE, make_unit
from tickets import actions, printouts, reports
from tickets import complaints as rules
from tickets.actions import complaints as acts
from tickets.models import Complaint, ComplaintCause, ComplaintStep, LogEntry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def local(day, hour=0, minute=0, month=3, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.fixture
def heads(estate, supervisor, lead, director, guard):
    """Who heads what; environment has nobody."""
    for department, head in (
        ("front_desk", supervisor),
        ("repair", lead),
        ("management", director),
        ("security", guard),
    ):
        DepartmentHead.objects.update_or_create(estate=estate, department=department, defaults={"head": head})


@pytest.fixture
def complain(estate, unit, clerk, heads):
    """Take a complaint at 10:00 on 12 March 2026; `cause` by its code."""

    def complain(klass="minor", cause="NOISE", **values):
        given = {
            "estate": estate,
            "unit": unit,
            "course": "樓上裝修噪音",
            "name": "張小明",
            "phone": "138 0013 8000",
            "by": clerk,
            "now": NOW,
        } | values
        cause = ComplaintCause.objects.get(estate=estate, code=cause)
        return acts.take(klass=klass, cause=cause, **given)

    return complain


@pytest.fixture
def handled(complain, lead):
    """Given to the lead of the repair department, the resident contacted."""

    def handled(klass="minor", **values):
        complaint = complain(klass, handler=lead, department="repair", **values)
        if complaint.harm_now:
            complaint = acts.stop_harm(complaint=complaint, text="關閥", by=lead, now=NOW)
        return acts.contact(complaint=complaint, text="已致電", by=lead, now=NOW)

    return handled


@pytest.fixture
def reported(handled, lead):
    def reported(klass="minor", at=NOW + HOUR, **values):
        complaint = handled(klass, **values)
        return acts.report(
            complaint=complaint, result="已勸止", fault="neighbour", valid=True, by=lead, now=at
        )

    return reported


@pytest.fixture
def told(reported, clerk):
    def told(klass="minor", at=NOW + 2 * HOUR, **values):
        return acts.tell(complaint=reported(klass, **values), by=clerk, now=at)

    return told


def owed(complaint):
    """{kind: (rule, due)} of what is open."""
    rows = Promise.objects.of(complaint.SUBJECT, complaint.pk).open()
    return {row.kind: (row.rule_key, row.due_at.astimezone(ZONE)) for row in rows}


def outcomes(complaint, kind):
    rows = Promise.objects.of(complaint.SUBJECT, complaint.pk).filter(kind=kind).order_by("sequence")
    return list(rows.values_list("outcome", flat=True))


# --- classes and their promises (SPEC §5.2) ---------------------------------------------------------------------


def test_each_class_promises_what_the_table_says(complain):
    assert owed(complain("major")) == {
        "complaint_forward": ("complaint_forward_major", local(13)),
        "complaint_answer": ("complaint_answer", local(15)),
        "complaint_solve": ("complaint_solve_major", local(23)),
    }
    assert owed(complain("important")) == {
        "complaint_forward": ("complaint_forward_important", NOW + HOUR),
        "complaint_solve": ("complaint_solve_important", local(16)),
    }
    assert owed(complain()) == {"complaint_solve": ("complaint_solve_minor", local(15))}


@pytest.mark.parametrize("wanted", [date(2026, 3, 12), date(2026, 3, 20)])
def test_the_residents_date_replaces_the_two_days_earlier_or_later(complain, wanted):
    complaint = complain(wanted_by=wanted)
    assert owed(complaint)["complaint_solve"] == (
        "complaint_solve_wanted",
        clocks.end_of_day(wanted, ZONE),
    )
    with pytest.raises(Refused, match="minor complaints only"):
        complain("important", wanted_by=wanted)


def test_promises_count_from_the_reception_not_from_the_keying(complain):
    complaint = complain("important", at=local(11, 17), channel="letter")
    assert owed(complaint)["complaint_forward"][1] == local(11, 18)
    assert complaint.recorded_at == NOW


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


def test_every_clock_shows_its_rule_and_the_fact_it_runs_from(told, complain, clerk, lead, director):
    texts = {}
    everything = [
        complain("major"),
        complain("important"),
        complain(wanted_by=date(2026, 3, 20)),
        told("important"),
    ]
    late = complain(at=local(1, 9), now=local(1, 9))
    everything.append(acts.reclass(complaint=late, klass="major", reason="公司名譽", by=clerk, now=NOW))
    for complaint in everything:
        for row in Promise.objects.of(complaint.SUBJECT, complaint.pk):
            clock = promises.clock(row, NOW, ZONE)
            texts[row.rule_key] = clock["hint"]
            assert clock["label"] in {str(kind.label) for kind in promises.KINDS.values()}
    from_reception = "reception or reopening (2026-03-12 10:00)"
    assert texts == {
        "complaint_forward_major": f"the same day as {from_reception}",
        "complaint_forward_important": f"1 hour after {from_reception}",
        "complaint_answer": f"2 days after {from_reception}",
        "complaint_solve_major": f"10 days after {from_reception}",
        "complaint_solve_important": f"3 days after {from_reception}",
        "complaint_solve_minor": "2 days after reception or reopening (2026-03-01 09:00)",
        "complaint_solve_wanted": "date the resident asks for: agreed for 2026-03-20 24:00",
        "complaint_tell": "the same day as the department's report (2026-03-12 11:00)",
        "complaint_callback": "2 days after the telling of the result (2026-03-12 12:00)",
        "complaint_late_day": "late by re-classing: the same day as the re-classing (2026-03-12 10:00)",
    }


def test_the_office_may_change_the_numbers_for_complaints_received_later(complain, estate):
    PromiseRule.objects.create(
        estate=estate, key="complaint_solve_minor", amount=5, measure="days", valid_from=NOW
    )
    assert owed(complain())["complaint_solve"][1] == local(18)
    assert owed(complain(at=NOW - HOUR))["complaint_solve"][1] == local(15)


# --- re-classing (SPEC §5.2) --------------------------------------------------------------------------------------


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


CLASSES = list(Complaint.Klass.values)
NUMBERS = {
    "complaint_forward_major": (0, Measure.SAME_DAY), "complaint_forward_important": (1, Measure.HOURS),
    "complaint_answer": (2, Measure.DAYS), "complaint_solve_major": (10, Measure.DAYS),
    "complaint_solve_important": (3, Measure.DAYS), "complaint_solve_minor": (2, Measure.DAYS),
    "complaint_late_hour": (1, Measure.HOURS), "complaint_late_day": (0, Measure.SAME_DAY),
}  # fmt: skip
CLOSES = NOW.time().replace(hour=18)
# Four years, with 29 February and every month's end in them.
moments = st.integers(0, 4 * 365 * 24 * 3600).map(
    lambda n: local(27, month=2, year=2024) + timedelta(seconds=n)
)


def due(rule, fact):
    amount, measure = NUMBERS[rule]
    return clocks.limit(fact_at=fact, amount=amount, measure=measure, zone=ZONE, closes_at=CLOSES).due_at


@given(received=moments, later=st.integers(0, 30 * 24 * 3600), klass=st.sampled_from(CLASSES))
def test_a_reclassed_promise_is_never_due_in_the_past_nor_later_than_it_would_have_been_by_more_than_its_grace(
    received, later, klass
):
    """Due as if it had always been of this class, or within the hour or the day of the re-classing, never both."""
    reclassed = received + timedelta(seconds=later)
    for rule in rules.CLASS_RULES[klass].values():
        amount, measure = NUMBERS[rule]
        key, fact = rules.after_reclassing(
            rule, amount=amount, measure=measure, fact_at=received, reclassed_at=reclassed, zone=ZONE, closes_at=CLOSES
        )  # fmt: skip
        always = due(rule, received)
        if always > reclassed:
            assert (key, fact) == (rule, received)
        else:
            assert fact == reclassed
            assert key == ("complaint_late_hour" if measure == Measure.HOURS else "complaint_late_day")
            assert reclassed < due(key, fact) <= reclassed + DAY
            assert measure != Measure.HOURS or due(key, fact) == reclassed + HOUR


# --- handling (SPEC §5.3) -----------------------------------------------------------------------------------------


def test_no_move_is_forgotten():
    assert set(EXPECTED) == set(rules.MOVES)


ALL = "clerk cashier lead supervisor director finance"
DESK = "clerk cashier supervisor director"
OPEN = "received handling reported told"
EXPECTED = {
    # move: (states it may start from, roles that may make it on any complaint, guards and technicians on an own one)
    "acknowledge": (OPEN, ALL + " guard technician", True),
    "reclass": (OPEN, DESK, False),
    "route": ("received handling", ALL, False),
    "contact": ("received handling", ALL, True),
    "stop_harm": ("received handling", ALL, True),
    "act": ("received handling", ALL, True),
    "meet": ("received handling", ALL, True),
    "propose": ("received handling", ALL, True),
    "decide_remedy": (OPEN, ALL, True),
    "tell_reason": ("received handling", ALL, True),
    "report_up": ("received handling", ALL, True),
    "answer": ("received handling", ALL, True),
    "report": ("handling", ALL, True),
    "tell": ("reported", DESK, False),
    "call_back": ("told", DESK, False),
    "close_unreachable": ("reported told", "supervisor director", False),
    "calm_down": (OPEN, ALL, False),
    "withdraw": (OPEN, DESK, False),
    "link_ticket": (OPEN, DESK, False),
    "extend": (OPEN, "supervisor director", False),
    "correct": (OPEN, DESK, False),
    "hand_over": (OPEN, "supervisor director", False),
}


def person(role, pk=1):
    """Somebody posted as `role` at estate 1, without a database."""
    permissions = roles.ROLES[role].permissions
    return SimpleNamespace(
        pk=pk, may=lambda permission, estate_id=None: estate_id in (None, 1) and permission in permissions
    )


def a_complaint(state, move="", handler_id=7, **fields):
    """One in `state` in which nothing but state and role decides."""
    values = {
        "contacted_at": NOW,
        "tries": 3,
        "harm_now": move == "stop_harm",
        "klass": "major",
        "owner_id": 1,
        "forward_to_id": 1,
        "closed_at": NOW if state in ("closed", "withdrawn") else None,
    } | fields
    return Complaint(estate_id=1, state=state, handler_id=handler_id, **values)


@pytest.mark.parametrize("move", rules.MOVES)
def test_state_by_move_by_role(move):
    starts, allowed, _own = EXPECTED[move]
    for state in Complaint.State.values:
        for role in roles.ROLES:
            possible = state in starts.split() and role in allowed.split()
            assert (rules.why_not(move, a_complaint(state, move), person(role)) is None) == possible, (
                state,
                role,
            )


@pytest.mark.parametrize("move", [name for name in rules.MOVES if name != "acknowledge"])
def test_guards_and_technicians_move_only_what_they_are_responsible_for(move):
    starts, _allowed, own = EXPECTED[move]
    state = starts.split()[0]
    for role in ("guard", "technician"):
        mine = rules.why_not(move, a_complaint(state, move, handler_id=7), person(role, pk=7))
        assert (mine is None) == own
        assert rules.why_not(move, a_complaint(state, move, handler_id=8), person(role, pk=7)) is not None


@pytest.mark.parametrize("move", rules.MOVES)
def test_another_estate_refuses_everything(move):
    there = a_complaint(EXPECTED[move][0].split()[0], move)
    there.estate_id = 2
    assert rules.why_not(move, there, person("director")) is not None


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


def test_a_major_complaint_is_answered_in_two_days_and_solved_in_ten(handled, lead, clerk, director):
    complaint = acts.acknowledge(complaint=handled("major"), by=director, now=NOW)
    complaint = acts.answer(complaint=complaint, text="一周內修好", by=lead, now=local(14, 12))
    assert set(owed(complaint)) == {"complaint_solve"}
    assert complaint.next_due_at == local(23)
    assert outcomes(complaint, "complaint_answer") == ["kept"]


def test_telling_the_result_answers_as_well(told):
    complaint = told("major")
    assert outcomes(complaint, "complaint_answer") == ["kept"]
    assert complaint.answered_at == complaint.told_at


def test_a_complaint_found_not_justified_is_answered_like_any_other(handled, lead):
    complaint = acts.report(
        complaint=handled(), result="查無此事", fault="none", valid=False, by=lead, now=NOW
    )
    assert (complaint.state, set(owed(complaint))) == ("reported", {"complaint_tell"})
    with pytest.raises(Refused, match="whose fault"):
        acts.report(complaint=handled(), result="x", fault="", valid=True, by=lead, now=NOW)


# --- callback and end -----------------------------------------------------------------------------------------------


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


def test_reclassing_in_the_second_round_counts_from_the_reopening(told, clerk):
    complaint = acts.call_back(
        complaint=told(), outcome="not_satisfied", remark="x", by=clerk, now=local(14, 9)
    )
    complaint = acts.reclass(
        complaint=complaint, klass="important", reason="x", by=clerk, now=local(14, 9, 30)
    )
    assert owed(complaint)["complaint_forward"][1] == local(14, 10)


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


# --- beside ---------------------------------------------------------------------------------------------------------


def test_one_button_calls_the_supervisor_and_notes_the_separate_room(complain, clerk, supervisor):
    complaint = acts.calm_down(complaint=complain(), by=clerk, now=NOW)
    assert complaint.calmed_at == NOW and complaint.steps.get().kind == "calm_down"
    assert Message.objects.get(template="complaint.calm").staff == supervisor
    assert complain(calmed=True).calmed_at == NOW  # already at the reception


def test_more_time_is_approved_by_somebody_else_with_a_reason_and_the_old_time_stays(
    handled, lead, supervisor
):
    complaint = handled("important")
    promise = Promise.objects.get(kind="complaint_solve")
    forward = Promise.objects.get(kind="complaint_forward")
    values = {"new_due_at": local(20), "reason": "等材料", "by": supervisor, "now": NOW}
    with pytest.raises(Refused, match="not extended"):
        acts.extend(complaint=complaint, promise=forward, **values)
    with pytest.raises(Refused, match="Give the reason"):
        acts.extend(complaint=complaint, promise=promise, **values | {"reason": " "})
    complaint = acts.extend(complaint=complaint, promise=promise, **values)
    assert outcomes(complaint, "complaint_solve") == ["extended", "open"]
    assert owed(complaint)["complaint_solve"][1] == local(20)


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


def test_another_date_of_the_resident_replaces_the_promise(complain, clerk):
    complaint = complain()
    complaint = acts.correct(complaint=complaint, by=clerk, now=NOW, wanted_by=date(2026, 3, 18))
    assert owed(complaint)["complaint_solve"] == ("complaint_solve_wanted", local(19))
    assert outcomes(complaint, "complaint_solve") == ["cancelled", "open"]
    complaint = acts.correct(complaint=complaint, by=clerk, now=local(20), wanted_by=date(2026, 3, 25))
    assert outcomes(complaint, "complaint_solve") == [
        "cancelled",
        "unreachable",
        "open",
    ]  # the missed one stays
    with pytest.raises(Refused, match="lies in the past"):
        acts.correct(complaint=complaint, by=clerk, now=local(20), wanted_by=date(2026, 3, 19))


def test_the_same_household_about_the_same_cause_is_a_repeat(complain, estate):
    assert not complain().is_repeat
    assert complain(now=NOW + DAY).is_repeat
    assert not complain(cause="PETS").is_repeat
    assert not complain(now=NOW + timedelta(days=estate.repeat_days + 2)).is_repeat


def test_it_is_found_by_its_number_and_by_a_telephone_the_register_does_not_know(complain, estate, clerk):
    complaint = complain(phone="139 1234 5678")

    def found(text):
        return {hit.subject_id for hit in search.find([estate.pk], text, kinds=[Complaint.SUBJECT])}

    assert found("C2026-000001") == found("C2026-1") == found("13912345678") == {complaint.pk}
    acts.correct(complaint=complaint, by=clerk, now=NOW, phone="136 0000 0001")
    assert found("13912345678") == set() and found("13600000001") == {complaint.pk}
    assert [(row[0], row[2]) for row in reports.keys_of_complaints()] == [
        (complaint.pk, reports.keys_of_complaint(Complaint.objects.get()))
    ]


def test_it_writes_its_line_of_the_log_or_stamps_the_one_it_comes_from(complain, estate, unit, clerk):
    complaint = complain()
    line = LogEntry.objects.get(became_id=complaint.pk)
    assert (line.automatic, line.became_text, line.at) == (True, "C2026-000001", NOW)
    entry = actions.log(estate=estate, asked="投訴噪音", unit=unit, by=clerk, now=NOW)
    complaint = complain(entry=entry)
    entry.refresh_from_db()
    assert (entry.became_kind, entry.became_id) == (Complaint.SUBJECT, complaint.pk)
    assert LogEntry.objects.about(Complaint.SUBJECT, complaint.pk).count() == 1


def test_what_is_missing_is_said(complain, elsewhere):
    for values, sentence in [
        ({"course": " "}, "what happened"),
        ({"unit": None}, "Say where"),
        ({"unit": None, "place": "大堂", "name": "", "phone": ""}, "Say who complains"),
        ({"against": "staff"}, "who is complained of"),
        ({"against": "department"}, "which department"),
        ({"at": NOW + HOUR}, "not come yet"),
        ({"occurred_at": NOW + HOUR}, "It happened after"),
        ({"wanted_by": date(2026, 3, 11)}, "lies in the past"),
        ({"unit": make_unit(elsewhere, "9-9-909")}, "another estate"),
    ]:
        with pytest.raises(Refused, match=sentence):
            complain(**values)
    assert not Complaint.objects.exists()


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


# --- paper (SPEC §13) -----------------------------------------------------------------------------------------------


def test_the_record_says_everything_in_the_language_of_who_complained(told, lead, clerk):
    complaint = told("important", language="en", demand="安靜", apology=True)
    acts.call_back(complaint=complaint, outcome="satisfied", remark="多謝", by=clerk, now=local(13, 9))
    complaint = Complaint.objects.get()
    printout = printouts.complaint_record(complaint)
    page = printing.html(printout)
    assert printout.language == "en"
    for words in (
        "C2026-000001", "3-2-1201", "張小明", "138 0013 8000", "樓上裝修噪音", "安靜", "已致電", "已勸止", "多謝",
        "陳美玲", "important", "resident contacted", "called back",
    ):  # fmt: skip
        assert words in page


def test_the_register_lists_the_complaints_in_the_order_they_came(complain, told, estate):
    told()
    complain("major")
    rows = Complaint.objects.select_related("estate", "unit", "building").order_by("opened_at", "pk")
    printout = printouts.complaints_register(
        rows, estate=estate, since=date(2026, 3, 1), until=date(2026, 3, 31)
    )
    page = printing.html(printout)
    assert page.index("C2026-000001") < page.index("C2026-000002") and "已勸止" in page


# --- the figures ----------------------------------------------------------------------------------------------------


def test_the_figures_of_now_are_the_open_complaints(complain, told, reported, estate, elsewhere):
    complain("major", harm_now=True)
    complain("important")
    reported()
    told()
    figures = reports.complaint_figures([estate.pk, elsewhere.pk], NOW + 2 * HOUR)
    assert figures == reports.ComplaintFigures(
        open=4, late=1, harm=1, unacknowledged=2, to_tell=1, callbacks=1,
        by_class={"major": 1, "important": 1, "minor": 2},
    )  # fmt: skip


def test_the_months_summary_counts_what_was_received_and_what_was_owed(
    complain, told, clerk, estate, supervisor
):
    first = acts.call_back(
        complaint=told("important"), outcome="satisfied", score=4, by=clerk, now=local(13, 9)
    )
    acts.call_back(complaint=told(), outcome="not_satisfied", remark="x", by=clerk, now=local(14, 9))
    acts.withdraw(complaint=complain(cause="PETS"), reason="x", by=clerk, now=local(13))
    complain(now=local(2, 9, month=4))  # of April
    month = reports.complaints_of_month(estate.pk, local(1), local(1, month=4), least=2)
    assert (month.received, month.by_class) == (3, {"important": 1, "minor": 2})
    assert (month.valid, month.reopened, month.closed, month.satisfied, month.not_satisfied) == (
        2,
        1,
        2,
        1,
        1,
    )
    assert month.by_fault == {"neighbour": 2}
    callbacks, forward = month.promises["complaint_callback"], month.promises["complaint_forward"]
    assert (callbacks.owed, callbacks.kept, callbacks.on_time, callbacks.rate) == (2, 2, 2, 1)
    assert (forward.owed, forward.kept) == (1, 0)  # nobody acknowledged it: closing it makes it no better
    assert [row["n"] for row in month.recurring] == [2]
    assert [(row["unit"], row["n"]) for row in month.complainants] == [(first.unit_id, 3)]


def test_the_months_summary_asks_a_constant_number_of_questions(complain, estate, django_assert_num_queries):
    for _n in range(3):
        complain()
    with django_assert_num_queries(6):
        reports.complaints_of_month(estate.pk, local(1), local(1, month=4))
    with django_assert_num_queries(1):
        reports.complaint_figures([estate.pk], NOW)


def test_whoever_is_responsible_or_named_opens_the_complaint_and_no_other_guard(
    complain, guard, technician, clerk
):
    complaint = complain("important")
    for by, opens in ((guard, True), (technician, False), (clerk, True)):
        assert reports.complaints_of(by).filter(pk=complaint.pk).exists() == opens
