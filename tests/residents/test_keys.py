"""Keys, cards, vehicles, visitors: who may do what when, what the database refuses, what stays on record (SPEC §2)."""

import base64
import io
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from config import desk
from office import escalation, roles, search
from office.models import Event, File, Message, Promise
from office.refusals import Refused
from residents import actions, printouts, reports, rules, tasks
from residents.models import AccessCard, Key, KeyLoan, Parking, Vehicle, Visitor
from tests import cast as people
from tests.cast import NOW

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = date(2026, 3, 12)
DESK = {"clerk", "cashier", "supervisor", "director"}
pytestmark = pytest.mark.django_db


def drawn():
    """A signature as the browser sends it."""
    out = io.BytesIO()
    Image.new("RGBA", (40, 12), (16, 37, 74, 255)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@pytest.fixture
def unit(estate):
    return people.make_unit(estate, "3-2-1201")


@pytest.fixture
def zhang(estate, unit):
    person = people.make_person(estate, "張小明", "13800138000")
    people.occupy(unit, person)
    return person


@pytest.fixture
def key(estate, unit, cast):
    return actions.take_key(
        estate=estate, tag="a-01", unit=unit, received_on=TODAY, by=cast["clerk"], now=NOW
    )


@pytest.fixture
def lend(cast):
    def lent(key, **values):
        given = {
            "contractor": "宏發",
            "signed_by": "宏發",
            "due_at": NOW + 8 * HOUR,
            "by": cast["clerk"],
            "now": NOW,
        }
        return actions.lend_key(key=key, **{**given, **values})

    return lent


def refused(table, change, row):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {change} WHERE id = %s", [row.pk])


# --- states × moves × roles --------------------------------------------------------------------------------

KEY_STARTS = {"lend": {"in"}, "take_back": {"out", "lost"}, "lose": {"out"}, "give_back": {"in"}}
CARD_STARTS = {"give_back": {"active", "blocked", "lost"}, "lose": {"active", "blocked"}, "block": {"active", "lost"},
               "unblock": {"blocked", "lost"}}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "moves", "starts"),
    [(Key, rules.KEY_MOVES, KEY_STARTS), (AccessCard, rules.CARD_MOVES, CARD_STARTS)],
)
def test_each_move_from_each_state_by_each_role(model, moves, starts, cast, estate):
    assert set(moves) == set(starts)
    for state in model.State.values:
        for move in moves:
            for role in roles.ROLES:
                why = rules.why_not(moves, move, model(estate=estate, state=state), cast[role])
                assert (why is None) == (state in starts[move] and role in DESK), (state, move, role)


# --- keys --------------------------------------------------------------------------------------------------


def test_a_key_out_is_owed_and_kept_when_it_is_back(key, lend, cast, zhang):
    loan = lend(key, person=zhang, contractor="", signed_by="張小明")
    promise = Promise.objects.get(kind="key_back")
    assert (promise.due_at, promise.owner, promise.unit_id) == (loan.due_at, cast["clerk"], key.unit_id)
    with pytest.raises(Refused):
        lend(key)
    row = actions.take_key_back(key=key, by=cast["cashier"], now=NOW + HOUR)
    promise.refresh_from_db()
    assert (row.state, promise.outcome, KeyLoan.objects.get().in_by) == ("in", "kept", cast["cashier"])
    assert [event.verb for event in Event.objects.filter(unit_id=key.unit_id).order_by("pk")] == [
        "key.taken", "key.out", "key.back",
    ]  # fmt: skip


def test_a_key_not_back_in_time_climbs_to_the_head_of_the_front_desk(key, lend):
    lend(key)
    escalation.climb("key_back", NOW + 9 * HOUR)
    assert Promise.objects.get(kind="key_back").level == Promise.Level.HEAD
    assert Message.objects.filter(template="promise.head").exists()


def test_a_lost_key_tells_the_supervisor_and_may_turn_up(key, lend, cast):
    lend(key)
    actions.lose_key(key=key, reason="掉進電梯井", by=cast["clerk"], now=NOW + HOUR)
    assert Promise.objects.get(kind="key_back").outcome == "cancelled"
    told = Message.objects.filter(template="key.lost").values_list("staff__username", flat=True)
    assert list(told) == ["supervisor"]
    assert KeyLoan.objects.get().lost_reason == "掉進電梯井"
    actions.take_key_back(key=key, by=cast["clerk"], now=NOW + 2 * HOUR)
    key.refresh_from_db()
    assert key.state == "in" and Event.objects.filter(verb="key.found").count() == 1
    lend(key, now=NOW + 3 * HOUR)


