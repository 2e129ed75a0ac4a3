"""What may happen to a ticket (SPEC §4). One dict of moves is the machine and its documentation.

`why_not` answers None or one translated sentence: the action refuses with it, the page shows the same sentence
on the disabled button.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import clocks
from office.money import round_half_up
from tickets.models import Category, Ticket

S = Ticket.State
OPEN = (S.ACCEPTED, S.DISPATCHED, S.IN_PROGRESS, S.WAITING, S.TESTING, S.DONE)
BEFORE_END = (S.ACCEPTED, S.DISPATCHED, S.IN_PROGRESS, S.WAITING)

# A state's tone, wherever it is shown as a badge (office/templatetags/ui.py TONES).
TONES: dict[str, str] = {
    S.ACCEPTED: "new",
    S.DISPATCHED: "new",
    S.IN_PROGRESS: "busy",
    S.WAITING: "wait",
    S.TESTING: "today",
    S.DONE: "today",
    S.CLOSED: "done",
    S.CANCELLED: "quiet",
}

UNREACHABLE_TRIES = 3  # SPEC §4.4: 3 failed tries …
UNREACHABLE_DAYS = 2  # … on 2 different days


@dataclass(frozen=True)
class Move:
    """`to` None leaves the state as it is. `own` is the permission that suffices on one's own work orders."""

    label: object
    starts: tuple
    to: str | None
    permission: str
    own: str = ""
    icon: str = "arrow-right"
    key: str = ""


MOVES = {
    "dispatch": Move(gettext_lazy("Dispatch"), (S.ACCEPTED, S.DISPATCHED, S.WAITING), S.DISPATCHED, "tickets.dispatch", icon="send", key="d"),
    "schedule": Move(gettext_lazy("Agree window"), BEFORE_END, None, "tickets.schedule", icon="calendar"),
    "arrive": Move(pgettext_lazy("move", "Arrived"), (S.DISPATCHED, S.WAITING), S.IN_PROGRESS, "tickets.work", "tickets.work_own", "map-pin", "a"),
    "wait": Move(gettext_lazy("Wait for …"), (S.ACCEPTED, S.DISPATCHED, S.IN_PROGRESS), S.WAITING, "tickets.work", "tickets.work_own", "clock-pause", "w"),
    "resume": Move(gettext_lazy("Go on"), (S.WAITING,), S.ACCEPTED, "tickets.work", "tickets.work_own", "player-play"),
    "finish": Move(pgettext_lazy("move", "Work ended"), (S.DISPATCHED, S.IN_PROGRESS, S.WAITING), S.DONE, "tickets.work", "tickets.work_own", "check", "f"),
    "key_slip": Move(gettext_lazy("Key in slip"), BEFORE_END, S.DONE, "tickets.slips", icon="keyboard"),
    "water_test": Move(gettext_lazy("Water test"), (S.TESTING,), S.DONE, "tickets.water_test", icon="droplet", key="t"),
    "call_back": Move(gettext_lazy("Callback"), (S.DONE,), S.CLOSED, "tickets.callback", icon="phone", key="b"),
    "close_unreachable": Move(gettext_lazy("Close as not reachable"), (S.DONE,), S.CLOSED, "tickets.unreachable", icon="phone-off"),
    "decide_cost": Move(gettext_lazy("Who pays"), OPEN, None, "tickets.quote", icon="scale"),
    "quote": Move(gettext_lazy("Quotation"), BEFORE_END, None, "tickets.quote", icon="receipt"),
    "consent": Move(gettext_lazy("Consent"), OPEN, None, "tickets.quote", icon="signature"),
    "charge": Move(gettext_lazy("Charge it"), (S.DONE,), None, "tickets.quote", icon="cash"),
    "ask_time": Move(gettext_lazy("Ask for more time"), OPEN, None, "tickets.ask", "tickets.ask_own", "hourglass"),
    "ask_free": Move(gettext_lazy("Ask for free work"), OPEN, None, "tickets.ask", "tickets.ask_own", "heart-handshake"),
    "decide": Move(gettext_lazy("Decide request"), OPEN, None, "tickets.approve", icon="scale"),
    "correct": Move(gettext_lazy("Edit"), OPEN, None, "tickets.intake", icon="edit", key="e"),
    "cancel": Move(gettext_lazy("Cancel"), BEFORE_END, S.CANCELLED, "tickets.intake", icon="x"),
    "duplicate": Move(gettext_lazy("Duplicate"), BEFORE_END, S.CANCELLED, "tickets.intake", icon="copy"),
    "hand_over": Move(gettext_lazy("Hand over"), OPEN, None, "tickets.hand_over", icon="users"),
}  # fmt: skip


def is_own(ticket, staff):
    return ticket.technician_id is not None and ticket.technician_id == staff.pk


def is_of_the_crew(ticket, staff):
    """Whether `staff` went for any work order of the ticket, the earlier ones of a rework included."""
    if is_own(ticket, staff):
        return True
    if ticket.pk is None:
        return False
    if ticket.crew is not None:  # the page has read them already
        return staff.pk in ticket.crew
    return ticket.work_orders.filter(technician_id=staff.pk).exists()


def crew_calls_nobody_back():
    return _("The technician of the job never makes its callback.")


