"""Vehicles of households and the spaces they use; each for a period, nothing overwritten (SPEC §2)."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from office import journal, search
from office.models import Unit
from office.refusals import Refused
from residents import rules
from residents.models import Parking, Vehicle


@transaction.atomic
def register_vehicle(*, unit, plate, since, by, now, space=None, person=None, **values):
    """A household's vehicle from `since` on, findable by its plate at once."""
    _may(unit.estate_id, by)
    if person is not None and person.estate_id != unit.estate_id:
        raise Refused(_("This person is registered in another estate."))
    row = Vehicle(
        estate_id=unit.estate_id, unit=unit, person=person, plate=rules.plain_plate(plate), period=DateRange(since, None),
        **values,
    )  # fmt: skip
    _save(row)
    if space is not None:
        _park(row, space, since)
    search.put(Vehicle.SUBJECT, row.pk, row.estate_id, search.keys_of_plate(row.plate))
    journal.record("vehicle.registered", subject=row, by=by, now=now, data=_said(space, since))
    return row


@transaction.atomic
def edit_vehicle(*, vehicle, by, now, space=None, since=None, **values):
    """Kind, colour, make, keeper; and another space (or none) from `since` on. The plate never changes: it is another vehicle's."""
    row = _locked(vehicle, by)
    names = [
        name
        for name in ("kind", "colour", "make", "person")
        if name in values and getattr(row, name) != values[name]
    ]
    for name in names:
        setattr(row, name, values[name])
    if names:
        row.save(update_fields=names)
        journal.record(
            "vehicle.changed", subject=row, by=by, now=now, data={"fields": journal.fields("vehicle", names)}
        )
    if since is not None:
        move_vehicle(vehicle=row, space=space, since=since, by=by, now=now)
    return row


@transaction.atomic
def move_vehicle(*, vehicle, space, since, by, now):
    """The vehicle stands in `space` (None: nowhere of its own) from `since` on; where it stood stays on record."""
    row = _locked(vehicle, by)
    present = row.parkings.select_for_update(of=("self",)).filter(period__upper_inf=True).first()
    if (present.space_id if present else None) == (space.pk if space else None):
        return row
    if since < row.period.lower or (present and since < present.period.lower):
        raise Refused(_("On that day the vehicle was not registered yet, or already stood elsewhere."))
    if present:
        if since == present.period.lower:
            present.delete()  # put right on the day it was written: it never stood there
        else:
            present.period = DateRange(present.period.lower, since)
            present.save(update_fields=["period"])
    if space is not None:
        _park(row, space, since)
    journal.record(
        "vehicle.moved" if space else "vehicle.no_space",
        subject=row,
        by=by,
        now=now,
        data=_said(space, since),
    )
    return row


@transaction.atomic
def end_vehicle(*, vehicle, last_day, by, now):
    """The household no longer has this vehicle after `last_day`; its space is free with it."""
    row = _locked(vehicle, by)
    until = last_day + timedelta(days=1)
    if row.period.upper is not None and row.period.upper <= until:
        raise Refused(_("This vehicle has ended already: %(period)s.") % {
            "period": rules.period_text(row.period.lower, row.period.upper)
        })  # fmt: skip
    if until <= row.period.lower:
        raise Refused(_("The last day lies before the first day."))
    for parking in row.parkings.select_for_update(of=("self",)):
        if parking.period.upper is None or parking.period.upper > until:
            if parking.period.lower >= until:
                raise Refused(_("It is to stand in another space after that day; correct this first."))
            parking.period = DateRange(parking.period.lower, until)
            parking.save(update_fields=["period"])
    row.period = DateRange(row.period.lower, until)
    row.save(update_fields=["period"])
    journal.record("vehicle.ended", subject=row, by=by, now=now, data={"until": last_day.isoformat()})
    return row


def _may(estate_id, by):
    if not by.may("gate.vehicles", estate_id):
        raise Refused(_("Your role does not allow this."))


def _locked(vehicle, by):
    row = Vehicle.objects.select_for_update(of=("self",)).select_related("unit").get(pk=vehicle.pk)
    _may(row.estate_id, by)
    return row


def _park(row, space, since):
    if space.kind != Unit.Kind.PARKING or space.estate_id != row.estate_id:
        raise Refused(_("%(unit)s is no parking space of this estate.") % {"unit": space.code})
    Parking.objects.create(estate_id=row.estate_id, vehicle=row, space=space, period=DateRange(since, None))


def _said(space, since):
    return {"from": since.isoformat(), "space": space.code if space else "–"}


def _save(row):
    if not row.plate:
        raise Refused(_("This is not a number plate. Write it like 粤B12345."))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        if "vehicle_plate_once" not in str(problem):
            raise
        other = Vehicle.objects.filter(
            estate_id=row.estate_id, plate=row.plate, period__overlap=row.period
        ).first()
        said = {"plate": row.plate, "unit": other.unit.code if other else "?"}
        raise Refused(_("%(plate)s is registered at %(unit)s in that time.") % said) from problem
