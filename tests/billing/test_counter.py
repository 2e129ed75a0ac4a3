"""The cashier's counter: what is suggested, what is refused with everything kept, and the receipt at its end (SPEC §6.4)."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from billing.actions import charging, draw, ledger, payment, refund, void
from billing.models import Account, Charge, Item, OpenCharge, Receipt
from billing.rules.counter import divide, spread
from billing.rules.words import in_words
from tests.cast import client_of, make_person, make_unit, occupy

CENTS = st.integers(1, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))


@given(st.lists(CENTS, max_size=12), CENTS)
def test_an_amount_is_spread_to_the_cent_and_the_oldest_come_first(owed, amount):
    parts, rest = spread(list(enumerate(owed)), amount)
    assert sum(parts.values(), rest) == amount
    assert all(parts[key] == owed[key] for key in list(parts)[:-1])
    assert list(parts) == list(range(len(parts)))
    assert rest == 0 or len(parts) == len(owed)


@given(CENTS, CENTS, CENTS)
def test_several_methods_come_to_the_total_and_the_change_to_what_was_too_much(total, card, given_):
    money = divide(total, "cash", {"card": card}, given_)
    if card > total:
        assert money.wrong == ("main", "too_much")
        return
    assert sum(money.methods.values()) == total
    cash = money.methods.get("cash", Decimal(0))
    if not money.wrong:
        assert money.change == given_ - cash >= 0
    else:
        assert given_ < cash or not cash


@pytest.mark.parametrize(
    ("amount", "hant", "english"),
    [
        ("1234.50", "壹仟貳佰叁拾肆元伍角整", "CNY one thousand two hundred and thirty-four and 50/100 only"),
        ("100000.05", "壹拾萬元零伍分", "CNY one hundred thousand and 05/100 only"),
        ("1010.00", "壹仟零壹拾元整", "CNY one thousand and ten and 00/100 only"),
        ("0.30", "叁角整", "CNY zero and 30/100 only"),
        ("305.064", "叁佰零伍元零陸分", "CNY three hundred and five and 06/100 only"),
        (
            "120003000",
            "壹億貳仟萬叁仟元整",
            "CNY one hundred and twenty million three thousand and 00/100 only",
        ),
    ],
)
def test_an_amount_in_words(amount, hant, english):
    assert in_words(amount) == hant
    assert in_words(amount, "en") == english


def test_simplified_words_are_simplified():
    assert in_words("26800.00", "zh-hans") == "贰万陆仟捌佰元整"


@pytest.fixture
def home(estate, cashier):
    """A flat that owes three months, and its owner."""
    unit, owner = make_unit(estate, "3-2-1201"), make_person(estate)
    occupy(unit, owner)
    account = ledger.account_of(unit, owner)
    unit.account, unit.owner = account, owner
    owe(account, cashier, 3)
    return unit


def owe(account, by, months, code="management"):
    item = Item.objects.get(estate=account.estate, code=code)
    for month in range(1, months + 1):
        period = date(2026, month, 1)
        charging.charge(
            account=account, item=item, amount=Decimal("100.00"), period=period, due_on=date(2026, month, 28),
            by=by, now=timezone.now(),
        )  # fmt: skip


def page(client, unit, **values):
    """The page, or the answer to it as it was opened, with `values` typed into it."""
    url = reverse("billing:counter", args=[unit.pk])
    opened = client.get(url)
    if not values:
        return opened
    form = opened.context["form"]
    sent = {
        "form_key": str(form["form_key"].value()),
        "payer": form["payer"].value(),
        "main": "cash",
        "person": form["person"].value() or "",
        "tick": [row.due.charge_id for row in form.rows if row.ticked],
        "extra-TOTAL_FORMS": 1,
        "extra-INITIAL_FORMS": 0,
        **{f"pay_{row.due.charge_id}": row.typed for row in form.rows},
    }
    return client.post(url, {**sent, **values})


def test_everything_is_suggested_and_paid_in_one_receipt(home, cashier):
    client = client_of(cashier)
    answer = page(client, home, given="400")
    receipt = Receipt.objects.get()
    assert answer.status_code == 302 and answer["Location"].startswith(f"/fees/receipts/{receipt.pk}/")
    assert (receipt.total, receipt.facts["change"]) == (Decimal("300.00"), "100.00")
    assert not OpenCharge.objects.exists()
    assert "¥100.00" in client.get(answer["Location"]).content.decode()  # the change to hand back


def test_a_form_sent_twice_leads_to_the_same_receipt(home, cashier):
    client = client_of(cashier)
    values = {"form_key": "6f1c2b8e-70c3-4c58-9a55-2f7f0a6b7c11", "given": "300"}
    first, second = page(client, home, **values), page(client, home, **values)
    assert first["Location"] == second["Location"] and Receipt.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"given": "250"}, "does not cover the cash part"),
        ({"by_card": "301"}, "come to more than is paid"),
        ({"main": "card", "given": "300"}, "Nothing is paid in cash"),
        ({"tick": []}, "Nothing is paid yet"),
        ({"payer": " "}, "required"),
        ({"extra-0-amount": "20"}, "Choose the item"),
    ],
)
def test_wrong_input_is_refused_with_everything_kept(home, cashier, values, said):
    answer = page(client_of(cashier), home, **{"by_qr": "12.34", **values})
    text = answer.content.decode()
    assert answer.status_code == 422 and said in text and 'value="12.34"' in text
    assert not Receipt.objects.exists()


def test_a_line_takes_no_more_than_it_owes(home, cashier):
    pk = OpenCharge.objects.order_by("due_on").first().pk
    answer = page(client_of(cashier), home, **{f"pay_{pk}": "100.01"})
    assert answer.status_code == 422 and "Only ¥100.00 is owed." in answer.content.decode()


def test_one_amount_is_shown_spread_before_it_is_booked(home, cashier):
    client = client_of(cashier)
    shown = page(client, home, amount="150")
    rows = shown.context["form"].rows
    assert shown.status_code == 422 and not Receipt.objects.exists()
    assert [(row.ticked, row.typed) for row in rows] == [(True, "100.00"), (True, "50.00"), (False, "100.00")]
    ticked = [row.due.charge_id for row in rows if row.ticked]
    typed = {f"pay_{row.due.charge_id}": row.typed for row in rows}
    assert page(client, home, amount="150", spread="150.00", tick=ticked, **typed).status_code == 302
    assert Account.objects.get(pk=home.account.pk).owed == Decimal("150.00")


def test_what_is_too_much_becomes_prepayment_after_a_question(home, cashier):
    client, values = client_of(cashier), {"amount": "500", "spread": "500.00"}
    asked = page(client, home, **values)
    assert asked.status_code == 422 and "kept as a prepayment" in asked.content.decode()
    mark = asked.context["form"].warnings_mark
    assert page(client, home, **values, confirm_warnings=mark).status_code == 302
    account = Account.objects.get(pk=home.account.pk)
    assert (account.owed, account.prepaid) == (0, Decimal("200.00"))


def test_a_card_is_charged_and_paid_in_one_step_with_several_methods(home, cashier):
    card = Item.objects.get(estate=home.estate, code="card")
    values = {"extra-0-item": card.pk, "extra-0-amount": "20", "extra-0-text": "第 2 張", "by_qr": "120"}
    assert page(client_of(cashier), home, **values).status_code == 302
    receipt = Receipt.objects.get()
    assert receipt.facts["methods"] == {"cash": "200.00", "qr": "120.00"}
    assert (
        Charge.objects.filter(item=card).get().amount == Decimal("20.00") and not OpenCharge.objects.exists()
    )


def test_a_refused_payment_leaves_no_charge_behind(home, cashier):
    """What was charged for it goes with it: somebody else has paid the rest meanwhile."""
    client, card = client_of(cashier), Item.objects.get(estate=home.estate, code="card")
    opened = page(client, home).context["form"]
    page(client, home, given="300")
    sent = {
        "form_key": str(opened["form_key"].value()), "payer": "x", "main": "cash", "person": home.owner.pk,
        "tick": [row.due.charge_id for row in opened.rows], "extra-TOTAL_FORMS": 1, "extra-INITIAL_FORMS": 0,
        "extra-0-item": card.pk, "extra-0-amount": "20",
        **{f"pay_{row.due.charge_id}": row.typed for row in opened.rows},
    }  # fmt: skip
    answer = client.post(reverse("billing:counter", args=[home.pk]), sent)
    # The lines are gone from the page; what is left of the form is the card alone.
    assert answer.status_code in (302, 409, 422)
    assert Receipt.objects.count() == (2 if answer.status_code == 302 else 1)
    assert not OpenCharge.objects.exists()


def test_the_parking_space_of_the_payer_stands_on_the_same_page_and_receipt(home, cashier):
    space = make_unit(home.estate, "B1-088", kind="parking")
    owe(ledger.account_of(space, home.owner), cashier, 1, "parking")
    client = client_of(cashier)
    rows = page(client, home).context["form"].rows
    assert len(rows) == 4 and sum(row.ticked for row in rows) == 3  # seen, not ticked unasked
    page(client, home, tick=[row.due.charge_id for row in rows], given="400")
    assert {line["unit"] for line in Receipt.objects.get().facts["lines"]} == {"3-2-1201", "B1-088"}


def test_pages_ask_the_same_number_of_queries_however_long_the_debt(
    home, cashier, django_assert_max_num_queries
):
    client = client_of(cashier)
    page(client, home)
    owe(home.account, cashier, 9, "refuse")
    with django_assert_max_num_queries(12):
        assert len(page(client, home).context["form"].rows) == 12
    with django_assert_max_num_queries(15):
        answer = client.get(reverse("billing:account", args=[home.account.pk]))
    lines = answer.context["lines"]
    assert lines[0].balance == Decimal("1200.00") == Account.objects.get(pk=home.account.pk).owed
    assert lines[-1].balance == Decimal("100.00")


def test_a_copy_says_that_it_is_one(home, cashier):
    client = client_of(cashier)
    page(client, home, given="300")
    receipt = Receipt.objects.get()
    paper, printed = (reverse(f"billing:receipt_{name}", args=[receipt.pk]) for name in ("pdf", "printed"))

    def text():
        pages = PdfReader(io.BytesIO(client.get(f"{paper}?size=A5").content)).pages
        return "".join(one.extract_text() for one in pages)

    first = text()
    assert receipt.number in first and "叁佰元整" in first
    client.post(printed)
    assert text() != first
    client.post(printed)
    assert receipt.steps.filter(verb="printed").count() == 2


# --- taken back, and what waits for somebody ------------------------------------------------------------------


@pytest.fixture
def drawn(home, cashier):
    """A prepayment that was drawn by mistake; its voucher."""
    money = Decimal("150.00")
    payment.pay(
        estate=home.estate, unit=home, payer="張小明", charges=[], prepay=[(home.account.pk, money)],
        methods={"cash": money}, by=cashier, now=timezone.now(),
    )  # fmt: skip
    return draw.draw(accounts=[home.account], by=cashier, now=timezone.now())[0]


def test_a_draw_is_taken_back_from_the_account_page_once_and_with_a_reason(home, drawn, cashier, supervisor):
    url = reverse("billing:take_back", args=[home.account.pk, drawn.pk])
    shown = reverse("billing:account", args=[home.account.pk])
    client = client_of(supervisor)
    assert client.get(shown).content.decode().count(f'href="{url}"') == 1
    assert f'href="{url}"' not in client_of(cashier).get(shown).content.decode()
    opened = client.get(url)
    assert "csrfmiddlewaretoken" in opened.content.decode()
    key = str(opened.context["form"]["form_key"].value())
    assert client.post(url, {"form_key": key, "reason": ""}).status_code == 422
    assert client.post(url, {"form_key": key, "reason": "誤沖"}).status_code == 302
    row = Account.objects.get(pk=home.account.pk)
    assert (row.owed, row.prepaid) == (Decimal("300.00"), Decimal("150.00"))
    assert client.get(url).url == shown
    assert f'href="{url}"' not in client.get(shown).content.decode()


def test_only_bookings_of_this_account_are_taken_back_here(home, drawn, supervisor, estate, cashier):
    other = ledger.account_of(make_unit(estate, "3-2-1202"), home.owner)
    client = client_of(supervisor)
    assert client.get(reverse("billing:take_back", args=[other.pk, drawn.pk])).status_code == 404
    paid = Receipt.objects.get().steps.get(verb="booked").voucher
    assert client.get(reverse("billing:take_back", args=[home.account.pk, paid.pk])).status_code == 404


def test_home_shows_refunds_to_whoever_may_decide_or_pay_them(
    home, drawn, cashier, supervisor, finance, director
):
    void.take_back(voucher=drawn, reason="誤沖", by=supervisor, now=timezone.now())
    by = {"by": finance, "now": timezone.now()}
    asked = refund.ask(account=home.account, amount=Decimal("50.00"), reason="重複付款", **by)

    def waiting(staff):
        return [row["href"] for row in client_of(staff).get(reverse("home")).context["refunds"]]

    address = [reverse("billing:refund", args=[asked.pk])]
    assert waiting(director) == address and waiting(finance) == waiting(cashier) == []
    refund.approve(refund=asked, by=director, now=timezone.now())
    assert waiting(finance) == address and waiting(director) == []
