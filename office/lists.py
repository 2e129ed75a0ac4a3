"""Lists: a filter and a tuple of columns, declared once; page, count, totals, Excel and CSV all read it.

    LIST = List(
        name="tickets", title=_("Repairs"),
        fields=("id", "number", "unit__code", "next_due_at"),
        columns=(Column("number", _("Number"), lambda row: row["number"], order="newest"), …),
        filterset=TicketFilter, orders={"newest": ("-opened_at", "-id"), "next": ("next_due_at", "id")},
        default_order="newest", row_href=lambda row: reverse("tickets:ticket", args=[row["id"]]),
    )

    @may("tickets.read")
    @require_http_methods(["GET", "POST"])
    def tickets(request):
        rows = Ticket.objects.visible_to(request.user, "tickets.read")
        return lists.render(request, LIST, rows, template="tickets/ticket_list.html")

GET shows a page. POST `export=xlsx|csv` streams all matching rows, `keep=1` saves the filter under a name,
`forget=ID` removes a saved one. Rows are `values()` dicts of `fields`, with the present moment as `row["now"]`.

Paging is by keyset: the last page costs what the first one costs, and nothing counts a million rows. Make an
index that holds what the queryset always asks for (the estate) followed by the fields of each order.
"""

import base64
import binascii
import csv
import io
import json
import tempfile
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import xlsxwriter
from django import forms
from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db.models import BooleanField, Count, F, Func, Model, Q, Sum, Value
from django.db.models.expressions import OrderBy
from django.http import FileResponse, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_filters.fields import DateRangeField
from django_filters.widgets import SuffixedMultiWidget

from office import accesslog, money
from office.models import SavedFilter

PAGE_SIZE = 50
COUNT_LIMIT = 1000  # counted exactly up to here: a full count of a million rows takes 46 ms
TOTAL_LIMIT = 50_000  # totals are added up to this many rows, then left out
SHEET_ROWS = 1_048_575  # of an Excel sheet, without the head
SAVED_LIMIT = 30
OWN_PARAMETERS = frozenset({"order", "after", "before"})
RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


# --- words of a cell ---------------------------------------------------------------------------------------


def stamp(moment):
    """`2026-03-12 17:05`, local time of the estate; empty for None."""
    return f"{moment.astimezone(timezone.get_current_timezone()):%Y-%m-%d %H:%M}" if moment else ""


def day(value):
    """`2026-03-12` of a date or of a moment's local day; empty for None."""
    if isinstance(value, datetime):
        value = value.astimezone(timezone.get_current_timezone())
    return f"{value:%Y-%m-%d}" if value else ""


# --- the declaration ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column. Callables get the row (a dict of the list's `fields`, and `now`) and return ready text.

    `kind`: text, state, clock, money, unit. `value` is what a spreadsheet gets (number, date, text), else the text.
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
    form: Any = None
    chips: list = field(default_factory=list)  # (label, url without it)
    clear_url: str = ""
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


# --- orders and keysets ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """One field of an order, with where its empty values stand."""

    name: str
    descending: bool
    nulls_first: bool
    nullable: bool
    output: Any

    @property
    def expression(self):
        return OrderBy(
            F(self.name),
            descending=self.descending,
            # PostgreSQL's own places need no words, and an index matches them as it stands.
            nulls_first=True if self.nulls_first and not self.descending else None,
            nulls_last=True if not self.nulls_first and self.descending else None,
        )

    def flipped(self):
        return replace(self, descending=not self.descending, nulls_first=not self.nulls_first)


