"""Texts, codes, numbers, choices."""

import difflib
import re
import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from office import search
from office.imports.sheets import Bad
from office.workbooks import ERROR_CELLS, UNSAVED_FORMULA

SEVERAL = re.compile(r"[#、,，;；/／&\n]+")
LOST = 10**15  # a number of so many digits is rounded by every spreadsheet
_NOTHING = {"", "-", "--", "—", "——", "/", "\\", "无", "没有", "暂无", "空", "none", "nil", "n/a", "na", "null", "不详", "未知"}  # fmt: skip


def half_width(text):
    """NFKC, single blanks: １２０１ → 1201. Also what looks like a hyphen becomes one."""
    if text.isascii():
        return " ".join(text.split())
    text = unicodedata.normalize("NFKC", text)
    return " ".join(re.sub(r"[‐‑‒–—―−－﹣]", "-", text).split())


def said(cell):
    """A cell as people read it: 1011.0 is 1011. Bad for what shows an error instead of a value."""
    if type(cell) is str and cell.isalnum():
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, (int, float, Decimal)):
        return _number_said(cell)
    if isinstance(cell, datetime):
        return (
            cell.isoformat(sep=" ", timespec="minutes") if (cell.hour or cell.minute) else f"{cell:%Y-%m-%d}"
        )
    if isinstance(cell, date):
        return cell.isoformat()
    words = str(cell).replace("\0", "").strip()
    if words[:1] == "'" and words[1:2] in "=+-@":  # our own CSV keeps formulas from being taken for such
        words = words[1:]
    if words in ERROR_CELLS:
        raise Bad(_("The workbook shows an error here: %(error)s.") % {"error": words})
    if words == UNSAVED_FORMULA:
        raise Bad(
            _("The result of this formula was never saved: open the file in Excel, save it, send it again.")
        )
    return words


def _number_said(cell):
    if isinstance(cell, float):
        if cell - cell != 0:
            raise Bad(_("This is no number."))
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def stands_for_nothing(words):
    """無, 暫無, -, n/a: what people write into a cell that has no value."""
    return search.fold(words).replace(" ", "") in _NOTHING


def text_of(value):
    """A value as a cell that reads as the same value again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (tuple, list)):
        return "、".join(_part_said(part) for part in value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def _part_said(part):
    if isinstance(part, tuple):  # an owner and the share
        return f"{part[0]} {part[1].normalize():f}%" if part[1] is not None else part[0]
    return text_of(part)


# --- texts -------------------------------------------------------------------------------------------------


def text(most, *, lines=False):
    """Words as they stand, with single blanks (`lines`: line breaks stay). Too long is an error, never cut."""

    def parse(cell, place):
        words = said(cell)
        if lines:
            words = "\n".join(" ".join(line.split()) for line in words.splitlines()).strip()
        else:
            words = " ".join(words.split())
        return _short(words, most)

    return parse


def _short(words, most):
    if len(words) > most:
        raise Bad(_("This is longer than %(most)s characters.") % {"most": most})
    return words


def code(most):
    """A code in half-width characters. Excel's helpful dates are refused: 3-2 became 2 March."""

    def parse(cell, place):
        if isinstance(cell, date):
            raise Bad(_("Excel has made a date of this code."), _code_of(cell, place.today))
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= LOST:
            raise Bad(_("Excel has lost digits of this number; enter it as text."))
        return _short(half_width(said(cell)), most)

    return parse


def _code_of(day, today):
    if abs(day.year - today.year) <= 3:
        return f"{day.month}-{day.day}"
    return f"{day.year % 100}-{day.month}-{day.day}"


def codes(most):
    """Several codes in one cell: 1#2, 1、2."""
    return several(code(most))


def several(parse_one):
    """What `parse_one` makes of each part of the cell, once each."""

    def parse(cell, place):
        if not isinstance(cell, str):
            one = parse_one(cell, place)
            return () if one is None else (one,)
        parts = [part for part in SEVERAL.split(said(cell)) if part.strip()]
        return tuple(dict.fromkeys(one for part in parts if (one := parse_one(part, place)) is not None))

    return parse


# --- numbers -----------------------------------------------------------------------------------------------

