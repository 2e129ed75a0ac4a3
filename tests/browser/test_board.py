"""The board by keys, and the screen on the wall that brings itself up to date (SPEC §1, §11; UX G9)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from office import promises
from office.actions import walls
from office.models import OwnerChange, Promise
from office.views import walls as screens
from tests.browser.conftest import AXE, Keys, category
from tests.browser.test_axe import READ, TAGS
from tests.matters import owe
from tickets import actions


@pytest.fixture
def owed(office):
    """Three repairs that wait for their callback, owned by the clerk."""
    now, made = timezone.now(), []
    for _n in range(3):
        ticket = actions.take(
            estate=office.estate, category=category(office.estate, "TAP"), problem="滴水", unit=office.unit,
            reporter_name="張小明", by=office.staff["clerk"], now=now - timedelta(hours=3),
        )  # fmt: skip
        made.append(
            promises.make(
                "callback", "callback_other", subject=ticket, fact_at=now, now=now, owner=ticket.owner,
                estate=office.estate, title=f"{ticket.number} 3-2-1201",
            )
        )  # fmt: skip
    return made


def test_promises_are_handed_over_by_keys_one_and_several(office, owed, sit):
    page = sit("supervisor")
    keys = Keys(page)
    page.goto(reverse("office:board"))
    expect(page.locator("[data-row]")).to_have_count(3)
    for key in ("j", "x", "j", "j", "Shift+X", "h"):  # the first, all down to the third
        keys.press(key)
    expect(page.locator("h2.form-section")).to_have_text("What will happen: 3 promises get the new owner")
    hand_over(page, keys, "Kary Ho", "on leave until Monday")
    expect(
        page.locator(".toast, [role=status]").filter(has_text="3 promises handed over to Kary Ho.")
    ).to_be_visible()
    assert set(Promise.objects.values_list("owner__username", flat=True)) == {"cashier"}
    page.locator("[data-row] a[href*=hand-over]").first.click()
    hand_over(page, keys, "May Chan", "asked for by the resident")
    expect(
        page.get_by_text("handed over to 陳美玲: asked for by the resident")
    ).to_be_visible()  # its timeline
    assert Promise.objects.filter(owner=office.staff["clerk"]).count() == 1
    assert list(OwnerChange.objects.order_by("pk").values_list("reason", flat=True)) == [
        *["on leave until Monday"] * 3,
        "asked for by the resident",
    ]


def hand_over(page, keys, name, reason):
    box = page.locator("#id_to-ts-control")
    box.click()
    keys.text(name)
    page.locator(".ts-dropdown .option").filter(has_text=name).wait_for()
    keys.press("Enter")
    page.locator("[name=reason]").focus()
    keys.text(reason)
    keys.press("Control+Enter")


def test_the_screen_on_the_wall_follows_by_itself_and_says_when_it_cannot(
    office, owed, new_page, monkeypatch
):
    monkeypatch.setattr(screens, "EVERY", 1)
    monkeypatch.setattr(screens, "STALE", 4)
    by, now = office.staff["supervisor"], timezone.now()
    wall, token = walls.make(
        estate=office.estate, name="front desk", language="en", expires_at=None, by=by, now=now
    )
    page = new_page(viewport={"width": 1920, "height": 1080})
    page.add_init_script(AXE)
    page.goto(reverse("wall", args=[token]))
    page.evaluate("window.same = true")
    assert page.evaluate(READ, {"runOnly": TAGS}) == []
    expect(page.locator(".clocks tr")).to_have_count(3)
    owe(office.estate, by, now - timedelta(days=9))
    expect(page.locator(".clocks tr")).to_have_count(4)
    expect(page.locator(".number strong").first).to_have_text("1")
    page.route("**/wall/*", lambda route: route.abort())  # the office's computer is away
    expect(page.locator("#stale")).to_be_visible(timeout=15_000)
    expect(page.locator(".clocks tr")).to_have_count(4)
    page.unroute("**/wall/*")
    expect(page.locator("#stale")).to_be_hidden(timeout=15_000)
    assert page.evaluate("window.same")  # never reloaded
    walls.end(wall=wall, by=by, now=timezone.now())
    expect(page.get_by_text("This wallboard has been ended.")).to_be_visible()
    expect(page.locator(".clocks")).to_have_count(0)
