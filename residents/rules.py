"""What may be true of a household: shares and periods (SPEC §1); what may happen at the gate (SPEC §2)."""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import search
from office.phrases import clauses
from residents.models import AccessCard, Key, Occupancy, ReleaseSlip, SlipRefusal, UnitState

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


# --- the gate ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """`to` None leaves the state as it is."""

    label: object
    starts: tuple
    to: str | None
    permission: str
    icon: str = "arrow-right"
    key: str = ""


S, C, K = ReleaseSlip.State, AccessCard.State, Key.State
SLIP_MOVES = {
    "release": Move(gettext_lazy("Release"), (S.ISSUED,), S.RELEASED, "gate.release", "check"),
    "refuse": Move(gettext_lazy("Refuse"), (S.ISSUED,), None, "gate.release", "x"),
    "cancel": Move(gettext_lazy("Cancel"), (S.ISSUED,), S.CANCELLED, "gate.slips", "x"),
}
CARD_MOVES = {
    "give_back": Move(
        gettext_lazy("Returned"), (C.ACTIVE, C.BLOCKED, C.LOST), C.RETURNED, "gate.vehicles", "arrow-back-up"
    ),
    "lose": Move(gettext_lazy("Lost"), (C.ACTIVE, C.BLOCKED), C.LOST, "gate.vehicles", "alert-triangle"),
    "block": Move(gettext_lazy("Block"), (C.ACTIVE, C.LOST), C.BLOCKED, "gate.vehicles", "lock"),
    "unblock": Move(gettext_lazy("Unblock"), (C.BLOCKED, C.LOST), C.ACTIVE, "gate.vehicles", "check"),
}
KEY_MOVES = {
    "lend": Move(gettext_lazy("Give out"), (K.IN,), K.OUT, "gate.keys", "key", "o"),
    "take_back": Move(pgettext_lazy("key", "Back"), (K.OUT, K.LOST), K.IN, "gate.keys", "arrow-back-up", "b"),
    "lose": Move(pgettext_lazy("key", "Lost"), (K.OUT,), K.LOST, "gate.keys", "alert-triangle"),
    "give_back": Move(gettext_lazy("Give back for good"), (K.IN,), K.GIVEN_BACK, "gate.keys", "logout"),
}  # fmt: skip
# What a guard may say against a slip that is good on paper; only an altered paper ends the slip.
REFUSALS = {
    SlipRefusal.Reason.GOODS: False,
    SlipRefusal.Reason.CAR: False,
    SlipRefusal.Reason.PERSON: False,
    SlipRefusal.Reason.ALTERED: True,
}
LONGEST_SLIP = 30  # days


def why_not(moves, move, row, by):
    """None when `by` may make `move` of `moves` on `row` now, else the reason in one sentence."""
    rule = moves[move]
    if not by.may(rule.permission, row.estate_id):
        return _("Your role does not allow this.")
    if row.state not in rule.starts:
        return _("Not possible while the state is “%(state)s”.") % {"state": row.get_state_display()}
    return None


def worthless(slip, now):
    """(reason, sentence) when the slip lets nothing out any more, else ("", "")."""
    zone = slip.estate.zone

    def said(moment):
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

    if slip.state == S.RELEASED:
        values = {"at": said(slip.released_at), "name": slip.released_by.local_name}
        return SlipRefusal.Reason.USED, _("Released already at %(at)s by %(name)s.") % values
    if slip.state == S.CANCELLED:
        values = {"at": said(slip.cancelled_at), "name": slip.cancelled_by.local_name}
        values["reason"] = slip.cancel_reason
        return SlipRefusal.Reason.CANCELLED, _("Cancelled at %(at)s by %(name)s: %(reason)s") % values
    if now >= slip.valid_until:
        return SlipRefusal.Reason.EXPIRED, _("Expired: valid until %(at)s.") % {"at": said(slip.valid_until)}
    return "", ""


def verdict(slip, *, token, estate_id, now):
    """(reason, sentence) of what is wrong with a slip shown at the gate of `estate_id`; ("", "") for a good one.

    Of a slip whose code is not its own, or of another estate, nothing is told.
    """
    if not hmac.compare_digest(slip.token.encode(), token.encode()):
        return SlipRefusal.Reason.FORGED, _("This code is not genuine. Send the paper to the front desk.")
    if slip.estate_id != estate_id:
        return SlipRefusal.Reason.ELSEWHERE, _(
            "This slip is of another estate, not of the one you are working at."
        )
    return worthless(slip, now)


def why_not_slip(move, slip, by, now):
    """As `why_not`; a slip whose day is over lets nothing happen either."""
    if by.may(SLIP_MOVES[move].permission, slip.estate_id) and (sentence := worthless(slip, now)[1]):
        return sentence
    return why_not(SLIP_MOVES, move, slip, by)


_PLATE = re.compile(r"[^\W_]{2,15}")


def plain_plate(text):
    """A plate as kept and compared: 粵B·12345 and 粤b 12345 are 粤B12345. Empty when it cannot be one."""
    plate = "".join(char for char in search.fold(text) if char.isalnum()).upper()
    return plate if _PLATE.fullmatch(plate) and any(char.isdigit() for char in plate) else ""


def plain_card(text):
    """A card's number as kept: upper case without spaces."""
    return "".join(search.fold(text).upper().split())
