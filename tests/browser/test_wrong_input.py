"""What goes wrong at a desk: a word at the place, nothing lost, nothing doubled."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import category, sign_in
from tickets import actions
from tickets.models import Ticket

PROBLEM = "廚房水龍頭關不緊,滴了一夜"
LOST = "#connection:not([hidden])"


@pytest.fixture
def intake(sit, office):
    """The clerk's page with a repair typed in, ready to be saved."""
    page = sit("clerk")
    fill(page, office)
    return page


def fill(page, office):
    page.goto(f"/repairs/new?unit={office.unit.pk}")
    page.fill("[name=problem]", PROBLEM)
    page.wait_for_selector(".field-category .ts-wrapper")
    page.evaluate(
        "pk => document.getElementById('id_category').tomselect.setValue(pk)",
        f"{category(office.estate, 'TAP').pk}",
    )


def save(page):
    page.focus("[name=problem]")
    page.keyboard.press("Control+Enter")


def kept(page):
    assert page.input_value("[name=problem]") == PROBLEM


def refused_at(page, name):
    """The form has come back: its field says why, the text is still there, nothing was saved."""
    expect(page.locator(f".field-{name} .invalid-feedback")).to_be_visible()
    expect(page.locator(".form-summary")).to_be_focused()
    kept(page)
    assert not Ticket.objects.exists()


# --- at the form -------------------------------------------------------------------------------------------


def test_a_unit_nobody_knows(intake):
    intake.evaluate(
        "() => { const one = document.getElementById('id_where').tomselect; one.addOption({ value: '99-9-9999', text: '99-9-9999' }); one.setValue('99-9-9999') }"
    )
    save(intake)
    refused_at(intake, "where")


@pytest.mark.parametrize(
    "start, end, days", [("11:00", "09:00", 1), ("09:00", "10:00", -3), ("", "10:00", 1)]
)
def test_a_window_that_cannot_be(intake, office, start, end, days):
    intake.locator("label:has(input[name=when][value=other])").click()
    intake.fill("[name=window_day]", f"{office.today + timedelta(days=days)}")
    intake.fill("[name=window_from]", start)
    intake.fill("[name=window_to]", end)
    save(intake)
    refused_at(intake, "window")
    assert intake.input_value("[name=window_to]") == end


@pytest.mark.parametrize("letter", ["x", "漏"])
def test_ten_megabytes_of_description(intake, letter):
    """Too long for its field, or for any form at all: either way the text stays in the field."""
    length = 10 * 1024 * 1024 // len(letter.encode())
    typed = "([letter, length]) => { document.getElementById('id_problem').value = letter.repeat(length) }"
    intake.evaluate(typed, [letter, length])
    intake.evaluate("document.getElementById('intake').requestSubmit(document.querySelector('[data-save]'))")
    told = intake.locator(f".field-problem .invalid-feedback, {LOST}").first
    told.wait_for(timeout=30_000)
    assert intake.evaluate("document.getElementById('id_problem').value.length") == length
    assert not Ticket.objects.exists()


