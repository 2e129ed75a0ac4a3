"""The register of the equipment out of a workbook; our own list changes nothing (SPEC §4.7, §14)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office.models import Building, Promise
from tests import imported
from tests.cast import client_of, make_estate, make_staff
from tickets import actions
from tickets.models import Asset

HEAD = [
    "設備編號", "設備名稱", "類別", "樓棟", "位置", "品牌型號", "出廠編號", "安裝日期", "維保單位", "年檢有效期",
]  # fmt: skip
UNTIL = date(2099, 6, 30)


@pytest.fixture
def estate(db):
    estate = make_estate()
    Building.objects.create(estate=estate, code="3", name="三號樓", sort_key="3")
    return estate


@pytest.fixture
def admin(estate):
    return make_staff("admin", (estate, "admin"))


def row(code="LIFT-3-1", name="三號樓電梯", kind="電梯", building="三號樓", place="1 單元", maker="通力 MonoSpace", serial="T201900731",
        installed="2019-05-20", contractor="申通電梯", until=UNTIL):  # fmt: skip
    return [code, name, kind, building, place, maker, serial, installed, contractor, until]


def test_facilities_come_in_and_go_again(estate, admin):
    lead = make_staff("lead", (estate, "lead"))
    rows = [row(), row("FIRE-9", "消火栓", "fire", "", "地庫", "", "", "", "", "")]
    batch = imported.checked(estate, admin, [HEAD, *rows], "equipment")
    assert imported.counts(batch) == {"create": 2}, [one.errors for one in batch.rows.all()]
    batch = imported.applied(batch, admin)
    assert batch.state == "applied", batch.job.error
    lift, fire = Asset.objects.order_by("-code")
    assert (lift.kind, lift.building.code, lift.installed_on) == ("lift", "3", date(2019, 5, 20))
    assert (lift.serial, lift.contractor, lift.certificate_until) == ("T201900731", "申通電梯", UNTIL)
    assert (fire.kind, fire.building, fire.in_service) == ("fire", None, True)
    owed = Promise.objects.get(kind="certificate")
    assert (owed.subject_id, owed.owner) == (lift.pk, lead)
    assert owed.due_at.astimezone(estate.zone).date() == UNTIL + timedelta(days=1)
    assert imported.counts(imported.checked(estate, admin, [HEAD, *rows], "equipment")) == {"unchanged": 2}
    changed = [row(contractor="新維保公司"), row("FIRE-9", "消火栓", "fire", until=UNTIL)]
    again = imported.applied(imported.checked(estate, admin, [HEAD, *changed], "equipment"), admin)
    assert imported.counts(again) == {"update": 2}
    assert Promise.objects.filter(kind="certificate").open().count() == 2
    imported.rolled_back(again, admin)
    assert Promise.objects.filter(kind="certificate").count() == 1
    assert imported.rolled_back(batch, admin).state == "rolled_back"
    assert not Asset.objects.exists() and not Promise.objects.exists()


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"name": ""}, "name"),
        ({"kind": "太空船"}, "kind"),
        ({"building": "99"}, "building"),
        ({"installed": "2999-01-01"}, "installed_on"),
        ({"until": "05.03.2027"}, "certificate_until"),
    ],
)
def test_what_cannot_be_is_said_at_its_cell(estate, admin, changes, column):
    batch = imported.checked(estate, admin, [HEAD, row(**changes)], "equipment")
    assert imported.counts(batch) == {"error": 1}
    assert column in {error["column"] for error in batch.rows.get().errors}


def test_a_certificate_is_renewed_at_its_facility(estate, admin):
    """There the next one keeps the promise of the last; a file would replace it in silence."""
    imported.applied(imported.checked(estate, admin, [HEAD, row()], "equipment"), admin)
    batch = imported.checked(
        estate, admin, [HEAD, row(until=UNTIL + timedelta(days=365)), row("A"), row("A")], "equipment"
    )
    assert imported.counts(batch) == {"error": 2, "create": 1}


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_our_own_list_of_facilities_comes_in_again_and_changes_nothing(estate, admin, language):
    lead = make_staff("lead", (estate, "lead"))
    director = make_staff("director", (estate, "director"), language=language)
    values = {
        "code": "LIFT-3-1", "name_zh_hant": "三號樓電梯", "name_zh_hans": "三号楼电梯", "name_en": "Lift of building 3",
        "kind": "lift", "building": Building.objects.get(), "place": "1 單元", "maker": "通力", "serial": "00731",
        "installed_on": date(2019, 5, 20), "contractor": "申通電梯", "certificate_until": UNTIL,
    }  # fmt: skip
    now = timezone.now()
    actions.save_asset(estate=estate, values=values, by=lead, now=now)
    bare = {"code": "DRAIN-1", "name_zh_hant": "排污泵", "kind": "drain"}
    actions.save_asset(estate=estate, values=bare, by=lead, now=now)
    answer = client_of(director).post(reverse("tickets:assets"), {"export": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    batch = imported.checked(estate, admin, text.splitlines(), "equipment")
    assert (imported.counts(batch), [one.errors for one in batch.rows.all() if one.errors]) == (
        {"unchanged": 2},
        [],
    )
