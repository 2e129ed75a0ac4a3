"""The register of meters out of a workbook (SPEC §14): what the list of meters exports comes in again and changes nothing."""

from collections import defaultdict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.actions import meters as actions
from billing.imports.readings import KINDS, STEP
from billing.models import Meter, Reading
from office import clocks, jobs, search
from office.imports import cells, checking
from office.imports.loading import Load
from office.imports.sheets import SHEETS, Column, Place, Sheet, register
from office.models import Building, Unit
from office.refusals import Refused

DEFAULTS = {"place": "", "digits": 5, "multiplier": 1, "position": 0, "installed_at_value": 0}
COMPARED = (
    "unit_id",
    "building_id",
    "reach",
    "place",
    "digits",
    "multiplier",
    "position",
    "installed_on",
    "installed_at_value",
)


class Meters(Load):
    """New meters come in; one that is there already must be the same, else it is mended at its page."""

    own = True

    def plan(self, run, rows):
        for row in rows:
            row.creates = True

    def settle(self, batch, place, by):
        return {number: verdict for number, verdict, _values in self._read(batch, place)}

    def write(self, job, batch, now):
        place = Place(batch.estate, clocks.local_date(now, batch.estate.zone), now)
        wanted = [
            values for _number, (outcome, _errors), values in self._read(batch, place) if outcome == "create"
        ]
        if len(wanted) != batch.counts.get("create", 0):
            raise Refused(
                _("The register has changed since this was checked, and nothing was written. Check again, look at the counts, and apply.")
            )  # fmt: skip
        for done, values in enumerate(wanted, start=1):
            actions.save(estate=batch.estate, values=values, by=job.by, now=now)
            if done % STEP == 0:
                jobs.progress(job, done, len(wanted))
        job.total = job.done = len(wanted)

    def take_back(self, job, batch, now):
        keys = []
        place = Place(batch.estate, clocks.local_date(now, batch.estate.zone), now)
        for number, said in checking.staged(batch.rows.filter(outcome="create")):
            values = checking.read_row(SHEETS["meters"], batch.matching, place, number, said).values
            keys.append((values["kind"], values["serial"]))
        rows = Meter.objects.filter(estate=batch.estate, serial__in=[serial for _kind, serial in keys])
        found = [row for row in rows if (row.kind, row.serial) in set(keys)]
        if (
            Reading.objects.filter(meter__in=found).exists()
            or Meter.objects.filter(replaces__in=found).exists()
        ):
            raise Refused(_("Some of these meters have been read since; nothing was taken back."))
        Meter.objects.filter(pk__in=[row.pk for row in found]).delete()
        return len(found)

    def _read(self, batch, place):
        """[(row number, (outcome, errors), values or None)]."""
        estate = batch.estate
        rows = [
            checking.read_row(SHEETS["meters"], batch.matching, place, number, values)
            for number, values in checking.staged(batch.rows.exclude(outcome="left_out"))
        ]
        said = {row.values.get("unit") for row in rows}
        units = {
            unit.code: unit
            for unit in Unit.objects.filter(estate=estate, code__in=said).select_related("building")
        }
        buildings: dict = {}
        for building in Building.objects.filter(estate=estate):
            for name in filter(None, (building.name, building.code)):
                buildings[search.fold(name)] = building
        there: dict = defaultdict(dict)
        for meter in Meter.objects.filter(
            estate=estate, serial__in={row.values.get("serial") for row in rows}
        ):
            there[meter.kind][meter.serial] = meter
        seen: dict = {}
        return [self._verdict(row, units, buildings, there, seen, place.today) for row in rows]

    def _verdict(self, row, units, buildings, there, seen, today):
        errors = [(error["column"], error["reason"], error["proposed"]) for error in row.errors]
        if errors:
            return row.number, ("error", errors), None
        said = row.values
        unit, building = units.get(said.get("unit")), buildings.get(search.fold(said.get("building") or ""))
        if said.get("unit") and unit is None:
            errors.append(("unit", _("There is no unit %(said)s.") % {"said": said["unit"]}, ""))
        if said.get("building") and building is None:
            errors.append(
                ("building", _("There is no building %(said)s. Bring in the buildings first.") % {"said": said["building"]}, "")
            )  # fmt: skip
        reach = "" if unit else said.get("reach") or ("building" if building else "")
        if not said.get("unit") and not reach:
            errors.append(("unit", _("Choose a unit, or say who shares the meter."), ""))
        if said["installed_on"] > today:
            errors.append(("installed_on", _("This lies in the future."), ""))
        key = said["kind"], said["serial"]
        if key in seen:
            errors.append(("serial", _("Row %(row)s has this meter already.") % {"row": seen[key]}, ""))
        seen.setdefault(key, row.number)
        values = {
            name: said[name] if said.get(name) is not None else default for name, default in DEFAULTS.items()
        }
        values |= {
            "kind": said["kind"], "serial": said["serial"], "unit": unit, "building": unit.building if unit else building,
            "reach": reach, "installed_on": said["installed_on"],
        }  # fmt: skip
        if errors:
            return row.number, ("error", errors), None
        old = there[said["kind"]].get(said["serial"])
        if old is None:
            return row.number, ("create", []), values
        wanted = Meter(**values)
        if all(getattr(old, name) == getattr(wanted, name) for name in COMPARED):
            return row.number, ("unchanged", []), None
        reason = _("This meter is written down otherwise. Mend it at its page.")
        return row.number, ("error", [("serial", reason, "")]), None


METERS = Sheet(
    "meters",
    # Translators: 表計
    gettext_lazy("Meters"),
    order=60,
    identity=("kind", "serial"),
    load=Meters(),
    permission="billing.import",
    help=gettext_lazy("Meters of units and shared ones; units and buildings have to be there."),
    columns=(
        Column("serial", gettext_lazy("Meter number"), cells.code(40), "表号 表计编号 表编号 水表号 电表号 仪表编号 表具编号 meterno meternumber meter serialno",
               required=True),
        Column("kind", gettext_lazy("Kind"), cells.choice(Meter.Kind.choices, KINDS), "类别 表计类型 表类型 类型 种类 type utility",
               required=True, choices=tuple(Meter.Kind.choices)),
        Column("unit", gettext_lazy("Unit"), cells.code(40), "房号 房间号 房屋 房屋编号 unitno unitcode"),
        Column("building", gettext_lazy("Building"), cells.text(80), "楼栋 楼栋号 楼号 栋号 block buildingno"),
        Column("reach", gettext_lazy("Shared by"), cells.choice(Meter.Reach.choices, {"building": "楼栋 本楼", "estate": "小区 全小区"}),
               "公摊范围 分摊范围", choices=tuple(Meter.Reach.choices)),
        Column("place", gettext_lazy("Place"), cells.text(80), "位置 安装位置 location"),
        Column("multiplier", gettext_lazy("Multiplier"), cells.decimal(3, low=0.001, high=99_999), "倍率 倍数 互感器倍率 ratio factor"),
        Column("position", gettext_lazy("Place in the walk"), cells.whole(0, 1_000_000), "抄表顺序 顺序 序号 order"),
        Column("digits", gettext_lazy("Digits"), cells.whole(3, 9), "位数 表位数"),
        Column("installed_on", gettext_lazy("Installed on"), cells.day(), "安装日期 启用日期 installdate installed", required=True),
        Column("installed_at_value", gettext_lazy("Reading when installed"), cells.decimal(3, low=0, high=999_999_999), "安装时读数 起始读数 初始读数 底数 起码 initialreading"),
    ),
)  # fmt: skip


def declare():
    register(METERS)
