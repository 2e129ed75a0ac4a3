"""What the office owes: the board, handing over, rates, screens on the wall."""

from tests.architecture.lines import Line

READ = "clerk cashier lead supervisor director finance auditor"
BOSS = "supervisor director"


def _owed(w):
    """A promise of the world's finished repair."""
    from office.models import Promise

    return Promise.objects.open().get(subject_kind=w.done.SUBJECT, subject_id=w.done.pk)


def _owner(w):
    return type(w.done).objects.values_list("owner", flat=True).get(pk=w.done.pk)


def _values(w):
    return {"go": "1", "ids": str(_owed(w).pk), "to": w.cast["cashier"].pk, "reason": "walked reason"}


LINES = [
    Line("office:board", READ, post=302, shows=lambda w: w.done.number, stranger=(302,)),
    Line(
        "office:board_hand_over",
        BOSS,
        get=405,
        post=302,
        data=_values,
        changes=_owner,
        stranger=(404,),
    ),
    Line(
        "office:promise_hand_over",
        BOSS,
        post=302,
        args=lambda w: {"pk": _owed(w).pk},
        data=_values,
        shows=lambda w: w.done.number,
        changes=_owner,
    ),
]
