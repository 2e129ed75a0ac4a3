"""The demonstration's gate: vehicles and cards of the households, keys, the visitors and slips of the last week.

Laid out before the repairs, so that its lines stand in the journal in the order things happened.
"""

from datetime import datetime, time, timedelta

from psycopg.types.range import DateRange

from config.demo.bulk import as_json
from config.demo.names import simplified
from office import clocks, series
from office.models import Promise, Series, Staff
from office.models.promises import Measure
from residents import registers
from residents.models import (
    AccessCard,
    Key,
    KeyLoan,
    Parking,
    ReleaseSlip,
    SlipLine,
    SlipRefusal,
    Vehicle,
    Visitor,
)

PLATES = {"BH": "沪A", "YQ": "浙A", "TY": "粤A", "JX": "川A"}
GUESTS = "粤B"  # a car from elsewhere now and then
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
COLOURS = ("白色", "黑色", "銀灰色", "藍色", "紅色", "灰色")
MAKES = (
    "比亞迪 秦",
    "大眾 朗逸",
    "特斯拉 Model Y",
    "豐田 卡羅拉",
    "本田 思域",
    "理想 L6",
    "吉利 星越",
    "別克 君威",
)
EBIKES = ("雅迪 DE3", "愛瑪 A500", "台鈴 超能", "小牛 MQi2")
VISITORS = (
    "趙志明",
    "王秀蘭",
    "陳家豪",
    "順豐快遞",
    "李師傅",
    "周曉彤",
    "美團外賣",
    "吳國強",
    "劉老師",
    "鄭阿姨",
)
PURPOSES = ("visit", "visit", "visit", "delivery", "work", "visit", "delivery", "visit", "work", "visit")
GOODS = (
    (("三座位沙發", 1, ""), ("茶几", 1, "玻璃面")),
    (("紙箱（書籍）", 12, "膠帶封口"), ("書櫃", 2, "")),
    (("雙門雪櫃", 1, "海爾"), ("洗衣機", 1, "")),
    (("鋼琴", 1, "立式，黑色"),),
    (("床架", 1, "已拆散"), ("床褥", 2, ""), ("衣箱", 5, "")),
    (("辦公桌", 4, ""), ("轉椅", 6, ""), ("文件櫃", 2, "")),
)
ROOMS = (
    ("P-01", "水泵房", 4),
    ("P-02", "配電房", 3),
    ("P-03", "天台門", 6),
    ("P-04", "消防控制室", 2),
    ("P-05", "電梯機房", 4),
)


def stand(world):
    """Everything at the gate of one estate up to now."""
    gate = Gate(world)
    gate.vehicles_and_cards()
    gate.keys()
    gate.visitors()
    gate.slips()


