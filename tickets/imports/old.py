"""Old repairs out of any workbook: the history of the units, brought in beside our own numbers (SPEC §14).

The old number is kept, with OLD- before it, so that our series has no gaps when an import is rolled back. Nothing is
sent and nothing is promised: whoever reported it was answered, or not, before. A row that is one of our own tickets
(our export again) changes nothing.
"""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import search
from office.imports import cells, units
from office.imports.loading import Load, Table
from office.imports.sheets import Column, Sheet, register
from office.models import DepartmentHead, Unit
from office.models.staff import Department
from tickets.models import Category, Ticket, WorkOrder

SOURCE = "file"
PREFIX = "OLD-"
FIELDS = ("problem", "result", "reporter_name", "reporter_phone")
ENDED = ("done", "closed", "cancelled")
STATES = {
    "accepted": "未完成 未处理 待处理 处理中 已受理 受理 未派工 新 open new pending accepted",
    "dispatched": "已派工 已派单 assigned",
    "in_progress": "进行中 维修中 施工中 started",
    "waiting": "暂停 待料 等待 onhold",
    "done": "已完成 完成 已处理 已维修 已修复 已修好 完工 finished completed resolved",
    "closed": "已关闭 关闭 结束 已结案 结案 已回访",
    "cancelled": "取消 已取消 作废 撤销 canceled void",
}
CHANNELS = {
    "phone": "电话 来电 热线 call",
    "counter": "前台 来访 上门 柜台 walkin visit",
    "message": "微信 短信 网上 小程序 app wechat online mail",
    "letter": "信函 书面",
    "patrol": "巡查 巡检",
}


def _minute(moment):
    return moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else str(moment)[:16]


def _find_tickets(run, keys):
    """Keys: own|number, old|number in the source."""
    names = ("number", "source", "source_number", "opened_at", "version", *FIELDS)
    asked: dict[str, set] = {"own": set(), "old": set()}
    for key in keys:
        kind, _bar, number = key.partition("|")
        asked[kind].add(number)
    found = {}
    rows = Ticket.objects.filter(estate=run.estate)
    for row in rows.filter(number__in=asked["own"]).values("pk", *names):
        found[f"own|{row['number']}"] = (row["pk"], {name: row[name] for name in names})
    for row in rows.filter(source=SOURCE, source_number__in=asked["old"]).values("pk", *names):
        found[f"old|{row['source_number']}"] = (row["pk"], {name: row[name] for name in names})
    return found


def _find_orders(run, keys):
    return {}  # they come with their tickets and are not asked for


def _keys_of_tickets(ids):
    rows = Ticket.objects.filter(pk__in=ids).values_list("pk", "estate_id", "number", "source_number")
    for pk, estate_id, number, old in rows:
        yield pk, estate_id, search.keys_of_number(number) | search.keys_of_number(old)


TICKETS = Table(
    "ticket", Ticket, _find_tickets, updates=(*FIELDS, "version"), kind=Ticket.SUBJECT, keys=_keys_of_tickets
)
ORDERS = Table("work_order", WorkOrder, _find_orders)


class OldRepairs(Load):
    tables = (TICKETS, ORDERS)

    def plan(self, run, rows):
        numbers = {row.values["number"] for row in rows}
        run.prime("ticket", {f"{kind}|{number}" for kind in ("own", "old") for number in numbers})
        places = units.said(run, {row.values["place"] for row in rows})
        buildings = dict(
            Unit.objects.filter(pk__in={hits[0][0] for hits in places.values() if len(hits) == 1})
            .values_list("pk", "building_id")
        )  # fmt: skip
        categories = _categories(run)
        owner = DepartmentHead.objects.filter(estate=run.estate, department=Department.FRONT_DESK).first()
        for row in rows:
            if self._is_ours(run, row):
                continue
            category = _category(row, categories)
            state, ended = self._end(run, row)
            found = run.get("ticket", f"old|{row.values['number']}")
            if found and found.row:
                row.error("number", _("Row %(row)s has this number already.") % {"row": found.row})
            if row.errors:
                continue
            if found:
                self._change(run, row, found)
                continue
            hits = places.get(row.values["place"], [])
            unit = hits[0][0] if len(hits) == 1 else None
            where = {
                "unit_id": unit,
                "building_id": None if unit is None else buildings.get(unit),
                "place": "" if unit else row.values["place"],
            }
            self._add(run, row, category, state, ended, where, owner and owner.head_id)

    @staticmethod
    def _is_ours(run, row):
        own = run.get("ticket", f"own|{row.values['number']}")
        if own is None or own.row:
            return False
        return _minute(
            datetime.fromisoformat(own.values["opened_at"]).astimezone(run.estate.zone)
        ) == _minute(row.values["opened_at"].astimezone(run.estate.zone))

    @staticmethod
    def _end(run, row):
        """(our state, when it ended): what is over has an end, what is open has none."""
        values = row.values
        said, ended = values.get("state"), values.get("done")
        state = said or ("closed" if ended else "accepted")
        for column in ("opened_at", "done"):
            if values.get(column) and values[column] > run.place.now:
                row.error(column, _("This lies in the future."))
        if state not in ENDED:
            return "accepted", None
        if ended is None:
            row.error("done" if "done" in row.cells else "state", _("What is over needs the day it ended."))
        elif ended < values["opened_at"]:
            row.error("done", _("It ended before it was reported."))
        return ("cancelled" if state == "cancelled" else "closed"), ended

    @staticmethod
    def _change(run, row, found):
        """What the old system tells anew, while nobody has worked on it here."""
        if found.values["version"] > 1:
            return
        changes = found.changes({name: row.values.get(name) for name in FIELDS})
        if changes:
            run.update("ticket", row, found, changes)

    @staticmethod
    def _add(run, row, category, state, ended, where, owner):
        values, pk = row.values, run.next_id("ticket")
        number = f"{PREFIX}{values['number']}"
        status = Ticket.State(values.get("state") or state).label
        columns = {
            "estate_id": run.estate.pk, "number": number, "source": SOURCE, "source_number": values["number"],
            "source_status": str(status)[:60], "owner_id": owner, "opened_at": values["opened_at"], "closed_at": ended,
            "state": state, "category_id": category.pk, "stream": category.stream, "risk": category.risk,
            "department": category.department, "channel": values.get("channel") or Ticket.Channel.IMPORT.value,
            "ending": {"closed": Ticket.Ending.IMPORTED.value, "cancelled": Ticket.Ending.CANCELLED.value}.get(state, ""),
            **{name: values.get(name) or "" for name in FIELDS}, **where,
        }  # fmt: skip
        event = run.event(
            "ticket.imported", Ticket.SUBJECT, pk, number, unit_id=where["unit_id"], source=str(run.batch.name)[:80],
            status=str(status),
        )  # fmt: skip
        run.create("ticket", row, columns, pk=pk, keys=[f"old|{values['number']}"], event=event)
        if state == "accepted":  # an open one can be given to somebody at once
            order = {
                "ticket_id": pk,
                "estate_id": run.estate.pk,
                "number": f"{number}-1",
                "sequence": 1,
                "made_at": run.place.now,
            }
            run.create("work_order", row, order)


