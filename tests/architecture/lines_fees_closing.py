"""Closing a cashier's day and the books, the cashier's book, and collections at the door."""

from datetime import timedelta

from tests.architecture.lines import Line

OWN = "cashier supervisor director finance auditor"  # a cashier sees her own
READ = "supervisor director finance auditor"


def _row(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _state(name):
    return lambda w: type(w.visit).objects.values_list("state", "receipt_id").get(pk=getattr(w, name).pk)


def _visit_values(w):
    start = w.now + timedelta(days=1)
    return {
        "account": w.payer_account.pk, "amount": "10.00", "payer": "張小明", "owner_name": "張小明", "collector": w.collector.pk,
        "window_from": f"{start:%Y-%m-%dT%H:%M}", "window_to": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip


FEES = "clerk cashier supervisor director finance auditor"

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
    Line("billing:collections", FEES, post=302, shows=lambda w: "12.34" if w.visit else "", stranger=(302,)),
    Line("billing:my_collections", "cashier", plain="one's own visits"),
    Line("billing:collections_pdf", FEES, plain="a PDF of every visit; tests/billing/test_closing_pages.py reads it"),
    Line(
        "billing:collection_new",
        "cashier",
        post=422,
        plain="asks for the unit first; tests/billing/test_closing_pages.py goes through it",
        stranger=(200, 404, 422),
    ),
    Line("billing:collection", FEES, args=_row("visit"), shows=lambda w: "12.34"),
    Line("billing:collection_prepare", "cashier", get=405, post=302, args=_row("visit"), changes=_state("visit")),
    Line(
        "billing:collection_collect",
        "cashier",
        get=405,
        post=302,
        args=_row("visit_prepared"),
        data=lambda w: {"cash": "12.34"},
        changes=_state("visit_prepared"),
    ),
    Line(
        "billing:collection_give_up",
        "cashier",
        get=405,
        post=302,
        args=_row("visit_prepared"),
        data=lambda w: {"reason": "無人在家"},
        changes=_state("visit_prepared"),
    ),
]  # fmt: skip
