"""The demonstration: believable, the same for the same seed, and exactly what the office's own actions write."""

import json
from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from config.demo import check, lives, load, people, places, staff
from config.demo.bulk import Bulk
from config.demo.life import Life
from config.demo.repairs import Journal
from config.demo.world import Plan as Planned
from config.demo.world import World
from office import clocks, identity, journal, roles, search
from office.actions import estates
from office.models import Building, Estate, Event, MonthReport, Promise, SearchKey, Series, Staff, Unit
from residents.models import AccessCard, Key, Occupancy, Person, ReleaseSlip, Vehicle, Visitor
from tickets import actions, complaints, reports, tasks, upkeep
from tickets.models import (
    Asset,
    CallbackTry,
    Complaint,
    Handover,
    LogEntry,
    Plan,
    QuoteLine,
    Request,
    Ticket,
    WaterTest,
    WorkLine,
    WorkOrder,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 12, 15, 0, tzinfo=ZONE)

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    return load.load(now=NOW, units=60, months=6, seed=7)


def test_the_demonstration_is_whole_and_breaks_no_rule(loaded):
    connection.check_constraints()
    assert check.problems() == []
    assert [estate.code for estate in loaded.estates] == ["BH", "YQ"]
    assert loaded.units == Unit.objects.count() == 60 + 24
    assert loaded.tickets == Ticket.objects.count()
    states = set(Ticket.objects.filter(estate=loaded.estates[0]).values_list("state", flat=True))
    assert states == set(Ticket.State.values)
    for estate in loaded.estates:
        open_kinds = set(Promise.objects.filter(estate=estate).open().values_list("kind", flat=True))
        kinds = {"arrival", "waiting", "water_test", "callback", "expert_answer", "key_back", "certificate"}
        kinds |= set(complaints.KINDS)
        assert open_kinds - {"month_report"} == kinds
    reports = MonthReport.objects.filter(estate=loaded.estates[0]).order_by("month")
    assert [report.state for report in reports] == ["issued", "issued", "issued", "sent_back"]
    assert Promise.objects.filter(kind="month_report").open().get().subject_id == reports.last().pk


def test_something_is_overdue_due_today_and_due_later(loaded):
    today = clocks.local_date(NOW, ZONE)
    due = Counter()
    for due_at in Promise.objects.filter(kind="callback").open().values_list("due_at", flat=True):
        due[
            "late" if due_at <= NOW else "today" if due_at <= clocks.end_of_day(today, ZONE) else "later"
        ] += 1
    assert min(due["late"], due["today"], due["later"]) >= 2


def test_the_front_desk_has_two_months_of_calls_and_something_to_do(loaded):
    estate = loaded.estates[0]
    lines = LogEntry.objects.filter(estate=estate)
    numbers = list(lines.exclude(number="").order_by("number").values_list("number", "at"))
    assert [at for _number, at in numbers] == sorted(at for _number, at in numbers)
    assert sum(row.last for row in Series.objects.filter(estate=estate, kind="log")) == len(numbers) > 60
    assert min(at for _number, at in numbers).date() < (NOW - timedelta(days=55)).date()
    assert set(lines.values_list("who", flat=True)) >= {"resident", "outside"}
    by_hand = lines.filter(automatic=False)
    assert by_hand.filter(became_kind=Ticket.SUBJECT).exists()
    called_in = Ticket.objects.filter(estate=estate, channel__in=["phone", "counter", "message", "letter"])
    called_in = called_in.exclude(stream="preventive")
    assert lines.filter(became_kind=Ticket.SUBJECT).count() == called_in.count()
    complaints = Complaint.objects.filter(estate=estate)
    assert lines.filter(became_kind=Complaint.SUBJECT, automatic=True).count() == complaints.count()
    tonight = clocks.end_of_day(NOW.date(), ZONE)
    due = Promise.objects.filter(estate=estate, kind="expert_answer").open().values_list("due_at", flat=True)
    assert [sum(at <= NOW for at in due), sum(NOW < at <= tonight for at in due), len(due)] == [1, 1, 3]
    assert Handover.objects.filter(estate=estate, acknowledged_at=None).count() == 1


def test_complaints_of_every_class_stand_in_every_state(loaded):
    for estate in loaded.estates:
        rows = Complaint.objects.filter(estate=estate)
        assert set(rows.open().values_list("klass", flat=True)) == set(Complaint.Klass.values)
        assert set(rows.values_list("state", flat=True)) >= {
            "received",
            "handling",
            "reported",
            "told",
            "closed",
        }
        assert rows.filter(harm_now=True, harm_stopped_at=None).count() == 1
        assert rows.open().filter(rounds=2).exists() and rows.exclude(reclassed_at=None).exists()
    owed = Promise.objects.filter(kind__in=complaints.KINDS, estate=loaded.estates[0])
    late = owed.open().filter(due_at__lte=NOW)
    assert late.exists() and owed.open().filter(rule_key="complaint_late_hour").exists()
    ended = Counter(owed.exclude(closed_at=None).values_list("outcome", flat=True))
    assert ended["kept"] / sum(ended.values()) > 0.85


