"""One repair as the office does it, from the telephone call to the callback, by those who do it.

The clerk never touches the mouse; the technician holds a telephone. Pages are read by names and states, not by
their words, so that both languages walk the same way.
"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from office import clocks, sweeps
from office.models import Promise
from tests import cast
from tests.browser.conftest import PNG, Keys, sign_in
from tickets.models import Ticket

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])
LEAK = "LK-PIPE"
SAID = ".desk-toast-success"  # the sentence after a change


def take_by_keyboard(page, search, problem, code):
    """From any page to the printed work order. Answers the ticket and how many keys it took besides the text."""
    keys = Keys(page)
    page.goto("/")
    keys.press("/")
    keys.text(search)
    keys.press("Enter")
    page.wait_for_url("**/register/units/*/")
    keys.press("r")
    page.wait_for_selector(".field-category .ts-wrapper")
    assert page.input_value("#id_reporter_name") == "張小明"
    assert page.input_value("#id_reporter_phone") == "13800138000"
    keys.text(problem)
    keys.press("Tab")  # the time is agreed already: the next half day
    keys.press("Tab")
    keys.text(code)
    page.wait_for_selector(".field-category .option.active")
    keys.press("Enter")
    keys.press("Control+Enter")
    page.wait_for_url("**/orders/*/print?*")
    page.wait_for_selector("html[data-printed]")
    return Ticket.objects.latest("pk"), keys.count


def dispatch(page, ticket, day):
    """The lead opens the ticket, presses D, picks the technician and the window of `day`."""
    page.goto(f"/repairs/{ticket.pk}/")
    page.keyboard.press("d")
    page.locator("#dialog label:has(input[name=technician])").first.click()
    page.fill("#dialog [name=window_day]", f"{day}")
    page.fill("#dialog [name=window_from]", "09:00")
    page.fill("#dialog [name=window_to]", "11:00")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(SAID)
    ticket.refresh_from_db()
    assert ticket.state == "dispatched"


def work(page, ticket, result):
    """The technician on the telephone: own list, arrived, a part of the price list, a photo, ended."""
    page.goto("/repairs/mine")
    order = ticket.work_orders.latest("pk")
    page.locator(f'a[href="/repairs/orders/{order.pk}/"]').first.tap()
    page.locator('[data-verb="arrive"]').tap()
    page.locator("#dialog [data-save]").tap()
    page.locator('[data-verb="finish"]').tap()
    page.wait_for_selector("[name=result]")
    page.fill("[name=result]", result)
    page.locator("select[name$='-item']").first.select_option(index=1)
    assert page.locator("[data-lines-sum]").inner_text() != "–"
    with page.expect_response("**/office/files/"):
        page.set_input_files(
            "input[type=file][capture]", {"name": "after.png", "mimeType": "image/png", "buffer": PNG}
        )
    page.wait_for_selector("input[type=hidden][name=file_ids]", state="attached")
    page.locator("[data-save]").tap()
    page.wait_for_selector(".alert-success")
    order.refresh_from_db()
    ticket.refresh_from_db()
    assert order.arrived_at and order.ended_at and order.lines.count() == 1


def owed(ticket, kind):
    return Promise.objects.of(Ticket.SUBJECT, ticket.pk).open().get(kind=kind)


def days_on(moment, days, zone):
    """24:00 of the `days`-th day after the local date of `moment`."""
    return clocks.midnight(clocks.local_date(moment, zone) + timedelta(days=days + 1), zone)


@LANGUAGES
def test_a_repair_from_the_call_to_the_callback(sit, office, language):
    zone, tomorrow = office.estate.zone, office.today + timedelta(days=1)
    clerk, lead, technician = sit("clerk"), sit("lead"), sit("technician", phone=True)
    ticket, keys = take_by_keyboard(clerk, "3-2-1201", "廚房水龍頭關不緊", "TAP")
    assert keys <= 12
    assert "/pdf" in clerk.locator("iframe#sheet").get_attribute("src")
    assert (ticket.unit, ticket.reporter, ticket.category.code) == (office.unit, office.zhang, "TAP")
    assert ticket.problem == "廚房水龍頭關不緊" and ticket.window_from

    dispatch(lead, ticket, tomorrow)
    work(technician, ticket, "已換閥芯")
    assert ticket.state == "done"
    assert ticket.work_orders.get().lines.count() == 1
    callback = owed(ticket, "callback")
    assert callback.owner == office.staff["clerk"]
    assert callback.due_at == days_on(ticket.done_at, 2, zone)

    other = cast.make_unit(office.estate, "3-2-1202", handed_over_on=office.today - timedelta(days=90))
    later = done(office, other)
    clerk.goto("/repairs/callbacks")
    first = clerk.locator("#callback-title a").inner_text()
    assert first in (ticket.number, later.number)
    clerk.keyboard.press("1")
    expect(clerk.locator("#callback-title a")).not_to_have_text(first)  # the next one opens by itself
    clerk.keyboard.press("1")
    clerk.wait_for_selector(".empty-state")
    ticket.refresh_from_db()
    callback.refresh_from_db()
    assert (ticket.state, callback.outcome) == ("closed", "kept")
    assert not Promise.objects.open().exists()


def done(office, unit, at=None):
    """A repair at `unit` whose work has ended, made by the actions."""

    from tickets import actions
    from tickets.models import Category

    now = at or timezone.now() - timedelta(minutes=5)
    by = office.staff
    ticket = actions.take(
        estate=office.estate, unit=unit, category=Category.objects.get(estate=office.estate, code="TAP"),
        problem="水龍頭滴水", reporter_name="李太", reporter_phone="13900139000", by=by["clerk"], now=now,
    )  # fmt: skip
    window = {"window_from": now + timedelta(hours=1), "window_to": now + timedelta(hours=2)}
    actions.dispatch(ticket=ticket, technician=by["technician"], by=by["lead"], now=now, **window)
    actions.finish(
        work_order=ticket.work_orders.get(),
        ended_at=now,
        arrived_at=now,
        result="已修復",
        by=by["technician"],
        now=now,
    )
    ticket.refresh_from_db()
    return ticket


def test_a_leak_counts_from_its_water_test_and_comes_back_when_not_satisfied(sit, office):
    """Found by the end of the telephone number; two work orders under one ticket."""
    zone, tomorrow = office.estate.zone, office.today + timedelta(days=1)
    clerk, lead, technician = sit("clerk"), sit("lead"), sit("technician", phone=True)
    clerk.goto("/repairs/")
    clerk.keyboard.press("/")
    clerk.keyboard.type("8000")
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**/register/units/*/?caller=*")
    clerk.keyboard.press("r")
    clerk.wait_for_url("**/repairs/new?*")
    assert clerk.input_value("#id_reporter_name") == "張小明"

    ticket, _keys = take_by_keyboard(clerk, "3 2 1201", "浴室漏水", LEAK)
    dispatch(lead, ticket, tomorrow)
    work(technician, ticket, "重做接口")
    assert ticket.state == "testing"
    assert not Promise.objects.of(Ticket.SUBJECT, ticket.pk).open().filter(kind="callback").exists()
    lead.reload()
    lead.keyboard.press("t")
    lead.locator("#dialog label:has(input[name=passed][value=yes])").click()
    lead.locator("#dialog [data-quick] ~ .quick button, #dialog .quick button").first.click()
    lead.keyboard.press("Control+Enter")
    lead.wait_for_selector(SAID)
    ticket.refresh_from_db()
    assert ticket.state == "done"
    assert owed(ticket, "callback").due_at == days_on(ticket.tested_at, 3, zone)

    clerk.goto("/repairs/callbacks")
    clerk.keyboard.press("2")  # asks for the words first
    assert clerk.evaluate("document.activeElement.id") == "id_remark"
    clerk.keyboard.type("還在滴水")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(".empty-state")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.rework_count, ticket.work_orders.count()) == ("accepted", 1, 2)
    dispatch(lead, ticket, tomorrow)
    assert ticket.work_orders.latest("pk").technician == office.staff["technician"]


def test_a_forgotten_callback_climbs_from_owner_to_head_to_director(sit, office):
    """Each step on the day it falls due: on the bell and on the home page of the one it has reached."""
    ticket = done(office, office.unit)
    promise = owed(ticket, "callback")
    people = ("clerk", "supervisor", "director")
    pages, heard = {role: sit(role) for role in people}, dict.fromkeys(people, 0)
    steps = [(promise.warn_at, "clerk"), (promise.due_at, "supervisor"), (promise.director_at, "director")]
    for moment, reached in steps:
        with time_machine.travel(moment + timedelta(minutes=1), tick=True):
            assert sweeps.run("callback", timezone.now()).done == 1
            assert sweeps.run("callback", timezone.now()).done == 0
            heard[reached] = 1
            for role, page in pages.items():
                sign_in(page, office.staff[role], office.url)  # days later the old session is over
                page.goto("/")
                assert page.get_attribute("[data-bell]", "data-bell") == str(heard[role]), (reached, role)
                section = "mine" if role == "clerk" else "climbed"
                lines = page.locator(f"[aria-labelledby=home-{section}] .owed-line")
                shown = lines.filter(has_text=ticket.number).count()
                assert shown == (1 if heard[role] or role == "clerk" else 0), (reached, role)
    assert promise.due_at < promise.director_at


def test_the_log_in_form_by_keyboard(new_page, office):
    """Every other test signs in by cookie."""
    page = new_page(viewport={"width": 1440, "height": 900})
    page.goto("/")
    page.wait_for_url("**/account/login/**")
    page.fill("[name=login]", "clerk")
    page.fill("[name=password]", cast.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-bell]")
