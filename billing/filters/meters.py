"""Which meters, which readings."""

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models import Meter, Reading
from billing.rules import meters as rules
from office.forms import Choose
from office.lists.estates import day_field
from office.models import Building


def _buildings(request):
    return Building.objects.filter(estate=request and request.estate)


class MeterFilter(filters.FilterSet):
    q = filters.CharFilter(
        label=_("Meter number, unit or place"), method="search", widget=forms.TextInput({"type": "search"})
    )
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Meter.Kind.choices, empty_label=_("any"))
    building = filters.ModelChoiceFilter(
        label=_("Building"), empty_label=_("any"), queryset=_buildings, widget=Choose
    )
    whose = filters.ChoiceFilter(
        label=_("Whose"), method="by_whose", empty_label=_("any"),
        choices=[("unit", _("of units")), ("shared", pgettext_lazy("meters", "shared"))],
    )  # fmt: skip
    hangs = filters.ChoiceFilter(
        label=_("In use"), method="by_use", empty_label=_("any"), choices=[("yes", _("yes")), ("no", _("no"))]
    )

    class Meta:
        model = Meter
        fields = ()

    def search(self, rows, name, value):
        text = value.strip()
        return rows.filter(
            Q(serial__icontains=text) | Q(unit__code__icontains=text) | Q(place__icontains=text)
        )

    def by_whose(self, rows, name, value):
        return rows.filter(unit__isnull=value == "shared")

    def by_use(self, rows, name, value):
        return rows.filter(removed_on__isnull=value == "yes")


class ReadingFilter(filters.FilterSet):
    q = filters.CharFilter(
        label=_("Meter number or unit"), method="search", widget=forms.TextInput({"type": "search"})
    )
    kind = filters.ChoiceFilter(
        label=_("Kind"), field_name="meter__kind", choices=Meter.Kind.choices, empty_label=_("any")
    )
    building = filters.ModelChoiceFilter(
        label=_("Building"), field_name="meter__building", empty_label=_("any"), queryset=_buildings, widget=Choose
    )  # fmt: skip
    state = filters.ChoiceFilter(label=_("State"), choices=Reading.State.choices, empty_label=_("any"))
    doubt = filters.ChoiceFilter(
        label=_("Held because"), choices=list(rules.DOUBTS.items()), empty_label=_("any")
    )
    source = filters.ChoiceFilter(label=_("Taken"), choices=Reading.Source.choices, empty_label=_("any"))
    day_from = day_field(_("From"), "since")
    day_to = day_field(_("Until"), "until")

    class Meta:
        model = Reading
        fields = ()

    def search(self, rows, name, value):
        text = value.strip()
        return rows.filter(Q(meter__serial__icontains=text) | Q(meter__unit__code__icontains=text))

    def since(self, rows, name, value):
        return rows.filter(read_on__gte=value)

    def until(self, rows, name, value):
        return rows.filter(read_on__lte=value)
