"""The files archive of a household."""

from tests.architecture.lines import Line

READ = "clerk cashier lead supervisor director finance auditor admin"
EDIT = "clerk cashier supervisor director"


def _unit(w):
    return {"pk": w.unit.pk}


def _paper(w):
    return {"pk": w.paper.pk}


def _kind(w, code):
    from residents.models import DocumentKind

    return DocumentKind.objects.get(estate=w.estate, code=code)


def _now(w, field):
    return getattr(type(w.paper).objects.get(pk=w.paper.pk), field)


LINES = [
    Line("residents:archive", READ, post=302, args=_unit, shows=lambda w: w.paper.name),
    Line(
        "residents:archive_add",
        EDIT,
        get=405,
        post=409,  # the walk uploads no file of each role's own
        args=_unit,
        data=lambda w: {"kind": _kind(w, "PURCHASE").pk, "file_ids": "999999"},
        plain="filing is tests/residents/test_archive.py",
    ),
    Line("residents:archive_pdf", READ, args=_unit, plain="a PDF; tests/residents/test_archive.py reads it"),
    Line(
        "residents:archive_file",
        READ,
        post=302,
        args=_paper,
        data=lambda w: {"kind": _kind(w, "LETTER").pk},
        shows=lambda w: w.paper.name,
        changes=lambda w: _now(w, "kind"),
        writes=EDIT,
    ),
    Line(
        "residents:archive_remove",
        EDIT,
        get=405,
        post=302,
        args=_paper,
        changes=lambda w: _now(w, "removed_at"),
    ),
]
