"""What repairs and callbacks say of a month in the monthly report (SPEC §4.8).

Two statements of indexed ranges a month, however many tickets there are. Every number is a filter of the list it
opens: tickets.filters know the same times, places and people.
"""

import json
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office import months
from office.months import chart, fact, issue, part, row, span
from tickets.models import CallbackTry, Ticket

# Times from the report to the arrival and to the completion: (key, label, up to so many minutes).
ARRIVALS = (
    ("2h", _("up to 2 hours"), 120),
    ("8h", _("2 to 8 hours"), 480),
    ("1d", _("8 to 24 hours"), 1_440),
    ("3d", _("1 to 3 days"), 4_320),
    ("over", _("over 3 days"), None),
)
FINISHES = (
    ("1d", _("up to 1 day"), 1_440),
    ("3d", _("1 to 3 days"), 4_320),
    ("7d", _("3 to 7 days"), 10_080),
    ("30d", _("7 to 30 days"), 43_200),
    ("over", _("over 30 days"), None),
)
KINDS = ("arrival", "water_test", "waiting", "callback")
NOBODY = "none"  # where a filter asks for "no technician"


def steps_below(steps, key):
    """(more than, up to) of one of the steps above; None where it has no such end."""
    at = next(at for at, step in enumerate(steps) if step[0] == key)
    low, high = steps[at - 1][2] if at else None, steps[at][2]
    return low and timedelta(minutes=low), high and timedelta(minutes=high)


def _bucket(column, steps):
    cases = " ".join(
        f"WHEN {column} - opened_at <= interval '{most} minutes' THEN '{key}'"
        for key, _label, most in steps
        if most
    )
    return f"CASE WHEN {column} IS NULL THEN 'none' {cases} ELSE '{steps[-1][0]}' END"


# `door`: the flat on its landing (01 of 1201), so that flats one above the other are seen to share a pipe.
DOOR = """
  regexp_replace(CASE WHEN unit.floor <> '' AND starts_with(regexp_replace(unit.code, '^.*-', ''), unit.floor)
    THEN substr(regexp_replace(unit.code, '^.*-', ''), length(unit.floor) + 1) ELSE unit.code END, '^.*-', '')
"""

