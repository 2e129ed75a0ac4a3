"""The monthly report 月度統計分析: what each room says of a month, and what may happen to the report (SPEC §4.8).

A room gives a part of the report; config/month.py lists the rooms, one line each:

    Room(key, title, words, read)

`read(estate, first, whole=True)` answers the figures of the local month that begins on `first` as plain JSON, made
with `part`, `fact`, `chart`, `row` and `issue` below: numbers, codes, ids, names, and for every number the list behind
it (a page's name and its filter). No sentence stands in it: `words` names the keys in the reader's language, so that a
report frozen today is read in three languages for ever. With `whole=False` only the facts are wanted, for comparison.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from office import clocks
from office.models import MonthReport, Posting

READ, WRITE, DECIDE = "month.read", "month.write", "month.decide"
State = MonthReport.State


@dataclass(frozen=True)
class Room:
    key: str
    title: Any
    words: dict  # key of a fact, chart, series or row → its words
    read: Callable


ROOMS: dict[str, Room] = {}  # in the order of the report


def use(*rooms):
    """The rooms whose figures make up the report, in its order."""
    ROOMS.clear()
    ROOMS.update({room.key: room for room in rooms})


# --- what a room answers ---------------------------------------------------------------------------------------


def part(facts, charts=(), issues=()):
    return {"facts": list(facts), "charts": list(charts), "issues": list(issues)}


def fact(key, value, page, query, *, of="", measure="", goal=None):
    """A number and the list it counts. `of`: the fact it is a share of, shown in per cent beside it, with `goal`.

    `measure` "minutes": an average over the rows of the list, which may be None.
    """
    return {"key": key, "value": value, "to": [page, query], "of": of, "measure": measure, "goal": goal}


def chart(key, head, series, rows, *, tones=(), rate=None):
    """Bars: one row each with one number per series. `rate`: the key that names the first series' share of its row."""
    return {
        "key": key, "head": head, "series": list(series), "tones": list(tones), "rate": rate or "", "rows": list(rows),
    }  # fmt: skip


def row(name, values, links):
    """`name`: {"word": key}, {"names": [zh-hant, zh-hans, en]}, or text. `links`: (page, query) of each number."""
    return {"name": name, "values": list(values), "to": [list(link) for link in links]}


def issue(key, what, where, count, page, query):
    """The same thing at the same place too often: it has to be analysed in writing before the report is signed."""
    return {"key": key, "what": what, "where": where, "count": count, "to": [page, query]}


# --- the whole report ------------------------------------------------------------------------------------------


def bounds(first, zone):
    """[first moment, first moment of the next month)."""
    return clocks.midnight(first, zone), clocks.midnight(clocks.add_months(first, 1), zone)


def span(first, prefix):
    """The local month as the filter of a list names it: its first and its last day."""
    last = clocks.add_months(first, 1) - timedelta(days=1)
    return {f"{prefix}_from": first.isoformat(), f"{prefix}_to": last.isoformat()}


def compose(estate, first):
    """The month's figures of every room, beside those of the month before and of the same month last year."""
    parts = []
    for key, room in ROOMS.items():
        found = {"key": key, **room.read(estate, first)}
        for name, months in (("before", -1), ("year", -12)):
            found[name] = room.read(estate, clocks.add_months(first, months), whole=False)["facts"]
        parts.append(found)
    return {"parts": parts}


def figures_of(report):
    """Frozen ones, or the live ones of a report that is still written."""
    return compose(report.estate, report.month) if report.figures is None else report.figures


