"""The child: reads one file under limits and writes lines of JSON. `python -m office.workbooks.child PATH KIND …`

    survey                one line {"sheet": …} per sheet
    rows SHEET START      lines [[row number, [cells]], …] of a few hundred rows
The last line is {"end": true}, or {"error": …}; without it the child died.
"""

import csv
import json
import os
import re
import sys
import zipfile
from datetime import date, datetime, time, timedelta

from office import formulas
from office.workbooks.words import (
    ERROR_CELLS,
    HEAD,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    MAX_TEXT,
    UNSAVED_FORMULA,
    Unreadable,
    cell_name,
    column_name,
)

MEMORY = 2**30  # address space; 100 000 rows of 12 columns take 150 MB
SECONDS = 60  # of processor time
CHUNK_CELLS, CHUNK_ROWS = 8_000, 500
MOST_MARKED = 100_000  # cells of a sheet without a value of their own
_MERGED = 50_000  # cells that one merged range fills at most


def say(line):
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


def limit():
    """True when the system keeps the memory limit (macOS does not; the parent watches there)."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ValueError, OSError):
        return False
    return True


def plain(cell):
    """A cell as JSON says it; dates in a dict of their own."""
    kind = type(cell)
    if kind is str:
        return cell.replace("\0", "") if "\0" in cell else cell
    if kind is float:
        return cell if cell - cell == 0 else str(cell)  # inf and nan are no numbers
    if kind is datetime:
        return {"moment": cell.isoformat()}
    if kind is date:
        return {"date": cell.isoformat()}
    if kind is time or kind is timedelta:
        return str(cell)
    return cell


# --- rows --------------------------------------------------------------------------------------------------


def checked(rows, name):
    """(number, cells without the empty ones at the end) of the rows that hold something; limits said by their cell."""
    for number, row in rows:
        last = len(row)
        while last and (row[last - 1] == "" or (type(row[last - 1]) is str and not row[last - 1].strip())):
            last -= 1
        if not last:
            continue
        if number >= MAX_ROWS:
            raise Unreadable("long", MAX_ROWS, sheet=name)
        if last > MAX_COLUMNS:
            raise Unreadable(
                "wide", column_name(MAX_COLUMNS - 1), sheet=name, cell=cell_name(number, last - 1)
            )
        cells = row[:last]
        for place, cell in enumerate(cells):
            if type(cell) is str and len(cell) > MAX_TEXT:
                raise Unreadable("text", MAX_TEXT, sheet=name, cell=cell_name(number, place))
        yield number, [plain(cell) for cell in cells]


class Book:
    """.xlsx, .xlsb, .xls, .ods."""

    def __init__(self, path, kind):
        from python_calamine import CalamineWorkbook

        self.path, self.kind = path, kind
        self.book = CalamineWorkbook.from_path(path)
        self.hidden = {
            one.name for one in self.book.sheets_metadata if not str(one.visible).endswith(".Visible")
        }

    def names(self):
        return [
            one.name
            for one in self.book.sheets_metadata
            if str(one.typ).endswith((".WorkSheet", ".MacroSheet"))
        ][:MAX_SHEETS]

    def sheet(self, name):
        """(rows, merged ranges) of a sheet; row numbers and columns as people see them."""
        if name not in self.book.sheet_names:
            raise Unreadable("sheet", sheet=name)
        sheet = self.book.get_sheet_by_name(name)
        merged = [tuple(map(tuple, one)) for one in sheet.merged_cell_ranges or ()]
        return self.rows(sheet, name, merged), merged

    def rows(self, sheet, name, merged):
        if sheet.start is None:
            return
        marked = Marks(self.path, name).cells if self.kind == "xlsx" else {}
        fills: dict[int, list] = {}  # first row → [(last row, column)]
        for (top, left), (bottom, _right) in merged:
            if bottom > top and bottom - top < _MERGED:
                fills.setdefault(top, []).append((bottom, left))
        open_fills: dict[int, tuple] = {}  # column → (last row, value)
        for number, cells in enumerate(padded(sheet, sheet.start[1])):
            if number in marked:
                for place, text in marked[number].items():
                    if place < len(cells) and (cells[place] == "" or text != UNSAVED_FORMULA):
                        cells[place] = text
                    elif place >= len(cells) and place < MAX_COLUMNS:
                        cells += [""] * (place - len(cells)) + [text]
            for column, (last, value) in list(open_fills.items()):
                if number > last:
                    del open_fills[column]
                elif column < len(cells) and cells[column] == "" and any(cell != "" for cell in cells):
                    cells[column] = value
            for last, column in fills.get(number, ()):
                if column < len(cells):
                    open_fills[column] = (last, cells[column])
            yield number, cells


def padded(sheet, right):
    """Rows from row 1 (calamine gives the empty ones) and column A on (it does not give these)."""
    lead = [""] * right
    for row in sheet.iter_rows():
        yield lead + row


class Marks:
    """Cells of an .xlsx that hold an error, or a formula whose result was never saved: calamine gives them as empty."""

    CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
    PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
    VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</")

    def __init__(self, path, name):
        self.cells: dict[int, dict] = {}
        self.count = 0
        try:
            with zipfile.ZipFile(path) as archive:
                part = self.part(archive, name)
                if part:
                    with archive.open(part) as handle:
                        self.scan(handle)
        except (KeyError, ValueError, zipfile.BadZipFile, OSError, EOFError):
            return  # calamine says better what is wrong with it

    def part(self, archive, name):
        from xml.etree import ElementTree

        sheet = links = None
        for one in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314  limits hold here
            if one.tag.endswith("}sheet") and one.get("name") == name:
                sheet = next((value for key, value in one.attrib.items() if key.endswith("}id")), None)
        for one in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
            if one.get("Id") == sheet:
                links = one.get("Target", "")
        if not links:
            return None
        return links.lstrip("/") if links.startswith("/") else f"xl/{links}"

    def scan(self, handle):
        rest = b""
        while piece := handle.read(2**20):
            text = rest + piece
            end = max(text.rfind(b"</c>"), text.rfind(b"</row>"), text.rfind(b":c>"))
            if end < 0 and len(text) < 2**22:
                rest = text
                continue
            done, rest = text[: end + 4], text[end + 4 :]
            self.mark(done)
        self.mark(rest)

    def mark(self, text):
        if b'"e"' not in text and b"<f" not in text and b":f" not in text:
            return
        for found in self.CELL.finditer(text):
            facts, body = found[1], found[2] or b""
            error, formula = b't="e"' in facts, b"<f" in body or b":f" in body
            if not (error or formula):
                continue
            value = self.VALUE.search(body)
            place = self.PLACE.search(facts)
            if place is None or (value and not error) or self.count >= MOST_MARKED:
                continue
            if formula and not value and (b't="str"' in facts or (b"<v" in body and b't="s"' in facts)):
                continue  # the result is the empty text
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            shown = value[1].decode("ascii", "replace") if value else ""
            self.cells.setdefault(int(place[2]) - 1, {})[column - 1] = (
                UNSAVED_FORMULA if not error else shown if shown in ERROR_CELLS else "#ERROR!"
            )
            self.count += 1


class Text:
    """.csv in whatever encoding and with whatever separator."""

    hidden: frozenset = frozenset()

    def __init__(self, path):
        from office.workbooks.texts import delimiter_of, encoding_of

        self.path, self.encoding = path, encoding_of(path)
        with self.open() as handle:
            try:
                start = handle.read(65_536)
            except UnicodeError as problem:
                raise self.not_text(problem) from problem
        self.delimiter = delimiter_of(start)
        csv.field_size_limit(2**20)

    def open(self):
        return open(self.path, encoding=self.encoding, newline="")

    def not_text(self, problem):
        """Where in the file the first wrong byte stands: the decoder only knows its place in a piece."""
        import codecs

        decoder, read = codecs.getincrementaldecoder(self.encoding)(), 0
        with open(self.path, "rb") as handle:
            while piece := handle.read(4096):
                held = len(decoder.getstate()[0])
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError as found:
                    return Unreadable("encoding", self.encoding, byte=read - held + found.start + 1)
                read += len(piece)
        return Unreadable("encoding", self.encoding, byte=read)

    def names(self):
        return ["CSV"]

    def sheet(self, name):
        if name != "CSV":
            raise Unreadable("sheet", sheet=name)
        return self.rows(), []

    def rows(self):
        with self.open() as handle:
            reader = csv.reader(handle, delimiter=self.delimiter, strict=True)
            line, number = 1, 0
            try:
                for number, row in enumerate(reader):
                    line = reader.line_num + 1
                    if "\0" in "".join(row):
                        raise Unreadable("format", "", line=line - 1)
                    if number == 0 and len(row) <= 2 and row and row[0].startswith("sep="):
                        row = []
                    yield number, [formulas.unguarded(cell.strip()) for cell in row]
            except csv.Error as problem:
                raise Unreadable("quote", problem, line=line) from problem
            except UnicodeError as problem:
                raise self.not_text(problem) from problem


# --- what is asked -----------------------------------------------------------------------------------------


def survey(book):
    for name in book.names():
        facts = {"sheet": name, "hidden": name in book.hidden, "rows": 0, "columns": 0, "filled": 0,
                 "merged": [], "head": [], "problem": None}  # fmt: skip
        try:
            rows, merged = book.sheet(name)
            for number, cells in checked(rows, name):
                facts["rows"], facts["filled"] = number + 1, facts["filled"] + 1
                facts["columns"] = max(facts["columns"], len(cells))
                if number < HEAD:
                    facts["head"] += [[]] * (number - len(facts["head"])) + [cells]
            facts["merged"] = [one for one in merged if one[0][0] < HEAD][:200]
        except Unreadable as problem:
            facts["problem"] = said(problem)
        say(facts)


def rows(book, name, start):
    chunk, cells = [], 0
    found, _merged = book.sheet(name)
    for number, row in checked(found, name):
        if number < start:
            continue
        chunk.append([number, row])
        cells += len(row)
        if cells >= CHUNK_CELLS or len(chunk) >= CHUNK_ROWS:
            say(chunk)
            chunk, cells = [], 0
    if chunk:
        say(chunk)


def said(problem):
    return {"code": problem.code, "detail": problem.detail, "where": problem.where}


def main(path, kind, task, name="", start="0"):
    say({"limited": limit()})
    sys.stdout.flush()
    try:
        book = Text(path) if kind == "csv" else Book(path, kind)
        if task == "survey":
            survey(book)
        else:
            rows(book, name, int(start))
        say({"end": True})
    except Unreadable as problem:
        say({"error": said(problem)})
    except MemoryError:
        say({"error": {"code": "memory", "detail": "", "where": {}}})
    except BaseException as problem:  # a panic of the parser is none of Python's exceptions
        code = "locked" if type(problem).__name__ == "PasswordError" else "damaged"
        say({"error": {"code": code, "detail": str(problem)[:300], "where": {}}})
    sys.stdout.flush()
    os._exit(0)  # large tables are not taken apart cell by cell


if __name__ == "__main__":
    main(*sys.argv[1:])
