"""The dashboard's figures. Each is a filter of the list it opens (SPEC §12)."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from office.reports import PromiseFigures, added, figures_together
from tickets.reports.repairs import CallbackRate


@dataclass(frozen=True)
class Board:
    """All figures of the dashboard. Each is a filter of the list it opens (tests/tickets hold them against the lists)."""

    promises: dict[str, PromiseFigures]  # of every kind and workflow
    owners: dict[int | None, PromiseFigures]  # the open ones, by who owes them
    complaints: list[dict[str, Any]]  # {state, klass, n, age_0…} of open complaints
    complained: int  # complaints taken in the month
    callbacks: CallbackRate
    answers: dict[tuple[str, int | None], int]  # (outcome, score or None) → tries in the month
    opened: list[dict[str, Any]]  # {category, building, is_repeat, n} of tickets opened in the month
    open: list[dict[str, Any]]  # {state, technician, n} of open tickets
    ages: list[int]  # open tickets in each of the asked ages
    technicians: dict[int, tuple[str, str]]  # id → name, English name
    categories: dict[int, tuple[str, str, str, str]]  # id → names in three languages, code
    buildings: dict[int, tuple[str, str]]  # id → words, sort key


# One statement of indexed ranges: what is open (partial indexes), and one month of what ended. Years of history
# behind it are not read.
_BOARD = """
WITH waiting AS (
  SELECT kind, owner_id AS owner, count(*) AS open, count(*) FILTER (WHERE due_at <= %(now)s) AS overdue,
         count(*) FILTER (WHERE due_at > %(now)s AND due_at <= %(tonight)s) AS today
  FROM office_promise WHERE estate_id = %(estate)s AND closed_at IS NULL
  GROUP BY kind, owner_id
), ended AS (
  SELECT kind, count(*) FILTER (WHERE outcome = 'kept') AS kept,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable
  FROM office_promise WHERE estate_id = %(estate)s AND closed_at >= %(start)s AND closed_at < %(end)s
  GROUP BY kind
), complaints AS (
  SELECT state, klass, count(*) AS n, {ages}
  FROM tickets_complaint WHERE estate_id = %(estate)s AND closed_at IS NULL
  GROUP BY state, klass ORDER BY state, klass
), callbacks AS (
  SELECT count(*) AS owed, count(*) FILTER (WHERE outcome = 'kept') AS kept,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = 'callback' AND fact_at >= %(start)s AND fact_at < %(end)s
    AND outcome NOT IN ('extended', 'cancelled')
), answers AS (
  SELECT t.outcome, t.score, count(*) AS n
  FROM tickets_callbacktry t JOIN tickets_ticket ON tickets_ticket.id = t.ticket_id
  WHERE tickets_ticket.estate_id = %(estate)s AND t.tried_at >= %(start)s AND t.tried_at < %(end)s
  GROUP BY t.outcome, t.score
), opened AS (
  SELECT category_id AS category, building_id AS building, is_repeat, count(*) AS n
  FROM tickets_ticket
  WHERE estate_id = %(estate)s AND opened_at >= %(start)s AND opened_at < %(end)s
  GROUP BY category_id, building_id, is_repeat
), open AS (
  SELECT state, technician_id AS technician, count(*) AS n, {ages}
  FROM tickets_ticket WHERE estate_id = %(estate)s AND closed_at IS NULL
  GROUP BY state, technician_id ORDER BY state, technician_id
)
SELECT (SELECT json_agg(waiting) FROM waiting), (SELECT json_agg(ended) FROM ended),
       (SELECT row_to_json(callbacks) FROM callbacks), (SELECT json_agg(answers) FROM answers),
       (SELECT json_agg(opened) FROM opened), (SELECT json_agg(open) FROM open),
       (SELECT json_agg(json_build_array(id, name, name_en)) FROM office_staff
         WHERE id IN (SELECT technician FROM open UNION SELECT owner FROM waiting)),
       (SELECT json_agg(json_build_array(id, name_zh_hant, name_zh_hans, name_en, code)) FROM tickets_category
         WHERE id IN (SELECT category FROM opened)),
       (SELECT json_agg(json_build_array(id, coalesce(nullif(name, ''), code), sort_key)) FROM office_building
         WHERE id IN (SELECT building FROM opened)),
       (SELECT json_agg(complaints) FROM complaints),
       (SELECT count(*) FROM tickets_complaint
         WHERE estate_id = %(estate)s AND opened_at >= %(start)s AND opened_at < %(end)s)
"""


def board(*, estate_id, now, tonight, start, end, ages):
    """The dashboard in one statement; `ages` are (opened at or after or None, opened before)."""
    values = {
        "estate": estate_id, "now": now, "tonight": tonight, "start": start, "end": end,
    }  # fmt: skip
    columns = []
    for at, (since, before) in enumerate(ages):
        values[f"before_{at}"], within = before, f"opened_at < %(before_{at})s"
        if since is not None:
            values[f"since_{at}"], within = since, f"{within} AND opened_at >= %(since_{at})s"
        columns.append(f"count(*) FILTER (WHERE {within}) AS age_{at}")
    with connection.cursor() as cursor:
        cursor.execute(_BOARD.replace("{ages}", ", ".join(columns)), values)
        read = cursor.fetchone()
    parts: list[Any] = [json.loads(part) if isinstance(part, str) else part or [] for part in read[:-1]]
    waiting, ended, callbacks, answers, opened, unfinished, staff, categories, buildings, complaints = parts
    owners = {
        owner: added(PromiseFigures, [_figures(row) for row in waiting if row["owner"] == owner])
        for owner in {row["owner"] for row in waiting}
    }
    kinds: dict[str, list] = {}
    for row in (*waiting, *ended):
        kinds.setdefault(row["kind"], []).append(_figures(row))
    return Board(
        promises={kind: added(PromiseFigures, rows) for kind, rows in kinds.items()},
        owners=owners,
        complaints=complaints,
        complained=read[-1],
        callbacks=CallbackRate(**callbacks),
        answers={(row["outcome"], row["score"]): row["n"] for row in answers},
        opened=opened,
        open=unfinished,
        ages=[sum(row[f"age_{at}"] for row in unfinished) for at in range(len(ages))],
        technicians={pk: tuple(names) for pk, *names in staff},
        categories={pk: tuple(names) for pk, *names in categories},
        buildings={pk: tuple(words) for pk, *words in buildings},
    )


def _figures(row):
    return PromiseFigures(**{name: n for name, n in row.items() if name not in ("kind", "owner")})


def together(boards):
    """Boards of several estates, each counted by its own local days, as one."""
    if len(boards) == 1:
        return boards[0]
    answers: Counter = Counter()
    for board in boards:
        answers.update(board.answers)
    return Board(
        promises=figures_together([board.promises for board in boards]),
        owners=figures_together([board.owners for board in boards]),
        complaints=[row for board in boards for row in board.complaints],
        complained=sum(board.complained for board in boards),
        callbacks=added(CallbackRate, [board.callbacks for board in boards]),
        answers=dict(answers),
        opened=[row for board in boards for row in board.opened],
        open=[row for board in boards for row in board.open],
        ages=[sum(numbers) for numbers in zip(*(board.ages for board in boards), strict=True)],
        technicians={pk: words for board in boards for pk, words in board.technicians.items()},
        categories={pk: words for board in boards for pk, words in board.categories.items()},
        buildings={pk: words for board in boards for pk, words in board.buildings.items()},
    )
