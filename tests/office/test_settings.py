"""Estates and their settings: changing one never rewrites the past."""

from datetime import timedelta

import pytest

from office import clocks, promises, series
from office.actions import estates, settings
from office.admin_forms import ESTATE_FIELDS
from office.models import Estate, Event, Posting, Promise, PromiseRule, Series
from office.refusals import Refused, Stale
from office.versions import mark
from tests.cast import NOW
from tickets.models import Category, PriceItem, WarrantyPeriod

LEAK = "callback_leak"


def change(estate, admin, amount=5, valid_from=NOW, measure="days", now=NOW):
    return settings.change_rule(
        estate=estate, key=LEAK, amount=amount, measure=measure, valid_from=valid_from, by=admin, now=now
    )


def test_the_rule_in_force_at_the_fact_holds(estate, admin):
    change(estate, admin)
    assert promises.rule_at(estate.pk, LEAK, NOW - timedelta(seconds=1)) == (3, "days")
    assert promises.rule_at(estate.pk, LEAK, NOW) == (5, "days")


def test_a_promise_made_before_keeps_its_due_time(estate, admin, clerk):
    class Subject:
        SUBJECT, pk, unit_id = "tickets.ticket", 1, None

    made = promises.make(
        "callback", LEAK, subject=Subject(), fact_at=NOW, now=NOW, owner=clerk, estate=estate
    )
    later = NOW + timedelta(hours=1)
    change(estate, admin, amount=1, valid_from=later, now=later)
    assert Promise.objects.get(pk=made.pk).due_at == made.due_at
    again = promises.make(
        "callback", LEAK, subject=Subject(), fact_at=NOW, now=later, owner=clerk, estate=estate
    )
    assert again.due_at == made.due_at  # keyed late, but the fact is old
    new = promises.make(
        "callback", LEAK, subject=Subject(), fact_at=later, now=later, owner=clerk, estate=estate
    )
    assert new.due_at == clocks.end_of_day(
        clocks.local_date(later, estate.zone) + timedelta(days=1), estate.zone
    )


def test_a_rule_does_not_begin_in_the_past(estate, admin):
    with pytest.raises(Refused):
        change(estate, admin, valid_from=NOW - timedelta(minutes=1))
    assert PromiseRule.objects.filter(estate=estate, key=LEAK).count() == 1


def test_an_announced_rule_may_be_announced_anew(estate, admin):
    start = NOW + timedelta(days=7)
    change(estate, admin, 5, start)
    change(estate, admin, 4, start)
    assert promises.rule_at(estate.pk, LEAK, start) == (4, "days")
    assert Event.objects.filter(verb="rule.changed").count() == 2


def test_a_clock_to_an_agreed_time_has_no_number(estate, admin):
    with pytest.raises(Refused):
        settings.change_rule(
            estate=estate, key="arrival", amount=1, measure="days", valid_from=NOW, by=admin, now=NOW
        )


@pytest.mark.parametrize(
    "fields",
    [{"amount": "0"}, {"amount": "-1"}, {"amount": "1000"}, {"valid_from": "2020-01-01"}, {"measure": "at"}],
)
def test_a_rule_that_cannot_be_is_422(estate, admin, sign_in, fields):
    values = {"amount": 5, "measure": "days", "valid_from": "2099-01-01", **fields}
    assert sign_in(admin).post(f"/office/settings/rules/{LEAK}/", values).status_code == 422
    assert PromiseRule.objects.filter(estate=estate, key=LEAK).count() == 1


def test_a_supervisor_reads_rules_and_changes_none(supervisor, sign_in):
    client = sign_in(supervisor)
    page = client.get(f"/office/settings/rules/{LEAK}/")
    assert (page.status_code, page.context["form"]) == (200, None)
    values = {"amount": 5, "measure": "days", "valid_from": "2099-01-01"}
    assert client.post(f"/office/settings/rules/{LEAK}/", values).status_code == 403
    assert client.get("/office/settings/categories/").status_code == 403
    assert client.get("/office/settings/rules/nonsense/").status_code == 404


def test_a_category_is_changed_and_found_by_its_new_name(estate, admin, sign_in):
    row = Category.objects.get(estate=estate, code="TAP")
    url = f"/office/settings/categories/{row.pk}/"
    client = sign_in(admin)
    version = client.get(url).context["form"]["version"].value()
    values = {
        "code": "TAP",
        "name_zh_hant": "龍頭",
        "name_zh_hans": "龙头",
        "name_en": "faucet",
        "stream": "repair",
        "risk": "other",
        "department": "repair",
        "warranty": row.warranty_id,
        "position": 100,
        "is_active": "on",
        "version": version,
    }
    assert client.post(url, values).status_code == 302
    row.refresh_from_db()
    assert (row.name_en, "lt" in row.search.split()) == ("faucet", True)
    event = Event.objects.get(verb="catalogue.changed")
    assert event.data["old"]["name_en"] == "taps and sanitary ware"
    assert client.post(url, {**values, "name_en": "spigot"}).status_code == 409
    other = WarrantyPeriod.objects.create(
        estate=Estate.objects.create(code="X", name="x"), code="Z", name_zh_hant="z", months=1
    )
    assert client.post(url, {**values, "warranty": other.pk}).status_code == 422


def test_a_code_stands_once(estate, admin, sign_in):
    values = {
        "code": "p-tap",
        "name_zh_hant": "另一個",
        "kind": "part",
        "price": "1",
        "position": 1,
        "is_active": "on",
    }
    client = sign_in(admin)
    assert client.post("/office/settings/prices/new/", values).status_code == 422
    assert client.post("/office/settings/prices/new/", {**values, "code": "p-new"}).status_code == 302
    assert PriceItem.objects.get(estate=estate, code="P-NEW").price == 1


