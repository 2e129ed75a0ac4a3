"""The front desk's log as it is used: by keys at the desk, on the expert's telephone, by the next shift (SPEC §2)."""

from datetime import timedelta

import pytest

from office.models import Promise
from tickets.models import Handover, LogEntry, Ticket

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])
SAID = ".desk-toast-success"  # the sentence after a change


def note(page, asked, answered=""):
    """C from the household page: unit and caller are there already."""
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("3-2-1201")
    page.keyboard.press("Enter")
    page.wait_for_url("**/register/units/*/**")
    page.keyboard.press("c")
    page.wait_for_url("**/log/new?*")
    page.wait_for_selector("textarea[name=asked]:focus")
    page.keyboard.type(asked)
    if answered:
        page.keyboard.press("Tab")
        page.keyboard.type(answered)


@LANGUAGES
def test_a_call_becomes_a_repair_by_keys_alone(sit, office, language):
    clerk = sit("clerk")
    note(clerk, "廚房水龍頭關不緊")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(SAID)
    entry = LogEntry.objects.get()
    assert (entry.unit, entry.asked, entry.is_open) == (office.unit, "廚房水龍頭關不緊", True)
    clerk.goto(f"/repairs/log/{entry.pk}/")
    clerk.keyboard.press("r")
    clerk.wait_for_selector(".field-category .ts-wrapper")
    assert clerk.input_value("#id_problem") == "廚房水龍頭關不緊"
    clerk.focus("#id_category-ts-control")
    clerk.keyboard.type("TAP")
    clerk.wait_for_selector(".field-category .option.active")
    clerk.keyboard.press("Enter")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_url("**/orders/*/print?*")
    ticket, entry = Ticket.objects.get(), LogEntry.objects.get()  # the one line, no second
    assert (entry.became_id, entry.is_open) == (ticket.pk, False)
    clerk.goto(f"/repairs/{ticket.pk}/")
    clerk.click(f'a[href="/repairs/log/{entry.pk}/"]')
    clerk.wait_for_selector(f'a[href="/repairs/{ticket.pk}/"]')


def test_a_question_is_answered_from_the_telephone_and_told_by_the_desk(sit, office):
    clerk, technician = sit("clerk"), sit("technician", phone=True)
    clerk.goto("/repairs/log/")
    clerk.keyboard.press("c")  # the row above the day's list
    clerk.keyboard.type("3-2-1201")
    clerk.wait_for_selector(".field-where .option.active")
    clerk.keyboard.press("Enter")
    clerk.fill("#id_asked", "外牆滲水保修多久")
    clerk.click("button[name=then][value=ask]")
    clerk.wait_for_url("**/ask")
    expert = office.staff["technician"]
    clerk.select_option("#id_expert", str(expert.pk), force=True)
    at = (expert.created_at + timedelta(hours=30)).astimezone(office.estate.zone)
    clerk.fill("#id_agreed_at", f"{at:%Y-%m-%dT%H:%M}")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_url("**/log/*/")
    promise = Promise.objects.get(kind="expert_answer")
    assert promise.owner == expert

    technician.goto("/")
    technician.locator(f'a.owed-line[href*="/log/{promise.subject_id}/"]').tap()
    technician.locator('[data-verb="answer"]').tap()
    technician.fill("#dialog [name=text]", "五年,仍在期內")
    technician.locator("#dialog [data-save]").tap()
    technician.wait_for_selector(SAID)
    promise.refresh_from_db()
    assert (promise.owner, promise.outcome) == (office.staff["clerk"], "open")

    clerk.goto("/")
    clerk.click(f'a.owed-line[href*="/log/{promise.subject_id}/"]')
    clerk.wait_for_selector('[data-verb="told"]')
    clerk.keyboard.press("t")
    clerk.wait_for_selector("#dialog [name=told_how]", state="attached")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(SAID)
    promise.refresh_from_db()
    assert promise.outcome == "kept"
    assert LogEntry.objects.get().answered == "五年,仍在期內"


def test_a_shift_is_handed_over_and_acknowledged_by_the_next(sit, office):
    clerk, cashier = sit("clerk"), sit("cashier")
    clerk.goto("/repairs/log/")
    clerk.keyboard.press("h")
    clerk.wait_for_selector("textarea[name=text]:focus")
    clerk.keyboard.type("電梯年檢明早八點")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_url("**/shifts/*/")
    assert clerk.locator("form[action$='/acknowledge']").count() == 0  # not by who wrote it
    cashier.goto("/")
    cashier.click(".alert-warning a")
    cashier.wait_for_selector("form[action$='/acknowledge']")
    cashier.keyboard.press("a")
    cashier.wait_for_selector(SAID)
    assert Handover.objects.get().acknowledged_by == office.staff["cashier"]
    cashier.goto("/")
    assert cashier.locator(".alert-warning").count() == 0