def test_one_tag_one_key_until_it_is_given_back(key, estate, unit, cast):
    again = {
        "estate": estate,
        "tag": "A-01",
        "unit": unit,
        "received_on": TODAY,
        "by": cast["clerk"],
        "now": NOW,
    }
    with pytest.raises(Refused, match="A-01"):
        actions.take_key(**again)
    actions.give_key_back(key=key, by=cast["clerk"], now=NOW)
    assert actions.take_key(**again).pk != key.pk


@pytest.mark.parametrize(
    "change",
    ["in_at = out_at - interval '1 s', in_by_id = out_by_id", "in_at = out_at", "lost_at = out_at, lost_by_id = out_by_id",
     "contractor = ''", "staff_id = out_by_id", "due_at = out_at", "signed_by = ''"],
)  # fmt: skip
def test_the_database_refuses_a_loan_that_cannot_be(change, key, lend):
    refused("residents_keyloan", change, lend(key))


def test_the_database_refuses_a_second_open_loan(key, lend):
    loan = lend(key)
    loan.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        loan.save()


def test_the_clerk_gives_a_key_out_and_the_drawn_signature_is_kept(key, cast, sign_in, zhang):
    browser = sign_in(cast["clerk"])
    address = reverse("residents:key_lend", args=[key.pk])
    due = f"{timezone.localdate() + DAY}T12:00"
    empty = browser.post(address, {"to": "person", "person": zhang.pk, "due_at": due})
    assert empty.status_code == 422 and "Let them sign, or type the name" in empty.content.decode()
    for wrong in (
        "data:image/png;base64,xx",
        "nonsense",
        "data:image/png;base64," + base64.b64encode(b"x" * 40).decode(),
    ):
        answer = browser.post(
            address, {"to": "person", "person": zhang.pk, "due_at": due, "signature": wrong}
        )
        assert answer.status_code == 422 and "cannot be read" in answer.content.decode()
    answer = browser.post(address, {"to": "person", "person": zhang.pk, "due_at": due, "signature": drawn()})
    assert answer.status_code == 302
    loan, file = KeyLoan.objects.get(), File.objects.get(kind="signature_out")
    assert (loan.person, loan.signed_by, file.subject_id) == (zhang, "張小明", loan.pk)
    shown = reverse("office:file", args=[file.pk])
    assert shown in browser.get(reverse("residents:key", args=[key.pk])).content.decode()
    assert browser.get(shown).status_code == 200
    assert sign_in(cast["guard"]).get(shown).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [({"due_at": "2020-01-01T10:00"}, "over already"), ({"to": "staff"}, "Say who takes the key"),
     ({"to": "person"}, "Say who takes the key"), ({"contractor": ""}, "Say who takes the key"), ({"due_at": ""}, "required")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(change, said, key, cast, sign_in):
    form = {
        "to": "contractor",
        "contractor": "宏發",
        "due_at": f"{timezone.localdate() + DAY}T12:00",
        "signed_by": "宏發",
        **change,
    }
    answer = sign_in(cast["clerk"]).post(reverse("residents:key_lend", args=[key.pk]), form)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not KeyLoan.objects.exists()


def test_the_key_register_prints_every_key_and_who_has_it(key, lend, estate):
    from office import printing

    lend(key)
    sheet = printouts.key_register(Key.objects.select_related("unit"), estate=estate, now=NOW)
    assert "A-01" in printing.html(sheet) and "宏發" in printing.html(sheet)
    assert len(PdfReader(io.BytesIO(printing.pdf(sheet))).pages) == 1


# --- cards -------------------------------------------------------------------------------------------------


def test_a_card_number_is_taken_until_the_card_is_back(unit, estate, cast):
    other = people.make_unit(estate, "3-2-1202")
    given = {"number": "00 12345", "issued_on": TODAY, "by": cast["clerk"], "now": NOW}
    card = actions.issue_card(unit=unit, **given)
    assert card.number == "0012345"
    actions.move_card(card=card, move="lose", by=cast["clerk"], now=NOW)
    with pytest.raises(Refused, match="3-2-1201"):
        actions.issue_card(unit=other, **given)
    card = actions.move_card(card=card, move="give_back", by=cast["clerk"], now=NOW)
    assert (card.state, card.returned_on, card.lost_on) == ("returned", TODAY, TODAY)
    assert actions.issue_card(unit=other, **given).unit == other


@pytest.mark.parametrize("change", ["state = 'lost'", "state = 'blocked'", "state = 'returned'", "returned_on = issued_on",
                                    "lost_on = issued_on - 1", "number = ''"])  # fmt: skip
def test_the_database_refuses_a_card_that_cannot_be(change, unit, cast):
    refused(
        "residents_accesscard",
        change,
        actions.issue_card(unit=unit, number="1", issued_on=TODAY, by=cast["clerk"], now=NOW),
    )


# --- vehicles ----------------------------------------------------------------------------------------------


@pytest.fixture
def car(unit, zhang, estate, cast):
    space = people.make_unit(estate, "P-001", kind="parking")
    return actions.register_vehicle(
        unit=unit,
        plate="粵B·12345",
        since=TODAY - 10 * DAY,
        space=space,
        person=zhang,
        by=cast["clerk"],
        now=NOW,
    )


def test_a_plate_is_one_household_s_at_a_time(car, estate, cast):
    other = people.make_unit(estate, "3-2-1202")
    given = {"unit": other, "plate": "粤b12345", "by": cast["clerk"], "now": NOW}
    with pytest.raises(Refused, match="registered at 3-2-1201"):
        actions.register_vehicle(since=TODAY, **given)
    actions.end_vehicle(vehicle=car, last_day=TODAY, by=cast["clerk"], now=NOW)
    actions.register_vehicle(since=TODAY + DAY, **given)
    assert list(Vehicle.objects.order_by("pk").values_list("unit__code", flat=True)) == [
        "3-2-1201",
        "3-2-1202",
    ]


def test_another_space_keeps_the_first_on_record(car, estate, cast, unit):
    second = people.make_unit(estate, "P-002", kind="parking")
    actions.move_vehicle(vehicle=car, space=second, since=TODAY, by=cast["clerk"], now=NOW)
    spaces = [(one.space.code, one.period.lower, one.period.upper) for one in Parking.objects.order_by("pk")]
    assert spaces == [("P-001", TODAY - 10 * DAY, TODAY), ("P-002", TODAY, None)]
    with pytest.raises(Refused, match="no parking space"):
        actions.move_vehicle(vehicle=car, space=unit, since=TODAY + DAY, by=cast["clerk"], now=NOW)
    actions.end_vehicle(vehicle=car, last_day=TODAY + DAY, by=cast["clerk"], now=NOW)
    assert Parking.objects.order_by("pk").last().period.upper == TODAY + 2 * DAY


def test_a_plate_leads_to_its_household(car, cast, estate):
    from config import find

    for typed in ("粤B12345", "粵b·12345", "B12345"):
        _groups, address = find.answer(cast["clerk"], typed, TODAY)
        assert address.startswith(reverse("residents:unit", args=[car.unit_id])), typed
    assert search.SOURCES["residents.vehicle"] is reports.keys_of_vehicles
    assert not find.answer(cast["guard"], "粤B12345", TODAY)[0]


# --- visitors ----------------------------------------------------------------------------------------------


def test_in_by_the_guard_and_out_with_one_press(unit, cast, sign_in):
    phone = sign_in(cast["guard"])
    form = {
        "name": "趙志明",
        "unit": "3 2 1201",
        "purpose": "visit",
        "people": 2,
        "badge": "v07",
        "plate": "粵B 777",
    }
    assert phone.post(reverse("residents:visitor_new"), form).status_code == 302
    row = Visitor.objects.get()
    assert (row.unit, row.badge, row.plate, row.in_by) == (unit, "V07", "粤B777", cast["guard"])
    again = phone.post(reverse("residents:visitor_new"), {**form, "name": "李四"})
    assert again.status_code == 422 and "still with another visitor" in again.content.decode()
    assert "趙志明" in phone.get(reverse("residents:inside")).content.decode()
    for _twice in range(2):
        assert phone.post(reverse("residents:visitor_out", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert row.out_by == cast["guard"] and Event.objects.filter(verb="visitor.out").count() == 1
    phone.get(reverse("residents:inside"))  # says that he has left, once
    assert "趙志明" not in phone.get(reverse("residents:inside")).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"unit": "9-9-9999"}, "no unit of this estate"), ({"unit": ""}, "Say which unit"), ({"name": ""}, "required"),
     ({"plate": "沒有"}, "not a number plate"), ({"people": 0}, "greater than or equal to 1"), ({"name": "x" * 121}, "at most 120")],
)  # fmt: skip
def test_what_a_guard_types_wrongly_is_said_at_its_field(change, said, unit, cast, sign_in):
    form = {"name": "趙志明", "unit": "3-2-1201", "purpose": "visit", "people": 1, **change}
    answer = sign_in(cast["guard"]).post(reverse("residents:visitor_new"), form)
    assert answer.status_code == 422 and said in answer.content.decode()


