"""Which complaints: the list, its spreadsheet, the register on paper and every number of the analysis use this."""

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office import search
from office.forms import Choose
from office.models import Building, Department, Staff
from residents.models import Occupancy
from tickets.filters.lists import AGES, DUE, OPEN, YES_NO, age_bounds
from tickets.filters.scope import OfEstates, day_field, tonight
from tickets.models import Complaint, ComplaintCause


def _of(model):
    return lambda estates: model.objects.filter(estate__in=[estate.pk for estate in estates])


def _posted(estates):
    return Staff.objects.filter(postings__estate__in=[estate.pk for estate in estates]).distinct()


class ComplaintFilter(OfEstates):
    rows_of = {"cause": _of(ComplaintCause), "building": _of(Building), "handler": _posted}
    day_fields = {"opened": "opened_at", "reported": "reported_at", "closed": "closed_at"}

    q = filters.CharFilter(
        label=_("Number, unit, name or telephone"),
        method="search",
        widget=forms.TextInput({"type": "search"}),
    )
    open = filters.ChoiceFilter(
        label=pgettext_lazy("filter", "Open"), choices=OPEN, method="by_open", empty_label=_("all")
    )
    state = filters.MultipleChoiceFilter(
        label=_("State"), choices=Complaint.State.choices, widget=forms.SelectMultiple({"data-choose": ""})
    )
    # Translators: 投訴級別
    klass = filters.ChoiceFilter(label=_("Class"), choices=Complaint.Klass.choices, empty_label=_("any"))
    due = filters.ChoiceFilter(label=_("Next clock"), choices=DUE, method="by_due", empty_label=_("any"))
    cause = filters.ModelChoiceFilter(
        label=_("Cause"), empty_label=_("any"), queryset=ComplaintCause.objects.none(), widget=Choose
    )
    department = filters.ChoiceFilter(label=_("Department"), choices=Department.choices, empty_label=_("any"))
    against = filters.ChoiceFilter(
        label=_("Against"), choices=Complaint.Against.choices, empty_label=_("any")
    )
    building = filters.ModelChoiceFilter(
        label=_("Building"), empty_label=_("any"), queryset=Building.objects.none(), widget=Choose
    )
    age = filters.ChoiceFilter(
        label=_("Age"), choices=[row[:2] for row in AGES], method="by_age", empty_label=_("any")
    )
    opened_from = day_field(_("Taken from"))
    opened_to = day_field(_("Taken until"))
    handler = filters.ModelChoiceFilter(
        label=_("Person responsible"), empty_label=_("any"), queryset=Staff.objects.none(), widget=Choose
    )
    repeat = filters.ChoiceFilter(label=_("Repeat"), choices=YES_NO, method="by_repeat", empty_label=_("any"))
    valid = filters.ChoiceFilter(
        label=_("Well founded"), choices=YES_NO, method="by_valid", empty_label=_("any")
    )
    fault = filters.ChoiceFilter(
        label=_("Fault lies with"), choices=Complaint.Fault.choices, empty_label=_("any")
    )
    satisfied = filters.ChoiceFilter(
        label=_("Satisfied"), choices=YES_NO, method="by_satisfied", empty_label=_("any")
    )
    closed_from = day_field(_("Ended from"))
    closed_to = day_field(_("Ended until"))
    unit = filters.NumberFilter(label=_("Unit"), field_name="unit_id", widget=forms.HiddenInput)
    complainant = filters.NumberFilter(
        label=_("Complainant"), field_name="complainant_id", widget=forms.HiddenInput
    )
    no_building = filters.BooleanFilter(
        label=_("No building named"), method="by_no_building", widget=forms.HiddenInput
    )
    cause_code = filters.CharFilter(label=_("Cause"), field_name="cause__code", widget=forms.HiddenInput)

    class Meta:
        model = Complaint
        fields = ()

    def search(self, rows, name, value):
        """Number (whole, beginning or last digits), unit, complainant; a telephone finds its person's units."""
        text = value.strip()
        ids: dict = {"unit": [], "person": [], Complaint.SUBJECT: []}
        for hit in search.find([estate.pk for estate in self.estates], text, limit=200):
            ids.setdefault(hit.subject_kind, []).append(hit.subject_id)
        units = list(ids["unit"])
        if ids["person"]:
            units += Occupancy.objects.filter(person_id__in=ids["person"]).values_list("unit_id", flat=True)
        wanted = Q(number__startswith=text.upper()) | Q(name__icontains=text) | Q(phone__contains=text)
        if ids[Complaint.SUBJECT]:
            wanted |= Q(pk__in=ids[Complaint.SUBJECT])
        if units:
            wanted |= Q(unit_id__in=units)
        if ids["person"]:
            wanted |= Q(complainant_id__in=ids["person"])
        return rows.filter(wanted)

    def by_open(self, rows, name, value):
        return rows.filter(closed_at__isnull=value == "yes")

    def by_age(self, rows, name, value):
        def within(zone):
            start, end = age_bounds(value, self.request.now, zone)
            below = Q(opened_at__lt=end)
            return below & Q(opened_at__gte=start) if start else below

        return rows.filter(self.local(within))

    def by_due(self, rows, name, value):
        now = self.request.now
        rows = rows.filter(closed_at__isnull=True)
        return {
            "overdue": lambda: rows.filter(next_due_at__lte=now),
            "today": lambda: rows.filter(
                self.local(lambda zone: Q(next_due_at__lte=tonight(now, zone))), next_due_at__gt=now
            ),
            "later": lambda: rows.filter(self.local(lambda zone: Q(next_due_at__gt=tonight(now, zone)))),
            "none": lambda: rows.filter(next_due_at__isnull=True),
        }[value]()

    def by_repeat(self, rows, name, value):
        return rows.filter(is_repeat=value == "yes")

    def by_valid(self, rows, name, value):
        return rows.filter(valid=value == "yes")

    def by_satisfied(self, rows, name, value):
        return rows.filter(satisfied=value == "yes")

    def by_no_building(self, rows, name, value):
        return rows.filter(building__isnull=True) if value else rows
