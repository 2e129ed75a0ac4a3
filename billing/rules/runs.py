"""What may be done with a billing run (SPEC §6.2)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Run
from office import clocks
from office.refusals import Refused

State = Run.State
AHEAD = 1  # months: next month's fees may be posted before it begins


@dataclass(frozen=True)
class Move:
    label: object
    states: tuple
    to: str
    past: str
    icon: str


MOVES = {
    "pause": Move(gettext_lazy("Pause"), (State.POSTING,), State.PAUSED, "paused", "player-pause"),
    "resume": Move(
        gettext_lazy("Go on"), (State.PAUSED, State.POSTING), State.POSTING, "resumed", "player-play"
    ),
    "stop": Move(gettext_lazy("Leave it at this"), (State.PAUSED,), State.CANCELLED, "stopped", "x"),
}


def why_not(move, row, by):
    """None, or the reason in one sentence. `row`: the run, or the estate for "post"."""
    estate_id = row.estate_id if isinstance(row, Run) else row.pk
    if by is not None and not by.may("billing.run", estate_id):
        return _("Your role does not allow this.")
    if move == "post":
        return None
    if row.is_over:
        return _("This run is over.")
    if row.state not in MOVES[move].states:
        if move == "stop":
            return _("Pause it first.")
        return _("This run is paused.")
    if move == "resume" and row.state == State.POSTING and row.job and not row.job.is_over:
        return _("It is being posted.")
    return None


def check(move, row, by):
    if sentence := why_not(move, row, by):
        raise Refused(sentence)


def check_period(period, today):
    """A month whose fees may be posted: not later than the next one."""
    if period.day != 1:
        raise ValueError("a period is the first of its month")
    if period > clocks.add_months(today.replace(day=1), AHEAD):
        raise Refused(_("Fees are posted for a month that has begun, or for the next one."))
