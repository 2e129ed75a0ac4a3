"""A simulated year of the demonstration estate: the office works on, and `manage.py sweep --now` comes every hour of
every working day, often twice; workers are killed on the way, and three days of each quarter nothing runs at all.

A week of it in `make test`, the year in `make year`. What must have happened is worked out from the promises alone.
"""

import calendar
import io
import os
import random
import signal
from bisect import bisect_left
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from office import outbox
from office.models import Estate, Message, MonthReport, Promise, Staff, SweepFailure
from office.refusals import Refused
from tests.cast import ZONE
from tests.faults.child import in_a_child
from tickets import actions
from tickets.actions import complaints as acts
from tickets.models import Category, Complaint, ComplaintCause, Plan, Ticket

pytestmark = [pytest.mark.year, pytest.mark.usefixtures("own_db")]

FULL = bool(os.environ.get("GUANJIA_FULL"))
DAYS = 365 if FULL else 10
UNITS, MONTHS = (200, 12) if FULL else (24, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 3, 26, tzinfo=ZONE)  # a Thursday; a month ends in the short run, too
QUARTER = 91


def outage(now):
    """Three days of each quarter, from the noon of its second day."""
    day, rest = divmod(now - BEGIN, DAY)
    return DAY * (day % QUARTER) + rest >= 1.5 * DAY and DAY * (day % QUARTER) + rest < 4.5 * DAY


def hours():
    """Every hour of every working day."""
    for day in range(DAYS):
        for hour in range(8, 20):
            now = BEGIN + day * DAY + hour * HOUR
            if now.weekday() < 5:
                yield now


class Office:
    """Who works there, and what they do: most of it in time, some late, some never."""

    def __init__(self):
        self.chance = random.Random(20260326)
        self.estate = Estate.objects.get()
        self.staff = {
            role: Staff.objects.get(username=role) for role in ("clerk", "lead", "technician", "director")
        }
        self.units = list(self.estate.units.filter(kind="flat"))
        self.categories = list(Category.objects.filter(estate=self.estate, stream="repair", risk="other"))
        self.causes = list(ComplaintCause.objects.filter(estate=self.estate))

    def work(self, now):
        """One hour of it. What a rule refuses at this state is left; the office goes on."""
        for does in self.chance.sample(
            [self.take, self.dispatch, self.finish, self.call_back, self.complain, self.answer], 3
        ):
            try:
                with transaction.atomic():
                    does(now)
            except Refused:
                pass

    def one(self, rows):
        rows = list(rows.order_by("pk"))
        return self.chance.choice(rows) if rows else None

    def take(self, now):
        ticket = actions.take(
            estate=self.estate, category=self.chance.choice(self.categories), unit=self.chance.choice(self.units),
            problem="水龍頭滴水", reporter_name="張小明", reporter_phone="13800138000", by=self.staff["clerk"], now=now,
        )  # fmt: skip
        if ticket.cost == "undecided":
            actions.decide_cost(ticket=ticket, cost="public", by=self.staff["clerk"], now=now, reason="公共")

    def dispatch(self, now):
        if ticket := self.one(Ticket.objects.filter(state="accepted")):
            window = {"window_from": now + HOUR, "window_to": now + 3 * HOUR}
            actions.dispatch(
                ticket=ticket, technician=self.staff["technician"], by=self.staff["lead"], now=now, **window
            )

    def finish(self, now):
        if ticket := self.one(Ticket.objects.filter(state="dispatched")):
            order = ticket.work_orders.order_by("pk").last()
            actions.finish(work_order=order, ended_at=now, result="已修復", by=self.staff["lead"], now=now)

    def call_back(self, now):
        if ticket := self.one(Ticket.objects.filter(state="done")):
            outcome = self.chance.choice(["satisfied", "satisfied", "not_reached", "not_satisfied"])
            actions.call_back(ticket=ticket, outcome=outcome, remark="x", by=self.staff["clerk"], now=now)

    def complain(self, now):
        if now.hour % 4 == 0:
            acts.take(
                estate=self.estate, unit=self.chance.choice(self.units), course="噪音", cause=self.chance.choice(self.causes),
                name="張小明", phone="13800138000", klass=self.chance.choice(["minor", "important", "major"]),
                class_reason="x", by=self.staff["clerk"], now=now,
            )  # fmt: skip

    def answer(self, now):
        if complaint := self.one(Complaint.objects.filter(closed_at=None)):
            by = self.staff["director"]
            if complaint.state in ("received", "handling"):
                acts.contact(complaint=complaint, text="已致電", by=by, now=now)
                acts.report(
                    complaint=complaint, result="已勸止", fault="neighbour", valid=True, by=by, now=now
                )
            elif complaint.state == "reported":
                acts.tell(complaint=complaint, by=complaint.owner, now=now)


def sweep(now):
    try:
        call_command("sweep", "--now", now.isoformat(), stdout=io.StringIO(), stderr=io.StringIO())
    except CommandError as problem:
        raise AssertionError(list(SweepFailure.objects.values_list("sweep", "title", "error"))) from problem


