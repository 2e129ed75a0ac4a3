"""Preventive work as the office does it: a plan is made, its ticket opens by itself, the work is checked on site."""

from datetime import timedelta

import pytest
from django.utils import timezone

from office.models import Promise
from tests.browser.test_repair import SAID, dispatch, owed
from tickets import tasks
from tickets.models import Asset, Plan, Ticket

CHECKS = ("聽水泵運轉聲音", "記錄壓力表讀數", "清潔泵房")


@pytest.mark.parametrize("language", ["zh-hant"])
def test_a_plan_opens_its_ticket_and_the_work_is_checked_on_site(sit, office):
    asset = Asset.objects.create(
        estate=office.estate, code="PUMP-1", name_zh_hant="生活水泵", kind="pump", place="泵房"
    )
    lead, technician, clerk = sit("lead"), sit("technician", phone=True), sit("clerk")
    due = office.today + timedelta(days=2)
    lead.goto(f"/repairs/maintenance/plans/new?asset={asset.pk}")
    lead.fill("[name=title]", "月度保養")
    lead.fill("[name=starts_on]", f"{due}")
    lead.locator("label:has(input[name=every][value=month])").click()
    lead.fill("[name=checks]", "\n".join(CHECKS))
    lead.keyboard.press("Control+Enter")
    lead.wait_for_selector(SAID)
    plan = Plan.objects.get()
    assert (plan.asset, plan.next_due, plan.responsible) == (asset, due, office.staff["lead"])

    assert tasks.open_plans(timezone.now()).done == 1
    ticket = Ticket.objects.get(plan=plan)
    dispatch(lead, ticket, due)
    order = ticket.work_orders.get()
    technician.goto(f"/repairs/orders/{order.pk}/")
    assert technician.locator(".steps-to-do li").all_inner_texts() == list(CHECKS)
    technician.locator('[data-verb="arrive"]').tap()
    technician.locator("#dialog [data-save]").tap()
    technician.locator('[data-verb="finish"]').tap()
    technician.wait_for_selector("[name=result]")
    assert technician.locator(".steps-to-do li").count() == len(CHECKS)
    technician.fill("[name=result]", "運轉正常")
    technician.locator("[data-save]").tap()
    technician.wait_for_selector(".alert-success")
    ticket.refresh_from_db()
    assert ticket.state == "done"
    assert Promise.objects.get(kind="upkeep").outcome == "kept"

    check = owed(ticket, "callback")
    clerk.goto("/repairs/callbacks")
    assert clerk.locator("#callback-title a").inner_text() == ticket.number
    clerk.keyboard.press("1")
    clerk.wait_for_selector(".empty-state")
    ticket.refresh_from_db()
    check.refresh_from_db()
    assert (ticket.state, ticket.ending, check.outcome) == ("closed", "site_checked", "kept")
    plan.refresh_from_db()
    assert plan.next_due > due and not Promise.objects.open().exists()
