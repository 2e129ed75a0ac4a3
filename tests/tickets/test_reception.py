"""The reception log (SPEC §2): lines, what becomes of them, questions to an expert, officials, shift hand-overs."""

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from office import escalation, promises, search, undo
from office.models import DepartmentHead, Event, Message, Promise, Undo
from office.refusals import Refused, Stale
from tests.cast import ZONE, make_person, make_staff
from tickets import actions, reception, reports
from tickets.models import Authority, Handover, LogEntry, Question, Ticket

HOUR = timedelta(hours=1)


@pytest.fixture
def log(estate, unit, clerk, now):
    def log(**values):
        given = {"estate": estate, "unit": unit, "asked": "外牆保修多久", "by": clerk, "now": now}
        return actions.log(**given | values)

    return log


@pytest.fixture
def asked(log, lead, clerk, now):
    """A line whose question the lead is to answer by 17:00."""

    def asked(agreed_at=None, **values):
        entry = log(**values)
        return actions.ask_expert(
            entry=entry, expert=lead, agreed_at=agreed_at or now + 7 * HOUR, by=clerk, now=now
        ).entry

    return asked


def fresh(entry):
    return LogEntry.objects.get(pk=entry.pk)


def owed(entry):
    return Promise.objects.of(LogEntry.SUBJECT, entry.pk).open().first()


# --- a line --------------------------------------------------------------------------------------------------


def test_a_line_says_who_when_and_by_whom(log, unit, clerk, now):
    person = make_person(unit.estate, "李麗", "139 0013 9000")
    entry = log(person=person, channel="counter", answered="兩年")
    assert (entry.number, entry.who, entry.name, entry.phone) == (
        "L2026-000001",
        "resident",
        "李麗",
        "139 0013 9000",
    )
    assert (entry.at, entry.by, entry.is_open) == (now, clerk, False)


@pytest.mark.parametrize(
    ("values", "who"),
    [
        ({}, "resident"),
        ({"unit": None, "name": "快遞員"}, "outside"),
        ({"unit": None, "phone": "139 0013 9000"}, "outside"),
        ({"unit": None}, "anonymous"),
        ({"unit": None, "organisation": "自來水公司"}, "official"),
    ],
)
def test_who_it_was_follows_from_what_is_known(log, values, who):
    assert log(**values).who == who


def test_a_line_without_answer_is_open_until_it_is_answered(log, clerk, now):
    entry = log()
    assert fresh(entry).is_open
    entry = actions.correct_log(entry=entry, answered="兩年", by=clerk, now=now)
    assert not fresh(entry).is_open


def test_a_line_is_found_by_its_number_and_a_strangers_telephone_but_not_by_tails(log, estate):
    entry = log(unit=None, name="快遞員", phone="139 1234 5678")
    assert search.find([estate.pk], entry.number)[0].subject_id == entry.pk
    assert search.find([estate.pk], "13912345678")[0].subject_id == entry.pk
    assert search.find([estate.pk], "5678") == []


def test_the_journal_holds_no_personal_value(log, clerk, now):
    entry = log(name="張小明", phone="138 0013 8000", asked="我的身份證 A1234567")
    actions.correct_log(entry=entry, answered="已告知張小明", by=clerk, now=now)
    told = " ".join(str(event.data) for event in Event.objects.filter(subject_kind=LogEntry.SUBJECT))
    assert not any(text in told for text in ("張小明", "13800138000", "A1234567"))


def test_a_line_is_taken_back_within_ten_seconds_and_stays_in_the_books(log, clerk, now):
    entry = log()
    undo.take_back(undo=undo.latest(clerk, entry, now), by=clerk, now=now)
    assert LogEntry.objects.get().withdrawn and not LogEntry.objects.kept().exists()
    assert not fresh(entry).is_open
    with pytest.raises(Refused):
        actions.correct_log(entry=entry, answered="兩年", by=clerk, now=now)


def test_an_old_page_corrects_nothing(log, clerk, now):
    entry = log()
    actions.correct_log(entry=entry, answered="兩年", by=clerk, now=now, version=entry.version)
    with pytest.raises(Stale):
        actions.correct_log(entry=entry, answered="五年", by=clerk, now=now, version=entry.version)


def test_who_may_not_write_is_refused(log, lead, auditor, now):
    for staff in (lead, auditor):
        with pytest.raises(Refused):
            log(by=staff)


def test_a_line_of_tomorrow_is_refused(log, now):
    with pytest.raises(Refused, match="not come yet"):
        log(at=now + timedelta(days=1))


