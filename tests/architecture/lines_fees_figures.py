"""Figures of the fees and the lists they open."""

from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"
REPORTS = "supervisor director finance auditor"

PRINT = "clerk cashier supervisor director finance"


def _jobs(w):
    from office.models import Job

    return Job.objects.filter(kind="billing.notices").count() if w.owing else 0


LINES = [
    Line(
        "billing:account_notice",
        PRINT,
        args=lambda w: {"pk": w.owing.pk},
        plain="a PDF; tests/billing/test_notices.py reads it",
    ),
    Line(
        "billing:account_statement",
        PRINT,
        args=lambda w: {"pk": w.owing.pk},
        plain="a PDF; tests/billing/test_notices.py reads it",
    ),
    Line(
        "billing:notices",
        PRINT,
        post=302,
        data=lambda w: {"kind": "notice"},
        changes=_jobs,
        stranger=(302, 404, 409),
    ),
    Line("billing:figures", REPORTS, shows=lambda w: w.owing.unit.code),
    Line(
        "billing:figures_sheet",
        REPORTS,
        plain="a PDF; tests/billing/test_figure_pages.py reads it",
    ),
    Line("billing:balance", REPORTS, plain="sums of the estate in view"),
    Line("billing:charges", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
    Line("billing:entries", READ, post=302, shows=lambda w: w.owing.unit.code, stranger=(302,)),
]
