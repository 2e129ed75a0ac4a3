"""Units with their buildings and owners; parking spaces."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from office import journal, places
from office.imports.loading import Load
from office.models import Unit
from residents.imports.loads.buildings import building_of, section_of
from residents.imports.loads.found import (
    BUILDINGS,
    OCCUPANCIES,
    PEOPLE,
    PHONES,
    SECTIONS,
    UNIT_COLUMNS,
    UNITS,
)  # fmt: skip
from residents.imports.loads.people import known, person_of, prime_people, say_differences, write_person
from residents.imports.loads.relations import is_new_owner, prime_relations, relate, why_not_own


def parts(building, section, room):
    """(building, section, unit code); the room may hold the whole code: 3-2-1201. None: it does not say where."""
    whole = [part for part in re.split(r"[-/ －—]+", room) if part]
    if building:
        lead = [building, section] if section else [building]
        if len(whole) > len(lead) and whole[: len(lead)] == lead:
            return building, section, room[:40]
        return building, section, places.unit_code(building, section, room)
    if len(whole) < 2:
        return None
    return whole[0][:20], whole[1][:20] if len(whole) > 2 else "", room[:40]


class Units(Load):
    """A unit with its building and entrance, made where they are missing, and with its owners where the row names them."""

    tables = (BUILDINGS, SECTIONS, UNITS, PEOPLE, PHONES, OCCUPANCIES)
    subjects = ("unit",)

    def where(self, row):
        values = row.values
        found = parts(values.get("building") or "", values.get("section") or "", values["room"])
        if found is None:
            row.error(
                "room", _("The row does not say in which building “%(room)s” is.") % {"room": values["room"]}
            )
        return found

    def unit_values(self, row):
        values = row.values
        return {name: values.get(name) for name in UNIT_COLUMNS}

    def plan(self, run, rows):
        spots = {row.number: self.where(row) for row in rows}
        rows = [row for row in rows if not row.errors]
        run.prime("building", {spots[row.number][0] for row in rows})
        run.prime("unit", {spots[row.number][2] for row in rows})
        named = {row.number: self._named(run, row, spots[row.number][2]) for row in rows}
        prime_people(run, [one for several in named.values() for one, _share in several])
        refs = {f"ref|{number}" for row in rows for number in row.values.get("owner_no") or ()}
        run.prime("person", refs)
        prime_relations(run, self._pairs(run, rows, spots, named))
        for row in rows:
            self._row(run, row, spots[row.number], named[row.number])

    @staticmethod
    def _pairs(run, rows, spots, named):
        """(unit, person or None) of what the register has already."""
        pairs = set()
        for row in rows:
            unit = run.get("unit", spots[row.number][2])
            if unit is None or run.makes("unit", unit.pk):
                continue
            people = [known(run, one) for one, _share in named[row.number]]
            people += [run.get("person", f"ref|{number}") for number in row.values.get("owner_no") or ()]
            pairs |= {(unit.pk, None), *((unit.pk, person.pk) for person in people if person)}
        return pairs

    def _row(self, run, row, spot, named):
        code = spot[2]
        found = run.get("unit", code)
        wanted = self.unit_values(row)
        changes = found.changes(wanted) if found else {}
        if found and found.row and changes:
            labels = {field.column: field.verbose_name for field in Unit._meta.concrete_fields}
            said = {"row": found.row, "fields": ", ".join(str(labels[name]) for name in changes)}
            row.error("room", _("Row %(row)s tells something else of the same unit: %(fields)s.") % said)
        numbered = self._known_owners(run, row)
        for one, _share in named:
            say_differences(run, row, one)
        if found and not row.errors:
            people: list = [(person, None) for person in numbered]
            people += [((hit := known(run, one)) and hit.pk, share) for one, share in named]
            new = [share for person, share in people if is_new_owner(run, found.pk, person)]
            given = [share for share in new if share is not None]
            share = sum(given, Decimal(0)) if given and len(given) == len(new) else None
            if new and (sentence := why_not_own(run, code, found.pk, share)):
                row.error("owner_no" if numbered else "owner", sentence)
        if row.errors:
            return
        unit = self._write_unit(run, row, spot, found, changes, wanted)
        since = min(
            (day for day in (row.values.get("since"), row.values.get("handed_over_on")) if day), default=None
        )
        owners: list = [(person, None) for person in numbered]
        owners += [(write_person(run, row, one), share) for one, share in named]
        for person, share in owners:
            relate(run, row, unit, code, person, "owner", share=share, since=since)

    def _write_unit(self, run, row, spot, found, changes, wanted):
        building_code, section_code, code = spot
        if found is None:
            building = building_of(run, row, building_code)
            section = section_of(run, row, building, building_code, section_code) if section_code else None
            pk = run.next_id("unit")
            values = {
                "estate_id": run.estate.pk, "building_id": building, "section_id": section, "code": code,
                "code_key": places.code_key(code), "sort_key": places.natural_key(code),
                **{name: value for name, value in wanted.items() if value is not None},
            }  # fmt: skip
            event = run.event("unit.added", "unit", pk, code, unit_id=pk, code=code)
            return run.create("unit", row, values, pk=pk, keys=[code], event=event)
        if changes:
            plain = {
                name: [found.values.get(name), value] for name, value in changes.items() if name != "note"
            }
            fields = journal.fields("unit", changes)
            event = run.event(
                "unit.changed", "unit", found.pk, code, unit_id=found.pk, fields=fields, values=plain
            )
            run.update("unit", row, found, {**changes, "version": found.values["version"] + 1}, event=event)
        return found.pk

    def _known_owners(self, run, row):
        """Primary keys of the owners named by the running number of their source."""
        found = []
        for number in row.values.get("owner_no") or ():
            hit = run.get("person", f"ref|{number}")
            if hit is None:
                row.error(
                    "owner_no",
                    _("No person has the number %(number)s. Bring in the owners first.") % {"number": number},
                )
            elif hit.values.get("several"):
                row.error("owner_no", _("Several people have the number %(number)s.") % {"number": number})
            else:
                found.append(hit.pk)
        return found

    @staticmethod
    def _named(run, row, code):
        """[(_Person, share or None)]: as many telephones and documents as names are dealt out, else the first's."""
        names = row.values.get("owner") or ()
        if row.values.get("owner_no"):
            return []
        lines, numbers = row.values.get("phone") or (), row.values.get("identity") or ()
        dealt = len(lines) == len(names)
        return [
            (
                person_of(
                    run, row, name, "owner",
                    telephones=(lines[place : place + 1] if dealt else lines if place == 0 else ()),
                    identity_number=(numbers[place] if len(numbers) == len(names) else numbers[0] if place == 0 and numbers else ""),
                    units=(code,),
                ),
                share,
            )
            for place, (name, share) in enumerate(names)
        ]  # fmt: skip


class Parking(Units):
    """A parking space: a unit of the car park's own building, P and its number."""

    def where(self, row):
        lot, space = row.values.get("lot") or "", row.values["space"]
        return f"P{lot}"[:20], "", f"P{lot}-{space}"[:40]

    def unit_values(self, row):
        values = row.values
        return {"kind": Unit.Kind.PARKING.value, "use": values.get("use"), "area": values.get("area")}