def may(move, ticket, by):
    """Role and estate only."""
    rule = MOVES[move]
    if by.may(rule.permission, ticket.estate_id):
        return True
    return bool(rule.own) and is_own(ticket, by) and by.may(rule.own, ticket.estate_id)


def why_not(move, ticket, by):
    """None when `by` may make `move` on `ticket` now, else the reason in one sentence.

    Reads `ticket` only, but for a callback also who went for its work orders.
    """
    rule = MOVES[move]
    if not may(move, ticket, by):
        if rule.own and by.may(rule.own, ticket.estate_id):
            return _("Only the technician of this work order may do this.")
        return _("Your role does not allow this.")
    if ticket.state not in rule.starts:
        if not ticket.is_open:
            return _("This ticket is ended.")
        return _("Not possible while the ticket is “%(state)s”.") % {"state": S(ticket.state).label}
    if move in ("arrive", "finish") and ticket.technician_id is None:
        return _("Dispatch it to a technician first.")
    if move == "finish" and ticket.state == S.WAITING and ticket.arrived_at is None:
        return _("Nobody has arrived yet: let the repair go on first.")
    if move == "call_back" and is_of_the_crew(ticket, by):
        return crew_calls_nobody_back()
    if move == "close_unreachable" and ticket.callback_tries < UNREACHABLE_TRIES:
        return _("Only after %(tries)s tries on %(days)s different days.") % {
            "tries": UNREACHABLE_TRIES,
            "days": UNREACHABLE_DAYS,
        }
    if move in ("quote", "consent") and ticket.cost in (
        Ticket.Cost.WARRANTY,
        Ticket.Cost.FREE,
        Ticket.Cost.PUBLIC,
    ):
        return _("Nothing is charged for this repair: %(cost)s.") % {"cost": Ticket.Cost(ticket.cost).label}
    if move == "charge" and not is_chargeable(ticket):
        return _("There is nothing to charge for this repair.")
    if move == "ask_free" and ticket.cost not in (Ticket.Cost.PAID, Ticket.Cost.UNDECIDED):
        return _("Nothing is charged for this repair: %(cost)s.") % {"cost": Ticket.Cost(ticket.cost).label}
    return None


# --- promises ----------------------------------------------------------------------------------------------


def callback_rule(ticket):
    """Which number of SPEC §4.4 the callback of this ticket counts by."""
    if ticket.checked_on_site:
        return "callback_site"
    return f"callback_{ticket.risk}"


def unreachable_enough(tried_days):
    """`tried_days`: the local date of each failed try since the last completion."""
    return len(tried_days) >= UNREACHABLE_TRIES and len(set(tried_days)) >= UNREACHABLE_DAYS


# --- who pays ----------------------------------------------------------------------------------------------


def warranty_until(handed_over_on, period):
    """Last day within warranty of a part with WarrantyPeriod `period`; None when unknown (SPEC §4.1).

    Months count from the first hand-over; seasons are whole ones that begin on or after it.
    """
    if handed_over_on is None or period is None:
        return None
    if period.months is not None:
        return clocks.add_months(handed_over_on, period.months) - timedelta(days=1)
    starts, ends = period.season_starts or "01-01", period.season_ends or "12-31"
    year = (
        handed_over_on.year
        if _in_year(handed_over_on.year, starts) >= handed_over_on
        else handed_over_on.year + 1
    )
    last = year + period.seasons - 1
    return _in_year(last + (1 if ends < starts else 0), ends)


def _in_year(year, month_day):
    month, day = (int(part) for part in month_day.split("-"))
    return date(year, month, day) if (month, day) != (2, 29) else clocks.add_months(date(year, 1, 29), 1)


def cost_at_intake(*, unit, category, today):
    """(cost, warranty_until): within warranty, paid, public, or undecided where the hand-over date is unknown."""
    if unit is None:
        return Ticket.Cost.PUBLIC, None
    if category.stream in (Category.Stream.SERVICE,):
        return Ticket.Cost.PAID, None
    if category.stream in (Category.Stream.HELP, Category.Stream.PREVENTIVE):
        return Ticket.Cost.PUBLIC, None
    until = warranty_until(unit.handed_over_on, category.warranty)
    if until is None:
        return Ticket.Cost.UNDECIDED, None
    return (Ticket.Cost.WARRANTY if today <= until else Ticket.Cost.PAID), until


def is_chargeable(ticket):
    """Paid work at a unit whose resident agreed to an amount is charged when it is done (SPEC §4.1)."""
    return bool(ticket.cost == Ticket.Cost.PAID and ticket.agreed_amount and ticket.unit_id)


def needs_amount(ticket):
    """Work on this ticket cannot end before the resident has agreed to an amount (SPEC §4.1)."""
    return ticket.cost in (Ticket.Cost.PAID, Ticket.Cost.UNDECIDED) and ticket.agreed_amount is None


def line_amount(quantity, price):
    return round_half_up(Decimal(quantity) * Decimal(price))


def why_not_unmade(order):
    """Paper that left the printer stays on file: a work order with a number somebody holds is not taken back."""
    if order.printed_at is None:
        return None
    return _("Work order %(number)s is already printed; it can no longer be taken back.") % {
        "number": order.number
    }
