"""The register of meters: written down, exchanged, put in the order one walks (SPEC §6.3)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.actions import readings
from billing.models import Meter, Reading
from billing.rules import meters as rules
from office import clocks, journal
from office.refusals import Refused, Stale

FIELDS = (
    "kind", "serial", "unit", "building", "reach", "place", "digits", "multiplier", "position", "installed_on",
    "installed_at_value",
)  # fmt: skip
# What earlier consumption was worked out with: it stays once the meter has been read.
FIXED = ("kind", "multiplier", "digits", "installed_on", "installed_at_value", "unit", "building", "reach")
STEP = 10  # between two places of the walk


@transaction.atomic
def save(*, estate, values, by, now, meter=None, version=None):
    """Write down a meter, or mend what is written. What its readings were worked out with stays once there are any."""
    if sentence := rules.role_refuses(by, rules.REGISTER, estate.pk):
        raise Refused(sentence)
    made = meter is None
    row = Meter(estate=estate) if made else readings.lock(meter)
    if not made and version is not None and version != row.version:
        raise Stale
    changed = [name for name, value in values.items() if made or getattr(row, name) != value]
    if not made and not changed:
        return row
    if not made and set(changed) & set(FIXED) and Reading.objects.filter(meter=row).exists():
        raise Refused(
            _(
                "This meter has been read: what its consumption is worked out with stays. Exchange the meter instead."
            )
        )
    for name in changed:
        setattr(row, name, values[name])
    if row.unit is not None:
        row.building, row.reach = row.unit.building, ""
    if not made:
        row.version += 1
    _write(row)
    verb = "meter.added" if made else "meter.changed"
    journal.record(verb, subject=row, by=by, now=now, data={"fields": journal.fields("meter", changed)})
    return row


def _write(row):
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        raise Refused(
            _("There is a meter %(serial)s of this kind already.") % {"serial": row.serial}
        ) from problem


@transaction.atomic
def exchange(*, meter, day, final, rolled_over, serial, first, digits, multiplier, by, now):
    """A new meter in the place of an old one: the final reading ends the old, the first one begins the new.

    Consumption of the old up to `day` and of the new from then on count for the same unit.
    """
    old = readings.lock(meter)
    if sentence := rules.why_not_exchange(old, by):
        raise Refused(sentence)
    if day > clocks.local_date(now, old.estate.zone):
        raise Refused(rules.WRONG[rules.FUTURE])
    if old.readings.filter(state=Reading.State.HELD).exists():
        raise Refused(_("A reading of this meter is held. Decide on it first."))
    later = old.readings.filter(state=Reading.State.COUNTED, read_on__gt=day).first()
    if later is not None or day < old.installed_on:
        raise Refused(_("The meter was read after this day."))
    last = readings.take(
        meter=old, value=final, read_on=day, source=Reading.Source.DESK, by=by, now=now, rolled_over=rolled_over
    )  # fmt: skip
    if last.state == Reading.State.HELD:
        if last.doubt != rules.FAR:
            raise Refused(rules.DOUBTS[last.doubt])
        # Who exchanges a meter has it in the hand: far from the usual is what it says.
        readings.count(old, readings.counted(old), last, by=by, now=now)
    old.removed_on = day
    old.version += 1
    old.save(update_fields=["removed_on", "version"])
    new = Meter(
        estate_id=old.estate_id, kind=old.kind, serial=serial, unit=old.unit, building=old.building, reach=old.reach,
        place=old.place, digits=digits, multiplier=multiplier, position=old.position, installed_on=day,
        installed_at_value=first, replaces=old,
    )  # fmt: skip
    _write(new)
    data = {"old": old.serial, "new": new.serial, "day": f"{day:%Y-%m-%d}"}
    for row in (old, new):
        journal.record("meter.exchanged", subject=row, by=by, now=now, data=data)
    return new


@transaction.atomic
def order(*, estate, ids, by, now):
    """The order in which one walks past these meters: their places, ten apart, in the order of `ids`."""
    if sentence := rules.role_refuses(by, rules.REGISTER, estate.pk):
        raise Refused(sentence)
    rows = {
        row.pk: row
        for row in Meter.objects.select_for_update().filter(estate=estate, pk__in=ids).order_by("pk")
    }
    moved = []
    for place, pk in enumerate((pk for pk in dict.fromkeys(ids) if pk in rows), start=1):
        if rows[pk].position != place * STEP:
            rows[pk].position = place * STEP
            moved.append(rows[pk])
    if moved:
        Meter.objects.bulk_update(moved, ["position"], batch_size=500)
        journal.record("meter.ordered", subject=moved[0], by=by, now=now, data={"n": len(moved)})
    return len(moved)
