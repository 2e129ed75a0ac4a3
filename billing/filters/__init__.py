"""What the lists of money are filtered by."""

from datetime import timedelta

import django_filters
import django_filters as filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import (
    Collection,
    DayClose,
    Entry,
    OpenCharge,
    Receipt,
    ReceiptStep,
    Refund,
    Till,
    Voucher,
)
from billing.rules.counter import METHODS
from office import clocks, search
from office.forms import DateInput
from office.lists.estates import DAYS, DayRanges, day_field
from office.models import Building, Staff

MOST = 500  # hits a search inside a list looks at
AGES = (
    (1, _("overdue")),
    (31, _("over 30 days")),
    (91, _("over 90 days")),
    (181, _("over 180 days")),
    (366, _("over a year")),
)


def _buildings(request):
    if request is None or request.estate is None:
        return Building.objects.none()
    return Building.objects.filter(estate=request.estate)


def _cashiers(request):
    if request is None or request.estate is None:
        return Staff.objects.none()
    return Staff.objects.filter(postings__estate=request.estate).distinct().order_by("name")


class _Search(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=100, field_name="pk")

    def hits(self, value, kind):
        found = search.find([self.request.estate.pk] if self.request.estate else [], value, limit=MOST)
        return [hit.subject_id for hit in found if hit.subject_kind == kind]

    @classmethod
    def get_filters(cls):
        filters = super().get_filters()
        filters["q"].field.widget.input_type = "search"
        return filters


class AccountFilter(_Search):
    age = django_filters.ChoiceFilter(
        label=_("Owed since"), method="aged", choices=[(str(days), label) for days, label in AGES]
    )
    owed = django_filters.ChoiceFilter(
        label=_("Balance"),
        method="with_balance",
        choices=[
            ("owed", _("something is owed")),
            # Translators: 預存款
            ("prepaid", _("something is prepaid")),
            # Translators: 押金
            ("deposits", _("deposits are held")),
        ],
    )
    building = django_filters.ModelChoiceFilter(
        label=_("Building"), queryset=_buildings, field_name="unit__building"
    )
    unit = django_filters.NumberFilter(
        label=_("Unit"), field_name="unit_id", widget=django_filters.widgets.forms.HiddenInput
    )

    def search(self, rows, name, value):
        """By unit, or by the debtor's name or telephone."""
        return rows.filter(Q(unit__in=self.hits(value, "unit")) | Q(person__in=self.hits(value, "person")))

    def aged(self, rows, name, value):
        today = clocks.local_date(self.request.now, self.request.estate.zone)
        old = OpenCharge.objects.filter(
            estate=self.request.estate, due_on__lte=today - timedelta(days=int(value))
        )
        return rows.filter(owed__gt=0, pk__in=old.values("account_id"))

    def with_balance(self, rows, name, value):
        return rows.filter(**{f"{value}__gt": 0})


class ReceiptFilter(_Search):
    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", choices=ReceiptStep.Verb.choices[:4]
    )
    cashier = django_filters.ModelChoiceFilter(label=_("Cashier"), queryset=_cashiers)
    method = django_filters.ChoiceFilter(
        label=pgettext_lazy("of payment", "Method"),
        method="by_method",
        choices=[
            *((m.value, m.label) for m in METHODS),
            (Entry.Method.MANDATE.value, Entry.Method.MANDATE.label),
        ],
    )
    since = django_filters.DateFilter(
        label=_("From day"), field_name="day", lookup_expr="gte", widget=DateInput(quick="today")
    )
    until = django_filters.DateFilter(
        label=_("Until day"), field_name="day", lookup_expr="lte", widget=DateInput(quick="today")
    )
    unit = django_filters.NumberFilter(
        label=_("Unit"), field_name="unit_id", widget=django_filters.widgets.forms.HiddenInput
    )

    def search(self, rows, name, value):
        """By number, payer or unit."""
        match = Q(pk__in=self.hits(value, Receipt.SUBJECT)) | Q(unit__in=self.hits(value, "unit"))
        return rows.filter(match | Q(payer__icontains=value) | Q(number__icontains=value))

    def in_state(self, rows, name, value):
        """The last that happened: what was voided is not among the booked ones."""
        steps = ReceiptStep.objects.filter(estate=self.request.estate)
        over = {"booked": ["voided"], "carried": ["booked", "cancelled"]}.get(value, [])
        rows = rows.filter(pk__in=steps.filter(verb=value).values("receipt_id"))
        return rows.exclude(pk__in=steps.filter(verb__in=over).values("receipt_id")) if over else rows

    def by_method(self, rows, name, value):
        return rows.filter(facts__methods__has_key=value)


# --- closed days and the cashier's book ---------------------------------------------------------------------------

DIFFERENCE = [("yes", _("with a difference")), ("no", _("without a difference"))]


def _day(label, lookup):
    return filters.DateFilter(
        label=label, field_name="day", lookup_expr=lookup, widget=DateInput(quick=""), validators=DAYS
    )


class _OfCashiers(filters.FilterSet):
    """Rows of the estate in view; cashiers are those who have a drawer there."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        estate = self.request.estate if self.request else None
        cashiers = Till.objects.filter(estate=estate).values("cashier_id")
        self.filters["cashier"].queryset = Staff.objects.filter(pk__in=cashiers)


class CloseFilter(_OfCashiers):
    cashier = filters.ModelChoiceFilter(
        label=_("Cashier"), empty_label=_("all"), queryset=Staff.objects.none()
    )
    day_from = _day(_("Day from"), "gte")
    day_to = _day(_("Day until"), "lte")
    difference = filters.ChoiceFilter(
        label=_("Difference"), choices=DIFFERENCE, method="by_difference", empty_label=_("all")
    )

    class Meta:
        model = DayClose
        fields = ()

    def by_difference(self, rows, name, value):
        return rows.exclude(difference=0) if value == "yes" else rows.filter(difference=0)


class BookFilter(_OfCashiers):
    """Lines of money: an entry's day and method, its voucher's drawer and kind."""

    day_from = _day(_("Day from"), "gte")
    day_to = _day(_("Day until"), "lte")
    cashier = filters.ModelChoiceFilter(
        label=_("Cashier"), field_name="voucher__cashier", empty_label=_("all"), queryset=Staff.objects.none()
    )
    method = filters.ChoiceFilter(label=_("Method"), choices=Entry.Method.choices, empty_label=_("all"))
    kind = filters.ChoiceFilter(
        label=_("Booking"), field_name="voucher__kind", choices=Voucher.Kind.choices, empty_label=_("all")
    )

    class Meta:
        model = Entry
        fields = ()


class RefundFilter(_Search):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Refund.State.choices)

    def search(self, rows, name, value):
        """By unit, or by the debtor's name."""
        return rows.filter(
            Q(account__unit__in=self.hits(value, "unit")) | Q(account__person__in=self.hits(value, "person"))
        )


class CollectionFilter(DayRanges):
    """Appointments by the local day of the visit."""

    day_fields = {"visit": "window_from"}

    visit_from = day_field(_("Visit from"))
    visit_to = day_field(_("Visit until"))
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=Collection.State.choices, empty_label=_("all")
    )
    collector = django_filters.ModelChoiceFilter(
        label=_("Who goes"), empty_label=_("all"), queryset=Staff.objects.none()
    )

    class Meta:
        model = Collection
        fields = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        estate = self.request.estate if self.request else None
        goers = Collection.objects.filter(estate=estate).values("collector_id")
        self.filters["collector"].queryset = Staff.objects.filter(pk__in=goers)
