"""Readings out of a workbook (SPEC §6.3, §14): every wrong row is named, the file again changes nothing."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.models import Meter, Reading
from tests import imported
from tests.billing.test_consumption import make_meter
from tests.cast import client_of, make_staff, make_unit

HEAD = ["表號", "抄表日期", "本期讀數"]


@pytest.fixture
def finance(estate):
    return make_staff("finance", (estate, "finance"))


@pytest.fixture
def meters(estate):
    return [make_meter(estate, f"W{n}", unit=make_unit(estate), digits=4) for n in range(2)]


def test_readings_come_in_count_or_are_held_and_go_again(estate, finance, meters):
    rows = [
        ["W0", "2026-02-28", 20],
        ["W0", "2026-01-31", 10],
        ["W1", "2026/1/31", 30],
        ["W1", "2026-02-28", 25],
    ]
    batch = imported.checked(estate, finance, [HEAD, *rows], "readings")
    assert imported.counts(batch) == {"create": 4}, [one.errors for one in batch.rows.all()]
    batch = imported.applied(batch, finance)
    assert batch.state == "applied", batch.job.error
    found = Reading.objects.order_by("meter__serial", "read_on").values_list(
        "state", "consumption", "doubt", "source"
    )
    assert list(found) == [
        ("counted", Decimal(10), "", "import"),
        ("counted", Decimal(10), "", "import"),
        ("counted", Decimal(30), "", "import"),
        ("held", None, "below", "import"),
    ]
    assert imported.counts(imported.checked(estate, finance, [HEAD, *rows], "readings")) == {"unchanged": 4}
    assert imported.rolled_back(batch, finance).state == "rolled_back"
    assert not Reading.objects.filter(state__in=("counted", "held")).exists()


def test_every_wrong_row_is_named_at_its_cell(estate, finance, meters):
    rows = [
        ["W9", "2026-01-31", 10], ["W0", "2999-01-01", 10], ["W0", "2026-01-31", "x"], ["W0", "2026-01-31", 10000],
        ["W1", "2026-01-31", 10], ["W1", "2026-01-31", 11], ["W1", "2025-01-31", 1],
    ]  # fmt: skip
    batch = imported.checked(estate, finance, [HEAD, *rows], "readings")
    assert imported.counts(batch) == {"error": 6, "create": 1}
    columns = [row.errors[0]["column"] if row.errors else "" for row in batch.rows.order_by("number")]
    assert columns == ["serial", "read_on", "value", "value", "", "read_on", "read_on"]


def test_what_stands_on_an_imported_reading_keeps_it(estate, finance, meters):
    first = imported.applied(
        imported.checked(estate, finance, [HEAD, ["W0", "2026-01-31", 10]], "readings"), finance
    )
    imported.applied(imported.checked(estate, finance, [HEAD, ["W0", "2026-02-28", 20]], "readings"), finance)
    assert imported.rolled_back(first, finance).state == "applied"
    assert Reading.objects.get(read_on=date(2026, 1, 31)).state == "counted"


def test_meters_come_in_and_our_own_list_changes_nothing(estate, finance):
    make_unit(estate, "3-2-1201")
    head = ["表號", "類別", "房號", "樓棟", "公攤範圍", "位置", "倍率", "安裝日期"]
    rows = [
        ["W1", "水表", "3-2-1201", "", "", "廚房", "", "2026-01-01"],
        ["E1", "電表", "", "3", "", "電房", 40, "2026-01-01"],
        ["E2", "電表", "9-9-9", "", "", "", "", "2026-01-01"],
        ["E3", "電表", "", "", "", "", "", "2026-01-01"],
    ]
    batch = imported.checked(estate, finance, [head, *rows], "meters")
    assert imported.counts(batch) == {"create": 2, "error": 2}, [one.errors for one in batch.rows.all()]
    batch = imported.applied(batch, finance)
    water, power = Meter.objects.order_by("-serial")
    assert (water.unit.code, water.building.code, water.reach) == ("3-2-1201", "3", "")
    assert (power.reach, power.multiplier, power.building.code) == ("building", 40, "3")
    answer = client_of(finance).post(reverse("billing:meters"), {"export": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    again = imported.checked(estate, finance, text.splitlines(), "meters")
    assert imported.counts(again) == {"unchanged": 2}, [one.errors for one in again.rows.all()]
    assert imported.rolled_back(batch, finance).state == "rolled_back"
    assert not Meter.objects.exists()
