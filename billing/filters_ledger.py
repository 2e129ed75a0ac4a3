"""What the lists of charges and of ledger lines are filtered by: whatever a figure is made of can be asked for here."""

import re
from datetime import date

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import Entry, Item, OpenCharge, Run, Voucher
from billing.reports import figures
from office import clocks, search
from office.lists.estates import OfEstates, day_field
from office.models import Building

MOST = 500  # hits a search inside a list looks at
MONTH = re.compile(r"\d{4}-\d{2}")
SETTLED, OPEN, WITHDRAWN = "settled", "open", "withdrawn"
OVERDUE = "overdue"
AGES = (
    (OVERDUE, _("overdue")),
    (figures.NOT_DUE, _("not yet due")),
    *((key, words) for key, words, _f, _l in figures.AGES),
)


def month_field(label, lookup):
    return filters.DateFilter(
        label=label, field_name="period", lookup_expr=lookup, input_formats=["%Y-%m"],
        widget=forms.DateInput(format="%Y-%m", attrs={"type": "month"}),
    )  # fmt: skip


def _buildings(estates):
    return Building.objects.filter(estate__in=estates)


def aged(age, today):
    """The filter of what is open by `age`; one of the columns of the ageing, or all that is overdue."""
    return Q(due_on__lt=today) if age == OVERDUE else figures.of_age(age, today)


class OfItems(OfEstates):
    """Lines of fee items. An item is asked for by its code: estates have catalogues of their own."""

    permission = "billing.read"
    rows_of = {"building": _buildings}

    q = filters.CharFilter(label=_("Search"), method="search", max_length=100, field_name="pk")
    period_from = month_field(_("For months from"), "gte")
    period_to = month_field(_("For months until"), "lte")
    # Translators: 收費項目
    item = filters.ChoiceFilter(label=_("Item"), field_name="item__code", choices=[])
    deposits = filters.ChoiceFilter(
        # Translators: 押金
        label=_("Deposits"), method="by_deposits", choices=[("yes", _("only")), ("no", pgettext_lazy("of a filter", "without"))],
    )  # fmt: skip
    no_building = filters.BooleanFilter(
        label=_("Without a building"), method="by_no_building", widget=forms.HiddenInput
    )
    account = filters.NumberFilter(label=_("Account"), field_name="account", widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names: dict = {}
        for row in Item.objects.filter(estate__in=self.estates).order_by("position", "code"):
            names.setdefault(row.code, row.local_name)
        self.filters["item"].extra["choices"] = list(names.items())

    @classmethod
    def get_filters(cls):
        found = super().get_filters()
        found["q"].field.widget.input_type = "search"
        return found

    def hits(self, value):
        """(units, people) that are called so."""
        found = search.find([row.pk for row in self.estates], value, limit=MOST)
        return tuple(
            [hit.subject_id for hit in found if hit.subject_kind == kind] for kind in ("unit", "person")
        )

    def by_no_building(self, rows, name, value):
        return rows.filter(**{f"{self.filters['building'].field_name}__isnull": bool(value)})

    def by_deposits(self, rows, name, value):
        deposit = Q(item__formula=Item.Formula.DEPOSIT)
        return rows.filter(deposit) if value == "yes" else rows.exclude(deposit)


class ChargeFilter(OfItems):
    state = filters.ChoiceFilter(
        label=_("State"), method="in_state",
        # Translators: 沖銷
        choices=[(OPEN, _("open")), (SETTLED, _("settled")), (WITHDRAWN, _("taken back"))],
    )  # fmt: skip
    age = filters.ChoiceFilter(label=_("Age"), method="by_age", choices=AGES)
    building = filters.ModelChoiceFilter(
        label=_("Building"), queryset=Building.objects.none(), field_name="unit__building"
    )
    unit = filters.NumberFilter(label=_("Unit"), field_name="unit_id", widget=forms.HiddenInput)
    # Translators: 計費
    run = filters.NumberFilter(label=_("Billing run"), method="by_run", widget=forms.HiddenInput)

    def by_run(self, rows, name, value):
        run = Run.objects.filter(pk=value, estate__in=self.estates).first()
        if run is None:
            return rows.none()
        return rows.filter(period=run.period, estate=run.estate_id, source_kind="run", source_id=str(run.pk))

    def search(self, rows, name, value):
        """By unit, or by the debtor's name or telephone."""
        units, people = self.hits(value)
        return rows.filter(
            Q(unit__in=units) | Q(account__person__in=people) | Q(voucher__number__iexact=value)
        )

    def in_state(self, rows, name, value):
        if value == OPEN:
            return rows.filter(_still_open())
        withdrawn = Exists(Voucher.objects.filter(reverses=OuterRef("voucher")))
        return rows.filter(~_still_open(), withdrawn if value == WITHDRAWN else ~withdrawn)

    def by_age(self, rows, name, value):
        if self.request is None or self.request.estate is None:
            return rows.none()
        return rows.filter(_still_open(aged(value, today_of(self.request))))


def _still_open(more=None):
    rows = OpenCharge.objects.filter(charge_id=OuterRef("pk"), period=OuterRef("period"))
    return Exists(rows.filter(more) if more else rows)


def today_of(request) -> date:
    return clocks.local_date(request.now, request.estate.zone)


class EntryFilter(OfItems):
    day_from = day_field(_("Booked from"))
    day_to = day_field(_("Booked until"))
    # Translators: 科目
    head = filters.MultipleChoiceFilter(
        label=_("Head"), choices=Entry.Head.choices, widget=forms.SelectMultiple({"data-choose": ""})
    )
    kind = filters.MultipleChoiceFilter(
        label=pgettext_lazy("of a booking", "Kind"), choices=[row for row in Voucher.Kind.choices if row[0] != Voucher.Kind.REVERSAL],
        widget=forms.SelectMultiple({"data-choose": ""}),
    )  # fmt: skip
    method = filters.MultipleChoiceFilter(
        label=pgettext_lazy("of payment", "Method"), choices=Entry.Method.choices, widget=forms.SelectMultiple({"data-choose": ""})
    )  # fmt: skip
    building = filters.ModelChoiceFilter(label=_("Building"), queryset=Building.objects.none())
    voucher = filters.NumberFilter(label=_("Booking"), field_name="voucher", widget=forms.HiddenInput)

    def search(self, rows, name, value):
        """By unit, by the debtor's name or telephone, or by the number of a bill or receipt."""
        units, people = self.hits(value)
        return rows.filter(
            Q(account__unit__in=units) | Q(account__person__in=people) | Q(voucher__number__iexact=value)
        )

    def filter_queryset(self, queryset):
        rows = super().filter_queryset(queryset)
        first, last = (self.form.cleaned_data.get(name) for name in ("day_from", "day_to"))
        rows = rows.filter(day__gte=first) if first else rows  # booked days are local days already
        return rows.filter(day__lte=last) if last else rows
