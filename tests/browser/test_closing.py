"""The cashier closes her day: counted, wrong, explained, refused while a receipt is out, and closed for good."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.actions import collections, ledger
from billing.models import DayClose
from office.refusals import Refused
from tests.billing.drawers import paid
from tests.cast import make_person


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_closes_the_day_once_everything_is_explained(sit, office, language):
    now, staff = timezone.now(), office.staff["cashier"]
    account = ledger.account_of(office.unit, make_person(office.estate, "付款人"))
    paid(account, staff, "100.00", now=now)
    paid(account, staff, "50.00", method="card", now=now)
    visit = collections.agree(
        account=account, payer="付款人", owner_name="付款人", window_from=now, window_to=now + timedelta(hours=1),
        amount=Decimal("20.00"), collector=staff, by=staff, now=now,
    )  # fmt: skip
    collections.prepare(collection=visit, by=staff, now=now)
    cashier = sit("cashier")

    def close(**fields):
        for name, value in fields.items():
            cashier.fill(f"[name={name}]", value)
        cashier.check("[name=agrees_card]")
        cashier.once("dialog", lambda dialog: dialog.accept())
        cashier.keyboard.press("Control+Enter")

    cashier.goto("/fees/close-day/")
    visit.refresh_from_db()
    assert visit.receipt.number in cashier.inner_text("main")
    collections.give_up(collection=visit, reason="無人", by=staff, now=now)
    cashier.reload()
    close(counted="90")
    cashier.wait_for_selector(".alert-danger, .is-invalid")
    assert cashier.input_value("[name=counted]").startswith("90") and not DayClose.objects.exists()
    close(reason="找續時多付")
    cashier.wait_for_url("**/fees/closes/*/")
    row = DayClose.objects.get()
    assert (row.total, row.counted, row.difference) == (Decimal(150), Decimal(90), Decimal(-10))
    assert "-10.00" in cashier.inner_text("main").replace("−", "-")
    with pytest.raises(Refused):
        paid(account, staff, "10.00", now=now)
