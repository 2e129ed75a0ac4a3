"""Telephone numbers: however they are typed, one text of digits to keep and to look for."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

_NOT_DIGITS = re.compile(r"\D+")
# What rosters write when there is no number: 10000000000, 13800000000 without the last eight, 00000000, 11111111.
_PLACEHOLDER = re.compile(r"^(?:10{6,}|0+|(\d)\1{6,}|1?2345678\d*)$")
FEWEST, MOST = 4, 15  # digits; internal extensions and E.164


def plain(text):
    """Half-width, trimmed; an Excel float ("13800138000.0") loses its tail."""
    text = unicodedata.normalize("NFKC", str(text or "")).strip()
    return re.sub(r"^(\d{5,})\.0+$", r"\1", text)


def bare(text):
    return _NOT_DIGITS.sub("", plain(text))


def is_placeholder(text):
    """True for what people write into a cell that must not be empty."""
    return bool(_PLACEHOLDER.match(bare(text)))


@lru_cache(maxsize=8192)  # a file's row is read when it is parsed and again when it is compared
def read(text, country):
    """The digits to keep: E.164 without + where the number can exist in `country`, else the bare digits.

    Empty when it cannot be a telephone number at all (letters, too short, too long, a placeholder).
    """
    text = plain(text)
    digits = bare(text)
    if not FEWEST <= len(digits) <= MOST or re.search(r"[^\d\s+().\-–/#*]", text) or is_placeholder(text):
        return ""
    international = f"+{digits[2:]}" if digits.startswith("00") else text
    try:
        number = phonenumbers.parse(international, country)
    except phonenumbers.NumberParseException:
        return digits
    if _whole(number):
        return f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    return digits


def national(digits):
    """`8613800138000` → `13800138000`; digits that carry no country code stay as they are."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return digits
    return phonenumbers.national_significant_number(number) if _whole(number) else digits


def shown(digits, country):
    """Kept digits as people of `country` write them: their own numbers without country code, others with +."""
    try:
        number = phonenumbers.parse(f"+{digits.removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return digits
    if not _whole(number):
        return digits
    if number.country_code != phonenumbers.country_code_for_region(country):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _whole(number):
    """A number of the country's own plan. One that lacks its area code is kept as typed."""
    return phonenumbers.is_valid_number(number)


def mobile(text, country):
    """The number as a gateway takes it (+8613800138000) where it can take text messages; else empty."""
    digits = read(text, country)
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ""
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return f"+{digits}" if _whole(number) and phonenumbers.number_type(number) in kinds else ""
