"""The demonstration: believable, the same for the same seed, and exactly what the office's own actions write."""

import json
from datetime import date, datetime
from random import Random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from config.demo import lives, load, people, places, staff
from config.demo.bulk import Bulk
from config.demo.life import Life
from config.demo.repairs import Journal
from config.demo.world import Plan as Planned
from config.demo.world import World
from office.actions import estates
from office.models import Building, Estate, Event, Promise, Series, Staff, Unit
from residents.models import Person
from tickets import actions
from tickets.models import (
    Asset,
    CallbackTry,
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


def test_drawers_and_books_are_closed_but_for_what_somebody_new_is_to_see(loaded):
    from billing.models import Collection, DayClose, Entry, PeriodClose
    from billing.reports import closing

    for estate in Estate.objects.all():
        assert len(closing.unclosed([estate.pk], NOW.date())) == 1  # for the cashier who signs in
        closes = DayClose.objects.filter(estate=estate)
        assert closes.exclude(difference=0).count() == 1
        for row in closes:
            assert row.sums == {
                method: f"{amount}" for method, amount in closing.sums(estate, row.cashier, row.day).items()
            }
        last = PeriodClose.objects.filter(estate=estate).latest("through")
        assert last.through == date(2026, 1, 31)
        assert last.heads == {
            head: f"{amount}" for head, amount in closing.heads(estate, last.through).items()
        }
        assert not Entry.objects.filter(
            estate=estate, day__lte=last.through, voucher__at__gt=last.at
        ).exists()
        states = set(Collection.objects.filter(estate=estate).values_list("state", flat=True))
        assert states == {"agreed", "collected", "off", "unused"}
        assert closing.out(estate).count() == 1
