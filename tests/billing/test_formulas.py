"""What a fee comes to, to the cent (SPEC §6, 6.1, 6.2)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.rules import formulas
from billing.rules.formulas import LateTerms, Terms

D = Decimal
SEPTEMBER = date(2026, 9, 1)  # 30 days
OWNER, BUYER, DEVELOPER = 11, 12, 13


def terms(price, standard=1, **fields):
    return Terms(standard, D(price), **fields)


def always(value):
    return lambda day: value


def from_on(*steps):
    """A value that holds from a day on: (day, value), …; None before the first."""

    def on(day):
        return next((value for since, value in reversed(steps) if since <= day), None)

    return on


def september(day):
    return date(2026, 9, day)


def month(payer=OWNER, what=None, percent=None):
    """September's parts; each may be a value or a function of the day."""
    functions = [one if callable(one) else always(one) for one in (payer, what or terms("2.80"), percent)]
    return formulas.parts(SEPTEMBER, *functions)


def amounts(shares):
    return {share.payer: share.amount for share in shares}


# --- per m², fixed -------------------------------------------------------------------------------------------------


def test_a_whole_month_is_price_by_area():
    assert amounts(formulas.monthly(D("85.20"), month(), SEPTEMBER)) == {OWNER: D("238.56")}


def test_a_part_of_the_month_counts_by_days():
    [share] = formulas.monthly(D("85.20"), month(payer=from_on((september(13), OWNER))), SEPTEMBER)
    assert share.amount == D("143.14")  # 85.20 × 2.80 × 18/30 = 143.136
    assert (share.from_on, share.until_on) == (september(13), date(2026, 10, 1))


def test_halves_of_a_cent_go_up():
    assert amounts(formulas.monthly(D("1"), month(what=terms("0.005")), SEPTEMBER)) == {OWNER: D("0.01")}


def test_seventy_percent_for_twelve_of_thirty_days():
    percent = from_on((september(1), D(70)), (september(13), None))
    [share] = formulas.monthly(D(100), month(what=terms("3"), percent=percent), SEPTEMBER)
    assert share.amount == D("264.00")  # 300 × (12 × 70 % + 18) / 30
    assert [(part.days, part.percent) for part in share.parts] == [(12, D(70)), (18, D(100))]


def test_a_new_price_holds_from_its_day():
    what = from_on((september(1), terms("2", standard=1)), (september(16), terms("3", standard=2)))
    assert amounts(formulas.monthly(D(100), month(what=what), SEPTEMBER)) == {OWNER: D("250.00")}


def test_the_day_of_transfer_belongs_to_the_new_owner_and_shares_sum_to_the_whole():
    payer = from_on((september(1), OWNER), (september(11), BUYER))
    shares = formulas.monthly(D("85.22"), month(payer=payer), SEPTEMBER)
    # 238.616 → 238.62; thirds 79.54 and 159.08
    assert amounts(shares) == {OWNER: D("79.54"), BUYER: D("159.08")}
    assert {share.whole for share in shares} == {D("238.62")}
    assert [share.from_on for share in shares] == [september(1), september(11)]


def test_a_payer_who_comes_back_is_charged_one_share():
    payer = from_on((september(1), OWNER), (september(11), BUYER), (september(21), OWNER))
    shares = formulas.monthly(D(30), month(payer=payer, what=terms("1")), SEPTEMBER)
    assert amounts(shares) == {OWNER: D("20.00"), BUYER: D("10.00")}


def test_days_without_payer_or_standard_are_not_charged():
    assert month(payer=None) == []
    assert formulas.monthly(D(100), [], SEPTEMBER) == []
    what = from_on((september(21), terms("3")))
    assert amounts(formulas.monthly(D(100), month(what=what), SEPTEMBER)) == {OWNER: D("100.00")}


def test_nothing_at_no_percent():
    assert formulas.monthly(D(100), month(percent=D(0)), SEPTEMBER) == []


def test_without_part_months_who_is_first_pays_the_whole_month():
    payer = from_on((september(6), OWNER), (september(11), BUYER))
    [share] = formulas.monthly(D(1), month(payer=payer, what=terms("300", by_days=False)), SEPTEMBER)
    assert (share.payer, share.amount) == (OWNER, D("300.00"))
    assert (share.from_on, share.until_on) == (SEPTEMBER, date(2026, 10, 1))


