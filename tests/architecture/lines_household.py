"""The household page's own addresses; the page itself is `residents:unit` in access_table.py."""

from tests.architecture.lines import Line

READ_REGISTER = "clerk cashier lead supervisor director finance auditor admin"
EDIT_REGISTER = "clerk cashier supervisor director"


def _unit(w):
    return {"pk": w.unit.pk}


def _note(w):
    w.unit.refresh_from_db()
    return w.unit.note


LINES = [
    Line("residents:history", READ_REGISTER, args=_unit, shows=lambda w: w.unit.code),
    Line(
        "residents:unit_note",
        EDIT_REGISTER,
        get=405,
        post=302,
        args=_unit,
        data=lambda w: {"note": "鎖匙在保安室"},
        changes=_note,
    ),
]
