"""The sheets of the register: buildings, people, units, parking spaces (SPEC §1, §14).

Labels are the ones the lists export under, so that an export comes in again as it is; aliases are what other
systems and offices call the same columns.
"""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.imports import cells
from office.imports.sheets import Bad, Column, Sheet, register
from office.models import Unit
from office.models.places import LANGUAGES
from residents import rules
from residents.imports import loads
from residents.models import Occupancy, Person, Vehicle

BUILDING = "楼栋号 楼栋编号 楼栋 楼号 栋号 栋 幢 幢号 座 座号 楼宇 大厦 buildingno block tower"
SECTION = "单元编号 单元号 单元 梯 梯号 门洞 sectionno entrance"
AREA = "建筑面积 面积 建面 产权面积 grossfloorarea area grossarea 建筑面积m2 建筑面积平方米"
HANDED_OVER = (
    "交房日期 交楼日期 收楼日期 收房日期 交付日期 入伙日期 入住日期 交付时间 handoverdate handedover handover"
)
PHONE = (
    "手机号 手机号码 手机 电话 联系电话 电话号码 联系方式 phone mobile telephone tel phoneno mobileno contact"
)
IDENTITY = "身份证号 身份证号码 身份证 证件号码 证件号 idnumber identitynumber idno idcard identity"
OWNER_NO = "业主编号 业主号 客户编号 ownerno ownernumber"
SINCE = "费用开始时间 业主起始日期 开始时间 开始日期 起始日期 ownersince since from startdate"
UNTIL = "结束时间 结束日期 截止日期 until to enddate"
KINDS = {
    "flat": "住宅 宿舍 公寓 别墅 洋房 110 119 apartment house residential",
    "shop": "商铺 店铺 商业 办公室 办公 写字楼 120 office commercial retail",
    "parking": "车位 停车位 地下停车位 地上停车位 车库 carpark garage",
    "storage": "储藏室 储物间 仓库 杂物房 store storeroom",
}
ROLES = {
    "owner": "业主 产权人 户主 房东 1001",
    "member": "家庭成员 家属 配偶 子女 父母 同住人 householdmember family 1002",
    "tenant": "租户 租客 房屋租客 承租人 1003",
    "agent": "受委托人 代理人 联系人 受托人",
}
GENDERS = {"m": "男 先生 男性 male m mr", "f": "女 女士 小姐 太太 女性 female f ms mrs miss"}
PERSONS = {
    "person": "个人 自然人 individual 1",
    "company": "公司 企业 单位 法人 organisation organization corporate 2",
}
PAPERS = {
    "cn_id": "身份证 居民身份证 idcard",
    "hk_id": "香港身份证 hkid",
    "mo_id": "澳门身份证",
    "tw_id": "台湾身份证",
    "passport": "护照",
    "permit": "回乡证 港澳通行证 台胞证 通行证",
    "company": "营业执照 商业登记证 统一社会信用代码",
    "other": "其他 其它",
}
AREA_OF = cells.decimal(2, low=Decimal("0.01"), high=Decimal("9999999"), area=True)
_role = cells.choice([pair for pair in Occupancy.Role.choices if pair[0] in ROLES], ROLES)


def _first_day():
    """The earliest of the days a cell names: 2020-06-10#2020-07-10."""
    one = cells.day()

    def parse(cell, place):
        if not isinstance(cell, str):
            return one(cell, place)
        return min(
            one(part, place) for part in cell.replace("，", "#").replace("、", "#").split("#") if part.strip()
        )

    return parse


def _e_mail(cell, place):
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    words = cells.text(254)(cell, place)
    try:
        validate_email(words)
    except ValidationError as problem:
        raise Bad(_("This is no e-mail address.")) from problem
    return words


