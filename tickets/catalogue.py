"""The catalogues a new estate starts with: warranties, categories of repairs, price list (SPEC §4.1, §4.9).

Data, not rules: every row is edited in the interface afterwards (SPEC §1). `load` adds what is missing by
code and leaves what the office changed. Amounts are yuan, to be replaced before the first paid service.
"""

from decimal import Decimal

from pypinyin import Style, lazy_pinyin

from office.models import Department
from tickets.models import Authority, Category, ComplaintCause, PriceItem, WarrantyPeriod

SEARCH_LENGTH = Category._meta.get_field("search").max_length

# code, zh-Hant, zh-Hans, en, months. Waterproofing 5 years, the rest 2 years (SPEC §4.1).
WARRANTIES = [
    ("WP-ROOF", "屋面防水", "屋面防水", "waterproofing of the roof", 60),
    ("WP-WET", "廚衛及有防水要求的房間", "厨卫及有防水要求的房间", "waterproofing of wet areas", 60),
    ("WP-WALL", "外牆面防滲漏", "外墙面防渗漏", "waterproofing of exterior walls", 60),
    ("ELEC", "電氣管線", "电气管线", "electrical wiring", 24),
    ("PIPE", "給排水管道", "给排水管道", "water supply and drain pipes", 24),
    ("EQUIP", "設備安裝", "设备安装", "installed equipment", 24),
    ("DECOR", "裝修工程", "装修工程", "decoration", 24),
]
# code, zh-Hant, zh-Hans, en, seasons, season from, to (MM-DD). Heating and cooling 2 seasons (SPEC §4.1).
SEASONAL = [
    ("HEAT", "供熱系統", "供热系统", "heating", 2, "11-15", "03-15"),
    ("COOL", "供冷系統", "供冷系统", "cooling", 2, "06-01", "09-30"),
]

# 公務人員 and their counterpart's department: code, zh-Hant, zh-Hans, en, department (SPEC §2).
AUTHORITIES = [
    ("POLICE", "公安派出所", "公安派出所", "police station", Department.SECURITY),
    ("FIRE", "消防救援機構", "消防救援机构", "fire service", Department.SECURITY),
    ("STREET", "街道辦事處", "街道办事处", "street office", Department.MANAGEMENT),
    ("COMMITTEE", "社區居民委員會", "社区居民委员会", "residents' committee", Department.MANAGEMENT),
    ("HOUSING", "房屋管理局", "房屋管理局", "housing authority", Department.MANAGEMENT),
    ("COURT", "人民法院", "人民法院", "court", Department.MANAGEMENT),
    ("URBAN", "城市管理執法局", "城市管理执法局", "urban management", Department.ENVIRONMENT),
    ("HEALTH", "衛生監督所", "卫生监督所", "health inspection", Department.ENVIRONMENT),
    (
        "MARKET",
        "市場監督管理局",
        "市场监督管理局",
        "market supervision (lifts, pressure vessels)",
        Department.REPAIR,
    ),
    ("TAX", "稅務局", "税务局", "tax office", Department.FINANCE),
]

# 投訴原因: code, zh-Hant, zh-Hans, en, department that usually answers for it (SPEC §5).
CAUSES = [
    ("NOISE", "噪音滋擾", "噪音滋扰", "noise", Department.SECURITY),
    ("CLEAN", "清潔衛生", "清洁卫生", "cleaning and hygiene", Department.ENVIRONMENT),
    ("GREEN", "綠化養護", "绿化养护", "grounds and plants", Department.ENVIRONMENT),
    ("GUARD", "治安及出入管理", "治安及出入管理", "security and access", Department.SECURITY),
    ("ATTITUDE", "服務態度", "服务态度", "attitude of staff", Department.MANAGEMENT),
    ("REPAIR", "維修質量及時效", "维修质量及时效", "quality or delay of repairs", Department.REPAIR),
    ("LIFT", "電梯及公共設施", "电梯及公共设施", "lifts and public facilities", Department.REPAIR),
    ("CHARGES", "收費問題", "收费问题", "charges", Department.FINANCE),
    ("PARKING", "車輛停放", "车辆停放", "parking", Department.SECURITY),
    ("PETS", "寵物飼養", "宠物饲养", "pets", Department.SECURITY),
    ("RENOVATE", "裝修施工", "装修施工", "renovation works", Department.MANAGEMENT),
    ("LEAK", "鄰里滲漏", "邻里渗漏", "leak from a neighbour", Department.REPAIR),
    ("HEIGHT", "高空拋物", "高空抛物", "things thrown from a height", Department.SECURITY),
    ("DEVELOP", "房屋質量及開發遺留問題", "房屋质量及开发遗留问题", "building defects of the developer", Department.MANAGEMENT),
    ("OTHER", "其他", "其他", "other", Department.MANAGEMENT),
]  # fmt: skip

