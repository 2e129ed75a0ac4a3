"""The promise that the meters of a building are read within the month (SPEC §6.3, §11)."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from billing.models import Meter, MissedReading, Reading
from billing.reports.meters import hanging
from office import clocks, promises
from office.models import Building, Estate, Promise

KIND = "meter_round"
State = Reading.State


@dataclass(frozen=True)
class Round:
    """What is promised: the meters of one building (`pk`) in one month."""

    building: Building
    month: date
    SUBJECT = "meter_round"

    @property
    def pk(self):
        return self.building.pk

    def __str__(self):
        return _("Meters of %(building)s, %(month)s") % {
            "building": str(self.building),
            "month": f"{self.month:%Y-%m}",
        }


def left(building_id, month, day):
    """The meters of the building that hang on `day` and were neither read nor missed with a reason since `month` began."""
    until = clocks.add_months(month, 1)
    read = Reading.objects.filter(
        meter=OuterRef("pk"), read_on__gte=month, read_on__lt=until, state__in=(State.COUNTED, State.HELD)
    )
    missed = MissedReading.objects.filter(meter=OuterRef("pk"), day__gte=month, day__lt=until)
    rows = hanging(Meter.objects.filter(building_id=building_id), day)
    return rows.filter(~Exists(read), ~Exists(missed))


def due(now, estates=None):
    """[Round] of this month that have meters left and no promise yet; none where the day for it has passed."""
    found = []
    active = Estate.objects.filter(is_active=True)
    for estate in active if estates is None else active.filter(pk__in=estates):
        month = clocks.local_date(now, estate.zone).replace(day=1)
        fact_at = clocks.midnight(month, estate.zone)
        known = set(
            Promise.objects.filter(estate=estate, kind=KIND, fact_at=fact_at).values_list(
                "subject_id", flat=True
            )
        )
        amount, measure = promises.rule_at(estate.pk, KIND, fact_at)
        limit = clocks.limit(
            fact_at=fact_at, amount=amount, measure=measure, zone=estate.zone, closes_at=estate.closes_at
        )
        if limit.due_at <= now:
            continue
        buildings = hanging(Meter.objects.filter(estate=estate, building__isnull=False), month)
        rows = Building.objects.filter(pk__in=buildings.values("building")).exclude(pk__in=known)
        today = clocks.local_date(now, estate.zone)
        found += [
            (Round(row, month), limit.due_at)
            for row in rows.select_related("estate")
            if left(row.pk, month, today).exists()
        ]
    return found


def owe(now):
    """Promise each round that is due in this month, once; (found, made)."""
    waiting, made = due(now), 0
    for one, _due_at in waiting:
        with transaction.atomic():
            building = (
                Building.objects.select_for_update(of=("self",)).select_related("estate").get(pk=one.pk)
            )
            fact_at = clocks.midnight(one.month, building.estate.zone)
            if Promise.objects.filter(kind=KIND, subject_id=one.pk, fact_at=fact_at).exists():
                continue
            promises.make(
                KIND, KIND, subject=one, fact_at=fact_at, now=now, owner=None, estate=building.estate
            )
            made += 1
    return len(waiting), made


def keep(meter, *, by, now):
    """Keep what is promised for the meter's building where its last meter of the month has been seen to."""
    if meter.building_id is None:
        return
    rows = Promise.objects.filter(kind=KIND, subject_kind=Round.SUBJECT, subject_id=meter.building_id).open()
    kept = []
    for promise in rows.select_for_update(of=("self",)).order_by("pk"):
        month = clocks.local_date(promise.fact_at, meter.estate.zone)
        last = clocks.add_months(month, 1) - timedelta(days=1)
        day = min(last, clocks.local_date(now, meter.estate.zone))
        if not left(meter.building_id, month, day).exists():
            kept.append(promise)
    promises.close(kept, Promise.Outcome.KEPT, at=now, by=by)