@pytest.mark.parametrize(
    "broken",
    [
        {"asked": ""},
        {"number": ""},
        {"who": "anonymous", "name": "張小明"},
        {"who": "outside", "name": "", "phone": ""},
        {"who": "resident", "unit_id": None, "person_id": None},
        {"who": "official", "organisation": ""},
        {"became_kind": "tickets.ticket"},
    ],
)
def test_the_database_refuses_half_a_line(log, broken):
    entry = log()
    with pytest.raises(IntegrityError), transaction.atomic():
        LogEntry.objects.filter(pk=entry.pk).update(**broken)


# --- what becomes of it --------------------------------------------------------------------------------------


def test_a_ticket_opened_directly_writes_its_own_line(take, clerk):
    ticket = take(channel="counter")
    (line,) = LogEntry.objects.about(Ticket.SUBJECT, ticket.pk)
    assert line.automatic and not line.is_open
    assert (line.channel, line.asked, line.by, line.unit) == ("counter", ticket.problem, clerk, ticket.unit)
    assert (line.who, line.became_text) == ("resident", ticket.number)


@pytest.mark.parametrize("channel", ["patrol", "import"])
def test_what_came_through_nobodys_door_writes_no_line(take, channel):
    take(channel=channel)
    assert not LogEntry.objects.exists()


def test_a_line_becomes_a_repair_once_and_both_know_it(log, take, clerk, now):
    entry = log()
    ticket = take(entry=entry)
    entry = fresh(entry)
    assert (entry.became_kind, entry.became_id, entry.became_text) == (
        Ticket.SUBJECT,
        ticket.pk,
        ticket.number,
    )
    assert not entry.is_open
    assert [line.pk for line in LogEntry.objects.about(Ticket.SUBJECT, ticket.pk)] == [entry.pk]
    with pytest.raises(Refused, match=ticket.number):
        take(entry=entry)
    assert Ticket.objects.count() == LogEntry.objects.count() == 1


def test_a_line_of_another_estate_becomes_nothing_here(take, elsewhere, now):
    other = make_staff("clerk8", (elsewhere, "clerk"))
    entry = actions.log(estate=elsewhere, name="路人", asked="問路", by=other, now=now)
    with pytest.raises(Refused):
        take(entry=entry)


def test_tickets_taken_before_get_their_line_by_the_migration_and_lose_it_by_the_way_back(take):
    from importlib import import_module

    migration = import_module("tickets.migrations.0008_tickets_write_their_line")
    counter, patrol = take(channel="counter"), take(channel="patrol")
    LogEntry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)
        cursor.execute(migration.FILL)  # twice changes nothing
        line = LogEntry.objects.get()
        assert (line.became_id, line.at, line.automatic) == (counter.pk, counter.opened_at, True)
        assert line.became_id != patrol.pk
        cursor.execute(migration.EMPTY)
    assert not LogEntry.objects.exists()


# --- officials -----------------------------------------------------------------------------------------------


def test_an_official_is_routed_to_the_heads_of_the_authoritys_department(log, estate, guard, clerk):
    DepartmentHead.objects.filter(estate=estate, department="security").update(head=guard)
    police = Authority.objects.get(estate=estate, code="POLICE")
    entry = log(unit=None, authority=police, name="王警官", credentials="警官證", channel="visit")
    assert (entry.who, entry.organisation, entry.counterpart) == ("official", "公安派出所", guard)
    notice = Message.objects.get(template="log.official")
    assert notice.staff == guard and "王警官" not in str(notice.data)


def test_the_named_counterpart_goes_before_the_head_and_one_who_left_is_passed_over(
    log, estate, guard, supervisor
):
    DepartmentHead.objects.filter(estate=estate, department="security").update(head=guard)
    police = Authority.objects.get(estate=estate, code="POLICE")
    police.staff = supervisor
    police.save()
    assert reports.counterpart(police, estate) == supervisor
    supervisor.is_active = False
    supervisor.save()
    assert reports.counterpart(police, estate) == guard


# --- questions to an expert ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreed", "warned", "head", "director"),
    [
        # an hour of the day: 15 minutes before, at the time, a day later
        ((12, 17, 0), (12, 16, 45), (12, 17, 0), (13, 17, 0)),
        ((13, 9, 30), (13, 9, 15), (13, 9, 30), (14, 9, 30)),
        # a day as a whole (24:00): 09:00 of that day
        ((14, 0, 0), (13, 9, 0), (14, 0, 0), (15, 0, 0)),
    ],
)
def test_the_clock_of_the_experts_answer(asked, agreed, warned, head, director):
    """SPEC §11: at the agreed time; §0: warning, head, director."""

    def at(value):
        return datetime(2026, 3, value[0], value[1], value[2], tzinfo=ZONE)

    promise = owed(asked(at(agreed)))
    assert (promise.warn_at, promise.due_at, promise.director_at) == (at(warned), at(head), at(director))
    assert (promise.kind, promise.measure) == ("expert_answer", "at")