# (stream, risk, department) → code, zh-Hant, zh-Hans, en, warranty
_REPAIR, _OTHER = Category.Stream.REPAIR, Category.Risk.OTHER
CATEGORIES: dict[tuple, list[tuple]] = {
    (_REPAIR, Category.Risk.LEAK, Department.REPAIR): [
        ("LK-PIPE", "水管漏水", "水管漏水", "leaking or burst pipe", "PIPE"),
        ("LK-WET", "廚衛滲漏", "厨卫渗漏", "leak in kitchen or bathroom", "WP-WET"),
        ("LK-CEIL", "樓上滲水到天花", "楼上渗水到天花", "water through the ceiling", "WP-WET"),
        ("LK-ROOF", "屋面漏水", "屋面漏水", "leaking roof", "WP-ROOF"),
        ("LK-WALL", "外牆滲水", "外墙渗水", "seepage through the exterior wall", "WP-WALL"),
        ("LK-WIN", "門窗滲水", "门窗渗水", "seepage at a window or door", "WP-WALL"),
    ],
    (_REPAIR, _OTHER, Department.REPAIR): [
        ("WATER", "停水或水壓不足", "停水或水压不足", "no water or low pressure", "PIPE"),
        ("DRAIN", "下水堵塞", "下水堵塞", "blocked drain", "PIPE"),
        ("WC", "坐便器故障", "坐便器故障", "toilet fault", "EQUIP"),
        ("TAP", "水龍頭及潔具", "水龙头及洁具", "taps and sanitary ware", "EQUIP"),
        ("SOCKET", "開關插座", "开关插座", "switches and sockets", "ELEC"),
        ("LAMP", "室內燈具", "室内灯具", "lights at home", "ELEC"),
        ("PUMP", "水泵及二次供水", "水泵及二次供水", "pumps and water tanks", None),
        ("DOOR", "門窗及五金", "门窗及五金", "doors, windows and locks", "DECOR"),
        ("WALL", "牆面天花開裂空鼓", "墙面天花开裂空鼓", "cracked walls or ceilings", "DECOR"),
        ("FLOOR", "地面瓷磚", "地面瓷砖", "floors and tiles", "DECOR"),
        ("HEATING", "暖氣不熱", "暖气不热", "heating fault", "HEAT"),
        ("AIRCON", "空調故障", "空调故障", "air conditioning fault", "COOL"),
        ("PUBLAMP", "公共照明", "公共照明", "public lighting", None),
        ("ROAD", "道路欄杆及場地", "道路栏杆及场地", "roads, railings and grounds", None),
        ("OTHER", "其他維修", "其他维修", "other repair", None),
    ],
    (_REPAIR, Category.Risk.SAFETY, Department.REPAIR): [
        ("POWER", "室內停電或跳閘", "室内停电或跳闸", "power cut or tripped breaker", "ELEC"),
        ("GAS", "燃氣設施", "燃气设施", "gas installation", "PIPE"),
        ("INTERCOM", "可視對講", "可视对讲", "intercom", "EQUIP"),
        ("ACCESS", "門禁及單元門", "门禁及单元门", "access control and entrance door", "EQUIP"),
        ("CCTV", "監控設備", "监控设备", "surveillance cameras", None),
        ("FIRE", "消防設施", "消防设施", "fire protection", None),
        ("LIFT", "電梯故障", "电梯故障", "lift fault", None),
    ],
    (_REPAIR, _OTHER, Department.ENVIRONMENT): [
        ("GREEN", "綠化樹木", "绿化树木", "plants and trees", None),
        ("CLEAN", "清潔衛生", "清洁卫生", "cleaning", None),
    ],
    (Category.Stream.SERVICE, _OTHER, Department.REPAIR): [
        ("S-FIT", "上門安裝服務", "上门安装服务", "fitting and installation", None),
        ("S-DRAIN", "管道疏通服務", "管道疏通服务", "drain clearing service", None),
        ("S-AC", "空調清洗服務", "空调清洗服务", "air conditioner cleaning", None),
    ],
    (Category.Stream.HELP, _OTHER, Department.SECURITY): [
        ("H-LOCK", "門鎖打不開求助", "门锁打不开求助", "locked out", None),
        ("H-AID", "業主救助", "业主救助", "help for a resident", None),
    ],
    (Category.Stream.PREVENTIVE, _OTHER, Department.REPAIR): [
        ("P-CHECK", "設備定期保養", "设备定期保养", "scheduled maintenance", None),
    ],
}

