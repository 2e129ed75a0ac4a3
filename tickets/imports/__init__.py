"""Old tickets from another system's Excel or CSV (SPEC §14): a mapping says what each column and status means.

Source number, source status and the address as text are kept. Nothing is sent, and nothing is promised unless
asked for: whoever reported it was answered, or not, by the old system. `read` touches no database; `bring_in`
writes everything in one transaction and finds everything unchanged the second time.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, journal, places, promises, search, series
from office.models import DepartmentHead, EscalationRule, Event, Promise, PromiseRule, Unit
from office.models.promises import Measure
from office.models.staff import Department
from office.phrases import listed
from tickets import rules
from tickets.actions import change
from tickets.models import Category, Ticket, WorkOrder

FOLDER = Path(__file__).parent.parent / "mappings"
FIELDS = (
    "number", "status", "category", "opened_at", "closed_at", "ended_at", "problem", "place", "unit", "channel",
    "reporter_name", "reporter_phone", "result", "urgent",
)  # fmt: skip
NEEDED = ("number", "status", "opened_at", "problem")  # and a place or a unit
STATES = ("accepted", "dispatched", "in_progress", "testing", "done", "closed", "cancelled")
ENDED = ("testing", "done", "closed", "cancelled")
EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001  Excel's dates have no zone
BATCH = 1_000
TEXTS = ("problem", "result", "source_number", "source_status", "place", "reporter_name", "reporter_phone")
LONGEST = {name: getattr(Ticket._meta.get_field(name), "max_length", 0) for name in TEXTS}
YES = {"1", "y", "yes", "true", "是", "急", "x"}


class BadMapping(Exception):
    """What is wrong with a mapping, in one sentence."""


@dataclass(frozen=True)
class Mapping:
    """How one source writes its tickets. `columns`: our field → expression over their columns."""

    source: str
    zone: ZoneInfo
    dates: tuple
    columns: dict
    states: dict
    categories: dict
    channels: dict


@dataclass
class Row:
    """A ticket of the file; `line` is its row there, the header being row 1."""

    line: int
    values: dict


@dataclass
class Reading:
    rows: list = field(default_factory=list)
    errors: list = field(default_factory=list)  # sentences that name their row
    statuses: Counter = field(default_factory=Counter)  # as the file has them, of all rows


@dataclass
class Result:
    """How many tickets were created, updated, unchanged or kept (worked on here since)."""

    counts: Counter = field(default_factory=Counter)
    statuses: Counter = field(
        default_factory=Counter
    )  # (status in the source, our state) → tickets of the file
    promises: int = 0
    warnings: list = field(default_factory=list)
    errors: list = field(default_factory=list)


# --- the mapping -------------------------------------------------------------------------------------------


def mapping(name):
    """The Mapping of a file, or of a name in tickets/mappings."""
    path = Path(name)
    if not path.suffix:
        path = FOLDER / f"{name}.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = listed(sorted(found.stem for found in FOLDER.glob("*.toml")))
        raise BadMapping(
            _("There is no mapping %(name)s; known: %(known)s.") % {"name": name, "known": known}
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadMapping(_("%(name)s is not TOML: %(why)s") % {"name": name, "why": problem}) from None
    return _checked(data)


def _checked(data):
    columns, states = data.get("columns", {}), data.get("states", {})
    if not 0 < len(data.get("source", "")) <= 40:
        raise BadMapping(_("The mapping names no source."))
    if unknown := sorted(set(columns) - set(FIELDS)):
        raise BadMapping(_("Unknown fields: %(names)s.") % {"names": listed(unknown)})
    if missing := [name for name in NEEDED if name not in columns]:
        raise BadMapping(_("The mapping gives no column for: %(names)s.") % {"names": listed(missing)})
    if unknown := sorted(set(states.values()) - set(STATES)):
        raise BadMapping(
            _("Unknown states: %(names)s; a state is one of %(known)s.")
            % {"names": listed(unknown), "known": listed(STATES)}
        )
    if not states:
        raise BadMapping(_("The mapping names no status."))
    if unknown := sorted(set(data.get("channels", {}).values()) - set(Ticket.Channel.values)):
        raise BadMapping(_("Unknown channels: %(names)s.") % {"names": listed(unknown)})
    try:
        zone = ZoneInfo(data.get("zone", "Asia/Shanghai"))
    except (ZoneInfoNotFoundError, ValueError):
        raise BadMapping(_("“%(name)s” is not a time zone.") % {"name": data["zone"]}) from None
    return Mapping(
        source=data["source"],
        zone=zone,
        dates=tuple(data.get("dates", ())),
        columns=columns,
        states=states,
        categories=data.get("categories", {}),
        channels=data.get("channels", {}),
    )


def _columns_of(expression):
    """Every column an expression reads."""
    if isinstance(expression, str):
        return {expression}
    if isinstance(expression, dict):
        expression = expression.get("first") or expression.get("join") or []
    return set().union(*(_columns_of(part) for part in expression))


def _value(expression, cells):
    """What an expression gives for a row: the cell itself, or text where several are put together."""
    if isinstance(expression, str):
        return cells.get(expression, "")
    if isinstance(expression, dict) and "first" in expression:
        return next((value for part in expression["first"] if _text(value := _value(part, cells))), "")
    parts, between = (
        (expression["join"], expression.get("with", ", "))
        if isinstance(expression, dict)
        else (expression, ", ")
    )
    return between.join(dict.fromkeys(text for part in parts if (text := _text(_value(part, cells)))))


# --- reading -----------------------------------------------------------------------------------------------


def _text(cell):
    """A cell as people read it: 60879417.0 is 60879417; line breaks stay."""
    if isinstance(cell, bool):
        return "1" if cell else ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


def _one_line(cell):
    return " ".join(_text(cell).split())


def moment(cell, mapping):
    """An aware moment out of text, an Excel date or its serial number; None when empty. ValueError: no date."""
    if isinstance(cell, datetime):
        found = cell
    elif isinstance(cell, date):
        found = datetime.combine(cell, datetime.min.time())
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        if not 1 <= cell < 200_000:
            raise ValueError(cell)
        found = EXCEL_DAY_0 + timedelta(seconds=round(cell * 86_400))
    else:
        text = _one_line(cell)
        if not text:
            return None
        found = _parsed(text, mapping.dates)
    return found if found.tzinfo else found.replace(tzinfo=mapping.zone)


def _parsed(text, formats):
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007  the mapping's zone follows
        except ValueError:
            continue
    return datetime.fromisoformat(text.replace("/", "-"))


def read(sheets, mapping, *, now):
    """A Reading of the first sheet that has all columns the mapping names."""
    wanted = set().union(*(_columns_of(expression) for expression in mapping.columns.values()))
    missing = wanted
    for sheet in sheets:
        for number, row in enumerate(sheet.rows[:15]):
            header = {
                _one_line(cell): place for place, cell in reversed(list(enumerate(row))) if _one_line(cell)
            }
            missing = min(missing, wanted - header.keys(), key=len)
            if not wanted - header.keys():
                return _read_rows(sheet.rows[number + 1 :], number + 2, header, mapping, now)
    reading = Reading()
    reading.errors.append(
        _("These columns are not in the file: %(names)s.") % {"names": listed(sorted(missing))}
    )
    return reading


def _read_rows(rows, first_line, header, mapping, now):
    reading = Reading()
    seen: dict[str, int] = {}
    for line, row in enumerate(rows, first_line):
        cells = {name: row[place] for name, place in header.items() if place < len(row)}
        if not any(_text(cell) for cell in cells.values()):
            continue
        reading.statuses[_one_line(_value(mapping.columns["status"], cells))] += 1
        values, errors = _ticket(cells, mapping, now)
        number = values.get("source_number")
        if number and number in seen:
            errors.append(
                _("number %(number)s is already in row %(row)s") % {"number": number, "row": seen[number]}
            )
        seen.setdefault(number, line)
        reading.errors += [
            _("row %(row)s: %(problem)s") % {"row": line, "problem": error} for error in errors
        ]
        if not errors:
            reading.rows.append(Row(line, values))
    return reading


def _ticket(cells, mapping, now):
    """(values, errors) of one row. Text too long for its column is an error, never cut in silence."""
    given = {name: _value(expression, cells) for name, expression in mapping.columns.items()}
    errors, values = [], {"problem": _text(given["problem"]), "result": _text(given.get("result", ""))}
    for name, field_name in (("number", "source_number"), ("status", "source_status"), ("place", "place"),
                             ("reporter_name", "reporter_name"), ("reporter_phone", "reporter_phone")):  # fmt: skip
        values[field_name] = _one_line(given.get(name, ""))
    for name in LONGEST:
        longest = LONGEST[name]
        if len(values[name]) > longest:
            errors.append(_("%(field)s is longer than %(n)s characters") % {"field": name, "n": longest})
    for name, word in (("source_number", "number"), ("problem", "problem")):
        if not values[name]:
            errors.append(_("%(field)s is empty") % {"field": word})
    for name in ("opened_at", "closed_at", "ended_at"):
        try:
            values[name] = moment(given.get(name, ""), mapping)
        except (ValueError, OverflowError):
            errors.append(
                _("%(field)s is no date: %(text)s") % {"field": name, "text": _one_line(given[name])[:40]}
            )
            values[name] = None
    status = values["source_status"]
    if status in mapping.states:
        values["state"] = mapping.states[status]
        if values["state"] not in ENDED:  # sources keep the date of the last remark there
            values["closed_at"] = values["ended_at"] = None
        errors += _dates_wrong(values, now) if not errors else []
    else:
        errors.append(_("the mapping names no state for the status “%(status)s”") % {"status": status[:60]})
    if not errors and values["state"] in ENDED and not (values["closed_at"] or values["ended_at"]):
        errors.append(_("“%(status)s” needs the date it ended") % {"status": status})
    category = _one_line(given.get("category", ""))
    values["category"] = mapping.categories.get(category) or mapping.categories.get("default", "")
    if not values["category"]:
        errors.append(_("the mapping names no category for “%(category)s”") % {"category": category[:60]})
    values["channel"] = mapping.channels.get(_one_line(given.get("channel", "")), Ticket.Channel.IMPORT.value)
    values["unit"] = _one_line(given.get("unit", ""))
    if not (values["place"] or values["unit"]):
        errors.append(_("%(field)s is empty") % {"field": "place"})
    values["urgent"] = _one_line(given.get("urgent", "")).lower() in YES
    return values, errors


def _dates_wrong(values, now):
    if values["opened_at"] is None:
        return [_("%(field)s is empty") % {"field": "opened_at"}]
    errors = []
    for name in ("opened_at", "closed_at", "ended_at"):
        if values[name] and values[name] > now:
            errors.append(_("%(field)s lies in the future") % {"field": name})
        if values[name] and values[name] < values["opened_at"]:
            errors.append(_("%(field)s lies before opened_at") % {"field": name})
    return errors


# --- writing -----------------------------------------------------------------------------------------------


def bring_in(*, estate, mapping, reading, by, now, owe=False):
    """Write what was read; nothing when `result.errors` says why not. Tickets changed here are never overwritten.

    With `owe` those that stand before their callback or water test get that promise, counted from the fact in
    the file: it may be born overdue.
    """
    result = Result(errors=list(reading.errors))
    categories = {row.code: row for row in Category.objects.filter(estate=estate)}
    for code in sorted({row.values["category"] for row in reading.rows} - categories.keys()):
        result.errors.append(_("The estate has no category %(code)s.") % {"code": code})
    if result.errors:
        return result
    units = _units(estate, reading, result)
    with transaction.atomic():
        owner = _owner(estate)
        present = {
            ticket.source_number: ticket
            for ticket in Ticket.objects.select_for_update().filter(estate=estate, source=mapping.source)
        }
        fresh = []
        for row in reading.rows:
            result.statuses[row.values["source_status"], row.values["state"]] += 1
            fields = _fields(row.values, categories[row.values["category"]], units)
            ticket = present.get(row.values["source_number"])
            if ticket is None:
                fresh.append(Ticket(estate=estate, owner=owner, source=mapping.source, **fields))
            else:
                result.counts[_renew(ticket, fields)] += 1
        _create(fresh, estate, by, now)
        result.counts["created"] += len(fresh)
        if owe:
            result.promises = _owe(estate, mapping.source, now)
    return result


def _owner(estate):
    """Who follows up what nobody here took: the head of the front desk."""
    chair = (
        DepartmentHead.objects.filter(estate=estate, department=Department.FRONT_DESK)
        .select_related("head")
        .first()
    )
    return chair and chair.head


def _units(estate, reading, result):
    wanted = {places.code_key(row.values["unit"]) for row in reading.rows if row.values["unit"]}
    found = (
        {unit.code_key: unit for unit in Unit.objects.filter(estate=estate, code_key__in=wanted)}
        if wanted
        else {}
    )
    for row in reading.rows:
        if row.values["unit"] and places.code_key(row.values["unit"]) not in found:
            result.warnings.append(
                _("row %(row)s: no unit %(unit)s; kept as text")
                % {"row": row.line, "unit": row.values["unit"]}
            )
    return found


def _fields(values, category, units):
    """Columns of the ticket: facts of the file, and a state the office can go on from."""
    state, unit = values["state"], units.get(places.code_key(values["unit"])) if values["unit"] else None
    ended = values["ended_at"] or values["closed_at"]
    fields = {
        name: values[name]
        for name in ("source_number", "source_status", "problem", "result", "opened_at", "channel", "urgent")
    }
    fields |= {
        "state": state,
        "category_id": category.pk,
        "stream": category.stream,
        "risk": category.risk,
        "department": category.department,
        "unit_id": unit and unit.pk,
        "building_id": unit and unit.building_id,
        "place": values["place"] or ("" if unit else values["unit"]),
        "reporter_name": values["reporter_name"],
        "reporter_phone": values["reporter_phone"],
        "closed_at": (values["closed_at"] or ended) if state in ("closed", "cancelled") else None,
        "work_ended_at": ended if state in ("testing", "done") else None,
        "done_at": ended if state == "done" else None,
        "ending": {"closed": Ticket.Ending.IMPORTED.value, "cancelled": Ticket.Ending.CANCELLED.value}.get(
            state, ""
        ),
    }
    return fields


def _renew(ticket, fields):
    """Bring an imported ticket up to date while nobody has worked on it here."""
    changed = [name for name, value in fields.items() if getattr(ticket, name) != value]
    if not changed:
        return "unchanged"
    if ticket.version > 1 or ("state" in changed and ticket.next_due_at):
        return "kept"
    for name in changed:
        setattr(ticket, name, fields[name])
    ticket.save(update_fields=changed)
    return "updated"


def _create(fresh, estate, by, now):
    """Tickets with numbers of ours, work orders of the open ones, journal and search keys, by the thousand."""
    if not fresh:
        return
    fresh.sort(key=lambda ticket: ticket.opened_at)
    for ticket, number in zip(fresh, series.take_many(estate, "ticket", len(fresh), now=now), strict=True):
        ticket.number = number
    Ticket.objects.bulk_create(fresh, batch_size=BATCH)
    WorkOrder.objects.bulk_create(
        [
            WorkOrder(
                ticket=ticket, estate=estate, number=f"{ticket.number}-1", sequence=1, made_at=now,
                ended_at=ticket.work_ended_at, result=ticket.result if ticket.work_ended_at else "",
            )
            for ticket in fresh
            if ticket.is_open
        ],
        batch_size=BATCH,
    )  # fmt: skip
    assert "ticket.imported" in journal.SENTENCES
    Event.objects.bulk_create(
        [
            Event(
                at=now, verb="ticket.imported", subject_kind=Ticket.SUBJECT, subject_id=ticket.pk,
                subject_text=ticket.number, estate_id=estate.pk, unit_id=ticket.unit_id, by_id=by and by.pk,
                by_name=by.name[:80] if by else "", data={"source": ticket.source, "status": ticket.source_status},
            )
            for ticket in fresh
        ],
        batch_size=BATCH,
    )  # fmt: skip
    search.put_many(
        Ticket.SUBJECT,
        (
            (
                ticket.pk,
                estate.pk,
                search.keys_of_number(ticket.number) | search.keys_of_number(ticket.source_number),
            )
            for ticket in fresh
        ),
    )


def _owe(estate, source, now):
    """Promises of imported tickets that owe a callback or a water test and have none; next clocks with them."""
    waiting = Ticket.objects.filter(
        estate=estate, source=source, state__in=["done", "testing"], next_due_at=None
    )
    made, renewed, in_force, climbing = [], [], _rules_of(estate), _escalation_of(estate)
    for ticket in waiting.select_related("unit", "category").order_by("pk"):
        kind, key, fact_at = (
            ("callback", rules.callback_rule(ticket), ticket.done_at)
            if ticket.state == Ticket.State.DONE
            else ("water_test", "water_test", ticket.work_ended_at)
        )
        assert fact_at is not None  # `read` refuses such a row
        amount, measure = in_force(key, fact_at)
        escalation = climbing(fact_at)
        times = clocks.limit(
            fact_at=fact_at,
            amount=amount,
            measure=Measure(measure),
            zone=estate.zone,
            closes_at=estate.closes_at,
            steps=promises.steps_of(escalation),
        )
        made.append(
            Promise(
                kind=kind, subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, sequence=1,
                title=change.title(ticket), estate=estate,
                unit_id=ticket.unit_id, owner_id=ticket.owner_id, department=promises.KINDS[kind].department,
                rule_key=key, amount=amount, measure=measure, fact_at=fact_at, due_at=times.due_at,
                warn_at=times.warn_at, made_at=now,
                director_at=times.director_at if promises.climbs(kind, escalation) else None,
            )
        )  # fmt: skip
        ticket.next_due_at = times.due_at
        renewed.append(ticket)
    Promise.objects.bulk_create(made, batch_size=BATCH)
    Ticket.objects.bulk_update(renewed, ["next_due_at"], batch_size=BATCH)
    return len(made)


def _escalation_of(estate):
    """`promises.escalation_at` for many facts, with one query."""
    rows = list(EscalationRule.objects.filter(estate=estate).order_by("-valid_from"))
    return lambda fact_at: next((row for row in rows if row.valid_from <= fact_at), None)


def _rules_of(estate):
    """`promises.rule_at` for many facts, with one query: (key, fact) → (amount, measure) in force at the fact."""
    rows = list(PromiseRule.objects.filter(estate=estate).order_by("-valid_from"))

    def in_force(key, fact_at):
        row = next((row for row in rows if row.key == key and row.valid_from <= fact_at), promises.RULES[key])
        return row.amount, row.measure

    return in_force
