"""The board against A: five thousand open promises before a hundred thousand and a million that ended."""

from django.urls import reverse

GOAL, QUERIES = 5, 8


def report(run):
    """Ten times the data is ten times what has ended; what is open stays as it is."""
    few, many = run.lane("board_few"), run.lane("board_many")
    board = {"path": reverse("office:board")}
    a = (many, "page", {"path": "/yardstick"})
    count = f"{run.size.owed:,}"
    run.ratio(f"board of 5,000 open among {count}", (many, "page", board), a, GOAL, "A")
    run.ratio(f"board: {count} to {run.size.owed // 10:,}", (many, "page", board), (few, "page", board), 1.2)
    queries = [lane.ask("page", 1, **board)["queries"] for lane in (few, many)]
    run.fact("queries of the board", queries[1], f"≤ {QUERIES}", queries[0] == queries[1] <= QUERIES)
    kept = {"path": f"{board['path']}?outcome=kept"}
    run.ratio("what was kept, the latest first", (many, "page", kept), a, None, "A")
    rates = {"path": reverse("office:rates")}
    run.ratio("rates of the month", (many, "page", rates), a, None, "A")
    for name, path, index in (
        ("board reads an index", board["path"], "promise_estate_due"),
        ("board of what was kept reads an index", kept["path"], "promise_ended"),
    ):
        rows, *_count = many.ask("plan_of", 1, path=path, table="office_promise")["plans"]
        used = index in rows and "Seq Scan on office_promise" not in rows
        run.fact(name, index if used else "none", index, used)
