"""Goods-release slips: issued to who is registered, released once, refused with the reason (SPEC §2)."""

import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from pypdf import PdfReader

from office import roles, search
from office.models import Event, Message, SearchKey
from office.refusals import Refused, Stale
from residents import actions, printouts, reports, rules
from residents.models import ReleaseSlip, SlipRefusal
from tests import cast as people
from tests.cast import NOW

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def unit(estate):
    return people.make_unit(estate, "3-2-1201")


@pytest.fixture
def zhang(estate, unit):
    person = people.make_person(estate, "張小明", "13800138000")
    people.occupy(unit, person)
    return person


@pytest.fixture
def issue(unit, zhang, cast):
    def issued(**values):
        given = {"lines": [("沙發", 1, ""), ("紙箱", 12, "書")], "days": 1, "by": cast["clerk"], "now": NOW}
        return actions.issue_slip(**{"unit": unit, "person": zhang, **given, **values})

    return issued


def at_state(state, issue, cast):
    """A slip in one of the four states a person sees, and the moment it is looked at."""
    slip = issue()
    if state == "released":
        slip = actions.release_slip(slip=slip, by=cast["guard"], now=NOW)
    if state == "cancelled":
        slip = actions.cancel_slip(slip=slip, reason="改期", by=cast["clerk"], now=NOW)
    return slip, NOW + (3 * DAY if state == "expired" else timedelta(minutes=1))


MAY = {"release": {"guard", "supervisor", "director"}, "refuse": {"guard", "supervisor", "director"},
       "cancel": {"clerk", "cashier", "supervisor", "director"}}  # fmt: skip


@pytest.mark.parametrize("state", ["valid", "expired", "released", "cancelled"])
@pytest.mark.parametrize("move", rules.SLIP_MOVES)
def test_each_move_from_each_state_by_each_role(state, move, issue, cast):
    slip, now = at_state(state, issue, cast)
    for role in roles.ROLES:
        why = rules.why_not_slip(move, slip, cast[role], now)
        assert (why is None) == (state == "valid" and role in MAY[move]), (role, why)


def test_no_move_of_the_table_is_forgotten():
    assert set(MAY) == set(rules.SLIP_MOVES)


def test_one_day_ends_with_the_day_after_the_issue(issue, estate):
    slip = issue()
    local = slip.valid_until.astimezone(estate.zone)
    assert (local.date() - NOW.astimezone(estate.zone).date(), local.hour) == (2 * DAY, 0)
    assert not rules.worthless(slip, slip.valid_until - timedelta(seconds=1))[0]
    assert rules.worthless(slip, slip.valid_until)[0] == SlipRefusal.Reason.EXPIRED


def test_only_who_is_registered_there_today_applies(issue, estate, unit):
    stranger = people.make_person(estate, "李四")
    gone = people.make_person(estate, "王五")
    people.occupy(unit, gone, role="tenant", until=NOW.astimezone(estate.zone).date())
    for person in (stranger, gone):
        with pytest.raises(Refused, match="neither lives in nor owns 3-2-1201"):
            issue(person=person)
    assert not ReleaseSlip.objects.exists()


def test_numbers_have_no_gap_and_are_found(issue, estate):
    first, second = issue(), issue()
    assert [first.number, second.number] == [f"F{NOW.year}-000001", f"F{NOW.year}-000002"]
    for typed in (second.number, second.number.lower(), "2", "0002", "000002", f"f{NOW.year}000002"):
        assert reports.slip_of_number(estate.pk, typed) == second
    assert reports.slip_of_number(estate.pk, "3") is None
    assert reports.slip_of_number(estate.pk, "") is None
    assert search.find([estate.pk], second.number, kinds=["residents.slip"])[0].subject_id == second.pk
    kept = set(
        SearchKey.objects.filter(subject_kind="residents.slip").values_list("subject_id", "kind", "key")
    )
    assert kept == {(pk, *key) for pk, _estate, keys in reports.keys_of_slips() for key in keys}


def test_tokens_cannot_be_guessed_from_each_other(issue):
    tokens = {issue().token for _ in range(5)}
    assert len(tokens) == 5 and min(map(len, tokens)) >= 32


def test_released_once_and_the_second_is_told_when_and_by_whom(issue, cast):
    slip = actions.release_slip(slip=issue(plate="粤B12345"), by=cast["guard"], now=NOW, car_seen=True)
    assert (slip.state, slip.released_by, slip.car_seen) == ("released", cast["guard"], True)
    with pytest.raises(Refused, match=rf"Released already at .* by {cast['guard'].local_name}"):
        actions.release_slip(slip=slip, by=cast["supervisor"], now=NOW)
    assert Event.objects.filter(verb="slip.released", unit_id=slip.unit_id).count() == 1


def test_a_plate_on_the_slip_is_compared(issue, cast):
    slip = issue(plate="粤B12345")
    with pytest.raises(Refused, match="number plate"):
        actions.release_slip(slip=slip, by=cast["guard"], now=NOW)


