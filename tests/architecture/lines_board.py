"""What the office owes: the board, handing over, rates, screens on the wall."""

from tests.architecture.lines import EVERYONE, Line

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


def _wall(w):
    return w.wall[0]


LINES = [
    Line("office:morning_pdf", READ, plain="a PDF; tests/office/test_board_pages.py reads it"),
    Line("office:rates", f"{BOSS} auditor", plain="sums; tests/architecture/test_numbers.py opens each"),
    Line(
        "office:walls",
        BOSS,
        post=200,  # the page that shows the link, once
        data=lambda w: {"estate": w.estate.pk, "name": "walked screen", "language": "en"},
        shows=lambda w: _wall(w).name,
        changes=lambda w: type(_wall(w)).objects.filter(name="walked screen").count(),
    ),
    Line(
        "office:wall_end",
        BOSS,
        get=405,
        post=302,
        args=lambda w: {"pk": _wall(w).pk},
        changes=lambda w: type(_wall(w)).objects.values_list("ended_at", flat=True).get(pk=_wall(w).pk),
    ),
    Line(
        "wall",
        EVERYONE,
        args=lambda w: {"token": w.wall[1]},
        shows=lambda w: w.estate.name_en,
        public=True,
        others={"stranger": (200, 405)},
    ),
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
