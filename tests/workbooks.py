"""Workbooks for tests: of the shapes offices send, and of the shapes nobody should."""

import io
import struct
import zipfile
from xml.sax.saxutils import escape

import xlsxwriter

NO_ID = "000000190001010000"
SHEET1 = "xl/worksheets/sheet1.xml"


def write(path, sheets):
    """An .xlsx of {name: rows}."""
    book = xlsxwriter.Workbook(path)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell != "":
                    sheet.write(number, place, cell)
    book.close()
    return path


def xlsx(sheets):
    """The same as bytes."""
    held = io.BytesIO()
    write(held, sheets)
    return held.getvalue()


def linked(owners=3, rooms=4, **changes):
    """The shape of HC小區管理系統: floats, codes, notes beside the table, `1#2`, owners by running number."""
    buildings = [["楼栋号", "单元编号", "总层数", "是否有电梯"]]
    buildings += [[1, 1, 33, "有"], [1, 2, 33, "没有"], [10, 1, 6, "有"]]
    buildings[2] += ["", "", "", "说明"]
    buildings[3] += ["", "", "", "楼栋号", "楼栋编号"]
    people = [["编号", "业主名称", "性别", "年龄", "手机号", "身份证号", "业主类型", "业主编号"]]
    people += [[n, f"住戶{n}", "女", 28, 10000000000, NO_ID, 1001, n] for n in range(1, owners + 1)]
    people += [
        [],
        ["", "", "", "", "", "", "", "", "", "说明"],
        ["", "", "", "", "", "", "", "", "", "业主编号", "必须为唯一值"],
    ]
    flats = [
        [
            "房屋编号",
            "楼栋编号",
            "单元编号",
            "房屋楼层",
            "房屋户型",
            "建筑面积",
            "业主编号",
            "房屋费用",
            "费用开始时间",
            "房屋类型",
        ],
    ]
    flats += [
        [1010 + n, 1, 1, 1, "10102", 94.56, n, "1#2", "2020-06-10#2020-07-10", 110]
        for n in range(1, rooms + 1)
    ]
    flats[1] += ["", "", "", "", "房屋编号", "房屋真实编号"]
    fees = [["费用编号", "费用类型", "收费项目"], [1, "物业费", "测试收费1"]]
    spaces = [["停车场编号", "车位编码", "停车场类型", "面积", "业主编号"], [1, "C0001", "地上停车位", 98.32]]
    return {
        "楼栋单元": buildings, "业主信息": people, "费用设置": fees, "房屋信息": flats, "车位信息": spaces,
    } | changes  # fmt: skip


def with_part(data, name, content):
    """A zip file with one part put in or replaced."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return held.getvalue()


def with_rows(data, rows):
    """An .xlsx whose first sheet is these rows of XML."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return with_part(
        data,
        SHEET1,
        f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>',
    )


def ods(rows, *, repeated=1):
    """An .ods with one sheet of texts; `repeated` says how often each cell claims to stand."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
            f"<text:p>{escape(str(cell))}</text:p></table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{office}:office:1.0"'
        f' xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{lines}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", content)
        book.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
    return held.getvalue()


def xls(rows):
    """An old binary .xls with one sheet."""

    def record(kind, body=b""):
        return struct.pack("<HH", kind, len(body)) + body

    def text(words, wide=2):
        return struct.pack("<H" if wide == 2 else "<B", len(words)) + b"\1" + words.encode("utf-16-le")

    cells = b""
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            at = struct.pack("<HHH", number, place, 0)
            if isinstance(cell, (int, float)):
                cells += record(0x203, at + struct.pack("<d", cell))
            elif cell:
                cells += record(0x204, at + text(cell))
    begin = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)
    name = text("Sheet1", 1)
    head = record(0x809, begin) + record(0x42, struct.pack("<H", 1200))
    start = len(head) + 4 + 6 + len(name) + 4
    book = head + record(0x85, struct.pack("<IBB", start, 0, 0) + name) + record(0x0A)
    book += record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + record(0x0A)
    return ole({"Workbook": book})


def ole(streams):
    """A compound file with these streams, each longer than its small-stream limit."""
    free, end, fat_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    data, chains, entries = b"", [], []
    sector = 2  # 0: the allocation table, 1: the directory
    for name, content in streams.items():
        content = content.ljust(4096, b"\0")
        content += b"\0" * (-len(content) % 512)
        count = len(content) // 512
        chains += [*range(sector + 1, sector + count), end]
        entries.append((name, 2, sector, len(content)))
        data, sector = data + content, sector + count

    def entry(name, kind, first, size, child=free):
        words = (name + "\0").encode("utf-16-le") if name else b""
        return struct.pack(
            "<64sHBBIII16sIQQIQ", words, len(words), kind, 1, free, free, child, b"", 0, 0, 0, first, size
        )

    folder = entry("Root Entry", 5, end, 0, child=1) + b"".join(entry(*one) for one in entries)
    while len(folder) < 512:
        folder += entry("", 0, 0, 0)
    table = [fat_sector, end, *chains]
    assert len(table) <= 128 and len(folder) == 512  # what one sector of each holds
    fat = struct.pack("<128I", *(table + [free] * (128 - len(table))))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<HHHHH6sIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, end, 0, end, 0)
    return head + struct.pack("<109I", 0, *[free] * 108) + fat + folder + data
