"""The benchmarks run: every row is reported at a small size. Times are not judged here; `make bench` does."""

from . import __main__, finding

ROWS = [
    "A against a plain view",
    "ticket list of 50 at",
    "queries of the ticket list",
    "ticket list: last page to first",
    "ticket list: 6,000 to 600",
    "ticket page",
    "repairs dashboard",
    "dashboard: 6,000 to 600",
    "list page reads an index",
    "callback queue reads an index",
    *[f"search, {name}: database p99" for name in finding.CLASSES],
    "search, one character: database p99",
    "search, two characters, to a sequential scan",
    "search, an absent name, to a sequential scan",
    "search walks its index in order",
    "generic plans of search",
    "search page, several found",
    "search page, nobody found",
    "taking a repair",
    "queries of a sweep, nothing due",
    "sweep reads an index",
    "sweep, nothing due",
    "sweep, 200 due",
    "one work order",
    "batch of work orders",
    "memory of a batch",
    "export of 6,000 repairs, CSV",
    "export of 6,000 repairs, Excel",
    "first rows of an export",
    "memory of an export",
    "household page",
    "household page, 300",
    "queries of the household page",
    "household page: 300",
    "timeline of everything walks",
    "timeline of callbacks walks",
    "board of 5,000 open among",
    "board: ",
    "queries of the board",
    "what was kept, the latest first",
    "rates of the month",
    "board reads an index",
    "board of what was kept reads an index",
]


def test_every_row_is_reported(capsys):
    rows = __main__.main(["--small"])
    assert len(rows) == len(ROWS)
    for row, name in zip(rows, ROWS, strict=True):
        assert row.name.startswith(name)
        assert row.value
    printed = capsys.readouterr().out
    assert "PostgreSQL" in printed
    facts = {row.name: row for row in rows if not row.spread}
    for name in ("search walks its index in order", "generic plans of search"):
        assert facts[name].ok, facts[name]
    for name in (
        "list page reads an index",
        "callback queue reads an index",
        "sweep reads an index",
        "board reads an index",
        "board of what was kept reads an index",
        "queries of the board",
    ):
        assert facts[name].ok, facts[name]
