"""Any charge can be checked by hand from what it says (SPEC §6.1)."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from django.utils import translation
from hypothesis import given

from billing.models import Item
from billing.rules import explain, formulas
from office import money
from tests.billing import test_formulas as months

D = Decimal
F = Item.Formula
SEPTEMBER = months.SEPTEMBER


def test_part_of_a_month_by_days():
    parts = months.month(payer=months.from_on((months.september(13), months.OWNER)))
    [share] = formulas.monthly(D("85.20"), parts, SEPTEMBER)
    basis = explain.monthly(F.AREA, share, SEPTEMBER, area=D("85.20"))
    assert explain.short(basis) == "85.20 m² × 2.80 × 18/30 days"
    [step] = explain.steps(basis)
    assert (step.words, step.amount, step.standard) == ("2026-09-13 – 2026-09-30", D("143.136"), 1)
    with translation.override("zh-hant"):
        assert explain.steps(basis)[0].amount == D("143.136")


def test_custody_for_twelve_of_thirty_days():
    percent = months.from_on((months.september(1), D(70)), (months.september(13), None))
    [share] = formulas.monthly(D(1), months.month(what=months.terms("300"), percent=percent), SEPTEMBER)
    basis = explain.monthly(F.FIXED, share, SEPTEMBER)
    assert explain.short(basis) == "300 × 12/30 days × 70% + 300 × 18/30 days"
    assert explain.exact(basis) == D(264)


def test_tiers_of_a_reading():
    parts = months.month(what=months.terms("0", tiers=months.TIERS))
    [share] = formulas.reading(D("26.500"), parts)
    basis = explain.reading(share, D("26.500"), 30)
    assert explain.short(basis) == "15 × 3.45 + 10 × 4.83 + 1.50 × 5.83"
    assert money.round_half_up(explain.exact(basis)) == share.amount == D("108.80")


def test_a_reading_shared_by_two_payers_says_so():
    payer = months.from_on((months.september(1), months.OWNER), (months.september(11), months.BUYER))
    parts = months.month(payer=payer, what=months.terms("0", tiers=months.TIERS))
    mine, _other = formulas.reading(D(20), parts)
    basis = explain.reading(mine, D(20), 30)
    assert explain.short(basis) == "(15 × 3.45 + 5 × 4.83) × 10/30 days"
    assert explain.is_share(basis, mine.amount)
    assert not explain.is_share(basis, D(basis["whole"]))


def test_a_share_of_the_building_and_the_estate():
    pools = [
        {"reach": "building", "building": 9, "consumption": "1200.000", "area": "12000.00", "share": "5.96", "readings": []},
        {"reach": "estate", "building": None, "consumption": "300.000", "area": "50000.00", "share": "0.51", "readings": []},
    ]  # fmt: skip
    [share] = formulas.by_days(D("6.47"), months.month())
    basis = explain.shared(share, D("85.20"), pools, 30)
    assert explain.short(basis) == "5.96 + 0.51"
    assert explain.steps(basis)[0].figures == "1,200 by area: 85.20 of 12,000.00 m² = 5.96"
    assert explain.exact(basis) == D("6.47")


def test_a_late_fee_names_days_rate_cap_and_what_was_charged_before():
    terms = formulas.LateTerms(7, D("0.000500"), cap=D("1.00"))
    parts = formulas.late_parts(date(2026, 8, 31), date(2026, 10, 1), lambda day: D(1000), lambda day: terms)
    charge = SimpleNamespace(pk=5, period=date(2026, 8, 1), due_on=date(2026, 8, 31), amount=D("1000.00"))
    basis = explain.late(charge, parts, D("4.00"))
    assert [(step.words, step.figures, step.amount) for step in explain.steps(basis)] == [
        ("2026-09-01 – 2026-09-30", "1,000.00 × 0.05% × 30 days", D(15)),
        ("At most 1% of the amount", "1,000.00 × 1%", D(-5)),
        ("Charged before", "− 4.00", D(-4)),
    ]
    assert explain.exact(basis) == formulas.late(charge.amount, parts, D("4.00")) == D(6)


def test_a_counter_item_explains_itself_by_its_text():
    assert explain.steps({}) == explain.steps({"formula": "once"}) == []
    assert explain.exact({}) is None


@given(months.months, months.areas, months.day_values)
def test_figures_come_to_the_amount_up_to_the_rounding_of_shares(period, area, values):
    parts = formulas.parts(period, *(lambda day, at=at: values[day.day - 1][at] for at in range(3)))
    for share in formulas.monthly(area, parts, period):
        basis = explain.monthly(F.AREA, share, period, area=area)
        difference = abs(explain.exact(basis) - share.amount)
        assert difference <= (D("0.01") if explain.is_share(basis, share.amount) else D("0.005"))


def test_numbers_show_what_matters():
    said = [explain.number(D(text)) for text in ("2.8000", "12.000", "0.0500", "3.4567", "1200.5")]
    assert said == ["2.80", "12", "0.05", "3.4567", "1,200.50"]
