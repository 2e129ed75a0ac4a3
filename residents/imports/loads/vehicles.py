"""Vehicles of households and the spaces they stand in; found again by their plate."""

from datetime import timedelta

from django.utils.translation import gettext as _

from office import journal, search
from office.imports import units as places
from office.imports.loading import Load, Table
from office.models import Unit
from residents.imports.loads.found import folded
from residents.models import Occupancy, Parking, Vehicle

FIELDS = ("kind", "colour", "make")


def _find_vehicles(run, keys):
    """The vehicle that has a plate last."""
    rows = Vehicle.objects.filter(estate=run.estate, plate__in=keys).order_by("period")
    names = ("plate", "unit_id", "unit__code", "person_id", *FIELDS, "version")
    return {row["plate"]: (row["pk"], {name: row[name] for name in names} | _ended(row["period"]))
            for row in rows.values("pk", "period", *names)}  # fmt: skip


def _ended(period):
    return {"until": period.upper}


def _find_parkings(run, keys):
    """Keys: vehicle; where it stands today."""
    rows = Parking.objects.filter(vehicle_id__in=keys).on(run.place.today)
    return {str(row["vehicle_id"]): (row["pk"], {"space_id": row["space_id"], "code": row["space__code"]})
            for row in rows.values("pk", "vehicle_id", "space_id", "space__code")}  # fmt: skip


def _keys_of_vehicles(ids):
    for pk, estate_id, plate in Vehicle.objects.filter(pk__in=ids).values_list("pk", "estate_id", "plate"):
        yield pk, estate_id, search.keys_of_plate(plate)


VEHICLES = Table(
    "vehicle", Vehicle, _find_vehicles, updates=(*FIELDS, "person_id", "version"), kind=Vehicle.SUBJECT,
    keys=_keys_of_vehicles, locks="unit_id",
)  # fmt: skip
PARKINGS = Table("parking", Parking, _find_parkings)


class Vehicles(Load):
    tables = (VEHICLES, PARKINGS)

    def plan(self, run, rows):
        said = {row.values[name] for row in rows for name in ("unit", "space") if row.values.get(name)}
        units = places.said(run, said)
        spaces = set(
            Unit.objects.filter(
                pk__in={pk for hits in units.values() for pk, _code in hits}, kind=Unit.Kind.PARKING
            ).values_list("pk", flat=True)
        )
        run.prime("vehicle", {row.values["plate"] for row in rows})
        present = {found.pk for row in rows if (found := run.get("vehicle", row.values["plate"]))}
        run.prime("parking", {str(pk) for pk in present})
        keepers = _keepers(run, rows)
        for row in rows:
            self._row(run, row, units, spaces, keepers)

    def _row(self, run, row, units, spaces, keepers):
        values = row.values
        unit = _place(row, "unit", units)
        space = _place(row, "space", units) if values.get("space") else None
        if space and space[0] not in spaces:
            row.error("space", _("%(unit)s is no parking space of this estate.") % {"unit": space[1]})
        keeper = _keeper(row, keepers, unit)
        found = run.get("vehicle", values["plate"])
        since = values.get("since") or run.place.today
        until = values["last_day"] + timedelta(days=1) if values.get("last_day") else None
        if until and until <= since:
            row.error("last_day", _("The last day lies before the first day."))
        if found and found.row:
            row.error("plate", _("Row %(row)s has this plate already.") % {"row": found.row})
        elif found and unit and found.values["unit_id"] != unit[0] and not _is_over(found, since):
            said = {"plate": values["plate"], "unit": found.values["unit__code"]}
            row.error("plate", _("%(plate)s is registered at %(unit)s in that time.") % said)
        standing = run.get("parking", str(found.pk)) if found else None
        if space and standing and standing.values["space_id"] != space[0]:
            row.error(
                "space",
                _("It stands in %(space)s. A move is entered at the vehicle.")
                % {"space": standing.values["code"]},
            )
        if row.errors:
            return
        wanted = {name: values.get(name) for name in FIELDS} | {"person_id": keeper}
        if found and not (_is_over(found, since) and found.values["unit_id"] != unit[0]):
            pk = self._change(run, row, found, wanted)
        else:
            pk = self._add(run, row, unit, space, since, until, wanted)
        if space and not standing:
            values = {
                "estate_id": run.estate.pk,
                "vehicle_id": pk,
                "space_id": space[0],
                "period": _period(since, until),
            }
            run.create("parking", row, values, keys=[str(pk)])

    @staticmethod
    def _change(run, row, found, wanted):
        changes = found.changes(wanted)
        if changes:
            names = ["person" if name == "person_id" else name for name in changes]
            event = run.event(
                "vehicle.changed", Vehicle.SUBJECT, found.pk, row.values["plate"],
                unit_id=found.values["unit_id"], fields=journal.fields("vehicle", names),
            )  # fmt: skip
            run.update(
                "vehicle", row, found, {**changes, "version": found.values["version"] + 1}, event=event
            )
        return found.pk

    @staticmethod
    def _add(run, row, unit, space, since, until, wanted):
        plate, pk = row.values["plate"], run.next_id("vehicle")
        values = {
            "estate_id": run.estate.pk, "unit_id": unit[0], "plate": plate, "period": _period(since, until),
            **{name: value for name, value in wanted.items() if value is not None},
        }  # fmt: skip
        data = {"from": since.isoformat(), "space": space[1] if space else "–"}
        event = run.event("vehicle.registered", Vehicle.SUBJECT, pk, plate, unit_id=unit[0], **data)
        return run.create("vehicle", row, values, pk=pk, keys=[plate], event=event)


def _is_over(found, since):
    until = found.values.get("until")
    return bool(until) and until <= since.isoformat()


def _period(since, until):
    return f"[{since.isoformat()},{until.isoformat() if until else ''})"


def _place(row, column, units):
    """(pk, code) of the unit a cell names, or None with an error."""
    said = row.values[column]
    hits = units.get(said, [])
    if wrong := places.why_not_one(said, hits):
        row.error(column, *wrong)
        return None
    return hits[0]


def _keepers(run, rows):
    """{(unit or None, folded name): {pk}} of everybody related to a unit who bears a name of these rows."""
    names = {row.values["keeper"] for row in rows if row.values.get("keeper")}
    found: dict[tuple, set] = {}
    people = Occupancy.objects.filter(estate=run.estate, person__name__in=names)
    for pk, unit, name in people.values_list("person_id", "unit_id", "person__name"):
        found.setdefault((unit, folded(name)), set()).add(pk)
        found.setdefault((None, folded(name)), set()).add(pk)
    return found


def _keeper(row, keepers, unit):
    """Who bears the name at the unit, else the one who does in the estate."""
    said = row.values.get("keeper")
    if not said:
        return None
    name = folded(said)
    hits = keepers.get((unit and unit[0], name)) or keepers.get((None, name)) or set()
    if len(hits) != 1:
        reason = (
            _("Nobody here is called %(said)s.") if not hits else _("Several people are called %(said)s.")
        )
        row.error("keeper", reason % {"said": said})
        return None
    return next(iter(hits))
