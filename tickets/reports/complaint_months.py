"""What complaints say of a month in the monthly report (SPEC §4.8, §5): one statement of indexed ranges."""

from collections import Counter

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office import months
from office.models import Department
from office.months import chart, fact, issue, part, row, span
from tickets import complaints as rules
from tickets.models import Complaint
from tickets.reports.months import Names, asked

LIST = "tickets:complaints"
COUNTED = [state for state in Complaint.State.values if state != Complaint.State.WITHDRAWN]

_MONTH = """
WITH received AS (
  SELECT klass, cause_id, department, building_id, unit_id, fault, valid, is_repeat, satisfied, state, closed_at
  FROM tickets_complaint WHERE estate_id = %(estate)s AND opened_at >= %(start)s AND opened_at < %(end)s
), promised AS (
  SELECT kind, count(*) FILTER (WHERE outcome = 'kept' AND closed_at <= due_at) AS on_time,
         count(*) FILTER (WHERE outcome = 'kept' AND closed_at > due_at) AS late,
         count(*) FILTER (WHERE outcome = 'unreachable') AS unreachable,
         count(*) FILTER (WHERE closed_at IS NULL) AS open
  FROM office_promise
  WHERE estate_id = %(estate)s AND kind = ANY(%(kinds)s) AND subject_kind = %(subject)s
    AND fact_at >= %(start)s AND fact_at < %(end)s AND outcome NOT IN ('extended', 'cancelled')
  GROUP BY kind
), places AS (
  SELECT cause_id, building_id, count(*) AS n, min(unit_id) AS unit_id,
         count(DISTINCT unit_id) = 1 AND count(unit_id) = count(*) AS one_unit
  FROM received WHERE state <> 'withdrawn' AND building_id IS NOT NULL
  GROUP BY cause_id, building_id HAVING count(*) >= %(often)s
), again AS (
  SELECT unit_id, count(*) AS n FROM received WHERE unit_id IS NOT NULL GROUP BY unit_id HAVING count(*) > 1
)
SELECT json_build_object(
  'received', (SELECT count(*) FROM received), 'repeats', (SELECT count(*) FROM received WHERE is_repeat),
  'valid', (SELECT count(*) FROM received WHERE valid), 'open', (SELECT count(*) FROM received WHERE closed_at IS NULL),
  'satisfied', (SELECT count(*) FROM received WHERE satisfied),
  'displeased', (SELECT count(*) FROM received WHERE NOT satisfied),
  'promises', (SELECT json_agg(promised) FROM promised),
  'groups', (SELECT json_agg(x) FROM (
     SELECT klass, cause_id AS cause, department, building_id AS building, fault, count(*) AS n FROM received
     GROUP BY klass, cause_id, department, building_id, fault) AS x),
  'places', (SELECT json_agg(places) FROM places WHERE %(whole)s),
  'again', (SELECT json_agg(again) FROM again WHERE %(whole)s),
  'names', json_build_object(
     'cause', (SELECT json_object_agg(id, json_build_array(name_zh_hant, name_zh_hans, name_en)) FROM tickets_complaintcause
        WHERE id IN (SELECT cause_id FROM received)),
     'building', (SELECT json_object_agg(id, json_build_array(coalesce(nullif(name, ''), code), sort_key)) FROM office_building
        WHERE id IN (SELECT building_id FROM received)),
     'unit', (SELECT json_object_agg(id, code) FROM office_unit
        WHERE id IN (SELECT unit_id FROM again UNION SELECT unit_id FROM places WHERE one_unit))))::text
"""


def complaints(estate, first, whole=True):
    """投訴: received in the month, and what was promised in it."""
    found = asked(
        _MONTH, estate, first, kinds=list(rules.KINDS), often=estate.recurring_count, whole=whole,
        subject=Complaint.SUBJECT,
    )  # fmt: skip
    opened = span(first, "opened")
    promised, counts = _promised(found["promises"] or (), first)

    def received(key, value, **query):
        return fact(key, value, LIST, {**query, **opened}, of="received")

    facts = [
        fact("received", found["received"], LIST, opened),
        received("valid", found["valid"], valid="yes"),
        received("repeats", found["repeats"], repeat="yes"),
        received("still_open", found["open"], open="yes"),
        received("satisfied", found["satisfied"], satisfied="yes"),
        received("not_satisfied", found["displeased"], satisfied="no"),
        *counts,
    ]
    if not whole:
        return part(facts)
    names, groups = Names(found["names"]), found["groups"] or ()
    charts = [
        promised,
        _counted("klass", groups, opened, Complaint.Klass.values),
        _named("cause", groups, names, opened),
        _counted("department", groups, opened, Department.values),
        _named("building", groups, names, opened),
        _counted("fault", groups, opened, Complaint.Fault.values),
        _again(found["again"] or (), found["names"], opened),
    ]
    return part(facts, charts, _issues(found["places"] or (), names, found["names"], opened))


