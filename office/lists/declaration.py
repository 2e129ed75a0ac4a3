"""What a list is declared with, and what its page is drawn from."""

from dataclasses import dataclass, field
from typing import Any

PAGE_SIZE = 50


@dataclass(frozen=True)
class Column:
    """One column. Callables get the row (a dict of the list's `fields`, and `now`) and return ready text.

    `kind`: text, state, clock, money, unit. `value` is what a spreadsheet gets (number, date, text), else the text.
    `source`: a field, an expression, or a callable giving one in the reader's language, where that value stands in
    the database. When every exported column has one, the database writes exports of the list by itself.
    `total`: a field to add up, or an aggregate. `order`: the name of the list's order this column's head asks for.
    """

    key: str
    label: Any
    text: Any
    href: Any = None
    kind: str = "text"
    tone: Any = None
    hint: Any = None
    value: Any = None
    source: Any = None
    total: Any = None
    total_text: Any = None
    order: str | None = None
    align: str = ""
    shown: bool = True  # False: in exports only
    exported: bool = True

    def exported_value(self, row):
        return self.value(row) if self.value else self.text(row)


@dataclass(frozen=True)
class List:
    """A list as declared. `orders` maps a name to fields, `-` for descending; the primary key is added at the end."""

    name: str
    columns: tuple
    fields: tuple
    orders: dict
    default_order: str
    filterset: Any = None
    title: Any = ""
    row_href: Any = None
    row_tone: Any = None
    empty: tuple = ()  # (text, url or callable, label, key): what to do when there is nothing
    export_permission: str | None = None
    personal: bool = False  # exports of it are logged
    estate: str = "estate_id"  # where a row's estate stands: exports are of the estates one may export
    page_size: int = PAGE_SIZE


@dataclass
class ListPage:
    """What templates/_ui/list.html draws: ready strings only."""

    name: str
    title: Any = ""
    columns: list = field(default_factory=list)  # (key, label, sort url, asc|desc|"", align)
    rows: list = field(
        default_factory=list
    )  # {"pk", "href", "tone", "cells": [{text, kind, tone, hint, href}]}
    reading: Any = None
    filter_key: Any = None  # for `{% kept %}`
    chips: list = field(default_factory=list)  # (label, url without it)
    clear_url: str = ""
    tabs: list = field(default_factory=list)  # parts of the list as `_ui/tabs.html` draws them
    saved: list = field(default_factory=list)  # (name, url, url that forgets it)
    save_url: str = ""
    count: int = 0
    count_is_exact: bool = True
    count_text: str = ""
    total_count: str = ""  # as shown beside "all that match"; empty when it is not known
    totals: list | None = None
    order: str = ""
    prev_url: str = ""
    next_url: str = ""
    first_url: str = ""
    last_url: str = ""
    export_urls: dict = field(default_factory=dict)
    bulk: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    empty: dict | None = None
    query: str = ""
    is_valid: bool = True

    @property
    def form(self):
        """The filter's form, built when it is asked for."""
        return self.reading.filterset.form if self.reading and self.reading.filterset else None
