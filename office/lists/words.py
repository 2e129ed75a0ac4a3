"""Words of a cell: moments and days as lists show them."""

from datetime import datetime

from django.utils import timezone


def stamp(moment):
    """`2026-03-12 17:05`, local time of the estate; empty for None."""
    return f"{moment.astimezone(timezone.get_current_timezone()):%Y-%m-%d %H:%M}" if moment else ""


def day(value):
    """`2026-03-12` of a date or of a moment's local day; empty for None."""
    if isinstance(value, datetime):
        value = value.astimezone(timezone.get_current_timezone())
    return f"{value:%Y-%m-%d}" if value else ""
