"""The register of the equipment 設備台帳 out of a workbook: what the list of facilities exports, and what others call so.

A facility is found again by its code. What the file leaves empty stays. A certificate that is written down here is a
promise to have the next one in time, as at the desk (tickets.actions.asset); renewing one is done at the facility,
which keeps that promise.
"""

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from office import clocks, promises, search
from office.imports import cells
from office.imports.loading import Load, Table
from office.imports.sheets import Column, Sheet, register
from office.models import Building, Promise
from office.models.promises import Measure
from tickets.actions.asset import head_of_repair
from tickets.models import Asset

KIND = "certificate"
FIELDS = (
    "name_zh_hant", "name_zh_hans", "name_en", "kind", "building_id", "place", "maker", "serial", "installed_on", "contractor",
    "certificate_until",
)  # fmt: skip
KINDS = {
    "lift": "电梯 升降机 扶梯 elevator escalator",
    "pump": "水泵 供水 给水 生活水泵 泵房 泵 pump pumps",
    "power": "供电 配电 照明 发电机 电力 electricity generator",
    "fire": "消防 消防设施 消火栓 喷淋 烟感 fire",
    "security": "门禁 监控 道闸 对讲 安防 智能化 barrier camera cctv",
    "drain": "排水 污水 雨水 sewage",
    "structure": "房屋本体 建筑 道路 围墙",
    "other": "其他 其它",
}
NAMES = ("name_zh_hant", "name_zh_hans", "name_en")


def _find_assets(run, keys):
    names = ("code", "is_active", *FIELDS)
    rows = Asset.objects.filter(estate=run.estate, code__in=keys).values("pk", *names)
    return {row["code"]: (row["pk"], {name: row[name] for name in names}) for row in rows}


def _find_promises(run, keys):
    """Keys: facility; the last promise about its certificate."""
    rows = Promise.objects.filter(kind=KIND, subject_kind=Asset.SUBJECT, subject_id__in=keys)
    found = rows.values_list("subject_id").annotate(last=Max("pk"), sequence=Max("sequence"))
    return {str(asset): (pk, {"sequence": sequence}) for asset, pk, sequence in found}


ASSETS = Table("asset", Asset, _find_assets, updates=FIELDS, kind=Asset.SUBJECT)
PROMISES = Table("promise", Promise, _find_promises)


class Equipment(Load):
    tables = (ASSETS, PROMISES)
    subjects = ("asset",)

    def plan(self, run, rows):
        run.prime("asset", {row.values["code"] for row in rows})
        present = {found.pk for row in rows if (found := run.get("asset", row.values["code"]))}
        run.prime("promise", {str(pk) for pk in present})
        buildings = _buildings(run)
        owner = head_of_repair(run.estate.pk) or run.by
        escalation = promises.escalation_at(run.estate.pk, run.place.now)
        for row in rows:
            found = run.get("asset", row.values["code"])
            wanted = self._wanted(row, found, buildings, run.place.today)
            if found and found.row:
                row.error("code", _("Row %(row)s has this code already.") % {"row": found.row})
            if row.errors:
                continue
            until = wanted.get("certificate_until")
            if found:
                promised = (
                    until and found.values.get("certificate_until") is None and found.values["is_active"]
                )
                pk = self._change(run, row, found, wanted)
            else:
                promised = until
                pk = self._add(run, row, wanted)
            if promised:
                self._promise(run, row, pk, until, owner, escalation)

    @staticmethod
    def _wanted(row, found, buildings, today):
        """The columns this row speaks of; says what is wrong with them."""
        values = row.values
        said = values.get("building")
        building = buildings.get(search.fold(said)) if said else None
        if said and building is None:
            row.error(
                "building", _("There is no building %(said)s. Bring in the buildings first.") % {"said": said}
            )
        if values.get("installed_on") and values["installed_on"] > today:
            row.error("installed_on", _("This lies in the future."))
        until = values.get("certificate_until")
        known = found and found.values.get("certificate_until")
        if known and until and until.isoformat() != known:
            row.error(
                "certificate_until",
                _(
                    "The certificate of %(code)s is valid until %(until)s. The next one is entered at the facility."
                )
                % {"code": values["code"], "until": known},
                known,
            )
        name = values.get("name")
        if found and name in [found.values[one] for one in NAMES]:
            name = None  # an export has one of the three, in its reader's language
        return {
            "name_zh_hant": name, "name_zh_hans": values.get("name_zh_hans"), "name_en": values.get("name_en"),
            "kind": values.get("kind"), "building_id": building, "place": values.get("place"), "maker": values.get("maker"),
            "serial": values.get("serial"), "installed_on": values.get("installed_on"),
            "contractor": values.get("contractor"), "certificate_until": until,
        }  # fmt: skip

    @staticmethod
    def _change(run, row, found, wanted):
        changes = found.changes(wanted)
        if changes:
            run.update("asset", row, found, changes, event=_event(run, found.pk, row.values["code"]))
        return found.pk

    @staticmethod
    def _add(run, row, wanted):
        code, pk = row.values["code"], run.next_id("asset")
        values = {name: value for name, value in wanted.items() if value is not None}
        values |= {"estate_id": run.estate.pk, "code": code}
        return run.create("asset", row, values, pk=pk, keys=[code], event=_event(run, pk, code))

    @staticmethod
    def _promise(run, row, asset, until, owner, escalation):
        estate, about, now = run.estate, promises.KINDS[KIND], run.place.now
        last = run.get("promise", str(asset))
        times = clocks.limit(
            fact_at=now, amount=0, measure=Measure.AT, zone=estate.zone, closes_at=estate.closes_at,
            agreed=clocks.end_of_day(until, estate.zone), steps=promises.steps_of(escalation),
        )  # fmt: skip
        name = row.values.get("name") or ""
        values = {
            "kind": KIND, "subject_kind": Asset.SUBJECT, "subject_id": asset, "estate_id": estate.pk,
            "sequence": (last.values["sequence"] if last else 0) + 1, "title": f"{row.values['code']} {name}".strip()[:200],
            "owner_id": owner.pk, "department": about.department, "rule_key": KIND, "amount": 0, "measure": Measure.AT,
            "fact_at": now, "due_at": times.due_at, "warn_at": times.warn_at, "made_at": now,
            "director_at": times.director_at if promises.climbs(KIND, escalation) else None,
        }  # fmt: skip
        run.create("promise", row, values, keys=[str(asset)])