class _Beyond(Func):
    """`(a, id) > (x, y)`: the one comparison of several fields an index answers by going to the place."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, operator, names, values):
        self.operator, self.size = operator, len(names)
        super().__init__(*(F(name) for name in names), *values)

    def as_sql(self, compiler, connection, **context):  # type: ignore[override]
        sides, parameters = [], []
        for part in (self.source_expressions[: self.size], self.source_expressions[self.size :]):
            compiled = [compiler.compile(expression) for expression in part]
            sides.append(", ".join(sql for sql, _params in compiled))
            for _sql, params in compiled:
                parameters.extend(params)
        return f"({sides[0]}) {self.operator} ({sides[1]})", parameters


def _resolve(queryset, name):
    """(field, whether it may be empty) of `name`, relations and annotations included."""
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field, True
    model, nullable = queryset.model, False
    output: Any = None
    for part in name.split("__"):
        output = model._meta.pk if part == "pk" else model._meta.get_field(part)
        nullable = nullable or output.null
        model = output.related_model if output.is_relation and part != output.attname else model
    return (output.target_field if output.is_relation else output), nullable


def keys_of(queryset, order, backwards=False):
    """The keys of an order (names with `-`, or OrderBy expressions), the primary key last."""
    keys = []
    for part in order:
        if isinstance(part, OrderBy):
            name, descending = getattr(part.expression, "name", ""), part.descending
            nulls_first = bool(part.nulls_first) if part.nulls_first or part.nulls_last else descending
        else:
            name, descending = part.removeprefix("-"), part.startswith("-")
            nulls_first = descending
        output, nullable = _resolve(queryset, name)
        keys.append(Key(name, descending, nulls_first, nullable, output))
    pk = queryset.model._meta.pk
    if keys[-1].name not in ("pk", pk.name):
        keys.append(Key(pk.name, keys[0].descending, keys[0].descending, False, pk))
    return [key.flipped() for key in keys] if backwards else keys


def _step(key, value):
    """What stands beyond `value` by this key alone; None when nothing does."""
    if value is None:
        return Q(**{f"{key.name}__isnull": False}) if key.nulls_first else None
    beyond = Q(**{f"{key.name}__{'lt' if key.descending else 'gt'}": value})
    return beyond | Q(**{f"{key.name}__isnull": True}) if key.nullable and not key.nulls_first else beyond


def _lexicographic(keys, values):
    """Beyond `values` field by field: for mixed directions and empty values, which a row comparison cannot say."""
    equal, either = Q(), None
    for key, value in zip(keys, values, strict=True):
        step = _step(key, value)
        if step is not None:
            either = (equal & step) if either is None else either | (equal & step)
        equal &= Q(**{f"{key.name}__isnull": True}) if value is None else Q(**{key.name: value})
    if either is None:
        return Q(pk__in=[])
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:  # lets the index start at the place
        either &= Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": value})
    return either


def _beyond(keys, values):
    plain = all(key.descending == keys[0].descending for key in keys) and not any(
        key.nullable for key in keys[1:]
    )
    if not plain or any(value is None for value in values):
        return _lexicographic(keys, values)
    given = [Value(value, output_field=key.output) for key, value in zip(keys, values, strict=True)]
    return Q(_Beyond("<" if keys[0].descending else ">", [key.name for key in keys], given))


def _stretches(keys, values):
    """Conditions to ask one after the other until a page is full: each is one range of the index.

    Empty values of the first field stand at one end; asking for both ends at once would read the whole index.
    """
    if values is None:
        return [Q()]
    first = keys[0]
    if not first.nullable:
        return [_beyond(keys, values)]
    full, empty = Q(**{f"{first.name}__isnull": False}), Q(**{f"{first.name}__isnull": True})
    in_order = [empty, full] if first.nulls_first else [full, empty]
    here = 0 if (values[0] is None) == first.nulls_first else 1
    rest = _beyond(keys[1:], values[1:]) if values[0] is None else _beyond(keys, values)
    return [in_order[here] & rest, *in_order[here + 1 :]]


def take(queryset, fields, keys, values, size):
    """Up to `size` rows beyond `values` (None: from the start) as dicts of `fields` and the keys' fields."""
    names = list(dict.fromkeys([*fields, *(key.name for key in keys)]))
    ordered = queryset.order_by(*(key.expression for key in keys)).values(*names)
    rows: list[dict] = []
    for condition in _stretches(keys, values):
        rows.extend(ordered.filter(condition)[: size - len(rows)])
        if len(rows) >= size:
            break
    return rows


