"""Which payers, which percentages."""

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import Item
from office import clocks
from office.forms import Choose
from office.models import Building

NOW, COMING, OVER = "now", "coming", "over"
STATES = ((NOW, _("in force")), (COMING, _("to come")), (OVER, _("ended")))


def of_state(state, today):
    return {
        NOW: Q(period__contains=today),
        COMING: Q(period__startswith__gt=today),
        OVER: Q(period__fully_lt=(today, None)),
    }[state]


def _items(request):
    return Item.objects.filter(estate=request and request.estate)


def _buildings(request):
    return Building.objects.filter(estate=request and request.estate)


class OrderFilter(filters.FilterSet):
    """What holds for single units: by unit, fee, building, and whether it holds today."""

    searched = ("unit__code", "reason")

    q = filters.CharFilter(label=_("Search"), method="search", widget=forms.TextInput({"type": "search"}))
    state = filters.ChoiceFilter(label=_("State"), method="in_state", choices=STATES, empty_label=_("any"))
    # Translators: 收費項目
    item = filters.ModelChoiceFilter(label=_("Fee item"), empty_label=_("any"), queryset=_items)
    building = filters.ModelChoiceFilter(
        label=_("Building"), field_name="unit__building", empty_label=_("any"), queryset=_buildings, widget=Choose
    )  # fmt: skip

    def search(self, rows, name, value):
        found = Q()
        for field in self.searched:
            found |= Q(**{f"{field}__icontains": value.strip()})
        return rows.filter(found)

    def in_state(self, rows, name, value):
        return rows.filter(of_state(value, clocks.local_date(self.request.now, self.request.estate.zone)))


class PayerFilter(OrderFilter):
    searched: tuple[str, ...] = ("unit__code", "reason", "person__name", "person__name_en")