def test_a_broken_clock_is_found(loaded):
    promise = Promise.objects.filter(kind="callback").open().first()
    Promise.objects.filter(pk=promise.pk).update(due_at=promise.due_at.replace(minute=30))
    assert [str(promise) in line for line in check.problems()][:1] == [True]


def test_every_role_has_its_account_and_the_password_opens_it(loaded):
    for role in roles.ROLES:
        account = Staff.objects.get(username=role)
        assert account.is_demo
        assert account.roles_at(loaded.estates[0].pk) == [role]
    assert Staff.objects.get(username="clerk").check_password(settings.DEMO_PASSWORD)
    assert Staff.objects.filter(postings__role="technician").distinct().count() > 4
    assert not Staff.objects.filter(is_demo=False).exists()


def test_identity_numbers_are_sealed_and_could_be_real(loaded):
    rows = list(Person.objects.exclude(identity_sealed="")[:200])
    assert len(rows) > 50
    for row in rows:
        number = identity.unseal(row.identity_sealed, pk=row.pk)
        assert identity.why_not_real(row.identity_type, number, NOW.date()) is None
        assert identity.blind(number) == row.identity_index


def test_owners_hold_the_whole_unit_on_every_day(loaded):
    for unit in Unit.objects.exclude(handed_over_on=None):
        owners = Occupancy.objects.filter(unit=unit, role="owner").on(NOW.date())
        assert sum(row.share for row in owners) == 100


def test_everything_is_found_by_search(loaded):
    call_command("reindex", "--check")
    ticket = Ticket.objects.order_by("pk").last()
    assert SearchKey.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk).exists()
    person = Person.objects.filter(kind="person").exclude(phones=None).first()
    hits = search.find([person.estate_id], person.phones.first().number)
    assert ("person", person.pk) in {(hit.subject_kind, hit.subject_id) for hit in hits}


def test_timelines_read_in_the_order_things_happened(loaded):
    for estate in loaded.estates:
        moments = list(Event.objects.filter(estate_id=estate.pk).order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments)


def test_callbacks_are_nearly_all_kept(loaded):
    ended = Counter(
        Promise.objects.filter(kind="callback").exclude(closed_at=None).values_list("outcome", flat=True)
    )
    assert ended["kept"] / sum(ended.values()) > 0.95


def test_the_same_seed_gives_the_same_demonstration():
    def drawn():
        with load.transaction.atomic():
            load.load(now=NOW, estates_count=1, units=24, months=2, seed=3)
            rows = list(
                Ticket.objects.order_by("number").values_list(
                    "number", "problem", "state", "next_due_at", "reporter_name"
                )
            )
            names = list(Person.objects.order_by("pk").values_list("name", "identity_tail"))
            load.transaction.set_rollback(True)
        return rows, names

    assert drawn() == drawn()


def test_the_gate_has_something_to_show(loaded):
    """A third of the households drive, somebody is inside, a slip is valid now, a key is overdue."""
    for estate in loaded.estates:
        assert (
            Vehicle.objects.filter(estate=estate).count() * 4
            >= AccessCard.objects.filter(estate=estate).count()
        )
        assert Visitor.objects.inside().filter(estate=estate).exists()
        assert (
            Visitor.objects.inside()
            .filter(estate=estate, in_at__lt=clocks.midnight(NOW.date(), ZONE))
            .exists()
        )
        slips = ReleaseSlip.objects.filter(estate=estate)
        assert slips.filter(state="issued", valid_until__gt=NOW).exists()
        assert {"issued", "released", "cancelled"} == set(slips.values_list("state", flat=True))
        assert Promise.objects.filter(estate=estate, kind="key_back").overdue(NOW).exists()
        for key in Key.objects.filter(estate=estate):
            assert key.loans.open().exists() == (key.state == "out")
    assert not {event.verb for event in Event.objects.all()} - journal.SENTENCES.keys()


