"""The one box: a single household opens with Enter, several are shown to choose from (SPEC §2, UX G1)."""

import pytest
from playwright.sync_api import expect

from tests import cast
from tests.browser.conftest import Keys, let_find


@pytest.fixture
def clerk(sit, office):
    for code, name, phone in (("3-2-1202", "張小敏", "13900138000"), ("5-1-0803", "陳大文", "13712345678")):
        cast.occupy(cast.make_unit(office.estate, code), cast.make_person(office.estate, name, phone))
    let_find()
    page = sit("clerk")
    page.goto("/")
    return page


def look_for(page, text):
    page.keyboard.press("/")
    page.keyboard.type(text)


@pytest.mark.parametrize("text", ["3-2-1201", "3 2 1201", "321201"])
def test_a_unit_as_people_say_it_opens_with_enter(clerk, office, text):
    look_for(clerk, text)
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(f"**/register/units/{office.unit.pk}/")


def test_a_telephone_leads_to_the_household_with_enter_only(clerk):
    """UX G1: besides what is said on the telephone nothing is typed but the key to the box and Enter."""
    for text in ("13712345678", "+86 137 1234 5678", "5678", "陳大文", "cdw"):
        keys = Keys(clerk)
        keys.press("/")
        keys.text(text)
        keys.press("Enter")
        clerk.wait_for_url("**/register/units/*/?caller=*")
        expect(clerk.locator("h1")).to_contain_text("5-1-0803")
        assert keys.count == 2
        clerk.goto("/")


def test_the_box_is_reached_from_inside_a_field(clerk):
    clerk.goto("/repairs/new")
    for key in ("F2", "Control+k"):
        clerk.focus("[name=problem]")
        clerk.keyboard.type("/")  # a letter here
        clerk.keyboard.press(key)
        expect(clerk.locator("#search-box")).to_be_focused()
    assert clerk.input_value("[name=problem]") == "//"


def test_an_unknown_caller_is_found_and_keeps_the_number(clerk, office):
    """UX G2: the softphone opens the page; a name, Enter on the one person offered, and the household is there."""
    clerk.goto("/call?number=%2B85298765432")
    expect(clerk.locator("#who")).to_be_focused()
    clerk.keyboard.type("cdw")
    expect(clerk.locator(".call-offer")).to_have_count(1)
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/register/units/*/?caller=*")
    expect(clerk.locator("main")).to_contain_text("+852 9876 5432")
    clerk.goto("/call?number=85298765432")
    clerk.wait_for_url("**/register/units/*/?caller=*")


def test_several_are_listed_and_chosen_by_arrow(clerk, office):
    look_for(clerk, "zxm")
    hits = clerk.locator("#search-results .search-hit")
    expect(hits).to_have_count(2)
    clerk.keyboard.press("ArrowDown")
    expect(hits.first).to_be_focused()
    clerk.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    home = hits.nth(1).locator("span").nth(1).inner_text()
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/register/units/*/?caller=*")
    expect(clerk.locator("h1")).to_contain_text(home)


def test_enter_on_several_shows_the_page_of_them(clerk):
    look_for(clerk, "8000")  # the end of two telephone numbers
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/search?q=8000")
    assert clerk.locator("main .search-hit").count() == 2
    assert clerk.input_value("#search-box") == "8000"
    expect(clerk.locator("main .search-hit").first).to_be_focused()
    clerk.keyboard.press("ArrowDown")
    expect(clerk.locator("main .search-hit").nth(1)).to_be_focused()
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/register/units/*/?caller=*")


def test_nothing_found_says_what_to_try(clerk):
    look_for(clerk, "nobody here")
    expect(clerk.locator("#search-results .empty-hint")).to_be_visible()
    clerk.keyboard.press("Escape")
    expect(clerk.locator("#search-results")).to_be_hidden()
