"""The gate, read over many rows: slips, and what stands at the gate for a unit."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from office import cards, clocks, search
from office.addresses import address, row_address
from office.models import SearchKey
from residents.models import (
    AccessCard,
    Key,
    Occupancy,
    ReleaseSlip,
    Vehicle,
    Visitor,
)


def keys_of_slips():
    """(id, estate, keys) of every goods-release slip, for `reindex`."""
    rows = ReleaseSlip.objects.order_by("pk").values_list("pk", "estate_id", "number")
    for pk, estate_id, number in rows.iterator(chunk_size=5000):
        yield pk, estate_id, search.keys_of_number(number)


SLIP_PAGE = ("estate", "unit", "person", "issued_by", "released_by", "cancelled_by")


def slip_of_number(estate_id, typed):
    """The slip a guard means: its number in any spelling, or the running digits of the newest that ends so."""
    key = "".join(char for char in search.fold(typed) if char.isalnum())[: search.LONGEST]
    short = (key.lstrip("0") or key) if key.isdecimal() else key  # the last four figures of 000008 are 0008
    keys = SearchKey.objects.filter(
        estate_id=estate_id, key__in={key, short}, subject_kind=ReleaseSlip.SUBJECT,
        kind__in=("number", "number_tail"),
    )  # fmt: skip
    rows = ReleaseSlip.objects.filter(pk__in=keys.values("subject_id"), estate_id=estate_id)
    return rows.select_related(*SLIP_PAGE).order_by("-issued_at", "-pk").first() if key else None


def slip_state(state, valid_until, now):
    """(word, tone) of a slip as it is at `now`; expired is worked out, never stored."""
    if state == ReleaseSlip.State.ISSUED:
        return (_("expired"), "late") if now >= valid_until else (_("valid"), "good")
    return ReleaseSlip.State(state).label, "done" if state == ReleaseSlip.State.RELEASED else "quiet"


def last_minute(until):
    """The last minute of a day that ends at `until`, in the estate's time: 2026-03-13 23:59."""
    return stamp(until - timedelta(minutes=1))


def stamp(moment):
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def units_of_people(person_ids, day):
    """Ids of the units these people are related to on `day`, in order."""
    rows = Occupancy.objects.filter(person_id__in=person_ids).on(day).order_by("unit__sort_key")
    return list(dict.fromkeys(rows.values_list("unit_id", flat=True)))


def keys_of_vehicles():
    """(id, estate, keys) of every vehicle there is or was, for `reindex`."""
    rows = Vehicle.objects.order_by("pk").values_list("pk", "estate_id", "plate")
    for pk, estate_id, plate in rows.iterator(chunk_size=5000):
        yield pk, estate_id, search.keys_of_plate(plate)


# --- the household page ------------------------------------------------------------------------------------

KINDS = (
    cards.Kind(
        "gate", _lazy("Gate"), ("slip.", "visitor.", "vehicle.", "card.", "key."), permission="gate.read",
        icon="shield", subjects=("residents.slip", "residents.key", "residents.vehicle", "residents.card"),
    ),
)  # fmt: skip
MOST = 12  # lines of the card
ORDER = {"slip": 0, "visitor": 1, "key": 2, "vehicle": 3, "card": 4}


# By hand: put together out of five models it cost a fifth of the household page.
_OF_UNIT = """
SELECT 'slip' AS part, id, number AS text, state, agent_name AS note, '' AS extra, valid_until AS at
  FROM residents_releaseslip WHERE unit_id = %(unit)s AND state = 'issued' AND valid_until > %(now)s
UNION ALL
SELECT 'visitor', id, name, purpose, plate, '', in_at
  FROM residents_visitor WHERE unit_id = %(unit)s AND out_at IS NULL
UNION ALL
SELECT 'key', id, tag, state, room, '', (
    SELECT due_at FROM residents_keyloan
    WHERE key_id = residents_key.id AND in_at IS NULL AND lost_at IS NULL ORDER BY out_at DESC, id DESC LIMIT 1)
  FROM residents_key WHERE unit_id = %(unit)s AND ended_on IS NULL
UNION ALL
SELECT 'vehicle', id, plate, kind, colour, (
    SELECT space.code FROM residents_parking parking JOIN office_unit space ON space.id = parking.space_id
    WHERE parking.vehicle_id = residents_vehicle.id AND parking.period @> %(day)s::date
    ORDER BY parking.period DESC LIMIT 1), NULL
  FROM residents_vehicle WHERE unit_id = %(unit)s AND period @> %(day)s::date
UNION ALL
SELECT 'card', card.id, card.number, card.state, person.name, card.kind, NULL
  FROM residents_accesscard card LEFT JOIN residents_person person ON person.id = card.person_id
  WHERE card.unit_id = %(unit)s AND card.returned_on IS NULL
"""