def test_due_on_the_last_day_of_the_period_or_so_many_days_later():
    assert formulas.due_on(date(2028, 2, 1), terms("1")) == date(2028, 2, 29)
    assert formulas.due_on(SEPTEMBER, terms("1", due_days=10)) == date(2026, 10, 10)


# --- readings ------------------------------------------------------------------------------------------------------

TIERS = ((D(0), D("3.45")), (D(15), D("4.83")), (D(25), D("5.83")))


def test_consumption_is_priced_tier_by_tier():
    tiered = terms("0", tiers=TIERS)
    assert formulas.cost(D("15.000"), tiered) == D("51.75")
    assert formulas.cost(D("26.500"), tiered) == 15 * D("3.45") + 10 * D("4.83") + D("1.5") * D("5.83")
    assert formulas.cost(D("-3"), tiered) == formulas.cost(D(0), tiered) == 0
    assert formulas.in_tiers(D("15.5"), tiered) == [(D(15), D("3.45")), (D("0.5"), D("4.83"))]


def test_a_reading_is_divided_among_the_payers_by_days():
    payer = from_on((september(1), OWNER), (september(11), BUYER))
    parts = month(payer=payer, what=terms("3.45"))
    assert amounts(formulas.reading(D(10), parts)) == {OWNER: D("11.50"), BUYER: D("23.00")}
    assert formulas.reading(D(0), parts) == formulas.reading(D(10), []) == []


def test_consumption_is_charged_whole_when_the_payer_came_during_the_month():
    parts = month(payer=from_on((september(21), OWNER)), what=terms("3.45"))
    assert amounts(formulas.reading(D(10), parts)) == {OWNER: D("34.50")}


def test_percentages_hold_for_readings_by_days():
    percent = from_on((september(1), D(70)), (september(16), None))
    assert amounts(formulas.reading(D(10), month(what=terms("10"), percent=percent))) == {OWNER: D("85.00")}


# --- shared --------------------------------------------------------------------------------------------------------


def test_shared_consumption_is_divided_by_area_with_nothing_lost():
    price = terms("1")
    found = formulas.shared(D(100), {1: (D(50), price), 2: (D(50), price), 3: (D(50), price)})
    assert found == {1: D("33.34"), 2: D("33.33"), 3: D("33.33")}


def test_shops_share_at_their_own_price():
    flats, shops = terms("1", standard=1), terms("2", standard=2)
    assert formulas.shared(D(100), {1: (D(75), flats), 2: (D(25), shops)}) == {1: D("75.00"), 2: D("50.00")}


areas = st.decimals(min_value=D("0.01"), max_value=D("9999.99"), places=2)
prices = st.decimals(min_value=0, max_value=D("99.9999"), places=4)
consumption = st.decimals(min_value=0, max_value=D("99999.999"), places=3)


@given(st.lists(areas, min_size=1, max_size=40), prices, consumption)
def test_shares_of_a_building_sum_to_its_consumption(areas, price, used):
    one = terms(price)
    found = formulas.shared(used, {unit: (area, one) for unit, area in enumerate(areas)})
    assert sum(found.values()) == (used * price).quantize(D("0.01"), rounding="ROUND_HALF_UP")
    fair = [Fraction(used * price) * Fraction(area) / Fraction(sum(areas)) for area in areas]
    assert all(abs(Fraction(found[unit]) - fair[unit]) < Fraction(2, 100) for unit in found)


# --- any month, worked out by hand, day by day ---------------------------------------------------------------------

day_values = st.lists(
    st.tuples(
        st.sampled_from([None, OWNER, BUYER, DEVELOPER]),
        st.sampled_from([None, terms("2.8", standard=1), terms("3.3333", standard=2)]),
        st.sampled_from([None, D(0), D(70), D("33.33"), D(100)]),
    ),
    min_size=31,
    max_size=31,
)
months = st.sampled_from([date(2026, 2, 1), date(2028, 2, 1), SEPTEMBER, date(2026, 12, 1)])


