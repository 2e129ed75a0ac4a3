"""Maintenance over many facilities: what comes when, and how much of the fire protection is in service (SPEC §4.7)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Max, Q

from office import clocks
from office.models import Estate, Message, Staff
from tickets import upkeep
from tickets.models import Asset, Plan, ServiceChange, Ticket


def last_planned(plan):
    """The latest due day a ticket of `plan` was opened for, or None."""
    return Ticket.objects.filter(plan=plan).aggregate(day=Max("plan_due"))["day"]


@dataclass(frozen=True)
class Service:
    """Facilities in service, of how many. The rate is whole percent, rounded down: 100 means every single one."""

    running: int = 0
    total: int = 0

    @property
    def rate(self):
        return self.running * 100 // self.total if self.total else None


def in_service(estate_ids, kind=Asset.Kind.FIRE):
    """消防設施完好率 now: facilities of `kind` in use at these estates."""
    found = Asset.objects.filter(estate_id__in=estate_ids, kind=kind, is_active=True)
    row = found.aggregate(running=Count("pk", filter=Q(in_service=True)), total=Count("pk"))
    return Service(**row)


def out_of_service(estate):
    """How many facilities of any kind are out of service now."""
    return Asset.objects.filter(estate=estate, is_active=True, in_service=False).count()


def certificates(estate, today):
    """(how many end within the estate's first reminder, how many have ended)."""
    soon = today + timedelta(days=estate.certificate_days)
    row = Asset.objects.filter(estate=estate, is_active=True).aggregate(
        soon=Count("pk", filter=Q(certificate_until__gte=today, certificate_until__lte=soon)),
        ended=Count("pk", filter=Q(certificate_until__lt=today)),
    )
    return row["soon"], row["ended"]


def in_service_by_building(estate, kind=Asset.Kind.FIRE):
    """[(building or None, Service)] in the order of the buildings; what stands in none comes last."""
    rows = (
        Asset.objects.filter(estate=estate, kind=kind, is_active=True)
        .values("building_id", "building__name", "building__code", "building__sort_key")
        .annotate(running=Count("pk", filter=Q(in_service=True)), total=Count("pk"))
        .order_by("building__sort_key")
    )
    return [
        (row["building_id"], row["building__name"] or row["building__code"] or "", Service(row["running"], row["total"]))
        for row in rows
    ]  # fmt: skip


def in_service_by_month(estate, today, months=12, kind=Asset.Kind.FIRE):
    """[(first day of the month, Service at its end)] of the last `months`, the running one as it stands today.

    A facility counts from its installation on; before its first recorded change it stood as that change found it.
    """
    assets = list(Asset.objects.filter(estate=estate, kind=kind, is_active=True))
    changes = defaultdict(list)
    for change in ServiceChange.objects.filter(asset__in=assets).order_by("at"):
        changes[change.asset_id].append((change.at, change.in_service))
    first, found = today.replace(day=1), []
    for back in range(months - 1, -1, -1):
        month = clocks.add_months(first, -back)
        last_day = min(today, clocks.add_months(month, 1) - timedelta(days=1))
        end = clocks.end_of_day(last_day, estate.zone)
        there = [asset for asset in assets if not asset.installed_on or asset.installed_on <= last_day]
        running = sum(_stood(asset, changes[asset.pk], end) for asset in there)
        found.append((month, Service(running, len(there))))
    return found


def _stood(asset, changes, moment):
    before = [state for at, state in changes if at < moment]
    if before:
        return before[-1]
    return not changes[0][1] if changes else asset.in_service


@dataclass
class Due:
    """Work that comes round on `day`; its ticket where it has been opened."""

    day: date
    plan: Plan
    ticket: Ticket | None = None


@dataclass
class Row:
    """A plan's line of the year: the due days of each month."""

    plan: Plan
    months: list = field(default_factory=lambda: [[] for _month in range(12)])


def coming(estate, first, last):
    """[Due] of [first, last] in order: tickets opened, and what active plans will bring. Two queries."""
    shown = Plan.objects.filter(estate=estate).select_related("asset__building", "responsible")
    opened = Ticket.objects.filter(plan__estate=estate, plan_due__gte=first, plan_due__lte=last)
    plans = {plan.pk: plan for plan in shown}
    found = [
        Due(ticket.plan_due, plans[ticket.plan_id], ticket)
        for ticket in opened
        if ticket.plan_id is not None and ticket.plan_due is not None
    ]
    for plan in plans.values():
        if plan.state == Plan.State.ACTIVE and plan.asset.is_active:
            begin = max(first, plan.next_due)
            found += [Due(day, plan) for day in upkeep.due_days(plan, begin, last)]
    return sorted(found, key=lambda due: (due.day, due.plan.asset.code, due.plan.pk))


def year(estate, number):
    """[Row] of the plans with work in the year `number`, by facility."""
    rows: dict[int, Row] = {}
    for due in coming(estate, date(number, 1, 1), date(number, 12, 31)):
        row = rows.setdefault(due.plan.pk, Row(due.plan))
        row.months[due.day.month - 1].append(due.day.day)
    return sorted(rows.values(), key=lambda row: (row.plan.asset.position, row.plan.asset.code, row.plan.pk))


# --- what is due now, for the sweeps ---------------------------------------------------------------------------


def due_plans(now, estates=None):
    """Plans whose next due day has come near enough, by each estate's own calendar; the earliest first."""
    open_estates = Estate.objects.filter(is_active=True)
    found: list[Plan] = []
    for estate in open_estates if estates is None else open_estates.filter(pk__in=estates):
        until = clocks.local_date(now, estate.zone) + timedelta(days=estate.upkeep_days)
        plans = Plan.objects.filter(
            estate=estate, state=Plan.State.ACTIVE, asset__is_active=True, next_due__lte=until
        )
        found += plans.select_related("asset", "estate", "responsible").order_by("next_due", "pk")
    return found


def ending_certificates(now, estates=None):
    """[(asset, days ahead, who has not been told)] of certificates that end soon."""
    found = []
    open_estates = Estate.objects.filter(is_active=True)
    for estate in open_estates if estates is None else open_estates.filter(pk__in=estates):
        today = clocks.local_date(now, estate.zone)
        assets = list(
            Asset.objects.filter(
                estate=estate, is_active=True, certificate_until__gte=today,
                certificate_until__lte=today + timedelta(days=estate.certificate_days),
            ).select_related("estate")
        )  # fmt: skip
        if not assets:
            continue
        posted = Staff.objects.filter(
            is_active=True, postings__estate=estate, postings__role__in=("lead", "supervisor")
        )
        people = list(posted.distinct().order_by("pk"))
        wanted = []
        for asset in assets:
            near = asset.certificate_until <= today + timedelta(days=estate.certificate_days_last)
            wanted.append((asset, estate.certificate_days_last if near else estate.certificate_days))
        keys = [certificate_key(asset, step, person) for asset, step in wanted for person in people]
        told = set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
        for asset, step in wanted:
            untold = [person for person in people if certificate_key(asset, step, person) not in told]
            if untold:
                found.append((asset, step, untold))
    return found


def certificate_key(asset, step, person):
    return f"certificate:{asset.pk}:{asset.certificate_until}:{step}:{person.pk}"
