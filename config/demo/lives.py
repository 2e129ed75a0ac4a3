"""How repairs go: chance decides what is reported, when people come, what they find and what the resident says.

A life stops at the present: whatever would happen later has not happened, and so repairs stand in every state.
Some more are laid out on purpose, so that even a small estate owes something today, tomorrow and since yesterday.
"""

from datetime import datetime, time, timedelta

from config.demo import calls, messages
from config.demo.life import Life
from config.demo.repairs import Repair
from config.demo.world import SLOTS, Plan
from office import series
from office.models import Series


def run(world, months, units):
    """The repairs of `months` months, in the order they were reported, and what else the desk heard; answers how many."""
    desk = calls.Calls(world, units, months)
    plans = sorted(_plans(world, months, units), key=lambda plan: plan.opened_at)
    office, told = world.office, messages.Tellings(world)
    years: dict[int, int] = {}
    for plan in plans:
        desk.until(plan.opened_at)
        told.until(plan.opened_at)
        office.journal.write_until(plan.opened_at)
        year = plan.opened_at.year
        years[year] = years.get(year, 0) + 1
        number = series.PATTERNS["ticket"].format(year=year, n=years[year])
        life = Life(world, plan, Repair(office, number))
        life.live()
        life.repair.write()
        desk.ticket(life.repair)
        told.ticket({**life.repair.row, "id": life.repair.id, "number": number})
        office.bulk.flush(at_least=20_000)
    desk.until()
    told.until()
    desk.count()
    office.journal.write_until()
    for year, last in years.items():
        office.bulk.add(
            Series,
            estate_id=office.estate.pk,
            kind="ticket",
            year=year,
            pattern=series.PATTERNS["ticket"],
            last=last,
        )
    return len(plans)


def _plans(world, months, units):
    lot, now = world.lot, world.now
    total = units * months // 4
    staged = []
    for _again in range(max(1, total // 6_000)):
        staged += [plan for plan in _staged(world) if plan.opened_at <= now]
    yield from staged[: max(total, 40)]
    days = round(months * 30.44)
    for _one in range(max(0, total - len(staged))):
        day = world.today - timedelta(days=int(lot.random() * days))
        minute = lot.choices((lot.randint(510, 720), lot.randint(720, 1_050), lot.randint(1_050, 1_320), lot.randint(360, 510)),
                             (48, 40, 9, 3))[0]  # fmt: skip
        opened_at = datetime.combine(
            day, time(minute // 60, minute % 60, lot.randint(0, 59)), tzinfo=world.zone
        )
        yield Plan(
            opened_at if opened_at < now else opened_at - timedelta(days=1), urgent=lot.random() < 0.05
        )


def _staged(world):
    """Repairs laid out relative to today, so that every state and every kind of clock is on the first page."""
    at = world.at

    def window(days_ago, slot=0):
        start, end = SLOTS[slot]
        return at(days_ago, start), at(days_ago, end)

    def sent(days_ago, slot=0, since=1):
        return {"dispatch": at(days_ago + since, 16, 10), "window": window(days_ago, slot)}

    def worked(days_ago, hour=10):
        return sent(days_ago) | {"arrive": at(days_ago, hour - 1, 5), "finish": at(days_ago, hour, 20)}

    yield Plan(at(1, 16, 45), "SOCKET", "dispatch")
    yield Plan(at(1, 17, 5), "POWER", "dispatch", urgent=True)
    yield Plan(at(2, 15, 30), "DOOR", "dispatch")
    yield Plan(at(1, 11, 15), "TAP", "dispatch", {"quote": at(1, 14, 5)})
    for slot, code in enumerate(("DRAIN", "WC", "LK-PIPE", "LAMP")):
        yield Plan(at(1, 9, 20 + slot), code, "arrive", sent(0, slot))
    for slot, code in enumerate(("TAP", "INTERCOM", "LK-WET")):
        yield Plan(
            at(1, 10, 35 + slot), code, "arrive", {"dispatch": at(1, 16, 30), "window": window(-1, slot)}
        )
    yield Plan(at(3, 9, 10), "WALL", "arrive", sent(1, 2))
    yield Plan(at(2, 10, 5), "DRAIN", "arrive", sent(1, 3, since=1))
    yield Plan(at(2, 13, 40), "LIFT", "finish", sent(1) | {"arrive": at(1, 9, 15)})
    yield Plan(
        at(2, 14, 50), "LK-CEIL", "finish", sent(1, 2) | {"arrive": at(1, 14, 20), "ask_free": at(1, 15, 0)}
    )
    for until, kind, code in (
        (2, "parts", "WC"),
        (0, "parts", "AIRCON"),
        (-1, "contractor", "LK-WALL"),
        (-3, "resident", "FLOOR"),
    ):
        yield Plan(
            at(6, 9, 30),
            code,
            "resume",
            sent(5) | {"wait": (at(5, 11, 0), kind, world.today - timedelta(days=until))},
        )
    asked = {
        "wait": (at(5, 11, 0), "parts", world.today + timedelta(days=1)),
        "ask_time": (at(1, 9, 40), at(-4, 0), None),
    }
    yield Plan(at(7, 9, 30), "PUMP", "resume", sent(6) | asked)
    granted = {"wait": (at(8, 11, 0), "contractor", world.today - timedelta(days=3)),
               "ask_time": (at(4, 9, 40), at(-2, 0), at(4, 10, 30))}  # fmt: skip
    yield Plan(at(9, 9, 30), "LK-ROOF", "resume", sent(8) | granted)
    for days_ago in (1, 2, 3):
        yield Plan(at(days_ago + 2, 9, 50), "LK-PIPE", "water_test", worked(days_ago))
    yield Plan(at(4, 9, 55), "LK-WET", "dispatch", worked(3) | {"test": at(1, 10, 30), "failed": True})
    for days_ago, code in (
        (1, "TAP"),
        (1, "DRAIN"),
        (2, "WC"),
        (2, "SOCKET"),
        (2, "GAS"),
        (2, "FIRE"),
        (3, "LAMP"),
        (4, "DRAIN"),
    ):
        yield Plan(at(days_ago + 1, 9, 25), code, "call_back", worked(days_ago))
    for days_ago in (1, 3, 5):
        yield Plan(
            at(days_ago + 2, 9, 45),
            "LK-CEIL",
            "call_back",
            worked(days_ago + 1) | {"test": at(days_ago, 11, 0)},
        )
    yield Plan(at(3, 10, 10), "P-CHECK", "call_back", worked(2, 15))
    for tries in (
        (at(1, 17, 10),),
        (at(2, 16, 5), at(1, 10, 15)),
        (at(2, 16, 40), at(2, 17, 20), at(1, 9, 5)),
    ):
        yield Plan(at(4, 9, 35), "OTHER", "call_back", worked(3) | {"tries": tries})
    for stop, more in (("dispatch", {}), ("arrive", {"dispatch2": at(1, 16, 50), "window2": window(0, 1)})):
        yield Plan(at(5, 9, 15), "DOOR", stop, worked(4) | {"tries": (), "displeased": at(2, 10, 20)} | more)
