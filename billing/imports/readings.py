"""Meter readings out of a workbook (SPEC §6.3, §14): each goes through the same door as one that is typed."""

from collections import defaultdict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.actions import readings as actions
from billing.models import Meter, Reading
from billing.rules import meters as rules
from office import clocks, jobs
from office.imports import cells, checking
from office.imports.loading import Load
from office.imports.sheets import SHEETS, Column, Place, Sheet, register
from office.refusals import Refused

STEP = 50  # rows between two signs of life


class Readings(Load):
    """The whole file decides: a day may stand in it once per meter, and what is there already is left alone.

    A reading below the last or far from the usual is no error: it comes in and is held, as at the desk.
    """

    own = True

    def plan(self, run, rows):
        for row in rows:
            row.creates = True

    def settle(self, batch, place, by):
        return {number: verdict for number, verdict, _reading in self._read(batch, place)}

    def write(self, job, batch, now):
        place = Place(batch.estate, clocks.local_date(now, batch.estate.zone), now)
        wanted = [
            reading
            for _number, (outcome, _errors), reading in self._read(batch, place)
            if outcome == "create"
        ]
        if len(wanted) != batch.counts.get("create", 0):
            raise Refused(
                _("The register has changed since this was checked, and nothing was written. Check again, look at the counts, and apply.")
            )  # fmt: skip
        # Oldest first, so that each stands on the one before it.
        for done, (meter, day, value, rolled) in enumerate(
            sorted(wanted, key=lambda one: (one[1], one[0].pk)), start=1
        ):
            actions.take(
                meter=meter, value=value, read_on=day, rolled_over=rolled, source=Reading.Source.IMPORT, by=job.by, now=now
            )  # fmt: skip
            if done % STEP == 0:
                jobs.progress(job, done, len(wanted))
        job.total = job.done = len(wanted)

    def take_back(self, job, batch, now):
        place = Place(batch.estate, clocks.local_date(now, batch.estate.zone), now)
        rows = []
        for number, values in checking.staged(batch.rows.filter(outcome="create")):
            row = checking.read_row(SHEETS["readings"], batch.matching, place, number, values)
            meter = self._meters(batch.estate, [row])[row.values["serial"]][0]
            rows.append((meter.pk, row.values["read_on"], row.values["value"]))
        return actions.take_back(estate=batch.estate, rows=rows, by=job.by, now=now)

    # --- the file as a whole

    def _read(self, batch, place):
        """[(row number, (outcome, errors), (meter, day, value, rolled over) or None)]."""
        rows = [
            checking.read_row(SHEETS["readings"], batch.matching, place, number, values)
            for number, values in checking.staged(batch.rows.exclude(outcome="left_out"))
        ]
        meters = self._meters(batch.estate, rows)
        known: dict = defaultdict(dict)
        there = Reading.objects.filter(
            estate=batch.estate,
            meter__serial__in=meters,
            state__in=(Reading.State.COUNTED, Reading.State.HELD),
        )
        for pk, day, value in there.values_list("meter_id", "read_on", "value"):
            known[pk][day] = value
        seen: dict = {}
        return [self._verdict(row, meters, known, seen, place.today) for row in rows]

    def _verdict(self, row, meters, known, seen, today):
        errors = [(error["column"], error["reason"], error["proposed"]) for error in row.errors]
        if errors:
            return row.number, ("error", errors), None
        values = row.values
        found = [
            one
            for one in meters.get(values["serial"], ())
            if not values.get("kind") or one.kind == values["kind"]
        ]
        if len(found) != 1:
            reason = (
                _("There is no meter %(serial)s here.") if not found else _("Several kinds of meters have the number %(serial)s: say which.")
            )  # fmt: skip
            return row.number, ("error", [("serial", reason % {"serial": values["serial"]}, "")]), None
        meter, day, value = found[0], values["read_on"], values["value"]
        if name := rules.wrong(meter, value=value, read_on=day, today=today):
            column = "value" if name == rules.DIGITS else "read_on"
            return row.number, ("error", [(column, str(rules.WRONG[name]), "")]), None
        if (meter.pk, day) in seen:
            said = _("Row %(row)s reads this meter on this day already.") % {"row": seen[meter.pk, day]}
            return row.number, ("error", [("read_on", said, "")]), None
        seen[meter.pk, day] = row.number
        if day in known[meter.pk]:
            if known[meter.pk][day] == value:
                return row.number, ("unchanged", []), None
            said = _("This meter has the reading %(value)s on this day already. Correct that one.")
            shown = rules.shown(known[meter.pk][day])
            return row.number, ("error", [("value", said % {"value": shown}, shown)]), None
        return row.number, ("create", []), (meter, day, value, bool(values.get("rolled_over")))

    @staticmethod
    def _meters(estate, rows):
        """{serial: [meter]} of what the rows name. One query."""
        found = defaultdict(list)
        serials = {row.values.get("serial") for row in rows}
        for meter in Meter.objects.filter(estate=estate, serial__in=serials):
            found[meter.serial].append(meter)
        return found


KINDS = {
    "water": "水 水表 水费 自来水 冷水 water",
    "electricity": "电 电表 电费 电力 electric power electricity",
    "gas": "气 燃气 燃气表 煤气 天然气 gas",
}

READINGS = Sheet(
    "readings",
    # Translators: 抄表記錄
    gettext_lazy("Meter readings"),
    order=85,
    identity=("serial", "read_on"),
    load=Readings(),
    permission="billing.import",
    help=gettext_lazy("What the dials showed, by meter number and day; the meters have to be there."),
    columns=(
        Column("serial", gettext_lazy("Meter number"), cells.code(40), "表号 表计编号 表编号 水表号 电表号 仪表编号 表具编号 meterno meternumber meter serialno",
               required=True),
        Column("kind", gettext_lazy("Kind"), cells.choice(Meter.Kind.choices, KINDS), "类别 表计类型 表类型 类型 种类 type utility", choices=tuple(Meter.Kind.choices)),
        Column("read_on", gettext_lazy("Read on"), cells.day(), "抄表日期 抄表时间 日期 读数日期 date readingdate readdate", required=True),
        Column("value", gettext_lazy("Reading"), cells.decimal(3, low=0, high=999_999_999), "读数 表读数 本次读数 本期读数 本月读数 止码 止度 本期止码 行度 currentreading value index",
               required=True),
        Column("rolled_over", gettext_lazy("Passed zero"), cells.yes_no(), "过零 归零 翻转 rollover rolledover"),
    ),
)  # fmt: skip


def declare():
    register(READINGS)
