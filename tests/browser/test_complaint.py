"""A complaint as the desk lives it: from what the resident says to the result told, by keys and by mouse (SPEC §5).

Pages are read by names and states, so that both languages walk the same way.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from office.models import Message, Promise
from tests.browser.conftest import Keys
from tickets.actions import complaints as acts
from tickets.models import Complaint, ComplaintCause

SAID = ".desk-toast-success"  # the sentence after a change
COURSE = "樓上半夜搬動桌椅，保安只登記"


def cause_of(office):
    return ComplaintCause.objects.filter(estate=office.estate).order_by("position", "code").first()


def complain(office, ago=timedelta(minutes=20), **values):
    now = timezone.now() - ago
    given = {"unit": office.unit, "name": "張小明", "phone": "13800138000", "course": COURSE}
    return acts.take(
        estate=office.estate, cause=cause_of(office), by=office.staff["clerk"], now=now, **given | values
    )


def owed(complaint):
    return {row.kind for row in Promise.objects.of(Complaint.SUBJECT, complaint.pk).open()}


@pytest.mark.parametrize("language", ["en"])
def test_from_the_call_to_the_result_told_and_called_back_by_keys_alone(sit, office, language):
    clerk, lead = sit("clerk"), sit("lead")
    keys = Keys(clerk)
    clerk.goto("/")
    keys.press("/")
    keys.text("3-2-1201")
    keys.press("Enter")
    clerk.wait_for_url("**/register/units/*/")
    keys.press("t")
    clerk.wait_for_selector("#id_course:focus")
    assert clerk.input_value("#id_name") == "張小明"
    keys.text(COURSE)
    for _ in range(3):
        keys.press("Tab")
    clerk.wait_for_selector(".field-cause .ts-wrapper")
    keys.text("noi")
    clerk.wait_for_selector(".field-cause .option.active")
    keys.press("Enter")
    keys.press("Control+Enter")
    clerk.wait_for_url("**/complaints/*/")
    complaint = Complaint.objects.get()
    assert keys.count <= 12
    assert (complaint.unit, complaint.klass, complaint.owner) == (office.unit, "minor", office.staff["clerk"])
    assert owed(complaint) == {"complaint_solve"}

    lead.goto(f"/repairs/complaints/{complaint.pk}/")
    lead.click('[data-verb="contact"]')
    lead.wait_for_selector("#dialog textarea[name=text]:focus")
    lead.keyboard.type("每晚都有，已錄音")
    lead.keyboard.press("Control+Enter")
    lead.wait_for_selector(SAID)
    lead.keyboard.press("f")
    lead.wait_for_selector("#dialog textarea[name=result]:focus")
    lead.keyboard.type("樓上同意鋪地墊")
    lead.click("#dialog label:has(input[name=valid][value=yes])")
    lead.click("#dialog label:has(input[name=fault][value=neighbour])")
    lead.keyboard.press("Control+Enter")
    lead.wait_for_selector(".state >> nth=0")
    lead.wait_for_selector('[data-verb="tell"], .moves-refused')

    clerk.goto("/")
    clerk.click(f'a.owed-line[href="/repairs/complaints/{complaint.pk}/"]')
    clerk.wait_for_selector('[data-verb="tell"]')
    clerk.keyboard.press("t")
    clerk.wait_for_selector("#dialog [name=how]", state="attached")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(SAID)
    complaint.refresh_from_db()
    assert (complaint.state, owed(complaint)) == ("told", {"complaint_callback"})

    clerk.keyboard.press("b")
    clerk.wait_for_selector("#callback-title")
    assert complaint.number in clerk.inner_text("#callback-title")
    clerk.keyboard.press("1")
    clerk.wait_for_selector(".empty-state")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.satisfied, owed(complaint)) == ("closed", True, set())


@pytest.mark.parametrize("language", ["zh-hant"])
def test_from_the_counter_to_the_result_told_by_mouse(sit, office, language):
    clerk, director = sit("clerk"), sit("director")
    clerk.goto(f"/register/units/{office.unit.pk}/")
    clerk.locator('a[href*="/complaints/new?unit="]').first.click()
    clerk.wait_for_selector(".field-cause .ts-wrapper")
    clerk.fill("#id_course", COURSE)
    expect(clerk.locator("#complaint-hints .clocks-item")).to_have_count(1)
    clerk.click("label:has(input[name=klass][value=major])")
    expect(clerk.locator("#complaint-hints .clocks-item")).to_have_count(3)
    expect(clerk.locator(".field-wanted_by")).to_be_hidden()
    clerk.click("label:has(input[name=against][value=department])")
    clerk.select_option("#id_against_department", "security")
    clerk.click(".field-cause .ts-control")
    clerk.locator(".field-cause .option").first.click()
    clerk.click("label:has(input[name=channel][value=counter])")
    clerk.click(".form-actions [data-save]")
    clerk.wait_for_url("**/complaints/*/")
    complaint = Complaint.objects.get()
    assert (complaint.klass, complaint.channel, complaint.against_department) == (
        "major",
        "counter",
        "security",
    )
    assert owed(complaint) == {"complaint_forward", "complaint_answer", "complaint_solve"}

    director.goto("/")
    director.click(".owed-press button")  # from home, one press
    director.wait_for_selector(SAID)
    complaint.refresh_from_db()
    assert complaint.acknowledged_by == office.staff["director"]

    steps = (
        ("contact", "text", "已致電"),
        ("answer", "text", "三日內換人值班"),
        ("report", "result", "已換人"),
    )
    for verb, field, words in steps:
        clerk.click(f'[data-verb="{verb}"]')
        clerk.fill(f"#dialog [name={field}]", words)
        if verb == "report":
            clerk.click("#dialog label:has(input[name=valid][value=yes])")
            clerk.click("#dialog label:has(input[name=fault][value=company])")
        before = complaint.version
        clerk.click("#dialog [data-save]")
        clerk.wait_for_selector("#dialog", state="hidden")
        expect(clerk.locator(SAID).first).to_be_visible()
        complaint.refresh_from_db()
        assert complaint.version > before
    clerk.click('[data-verb="tell"]')
    clerk.click("#dialog label:has(input[name=how][value=face])")
    clerk.click("#dialog [data-save]")
    clerk.wait_for_selector("#dialog", state="hidden")
    clerk.wait_for_selector('[data-verb="hand_over"], .moves', state="attached")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.told_how, owed(complaint)) == ("told", "face", {"complaint_callback"})


def test_one_press_calls_the_supervisor_and_says_the_talk_has_moved(sit, office):
    complaint = complain(office)
    clerk, supervisor = sit("clerk"), sit("supervisor")
    clerk.goto(f"/repairs/complaints/{complaint.pk}/")
    clerk.keyboard.press("q")
    clerk.wait_for_selector(SAID)
    complaint.refresh_from_db()
    assert complaint.calmed_at
    assert complaint.steps.get().kind == "calm_down"
    assert Message.objects.filter(staff=office.staff["supervisor"], subject_id=complaint.pk).count() == 1
    supervisor.goto("/")
    assert supervisor.get_attribute("[data-bell]", "data-bell") == "1"


def test_wrong_input_stays_in_the_form_with_its_reason(sit, office):
    page = sit("clerk")
    page.goto(f"/repairs/complaints/new?unit={office.unit.pk}")
    page.wait_for_selector(".field-cause .ts-wrapper")
    page.fill("#id_course", COURSE)
    page.click("label:has(input[name=against][value=staff])")
    page.focus("#id_course")
    page.keyboard.press("Control+Enter")
    for name in ("cause", "against_staff"):
        expect(page.locator(f".field-{name} .invalid-feedback")).to_be_visible()
    expect(page.locator(".form-summary")).to_be_focused()
    assert page.input_value("#id_course") == COURSE
    assert not Complaint.objects.exists()

    complaint = complain(office, harm_now=True)
    page.goto(f"/repairs/complaints/{complaint.pk}/contact")  # an address kept from before
    expect(page.locator(".alert-danger")).to_be_visible()
    page.goto(f"/repairs/complaints/{complaint.pk}/")
    expect(page.locator(".alert-danger").first).to_be_visible()
    page.click('[data-verb="stop_harm"]')
    page.wait_for_selector("#dialog textarea[name=text]")
    Complaint.objects.update(version=9)  # somebody else was quicker
    page.fill("#dialog [name=text]", "關了水閥")
    page.click("#dialog [data-save]")
    expect(page.locator("#dialog .alert-danger")).to_be_visible()
    assert page.input_value("#dialog [name=text]") == "關了水閥"
    page.click("#dialog [data-save]")
    page.wait_for_selector("#dialog", state="hidden")
    complaint.refresh_from_db()
    assert not complaint.harm_going_on


def test_the_guard_handles_his_complaint_on_the_telephone(sit, office):
    complaint = complain(office, handler=office.staff["guard"])
    guard = sit("guard", phone=True)
    guard.goto("/")
    guard.locator(f'a.owed-line[href="/repairs/complaints/{complaint.pk}/"]').tap()
    guard.wait_for_selector('[data-verb="contact"]')
    assert guard.evaluate("document.documentElement.scrollWidth") <= 390
    guard.locator('[data-verb="contact"]').tap()
    guard.fill("#dialog [name=text]", "已上門勸止")
    guard.locator("#dialog [data-save]").tap()
    guard.wait_for_selector("#dialog", state="hidden")
    complaint.refresh_from_db()
    assert complaint.contacted_at and complaint.state == "handling"
    assert guard.evaluate("document.documentElement.scrollWidth") <= 390
