"""Where a repair is, and who may be calling from there: read for the intake while the telephone is at the ear.

A place is written into forms as short text: `unit:12`, `unit:12:34` (34 is the person who calls), `asset:5`,
`building:3` (its public area) or `place:…` (any other public area in words).
"""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from office import search
from office.models import Building, Unit
from residents.models import Occupancy, Person
from tickets.models import Asset

LIMIT = 12


@dataclass
class Place:
    unit: Unit | None = None
    asset: Asset | None = None
    building: Building | None = None
    text: str = ""
    person: Person | None = None

    @property
    def value(self):
        """The place as a form field holds it."""
        if self.unit:
            return f"unit:{self.unit.pk}" + (f":{self.person.pk}" if self.person else "")
        if self.asset:
            return f"asset:{self.asset.pk}"
        if self.building:
            return f"building:{self.building.pk}"
        return f"place:{self.text}" if self.text else ""

    @property
    def label(self):
        """The place as people say it."""
        if self.unit:
            return f"{self.unit.code} {self.person.local_name}" if self.person else self.unit.code
        if self.asset:
            return f"{self.asset.local_name} {self.asset.place}".strip()
        if self.building:
            return _("%(building)s, public area") % {"building": self.building}
        return self.text

    def as_fields(self):
        """What `actions.take` wants of it. A public area of a building is named in words as well."""
        return {
            "unit": self.unit,
            "asset": self.asset,
            "building": self.building
            or (self.unit and self.unit.building)
            or (self.asset and self.asset.building),
            "place": self.text or (self.label if self.building else ""),
            "reporter": self.person,
        }


def read(estate, value):
    """The place a form field names, or None when there is none such at `estate`."""
    value = (value or "").replace("\x00", "")  # no text of a database holds it
    kind, _sep, rest = value.strip().partition(":")
    rest = rest.strip()
    if kind == "place":
        return Place(text=rest[:200]) if rest else None
    number, _sep, person = rest.partition(":")
    if kind in ("unit", "asset", "building") and number.isdecimal() and len(number) < 18:
        if kind == "asset":
            row = Asset.objects.filter(estate=estate, pk=number).select_related("building").first()
            return row and Place(asset=row)
        if kind == "building":
            building = Building.objects.filter(estate=estate, pk=number).first()
            return building and Place(building=building)
        unit = Unit.objects.filter(estate=estate, pk=number).select_related("building").first()
        caller = None
        if person.isdecimal() and len(person) < 18:
            caller = Person.objects.filter(estate=estate, pk=person).first()
        return unit and Place(unit=unit, person=caller)
    units = Unit.objects.filter(estate=estate).select_related("building")
    unit = units.filter(code=value).first()
    if unit is None:
        hits = search.find([estate.pk], value[:80], kinds=["unit"])
        hit = search.only_hit([hit for hit in hits if hit.kind == "code" and hit.certain])
        unit = hit and units.filter(pk=hit.subject_id).first()
    return Place(unit=unit) if unit else None


@dataclass
class Caller:
    """Somebody of the household, with the telephone that is called first."""

    person: Person
    role: str
    phones: list

    @property
    def phone(self):
        return self.phones[0].number if self.phones else ""


def household(unit, day):
    """Who relates to the unit on `day`, those who live there first. Two queries."""
    rows = (
        Occupancy.objects.filter(unit=unit)
        .on(day)
        .select_related("person")
        .prefetch_related("person__phones")
        .order_by("-lives_here", "pk")
    )
    rank = {"tenant": 0, "owner": 1, "member": 2, "agent": 3, "developer": 4}
    callers = {}
    for row in sorted(rows, key=lambda row: (not row.lives_here, rank.get(row.role, 9))):
        if row.person_id not in callers:
            callers[row.person_id] = Caller(row.person, row.get_role_display(), list(row.person.phones.all()))
    return list(callers.values())


def suggest(estate, text):
    """Places for what was typed: units by code, telephone or name, facilities, buildings, else the words themselves."""
    text = text.replace("\x00", "").strip()[:80]
    if not text:
        return []
    hits = search.find([estate.pk], text, kinds=["unit", "person"], limit=LIMIT)
    units = Unit.objects.in_bulk([hit.subject_id for hit in hits if hit.subject_kind == "unit"])
    people = [hit.subject_id for hit in hits if hit.subject_kind == "person"]
    homes: dict = {}
    if people:
        rows = Occupancy.objects.filter(person_id__in=people, period__upper_inf=True)
        for row in rows.select_related("person", "unit").order_by("-lives_here", "unit__sort_key"):
            homes.setdefault(row.person_id, []).append(row)
    found = []
    for hit in hits:
        if hit.subject_kind == "unit" and hit.subject_id in units:
            unit = units[hit.subject_id]
            found.append(
                {"value": f"unit:{unit.pk}", "text": unit.code, "hint": str(unit.get_kind_display())}
            )
        found += [
            {
                "value": f"unit:{row.unit_id}:{row.person_id}",
                "text": f"{row.unit.code} {row.person.local_name}",
                "hint": str(row.get_role_display()),
            }
            for row in homes.get(hit.subject_id, [])[:4]
            if hit.subject_kind == "person"
        ]
    assets = Asset.objects.filter(estate=estate, is_active=True).filter(
        Q(code__istartswith=text)
        | Q(name_zh_hant__icontains=text)
        | Q(name_zh_hans__icontains=text)
        | Q(name_en__icontains=text)
    )[:LIMIT]
    found += [{"value": f"asset:{row.pk}", "text": row.local_name, "hint": row.place} for row in assets]
    buildings = Building.objects.filter(estate=estate).filter(Q(name__icontains=text) | Q(code__iexact=text))[
        :4
    ]
    found += [
        {"value": f"building:{row.pk}", "text": Place(building=row).label, "hint": ""} for row in buildings
    ]
    if not any(hit.subject_kind == "unit" and hit.certain for hit in hits):
        found.append({"value": f"place:{text}", "text": text, "hint": _("public area, in these words")})
    return found