def cursor_of(row, keys):
    """The place of a row as URL-safe text."""
    values = [None if row[key.name] is None else _plain(row[key.name]) for key in keys]
    packed = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _plain(value):
    if isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def place_of(text, keys):
    """The values of a cursor, checked against their fields; ValueError for anything we did not write."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (binascii.Error, UnicodeError, RecursionError) as problem:
        raise ValueError("not a place") from problem
    if not isinstance(values, list) or len(values) != len(keys):
        raise ValueError("not a place")
    checked: list[Any] = []
    for key, value in zip(keys, values, strict=True):
        if value is None and key.nullable:
            checked.append(None)
            continue
        if not isinstance(value, (bool, int, str)) or "\0" in str(value):
            raise ValueError("not a place")
        try:
            value = key.output.to_python(value)
            key.output.run_validators(value)
        except (ValidationError, TypeError, OverflowError) as problem:
            raise ValueError("not a place") from problem
        if value is None or (isinstance(value, datetime) and timezone.is_naive(value)):
            raise ValueError("not a place")
        checked.append(value)
    return checked


# --- reading the query -------------------------------------------------------------------------------------


def parameter_names(form):
    """Field name → the query parameters it reads; a range reads two."""
    names = {}
    for name, form_field in form.fields.items():
        widget = form_field.widget
        if isinstance(widget, SuffixedMultiWidget):
            names[name] = [widget.suffixed(name, suffix) for suffix in widget.suffixes]
        elif isinstance(widget, forms.MultiWidget):
            names[name] = [name + suffix for suffix in getattr(widget, "widgets_names", ())]
        else:
            names[name] = [name]
    return names


@dataclass
class Reading:
    """A query as understood: the filtered rows, and what was not understood."""

    query: QueryDict  # the understood parameters, empty ones left out
    filterset: Any
    rows: Any
    order: str
    names: dict
    unknown: list
    is_valid: bool = True


def read(request, declared, queryset, query):
    """Filter `queryset` by `query`. Unknown parameters give the whole list and are named; wrong values give none."""
    filterset = _filterset(request, declared, queryset, query)
    names = parameter_names(filterset.form) if filterset else {}
    known = {name for group in names.values() for name in group} | OWN_PARAMETERS
    unknown = sorted(name for name in query if name not in known)
    order = query.get("order") or declared.default_order
    if order.removeprefix("-") not in declared.orders:
        unknown.append("order")
    if unknown:
        query, order = QueryDict(), declared.default_order
        filterset = _filterset(request, declared, queryset, query)
    clean = QueryDict(mutable=True)
    for name, values in query.lists():
        if any(values):
            clean.setlist(name, [value for value in values if value])
    reading = Reading(clean, filterset, queryset, order, names, unknown)
    if filterset is not None:
        reading.is_valid = filterset.form.is_valid()
        reading.rows = filterset.qs if reading.is_valid else queryset.none()
        if clean.get("order"):  # sorting survives a change of the filter
            filterset.form.fields["order"] = forms.CharField(required=False, widget=forms.HiddenInput)
    return reading


def _filterset(request, declared, queryset, query):
    return declared.filterset(query, queryset=queryset, request=request) if declared.filterset else None


def _chips(request, reading):
    if reading.filterset is None or not reading.is_valid:
        return []
    chips = []
    for name, group in reading.names.items():
        if name in OWN_PARAMETERS or not any(part in reading.query for part in group):
            continue
        bound = reading.filterset.form[name]
        words = _words(bound.field, reading.filterset.form.cleaned_data.get(name))
        if words:
            label = str(bound.label) if words is True else f"{bound.label}: {words}"
            chips.append(
                (label, _url(request, reading.query, **dict.fromkeys(group), after=None, before=None))
            )
    return chips


def _words(form_field, value):
    """A filter's value as people read it; True when its label says it all."""
    if value is None or value == "":
        return ""
    if value is True:
        return True
    if isinstance(value, slice):
        return f"{_words(form_field, value.start) or '…'} – {_words(form_field, value.stop) or '…'}"
    if isinstance(value, datetime) and not isinstance(form_field, DateRangeField):
        return stamp(value)
    if isinstance(value, date):  # a range of days is held as its first and last moment
        return day(value)
    if isinstance(value, Model):
        return str(value)
    choices = getattr(form_field, "choices", None)
    if isinstance(value, str):
        return _label(choices, value) or value
    if hasattr(value, "__iter__"):
        return ", ".join(str(_words(form_field, part)) for part in value)
    return _label(choices, str(value)) or str(value)