def _categories(run):
    """{folded code or name: Category}; "" is where what nobody says goes."""
    found = {}
    for one in Category.objects.filter(estate=run.estate, is_active=True).order_by("-pk"):
        for said in (one.code, one.name_zh_hant, one.name_zh_hans, one.name_en):
            if said:
                found[search.fold(said)] = one
        if one.code == "OTHER":
            found[""] = one
    return found


def _category(row, categories):
    said = row.values.get("category") or ""
    found = categories.get(search.fold(said))
    if found is None:
        near = categories.get("")
        reason = _("The estate has no category “%(said)s”.") if said else _("Say the category.")
        row.error("category", reason % {"said": said[:60]}, near.code if near else "")
    return found


def _reporter_phone(cell, place):
    return ", ".join(cells.phone_numbers()(cell, place))[:40]


REPAIRS = Sheet(
    "repairs",
    gettext_lazy("Old repairs"),
    order=60,
    identity=("number",),
    load=OldRepairs(),
    help=gettext_lazy("Repairs of another system, for the history of the units. Nothing is promised or sent."),
    columns=(
        Column("number", gettext_lazy("Number"), cells.code(36), "工单编号 工单号 报修编号 报修单号 单号 编号 ticketno ticketnumber id uniquekey",
               required=True),
        Column("opened_at", gettext_lazy("Opened"), cells.moment(), "报修时间 报修日期 受理时间 登记时间 创建时间 日期 createddate reportedat opened date",
               required=True),
        Column("place", gettext_lazy("Unit or place"), cells.text(200), "房号 房屋 地址 报修地址 位置 地点 单元房号 unit place location address incidentaddress",
               required=True),
        Column("category", gettext_lazy("Category"), cells.text(80), "报修类别 报修类型 类别 维修类型 项目 complainttype type"),
        Column("problem", gettext_lazy("What is wrong"), cells.text(4000, lines=True), "报修内容 问题 问题描述 内容 描述 故障描述 problem description descriptor",
               required=True),
        Column("state", gettext_lazy("State"), cells.choice(Ticket.State.choices, STATES), "状态 处理状态 工单状态 status", choices=tuple(Ticket.State.choices)),
        Column("done", gettext_lazy("Completed"), cells.moment(), "完成时间 完成日期 完工时间 维修完成时间 结束时间 关闭时间 closeddate closedat finished"),
        Column("result", gettext_lazy("result"), cells.text(4000, lines=True), "处理结果 维修结果 处理情况 resolution resolutiondescription"),
        Column("reporter_name", gettext_lazy("Reporter"), cells.text(120), "报修人 报修人姓名 联系人 姓名 业主姓名 reporter name"),
        Column("reporter_phone", gettext_lazy("Telephone"), _reporter_phone, "联系电话 电话 手机 报修电话 手机号 phone mobile"),
        Column("channel", gettext_lazy("channel"), cells.choice(Ticket.Channel.choices, CHANNELS), "报修方式 来源 渠道 channel",
               choices=tuple(Ticket.Channel.choices)),
    ),
)  # fmt: skip


def declare():
    register(REPAIRS)
