"""All of the demonstration, in one transaction: it is there whole or not at all."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from django.conf import settings
from django.db import connection, transaction

from billing.models import (
    Account,
    Charge,
    DayClose,
    Entry,
    Meter,
    PeriodClose,
    Reading,
    Receipt,
    ReceiptStep,
    Voucher,
)
from config.demo import calls, complaints, fees, gate, lives, messages, people, places, staff, upkeep
from config.demo.bulk import Bulk
from config.demo.months import Reports
from config.demo.repairs import Journal
from config.demo.world import World
from office import clocks, search
from office.actions import estates
from office.models import (
    Building,
    Estate,
    Event,
    Message,
    MessageAttempt,
    MonthReport,
    Promise,
    Section,
    Series,
    Staff,
    Unit,
)
from residents.models import (
    AccessCard,
    Key,
    KeyLoan,
    Occupancy,
    Parking,
    Person,
    Phone,
    ReleaseSlip,
    SlipLine,
    SlipRefusal,
    UnitState,
    Vehicle,
    Visitor,
)  # fmt: skip
from tickets.models import (
    Asset,
    CallbackTry,
    Complaint,
    ComplaintCall,
    ComplaintMeeting,
    ComplaintRemedy,
    ComplaintStep,
    Handover,
    LogEntry,
    Plan,
    Question,
    QuoteLine,
    Request,
    ServiceChange,
    Ticket,
    WaterTest,
    WorkLine,
    WorkOrder,
)

# Parents before children: COPY checks the references of each table as it is written.
ORDER = (
    Building, Section, Unit, Asset, Person, Phone, Occupancy, UnitState, Ticket, Complaint, WorkOrder, Promise, WorkLine,
    QuoteLine, Request, WaterTest, CallbackTry, ComplaintStep,
    ComplaintMeeting, ComplaintRemedy, ComplaintCall, LogEntry, Question, Handover, Vehicle, Parking, AccessCard, Key,
    KeyLoan, Visitor, ReleaseSlip, SlipLine, SlipRefusal, Plan, ServiceChange, Message, MessageAttempt, Event, Series,
    MonthReport, Meter, Reading, Account, Voucher, Charge, Entry, Receipt, ReceiptStep, DayClose, PeriodClose,
)  # fmt: skip
OTHERS = 5  # every further estate is a fifth of the first


class Refusal(Exception):
    """Why the demonstration is not loaded, in words for the terminal."""


@dataclass
class Loaded:
    estates: list
    units: int
    tickets: int
    rows: int
    scripts: dict  # estate code → steps, when asked for


def present():
    """Whether a demonstration is here already."""
    return Staff.objects.filter(is_demo=True).exists()


@transaction.atomic
def load(*, now, estates_count=2, units=200, months=24, seed=1, keep_script=False):
    """Load `estates_count` estates, the first with `units` units, and `months` months of repairs up to `now`.

    The same arguments give the same rows, ids and passwords apart. Refused outside the demonstration and beside
    rows somebody else wrote.
    """
    if not (settings.DEMO or settings.TESTING):
        raise Refusal("The demonstration is loaded in the default run only, never with a DATABASE_URL.")
    if Estate.objects.exists():
        raise Refusal("There are estates here already; the demonstration never mixes with them.")
    bulk = Bulk(*ORDER)
    hire, found = staff.Hire(now), Loaded([], 0, 0, 0, {})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for number in range(estates_count):
        size = units if number == 0 else max(24, units // OTHERS)
        lot = Random(f"{seed}/{number}")  # noqa: S311  made-up people, not secrets
        estate = estates.set_up(Estate.objects.create(**places.estate_values(number)), now)
        today = clocks.local_date(now, estate.zone)
        crew = hire.crew(estate, size / 120, first=number == 0)
        grounds = places.build(bulk, estate, size, lot, today)
        people.settle(bulk, estate, grounds, lot, today)
        bulk.flush()
        script = found.scripts.setdefault(estate.code, []) if keep_script else None
        world = World(estate, bulk, Journal(bulk), crew, grounds, lot, now, script)
        messages.switch_on(estate)
        gate.stand(world)
        complaints.stand(world, size, months)
        upkeep.stand(world)
        reports = Reports(world, comes_back=number == 0)
        fees.Fees(world, seed).write()
        found.tickets += lives.run(world, months, size)
        bulk.flush()
        bulk.written += calls.own_lines(estate) + complaints.own_lines(estate) + reports.write()
        found.units += size
        found.estates.append(estate)
    for kind, source in search.SOURCES.items():
        bulk.written += search.put_many(kind, source())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    Staff.objects.filter(is_demo=True).update(created_at=now - timedelta(days=round(months * 30.44)))
    found.rows = bulk.written
    return found