def _label(choices, value):
    """The label of a choice, groups of choices opened; None when `value` is none of them."""
    for key, label in () if choices is None else choices:  # an iterator of choices has no length to ask
        if isinstance(label, (list, tuple)):
            found = _label(label, value)
            if found is not None:
                return found
        elif str(key) == value:
            return str(label)
    return None


def _url(request, query, **changes):
    changed = query.copy()
    for name, value in changes.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return f"{request.path}?{changed.urlencode()}" if changed else request.path


# --- the page ----------------------------------------------------------------------------------------------


def render(
    request,
    declared,
    queryset,
    *,
    template="_ui/list.html",
    extra_context=None,
    title=None,
    actions=(),
    bulk=(),
):
    """Answer a list's request: page, htmx fragment, export, saved filter. `bulk` and `actions` are moves."""
    if request.method == "POST":
        return _answer_post(request, declared, queryset)
    page = make_page(request, declared, queryset, title=title, actions=actions, bulk=bulk)
    context = {"page": page, **(extra_context or {})}
    status = 200 if page.is_valid else 422
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted and not htmx.history_restore_request:
        words = render_to_string("_ui/messages_oob.html", {}, request)
        body = render_to_string("_ui/list.html#list-rows", context, request)
        response = HttpResponse(body + words, status=status)
        response.headers["HX-Push-Url"] = f"{request.path}?{page.query}" if page.query else request.path
    else:
        response = render_page(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def make_page(request, declared, queryset, *, title=None, actions=(), bulk=()):
    """The page of `declared` that the request's query asks for."""
    reading = read(request, declared, queryset, request.GET)
    if reading.unknown:
        messages.warning(
            request,
            _("This list knows no “%(names)s”; it is shown without any filter.")
            % {"names": ", ".join(reading.unknown)},
        )
    rows, page = _window(request, declared, reading)
    page.title = declared.title if title is None else title
    page.form = reading.filterset.form if reading.filterset else None
    page.is_valid, page.query, page.order = reading.is_valid, reading.query.urlencode(), reading.order
    page.actions = list(actions)
    page.bulk = list(bulk)
    shown = [column for column in declared.columns if column.shown]
    page.columns = [_head(request, declared, reading, column) for column in shown]
    page.rows = draw(declared, rows, shown, request.now)
    _count(request, page, shown, reading, rows)
    page.chips = _chips(request, reading)
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
    page.empty = _empty(page, declared, reading)
    return page


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
                    _url(request, query, **link | {"before": cursor_of(rows[0], keys)}) if more else ""
                )
                if before != "end":
                    page.next_url = _url(request, query, **link | {"after": cursor_of(rows[-1], keys)})
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
        page.next_url = _url(request, query, **link | {"after": cursor_of(rows[-1], keys)})
    if place:
        page.prev_url = _url(request, query, **link | {"before": cursor_of(rows[0], keys)})
    _ends(request, page, query, link)
    return rows, page


def _ends(request, page, query, link):
    page.first_url = _url(request, query, **link) if page.prev_url else ""
    page.last_url = _url(request, query, **link | {"before": "end"}) if page.next_url else ""


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
        _url(request, reading.query, order=wanted, after=None, before=None),
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


def _count(request, page, shown, reading, rows):
    """Count and totals over all matching rows, each bounded; one query at most."""
    if not reading.is_valid:
        page.count_text = _("The filter holds something that cannot be.")
        return
    totals = {f"total_{column.key}": column for column in shown if column.total is not None}
    whole = not page.prev_url and not page.next_url  # the page is the list
    sums: dict[str, Any] = {}
    if whole and not totals:
        page.count = len(rows)
    elif totals:
        answer = _added(reading.rows, totals)
        page.count = answer.pop("rows")
        page.count_is_exact = page.count <= TOTAL_LIMIT
        sums = answer if page.count_is_exact else {}
    else:
        page.count = reading.rows.order_by()[: COUNT_LIMIT + 1].count()
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


