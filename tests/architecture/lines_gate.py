"""The gate: goods-release slips at the counter and at the barrier, visitors, vehicles, cards, keys."""

from datetime import timedelta

from tests.architecture.lines import Line

READ = "clerk cashier lead supervisor director finance auditor"
DESK = "clerk cashier supervisor director"
RELEASE = "guard supervisor director"


def _slip(w):
    return {"pk": w.slip.pk}


def _code(w):
    return {"pk": w.slip.pk, "token": w.slip.token}


def _now(name, field):
    """A column as it stands now in the row `name` of the world."""
    return lambda w: getattr(type(getattr(w, name)).objects.get(pk=getattr(w, name).pk), field)


def _slip_values(w):
    goods = {
        "goods-TOTAL_FORMS": 1,
        "goods-INITIAL_FORMS": 0,
        "goods-0-name": "沙發",
        "goods-0-quantity": "2",
    }
    return {"unit": w.unit.pk, "person": w.person.pk, "days": 1, **goods}


def _ticks(w):
    return {f"line_{line.pk}": "on" for line in w.slip.lines.all()} | {"person_seen": "on", "car_seen": "on"}


SLIPS = [
    Line("residents:slips", READ, post=302, shows=lambda w: w.slip.number, stranger=(302,)),
    Line(
        "residents:slip_new",
        DESK,
        post=302,
        data=_slip_values,
        changes=lambda w: w.unit.slips.count(),
        stranger=(200, 404, 422),  # he is asked for a unit: ours is none of his
    ),
    Line("residents:slip", READ, args=_slip, shows=lambda w: w.slip.number),
    Line(
        "residents:slip_cancel",
        DESK,
        post=302,
        args=_slip,
        data=lambda w: {"reason": "改期"},
        shows=lambda w: w.slip.number,
        changes=_now("slip", "state"),
    ),
    Line("residents:slip_print", DESK, args=_slip, shows=lambda w: w.slip.number),
    Line("residents:slip_pdf", DESK, args=_slip, plain="a PDF; tests/residents/test_slips.py reads it"),
    Line("residents:slip_printed", DESK, get=405, post=302, args=_slip, changes=_now("slip", "prints")),
    Line("residents:units_suggest", f"{READ} guard admin", plain="a hint for the box being typed in"),
    Line(
        "residents:gate",
        RELEASE,
        post=302,
        data=lambda w: {"number": w.slip.number},
        plain="a box; the slip is its own page",
    ),
    Line(
        "residents:gate_slip",
        f"{RELEASE} clerk cashier lead finance auditor",
        args=_code,
        shows=lambda w: w.slip.number,
    ),
    Line(
        "residents:gate_release",
        RELEASE,
        get=405,
        post=302,
        args=_code,
        data=_ticks,
        changes=_now("slip", "state"),
    ),
    Line(
        "residents:gate_refuse",
        RELEASE,
        get=405,
        post=302,
        args=_code,
        data=lambda w: {"reason": "car"},
        changes=lambda w: w.slip.refusals.filter(reason="car").count(),
    ),
    Line(
        "residents:gate_seen",
        RELEASE,
        get=405,
        post=204,
        args=_code,
        plain="records a refused look; tests/residents/test_gate.py",
    ),
    Line(
        "residents:gate_released",
        "guard",
        args=lambda w: {"pk": w.gone_slip.pk},
        shows=lambda w: w.gone_slip.number,
        others=dict.fromkeys(("supervisor", "director", "stranger"), (404, 405)),  # only who released it
    ),
    Line(
        "residents:gate_turned",
        "guard",
        args=lambda w: {"pk": w.turned_slip.pk},
        shows=lambda w: w.turned_slip.number,
        others=dict.fromkeys(("supervisor", "director", "stranger"), (404, 405)),  # only who refused it
    ),
]

VISIT = f"{DESK} guard"


def _pk(name):
    return lambda w: {"pk": getattr(w, name).pk}


