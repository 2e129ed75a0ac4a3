"""Which move a complaint allows whom in which state, and when a promise falls due after a re-classing (SPEC §5.2, §5.3)."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import clocks, roles
from office.models.promises import Measure
from tests.cast import NOW, ZONE
from tests.tickets.complaints import DAY, HOUR, local
from tickets import complaints as rules
from tickets.models import Complaint

CLASSES = list(Complaint.Klass.values)
NUMBERS = {
    "complaint_forward_major": (0, Measure.SAME_DAY), "complaint_forward_important": (1, Measure.HOURS),
    "complaint_answer": (2, Measure.DAYS), "complaint_solve_major": (10, Measure.DAYS),
    "complaint_solve_important": (3, Measure.DAYS), "complaint_solve_minor": (2, Measure.DAYS),
    "complaint_late_hour": (1, Measure.HOURS), "complaint_late_day": (0, Measure.SAME_DAY),
}  # fmt: skip
CLOSES = NOW.time().replace(hour=18)
# Four years, with 29 February and every month's end in them.
moments = st.integers(0, 4 * 365 * 24 * 3600).map(
    lambda n: local(27, month=2, year=2024) + timedelta(seconds=n)
)


def due(rule, fact):
    amount, measure = NUMBERS[rule]
    return clocks.limit(fact_at=fact, amount=amount, measure=measure, zone=ZONE, closes_at=CLOSES).due_at


@given(received=moments, later=st.integers(0, 30 * 24 * 3600), klass=st.sampled_from(CLASSES))
def test_a_reclassed_promise_is_never_due_in_the_past_nor_later_than_it_would_have_been_by_more_than_its_grace(
    received, later, klass
):
    """Due as if it had always been of this class, or within the hour or the day of the re-classing, never both."""
    reclassed = received + timedelta(seconds=later)
    for rule in rules.CLASS_RULES[klass].values():
        amount, measure = NUMBERS[rule]
        key, fact = rules.after_reclassing(
            rule, amount=amount, measure=measure, fact_at=received, reclassed_at=reclassed, zone=ZONE, closes_at=CLOSES
        )  # fmt: skip
        always = due(rule, received)
        if always > reclassed:
            assert (key, fact) == (rule, received)
        else:
            assert fact == reclassed
            assert key == ("complaint_late_hour" if measure == Measure.HOURS else "complaint_late_day")
            assert reclassed < due(key, fact) <= reclassed + DAY
            assert measure != Measure.HOURS or due(key, fact) == reclassed + HOUR


def test_no_move_is_forgotten():
    assert set(EXPECTED) == set(rules.MOVES)


ALL = "clerk cashier lead supervisor director finance"
DESK = "clerk cashier supervisor director"
OPEN = "received handling reported told"
EXPECTED = {
    # move: (states it may start from, roles that may make it on any complaint, guards and technicians on an own one)
    "acknowledge": (OPEN, ALL + " guard technician", True),
    "reclass": (OPEN, DESK, False),
    "route": ("received handling", ALL, False),
    "contact": ("received handling", ALL, True),
    "stop_harm": ("received handling", ALL, True),
    "act": ("received handling", ALL, True),
    "meet": ("received handling", ALL, True),
    "propose": ("received handling", ALL, True),
    "decide_remedy": (OPEN, ALL, True),
    "tell_reason": ("received handling", ALL, True),
    "report_up": ("received handling", ALL, True),
    "answer": ("received handling", ALL, True),
    "report": ("handling", ALL, True),
    "tell": ("reported", DESK, False),
    "call_back": ("told", DESK, False),
    "close_unreachable": ("reported told", "supervisor director", False),
    "calm_down": (OPEN, ALL, False),
    "withdraw": (OPEN, DESK, False),
    "link_ticket": (OPEN, DESK, False),
    "extend": (OPEN, "supervisor director", False),
    "correct": (OPEN, DESK, False),
    "hand_over": (OPEN, "supervisor director", False),
}


def person(role, pk=1):
    """Somebody posted as `role` at estate 1, without a database."""
    permissions = roles.ROLES[role].permissions
    return SimpleNamespace(
        pk=pk, may=lambda permission, estate_id=None: estate_id in (None, 1) and permission in permissions
    )


def a_complaint(state, move="", handler_id=7, **fields):
    """One in `state` in which nothing but state and role decides."""
    values = {
        "contacted_at": NOW,
        "tries": 3,
        "harm_now": move == "stop_harm",
        "klass": "major",
        "owner_id": 1,
        "forward_to_id": 1,
        "closed_at": NOW if state in ("closed", "withdrawn") else None,
    } | fields
    return Complaint(estate_id=1, state=state, handler_id=handler_id, **values)


@pytest.mark.parametrize("move", rules.MOVES)
def test_state_by_move_by_role(move):
    starts, allowed, _own = EXPECTED[move]
    for state in Complaint.State.values:
        for role in roles.ROLES:
            possible = state in starts.split() and role in allowed.split()
            assert (rules.why_not(move, a_complaint(state, move), person(role)) is None) == possible, (
                state,
                role,
            )


@pytest.mark.parametrize("move", [name for name in rules.MOVES if name != "acknowledge"])
def test_guards_and_technicians_move_only_what_they_are_responsible_for(move):
    starts, _allowed, own = EXPECTED[move]
    state = starts.split()[0]
    for role in ("guard", "technician"):
        mine = rules.why_not(move, a_complaint(state, move, handler_id=7), person(role, pk=7))
        assert (mine is None) == own
        assert rules.why_not(move, a_complaint(state, move, handler_id=8), person(role, pk=7)) is not None


@pytest.mark.parametrize("move", rules.MOVES)
def test_another_estate_refuses_everything(move):
    there = a_complaint(EXPECTED[move][0].split()[0], move)
    there.estate_id = 2
    assert rules.why_not(move, there, person("director")) is not None
