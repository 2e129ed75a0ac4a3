"""What the household page shows of repairs: the open ones with their clocks, the last ended, the last callbacks (SPEC §2)."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from office import cards, promises
from office.addresses import address, row_address
from office.models import Promise
from tickets import drawing, rules
from tickets.models import CallbackTry, Category, Ticket

CALLBACKS = ("ticket.callback_", "ticket.closed")
KINDS = (
    # Translators: 回訪
    cards.Kind("callbacks", _("Callbacks"), CALLBACKS, "tickets.read", "phone-call"),
    # Translators: 報修
    cards.Kind("repairs", _("Repairs"), ("ticket.",), "tickets.read", "tool", (Ticket.SUBJECT,)),
)  # fmt: skip
SHOWN_OPEN, SHOWN_ENDED, SHOWN_TRIES = 8, 3, 3
# One statement of index look-ups. A try to call back is made while its ticket is open, or ends it: the last tries
# stand on the open tickets and on those that ended last.
_HOUSEHOLD = """
WITH open AS (
  SELECT id, number, state, urgent, left(problem, 120) AS problem, opened_at, next_due_at, category_id, technician_id
  FROM tickets_ticket WHERE unit_id = %(unit)s AND closed_at IS NULL
  ORDER BY next_due_at, id LIMIT %(open)s + 1
), ended AS (
  SELECT id, number, state, ending, closed_at, category_id
  FROM tickets_ticket WHERE unit_id = %(unit)s AND closed_at IS NOT NULL
  ORDER BY closed_at DESC, id DESC LIMIT 10
), tries AS (
  SELECT t.id AS ticket_id, t.number, try.tried_at, try.outcome, left(try.remark, 120) AS remark, staff.name, staff.name_en
  FROM (SELECT id, number FROM open UNION ALL SELECT id, number FROM ended) t
  CROSS JOIN LATERAL (SELECT * FROM tickets_callbacktry WHERE ticket_id = t.id ORDER BY tried_at DESC, id DESC LIMIT %(tries)s) try
  JOIN office_staff staff ON staff.id = try.by_id
  ORDER BY try.tried_at DESC, try.id DESC LIMIT %(tries)s
), owed AS (
  SELECT subject_id, kind, rule_key, amount, measure, fact_at, due_at, closed_at, outcome, reason FROM office_promise
  WHERE subject_kind = %(subject)s AND subject_id IN (SELECT id FROM open) AND closed_at IS NULL ORDER BY due_at, id
)
SELECT (SELECT json_agg(open) FROM open), (SELECT json_agg(ended) FROM (SELECT * FROM ended LIMIT %(ended)s) ended),
       (SELECT json_agg(tries) FROM tries), (SELECT json_agg(owed) FROM owed),
       (SELECT json_agg(json_build_array(id, name_zh_hant, name_zh_hans, name_en)) FROM tickets_category
         WHERE id IN (SELECT category_id FROM open UNION SELECT category_id FROM ended)),
       (SELECT json_agg(json_build_array(id, name, name_en)) FROM office_staff WHERE id IN (SELECT technician_id FROM open))
"""


def card(unit, *, staff, now):
    """Open repairs with their clocks, the most urgent first; the last that ended; the last callbacks. One query."""
    if not staff.may("tickets.read", unit.estate_id):
        return None
    values = {
        "unit": unit.pk, "subject": Ticket.SUBJECT, "open": SHOWN_OPEN, "ended": SHOWN_ENDED, "tries": SHOWN_TRIES,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HOUSEHOLD, values)
        read = cursor.fetchone()
    parts: list[Any] = [json.loads(part) if isinstance(part, str) else part or [] for part in read]
    unfinished, ended, tries, owed, categories, technicians_ = parts
    english = get_language() == "en"
    named = {pk: str(Category(name_zh_hant=a, name_zh_hans=b, name_en=c)) for pk, a, b, c in categories}
    people = {pk: name_en if english and name_en else name for pk, name, name_en in technicians_}
    zone, clocks_of_row = unit.estate.zone, defaultdict(list)
    for row in owed:
        moments = {name: datetime.fromisoformat(row[name]) for name in ("fact_at", "due_at")}
        promise = Promise(**{name: row[name] for name in _OWED}, **moments)
        clocks_of_row[row["subject_id"]].append(promises.clock(promise, now, zone))

    def stamp(text):
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}"

    def state(row):
        return Ticket.State(row["state"]).label, rules.TONES[row["state"]]

    shown = unfinished[:SHOWN_OPEN]
    listed = f"{address('tickets:list')}?unit={unit.pk}"
    return cards.Card(
        "repairs",
        # Translators: 報修
        _("Open repairs"),
        icon="tool",
        draw=drawing.repairs,
        context={
            "open": [
                {
                    "href": row_address("tickets:ticket", row["id"]), "number": row["number"], "state": state(row),
                    "urgent": row["urgent"], "category": named[row["category_id"]], "problem": row["problem"],
                    "opened": stamp(row["opened_at"]), "technician": people.get(row["technician_id"], ""),
                    "clocks": clocks_of_row[row["id"]],
                }
                for row in shown
            ],
            "ended": [
                {
                    "href": row_address("tickets:ticket", row["id"]), "number": row["number"],
                    "category": named[row["category_id"]], "at": stamp(row["closed_at"]),
                    "ending": Ticket.Ending(row["ending"]).label if row["ending"] else "",
                }
                for row in ended
            ],
            "tries": [
                {
                    "href": row_address("tickets:ticket", row["ticket_id"]), "number": row["number"],
                    "at": stamp(row["tried_at"]), "outcome": CallbackTry.Outcome(row["outcome"]).label,
                    "tone": TRY_TONES[row["outcome"]], "remark": row["remark"],
                    "by": row["name_en"] if english and row["name_en"] else row["name"],
                }
                for row in tries
            ],
        },
        count=len(shown) if len(unfinished) <= SHOWN_OPEN else None,
        all_url=listed,
        all_label=_("All repairs of this unit"),
        column=cards.MATTERS,
        position=10,
    )  # fmt: skip


_OWED = ("kind", "rule_key", "amount", "measure", "outcome", "reason")
TRY_TONES = {"satisfied": "good", "not_satisfied": "late", "not_reached": "quiet"}


def starts(unit, *, staff):
    """A repair is what most calls are about."""
    if not staff.may("tickets.intake", unit.estate_id):
        return []
    # Translators: 報修
    repair = _("New repair")
    url = f"{address('tickets:intake')}?unit={unit.pk}"
    return [
        cards.Start("repair", repair, url, "tool", key="r", style="primary", caller="person", position=10)
    ]