BUILDINGS = Sheet(
    "buildings",
    # Translators: 樓棟
    _("Buildings"),
    order=10,
    identity=("building", "section"),
    load=loads.Buildings(),
    help=_("Buildings and their entrances; one row for each entrance, or one for the building."),
    columns=(
        Column("building", _("Building"), cells.code(20), BUILDING, required=True),
        Column(
            "name", pgettext_lazy("of a thing", "Name"), cells.text(80), "楼栋名称 楼名 名称 buildingname"
        ),
        Column("section", _("Sections"), cells.codes(20), f"{SECTION} section"),
        Column("floors", _("Floors"), cells.whole(1, 200), "总层数 层数 总楼层 numberoffloors storeys"),
        Column("lift", _("lift"), cells.yes_no(), "是否有电梯 电梯 有无电梯 elevator"),
        Column("address", _("Address"), cells.text(200), "地址 详细地址 楼栋地址"),
    ),
)

PEOPLE = Sheet(
    "people",
    # Translators: 住户
    _("People and companies"),
    order=20,
    identity=("number", "name", "phone"),
    load=loads.People(),
    help=_("Owners, household members, tenants; related to their unit where the row names it."),
    columns=(
        Column("number", _("number in the source"), cells.code(40), OWNER_NO,
               help=_("Rows of other sheets name people by it.")),
        Column("name", _("Name"), cells.name(120), "业主名称 业主姓名 业主 姓名 客户名称 住户姓名 成员姓名 租户姓名 产权人 owner ownername",
               required=True),
        Column("name_en", _("English name"), cells.text(120), "英文名 英文姓名 nameen"),
        Column("kind", _("Kind"), cells.choice(Person.Kind.choices, PERSONS), "客户类型 个人或公司",
               choices=tuple(Person.Kind.choices)),
        Column("gender", _("gender"), cells.choice([("m", _("male")), ("f", _("female"))], GENDERS), "性别 sex",
               choices=(("m", _("male")), ("f", _("female")))),
        Column("born_on", _("born on"), cells.day(), "出生日期 生日 出生年月日 birthday dateofbirth"),
        Column("phone", _("Telephone"), cells.phone_numbers(), PHONE),
        Column("identity_type", _("identity document"), cells.choice(Person.IdentityType.choices, PAPERS),
               "证件类型 证件类别 证件种类 documenttype idtype", choices=tuple(Person.IdentityType.choices)),
        Column("identity", _("identity number"), cells.identity_number(typed=True), IDENTITY, secret=True),
        Column("unit", _("Units"), cells.codes(40), "房号 房屋编号 房间号 房屋 单元房号 室号 房产 unit unitno room roomno flat"),
        Column("role", _("role"), _role, "业主类型 人员类型 身份 与业主关系 与户主关系 关系 ownertype relation",
               choices=tuple(pair for pair in Occupancy.Role.choices if pair[0] in ROLES),
               help=_("Without it, somebody new at a unit is its owner.")),
        Column("share", _("share (%)"), cells.decimal(4, low=Decimal("0.0001"), high=Decimal(100)),
               "份额 产权份额 产权比例 占比 share percentage"),
        Column("since", _("from"), cells.day(), f"{SINCE} 入住日期"),
        Column("until", _("until"), cells.day(), UNTIL),
        Column("email", _("E-mail"), _e_mail, "邮箱 电子邮箱 电子邮件 email"),
        Column("address", _("Address for letters"), cells.text(200), "通讯地址 联系地址 邮寄地址 地址 address"),
        Column("language", _("preferred language"), cells.choice(LANGUAGES, {"zh-hant": "繁体 繁体中文", "zh-hans": "简体 简体中文", "en": "英文 英语"}),
               "语言 language", choices=tuple(LANGUAGES)),
        Column("note", _("note"), cells.text(4000, lines=True), "备注 说明 remark remarks notes"),
    ),
)  # fmt: skip

