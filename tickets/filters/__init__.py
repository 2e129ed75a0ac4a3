"""Which tickets, which promises. Page, count, spreadsheet and every number of the dashboard use these filters."""

from .complaints import ComplaintFilter
from .lists import (
    AGES,
    DUE,
    KINDS,
    AssetFilter,
    CallbackFilter,
    LogFilter,
    PlanFilter,
    TicketFilter,
    age_bounds,
    name_in_catalogue,
)
from .scope import ALL, asked, by_zone, readable, tonight

__all__ = [
    "AGES", "ALL", "DUE", "KINDS", "AssetFilter", "CallbackFilter", "ComplaintFilter", "LogFilter", "PlanFilter", "TicketFilter",
    "age_bounds", "asked", "by_zone", "name_in_catalogue", "readable", "tonight",
]  # fmt: skip