def test_maintenance_has_something_to_do(loaded):
    """Plans of every rhythm, tickets that the first sweep opens, certificates near their end, a facility that stands."""
    estate = loaded.estates[0]
    plans = Plan.objects.filter(estate=estate)
    rhythms = set(plans.values_list("number", "every"))
    assert rhythms >= {(1, "week"), (2, "week"), (1, "month"), (3, "month"), (1, "year")}
    for plan in plans:
        assert plan.next_due == upkeep.due_from(plan, plan.next_due) >= NOW.date()
    assert len({due.day for due in reports.coming(estate, NOW.date(), NOW.date() + timedelta(days=83))}) > 30
    opened = tasks.open_plans(NOW)
    assert opened.failed == 0 and opened.done >= 5
    assert tasks.open_plans(NOW).found == 0
    ends = Asset.objects.filter(estate=estate).exclude(certificate_until=None)
    near = sorted((day - NOW.date()).days for day in ends.values_list("certificate_until", flat=True))[:2]
    assert near[0] <= 5 < near[1] <= 20
    for asset in Asset.objects.filter(estate=estate):
        last = asset.service_changes.last()
        assert asset.in_service == (last is None or last.in_service)
    assert reports.in_service([estate.pk]).rate < 100
    assert 100 in [service.rate for _month, service in reports.in_service_by_month(estate, NOW.date())]


def test_it_loads_once_and_never_beside_other_data(loaded, capsys):
    call_command("load_demo")
    assert "already" in capsys.readouterr().out
    assert Estate.objects.count() == 2


def test_it_refuses_beside_an_estate_of_others(estate):
    with pytest.raises(CommandError, match="never mixes"):
        call_command("load_demo")
    assert not Staff.objects.filter(is_demo=True).exists()


def test_it_refuses_outside_the_demonstration(settings):
    settings.DEMO = settings.TESTING = False
    with pytest.raises(CommandError, match="default run"):
        call_command("load_demo")


def test_the_command_loads_and_checks(capsys):
    call_command(
        "load_demo",
        "--estates",
        "1",
        "--units",
        "24",
        "--months",
        "2",
        "--now",
        "2026-03-12T15:00",
        "--check",
    )
    printed = capsys.readouterr().out
    assert "24 units" in printed
    assert "Every rule holds." in printed


# --- the same steps through the actions --------------------------------------------------------------------


def world_with_script(seed):
    """An estate with people in the database and its repairs in memory, with the script of every step."""
    bulk, hire, lot = Bulk(*load.ORDER), staff.Hire(NOW), Random(seed)
    estate = estates.set_up(Estate.objects.create(**places.estate_values(0)), NOW)
    crew = hire.crew(estate, 2, first=True)
    grounds = places.build(bulk, estate, 60, lot, NOW.date())
    people.settle(bulk, estate, grounds, lot, NOW.date())
    bulk.flush()
    bulk.flush = lambda at_least=1: None  # the repairs stay in memory
    world = World(estate, bulk, Journal(bulk), crew, grounds, lot, NOW, script=[])
    lives.run(world, 12, 60)
    return world


class Player:
    """Plays a step of the script through `tickets.actions`."""

    def __init__(self, estate):
        self.estate, self.tickets = estate, {}

    def play(self, now, verb, number, values):
        values = dict(values)
        if verb == "take":
            ticket = self.take(now, values)
            assert ticket.number == number
            self.tickets[number] = ticket.pk
            return
        ticket = Ticket.objects.get(pk=self.tickets[number])
        order = ticket.work_orders.order_by("sequence").last()
        if "window" in values:
            values["window_from"], values["window_to"] = values.pop("window")
        if verb == "print":
            actions.mark_printed(work_orders=[order], by=values["by"], now=now)
        elif verb in ("arrive", "finish", "key_slip"):
            if "test" in values:
                values["tested_at"], values["test_passed"] = values.pop("test") or (None, None)
            getattr(actions, verb)(work_order=order, now=now, **values)
        elif verb == "ask":
            kind = values.pop("promise")
            promise = kind and Promise.objects.of(Ticket.SUBJECT, ticket.pk).open().get(kind=kind)
            actions.ask(ticket=ticket, now=now, promise=promise, **values)
        elif verb == "decide":
            actions.decide(request=ticket.requests.order_by("pk").last(), now=now, **values)
        elif verb == "mark_duplicate":
            of = Ticket.objects.get(pk=self.tickets[values.pop("of")])
            actions.mark_duplicate(ticket=ticket, of=of, now=now, **values)
        else:
            getattr(actions, verb)(ticket=ticket, now=now, **values)

    def take(self, now, values):
        home, asset, caller = values.pop("home"), values.pop("asset"), values.pop("caller")
        building = values.pop("building_id")
        start, end = values.pop("window")
        return actions.take(
            estate=self.estate,
            unit=home and Unit.objects.get(pk=home.id),
            asset=asset and Asset.objects.get(pk=asset[0]),
            building=building and Building.objects.get(pk=building),
            reporter=caller and Person.objects.get(pk=caller.id),
            reporter_phone=caller.phone if caller else "",
            window_from=start,
            window_to=end,
            now=now,
            **values,
        )


OWN = {"id", "ticket_id", "work_order_id", "subject_id", "promise_id", "extends_id", "duplicate_of_id"}
SWEPT = {"level", "warned_at", "head_at", "director_told_at"}


