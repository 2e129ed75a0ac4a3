"""The page of a list: its window, its heads, its count and totals."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Count, Sum
from django.db.models.expressions import OrderBy
from django.urls import resolve
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from office import access, money
from office.lists.declaration import ListPage
from office.lists.keysets import cursor_of, keys_of, place_of, take
from office.lists.query import chips_of, read, url_of
from office.models import SavedFilter
from office.phrases import listed

COUNT_LIMIT = 1000  # counted exactly up to here: a full count of a million rows takes 46 ms
TOTAL_LIMIT = 50_000  # totals are added up to this many rows, then left out


def make_page(request, declared, queryset, *, title=None, actions=(), bulk=(), tabs=None):
    """The page of `declared` that the request's query asks for; `tabs(reading)` gives its parts."""
    reading = read(request, declared, queryset, request.GET)
    if reading.unknown:
        messages.warning(
            request,
            _("This list knows no “%(names)s”; it is shown without any filter.")
            % {"names": listed(reading.unknown)},
        )
    rows, page = _window(request, declared, reading)
    page.title = declared.title if title is None else title
    page.reading, page.filter_key = reading, _filter_key(request, declared, reading)
    page.is_valid, page.query, page.order = reading.is_valid, reading.query.urlencode(), reading.order
    page.actions = list(actions)
    page.bulk = list(bulk)
    shown = [column for column in declared.columns if column.shown]
    page.columns = [_head(request, declared, reading, column) for column in shown]
    page.rows = draw(declared, rows, shown, request.now)
    page.tabs = tabs(reading) if tabs else []
    known = next((tab["count"] for tab in page.tabs if tab["active"]), None)
    _count(request, page, shown, reading, rows, known)
    page.chips = chips_of(request, reading)
    if page.chips:
        page.clear_url = request.path
        page.save_url = f"{request.path}?keep=1"
    page.saved = [
        (name, f"{request.path}?{query}", f"{request.path}?forget={pk}")
        for pk, name, query in SavedFilter.objects.filter(staff=request.user, list_name=declared.name)
        .order_by("name")
        .values_list("pk", "name", "query")
    ]
    if declared.export_permission and request.user.may(declared.export_permission) and page.rows:
        page.export_urls = {
            _("Excel"): f"{request.path}?export=xlsx",
            _("CSV"): f"{request.path}?export=csv",
        }
    page.empty = _empty(request, page, declared, reading)
    return page


def _filter_key(request, declared, reading):
    """What a filter in which nothing is chosen looks like depends on its choices alone; None: it is drawn anew."""
    choices = getattr(declared.filterset, "choices_key", None)
    if choices is None or reading.is_filtered or reading.query.get("order"):
        return None
    return declared.name, choices(request)


def _window(request, declared, reading):
    """The rows of one page, and a ListPage that knows its neighbours."""
    page = ListPage(name=declared.name)
    backwards = reading.order.startswith("-")
    order, size = declared.orders[reading.order.removeprefix("-")], declared.page_size
    keys = keys_of(reading.rows, order, backwards)
    query = reading.query
    after, before = query.get("after"), query.get("before")
    link = {"after": None, "before": None}
    if before:
        try:
            place = None if before == "end" else place_of(before, keys)
        except ValueError:
            _say_lost(request)
        else:
            turned = [key.flipped() for key in keys]
            rows = take(reading.rows, declared.fields, turned, place, size + 1)
            # Fewer than a page before this place: that is the first page, and it is shown whole.
            if len(rows) > size or (before == "end" and rows):
                more = len(rows) > size
                rows = rows[:size][::-1]
                page.prev_url = (
                    url_of(request, query, **link | {"before": cursor_of(rows[0], keys)}) if more else ""
                )
                if before != "end":
                    page.next_url = url_of(request, query, **link | {"after": cursor_of(rows[-1], keys)})
                _ends(request, page, query, link)
                return rows, page
    place = None
    if after and not before:
        try:
            place = place_of(after, keys)
        except ValueError:
            _say_lost(request)
    rows = take(reading.rows, declared.fields, keys, place, size + 1)
    if place and not rows:
        place = None
        rows = take(reading.rows, declared.fields, keys, None, size + 1)
    if len(rows) > size:
        rows.pop()
        page.next_url = url_of(request, query, **link | {"after": cursor_of(rows[-1], keys)})
    if place:
        page.prev_url = url_of(request, query, **link | {"before": cursor_of(rows[0], keys)})
    _ends(request, page, query, link)
    return rows, page