VISITORS = [
    Line("residents:inside", VISIT, shows=lambda w: w.visitor.name, stranger=(405,)),
    Line("residents:visitors", f"{READ} guard", post=302, shows=lambda w: w.visitor.name, stranger=(302,)),
    Line(
        "residents:visitor_new",
        VISIT,
        post=302,
        data=lambda w: {"name": "王來訪", "unit": w.unit.code, "purpose": "visit", "people": 1},
        changes=lambda w: w.unit.visitors.count(),
    ),
    Line("residents:visitor", f"{READ} guard", args=_pk("visitor"), shows=lambda w: w.visitor.name),
    Line(
        "residents:visitor_out",
        VISIT,
        get=405,
        post=302,
        args=_pk("visitor"),
        changes=_now("visitor", "out_at"),
    ),
]

VEHICLES = [
    Line("residents:vehicles", READ, post=302, shows=lambda w: w.vehicle.plate, stranger=(302,)),
    Line(
        "residents:vehicle_new",
        DESK,
        post=302,
        data=lambda w: {
            "unit": w.unit.code,
            "plate": "粤B99999",
            "kind": "car",
            "since": w.today.isoformat(),
        },
        changes=lambda w: w.unit.vehicles.count(),
    ),
    Line("residents:vehicle", READ, args=_pk("vehicle"), shows=lambda w: w.vehicle.plate),
    Line(
        "residents:vehicle_edit",
        DESK,
        post=302,
        args=_pk("vehicle"),
        data=lambda w: {"kind": "van", "since": w.today.isoformat()},
        shows=lambda w: w.vehicle.plate,
        changes=_now("vehicle", "kind"),
    ),
    Line(
        "residents:vehicle_end",
        DESK,
        post=302,
        args=_pk("vehicle"),
        data=lambda w: {"last_day": w.today.isoformat()},
        shows=lambda w: w.vehicle.plate,
        changes=_now("vehicle", "period"),
    ),
    Line("residents:cards", READ, post=302, shows=lambda w: w.card.number, stranger=(302,)),
    Line(
        "residents:card_new",
        DESK,
        post=302,
        data=lambda w: {
            "unit": w.unit.code,
            "number": "88888",
            "kind": "door",
            "issued_on": w.today.isoformat(),
        },
        changes=lambda w: w.unit.cards.count(),
    ),
    Line("residents:card", READ, args=_pk("card"), shows=lambda w: w.card.number),
    Line(
        "residents:card_move",
        DESK,
        post=302,
        args=lambda w: {"pk": w.card.pk, "move": "lose"},
        shows=lambda w: w.card.number,
        changes=_now("card", "state"),
    ),
]

KEYS = [
    Line("residents:keys", READ, post=302, shows=lambda w: w.key.tag, stranger=(302,)),
    Line("residents:keys_pdf", READ, plain="a PDF; tests/residents/test_keys.py reads it", stranger=(405,)),
    Line(
        "residents:key_new",
        DESK,
        post=302,
        data=lambda w: {"tag": "Z-99", "unit": w.unit.code, "count": 1, "received_on": w.today.isoformat()},
        changes=lambda w: w.unit.keys.count(),
    ),
    Line("residents:key", READ, args=_pk("key"), shows=lambda w: w.key.tag),
    Line(
        "residents:key_lend",
        DESK,
        post=302,
        args=_pk("key"),
        data=lambda w: {
            "to": "contractor",
            "contractor": "宏發",
            "due_at": f"{w.today + timedelta(days=1)}T12:00",
            "signed_by": "宏發",
        },
        shows=lambda w: w.key.tag,
        changes=_now("key", "state"),
    ),
    Line(
        "residents:key_take_back",
        DESK,
        post=302,
        args=_pk("key_out"),
        shows=lambda w: w.key_out.tag,
        changes=_now("key_out", "state"),
    ),
    Line(
        "residents:key_lose",
        DESK,
        post=302,
        args=_pk("key_out"),
        data=lambda w: {"reason": "掉了"},
        shows=lambda w: w.key_out.tag,
        changes=_now("key_out", "state"),
    ),
    Line(
        "residents:key_give_back",
        DESK,
        post=302,
        args=_pk("key"),
        shows=lambda w: w.key.tag,
        changes=_now("key", "state"),
    ),
]

LINES = SLIPS + VISITORS + VEHICLES + KEYS