def test_who_stayed_overnight_is_marked_and_counted(unit, cast, estate, sign_in, now):
    actions.visitor_in(estate=estate, name="趙志明", unit=unit, by=cast["guard"], now=timezone.now() - DAY)
    page = sign_in(cast["guard"]).get(reverse("residents:inside")).content.decode()
    assert "is-late" in page and "since yesterday or before" in page


@pytest.mark.parametrize("change", ["out_at = in_at - interval '1 s', out_by_id = in_by_id", "out_at = in_at", "people = 0",
                                    "badge_kept = true", "erased_at = in_at"])  # fmt: skip
def test_the_database_refuses_a_visit_that_cannot_be(change, unit, estate, cast):
    refused(
        "residents_visitor",
        change,
        actions.visitor_in(estate=estate, name="x", unit=unit, by=cast["guard"], now=NOW),
    )


def test_particulars_are_erased_after_the_estate_s_days_and_only_once(unit, estate, cast):
    def came(name, ago, left=True):
        row = actions.visitor_in(
            estate=estate, name=name, phone="1", unit=unit, by=cast["guard"], now=NOW - ago
        )
        return actions.visitor_out(visitor=row, by=cast["guard"], now=NOW - ago + HOUR) if left else row

    old, young, inside = came("甲", 92 * DAY), came("乙", 89 * DAY), came("丙", 200 * DAY, left=False)
    assert tasks.erase_visitors(NOW).done == 1
    assert tasks.erase_visitors(NOW).done == 0
    for row in (old, young, inside):
        row.refresh_from_db()
    assert [(old.name, old.phone, old.unit), young.name, inside.name] == [("", "", unit), "乙", "丙"]


