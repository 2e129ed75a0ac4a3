"""What the monthly report asks of the lists beyond what people choose there: each of its numbers opens its rows.

These fields stand in addresses only.
"""

import django_filters as filters
from django import forms
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from tickets.filters.scope import OfEstates
from tickets.models import Ticket
from tickets.reports.months import ARRIVALS, DOOR, FINISHES, NOBODY, steps_below

NEVER = (NOBODY, _("not recorded"))
ANY = ("any", _("recorded"))
_ONE = DOOR.replace("unit.", "one.")
# Flats above and below one: the same door at the same entrance.
_STACK = f"""
  SELECT unit.id FROM office_unit AS unit JOIN office_unit AS one ON one.id = %s AND one.building_id = unit.building_id
    AND one.section_id IS NOT DISTINCT FROM unit.section_id AND {DOOR} = {_ONE}
"""  # noqa: S608  nothing in it is typed by anybody


def steps(rows):
    return [row[:2] for row in rows] + [NEVER, ANY]


def took(column, rows, value):
    """Condition: the time from the report to `column` falls into the step `value`."""
    if value in (NOBODY, "any"):
        return Q(**{f"{column}__isnull": value == NOBODY})
    low, high = steps_below(rows, value)
    condition = Q(**{f"{column}__isnull": False})
    if low:
        condition &= Q(**{f"{column}__gt": F("opened_at") + low})
    return condition & Q(**{f"{column}__lte": F("opened_at") + high}) if high else condition


class TicketsOfMonth(OfEstates):
    arrived_in = filters.ChoiceFilter(
        label=_("Arrived within"), choices=steps(ARRIVALS), method="by_arrival", widget=forms.HiddenInput
    )
    finished_in = filters.ChoiceFilter(
        label=_("Completed within"), choices=steps(FINISHES), method="by_finish", widget=forms.HiddenInput
    )
    crew = filters.CharFilter(label=_("Technician"), method="by_crew", widget=forms.HiddenInput)
    stack = filters.NumberFilter(
        label=_("Flats one above the other"), method="by_stack", widget=forms.HiddenInput
    )
    counted = filters.BooleanFilter(
        label=_("Neither cancelled nor preventive"), method="by_counted", widget=forms.HiddenInput
    )

    def by_arrival(self, rows, name, value):
        return rows.filter(took("arrived_at", ARRIVALS, value))

    def by_finish(self, rows, name, value):
        return rows.filter(took("done_at", FINISHES, value))

    def by_crew(self, rows, name, value):
        return rows.filter(of_crew("technician_id", value))

    def by_stack(self, rows, name, value):
        if not 0 < value < 2**63:
            return rows.none()
        return rows.filter(unit_id__in=RawSQL(_STACK, [int(value)]))  # noqa: S611  ours but for the number

    def by_counted(self, rows, name, value):
        return rows.exclude(state=Ticket.State.CANCELLED).exclude(stream="preventive") if value else rows


class CallbacksOfMonth(OfEstates):
    crew = filters.CharFilter(label=_("Technician"), method="by_crew", widget=forms.HiddenInput)
    category = filters.NumberFilter(
        label=_("Category"), field_name="ticket__category_id", widget=forms.HiddenInput
    )
    building = filters.NumberFilter(
        label=_("Building"), field_name="ticket__building_id", widget=forms.HiddenInput
    )
    no_building = filters.BooleanFilter(
        label=_("No building named"), method="by_no_building", widget=forms.HiddenInput
    )

    def by_crew(self, rows, name, value):
        return rows.filter(of_crew("work_order__technician_id", value))

    def by_no_building(self, rows, name, value):
        return rows.filter(ticket__building__isnull=True) if value else rows


def of_crew(field, value):
    """Who went, also where he has left the house since; `none`: nobody did."""
    if value == NOBODY:
        return Q(**{f"{field}__isnull": True})
    return Q(**{field: int(value)}) if value.isdecimal() and len(value) < 19 else Q(pk__in=[])