_REPAIRS = f"""
WITH opened AS (
  SELECT id, category_id, stream, building_id, asset_id, unit_id, is_repeat, state, closed_at
  FROM tickets_ticket WHERE estate_id = %(estate)s AND opened_at >= %(start)s AND opened_at < %(end)s
), done AS (
  SELECT technician_id, {_bucket("arrived_at", ARRIVALS)} AS arrived, {_bucket("done_at", FINISHES)} AS finished,
         extract(epoch FROM arrived_at - opened_at) / 60 AS to_arrive, extract(epoch FROM done_at - opened_at) / 60 AS to_finish
  FROM tickets_ticket WHERE estate_id = %(estate)s AND done_at >= %(start)s AND done_at < %(end)s
), promised AS (
  SELECT kind, count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at > due_at) AS late,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable, 0 AS overdue
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = ANY(%(kinds)s) AND subject_kind = %(subject)s
    AND closed_at >= %(start)s AND closed_at < %(end)s
  GROUP BY kind
  UNION ALL
  SELECT kind, 0, 0, 0, count(*) FROM office_promise
  WHERE estate_id = %(estate)s AND kind = ANY(%(kinds)s) AND subject_kind = %(subject)s
    AND closed_at IS NULL AND due_at <= %(end)s
  GROUP BY kind
), counted AS (
  SELECT opened.*, unit.code, unit.section_id, unit.building_id AS unit_building_id, {DOOR} AS door
  FROM opened LEFT JOIN office_unit AS unit ON unit.id = opened.unit_id
  WHERE opened.state <> 'cancelled' AND opened.stream <> 'preventive'
), places AS (
  SELECT 'asset' AS scope, category_id, asset_id AS place_id, max(building_id) AS building_id, '' AS code, '' AS door,
         count(*) AS n
  FROM counted WHERE asset_id IS NOT NULL GROUP BY category_id, asset_id HAVING count(*) >= %(often)s
  UNION ALL
  SELECT CASE WHEN count(DISTINCT unit_id) = 1 THEN 'unit' ELSE 'stack' END, category_id, min(unit_id),
         unit_building_id, min(code), door, count(*)
  FROM counted WHERE unit_id IS NOT NULL
  GROUP BY category_id, unit_building_id, section_id, door HAVING count(*) >= %(often)s
  UNION ALL
  SELECT 'building', category_id, building_id, building_id, '', '', count(*)
  FROM counted WHERE building_id IS NOT NULL GROUP BY category_id, building_id HAVING count(*) >= %(often)s
)
SELECT json_build_object(
  'opened', (SELECT count(*) FROM opened), 'repeats', (SELECT count(*) FROM opened WHERE is_repeat),
  'open', (SELECT count(*) FROM opened WHERE closed_at IS NULL), 'done', (SELECT count(*) FROM done),
  'arrived', (SELECT count(*) FROM done WHERE arrived <> 'none'),
  'to_arrive', (SELECT round(avg(to_arrive)) FROM done), 'to_finish', (SELECT round(avg(to_finish)) FROM done),
  'promises', (SELECT json_agg(promised) FROM promised),
  'arrivals', (SELECT json_object_agg(arrived, n) FROM (SELECT arrived, count(*) AS n FROM done GROUP BY arrived) AS x),
  'finishes', (SELECT json_object_agg(finished, n) FROM (SELECT finished, count(*) AS n FROM done GROUP BY finished) AS x),
  'category', (SELECT json_agg(x) FROM (
     SELECT category_id AS id, count(*) - count(*) FILTER (WHERE is_repeat) AS once, count(*) FILTER (WHERE is_repeat) AS again
     FROM opened GROUP BY category_id) AS x WHERE %(whole)s),
  'building', (SELECT json_agg(x) FROM (
     SELECT building_id AS id, count(*) - count(*) FILTER (WHERE is_repeat) AS once, count(*) FILTER (WHERE is_repeat) AS again
     FROM opened GROUP BY building_id) AS x WHERE %(whole)s),
  'technician', (SELECT json_agg(x) FROM (
     SELECT technician_id AS id, count(*) AS n FROM done GROUP BY technician_id) AS x WHERE %(whole)s),
  'places', (SELECT json_agg(places) FROM places WHERE %(whole)s),
  'names', json_build_object(
     'category', (SELECT json_object_agg(id, json_build_array(name_zh_hant, name_zh_hans, name_en)) FROM tickets_category
        WHERE id IN (SELECT category_id FROM opened)),
     'building', (SELECT json_object_agg(id, json_build_array(coalesce(nullif(name, ''), code), sort_key)) FROM office_building
        WHERE id IN (SELECT building_id FROM opened)),
     'asset', (SELECT json_object_agg(id, json_build_array(name_zh_hant, name_zh_hans, name_en)) FROM tickets_asset
        WHERE id IN (SELECT place_id FROM places WHERE scope = 'asset')),
     'technician', (SELECT json_object_agg(id, json_build_array(name, name_en)) FROM office_staff
        WHERE id IN (SELECT technician_id FROM done))))::text
"""  # noqa: S608  nothing in it is typed by anybody


_CALLBACKS = """
WITH promised AS (
  SELECT count(*) AS owed, count(*) FILTER (WHERE outcome = 'kept') AS kept,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable,
         count(*) FILTER (WHERE closed_at IS NULL) AS waiting
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = 'callback' AND subject_kind = %(subject)s
    AND fact_at >= %(start)s AND fact_at < %(end)s AND outcome NOT IN ('extended', 'cancelled')
), tries AS (
  SELECT try.outcome, try.score, ticket.category_id AS category, ticket.building_id AS building,
         errand.technician_id AS technician
  FROM tickets_callbacktry AS try
  JOIN tickets_ticket AS ticket ON ticket.id = try.ticket_id
  LEFT JOIN tickets_workorder AS errand ON errand.id = try.work_order_id
  WHERE ticket.estate_id = %(estate)s AND try.tried_at >= %(start)s AND try.tried_at < %(end)s
)
SELECT json_build_object(
  'owed', (SELECT row_to_json(promised) FROM promised),
  'tries', (SELECT json_agg(x) FROM (
     SELECT outcome, score, category, building, technician, count(*) AS n FROM tries
     GROUP BY outcome, score, category, building, technician) AS x),
  'names', json_build_object(
     'category', (SELECT json_object_agg(id, json_build_array(name_zh_hant, name_zh_hans, name_en)) FROM tickets_category
        WHERE id IN (SELECT category FROM tries)),
     'building', (SELECT json_object_agg(id, json_build_array(coalesce(nullif(name, ''), code), sort_key)) FROM office_building
        WHERE id IN (SELECT building FROM tries)),
     'technician', (SELECT json_object_agg(id, json_build_array(name, name_en)) FROM office_staff
        WHERE id IN (SELECT technician FROM tries))))::text
"""


