"""Addresses for pages with many of them: a list of 50 rows asked `reverse()` for the same pattern 50 times."""

from functools import cache

from django.urls import get_script_prefix, get_urlconf, reverse

_MARK = 987654321987654321  # stands in the pattern where the row's key goes


@cache
def _pattern(name, _urlconf, _prefix):
    before, after = reverse(name, args=[_MARK]).split(str(_MARK))
    return before, after


@cache
def _address(name, _urlconf, _prefix):
    return reverse(name)


def address(name):
    """`reverse(name)` of a page that takes nothing."""
    return _address(name, get_urlconf(), get_script_prefix())


def row_address(name, pk):
    """`reverse(name, args=[pk])` of a page that takes one whole number."""
    before, after = _pattern(name, get_urlconf(), get_script_prefix())
    return f"{before}{int(pk)}{after}"
