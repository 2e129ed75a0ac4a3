"""Files as they arrive when something went wrong, or somebody means harm: read or refused, never anything else.

Five hundred at full size. Each goes through the reading layer, and through the page as the desk sends it: the answer is
a redirect or 422 with what and where; what was refused leaves no row and no file.
"""

import io
import os
import random
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from office import workbooks
from office.imports import reading
from office.models import Event, File, Import
from office.refusals import Refused
from tests import workbooks as made
from tests.cast import client_of, make_estate, make_staff

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
COUNT = 500 if FULL else 23
SEED = 20261123
NAMES = (
    "roster.xlsx",
    "roster.xls",
    "roster.ods",
    "roster.csv",
    "roster",
    "名冊.XLSX",
    "a" * 300 + ".csv",
    "x\u202ecsv.exe",
)
LINES = '房號,業主姓名,聯繫電話\r\n3-2-1201,張小明,13800138000\r\n3-2-1202,李四;王五,"他說""好"""\r\n'


def good():
    """Files that can be read, of every kind."""
    rows = [line.split(",") for line in LINES.splitlines()]
    yield made.xlsx(made.linked())
    yield made.xls(rows)
    yield made.ods(rows)
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "big5hkscs", "utf-16"):
        yield LINES.encode(encoding)


def wrong(seed=SEED):
    """(what, bytes) without end: every way a file is spoilt, in turn."""
    dice = random.Random(seed)
    files = list(good())
    ways = [truncated, flipped, holed, swapped, repeated, noise, part_spoilt, far_cells, wide, formulas, entities, deep, strings,
            bomb, lying, locked, nothing, doubled, wrong_encoding, stray_quotes, repeated_ods, shared_index, control]  # fmt: skip
    while True:
        for way in ways:
            yield way.__name__, way(dice, dice.choice(files), files)


def truncated(dice, data, files):
    return data[: dice.randrange(len(data))]


def flipped(dice, data, files):
    spoilt = bytearray(data)
    for _time in range(dice.choice((1, 3, 20, 200))):
        spoilt[dice.randrange(len(spoilt))] ^= 1 << dice.randrange(8)
    return bytes(spoilt)


def holed(dice, data, files):
    start = dice.randrange(len(data))
    length = dice.randrange(1, 600)
    return data[:start] + b"\0" * length + data[start + length :]


def swapped(dice, data, files):
    cut = len(data) // 2
    return data[cut:] + data[:cut]


def repeated(dice, data, files):
    return data * dice.randrange(2, 5)


def noise(dice, data, files):
    return dice.randbytes(dice.randrange(1, 5000))


def doubled(dice, data, files):
    return data + dice.choice(files)


def nothing(dice, data, files):
    return dice.choice(
        (b"", b"\n", b"\xef\xbb\xbf", b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b",,,,\n,,,\n", b"%PDF-1.4")
    )


def part_spoilt(dice, data, files):
    """One part of a workbook is spoilt and packed again, so that the zip is whole."""
    book = files[0]
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        name = dice.choice(archive.namelist())
        part = archive.read(name)
    return made.with_part(book, name, dice.choice((truncated, flipped, noise, swapped))(dice, part, files))


def far_cells(dice, data, files):
    place = dice.choice(("XFD1048576", "ZZZ1", "A0", "A99999999999", "", "1A", "XFE5"))
    return made.with_rows(
        files[0], f'<row r="1"><c r="A1"><v>1</v></c></row><row><c r="{place}"><v>2</v></c></row>'
    )


def wide(dice, data, files):
    rows = [["x"] * 16_384] if dice.random() < 0.5 else [[""] * 16_383 + ["far"], ["房號"]]
    return (
        made.xlsx({"A": rows}) if dice.random() < 0.5 else "\n".join(",".join(row) for row in rows).encode()
    )


def formulas(dice, data, files):
    words = ('=cmd|"/c calc"!A1', "@SUM(1)", "+1+1", "-1", '=HYPERLINK("http://x","y")', "=1+1", "=A1")
    cells = "".join(
        f'<c r="{workbooks.cell_name(0, place)}" t="str"><f>{dice.choice(("1/0", "A1", "", "&amp;"))}</f></c>'
        for place in range(dice.randrange(1, 20))
    )
    return dice.choice(
        (
            made.with_rows(files[0], f"<row>{cells}</row>"),
            made.xlsx({"A": [words, words]}),
            "\n".join(words).encode(),
        )
    )


