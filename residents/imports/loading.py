"""A roster into an estate, by the actions of the register; a second run finds everything unchanged."""

import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from office import identity, phones, places, search
from office.models import Building, Section, Unit
from office.refusals import Refused
from residents import actions
from residents.imports.reading import KINDS, OWNER_TYPES, Line, read_area, read_date, text
from residents.models import Occupancy, Person

KINDS_OF_ROWS = ("buildings", "sections", "people", "rooms", "parking", "relations")
USES = {"119": "宿舍", "120": "办公室"}
SEVERAL = re.compile(r"[#、,，;；/／&]+")


@dataclass
class Report:
    """Counts by what and outcome, and sentences that name their cell."""

    counts: dict = field(default_factory=lambda: {name: Counter() for name in KINDS_OF_ROWS})
    warnings: list = field(default_factory=list)
    errors: list = field(default_factory=list)

    def count(self, what, outcome):
        self.counts[what][outcome] += 1


class Loader:
    """Brings one roster into one estate, inside the caller's transaction."""

    def __init__(self, estate, *, by, now, parking=False):
        self.estate, self.by, self.now, self.parking = estate, by, now, parking
        self.today = now.astimezone(estate.zone).date()
        self.report = Report()
        self.buildings = {row.code: row for row in Building.objects.filter(estate=estate)}
        self.sections = {
            (row.building_id, row.code): row for row in Section.objects.filter(building__estate=estate)
        }
        self.units = {row.code: row for row in Unit.objects.filter(estate=estate)}
        self.people = {}  # owner's number in the file → [(person, role)]
        self.outcomes = {}  # ("rooms", code) → outcome, so that several lines count once

    def load(self, roster):
        for line in roster.buildings:
            self.building_line(line)
        for line in roster.owners:
            self.owner_line(line)
        numbered = bool(roster.owners)
        for line in roster.rooms:
            self.room_line(line, numbered)
        if self.parking:
            for line in roster.spaces:
                self.space_line(line)
        elif roster.spaces:
            self.warn(roster.spaces[0], "space", _("parking spaces are left out; --parking brings them in"))
        for (what, _key), outcome in self.outcomes.items():
            self.report.count(what, outcome)
        return self.report

    def warn(self, line, name, sentence):
        self.report.warnings.append(f"{line.at(name)}: {sentence}")

    def wrong(self, line, name, sentence):
        self.report.errors.append(f"{line.at(name)}: {sentence}")

    def note(self, what, key, outcome):
        """Created stays created; updated outweighs unchanged."""
        order = ("unchanged", "updated", "created")
        known = self.outcomes.get((what, key), "unchanged")
        self.outcomes[what, key] = max(known, outcome, key=order.index)

    # --- places

    def building_line(self, line):
        code = line.get("building")[:20]
        if not code:
            return self.wrong(line, "building", _("no building"))
        floors = self.floors(line)
        building = self.building(code, floors)
        if section := line.get("section")[:20]:
            lift = search.fold(line.get("lift"))
            self.section(building, section, floors, lift[:1] in ("有", "是", "y", "1") if lift else None)
        return None

    def floors(self, line):
        said = line.get("floors")
        if not said:
            return None
        if said.isdecimal() and 0 < int(said) < 200:
            return int(said)
        self.warn(line, "floors", _("“%(said)s” is no number of floors; left empty") % {"said": said})
        return None

    def building(self, code, floors=None):
        row = self.buildings.get(code)
        if row is None:
            row = places.add_building(estate=self.estate, code=code, floors=floors, by=self.by, now=self.now)
            self.note("buildings", code, "created")
        elif floors and (row.floors or 0) < floors:  # sections of different height: the highest counts
            row = places.edit_building(building=row, floors=floors, by=self.by, now=self.now)
            self.note("buildings", code, "updated")
        else:
            self.note("buildings", code, "unchanged")
        self.buildings[code] = row
        return row

    def section(self, building, code, floors=None, lift=None):
        key = (building.pk, code)
        row = self.sections.get(key)
        values = {
            name: value for name, value in (("floors", floors), ("has_lift", lift)) if value is not None
        }
        if row is None:
            row = places.add_section(building=building, code=code, by=self.by, now=self.now, **values)
            self.note("sections", key, "created")
        elif any(getattr(row, name) != value for name, value in values.items()):
            row = places.edit_section(section=row, by=self.by, now=self.now, **values)
            self.note("sections", key, "updated")
        else:
            self.note("sections", key, "unchanged")
        self.sections[key] = row
        return row

    # --- people

    def owner_line(self, line):
        name = line.get("owner")[:120]
        if not name:
            return self.wrong(line, "owner", _("no name"))
        said = search.fold(line.get("owner_type")) or "owner"
        role = OWNER_TYPES.get(said.replace(" ", ""))
        if role is None or role == "":
            self.warn(
                line,
                "owner_type",
                _("“%(said)s” is no role here; the person is in without a unit") % {"said": said},
            )
        person = self.person(line, name)
        if person and role and line.get("owner_no"):
            self.people.setdefault(line.get("owner_no"), []).append((person, role))
        return None

    def person(self, line, name, unit=None):
        """The person of a line, found again or entered; `unit` where the same row names a room."""
        source = f"{line.get('owner_no')}"[:40]
        numbers, digits = self.numbers(line)
        kind, number = self.identity_of(line, name)
        row = self.known(line, source, name, digits, number, unit)
        gender = {"男": "m", "女": "f", "m": "m", "f": "f", "male": "m", "female": "f"}.get(
            search.fold(line.get("gender")), ""
        )
        if row is None:
            row = actions.add_person(
                estate=self.estate, name=name, source=source, gender=gender, phones=numbers,
                kind=Person.Kind.COMPANY if kind == identity.COMPANY else Person.Kind.PERSON,
                identity_type=kind, identity_number=number, by=self.by, now=self.now,
            )  # fmt: skip
            self.note("people", row.pk, "created")
            return row
        outcome = "unchanged"
        present = {phone.digits: (phone.number, phone.label) for phone in row.phones.all()}
        added = [one for one, two in zip(numbers, digits, strict=True) if two not in present]
        values = {
            key: value
            for key, value in (("name", name), ("gender", gender))
            if value and getattr(row, key) != value
        }
        if added or values:
            wanted = [*present.values(), *((one, "") for one in added)] if added else None
            row = actions.edit_person(person=row, phones=wanted, by=self.by, now=self.now, **values)
            outcome = "updated"
        if number and row.identity_index not in identity.blinds(number):
            row = actions.set_identity(
                person=row, identity_type=kind, number=number, by=self.by, now=self.now
            )
            outcome = "updated"
        self.note("people", row.pk, outcome)
        return row

    def known(self, line, source, name, digits, number, unit):
        """Somebody already here: the same number in the file, document, telephone with name, or name in this unit."""
        rows = Person.objects.filter(estate=self.estate)
        if source and (
            row := rows.filter(source=source, name=name).first() or rows.filter(source=source).first()
        ):
            return row
        if number:
            bearer = rows.filter(identity_index__in=identity.blinds(number)).order_by("pk").first()
            if bearer and search.fold(bearer.name) == search.fold(name):
                return bearer
            if bearer:
                said = {"name": name, "other": bearer.name}
                self.warn(line, "identity", _("%(name)s has the identity number of %(other)s") % said)
        if digits and (row := rows.filter(name=name, phones__digits__in=digits).first()):
            return row
        if unit is not None:
            return rows.filter(name=name, occupancies__unit=unit).first()
        if source or number or digits:
            return None
        same = list(rows.filter(name=name)[:2])  # a name alone is enough only while nobody else bears it
        return same[0] if len(same) == 1 else None

    def numbers(self, line):
        numbers, digits = [], []
        for part in SEVERAL.split(line.get("phone")):
            said = phones.plain(part)
            if not said:
                continue
            read = phones.read(said, self.estate.country)
            if read and read not in digits:
                numbers.append(said[:40])
                digits.append(read)
            elif not read and phones.is_placeholder(said):
                self.warn(line, "phone", _("%(said)s stands for “no number”; left empty") % {"said": said})
            elif not read:
                self.warn(
                    line, "phone", _("“%(said)s” is no telephone number; left empty") % {"said": said[:40]}
                )
        return numbers, digits

    def identity_of(self, line, name):
        """(type, number); ("", "") with a warning where the number cannot be real."""
        cell = line.values.get("identity", "")
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= 10**15:
            self.warn(line, "identity", _("typed as a number: Excel has lost its last digits; left empty"))
            return "", ""
        number = identity.normal(text(cell))
        if not number:
            return "", ""
        kind = identity.guess(number)
        if sentence := identity.why_not_real(kind, number, self.today):
            self.warn(
                line,
                "identity",
                _("identity number of %(name)s left empty. %(why)s") % {"name": name, "why": sentence},
            )
            return "", ""
        return kind, number

    # --- rooms

    def room_line(self, line, numbered):
        parts = self.parts(line)
        if parts is None:
            return self.wrong(line, "room", _("building and room are not both there; row left out"))
        building_code, section_code, code = parts
        building = self.building(building_code)
        section = self.section(building, section_code) if section_code else None
        kind, use = self.kind(line)
        values = {
            "floor": line.get("floor")[:10],
            "kind": kind,
            "use": use,
            "area": self.area(line),
            "handed_over_on": self.date(line, "handed_over"),
        }
        unit = self.unit(line, code, building, section, values)
        if unit is not None:
            self.owners_of(line, unit, numbered)
        return None

    def parts(self, line):
        """(building, section, unit code); the room may hold the whole code: 3-2-1201."""
        room, building, section = line.get("room"), line.get("building")[:20], line.get("section")[:20]
        if not room:
            return None
        whole = [part for part in re.split(r"[-/ －—]+", room) if part]
        if building:
            lead = [building, section] if section else [building]
            if len(whole) > len(lead) and whole[: len(lead)] == lead:
                return building, section, room[:40]
            return building, section, places.unit_code(building, section, room)
        if len(whole) < 2:
            return None
        return whole[0][:20], whole[1][:20] if len(whole) > 2 else "", room[:40]

    def kind(self, line):
        said = search.fold(line.get("kind"))
        if not said:
            return "", ""
        kind = KINDS.get(said)
        if kind is None:
            return Unit.Kind.FLAT, line.get("kind")[:40]
        return kind, USES.get(said, "")

    def area(self, line):
        said = line.get("area")
        area = read_area(said) if said else None
        if said and area is None:
            self.warn(line, "area", _("“%(said)s” is no area; left empty") % {"said": said})
        return area

    def date(self, line, name):
        cell = line.values.get(name, "")
        if not text(cell):
            return None
        found = read_date(cell)
        if found is None:
            self.warn(line, name, _("“%(said)s” is no date; left empty") % {"said": text(cell)})
        return found

    def unit(self, line, code, building, section, values):
        row = self.units.get(code)
        given = {name: value for name, value in values.items() if value not in (None, "")}
        what = "parking" if values["kind"] == Unit.Kind.PARKING else "rooms"
        try:
            if row is None:
                row = places.add_unit(
                    estate=self.estate,
                    building=building,
                    section=section,
                    code=code,
                    by=self.by,
                    now=self.now,
                    **given,
                )
                self.note(what, code, "created")
            elif any(getattr(row, name) != value for name, value in given.items()):
                row = places.edit_unit(unit=row, by=self.by, now=self.now, **given)
                self.note(what, code, "updated")
            else:
                self.note(what, code, "unchanged")
        except Refused as refusal:
            self.wrong(line, "room", f"{code}: {refusal.sentence}")
            return None
        self.units[code] = row
        return row

    def owners_of(self, line, unit, numbered):
        """Owners by number in the owners' sheet, else by the name in the same row."""
        related: list[tuple[Person, str]] = []
        if numbered:
            for number in filter(None, SEVERAL.split(line.get("owner_no"))):
                found = self.people.get(number.strip())
                if not found:
                    said = {"unit": unit.code, "number": number.strip()}
                    self.wrong(
                        line, "owner_no",
                        _("room %(unit)s: owner number %(number)s is not in the file; the room is in without an owner") % said,
                    )  # fmt: skip
                related += found or []
        elif line.get("owner"):
            for one in self.each_owner(line):
                related.append((self.person(one, one.get("owner"), unit), "owner"))
        owners = [person for person, role in related if role == "owner"]
        since = self.since(line)
        for (person, role), share in zip(related, self.shares(related, len(owners)), strict=True):
            self.relate(line, unit, person, role, share, since)

    @staticmethod
    def each_owner(line):
        """A line per name: as many telephones and documents as names are dealt out, else they are the first's."""
        names = [
            name.strip()[:120] for name in re.split(r"[、,，;；/／]+", line.get("owner")) if name.strip()
        ]
        dealt = {}
        for name in ("phone", "identity"):
            cell = line.values.get(name, "")
            parts = [part for part in SEVERAL.split(cell) if part.strip()] if isinstance(cell, str) else []
            dealt[name] = parts if len(parts) == len(names) else [cell] + [""] * (len(names) - 1)
        return [
            Line(line.sheet, {**line.values, "owner": name, "phone": phone, "identity": number}, line.cells)
            for name, phone, number in zip(names, dealt["phone"], dealt["identity"], strict=True)
        ]

    @staticmethod
    def shares(related, owners):
        """Equal shares that add up to the whole: the first take the rest (largest remainder)."""
        if not owners:
            return [None] * len(related)
        step = Decimal("0.0001")
        each = (Decimal(100) / owners).quantize(step, rounding="ROUND_DOWN")
        left = int((Decimal(100) - each * owners) / step)
        given = 0
        result: list[Decimal | None] = []
        for _person, role in related:
            if role != "owner":
                result.append(None)
                continue
            result.append(each + (step if given < left else 0))
            given += 1
        return result

    def since(self, line):
        """The first day of ownership: hand-over, else the earliest start the row gives, else the day of import."""
        days = [read_date(line.values.get("handed_over", ""))]
        cell = line.values.get("since", "")
        days += (
            [read_date(part) for part in SEVERAL.split(cell)] if isinstance(cell, str) else [read_date(cell)]
        )
        return min(filter(None, days), default=self.today)

    def relate(self, line, unit, person, role, share, since):
        rows = Occupancy.objects.filter(unit=unit, person=person, role=role)
        key = (unit.pk, person.pk, role)
        if (
            rows.filter(period__contains=self.today).exists()
            or rows.filter(period__startswith__gte=since).exists()
        ):
            return self.note("relations", key, "unchanged")
        try:
            actions.start_occupancy(
                unit=unit, person=person, role=role, since=since, share=share, by=self.by, now=self.now
            )
        except Refused as refusal:
            return self.wrong(
                line, "owner_no" if "owner_no" in line.cells else "owner", f"{unit.code}: {refusal.sentence}"
            )
        return self.note("relations", key, "created")

    def space_line(self, line):
        code = line.get("space")
        if not code:
            return self.wrong(line, "space", _("no number of the parking space"))
        building = self.building(f"P{line.get('lot')}"[:20])
        values = {
            "floor": "",
            "kind": Unit.Kind.PARKING,
            "use": line.get("kind")[:40],
            "area": self.area(line),
        }
        unit = self.unit(line, f"P{line.get('lot')}-{code}"[:40], building, None, values)
        if unit is not None and line.get("owner_no"):
            self.owners_of(line, unit, True)
        return None
