"""Preventive work: what the facilities are, what comes round and when they stood still (SPEC §4.7).

Laid out around today without dice, so that the first sweep opens some tickets and the coming weeks are full.
"""

from datetime import timedelta

from config.demo.bulk import as_json
from config.demo.names import simplified
from office import clocks, journal
from office.models import Promise
from office.models.promises import Measure
from tickets import upkeep
from tickets.actions.plans import FIELDS
from tickets.models import Asset, Plan, ServiceChange
from tickets.upkeep_registers import CERTIFICATE

CONTRACTORS = {
    "lift": "申通電梯工程有限公司",
    "fire": "安泰消防工程有限公司",
    "pump": "潤源水務設備有限公司",
    "power": "恒電機電工程有限公司",
    "security": "捷安智能系統有限公司",
    "drain": "潤源水務設備有限公司",
}
CERTIFIED = {"lift": 365, "fire": 365}  # kinds that run on a certificate, and how long it is valid
ENDS = {"LIFT-1-1": 18, "FIRE-1": 4}  # days from today; the others are spread over the year
OUT = "FIRE-2"  # stands still now

LIFT = "檢查曳引機、制動器及限速器\n檢查轎門、層門及門鎖\n試驗緊急報警及照明\n清潔機房、井道底坑\n記錄運行情況並張貼維保單"
PUMP = "聽水泵運轉聲音,觸摸軸承温度\n記錄進、出水壓力表讀數\n檢查機械密封有無滴漏\n切換備用泵試運行十分鐘\n清潔泵房及排水溝"
TANK = "停水前兩日張貼通知\n放空、沖洗、消毒水箱\n取水樣送檢\n恢復供水並檢查液位控制"
FIRE = (
    "手動、自動各啟動一次\n記錄電流、出口壓力\n檢查閥門開閉標誌及鉛封\n核對控制櫃指示燈\n填寫消防設施檢查記錄"
)
ALARM = "抽測煙感、温感各五個\n檢查主、備電源切換\n核對聯動控制狀態\n檢查消防電話及廣播"
HYDRANT = "檢查箱門、水帶、水槍是否齊全\n測試栓口靜水壓力\n檢查閥門有無滲漏"
POWER = "紅外測温各回路接點\n記錄電壓、電流、功率因數\n檢查絕緣工具及滅火器\n清潔配電櫃"
CAMERA = "檢查各路圖像及錄像時長\n校對時鐘\n清潔鏡頭、護罩\n檢查不間斷電源"
BARRIER = "檢查閘桿平衡彈簧\n測試防砸感應\n潤滑傳動機構\n測試手動開閘"
DRAIN = "清理集水井淤泥\n試驗浮球及自動啟停\n檢查止回閥\n核對備用泵"

# codes that begin so: (work, number, period, check list, days from today to the next one, days more for each further one)
WORKS = (
    ("LIFT-", "半月維護保養", 2, "week", LIFT, 0, 2),
    ("LIFT-", "年度自行檢查", 1, "year", LIFT, 34, 9),
    ("PUMP-", "月度保養", 1, "month", PUMP, 1, 6),
    ("PUMP-1", "水箱清洗消毒", 6, "month", TANK, 20, 0),
    ("FIRE-1", "消防泵每週試運行", 1, "week", FIRE, 2, 0),
    ("FIRE-1", "年度檢測", 1, "year", FIRE, 3, 0),
    ("FIRE-2", "月度檢查", 1, "month", ALARM, 8, 0),
    ("HYD-", "季度檢查", 3, "month", HYDRANT, 3, 5),
    ("POWER-1", "月度巡檢", 1, "month", POWER, 5, 0),
    ("POWER-1", "預防性試驗", 1, "year", POWER, 61, 0),
    ("CCTV-1", "月度保養", 1, "month", CAMERA, 12, 0),
    ("GATE-1", "季度保養", 3, "month", BARRIER, 2, 0),
    ("DRAIN-1", "汛前檢查", 1, "year", DRAIN, 27, 0),
    ("DRAIN-1", "季度清掏", 3, "month", DRAIN, 15, 0),
)
# (code, went out days ago at, why, came back days ago at, why); without the last two it still stands still
STOOD_STILL = (
    ("FIRE-1", (83, 9, 10), "機械密封漏水,停泵檢修", (81, 16, 30), "更換機械密封,試運行正常"),
    ("LIFT-1-1", (52, 19, 45), "門機皮帶斷裂", (51, 15, 20), "更換門機皮帶"),
    ("HYD-1", (97, 10, 0), "立管閥門滲漏,待訂購配件", (61, 17, 5), "更換閥門,壓力恢復"),
    ("PUMP-2", (16, 8, 50), "變頻器過熱報警", (14, 11, 40), "更換散熱風扇"),
    (OUT, (6, 14, 25), "二號迴路板故障,待廠家更換", None, ""),
)


