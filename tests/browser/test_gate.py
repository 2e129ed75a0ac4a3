"""Goods leave once: the clerk issues and prints, the guard's telephone opens the code, the second scan is red.
Visitors in and out; a key out with a drawn signature; the resident signs the technician's telephone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from office.models import File
from residents.models import Key, KeyLoan, ReleaseSlip, SlipRefusal, Visitor
from tests.browser.conftest import category
from tickets import actions as tickets

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])


def sign(page):
    """A stroke across the box, as a finger draws it; answers once the field holds the picture."""
    box = page.locator("[data-signature] canvas")
    box.scroll_into_view_if_needed()
    page.wait_for_function("!!window.SignaturePad")
    place = box.bounding_box()
    page.mouse.move(place["x"] + 30, place["y"] + 60)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(place["x"] + 30 + 15 * step, place["y"] + 60 + (step % 3) * 12)
    page.mouse.up()
    page.wait_for_function("document.querySelector('[data-signature] input').value.length > 100")


def errand(office):
    """A work order the technician has in hand, made by the actions."""
    now, by = timezone.now(), office.staff
    ticket = tickets.take(
        estate=office.estate, unit=office.unit, category=category(office.estate, "TAP"), problem="水龍頭滴水",
        reporter_name="李太", reporter_phone="13900139000", by=by["clerk"], now=now,
    )  # fmt: skip
    window = {"window_from": now + timedelta(hours=1), "window_to": now + timedelta(hours=2)}
    tickets.dispatch(ticket=ticket, technician=by["technician"], by=by["lead"], now=now, **window)
    return ticket.work_orders.get()


@LANGUAGES
def test_a_slip_from_the_counter_through_the_gate_once(sit, office, language):
    clerk, guard = sit("clerk"), sit("guard", phone=True)
    clerk.goto(f"/register/slips/new?unit={office.unit.pk}")
    clerk.fill("[name=goods-0-name]", "三座位沙發")
    clerk.fill("[name=goods-1-name]", "紙箱")
    clerk.fill("[name=goods-1-quantity]", "12")
    clerk.fill("[name=plate]", "粵b·12345")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_url("**/slips/*/print?*")
    clerk.wait_for_selector("html[data-printed]", timeout=40_000)
    slip = ReleaseSlip.objects.get()
    assert (slip.plate, slip.lines.count()) == ("粤B12345", 2)

    code = f"/register/gate/{slip.pk}/{slip.token}"  # what the telephone's camera opens
    guard.goto(code)
    assert guard.evaluate("document.documentElement.scrollWidth <= innerWidth")
    guard.locator(".gate-go").first.tap()  # nothing ticked: nothing leaves
    guard.wait_for_selector(".alert-danger")
    for tick in guard.locator(".gate-tick").all():
        tick.tap()
    guard.locator(".gate-go").first.tap()
    guard.wait_for_selector(".verdict-go")
    slip.refresh_from_db()
    assert (slip.state, slip.released_by) == ("released", office.staff["guard"])

    guard.goto(code)
    guard.wait_for_selector(".verdict-bad")
    expect(guard.locator("#gate-noted")).not_to_be_empty()  # the page recorded it by itself
    assert SlipRefusal.objects.get().reason == "used"
    guard.goto("/register/gate/")
    guard.fill("[name=number]", slip.number[-3:])
    guard.locator(".gate-form .btn").tap()
    guard.wait_for_selector(".verdict-bad")
    clerk.goto("/office/bell")
    assert slip.number in clerk.inner_text("main")


def test_visitor_in_and_out_on_the_telephone(sit, office):
    guard = sit("guard", phone=True)
    guard.goto("/register/gate/visitors/new")
    guard.fill("[name=name]", "趙志明")
    guard.fill("[name=unit]", "321201")
    guard.fill("[name=badge]", "V07")
    guard.locator("[data-save]").tap()
    guard.wait_for_selector(".visit")
    row = Visitor.objects.get()
    assert (row.unit, row.badge, row.out_at) == (office.unit, "V07", None)
    guard.locator(".visit form .btn").first.tap()
    guard.wait_for_selector(".empty-state")
    row.refresh_from_db()
    assert row.out_at and not row.badge_kept


def test_a_key_goes_out_against_a_drawn_signature(sit, office):
    clerk = sit("clerk")
    clerk.goto(f"/register/keys/new?unit={office.unit.pk}")
    clerk.fill("[name=tag]", "A-01")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector("[data-verb=lend]")
    clerk.click("[data-verb=lend]")
    clerk.wait_for_selector("[data-signature] canvas")
    clerk.locator("label:has(input[value=contractor])").click()
    clerk.fill("[name=contractor]", "宏發電梯 黃師傅")
    sign(clerk)
    clerk.locator("[data-save]").click()
    clerk.wait_for_selector("img.signed")
    loan = KeyLoan.objects.get()
    assert (loan.contractor, loan.signed_by, Key.objects.get().state) == ("宏發電梯 黃師傅",) * 2 + ("out",)
    assert File.objects.get(kind="signature_out").subject_id == loan.pk
    assert clerk.evaluate("document.querySelector('img.signed').naturalWidth > 0")
    clerk.click("[data-verb=take_back]")
    clerk.locator("[data-save]").click()
    clerk.wait_for_selector("[data-verb=lend]")
    assert KeyLoan.objects.get().in_at


def test_the_resident_signs_the_technician_s_telephone(sit, office):
    order = errand(office)
    technician = sit("technician", phone=True)
    technician.goto(f"/repairs/orders/{order.pk}/")
    technician.locator('[data-verb="arrive"]').tap()
    technician.locator("#dialog [data-save]").tap()
    technician.locator('[data-verb="finish"]').tap()
    technician.wait_for_selector("[data-signature] canvas")
    technician.fill("[name=result]", "已換閥芯")
    sign(technician)
    technician.locator("[data-save]").tap()
    technician.wait_for_selector("img.signed")
    assert File.objects.get(kind="signature").subject_id == order.pk
