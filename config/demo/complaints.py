"""Some months of complaints with their clocks: every class, every state, something to acknowledge, to tell, to call back.

Has its own dice. Laid out before the repairs, so that its lines stand in the journal in the order things happened. The
verbs of `Matter` leave the rows of `tickets.actions.complaints`; each promise is made by the rules' own functions.
"""

from datetime import timedelta
from random import Random

from django.db import connection

from config.demo.bulk import as_json
from config.demo.names import simplified
from config.demo.repairs import climb
from office import clocks, promises, series
from office.models import DepartmentHead, Promise, Series
from office.models.promises import Measure
from tickets import complaints as rules
from tickets.models import (
    Complaint,
    ComplaintCall,
    ComplaintCause,
    ComplaintMeeting,
    ComplaintRemedy,
    ComplaintStep,
)

MONTHS = 6
FORWARD, ANSWER, SOLVE, TELL, CALLBACK = rules.KINDS

# cause, class, complained of, what happened, what is asked for, what was done, result, whose fault
STORIES = (
    ("NOISE", "minor", "neighbour", "樓上住户深夜拖動家具,影響休息", "請勸止", "上門勸導樓上住户,加裝腳墊", "樓上已道歉並鋪地墊", "neighbour"),
    ("CLEAN", "minor", "department", "樓道垃圾兩天未清", "盡快清理,加強巡查", "當日清理並調整清運班次", "改為每日兩次清運", "company"),
    ("GREEN", "minor", "department", "樹枝遮擋一樓窗户", "修剪", "安排綠化工修剪", "已修剪,列入季度養護", "company"),
    ("PARKING", "minor", "resident", "外來車輛佔用固定車位", "移走並防止再發生", "聯繫車主移車,張貼告示", "車主已移走,加裝地鎖", "resident"),
    ("PETS", "minor", "neighbour", "鄰居遛狗不牽繩,小孩受驚", "提醒狗主", "上門提醒並張貼文明養犬告示", "狗主已承諾牽繩", "neighbour"),
    ("RENOVATE", "minor", "contractor", "午休時間仍在鑽牆", "按規定時間施工", "到場制止,約定施工時間", "已簽施工時間承諾書", "developer"),
    ("CHARGES", "minor", "department", "水費與上月相差一倍,疑抄表有誤", "重新核對", "複抄水表並核對賬單", "抄表無誤,為馬桶漏水,已說明", "none"),
    ("ATTITUDE", "important", "staff", "前台答覆生硬,電話被掛斷", "道歉", "調聽錄音,約談當事員工", "部門主管致電道歉,員工再培訓", "company"),
    ("REPAIR", "important", "department", "廚房漏水報修三天無人上門", "立即維修並說明原因", "當日派員搶修,查明漏派原因", "已修復,派單流程已補正", "company"),
    ("GUARD", "important", "department", "陌生人尾隨進入大堂,保安未查問", "加強門崗", "調看監控,更換當值人員", "門崗增設登記,夜間雙崗", "company"),
    ("LIFT", "important", "company", "二號電梯一週內三次停運", "徹底檢修", "維保單位停梯檢修,更換門機", "更換門機皮帶,運行正常", "several"),
    ("LIFT", "major", "company", "電梯困人四十分鐘,老人受驚不適", "說明原因並賠償醫藥費", "主任登門慰問,封存電梯檢測", "更換主控板,承擔醫藥費並書面致歉", "company"),
    ("LEAK", "major", "developer", "天花大面積滲水,家具地板受損", "維修並賠償", "關閥止水,組織三方現場勘查", "開發商重做防水並賠償地板", "developer"),
    ("HEIGHT", "major", "resident", "高空拋下玻璃瓶,險傷及小孩", "查明並報警", "報警,調看監控,逐户告知", "查明當事住户,警方已處理", "resident"),
)  # fmt: skip
REASONS = {"major": "嚴重影響居住安全", "important": "屬本公司管理服務責任", "minor": ""}
CONTACTS = ("已致電致歉並了解經過", "上門拜訪,當面聽取意見", "電話聯繫,約定處理時間")
SAID = ("已解決,謝謝", "處理很快,滿意", "基本滿意,希望保持", "沒有再發生")
DISPLEASED = ("情況又再發生", "只改善了一天")


