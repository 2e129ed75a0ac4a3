"""Days and moments: real dates, serial numbers, and every usual way to write them."""

import re
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from office import search
from office.imports.cells.plain import half_width, said
from office.imports.sheets import Bad

DAY_0 = date(1899, 12, 30)  # of Excel's serial numbers
SERIALS = (7_000, 80_000)  # 1919 to 2119; smaller ones are years and counts
FIRST, LAST = 1850, 2200
_MONTHS = {name: number for number, name in enumerate(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
)}  # fmt: skip
_TIME = r"(?:[t\s]+|日\s*)(?:上午|下午)?\s*\d{1,2}[::时]\d{1,2}.*$"
_WEEKDAY = r"[\s,(]*(?:星期|周|礼拜)[一二三四五六日天1-7]\)?"
_PLAIN = re.compile(r"([12]\d{3})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
_SHORT_YEAR = re.compile(r"(\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_REPUBLIC = re.compile(r"(?:中华)?民国\s*(\d{1,3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_THREE = re.compile(r"(\d{3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_NO_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_ENGLISH = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-/]+([a-z]{3,9})|([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?)[,\s\-/.]+(\d{4})")  # fmt: skip


def day():
    """A date. What may be two days (05.03.2024) or lacks a part is refused with a proposal."""

    def parse(cell, place):
        return _within(_day(cell))

    return parse


def moment():
    """An aware moment of the estate's time zone; a day alone is its beginning."""

    def parse(cell, place):
        zone = place.estate.zone
        found = _moment(cell)
        _within(found.date())
        return found if found.tzinfo else found.replace(tzinfo=zone)

    return parse


def _within(found):
    if not FIRST <= found.year <= LAST:
        raise Bad(_("The year %(year)s cannot be right.") % {"year": found.year})
    return found


def _moment(cell):
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and SERIALS[0] <= cell <= SERIALS[1]:
        seconds = round(cell % 1 * 86_400)
        return datetime.combine(_day(int(cell)), datetime.min.time()) + timedelta(seconds=seconds)
    if isinstance(cell, str):
        words = half_width(said(cell))
        try:
            return datetime.fromisoformat(words.replace("/", "-"))
        except ValueError:
            pass
        if time := re.search(
            r"(上午|下午)?\s*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?\s*([ap]m)?", search.fold(words)
        ):
            return datetime.combine(_day(words), datetime.min.time()) + _clock(time)
    return datetime.combine(_day(cell), datetime.min.time())


def _clock(found):
    half, hours, minutes, seconds, english = found.groups()
    hours = int(hours)
    if (half == "下午" or english == "pm") and hours < 12:
        hours += 12
    if english == "am" and hours == 12:
        hours = 0
    if hours > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise Bad(_("This is no time of day."))
    return timedelta(hours=hours, minutes=int(minutes), seconds=int(seconds or 0))


def _day(cell):
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool):
        raise Bad(_("This is no date."))
    if isinstance(cell, (int, float)):
        return _of_number(cell)
    if plain := _PLAIN.fullmatch(cell):
        return _ymd(int(plain[1]), int(plain[2]), int(plain[3]), cell)
    words = search.arabic(search.fold(half_width(said(cell)))).strip(" .。")
    if re.fullmatch(r"\d{4,8}(?:\.\d{1,12})?", words):
        return _of_number(float(words))
    words = re.sub(_WEEKDAY, "", re.sub(_TIME, "", words)).strip()
    return _of_words(words, said(cell))


def _of_number(number):
    if number - number != 0:  # infinite, or no number at all
        raise Bad(_("This is no date."))
    if SERIALS[0] <= number <= SERIALS[1]:
        return DAY_0 + timedelta(days=int(number))
    if number == int(number) and 10**7 <= number < 10**8:
        return _made(*divmod(int(number), 10_000), str(int(number)))
    if number == int(number) and FIRST <= number <= LAST:
        raise Bad(_("This is a year; which day?"), f"{int(number)}-01-01")
    raise Bad(_("“%(said)s” is no date.") % {"said": f"{number:.15g}"})


def _of_words(words, shown):
    if found := _YEAR_FIRST.fullmatch(words):
        year, month, number = map(int, found.groups())
        return _ymd(year, month, number, shown)
    if found := _REPUBLIC.fullmatch(words):
        year, month, number = map(int, found.groups())
        return _ymd(year + 1911, month, number, shown)
    if found := _ENGLISH.fullmatch(words):
        before, month_after, month_before, after, said_year = found.groups()
        if named := _MONTHS.get((month_after or month_before)[:3]):
            return _ymd(int(said_year), named, int(before or after), shown)
    if found := _YEAR_LAST.fullmatch(words):
        first, second, year = map(int, found.groups())
        return _year_last(first, second, year, shown)
    _refuse_part(words, shown)
    raise Bad(_("“%(said)s” is no date.") % {"said": shown[:40]})


def _refuse_part(words, shown):
    """Dates that lack the century, the calendar or the day: what they most likely mean is proposed."""
    for pattern, years in ((_THREE, 1911), (_SHORT_YEAR, 2000), (_NO_DAY, 0)):
        found = pattern.fullmatch(words)
        if not found:
            continue
        parts = [int(part) for part in found.groups()]
        parts += [1] * (3 - len(parts))
        try:
            proposed = date(parts[0] + years, parts[1], parts[2]).isoformat()
        except ValueError:
            proposed = ""
        reason = (
            _("“%(said)s” does not say the day.")
            if years == 0
            else _("“%(said)s” does not say the whole year.")
        )
        raise Bad(reason % {"said": shown[:40]}, proposed)


def _made(year, rest, shown):
    return _ymd(year, rest // 100, rest % 100, shown)


def _ymd(year, month, number, shown):
    try:
        return date(year, month, number)
    except ValueError:
        pass
    try:
        swapped = date(year, number, month).isoformat()
    except ValueError:
        swapped = ""
    raise Bad(_("There is no such day: %(said)s.") % {"said": shown[:40]}, swapped)


def _year_last(first, second, year, shown):
    """5/3/2024 is two days; 25/3/2024 and 3/25/2024 are one."""
    if first == second or first > 12 >= second:
        return _ymd(year, second, first, shown)
    if second > 12 >= first:
        return _ymd(year, first, second, shown)
    try:
        one, other = date(year, second, first).isoformat(), date(year, first, second).isoformat()
    except ValueError:
        raise Bad(_("There is no such day: %(said)s.") % {"said": shown[:40]}) from None
    raise Bad(
        _("“%(said)s” may be %(one)s or %(other)s.") % {"said": shown[:40], "one": one, "other": other}, one
    )
