"""The reading round on a telephone whose signal comes and goes (SPEC §6.3, UX G15)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from billing.actions import readings
from billing.models import Meter, Reading
from tests.browser.conftest import AXE
from tests.browser.test_axe import READ, TAGS

SMALL = {"viewport": {"width": 360, "height": 740}}


@pytest.fixture
def meters(office):
    found = []
    for n in range(4):
        meter = Meter.objects.create(
            estate=office.estate, kind="water", serial=f"W{n}", unit=office.unit, building=office.unit.building,
            position=n, installed_on=office.today - timedelta(days=100),
        )  # fmt: skip
        for days, value in ((70, 10), (40, 20)):
            readings.take(
                meter=meter, value=Decimal(value), read_on=office.today - timedelta(days=days), source="desk",
                by=office.staff["technician"], now=timezone.now(),
            )  # fmt: skip
        found.append(meter)
    return found


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_a_round_without_a_signal_loses_nothing(office, meters, sit):
    page = sit("technician", phone=True, **SMALL)
    address = reverse("billing:round_building", args=[office.unit.building_id])
    page.goto(address)
    expect(page.locator("[data-round-what]")).to_contain_text("W0")
    expect(page.locator("[data-round-usual]")).to_contain_text("10 m³")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate(AXE)
    assert page.evaluate(READ, {"runOnly": TAGS}) == []
    field, following = page.locator("#round-value"), page.locator(".round-next")
    field.fill("30")
    field.press("Enter")
    expect(page.locator("[data-round-what]")).to_contain_text("W1")
    page.context.set_offline(True)
    field.fill("19")  # below the last: asked once
    following.click()
    expect(page.locator("[data-round-warning]")).to_be_visible()
    following.click()  # the second time it is meant
    expect(page.locator("[data-round-what]")).to_contain_text("W2")
    page.locator(".round-skip summary").click()
    page.locator(".round-reasons [value=locked]").click()
    expect(page.locator("[data-round-waiting]")).to_contain_text("2")
    expect(page.locator("[data-round-count]")).to_have_text("2 / 4")
    page.context.set_offline(False)
    expect(page.locator("[data-round-waiting]")).to_be_hidden()
    field.fill("90")
    field.press("Enter")
    expect(page.locator("[data-round-count]")).to_have_text("3 / 4")
    expect(page.locator("[data-round-waiting]")).to_be_hidden()
    expect(page.locator("[data-round-held]")).to_contain_text("2")
    assert list(Reading.objects.filter(read_on=office.today).order_by("meter").values_list("value", "state")) == [
        (30, "counted"), (19, "held"), (90, "held"),
    ]  # fmt: skip
    assert meters[2].missed.get().reason == "locked"


@pytest.mark.parametrize("language", ["en"])
def test_the_table_goes_down_by_enter(office, meters, sit):
    page = sit("clerk")
    page.goto(f"{reverse('billing:desk_readings')}?building={office.unit.building_id}")
    fields = page.locator(".readings-table input")
    fields.first.focus()
    for value in ("30", "31", "32", "33"):
        page.keyboard.type(value)
        page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("4 readings written down.")).to_be_visible()
    assert Reading.objects.filter(read_on=office.today, state="counted").count() == 4