@pytest.mark.parametrize("price", ["-1", "abc", "123456789012", "1.234"])
def test_a_price_that_cannot_be_is_422(estate, admin, sign_in, price):
    values = {
        "code": "NEW",
        "name_zh_hant": "新",
        "kind": "part",
        "price": price,
        "position": 1,
        "is_active": "on",
    }
    assert sign_in(admin).post("/office/settings/prices/new/", values).status_code == 422


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"months": 12}, 302),
        ({"seasons": 2, "season_starts": "11-15", "season_ends": "03-15"}, 302),
        ({}, 422),
        ({"months": 12, "seasons": 2}, 422),
        ({"seasons": 2}, 422),
        ({"seasons": 2, "season_starts": "13-40", "season_ends": "03-15"}, 422),
    ],
)
def test_a_warranty_runs_in_months_or_seasons(estate, admin, sign_in, fields, status):
    values = {"code": "NEW", "name_zh_hant": "新", "position": 1, "is_active": "on", **fields}
    assert sign_in(admin).post("/office/settings/warranties/new/", values).status_code == status


def test_next_year_s_numbers_take_the_pattern_set(estate, admin):
    settings.set_pattern(
        estate=estate, kind="ticket", year=2027, pattern="W{year}-{n:05d}", by=admin, now=NOW
    )
    assert series.take(estate, "ticket", now=NOW) == "R2026-000001"
    assert series.take(estate, "ticket", now=NOW.replace(year=2027)) == "W2027-00001"


def test_a_pattern_in_use_stays(estate, admin):
    series.take(estate, "ticket", now=NOW)
    with pytest.raises(Refused):
        settings.set_pattern(
            estate=estate, kind="ticket", year=2026, pattern="W{year}-{n:05d}", by=admin, now=NOW
        )
    with pytest.raises(Refused):
        settings.set_pattern(
            estate=estate, kind="ticket", year=2030, pattern="W{year}-{n:05d}", by=admin, now=NOW
        )
    assert list(Series.objects.values_list("pattern", "last")) == [("R{year}-{n:06d}", 1)]


def test_two_kinds_do_not_begin_alike(estate, admin, monkeypatch):
    monkeypatch.setitem(series.PATTERNS, "receipt", "A{year}-{n:06d}")
    with pytest.raises(Refused):
        settings.set_pattern(
            estate=estate, kind="ticket", year=2027, pattern="A{year}-{n:05d}", by=admin, now=NOW
        )


@pytest.mark.parametrize("prefix", ["r", "{n}", "A B", "", "ABCDEFGHI", "1"])
def test_a_prefix_that_cannot_be_is_422(estate, admin, sign_in, prefix):
    values = {"kind": "ticket", "year": 2027, "prefix": prefix, "digits": 6}
    assert sign_in(admin).post("/office/settings/numbers/", values).status_code == 422


def test_a_new_estate_is_whole_and_its_maker_administers_it(admin, sign_in, estate):
    values = {
        "code": "new",
        "name": "新小區",
        "language": "zh-hant",
        "paper": "A5",
        "copies": 2,
        "opens_at": "09:00",
        "closes_at": "18:00",
        "quiet_from": "21:00",
        "quiet_to": "08:00",
        "time_zone": "Asia/Hong_Kong",
        "currency": "hkd",
        "country": "hk",
        "repeat_days": 30,
        "recurring_count": 3,
        "slip_days": 1,
        "visitor_days": 90,
        "upkeep_days": 3,
        "certificate_days": 30,
        "certificate_days_last": 7,
        "reading_percent": 100,
    }
    answer = sign_in(admin).post("/office/estates/new/", values)
    made = Estate.objects.get(code="NEW")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/office/estates/{made.pk}/")
    assert (made.currency, made.country, made.is_active) == ("HKD", "HK", True)
    assert Posting.objects.filter(staff=admin, estate=made, role="admin").exists()
    assert Category.objects.filter(estate=made).count() == Category.objects.filter(estate=estate).count()


@pytest.mark.parametrize(
    "fields",
    [
        {"time_zone": "Mars/Olympus"},
        {"closes_at": "08:00"},
        {"copies": 0},
        {"currency": "¥"},
        {"name": ""},
        {"code": "a b"},
    ],
)
def test_an_estate_that_cannot_be_is_422(estate, admin, sign_in, fields):
    page = sign_in(admin).get(f"/office/estates/{estate.pk}/").context["form"]
    values = {name: page[name].value() for name in ESTATE_FIELDS}
    values |= {
        "opens_at": "08:30",
        "closes_at": "17:30",
        "quiet_from": "21:00",
        "quiet_to": "08:00",
        **fields,
    }
    assert sign_in(admin).post(f"/office/estates/{estate.pk}/", values).status_code == 422


def test_an_estate_changed_meanwhile_is_not_overwritten(estate, admin):
    seen = mark(estate, ("phone",))
    estates.change(estate=estate, values={"phone": "1"}, by=admin, now=NOW, version=seen)
    with pytest.raises(Stale):
        estates.change(estate=estate, values={"phone": "2"}, by=admin, now=NOW, version=seen)
    assert Estate.objects.get(pk=estate.pk).phone == "1"


def test_the_change_and_its_line_in_the_journal_are_one(estate, admin, monkeypatch):
    monkeypatch.setattr(estates.journal, "record", lambda *rest, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        estates.change(estate=estate, values={"phone": "1"}, by=admin, now=NOW)
    assert Estate.objects.get(pk=estate.pk).phone == ""
