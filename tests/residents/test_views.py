"""The register's pages: they work, they refuse at the field, strangers find nothing, and rows cost no queries."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation

from office import places
from office.models import AccessLog, Event, Unit
from residents import actions
from residents.models import Occupancy, Person
from tests import cast

GOOD = "11010519491231002X"


@pytest.fixture
def unit(estate, clerk, now):
    building = places.add_building(estate=estate, code="3", by=clerk, now=now)
    section = places.add_section(building=building, code="2", by=clerk, now=now)
    return places.add_unit(
        estate=estate, building=building, section=section, code="3-2-1201", by=clerk, now=now
    )


@pytest.fixture
def zhang(estate, clerk, now):
    return actions.add_person(
        estate=estate,
        name="張小明",
        phones=["13800138000"],
        identity_type="cn_id",
        identity_number=GOOD,
        by=clerk,
        now=now,
    )


@pytest.fixture
def owned(unit, zhang, clerk, now):
    return actions.start_occupancy(
        unit=unit, person=zhang, role="owner", share=100, since=date(2020, 6, 10), by=clerk, now=now
    )


@pytest.fixture
def desk(clerk, sign_in):
    return sign_in(clerk)


def url(name, *args):
    return reverse(f"residents:{name}", args=args)


def text(response):
    return response.content.decode()


def errors(response, field):
    with translation.override("en"):  # sentences of Django's are worked out when they are read
        return [str(said) for said in response.context["form"].errors.get(field, [])]


UNIT_VALUES = {"code": "3-2-1202", "kind": "flat", "floor": "12", "area": "９４．５６", "use": "", "note": ""}
PERSON_VALUES = {"name": "李四", "kind": "person", "phone_1": "13911112222", "label_1": "day"}


# --- units and buildings -----------------------------------------------------------------------------------


def test_units_are_listed_with_owners_and_found_inside_the_list(desk, owned, unit, estate, now, clerk):
    cast.make_unit(estate, "3-2-1301", building=unit.building)
    page = text(desk.get(url("units")))
    assert "3-2-1201" in page and "張小明" in page and "3-2-1301" in page
    for typed in ("zxm", "8000", "1201"):
        page = text(desk.get(url("units"), {"q": typed}))
        assert "3-2-1201" in page and "3-2-1301" not in page
    assert "3-2-1201" not in text(desk.get(url("units"), {"empty": "no"}))


def test_a_new_unit_opens_on_its_page_and_twice_sent_is_once_made(desk, unit):
    values = UNIT_VALUES | {"building": unit.building_id, "section": unit.section_id}
    response = desk.post(url("unit_new"), values)
    made = Unit.objects.get(code="3-2-1202")
    assert response.status_code == 302 and response.url == url("unit", made.pk)
    assert str(made.area) == "94.56"
    again = desk.post(url("unit_new"), values)
    assert again.status_code == 422
    assert errors(again, "code") == ["There is already a unit 3-2-1202."]


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"code": ""}, "code", "This field is required."),
        ({"area": "large"}, "area", "Enter a number."),
        ({"area": "0"}, "area", "An area is more than 0 m²."),
        (
            {"building": "999999"},
            "building",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
        ({"handed_over_on": "2026-02-30"}, "handed_over_on", "Enter a valid date."),
        ({"kind": "castle"}, "kind", "Select a valid choice. castle is not one of the available choices."),
    ],
)
def test_wrong_unit_is_refused_at_the_field_and_nothing_typed_is_lost(desk, unit, wrong, field, said):
    values = UNIT_VALUES | {"building": unit.building_id, "note": "鎖匙在保安室"} | wrong
    response = desk.post(url("unit_new"), values)
    assert response.status_code == 422
    assert errors(response, field) == [said]
    assert "鎖匙在保安室" in text(response)
    assert Unit.objects.count() == 1


def test_a_section_of_another_building_is_refused_at_the_field(desk, unit, estate):
    other = cast.make_building(estate, "9")
    response = desk.post(url("unit_new"), UNIT_VALUES | {"building": other.pk, "section": unit.section_id})
    assert errors(response, "section") == ["This section belongs to building 3."]


def test_editing_from_an_old_page_is_refused_and_keeps_what_was_typed(desk, unit, clerk, now):
    places.edit_unit(unit=unit, floor="12", by=clerk, now=now)
    values = UNIT_VALUES | {
        "code": unit.code,
        "building": unit.building_id,
        "version": 1,
        "note": "new words",
    }
    response = desk.post(url("unit_edit", unit.pk), values)
    assert response.status_code == 409
    assert "Somebody changed this in the meantime" in text(response) and "new words" in text(response)


def test_the_unit_page_shows_household_history_and_timeline(desk, unit, owned, zhang, clerk, now):
    page = text(desk.get(url("unit", unit.pk)))
    assert 'href="tel:+8613800138000"' in page
    assert "張小明: owner from 2020-06-10" in page
    assert reverse("tickets:intake") + f"?unit={unit.pk}" in page
    assert url("history", unit.pk) in page
    asked = desk.get(url("history", unit.pk), {"day": "2024-03-15"})
    assert [one.name for one in asked.context["asked_house"].residents] == ["張小明"]
    assert desk.get(url("history", unit.pk), {"day": "2020-06-09"}).context["asked_house"].residents == []
    wrong = desk.get(url("history", unit.pk), {"day": "soon"})
    assert wrong.status_code == 422 and "This is not a date" in text(wrong)


def test_the_warning_of_a_unit_stands_on_top(desk, unit, clerk, now):
    places.edit_unit(unit=unit, note="dog", warning=True, by=clerk, now=now)
    assert 'class="alert alert-warning" role="note"' in text(desk.get(url("unit", unit.pk)))


def test_buildings_and_sections(desk, unit):
    page = text(desk.get(url("building", unit.building_id)))
    assert "1 unit" in page
    response = desk.post(url("section_new", unit.building_id), {"code": "2"})
    assert errors(response, "code") == ["This building already has a section 2."]
    assert desk.post(url("section_new", unit.building_id), {"code": "3", "has_lift": "on"}).status_code == 302
    assert desk.post(url("building_new"), {"code": "3"}).status_code == 422
    assert desk.post(url("building_new"), {"code": "4", "floors": "18"}).status_code == 302
    assert desk.post(url("section_edit", unit.section_id), {"code": "2", "floors": "33"}).status_code == 302
    assert desk.post(url("building_edit", unit.building_id), {"code": "3", "name": "丙座"}).status_code == 302
    page = text(desk.get(url("buildings")))
    assert "丙座" in page and "18" in page


# --- people ------------------------------------------------------------------------------------------------


def test_a_new_person_with_telephones(desk, estate):
    response = desk.post(
        url("person_new"), PERSON_VALUES | {"identity_type": "hk_id", "identity_number": "A123456(3)"}
    )
    person = Person.objects.get(name="李四")
    assert response.url == url("person", person.pk)
    assert [(phone.number, phone.label) for phone in person.phones.all()] == [("13911112222", "day")]
    page = text(desk.get(response.url))
    assert "•••••56(3)" in page and "A123456" not in page


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"phone_1": "hello"}, "phone_1", "This is not a telephone number: 4 to 15 digits."),
        ({"phone_2": "139 1111 2222"}, "phone_2", "This number stands here twice."),
        ({"identity_type": "cn_id", "identity_number": "000000190001010000"}, "identity_number",
         "No resident identity number is like this: date of birth or check digit is wrong."),
        ({"identity_number": GOOD}, "identity_type", "Say which document this is."),
        ({"email": "nobody"}, "email", "Enter a valid email address."),
        ({"born_on": "2999-01-01"}, "born_on", "This day is still to come."),
    ],
)  # fmt: skip
def test_wrong_person_is_refused_at_the_field_and_nothing_typed_is_lost(desk, estate, wrong, field, said):
    response = desk.post(url("person_new"), PERSON_VALUES | {"address": "深水埗"} | wrong)
    assert response.status_code == 422
    assert errors(response, field) == [said]
    assert "深水埗" in text(response)
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "same", [{"phone_1": "+86 138 0013 8000"}, {"identity_type": "cn_id", "identity_number": GOOD.lower()}]
)
def test_a_possible_duplicate_stops_once(desk, zhang, same):
    first = desk.post(url("person_new"), PERSON_VALUES | same)
    assert first.status_code == 422
    assert "Is it the same person?" in text(first) and "張小明" in text(first)
    mark = first.context["form"].warnings_mark
    assert desk.post(url("person_new"), PERSON_VALUES | same | {"confirm_warnings": mark}).status_code == 302
    assert Person.objects.count() == 2


def test_editing_a_person_keeps_the_identity_number(desk, zhang):
    before = Person.objects.get(pk=zhang.pk).identity_sealed
    values = {"name": "張大明", "kind": "person", "phone_1": "13800138000", "version": 1}
    assert desk.post(url("person_edit", zhang.pk), values).status_code == 302
    after = Person.objects.get(pk=zhang.pk)
    assert (after.name, after.identity_sealed) == ("張大明", before)


def test_the_form_sent_twice_makes_one_person(desk, estate):
    values = PERSON_VALUES | {"form_key": "7c7e0e1c-6f0a-4a55-9d0a-0f4b0b6b3a11"}
    first, second = desk.post(url("person_new"), values), desk.post(url("person_new"), values)
    assert first.url == second.url
    assert Person.objects.count() == 1


def test_reveal_is_a_post_with_a_reason_and_leaves_a_line(desk, zhang, clerk, sign_in, lead):
    page = text(desk.get(url("person", zhang.pk)))
    assert GOOD not in page and "••••••••••••••002X" in page
    assert desk.get(url("person_reveal", zhang.pk)).status_code == 405
    assert desk.post(url("person_reveal", zhang.pk), {"reason": ""}).status_code == 422
    assert not AccessLog.objects.exists()
    shown = desk.post(url("person_reveal", zhang.pk), {"reason": "police request"})
    assert GOOD in text(shown) and "no-store" in shown.headers["Cache-Control"]
    assert AccessLog.objects.get().reason == "police request"
    assert sign_in(lead).post(url("person_reveal", zhang.pk), {"reason": "why"}).status_code == 403
    assert GOOD not in text(sign_in(lead).get(url("person", zhang.pk)))


def test_changing_and_removing_the_identity_number(desk, zhang):
    address = url("person_identity", zhang.pk)
    assert GOOD not in text(desk.get(address))
    wrong = desk.post(address, {"identity_type": "hk_id", "identity_number": "A123456(4)"})
    assert errors(wrong, "identity_number") == [
        "The check digit in brackets does not fit this Hong Kong number."
    ]
    assert desk.post(address, {"identity_type": "hk_id", "identity_number": "A123456(3)"}).status_code == 302
    stop = desk.post(address, {"identity_type": "hk_id", "identity_number": ""})
    assert "will be removed" in text(stop)
    values = {"identity_type": "hk_id", "confirm_warnings": stop.context["form"].warnings_mark}
    assert desk.post(address, values).status_code == 302
    assert Person.objects.get(pk=zhang.pk).identity_sealed == ""


def test_exact_lookup_goes_to_the_person_and_is_logged_without_the_number(desk, zhang):
    assert desk.post(url("identity_lookup"), {"number": GOOD.lower()}).url == url("person", zhang.pk)
    assert "Nobody has exactly this number" in text(desk.post(url("identity_lookup"), {"number": "A1234563"}))
    lines = AccessLog.objects.order_by("id")
    assert [(line.what, line.detail) for line in lines] == [
        ("lookup", {"found": 1}),
        ("lookup", {"found": 0}),
    ]


def test_suggestions(desk, zhang, elsewhere):
    cast.make_person(elsewhere, "張小明")
    found = desk.get(url("people_suggest"), {"q": "zxm"}).json()["results"]
    assert found == [{"value": str(zhang.pk), "text": "張小明", "hint": "13800138000"}]


# --- who lives where ---------------------------------------------------------------------------------------

OCCUPY = {"role": "owner", "share": "100", "since": "2024-03-15"}


def test_moving_in_and_ending(desk, unit, zhang):
    response = desk.post(url("occupancy_new", unit.pk), OCCUPY | {"person": zhang.pk})
    assert response.url == url("unit", unit.pk)
    row = Occupancy.objects.get()
    early = desk.post(url("occupancy_end", row.pk), {"last_day": "2024-03-01"})
    assert early.status_code == 422
    assert errors(early, "last_day") == ["The last day lies before the first day (2024-03-15)."]
    assert desk.post(url("occupancy_end", row.pk), {"last_day": "2024-12-31"}).status_code == 302
    assert Occupancy.objects.get().ends_on == date(2025, 1, 1)
    assert desk.post(url("occupancy_end", row.pk), {"last_day": "2025-12-31"}).status_code == 409
    values = {"share": "50", "since": "2024-03-16", "reason": "typed wrong"}
    assert desk.post(url("occupancy_correct", row.pk), values).status_code == 302
    assert Occupancy.objects.get().ends_on is None
    assert Event.objects.filter(unit_id=unit.pk, verb="occupancy.corrected").exists()


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"last_day": "2024-03-14"}, "last_day", "The last day lies before the first day."),
        ({"share": ""}, "share", "Say which share this owner has; 100 for a sole owner."),
        ({"share": "101"}, "share", "An owner's share is more than 0 and at most 100 %."),
        ({"person": "999999"}, "person", "Choose somebody from the register."),
        ({"person": "x"}, "person", "Choose somebody from the register."),
        ({"person": ""}, "person", "This field is required."),
        ({"since": ""}, "since", "This field is required."),
    ],
)
def test_wrong_occupancy_is_refused_at_the_field(desk, unit, zhang, wrong, field, said):
    response = desk.post(url("occupancy_new", unit.pk), OCCUPY | {"person": zhang.pk} | wrong)
    assert response.status_code == 422
    assert errors(response, field) == [said]
    assert not Occupancy.objects.exists()


def test_a_share_that_is_taken_names_who_has_it(desk, unit, owned, estate):
    other = cast.make_person(estate, "李四")
    response = desk.post(url("occupancy_new", unit.pk), OCCUPY | {"person": other.pk, "share": "30"})
    assert response.status_code == 422
    assert "張小明 100 %, since 2020-06-10" in errors(response, "share")[0]


def test_a_new_person_from_a_unit_goes_on_to_the_relation(desk, unit):
    response = desk.post(url("person_new") + f"?unit={unit.pk}", PERSON_VALUES)
    person = Person.objects.get()
    assert response.url == url("occupancy_new", unit.pk) + f"?person={person.pk}"
    assert f'<option value="{person.pk}" selected>' in text(desk.get(response.url))


# --- doors -------------------------------------------------------------------------------------------------


def test_strangers_find_nothing(unit, owned, zhang, stranger, sign_in):
    browser = sign_in(stranger)
    for name, pk in (
        ("unit", unit.pk), ("unit_edit", unit.pk), ("occupancy_new", unit.pk), ("person", zhang.pk),
        ("person_edit", zhang.pk), ("person_identity", zhang.pk), ("building", unit.building_id),
        ("building_edit", unit.building_id), ("section_new", unit.building_id), ("section_edit", unit.section_id),
        ("occupancy_end", owned.pk), ("occupancy_correct", owned.pk),
    ):  # fmt: skip
        assert browser.get(url(name, pk)).status_code == 404, name
    assert browser.post(url("person_reveal", zhang.pk), {"reason": "why"}).status_code == 404
    for name in ("units", "people", "buildings"):
        page = text(browser.get(url(name)))
        assert "張小明" not in page and "3-2-1201" not in page
    assert not AccessLog.objects.exists()


def test_roles(unit, zhang, estate, sign_in):
    for role in ("technician", "guard"):
        assert sign_in(cast.make_staff(role, (estate, role))).get(url("unit", unit.pk)).status_code == 403
    for role in ("auditor", "finance", "lead", "admin"):
        browser = sign_in(cast.make_staff(role, (estate, role)))
        assert browser.get(url("unit", unit.pk)).status_code == 200
        assert browser.get(url("unit_edit", unit.pk)).status_code == 403
        assert url("unit_edit", unit.pk) not in text(browser.get(url("unit", unit.pk)))


# --- the search box ----------------------------------------------------------------------------------------


def test_the_only_hit_opens_at_once(desk, unit, owned, zhang):
    assert desk.get("/search", {"q": "3座2單元1201"}).url == url("unit", unit.pk)
    household = f"{url('unit', unit.pk)}?caller={zhang.pk}"  # her only home
    assert desk.get("/search", {"q": "zxm"}).url == household
    assert desk.get("/search", {"q": "1380013 8000"}).url == household


def test_somebody_without_a_home_here_opens_by_name(desk, zhang):
    assert desk.get("/search", {"q": "zxm"}).url == url("person", zhang.pk)


def test_suggestions_say_why_and_never_redirect(desk, unit, owned, zhang):
    response = desk.get("/search", {"q": "8000"}, headers={"HX-Request": "true"})
    page = text(response)
    assert response.status_code == 200 and "<html" not in page
    assert (
        f"{url('unit', unit.pk)}?caller={zhang.pk}" in page
        and "end of the telephone number" in page
        and "3-2-1201" in page
    )


def test_several_hits_make_a_page_and_none_says_what_to_try(desk, unit, estate, clerk, now):
    for name in ("張小明", "張曉敏"):
        actions.add_person(estate=estate, name=name, by=clerk, now=now)
    page = text(desk.get("/search", {"q": "zxm"}))
    assert "張小明" in page and "張曉敏" in page
    assert "last four digits" in text(desk.get("/search", {"q": "nobody at all"}))
    assert desk.get("/search", {"q": "\0%_'\\" * 30}).status_code == 200


def test_search_shows_only_what_one_may_read(unit, zhang, guard, technician, stranger, sign_in):
    for staff in (guard, technician, stranger):
        for typed in ("zxm", "3-2-1201", "13800138000"):
            response = sign_in(staff).get("/search", {"q": typed})
            assert response.status_code == 200
            assert url("unit", unit.pk) not in text(response) and url("person", zhang.pk) not in text(
                response
            )


# --- what pages cost ---------------------------------------------------------------------------------------


def fill(estate, building, clerk, now, count, start):
    for number in range(start, start + count):
        unit = places.add_unit(
            estate=estate, building=building, code=f"3-2-{2000 + number}", by=clerk, now=now
        )
        person = actions.add_person(
            estate=estate, name=f"住戶{number}", phones=[f"139000{number:05}"], by=clerk, now=now
        )
        actions.start_occupancy(
            unit=unit, person=person, role="owner", share=100, since=date(2020, 1, 1), by=clerk, now=now
        )


@pytest.mark.parametrize("name", ["units", "people", "buildings"])
def test_lists_cost_the_same_for_one_row_and_for_many(
    desk, unit, estate, clerk, now, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert desk.get(url(name)).status_code == 200
        return len(caught)

    fill(estate, unit.building, clerk, now, 1, 0)
    cost()
    few = cost()
    fill(estate, unit.building, clerk, now, 4, 1)
    assert cost() == few <= 15


def test_record_pages_cost_the_same_for_one_and_for_many(desk, unit, zhang, owned, estate, clerk, now):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(address):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert desk.get(address).status_code == 200
        return len(caught)

    pages = [url("unit", unit.pk), url("person", zhang.pk)]
    before = [(cost(page), cost(page))[1] for page in pages]
    for number in range(3):
        member = actions.add_person(
            estate=estate, name=f"成員{number}", phones=[f"1390001000{number}"], by=clerk, now=now
        )
        actions.start_occupancy(
            unit=unit, person=member, role="member", since=date(2021, 1, 1), by=clerk, now=now
        )
        other = places.add_unit(
            estate=estate, building=unit.building, code=f"3-2-{3000 + number}", by=clerk, now=now
        )
        actions.start_occupancy(
            unit=other, person=zhang, role="tenant", since=date(2021, 1, 1), by=clerk, now=now
        )
    assert [cost(page) for page in pages] == before
    assert max(before) <= 14
