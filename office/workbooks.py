"""Workbooks and CSV files from outside, read where they can do no harm.

The zip directory is looked at first (a 160 kB file can unfold to a gigabyte); then calamine reads in a child
process with limits on memory and time. What comes back are sheets of rows of plain values at their places:
text, numbers, dates; empty cells are "". Run as `python -m office.workbooks FILE` it is that child.
"""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

MAX_FILE = 30 * 2**20
MAX_UNFOLDED = 400 * 2**20
MAX_PARTS = 2000
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MEMORY = 2 * 2**30
SECONDS = 120
FORMATS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
_ROOT = Path(__file__).resolve().parent.parent
# Which of three decodings of a CSV file is Chinese shows in the words every roster holds.
_COMMON = set("楼栋房屋号业主姓名电话面积单元日期编樓棟號業電話單編層间室层址类型別别的是有")


class Unreadable(Exception):
    """Why a file cannot be read; `code` is one of large, unfolds, locked, damaged, format, slow."""

    def __init__(self, code, detail=""):
        super().__init__(f"{code} {detail}".strip())
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Sheet:
    """`rows[0]` is row 1 of the sheet, its first cell column A."""

    name: str
    rows: list


def cell_name(row, column):
    """(0, 0) → A1."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def read(path):
    """Every sheet of the file, or Unreadable."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise Unreadable("format", path.suffix)
    if path.stat().st_size > MAX_FILE:
        raise Unreadable("large")
    if path.suffix.lower() != ".csv":
        _check_zip(path)
    command = [sys.executable, "-m", "office.workbooks", str(path.resolve())]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable("slow") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [str(done.returncode)]
        raise Unreadable("locked" if "Password" in last[0] else "damaged", last[0])
    return [
        Sheet(name, [[_decoded(cell) for cell in row] for row in rows])
        for name, rows in json.loads(done.stdout)
    ]


def _check_zip(path):
    if not zipfile.is_zipfile(path):
        return  # the old binary .xls; calamine says whether it is one
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError) as problem:
        raise Unreadable("damaged", str(problem)) from problem
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNFOLDED:
        raise Unreadable("unfolds")
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("locked")


def _decoded(cell):
    if isinstance(cell, dict):
        kind, value = next(iter(cell.items()))
        return date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    return cell


# --- the child ---------------------------------------------------------------------------------------------


def _encoded(cell):
    if isinstance(cell, datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, (time, timedelta)):
        return str(cell)
    return cell


def _read_csv(path):
    import csv

    raw = Path(path).read_bytes()
    texts = []
    for encoding in ("utf-8-sig", "gb18030", "big5hkscs", "utf-16"):
        try:
            texts.append(raw.decode(encoding))
        except UnicodeError:
            continue
        if encoding == "utf-8-sig" or raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            break
    if not texts:
        raise ValueError("not a text file")
    text = (
        texts[0]
        if len(texts) == 1
        else max(texts, key=lambda text: sum(char in _COMMON for char in text[:20000]))
    )
    csv.field_size_limit(2**20)
    first = text.splitlines()[0] if text else ""
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    return [
        (Path(path).stem, [row[:MAX_COLUMNS] for _number, row in zip(range(MAX_ROWS), rows, strict=False)])
    ]


def _read_workbook(path):
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    sheets = []
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=MAX_ROWS)
        sheets.append((name, [[_encoded(cell) for cell in row[:MAX_COLUMNS]] for row in rows]))
    return sheets


def _child(path):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sheets = _read_csv(path) if path.lower().endswith(".csv") else _read_workbook(path)
    sys.stdout.write(json.dumps(sheets, ensure_ascii=True))


if __name__ == "__main__":
    _child(sys.argv[1])
