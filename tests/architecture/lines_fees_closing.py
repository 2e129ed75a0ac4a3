"""Closing a cashier's day and the books, and the cashier's book."""

from tests.architecture.lines import Line

OWN = "cashier supervisor director finance auditor"  # a cashier sees her own
READ = "supervisor director finance auditor"


def _row(name):
    return lambda w: {"pk": getattr(w, name).pk}


LINES = [
    Line(
        "billing:close_day",
        "cashier finance",
        post=302,
        writes="cashier",
        others={"finance": (200, 409)},  # no drawer of one's own
        data=lambda w: w.day_counted(),
        shows=lambda w: f"{w.today:%Y-%m-%d}",
        changes=lambda w: type(w.day_closed).objects.count(),
        stranger=(409, 422),
    ),
    Line("billing:till", f"{OWN}", get=302, args=_row("till_taken"), plain="leads on to the form or the list"),
    Line("billing:closes", OWN, post=302, shows=lambda w: f"{w.day_closed.day:%Y-%m-%d}", stranger=(302,)),
    Line("billing:close", OWN, args=_row("day_closed"), shows=lambda w: f"{w.day_closed.day:%Y-%m-%d}"),
    Line("billing:close_pdf", OWN, args=_row("day_closed"), plain="a PDF; tests/billing/test_closing_pages.py reads it"),
    Line(
        "billing:close_period",
        READ,
        post=302,
        writes="finance",
        data=lambda w: {"through": f"{w.day_closed.day:%Y-%m-%d}", "note": "試"},
        shows=lambda w: "Close the books",
        changes=lambda w: w.books_closed_through(),
        stranger=(302, 409),
    ),
    Line("billing:period_pdf", READ, args=_row("period_closed"), plain="a PDF; tests/billing/test_closing_pages.py reads it"),
    Line("billing:cash_book", OWN, post=302, shows=lambda w: f"{w.day_closed.day:%Y-%m-%d}", stranger=(302,)),
    Line("billing:cash_book_pdf", OWN, plain="a PDF; tests/billing/test_closing_pages.py reads it"),
]  # fmt: skip
