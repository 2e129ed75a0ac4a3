"""What may be done with fee standards: ended and followed by a new one, never rewritten once charged with (SPEC §6.1)."""

from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

READ, EDIT, ADJUST = "billing.read", "billing.standards", "billing.adjust"


class WrongLine(ValueError):
    """A line of the tiers that cannot be read; the sentence says which."""


def why_not_until(until, charged_until):
    """Why nothing may change from `until` on: months already charged keep what they were charged with."""
    if charged_until is None or until >= charged_until:
        return None
    return _("It has been charged up to %(day)s already. Choose %(from)s or later.") % {
        "day": f"{date.fromordinal(charged_until.toordinal() - 1):%Y-%m-%d}",
        "from": f"{charged_until:%Y-%m-%d}",
    }


def why_not_remove(standard, charged_until):
    if charged_until is None or standard.period.lower >= charged_until:
        return None
    return _("It has been charged with. End it instead.")


def read_tiers(text):
    """[(above, price)] of lines "0 3.45", lowest first. Raises WrongLine."""
    found = []
    for number, line in enumerate((line for line in text.splitlines() if line.strip()), start=1):
        try:
            above, price = (Decimal(part) for part in line.replace(",", " ").split())
        except (ValueError, InvalidOperation):
            raise WrongLine(
                _("Line %(n)s: write from where on and the price, for example “15 4.83”.") % {"n": number}
            ) from None
        if not (above.is_finite() and price.is_finite()) or above < 0 or price < 0:
            raise WrongLine(_("Line %(n)s: amounts are not negative.") % {"n": number})
        if above >= 10**9 or price >= 10**8 or _places(above) > 3 or _places(price) > 4:
            raise WrongLine(_("Line %(n)s: too many digits.") % {"n": number})
        found.append((above, price))
    found.sort()
    if found and found[0][0] != 0:
        raise WrongLine(_("The first tier begins at 0."))
    if len({above for above, _price in found}) < len(found):
        raise WrongLine(_("Two tiers begin at the same place."))
    return found


def _places(number):
    return -number.normalize().as_tuple().exponent
