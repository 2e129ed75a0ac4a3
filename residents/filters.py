import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office import search
from office.models import Building, Unit
from residents import rules
from residents.models import Occupancy, Person, ReleaseSlip, SlipRefusal

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
