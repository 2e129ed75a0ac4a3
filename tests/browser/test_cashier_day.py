"""A cashier's whole day, from the first payment to the drawer that is closed to the cent (SPEC §6.4, §6.6)."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from pypdf import PdfReader

from billing.actions import charging, ledger
from billing.models import Account, DayClose, Item, Receipt
from billing.reports import figures
from tests.cast import make_person, occupy


@pytest.fixture
def owing(office):
    """A tenant who owes for four months."""
    tenant = make_person(office.estate, "欠費人")
    occupy(office.unit, tenant, role="tenant")
    account = ledger.account_of(office.unit, tenant)
    fee = Item.objects.get(estate=office.estate, code="management")
    for month in (1, 2, 3, 4):
        charging.charge(
            account=account, item=fee, amount=Decimal("238.56"), period=date(2026, month, 1),
            by=office.staff["cashier"], now=timezone.now(),
        )  # fmt: skip
    return account


class Day:
    """What a cashier does at her page."""

    def __init__(self, page, account):
        self.page, self.account = page, account

    def counter(self):
        self.page.goto(f"/fees/counter/{self.account.unit_id}/?payer={self.account.person_id}")
        self.page.wait_for_selector("form[data-begun]")

    def take(self):
        """Take the payment and have it printed; its receipt."""
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_url("**/fees/receipts/*/**")
        return self.newest()

    def newest(self):
        return Receipt.objects.order_by("pk").last()

    def sheet(self, receipt):
        answer = self.page.request.get(f"/fees/receipts/{receipt.pk}/pdf?size=A5")
        return "".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.body())).pages)

    def held(self):
        row = Account.objects.get(pk=self.account.pk)
        return row.owed, row.prepaid, row.deposits


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_a_day_at_the_counter_is_closed_to_the_cent(sit, office, owing, language):
    page = sit("cashier")
    day = Day(page, owing)

    # One month and a part of the next, with change: the oldest first.
    day.counter()
    page.keyboard.press("m")
    page.keyboard.type("300")
    page.fill("[name=given]", "400")
    first = day.take()
    assert "100.00" in page.inner_text("[data-change-due]")
    assert day.held() == (Decimal("654.24"), 0, 0)

    # All the rest, partly by card. The form sent again leads to the same receipt.
    day.counter()
    page.keyboard.press("v")
    page.fill("[name=by_card]", "500")
    sent = page.evaluate("new URLSearchParams(new FormData(document.getElementById('counter'))).toString()")
    mixed = day.take()
    assert mixed.facts["methods"] == {"card": "500.00", "cash": "154.24"}
    again = page.request.post(
        f"/fees/counter/{owing.unit_id}/?payer={owing.person_id}", data=sent,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": f"{office.url}/"},
    )  # fmt: skip
    assert again.ok and f"/fees/receipts/{mixed.pk}/" in again.url and Receipt.objects.count() == 2

    # In advance, with nothing owed.
    day.counter()
    page.keyboard.press("d")
    page.fill("[name=prepay]", "1000")
    day.take()
    assert day.held() == (0, Decimal("1000.00"), 0)

    # A deposit comes in, and goes back before the evening.
    deposit = Item.objects.get(estate=office.estate, code="deposit_renovation")
    day.counter()
    page.select_option("[name=extra-0-item]", str(deposit.pk))
    page.fill("[name=extra-0-amount]", "2000")
    day.take()
    assert day.held() == (0, Decimal("1000.00"), Decimal("2000.00"))
    page.goto(f"/fees/accounts/{owing.pk}/")
    page.locator('[data-verb^="give_back"]').first.click()
    page.fill("[name=amount]", "1500")
    page.fill("[name=reason]", "驗收合格")
    page.click("[data-save]")
    page.wait_for_url(f"**/fees/accounts/{owing.pk}/")
    assert day.held() == (0, Decimal("1000.00"), Decimal("500.00"))

    # Printed by itself once; the next sheet says that it is a reprint.
    page.goto(f"/fees/receipts/{first.pk}/")
    page.click("button[data-print]")
    page.wait_for_function("document.documentElement.dataset.printed")
    for _turn in range(300):  # the note that it was printed is on its way
        if first.steps.filter(verb="printed").exists():
            break
        page.wait_for_timeout(100)
    assert "補印" in day.sheet(first) and first.steps.filter(verb="printed").exists()

    # The first one was a mistake: the supervisor voids it, and it is owed again.
    supervisor = sit("supervisor")
    supervisor.goto(f"/fees/receipts/{first.pk}/")
    supervisor.click('[data-verb="void"]')
    supervisor.fill("[name=reason]", "戶號錯誤")
    supervisor.click("[data-save]")
    supervisor.wait_for_url(f"**/fees/receipts/{first.pk}/")
    assert "戶號錯誤" in supervisor.inner_text("body") and "作廢" in day.sheet(first)
    assert day.held() == (Decimal("300.00"), Decimal("1000.00"), Decimal("500.00"))

    # 154.24 + 1000 + 2000 - 1500 are in the drawer; a cent less is asked about, the right sum is not.
    page.goto("/fees/close-day/")
    page.fill("[name=opening]", "200")
    page.check("[name=agrees_card]")
    page.fill("[name=counted]", "1854.23")
    page.click("[data-save]")
    page.wait_for_selector(".alert-danger, .is-invalid")
    assert not DayClose.objects.exists() and page.input_value("[name=counted]") == "1854.23"
    page.fill("[name=counted]", "1854.24")
    page.click("[data-save]")
    page.wait_for_url("**/fees/closes/*/")
    closed = DayClose.objects.get()
    assert closed.sums == {"card": "500.00", "cash": "1654.24"} and closed.difference == 0
    assert figures.proof(office.estate).holds

    # And nothing more is taken today.
    day.counter()
    assert page.locator("button[data-save]").count() == 0
    page.keyboard.press("Control+Enter")
    assert Receipt.objects.count() == 4
