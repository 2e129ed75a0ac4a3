"""What the search box answers across the rooms: where Enter leads, whom it shows what, what it costs (SPEC §2)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import find
from office import search
from office.models import SearchKey
from residents import actions
from tests import cast
from tickets.models import Complaint, LogEntry, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(estate, clerk, now):
    """`town(code, name, phone)` → the unit with its owner, findable."""

    def house(code, name, number):
        unit = cast.make_unit(estate, code)
        search.put("unit", unit.pk, estate.pk, search.keys_of_code(code))
        person = actions.add_person(estate=estate, name=name, phones=[number], by=clerk, now=now)
        cast.occupy(unit, person)
        return unit, person

    return house


def today(now, estate):
    return now.astimezone(estate.zone).date()


def test_enter_leads_to_the_household_however_it_was_asked_for(town, clerk, estate, now):
    unit, person = town("3-2-1201", "張小明", "13800138000")
    for typed in (
        "13800138000",
        "138 0013 8000",
        "+86 13800138000",
        "8000",
        "張小明",
        "zxm",
        "zhangxiaoming",
    ):
        _groups, address = find.answer(clerk, typed, today(now, estate))
        assert address == find.household(unit.pk, person.pk), typed
    for typed in ("3-2-1201", "3座2單元1201", "321201"):
        assert find.answer(clerk, typed, today(now, estate))[1] == find.household(unit.pk), typed


def test_old_lines_of_the_log_do_not_stand_before_the_household(town, clerk, estate, now):
    unit, person = town("3-2-1201", "張小明", "13800138000")
    SearchKey.objects.create(
        estate=estate, subject_kind=LogEntry.SUBJECT, subject_id=1, kind="phone", key="13800138000"
    )
    assert find.answer(clerk, "13800138000", today(now, estate))[1] == find.household(unit.pk, person.pk)


def test_two_people_of_one_household_are_one_answer_and_of_two_are_a_list(town, clerk, estate, now):
    unit, _zhang = town("3-2-1201", "張小明", "13800138000")
    wife = actions.add_person(estate=estate, name="李美麗", phones=["13800138000"], by=clerk, now=now)
    cast.occupy(unit, wife, role="member")
    groups, address = find.answer(clerk, "13800138000", today(now, estate))
    assert address == find.household(unit.pk)
    assert [line.text for line in groups[0].hits] == ["張小明", "李美麗"]
    town("5-1-0803", "陳大文", "13800138000")
    groups, address = find.answer(clerk, "13800138000", today(now, estate))
    assert address == "" and len(groups[0].hits) == 3


def test_every_line_says_by_what_it_was_found(town, clerk, estate, now):
    town("3-2-1201", "張小明", "13800138000")
    reasons = {}
    for typed in ("張小明", "小明", "zxm", "zhangxm", "13800138000", "8000", "3-2-1201", "2-1201"):
        groups, _address = find.answer(clerk, typed, today(now, estate))
        reasons[typed] = groups[0].hits[0].why
    assert reasons == {
        "張小明": "name", "小明": "part of the name", "zxm": "initials", "zhangxm": "pinyin", "13800138000": "telephone",
        "8000": "end of the telephone number", "3-2-1201": "unit", "2-1201": "part of the unit",
    }  # fmt: skip


def test_a_guard_finds_nothing_of_the_register_and_a_stranger_nothing_here(
    town, guard, technician, stranger, estate, now
):
    town("3-2-1201", "張小明", "13800138000")
    for staff in (guard, technician, stranger):
        for typed in ("13800138000", "8000", "張小明", "zxm", "3-2-1201", "1201", "張"):
            assert find.answer(staff, typed, today(now, estate)) == ([], ""), (staff, typed)


def test_no_kind_is_shown_to_somebody_who_may_not_open_it(guard, technician):
    """What each of the two outside may look for at all; a new kind has to be thought about here."""
    assert set(find._scopes(technician)) == {Ticket.SUBJECT, Complaint.SUBJECT}
    assert set(find._scopes(guard)) == {Complaint.SUBJECT}
    for kind in find.KINDS.values():
        assert kind.permissions and all("." in permission for permission in kind.permissions)


def test_more_hits_cost_no_more_queries(town, clerk, estate, now):
    def cost(typed):
        with CaptureQueriesContext(connection) as caught:
            find.answer(clerk, typed, today(now, estate))
        return len(caught)

    town("3-2-1201", "張小明", "13800138000")
    cost("張小明")  # the clerk's postings are read once
    few = cost("張小明")
    for number in range(8):
        town(f"3-2-130{number}", "張小明", f"1390013000{number}")
    assert cost("張小明") == few == 2


def test_several_estates_are_told_apart(town, elsewhere, clerk, estate, now):
    town("3-2-1201", "張小明", "13800138000")
    both = cast.make_staff("both", (estate, "clerk"), (elsewhere, "clerk"))
    groups, _address = find.answer(both, "張小明", today(now, estate))
    assert groups[0].hits[0].hint == "HT · 3-2-1201"


def test_the_box_says_that_there_are_more_and_the_page_shows_them(town, clerk):
    for number in range(find.SUGGESTED + 1):
        town(f"3-2-{1201 + number}", f"張小{chr(0x4E00 + number)}", f"1380013{8000 + number}")
    desk = cast.client_of(clerk)
    box = desk.get("/search?q=張", headers={"HX-Request": "true"}).content.decode()
    page = desk.get("/search?q=張").content.decode()
    assert "There may be more" in box
    assert "There may be more" not in page and "type more" not in page
    assert page.count('class="search-hit"') == find.SUGGESTED + 1 > box.count('class="search-hit"')