def _ends(request, page, query, link):
    page.first_url = url_of(request, query, **link) if page.prev_url else ""
    page.last_url = url_of(request, query, **link | {"before": "end"}) if page.next_url else ""


def _say_lost(request):
    messages.warning(request, _("That page of the list is not there any more; this is the first one."))


def _head(request, declared, reading, column):
    align = column.align or ("right" if column.kind == "money" else "")
    if not column.order:
        return (column.key, column.label, "", "", align)
    now_by = reading.order.removeprefix("-") == column.order
    backwards = reading.order.startswith("-")
    first = declared.orders[column.order][0]
    falling = first.descending if isinstance(first, OrderBy) else first.startswith("-")
    direction = ("desc" if falling != backwards else "asc") if now_by else ""
    wanted = f"-{column.order}" if now_by and not backwards else column.order
    wanted = None if wanted == declared.default_order else wanted
    return (
        column.key,
        column.label,
        url_of(request, reading.query, order=wanted, after=None, before=None),
        direction,
        align,
    )


def draw(declared, rows, columns, now):
    """Rows as ready strings."""
    drawn = []
    for row in rows:
        row["now"] = now
        cells = [
            {
                "text": column.text(row),
                "kind": column.kind,
                "tone": column.tone(row) if column.tone else "",
                "hint": column.hint(row) if column.hint else "",
                "href": column.href(row) if column.href else "",
            }
            for column in columns
        ]
        drawn.append(
            {
                "pk": row.get("id", row.get("pk")),
                "href": declared.row_href(row) if declared.row_href else "",
                "tone": declared.row_tone(row) if declared.row_tone else "",
                "cells": cells,
            }
        )
    return drawn


def _count(request, page, shown, reading, rows, known=None):
    """Count and totals over all matching rows, each bounded; one query at most, none where the count is `known`."""
    if not reading.is_valid:
        page.count_text = _("The filter holds something that cannot be.")
        return
    totals = {f"total_{column.key}": column for column in shown if column.total is not None}
    whole = not page.prev_url and not page.next_url  # the page is the list
    sums: dict[str, Any] = {}
    if known is not None and not totals:
        page.count = known
    elif whole and not totals:
        page.count = len(rows)
    elif totals:
        answer = _added(reading.rows, totals)
        page.count = answer.pop("rows")
        page.count_is_exact = page.count <= TOTAL_LIMIT
        sums = answer if page.count_is_exact else {}
    else:
        page.count = reading.rows.order_by().values("pk")[: COUNT_LIMIT + 1].count()
        page.count_is_exact = page.count <= COUNT_LIMIT
    number = page.count if page.count_is_exact else page.count - 1
    text = f"{number:,}"
    if page.count_is_exact:
        page.count_text = ngettext("%(n)s row", "%(n)s rows", page.count) % {"n": text}
        page.total_count = text if page.count else ""
    else:
        page.count_text = _("more than %(n)s rows") % {"n": text}
    if sums and page.count:
        currency = request.estate.currency if getattr(request, "estate", None) else ""
        page.totals = [
            _total_text(column, sums.get(f"total_{column.key}"), currency) if column.total is not None else ""
            for column in shown
        ]


def _added(rows, totals):
    """Number of rows and the totals, of at most one row more than the limit."""
    plain = {column.total for column in totals.values() if isinstance(column.total, str)}
    limited = rows.order_by().values("pk", *plain)[: TOTAL_LIMIT + 1]
    sums = {
        name: Sum(column.total) if isinstance(column.total, str) else column.total
        for name, column in totals.items()
    }
    return limited.aggregate(rows=Count("pk"), **sums)


def _total_text(column, value, currency):
    if column.total_text:
        return column.total_text(value)
    if column.kind == "money":
        return money.show(value or 0, currency)
    return "" if value is None else str(value)


def _empty(request, page, declared, reading):
    """What to do about an empty list; a step only where the person may take it."""
    if page.rows:
        return None
    if not reading.is_valid:
        errors = [str(text) for texts in reading.filterset.form.errors.values() for text in texts]
        return {"text": " ".join(errors), "url": reading.filterset.request.path, "label": _("Show all")}
    if page.chips:
        return {"text": _("Nothing matches this filter."), "url": page.clear_url, "label": _("Show all")}
    text, url, label, key = (*declared.empty, "", "", "", "")[:4]
    text, url = text or _("Nothing here yet."), url() if callable(url) else url
    if not url or not access.allowed(resolve(urlsplit(url).path).func, request.user):
        return {"text": text}
    return {"text": text, "url": url, "label": label, "key": key}