class Gate:
    def __init__(self, world):
        self.world, self.lot, self.estate, self.bulk = world, world.lot, world.estate, world.office.bulk
        self.clerk = world.crew.clerks[0]
        posted = Staff.objects.filter(postings__estate=self.estate, postings__role="guard").order_by("pk")
        self.guard = posted.first() or world.crew.supervisor
        self.lived = [(home, who) for home in world.homes if (who := self.living(home))]
        self.codes = {home.id: home.code for home in world.grounds.homes}
        self.plates = set()

    def living(self, home):
        """Somebody of the household today, who has a telephone."""
        today = self.world.today
        for since, until, who in home.callers:
            if since <= today and (until is None or today < until) and who.phone:
                return who
        return None

    def say(self, text):
        return simplified(text) if self.estate.language == "zh-hans" else text

    def record(self, at, verb, subject, pk, text, by, unit_id=None, **data):
        self.world.office.journal.record(
            at, verb=verb, subject_kind=subject, subject_id=pk, subject_text=text, estate_id=self.estate.pk,
            unit_id=unit_id, by_id=by.pk, by_name=by.name, data=as_json(data),
        )  # fmt: skip

    # --- what a household has ------------------------------------------------------------------------------------

    def plate(self):
        while True:
            head = GUESTS if self.lot.random() < 0.12 else PLATES.get(self.estate.code, GUESTS)
            tail = f"{self.lot.choice(LETTERS)}{self.lot.randrange(10_000):04d}"
            if self.lot.random() < 0.4:
                tail = f"{self.lot.randrange(100_000):05d}"
            if (plate := head + tail) not in self.plates:
                self.plates.add(plate)
                return plate

    def vehicles_and_cards(self):
        """A third of the households has a car; each has a card or two."""
        lot, today = self.lot, self.world.today
        spaces = [home.id for home in self.world.grounds.homes if home.kind == "parking"]
        lot.shuffle(spaces)
        for number, (home, who) in enumerate(self.lived):
            since = max(home.handed_over_on, today - timedelta(days=lot.randint(20, 900)))
            if number % 3 == 0:
                self.vehicle(home, who, since, spaces.pop() if spaces else None)
            for n in range(1 + (number % 4 == 0)):
                self.card(home, who, since, f"{number * 10 + n:07d}", lost=number % 37 == 5)

    def vehicle(self, home, who, since, space):
        lot = self.lot
        period = DateRange(since, None)
        kind = lot.choices(("car", "ebike", "van"), (10, 1, 1))[0]
        pk = self.bulk.add(
            Vehicle, estate_id=self.estate.pk, unit_id=home.id, person_id=who.id, plate=self.plate(),
            kind=kind, colour=self.say(lot.choice(COLOURS)),
            make=self.say(lot.choice(EBIKES if kind == "ebike" else MAKES)), period=period,
        )  # fmt: skip
        if space:
            self.bulk.add(Parking, estate_id=self.estate.pk, vehicle_id=pk, space_id=space, period=period)

    def card(self, home, who, since, number, lost):
        lost_on = self.world.today - timedelta(days=self.lot.randint(0, 15)) if lost else None
        self.bulk.add(
            AccessCard, estate_id=self.estate.pk, unit_id=home.id, person_id=who.id, number=number,
            kind=self.lot.choices(("door", "parking", "lift"), (6, 2, 1))[0], state="lost" if lost else "active",
            issued_on=since, lost_on=lost_on and max(lost_on, since),
        )  # fmt: skip

    # --- keys ----------------------------------------------------------------------------------------------------

    def keys(self):
        """Five of rooms, some of flats; one out since yesterday and overdue, one out for today, one lost."""
        held = [(tag, None, self.say(room), count) for tag, room, count in ROOMS]
        empty = [home for home in self.world.grounds.homes if home.kind == "flat" and not self.living(home)]
        homes = (empty or [home for home, _who in self.lived])[:4]
        held += [(f"A-{n:02d}", home.id, "", 3) for n, home in enumerate(homes, start=1)]
        at, today = self.world.at, self.world.today
        firm = self.say("宏發電梯維保 黃師傅")
        for number, (tag, unit_id, room, count) in enumerate(held):
            state = {1: "out", 4: "out", 6: "lost"}.get(number, "in")
            pk = self.bulk.add(
                Key, estate_id=self.estate.pk, unit_id=unit_id, room=room, tag=tag, count=count, state=state,
                received_on=today - timedelta(days=200 + number),
            )  # fmt: skip
            place = " ".join(filter(None, [tag, self.codes.get(unit_id, room)]))
            if number == 1:  # the technician's since yesterday, due tomorrow
                self.loan(pk, place, unit_id, at(1, 16, 40), at(-1, 12), staff=self.world.crew.technicians[0])
            elif number == 4:
                self.loan(pk, place, unit_id, at(2, 9, 15), at(1, 17, 30), contractor=firm)
            elif number == 6:
                self.loan(
                    pk, place, unit_id, at(12, 10), at(11, 17, 30), contractor=firm, lost_at=at(9, 11, 20)
                )
            elif number % 2 == 0:
                self.loan(
                    pk, place, unit_id, at(20, 9), at(19, 17, 30), contractor=firm, in_at=at(20, 15, 30)
                )

    def loan(
        self, key_id, title, unit_id, out_at, due_at, *, staff=None, contractor="", in_at=None, lost_at=None
    ):
        self.bulk.add(
            KeyLoan, key_id=key_id, estate_id=self.estate.pk, staff_id=staff and staff.pk, contractor=contractor,
            purpose=self.say("例行檢查"), out_at=out_at, out_by_id=self.clerk.pk, due_at=due_at,
            signed_by=staff.name if staff else contractor, in_at=in_at, in_by_id=in_at and self.clerk.pk, lost_at=lost_at,
            lost_by_id=lost_at and self.clerk.pk, lost_reason=self.say("巡查途中遺失，已報班長") if lost_at else "",
        )  # fmt: skip
        times = clocks.limit(
            fact_at=out_at,
            amount=0,
            measure=Measure.AT,
            zone=self.estate.zone,
            closes_at=self.estate.closes_at,
            agreed=due_at,
        )
        kind = registers.KEY_BACK
        self.bulk.add(
            Promise, kind=kind.name, subject_kind=Key.SUBJECT, subject_id=key_id, sequence=1, title=title,
            estate_id=self.estate.pk, unit_id=unit_id, owner_id=self.clerk.pk, department=kind.department,
            rule_key=kind.name, amount=0, measure=Measure.AT, fact_at=out_at, due_at=due_at, warn_at=times.warn_at,
            made_at=out_at, outcome="kept" if in_at else "cancelled" if lost_at else "open", closed_at=in_at or lost_at,
            closed_by_id=(in_at or lost_at) and self.clerk.pk,
        )  # fmt: skip
        to = {"word": f"key.to.{'staff' if staff else 'contractor'}"}
        tag = title.split(" ")[0]
        said = f"{due_at.astimezone(self.estate.zone):%Y-%m-%d %H:%M}"
        self.record(out_at, "key.out", Key.SUBJECT, key_id, tag, self.clerk, unit_id, to=to, due=said)
        if in_at:
            self.record(in_at, "key.back", Key.SUBJECT, key_id, tag, self.clerk, unit_id)
        if lost_at:
            self.record(lost_at, "key.lost", Key.SUBJECT, key_id, tag, self.clerk, unit_id)

    # --- who came ------------------------------------------------------------------------------------------------

    def visitors(self):
        """A handful a day for a week; some of today still inside, one since yesterday."""
        lot, now = self.lot, self.world.now
        for days_ago in range(7, -1, -1):
            for n in range(lot.randint(3, 6)):
                came = self.world.at(days_ago, lot.randint(8, 20), lot.randint(0, 59))
                if came > now:
                    came = now - timedelta(minutes=lot.randint(5, 50))
                left = came + timedelta(minutes=lot.randint(8, 170))
                stays = left > now or (days_ago == 0 and n < 2) or (days_ago == 1 and n == 0)
                self.visit(
                    came,
                    None if stays else left,
                    lot.randrange(len(VISITORS)),
                    f"V{n + 1:02d}" if stays else "",
                )

    def visit(self, came, left, which, badge):
        lot = self.lot
        home, who = lot.choice(self.lived)
        if badge and badge in self.plates:
            badge = ""
        self.plates.add(badge)
        purpose = PURPOSES[which]
        pk = self.bulk.add(
            Visitor, estate_id=self.estate.pk, unit_id=home.id, name=self.say(VISITORS[which]),
            phone=f"13{lot.randrange(10**9):09d}" if purpose != "delivery" else "", people=lot.choice((1, 1, 1, 2, 3)),
            host=who.name, purpose=purpose, plate=self.plate() if lot.random() < 0.3 else "", badge=badge, in_at=came,
            in_by_id=self.guard.pk, out_at=left, out_by_id=left and self.guard.pk,
        )  # fmt: skip
        said = {"word": f"visitor.purpose.{purpose}"}
        self.record(came, "visitor.in", Visitor.SUBJECT, pk, f"#{pk}", self.guard, home.id, purpose=said)
        if left:
            self.record(left, "visitor.out", Visitor.SUBJECT, pk, f"#{pk}", self.guard, home.id)

    # --- what left -----------------------------------------------------------------------------------------------

    def slips(self):
        """The slips of the last week: released, cancelled, expired, one turned away, and one valid now."""
        ends = (
            (7, "released"),
            (6, "released"),
            (5, ""),
            (4, "released"),
            (3, "cancelled"),
            (2, "released"),
            (1, ""),
        )
        numbers: dict[int, int] = {}
        for n, (days_ago, end) in enumerate(ends):
            issued = self.world.at(days_ago, 16 if days_ago == 1 else 9 + n % 3, 10)
            numbers[issued.year] = numbers.get(issued.year, 0) + 1
            number = series.PATTERNS["slip"].format(year=issued.year, n=numbers[issued.year])
            self.slip(issued, end, number, n)
        for year, last in numbers.items():
            self.bulk.add(
                Series,
                estate_id=self.estate.pk,
                kind="slip",
                year=year,
                pattern=series.PATTERNS["slip"],
                last=last,
            )

    def slip(self, issued, end, number, n):
        lot, estate = self.lot, self.estate
        home, who = lot.choice(self.lived)
        done = issued + timedelta(minutes=40)
        until = datetime.combine(issued.date() + timedelta(days=2), time(0), tzinfo=self.world.zone)
        agent = {
            "agent_name": self.say("王建軍"),
            "agent_phone": "13800138111",
            "agent_shown": self.say("業主委託書、身份證核對"),
        }
        values = {"released_at": done, "released_by_id": self.guard.pk, "person_seen": True, "car_seen": True}
        if end == "cancelled":
            values = {
                "cancelled_at": done,
                "cancelled_by_id": self.clerk.pk,
                "cancel_reason": self.say("住户改期搬運"),
            }
        pk = self.bulk.add(
            ReleaseSlip, estate_id=estate.pk, number=number, token=f"{lot.getrandbits(192):048x}"[:40], unit_id=home.id,
            person_id=who.id, plate=self.plate(), carrier=self.say(("順達搬屋", "螞蟻搬家")[n % 2]), state=end or "issued",
            days=1, issued_at=issued, issued_by_id=self.clerk.pk, valid_until=until, prints=1,
            **(agent if n % 3 == 1 else {}), **(values if end else {}),
        )  # fmt: skip
        for position, (goods, quantity, remark) in enumerate(GOODS[n % len(GOODS)], start=1):
            self.bulk.add(
                SlipLine,
                slip_id=pk,
                position=position,
                name=self.say(goods),
                quantity=quantity,
                remark=self.say(remark),
            )
        last = {"lines": len(GOODS[n % len(GOODS)]), "until": f"{until.date() - timedelta(days=1):%Y-%m-%d}"}
        self.record(issued, "slip.issued", ReleaseSlip.SUBJECT, pk, number, self.clerk, home.id, **last)
        if n == 3:
            at = issued + timedelta(minutes=25)
            self.bulk.add(
                SlipRefusal, slip_id=pk, estate_id=estate.pk, at=at, by_id=self.guard.pk, reason="goods",
                remark=self.say("多出一部電視機"),
            )  # fmt: skip
            reason = {"word": "slip.refusal.goods"}
            self.record(
                at, "slip.refused", ReleaseSlip.SUBJECT, pk, number, self.guard, home.id, reason=reason
            )
        if end:
            by = self.guard if end == "released" else self.clerk
            self.record(done, f"slip.{end}", ReleaseSlip.SUBJECT, pk, number, by, home.id)