def stand(world, units, months):
    """The complaints of one estate up to now; answers how many."""
    return Complaints(world, units, months).write()


class Complaints:
    def __init__(self, world, units, months):
        self.world, self.estate, self.zone, self.now = world, world.estate, world.zone, world.now
        self.crew, self.bulk = world.crew, world.office.bulk
        self.lot = Random(f"complaints/{self.estate.code}/{units}/{months}")  # noqa: S311  made-up complaints
        self.causes = {row.code: row for row in ComplaintCause.objects.filter(estate=self.estate)}
        chairs = DepartmentHead.objects.filter(estate=self.estate).select_related("head")
        self.heads = {chair.department: chair.head for chair in chairs}
        self.days = round(min(months, MONTHS) * 30.44)
        self.count = max(6, round(units * min(months, MONTHS) * 0.02))

    def say(self, text):
        return simplified(text) if self.estate.language == "zh-hans" else text

    def write(self):
        plans = [*self._staged(), *self._past()]
        plans = sorted((plan for plan in plans if plan[0] <= self.now), key=lambda plan: plan[0])
        numbers: dict[int, int] = {}
        for at, story, live, values in plans:
            year = at.astimezone(self.zone).year
            numbers[year] = numbers.get(year, 0) + 1
            number = series.PATTERNS["complaint"].format(year=year, n=numbers[year])
            matter = Matter(self, number, at, story, **values)
            live(matter, at)
            matter.write()
        for year, last in numbers.items():
            self.bulk.add(
                Series, estate_id=self.estate.pk, kind="complaint", year=year,
                pattern=series.PATTERNS["complaint"], last=last,
            )  # fmt: skip
        return len(plans)

    def _story(self, *classes):
        return self.lot.choice([story for story in STORIES if story[1] in classes])

    # --- what is settled beforehand ------------------------------------------------------------------------------

    def _past(self):
        """Closed ones of the months before: nearly all in time, some late, some again, a few withdrawn."""
        for _one in range(self.count):
            day = self.lot.randint(12, max(13, self.days))
            at = self.world.at(day, self.lot.randint(8, 17), self.lot.randint(0, 59))
            story = self._story(*self.lot.choices(("minor", "important", "major"), (60, 32, 8)))
            yield at, story, self._whole, {}

    def _staged(self):
        at, now = self.world.at, self.now
        minutes = timedelta(minutes=1)
        yield (
            now - 35 * minutes,
            STORIES[9],
            lambda matter, moment: None,
            {},
        )  # nobody has acknowledged it yet
        yield (now - 20 * minutes, STORIES[12], lambda matter, moment: None, {"harm": True})  # it goes on
        wanted = self.world.today + timedelta(days=3)
        yield (at(1, 16, 5), STORIES[5], self._begun, {"wanted_by": wanted})
        yield (at(4, 10, 20), STORIES[3], self._begun, {})  # late
        yield (at(1, 9, 40), STORIES[11], self._answered, {})
        yield (at(2, 14, 15), STORIES[10], self._calmed, {})
        yield (at(3, 9, 30), STORIES[1], self._to_tell, {})
        yield (at(3, 15, 10), STORIES[7], self._to_call, {"told": at(1, 16, 40)})
        yield (at(6, 11, 25), STORIES[0], self._to_call, {"told": at(3, 11, 5), "tries": 2})  # late
        yield (at(9, 10, 45), STORIES[8], self._again, {})
        yield (at(3, 8, 50), STORIES[10], self._reclassed, {"klass": "minor"})

    # --- how they go ---------------------------------------------------------------------------------------------

    def _soon(self, moment, low, high):
        """Some minutes later, at an hour when somebody is there."""
        return self.world.desk(moment + timedelta(minutes=self.lot.randint(low, high)))

    def _forward(self, matter, at):
        if matter.row["klass"] != "minor":
            matter.acknowledge(self._soon(at, 5, 50) if self.lot.random() < 0.9 else self._soon(at, 70, 110))

    def _begun(self, matter, at):
        self._forward(matter, at)
        routed = self._soon(at, 5, 25)
        matter.route(routed)
        matter.contact(self._soon(routed, 5, 40), self.lot.choice(CONTACTS))

    def _worked(self, matter, at):
        self._begun(matter, at)
        acted = self._soon(matter.at, 60, 600)
        matter.act(acted)
        if matter.row["klass"] == "major":
            matter.answer(self._soon(acted, 30, 200))
            matter.meet(self._soon(matter.at, 200, 900))
            matter.propose(self._soon(matter.at, 20, 60))
        late = self.lot.random() < 0.08
        matter.report(self._soon(matter.at, *((4_000, 9_000) if late else (60, 900))))

    def _whole(self, matter, at):
        if self.lot.random() < 0.05:
            self._begun(matter, at)
            matter.withdraw(self._soon(matter.at, 130, 400))
            return
        self._worked(matter, at)
        told = matter.at + timedelta(minutes=self.lot.randint(8, 50))
        if self.lot.random() < 0.05:
            told = self._soon(matter.at + timedelta(days=1), 0, 60)
        matter.tell(told)
        called = self._soon(told, 900, 2_600)
        chance = self.lot.random()
        if chance < 0.05:
            matter.call(called, "not_satisfied", self.lot.choice(DISPLEASED))
            self._redo(matter, called)
            called = self._soon(matter.at, 900, 2_000)
        elif chance < 0.09:
            for days in (0, 0, 1):
                called += timedelta(minutes=30, days=days)
                matter.call(called, "not_reached", "")
            matter.close_unreachable(called + timedelta(minutes=10))
            return
        matter.call(called, "satisfied", self.lot.choice(SAID))

    def _redo(self, matter, at):
        """The second round, once the resident was not satisfied."""
        self._forward(matter, at)
        matter.contact(self._soon(at, 10, 90), self.lot.choice(CONTACTS))
        matter.act(self._soon(matter.at, 60, 300))
        matter.report(self._soon(matter.at, 30, 200))
        matter.tell(matter.at + timedelta(minutes=self.lot.randint(8, 50)))

    def _answered(self, matter, at):
        matter.acknowledge(at + timedelta(minutes=25))
        self._begun_after(matter, at)
        matter.answer(self.world.at(1, 16, 30))

    def _begun_after(self, matter, at):
        matter.route(at + timedelta(minutes=30))
        if matter.row["harm_now"]:
            matter.stop_harm(at + timedelta(minutes=40))
        matter.contact(at + timedelta(minutes=50), CONTACTS[1])

    def _calmed(self, matter, at):
        matter.calm(at + timedelta(minutes=6))
        self._forward(matter, at)
        matter.route(at + timedelta(minutes=40))
        matter.contact(at + timedelta(minutes=55), CONTACTS[1])
        matter.act(at + timedelta(minutes=150))

    def _to_tell(self, matter, at):
        self._begun(matter, at)
        matter.act(self.world.at(2, 11, 10))
        matter.report(min(self.world.at(0, 9, 5), self.now))

    def _to_call(self, matter, at):
        matter.acknowledge(at + timedelta(minutes=30))
        self._begun_after(matter, at)
        told = matter.extra["told"]
        matter.act(at + timedelta(hours=3))
        matter.report(told - timedelta(minutes=30))
        matter.tell(told)
        for days in range(matter.extra.get("tries", 0)):
            matter.call(told + timedelta(days=days + 1, minutes=20), "not_reached", "")

    def _again(self, matter, at):
        matter.acknowledge(at + timedelta(minutes=20))
        self._begun_after(matter, at)
        matter.act(self.world.at(8, 10, 10))
        matter.report(self.world.at(7, 15, 30))
        matter.tell(self.world.at(7, 16, 10))
        matter.call(self.world.at(1, 10, 50), "not_satisfied", DISPLEASED[0])

    def _reclassed(self, matter, at):
        matter.route(at + timedelta(minutes=30))
        matter.contact(at + timedelta(minutes=50), CONTACTS[0])
        matter.reclass(min(self.now - timedelta(minutes=25), self.now), "important")