def comparable(rows, key):
    return sorted(
        (key(row), {name: value for name, value in row.items() if name not in OWN | SWEPT}) for row in rows
    )


def in_memory(world, model):
    """Rows about repairs as COPY would write them, defaults filled in."""
    table = world.office.bulk.tables[model]
    rows = [{name: row.get(name, default) for name, _column, default in table.columns} for row in table.rows]
    if model is Series:
        return [row for row in rows if row["kind"] == "ticket"]
    return [row for row in rows if row.get("subject_kind", Ticket.SUBJECT) == Ticket.SUBJECT]


def test_every_row_is_what_the_actions_write():
    """The in-memory verbs and tickets.actions agree on tickets, work orders, promises, journal and all the rest."""
    with translation.override("zh-hant"):
        world = world_with_script(seed=1)
        player = Player(world.estate)
        script = sorted(world.office.script, key=lambda step: step[0])
        assert {verb for _now, verb, _number, _values in script} >= {
            "take", "dispatch", "arrive", "wait", "resume", "finish", "key_slip", "water_test", "quote", "consent",
            "ask", "decide", "call_back", "cancel", "print",
        }  # fmt: skip
        for now, verb, number, values in script:
            try:
                player.play(now, verb, number, values)
            except Exception as problem:
                raise AssertionError(f"{number} {verb} {now} {values}: {problem}") from problem
    numbers = {row["id"]: row["number"] for row in in_memory(world, Ticket)}
    numbers_there = dict(Ticket.objects.values_list("pk", "number"))
    orders = {row["id"]: row["number"] for row in in_memory(world, WorkOrder)}
    orders_there = dict(WorkOrder.objects.values_list("pk", "number"))
    keys = {
        Ticket: (lambda row, n, o: row["number"]),
        WorkOrder: (lambda row, n, o: row["number"]),
        Promise: (lambda row, n, o: (n[row["subject_id"]], row["kind"], row["sequence"])),
        WorkLine: (lambda row, n, o: (o[row["work_order_id"]], row["position"])),
        QuoteLine: (lambda row, n, o: (n[row["ticket_id"]], row["position"])),
        Request: (lambda row, n, o: (n[row["ticket_id"]], row["asked_at"])),
        WaterTest: (lambda row, n, o: (n[row["ticket_id"]], row["tested_at"])),
        CallbackTry: (lambda row, n, o: (n[row["ticket_id"]], row["tried_at"])),
    }
    for model, key in keys.items():
        here = comparable(in_memory(world, model), lambda row: key(row, numbers, orders))  # noqa: B023
        rows = [
            {f.attname: getattr(row, f.attname) for f in model._meta.concrete_fields}
            for row in model.objects.all()
        ]
        for row in rows:
            row.pop("next_step_at", None)
        there = comparable(rows, lambda row: key(row, numbers_there, orders_there))  # noqa: B023
        assert len(here) == len(there), model
        for (number, ours), (_number, theirs) in zip(here, there, strict=True):
            assert {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]} == {}, (
                number
            )
    told = [
        (
            row["at"],
            row["verb"],
            numbers[row["subject_id"]],
            row["by_id"],
            row["unit_id"],
            json.loads(row["data"]),
        )
        for row in in_memory(world, Event)
        if not row["verb"].startswith("message.")  # residents are told by a worker, not by an action
    ]
    events = [
        (row.at, row.verb, numbers_there[row.subject_id], row.by_id, row.unit_id, row.data)
        for row in Event.objects.filter(subject_kind=Ticket.SUBJECT).order_by("at", "pk")
    ]
    assert sorted(told, key=lambda row: (row[0], row[2])) == sorted(events, key=lambda row: (row[0], row[2]))
    counters = {(row["kind"], row["year"]): row["last"] for row in in_memory(world, Series)}
    assert counters == {(row.kind, row.year): row.last for row in Series.objects.filter(kind="ticket")}


def test_the_rows_written_fill_the_columns_there_are():
    """A column renamed in a model must not be filled by an old name in silence."""
    bulk = Bulk(Unit)
    bulk.add(Unit, no_such_column=1)
    with pytest.raises(LookupError, match="no_such_column"):
        bulk.flush()


def test_a_caller_is_somebody_of_that_time():
    world = SimpleNamespace(homes=[], lot=Random(1))
    home = places.Home(1, "1-1-101", "flat", 1, None)
    home.callers = [
        (date(2020, 1, 1), date(2024, 1, 1), people.Caller(1, "舊業主", "1", "")),
        (date(2024, 1, 1), None, people.Caller(2, "新業主", "2", "")),
    ]
    world.homes.append(home)
    life = Life(world, Planned(NOW), None)
    assert life.household(date(2023, 12, 31))[1].name == "舊業主"
    assert life.household(date(2024, 1, 1))[1].name == "新業主"