def asked(statement, estate, first, **values):
    """The one JSON document that `statement` makes of the month."""
    start, end = months.bounds(first, estate.zone)
    values = {"estate": estate.pk, "start": start, "end": end, "subject": Ticket.SUBJECT, **values}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return json.loads(cursor.fetchone()[0])


class Names:
    """Names as the month knew them, in three languages; what is not named in a row has its word."""

    def __init__(self, found):
        self.found = found

    def __call__(self, kind, pk):
        if pk is None:
            return {"word": f"no_{kind}"}
        names = self.found[kind][str(pk)]
        if kind == "technician":
            name, english = names
            return {"names": [name, name, english or name]}
        return names[0] if kind == "building" else {"names": names}

    def order(self, kind, pk):
        """Buildings in their order, the others by their first name; the unnamed last."""
        return (
            pk is None,
            "" if pk is None else self.found[kind][str(pk)][1 if kind == "building" else 0],
            pk or 0,
        )


# --- repairs ---------------------------------------------------------------------------------------------------


def repairs(estate, first, whole=True):
    """Repairs reported in the month, and those completed in it."""
    found = asked(_REPAIRS, estate, first, kinds=list(KINDS), often=estate.recurring_count, whole=whole)
    opened, done = span(first, "opened"), span(first, "done")
    promised, facts_of_promises = _promised(found["promises"] or (), first)
    facts = [
        fact("opened", found["opened"], "tickets:list", opened),
        fact("repeats", found["repeats"], "tickets:list", {**opened, "repeat": "yes"}, of="opened"),
        fact("still_open", found["open"], "tickets:list", {**opened, "open": "yes"}, of="opened"),
        fact("done", found["done"], "tickets:list", done),
        fact(
            "to_arrive", found["to_arrive"], "tickets:list", {**done, "arrived_in": "any"}, measure="minutes"
        ),
        fact("to_finish", found["to_finish"], "tickets:list", done, measure="minutes"),
        *facts_of_promises,
    ]
    if not whole:
        return part(facts)
    names = Names(found["names"])
    charts = [
        promised,
        _reported("category", found, names, opened),
        _reported("building", found, names, opened),
        _completed(found["technician"] or (), names, done),
        _times("arrivals", ARRIVALS, found["arrivals"] or {}, "arrived_in", done),
        _times("finishes", FINISHES, found["finishes"] or {}, "finished_in", done),
    ]
    return part(facts, charts, _issues(found["places"] or (), names, first))


def _promised(rows, first):
    """Deadlines that ended in the month, and those still open that were due by its end; by kind and together."""
    counts: dict[str, Counter] = {kind: Counter() for kind in KINDS}
    for found in rows:
        counts[found.pop("kind")].update(found)
    closed, due = span(first, "closed"), {"due_by": span(first, "due")["due_to"]}

    def links(*kinds):
        about = {"about": Ticket.SUBJECT, "kind": list(kinds)}
        return [
            ("office:board", {**about, "outcome": "on_time", **closed}),
            ("office:board", {**about, "outcome": "late", **closed}),
            ("office:board", {**about, "outcome": "unreachable", **closed}),
            ("office:board", {**about, "outcome": "open", **due}),
        ]

    series = ("on_time", "late", "unreachable", "overdue")
    lines = [
        row({"word": kind}, [counts[kind][name] for name in series], links(kind))
        for kind in KINDS
        if sum(counts[kind].values())
    ]
    together = sum(counts.values(), Counter())
    ended = {"about": Ticket.SUBJECT, "kind": list(KINDS), "outcome": "ended", **closed}
    facts = [
        fact("ended", sum(together[name] for name in series[:3]), "office:board", ended),
        fact("on_time", together["on_time"], *links(*KINDS)[0], of="ended"),
        fact("still_overdue", together["overdue"], *links(*KINDS)[3]),
    ]
    return chart(
        "promises", "promise", series, lines, tones=("good", "today", "quiet", "late"), rate="on_time_rate"
    ), facts


