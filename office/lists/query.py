"""A list's query as understood: the filter, its words, the addresses that change it, the rows it means."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import Model
from django.http import QueryDict
from django.utils.functional import cached_property
from django_filters.fields import DateRangeField
from django_filters.widgets import SuffixedMultiWidget

from office.lists.words import day, stamp
from office.phrases import listed

OWN_PARAMETERS = frozenset({"order", "after", "before"})


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
    rows: Any
    order: str
    names: dict
    unknown: list
    build: Callable[[], Any] | None = None
    is_valid: bool = True

    @property
    def is_filtered(self):
        return any(name not in OWN_PARAMETERS for name in self.query)

    @cached_property
    def filterset(self):
        """Built when something is chosen or its fields are drawn: it costs more than the rows of the page."""
        filterset = self.build() if self.build else None
        if filterset is not None and self.query.get("order"):  # sorting survives a change of the filter
            filterset.form.is_valid()  # before: what is added is no filter
            filterset.form.fields["order"] = forms.CharField(required=False, widget=forms.HiddenInput)
        return filterset


_NAMES: dict[type, dict] = {}  # filterset → its parameter names


def _names_of(declared, build):
    if declared.filterset not in _NAMES:
        _NAMES[declared.filterset] = parameter_names(build().form)
    return _NAMES[declared.filterset]


def read(request, declared, queryset, query):
    """Filter `queryset` by `query`. Unknown parameters give the whole list and are named; wrong values give none."""

    def build():
        return declared.filterset(query, queryset=queryset, request=request)

    names = _names_of(declared, build) if declared.filterset else {}
    known = {name for group in names.values() for name in group} | OWN_PARAMETERS
    unknown = sorted(name for name in query if name not in known)
    order = query.get("order") or declared.default_order
    if order.removeprefix("-") not in declared.orders:
        unknown.append("order")
    if unknown:
        query, order = QueryDict(), declared.default_order
    clean = QueryDict(mutable=True)
    for name, values in query.lists():
        if any(values):
            clean.setlist(name, [value for value in values if value])
    reading = Reading(clean, queryset, order, names, unknown, build if declared.filterset else None)
    if reading.is_filtered:
        reading.is_valid = reading.filterset.form.is_valid()
        reading.rows = reading.filterset.qs if reading.is_valid else queryset.none()
    return reading


def chips_of(request, reading):
    if not reading.is_filtered or not reading.is_valid:
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
                (label, url_of(request, reading.query, **dict.fromkeys(group), after=None, before=None))
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
        return listed(_words(form_field, part) for part in value)
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


def url_of(request, query, **changes):
    changed = query.copy()
    for name, value in changes.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = value
    return f"{request.path}?{changed.urlencode()}" if changed else request.path


def chosen(request, declared, queryset):
    """The rows a bulk form means: those ticked, or all that match the filter it was shown with.

    `queryset` is again what the person may see; ids of others are simply not in it.
    """
    if request.POST.get("all_matching"):
        reading = read(request, declared, queryset, QueryDict(request.POST.get("query", "")))
        return reading.rows if reading.is_valid and not reading.unknown else queryset.none()
    ids = {int(text) for text in request.POST.getlist("pick") if text.isdecimal() and len(text) < 19}
    return queryset.filter(pk__in=ids)