def of_unit(unit, now):
    """What the gate knows of a unit today: slips that are valid, visitors inside, keys, vehicles, cards. One query."""
    day = clocks.local_date(now, unit.estate.zone)
    with connection.cursor() as cursor:
        cursor.execute(_OF_UNIT, {"unit": unit.pk, "now": now, "day": day})
        return sorted(cursor.fetchall(), key=lambda row: (ORDER[row[0]], row[2]))


def card(unit, *, staff, now):
    """Vehicles, cards, keys, and who and what may pass the gate today."""
    if not staff.may("gate.read", unit.estate_id):
        return None
    rows = of_unit(unit, now)
    return cards.Card(
        "gate",
        _lazy("Gate"),
        icon="shield",
        lines=[_line(row, now) for row in rows[:MOST]],
        empty=_lazy("No vehicle, card or key."),
        count=len(rows) or None,
        column=cards.ASIDE,
        position=60,
    )


def _line(row, now):
    kind, pk, text, state, note, extra, at = row
    href = row_address(f"residents:{kind}", pk)
    if kind == "slip":
        said = _("valid until %(at)s") % {"at": last_minute(at)}
        return cards.Line(
            _("Slip %(number)s") % {"number": text},
            href,
            (_("valid"), "good"),
            note=" ".join(filter(None, [note, said])),
        )
    if kind == "visitor":
        said = _("inside since %(at)s") % {"at": stamp(at)}
        return cards.Line(
            _("Visitor %(name)s") % {"name": text}, href, (Visitor.Purpose(state).label, "busy"), note=said
        )
    if kind == "key":
        late = state == Key.State.OUT and at is not None and at <= now
        due = _("due back %(at)s") % {"at": stamp(at)} if at else ""
        tone = "late" if late or state == Key.State.LOST else "busy" if at else "quiet"
        return cards.Line(
            _("Key %(tag)s") % {"tag": text},
            href,
            (Key.State(state).label, tone),
            note=" ".join(filter(None, [note, due])),
        )
    if kind == "vehicle":
        return cards.Line(
            text, href, (Vehicle.Kind(state).label, "quiet"), note=" ".join(filter(None, [note, extra]))
        )
    tone = "quiet" if state == AccessCard.State.ACTIVE else "late"
    said = " ".join(filter(None, [str(AccessCard.Kind(extra).label), note]))
    return cards.Line(text, href, (AccessCard.State(state).label, tone), note=said)


def starts(unit, *, staff):
    """What the desk begins at the gate for this unit."""
    here, found = f"?unit={unit.pk}", []
    if staff.may("gate.slips", unit.estate_id):
        # Translators: 物品放行條
        label = _lazy("Goods-release slip")
        found.append(cards.Start("slip", label, address("residents:slip_new") + here, "package", position=40))
    if staff.may("gate.visitors", unit.estate_id):
        found.append(
            cards.Start(
                "visitor",
                _lazy("Visitor in"),
                address("residents:visitor_new") + here,
                "user-plus",
                position=42,
            )
        )
    if staff.may("gate.vehicles", unit.estate_id):
        found.append(
            cards.Start(
                "vehicle", _lazy("Vehicle"), address("residents:vehicle_new") + here, "car", position=44
            )
        )
        found.append(
            cards.Start("card", _lazy("Access card"), address("residents:card_new") + here, "id", position=46)
        )
    if staff.may("gate.keys", unit.estate_id):
        found.append(
            cards.Start(
                "key", _lazy("Key into keeping"), address("residents:key_new") + here, "key", position=48
            )
        )
    return found


def retention_note(estate):
    """What is said beside the visitors about how long they are kept."""
    return _("Name, telephone and number plate are erased %(days)s days after a visitor has left.") % {
        "days": estate.visitor_days
    }