def _reported(kind, found, names, opened):
    def links(pk):
        where = {kind: pk} if pk else {"no_building": "true"}
        return [("tickets:list", {**where, "repeat": again, **opened}) for again in ("no", "yes")]

    rows = sorted(found[kind] or (), key=lambda line: (
        names.order(kind, line["id"]) if kind == "building" else (-line["once"] - line["again"], names.order(kind, line["id"]))
    ))  # fmt: skip
    lines = [row(names(kind, line["id"]), [line["once"], line["again"]], links(line["id"])) for line in rows]
    return chart(f"by_{kind}", kind, ["reported_once", "reported_again"], lines, tones=("busy", "today"))


def _completed(rows, names, done):
    lines = [
        row(
            names("technician", line["id"]),
            [line["n"]],
            [("tickets:list", {"crew": line["id"] or NOBODY, **done})],
        )
        for line in sorted(rows, key=lambda line: (-line["n"], names.order("technician", line["id"])))
    ]
    return chart("by_technician", "technician", ["completed"], lines, tones=("busy",))


def _times(key, steps, counts, parameter, done):
    lines = [
        row({"word": f"{key}_{step}"}, [counts[step]], [("tickets:list", {parameter: step, **done})])
        for step in [*(step for step, _label, _most in steps), NOBODY]
        if step in counts
    ]
    return chart(key, "time", ["completed"], lines, tones=("busy",))


_PLACES = {"asset": "asset", "unit": "unit", "stack": "stack", "building": "building"}


def _issues(places, names, first):
    """The same category at the same asset, flat, stack or building, the most frequent first (SPEC §4.8).

    A building whose cases all stand at one place named already is not named again.
    """
    narrow = {
        (place["category_id"], place["building_id"], place["n"])
        for place in places
        if place["scope"] != "building"
    }
    found = []
    for place in sorted(
        places, key=lambda place: (-place["n"], place["category_id"], place["scope"], place["place_id"])
    ):
        category, scope, pk = place["category_id"], place["scope"], place["place_id"]
        if scope == "building" and (category, place["building_id"], place["n"]) in narrow:
            continue
        where = _where(place, names)
        query = {"category": category, _PLACES[scope]: pk, "counted": "true", **span(first, "opened")}
        found.append(
            issue(
                f"{category}/{scope}/{pk}",
                names("category", category),
                where,
                place["n"],
                "tickets:list",
                query,
            )
        )
    return found


def _where(place, names):
    if place["scope"] == "unit":
        return place["code"]
    if place["scope"] == "stack":  # 3-2-1201 and those above and below it
        head = place["code"].rpartition("-")[0]
        return {"word": "stack", "text": f"{head}-×{place['door']}" if head else f"×{place['door']}"}
    return names(place["scope"], place["place_id"])


REPAIRS = months.Room(
    "repairs",
    # Translators: 報修
    _("Repairs"),
    {
        "opened": _("Repairs reported"),
        "repeats": _("of these repeats"),
        "still_open": _("of these still open"),
        "done": _("Repairs completed"),
        "to_arrive": _("Average time to arrive"),
        "to_finish": _("Average time to finish"),
        "ended": _("Promises that ended"),
        "on_time": pgettext_lazy("how a promise ended", "kept on time"),
        "late": pgettext_lazy("how a promise ended", "kept late"),
        "unreachable": pgettext_lazy("how a promise ended", "not kept"),
        "overdue": _("overdue"),
        "still_overdue": _("overdue at the end of the month, still open"),
        "on_time_rate": pgettext_lazy("of a sum", "share"),
        "promises": _("Promises by kind"),
        "promise": _("Promise"),
        "arrival": _("arrival"),
        "water_test": _("water test"),
        "waiting": _("waiting until"),
        "callback": _("callback"),
        "by_category": _("Repairs reported, by category"),
        "by_building": _("Repairs reported, by building"),
        "by_technician": _("Repairs completed, by technician"),
        "category": _("Category"),
        "building": _("Building"),
        "technician": _("Technician"),
        "time": _("Time"),
        "reported_once": _("first time"),
        "reported_again": _("repeats"),
        "completed": _("completed"),
        "no_building": _("no building"),
        "no_technician": _("nobody sent"),
        "arrivals": _("From the report to the arrival"),
        "finishes": _("From the report to the completion"),
        **{f"arrivals_{key}": label for key, label, _most in ARRIVALS},
        **{f"finishes_{key}": label for key, label, _most in FINISHES},
        "arrivals_none": _("not recorded"),
        "stack": _("flats one above the other"),
    },
    repairs,
)