def facts(code, kind, number, today, script):
    """What the register of the equipment says of the `number`-th facility."""
    until = None
    if kind in CERTIFIED:
        until = today + timedelta(days=ENDS.get(code, 40 + number * 23 % 300))
    contractor = CONTRACTORS[kind]
    return {
        "serial": f"{code.split('-')[0]}{today.year - 7}{number * 7919 % 100_000:05d}",
        "installed_on": today - timedelta(days=7 * 365 - number * 11),
        "contractor": simplified(contractor) if script == "zh-hans" else contractor,
        "certificate_until": until,
        "in_service": code != OUT,
    }


def stand(world):
    """Plans, times out of service and promises about certificates of one estate."""
    codes = {asset[4]: asset[0] for asset in world.grounds.assets}
    for asset in world.grounds.assets:
        _certificate(world, *asset[:2], *asset[4:])
    told = world.at(45, 9, 30)
    for beginning, *work in WORKS:
        for n, code in enumerate(code for code in codes if code.startswith(beginning)):
            told += timedelta(minutes=2)
            _plan(world, told, n, codes[code], *work)
    for code, out, why, back, done in STOOD_STILL:
        if code in codes:
            _change(world, codes[code], code, False, world.at(*out), why)
            if back:
                _change(world, codes[code], code, True, world.at(*back), done)


def _say(world, text):
    return simplified(text) if world.estate.language == "zh-hans" else text


def _record(world, moment, verb, subject, pk, text, **data):
    by = world.crew.lead
    world.office.journal.record(
        moment, verb=verb, subject_kind=subject, subject_id=pk, subject_text=text, estate_id=world.estate.pk,
        unit_id=None, by_id=by.pk, by_name=by.name, data=as_json(data),
    )  # fmt: skip


def _plan(world, told, n, asset, title, number, every, checks, days, more):
    cycle = 7 * number if every == Plan.Every.WEEK else 30 * number
    wanted = world.today + timedelta(days=days + more * n % cycle)
    if every == Plan.Every.WEEK:
        starts = wanted - timedelta(weeks=26 * number)
    else:
        starts = clocks.add_months(wanted, -12)
    turn = upkeep.turn_from(starts, number, every, world.today)
    due = upkeep.due_day(starts, number, every, turn)
    title = _say(world, title)
    pk = world.office.bulk.add(
        Plan, estate_id=world.estate.pk, asset_id=asset, title=title, number=number, every=every, starts_on=starts,
        next_due=due, checks=_say(world, checks), category_id=world.categories["P-CHECK"].pk,
        responsible_id=world.crew.lead.pk,
    )  # fmt: skip
    fields = journal.fields("plan.field", FIELDS)
    _record(world, told, "plan.made", Plan.SUBJECT, pk, title, due=due.isoformat(), fields=fields)


def _change(world, asset, code, in_service, at, reason):
    recorded = at + timedelta(minutes=12)
    world.office.bulk.add(
        ServiceChange, estate_id=world.estate.pk, asset_id=asset, in_service=in_service, at=at,
        reason=_say(world, reason), by_id=world.crew.lead.pk, recorded_at=recorded,
    )  # fmt: skip
    verb = "asset.back" if in_service else "asset.out"
    _record(world, recorded, verb, Asset.SUBJECT, asset, code, at=f"{at:%Y-%m-%d %H:%M}")


def _certificate(world, asset, kind, code, name, until):
    """The promise to have the next certificate before this one ends, since this one was written down."""
    if until is None:
        return
    zone, estate = world.zone, world.estate
    made = clocks.midnight(until - timedelta(days=CERTIFIED[kind]), zone) + timedelta(hours=10)
    due = clocks.end_of_day(until, zone)
    times = clocks.limit(
        fact_at=made, amount=0, measure=Measure.AT, zone=zone, closes_at=estate.closes_at, agreed=due
    )
    world.office.bulk.add(
        Promise, kind=CERTIFICATE.name, subject_kind=Asset.SUBJECT, subject_id=asset, sequence=1,
        title=f"{code} {name}", estate_id=estate.pk, owner_id=world.crew.lead.pk, department=CERTIFICATE.department,
        rule_key=CERTIFICATE.name, amount=0, measure=Measure.AT, fact_at=made, due_at=times.due_at,
        warn_at=times.warn_at, director_at=times.director_at if CERTIFICATE.climbs_to_director else None, made_at=made,
    )  # fmt: skip
