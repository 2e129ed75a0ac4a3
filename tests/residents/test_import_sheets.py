"""The register's sheets from file to register: the HC workbook, plain rosters, and our own exports again."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from office import search
from office.imports import intake
from office.imports.sheets import SHEETS
from office.models import Building, Event, Section, Unit
from residents import actions
from residents.models import Occupancy, Person, Phone, Vehicle
from tests import imported, workbooks
from tests.cast import client_of, make_building, make_estate, make_staff, make_unit

GOOD_ID = "11010519491231002X"


@pytest.fixture
def estate(db):
    return make_estate()


@pytest.fixture
def admin(estate):
    return make_staff("admin", (estate, "admin"))


def received(estate, by, data, name="roster.xlsx"):
    content = io.BytesIO(data)
    content.name = name
    return intake.receive(content=content, name=name, estate=estate, by=by, now=timezone.now())


def matched(batch, by, source=None, sheet=None):
    """A sheet of the file chosen as it was guessed, its columns matched by name, and checked."""
    preview = next(one for one in batch.previews if source in (None, one["name"]))
    batch = intake.choose(
        batch=batch, source=preview["name"], sheet=sheet or preview["guess"], header_row=preview["header_row"],
        by=by, now=timezone.now(),
    )  # fmt: skip
    intake.match(batch=batch, columns=batch.matching, by=by, now=timezone.now())
    imported.work()
    return imported.again(batch)


def brought_in(estate, by, data, source=None, sheet=None):
    batch = matched(received(estate, by, data), by, source, sheet)
    checked = imported.counts(batch)
    if checked.get("create") or checked.get("update"):
        batch = imported.applied(batch, by)
        assert batch.state == "applied", batch.job.error
    return checked, batch


def errors(batch):
    return [(error["cell"], error["reason"]) for row in batch.rows.order_by("number") for error in row.errors]


HC = ("楼栋单元", "业主信息", "房屋信息", "车位信息")


def test_the_linked_sheets_of_hc_come_in_one_after_the_other_without_a_hand(estate, admin):
    data = workbooks.xlsx(workbooks.linked())
    said = {source: brought_in(estate, admin, data, source) for source in HC}
    assert {source: counts for source, (counts, _batch) in said.items()} == {
        "楼栋单元": {"create": 3}, "业主信息": {"create": 3}, "房屋信息": {"create": 3, "error": 1}, "车位信息": {"create": 1},
    }  # fmt: skip
    assert errors(said["房屋信息"][1]) == [("G5", "No person has the number 4. Bring in the owners first.")]
    assert sorted(Unit.objects.values_list("code", flat=True)) == [
        "1-1-1011",
        "1-1-1012",
        "1-1-1013",
        "P1-C0001",
    ]
    unit = Unit.objects.get(code="1-1-1011")
    assert (unit.area, unit.floor, unit.kind, unit.section.code) == (Decimal("94.56"), "1", "flat", "1")
    assert Section.objects.get(building__code="1", code="2").has_lift is False
    assert Building.objects.get(code="10").floors == 6
    owner = Occupancy.objects.get(unit=unit)
    assert (owner.person.name, owner.share, owner.period.lower.isoformat()) == ("住戶1", 100, "2020-06-10")
    assert not Phone.objects.exists()  # 10000000000 is none
    assert not Person.objects.exclude(identity_sealed="").exists()
    before = Event.objects.exclude(verb__startswith="import.").count()
    assert [brought_in(estate, admin, data, source)[0] for source in HC] == [
        {"unchanged": 3}, {"unchanged": 3}, {"unchanged": 3, "error": 1}, {"unchanged": 1},
    ]  # fmt: skip
    assert Event.objects.exclude(verb__startswith="import.").count() == before


HEADS = {
    "traditional": [
        "樓棟",
        "單元",
        "房號",
        "樓層",
        "建築面積(㎡)",
        "業主姓名",
        "聯繫電話",
        "身份證號碼",
        "收樓日期",
        "備註",
    ],
    "simplified": [
        "楼栋",
        "单元",
        "房号",
        "楼层",
        "建筑面积",
        "业主",
        "手机号码",
        "身份证号",
        "交房日期",
        "备注",
    ],
    "english": [
        "Building",
        "Section",
        "Unit no.",
        "Floor",
        "Gross floor area",
        "Owner",
        "Phone",
        "ID number",
        "Hand-over date",
        "Remarks",
    ],
}


@pytest.mark.parametrize("head", sorted(HEADS))
def test_a_plain_roster_with_all_its_troubles_says_each_at_its_cell(estate, admin, head):
    rows = [
        ["恆泰花園住戶名冊"],
        [],
        HEADS[head],
        [
            "3",
            "2",
            "1201",
            12,
            "９４．５６㎡",
            "張小明 60%、李四 40%",
            "138 0013 8000",
            GOOD_ID,
            "2019/7/1",
            "",
        ],
        ["3", "2", "1202", 12, "大", "王五", 13900139000.0, 110105194912310021, "05.03.2024", ""],
        ["3", "2", "1203", 12, 94.5, "趙六", "問管家", "", 43647, ""],
        ["", "", "1204", "", "", "", "", "", "", ""],
    ]
    counts, batch = brought_in(estate, admin, workbooks.xlsx({"Sheet1": rows}))
    assert counts == {"create": 1, "error": 3}
    said = {
        (row.number, error["column"]): (error["cell"], error["proposed"])
        for row in batch.rows.all()
        for error in row.errors
    }
    assert said == {
        (5, "area"): ("E5", ""),
        (5, "identity"): ("H5", ""),
        (5, "handed_over_on"): ("I5", "2024-03-05"),
        (6, "phone"): ("G6", ""),
        (7, "room"): ("C7", ""),
    }
    assert {row.person.name: row.share for row in Occupancy.objects.all()} == {"張小明": 60, "李四": 40}
    assert Person.objects.get(name="張小明").identity_tail == "002X"
    assert Unit.objects.get().area == Decimal("94.56")


@pytest.fixture
def register(estate, admin):
    """Units and people with everything an export holds."""
    now = timezone.now()
    building = make_building(estate, "3")
    unit = make_unit(estate, "3-2-1201", building=building)
    Unit.objects.filter(pk=unit.pk).update(
        area=Decimal("94.50"), floor="12", handed_over_on="2019-07-01", note="狗", warning=True
    )
    shop = make_unit(estate, "3-1", building=building)
    Unit.objects.filter(pk=shop.pk).update(kind="shop")
    for name, role, number in (
        ("張小明", "owner", "+852 2345 6789"),
        ("陳大文", "tenant", "13800138000"),
        ("李四", "member", ""),
    ):
        person = actions.add_person(
            estate=estate, name=name, phones=[number] if number else [], by=admin, now=now
        )
        actions.start_occupancy(
            unit=unit, person=person, role=role, since=date(2020, 1, 1), share=100, by=admin, now=now
        )
    company = actions.add_person(
        estate=estate,
        name="Chan & Co, Ltd",
        kind="company",
        email="a@b.hk",
        phones=["13900139000"],
        by=admin,
        now=now,
    )
    actions.start_occupancy(
        unit=shop, person=company, role="owner", since=date(2021, 1, 1), share=100, by=admin, now=now
    )
    actions.add_person(estate=estate, name="-王五", by=admin, now=now)
    return estate


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_what_a_list_exports_comes_in_again_and_changes_nothing(register, admin, language, kind):
    clerk = make_staff("director", (register, "director"), language=language)
    client = client_of(clerk)
    for sheet, url, count in (("buildings", "buildings", 1), ("units", "units", 2), ("people", "people", 5)):
        answer = client.post(reverse(f"residents:{url}"), {"export": kind})
        data = b"".join(answer.streaming_content)
        batch = matched(received(register, admin, data, f"{sheet}.{kind}"), admin)
        assert (batch.sheet, imported.counts(batch), errors(batch)) == (sheet, {"unchanged": count}, []), (
            sheet,
            batch.headers,
        )


def test_every_declared_sheet_knows_its_own_labels_in_every_language():
    from office.imports import matching

    for sheet in SHEETS.values():
        for language in ("en", "zh-hant", "zh-hans"):
            with translation.override(language):
                heads = [str(column.label) for column in sheet.columns]
            found = matching.match(heads, sheet)
            assert {key: (one.index, one.certainty) for key, one in found.items()} == {
                column.key: (place, "sure") for place, column in enumerate(sheet.columns)
            }, (sheet.key, language)


VEHICLES = ["车牌号", "房号", "车主", "车类型", "颜色", "车品牌", "车位号", "开始时间", "结束时间"]


def test_vehicles_come_in_with_their_space_and_keeper(register, admin):
    space = make_unit(register, "P1-C1", kind="parking")
    rows = [
        VEHICLES,
        ["粵B·12345", "3-2-1201", "張小明", "9901", "白", "比亞迪", "P1-C1", "2024-01-01", ""],
        ["粤B99999", "3-2-1201", "", "电动车", "", "", "", "", ""],
        ["粤B 12345", "3-2-1201", "", "", "", "", "", "", ""],
        ["狗", "3-2-1201", "無此人", "飛船", "", "", "3-2-1201", "", ""],
        ["粤B77777", "9-9-9", "誰", "", "", "", "3-2-1201", "", ""],
    ]
    data = workbooks.xlsx({"车辆": rows})
    counts, batch = brought_in(register, admin, data)
    assert (batch.sheet, counts) == ("vehicles", {"create": 2, "error": 3})
    assert [cell for cell, _reason in errors(batch)] == ["A4", "A5", "D5", "B6", "G6", "C6"]
    vehicle = Vehicle.objects.get(plate="粤B12345")
    assert (vehicle.person.name, vehicle.kind, vehicle.colour) == ("張小明", "car", "白")
    assert [parking.space for parking in vehicle.parkings.all()] == [space]
    assert search.find([register.pk], "粤B12345")[0].subject_id == vehicle.pk
    assert brought_in(register, admin, data)[0] == {"unchanged": 3, "error": 2}
    for language in ("en", "zh-hant", "zh-hans"):
        director = make_staff(f"director-{language}", (register, "director"), language=language)
        answer = client_of(director).post(reverse("residents:vehicles"), {"export": "xlsx"})
        again = matched(received(register, admin, b"".join(answer.streaming_content)), admin)
        assert (again.sheet, imported.counts(again)) == ("vehicles", {"unchanged": 2}), again.headers
    imported.rolled_back(batch, admin)
    assert not Vehicle.objects.exists()