def mark(figures):
    """A fingerprint: the supervisor signs exactly the figures the page showed."""
    text = json.dumps(figures, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def issues_of(figures):
    return [one for found in figures["parts"] for one in found["issues"]]


# --- read by people --------------------------------------------------------------------------------------------


@dataclass
class Number:
    """A number as it is shown: its text, the list behind it, and what is said beside it."""

    text: str
    href: str = ""
    beside: str = ""
    tone: str = ""
    counts: bool = True  # False: an average over the rows of the list


@dataclass
class Part:
    key: str
    title: str
    facts: list = field(
        default_factory=list
    )  # (label, this month, the month before, the same month last year)
    charts: list = field(default_factory=list)
    issues: list = field(default_factory=list)


def shown(figures):
    """[Part] in the language of the reader."""
    return [_shown(found, ROOMS[found["key"]]) for found in figures["parts"] if found["key"] in ROOMS]


def _shown(found, room):
    columns = [{one["key"]: one for one in found[name]} for name in ("facts", "before", "year")]
    facts = [
        (_word(room, one["key"]), *(_number(column.get(one["key"]), column) for column in columns))
        for one in found["facts"]
    ]
    charts = [_chart(room, one) for one in found["charts"]]
    issues = [
        {
            "key": one["key"],
            "what": named(room, one["what"]),
            "where": named(room, one["where"]),
            "count": one["count"],
            "href": address(one["to"]),
        }
        for one in found["issues"]
    ]
    return Part(found["key"], str(room.title), facts, charts, issues)


def _number(one, column):
    if one is None:
        return Number("–")
    href, value = address(one["to"]), one["value"]
    if one["measure"] == "minutes":
        return Number(length(value), href if value is not None else "", counts=False)
    beside, tone = "", ""
    if whole := column.get(one["of"]):
        beside = percent(value, whole["value"]) if value or one["goal"] else ""
        if one["goal"] and whole["value"]:
            tone = "done" if value * 100 >= one["goal"] * whole["value"] else "late"
    return Number(str(value), href, beside, tone)


def _chart(room, one):
    rows = [
        (named(room, line["name"]), line["values"], [address(to) for to in line["to"]])
        for line in one["rows"]
    ]
    return {
        "id": f"chart-{room.key}-{one['key']}",
        "title": _word(room, one["key"]),
        "head": _word(room, one["head"]),
        "series": [_word(room, key) for key in one["series"]],
        "tones": one["tones"],
        "rate": _word(room, one["rate"]) if one["rate"] else "",
        "rates": [percent(values[0], sum(values)) for _name, values, _hrefs in rows] if one["rate"] else [],
        "rows": rows,
        "top": max((sum(values) for _name, values, _hrefs in rows), default=0),
    }


def _word(room, key):
    return str(room.words.get(key, key))


def named(room, name):
    """Words of a row in the reader's language."""
    if isinstance(name, str):
        return name
    if "names" in name:
        hant, hans, english = name["names"]
        return {"zh-hans": hans, "en": english}.get(get_language() or "", hant) or hant
    words = _word(room, name["word"])
    return f"{words} {name['text']}" if "text" in name else words


def address(to):
    """The list behind a number; empty where its page is gone."""
    page, query = to
    try:
        return f"{reverse(page)}?{urlencode(query, doseq=True)}"
    except NoReverseMatch:
        return ""


def percent(part_, whole):
    return f"{part_ * 100 / whole:.1f}\u00a0%".replace(".0\u00a0%", "\u00a0%") if whole else "–"


def length(minutes):
    """An average time in words people use: minutes, hours, days."""
    if minutes is None:
        return "–"
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)s h") % {"n": f"{minutes / 60:.1f}"}
    return _("%(n)s days") % {"n": f"{minutes / 1440:.1f}"}


# --- what may happen to it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    label: Any
    sources: tuple
    permission: str
    icon: str


MOVES = {
    "save": Move(gettext_lazy("Save the texts"), (State.DRAFT, State.SENT_BACK), WRITE, "device-floppy"),
    "sign": Move(gettext_lazy("Sign"), (State.DRAFT, State.SENT_BACK), WRITE, "signature"),
    "issue": Move(gettext_lazy("Sign and issue"), (State.SIGNED,), DECIDE, "signature"),
    "send_back": Move(gettext_lazy("Send back"), (State.SIGNED,), DECIDE, "arrow-back-up"),
}


def why_not(move, report, by, missing=0):
    """None, or why `by` may not do this now, in one sentence. `missing`: recurring issues nobody has analysed."""
    rule = MOVES[move]
    if not by.may(rule.permission, report.estate_id):
        return _("Your role does not allow this.")
    if report.state not in rule.sources:
        return _("The report is %(state)s.") % {"state": report.get_state_display()}
    if move == "sign" and missing:
        return _("Every recurring issue needs its written analysis first.")
    if move == "issue" and report.signed_by_id == by.pk and _somebody_else(report, by):
        return _("You signed it for the front desk yourself; somebody else signs second, or send it back.")
    return None


def _somebody_else(report, by):
    posted = Posting.objects.filter(estate_id=report.estate_id, staff__is_active=True)
    return posted.filter(role__in=["supervisor", "director"]).exclude(staff=by).exists()


def waiting_for(staff):
    """Reports that wait for this person's signature, the oldest first."""
    wanted = Q(state__in=[State.DRAFT, State.SENT_BACK], estate__in=staff.estate_ids(WRITE))
    wanted |= Q(state=State.SIGNED, estate__in=staff.estate_ids(DECIDE))
    return list(MonthReport.objects.filter(wanted).select_related("estate").order_by("month", "pk"))


def missing(figures, analyses):
    """Recurring issues without an analysis."""
    return [one for one in issues_of(figures) if not analyses.get(one["key"], "").strip()]
