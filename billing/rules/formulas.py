"""What a fee comes to (SPEC §6, 6.1, 6.2). Pure functions: the billing run does the same in SQL, and a test holds them equal.

A month is taken day by day: who pays, which standard holds, what percentage. Days that are alike make a `Part`; days
without a payer or without a standard are not charged. Each line (unit, item, month) is worked out exactly, rounded
half-up **once**, and then divided among its payers by largest remainder, so that the shares sum to the line.

    monthly   quantity × price × percent × days / days of the month      AREA: quantity is the area in m²; FIXED: 1
    metered   consumption by price or tiers × percent × days             over the days that have a payer
    shared    consumption by price, divided by area with nothing lost, then as metered
    late      what was open each day × that day's rate, after the grace, up to the cap

Two quotients decide a cent at x.xx5: in SQL round n/d as `div(200 * n + d, 2 * d) / 100` (whole numbers, nothing is cut
off), not as `round(n / d, 2)`.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from office import clocks, money

HUNDRED = Decimal(100)
DAY = timedelta(days=1)


# --- the days of a month -----------------------------------------------------------------------------------------


def days_of(period):
    """The days of the month that begins on `period`."""
    return days_between(period, clocks.add_months(period, 1))


def days_between(first, until):
    return [first + DAY * n for n in range((until - first).days)]


@dataclass(frozen=True)
class Terms:
    """What a standard says about an amount."""

    standard: int
    price: Decimal
    by_days: bool = True
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()  # (above, price), the first from 0
    due_days: int = 0


@dataclass(frozen=True)
class Part:
    """Days on which one payer pays by one standard at one percentage; half-open."""

    from_on: date
    until_on: date
    payer: int
    terms: Terms
    percent: Decimal = HUNDRED

    @property
    def days(self):
        return (self.until_on - self.from_on).days


def parts(
    period,
    payer: Callable[[date], int | None],
    terms: Callable[[date], Terms | None],
    percent: Callable[[date], Decimal | None] = lambda day: None,
) -> list[Part]:
    """The month in parts, oldest first. The three functions answer for a day; no percentage is 100."""

    def alike(day):
        return payer(day), terms(day), HUNDRED if percent(day) is None else percent(day)

    found = []
    for (who, what, share), days in groupby(days_of(period), alike):
        days = list(days)
        if who is not None and what is not None:
            found.append(Part(days[0], days[-1] + DAY, who, what, share))
    if found and not found[0].terms.by_days:
        # The fee of a whole month, whenever it began: who is first pays it, as that day has it.
        first = found[0]
        found = [Part(period, clocks.add_months(period, 1), first.payer, first.terms, first.percent)]
    return found


@dataclass(frozen=True)
class Share:
    """What one payer is charged, and the whole it is a share of (the same where nobody else pays)."""

    payer: int
    amount: Decimal
    whole: Decimal
    parts: tuple[Part, ...]

    @property
    def from_on(self):
        return self.parts[0].from_on

    @property
    def until_on(self):
        return self.parts[-1].until_on


def divide(whole, parts, weight) -> list[Share]:
    """`whole` among the payers of `parts`, in the order they come, by the sum of `weight(part)`. Nobody is charged nothing."""
    by_payer: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        by_payer[part.payer].append(part)
    if not whole:
        return []
    amounts = money.split(whole, [sum(map(weight, own)) for own in by_payer.values()])
    return [
        Share(payer, amount, whole, tuple(own))
        for (payer, own), amount in zip(by_payer.items(), amounts, strict=True)
        if amount
    ]


def due_on(period, terms):
    """The last day of the period, or so many days after it (SPEC §6.1)."""
    return clocks.add_months(period, 1) - DAY + DAY * terms.due_days


# --- amounts -----------------------------------------------------------------------------------------------------


def monthly(quantity, parts, period) -> list[Share]:
    """AREA (`quantity` m²) and FIXED (`quantity` 1): "85.20 m² × 2.80 × 18/30 days", at 70 % where an adjustment says so."""

    def weight(part):
        return part.terms.price * part.percent * part.days

    exact = quantity * sum(map(weight, parts)) / (HUNDRED * len(days_of(period)))
    return divide(money.round_half_up(exact), parts, weight)


def cost(consumption, terms):
    """Exact price of a consumption: by tiers where there are any, never negative.

    Each tier prices what lies above its beginning and not above the next one's.
    """
    if consumption <= 0:
        return Decimal(0)
    return sum((used * price for used, price in in_tiers(consumption, terms)), Decimal(0))


def in_tiers(consumption, terms):
    """[(quantity, price)] of a consumption, the lowest tier first."""
    if not terms.tiers:
        return [(consumption, terms.price)]
    steps = sorted(terms.tiers)
    ends = [above for above, _price in steps[1:]] + [None]
    found = []
    for (above, price), end in zip(steps, ends, strict=True):
        used = (consumption if end is None else min(consumption, end)) - above
        if used > 0:
            found.append((used, price))
    return found


def reading(consumption, parts) -> list[Share]:
    """READING: the unit's consumption of the month by the standard of its first charged day."""
    return by_days(cost(consumption, parts[0].terms) if parts else Decimal(0), parts)


