"""Our side of the pipe: starts the child, takes what it says in small pieces, ends it when it takes too long."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from office.workbooks.checks import check
from office.workbooks.words import Unreadable

PATIENCE = 60  # seconds without a word
MEMORY = 2**30  # bytes, where only we can watch it
MOST_LINE = 64 * 2**20  # bytes of one line the child may say
ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt")
_ROOT = Path(__file__).resolve().parents[2]
_KEPT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
)  # no secrets go there


@dataclass(frozen=True)
class Sheet:
    """`rows[0]` is row 1 of the sheet, its first cell column A."""

    name: str
    rows: list


@dataclass(frozen=True)
class Survey:
    """A sheet without its rows: `rows` is the last used one, `filled` how many hold something."""

    name: str
    rows: int
    columns: int
    filled: int
    head: list = field(default_factory=list)
    merged: list = field(default_factory=list)  # ((top, left), (bottom, right)) that begin in the head
    hidden: bool = False
    problem: Unreadable | None = None


def survey(path):
    """Every sheet of the file, or Unreadable."""
    return [
        Survey(
            name=line["sheet"], rows=line["rows"], columns=line["columns"], filled=line["filled"],
            head=[[_decoded(cell) for cell in row] for row in line["head"]], merged=line["merged"],
            hidden=line["hidden"], problem=_problem(line["problem"]) if line["problem"] else None,
        )
        for line in _lines(path, "survey")
    ]  # fmt: skip


def stream(path, sheet, start=0):
    """(row number from 0, cells) of the rows of a sheet that hold something, from `start` on."""
    for chunk in _lines(path, "rows", sheet, str(start)):
        for number, cells in chunk:
            yield number, [_decoded(cell) for cell in cells]


def read(path):
    """Every sheet of a file with a usual ending, with all its rows; empty rows are empty lists."""
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise Unreadable("format", ending)
    sheets = []
    for one in survey(path):
        if one.problem:
            raise one.problem
        rows: list = []
        for number, cells in stream(path, one.name):
            rows += [[] for _row in range(number - len(rows))]
            rows.append(cells)
        sheets.append(Sheet(one.name, rows))
    return sheets


def _decoded(cell):
    if type(cell) is dict:
        kind, value = next(iter(cell.items()))
        return date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    return cell


def _problem(said):
    return Unreadable(said["code"], said["detail"], **said["where"])


def _lines(path, *task):
    """What the child says, line by line, without its first and last one."""
    with open(path, "rb") as handle:
        kind = check(handle)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complaints:
        link = Path(folder) / f"file.{kind}"  # calamine believes the ending
        link.symlink_to(Path(path).resolve())
        child = Child([str(link), kind, *task], complaints)
        try:
            yield from child.lines()
        finally:
            child.end()


class Child:
    """The process that reads; it may wait for us as long as it likes, we do not wait long for it."""

    def __init__(self, words, complaints):
        self.complaints = complaints
        self.watched = False  # its memory, by us
        self.process = subprocess.Popen(
            [sys.executable, "-m", "office.workbooks.child", *words],
            cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout

    def lines(self):
        for raw in self._whole_lines():
            line = json.loads(raw)
            if isinstance(line, dict):
                if "limited" in line:
                    self.watched = not line["limited"]
                    continue
                if line.get("end"):
                    return
                if "error" in line:
                    raise _problem(line["error"])
            yield line
        raise self._death()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.said.close()

    def _whole_lines(self):
        held = bytearray()
        descriptor = self.said.fileno()
        while True:
            self._wait(descriptor)
            piece = os.read(descriptor, 2**18)
            if not piece:
                return
            held += piece
            if len(held) > MOST_LINE:
                raise Unreadable("memory")
            while (end := held.find(b"\n")) >= 0:
                line = bytes(held[:end])
                del held[: end + 1]
                yield line

    def _wait(self, descriptor):
        began = time.monotonic()
        while not select.select([descriptor], [], [], 0.5)[0]:
            if time.monotonic() - began > PATIENCE:
                raise Unreadable("slow", f"{PATIENCE} s")
            if self.watched and _size(self.process.pid) > MEMORY:
                raise Unreadable("memory")

    def _death(self):
        """Why a child that said no last word is gone: by a limit, or by the file."""
        code = self.process.wait()
        self.complaints.seek(0)
        words = self.complaints.read(200_000).decode(errors="replace")
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return Unreadable("slow", "CPU")
        if code == -signal.SIGABRT or "memory allocation" in words or "MemoryError" in words:
            return Unreadable("memory")
        last = words.strip().splitlines()[-1:] or [f"exit {code}"]
        return Unreadable("damaged", last[0])


def _size(pid):
    """Bytes a process holds, asked of `ps`: where the system does not keep limits itself."""
    try:
        done = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, timeout=5, check=False
        )
        return int(done.stdout or 0) * 1024
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0