# --- the household page ------------------------------------------------------------------------------------


def test_the_household_s_card_is_one_query_and_says_what_stands_at_the_gate(
    key, lend, car, zhang, unit, estate, cast, django_assert_num_queries
):
    lend(key, due_at=NOW + HOUR)
    actions.issue_card(unit=unit, number="777", issued_on=TODAY, person=zhang, by=cast["clerk"], now=NOW)
    actions.visitor_in(estate=estate, name="趙志明", unit=unit, by=cast["guard"], now=NOW)
    slip = actions.issue_slip(
        unit=unit, person=zhang, lines=[("沙發", 1, "")], days=1, by=cast["clerk"], now=NOW
    )
    with django_assert_num_queries(1):
        card = reports.gate.card(unit, staff=cast["clerk"], now=NOW + 2 * HOUR)
    said = [line.text for line in card.lines]
    assert said == [f"Slip {slip.number}", "Visitor 趙志明", "Key A-01", "粤B12345", "777"]
    assert card.lines[2].state[1] == "late" and "P-001" in card.lines[3].note
    assert reports.gate.card(unit, staff=cast["guard"], now=NOW) is None
    assert reports.gate in desk.ROOMS
    assert [start.verb for start in reports.gate.starts(unit, staff=cast["clerk"])] == [
        "slip", "visitor", "vehicle", "card", "key",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["vehicles", "cards", "keys", "visitors"])
def test_lists_are_searched_exported_and_cost_the_same_for_more_rows(
    name, key, car, unit, estate, cast, sign_in, django_assert_max_num_queries
):
    def more(n):
        for i in range(n):
            given = {"by": cast["clerk"], "now": NOW}
            actions.register_vehicle(unit=unit, plate=f"粤C{1000 + i}{n}", since=TODAY, **given)
            actions.issue_card(unit=unit, number=f"{n}{i}", issued_on=TODAY, **given)
            actions.take_key(estate=estate, tag=f"T{n}-{i}", unit=unit, received_on=TODAY, **given)
            actions.visitor_in(estate=estate, name=f"訪客{i}", unit=unit, **given)

    browser, address = sign_in(cast["clerk"]), reverse(f"residents:{name}")
    more(1)
    browser.get(address)
    with django_assert_max_num_queries(15) as few:
        assert browser.get(address).status_code == 200
    more(4)
    with django_assert_max_num_queries(len(few.captured_queries)):
        browser.get(address)
    for query in ({"q": "1201"}, {"q": "粤C1000"}, {"q": "(%_"}, {"state": "lost"}, {"late": "yes"}, {"now_inside": "overnight"},
                  {"here": "no"}, {"parked": "yes"}, {"day": "2026-03-12"}):  # fmt: skip
        assert browser.get(address, query).status_code in (200, 302, 422), query
    export = browser.post(address, {"export": "csv"})
    assert export.status_code == 200 and b"".join(export.streaming_content).count(b"\n") >= 5
