"""Messages as they are used: words are mended, a resident is written to, thought better of, and tried again (SPEC §10)."""

from datetime import timedelta

from django.utils import timezone

from office import outbox
from office.models import Estate, Message, MessageText

SAID = ".desk-toast-success"


def test_an_administrator_mends_a_text_and_sees_what_it_looks_like(sit, office):
    admin = sit("admin")
    admin.goto("/office/settings/messages/ticket.resident_taken/?language=en")
    admin.fill("#id_body", "Repair {number}: {nobody}")
    admin.wait_for_selector("#text-preview .text-danger")
    assert "{nobody}" in admin.inner_text("#text-preview .text-danger")
    admin.fill("#id_body", "{estate}: repair {number} at {unit} is with us. €")
    admin.wait_for_selector("#text-preview:not(:has(.text-danger))")
    assert "R2026-000123 at 3-2-1201" in admin.inner_text("#text-preview")
    admin.keyboard.press("Control+Enter")
    admin.wait_for_selector(SAID)
    row = MessageText.objects.get()
    assert (row.language, row.version, row.body) == (
        "en",
        1,
        "{estate}: repair {number} at {unit} is with us. €",
    )
    assert admin.input_value("#id_body") == row.body


def test_a_clerk_writes_takes_back_writes_again_and_it_is_tried_again(sit, office):
    Estate.objects.filter(pk=office.estate.pk).update(quiet_from="03:00", quiet_to="03:00")  # never quiet
    clerk = sit("clerk")
    clerk.goto(f"/register/units/{office.unit.pk}/")
    clerk.keyboard.press("n")
    clerk.click('.dropdown-menu a[href*="/message/"]')
    clerk.wait_for_selector("#message-form")
    clerk.select_option("#begin-template", "hand.call_us")
    clerk.wait_for_selector("#id_body:has-text('3-2-1201')")
    clerk.fill("#id_body", "請致電管理處。")
    clerk.wait_for_selector("#sms-length:has-text('7')")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(SAID)
    message = Message.objects.get()
    assert (message.state, message.channel, message.body) == ("queued", "sms", "請致電管理處。")
    clerk.wait_for_selector("[data-undo-button]")
    with clerk.expect_navigation():
        clerk.keyboard.press("u")
    message.refresh_from_db()
    assert message.state == "cancelled"

    clerk.goto(f"/units/{office.unit.pk}/message/")
    clerk.fill("#id_body", "您的包裹在前台。")
    clerk.keyboard.press("Control+Enter")
    clerk.wait_for_selector(SAID)
    message = Message.objects.exclude(pk=message.pk).get()
    Message.objects.filter(pk=message.pk).update(address="")  # the gateway refuses it
    settings_of_gateway = {"sms": "office.gateways.HttpSmsGateway"}
    _deliver(settings_of_gateway)
    message.refresh_from_db()
    assert (message.state, message.problem) == ("failed", "address")
    supervisor = sit("supervisor")
    supervisor.goto("/office/messages/?state=failed")
    supervisor.click(f'a[href="/office/messages/{message.pk}/"]')
    supervisor.click('[data-verb="retry"]')
    supervisor.wait_for_selector(SAID)
    message.refresh_from_db()
    assert (message.state, message.address) == ("queued", "+8613800138000")  # looked up in the register again
    _deliver({})
    clerk.goto(f"/register/units/{office.unit.pk}/?kind=messages")
    assert clerk.locator(f'#timeline a[href="/office/messages/{message.pk}/"]').count() == 4


def _deliver(ways):
    from django.test import override_settings

    with override_settings(MESSAGE_GATEWAYS={**_usual(), **ways}):
        outbox.deliver(timezone.now() + timedelta(minutes=1))


def _usual():
    from django.conf import settings

    return settings.MESSAGE_GATEWAYS
