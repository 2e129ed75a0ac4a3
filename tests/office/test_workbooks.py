# ruff: noqa: DTZ001  the dates of workbooks have no zone
"""Files from outside are read where they can do no harm, whatever they claim to be; every refusal says what and where."""

import io
import os
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from office import workbooks
from office.imports import reading
from office.workbooks import parent, texts
from tests import workbooks as made

FULL = bool(os.environ.get("GUANJIA_FULL"))
ROWS = [["房號", "業主姓名", "建築面積"], ["3-2-1201", "張小明", 94.5], [], ["3-2-1202", "李四", ""]]
READ = [(0, ["房號", "業主姓名", "建築面積"]), (1, ["3-2-1201", "張小明", 94.5]), (3, ["3-2-1202", "李四"])]


def kept(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def rows_of(path):
    return list(workbooks.stream(path, workbooks.survey(path)[0].name))


def why(call, *given):
    with pytest.raises(workbooks.Unreadable) as problem:
        list(call(*given))
    return problem.value


def refused(data):
    return why(workbooks.check, io.BytesIO(data))


def test_the_same_table_out_of_every_kind_of_file_whatever_its_name(tmp_path):
    texts_only = [[str(cell) for cell in row] for row in ROWS]
    as_text = [(number, [str(cell) for cell in row]) for number, row in READ]
    csv = "\r\n".join(",".join(row) for row in texts_only).encode()
    assert rows_of(kept(tmp_path, made.xlsx({"A": ROWS}), "a.csv")) == READ
    assert rows_of(kept(tmp_path, made.xls(ROWS), "a.xlsx")) == READ
    assert rows_of(kept(tmp_path, made.ods(texts_only), "a.pdf")) == as_text
    assert rows_of(kept(tmp_path, csv, "a.xls")) == as_text


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (b"", "empty", ""),
        (b"%PDF-1.7 ...", "format", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "format", "PNG"),
        (b"<html><table><tr><td>1201</td></tr></table></html>", "format", "HTML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "format", "XML"),
        (made.with_part(made.xlsx({"A": ROWS}), "x", "").replace(b"xl/", b"xy/"), "format", "ZIP"),
        (made.ole({"WordDocument": b"x"}), "format", "Word"),
        (made.ole({"EncryptedPackage": b"x"}), "locked", ""),
        (made.ole({"nothing": b"x"}), "damaged", "no workbook inside"),
        (bytes(range(256)) * 20, "format", ""),
        (b"PK\x03\x04 nothing more", "damaged", "the end of the file is missing"),
        (made.xlsx({"A": ROWS})[:3000], "damaged", "the end of the file is missing"),
    ],
)
def test_what_is_no_table_is_refused_before_it_is_opened(data, code, detail):
    problem = refused(data)
    assert (problem.code, problem.detail) == (code, detail)
    assert reading.sentence(problem, "roster.xlsx").startswith("roster.xlsx: ")


def test_locked_parts_are_recognised():
    data = bytearray(made.xlsx({"A": ROWS}))
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(mark) + flags] |= 1
    assert refused(bytes(data)).code == "locked"
    listed = made.with_part(made.ods(ROWS), "META-INF/manifest.xml", "<manifest:encryption-data/>")
    assert refused(listed).code == "locked"


def bomb(parts=1, size=90 * 2**20):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(parts):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * size)
    return held.getvalue()


@pytest.mark.parametrize(
    "data", [bomb(), bomb(parts=3000, size=1), bomb(parts=60, size=7 * 2**20)], ids=["ratio", "parts", "sum"]
)
def test_a_bomb_is_refused_in_milliseconds(data):
    began = time.process_time()  # ours alone: other work on the machine does not count
    assert refused(data).code == "unfolds"
    assert time.process_time() - began < 0.1


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    with open(path, "wb") as handle:
        handle.truncate(workbooks.MAX_FILE + 1)
    assert why(workbooks.stream, path, "CSV").code == "large"


# --- cells and sheets --------------------------------------------------------------------------------------


def test_formulas_give_what_was_saved_and_say_when_nothing_was(tmp_path):
    data = made.with_rows(
        made.xlsx({"A": ROWS}),
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A1</f><v>x</v></c><c r="C2"><f>1+1</f></c>'
        '<c r="D2"><f>1+1</f><v></v></c><c r="E2" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="F2" t="e"></c></row>',
    )
    assert rows_of(kept(tmp_path, data)) == [(1, [2.0, "x", "=?", "=?", "#DIV/0!", "#ERROR!"])]


