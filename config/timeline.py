"""Everything that ever happened at a unit, newest first, page after page by the last line shown (SPEC §2).

Lines of the journal about the unit, whoever wrote them, and about the people who are there now. Kinds come from the
rooms (office/cards.py Kind); a person sees the kinds they may read. Every branch of the statement walks an index and
stops at a page's length, however long the history is.
"""

import json

from django.db import connection
from django.utils.translation import gettext as _

from config.desk import ROOMS
from office import journal, promises
from office.addresses import row_address
from office.models import Event
from residents.models import Person

PAGE = 15
MORE = 40  # further lines asked for
GENERAL = ("office.undone", "file.removed")  # verbs that say nothing of their kind: their subject does

_COLUMNS = "id, at, verb, subject_kind, subject_id, subject_text, by_name, data"
_UNIT = f"""(SELECT {_COLUMNS} FROM office_event
  WHERE unit_id = %(unit)s AND id < %(before)s ORDER BY id DESC LIMIT %(limit)s)"""  # noqa: S608
_UNIT_VERBS = f"""(SELECT line.* FROM unnest(%(verbs)s::text[]) AS wanted CROSS JOIN LATERAL
  (SELECT {_COLUMNS} FROM office_event WHERE unit_id = %(unit)s AND verb = wanted AND id < %(before)s
     AND (wanted <> ALL(%(general)s) OR subject_kind = ANY(%(subjects)s))
   ORDER BY id DESC LIMIT %(limit)s) AS line)"""  # noqa: S608
_PEOPLE = f"""(SELECT line.* FROM unnest(%(people)s::bigint[]) AS wanted CROSS JOIN LATERAL
  (SELECT {_COLUMNS} FROM office_event WHERE subject_kind = 'person' AND subject_id = wanted AND id < %(before)s
     AND unit_id IS DISTINCT FROM %(unit)s ORDER BY id DESC LIMIT %(limit)s) AS line)"""  # noqa: S608


def kinds_of(staff, unit):
    """Kinds of lines this person may read here."""
    return [kind for room in ROOMS for kind in room.KINDS if staff.may(kind.permission, unit.estate_id)]


def page(request, unit, house):
    """What household/timeline.html draws: kinds to choose from, lines, and where the older ones are."""
    readable = kinds_of(request.user, unit)
    asked = request.GET.get("kind", "")
    chosen = next((kind for kind in readable if kind.key == asked), None)
    said = request.GET.get("before", "")
    before = int(said) if said.isdecimal() and len(said) < 19 else None
    size = PAGE if before is None else MORE
    rows = _read(unit, house, request.user, chosen, readable, before, size + 1)
    older = rows[size - 1][0] if len(rows) > size else None
    rows = rows[:size]
    caller = request.GET.get("caller", "")
    keep = f"caller={caller}&" if caller.isdecimal() else ""
    query = f"kind={chosen.key}&" if chosen else ""
    return {
        "kinds": [
            {"label": _("all"), "url": f"{request.path}?{keep}#timeline", "active": chosen is None},
            *(
                {
                    "label": kind.label,
                    "url": f"{request.path}?{keep}kind={kind.key}#timeline",
                    "active": kind is chosen,
                }
                for kind in readable
            ),
        ],
        "events": _drawn(rows, readable, house, unit.estate.zone),
        "older_url": f"{request.path}?{keep}{query}before={older}" if older else "",
        "newest_url": f"{request.path}?{keep}{query}".rstrip("&?") if before else "",
    }


def _read(unit, house, staff, chosen, readable, before, limit):
    """[(id, at, verb, subject_kind, subject_id, subject_text, by_name, data)], newest first: one query."""
    everything = sum(len(room.KINDS) for room in ROOMS)
    wanted = [chosen] if chosen else readable
    branches = []
    if chosen is None and len(readable) == everything:
        branches.append(_UNIT)
    else:
        branches.append(_UNIT_VERBS)
    if any("person." in kind.begins for kind in wanted):
        branches.append(_PEOPLE)
    begins = tuple(start for kind in wanted for start in kind.begins)
    values = {
        "unit": unit.pk,
        "before": before or 2**62,
        "limit": limit,
        "verbs": [verb for verb in journal.SENTENCES if verb.startswith(begins)] + list(GENERAL),
        "general": list(GENERAL),
        "subjects": [subject for kind in wanted for subject in kind.subjects],
        "people": list({one.person_id for one in house.residents}),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(branches)} ORDER BY id DESC LIMIT %(limit)s", values)
        return cursor.fetchall()


def _drawn(rows, kinds, house, zone):
    """Lines as ready words. Names of people are looked up, never stored (ARCHITECTURE §2)."""
    names = {one.person_id: one.local_name for one in house.residents}
    lines = [
        Event(id=row[0], verb=row[2], subject_kind=row[3], subject_id=row[4], data=_data(row[7]))
        for row in rows
    ]
    journal.read_reasons(*(event.data for event in lines))
    meant = {event.data.get("person") for event in lines} - {None, *names}
    if meant := {pk for pk in meant if isinstance(pk, int)}:
        names |= {person.pk: person.local_name for person in Person.objects.filter(pk__in=meant)}
    found = []
    for event, row in zip(lines, rows, strict=True):
        kind = next((kind for kind in kinds if event.verb.startswith(kind.begins)), None)
        who = names.get(event.data.get("person"))
        if event.subject_kind == "person":
            who = names.get(event.subject_id)
        lead = who or ("" if event.subject_kind in ("unit", "person", "building") else row[5])
        said = journal.sentence(event) if event.verb in journal.SENTENCES else event.verb
        address = promises.SUBJECTS.get(event.subject_kind)
        href = address(event.subject_id) if address and event.subject_kind != "unit" else ""
        if message := event.data.get("message"):  # the line is about the message, whatever it speaks of
            href = row_address("office:message", message)
        found.append(
            {
                "text": f"{lead}: {said}" if lead else said,
                "at": f"{row[1].astimezone(zone):%Y-%m-%d %H:%M}",
                "iso": row[1].isoformat(timespec="minutes"),
                "by": row[6],
                "icon": kind.icon if kind else "history",
                "href": href,
            }
        )
    return found


def _data(value):
    return json.loads(value) if isinstance(value, str) else value