def half_up(exact):
    """A fraction to the cent, by whole numbers."""
    return D(int((exact * 200 + 1) // 2)) / 100


@given(months, areas, day_values)
def test_a_month_is_the_sum_of_its_days_rounded_once(period, area, values):
    def at(place):
        return lambda day: values[day.day - 1][place]

    parts = formulas.parts(period, at(0), at(1), at(2))
    shares = formulas.monthly(area, parts, period)
    days = formulas.days_of(period)
    fair: dict = {}
    for who, what, percent in values[: len(days)]:
        if who and what:
            rate = Fraction(D(100) if percent is None else percent) / 100
            fair[who] = fair.get(who, 0) + Fraction(area * what.price) * rate / len(days)
    assert sum(share.amount for share in shares) == half_up(sum(fair.values(), Fraction(0)))
    assert all(abs(Fraction(share.amount) - fair[share.payer]) < Fraction(2, 100) for share in shares)
    assert all(share.amount > 0 for share in shares)
    assert len({share.payer for share in shares}) == len(shares)


# --- late fee ------------------------------------------------------------------------------------------------------

DUE = date(2026, 8, 31)
HALF_PERMILLE = LateTerms(7, D("0.0005"), grace_days=5)


def late(still_open="1000", terms=HALF_PERMILLE, until=date(2026, 10, 1), amount=1000, before=0):
    functions = [one if callable(one) else always(one) for one in (still_open, terms)]
    if not callable(still_open):
        functions[0] = always(D(still_open))
    parts = formulas.late_parts(DUE, until, *functions)
    return formulas.late(D(amount), parts, D(before)), parts


def test_a_late_fee_counts_the_days_after_the_grace():
    fee, [part] = late()
    assert (part.from_on, part.until_on, part.days) == (september(6), date(2026, 10, 1), 25)
    assert fee == D("12.50")


def test_within_the_grace_nothing_is_charged():
    assert late(until=september(6)) == (0, [])
    assert late(until=DUE)[0] == 0
    assert late(until=september(7))[0] == D("0.50")


def test_what_was_paid_costs_nothing_from_its_day_on():
    fee, parts = late(still_open=from_on((DUE, D(1000)), (september(16), D(400)), (september(26), D(0))))
    assert [(part.days, part.open) for part in parts] == [(10, D(1000)), (10, D(400))]
    assert fee == D("7.00")


def test_each_day_follows_the_standard_in_force_on_it():
    dearer = LateTerms(8, D("0.001"), grace_days=5)
    fee, parts = late(terms=from_on((DUE, HALF_PERMILLE), (september(21), dearer)))
    assert [(part.terms.standard, part.days) for part in parts] == [(7, 15), (8, 10)]
    assert fee == D("17.50")
    assert late(terms=from_on((september(21), HALF_PERMILLE)))[0] == D("5.00")  # none before


def test_the_cap_holds_over_all_late_fees_of_a_charge():
    capped = LateTerms(7, D("0.0005"), cap=D(1))
    assert late(terms=capped)[0] == D("10.00")
    assert late(terms=capped, before=D("9.50"))[0] == D("0.50")
    assert late(terms=capped, before=D("10.00"))[0] == 0


def test_a_month_charges_what_the_ones_before_did_not():
    whole, _parts = late(until=date(2026, 11, 1))
    first, _parts = late()
    assert first + late(until=date(2026, 11, 1), before=first)[0] == whole
    assert late(before=D(99))[0] == 0


paid_on = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 400)), max_size=4)


@given(paid_on, st.integers(0, 40), st.sampled_from([None, D(2), D(100)]), st.integers(1, 3))
def test_months_together_are_one_calculation_and_never_beyond_the_cap(payments, grace, cap, months):
    def still_open(day):
        paid = sum(amount for since, amount in payments if DUE + timedelta(days=since) <= day)
        return max(D(1000) - paid, D(0))

    terms = LateTerms(7, D("0.000333"), grace_days=grace, cap=cap)
    charged, fair = D(0), Fraction(0)
    untils = [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)][:months]
    for until in untils:
        charged += late(still_open, terms, until, before=charged)[0]
    for n in range(1, (untils[-1] - DUE).days):
        day = DUE + timedelta(days=n)
        fair += Fraction(still_open(day)) * Fraction("0.000333") if n > grace else 0
    if cap is not None:
        fair = min(fair, Fraction(1000) * Fraction(cap) / 100)
    assert charged == half_up(fair)
