"""Rosters as they come from outside: linked sheets with side notes, codes and floats, or one plain sheet."""

import zipfile
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from office import search, workbooks
from office.models import Building, Estate, Event, Promise, PromiseRule, SearchKey, Section, Unit
from residents import imports, reports
from residents.models import Occupancy, Person, Phone
from tests.workbooks import linked, write

GOOD_ID = "11010519491231002X"


def run(path, *words):
    out = StringIO()
    call_command("import_roster", str(path), "--estate", "HC", *words, stdout=out)
    return out.getvalue()


def counts(said):
    return {line.split()[0]: [int(n) for n in line.split()[1:]] for line in said.splitlines()
            if line.split() and line.split()[0] in imports.KINDS_OF_ROWS}  # fmt: skip


def test_linked_sheets_come_in_and_what_is_wrong_is_named(db, tmp_path):
    said = run(write(tmp_path / "hc.xlsx", linked()), "--create-estate", "--name", "華晨花園")
    assert counts(said) == {
        "buildings": [2, 0, 0], "sections": [3, 0, 0], "people": [3, 0, 0],
        "rooms": [4, 0, 0], "parking": [0, 0, 0], "relations": [3, 0, 0],
    }  # fmt: skip
    estate = Estate.objects.get(code="HC")
    assert estate.name == "華晨花園"
    assert PromiseRule.objects.filter(estate=estate).exists()
    assert list(Unit.objects.filter(estate=estate).values_list("code", flat=True)) == [
        "1-1-1011", "1-1-1012", "1-1-1013", "1-1-1014",
    ]  # fmt: skip
    unit = Unit.objects.get(code="1-1-1011")
    assert (str(unit.area), unit.floor, unit.kind, unit.section.code) == ("94.56", "1", "flat", "1")
    assert Section.objects.get(building__code="1", code="2").has_lift is False
    assert Building.objects.get(code="10").floors == 6
    assert [one.name for one in reports.household(unit, date(2020, 6, 10)).owners] == ["住戶1"]
    assert reports.household(unit, date(2020, 6, 9)).owners == []
    assert said.count("identity number of 住戶") == 3
    assert "warning 业主信息!F2: identity number of 住戶1 left empty" in said
    assert "业主信息!E2: 10000000000 stands for" in said
    assert (
        "error   房屋信息!G5: room 1-1-1014: owner number 4 is not in the file; the room is in without an owner"
        in said
    )
    assert not Person.objects.exclude(identity_sealed="").exists()
    assert search.only_hit(search.find([estate.pk], "1-1-1014")).kind == "code"
    assert not Promise.objects.exists()


def test_a_second_run_changes_nothing(db, tmp_path):
    path = write(tmp_path / "hc.xlsx", linked())
    run(path, "--create-estate")
    before = (Event.objects.count(), SearchKey.objects.count())
    said = counts(run(path))
    assert {name: row[:2] for name, row in said.items()} == {name: [0, 0] for name in imports.KINDS_OF_ROWS}
    assert (said["rooms"], said["people"], said["relations"]) == ([0, 0, 4], [0, 0, 3], [0, 0, 3])
    assert (Event.objects.count(), SearchKey.objects.count()) == before


def test_a_changed_file_updates_what_differs(db, tmp_path):
    run(write(tmp_path / "hc.xlsx", linked()), "--create-estate")
    sheets = linked()
    sheets["房屋信息"][1][5] = 101.5
    sheets["业主信息"][1][4] = 13800138000
    sheets["业主信息"][1][5] = GOOD_ID
    said = counts(run(write(tmp_path / "hc.xlsx", sheets)))
    assert (said["rooms"], said["people"]) == ([0, 1, 3], [0, 1, 2])
    assert str(Unit.objects.get(code="1-1-1011").area) == "101.50"
    person = Person.objects.get(source="1")
    assert [phone.number for phone in person.phones.all()] == ["13800138000"]
    assert person.identity_tail == "002X"


def test_dry_run_writes_nothing_not_even_the_estate(db, tmp_path):
    said = run(write(tmp_path / "hc.xlsx", linked()), "--create-estate", "--dry-run")
    assert counts(said)["rooms"] == [4, 0, 0]
    assert "nothing was written" in said
    assert not Estate.objects.exists() and not Event.objects.exists() and not SearchKey.objects.exists()


