"""An Excel workbook written while it is sent: rows of cells into a zip that is never whole in memory.

Only what lists need: texts as texts, numbers, days, moments, one frozen head. A new sheet begins when one is full.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from office import formulas

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS = 1_048_575  # of an Excel sheet, without the head
SHEET_BYTES = 1_500_000_000  # a zip's part of two gigabytes and more makes Excel offer a repair
CELL = 32_767  # characters a cell can hold
BLOCK = 64 * 1024  # bytes sent at a time
HEAD, MARKED, MONEY, MOMENT, DAY = 1, 2, 3, 4, 5  # places in _STYLES' cellXfs
EMPTY = "<c/>"
# XML knows none of these; a line feed and a tab stay, a carriage return is written as Excel writes it.
_BAD = re.compile("[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")
_SOME_RISKY = re.compile("(?:^|\\0)'*[=+\\-@\\t\\r\\n＝＋－＠]")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_HERE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PARTS = "http://schemas.openxmlformats.org/package/2006"
_FORM = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">\
<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="6">\
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>\
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


class _Pipe:
    """What the zip writes into, emptied as it fills. Without `tell` and `seek` the zip never looks back."""

    def __init__(self):
        self.parts, self.size = [], 0

    def write(self, data):
        self.parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self):
        pass

    def empty(self):
        data, self.parts, self.size = b"".join(self.parts), [], 0
        return data


def stream(labels, chunks):
    """The workbook as blocks of bytes. `chunks`: (rows of cells as text, how many), a few hundred at a time."""
    pipe, sheets, chunks = _Pipe(), 0, iter(chunks)
    head = "".join(cell(str(label), style=HEAD) for label in labels)
    with ZipFile(cast(IO[bytes], pipe), "w", ZIP_DEFLATED, compresslevel=1) as book:
        yield from _put(book, pipe, "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        first = next(chunks, None)
        while sheets == 0 or first is not None:
            sheets += 1
            with book.open(_part(f"xl/worksheets/sheet{sheets}.xml"), "w") as sheet:
                written, count = sheet.write(_opening(len(labels), head).encode()), 0
                while first is not None and count + first[1] <= SHEET_ROWS and written < SHEET_BYTES:
                    written += sheet.write(first[0].encode())
                    count += first[1]
                    if pipe.size >= BLOCK:
                        yield pipe.empty()
                    first = next(chunks, None)
                sheet.write(b"</sheetData></worksheet>")
        for name, text in _rest(sheets):
            yield from _put(book, pipe, name, text)
    yield pipe.empty()


def _part(name):
    part = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    part.compress_type = ZIP_DEFLATED
    return part


def _put(book, pipe, name, text):
    with book.open(_part(name), "w") as part:
        part.write(text.encode())
    yield pipe.empty()


def _opening(columns, head):
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{max(columns, 1)}" width="18" customWidth="1"/></cols>'
        f"<sheetData><row>{head}</row>"
    )


def _relations(found):
    lines = "".join(
        f'<Relationship Id="rId{n}" Type="{_HERE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(found, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PARTS}/relationships">{lines}</Relationships>'


def _rest(sheets):
    names = [f"worksheets/sheet{n}.xml" for n in range(1, sheets + 1)]
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations([*(("worksheet", name) for name in names), ("styles", "styles.xml")]),
    )
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, sheets + 1))
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_HERE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets></workbook>",
    )
    yield "xl/styles.xml", _STYLES
    parts = "".join(
        f'<Override PartName="/xl/{name}" ContentType="{_FORM}{kind}+xml"/>'
        for name, kind in [
            ("workbook.xml", "sheet.main"),
            ("styles.xml", "styles"),
            *((n, "worksheet") for n in names),
        ]
    )
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PARTS}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>',
    )


# --- cells -------------------------------------------------------------------------------------------------


def cell(value, money=False, style=0):
    """A value as a cell. A text is a text whatever it looks like; what looks like a formula also carries Excel's
    own text mark, which keeps it a text when somebody edits the cell."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | Decimal) and -(10**15) < value < 10**15:  # beyond, Excel drops digits
        return _number(MONEY if money else 0) % (f"{value:f}" if isinstance(value, Decimal) else value)
    if isinstance(value, datetime):
        local = value.astimezone(timezone.get_current_timezone()).replace(tzinfo=None, microsecond=0)
        if local.year >= 1900:
            return f'<c s="{MOMENT}"><v>{_serial(local)}</v></c>'
        value = f"{local:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date) and not isinstance(value, datetime):
        if value.year >= 1900:
            return f'<c s="{DAY}"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        value = f"{value:%Y-%m-%d}"
    text = str(value).replace("\0", "")[:CELL]
    style = style or (MARKED if formulas.is_risky(text) else 0)
    return f"{_text_opening(style)}{escaped(text)}{TEXT_END}"


TEXT_END = "</t></is></c>"


def _text_opening(style):
    mark = f' s="{style}"' if style else ""
    return f'<c t="inlineStr"{mark}><is><t xml:space="preserve">'


def _serial(local):
    since = local - datetime(1899, 12, 30)  # noqa: DTZ001  a local moment, as Excel counts
    return f"{Decimal(since.days) + Decimal(since.seconds) / 86400:.9f}"


def escaped(text):
    if _BAD.search(text):
        text = _BAD.sub("", text)
    if "_x" in text:
        text = re.sub(r"_x([0-9A-Fa-f]{4})_", r"_x005F_x\1_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "_x000D_")


# --- many rows at a time -----------------------------------------------------------------------------------


def rows_of(kinds, rows):
    """Rows of texts as rows of cells. `kinds`: for each column its style for a number, or None for a text.

    Column by column over all rows at once: a text is looked at on its own only where something in the column asks
    for it, since a hundred thousand rows have a million cells.
    """
    columns = []
    for kind, values in zip(kinds, zip(*rows, strict=True), strict=True):
        columns.append(_texts(values) if kind is None else values)
    form = "<row>" + "".join(
        _text_opening(0) + "%s" + TEXT_END if kind is None else _number(kind) for kind in kinds
    )
    form += "</row>"
    text = "".join([form % row for row in zip(*columns, strict=True)])
    text = text.replace(f"{_text_opening(0)}\0", _text_opening(MARKED))
    for kind in set(kinds):
        text = text.replace(_text_opening(0) + TEXT_END if kind is None else _number(kind) % "", EMPTY)
    return text


def _number(style):
    mark = f' s="{style}"' if style else ""
    return f"<c{mark}><v>%s</v></c>"


def _texts(values):
    """The column's texts, escaped. NUL, which no text of the database holds, keeps them apart meanwhile."""
    joined = "\0".join(values)
    if len(joined) > CELL:
        joined = "\0".join([value[:CELL] for value in values])
    texts = escaped(joined).split("\0")
    if _SOME_RISKY.search(joined):
        texts = [
            f"\0{text}" if formulas.is_risky(value) else text
            for value, text in zip(values, texts, strict=True)
        ]
    return texts