def killed_sweep(now):
    """A worker that dies with a message in its hands; whether it did."""
    code = in_a_child(lambda: sweep(now), GUANJIA_FAILPOINT="outbox.handed")
    assert code in (0, -signal.SIGKILL)
    return code != 0


def taken_before():
    """{promise: level} as the demonstration left it."""
    return dict(Promise.objects.values_list("pk", "level"))


def expected(before, ticks):
    """{(promise, step): when}: the first sweep at or after its time, if the promise was open then."""
    found = {}
    for row in Promise.objects.all():
        for step, moment in enumerate((row.warn_at, row.due_at, row.director_at), start=1):
            if moment is None or before.get(row.pk, 0) >= step:
                continue
            first = bisect_left(ticks, max(moment, row.made_at))
            tick = ticks[first] if first < len(ticks) else None
            if tick and (row.closed_at is None or tick < row.closed_at):
                found[row.pk, step] = tick
    return found


def test_the_office_forgets_nothing_and_says_nothing_twice():
    call_command(
        "load_demo", "--estates", "1", "--units", str(UNITS), "--months", str(MONTHS), "--now", "2026-03-25T15:00",
        stdout=io.StringIO(),
    )  # fmt: skip
    office, before, ticks, kills = Office(), taken_before(), [], 0
    plans = list(Plan.objects.filter(state="active", asset__is_active=True))
    known = set(Message.objects.values_list("pk", flat=True))
    for number, now in enumerate(hours()):
        office.work(now)
        if outage(now):
            continue
        ticks.append(now)
        if number % 9 == 4:
            kills += killed_sweep(now)
        if number % 40 == 39:
            connections.close_all()  # started anew
        sweep(now)
        if number % 3 == 0:
            sweep(now)
    sweep(now + HOUR)  # what the last killed worker held
    ticks.append(now + HOUR)
    wanted = expected(before, ticks)
    happened = {}
    for row in Promise.objects.all():
        for step, moment in enumerate((row.warned_at, row.head_at, row.director_told_at), start=1):
            if moment and before.get(row.pk, 0) < step:
                happened[row.pk, step] = moment
    assert happened == wanted
    messages = Message.objects.exclude(pk__in=known).filter(dedupe_key__startswith="promise:")
    told = Counter()
    late = 0
    for message in messages.select_related("estate"):
        promise, step = (int(part) for part in message.dedupe_key.split(":")[1:3])
        told[promise, step, message.staff_id, message.channel] += 1
        assert message.made_at == wanted[promise, step]
        seconds = message.data["late_seconds"]
        if seconds >= 300:
            late += 1
            assert "late" in outbox.text(message, "en")[1]
    assert set(told.values()) == {1}
    assert {(promise, step) for promise, step, *_rest in told} == set(wanted)
    assert (
        not Message.objects.exclude(pk__in=known)
        .filter(send_after__lte=ticks[-1])
        .exclude(state="sent")
        .exists()
    )
    assert late and kills and {step for _promise, step in wanted} == {1, 2, 3}
    _months(ticks)
    opened = _plans(plans, ticks)
    print(
        f"{DAYS} days of the demonstration, {len(ticks)} hours swept, {Promise.objects.count()} promises, {len(wanted)} steps, "
        f"each once and at the first chance; {late} notices said they were late; "
        f"{opened} preventive tickets opened themselves, one for each day; {kills} workers killed"
    )


def _months(ticks):
    """Every month that has ended since has one draft, made by the first sweep after its end."""
    drafts = list(
        MonthReport.objects.filter(drafted_at__gte=ticks[0])
        .order_by("month")
        .values_list("month", "drafted_at")
    )
    months = {(tick.year, tick.month): tick for tick in reversed(ticks)}  # the first sweep of each month
    first = min(months)
    ended = {}
    for (year, month), tick in months.items():
        if (year, month) != first:
            ended[(BEGIN.replace(year=year, month=month, day=1) - DAY).date().replace(day=1)] = tick
    assert {month: moment for month, moment in drafts if month in ended} == ended
    assert len({month for month, _moment in drafts}) == len(drafts)


def _days(plan, until):
    """Due days of a plan as a calendar on the wall has them, from the one that was next to come."""
    for turn in count():
        if plan.every == "week":
            day = plan.starts_on + turn * plan.number * 7 * DAY
        else:
            month = plan.starts_on.month - 1 + turn * plan.number * (12 if plan.every == "year" else 1)
            year, month = plan.starts_on.year + month // 12, month % 12 + 1
            day = date(year, month, min(plan.starts_on.day, calendar.monthrange(year, month)[1]))
        if day > until:
            return
        if day >= plan.next_due:
            yield day


def _plans(plans, ticks):
    """Every due day of every plan has one ticket, opened by the first sweep three days before it; how many."""
    ahead = 3 * DAY
    wanted = {}
    for plan in plans:
        for day in _days(plan, ticks[-1].date() + ahead):
            wanted[plan.pk, day] = next(tick for tick in ticks if tick.date() >= day - ahead)
    rows = Ticket.objects.filter(plan__in=plans, opened_at__gte=BEGIN)
    assert {(row.plan_id, row.plan_due): row.opened_at for row in rows} == wanted
    assert len(rows) == len(wanted)
    return len(wanted)
