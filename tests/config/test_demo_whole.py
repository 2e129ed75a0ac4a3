"""The demonstration as a whole: one is loaded for all of these, each of them in a savepoint of its own."""

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from config.demo import check, load
from office import clocks, identity, journal, roles, search
from office.models import Event, MonthReport, Promise, SearchKey, Series, Staff, Unit
from residents.models import AccessCard, Key, Occupancy, Person, ReleaseSlip, Vehicle, Visitor
from tickets import complaints, reports, tasks, upkeep
from tickets.models import (
    Asset,
    Complaint,
    Handover,
    LogEntry,
    Plan,
    Ticket,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 12, 15, 0, tzinfo=ZONE)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield load.load(now=NOW, units=60, months=6, seed=7)
        transaction.set_rollback(True)


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
        fees = {"collection", "collection_ahead", "day_close", "meter_round", "payment_notice"}
        assert open_kinds - {"month_report"} - fees == kinds
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
        # Visits are agreed and ended by their own actions, before the rest is written.
        events = Event.objects.filter(estate_id=estate.pk).exclude(verb__regex=r"^(collection|receipt)\.")
        moments = list(events.order_by("pk").values_list("at", flat=True))
        assert moments == sorted(moments)


def test_callbacks_are_nearly_all_kept(loaded):
    ended = Counter(
        Promise.objects.filter(kind="callback").exclude(closed_at=None).values_list("outcome", flat=True)
    )
    assert ended["kept"] / sum(ended.values()) > 0.95


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


# --- fees ----------------------------------------------------------------------------------------------------------


def test_the_ledger_of_the_demonstration_is_whole(loaded):
    """Every voucher sums to zero, what is cached is what the entries say, and receipts have no gap."""
    from django.db.models import Count, Sum

    from billing.models import Account, Entry, OpenCharge, Receipt, Voucher

    assert not Entry.objects.values("voucher").annotate(sum=Sum("amount")).exclude(sum=0).exists()
    assert Voucher.objects.filter(entries=None).count() == 0
    heads = {"owed": ("receivable", 1), "prepaid": ("prepaid", -1), "deposits": ("deposit", -1)}
    for name, (head, sign) in heads.items():
        sums = (
            Entry.objects.filter(head=head, account__isnull=False)
            .values("account")
            .annotate(sum=Sum("amount"))
        )
        told = {row["account"]: sign * row["sum"] for row in sums if row["sum"]}
        assert told == dict(Account.objects.exclude(**{name: 0}).values_list("pk", name))
    opened = (
        Entry.objects.filter(head="receivable").values("charge_id").annotate(sum=Sum("amount")).exclude(sum=0)
    )
    assert {row["charge_id"]: row["sum"] for row in opened} == dict(
        OpenCharge.objects.values_list("pk", "amount")
    )
    for estate in loaded.estates:
        taken = Counter(
            number[:5] for number in Receipt.objects.filter(estate=estate).values_list("number", flat=True)
        )
        counters = Series.objects.filter(estate=estate, kind="receipt").values_list("year", "last")
        assert {f"S{year}": last for year, last in counters} == taken
        rows = list(Receipt.objects.filter(estate=estate).order_by("number").values_list("number", "at"))
        assert [at for _number, at in rows] == sorted(at for _number, at in rows)
        assert rows[-1][1] < NOW
        cashiers = Receipt.objects.filter(estate=estate).aggregate(n=Count("cashier", distinct=True))
        assert cashiers["n"] >= (2 if estate == loaded.estates[0] else 1)


def test_every_page_of_fees_has_something_to_show(loaded):
    from billing.models import Account, Adjustment, Charge, Entry, OpenCharge, Payer, Reading
    from billing.rules import explain
    from office import money

    estate = loaded.estates[0]
    today = clocks.local_date(NOW, ZONE)
    ages = {
        (today - due).days
        for due in OpenCharge.objects.filter(estate=estate).values_list("due_on", flat=True)
    }
    for low, high in ((-40, 0), (1, 30), (31, 90), (91, 180), (181, 365), (366, 999)):
        assert any(low <= age <= high for age in ages), (low, high)
    assert set(Entry.objects.exclude(method="").values_list("method", flat=True)) >= {
        "cash",
        "card",
        "qr",
        "transfer",
    }
    accounts = Account.objects.filter(estate=estate)
    assert accounts.filter(prepaid__gt=0).exists() and accounts.filter(deposits__gt=0).count() == 3
    assert accounts.filter(person__occupancies__role="developer", person__kind="company").exists()
    assert Reading.objects.filter(estate=estate, state="held").count() == 2
    assert Adjustment.objects.filter(estate=estate, percent=70).count() == 3
    assert Payer.objects.filter(estate=estate).exists()
    assert Charge.objects.filter(estate=estate, item__agency=True).exists()
    assert Charge.objects.filter(estate=estate, item__code="parking").exists()
    assert Charge.objects.filter(estate=estate, source_kind="late").exists()
    for row in Charge.objects.filter(estate=estate, source_kind__in=["run", "late"])[:500]:
        difference = abs(explain.exact(row.basis) - row.amount)
        assert difference <= (money.CENT if explain.is_share(row.basis, row.amount) else money.CENT / 2)


def test_late_fees_of_last_month_are_charged_and_the_sweep_has_nothing_to_do(loaded):
    from billing import tasks

    assert tasks.charge_late_fees(NOW).found == 0
    assert tasks.foresee_late_fees(NOW, [estate.pk for estate in loaded.estates], 10).count == 0


def test_closed_days_stay_closed(loaded):
    from billing.models import Book, Till

    today = clocks.local_date(NOW, ZONE)
    assert {row.closed_through for row in Book.objects.all()} == {date(2026, 1, 31)}
    # Each drawer through its last day with money, but for the one that a cashier who signs in closes.
    assert all(date(2026, 1, 31) < row.closed_through < today for row in Till.objects.all())
