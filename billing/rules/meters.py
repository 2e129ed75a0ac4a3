"""What a reading says, and when a person has to look at it before it counts (SPEC §6.3).

A reading is what the dial showed at the end of a day. Its consumption runs from the reading before, and belongs to
the month of that day.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

from billing.models import Meter

THOUSANDTH = Decimal("0.001")

# Cannot be: refused where it is entered.
FUTURE, DIGITS, BEFORE_INSTALLED, AFTER_REMOVED = "future", "digits", "before_installed", "after_removed"
WRONG = {
    FUTURE: _("This day lies in the future."),
    DIGITS: _("The dial of this meter has fewer digits."),
    BEFORE_INSTALLED: _("The meter was not yet installed on this day."),
    AFTER_REMOVED: _("The meter had been removed by this day."),
}

# Unusual: held until a person decides. The words stand on the page of held readings.
BELOW, ROLLED, ABOVE, FAR = "below", "rolled", "above", "far"
DOUBTS = {
    BELOW: _("below the last reading"),
    # Translators: 錶盤歸零
    ROLLED: _("the dial has probably passed zero"),
    ABOVE: _("above a later reading"),
    FAR: _("far from the usual consumption"),
}

USUAL_READINGS = 6  # the usual is worked out from so many readings
USUAL_FROM = 2  # and is unknown before
# Differences below this are never unusual, whatever the percentage (m³, kWh).
SMALL = {Meter.Kind.WATER: Decimal(5), Meter.Kind.ELECTRICITY: Decimal(50), Meter.Kind.GAS: Decimal(10)}

# Words behind a number: what a dial of this kind counts.
UNITS = {Meter.Kind.WATER: "m³", Meter.Kind.ELECTRICITY: "kWh", Meter.Kind.GAS: "m³"}


def shown(number):
    """A reading or a consumption as people write it: 123.500 → 123.5."""
    return "–" if number is None else f"{number.normalize():f}" if number else "0"


def month_of(day):
    """The month (its first day) whose consumption a reading of `day` counts for."""
    return day.replace(day=1)


def dial_end(meter):
    """Where the dial starts again at zero."""
    return Decimal(10) ** meter.digits


def used(meter, before, value, rolled_over=False):
    """Consumption between two readings of `meter`, multiplier included; at three places. Negative: below the last."""
    turned = dial_end(meter) if rolled_over else 0
    return ((value - before + turned) * meter.multiplier).quantize(THOUSANDTH, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Usual:
    """The usual consumption per day of a meter, from its last counted readings."""

    per_day: Decimal

    def over(self, days):
        return (self.per_day * days).quantize(THOUSANDTH, rounding=ROUND_HALF_UP)


def usual(history):
    """`history`: (consumption, days) of counted readings, newest first. None while too little is known."""
    known = [(used, days) for used, days in history if days > 0][:USUAL_READINGS]
    if len(known) < USUAL_FROM:
        return None
    return Usual(sum((used for used, _days in known), Decimal(0)) / sum(days for _used, days in known))


def wrong(meter, *, value, read_on, today):
    """The name of what cannot be in `WRONG`, or an empty text."""
    if read_on > today:
        return FUTURE
    if read_on < meter.installed_on:
        return BEFORE_INSTALLED
    if meter.removed_on and read_on > meter.removed_on:
        return AFTER_REMOVED
    return DIGITS if value >= dial_end(meter) else ""


def doubt(meter, *, before: Decimal, since: date, value: Decimal, read_on: date, usual, percent: int):
    """The name in `DOUBTS` of what a person has to look at, or an empty text.

    `before` was read on `since`. `percent`: so much more than usual (or as many times less) is unusual; 0 asks nothing.
    """
    days = max((read_on - since).days, 1)
    if value < before:
        return ROLLED if _probably_rolled(meter, before, value, usual, days) else BELOW
    return FAR if is_far(meter, used(meter, before, value), usual, days, percent) else ""


def is_far(meter, consumption, usual, days, percent):
    if usual is None or not percent:
        return False
    expected, most = usual.over(days), 1 + Decimal(percent) / 100
    small = SMALL[Meter.Kind(meter.kind)]
    return consumption > expected * most + small or consumption < expected / most - small


def _probably_rolled(meter, before, value, usual, days):
    """The dial was near its end and is near its beginning; what was used is not out of all proportion."""
    end = dial_end(meter)
    if before < end * 8 / 10 or value > end * 2 / 10:
        return False
    return usual is None or used(meter, before, value, True) <= max(usual.over(days) * 5, SMALL[meter.kind])


# --- who may do what -----------------------------------------------------------------------------------------------

READ, TAKE, DECIDE, REGISTER = (
    "billing.read",
    "billing.take_readings",
    "billing.decide_readings",
    "billing.meters",
)


def role_refuses(staff, permission, estate_id):
    return None if staff.may(permission, estate_id) else _("Your role does not allow this.")


def why_not_decide(reading, staff):
    """Whether a held reading counts is for whoever answers for the bills."""
    if sentence := role_refuses(staff, DECIDE, reading.estate_id):
        return sentence
    return None if reading.state == reading.State.HELD else _("This has been decided already.")


def why_not_correct(reading, staff):
    """Who took a reading may mend it the same way; somebody else's is for whoever decides."""
    allowed = DECIDE if reading.by_id != staff.pk else TAKE
    if not (staff.may(allowed, reading.estate_id) or staff.may(DECIDE, reading.estate_id)):
        return _("Somebody else took this reading; who decides on held readings may correct it.")
    return None if reading.state == reading.State.COUNTED else _("Only a reading that counts is corrected.")


def why_not_exchange(meter, staff):
    if sentence := role_refuses(staff, REGISTER, meter.estate_id):
        return sentence
    return _("This meter has been removed.") if meter.removed_on else None
