"""Estates, buildings, units and public facilities of the demonstration."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from config.demo import upkeep
from config.demo.names import simplified
from office import places
from office.models import Building, Section, Unit
from tickets.models import Asset

# code, name, English name, company, address, telephone, print language
ESTATES = (
    (
        "BH",
        "濱河花園",
        "Riverside Garden",
        "管家物業服務有限公司",
        "上海市浦東新區濱河路 188 號",
        "021-5888 0188",
        "zh-hant",
    ),
    (
        "YQ",
        "云栖苑",
        "Cloud Rest Court",
        "管家物业服务有限公司",
        "杭州市西湖区云栖路 66 号",
        "0571-8766 0066",
        "zh-hans",
    ),
    (
        "TY",
        "翠園新邨",
        "Jade Court",
        "管家物業服務有限公司",
        "廣州市天河區翠園街 9 號",
        "020-3888 0009",
        "zh-hant",
    ),
    (
        "JX",
        "锦绣家园",
        "Splendour Home",
        "管家物业服务有限公司",
        "成都市武侯区锦绣路 100 号",
        "028-8555 0100",
        "zh-hans",
    ),
)


def estate_values(number):
    """Values of the Estate with this running number from 0."""
    code, name, name_en, company, address, phone, language = ESTATES[number % len(ESTATES)]
    again = number // len(ESTATES)
    if again:
        code, name, name_en = f"{code}{again + 1}", f"{name}{again + 1}期", f"{name_en} {again + 1}"
    return {
        "code": code, "name": name, "name_en": name_en, "company": company, "address": address, "phone": phone,
        "language": language,
    }  # fmt: skip


@dataclass(slots=True)
class Home:
    """A unit as the other generators need it. `callers`: (from day, until day or None, who rings)."""

    id: int
    code: str
    kind: str
    building_id: int
    handed_over_on: date | None
    callers: list = field(default_factory=list)


@dataclass(slots=True)
class Grounds:
    homes: list
    buildings: dict  # id → name
    assets: list  # (id, kind, building id or None, place, code, name, certificate until)


def build(bulk, estate, units, lot, today):
    """Buildings with two entrances each, shops along the street, a garage: `units` units together."""
    script = estate.language
    shops, storage = max(1, units // 30), max(1, units // 60)
    parking = max(2, units // 12)
    flats = units - shops - storage - parking
    floors, doors = (6, 2) if flats < 120 else (11, 2) if flats < 2_000 else (25, 4)
    grounds = Grounds([], {}, [])
    per_building = 2 * floors * doors
    number = 0
    while flats > 0:
        number += 1
        built = _handed_over(number, -(-(units) // per_building), today)
        name = f"{number}號樓" if script == "zh-hant" else f"{number}号楼"
        building = _building(bulk, estate, grounds, str(number), name, floors)
        for entrance in ("1", "2"):
            section = bulk.add(
                Section,
                building_id=building,
                code=entrance,
                floors=floors,
                has_lift=True,
                sort_key=places.natural_key(entrance, 80),
            )
            _asset(
                bulk, estate, grounds, today, f"LIFT-{number}-{entrance}", f"{number}號樓{entrance}單元電梯",
                f"Lift {number}-{entrance}", "lift", building, f"{name}{entrance}{_in('單元', script)}",
                lot.choice(("三菱 ELENESSA", "通力 MonoSpace", "日立 LCA", "奧的斯 Gen2")),
            )  # fmt: skip
            for floor in range(1, floors + 1):
                for door in range(1, doors + 1):
                    if flats <= 0:
                        continue
                    flats -= 1
                    area = (Decimal("68.42"), Decimal("89.15"), Decimal("112.60"), Decimal("138.88"))[
                        (door + number) % 4
                    ]
                    _unit(
                        bulk, estate, grounds, building, f"{number}-{entrance}-{floor}{door:02d}", "flat", lot,
                        section_id=section, floor=str(floor), area=area + Decimal(lot.randrange(-300, 300)) / 100,
                        use=_in("住宅", script), handed_over_on=_own_day(lot, built, today),
                    )  # fmt: skip
        _asset(
            bulk, estate, grounds, today, f"HYD-{number}", f"{number}號樓消火栓系統", f"Hydrants of building {number}", "fire",
            building, f"{name}{_in('樓道', script)}", "川安 SG24",
        )  # fmt: skip
    oldest = _handed_over(1, number, today)
    street = _building(bulk, estate, grounds, "S", _in("臨街商舖", script), 2)
    for n in range(1, shops + 1):
        _unit(
            bulk, estate, grounds, street, f"S-{n}", "shop", lot, floor="1", area=Decimal(lot.randrange(3_500, 22_000)) / 100,
            use=_in("商業", script), handed_over_on=_own_day(lot, oldest, today),
        )  # fmt: skip
    garage = _building(bulk, estate, grounds, "P", _in("地下車庫", script), 2)
    for n in range(1, parking + 1):
        _unit(
            bulk, estate, grounds, garage, f"P-{n:03d}", "parking", lot, floor="-1", area=Decimal("12.72"),
            use=_in("車位", script), handed_over_on=_own_day(lot, oldest, today),
        )  # fmt: skip
    for n in range(1, storage + 1):
        _unit(
            bulk, estate, grounds, garage, f"K-{n:02d}", "storage", lot, floor="-2", area=Decimal(lot.randrange(400, 1_500)) / 100,
            use=_in("儲藏室", script), handed_over_on=_own_day(lot, oldest, today),
        )  # fmt: skip
    for code, name, name_en, kind, place, maker in (
        ("PUMP-1", "1 號生活水泵", "Domestic water pump 1", "pump", "地下泵房", "格蘭富 CR 32"),
        ("PUMP-2", "2 號生活水泵", "Domestic water pump 2", "pump", "地下泵房", "格蘭富 CR 32"),
        ("FIRE-1", "消防主泵", "Fire pump", "fire", "消防泵房", "凱泉 XBD"),
        ("FIRE-2", "火災報警控制器", "Fire alarm panel", "fire", "消防控制室", "海灣 JB-QB"),
        ("POWER-1", "1 號配電房", "Switch room 1", "power", "地下一層", "ABB MNS"),
        ("CCTV-1", "監控中心", "Camera centre", "security", "西門崗亭", "海康威視"),
        ("GATE-1", "大門道閘", "Main gate barrier", "security", "大門口", "捷順 JSDZ"),
        ("DRAIN-1", "集水井排污泵", "Sump pump", "drain", "地下車庫 B2", "凱泉 WQ"),
    ):
        _asset(bulk, estate, grounds, today, code, name, name_en, kind, None, _in(place, script), maker)
    return grounds


def _in(text, script):
    return simplified(text) if script == "zh-hans" else text


def _handed_over(number, count, today):
    """Hand-over of a building: the first seven years ago, the last fourteen months ago."""
    months = 84 - (84 - 14) * (number - 1) // max(count - 1, 1)
    return today - timedelta(days=int(months * 30.4))


def _own_day(lot, built, today):
    """A household's own day within some weeks of its building's; a few flats are not handed over yet."""
    if lot.random() < 0.03:
        return None
    return min(built + timedelta(days=int(lot.expovariate(1 / 25))), today - timedelta(days=30))


def _building(bulk, estate, grounds, code, name, floors):
    pk = bulk.add(
        Building,
        estate_id=estate.pk,
        code=code,
        name=name,
        floors=floors,
        sort_key=places.natural_key(code, 80),
    )
    grounds.buildings[pk] = name
    return pk


def _unit(bulk, estate, grounds, building, code, kind, lot, **values):
    pk = bulk.add(
        Unit,
        estate_id=estate.pk,
        building_id=building,
        code=code,
        code_key=places.code_key(code),
        sort_key=places.natural_key(code),
        kind=kind,
        **values,
    )
    grounds.homes.append(Home(pk, code, kind, building, values["handed_over_on"]))


def _asset(bulk, estate, grounds, today, code, name, name_en, kind, building, place, maker):
    number = len(grounds.assets) + 1
    facts = upkeep.facts(code, kind, number, today, estate.language)
    pk = bulk.add(
        Asset,
        estate_id=estate.pk,
        code=code,
        name_zh_hant=name,
        name_zh_hans=simplified(name),
        name_en=name_en,
        kind=kind,
        building_id=building,
        place=place,
        maker=maker,
        position=10 * number,
        **facts,
    )
    grounds.assets.append((pk, kind, building, place, code, name, facts["certificate_until"]))