def by_days(exact, parts) -> list[Share]:
    """An amount of the whole month (consumption, a share of it) over the days that have a payer."""

    def weight(part):
        return part.percent * part.days

    if not parts:
        return []
    charged = sum(part.days for part in parts)
    return divide(money.round_half_up(exact * sum(map(weight, parts)) / (HUNDRED * charged)), parts, weight)


def shared(consumption, areas: dict[int, tuple[Decimal, Terms]]) -> dict[int, Decimal]:
    """SHARED: {unit: its share} of a shared meter's consumption among the units that share it, by area, in unit order.

    Every unit that shares takes its part of the area, also one whose share nobody pays. Where all have one standard,
    the shares sum to the price of the consumption; otherwise those of each standard sum to that standard's part of it.
    """
    everything = sum(area for area, _terms in areas.values())
    together: dict[Terms, list[int]] = defaultdict(list)
    for unit in sorted(areas):
        together[areas[unit][1]].append(unit)
    found: dict[int, Decimal] = {}
    for terms, units in together.items():
        own = [areas[unit][0] for unit in units]
        whole = money.round_half_up(cost(consumption, terms) * sum(own) / everything)
        found |= dict(zip(units, money.split(whole, own), strict=True))
    return found


# --- late fee ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LateTerms:
    standard: int
    rate: Decimal  # of the open amount, per day
    grace_days: int = 0
    cap: Decimal | None = None  # % of the charge's amount


@dataclass(frozen=True)
class LatePart:
    """Days on which the same amount was open at the same rate; half-open."""

    from_on: date
    until_on: date
    open: Decimal
    terms: LateTerms

    @property
    def days(self):
        return (self.until_on - self.from_on).days

    @property
    def exact(self):
        return self.open * self.terms.rate * self.days


def late_parts(
    due_on, until, still_open: Callable[[date], Decimal], terms: Callable[[date], LateTerms | None]
):
    """What a charge's late fee is worked out from, up to `until` (not included): it counts from the day after it was due.

    Each day follows the standard in force on it; days of grace, and days on which nothing was open, cost nothing.
    """

    def alike(day):
        what = terms(day)
        if what is None or (day - due_on).days <= what.grace_days:
            return None
        return (still_open(day), what) if still_open(day) > 0 else None

    found = []
    for same, days in groupby(days_between(due_on + DAY, until) if until > due_on else [], alike):
        days = list(days)
        if same:
            found.append(LatePart(days[0], days[-1] + DAY, *same))
    return found


def late(amount, parts, before=Decimal(0)):
    """The late fee of a charge of `amount` for `parts`, less what was charged `before`; never negative.

    The cap is that of the last day's standard, over all late fees of the charge.
    """
    if not parts:
        return Decimal(0)
    fee = sum((part.exact for part in parts), Decimal(0))
    cap = parts[-1].terms.cap
    if cap is not None:
        fee = min(fee, amount * cap / HUNDRED)
    return max(fee.quantize(money.CENT, rounding=ROUND_HALF_UP) - before, Decimal(0))
