"""The clerk's moment: the telephone rings, the household stands there, a repair is begun and comes back to it (UX G1, G3)."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import cast
from tests.browser.conftest import Keys
from tickets import actions
from tickets.models import Category, Ticket

LANGUAGES = pytest.mark.parametrize("language", ["zh-hant"])


def in_view(locator):
    """Above the fold of a desk's screen."""
    box = locator.bounding_box()
    return box is not None and box["y"] + box["height"] <= 900


@LANGUAGES
def test_a_call_opens_the_household_and_its_repair_stands_there_with_its_clock(sit, office, language):
    wife = cast.make_person(office.estate, "李文靜", "13911112222")
    cast.occupy(office.unit, wife, "member", since=office.today - timedelta(days=90), lives_here=True)
    page = sit("clerk")
    keys = Keys(page)
    page.goto("/call?number=%2B86 139-1111-2222")  # what a softphone sends
    page.wait_for_url(f"**/register/units/{office.unit.pk}/*")
    expect(page.locator(".is-calling")).to_contain_text("李文靜")
    for card in ("#card-people", "#card-repairs", "#unit-note"):
        assert in_view(page.locator(card)), card
    expect(page.locator("#card-people a[href='tel:+13800138000']")).to_be_visible()

    keys.press("r")
    page.wait_for_selector(".field-category .ts-wrapper")
    assert page.input_value("#id_reporter_name") == "李文靜"
    assert page.input_value("#id_reporter_phone") == "13911112222"
    keys.text("廚房水龍頭關不緊")
    keys.press("Tab")
    keys.press("Tab")
    keys.text("TAP")
    page.wait_for_selector(".field-category .option.active")
    keys.press("Enter")
    keys.press("Control+Enter")
    page.wait_for_url("**/orders/*/print?*")
    page.wait_for_selector("html[data-printed]")
    keys.press("h")
    page.wait_for_url(f"**/register/units/{office.unit.pk}/")
    assert keys.count <= 8
    ticket = Ticket.objects.get()
    assert (ticket.unit, ticket.reporter) == (office.unit, wife)
    expect(page.locator("#card-repairs .matter")).to_contain_text(ticket.number)

    actions.dispatch(
        ticket=ticket, technician=office.staff["technician"], window_from=ticket.window_from,
        window_to=ticket.window_to, by=office.staff["lead"], now=ticket.opened_at,
    )  # fmt: skip
    page.reload()
    clock = page.locator("#card-repairs .matter .clock")
    clock.focus()
    expect(page.locator("#hint")).to_be_visible()  # the rule behind the clock
    assert not sit.errors


@LANGUAGES
def test_what_can_be_begun_opens_with_one_key_and_is_walked_with_arrows(sit, office, language):
    page = sit("clerk")
    page.goto(f"/register/units/{office.unit.pk}/")
    page.keyboard.press("n")
    expect(page.locator(".dropdown-menu.show")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".dropdown-menu.show .dropdown-item").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/repairs/new?unit=*")


@LANGUAGES
def test_note_and_timeline_are_changed_in_place(sit, office, language):
    page = sit("clerk")
    for n in range(20):
        actions.take(
            estate=office.estate, category=Category.objects.filter(estate=office.estate).first(), problem=f"{n}", unit=office.unit,
            by=office.staff["clerk"], now=office.staff["clerk"].created_at,
        )  # fmt: skip
    page.goto(f"/register/units/{office.unit.pk}/")
    page.click(".unit-note-edit")
    page.fill("#note-words", "有狗，先打電話")
    page.check("#note-warning")
    page.click(".unit-note [data-save]")
    expect(page.locator("#unit-note [role=note]")).to_contain_text("有狗")
    shown = page.locator("#timeline .timeline-item").count()
    page.click("#older a")
    expect(page.locator("#timeline .timeline-item").nth(shown)).to_be_visible()
    page.locator("#timeline .kind").nth(1).click()
    expect(page.locator("#timeline .kind").nth(1)).to_have_class("kind active")
    assert not sit.errors
