"""Money: one rounding, one splitting, one way to write it."""

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from office import money

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**6, places=3), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("1.004999", "1.00"), ("2.675", "2.68"), ("7", "7.00")],
)
def test_halves_go_away_from_zero(exact, rounded):
    assert money.round_half_up(Decimal(exact)) == Decimal(rounded)
    assert str(money.round_half_up(Decimal(exact))) == rounded


def test_floats_are_no_money():
    with pytest.raises(TypeError):
        money.round_half_up(0.1)
    with pytest.raises(TypeError):
        money.split(Decimal(1), [0.5, 0.5])


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_rounding_moves_at_most_half_a_cent_and_keeps_the_sign(amount):
    rounded = money.round_half_up(amount)
    assert abs(rounded - amount) <= Decimal("0.005")
    assert rounded == -money.round_half_up(-amount)
    assert money.round_half_up(rounded) == rounded


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_and_none_is_a_cent_off(total, weights):
    shares = money.split(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert share == money.round_half_up(share)
        assert abs(share - total * weight / whole) < Decimal("0.01") + Decimal("1e-12")
        assert weight or share == 0


@given(AMOUNTS, WEIGHTS)
def test_a_larger_weight_never_gets_less(total, weights):
    shares = money.split(abs(total), weights)
    for one, share in zip(weights, shares, strict=True):
        for other, their_share in zip(weights, shares, strict=True):
            assert one <= other or share >= their_share


def test_the_cent_left_goes_to_the_largest_remainder_then_to_the_earlier():
    assert money.split(Decimal("100.00"), [1, 1, 1]) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert money.split(Decimal("0.01"), [Decimal("0.2"), Decimal("0.8")]) == [
        Decimal("0.00"),
        Decimal("0.01"),
    ]
    assert money.split(Decimal("-1.00"), [1, 2]) == [Decimal("-0.33"), Decimal("-0.67")]


@pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2]])
def test_weights_that_split_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        money.split(Decimal(1), weights)


def test_a_total_below_a_cent_is_refused():
    with pytest.raises(ValueError, match="two places"):
        money.split(Decimal("0.001"), [1])


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (Decimal("1234.5"), "CNY", "¥1,234.50"),
        (Decimal("-3"), "HKD", "−HK$3.00"),
        (Decimal("1000000"), "EUR", "EUR 1,000,000.00"),
        (0, "", "0.00"),
        (None, "CNY", "–"),
    ],
)
def test_money_is_shown_with_two_places_and_its_sign(amount, currency, shown):
    with translation.override("en"):
        assert money.show(amount, currency) == shown
