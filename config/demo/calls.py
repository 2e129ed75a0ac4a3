"""Two months of the front desk's log: calls that were no repair, questions to experts, officials, shift hand-overs.

Has its own dice, so that the repairs fall as they would without it. The lines tickets wrote themselves are made by one
statement at the end; some tickets came from a line somebody wrote first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.db import connection

from config.demo.bulk import as_json
from config.demo.names import simplified
from office import clocks, promises, series
from office.models import Promise, Series
from office.models.promises import Measure
from tickets.models import Authority, Handover, LogEntry, Question

DAYS = 60
# What was asked, what was answered.
CALLS = (
    ("詢問裝修押金何時退還", "驗收合格滿三個月後憑收據辦理,已說明手續"),
    ("詢問本月物業費金額及繳費方式", "已告知金額,可到前台或轉帳"),
    ("反映隔壁裝修噪音,午休時間施工", "已通知安護部現場制止,回覆業主"),
    ("索取裝修申請表及所需資料清單", "已交付表格並逐項說明"),
    ("詢問車位是否有空位出租", "目前無空位,已登記輪候"),
    ("遺失單元門禁卡一張,申請補辦", "已停用舊卡,收工本費補辦"),
    ("詢問二次供水水箱清洗日期", "本月二十日上午,屆時停水兩小時"),
    ("詢問電梯年檢期間停運時間", "本週四上午九時至十一時,另一部照常"),
    ("租客辦理入住登記,詢問所需證件", "身份證、租約,已預約明早十時"),
    ("要求開具物業費發票", "已登記,三個工作日內可領"),
    ("反映樓道堆放雜物", "已通知該戶清理,環境部跟進"),
    ("詢問快遞櫃取件碼收不到", "已告知快遞櫃客服電話"),
    ("裝修公司詢問電梯運料時間", "上午九至十一時、下午二至五時,須貼保護板"),
    ("詢問社區活動報名", "已登記兩人,週六上午九時會所集合"),
    ("反映小區路燈不亮一盞", "已告知維修部,今晚前更換"),
    ("詢問過户後物業費戶名更改手續", "帶新房產證及身份證到前台"),
    ("業主出國三個月,請代收郵件", "已登記,暫存前台"),
    ("詢問寬頻安裝需否物業同意", "不需要,弱電間由安護部開門"),
    ("送來感謝信一封,表揚維修李師傅", "已收下並轉告主任"),
    ("詢問垃圾分類投放時間", "早七至九時、晚六至八時"),
)
OUTSIDE = (
    ("快遞公司", "詢問大件貨物從哪個門進", "南門登記後進地庫卸貨區"),
    ("地產經紀", "查詢放盤單元業主電話", "個人資料不便提供,請自行聯繫業主"),
    ("寬頻安裝員", "申請進入弱電間施工", "核對工單後由安護部陪同"),
)
EXPERT = (
    ("外牆滲水是否仍在保修期內,由誰負責", "外牆防水保修五年,仍在期內,已通知開發商返修"),
    ("陽台可否封窗,需要什麼手續", "須報裝修審批,樣式按統一標準"),
    ("地庫車位充電樁安裝的用電容量夠不夠", "可裝七千瓦以下,須由供電公司報裝"),
    ("空置房物業費是否有折扣", "按合同全額收取,託管房另計"),
    ("樓上改動廚房位置是否允許", "不允許改到臥室上方,已發通知"),
    ("公共維修基金使用需要多少業主同意", "三分之二以上參與、過半數同意"),
)
OFFICIALS = (
    ("POLICE", "王警官", "警官證、調取函", "調取南門監控錄像,協查盜竊案", "由安護部陪同查看並拷貝,已簽收"),
    ("FIRE", "消防監督員", "執法證", "例行檢查消防通道及器材", "維修主管陪同,兩處雜物限期清理"),
    ("STREET", "街道辦幹事", "工作證", "送達文明小區評比通知", "已轉主任"),
    ("COMMITTEE", "居委會林主任", "", "商議人口普查入户安排", "週六起由安護部配合"),
    ("MARKET", "特種設備檢驗員", "檢驗員證", "電梯年度檢驗", "全部合格,報告存檔"),
)
HANDED = (
    "三棟二號電梯明早八時年檢,已貼通知;地庫 B1 積水處已放警示牌。",
    "1-2-602 業主下班後來取補辦的門禁卡,在抽屜第一格。",
    "無特別事項。",
    "週六社區活動報名表在前台,尚餘五個名額。",
    "二次供水清洗通知已貼,如有查詢請按通知答覆。",
)


@dataclass
class Call:
    at: datetime
    kind: str  # "call", "outside", "official", "expert" or the name of a staged question


class Calls:
    """The log of one estate; `until` writes what happened before a moment, so that numbers follow the clock."""

    def __init__(self, world, units, months):
        self.world, self.crew, self.estate, self.bulk = world, world.crew, world.estate, world.office.bulk
        self.lot = Random(f"calls/{world.estate.code}/{units}/{months}")  # noqa: S311  made-up calls
        self.zone, self.now = world.zone, world.now
        self.days = min(DAYS, round(months * 30.44))
        self.authorities = {row.code: row for row in Authority.objects.filter(estate=self.estate)}
        self.numbers: dict[int, int] = {}
        self.open: list[dict] = []
        self.since = clocks.midnight(world.today - timedelta(days=self.days), self.zone)
        self.calls = sorted(self._plan(max(1.0, units / 40)), key=lambda call: call.at)

    def say(self, text):
        return simplified(text) if self.estate.language == "zh-hans" else text

    def _plan(self, a_day):
        at = self.world.at
        for day in range(self.days, -1, -1):
            for _one in range(round(a_day * self.lot.uniform(0.6, 1.4))):
                minute = self.lot.randint(8 * 60 + 35, 17 * 60 + 20)
                kinds = ("call", "outside", "official", "expert")
                moment = at(day, minute // 60, minute % 60) + timedelta(seconds=self.lot.randint(0, 59))
                if day or moment < self.now:
                    yield Call(moment, self.lot.choices(kinds, (84, 7, 3, 6))[0])
            yield Call(at(day, 13, 58), "shift")
        yield Call(at(2, 10, 12), "overdue")
        yield Call(at(1, 15, 24), "today")
        yield Call(at(1, 11, 36), "answered")

    # --- one line ------------------------------------------------------------------------------------------------

    def until(self, moment=None):
        """Write what was said before `moment`."""
        while self.calls and (moment is None or self.calls[0].at < moment):
            call = self.calls.pop(0)
            if call.at < self.now:
                getattr(self, f"_{call.kind}")(call.at)

    def _write(self, at, by, asked, answered="", **values):
        year = at.astimezone(self.zone).year
        self.numbers[year] = self.numbers.get(year, 0) + 1
        row = {
            "id": self.bulk.reserve(LogEntry),
            "estate_id": self.estate.pk,
            "number": series.PATTERNS["log"].format(year=year, n=self.numbers[year]),
            "at": at,
            "recorded_at": at,
            "channel": "phone",
            "by_id": by.pk,
            "asked": asked,
            "answered": answered,
            **values,
        }
        self._record("log.written", row, at, by, channel={"word": f"log.channel.{row['channel']}"})
        return row

    def _record(self, verb, row, at, by, **data):
        self.world.office.journal.record(
            at, verb=verb, subject_kind=LogEntry.SUBJECT, subject_id=row["id"], subject_text=row["number"],
            estate_id=self.estate.pk, unit_id=row.get("unit_id"), by_id=by.pk, by_name=by.name, data=as_json(data),
        )  # fmt: skip

    def _somebody(self, day):
        """(home, caller) of that day; a home where nobody is found has no caller."""
        for _try in range(8):
            home = self.lot.choice(self.world.homes)
            there = [who for start, end, who in home.callers if start <= day and (end is None or day < end)]
            if there:
                return home, self.lot.choice(there)
        return home, None

    def _resident(self, at):
        home, caller = self._somebody(at.date())
        values = {"who": "resident", "unit_id": home.id, "code": home.code}
        if caller:
            values |= {"person_id": caller.id, "name": caller.name, "phone": caller.phone}
        return values

    def _add(self, row):
        row.pop("code", None)
        self.bulk.add(LogEntry, **row)

    def _call(self, at):
        asked, answered = self.lot.choice(CALLS)
        channel = self.lot.choices(("phone", "counter", "visit", "message", "letter"), (60, 22, 8, 9, 1))[0]
        self._add(
            self._write(
                at, self.lot.choice(self.crew.clerks), self.say(asked), self.say(answered), channel=channel,
                **self._resident(at),
            )
        )  # fmt: skip

    def _outside(self, at):
        name, asked, answered = self.lot.choice(OUTSIDE)
        phone = f"13{self.lot.randint(100_000_000, 999_999_999)}"
        self._add(
            self._write(
                at, self.lot.choice(self.crew.clerks), self.say(asked), self.say(answered), who="outside",
                name=self.say(name), phone=phone,
            )
        )  # fmt: skip

    def _official(self, at):
        code, name, credentials, asked, answered = self.lot.choice(OFFICIALS)
        authority, by = self.authorities[code], self.lot.choice(self.crew.clerks)
        organisation = authority.name_in(self.estate.language)
        to = self.crew.director if authority.department == "management" else self.crew.lead
        row = self._write(
            at, by, self.say(asked), self.say(answered), who="official", channel="visit", name=self.say(name),
            authority_id=authority.pk, organisation=organisation, credentials=self.say(credentials),
            counterpart_id=to.pk,
        )  # fmt: skip
        self._record("log.routed", row, at, by, to=to.name, authority=organisation)
        self._add(row)

    # --- questions to an expert ----------------------------------------------------------------------------------

    def _expert(self, at):
        asked = at + timedelta(minutes=4)
        agreed = self.world.desk(at + timedelta(hours=self.lot.randint(3, 30)))
        answered = asked + (agreed - asked) * self.lot.uniform(0.3, 0.9)
        if self.lot.random() < 0.1:
            answered = agreed + timedelta(minutes=self.lot.randint(20, 300))
        told = answered + timedelta(minutes=self.lot.randint(3, 40))
        if told < self.now:
            self._question(
                at, agreed, self.lot.choice([self.crew.lead, self.crew.supervisor]), answered, told
            )
        else:
            self._call(at)

    def _overdue(self, at):
        self._question(at, self.world.at(1, 17), self.crew.lead)

    def _today(self, at):
        self._question(at, clocks.end_of_day(self.world.today, self.zone), self.crew.director)

    def _answered(self, at):
        answered = min(self.world.at(1, 16, 40), self.now)
        self._question(at, self.world.at(-1, 12), self.crew.lead, answered)

    def _question(self, at, agreed, expert, answered=None, told=None):
        by, made = self.crew.clerks[0], at + timedelta(minutes=4)
        text, answer = (self.say(words) for words in self.lot.choice(EXPERT))
        row = self._write(at, by, text, answer if told else "", **self._resident(at))
        where = row["code"]
        row["next_due_at"] = None if told else agreed
        department = {self.crew.lead: "repair", self.crew.director: "management"}.get(expert, "front_desk")
        owner = by if answered else expert
        times = clocks.limit(
            fact_at=made, amount=0, measure=Measure.AT, zone=self.zone, closes_at=self.estate.closes_at,
            agreed=agreed,
        )  # fmt: skip
        promise = {
            "kind": "expert_answer", "rule_key": "expert_answer", "subject_kind": LogEntry.SUBJECT,
            "subject_id": row["id"], "sequence": 1, "title": f"{row['number']} {where}", "estate_id": self.estate.pk,
            "unit_id": row["unit_id"], "owner_id": owner.pk, "amount": 0, "measure": str(Measure.AT),
            "department": promises.KINDS["expert_answer"].department if answered else department,
            "fact_at": made, "due_at": times.due_at, "warn_at": times.warn_at, "director_at": times.director_at,
            "made_at": made, "outcome": "kept" if told else "open", "closed_at": told,
            "closed_by_id": by.pk if told else None, "level": 0,
        }  # fmt: skip
        question = {
            "entry_id": row["id"], "expert_id": expert.pk, "department": department, "agreed_at": agreed,
            "asked_by_id": by.pk, "asked_at": made,
        }  # fmt: skip
        due = f"{agreed.astimezone(self.zone):%Y-%m-%d %H:%M}"
        self._record("log.asked", row, made, by, to=expert.name, due=due)
        if answered:
            question |= {"answer": answer, "answered_by_id": expert.pk, "answered_at": answered}
            self._record("log.answered", row, answered, expert)
        if told:
            question |= {"told_by_id": by.pk, "told_at": told, "told_how": "phone"}
            self._record("log.told", row, told, by)
        else:
            self.open.append(
                {"kind": LogEntry.SUBJECT, "id": row["id"], "text": f"{row['number']} {where}",
                 "due_at": agreed.isoformat(), "promise": ""}
            )  # fmt: skip
        self._add(row)
        self.bulk.add(Question, **question)
        self.bulk.add(Promise, **promise)

    # --- shifts and tickets --------------------------------------------------------------------------------------

    def _shift(self, at):
        """The morning shift hands over; what was handed over last is still waiting for somebody to read it."""
        by, to = self.crew.clerks[-1], self.crew.clerks[0]
        read = at + timedelta(minutes=self.lot.randint(3, 15))
        last = not any(call.kind == "shift" and call.at < self.now for call in self.calls)
        values = {
            "id": self.bulk.reserve(Handover), "estate_id": self.estate.pk, "day": at.date(), "shift": "morning",
            "text": self.say(HANDED[0] if last else self.lot.choice(HANDED)), "open_lines": as_json(self.open if last else []),
            "written_by_id": by.pk, "written_at": at,
        }  # fmt: skip
        data = {"shift": {"word": "log.shift.morning"}, "day": f"{at:%Y-%m-%d}"}
        steps = [("log.handed_over", at, by)]
        if not last and read < self.now:
            values |= {"acknowledged_by_id": to.pk, "acknowledged_at": read, "version": 2}
            steps.append(("log.acknowledged", read, to))
        for verb, moment, staff in steps:
            self.world.office.journal.record(
                moment, verb=verb, subject_kind=Handover.SUBJECT, subject_id=values["id"], subject_text=f"{at:%Y-%m-%d}",
                estate_id=self.estate.pk, unit_id=None, by_id=staff.pk, by_name=staff.name, data=as_json(data),
            )  # fmt: skip
        self.bulk.add(Handover, **values)

    def ticket(self, repair):
        """Every fourth repair of these months that was called in began as a line of the log."""
        row = repair.row
        if row["opened_at"] < self.since or row["channel"] not in ("phone", "counter") or not row["unit_id"]:
            return
        if row["stream"] == "preventive" or self.lot.random() > 0.25:
            return
        by = next((one for one in self.crew.clerks if one.pk == row["owner_id"]), None)
        if by is None:
            return
        entry = self._write(
            row["opened_at"], by, row["problem"], who="resident", channel=row["channel"], unit_id=row["unit_id"],
            person_id=row["reporter_id"], name=row["reporter_name"], phone=row["reporter_phone"],
            became_kind="tickets.ticket", became_id=repair.id, became_text=repair.number, version=2,
        )  # fmt: skip
        self._record("log.turned", entry, row["opened_at"], by, into=repair.number)
        self._add(entry)

    def count(self):
        """The counters stand at the last numbers."""
        for year, last in self.numbers.items():
            self.bulk.add(
                Series,
                estate_id=self.estate.pk,
                kind="log",
                year=year,
                pattern=series.PATTERNS["log"],
                last=last,
            )


def own_lines(estate):
    """Tickets that came from no line wrote their own when they were taken; how many. Same columns as `actions.take`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tickets_logentry (
                estate_id, number, at, recorded_at, channel, who, unit_id, place, person_id, name, phone,
                organisation, credentials, asked, answered, by_id, became_kind, became_id, became_text, automatic,
                withdrawn, version
            )
            SELECT estate_id, '', opened_at, opened_at, channel,
                CASE WHEN unit_id IS NOT NULL OR reporter_id IS NOT NULL THEN 'resident'
                     WHEN reporter_name <> '' OR reporter_phone <> '' THEN 'outside' ELSE 'anonymous' END,
                unit_id, place, reporter_id, reporter_name, reporter_phone, '', '', problem, '', owner_id,
                'tickets.ticket', id, number, true, false, 1
            FROM tickets_ticket AS ticket
            WHERE estate_id = %s AND channel IN ('phone', 'counter', 'message', 'letter') AND stream <> 'preventive'
                AND NOT EXISTS (
                    SELECT FROM tickets_logentry WHERE became_kind = 'tickets.ticket' AND became_id = ticket.id
                )
            """,
            [estate.pk],
        )
        return cursor.rowcount
