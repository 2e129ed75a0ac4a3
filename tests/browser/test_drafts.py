"""A draft survives the browser's page: it is offered again in the same tab, and goes when the form is saved."""

from django.urls import reverse
from playwright.sync_api import expect

from office.models import Draft
from tests.cast import PASSWORD, make_estate, make_staff


def sign_in(page, username):
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")


def test_what_was_typed_is_offered_again(desk_page):
    make_staff("clerk", (make_estate(), "clerk"), password=PASSWORD)
    sign_in(desk_page, "clerk")
    desk_page.goto(reverse("tickets:intake"))
    desk_page.fill("[name=problem]", "廚房水龍頭漏水")
    expect(desk_page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    assert Draft.objects.get().data["fields"]["problem"] == ["廚房水龍頭漏水"]
    desk_page.goto(reverse("tickets:intake"))
    assert desk_page.input_value("[name=problem]") == ""
    desk_page.click("[data-draft-take]")
    assert desk_page.input_value("[name=problem]") == "廚房水龍頭漏水"
    desk_page.goto(reverse("tickets:intake"))
    with desk_page.expect_response(lambda answer: answer.request.method == "DELETE"):
        desk_page.click("[data-draft-drop]")
    assert not Draft.objects.exists()
