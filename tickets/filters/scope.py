"""Which estates a list of the repairs is about: those where one reads repairs."""

from office.lists import estates
from office.lists.estates import ALL, DAYS, DayRanges, by_zone, day_field, tonight

__all__ = ["ALL", "DAYS", "DayRanges", "OfEstates", "asked", "by_zone", "day_field", "readable", "tonight"]


def readable(staff, permission="tickets.read"):
    """Estates where `staff` holds `permission`."""
    return estates.readable(staff, permission)


def asked(request, said, permission="tickets.read"):
    return estates.asked(request, said, permission)


class OfEstates(estates.OfEstates):
    permission = "tickets.read"