def _empty(page, declared, reading):
    if page.rows:
        return None
    if not reading.is_valid:
        errors = [str(text) for texts in reading.filterset.form.errors.values() for text in texts]
        return {"text": " ".join(errors), "url": reading.filterset.request.path, "label": _("Show all")}
    if page.chips:
        return {"text": _("Nothing matches this filter."), "url": page.clear_url, "label": _("Show all")}
    text, url, label, key = (*declared.empty, "", "", "", "")[:4]
    return {
        "text": text or _("Nothing here yet."),
        "url": url() if callable(url) else url,
        "label": label,
        "key": key,
    }


# --- choosing rows -----------------------------------------------------------------------------------------


def chosen(request, declared, queryset):
    """The rows a bulk form means: those ticked, or all that match the filter it was shown with.

    `queryset` is again what the person may see; ids of others are simply not in it.
    """
    if request.POST.get("all_matching"):
        reading = read(request, declared, queryset, QueryDict(request.POST.get("query", "")))
        return reading.rows if reading.is_valid and not reading.unknown else queryset.none()
    ids = {int(text) for text in request.POST.getlist("pick") if text.isdecimal() and len(text) < 19}
    return queryset.filter(pk__in=ids)


# --- saved filters and exports -----------------------------------------------------------------------------


def _answer_post(request, declared, queryset):
    asked = request.POST.get("export") or request.GET.get("export")
    if asked:
        return _answer_export(request, declared, queryset, asked)
    forget = request.POST.get("forget") or request.GET.get("forget", "")
    if forget.isdecimal() and len(forget) < 19:
        SavedFilter.objects.filter(pk=forget, staff=request.user, list_name=declared.name).delete()
        return redirect(request.path)
    query = QueryDict(request.POST.get("query", ""))
    reading = read(request, declared, queryset, query)
    back = _url(request, reading.query, after=None, before=None)
    name = request.POST.get("name", "").replace("\0", "").strip()[:60]
    kept = back.partition("?")[2]
    if not name or not kept or reading.unknown or not reading.is_valid or len(kept) > 1000:
        messages.error(request, _("A filter to keep needs a name and at least one choice."))
        return redirect(back)
    mine = SavedFilter.objects.filter(staff=request.user, list_name=declared.name)
    if mine.count() >= SAVED_LIMIT and not mine.filter(name=name).exists():
        messages.error(request, _("There are %(n)s kept filters; remove one first.") % {"n": SAVED_LIMIT})
        return redirect(back)
    SavedFilter.objects.update_or_create(
        staff=request.user, list_name=declared.name, name=name, defaults={"query": kept}
    )
    messages.success(request, _("Filter kept as “%(name)s”.") % {"name": name})
    return redirect(back)