_UNITS = re.compile(
    r"(?:m2|m\^2|sq\.?m\.?|sqm|m|平方米|平方公尺|平米|平方|平|元|块|rmb|cny|hkd|mop|%|层|楼|岁|年|个|floors?)$"
)
_FEET = re.compile(r"(?:sq\.?ft\.?|sqft|ft2|平方呎|平方英尺|呎|尺)$")
_LEAD = re.compile(r"^(?:rmb|cny|hkd|hk\$|mop\$?|¥|\$|约|共)")
FOOT = Decimal("0.09290304")  # m²


def decimal(places, *, low=None, high=None, area=False):
    """A Decimal with `places` decimals, from `low` to `high`. `area`: m², square feet are proposed in m²."""
    step = Decimal(1).scaleb(-places)

    def parse(cell, place):
        value = _decimal(cell, area, step).quantize(step, ROUND_HALF_UP)
        if (low is not None and value < low) or (high is not None and value > high):
            raise Bad(_("This must lie between %(low)s and %(high)s.") % {"low": low, "high": high})
        return value

    return parse


def _decimal(cell, area, step):
    if isinstance(cell, (bool, date)):
        raise Bad(_("This is no number."))
    words = said(cell)
    if isinstance(cell, (int, float)) and abs(cell) < LOST:
        return Decimal(words)
    plain = _LEAD.sub("", search.fold(half_width(words)).replace(" ", ""))
    if area and _FEET.search(plain):
        return _from_feet(plain, step)
    number = _UNITS.sub("", plain)
    value = figure(number)
    if value is None:
        inside = re.findall(r"\d{1,12}(?:\.\d{1,6})?", number)
        raise Bad(_("“%(said)s” is no number.") % {"said": words[:40]}, inside[0] if len(inside) == 1 else "")
    if abs(value) >= LOST:
        raise Bad(_("This number is too large."))
    return value


def _from_feet(plain, step):
    value = figure(_FEET.sub("", plain))
    square_metres = (
        "" if value is None or value >= LOST else str((value * FOOT).quantize(step, ROUND_HALF_UP))
    )
    raise Bad(_("These are square feet; enter square metres."), square_metres)


def figure(plain):
    """1,234.56 · 1'234.56 · 1.234,56 · 94,56 · 94.56 · 1e3; None for everything else."""
    if re.fullmatch(r"[+-]?\d{1,3}(?:[,']\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "").replace("'", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,3})?", plain, re.ASCII):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def whole(low, high):
    """A whole number; 33.0, 33層 and ３３ are 33."""

    def parse(cell, place):
        value = _decimal(cell, False, Decimal(1))
        if value != value.to_integral_value():
            raise Bad(_("This is no whole number."))
        if not low <= value <= high:
            raise Bad(_("This must lie between %(low)s and %(high)s.") % {"low": low, "high": high})
        return int(value)

    return parse


# --- choices -----------------------------------------------------------------------------------------------

_YES = {"是", "有", "对", "在", "y", "yes", "true", "t", "1", "√", "✓", "✔", "v", "on"}
_NO = {"否", "无", "没", "没有", "不", "不是", "未", "n", "no", "false", "f", "0", "×", "✗", "✘", "off"}


def yes_no():
    """是/否, 有/沒有, yes/no, 1/0, ✓."""

    def parse(cell, place):
        words = search.fold(said(cell)).replace(" ", "")
        if words in _YES:
            return True
        if words in _NO:
            return False
        raise Bad(_("Enter yes or no."))

    return parse


def choice(choices, words=None):
    """One of `choices` ((value, label) pairs): by value, by label in any language, or by one of `words`
    ({value: "further names"})."""
    choices = tuple(choices)
    further = tuple((value, names) for value, names in (words or {}).items())

    def parse(cell, place):
        shown = said(cell)
        known = _meanings(choices, further)
        plain = _joined(shown)
        if plain in known:
            return known[plain]
        near = difflib.get_close_matches(plain, known, n=1, cutoff=0.75)
        labels = {value: str(label) for value, label in choices}
        raise Bad(
            _("“%(said)s” is none of: %(choices)s.")
            % {"said": shown[:40], "choices": ", ".join(labels.values())},
            labels.get(known[near[0]], "") if near else "",
        )

    return parse


@lru_cache(maxsize=256)
def _meanings(choices, further):
    """{folded word: value}."""
    known: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {_joined(str(label)): value for value, label in choices}
    for value, names in further:
        known |= {_joined(name): value for name in names.split()}
    known |= {_joined(str(value)): value for value, _label in choices}
    return known


@lru_cache(maxsize=2048)
def _joined(text):
    return re.sub(r"[\s_\-.]+", "", search.fold(text))
