from datetime import timedelta

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office import clocks, search
from office.forms import DateInput
from office.models import Building, Unit
from residents import rules
from residents.models import (
    AccessCard,
    Key,
    Occupancy,
    Person,
    ReleaseSlip,
    SlipRefusal,
    Vehicle,
    Visitor,
)

MOST = 500  # hits a search inside a list looks at


def _buildings(request):
    if request is None or request.estate is None:
        return Building.objects.none()
    return Building.objects.filter(estate=request.estate)


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


class UnitFilter(_Search):
    building = django_filters.ModelChoiceFilter(label=_("Building"), queryset=_buildings)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Unit.Kind.choices)
    empty = django_filters.ChoiceFilter(
        label=_("Owners"), choices=[("yes", _("known")), ("no", _("not known"))], method="owned"
    )
    warning = django_filters.ChoiceFilter(
        label=_("Warning"), choices=[("yes", _("with a warning"))], method="warned"
    )

    class Meta:
        model = Unit
        fields = ()

    def search(self, rows, name, value):
        """By code, or by the name or telephone of somebody who is related to it today."""
        lived = Occupancy.objects.filter(person_id__in=self.hits(value, "person")).on(timezone.localdate())
        return rows.filter(Q(pk__in=self.hits(value, "unit")) | Q(pk__in=lived.values("unit_id")))

    def owned(self, rows, name, value):
        owned = Occupancy.objects.filter(role=Occupancy.Role.OWNER).on(timezone.localdate()).values("unit_id")
        return rows.filter(pk__in=owned) if value == "yes" else rows.exclude(pk__in=owned)

    def warned(self, rows, name, value):
        return rows.filter(warning=True).exclude(note="")


class PersonFilter(_Search):
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Person.Kind.choices)
    role = django_filters.ChoiceFilter(label=_("Role today"), choices=Occupancy.Role.choices, method="holds")

    class Meta:
        model = Person
        fields = ()

    def search(self, rows, name, value):
        """By name or telephone, or by the unit somebody is related to today."""
        lives = Occupancy.objects.filter(unit_id__in=self.hits(value, "unit")).on(timezone.localdate())
        return rows.filter(Q(pk__in=self.hits(value, "person")) | Q(pk__in=lives.values("person_id")))

    def holds(self, rows, name, value):
        now = Occupancy.objects.filter(role=value).on(timezone.localdate())
        return rows.filter(pk__in=now.values("person_id"))


# --- the gate ----------------------------------------------------------------------------------------------


class _Gate(_Search):
    """Lists of the gate: a unit, a number or a plate, and days."""

    def of_unit(self, rows, value):
        """Rows of the units that `value` means."""
        return Q(unit_id__in=self.hits(value, "unit")) if value else Q()


class SlipFilter(_Gate):
    state = django_filters.ChoiceFilter(
        label=_("State"), method="as_now",
        choices=[("valid", _("valid")), ("expired", _("expired")), *ReleaseSlip.State.choices[1:]],
    )  # fmt: skip
    refused = django_filters.ChoiceFilter(
        label=_("At the gate"), choices=[("yes", _("refused at least once"))], method="turned"
    )

    class Meta:
        model = ReleaseSlip
        fields = ()

    def search(self, rows, name, value):
        """By number, plate, unit or agent."""
        plate = rules.plain_plate(value)
        match = Q(pk__in=self.hits(value, ReleaseSlip.SUBJECT)) | self.of_unit(rows, value)
        match |= Q(agent_name__icontains=value) | Q(carrier__icontains=value)
        return rows.filter(match | Q(plate__contains=plate) if plate else match)

    def as_now(self, rows, name, value):
        now = self.request.now
        if value == "valid":
            return rows.filter(state="issued", valid_until__gt=now)
        if value == "expired":
            return rows.filter(state="issued", valid_until__lte=now)
        return rows.filter(state=value)

    def turned(self, rows, name, value):
        return rows.filter(pk__in=SlipRefusal.objects.values("slip_id"))


class VisitorFilter(_Gate):
    now_inside = django_filters.ChoiceFilter(
        label=_("Inside"), choices=[("yes", _("still inside")), ("overnight", _("since yesterday or before")), ("no", _("left"))],
        method="is_inside",
    )  # fmt: skip
    purpose = django_filters.ChoiceFilter(label=_("Purpose"), choices=Visitor.Purpose.choices)
    day = django_filters.DateFilter(label=_("Came on"), method="came", widget=DateInput(quick=""))

    class Meta:
        model = Visitor
        fields = ()

    def search(self, rows, name, value):
        """By unit, name, host, plate or card."""
        plate = rules.plain_plate(value)
        match = (
            self.of_unit(rows, value)
            | Q(name__icontains=value)
            | Q(host__icontains=value)
            | Q(badge__iexact=value)
        )
        return rows.filter(match | Q(plate__contains=plate) if plate else match)

    def _midnight(self, day):
        return clocks.midnight(day, self.request.estate.zone)

    def is_inside(self, rows, name, value):
        if value == "no":
            return rows.filter(out_at__isnull=False)
        if value == "overnight":
            today = clocks.local_date(self.request.now, self.request.estate.zone)
            rows = rows.filter(in_at__lt=self._midnight(today))
        return rows.inside()

    def came(self, rows, name, value):
        return rows.filter(
            in_at__gte=self._midnight(value), in_at__lt=self._midnight(value + timedelta(days=1))
        )


class VehicleFilter(_Gate):
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Vehicle.Kind.choices)
    here = django_filters.ChoiceFilter(
        label=_("State"), choices=[("yes", _("here today")), ("no", _("no longer here"))], method="today"
    )
    parked = django_filters.ChoiceFilter(
        label=_("Parking space"),
        choices=[("yes", _("with a space")), ("no", _("without"))],
        method="has_space",
    )

    class Meta:
        model = Vehicle
        fields = ()

    def search(self, rows, name, value):
        """By plate, unit, or the keeper's name."""
        plate = (
            rules.plain_plate(value) or "".join(char for char in search.fold(value) if char.isalnum()).upper()
        )
        match = self.of_unit(rows, value) | Q(person_id__in=self.hits(value, "person"))
        return rows.filter(match | Q(plate__contains=plate) if plate else match)

    def today(self, rows, name, value):
        here = Q(period__contains=timezone.localdate())
        return rows.filter(here) if value == "yes" else rows.exclude(here)

    def has_space(self, rows, name, value):
        return rows.filter(space__isnull=value == "no")


class CardFilter(_Gate):
    state = django_filters.ChoiceFilter(label=_("State"), choices=AccessCard.State.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=AccessCard.Kind.choices)

    class Meta:
        model = AccessCard
        fields = ()

    def search(self, rows, name, value):
        """By number, unit, or the holder's name."""
        match = self.of_unit(rows, value) | Q(person_id__in=self.hits(value, "person"))
        return rows.filter(match | Q(number__contains=rules.plain_card(value)))


class KeyFilter(_Gate):
    state = django_filters.ChoiceFilter(label=_("State"), choices=Key.State.choices)
    late = django_filters.ChoiceFilter(label=_("Return"), choices=[("yes", _("overdue"))], method="overdue")

    class Meta:
        model = Key
        fields = ()

    def search(self, rows, name, value):
        """By tag, unit, room, or who has it."""
        match = self.of_unit(rows, value) | Q(tag__icontains=value) | Q(room__icontains=value)
        return rows.filter(match | Q(holder__icontains=value))

    def overdue(self, rows, name, value):
        return rows.filter(state=Key.State.OUT, due_at__lte=self.request.now)
