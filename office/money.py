"""Money: `Decimal` only, one rounding function, one splitting function (ARCHITECTURE §2).

Amounts are in whole units of the currency with two places (fen, cents).
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
SIGNS = {"CNY": "¥", "HKD": "HK$", "MOP": "MOP$", "TWD": "NT$", "USD": "US$"}


def _exact(amount):
    if isinstance(amount, float):
        raise TypeError("money is never a float")
    return Decimal(amount)


def round_half_up(amount, places=CENT):
    """`amount` at two places, halves away from zero: 0.005 → 0.01, -0.005 → -0.01."""
    return _exact(amount).quantize(places, rounding=ROUND_HALF_UP)


def split(total, weights):
    """Shares of `total` (two places) by `weights`, adding up to it exactly: largest remainder, earlier share first.

    Weights are not negative and not all zero; a share of weight zero is zero. The sign of `total` is kept.
    """
    total = _exact(total)
    if total != round_half_up(total):
        raise ValueError("a total has two places")
    weights = [_exact(weight) for weight in weights]
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError("weights must not be negative, nor all zero")
    sign = -1 if total < 0 else 1
    # Whole numbers from here on, so that no digit is lost whatever the weights' precision.
    scale = max(0, *(-weight.as_tuple().exponent for weight in weights))
    parts = [int(weight.scaleb(scale)) for weight in weights]
    cents, whole = int(abs(total).scaleb(2)), sum(parts)
    shares = [cents * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(cents * parts[i] % whole), i))
    for i in by_remainder[: cents - sum(shares)]:
        shares[i] += 1
    return [(sign * Decimal(share)).scaleb(-2) for share in shares]


def show(amount, currency="", sign=True):
    """`1234.5`, CNY → `¥1,234.50`. Always two places; a missing amount is a dash."""
    if amount is None or amount == "":
        return "–"
    # The same in every language: Django groups no digits in Chinese, and amounts are compared by eye.
    text = f"{round_half_up(amount):,.2f}"
    mark = (SIGNS.get(currency) or (f"{currency} " if currency else "")) if sign else ""
    return f"−{mark}{text[1:]}" if text.startswith("-") else f"{mark}{text}"