def test_the_question_is_owed_by_the_expert_and_climbs_to_the_head_of_his_department(
    asked, estate, lead, supervisor, now
):
    DepartmentHead.objects.filter(estate=estate, department="repair").update(head=supervisor)
    entry = asked()
    promise = owed(entry)
    assert (promise.owner, promise.department) == (lead, "repair")
    assert entry.next_due_at == promise.due_at and fresh(entry).is_open
    assert Message.objects.get(template="log.question").staff == lead
    for moment in (promise.warn_at, promise.due_at):
        escalation.climb("expert_answer", moment)
    told = list(Message.objects.filter(template__startswith="promise.").order_by("pk"))
    assert [(row.template, row.staff) for row in told] == [
        ("promise.warn", lead),
        ("promise.head", supervisor),
    ]


def test_the_promise_is_kept_when_the_answer_has_been_told_not_when_it_is_there(asked, lead, clerk, now):
    entry = asked()
    entry = actions.answer(entry=entry, text="外牆五年", by=lead, now=now + HOUR)
    promise = owed(entry)
    assert promise.owner == clerk and promise.department == "front_desk"  # whoever took it answers
    assert Message.objects.get(template="log.answer").staff == clerk
    actions.tell(entry=entry, told_how="phone", by=clerk, now=now + 2 * HOUR)
    promise.refresh_from_db()
    assert (promise.outcome, promise.closed_at) == ("kept", now + 2 * HOUR)
    entry = fresh(entry)
    assert (entry.answered, entry.next_due_at, entry.is_open) == ("外牆五年", None, False)


def test_an_expert_who_tells_it_himself_keeps_it_at_once(asked, lead, now):
    entry = asked()
    actions.answer(entry=entry, text="外牆五年", told_how="phone", by=lead, now=now + HOUR)
    assert owed(entry) is None
    assert fresh(entry).question.told_by == lead


def test_an_answer_is_taken_back_whole(asked, lead, now):
    entry = asked()
    entry = actions.answer(entry=entry, text="外牆五年", told_how="phone", by=lead, now=now)
    undo.take_back(undo=undo.latest(lead, fresh(entry), now), by=lead, now=now)
    question, promise = Question.objects.get(), owed(entry)
    assert (question.answer, question.answered_at, question.told_at) == ("", None, None)
    assert promise.owner == lead and fresh(entry).next_due_at == promise.due_at


def test_asking_is_taken_back_whole(asked, clerk, now):
    entry = asked()
    undo.take_back(undo=undo.latest(clerk, fresh(entry), now), by=clerk, now=now)
    assert not Question.objects.exists() and owed(entry) is None and fresh(entry).next_due_at is None


def test_a_question_is_passed_on_with_a_reason_and_its_time_does_not_move(asked, lead, technician, now):
    entry = asked()
    due = owed(entry).due_at
    with pytest.raises(Refused, match="reason"):
        actions.pass_on(entry=entry, to=technician, reason=" ", by=lead, now=now)
    actions.pass_on(entry=entry, to=technician, reason="他做的防水", by=lead, now=now)
    promise = owed(entry)
    assert (promise.owner, promise.due_at, promise.reason) == (technician, due, "他做的防水")


def test_who_is_not_asked_neither_answers_nor_passes_on(asked, technician, lead, now):
    entry = asked()
    for act in (
        lambda: actions.answer(entry=entry, text="五年", by=technician, now=now),
        lambda: actions.pass_on(entry=entry, to=technician, reason="我來", by=technician, now=now),
    ):
        with pytest.raises(Refused):
            act()


def test_one_question_a_line_ahead_of_now_to_somebody_who_may_answer(asked, log, lead, auditor, clerk, now):
    entry = asked()
    with pytest.raises(Refused, match="already"):
        actions.ask_expert(entry=entry, expert=lead, agreed_at=now + HOUR, by=clerk, now=now)
    with pytest.raises(Refused, match="past"):
        actions.ask_expert(entry=log(), expert=lead, agreed_at=now, by=clerk, now=now)
    with pytest.raises(Refused, match="answers no questions"):
        actions.ask_expert(entry=log(), expert=auditor, agreed_at=now + HOUR, by=clerk, now=now)


def test_nothing_is_told_before_it_is_answered(asked, clerk, now):
    with pytest.raises(Refused, match="no answer yet"):
        actions.tell(entry=asked(), told_how="phone", by=clerk, now=now)