def test_dates_moments_times_and_truths(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("A")
    day, clock, time_ = (
        book.add_format({"num_format": said}) for said in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm")
    )
    sheet.write_datetime(2, 3, datetime(2024, 3, 5), day)
    sheet.write_datetime(2, 4, datetime(2024, 3, 5, 10, 30), clock)
    sheet.write_number(2, 5, 0.5, time_)
    sheet.write_boolean(2, 6, True)
    sheet.write_number(2, 7, 110105194912310021)
    book.close()
    assert rows_of(path) == [
        (
            2,
            [
                "",
                "",
                "",
                date(2024, 3, 5),
                datetime(2024, 3, 5, 10, 30),
                "12:00:00",
                True,
                1.1010519491231e17,
            ],
        )
    ]


def test_merged_cells_count_for_every_row_they_cover_but_make_no_rows(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("A")
    sheet.write_row(0, 0, ["樓棟", "房號", "備註"])
    sheet.merge_range(1, 0, 3, 0, "3")
    sheet.write_column(1, 1, ["1201", "1202"])
    sheet.merge_range(5, 0, 5, 2, "以上為住宅")
    book.close()
    assert rows_of(path)[1:] == [(1, ["3", "1201"]), (2, ["3", "1202"]), (5, ["以上為住宅"])]


def test_a_survey_tells_of_every_sheet_and_of_what_is_wrong_with_one(tmp_path):
    wide = [["x"] * 3, [""] * 599 + ["far"]]
    found = workbooks.survey(made.write(tmp_path / "a.xlsx", {"房屋": ROWS, "wide": wide, "empty": []}))
    assert [(one.name, one.rows, one.filled, one.columns) for one in found] == [
        ("房屋", 4, 3, 3), ("wide", 1, 1, 3), ("empty", 0, 0, 0),
    ]  # fmt: skip
    assert found[0].head == [ROWS[0], ROWS[1], [], ["3-2-1202", "李四"]]
    problem = found[1].problem
    assert (problem.code, problem.where) == ("wide", {"sheet": "wide", "cell": "WB2"})
    assert "WB2" in reading.sentence(problem)


def test_cells_at_the_end_of_the_world_are_refused_not_held(tmp_path):
    data = made.with_rows(
        made.xlsx({"A": ROWS}),
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
    )
    assert why(workbooks.survey, kept(tmp_path, data)).code == "memory"


def test_a_sheet_with_too_many_rows_or_too_much_text_says_where(tmp_path, monkeypatch):
    path = kept(tmp_path, b"a,b\n" + b"x," + b"y" * 40_000 + b"\n")
    problem = workbooks.survey(path)[0].problem
    assert (problem.code, problem.where["cell"]) == ("text", "B2")
    path = kept(tmp_path, b"x\n" * 500_001)
    assert workbooks.survey(path)[0].problem.code == "long"


def test_a_child_that_says_nothing_is_ended(tmp_path, monkeypatch):
    mute = kept(tmp_path, b"#!/bin/sh\nexec sleep 60\n", "mute")
    mute.chmod(0o755)
    monkeypatch.setattr(parent.sys, "executable", str(mute))
    monkeypatch.setattr(parent, "PATIENCE", 0.2)
    began = time.perf_counter()
    assert why(workbooks.survey, kept(tmp_path, b"a,b\n1,2\n")).code == "slow"
    assert time.perf_counter() - began < 5


def test_a_child_that_is_killed_is_no_empty_file(tmp_path, monkeypatch):
    dead = kept(tmp_path, b"#!/bin/sh\necho '{\"limited\": true}'; kill -9 $$\n", "dead")
    dead.chmod(0o755)
    monkeypatch.setattr(parent.sys, "executable", str(dead))
    assert why(workbooks.survey, kept(tmp_path, b"a,b\n1,2\n")).code == "slow"


def test_nothing_is_left_running_when_a_reader_stops_early(tmp_path):
    rows = workbooks.stream(kept(tmp_path, b"a,b\n" * 100_000), "CSV")
    next(rows)
    assert _children_reading()
    rows.close()
    assert not _children_reading()


def _children_reading():
    done = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True, check=False
    )
    return [line for line in done.stdout.splitlines() if "workbooks.child" in line]


SIZE = """
import resource, sys
from office import workbooks
count = sum(1 for _row in workbooks.stream(sys.argv[1], "A"))
mine = next((int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")), 0)
print(count, mine // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="sizes are read from /proc")
def test_many_rows_pass_through_little_memory(tmp_path):
    """100 000 rows of 12 columns at full size: parent and child together under 400 MB, the parent flat."""
    count = 100_000 if FULL else 10_000
    path = tmp_path / "many.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("A")
    for number in range(count):
        sheet.write_row(
            number,
            0,
            [f"3-2-{number}", f"張小明{number}", "13800138000", 94.56, "住宅", 43000, *["備註"] * 6],
        )
    book.close()
    done = subprocess.run([sys.executable, "-c", SIZE, str(path)], capture_output=True, text=True, check=True)
    read, mine, child = map(int, done.stdout.split())
    assert read == count
    assert mine < 80
    assert mine + child < 400


# --- CSV ---------------------------------------------------------------------------------------------------

TRADITIONAL = [
    ["房號", "業主姓名", "聯繫電話", "建築面積"],
    ["3座12樓A室", "陳大文", "13800138000", "94.56"],
    ["旺角花園", "歐陽峯", "", "堃"],
]
SIMPLIFIED = [
    ["房号", "业主姓名", "联系电话", "建筑面积"],
    ["3栋1201", "张小明", "13800138000", "94.56"],
    ["备注", "欧阳娜娜", "", "琪"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("rows", "encoding"),
    [(TRADITIONAL, encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030", "big5hkscs")]
    + [(SIMPLIFIED, encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030")],
)
def test_csv_in_every_encoding_and_separator(tmp_path, rows, encoding, delimiter):
    data = "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)
    assert [cells for _number, cells in rows_of(kept(tmp_path, data))] == rows


FAMILY = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋"
GIVEN = "家豪志明俊傑建宏俊宏志豪志偉文雄承翰冠宇雅婷怡君淑芬美玲淑惠麗華美惠淑貞秀英佳穎雅雯詩涵宜蓁心怡佩珊國強偉強小紅大文嘉欣梓晴"
PARTS = st.sampled_from(["樓", "座", "室", "號", "花園", "大廈", "路", "街", "座"])


def _simplified(text):
    from opencc import OpenCC

    return OpenCC("t2s").convert(text)


_names = st.builds(
    lambda family, given: family + given,
    st.sampled_from(FAMILY),
    st.text(st.sampled_from(GIVEN), min_size=1, max_size=2),
)


@settings(max_examples=300 if FULL else 60)
@given(
    names=st.lists(_names, min_size=8, max_size=30),
    simplified=st.booleans(),
    encoding=st.sampled_from(["gb18030", "big5hkscs"]),
)
def test_the_encoding_of_a_list_of_names_is_told(tmp_path_factory, names, simplified, encoding):
    text = "\n".join(names)
    if simplified:
        text, encoding = _simplified(text), "gb18030"
    path = tmp_path_factory.mktemp("names") / "a.csv"
    path.write_bytes(text.encode(encoding))
    assert texts.encoding_of(path) == encoding


def test_quotes_line_breaks_and_separators_inside_cells(tmp_path):
    data = '房號;備註\r\n1201;"他說 ""好"";\n第二行"\r\n'.encode()
    assert rows_of(kept(tmp_path, data)) == [(0, ["房號", "備註"]), (1, ["1201", '他說 "好";\n第二行'])]


def test_title_rows_do_not_decide_the_separator_and_excels_own_word_does(tmp_path):
    data = "恆泰花園, 住戶名冊\n房號;業主\n1201;張三\n1202;李四\n".encode()
    assert rows_of(kept(tmp_path, data))[1] == (1, ["房號", "業主"])
    assert rows_of(kept(tmp_path, b"sep=;\r\na,b;c\r\n")) == [(1, ["a,b", "c"])]


def test_what_is_no_text_says_at_which_byte_and_an_open_quote_in_which_line(tmp_path):
    good = "房號,業主\n1201,張三\n".encode()
    data = good * 20_000 + b"\xff\xff\n" + good
    assert why(rows_of, kept(tmp_path, data)).where == {"byte": len(good) * 20_000 + 1}
    problem = workbooks.survey(kept(tmp_path, b'a,b\n1,"open\n2,3\n'))[0].problem
    assert (problem.code, problem.where["line"]) == ("quote", 2)
    assert "Line: 2" in reading.sentence(problem)