def _answer_export(request, declared, queryset, kind):
    if kind not in ("xlsx", "csv") or not declared.export_permission:
        raise PermissionDenied
    if not request.user.may(declared.export_permission):
        raise PermissionDenied
    reading = read(
        request,
        declared,
        exportable(declared, queryset, request.user),
        QueryDict(request.POST.get("query", "")),
    )
    if reading.unknown or not reading.is_valid:
        messages.error(request, _("Nothing was exported: the filter holds something that cannot be."))
        return redirect(request.path)
    rows, name = ordered(declared, reading), file_name(declared, request.now, kind)
    if declared.personal:
        accesslog.log(
            what=accesslog.EXPORT,
            by=request.user,
            now=request.now,
            estate_id=request.estate.pk if request.estate else None,
            subject_kind=declared.name,
            detail={
                "list": declared.name,
                "filter": reading.query.urlencode(),
                "count": rows.count(),
                "as": kind,
            },
        )
    if kind == "csv":
        response = StreamingHttpResponse(
            csv_lines(declared, rows, request.now), content_type="text/csv; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    sheet = tempfile.TemporaryFile()  # noqa: SIM115  FileResponse closes it
    write_xlsx(declared, rows, request.now, sheet)
    sheet.seek(0)
    return FileResponse(
        sheet,
        as_attachment=True,
        filename=name,
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def exportable(declared, queryset, staff):
    """The rows of the estates where `staff` may export this list."""
    try:
        queryset.model._meta.get_field("estate_id")
    except FieldDoesNotExist:
        return queryset
    return queryset.filter(estate_id__in=staff.estate_ids(declared.export_permission))


def ordered(declared, reading):
    """All matching rows in the list's order, as dicts."""
    order = declared.orders[reading.order.removeprefix("-")]
    keys = keys_of(reading.rows, order, reading.order.startswith("-"))
    return reading.rows.order_by(*(key.expression for key in keys)).values(*declared.fields)


def file_name(declared, now, kind):
    return f"{slugify(declared.name)}-{day(now)}.{kind}"


def _export_columns(declared):
    return [column for column in declared.columns if column.exported]


def _each(rows, now):
    for row in rows.iterator(chunk_size=2000):
        row["now"] = now
        yield row


def csv_lines(declared, rows, now):
    """The whole list as CSV text, UTF-8 with the mark Excel wants. A text that looks like a formula gets a `'`."""
    # The answer is streamed after the middleware has put its language and zone away.
    language, zone = translation.get_language(), timezone.get_current_timezone()
    columns = _export_columns(declared)

    def lines():
        with translation.override(language), timezone.override(zone):
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            buffer.write("\ufeff")
            writer.writerow([_csv_text(column.label) for column in columns])
            left = _each(rows, now)
            while batch := list(islice(left, 500)):
                for row in batch:
                    writer.writerow([_csv_value(column.exported_value(row)) for column in columns])
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
            yield buffer.getvalue().encode()

    return lines()


def _csv_value(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return day(value)
    return _csv_text(value)


def _csv_text(value):
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def write_xlsx(declared, rows, now, target, progress=None):
    """The whole list as a workbook into the file `target`; returns the number of rows. Memory does not grow.

    Texts are written as texts, so none is ever a formula; those that look like one also carry Excel's own
    text mark, which keeps them texts when somebody edits the cell.
    """
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    formats = _Formats(
        head=book.add_format({"bold": True, "bottom": 1}),
        marked=book.add_format({"quote_prefix": True}),
        money=book.add_format({"num_format": "#,##0.00"}),
        moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        day=book.add_format({"num_format": "yyyy-mm-dd"}),
    )
    columns = _export_columns(declared)
    sheet, line, count = None, 0, 0
    for row in _each(rows, now):
        if sheet is None or line >= SHEET_ROWS:
            sheet, line = _sheet(book, columns, formats), 0
        line += 1
        count += 1
        for index, column in enumerate(columns):
            _write(sheet, line, index, column.exported_value(row), column, formats)
        if progress and count % 1000 == 0:
            progress(count)
    if sheet is None:
        _sheet(book, columns, formats)
    book.close()
    return count


@dataclass(frozen=True)
class _Formats:
    head: Any
    marked: Any
    money: Any
    moment: Any
    day: Any


def _sheet(book, columns, formats):
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, 18)
        sheet.write_string(0, index, str(column.label), formats.head)
    return sheet


def _write(sheet, line, index, value: Any, column, formats):
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, index, value)
    elif isinstance(value, (int, Decimal)) and abs(value) < 10**15:  # beyond 15 digits Excel drops some
        sheet.write_number(line, index, value, formats.money if column.kind == "money" else None)
    elif isinstance(value, datetime):
        local = value.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
        sheet.write_datetime(line, index, local, formats.moment)
    elif isinstance(value, date):
        sheet.write_datetime(line, index, value, formats.day)
    else:
        text = str(value)[:32767]  # all a cell can hold
        sheet.write_string(line, index, text, formats.marked if text.startswith(RISKY) else None)
