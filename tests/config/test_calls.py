"""The telephone rings: `/call?number=` opens the household, or asks once whose number it is (SPEC §2, UX G2)."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config import calls
from office import search
from office.models import Event, SearchKey
from residents import actions
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(clerk, sign_in):
    return sign_in(clerk)


@pytest.fixture
def add(estate, clerk, now):
    """`add("張小明", "13800138000", unit, …)` → a person with telephones, at home in these units."""

    def person(name, number, *units, role="owner"):
        row = actions.add_person(
            estate=estate, name=name, phones=[number] if number else [], by=clerk, now=now
        )
        for unit in units:
            cast.occupy(unit, row, role=role, lives_here=True)
        return row

    return person


@pytest.fixture
def unit(estate):
    row = cast.make_unit(estate, "3-2-1201")
    search.put("unit", row.pk, estate.pk, search.keys_of_code(row.code))
    return row


def household(unit, caller=None):
    return reverse("residents:unit", args=[unit.pk]) + (f"?caller={caller.pk}" if caller else "")


def text(response):
    return response.content.decode()


@pytest.mark.parametrize(
    "number",
    [
        "13800138000", "138 0013 8000", "+8613800138000", " 8613800138000", "008613800138000", "013800138000",
        "tel:+86-138-0013-8000", "sip:13800138000@10.0.0.5:5060", "sip:+8613800138000@pbx;user=phone",
        '"Zhang" <tel:13800138000>', "１３８００１３８０００",
    ],
)  # fmt: skip
def test_a_known_number_opens_its_household_however_it_comes(desk, add, unit, number):
    zhang = add("張小明", "13800138000", unit)
    assert desk.get("/call", {"number": number}).url == household(unit, zhang)


@pytest.mark.parametrize(
    ("kept", "calls_from"),
    [
        ("+852 9123 4567", "91234567"),
        ("+852 9123 4567", "85291234567"),
        ("8001", "8001"),
        ("0755-26712345", "26712345"),
    ],
)
def test_numbers_from_abroad_inside_and_without_area(desk, add, unit, kept, calls_from):
    chan = add("陳大文", kept, unit)
    answer = desk.get("/call", {"number": calls_from})
    if answer.status_code == 200:  # not certain: offered, never opened by itself
        assert "Numbers like it" in text(answer) and household(unit, chan) in text(answer)
    else:
        assert answer.url == household(unit, chan)


def test_husband_and_wife_with_one_number_are_one_household(desk, add, unit):
    add("張小明", "13800138000", unit)
    add("李美麗", "13800138000", unit, role="member")
    assert desk.get("/call", {"number": "13800138000"}).url == household(unit)


def test_several_households_are_listed(desk, add, unit, estate):
    other = cast.make_unit(estate, "5-1-0803")
    zhang = add("張小明", "13800138000", unit, other)
    page = text(desk.get("/call", {"number": "13800138000"}))
    assert household(unit, zhang) in page and household(other, zhang) in page
    assert "Add this number" not in page


def test_somebody_without_a_home_here_opens_by_name(desk, add):
    zhang = add("張小明", "13800138000")
    assert desk.get("/call", {"number": "13800138000"}).url == reverse("residents:person", args=[zhang.pk])


def test_the_end_of_a_number_is_no_proof(desk, add, unit):
    """An extension 8000 must not open the household of 138 0013 8000."""
    zhang = add("張小明", "13800138000", unit)
    page = desk.get("/call", {"number": "8000"})
    assert page.status_code == 200
    assert household(unit, zhang) in text(page) and "Nobody in the register has this number" in text(page)


@pytest.mark.parametrize(
    "number", ["", "anonymous", "Anonymous <sip:anonymous@anonymous.invalid>", "Restricted", "*", "1", "%00"]
)
def test_a_withheld_number_asks_for_the_unit(desk, number):
    page = desk.get("/call", {"number": number})
    assert page.status_code == 200
    assert "withheld" in text(page) and "Name or unit of the caller" not in text(page)


def test_an_unknown_number_is_looked_for_and_added_with_one_press(desk, add, unit, clerk):
    zhang = add("張小明", "13800138000", unit)
    page = text(desk.get("/call", {"number": "13912345678"}))
    assert "Nobody in the register has this number" in page and "139 1234 5678" in page
    for typed in ("zxm", "3-2-1201"):
        offered = text(
            desk.get("/call", {"number": "13912345678", "q": typed}, headers={"HX-Request": "true"})
        )
        assert "<html" not in offered and "張小明" in offered and f'value="{zhang.pk}"' in offered
    answer = desk.post("/call/attach", {"number": "13912345678", "person": zhang.pk})
    assert answer.url == household(unit, zhang)
    assert [*zhang.phones.values_list("digits", "position")] == [("8613800138000", 1), ("8613912345678", 2)]
    assert desk.get("/call", {"number": "13912345678"}).url == household(unit, zhang)
    assert SearchKey.objects.filter(subject_id=zhang.pk, subject_kind="person", key="13912345678").exists()
    event = Event.objects.filter(verb="person.phones_set").latest("pk")
    assert event.subject_id == zhang.pk and "139" not in str(event.data)


def test_pressed_twice_adds_once(desk, add, unit):
    zhang = add("張小明", "13800138000", unit)
    for _time in range(2):
        assert desk.post("/call/attach", {"number": "13912345678", "person": zhang.pk}).status_code == 302
    assert zhang.phones.count() == 2
    assert Event.objects.filter(verb="person.phones_set").count() == 1


def test_what_cannot_be_a_number_is_refused_with_a_sentence(desk, add):
    zhang = add("張小明", "13800138000")
    answer = desk.post("/call/attach", {"number": "00000000", "person": zhang.pk})
    assert answer.status_code == 409 and "is not a telephone number" in text(answer)
    assert zhang.phones.count() == 1
    for wrong in (
        {},
        {"number": "13912345678"},
        {"number": "13912345678", "person": "9" * 30},
        {"person": zhang.pk},
    ):
        assert desk.post("/call/attach", wrong).status_code == 404, wrong


def test_another_estate_neither_opens_nor_takes_a_number(add, unit, stranger, sign_in):
    zhang = add("張小明", "13800138000", unit)
    browser = sign_in(stranger)
    page = browser.get("/call", {"number": "13800138000"})
    assert page.status_code == 200 and "張小明" not in text(page) and "3-2-1201" not in text(page)
    assert browser.post("/call/attach", {"number": "13912345678", "person": zhang.pk}).status_code == 404
    assert zhang.phones.count() == 1


def test_readers_are_not_offered_to_add(add, unit, auditor, guard, technician, sign_in):
    zhang = add("張小明", "13800138000", unit)
    browser = sign_in(auditor)
    assert browser.get("/call", {"number": "13800138000"}).url == household(unit, zhang)
    page = text(browser.get("/call", {"number": "13912345678", "q": "zxm"}))
    assert "Add this number" not in page and "Name or unit of the caller" not in page
    for staff in (guard, technician):
        assert sign_in(staff).get("/call", {"number": "13800138000"}).status_code == 403


def test_after_the_log_in_the_call_goes_on(add, unit):
    answer = Client().get("/call", {"number": "+8613800138000"})
    assert answer.status_code == 302 and "next=/call%3Fnumber%3D%252B8613800138000" in answer.url


def test_a_call_costs_the_same_for_one_household_and_for_many(desk, add, estate):
    def cost():
        with CaptureQueriesContext(connection) as caught:
            assert desk.get("/call", {"number": "13800138000"}).status_code == 200
        return len(caught)

    for code in ("3-2-1201", "3-2-1202"):
        add("張小明", "13800138000", cast.make_unit(estate, code))
    cost()
    few = cost()
    for number in range(10):
        add(f"住戶{number}", "13800138000", cast.make_unit(estate, f"3-2-13{number:02}"))
    assert cost() == few


@pytest.mark.parametrize(
    ("said", "number"), [("9" * 40, ""), ("abc123456", ""), ("<>", ""), ("+", ""), ("sip:8001@pbx", "8001")]
)
def test_strange_addresses_are_no_number(said, number):
    assert calls.number_of(said) == number
