"""Which ratios are taken, and their goals (ARCHITECTURE §4 Speed; the first issue's "Must hold")."""

import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from django.urls import reverse

from tests import databases

from . import boards, data, exporting, finding, households
from .lane import Lane


@dataclass(frozen=True)
class Size:
    """How large a run is. `rounds` is odd so that the median is one of them."""

    few: int
    many: int
    base: int  # tickets the demonstration makes in each database; the others are its history
    promises: int
    due: int
    sheets: int  # work orders of a batch
    rounds: int
    times: int  # requests a turn
    residents: int  # people the search box knows; 0: those of the demonstration
    words: int  # asked of each kind
    owed: int  # promises of the board; 0: those of the demonstration


FULL = Size(
    few=10_000,
    many=1_000_000,
    base=10_000,
    promises=1_000_000,
    due=2_000,
    sheets=50,
    rounds=7,
    times=20,
    residents=1_000_000,
    words=200,
    owed=1_000_000,
)
SMALL = Size(
    few=600,
    many=6_000,
    base=600,
    promises=2_000,
    due=200,
    sheets=4,
    rounds=1,
    times=2,
    residents=0,
    words=8,
    owed=0,
)


@dataclass
class Row:
    """A line of the table: `value` against `goal`; `ok` None where nothing was asked for."""

    name: str
    value: str
    goal: str = ""
    ok: bool | None = None
    spread: str = ""
    note: str = ""


