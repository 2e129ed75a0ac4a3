"""Taking a complaint and correcting it: its class, its promises, its line of the log (SPEC §5.1, §5.2)."""

from datetime import date, timedelta

import pytest

from office import clocks, promises, search
from office.models import Promise, PromiseRule
from office.refusals import Refused
from tests.cast import NOW, ZONE, make_unit
from tests.tickets.complaints import DAY, HOUR, local, outcomes, owed
from tickets import actions, reports
from tickets.actions import complaints as acts
from tickets.models import Complaint, LogEntry


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