def entities(dice, data, files):
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    xml = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY e0 "ha">{levels}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = f'<worksheet><sheetData><row><c t="inlineStr"><is><t>&{dice.choice(("e9", "x", "none"))};</t></is></c></row></sheetData></worksheet>'
    name = dice.choice(
        (made.SHEET1, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml")
    )
    return made.with_part(files[0], name, xml + body)


def deep(dice, data, files):
    tag = dice.choice(("row", "c", "sheetData", "a"))
    return made.with_rows(files[0], f"<{tag}>" * dice.choice((1000, 100_000)))


def strings(dice, data, files):
    """Huge shared strings: one of many megabytes, or many."""
    if dice.random() < 0.5:
        text = "<si><t>" + "字" * dice.choice((32_768, 3_000_000)) + "</t></si>"
    else:
        text = "<si><t>x</t></si>" * 300_000
    return made.with_part(
        files[0],
        "xl/sharedStrings.xml",
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{text}</sst>',
    )


def shared_index(dice, data, files):
    number = dice.choice(("-1", "99999999", "x", "1e9", ""))
    return made.with_rows(
        files[0], f'<row><c r="A1" t="s"><v>{number}</v></c><c r="B1" s="9999"><v>nan</v></c></row>'
    )


def bomb(dice, data, files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(dice.choice((1, 3, 2500))):
            archive.writestr(f"xl/{number}.xml", b"0" * (2**24 if number < 3 else 1))
    return held.getvalue()


def lying(dice, data, files):
    """The directory says less than there is."""
    book = bytearray(made.with_part(files[0], made.SHEET1, b"<row>" + b"0" * 3_000_000))
    place = book.rfind(b"PK\x01\x02")
    book[place + 24 : place + 28] = (100).to_bytes(4, "little")
    return bytes(book)


def locked(dice, data, files):
    book = bytearray(files[0])
    book[book.find(b"PK\x01\x02") + 8] |= 1
    listed = made.with_part(files[2], "META-INF/manifest.xml", "<manifest:encryption-data/>")
    return dice.choice((bytes(book), listed, made.ole({"EncryptedPackage": dice.randbytes(50)})))


def wrong_encoding(dice, data, files):
    raw = LINES.encode(
        dice.choice(("shift_jis", "euc_kr", "cp1252", "utf-32", "utf-16-le", "utf-7")), "replace"
    )
    return dice.choice((raw, LINES.encode("gb18030") + LINES.encode("big5hkscs"), raw + b"\xff\xfe\x80"))


def stray_quotes(dice, data, files):
    text = list(LINES * 3)
    for _time in range(dice.randrange(1, 9)):
        text.insert(dice.randrange(len(text)), dice.choice('"\r\n;\t,\x1a\x0b\u2028'))
    return "".join(text).encode("utf-8")


def repeated_ods(dice, data, files):
    return made.ods([["房號", "x"], ["1", "2"]], repeated=dice.choice((600, 16_384, 2**31, -1)))


def control(dice, data, files):
    return dice.choice(
        (
            LINES.replace("張", "\0").encode(),
            LINES.replace("張", "\x01\x02").encode(),
            b"\xff\xfe" + b"\0\xd8" * 40,
        )
    )


def read_or_refused(path):
    """How many rows; a refusal says what, and what to do. Anything else that is raised fails the test."""
    try:
        with open(path, "rb") as handle:
            reading.check(handle.read(), "roster.xlsx")
        previews = reading.look(path, "roster.xlsx")
        return sum(1 for one in previews if not one.problem for _row in reading.rows(path, "", one.name))
    except Refused as refusal:
        sentence = str(refusal.sentence)
        assert re.search(r"\w.*[.)]$", sentence, re.DOTALL), sentence
        assert "Traceback" not in sentence and len(sentence) < 800
        return None


def test_whatever_arrives_is_read_or_refused(tmp_path):
    seen = {"read": 0, "refused": 0}
    path = tmp_path / "file"
    for number, (_way, data) in zip(range(COUNT), wrong(), strict=False):
        path.write_bytes(data)
        outcome = read_or_refused(path)
        seen["refused" if outcome is None else "read"] += 1
        assert number < COUNT
    assert min(seen.values()) > COUNT // 20, seen


def kept_files(root):
    return {path for path in root.rglob("*") if path.is_file()}


def test_the_page_takes_or_refuses_and_never_keeps_a_part(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path  # others keep files meanwhile
    estate = make_estate()
    client = client_of(make_staff("admin", (estate, "admin")))
    dice = random.Random(SEED)
    taken = refused = 0
    for _number, (way, data) in zip(range(COUNT), wrong(SEED + 1), strict=False):
        before = (Import.objects.count(), File.objects.count(), Event.objects.count(), kept_files(tmp_path))
        answer = client.post(
            reverse("office:import_new"), {"file": SimpleUploadedFile(dice.choice(NAMES), data)}
        )
        after = (Import.objects.count(), File.objects.count(), Event.objects.count(), kept_files(tmp_path))
        assert answer.status_code in (302, 422), (way, answer.status_code)
        if answer.status_code == 302:
            taken += 1
            assert client.get(answer.headers["Location"]).status_code == 200, way
            assert after[:2] == (before[0] + 1, before[1] + 1), way
            assert len(after[3]) == len(before[3]) + 1, way
        else:
            refused += 1
            assert after == before, way
            assert b"refusal" in answer.content or b"alert" in answer.content, way
    assert taken > COUNT // 20 < refused