def test_a_file_of_a_kind_we_do_not_take(intake):
    intake.set_input_files(
        "#id_file_ids_pick",
        {"name": "angebot.exe", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00" + b"\0" * 200},
    )
    expect(intake.locator(".attach-item.is-failed .attach-text")).not_to_be_empty()
    kept(intake)
    assert intake.locator("input[type=hidden][name=file_ids]").count() == 0


# --- twice -------------------------------------------------------------------------------------------------


def test_two_quick_clicks_take_one_repair(intake):
    intake.locator("[data-save]").dblclick()
    intake.wait_for_url("**/print?now=1")
    assert Ticket.objects.count() == 1


def test_the_same_form_sent_from_two_tabs_takes_one_repair(intake, office):
    """A tab that was duplicated carries the same key: the second one is shown what the first one saved."""
    key = intake.input_value("[name=form_key]")
    second = intake.context.new_page()
    second.add_init_script("window.print = () => {}")
    fill(second, office)
    second.evaluate("key => { document.querySelector('[name=form_key]').value = key }", key)
    for page in (intake, second):
        save(page)
        page.wait_for_url("**/print?now=1")
    assert Ticket.objects.count() == 1
    assert second.url == intake.url


def test_two_tabs_take_two_repairs(intake, office):
    """Two calls at once, each in its tab: no mixing up."""
    second = intake.context.new_page()
    second.add_init_script("window.print = () => {}")
    fill(second, office)
    second.fill("[name=problem]", "浴室燈不亮")
    for page in (intake, second):
        save(page)
        page.wait_for_url("**/print?now=1")
    assert set(Ticket.objects.values_list("problem", flat=True)) == {PROBLEM, "浴室燈不亮"}


# --- stale -------------------------------------------------------------------------------------------------


@pytest.fixture
def ticket(office):
    return actions.take(
        estate=office.estate, unit=office.unit, category=category(office.estate, "TAP"), problem=PROBLEM,
        reporter_name="張小明", reporter_phone="13800138000", by=office.staff["clerk"], now=timezone.now(),
    )  # fmt: skip


def test_a_page_older_than_the_ticket(sit, office, ticket):
    """The sentence, the words typed, and saving again is a decision."""
    page = sit("clerk")
    page.goto(f"/repairs/{ticket.pk}/edit")
    page.fill("[name=problem]", "熱水龍頭也滴水")
    actions.schedule(
        ticket=ticket, window_from=timezone.now() + timedelta(days=1), window_to=timezone.now() + timedelta(days=1, hours=2),
        by=office.staff["lead"], now=timezone.now(),
    )  # fmt: skip
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.keyboard.press("Control+Enter")
    assert answer.value.status == 409
    expect(page.locator("main .alert-danger")).to_be_visible()
    assert page.input_value("[name=problem]") == "熱水龍頭也滴水"
    page.focus("[name=problem]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".desk-toast-success")
    ticket.refresh_from_db()
    assert ticket.problem == "熱水龍頭也滴水" and ticket.window_from


# --- cut off -----------------------------------------------------------------------------------------------


def test_the_connection_is_lost_while_saving(intake):
    intake.context.set_offline(True)
    save(intake)
    expect(intake.locator(LOST)).to_be_visible()
    kept(intake)
    assert not Ticket.objects.exists()
    intake.context.set_offline(False)
    intake.locator(f"{LOST} button").click()
    intake.wait_for_url("**/print?now=1")
    assert Ticket.objects.count() == 1


def test_the_answer_is_lost_after_saving(intake):
    """Saved, but the page never heard of it: trying again finds what was saved."""

    def cut(route):
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            return route.abort("connectionreset")
        return route.continue_()

    intake.route("**/repairs/new*", cut)
    save(intake)
    expect(intake.locator(LOST)).to_be_visible()
    assert Ticket.objects.count() == 1
    kept(intake)
    intake.unroute("**/repairs/new*")
    intake.locator(f"{LOST} button").click()
    intake.wait_for_url("**/print?now=1")
    assert Ticket.objects.count() == 1


def test_the_session_is_over(intake, office):
    Session.objects.all().delete()
    save(intake)
    expect(intake.locator(f"{LOST} a[target=_blank]")).to_be_visible()
    expect(intake.locator(f"{LOST} button")).to_be_visible()  # the saving was answered, not only the draft
    kept(intake)
    assert not Ticket.objects.exists()
    sign_in(intake, office.staff["clerk"], office.url)  # in the other tab
    intake.locator(f"{LOST} button").click()
    intake.wait_for_url("**/print?now=1")
    assert Ticket.objects.get().problem == PROBLEM


# --- taken back --------------------------------------------------------------------------------------------


def test_u_takes_back_what_was_just_done(sit, office, ticket):
    page = sit("lead")
    page.goto(f"/repairs/{ticket.pk}/dispatch")
    page.locator("label:has(input[name=technician])").first.click()
    page.fill("[name=window_day]", f"{office.today + timedelta(days=1)}")
    page.fill("[name=window_from]", "09:00")
    page.fill("[name=window_to]", "11:00")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-undo-button]")
    ticket.refresh_from_db()
    assert ticket.state == "dispatched"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    expect(page.locator("[data-undo-button]")).to_have_count(0)
    page.wait_for_selector(".desk-toast-success")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.technician) == ("accepted", None)


def test_no_page_breaks(sit, office, ticket):
    """Addresses typed wrongly are answered, never with a 500."""
    page = sit("clerk")
    for address in (
        "/repairs/999999/",
        "/register/units/0/",
        "/repairs/new?unit=abc",
        "/repairs/?after=%00",
        "/search?q=%00",
    ):
        assert page.goto(address).status in (200, 404), address
        assert page.locator("h1").count() == 1
