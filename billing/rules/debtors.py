"""Who pays a unit's fee on a day (SPEC §3.8, 6.2). Pure functions: the billing run does the same in SQL.

Before the fee start, and while nobody owns the unit, the developer. Afterwards who is named to pay that fee, else who
is named to pay all of them, else the owner: the largest share, then who has owned longest, then the lowest row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


def fee_start(unit):
    """The first day the owner pays (SPEC §3.8): the day the unit was handed over; None while it was not, or nobody knows."""
    return unit.handed_over_on


@dataclass(frozen=True)
class Holder:
    """A person in a role of a unit for a period, half-open: owner with share, developer, or named payer."""

    person: int
    from_on: date
    until_on: date | None = None
    share: object = 0
    row: int = 0

    @classmethod
    def of(cls, row, share=0):
        """Of an `Occupancy` or a `Payer`."""
        return cls(row.person_id, row.period.lower, row.period.upper, share, row.pk)

    def on(self, day):
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


@dataclass(frozen=True)
class Facts:
    """What is known of a unit's payers; `named` for the item asked about, `named_for_all` for every item."""

    fee_start: date | None
    owners: Sequence[Holder] = ()
    developers: Sequence[Holder] = ()
    named: Sequence[Holder] = ()
    named_for_all: Sequence[Holder] = ()


def payer_on(day, facts: Facts) -> int | None:
    """The person who pays for `day`; None when the unit's records name nobody: the run lists it as an oddity.

    Without a day of handing over the developer pays as long as the records name one; old estates, whose rosters know
    neither, charge their owners.
    """
    developer = _first(facts.developers, day)
    if facts.fee_start is not None and day < facts.fee_start:
        return developer
    if facts.fee_start is None and developer is not None:
        return developer
    owner = _first(sorted(facts.owners, key=lambda one: (-one.share, one.from_on, one.row)), day)
    if owner is None:
        return developer
    return _first(facts.named, day) or _first(facts.named_for_all, day) or owner


def _first(holders, day):
    return next((holder.person for holder in holders if holder.on(day)), None)


# --- which standard fits a unit -----------------------------------------------------------------------------------


def fits(standard, unit):
    """A standard fits where everything it names is the unit's."""
    return (
        standard.building_id in (None, unit.building_id)
        and standard.use in ("", unit.use)
        and standard.unit_kind in ("", unit.kind)
    )


def narrowness(standard):
    """The narrowest wins: building, then use, then kind of unit."""
    return standard.building_id is not None, standard.use != "", standard.unit_kind != ""


def standard_on(day, standards, unit):
    """The one of an item's `standards` that holds for `unit` on `day`, or None."""
    holding = [one for one in standards if fits(one, unit) and _holds(one.period, day)]
    return max(holding, key=narrowness, default=None)


def percent_on(day, adjustments):
    """The percentage a unit pays on `day`, or None: all of it."""
    return next((one.percent for one in adjustments if _holds(one.period, day)), None)


def _holds(period, day):
    return period.lower <= day and (period.upper is None or day < period.upper)
