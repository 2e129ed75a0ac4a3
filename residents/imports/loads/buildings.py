"""Buildings and their entrances."""

from dataclasses import replace

from office import journal, places
from office.imports.loading import Load
from residents.imports.loads.found import BUILDINGS, SECTIONS


def building_of(run, row, code, values=None, *, shared=True):
    """The primary key of a building, found or staged; its columns changed where the file says more."""
    found = run.get("building", code)
    values = {name: value for name, value in (values or {}).items() if value is not None}
    if found is None:
        columns = {
            "estate_id": run.estate.pk,
            "code": code,
            "sort_key": places.natural_key(code, 80),
            **values,
        }
        pk = run.next_id("building")
        event = run.event("building.added", "building", pk, code, code=code)
        return run.create("building", row, columns, pk=pk, keys=[code], event=event, shared=shared)
    changes = found.changes(values)
    if "floors" in changes and (found.values.get("floors") or 0) >= changes["floors"]:
        del changes["floors"]  # entrances of different height: the highest counts
    if changes and found.row:
        run.amend("building", found, changes)
    elif changes:
        event = run.event(
            "building.changed", "building", found.pk, code, fields=journal.fields("building", changes)
        )
        run.update("building", row, found, changes, event=event)
    return found.pk


def section_of(run, row, building, building_code, code, values=None, *, shared=True):
    key = f"{building}|{code}"
    run.prime("section", [key], fresh=run.makes("building", building))
    found = run.get("section", key)
    values = {name: value for name, value in (values or {}).items() if value is not None}
    if found is None:
        columns = {"building_id": building, "code": code, "sort_key": places.natural_key(code, 80), **values}
        event = run.event("section.added", "building", building, building_code, code=code)
        return run.create("section", row, columns, keys=[key], event=event, shared=shared)
    changes = found.changes(values)
    if changes and found.row:
        run.amend("section", found, changes)
    elif changes:
        fields = journal.fields("section", changes)
        event = run.event("section.changed", "building", building, building_code, code=code, fields=fields)
        run.update("section", row, found, changes, event=event)
    return found.pk


class Buildings(Load):
    tables = (replace(BUILDINGS, wanted_by=()), replace(SECTIONS, wanted_by=()))

    def plan(self, run, rows):
        run.prime("building", {row.values["building"] for row in rows})
        for row in rows:
            values = row.values
            code = values["building"]
            own = {
                "name": values.get("name"),
                "floors": values.get("floors"),
                "address": values.get("address"),
            }
            building = building_of(run, row, code, own, shared=False)
            own = {"floors": values.get("floors"), "has_lift": values.get("lift")}
            for section in values.get("section") or ():
                section_of(run, row, building, code, section, own, shared=False)