# --- shifts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "day", "shift"),
    [
        ((12, 5, 59), 11, "night"),
        ((12, 6, 0), 12, "morning"),
        ((12, 13, 59), 12, "morning"),
        ((12, 14, 0), 12, "afternoon"),
        ((12, 22, 0), 12, "night"),
        ((13, 0, 0), 12, "night"),
    ],
)
def test_which_shift_is_at_work(clock, day, shift):
    moment = datetime(2026, 3, *clock, tzinfo=ZONE)
    assert reception.shift_at(moment, ZONE) == (date(2026, 3, day), shift)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.times())
def test_every_moment_lies_in_exactly_the_shift_that_is_at_work(day, clock):
    moment = datetime.combine(day, clock, tzinfo=ZONE)
    day, shift = reception.shift_at(moment, ZONE)
    start, end = reception.shift_bounds(day, shift, ZONE)
    assert start <= moment < end
    for other in Handover.Shift.values:
        for around in (day - timedelta(days=1), day, day + timedelta(days=1)):
            first, last = reception.shift_bounds(around, other, ZONE)
            assert (first <= moment < last) == ((around, other) == (day, shift))


@pytest.fixture
def handed(estate, clerk, now):
    return actions.hand_over_shift(
        estate=estate, day=now.date(), shift="morning", text="電梯年檢", by=clerk, now=now
    )


def test_a_hand_over_lists_what_is_open_without_names(asked, log, estate, clerk, now):
    open_line, settled = asked(name="張小明"), log(answered="兩年")
    row = actions.hand_over_shift(estate=estate, day=now.date(), shift="morning", text="", by=clerk, now=now)
    assert [line["id"] for line in row.open_lines] == [open_line.pk]
    assert "張小明" not in str(row.open_lines) and settled.number not in str(row.open_lines)


def test_nothing_to_say_and_nothing_open_is_no_hand_over(estate, clerk, now):
    with pytest.raises(Refused, match="Nothing is open"):
        actions.hand_over_shift(estate=estate, day=now.date(), shift="night", text=" ", by=clerk, now=now)


def test_a_hand_over_waits_at_the_front_desk_until_somebody_else_acknowledges_it(
    handed, clerk, cashier, guard, stranger, now
):
    assert reports.waiting_handovers(cashier) == [handed]
    assert reports.waiting_handovers(guard) == reports.waiting_handovers(stranger) == []
    with pytest.raises(Refused, match="Somebody else"):
        actions.acknowledge(handover=handed, by=clerk, now=now)
    row = actions.acknowledge(handover=handed, by=cashier, now=now + HOUR)
    assert (row.acknowledged_by, row.acknowledged_at) == (cashier, now + HOUR)
    assert reports.waiting_handovers(cashier) == []


def test_it_is_acknowledged_once(handed, cashier, supervisor, now):
    actions.acknowledge(handover=handed, by=cashier, now=now)
    with pytest.raises(Refused, match=cashier.name_en):
        actions.acknowledge(handover=handed, by=supervisor, now=now)


def test_the_database_itself_refuses_a_second_acknowledgement_and_ones_own(
    handed, clerk, cashier, supervisor, now
):
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.filter(pk=handed.pk).update(acknowledged_by=clerk, acknowledged_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.filter(pk=handed.pk).update(acknowledged_by=cashier)
    actions.acknowledge(handover=handed, by=cashier, now=now)
    with pytest.raises(DatabaseError, match="acknowledged"), transaction.atomic():
        Handover.objects.filter(pk=handed.pk).update(acknowledged_by=supervisor)


def test_every_change_is_undone_by_what_it_offered(asked, handed, clerk, now):
    """No offer names a verb without words."""
    from tickets.registers import UNDOABLE

    asked()
    assert {row.verb for row in Undo.objects.all()} <= set(UNDOABLE)
    assert promises.KINDS["expert_answer"].climbs_to_director


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([True, False]),
    st.text(alphabet="張a1 ", max_size=4).map(str.strip),
    st.text(alphabet="0123456789 ", max_size=8).map(str.strip),
    st.sampled_from(["", "稅務局"]),
)
def test_whatever_is_known_the_database_takes_the_line(log, unit, has_unit, name, phone, organisation):
    entry = log(unit=unit if has_unit else None, name=name, phone=phone, organisation=organisation)
    assert entry.who == reception_who(has_unit, name, phone, organisation)


def reception_who(has_unit, name, phone, organisation):
    if organisation:
        return "official"
    if has_unit:
        return "resident"
    return "outside" if name or phone else "anonymous"
