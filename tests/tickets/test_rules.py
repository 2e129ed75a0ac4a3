"""The state machine of a ticket (SPEC §4): every state × every move × every role, and the pure rules."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import roles
from tickets import rules
from tickets.models import Ticket, WarrantyPeriod

STATES = list(Ticket.State.values)
EXPECTED = {
    # move: (states it may start from, roles that may make it on any ticket, the technician on an own one)
    "dispatch": ("accepted dispatched waiting", "lead supervisor director", False),
    "schedule": ("accepted dispatched in_progress waiting", "clerk cashier lead supervisor director", False),
    "arrive": ("dispatched waiting", "lead supervisor director", True),
    "wait": ("accepted dispatched in_progress", "lead supervisor director", True),
    "resume": ("waiting", "lead supervisor director", True),
    "finish": ("dispatched in_progress waiting", "lead supervisor director", True),
    "key_slip": ("accepted dispatched in_progress waiting", "clerk cashier lead supervisor director", False),
    "water_test": ("testing", "lead supervisor director", False),
    "call_back": ("done", "clerk cashier supervisor director", False),
    "close_unreachable": ("done", "supervisor director", False),
    "decide_cost": (
        "accepted dispatched in_progress waiting testing done",
        "clerk cashier lead supervisor director",
        False,
    ),
    "quote": ("accepted dispatched in_progress waiting", "clerk cashier lead supervisor director", False),
    "consent": (
        "accepted dispatched in_progress waiting testing done",
        "clerk cashier lead supervisor director",
        False,
    ),
    "charge": ("done", "clerk cashier lead supervisor director", False),
    "ask_time": (
        "accepted dispatched in_progress waiting testing done",
        "clerk cashier lead supervisor director",
        True,
    ),
    "ask_free": (
        "accepted dispatched in_progress waiting testing done",
        "clerk cashier lead supervisor director",
        True,
    ),
    "decide": ("accepted dispatched in_progress waiting testing done", "supervisor director", False),
    "correct": (
        "accepted dispatched in_progress waiting testing done",
        "clerk cashier lead supervisor director",
        False,
    ),
    "cancel": ("accepted dispatched in_progress waiting", "clerk cashier lead supervisor director", False),
    "duplicate": ("accepted dispatched in_progress waiting", "clerk cashier lead supervisor director", False),
    "hand_over": ("accepted dispatched in_progress waiting testing done", "supervisor director", False),
}


def person(role, pk=1):
    """Somebody posted as `role` at estate 1, without a database."""
    permissions = roles.ROLES[role].permissions
    return SimpleNamespace(
        pk=pk, may=lambda permission, estate_id=None: estate_id in (None, 1) and permission in permissions
    )


def ticket(state, technician_id=7, **fields):
    closed = "2026-01-01T00:00Z" if state in ("closed", "cancelled") else None
    values = {
        "cost": "undecided",
        "callback_tries": 3,
        "arrived_at": "2026-01-01T00:00Z",
        "risk": "other",
    } | fields
    return Ticket(estate_id=1, state=state, technician_id=technician_id, closed_at=closed, **values)


def test_no_move_is_forgotten():
    assert set(EXPECTED) == set(rules.MOVES)


def test_every_state_is_reached_and_only_the_ends_are_final():
    reached = {move.to for move in rules.MOVES.values()} | {"accepted", "in_progress", "testing"}
    assert reached - {None} == set(STATES)
    leaves = {state for move in rules.MOVES.values() for state in move.starts}
    assert set(STATES) - leaves == {"closed", "cancelled"}


@pytest.mark.parametrize("move", rules.MOVES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", roles.ROLES)
def test_state_by_move_by_role(move, state, role):
    starts, allowed, _own = EXPECTED[move]
    possible = state in starts.split() and role in allowed.split()
    paid = {"cost": "paid", "agreed_amount": 120, "unit_id": 5} if move == "charge" else {}
    assert (rules.why_not(move, ticket(state, **paid), person(role)) is None) == possible


@pytest.mark.parametrize("move", rules.MOVES)
def test_the_technician_moves_only_own_work(move):
    starts, _allowed, own = EXPECTED[move]
    state = starts.split()[0]
    assert (rules.why_not(move, ticket(state, technician_id=7), person("technician", pk=7)) is None) == own
    assert rules.why_not(move, ticket(state, technician_id=8), person("technician", pk=7)) is not None


@pytest.mark.parametrize("move", rules.MOVES)
def test_another_estate_refuses_everything(move):
    there = ticket(EXPECTED[move][0].split()[0])
    there.estate_id = 2
    assert rules.why_not(move, there, person("director")) is not None


@pytest.mark.parametrize("cost", ["warranty", "free", "public"])
def test_nothing_is_quoted_where_nothing_is_charged(cost):
    assert rules.why_not("quote", ticket("accepted", cost=cost), person("clerk"))
    assert rules.why_not("consent", ticket("accepted", cost=cost), person("clerk"))


@pytest.mark.parametrize(
    ("risk", "stream", "channel", "rule"),
    [
        ("safety", "repair", "phone", "callback_safety"),
        ("leak", "repair", "phone", "callback_leak"),
        ("other", "repair", "counter", "callback_other"),
        ("other", "preventive", "phone", "callback_site"),
        ("leak", "repair", "patrol", "callback_site"),
    ],
)
def test_callback_rule_by_risk_and_origin(risk, stream, channel, rule):
    assert rules.callback_rule(ticket("done", risk=risk, stream=stream, channel=channel)) == rule


DAY = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("days", "enough"),
    [
        ([DAY] * 3, False),
        ([DAY, DAY + timedelta(1)], False),
        ([DAY, DAY, DAY + timedelta(1)], True),
        ([], False),
    ],
)
def test_unreachable_needs_three_tries_on_two_days(days, enough):
    assert rules.unreachable_enough(days) is enough


@pytest.mark.parametrize(
    ("months", "handed_over", "last_day"),
    [
        (60, date(2020, 2, 29), date(2025, 2, 27)),
        (24, date(2024, 1, 31), date(2026, 1, 30)),
        (24, date(2024, 3, 1), date(2026, 2, 28)),
    ],
)
def test_warranty_counts_months_from_the_first_hand_over(months, handed_over, last_day):
    assert rules.warranty_until(handed_over, WarrantyPeriod(months=months)) == last_day


@pytest.mark.parametrize(
    ("handed_over", "last_day"),
    [
        (date(2024, 6, 1), date(2026, 3, 15)),  # two whole winters
        (date(2024, 11, 15), date(2026, 3, 15)),  # handed over on the first day of the season
        (date(2024, 12, 1), date(2027, 3, 15)),  # the winter under way does not count
    ],
)
def test_two_heating_seasons(handed_over, last_day):
    heating = WarrantyPeriod(seasons=2, season_starts="11-15", season_ends="03-15")
    assert rules.warranty_until(handed_over, heating) == last_day


@given(
    st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12)
)
def test_a_season_warranty_covers_its_whole_seasons(handed_over, seasons, start, end):
    period = WarrantyPeriod(seasons=seasons, season_starts=f"{start:02}-01", season_ends=f"{end:02}-28")
    last = rules.warranty_until(handed_over, period)
    assert (last.month, last.day) == (end, 28)
    assert timedelta(0) <= last - handed_over <= timedelta(days=366 * (seasons + 1))


def test_unknown_hand_over_or_part_gives_no_warranty():
    assert rules.warranty_until(None, WarrantyPeriod(months=24)) is None
    assert rules.warranty_until(DAY, None) is None
