"""Fee standards are ended and followed, never rewritten; their effect is shown before they hold (SPEC §6.1)."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from psycopg.types.range import DateRange

from billing.actions import standards as actions
from billing.models import Adjustment, Charge, Item, Payer, Standard
from billing.reports import standards as reports
from billing.rules import standards as rules
from office.models import Event
from office.refusals import Refused
from tests.billing.money import make_account, make_charge, make_standard
from tests.cast import NOW, client_of, make_person, make_unit, occupy

D = Decimal
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture
def management(estate):
    return Item.objects.get(estate=estate, code="management")


def draft(item, price, since, until=None, **fields):
    period = DateRange(since, until)
    return Standard(estate_id=item.estate_id, item=item, price=D(price), period=period, **fields)


def follow(item, price, since, by, **fields):
    return actions.set_standard(draft=draft(item, price, since, **fields), by=by, now=NOW)


def periods(item):
    return [(row.price, row.period.lower, row.period.upper) for row in item.standards.order_by("period")]


def charged(estate, item, by, period=date(2026, 3, 1)):
    return make_charge(make_account(estate), item, by=by, period=period, source=(Charge.RUN, "1"))


def test_a_new_standard_ends_the_one_before_it(management, finance):
    old = make_standard(management, "2.80")
    follow(management, "3.10", APRIL, finance, document="深價〔2026〕12號")
    assert periods(management) == [(D("2.80"), old.period.lower, APRIL), (D("3.10"), APRIL, None)]
    event = Event.objects.get(verb="standard.set")
    assert (event.subject_kind, event.subject_id) == ("fee_item", management.pk)


def test_another_scope_leaves_it_alone(management, finance):
    make_standard(management, "2.80")
    follow(management, "5.00", APRIL, finance, unit_kind="shop")
    assert [upper for _price, _lower, upper in periods(management)] == [None, None]


def test_months_already_charged_keep_their_standard(estate, management, finance):
    old = make_standard(management, "2.80")
    charged(estate, management, finance)
    with pytest.raises(Refused, match="charged up to 2026-03-31"):
        follow(management, "3.10", date(2026, 3, 15), finance)
    with pytest.raises(Refused, match="Choose 2026-04-01 or later"):
        actions.end_standard(standard=old, until=date(2026, 3, 31), by=finance, now=NOW)
    with pytest.raises(Refused, match="End it instead"):
        actions.remove_standard(standard=old, by=finance, now=NOW)
    actions.end_standard(standard=old, until=APRIL, by=finance, now=NOW)
    assert [upper for _price, _lower, upper in periods(management)] == [APRIL]


def test_one_that_was_never_charged_with_can_be_removed(estate, management, finance):
    charged(estate, management, finance)
    mistake = make_standard(management, "28", since=MAY)
    actions.remove_standard(standard=mistake, by=finance, now=NOW)
    assert periods(management) == []


def test_one_that_is_announced_already_is_not_overwritten(management, finance):
    make_standard(management, "3.10", since=MAY)
    with pytest.raises(Refused, match="2026-05-01"):
        follow(management, "2.90", APRIL, finance)
    assert follow(management, "2.90", APRIL, finance, unit_kind="flat").pk


def test_the_effect_counts_the_units_it_holds_for_and_what_they_pay(estate, management):
    make_standard(management, "2.80")
    make_standard(management, "5.00", unit_kind="shop")
    for area in ("85.20", "100.01", None):
        make_unit(estate, area=area and D(area))
    make_unit(estate, kind="shop", area=D(50))
    effect = reports.effect(estate, management, draft(management, "3.08", APRIL))
    # 85.20 × 2.80 + 100.01 × 2.80, each to the cent; without an area nothing
    assert (effect.units, effect.before, effect.after, effect.lacking) == (3, D("518.59"), D("570.45"), 1)


def test_the_effect_on_readings_follows_the_month_before(estate, finance):
    from billing.models import Meter, Reading

    water = Item.objects.get(estate=estate, code="water")
    meter = Meter.objects.create(
        estate=estate, unit=make_unit(estate), kind="water", serial="W1", installed_on=date(2026, 1, 1)
    )
    Reading.objects.create(
        estate=estate, meter=meter, read_on=date(2026, 3, 31), value=20, consumption=20, source="desk", at=NOW
    )
    make_standard(water, "3.45")
    effect = reports.effect(estate, water, draft(water, "0", APRIL), tiers=[(D(0), D(3)), (D(15), D(5))])
    assert (effect.before, effect.after) == (D("69.00"), D("70.00"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 3.45\n15", "Line 2"),
        ("0 drei", "Line 1"),
        ("5 3.45", "begins at 0"),
        ("0 1\n0 2", "same place"),
        ("0 -1", "not negative"),
        ("0 1.23456", "digits"),
        ("0 NaN", "not negative"),
    ],
)
def test_tiers_that_cannot_be_read_say_which_line(text, problem):
    with pytest.raises(rules.WrongLine, match=problem):
        rules.read_tiers(text)
    assert rules.read_tiers("15 4.83\n\n0 3.45") == [(0, D("3.45")), (15, D("4.83"))]


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_effect_is_shown_first_and_nothing_is_saved(estate, management, finance):
    make_standard(management, "2.80")
    make_unit(estate, area=D("100.00"))
    url = reverse("billing:standard_new", args=[management.pk])
    values = {"price": "3.08", "from_on": "2031-01-01", "preview": "1"}
    page = client_of(finance).post(url, values)
    assert "1 unit, ¥280.00 → ¥308.00 a month (+10.0%)" in page.content.decode()
    assert management.standards.count() == 1
    assert (
        client_of(finance).post(url, {**values, "preview": "", "document": "〔2030〕8號"}).status_code == 200
    )
    del values["preview"]
    assert client_of(finance).post(url, values).status_code == 302
    assert management.standards.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"from_on": ""}, "from_on"),
        ({"until_on": "2030-12-31"}, "until_on"),
        ({"due_days": "400"}, "due_days"),
        ({"building": "99999"}, "building"),
    ],
)
def test_wrong_input_is_said_at_the_field(management, finance, changes, field):
    values = {"price": "3.08", "from_on": "2031-01-01", **changes}
    page = client_of(finance).post(reverse("billing:standard_new", args=[management.pk]), values)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]


def test_a_late_fee_is_entered_in_percent_a_day(estate, finance):
    late = Item.objects.get(estate=estate, code="late")
    values = {"rate": "0.05", "grace_days": "5", "cap": "100", "from_on": "2031-01-01"}
    client_of(finance).post(reverse("billing:standard_new", args=[late.pk]), values)
    row = late.standards.get()
    assert (row.rate, row.grace_days, row.cap) == (D("0.0005"), 5, D(100))
    page = client_of(finance).get(reverse("billing:item", args=[late.pk])).content.decode()
    assert "0.05% a day after 5 days of grace, at most 100%" in page


def test_who_is_named_pays_and_is_ended_again(estate, supervisor):
    unit = make_unit(estate, "3-2-1201")
    tenant = make_person(estate, "李租客")
    occupy(unit, tenant, role="tenant")
    water = Item.objects.get(estate=estate, code="water")
    client = client_of(supervisor)
    values = {"item": water.pk, "person": tenant.pk, "from_on": "2026-03-01", "reason": "租約"}
    assert client.post(reverse("billing:payer_new", args=[unit.pk]), values).status_code == 302
    again = client.post(reverse("billing:payer_new", args=[unit.pk]), values)
    assert again.status_code == 409
    page = client.get(reverse("billing:unit_terms", args=[unit.pk])).content.decode()
    assert "李租客" in page
    row = Payer.objects.get()
    last = {"last_day": "2026-03-31", "version": row.version}
    client.post(reverse("billing:payer_end", args=[row.pk]), last)
    assert Payer.objects.get().period.upper == APRIL


def test_a_percentage_holds_for_its_days(estate, management, supervisor):
    unit = make_unit(estate, "3-2-1201")
    values = {
        "item": management.pk,
        "percent": "70",
        "from_on": "2026-03-01",
        "until_on": "2026-03-12",
        "reason": "託管",
    }
    url = reverse("billing:adjustment_new", args=[unit.pk])
    assert client_of(supervisor).post(url, {**values, "percent": "101"}).status_code == 422
    assert client_of(supervisor).post(url, values).status_code == 302
    row = Adjustment.objects.get()
    assert (row.percent, row.period.upper) == (D(70), date(2026, 3, 13))
    [line] = [line for line in reports.of_unit(unit, date(2026, 3, 5)) if line[0] == management]
    assert line[2] == 70


def test_pages_ask_as_often_for_many_standards_as_for_one(management, finance, django_assert_max_num_queries):
    make_standard(management, "2.80")
    client = client_of(finance)
    client.get(reverse("billing:standards"))
    for number in range(5):
        make_standard(management, "2.80", since=date(2019 - number, 1, 1), until=date(2020 - number, 1, 1))
        make_standard(management, "2.80", use=f"use {number}")
    for address in (reverse("billing:standards"), reverse("billing:item", args=[management.pk])):
        with django_assert_max_num_queries(15):
            assert client.get(address).status_code == 200


# --- a charge explained --------------------------------------------------------------------------------------------


def test_a_charge_says_how_it_is_worked_out_and_what_was_booked(estate, management, finance, cashier, clerk):
    from billing.actions import payment

    standard = make_standard(management, "2.80", document="深價〔2020〕3號")
    basis = {
        "formula": "area", "area": "85.20", "month_days": 30, "whole": "143.14",
        "parts": [{"from": "2026-03-13", "until": "2026-03-31", "days": 18, "standard": standard.pk, "price": "2.8000", "percent": "100.00"}],
    }  # fmt: skip
    row = make_charge(make_account(estate), management, "143.14", by=finance, basis=basis)
    payment.pay(
        estate=estate,
        payer="張小明",
        charges=[(row.pk, D("43.14"))],
        methods={"cash": D("43.14")},
        by=cashier,
        now=NOW,
    )
    page = client_of(clerk).get(reverse("billing:charge", args=["2026-03", row.pk])).content.decode()
    for words in (
        "85.20 m² × 2.80 × 18/30 days",
        "143.136",
        "深價〔2020〕3號",
        "Rounded to the cent",
        "¥100.00 open",
        "−¥43.14",
    ):
        assert words in page
    assert client_of(clerk).get(reverse("billing:charge", args=["2026-02", row.pk])).status_code == 404
    assert client_of(clerk).get("/fees/charges/2026-13/1/").status_code == 404


def test_a_day_no_calendar_goes_on_from_is_refused_at_its_field(management, finance):
    url = reverse("billing:standard_end", args=[make_standard(management, "2.80").pk])
    assert client_of(finance).post(url, {"last_day": "9999-12-31", "version": 1}).status_code == 422


def test_the_estates_payers_and_percentages_are_lists_of_what_holds(estate, management, finance):
    unit = make_unit(estate, "1-1-101")
    person = make_person(estate, "何小姐")
    long_ago, now = DateRange(date(2020, 1, 1), date(2020, 2, 1)), DateRange(date(2020, 2, 1), None)
    for period, percent in ((long_ago, 50), (now, 70)):
        Payer.objects.create(
            estate=estate, unit=unit, item=management, person=person, period=period, reason=f"租約{percent}"
        )
        Adjustment.objects.create(
            estate=estate, unit=unit, item=management, percent=percent, period=period, reason=f"託管{percent}"
        )
    for name, word in (("payers", "租約"), ("percentages", "託管")):
        page = client_of(finance).get(reverse(f"billing:{name}"), {"state": "now"}).content.decode()
        assert f"{word}70" in page
        assert f"{word}50" not in page
        assert (
            f"{word}50"
            in client_of(finance).get(reverse(f"billing:{name}"), {"state": "over"}).content.decode()
        )
