"""Pages of figures: whatever stands on them is what the lists behind them come to (SPEC §6.12, §12)."""

import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.actions import charging, ledger, payment, waiver
from billing.models import Item
from billing.reports import figures
from config import what_is_owed
from office import clocks
from tests.billing.money import make_account
from tests.cast import NOW, client_of, make_building, make_person, make_unit

D = Decimal
LINK = re.compile(r'href="([^"]*/fees/(?:charges|entries|accounts)/\?[^"]*)"[^>]*>(.*?)</a>', re.S)
AMOUNT = re.compile(r"−?[¥]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d\d")


def _amounts(html):
    return [abs(D(text.strip("−¥").replace(",", "").replace("¥", ""))) for text in AMOUNT.findall(html)]


@pytest.fixture
def books(estate, cashier, director, finance, supervisor):
    """Charges of three items and ages at two buildings, paid in part, waived in part, one taken back, a prepayment."""
    items = {row.code: row for row in Item.objects.filter(estate=estate)}
    here = make_account(estate)
    there = ledger.account_of(
        make_unit(estate, "5-1-101", building=make_building(estate, "5")), make_person(estate, "李大文")
    )
    this = clocks.local_date(NOW, estate.zone).replace(day=1)
    made = []
    for months, account, code, amount in (
        (0, here, "management", "238.56"), (1, here, "management", "238.56"), (5, here, "water", "61.20"),
        (8, there, "management", "410.00"), (1, there, "parking", "300.00"), (0, there, "deposit_renovation", "2000.00"),
    ):  # fmt: skip
        period = clocks.add_months(this, -months)
        due = clocks.add_months(period, 1) - timedelta(days=1)
        made.append(
            charging.charge(account=account, item=items[code], amount=D(amount), period=period, due_on=due, by=cashier, now=NOW)
        )  # fmt: skip
    payment.pay(
        estate=estate, payer="張小明", charges=[(made[1].pk, D("100.00")), (made[2].pk, D("61.20"))], prepay=[(here.pk, D("50.00"))],
        methods={"cash": D("111.20"), "qr": D("100.00")}, by=cashier, now=NOW,
    )  # fmt: skip
    waiver.waive(charges=[(made[3].pk, D("10.00"))], reason="leaking roof", by=director, now=NOW)
    charging.withdraw(charge=made[4], reason="sold", by=finance, now=NOW)
    return made


def test_every_amount_drawn_is_the_total_of_the_list_it_opens(books, finance):
    client = client_of(finance)
    html = client.get(reverse("billing:figures")).content.decode()
    seen = 0
    for href, words in LINK.findall(html):
        for said in _amounts(words)[:1]:
            answer = client.get(href.replace("&amp;", "&"))
            assert answer.status_code == 200, href
            assert answer.context["page"].is_valid, href
            page = answer.context["page"]
            totals = dict(zip([column[0] for column in page.columns], page.totals or [], strict=False))
            found = {key: sum(_amounts(text)) for key, text in totals.items() if text}
            net = abs(found.get("debit", D(0)) - found.get("credit", D(0))) if "/entries/" in href else None
            got = (
                [net]
                if net is not None
                else [found.get("open", D(0)), found.get("prepaid"), found.get("deposits")]
            )
            assert said in got or (not said and not page.rows), (href, words, totals)
            seen += bool(said)
    assert seen > 25


def test_the_page_asks_as_often_however_much_was_booked(books, finance, cashier):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("billing:figures")).status_code == 200
        return len(queries)

    client = client_of(finance)
    before = asked()
    for row in books[:3]:
        charging.charge(account=row.account, item=row.item, amount=D(5), by=cashier, now=NOW)
    assert asked() <= before


def test_the_trial_balance_holds_and_says_so(books, finance):
    answer = client_of(finance).get(reverse("billing:balance"))
    assert answer.context["proof"].holds
    assert "The books balance" in answer.content.decode()


def test_a_figure_that_differs_is_named_with_both_amounts(finance, monkeypatch):
    found = [
        ("sum of a month", "2026-03 income", D("-11.00"), D("-10.00")),
        ("account", "7 receivable", D("5.00"), D("4.00")),
    ]
    monkeypatch.setattr(figures, "proof", lambda estate: figures.Proof({"income": D(0)}, found))
    html = client_of(finance).get(reverse("billing:balance")).content.decode()
    assert "The books do not balance" in html
    assert "A month&#x27;s sum differs from its lines" in html
    assert "−¥11.00" in html
    assert "What an account is said to owe or hold differs from its lines" in html


@pytest.mark.parametrize("sheet", ["collection", "ageing", "income"])
def test_reports_go_on_paper(books, finance, sheet):
    answer = client_of(finance).get(reverse("billing:figures_sheet"), {"sheet": sheet})
    assert answer.content.startswith(b"%PDF")


def test_months_that_are_none_are_left_aside(books, finance):
    answer = client_of(finance).get(reverse("billing:figures"), {"since": "2026-13", "until": "soon"})
    assert answer.status_code == 200


def test_overdue_fees_and_the_rate_of_the_month_stand_on_home(books, estate, finance, clerk):
    asked = SimpleNamespace(user=finance, estate=estate, now=NOW)
    overdue, rate = what_is_owed._fees(asked)
    assert overdue["value"].endswith("538.56")  # 238.56 less 100.00 paid, 410.00 less 10.00 waived
    assert rate["value"] == "0 %"
    assert rate["hint"].endswith("238.56")
    assert what_is_owed._fees(SimpleNamespace(user=clerk, estate=estate, now=NOW)) == []
    client = client_of(finance)
    assert client.get(rate["href"]).context["page"].is_valid
    tile = next(
        tile for tile in client.get(reverse("home")).context["tiles"] if "age=overdue" in tile["href"]
    )
    page = client.get(tile["href"]).context["page"]
    assert page.is_valid
    assert _amounts(tile["value"])[0] in [amount for text in page.totals if text for amount in _amounts(text)]
