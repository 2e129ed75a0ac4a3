"""月度統計分析 from the draft to the filed PDF, as supervisor and director do it (SPEC §4.8)."""

from datetime import timedelta

import pytest

from office import clocks
from office.actions import months as actions
from office.models import MonthReport
from tickets import actions as repairs
from tickets.models import Category

SAID = ".desk-toast-success"


def drafted(office):
    """The report of the month before, with one tap that came three times."""
    first = clocks.add_months(office.today.replace(day=1), -1)
    at = clocks.midnight(first, office.estate.zone) + timedelta(days=9, hours=10)
    category = Category.objects.get(estate=office.estate, code="TAP")
    for day in range(3):
        repairs.take(
            estate=office.estate, category=category, unit=office.unit, problem="水龍頭關不緊", by=office.staff["clerk"],
            now=at + timedelta(days=day),
        )  # fmt: skip
    now = clocks.midnight(clocks.add_months(first, 1), office.estate.zone)
    return actions.draft(estate=office.estate, month=first, now=now)[0]


def draw(page):
    """A signature with the mouse."""
    pad = page.locator("[data-signature] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 20 + step * 12, box["y"] + 30 + (step % 3) * 15)
    page.mouse.up()


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_forced_analysis_both_signatures_and_the_filed_pdf(sit, office, language):
    report = drafted(office)
    supervisor, director = sit("supervisor"), sit("director")
    supervisor.goto("/")
    supervisor.locator("section", has=supervisor.locator("#home-reports")).locator("a.owed-line").click()
    supervisor.wait_for_selector(".month-chart svg.bars")
    assert supervisor.locator('.move-refused button:visible[aria-describedby="why-sign"]').count() == 1
    supervisor.locator(".month-issues textarea").fill("同一閥芯老化，四月統一更換。")
    supervisor.fill("#id_text_summary", "報修量與上月相若。")
    supervisor.click("button[name=then][value=sign]")
    supervisor.wait_for_url("**/sign/")
    draw(supervisor)
    supervisor.keyboard.press("Control+Enter")
    supervisor.wait_for_selector(SAID)
    assert MonthReport.objects.get().state == "signed"

    director.goto(f"/office/months/{report.pk}/")
    assert director.locator("textarea").count() == 0
    director.click('[data-verb="issue"]')
    director.wait_for_selector("[data-signature] canvas")
    draw(director)
    director.click("[data-save]")
    director.wait_for_selector(SAID)
    report.refresh_from_db()
    assert (report.state, report.issued_by) == ("issued", office.staff["director"])
    filed = director.locator('[data-verb="filed"]').get_attribute("href")
    answer = supervisor.request.get(filed)
    assert answer.ok and answer.body().startswith(b"%PDF")