# --- callbacks -------------------------------------------------------------------------------------------------

GOAL = 100  # per cent (SPEC §4.4)
ANSWERS = (CallbackTry.Outcome.SATISFIED, CallbackTry.Outcome.NOT_SATISFIED)


def callbacks(estate, first, whole=True):
    """回訪: owed for completions of the month, and what residents said in it."""
    found = asked(_CALLBACKS, estate, first)
    owed, tries = found["owed"], found["tries"] or ()
    fact_span = {"about": Ticket.SUBJECT, "kind": "callback", **span(first, "fact")}
    tried = span(first, "tried")
    answers: Counter = Counter()
    for line in tries:
        answers[line["outcome"]] += line["n"]
    satisfied, displeased = (answers[outcome.value] for outcome in ANSWERS)

    def promised(key, outcome, **more):
        return fact(key, owed[key], "office:board", {"outcome": outcome, **fact_span}, **more)

    facts = [
        promised("owed", "owed"),
        promised("kept", "kept", of="owed", goal=GOAL),
        promised("on_time", "on_time", of="owed"),
        promised("unreachable", "unreachable", of="owed"),
        promised("waiting", "open", of="owed"),
        fact("reached", satisfied + displeased, "tickets:callbacks_made", {"reached": "yes", **tried}),
        fact(
            "satisfied",
            satisfied,
            "tickets:callbacks_made",
            {"outcome": ANSWERS[0].value, **tried},
            of="reached",
        ),
        fact(
            "not_satisfied",
            displeased,
            "tickets:callbacks_made",
            {"outcome": ANSWERS[1].value, **tried},
            of="reached",
        ),
    ]
    if not whole:
        return part(facts)
    names = Names(found["names"])
    charts = [_satisfaction(kind, tries, names, tried) for kind in ("category", "building", "technician")]
    return part(facts, [*charts, _scores(tries, tried)])


def _satisfaction(kind, tries, names, tried):
    counts: dict = {}
    for line in tries:
        counts.setdefault(line[kind], Counter())[line["outcome"]] += line["n"]

    def links(pk):
        if kind == "technician":
            where = {"crew": pk or NOBODY}
        else:
            where = {kind: pk} if pk else {"no_building": "true"}
        return [
            ("tickets:callbacks_made", {**where, "outcome": outcome.value, **tried}) for outcome in ANSWERS
        ]

    lines = [
        row(names(kind, pk), [counts[pk][outcome.value] for outcome in ANSWERS], links(pk))
        for pk in sorted(counts, key=lambda pk: names.order(kind, pk))
        if any(counts[pk][outcome.value] for outcome in ANSWERS)
    ]
    series = ["satisfied_", "not_satisfied_"]
    return chart(f"satisfaction_{kind}", kind, series, lines, tones=("good", "late"), rate="satisfaction")


def _scores(tries, tried):
    counts: Counter = Counter()
    for line in tries:
        counts[line["score"]] += line["n"]
    lines = [
        row(str(score), [counts[score]], [("tickets:callbacks_made", {"score": score, **tried})])
        for score in range(5, 0, -1)
        if counts[score]
    ]
    return chart("scores", "score", ["callbacks_"], lines, tones=("busy",))


CALLBACKS = months.Room(
    "callbacks",
    # Translators: 回訪
    _("Callbacks"),
    {
        "owed": _("Callbacks owed for the month's repairs"),
        "kept": _("kept, goal 100 %"),
        "on_time": pgettext_lazy("how a promise ended", "kept on time"),
        "unreachable": _("never reached"),
        "waiting": _("still to be made"),
        "reached": _("Residents reached in the month"),
        "satisfied": _("satisfied"),
        "not_satisfied": _("not satisfied"),
        "satisfied_": _("satisfied"),
        "not_satisfied_": _("not satisfied"),
        "satisfaction": pgettext_lazy("of a sum", "share"),
        "satisfaction_category": _("Satisfaction by category"),
        "satisfaction_building": _("Satisfaction by building"),
        "satisfaction_technician": _("Satisfaction by technician"),
        "category": _("Category"),
        "building": _("Building"),
        "technician": _("Technician"),
        "no_building": _("no building"),
        "no_technician": _("nobody sent"),
        "scores": _("Scores given"),
        "score": _("Score"),
        "callbacks_": _("callbacks"),
    },
    callbacks,
)
