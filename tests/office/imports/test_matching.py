"""Where a table begins and which column is which."""

import pytest

from office import workbooks
from office.imports import matching, reading
from office.imports.sheets import SHEETS
from tests import workbooks as made


def keys(headers, sheet):
    return {key: (one.index, one.certainty) for key, one in matching.match(headers, SHEETS[sheet]).items()}


def test_titles_blank_rows_and_notes_beside_the_table_do_not_hide_the_header():
    rows = [
        ["恆泰花園"],
        [],
        ["製表:陳美玲", "", "2026-01"],
        ["", "樓棟", "房號", "業主姓名", "", "說明", "業主編號"],
        ["", "3", "1201", "張三"],
    ]
    assert matching.header_row(rows) == 3
    assert matching.guess(rows[3]) == "units"
    assert keys(rows[3], "units") == {"building": (1, "sure"), "room": (2, "sure"), "owner": (3, "sure")}
    assert keys(["樓棟", "樓層", "", "房號"], "units") == {
        "building": (0, "sure"),
        "floor": (1, "sure"),
        "room": (3, "sure"),
    }


def test_a_sheet_without_names_has_no_header_and_no_meaning():
    for rows in ([], [[]], [["hello"], ["world"]], [["1", "2"], [3.0, 4.0]], [[True, None, 5]]):
        assert matching.header_row(rows) is None
        assert matching.guess(rows[0] if rows else []) == ""


def test_units_hints_and_longer_names_are_seen_through():
    found = keys(["建築面積(㎡)", "房號【必填】", "Owner name", "業主聯繫電話號碼"], "units")
    assert found == {
        "area": (0, "sure"), "room": (1, "sure"), "owner": (2, "sure"), "phone": (3, "likely"),
    }  # fmt: skip


def test_a_place_is_matched_once_and_the_sure_names_go_first():
    found = keys(["業主姓名", "業主", "房號", "房屋編號"], "units")
    assert sorted(index for index, _sure in found.values()) == sorted(
        {index for index, _sure in found.values()}
    )
    assert found["owner"] == (0, "sure")


def test_a_header_of_two_rows_with_merged_cells_is_read_from_the_lower_one(tmp_path):
    import xlsxwriter

    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("A")
    sheet.merge_range(0, 0, 1, 0, "樓棟")
    sheet.merge_range(0, 1, 1, 1, "房號")
    sheet.merge_range(0, 2, 0, 3, "業主資料")
    sheet.write_row(1, 2, ["姓名", "電話"])
    sheet.write_row(2, 0, ["3", "1201", "張三", "13800138000"])
    book.close()
    preview = reading.look(path)[0]
    assert (preview.header_row, preview.guess) == (1, "units")
    assert keys(preview.sample[1], "units") == {
        "building": (0, "sure"), "room": (1, "sure"), "owner": (2, "sure"), "phone": (3, "sure"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "guess"),
    [
        ("楼栋单元", "buildings"),
        ("业主信息", "people"),
        ("费用设置", ""),
        ("房屋信息", "units"),
        ("车位信息", "parking"),
    ],
)
def test_the_sheets_of_hc_are_recognised(tmp_path, source, guess):
    path = made.write(tmp_path / "hc.xlsx", made.linked())
    assert {one.name: one.guess for one in reading.look(path)}[source] == guess


def test_the_fingerprint_is_the_sources_not_the_rows():
    one = matching.fingerprint(["房號", "業主 姓名", ""])
    assert one == matching.fingerprint(["房号", "业主姓名"]) and len(one) == 64
    assert one != matching.fingerprint(["業主姓名", "房號"])


def test_a_refusal_speaks_with_its_place_in_every_language():
    from django.utils import translation

    problem = workbooks.Unreadable("wide", "SR", sheet="房屋", cell="WB2")
    for language in ("en", "zh-hant", "zh-hans"):
        with translation.override(language):
            said = reading.sentence(problem, "a.xlsx")
        assert said.startswith("a.xlsx: ") and "房屋" in said and "WB2" in said and "SR" in said
