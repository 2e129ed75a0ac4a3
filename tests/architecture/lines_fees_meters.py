"""Meters and their readings: the register, the round, the desk, what is held (SPEC §6.3)."""

from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"
TAKE = "clerk cashier lead technician supervisor director finance"
REGISTER = "supervisor director finance"


def _meter(w):
    return {"pk": w.meter.pk}


def _building(w):
    return {"building": w.meter.building_id}


def _saved(w, **changes):
    row = type(w.meter).objects.get(pk=w.meter.pk)
    return {
        "kind": "water", "serial": row.serial, "unit": w.unit.code, "building": "", "reach": "", "place": "井道", "position": 30,
        "digits": 5, "multiplier": "1", "installed_on": row.installed_on.isoformat(), "installed_at_value": "0",
        "version": row.version, **changes,
    }  # fmt: skip


def _reading(w):
    return {"pk": w.reading.pk}


def _count(w):
    return type(w.reading).objects.count()


LINES = [
    Line("billing:meters", READ, post=302, shows=lambda w: w.meter.serial, stranger=(302,)),
    Line("billing:meter", READ, args=_meter, shows=lambda w: w.meter.serial),
    Line(
        "billing:meter_new", REGISTER, post=302, data=lambda w: _saved(w, serial="NEW-1"),
        changes=lambda w: type(w.meter).objects.count(), stranger=(200, 404, 422),
    ),
    Line(
        "billing:meter_edit", REGISTER, args=_meter, post=302, data=_saved, shows=lambda w: w.meter.serial,
        changes=lambda w: type(w.meter).objects.get(pk=w.meter.pk).place,
    ),
    Line(
        "billing:meter_exchange", REGISTER, args=_meter, post=302, shows=lambda w: w.meter.serial,
        data=lambda w: {"day": w.today.isoformat(), "final": "70", "serial": "NEW-2", "first": "0", "digits": 5, "multiplier": "1"},
        changes=lambda w: type(w.meter).objects.count(),
    ),
    Line(
        "billing:meter_read", TAKE, args=_meter, post=302, shows=lambda w: w.meter.serial,
        data=lambda w: {"read_on": w.today.isoformat(), "value": "61"}, changes=_count,
    ),
    Line(
        "billing:meter_order", REGISTER, post=302, shows=lambda w: w.meter.serial,
        data=lambda w: {"building": w.meter.building_id, f"place-{w.meter.pk}": "5"},
        changes=lambda w: type(w.meter).objects.get(pk=w.meter.pk).position, stranger=(302, 404),
    ),
    Line("billing:readings", READ, post=302, shows=lambda w: w.reading.meter.serial, stranger=(302,)),
    Line("billing:round", TAKE, shows=lambda w: f"/fees/readings/round/{w.meter.building_id}/"),
    Line(
        "billing:round_building", TAKE, args=_building, post=302, shows=lambda w: w.meter.serial,
        data=lambda w: {"meter": w.meter.pk, "value": "61"}, changes=_count,
    ),
    Line(
        "billing:desk_readings", TAKE, post=302, shows=lambda w: w.meter.serial,
        data=lambda w: {"building": w.meter.building_id, f"value-{w.meter.pk}": "61"}, changes=_count,
        stranger=(302, 404),
    ),
    Line("billing:held", READ, shows=lambda w: w.held.meter.serial),
    Line(
        "billing:meter_sheet", "clerk cashier lead technician supervisor director finance auditor", args=_building,
        plain="a PDF; tests/billing/test_views_meters.py reads it",
    ),
    Line(
        "billing:reading_decide", REGISTER, args=lambda w: {"pk": w.held.pk}, post=302, shows=lambda w: w.held.meter.serial,
        data=lambda w: {"decision": "refuse", "words": "看錯"},
        changes=lambda w: type(w.held).objects.get(pk=w.held.pk).state,
    ),
    Line(
        "billing:reading_correct", TAKE, args=_reading, post=302, shows=lambda w: f"{w.reading.read_on:%Y-%m-%d}",
        data=lambda w: {"value": "41", "words": "看錯"}, changes=_count,
        # Whoever takes readings mends his own.
        others=dict.fromkeys(("clerk", "cashier", "lead"), (200, 409)),
    ),
]  # fmt: skip