_LABOUR, _PART = PriceItem.Kind.LABOUR, PriceItem.Kind.PART
# code, zh-Hant, zh-Hans, en, kind, per, yuan
PRICES = [
    ("L-CALL", "上門檢查費", "上门检查费", "call-out and inspection", _LABOUR, "次", "20.00"),
    ("L-HOUR", "普通維修工時", "普通维修工时", "ordinary labour", _LABOUR, "小時", "60.00"),
    ("L-NIGHT", "夜間及假日工時", "夜间及假日工时", "night and holiday labour", _LABOUR, "小時", "90.00"),
    ("L-TAP", "更換水龍頭", "更换水龙头", "replace a tap", _LABOUR, "個", "30.00"),
    ("L-WC", "維修坐便器水箱", "维修坐便器水箱", "repair a toilet cistern", _LABOUR, "個", "50.00"),
    ("L-DRAIN", "疏通室內下水", "疏通室内下水", "clear an indoor drain", _LABOUR, "處", "80.00"),
    ("L-SOCKET", "更換開關插座", "更换开关插座", "replace a switch or socket", _LABOUR, "個", "15.00"),
    ("L-LAMP", "安裝燈具", "安装灯具", "fit a lamp", _LABOUR, "盞", "40.00"),
    ("L-WIRE", "檢修室內線路", "检修室内线路", "repair indoor wiring", _LABOUR, "處", "80.00"),
    ("L-LOCK", "更換鎖芯", "更换锁芯", "replace a lock cylinder", _LABOUR, "把", "50.00"),
    ("L-DRILL", "牆面打孔", "墙面打孔", "drill a wall", _LABOUR, "個", "10.00"),
    ("L-AC", "清洗壁掛空調", "清洗壁挂空调", "clean a wall air conditioner", _LABOUR, "台", "100.00"),
    ("P-TAP", "水龍頭", "水龙头", "tap", _PART, "個", "45.00"),
    ("P-VALVE", "角閥", "角阀", "angle valve", _PART, "個", "25.00"),
    ("P-HOSE", "編織軟管", "编织软管", "braided hose", _PART, "條", "18.00"),
    ("P-CISTERN", "水箱配件", "水箱配件", "cistern fittings", _PART, "套", "60.00"),
    ("P-SOCKET", "五孔插座", "五孔插座", "socket outlet", _PART, "個", "15.00"),
    ("P-SWITCH", "單開開關", "单开开关", "single switch", _PART, "個", "12.00"),
    ("P-LED", "LED 燈泡", "LED 灯泡", "LED bulb", _PART, "個", "15.00"),
    ("P-BREAKER", "空氣開關", "空气开关", "circuit breaker", _PART, "個", "55.00"),
    ("P-LOCK", "鎖芯", "锁芯", "lock cylinder", _PART, "把", "90.00"),
    ("P-SEAL", "密封膠", "密封胶", "sealant", _PART, "支", "25.00"),
]


def search_text(row):
    """What a clerk may type to find a category: code, names, pinyin and pinyin initials, in lower case."""
    spoken = row.name_zh_hans or row.name_zh_hant  # readings are surer from the simplified form
    initials = "".join(lazy_pinyin(spoken, style=Style.FIRST_LETTER))
    words = [
        row.code,
        row.name_zh_hant,
        row.name_zh_hans,
        row.name_en,
        initials,
        "".join(lazy_pinyin(spoken)),
    ]
    return " ".join(dict.fromkeys(word.lower() for word in words if word))[:SEARCH_LENGTH]


def fill_search(category):
    """Before a category is saved: what it is found by."""
    category.search = search_text(category)


def load(estate):
    """Give `estate` the default catalogues; rows whose code is there already are left as they are."""
    WarrantyPeriod.objects.bulk_create(
        [
            WarrantyPeriod(**_named(estate, position, row), months=row[4])
            for position, row in enumerate(WARRANTIES, start=1)
        ]
        + [
            WarrantyPeriod(
                **_named(estate, position, row), seasons=row[4], season_starts=row[5], season_ends=row[6]
            )
            for position, row in enumerate(SEASONAL, start=len(WARRANTIES) + 1)
        ],
        ignore_conflicts=True,
    )
    warranties = dict(WarrantyPeriod.objects.filter(estate=estate).values_list("code", "pk"))
    categories: list[Category] = []
    for (stream, risk, department), rows in CATEGORIES.items():
        for row in rows:
            category = Category(**_named(estate, len(categories) + 1, row))
            category.stream, category.risk, category.department = stream, risk, department
            category.warranty_id = warranties[row[4]] if row[4] else None
            fill_search(category)
            categories.append(category)
    Category.objects.bulk_create(categories, ignore_conflicts=True)
    Authority.objects.bulk_create(
        [
            Authority(**_named(estate, position, row), department=row[4])
            for position, row in enumerate(AUTHORITIES, start=1)
        ],
        ignore_conflicts=True,
    )
    ComplaintCause.objects.bulk_create(
        [
            ComplaintCause(**_named(estate, position, row), department=row[4])
            for position, row in enumerate(CAUSES, start=1)
        ],
        ignore_conflicts=True,
    )
    PriceItem.objects.bulk_create(
        [
            PriceItem(**_named(estate, position, row), kind=row[4], measure=row[5], price=Decimal(row[6]))
            for position, row in enumerate(PRICES, start=1)
        ],
        ignore_conflicts=True,
    )


def _named(estate, position, row):
    code, hant, hans, en = row[:4]
    return {
        "estate": estate,
        "code": code,
        "name_zh_hant": hant,
        "name_zh_hans": hans,
        "name_en": en,
        "position": position * 10,
    }