def own_lines(estate):
    """Complaints write their own line of the log when they are taken; how many. Same columns as `complaints.take`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tickets_logentry (
                estate_id, number, at, recorded_at, channel, who, unit_id, place, person_id, name, phone,
                organisation, credentials, asked, answered, by_id, became_kind, became_id, became_text, automatic,
                withdrawn, version
            )
            SELECT estate_id, '', opened_at, recorded_at, channel,
                CASE WHEN unit_id IS NOT NULL OR complainant_id IS NOT NULL THEN 'resident' ELSE 'outside' END,
                unit_id, place, complainant_id, name, phone, '', '', course, '', owner_id,
                'tickets.complaint', id, number, true, false, 1
            FROM tickets_complaint WHERE estate_id = %s
            """,
            [estate.pk],
        )
        return cursor.rowcount


class Matter:
    """One complaint in memory. A verb whose time has not come yet is left out, and so is all that follows it."""

    def __init__(self, office, number, at, story, klass="", harm=False, wanted_by=None, **extra):
        self.office, self.estate, self.lot, self.extra = office, office.estate, office.lot, extra
        code, usual, against, course, demand, self.deed, self.outcome, self.fault = story
        self.steps, self.meetings, self.remedies, self.calls, self.promises = [], [], [], [], []
        self.at, self.stopped, say = at, False, office.say
        home = office.lot.choice(office.world.homes)
        day = at.date()
        there = [
            who for start, end, who in home.callers if start <= day and (end is None or day < end)
        ]  # fmt: skip
        cause, caller = office.causes[code], office.lot.choice(there) if there else None
        klass = klass or usual
        self.clerk = office.lot.choice(office.crew.clerks)
        self.where, self.id = home.code, office.bulk.reserve(Complaint)
        self.row = {
            "id": self.id, "number": number, "estate_id": self.estate.pk, "unit_id": home.id,
            "building_id": home.building_id, "owner_id": self.clerk.pk, "opened_at": at, "recorded_at": at,
            "counts_from": at, "occurred_at": at - timedelta(hours=office.lot.randint(1, 30)), "state": "received",
            "klass": klass, "class_reason": say(REASONS[klass]),
            "channel": office.lot.choices(("phone", "counter", "visit", "message", "letter"), (50, 25, 8, 12, 5))[0],
            "complainant_id": caller.id if caller else None, "name": caller.name if caller else "",
            "phone": caller.phone if caller else "", "against": "department" if against == "staff" else against,
            "against_department": cause.department if against in ("department", "staff") else "",
            "course": say(course), "demand": say(demand), "cause_id": cause.pk, "department": cause.department,
            "harm_now": harm, "wanted_by": wanted_by, "rounds": 1, "tries": 0, "version": 1, "contact_tries": 0,
        }  # fmt: skip
        self._name_receiver()
        self._promise_class(at)
        self._record("taken", at, self.clerk, klass={"word": f"complaint.class.{klass}"})

    # --- what every verb does ------------------------------------------------------------------------------------

    def _begin(self, at):
        """False once the present is reached: whatever would follow has not happened."""
        if self.stopped or at > self.office.now:
            self.stopped = True
            return False
        self.at = at
        self.row["version"] += 1
        return True

    def _record(self, verb, at, by, /, **data):
        self.office.world.office.journal.record(
            at, verb=f"complaint.{verb}", subject_kind=Complaint.SUBJECT, subject_id=self.id,
            subject_text=self.row["number"], estate_id=self.estate.pk, unit_id=self.row["unit_id"], by_id=by.pk,
            by_name=by.name, data=as_json(data),
        )  # fmt: skip

    def _stamp(self, at):
        return f"{at.astimezone(self.office.zone):%Y-%m-%d %H:%M}"

    def _step(self, kind, at, by, text=""):
        self.steps.append(
            {"complaint_id": self.id, "kind": kind, "at": at, "by_id": by.pk, "text": self.office.say(text),
             "round": self.row["rounds"], "recorded_at": at}
        )  # fmt: skip

    def _case(self):
        """The complaint as the rules read it."""
        known = {field.attname for field in Complaint._meta.concrete_fields}
        return Complaint(**{name: value for name, value in self.row.items() if name in known})

    def _name_receiver(self):
        head = None
        if self.row["klass"] == "major":
            head = self.office.crew.director
        elif self.row["klass"] == "important":
            head = self.office.heads[self.row["department"]]
        self.receiver = head
        self.row["forward_to_id"] = head.pk if head else None

    @property
    def handler(self):
        """Who is responsible: a person of the department, where the office has one."""
        crew, department = self.office.crew, self.row["department"]
        if department == "repair":
            return crew.lead
        return crew.director if department == "management" else crew.supervisor

    # --- promises ------------------------------------------------------------------------------------------------

    def _promise(self, kind, rule, fact_at, made_at, agreed=None):
        number = promises.RULES[rule]
        amount, measure = (0, Measure.AT) if agreed else (number.amount, number.measure)
        times = clocks.limit(
            fact_at=fact_at, amount=amount, measure=measure, zone=self.office.zone,
            closes_at=self.estate.closes_at, agreed=agreed,
        )  # fmt: skip
        owner = {FORWARD: self.receiver, SOLVE: self.extra.get("handler")}.get(kind) or self.clerk
        sequence = 1 + sum(row["kind"] == kind for row in self.promises)
        row = {
            "kind": kind, "rule_key": rule, "subject_kind": Complaint.SUBJECT, "subject_id": self.id,
            "sequence": sequence, "title": f"{self.row['number']} {self.where}", "estate_id": self.estate.pk,
            "unit_id": self.row["unit_id"], "owner_id": owner.pk,
            "department": str(rules.department_of(kind, self._case())), "amount": amount, "measure": str(measure),
            "fact_at": fact_at, "due_at": times.due_at, "warn_at": times.warn_at, "director_at": times.director_at,
            "made_at": made_at, "outcome": "open", "level": 0, "closed_at": None,
        }  # fmt: skip
        self.promises.append(row)
        return row

    def _promise_class(self, at):
        for kind, rule in rules.owed(self._case()).items():
            wanted = self.row["wanted_by"] if rule == rules.WANTED else None
            agreed = clocks.end_of_day(wanted, self.office.zone) if wanted else None
            self._promise(kind, rule, self.row["counts_from"], at, agreed)

    def _open(self, *kinds):
        return [
            row for row in self.promises if row["closed_at"] is None and (not kinds or row["kind"] in kinds)
        ]

    def _close(self, rows, outcome, at, by):
        for row in rows:
            climb(row, at)
            missed = outcome == "dropped" and row["due_at"] <= at
            row["outcome"] = {"dropped": "unreachable" if missed else "cancelled"}.get(outcome, outcome)
            row["closed_at"], row["closed_by_id"] = at, by.pk

    # --- verbs ---------------------------------------------------------------------------------------------------

    def acknowledge(self, at):
        if self.receiver and at <= self.office.now and self._begin(at):
            self._close(self._open(FORWARD), "kept", at, self.receiver)
            self.row |= {"acknowledged_at": at, "acknowledged_by_id": self.receiver.pk}
            self._record("acknowledged", at, self.receiver, name=self.receiver.name)

    def reclass(self, at, klass):
        if not self._begin(at):
            return
        old, zone, estate = self.row["klass"], self.office.zone, self.estate
        self._close(self._open(*rules.OF_CLASS), "dropped", at, self.clerk)
        self.row |= {"klass": klass, "class_reason": self.office.say(REASONS[klass]), "reclassed_at": at}
        self._name_receiver()
        for kind, rule in rules.owed(self._case()).items():
            number = promises.RULES[rule]
            key, fact_at = rules.after_reclassing(
                rule, amount=number.amount, measure=number.measure, fact_at=self.row["counts_from"],
                reclassed_at=at, zone=zone, closes_at=estate.closes_at,
            )  # fmt: skip
            self._promise(kind, key, fact_at, at)
        words = {"old": {"word": f"complaint.class.{old}"}, "new": {"word": f"complaint.class.{klass}"}}
        self._record("reclassed", at, self.clerk, **words)

    def route(self, at):
        if not self._begin(at):
            return
        handler = self.extra["handler"] = self.handler
        self.row |= {"handler_id": handler.pk, "state": "handling"}
        for row in self._open(SOLVE):
            row["owner_id"] = handler.pk
        department = {"word": f"department.{self.row['department']}"}
        self._record("routed", at, self.clerk, department=department, to=handler.name)

    def _did(self, verb, kind, at, text, **values):
        """One step of the person responsible; False when it has not happened yet."""
        if not self._begin(at):
            return False
        self.row |= values
        self._step(kind, at, self.handler, text)
        self._record(verb, at, self.handler, at=self._stamp(at))
        return True

    def stop_harm(self, at):
        self._did("harm_stopped", "harm_stopped", at, "已到場制止,現場圍封", harm_stopped_at=at)

    def contact(self, at, text):
        self._did("contacted", "contact", at, text, contacted_at=self.row.get("contacted_at") or at)

    def act(self, at):
        self._did("acted", "action", at, self.deed)

    def answer(self, at):
        if self._did("answered", "answer", at, "已說明原因、處理辦法及完成日期", answered_at=at):
            self._close(self._open(ANSWER), "kept", at, self.handler)

    def meet(self, at):
        say = self.office.say
        place, parties, outcome = "管理處會議室", "投訴人、當事方、管理處", "商定處理辦法及期限"
        if self._did("met", "meeting", at, f"{place} · {parties}\n{outcome}"):
            self.meetings.append(
                {"complaint_id": self.id, "at": at, "place": say(place), "parties": say(parties),
                 "outcome": say(outcome), "by_id": self.handler.pk, "recorded_at": at}
            )  # fmt: skip

    def propose(self, at):
        if self._begin(at):
            self.remedies.append(
                {"complaint_id": self.id, "text": self.office.say("書面致歉並承擔實際損失"), "cost": "800.00",
                 "proposed_at": at, "by_id": self.handler.pk, "accepted": True, "decided_at": at,
                 "decided_by_id": self.handler.pk}
            )  # fmt: skip
            self._record("proposed", at, self.handler)
            self._record("remedy_accepted", at, self.handler)

    def report(self, at):
        if not self._begin(at):
            return
        self._close(self._open(SOLVE), "kept", at, self.handler)
        self.row |= {
            "state": "reported", "reported_at": at, "reported_by_id": self.handler.pk,
            "result": self.office.say(self.outcome), "fault": self.fault, "valid": self.fault != "none",
            "apology": self.fault == "company", "tries": 0,
        }  # fmt: skip
        self._step("report", at, self.handler, self.outcome)
        self._promise(TELL, TELL, at, at)
        self._record("reported", at, self.handler, at=self._stamp(at))

    def tell(self, at):
        if not self._begin(at):
            return
        how = "phone" if self.lot.random() < 0.8 else "face"
        self._close(self._open(TELL, ANSWER), "kept", at, self.clerk)
        self.row |= {"state": "told", "told_at": at, "told_by_id": self.clerk.pk, "told_how": how, "tries": 0}
        self.row["answered_at"] = self.row.get("answered_at") or at
        self._step("told", at, self.clerk)
        owed = self._promise(CALLBACK, CALLBACK, at, at)
        self._record(
            "told", at, self.clerk, how={"word": f"complaint.told.{how}"}, at=self._stamp(at),
            due=self._stamp(owed["due_at"]),
        )  # fmt: skip

    def call(self, at, outcome, remark):
        if not self._begin(at):
            return
        self.calls.append(
            {"complaint_id": self.id, "purpose": "callback", "round": self.row["rounds"], "tried_at": at,
             "by_id": self.clerk.pk, "how": "phone", "outcome": outcome, "remark": self.office.say(remark),
             "score": self.lot.choice((4, 5, 5)) if outcome == "satisfied" else None, "recorded_at": at}
        )  # fmt: skip
        if outcome == "not_reached":
            self.row["tries"] += 1
            self._record("not_reached", at, self.clerk, **{"try": self.row["tries"]})
            return
        self._close(self._open(CALLBACK), "kept", at, self.clerk)
        self._close(self._open(), "dropped", at, self.clerk)
        self.row["satisfied"] = outcome == "satisfied"
        if self.row["satisfied"]:
            self.row |= {"state": "closed", "closed_at": at, "ending": "called_back"}
            self._record("closed", at, self.clerk)
            return
        for name in (
            "acknowledged_at", "acknowledged_by_id", "contacted_at", "answered_at", "reported_at", "reported_by_id",
            "told_at", "told_by_id", "harm_stopped_at", "wanted_by",
        ):  # fmt: skip
            self.row[name] = None
        self.row |= {
            "told_how": "", "tries": 0, "harm_now": False, "state": "handling", "counts_from": at,
            "rounds": self.row["rounds"] + 1,
        }  # fmt: skip
        self._promise_class(at)
        self._record("reopened", at, self.clerk, round=self.row["rounds"])

    def close_unreachable(self, at):
        if self._begin(at):
            by = self.office.crew.supervisor
            self._close(self._open(CALLBACK), "unreachable", at, by)
            self._close(self._open(), "dropped", at, by)
            self.row |= {"state": "closed", "closed_at": at, "ending": "unreachable",
                         "end_reason": self.office.say("多次致電無人接聽")}  # fmt: skip
            self._record("closed_unreachable", at, by, tries=self.row["tries"])

    def withdraw(self, at):
        if self._begin(at):
            self._close(self._open(), "dropped", at, self.clerk)
            self.row |= {"state": "withdrawn", "closed_at": at, "ending": "withdrawn",
                         "end_reason": self.office.say("雙方已自行和解")}  # fmt: skip
            self._record("withdrawn", at, self.clerk)

    def calm(self, at):
        if self._begin(at):
            self.row["calmed_at"] = at
            self._step("calm_down", at, self.clerk)
            self._record("calmed", at, self.clerk, at=self._stamp(at))

    def write(self):
        """Give all rows to COPY. The journal has its events already."""
        bulk = self.office.bulk
        self.row["next_due_at"] = min((row["due_at"] for row in self._open()), default=None)
        bulk.add(Complaint, **self.row)
        for model, rows in (
            (Promise, self.promises), (ComplaintStep, self.steps), (ComplaintMeeting, self.meetings),
            (ComplaintRemedy, self.remedies), (ComplaintCall, self.calls),
        ):  # fmt: skip
            for row in rows:
                bulk.add(model, **row)