def _event(run, pk, code):
    return run.event("asset.saved", Asset.SUBJECT, pk, code, code=code)


def _buildings(run):
    """{folded code or name: pk} of the estate's buildings; a code outweighs a name."""
    rows = Building.objects.filter(estate=run.estate).values_list("pk", "code", "name")
    found = {search.fold(name): pk for pk, _code, name in rows if name}
    return found | {search.fold(code): pk for pk, code, _name in rows}


EQUIPMENT = Sheet(
    "equipment",
    # Translators: 公共設施
    gettext_lazy("Public facilities"),
    order=55,
    identity=("code",),
    load=Equipment(),
    help=gettext_lazy("Lifts, pumps, fire protection and other facilities; their buildings have to be there."),
    columns=(
        Column("code", gettext_lazy("Code"), cells.code(20), "设备编号 设施编号 资产编号 设备编码 编号 编码 equipmentno equipmentcode assetno assetcode",
               required=True),
        Column("name", pgettext_lazy("of a thing", "Name"), cells.text(80), "设备名称 设施名称 资产名称 名称 equipmentname assetname equipment facility",
               required=True),
        Column("name_zh_hans", gettext_lazy("name in Simplified Chinese"), cells.text(80), "简体名称"),
        Column("name_en", gettext_lazy("English name"), cells.text(80), "英文名 英文名称 nameen"),
        Column("kind", gettext_lazy("Kind"), cells.choice(Asset.Kind.choices, KINDS), "类别 设备类别 设备类型 设施类别 类型 分类 type category",
               choices=tuple(Asset.Kind.choices)),
        Column("building", gettext_lazy("Building"), cells.text(80), "楼栋 楼栋号 楼号 栋号 所属楼栋 楼宇 座 buildingno block"),
        Column("place", gettext_lazy("Place"), cells.text(120), "位置 安装位置 安装地点 地点 所在位置 location position"),
        Column("maker", gettext_lazy("Maker and model"), cells.text(120), "品牌型号 品牌 型号 规格型号 厂家 生产厂家 制造商 maker model brand manufacturer"),
        Column("serial", gettext_lazy("Serial number"), cells.code(60), "出厂编号 序列号 出厂序号 设备序列号 serialno serial"),
        Column("installed_on", gettext_lazy("Installed on"), cells.day(), "安装日期 启用日期 投用日期 投入使用日期 installdate installed commissioned"),
        Column("contractor", gettext_lazy("Maintenance contractor"), cells.text(120), "维保单位 维保公司 保养单位 维护单位 contractor maintainedby"),
        Column("certificate_until", gettext_lazy("Certificate valid until"), cells.day(),
               "年检有效期 年检到期 年检到期日 检验有效期 下次年检日期 下次检验日期 保险到期日 有效期至 certificateuntil nextinspection inspectiondue"),
    ),
)  # fmt: skip


def declare():
    register(EQUIPMENT)
