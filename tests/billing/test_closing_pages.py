"""The pages of the close and of collections at the door, as their people use them (SPEC §6.5, §6.6)."""

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from pypdf import PdfReader

from billing.actions import closing, ledger
from billing.models import Collection, DayClose, PeriodClose
from tests.billing.drawers import paid
from tests.billing.test_closing import DAY, carried
from tests.cast import NOW, make_person, make_unit


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def account(estate):
    return ledger.account_of(make_unit(estate, "3-2-1201"), make_person(estate))


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page.content.decode()).group(1).replace("&quot;", '"')


def text_of(answer):
    content = answer.getvalue() if hasattr(answer, "getvalue") else answer.content
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_cashier_counts_closes_and_prints(account, cashier, sign_in):
    paid(account, cashier, "30.50")
    paid(account, cashier, "9.50", "qr")
    desk, address = sign_in(cashier), reverse("billing:close_day")
    page = desk.get(address)
    assert page.status_code == 200 and "30.50" in page.content.decode()
    sent = {name: hidden(page, name) for name in ("form_key", "foreseen")}
    counted = {"n_20": "1", "n_10": "1", "n_0_5": "1", "agrees_qr": "on"}
    assert (
        desk.post(address, {**sent, "counted": "30.00", **counted}).status_code == 422
    )  # the notes say 30.50
    assert desk.post(address, {**sent, "n_20": "1", "agrees_qr": "on"}).status_code == 409  # not explained
    answer = desk.post(address, {**sent, **counted})
    row = DayClose.objects.get()
    assert answer.status_code == 302 and answer["Location"] == reverse("billing:close", args=[row.pk])
    assert desk.post(address, {**sent, **counted})["Location"] == answer["Location"]  # sent twice: one close
    assert (row.counted, row.notes) == (Decimal("30.50"), {"20": 1, "10": 1, "0.5": 1})
    paper = text_of(desk.get(reverse("billing:close_pdf", args=[row.pk])))
    assert "30.50" in paper and "40.00" in paper


def test_every_total_of_the_day_opens_its_lines(account, cashier, sign_in):
    for amount in ("1.11", "2.22"):
        paid(account, cashier, amount)
    desk = sign_in(cashier)
    page = desk.get(reverse("billing:close_day")).content.decode()
    link = re.search(r'<a class="money" href="([^"]+)">3\.33</a>', page).group(1).replace("&amp;", "&")
    book = desk.get(link).content.decode()
    assert "1.11" in book and "2.22" in book and "3.33" in book
    assert "3.33" in text_of(
        desk.get(reverse("billing:cash_book_pdf"), {"day_from": f"{DAY}", "day_to": f"{DAY}"})
    )


def test_what_is_in_the_way_is_said_before_anybody_counts(account, cashier, sign_in):
    before = DAY - timedelta(days=1)
    paid(account, cashier, day=before)
    paid(account, cashier)
    carried(account, cashier, before)
    desk, address = sign_in(cashier), reverse("billing:close_day")
    page = desk.get(address)
    assert page.context["day"] == before and "still out" in page.content.decode()
    assert "Close 2026-03-11 first" in desk.get(address, {"day": f"{DAY}"}).content.decode()


@pytest.mark.parametrize(
    "query", [{"day": "x"}, {"day": "2026-13-45"}, {"day": "0001-01-01"}, {"day": "9999-12-31"}]
)
def test_a_day_that_is_none_is_answered(account, cashier, sign_in, query):
    assert sign_in(cashier).get(reverse("billing:close_day"), query).status_code == 200


def test_a_cashier_sees_her_own_closes_and_no_colleagues(account, cashier, estate, supervisor, sign_in):
    from tests.cast import make_staff

    other = make_staff("other", (estate, "cashier"))
    paid(account, other)
    row = closing.close_day(estate=estate, cashier=other, day=DAY, counted=Decimal(10), by=other, now=NOW)
    address = reverse("billing:close", args=[row.pk])
    assert sign_in(cashier).get(address).status_code == 404
    assert sign_in(supervisor).get(address).status_code == 200
    assert sign_in(cashier).get(reverse("billing:close_day"), {"cashier": other.pk}).status_code == 404


def test_the_list_says_which_drawers_wait_and_asks_the_same_for_any_number(
    account, cashier, supervisor, sign_in, django_assert_max_num_queries
):
    for days in range(1, 6):
        paid(account, cashier, day=DAY - timedelta(days=days))
    desk = sign_in(supervisor)
    with django_assert_max_num_queries(25):
        page = desk.get(reverse("billing:closes"))
    assert page.content.decode().count("should be closed") == 5


def test_finance_closes_the_books_and_prints_them(account, cashier, finance, supervisor, sign_in):
    before = DAY - timedelta(days=12)
    paid(account, cashier, day=before)
    closing.close_day(
        estate=account.estate, cashier=cashier, day=before, counted=Decimal(10), by=cashier, now=NOW
    )
    desk, address = sign_in(finance), reverse("billing:close_period")
    values = {"through": "2026-02-28", "form_key": hidden(desk.get(address), "form_key")}
    assert sign_in(supervisor).post(address, values).status_code == 403
    assert desk.post(address, values).status_code == 409  # no run was posted for February
    assert desk.post(address, {**values, "note": "taken over in March"}).status_code == 302
    assert "2026-02-28" in text_of(
        desk.get(reverse("billing:period_pdf", args=[PeriodClose.objects.get().pk]))
    )


def test_a_visit_is_agreed_prepared_and_handed_in_at_the_desk(account, cashier, sign_in):
    desk, address = sign_in(cashier), reverse("billing:collection_new")
    assert "No unit" in desk.get(address, {"unit": "9-9-9"}).content.decode()
    page = desk.get(address, {"unit": "3-2-1201"})
    values = {
        "form_key": hidden(page, "form_key"), "account": account.pk, "amount": "25.00", "payer": "張小明",
        "owner_name": "張小明", "window_from": "2026-03-12T14:00", "window_to": "2026-03-12T15:00",
        "collector": cashier.pk, "phone": "13800138000",
    }  # fmt: skip
    wrong = {**values, "window_to": "2026-03-12T13:00"}
    assert desk.post(f"{address}?unit=3-2-1201", wrong).status_code == 422
    answer = desk.post(f"{address}?unit=3-2-1201", values)
    row = Collection.objects.get()
    assert answer["Location"] == reverse("billing:collection", args=[row.pk])
    assert 'href="tel:' in desk.get(reverse("billing:my_collections")).content.decode()
    desk.post(reverse("billing:collection_prepare", args=[row.pk]))
    row.refresh_from_db()
    assert row.receipt.number in text_of(desk.get(reverse("billing:collections_pdf")))
    assert row.receipt.number in desk.get(reverse("billing:close_day")).content.decode()
    assert desk.post(reverse("billing:collection_collect", args=[row.pk]), {}).status_code == 422
    assert desk.post(reverse("billing:collection_collect", args=[row.pk]), {"cash": "20"}).status_code == 302
    row.refresh_from_db()
    said = desk.get(reverse("billing:collection", args=[row.pk])).content.decode()
    assert row.used != row.receipt and row.used.number in said
