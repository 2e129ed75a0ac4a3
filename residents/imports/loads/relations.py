"""Who owns what and lives where: added, never ended. Shares nobody states are divided evenly."""

from decimal import Decimal

from django.utils.translation import gettext as _

from office import journal
from residents.models import Occupancy

WHOLE = Decimal(100)
SHARE = Decimal("0.0001")
OWNERS = 20  # of one unit


def owners_of(run, unit):
    """Everybody who owns the unit as it will stand: [Found of the occupancy]."""
    found = []
    for number in range(1, OWNERS + 1):
        key = f"own|{unit}|{number}"
        run.prime("occupancy", [key], fresh=run.makes("unit", unit))
        one = run.get("occupancy", key)
        if one is None:
            break
        found.append(one)
    return found


def prime_relations(run, pairs):
    """Look up at once what (unit, person) pairs of the register are to one another, and who owns these units."""
    keys = {f"own|{unit}|{number}" for unit, _person in pairs for number in (1, 2, 3)}
    keys |= {f"{unit}|{person}|{role}" for unit, person in pairs if person for role in Occupancy.Role.values}
    run.prime("occupancy", keys)


def _is_fresh(run, unit, person):
    return run.makes("unit", unit) or run.makes("person", person)


def why_not_own(run, unit_code, unit, share):
    """Why somebody new cannot own (this share of) the unit, or None."""
    owners = owners_of(run, unit)
    if not owners or (share is None and all(one.values.get("even") for one in owners)):
        return None  # nobody said a share: it is divided evenly
    taken = sum((Decimal(one.values["share"]) for one in owners), Decimal(0))
    if share is not None and taken + share <= WHOLE:
        return None
    said = {"unit": unit_code, "row": owners[0].row, "taken": f"{taken.normalize():f}"}
    if all(one.row for one in owners):
        return (
            _(
                "Row %(row)s has %(taken)s %% of %(unit)s already. Write the share into every row, together at most 100."
            )
            % said
        )
    return (
        _(
            "%(taken)s %% of %(unit)s belongs to somebody in the register. A change of owner is entered at the unit."
        )
        % said
    )


def is_new_owner(run, unit, person):
    return person is None or all(one.values.get("person_id") != person for one in owners_of(run, unit))


def is_related(run, unit, person):
    """Whether somebody is something at the unit already: a row that does not say what changes nothing."""
    keys = [f"{unit}|{person}|{role}" for role in Occupancy.Role.values]
    run.prime("occupancy", keys, fresh=_is_fresh(run, unit, person))
    day = run.place.today.isoformat()
    found = (run.get("occupancy", key) for key in keys)
    return any(one and (not one.values.get("until") or str(one.values["until"]) > day) for one in found)


def relate(run, row, unit, unit_code, person, role, *, share=None, since=None, until=None, lives_here=None):
    """Stage that the person is something at the unit, unless the register says so already."""
    key = f"{unit}|{person}|{role}"
    run.prime("occupancy", [key], fresh=_is_fresh(run, unit, person))
    found = run.get("occupancy", key)
    since = since or run.place.today
    if found is not None:
        ended = found.values.get("until")
        if not ended or ended > since.isoformat():
            return
    owners = owners_of(run, unit) if role == "owner" else []
    even = role == "owner" and share is None
    values = {
        "estate_id": run.estate.pk, "unit_id": unit, "person_id": person, "role": role,
        "period": f"[{since.isoformat()},{until.isoformat() if until else ''})",
        "share": None, "since": since.isoformat(), "until": until.isoformat() if until else None, "even": even,
    }  # fmt: skip
    if role == "owner":
        values["share"] = share or WHOLE
    if lives_here is not None:
        values["lives_here"] = lives_here
    pk = run.next_id("occupancy")
    data = {"occupancy": pk, "person": person, "role": journal.word("occupancy.role", role),
            "from": since.isoformat(), "until": until.isoformat() if until else None}  # fmt: skip
    verb = "occupancy.started"
    if share is not None and share != WHOLE:
        verb, data["share"] = "occupancy.started_share", f"{share.normalize():f}"
    keys = [key] + ([f"own|{unit}|{len(owners) + 1}"] if role == "owner" else [])
    event = run.event(verb, "unit", unit, unit_code, unit_id=unit, **data)
    run.create("occupancy", row, values, pk=pk, keys=keys, event=event)
    if even and owners and all(one.values.get("even") for one in owners):
        _divide(run, [*owners, run.get("occupancy", keys[-1])])


def _divide(run, owners):
    """Equal shares that add up to the whole: the first take the rest (largest remainder)."""
    each = (WHOLE / len(owners)).quantize(SHARE, rounding="ROUND_DOWN")
    left = int((WHOLE - each * len(owners)) / SHARE)
    for place, one in enumerate(owners):
        run.amend("occupancy", one, {"share": each + (SHARE if place < left else 0)})