UNITS = Sheet(
    "units",
    # Translators: 房屋
    _("Units"),
    order=30,
    identity=("building", "section", "room"),
    load=loads.Units(),
    help=_("Flats, shops, storage with area and hand-over date; with their owners where the row names them."),
    columns=(
        Column("building", _("Building"), cells.code(20), BUILDING),
        Column("section", _("Section"), cells.code(20), SECTION),
        Column("room", _("Unit"), cells.code(40), "房屋编号 房号 房间号 房屋号 室号 房屋 房间 单位 户号 单元房号 unitno unitcode room roomno flat flatno",
               required=True, help=_("The room, or the whole code: 3-2-1201.")),
        Column("floor", _("Floor"), cells.code(10), "房屋楼层 楼层 所在楼层 层"),
        Column("kind", _("Kind"), cells.choice(Unit.Kind.choices, KINDS), "房屋类型 物业类型 房产类型 类型 type", choices=tuple(Unit.Kind.choices)),
        Column("use", _("use"), cells.text(40), "用途 房屋用途"),
        Column("area", _("Area (m²)"), AREA_OF, AREA),
        Column("handed_over_on", _("Handed over on"), cells.day(), HANDED_OVER),
        Column("owner", _("Owners"), cells.owners(120), "业主名称 业主姓名 业主 姓名 客户名称 产权人 owner ownername name",
               help=_("Several with 、 between them; shares as 60%.")),
        Column("owner_no", _("number of the owner"), cells.codes(40), OWNER_NO),
        Column("phone", _("Telephone"), cells.phone_numbers(), PHONE),
        Column("identity", _("identity number"), cells.several(cells.identity_number()), IDENTITY, secret=True),
        Column("since", _("owned since"), _first_day(), SINCE),
        Column("note", _("note"), cells.text(4000, lines=True), "备注 说明 remark remarks notes"),
    ),
)  # fmt: skip

PARKING = Sheet(
    "parking",
    # Translators: 車位
    _("Parking spaces"),
    order=40,
    identity=("lot", "space"),
    load=loads.Parking(),
    columns=(
        Column("lot", _("car park"), cells.code(19), "停车场编号 停车场 车场"),
        Column("space", _("parking space"), cells.code(38), "车位编码 车位编号 车位号 车位 space spaceno", required=True),
        Column("use", _("use"), cells.text(40), "停车场类型 车位类型"),
        Column("area", _("Area (m²)"), AREA_OF, AREA),
        Column("owner_no", _("number of the owner"), cells.codes(40), OWNER_NO),
        Column("since", _("owned since"), _first_day(), SINCE),
    ),
)  # fmt: skip

VEHICLE_KINDS = {
    "car": "家用小汽车 小汽车 轿车 汽车 私家车 客车 9901 9902 private",
    "van": "货车 面包车 轻型货车 9903 truck lorry",
    "motorcycle": "摩托车 电单车",
    "ebike": "电动车 电动自行车 助力车",
    "other": "其他 其它",
}


def _plate(cell, place):
    plate = rules.plain_plate(cells.said(cell))
    if not plate:
        raise Bad(_("This is not a number plate. Write it like 粤B12345."))
    return plate


VEHICLES = Sheet(
    "vehicles",
    # Translators: 車輛
    _("Vehicles"),
    order=50,
    identity=("plate",),
    load=loads.Vehicles(),
    help=_("Vehicles of households; units and parking spaces have to be there."),
    columns=(
        Column("plate", _("Number plate"), _plate, "车牌号 车牌 车牌号码 车号 plateno licenceplate licenseplate", required=True),
        Column("unit", _("Unit"), cells.code(40), "房屋编号 房号 房间号 房屋 单元房号 unitno room roomno flat", required=True),
        Column("keeper", _("Keeper"), cells.name(120), "车主 车主姓名 使用人 业主 业主姓名 姓名 owner ownername name"),
        Column("kind", _("Kind"), cells.choice(Vehicle.Kind.choices, VEHICLE_KINDS), "车类型 车型 车辆类型 类型 vehicletype type",
               choices=tuple(Vehicle.Kind.choices)),
        Column("colour", _("Colour"), cells.text(20), "颜色 车身颜色 车辆颜色 color"),
        Column("make", _("Make"), cells.text(40), "车品牌 品牌 车辆品牌 brand model"),
        Column("space", _("Parking space"), cells.code(40), "车位编码 车位编号 车位号 车位 space spaceno"),
        Column("since", _("From"), cells.day(), SINCE),
        Column("last_day", _("Last day"), cells.day(), "结束时间 结束日期 截止日期 until enddate"),
    ),
)  # fmt: skip


def declare():
    for sheet in (BUILDINGS, PEOPLE, UNITS, PARKING, VEHICLES):
        register(sheet)
