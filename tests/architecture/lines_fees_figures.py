"""Figures of the fees and the lists they open."""

from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"
REPORTS = "supervisor director finance auditor"

LINES = [
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
