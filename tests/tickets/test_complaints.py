"""投訴 (SPEC §5): classes with their promises, re-classing, stop-the-harm-first, telling the same day, callback."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import clocks, promises
from office.models import DepartmentHead, Message, Promise, PromiseRule
from office.models.promises import Measure
from office.refusals import Refused
from tests.cast import NOW, ZONE
from tickets import complaints as rules
from tickets.actions import complaints as acts
from tickets.models import Complaint, ComplaintCause

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
    from_reception = "the reception, or the callback that reopened it (2026-03-12 10:00)"
    assert texts == {
        "complaint_forward_major": f"the same day as {from_reception}",
        "complaint_forward_important": f"1 hour after {from_reception}",
        "complaint_answer": f"2 days after {from_reception}",
        "complaint_solve_major": f"10 days after {from_reception}",
        "complaint_solve_important": f"3 days after {from_reception}",
        "complaint_solve_minor": "2 days after the reception, or the callback that reopened it (2026-03-01 09:00)",
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
