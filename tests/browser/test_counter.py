"""The cashier by the keyboard alone: from the household's page to the printed receipt, and what she types is never lost."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.actions import charging, ledger
from billing.models import Item, OpenCharge, Receipt
from tests.cast import make_person, occupy

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh-hant"])


@pytest.fixture
def owing(office):
    owner = make_person(office.estate, "欠費人")
    occupy(office.unit, owner, role="tenant")
    account = ledger.account_of(office.unit, owner)
    fee = Item.objects.get(estate=office.estate, code="management")
    for month in (1, 2, 3):
        charging.charge(
            account=account, item=fee, amount=Decimal("238.56"), period=date(2026, month, 1),
            by=office.staff["cashier"], now=timezone.now(),
        )  # fmt: skip
    return account


@LANGUAGES
def test_pays_all_in_cash_exactly_in_two_keystrokes(sit, office, owing, language):
    cashier = sit("cashier")
    cashier.goto(f"/register/units/{office.unit.pk}/")
    cashier.keyboard.press("p")
    cashier.wait_for_url("**/fees/counter/*/**")
    cashier.wait_for_selector("form[data-begun]")
    cashier.keyboard.press("Control+Enter")
    cashier.wait_for_url("**/fees/receipts/*/**")
    receipt = Receipt.objects.get()
    assert receipt.total == Decimal("715.68") and receipt.facts["methods"] == {"cash": "715.68"}


@LANGUAGES
def test_part_of_it_with_change_after_a_mistake(sit, office, owing, language):
    cashier = sit("cashier")
    cashier.goto(f"/fees/counter/{office.unit.pk}/")
    cashier.wait_for_selector("form[data-begun]")
    cashier.keyboard.press("m")
    cashier.keyboard.type("300")
    assert cashier.locator("[name=tick]:checked").count() == 2
    assert cashier.locator("[data-part]").nth(1).input_value() == "61.44"
    cashier.fill("[name=given]", "200")
    cashier.keyboard.press("Control+Enter")
    cashier.wait_for_selector(".alert-danger")
    assert cashier.input_value("[name=amount]") == "300" and not Receipt.objects.exists()
    cashier.fill("[name=given]", "500")
    assert "200.00" in cashier.inner_text("[data-change]")
    cashier.keyboard.press("Control+Enter")
    cashier.wait_for_url("**/fees/receipts/*/**")
    assert "200.00" in cashier.inner_text("[data-change-due]")
    assert sum(OpenCharge.objects.values_list("amount", flat=True)) == Decimal("415.68")
