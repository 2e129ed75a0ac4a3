"""Imports: files that come in, by administrators and supervisors of the estate (SPEC §1, §14)."""

import io

from office.models import Import, ImportMatching, Job
from tests.architecture.lines import Line

IMPORTERS = "supervisor director finance admin"
REGISTER = "supervisor director admin"  # what finance brings in is money, not the register


def _pk(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _jobs(w):
    return Job.objects.filter(kind__startswith="imports.").count()


def _choice(w):
    return {"source": w.sent_import.previews[0]["name"], "sheet": "units", "header_row": "0"}


class Again(io.BytesIO):
    """A file every role sends from its beginning."""

    name = "walk.csv"

    def read(self, *size):
        self.seek(0)
        return super().read()


def _file(w):
    return {"file": Again(b"Building,Unit\n9,901\n")}


def _wrong_row(w):
    return w.checked_import.rows.get(outcome="error")


LINES = [
    Line("office:imports", IMPORTERS, post=302, shows=lambda w: w.sent_import.name, stranger=(302,)),
    Line(
        "office:import_new",
        IMPORTERS,
        post=302,
        data=_file,
        changes=lambda w: Import.objects.filter(estate=w.estate).count(),
        stranger=(302,),
    ),
    Line("office:import", IMPORTERS, args=_pk("sent_import"), shows=lambda w: w.sent_import.name),
    Line(
        "office:import_choose",
        REGISTER,
        others={"finance": (405, 409)},
        get=405,
        post=302,
        args=_pk("sent_import"),
        data=_choice,
        changes=lambda w: Import.objects.get(pk=w.sent_import.pk).source,
    ),
    Line(
        "office:import_match",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("chosen_import"),
        data=lambda w: {"column-room": "0"},
        changes=lambda w: ImportMatching.objects.filter(estate=w.estate).count(),
    ),
    Line(
        "office:import_check",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("checked_import"),
        changes=_jobs,
    ),
    Line(
        "office:import_mend",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("checked_import"),
        data=lambda w: {
            f"cell-{_wrong_row(w).pk}-area": "88",
            f"version-{_wrong_row(w).pk}": _wrong_row(w).version,
        },
        changes=lambda w: Import.objects.get(pk=w.checked_import.pk).counts["error"],
    ),
    Line(
        "office:import_leave",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=lambda w: {"pk": w.checked_import.pk, "row_pk": _wrong_row(w).pk},
        changes=lambda w: Import.objects.get(pk=w.checked_import.pk).counts["left_out"],
    ),
    Line(
        "office:import_proposals",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("checked_import"),
        plain="nothing is proposed in it, so nothing changes",
    ),
    Line(
        "office:import_errors",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=200,
        args=_pk("checked_import"),
        plain="answers a workbook; what it holds is tested in tests/office/test_imports.py",
    ),
    Line(
        "office:import_apply",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("checked_import"),
        changes=_jobs,
    ),
    Line(
        "office:import_roll_back",
        REGISTER,
        others={"finance": (405, 404)},
        get=405,
        post=302,
        args=_pk("applied_import"),
        changes=_jobs,
    ),
    Line(
        "office:import_next",
        IMPORTERS,
        get=405,
        post=302,
        args=_pk("sent_import"),
        changes=lambda w: Import.objects.filter(estate=w.estate).count(),
    ),
]
