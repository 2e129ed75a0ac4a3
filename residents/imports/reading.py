"""A roster as texts: the header of each sheet found by the names of its columns. Touches no database."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from office import search
from office.workbooks import cell_name

# What a column is called, folded (simplified, lower case, no blanks or punctuation).
NAMES = {
    "building": "楼栋号 楼栋编号 楼栋 楼号 栋号 栋 幢 幢号 座 座号 楼宇 building buildingno block tower",
    "section": "单元编号 单元号 单元 梯 section sectionno entrance",
    "floors": "总层数 层数 floors numberoffloors storeys",
    "lift": "是否有电梯 电梯 lift elevator",
    "room": "房屋编号 房号 房间号 房屋号 室号 房屋 房间 单位 户号 unit unitno unitcode room roomno flat flatno",
    "floor": "房屋楼层 楼层 所在楼层 层 floor",
    "area": "建筑面积 面积 grossfloorarea area grossarea 建筑面积m2 建筑面积平方米",
    "kind": "房屋类型 用途 房屋用途 类型 type use kind",
    "owner_no": "业主编号 业主号 客户编号 ownerno ownernumber",
    "owner": "业主名称 业主姓名 业主 姓名 客户名称 产权人 owner ownername name",
    "gender": "性别 gender sex",
    "phone": "手机号 手机号码 手机 电话 联系电话 电话号码 联系方式 phone mobile telephone tel phoneno",
    "identity": "身份证号 身份证号码 身份证 证件号码 证件号 idnumber identitynumber idno identity",
    "owner_type": "业主类型 人员类型 与业主关系 ownertype relation",
    "handed_over": "交房日期 交楼日期 收楼日期 收房日期 交付日期 入伙日期 入住日期 handoverdate handedover handover",
    "since": "费用开始时间 业主起始日期 ownersince since",
    "lot": "停车场编号 停车场 carpark",
    "space": "车位编码 车位编号 车位号 parkingspace space",
}
FIELDS = {name: column for column, names in NAMES.items() for name in names.split()}
OWNER_TYPES = {"1001": "owner", "1002": "member", "1003": "tenant", "1004": ""} | {
    "业主": "owner", "家庭成员": "member", "房屋租客": "tenant", "租户": "tenant", "租客": "tenant", "临时人员": "",
    "owner": "owner", "member": "member", "householdmember": "member", "tenant": "tenant",
}  # fmt: skip
KINDS = {"110": "flat", "住宅": "flat", "119": "flat", "宿舍": "flat", "120": "shop", "办公室": "shop", "商铺": "shop",
         "店铺": "shop", "车位": "parking", "储藏室": "storage", "仓库": "storage", "flat": "flat", "shop": "shop",
         "parking": "parking", "storage": "storage"}  # fmt: skip
HEADER_WITHIN = 15  # rows from the top in which a header is looked for


@dataclass
class Line:
    """One row of the file as texts by field, and where each came from."""

    sheet: str
    values: dict
    cells: dict

    def get(self, name):
        return self.values.get(name, "")

    def at(self, name):
        return f"{self.sheet}!{self.cells.get(name) or min(self.cells.values(), default='')}"


@dataclass
class Roster:
    buildings: list = field(default_factory=list)
    owners: list = field(default_factory=list)
    rooms: list = field(default_factory=list)
    spaces: list = field(default_factory=list)
    ignored: list = field(default_factory=list)  # names of sheets that hold none of these


def text(cell):
    """A cell as people read it: 1011.0 is 1011."""
    if isinstance(cell, bool):
        return "1" if cell else ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, (date, datetime)):
        return f"{cell:%Y-%m-%d}"
    return " ".join(str(cell).split())


def _column(cell):
    return FIELDS.get(re.sub(r"[\W_]+", "", re.sub(r"[((].*?[))]", "", search.fold(text(cell)))))


def _header(rows):
    """(row number, {column number: field}) of the table of a sheet; None when there is none.

    The table is the run of columns without a gap that knows most names; what stands right of the gap is notes.
    """
    best = None
    for number, row in enumerate(rows[:HEADER_WITHIN]):
        start = 0
        for end in range(len(row) + 1):
            if end < len(row) and text(row[end]):
                continue
            names: dict[int, str] = {}
            for place in range(start, end):
                name = _column(row[place])
                if name and name not in names.values():
                    names[place] = name
            if len(names) >= 2 and (best is None or len(names) > len(best[1])):
                best = (number, names)
            start = end + 1
    return best


def parse(sheets):
    """A Roster out of the sheets of office.workbooks.read."""
    roster = Roster()
    for sheet in sheets:
        header = _header(sheet.rows)
        target = _meant(header[1], roster) if header else None
        if target is None:
            if any(text(cell) for row in sheet.rows for cell in row):
                roster.ignored.append(sheet.name)
            continue
        number, names = header
        for offset, row in enumerate(sheet.rows[number + 1 :], start=number + 1):
            values, cells = {}, {}
            for place, name in names.items():
                cells[name] = cell_name(offset, place)
                cell = row[place] if place < len(row) else ""
                values[name] = cell if name in ("identity", "handed_over", "since") else text(cell)
            if any(text(value) for value in values.values()):
                target.append(Line(sheet.name, values, cells))
    return roster


def _meant(names, roster):
    """Which list of the roster a table with these columns fills."""
    found = set(names.values())
    if "space" in found:
        return roster.spaces
    if "room" in found:
        return roster.rooms
    if {"owner", "phone"} <= found or {"owner", "owner_no"} <= found or {"owner", "identity"} <= found:
        return roster.owners
    if "building" in found and found & {"section", "floors", "lift"}:
        return roster.buildings
    return None


def read_date(value):
    """A date out of a cell: real dates, serial numbers, 2020-6-1, 2020/6/1, 2020年6月1日, 20200601."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)) and 20_000 <= value <= 80_000:
        return date(1899, 12, 30) + timedelta(days=int(value))
    said = text(value)
    found = re.match(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})", said) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", said
    )
    if not found:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def read_area(said):
    """m² with two decimals, or None."""
    try:
        area = Decimal(said.replace(",", "")).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return area if 0 < area < 10_000_000 else None
