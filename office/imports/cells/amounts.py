"""Amounts of money as ledgers and banks write them: (1,234.50), 1,234.50-, ￥1,234.50, 100.00 CR, 貸 100.00."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from office import search
from office.imports.cells.plain import LOST, figure, half_width, said, stands_for_nothing
from office.imports.sheets import Bad

CENT = Decimal("0.01")
_SIGNS = re.compile(r"(?:rmb|cny|hkd|mop|usd|hk\$|mop\$|us\$|人民币|港币|[¥￥$€£元圆块])")
_CREDIT = re.compile(r"^(?:贷|cr\.?)\s*|\s*(?:贷|cr\.?)$")
_DEBIT = re.compile(r"^(?:借|dr\.?)\s*|\s*(?:借|dr\.?)$")


def money():
    """A Decimal of two places, debit positive; None for what stands for nothing. A third decimal is refused."""

    def parse(cell, place):
        if isinstance(cell, (bool, date)):
            raise Bad(_("This is no amount."))
        words = said(cell)
        if isinstance(cell, (int, float)) and abs(cell) < LOST:
            return _cents(Decimal(words), words, within=Decimal("0.000001"))
        if stands_for_nothing(words) or words == "平":
            return None
        value = _read(words)
        if value is None:
            raise Bad(_("“%(said)s” is no amount.") % {"said": words[:40]})
        return _cents(value, words)

    return parse


def _read(words):
    plain = search.fold(half_width(words)).replace("−", "-").replace("–", "-")
    plain, sign = _SIGNS.sub("", plain).strip(), 1
    if _CREDIT.search(plain):
        plain, sign = _CREDIT.sub("", plain), -1
    elif _DEBIT.search(plain):
        plain = _DEBIT.sub("", plain)
    plain = plain.replace(" ", "").replace("'", "")
    if found := re.fullmatch(r"[\[(](.+)[)\]]", plain):
        plain, sign = found[1], -sign
    elif plain.endswith("-"):
        plain, sign = plain[:-1], -sign
    value = figure(plain)
    return None if value is None or abs(value) >= LOST else sign * value


def _cents(value, words, within=Decimal(0)):
    rounded = value.quantize(CENT, ROUND_HALF_UP)
    if abs(rounded - value) > within:
        raise Bad(_("“%(said)s” has more than two decimals.") % {"said": words[:40]}, str(rounded))
    return rounded