def test_parking_spaces_on_request(db, tmp_path):
    path = write(tmp_path / "hc.xlsx", linked())
    assert "--parking brings them in" in run(path, "--create-estate")
    assert not Unit.objects.filter(kind="parking").exists()
    assert counts(run(path, "--parking"))["parking"] == [1, 0, 0]
    assert Unit.objects.get(kind="parking").code == "P1-C0001"


PLAIN = {
    "zh": ["樓棟", "單元", "房號", "樓層", "建築面積(㎡)", "業主姓名", "聯繫電話", "身份證號碼", "收樓日期"],
    "en": [
        "Building",
        "Section",
        "Unit",
        "Floor",
        "Gross floor area",
        "Owner",
        "Phone",
        "ID number",
        "Hand-over date",
    ],
}


@pytest.mark.parametrize("head", sorted(PLAIN))
def test_one_plain_sheet(db, tmp_path, head):
    rows = [
        ["恆泰花園住戶名冊"],
        PLAIN[head],
        ["3", "2", "1201", 12, "94.56", "張小明、李四", "138 0013 8000", GOOD_ID, "2019/7/1"],
        ["3", "2", "1202", 12, "大", "王五", "無", 110105194912310021, 43647],
        ["3", "", "", "", "", "", "", "", ""],
    ]
    said = run(write(tmp_path / "plain.xlsx", {"Sheet1": rows}), "--create-estate")
    assert sorted(Unit.objects.values_list("code", flat=True)) == ["3-2-1201", "3-2-1202"]
    assert sorted(str(share) for share in Occupancy.objects.values_list("share", flat=True)) == [
        "100.0000",
        "50.0000",
        "50.0000",
    ]
    assert [phone.person.name for phone in Phone.objects.all()] == ["張小明"]
    again = counts(run(tmp_path / "plain.xlsx"))
    assert (again["people"], again["relations"]) == ([0, 0, 3], [0, 0, 3])
    assert {row.handed_over_on for row in Unit.objects.all()} == {date(2019, 7, 1)}
    assert "Sheet1!H4: typed as a number" in said
    assert "Sheet1!E4: “大” is no area" in said
    assert "Sheet1!G4: “無” is no telephone number" in said
    assert "Sheet1!C5: building and room are not both there" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5hkscs"])
def test_csv_in_every_usual_encoding(db, tmp_path, encoding):
    path = tmp_path / "roster.csv"
    head = "樓棟,單元,房號,樓層,業主姓名,聯繫電話"
    path.write_bytes(f"{head}\r\n3,2,1201,12,張小明,13800138000\r\n".encode(encoding))
    run(path, "--create-estate")
    assert Person.objects.get().name == "張小明"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("2020-6-1", date(2020, 6, 1)),
        ("2020/06/01", date(2020, 6, 1)),
        ("2020年6月1日", date(2020, 6, 1)),
        ("20200601", date(2020, 6, 1)),
        (43983.0, date(2020, 6, 1)),
        ("2020-13-01", None),
        ("soon", None),
        (1.0, None),
    ],
)
def test_dates_in_every_usual_form(said, read):
    assert imports.read_date(said) == read


def test_files_that_cannot_be_read_say_so_and_write_nothing(db, tmp_path):
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(b"PK\x03\x04 nothing")
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/{number}.xml", b"0" * (90 * 2**20))
    word = tmp_path / "roster.docx"
    word.write_bytes(b"x")
    empty = write(tmp_path / "empty.xlsx", {"Sheet1": [["hello"], ["world"]]})
    for path, why in (
        (damaged, "damaged"), (bomb, "unfolds"), (word, "none of"), (empty, "no table"), (tmp_path / "no.xlsx", "not there"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=why):
            run(path, "--create-estate")
    assert not Estate.objects.exists()


def test_an_unknown_estate_is_not_opened_by_mistake(db, tmp_path):
    with pytest.raises(CommandError, match="no estate HC"):
        run(write(tmp_path / "hc.xlsx", linked()))


def test_cells_have_the_names_people_use():
    assert [workbooks.cell_name(*place) for place in ((0, 0), (8, 6), (0, 26), (99, 701))] == [
        "A1",
        "G9",
        "AA1",
        "ZZ100",
    ]
