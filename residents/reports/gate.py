"""The gate, read over many rows: slips, and what stands at the gate for a unit."""

from datetime import timedelta

from django.db.models import CharField, DateTimeField, F, OuterRef, Subquery, Value
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from office import cards, clocks, search
from office.models import SearchKey
from residents.models import (
    AccessCard,
    Key,
    KeyLoan,
    Occupancy,
    Parking,
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
    keys = SearchKey.objects.filter(
        estate_id=estate_id, key=key, subject_kind=ReleaseSlip.SUBJECT, kind__in=("number", "number_tail")
    )
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


def _part(rows, kind, text, state, note, extra, at):
    """One kind's share of the card's single query."""
    texts = {"text": text, "state_now": state, "note_now": note, "extra": extra}
    shown = {
        name: Cast(value, CharField()) if not isinstance(value, str) else Cast(F(value), CharField())
        for name, value in texts.items()
    }
    moment = Cast(F(at) if at else Value(None), DateTimeField())
    return (
        rows.order_by()
        .annotate(part=Value(kind, CharField()), at_now=moment, **shown)
        .values_list("part", "pk", "text", "state_now", "note_now", "extra", "at_now")
    )


def of_unit(unit, now):
    """What the gate knows of a unit today: slips that are valid, visitors inside, keys, vehicles, cards. One query."""
    day, nothing = clocks.local_date(now, unit.estate.zone), Value("")
    here = Parking.objects.filter(vehicle=OuterRef("pk"), period__contains=day).values("space__code")[:1]
    out = KeyLoan.objects.filter(key=OuterRef("pk"), in_at__isnull=True, lost_at__isnull=True)
    parts = [
        _part(
            ReleaseSlip.objects.filter(unit=unit, state="issued", valid_until__gt=now),
            "slip", "number", "state", "agent_name", nothing, "valid_until",
        ),
        _part(
            Visitor.objects.filter(unit=unit).inside(), "visitor", "name", "purpose", "plate", nothing, "in_at"
        ),
        _part(
            Key.objects.filter(unit=unit, ended_on__isnull=True).annotate(due=Subquery(out.values("due_at")[:1])),
            "key", "tag", "state", "room", nothing, "due",
        ),
        _part(
            Vehicle.objects.filter(unit=unit).on(day).annotate(space=Subquery(here)),
            "vehicle", "plate", "kind", "colour", "space", None,
        ),
        _part(
            AccessCard.objects.filter(unit=unit, returned_on__isnull=True), "card", "number", "state", "person__name",
            "kind", None,
        ),
    ]  # fmt: skip
    first, *others = parts
    rows = first.union(*others, all=True)
    return sorted(rows, key=lambda row: (ORDER[row[0]], row[2]))


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
    href = reverse(f"residents:{kind}", args=[pk])
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
        found.append(cards.Start("slip", label, reverse("residents:slip_new") + here, "package", position=40))
    if staff.may("gate.visitors", unit.estate_id):
        found.append(
            cards.Start(
                "visitor",
                _lazy("Visitor in"),
                reverse("residents:visitor_new") + here,
                "user-plus",
                position=42,
            )
        )
    if staff.may("gate.vehicles", unit.estate_id):
        found.append(
            cards.Start(
                "vehicle", _lazy("Vehicle"), reverse("residents:vehicle_new") + here, "car", position=44
            )
        )
        found.append(
            cards.Start("card", _lazy("Access card"), reverse("residents:card_new") + here, "id", position=46)
        )
    if staff.may("gate.keys", unit.estate_id):
        found.append(
            cards.Start(
                "key", _lazy("Key into keeping"), reverse("residents:key_new") + here, "key", position=48
            )
        )
    return found


def retention_note(estate):
    """What is said beside the visitors about how long they are kept."""
    return _("Name, telephone and number plate are erased %(days)s days after a visitor has left.") % {
        "days": estate.visitor_days
    }