def test_a_mismatch_is_recorded_and_the_front_desk_hears_of_it(issue, cast):
    slip = issue()
    actions.refuse_slip(slip=slip, reason="goods", remark="多一部電視", by=cast["guard"], now=NOW)
    slip.refresh_from_db()
    assert slip.state == "issued"
    assert slip.refusals.get().remark == "多一部電視"
    assert Event.objects.get(verb="slip.refused").data["reason"] == {"word": "slip.refusal.goods"}
    told = set(Message.objects.filter(template="slip.refused").values_list("staff__username", flat=True))
    assert told == {"clerk", "cashier", "supervisor"}
    actions.release_slip(slip=slip, by=cast["guard"], now=NOW)


def test_an_altered_paper_ends_the_slip(issue, cast):
    slip = issue()
    actions.refuse_slip(slip=slip, reason="altered", by=cast["guard"], now=NOW)
    slip.refresh_from_db()
    assert slip.state == "cancelled"
    with pytest.raises(Refused, match="Cancelled"):
        actions.release_slip(slip=slip, by=cast["guard"], now=NOW)


@pytest.mark.parametrize("state", ["expired", "released", "cancelled"])
def test_showing_a_worthless_slip_is_recorded_once_in_two_minutes(state, issue, cast, estate):
    slip, now = at_state(state, issue, cast)

    def shown(when):
        return actions.note_worthless(slip=slip, token=slip.token, estate=estate, by=cast["guard"], now=when)

    first = shown(now)
    assert shown(now + timedelta(seconds=90)) == first
    assert shown(now + timedelta(minutes=5)) != first
    reason = {"expired": "expired", "released": "used", "cancelled": "cancelled"}[state]
    assert set(slip.refusals.values_list("reason", flat=True)) == {reason}
    assert Event.objects.filter(verb="slip.refused").count() == slip.refusals.count() == 2


def test_a_good_slip_is_not_recorded_as_refused_but_a_false_code_and_another_estate_are(
    issue, cast, estate, stranger, elsewhere
):
    slip = issue()
    note = actions.note_worthless
    assert note(slip=slip, token=slip.token, estate=estate, by=cast["guard"], now=NOW) is None
    assert note(slip=slip, token="x" * 32, estate=estate, by=cast["guard"], now=NOW).reason == "forged"
    assert note(slip=slip, token=slip.token, estate=elsewhere, by=stranger, now=NOW).reason == "elsewhere"
    slip.refresh_from_db()
    assert slip.state == "issued"


def test_a_page_older_than_the_slip_cancels_nothing(issue, cast):
    slip = issue()
    actions.release_slip(slip=slip, by=cast["guard"], now=NOW)
    with pytest.raises(Stale):
        actions.cancel_slip(slip=slip, reason="x", by=cast["clerk"], now=NOW, version=slip.version)


BROKEN = [
    "state = 'released'",
    "state = 'released', released_at = valid_until, released_by_id = issued_by_id",
    "state = 'released', released_at = issued_at - interval '1 s', released_by_id = issued_by_id",
    "released_at = issued_at, released_by_id = issued_by_id",
    "state = 'cancelled', cancelled_at = issued_at, cancelled_by_id = issued_by_id",
    "valid_until = issued_at",
    "agent_name = '王'",
    "agent_shown = '委託書'",
    "days = 0",
]


@pytest.mark.parametrize("change", BROKEN)
def test_the_database_refuses_what_cannot_be(change, issue):
    slip = issue()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE residents_releaseslip SET {change} WHERE id = %s", [slip.pk])


@pytest.mark.parametrize(
    "change", ["UPDATE residents_sliprefusal SET remark = 'x'", "DELETE FROM residents_sliprefusal"]
)
def test_refusals_are_never_changed(change, issue, cast):
    actions.refuse_slip(slip=issue(), reason="car", by=cast["guard"], now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_without_its_journal_line_no_slip_exists(issue, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("office.journal.record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        issue()
    assert not ReleaseSlip.objects.exists()


def test_the_sheet_has_two_copies_and_the_goods(issue):
    from office import printing

    slip = issue(agent_name="王建軍", agent_shown="委託書", plate="粤B12345")
    for size in ("A5", "A4"):
        pages = PdfReader(io.BytesIO(printing.pdf(printouts.release_slip(slip, size=size)))).pages
        assert len(pages) == 2
    page = printing.html(printouts.release_slip(slip, size="A5"))
    for said in (slip.number, "3-2-1201", "王建軍", "沙發", "粤B12345"):
        assert said in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("粤B12345", "粤B12345"), ("粵b·12345", "粤B12345"), (" 粤B 12345 ", "粤B12345"), ("ＡＢ １２３", "AB123"),
     ("粤Z1234港", "粤Z1234港"), ("沒有", ""), ("", ""), ("1", ""), ("A" * 30 + "1", "")],
)  # fmt: skip
def test_a_plate_is_kept_in_one_spelling(typed, kept):
    assert rules.plain_plate(typed) == kept