def _promised(rows, first):
    """What was promised for facts of the month, by kind: acknowledged, answered, solved, told, called back."""
    counts: dict[str, Counter] = {kind: Counter() for kind in rules.KINDS}
    for found in rows:
        counts[found.pop("kind")].update(found)
    series = ("on_time", "late", "unreachable", "open")

    def to(kind, outcome):
        query = {"about": Complaint.SUBJECT, "kind": kind, "outcome": outcome, **span(first, "fact")}
        return "office:board", query

    lines = [
        row({"word": kind}, [counts[kind][name] for name in series], [to(kind, name) for name in series])
        for kind in rules.KINDS
        if sum(counts[kind].values())
    ]
    facts = []
    for kind in (rules.ANSWER, rules.SOLVE, rules.TELL, rules.CALLBACK):
        owed = sum(counts[kind].values())
        facts.append(fact(f"{kind}_owed", owed, *to(kind, "owed")))
        facts.append(
            fact(f"{kind}_on_time", counts[kind]["on_time"], *to(kind, "on_time"), of=f"{kind}_owed")
        )
    drawn = chart(
        "promises", "promise", series, lines, tones=("good", "today", "quiet", "busy"), rate="share"
    )
    return drawn, facts


def _sums(groups, key):
    counts: Counter = Counter()
    for line in groups:
        counts[line[key]] += line["n"]
    return counts


def _counted(key, groups, opened, values):
    counts = _sums(groups, key)
    lines = [
        row({"word": f"{key}_{value}"}, [counts[value]], [(LIST, {key: value, **opened})])
        for value in values
        if counts[value]
    ]
    return chart(f"by_{key}", key, ["complaints"], lines, tones=("busy",))


def _named(key, groups, names, opened):
    counts = _sums(groups, key)
    lines = [
        row(names(key, pk), [counts[pk]], [(LIST, ({key: pk} if pk else {"no_building": "true"}) | opened)])
        for pk in sorted(
            counts, key=lambda pk: (0 if key == "building" else -counts[pk], names.order(key, pk))
        )
    ]
    return chart(f"by_{key}", key, ["complaints"], lines, tones=("busy",))


def _again(rows, names, opened):
    """Households that complained more than once."""
    lines = [
        row(names["unit"][str(line["unit_id"])], [line["n"]], [(LIST, {"unit": line["unit_id"], **opened})])
        for line in sorted(rows, key=lambda line: (-line["n"], names["unit"][str(line["unit_id"])]))
    ]
    return chart("by_unit", "unit", ["complaints"], lines, tones=("busy",))


def _issues(places, names, found, opened):
    """The same cause at the same building, or at one flat of it, too often; withdrawn ones do not count."""
    issues = []
    for place in sorted(places, key=lambda place: (-place["n"], place["cause_id"], place["building_id"])):
        cause, building = place["cause_id"], place["building_id"]
        scope, pk = ("unit", place["unit_id"]) if place["one_unit"] else ("building", building)
        where = found["unit"][str(pk)] if place["one_unit"] else names("building", building)
        query = {"cause": cause, "building": building, "state": COUNTED, **opened}
        key = f"complaint/{cause}/{scope}/{pk}"
        issues.append(issue(key, names("cause", cause), where, place["n"], LIST, query))
    return issues


def _words(prefix, choices):
    return {f"{prefix}_{value}": label for value, label in choices}


COMPLAINTS = months.Room(
    "complaints",
    # Translators: 投訴
    _("Complaints"),
    {
        "received": _("Complaints received"),
        "valid": _("of these justified"),
        "repeats": _("of these repeats"),
        "still_open": _("of these still open"),
        "satisfied": _("of these satisfied at the callback"),
        "not_satisfied": _("of these not satisfied at the callback"),
        "complaint_answer_owed": _("Clear answers owed to residents"),
        "complaint_answer_on_time": _("answered in time"),
        "complaint_solve_owed": _("Complaints to be solved"),
        "complaint_solve_on_time": _("solved in time"),
        "complaint_tell_owed": _("Results to be told the same day"),
        "complaint_tell_on_time": _("told the same day"),
        "complaint_callback_owed": _("Callbacks owed after the result"),
        "complaint_callback_on_time": _("called back in time"),
        "promises": _("Promises about complaints"),
        "promise": _("Promise"),
        "share": pgettext_lazy("of a sum", "share"),
        "on_time": pgettext_lazy("how a promise ended", "kept on time"),
        "late": pgettext_lazy("how a promise ended", "kept late"),
        "unreachable": pgettext_lazy("how a promise ended", "not kept"),
        "open": pgettext_lazy("how a promise ended", "still open"),
        rules.FORWARD: _("complaint acknowledged"),
        rules.ANSWER: _("clear answer to a complaint"),
        rules.SOLVE: _("complaint solved"),
        rules.TELL: _("result of a complaint told"),
        rules.CALLBACK: _("callback of a complaint"),
        "complaints": _("complaints"),
        "klass": _("Class"),
        "cause": _("Cause"),
        "department": _("Department"),
        "building": _("Building"),
        "fault": _("Fault lies with"),
        "unit": _("Unit"),
        "by_klass": _("Complaints by class"),
        "by_cause": _("Complaints by cause"),
        "by_department": _("Complaints by department"),
        "by_building": _("Complaints by building"),
        "by_fault": _("Whose fault it was"),
        "by_unit": _("Households that complained more than once"),
        "no_building": _("no building"),
        **_words("klass", Complaint.Klass.choices),
        **_words("department", Department.choices),
        **_words("fault", Complaint.Fault.choices),
    },
    complaints,
)
