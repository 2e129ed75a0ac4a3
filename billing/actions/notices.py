"""The promise that a run's payment notices go out before what it charged is due (SPEC §6.9)."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Min

from billing.models import Charge
from office import clocks, promises
from office.models import Promise

KIND = "payment_notice"


def owe(*, run, now):
    """Made when a run is posted: some days before the first due day, at the latest on the day of the run itself."""
    rows = Charge.objects.filter(period=run.period, source_kind=Charge.RUN, source_id=str(run.pk))
    due_on = rows.aggregate(first=Min("due_on"))["first"]
    if due_on is None:  # nobody was charged anything
        return None
    zone = run.estate.zone
    days, _measure = promises.rule_at(run.estate_id, KIND, now)
    last = max(due_on - timedelta(days=days), clocks.local_date(now, zone))
    return promises.make(
        KIND, KIND, subject=run, fact_at=now, now=now, owner=None, estate=run.estate, agreed=clocks.end_of_day(last, zone)
    )  # fmt: skip


@transaction.atomic
def keep(*, estate, by, now):
    """The notices of the whole estate are issued: what was promised until now is kept."""
    rows = Promise.objects.filter(estate=estate, kind=KIND, made_at__lte=now).open()
    found = list(rows.select_for_update(of=("self",)).order_by("due_at", "pk"))
    return promises.close(found, Promise.Outcome.KEPT, at=now, by=by)
