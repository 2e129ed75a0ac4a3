"""Which estates and which local days a list is about."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import django_filters as filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office import clocks
from office.forms import DateInput
from office.lists.declaration import Column

ALL = "all"


def readable(staff, permission):
    """Estates where `staff` holds `permission`."""
    allowed = set(staff.estate_ids(permission))
    return list({p.estate_id: p.estate for p in staff.posting_list if p.estate_id in allowed}.values())


def asked(request, said, permission):
    """The estates a page is about: `estate=all` means all one may read, ids mean these, nothing the one in view."""
    mine = readable(request.user, permission)
    if ALL in said:
        return mine
    chosen = [estate for estate in mine if str(estate.pk) in said]
    return chosen or [estate for estate in mine if estate == request.estate]


def wide(request):
    """A list is asked for estates by name (`estate=`), so each of its rows says whose it is."""
    query = QueryDict(request.POST["query"]) if "query" in request.POST else request.GET
    return any(query.getlist("estate"))


def meant(request, model, permission):
    """Rows a list begins with: of the estate in view; of all one may read where its filter names the estates."""
    found = model.objects.visible_to(request.user, permission)
    return found if wide(request) else found.filter(estate=request.estate)


def over(declared, several, prefix="estate"):
    """The list with a column that says whose a row is, where rows of several estates stand in it."""
    if not several:
        return declared
    column = Column("estate", _("Estate"), lambda row: staff_name(row, prefix), source=staff_source(prefix))
    more = tuple(f"{prefix}__{name}" for name in ("name", "name_en", "time_zone"))
    first, *rest = declared.columns
    return replace(declared, columns=(first, column, *rest), fields=(*declared.fields, *more))


def row_zone(row):
    """A row of another estate reads its clock there."""
    name = row.get("estate__time_zone")
    return ZoneInfo(name) if name else timezone.get_current_timezone()


def staff_name(row, prefix):
    """A name out of `values()`, the English one where the reader reads English."""
    name = row.get(f"{prefix}__name") or ""
    return row.get(f"{prefix}__name_en") or name if get_language() == "en" else name


def staff_source(prefix):
    """The same for the database to find: what exports are written from."""

    def source():
        if get_language() != "en":
            return F(f"{prefix}__name")
        return Coalesce(NullIf(F(f"{prefix}__name_en"), Value("")), F(f"{prefix}__name"))

    return source


def by_zone(estates, condition, field="estate"):
    """`condition(zone)` of rows of these estates: days are local (SPEC §0), and estates may lie in several zones."""
    zones: dict[str, list] = {}
    for estate in estates:
        zones.setdefault(estate.time_zone, []).append(estate)
    if len(zones) == 1:
        return condition(estates[0].zone)
    either = Q(pk__in=[])
    for group in zones.values():
        either |= Q(**{f"{field}__in": [estate.pk for estate in group]}) & condition(group[0].zone)
    return either


def _since(field, day):
    return lambda zone: Q(**{f"{field}__gte": clocks.midnight(day, zone)})


def _until(field, day):
    return lambda zone: Q(**{f"{field}__lt": clocks.end_of_day(day, zone)})


class DayRanges(filters.FilterSet):
    """`<name>_from` and `<name>_to` are local days, both included."""

    day_fields: dict = {}  # parameter prefix → moment field
    estate_field = "estate"

    @cached_property
    def estates(self):
        """Whose rows these are."""
        return [self.request.estate] if self.request and self.request.estate else []

    def nothing(self, rows, name, value):
        return rows

    def local(self, condition):
        """`condition(zone)`, in the zone of each row's estate."""
        return by_zone(self.estates, condition, self.estate_field)

    def filter_queryset(self, queryset):
        rows = super().filter_queryset(queryset)
        data = self.form.cleaned_data
        for prefix, field in self.day_fields.items():
            first, last = data.get(f"{prefix}_from"), data.get(f"{prefix}_to")
            if first:
                rows = rows.filter(self.local(_since(field, first)))
            if last:
                rows = rows.filter(self.local(_until(field, last)))
        return rows


class OfEstates(DayRanges):
    """Rows of the estate in view, or of the estates chosen.

    Where nothing is chosen the list's view has narrowed its rows to the estate in view already (`meant`).
    """

    rows_of: dict = {}  # field → callable(estates) → queryset
    permission = ""  # what one holds at the estates the list may reach

    estate = filters.MultipleChoiceFilter(
        label=_("Estate"), method="nothing", choices=[], widget=forms.SelectMultiple({"data-choose": ""})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        mine = readable(self.request.user, self.permission) if self.request else []
        choices = [(ALL, _("all my estates")), *((str(row.pk), row.local_name) for row in mine)]
        self.filters["estate"].extra["choices"] = choices
        if len(mine) < 2:  # nothing to choose
            self.filters["estate"].extra["widget"] = forms.MultipleHiddenInput
        for name, rows in self.rows_of.items():
            self.filters[name].queryset = rows(self.estates)

    @cached_property
    def estates(self):
        if self.request is None:
            return []
        said = self.data.getlist("estate") if hasattr(self.data, "getlist") else self.data.get("estate", ())
        return asked(self.request, said, self.permission)

    def filter_queryset(self, queryset):
        if len(self.estates) == 1:
            queryset = queryset.filter(**{self.estate_field: self.estates[0]})
        else:
            queryset = queryset.filter(**{f"{self.estate_field}__in": [row.pk for row in self.estates]})
        return super().filter_queryset(queryset)


def tonight(now, zone):
    """24:00 of the present local day."""
    return clocks.end_of_day(clocks.local_date(now, zone), zone)


# Days a list can be asked for: beyond them the day before or after one does not exist.
DAYS = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


def day_field(label, method="nothing"):
    return filters.DateFilter(label=label, method=method, widget=DateInput(quick=""), validators=DAYS)