class Run:
    def __init__(self, size, only=""):
        self.size, self.only, self.rows, self.lanes = size, only, [], {}

    def go(self, tell):
        try:
            for part in (
                self.pages,
                self.finding,
                self.taking,
                self.sweeps,
                self.paper,
                self.exports,
                self.households,
                self.board,
            ):
                if self.only in part.__name__:
                    tell(f"{part.__name__} …")
                    part()
        finally:
            for lane in self.lanes.values():
                lane.end()
        return self.rows

    def lane(self, name):
        if not self.size.owed:  # a small run reads what the demonstration owes
            name = {"board_few": "few", "board_many": "ten"}.get(name, name)
        if name not in self.lanes:
            self.lanes[name] = self.fresh(name)
        return self.lanes[name]

    def fresh(self, name):
        """A lane of its own, for whoever asks what a process needs that has done nothing yet."""
        size = self.size
        source = {
            "few": lambda: data.history(size.few, size.base),
            "ten": lambda: data.history(size.few * 10, size.base),
            "many": lambda: data.history(size.many, size.base),
            "residents": lambda: finding.residents(size.residents),
            "promises": lambda: data.promises(size.promises),
            "board_few": lambda: data.board(size.owed // 10, 5_000),
            "board_many": lambda: data.board(size.owed, 5_000),
        }[name]()
        return Lane(source)

    # --- taking turns --------------------------------------------------------------------------------------------

    def turns(self, subject, yardstick, times=None):
        """(ratio, subject's seconds, yardstick's) of each round. Both are (lane, case, values) and take turns at
        going first; the quickest time of a turn counts, since others' work only ever adds to it."""
        times = times or self.size.times
        found = []
        for number in range(self.size.rounds):
            pair = [subject, yardstick] if number % 2 == 0 else [yardstick, subject]
            seconds = {}
            for lane, case, values in pair:
                answer = lane.ask(case, times, **values)
                seconds[id(lane), case, str(values)] = min(answer["seconds"])
            ours, theirs = (
                seconds[id(lane), case, str(values)] for lane, case, values in (subject, yardstick)
            )
            found.append((ours / theirs, ours, theirs))
        return found

    def ratio(self, name, subject, yardstick, goal, unit="", times=None):
        found = self.turns(subject, yardstick, times)
        ratios = [ratio for ratio, _ours, _theirs in found]
        middle = statistics.median(ratios)
        ours = statistics.median(ours for _ratio, ours, _theirs in found) * 1000
        theirs = statistics.median(theirs for _ratio, _ours, theirs in found) * 1000
        row = Row(
            name,
            f"{middle:.2f} {unit}".strip(),
            spread=f"{min(ratios):.2f}–{max(ratios):.2f}",
            note=f"{ours:.2f} / {theirs:.2f} ms",
        )
        if goal is not None:
            row.goal, row.ok = f"≤ {goal:g} {unit}".strip(), middle <= goal
        self.rows.append(row)
        return row

    def fact(self, name, value, goal, ok, note=""):
        self.rows.append(Row(name, str(value), goal, ok, note=note))

    # --- the parts -----------------------------------------------------------------------------------------------

    def pages(self):
        few, ten, many = self.lane("few"), self.lane("ten"), self.lane("many")
        ids = many.ask("ids")
        a = (many, "page", {"path": "/yardstick"})
        self.ratio(
            "A against a plain view", a, (many, "page", {"path": "/plain"}), None, times=self.size.times * 3
        )
        tickets = reverse("tickets:list")
        first, last = {"path": tickets}, {"path": f"{tickets}?before=end"}
        count = f"{ids['tickets']:,}"
        self.ratio(f"ticket list of 50 at {count}", (many, "page", first), a, 6, "A")
        queries = many.ask("page", 1, **first)["queries"]
        self.fact("queries of the ticket list", queries, "≤ 8", queries <= 8)
        self.ratio("ticket list: last page to first", (many, "page", last), (many, "page", first), 1.2)
        self.ratio(
            f"ticket list: {self.size.many:,} to {self.size.few:,}",
            (many, "page", first),
            (few, "page", first),
            1.2,
        )
        self.ratio(
            "ticket page",
            (many, "page", {"path": reverse("tickets:ticket", args=[ids["ticket"]])}),
            a,
            4,
            "A",
        )
        board = {"path": f"{reverse('tickets:dashboard')}?month=2026-03"}
        self.ratio("repairs dashboard", (many, "page", board), a, 4, "A")
        self.ratio(
            f"dashboard: {self.size.few * 10:,} to {self.size.few:,}",
            (ten, "page", board),
            (few, "page", board),
            1.2,
        )
        self.plan("list page reads an index", many, tickets, "ticket_newest")
        self.plan(
            "callback queue reads an index",
            many,
            reverse("tickets:callbacks"),
            "ticket_next_clock",
            "ticket_open_state",
        )

    def plan(self, name, lane, path, *indexes):
        plans = lane.ask("plan_of", 1, path=path, table="tickets_ticket")["plans"]
        used = [index for index in indexes if any(index in plan for plan in plans)]
        scanned = any("Seq Scan on tickets_ticket" in plan for plan in plans)
        self.fact(name, ", ".join(used) or "none", " or ".join(indexes), bool(used) and not scanned)

    def finding(self):
        finding.part(self)

    def taking(self):
        many = self.lane("many")
        many.ask("take", 3)
        self.ratio("taking a repair", (many, "take", {}), (many, "bare_inserts", {}), 2.5, "R")

    def sweeps(self):
        lane, due = self.lane("promises"), {"count": self.size.due}
        nothing = lane.ask("sweep_nothing", 1)
        one = nothing["queries"] == 1
        self.fact(
            f"queries of a sweep, nothing due among {self.size.promises:,}", nothing["queries"], "1", one
        )
        indexed = "promise_next_step" in nothing["plans"][0] and "Seq Scan" not in nothing["plans"][0]
        self.fact(
            "sweep reads an index", "promise_next_step" if indexed else "none", "promise_next_step", indexed
        )
        self.ratio("sweep, nothing due", (lane, "sweep_nothing", {}), (lane, "bare_look", {}), None, "R")
        self.ratio(
            f"sweep, {self.size.due:,} due",
            (lane, "sweep_due", due),
            (lane, "bare_update", due),
            2.5,
            "R",
            times=1,
        )

    def paper(self):
        few, batch = self.lane("few"), {"count": self.size.sheets}
        self.ratio(
            "one work order",
            (few, "sheet", {}),
            (few, "bare_sheet", {}),
            1.15,
            "WeasyPrint",
            times=min(self.size.times, 5),
        )
        row = self.ratio(
            "batch of work orders, a sheet",
            (few, "batch", batch),
            (few, "bare_batch", batch),
            1.1,
            "WeasyPrint",
            times=1,
        )
        sheets = few.ask("batch", 0, **batch)["sheets"]
        ours, _stroke, rest = row.note.partition(" / ")
        row.note = f"{float(ours) / sheets:.1f} / {float(rest.removesuffix(' ms')) / sheets:.1f} ms a sheet, {sheets} sheets"
        used = []
        for count in (
            self.size.sheets,
            self.size.sheets * 4,
        ):  # each in a process that has printed nothing yet
            lane = Lane(data.history(self.size.few, self.size.base))
            try:
                used.append(lane.ask("memory", 1, count=count))
            finally:
                lane.end()
        growth = used[1]["megabytes"] / used[0]["megabytes"]
        note = " / ".join(f"{one['megabytes']:.0f} MB for {one['sheets']}" for one in reversed(used))
        self.fact("memory of a batch four times as large", f"{growth:.2f}", "≤ 1.2", growth <= 1.2, note)

    def households(self):
        households.report(self)

    def board(self):
        boards.report(self)

    def exports(self):
        exporting.report(self)


def machine():
    """The machine in a line, and how busy it is with others' work."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    model = next(named, platform.machine())
    version = databases.servers().postgres.sql("SHOW server_version")
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} × {model}, Linux {platform.release()}, Python {platform.python_version()}, PostgreSQL {version}, "
        f"{time.strftime('%Y-%m-%d')}, load before the run {load:.1f}"
    )


def table(rows):
    head = ("", "measured", "goal", "", "spread", "absolute")
    lines = [head]
    for row in rows:
        mark = "" if row.ok is None else "ok" if row.ok else "MISSED"
        lines.append((row.name, row.value, row.goal, mark, row.spread, row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
