"""Who pays on a day, and by which standard (SPEC §3.8, 6.1, 6.2)."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from billing.rules import debtors
from billing.rules.debtors import Facts, Holder

DEVELOPER, OWNER, PARTNER, TENANT, FIRM = 1, 2, 3, 4, 5
START = date(2026, 3, 10)
BEFORE, LATER = date(2026, 3, 9), date(2026, 6, 1)


def held(person, since=date(2020, 1, 1), until=None, share=100, row=1):
    return Holder(person, since, until, Decimal(share), row)


def facts(fee_start=START, **known):
    return Facts(fee_start, **{name: tuple(holders) for name, holders in known.items()})


def test_the_developer_pays_before_the_fee_start_and_the_owner_from_its_day_on():
    known = facts(developers=[held(DEVELOPER)], owners=[held(OWNER)], named=[held(TENANT)])
    assert debtors.payer_on(BEFORE, known) == DEVELOPER
    assert debtors.payer_on(START, facts(developers=[held(DEVELOPER)], owners=[held(OWNER)])) == OWNER


def test_the_developer_pays_while_nobody_owns_the_unit():
    known = facts(developers=[held(DEVELOPER)], owners=[held(OWNER, since=LATER)], named_for_all=[held(FIRM)])
    assert debtors.payer_on(START, known) == DEVELOPER


def test_who_is_named_for_the_fee_goes_before_who_is_named_for_all():
    known = facts(owners=[held(OWNER)], named=[held(TENANT, until=LATER)], named_for_all=[held(FIRM)])
    assert debtors.payer_on(START, known) == TENANT
    assert debtors.payer_on(LATER, known) == FIRM
    assert debtors.payer_on(LATER, facts(owners=[held(OWNER)])) == OWNER


@pytest.mark.parametrize(
    "owners",
    [
        [held(PARTNER, share=49), held(OWNER, share=51, row=9)],
        [held(PARTNER, share=50, since=date(2021, 1, 1)), held(OWNER, share=50, row=9)],
        [held(PARTNER, share=50, row=8), held(OWNER, share=50, row=7)],
        [held(PARTNER, until=START), held(OWNER, share=1, since=START)],
    ],
    ids=["largest share", "longest", "lowest row", "in force"],
)
def test_one_owner_answers_for_all(owners):
    assert debtors.payer_on(START, facts(owners=owners)) == OWNER


def test_without_a_hand_over_the_developer_pays_as_long_as_there_is_one():
    known = facts(None, developers=[held(DEVELOPER, until=LATER)], owners=[held(OWNER)])
    assert debtors.payer_on(START, known) == DEVELOPER
    assert debtors.payer_on(LATER, known) == OWNER


def test_nobody_pays_where_the_records_name_nobody():
    assert debtors.payer_on(START, facts()) is None
    assert debtors.payer_on(BEFORE, facts(owners=[held(OWNER)])) is None
    assert debtors.payer_on(START, facts(named=[held(TENANT)])) is None


# --- which standard ------------------------------------------------------------------------------------------------


def standard(name, building=None, use="", kind="", since=date(2020, 1, 1), until=None):
    period = SimpleNamespace(lower=since, upper=until)
    return SimpleNamespace(name=name, building_id=building, use=use, unit_kind=kind, period=period)


GENERAL, FLATS = standard("general"), standard("flats", kind="flat")
HOMES, NINE = standard("homes", use="residential"), standard("nine", building=9)
ALL = [NINE, HOMES, GENERAL, FLATS]


def unit(building=3, use="", kind="flat"):
    return SimpleNamespace(building_id=building, use=use, kind=kind)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (unit(kind="shop"), "general"),
        (unit(), "flats"),
        (unit(use="residential"), "homes"),
        (unit(building=9, use="residential"), "nine"),
        (unit(building=9, kind="shop"), "nine"),
    ],
)
def test_the_narrowest_standard_that_fits_wins(where, found):
    assert debtors.standard_on(START, ALL, where).name == found


def test_a_standard_holds_for_its_days_only():
    old, new = standard("old", until=START), standard("new", since=START)
    assert debtors.standard_on(BEFORE, [old, new], unit()) is old
    assert debtors.standard_on(START, [old, new], unit()) is new
    assert debtors.standard_on(date(2019, 12, 31), [old, new], unit()) is None
    assert debtors.standard_on(START, [HOMES], unit()) is None
