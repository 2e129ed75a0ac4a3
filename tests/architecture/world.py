"""The rows the access table speaks of: one estate with its cast, made once and only read.

Rows are made when a line asks for them, outside the savepoint of its cases, so that they stay for the lines after
it. Everything is of `estate`, unless its name says otherwise.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from office import roles
from office.clocks import local_date, midnight
from tests import cast, imported


class World:
    def __init__(self):
        # The present time: views ask the clock, and rules that begin in the past are refused.
        self.now = timezone.now()
        self.estate = cast.make_estate(now=self.now)
        self.elsewhere = cast.make_estate("YG", "陽光新城", "Sunshine City", now=self.now)
        self.cast = {role: cast.make_staff(role, (self.estate, role)) for role in roles.ROLES}
        everything = [(self.elsewhere, role) for role in roles.ROLES]
        self.cast["stranger"] = cast.make_staff("stranger", *everything)
        # A second administrator, so that the walk never meets "the last administrator".
        cast.make_staff("admin2", (self.estate, "admin"))
        self.today = local_date(self.now, self.estate.zone)

    @cached_property
    def closed_account(self):
        return cast.make_staff("gone", (self.estate, "clerk"), is_active=False)

    @cached_property
    def building(self):
        return cast.make_building(self.estate)

    @cached_property
    def unit(self):
        recent = self.today - timedelta(days=100)  # within warranty: nobody has to agree to a price first
        return cast.make_unit(self.estate, "3-2-1201", building=self.building, handed_over_on=recent)

    @cached_property
    def person(self):
        person = cast.make_person(self.estate, "張小明", "13800138000")
        cast.occupy(self.unit, person)
        return person

    @cached_property
    def category(self):
        from tickets.models import Category

        return Category.objects.get(estate=self.estate, code="TAP")

    @cached_property
    def leak(self):
        from tickets.models import Category

        return Category.objects.get(estate=self.estate, code="LK-PIPE")

    @cached_property
    def notice(self):
        """An unread notice on the clerk's bell."""
        from office.models import Message

        return Message.objects.create(
            estate=self.estate, channel="desk", staff=self.cast["clerk"], template="job.done",
            data={"title": "the walk", "failed": 0}, dedupe_key="walk", made_at=self.now, send_after=self.now,
        )  # fmt: skip

    def unread(self):
        from office.models import Message

        return Message.objects.filter(read_at__isnull=True).count()

    @cached_property
    def climbed(self):
        """A promise of the clerk's that the head of its department has been told of."""
        from office.models import DepartmentHead, Promise
        from tests.matters import owe

        DepartmentHead.objects.filter(estate=self.estate, department="front_desk").update(
            head=None, deputy=None
        )
        promise = owe(self.estate, self.cast["clerk"], self.now - timedelta(days=4))
        Promise.objects.filter(pk=promise.pk).update(level=2, warned_at=self.now, head_at=self.now)
        return promise

    @cached_property
    def job(self):
        """Long work the clerk asked for."""
        from office.models import Job

        clerk = self.cast["clerk"]
        return Job.objects.create(
            kind="walk", title="Walk along the table", estate=self.estate, by=clerk, made_at=self.now
        )

    @cached_property
    def offer(self):
        """A change of the clerk's that can no longer be taken back."""
        from office.models import Undo

        return Undo.objects.create(
            subject_kind="unit", subject_id=self.unit.pk, estate=self.estate, verb="walk", by=self.cast["clerk"],
            at=self.now - timedelta(minutes=1), until=self.now - timedelta(seconds=50), version=1, before=[],
        )  # fmt: skip

    @cached_property
    def file(self):
        """A loose file of the clerk's; its content stays where tests keep files."""
        from office import files

        return files.store(
            data=b"%PDF-walk", name="walk.pdf", content_type="application/pdf", estate=self.estate,
            by=self.cast["clerk"], now=self.now, upload_key="walk",
        )  # fmt: skip

    @cached_property
    def paper(self):
        """A document in the archive of the unit."""
        from office import files

        return files.store(
            data=b"%PDF-paper", name="walked contract.pdf", content_type="application/pdf", estate=self.estate,
            by=self.cast["clerk"], now=self.now, upload_key="paper", subject_kind="unit", subject_id=self.unit.pk,
            unit_id=self.unit.pk, kind="PURCHASE",
        )  # fmt: skip

    @cached_property
    def event(self):
        from office import journal

        return journal.record(
            "estate.created", subject=self.estate, kind="office.estate", text="walked estate",
            by=self.cast["admin"], now=self.now, estate_id=self.estate.pk,
        )  # fmt: skip

    @cached_property
    def look(self):
        from office import accesslog

        clerk = self.cast["clerk"]
        return accesslog.log(
            what="reveal", by=clerk, now=self.now, estate_id=self.estate.pk, reason="walked reason"
        )

    @cached_property
    def wall(self):
        """A screen on the wall and its link's token."""
        from office.actions import walls

        return walls.make(
            estate=self.estate, name="front desk screen", language="en", expires_at=None,
            by=self.cast["supervisor"], now=self.now,
        )  # fmt: skip

    # --- messages --------------------------------------------------------------------------------------------

    def message(self, key, state, channel="sms", **fields):
        from office.models import Message

        return Message.objects.create(
            estate=self.estate, channel=channel, addressee="李行者", address="+8613800138000",
            template="hand.free", title="walked", body="walked words", dedupe_key=key, state=state,
            made_at=self.now, send_after=self.now, **fields,
        )  # fmt: skip

    @cached_property
    def failed_message(self):
        return self.message("walk:failed", "failed", problem="away", error="no route")

    @cached_property
    def queued_message(self):
        """Written by the clerk, not gone yet."""
        return self.message("walk:queued", "queued", by=self.cast["clerk"])

    @cached_property
    def letter(self):
        return self.message("walk:letter", "sent", channel="paper", sent_at=self.now)

    @cached_property
    def own_text(self):
        """The office's own words of a message."""
        from office.models import MessageText

        return MessageText.objects.create(
            estate=self.estate, template="ticket.resident_done", language="zh-hant", version=1, body="已修好。",
            made_at=self.now, by=self.cast["admin"],
        )  # fmt: skip

    @cached_property
    def reachable(self):
        """The administrators have an address of their own."""
        from office.models import Staff

        return Staff.objects.filter(postings__role="admin").update(email="admin@example.org")

    @cached_property
    def occupied(self):
        """The unit with somebody in it who can be written to."""
        return self.person and self.unit

    @cached_property
    def reported(self):
        """A repair that the person of the register reported."""
        from tickets import actions

        return actions.take(
            estate=self.estate, category=self.category, problem="漏水", unit=self.unit, reporter=self.person,
            reporter_phone="13800138000", by=self.cast["clerk"], now=self.now,
        )  # fmt: skip

    # --- the gate --------------------------------------------------------------------------------------------

    def issue(self):
        from residents import actions

        lines = [("沙發", 1, ""), ("紙箱", 12, "書")]
        return actions.issue_slip(
            unit=self.unit,
            person=self.person,
            lines=lines,
            days=1,
            plate="粤B12345",
            by=self.cast["clerk"],
            now=self.now,
        )

    @cached_property
    def slip(self):
        """A goods-release slip that is valid."""
        return self.issue()

    @cached_property
    def gone_slip(self):
        """One the guard has released."""
        from residents import actions

        return actions.release_slip(slip=self.issue(), by=self.cast["guard"], now=self.now, car_seen=True)

    @cached_property
    def turned_slip(self):
        """One the guard has turned away."""
        from residents import actions

        return actions.refuse_slip(
            slip=self.issue(), reason="goods", by=self.cast["guard"], now=self.now
        ).slip

    @cached_property
    def visitor(self):
        """Somebody still inside."""
        from residents import actions

        return actions.visitor_in(
            estate=self.estate, name="李來訪", unit=self.unit, by=self.cast["guard"], now=self.now
        )

    @cached_property
    def vehicle(self):
        from residents import actions

        since = self.today - timedelta(days=30)
        return actions.register_vehicle(
            unit=self.unit, plate="粤B12345", since=since, by=self.cast["clerk"], now=self.now
        )

    @cached_property
    def card(self):
        from residents import actions

        return actions.issue_card(
            unit=self.unit, number="0012345", issued_on=self.today, by=self.cast["clerk"], now=self.now
        )

    def take_key(self, tag):
        from residents import actions

        return actions.take_key(
            estate=self.estate,
            tag=tag,
            unit=self.unit,
            received_on=self.today,
            by=self.cast["clerk"],
            now=self.now,
        )

    @cached_property
    def key(self):
        """A key that hangs in the office."""
        return self.take_key("A-01")

    @cached_property
    def key_out(self):
        """One that is out."""
        from residents import actions

        due = self.now + timedelta(hours=8)
        loan = actions.lend_key(
            key=self.take_key("A-02"),
            contractor="宏發",
            signed_by="宏發",
            due_at=due,
            by=self.cast["clerk"],
            now=self.now,
        )
        return loan.key

    # --- repairs: one ticket per stage -----------------------------------------------------------------------

    @property
    def window(self):
        """Tomorrow morning, (from, to)."""
        start = midnight(self.today + timedelta(days=1), self.estate.zone) + timedelta(hours=9)
        return start, start + timedelta(hours=2)

    @property
    def window_fields(self):
        return {
            "window_day": f"{self.today + timedelta(days=1)}",
            "window_from": "09:00",
            "window_to": "11:00",
        }

    def take(self, **more):
        from tickets import actions

        return actions.take(
            **{
                "estate": self.estate,
                "category": self.category,
                "problem": "水龍頭關不緊",
                "unit": self.unit,
                "reporter_name": "張小明",
                "reporter_phone": "13800138000",
                "by": self.cast["clerk"],
                "now": self.now - timedelta(hours=4),
                **more,
            }
        )

    def dispatched(self, **more):
        from tickets import actions

        ticket = self.take(**more)
        start, end = self.window
        actions.dispatch(
            ticket=ticket,
            technician=self.cast["technician"],
            window_from=start,
            window_to=end,
            by=self.cast["lead"],
            now=self.now - timedelta(hours=3),
        )
        ticket.refresh_from_db()
        return ticket

    def working(self, **more):
        from tickets import actions

        ticket = self.dispatched(**more)
        at = self.now - timedelta(hours=2)
        actions.arrive(work_order=ticket.work_orders.get(), at=at, by=self.cast["technician"], now=at)
        ticket.refresh_from_db()
        return ticket

    def finished(self, **more):
        from tickets import actions

        ticket = self.working(**more)
        at = self.now - timedelta(hours=1)
        actions.finish(
            work_order=ticket.work_orders.get(),
            ended_at=at,
            result="已更換",
            by=self.cast["technician"],
            now=at,
        )
        ticket.refresh_from_db()
        return ticket

    @cached_property
    def ticket(self):
        return self.take()

    @cached_property
    def paid(self):
        """Out of warranty: a quotation and consent are needed."""
        old = cast.make_unit(self.estate, "3-2-1202", building=self.building, handed_over_on=date(2001, 1, 1))
        return self.take(unit=old)

    @cached_property
    def sent(self):
        return self.dispatched()

    @cached_property
    def arrived(self):
        return self.working()

    @cached_property
    def waiting(self):
        from tickets import actions

        ticket = self.working()
        actions.wait(
            ticket=ticket,
            waiting_for="parts",
            until=self.today + timedelta(days=2),
            reason="等配件",
            by=self.cast["lead"],
            now=self.now,
        )
        ticket.refresh_from_db()
        return ticket

    @cached_property
    def tested(self):
        """A leak whose work has ended and whose water test is owed."""
        return self.finished(category=self.leak)

    @cached_property
    def done(self):
        return self.finished()

    @cached_property
    def uncharged(self):
        """Paid work that is done at a unit nobody was known to pay for; now somebody is."""
        from tickets import actions

        self.done  # noqa: B018  first in the queue of callbacks
        unit = cast.make_unit(
            self.estate, "3-2-1203", building=self.building, handed_over_on=date(2001, 1, 1)
        )
        ticket = self.take(unit=unit)
        actions.dispatch(
            ticket=ticket, technician=self.cast["technician"], by=self.cast["lead"], now=self.now,
            window_from=self.now + timedelta(days=9), window_to=self.now + timedelta(days=9, hours=2),
        )  # fmt: skip
        actions.finish(
            work_order=ticket.work_orders.last(), ended_at=self.now, result="好", by=self.cast["technician"],
            now=self.now, agreed_amount=Decimal(120), consent_by="何先生",
        )  # fmt: skip
        cast.occupy(unit, cast.make_person(self.estate, "何先生"))
        ticket.refresh_from_db()
        return ticket

    @cached_property
    def asset(self):
        from tickets.actions.asset import save_asset

        values = {"code": "LIFT2", "name_zh_hant": "二號電梯", "kind": "lift", "place": "3棟"}
        return save_asset(estate=self.estate, values=values, by=self.cast["lead"], now=self.now)

    def planned(self, title):
        from tickets import actions
        from tickets.models import Category

        values = {
            "asset": self.asset, "title": title, "number": 1, "every": "month", "checks": "看\n聽",
            "starts_on": self.now.date() + timedelta(days=10), "responsible": self.cast["lead"],
            "category": Category.objects.filter(estate=self.estate, stream="preventive").first(),
        }  # fmt: skip
        return actions.save_plan(estate=self.estate, values=values, by=self.cast["lead"], now=self.now)

    @cached_property
    def plan(self):
        return self.planned("月度保養")

    @cached_property
    def paused_plan(self):
        from tickets import actions

        lead = self.cast["lead"]
        return actions.stop_plan(
            plan=self.planned("年度保養"), end=False, reason="大修", by=lead, now=self.now
        )

    # --- meters ---------------------------------------------------------------------------------------------

    def hang(self, serial, **fields):
        from billing.models import Meter

        values = {"kind": "water", "unit": self.unit, "building": self.building, **fields}
        return Meter.objects.create(
            estate=self.estate, serial=serial, installed_on=self.today - timedelta(days=90), **values
        )

    @cached_property
    def meter(self):
        return self.hang("W20260001")

    def read(self, meter, value, days_ago, by="technician"):
        from billing.actions import readings

        return readings.take(
            meter=meter, value=Decimal(value), read_on=self.today - timedelta(days=days_ago), source="phone",
            by=self.cast[by], now=self.now,
        )  # fmt: skip

    @cached_property
    def reading(self):
        self.read(self.meter, 20, 60)
        return self.read(self.meter, 40, 30)

    @cached_property
    def held(self):
        """Below the reading before it."""
        meter = self.hang("H20260001")
        self.read(meter, 50, 60)
        return self.read(meter, 40, 30)

    # --- the reception log -----------------------------------------------------------------------------------

    def log(self, **more):
        from tickets import actions

        values = {"estate": self.estate, "unit": self.unit, "asked": "外牆滲水保修是否在期內"}
        now = self.now - timedelta(minutes=30)
        return actions.log(**values, by=self.cast["clerk"], now=now, **more)

    @cached_property
    def log_line(self):
        return self.log()

    @cached_property
    def log_question(self):
        """A line whose question the lead is to answer."""
        from tickets import actions

        return actions.ask_expert(
            entry=self.log(),
            expert=self.cast["lead"],
            agreed_at=self.now + timedelta(hours=20),
            by=self.cast["clerk"],
            now=self.now - timedelta(minutes=20),
        ).entry

    @cached_property
    def log_answer(self):
        """The lead has answered; nobody has told who asked."""
        from tickets import actions

        question = actions.ask_expert(
            entry=self.log(),
            expert=self.cast["lead"],
            agreed_at=self.now + timedelta(hours=20),
            by=self.cast["clerk"],
            now=self.now - timedelta(minutes=20),
        )
        return actions.answer(entry=question.entry, text="在期內", by=self.cast["lead"], now=self.now)

    # --- complaints ------------------------------------------------------------------------------------------

    def complain(self, **more):
        from tickets.actions import complaints
        from tickets.models import ComplaintCause

        cause = ComplaintCause.objects.filter(estate=self.estate).order_by("position", "code").first()
        values = {"unit": self.unit, "name": "張小明", "phone": "13800138000", "course": "樓上半夜搬動桌椅"}
        now = self.now - timedelta(minutes=30)
        return complaints.take(
            **{"estate": self.estate, "cause": cause, "by": self.cast["clerk"], "now": now} | values | more
        )

    def at_work(self, **more):
        """The resident has been contacted."""
        from tickets.actions import complaints

        now = self.now - timedelta(minutes=20)
        complaint = self.complain(**more)
        return complaints.contact(complaint=complaint, text="每晚都有", by=self.cast["lead"], now=now)

    @cached_property
    def complaint(self):
        return self.complain()

    @cached_property
    def complaint_major(self):
        """The director is to acknowledge it."""
        return self.complain(klass="major")

    @cached_property
    def complaint_harm(self):
        return self.complain(harm_now=True)

    @cached_property
    def complaint_at_work(self):
        return self.at_work()

    @cached_property
    def complaint_remedy(self):
        """One with a remedy the resident has not answered yet."""
        from tickets.actions import complaints

        return complaints.propose(
            complaint=self.at_work(), text="鋪地墊", cost=300, by=self.cast["clerk"], now=self.now
        )

    def complaint_with_result(self):
        from tickets.actions import complaints

        now = self.now - timedelta(minutes=15)
        return complaints.report(
            complaint=self.at_work(),
            result="已勸止",
            fault="neighbour",
            valid=True,
            by=self.cast["lead"],
            now=now,
        )

    @cached_property
    def complaint_reported(self):
        """The result is to be told."""
        return self.complaint_with_result()

    @cached_property
    def complaint_told(self):
        """A callback is owed."""
        from tickets.actions import complaints

        now = self.now - timedelta(minutes=10)
        return complaints.tell(complaint=self.complaint_with_result(), by=self.cast["clerk"], now=now)

    @cached_property
    def handover(self):
        """Written by a colleague who has gone home."""
        from tickets import actions

        colleague = cast.make_staff("clerk9", (self.estate, "clerk"))
        return actions.hand_over_shift(
            estate=self.estate,
            day=self.today,
            shift="morning",
            text="電梯年檢明早八點",
            by=colleague,
            now=self.now,
        )

    @cached_property
    def asked(self):
        """More time asked for, not decided yet."""
        from office import promises
        from tickets import actions

        ticket = self.dispatched()
        (promise,) = promises.open_of(ticket)
        return actions.ask(
            ticket=ticket,
            kind="time",
            promise=promise,
            new_due_at=promise.due_at + timedelta(days=1),
            reason="路上塞車",
            by=self.cast["technician"],
            now=self.now,
        )

    @cached_property
    def sent_import(self):
        """A file an administrator has sent."""
        from office.imports import intake

        file = imported.file_of(["Unit,Area (m²)", "8-801,88"], "sent.csv")
        return intake.receive(
            content=file, name="sent.csv", estate=self.estate, by=self.cast["admin"], now=self.now
        )

    @cached_property
    def chosen_import(self):
        return imported.sent(self.estate, self.cast["admin"], ["Unit,Area (m²)", "8-802,88"], "units")

    @cached_property
    def checked_import(self):
        """One row that is new, one that is wrong."""
        lines = ["Unit,Area (m²)", "8-803,88", "8-804,wide"]
        return imported.checked(self.estate, self.cast["admin"], lines, "units")

    @cached_property
    def applied_import(self):
        lines = ["Unit,Area (m²)", "8-805,88"]
        return imported.applied(
            imported.checked(self.estate, self.cast["admin"], lines, "units"), self.cast["admin"]
        )

    # --- the counter -------------------------------------------------------------------------------------------

    @cached_property
    def owing(self):
        """An account that owes for three months."""
        from billing.actions import charging, ledger
        from billing.models import Item

        account = ledger.account_of(self.unit, self.person)
        fee = Item.objects.get(estate=self.estate, code="management")
        for months in (1, 2, 3):
            period = self._months_ago(months)
            charging.charge(
                account=account, item=fee, amount=Decimal("100.00"), period=period, by=self.cast["cashier"], now=self.now
            )  # fmt: skip
        return account

    @cached_property
    def holding(self):
        """The same account with money held: a deposit (`.deposit`, its charge) and a prepayment."""
        from billing.actions import deposits, payment
        from billing.models import Item

        account, money = self.owing, Decimal("500.00")
        item = Item.objects.get(estate=self.estate, code="deposit_renovation")
        by = {"methods": {"cash": money}, "by": self.cast["cashier"], "now": self.now, "payer": "張小明"}
        account.deposit, _receipt = deposits.take(account=account, item=item, amount=money, **by)
        payment.pay(estate=self.estate, unit=self.unit, charges=[], prepay=[(account.pk, money)], **by)
        account.refresh_from_db()
        return account

    @cached_property
    def drawn_voucher(self):
        from billing.actions import draw, payment

        voucher = draw.draw(accounts=[self.holding], by=self.cast["cashier"], now=self.now)[0]
        # Something is left to give back, whatever is asked for first.
        payment.pay(
            estate=self.estate, payer="張小明", charges=[], prepay=[(self.holding.pk, Decimal("100.00"))],
            methods={"cash": Decimal("100.00")}, by=self.cast["cashier"], now=self.now,
        )  # fmt: skip
        return voucher

    def _refund(self, approved=False):
        from billing.actions import payment, refund

        # A yuan to give back, whatever was drawn meanwhile.
        payment.pay(
            estate=self.estate, payer="張小明", charges=[], prepay=[(self.holding.pk, Decimal("1.00"))],
            methods={"cash": Decimal("1.00")}, by=self.cast["cashier"], now=self.now,
        )  # fmt: skip
        asked = {"amount": Decimal("1.00"), "reason": "重複付款", "by": self.second_finance, "now": self.now}
        row = refund.ask(account=self.holding, **asked)
        return refund.approve(refund=row, by=self.cast["director"], now=self.now) if approved else row

    @cached_property
    def second_finance(self):
        return cast.make_staff("finance2", (self.estate, "finance"))

    @cached_property
    def asked_refund(self):
        return self._refund()

    @cached_property
    def approved_refund(self):
        return self._refund(approved=True)

    @cached_property
    def new_owner(self):
        person = cast.make_person(self.estate, "李新業")
        cast.occupy(self.unit, person, role="tenant")
        return person

    @cached_property
    def paid_receipt(self):
        from billing.actions import payment

        charge = self.owing.charges.order_by("period").first()
        return payment.pay(
            estate=self.estate, payer="張小明", unit=self.unit, charges=[(charge.pk, Decimal("40.00"))],
            methods={"cash": Decimal("40.00")}, by=self.cast["cashier"], now=self.now,
        )  # fmt: skip

    # --- the monthly report ----------------------------------------------------------------------------------

    def _months_ago(self, months):
        from office.clocks import add_months

        return add_months(self.today.replace(day=1), -months)

    @cached_property
    def month(self):
        """The report of the month before, still a draft."""
        from office.actions import months

        return months.draft(estate=self.estate, month=self._months_ago(1), now=self.now)[0]

    @cached_property
    def signed_month(self):
        """An older one, signed by the supervisor and with the director."""
        from office import months as figures
        from office.actions import months

        report = months.draft(estate=self.estate, month=self._months_ago(2), now=self.now)[0]
        mark = figures.mark(figures.compose(self.estate, report.month))
        return months.sign(report=report, mark=mark, by=self.cast["supervisor"], now=self.now)

    # --- fees ---------------------------------------------------------------------------------------------------

    @cached_property
    def fee(self):
        from billing.models import Item

        return Item.objects.get(estate=self.estate, code="management")

    @cached_property
    def standard(self):
        from tests.billing.money import make_standard

        return make_standard(self.fee, "2.80")

    @cached_property
    def late_paying(self):
        """An account that has owed since last year, late fees by the day."""
        from billing.actions import charging, ledger
        from billing.models import Item, Standard

        late = Item.objects.get(estate=self.estate, code="late")
        Standard.objects.create(
            estate=self.estate, item=late, rate=Decimal("0.0005"), period=(date(2020, 1, 1), None)
        )
        account = ledger.account_of(self.unit, self.person)
        charging.charge(
            account=account, item=self.fee, amount=Decimal("100.00"), period=self._months_ago(6), by=self.cast["cashier"],
            now=self.now - timedelta(days=90),
        )  # fmt: skip
        return account

    @cached_property
    def mistaken_standard(self):
        from tests.billing.money import make_standard

        return make_standard(self.fee, "28", since=date(2035, 1, 1), unit_kind="storage")

    @cached_property
    def payer(self):
        from billing.models import Payer

        return Payer.objects.create(
            estate=self.estate, unit=self.unit, person=self.person, item=self.fee, period=(self.today, None), reason="租約約定"
        )  # fmt: skip

    @cached_property
    def adjustment(self):
        from billing.models import Adjustment

        return Adjustment.objects.create(
            estate=self.estate,
            unit=self.unit,
            item=self.fee,
            percent=70,
            period=(self.today, self.today + timedelta(days=99)),
            reason="託管",
        )

    @cached_property
    def run(self):
        """A run of last year, being posted."""
        from billing.actions import run

        year = self.today.year - 1
        return run.post(
            estate=self.estate, period=self.today.replace(year=year, month=1, day=1), by=self.cast["finance"], now=self.now
        )  # fmt: skip

    @cached_property
    def paused_run(self):
        from billing.actions import run

        month = self.today.replace(year=self.today.year - 1, month=2, day=1)
        row = run.post(estate=self.estate, period=month, by=self.cast["finance"], now=self.now)
        return run.pause(run=row, by=self.cast["finance"], now=self.now)

    @cached_property
    def charge(self):
        """Management fee of the unit's owner, still open."""
        from billing.actions import ledger
        from tests.billing.money import make_charge

        account = ledger.account_of(self.unit, self.person)
        return make_charge(
            account,
            self.fee,
            "238.56",
            by=self.cast["cashier"],
            now=self.now,
            period=self.today.replace(day=1),
        )

    # --- days that close -------------------------------------------------------------------------------------

    def _money(self, day):
        """10.00 in cash, into the cashier's drawer."""
        from tests.billing.drawers import paid

        account = self.payer_account
        return paid(account, self.cast["cashier"], now=self.now, day=day)

    @cached_property
    def payer_account(self):
        from billing.actions import ledger

        return ledger.account_of(self.unit, self.person)

    @cached_property
    def day_closed(self):
        """Yesterday, closed by the cashier."""
        from billing.actions import closing

        yesterday = self.today - timedelta(days=1)
        self._money(yesterday)
        return closing.close_day(
            estate=self.estate, cashier=self.cast["cashier"], day=yesterday, counted=Decimal("10.00"),
            by=self.cast["cashier"], now=self.now,
        )  # fmt: skip

    @cached_property
    def till_taken(self):
        """The drawer that took money today, after yesterday was closed."""
        from billing.models import Till

        assert self.day_closed
        self._money(self.today)
        return Till.objects.get(estate=self.estate, cashier=self.cast["cashier"])

    def day_counted(self):
        """What the cashier writes when she closes today, whatever other lines of the table took."""
        from billing.reports import closing

        sums = closing.sums(self.estate, self.till_taken.cashier, self.today)
        agrees = {f"agrees_{method}": "on" for method in sums if method != "cash"}
        return {"counted": sums["cash"], **agrees}

    @cached_property
    def period_closed(self):
        from billing.models import PeriodClose

        return PeriodClose.objects.create(
            estate=self.estate, through=self.today - timedelta(days=90), at=self.now, by=self.cast["finance"]
        )

    def books_closed_through(self):
        from billing.models import Book

        assert self.day_closed
        return Book.objects.get(estate=self.estate).closed_through

    @cached_property
    def collector(self):
        """Another cashier: what she carries keeps nobody else's day open."""
        return cast.make_staff("collector", (self.estate, "cashier"))

    def _visit(self):
        from billing.actions import collections

        start = self.now + timedelta(hours=1)
        return collections.agree(
            account=self.payer_account, payer="張小明", owner_name="張小明", window_from=start,
            window_to=start + timedelta(hours=1), amount=Decimal("12.34"), collector=self.collector,
            by=self.cast["cashier"], now=self.now,
        )  # fmt: skip

    @cached_property
    def visit(self):
        return self._visit()

    @cached_property
    def visit_prepared(self):
        from billing.actions import collections

        return collections.prepare(collection=self._visit(), by=self.cast["cashier"], now=self.now)
