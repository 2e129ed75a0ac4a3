"""What may be true of a household: shares and periods (SPEC §1)."""

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office.phrases import clauses
from residents.models import Occupancy, UnitState

WHOLE = Decimal(100)


def last_day(until):
    """Periods are half-open; people name the last day."""
    return until - timedelta(days=1) if until else None


def period_text(since, until):
    """`2020-01-01 – 2024-03-14`, the last day included; open ends stay open."""
    return (
        f"{since:%Y-%m-%d} – {last_day(until):%Y-%m-%d}"
        if until
        else _("since %(date)s") % {"date": f"{since:%Y-%m-%d}"}
    )


def _overlap(row, since, until):
    return (row.period.upper is None or since < row.period.upper) and (
        until is None or row.period.lower < until
    )


def why_not_occupy(rows, *, person, role, share, since, until):
    """One sentence when this entry cannot stand beside `rows` (all other entries of the unit), else None.

    Owners' shares add up to at most 100 % on every day; nobody has the same role twice at once; a developer is
    sole. `until` is the first day that no longer belongs to the period.
    """
    if until is not None and until <= since:
        return _("The last day lies before the first day.")
    beside = [row for row in rows if row.role == role and _overlap(row, since, until)]
    for row in beside:
        if row.person_id == person.pk:
            return _("%(name)s already is %(role)s here: %(period)s.") % {
                "name": person, "role": row.get_role_display(), "period": period_text(row.period.lower, row.period.upper)
            }  # fmt: skip
        if role == Occupancy.Role.DEVELOPER:
            return _("%(name)s is the developer here: %(period)s. End that period first.") % {
                "name": row.person, "period": period_text(row.period.lower, row.period.upper)
            }  # fmt: skip
    if role != Occupancy.Role.OWNER:
        return None
    if share is None or not 0 < share <= WHOLE:
        return _("An owner's share is more than 0 and at most 100 %.")
    # The sum changes only where a period begins, so those days are all there is to look at.
    for day in sorted({since, *(row.period.lower for row in beside if row.period.lower > since)}):
        owners = [
            row
            for row in beside
            if row.period.lower <= day and (row.period.upper is None or day < row.period.upper)
        ]
        total = sum((row.share for row in owners), Decimal(0))
        if total + share > WHOLE:
            said = clauses(
                f"{row.person} {row.share.normalize():f} %, {period_text(row.period.lower, row.period.upper)}"
                for row in owners
            )
            return _("On %(day)s %(sum)s %% is taken already (%(owners)s). Together it may not pass 100 %%.") % {
                "day": f"{day:%Y-%m-%d}", "sum": f"{total.normalize():f}", "owners": said
            }  # fmt: skip
    return None


# Status of a unit, derived from facts (SPEC §1): word and tone.
STATUS = {
    "unsold": (gettext_lazy("unsold"), "quiet"),
    "custody": (gettext_lazy("in custody"), "wait"),
    "let": (gettext_lazy("let"), "busy"),
    "not_handed_over": (gettext_lazy("not yet handed over"), "new"),
    "occupied": (gettext_lazy("occupied"), "good"),
    "vacant": (gettext_lazy("vacant"), "quiet"),
}


def unit_status(*, states, lived_in, owned, handed_over_on):
    """The word for a unit out of its states of the day, its people and its hand-over; a key of STATUS."""
    for kind in (UnitState.Kind.CUSTODY, UnitState.Kind.UNSOLD, UnitState.Kind.LET):
        if kind in states:
            return kind.value
    if lived_in:
        return "occupied"
    if owned and handed_over_on is None and UnitState.Kind.HANDED_OVER not in states:
        return "not_handed_over"
    return "vacant"
