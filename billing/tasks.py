"""What happens by itself about money."""

from django.utils.translation import gettext as _

from billing.actions import closing, late, rounds
from billing.models import Till
from billing.reports import closing as reports
from office import clocks, sweeps
from office.models import Estate


def owe_closes(now):
    """The sweep that makes the promise to close a day that took money."""
    found, done = closing.owe_closes(now)
    return sweeps.Result(found=found, done=done)


def foresee_closes(now, estates, limit):
    found = reports.without_promise(now, estates=estates)
    rows = [
        sweeps.Coming(
            title=f"{row.cashier} {row.day:%Y-%m-%d}",
            step=_("owes the close of the day"),
            told=(row.cashier,),
            due_at=row.first_at,
            subject_kind=Till.SUBJECT,
            subject_id=row.till_id,
            estate_id=row.estate_id,
        )
        for row in found[:limit]
    ]
    return sweeps.Foreseen(len(found), tuple(rows))


def owe_rounds(now):
    """The sweep that promises the round of each building with meters, once a month."""
    found, done = rounds.owe(now)
    return sweeps.Result(found=found, done=done)


def foresee_rounds(now, estates, limit):
    found = rounds.due(now, estates)
    rows = [
        sweeps.Coming(
            title=str(one), step=_("promises the reading round"), due_at=due_at,
            subject_kind=one.SUBJECT, subject_id=one.pk, estate_id=one.building.estate_id,
        )
        for one, due_at in found[:limit]
    ]  # fmt: skip
    return sweeps.Foreseen(len(found), tuple(rows))


def charge_late_fees(now):
    """At the beginning of a month: late fees of the month before, at every estate with a standard for them."""
    result = sweeps.Result()
    for estate, month in _due(Estate.objects.filter(is_active=True), now):
        result.found += 1
        try:
            late.charge_month(estate=estate, month=month, by=None, now=now)
            result.done += 1
        except Exception as problem:
            result.failed += 1
            result.failures.append(
                sweeps.Failure(
                    f"{estate.pk}:{month:%Y-%m}", f"{estate.code} {month:%Y-%m}", str(problem)[: sweeps.ERROR], estate_id=estate.pk
                )
            )  # fmt: skip
    return result


def foresee_late_fees(now, estates, limit):
    """The estates whose month is to be charged, with how many charges are looked at."""
    found = list(_due(Estate.objects.filter(pk__in=estates, is_active=True), now))
    rows = [
        sweeps.Coming(
            title=f"{estate.local_name} {month:%Y-%m}",
            step=_("charges late fees"),
            due_at=clocks.midnight(clocks.add_months(month, 1), estate.zone),
            estate_id=estate.pk,
        )
        for estate, month in found[:limit]
    ]
    return sweeps.Foreseen(len(found), tuple(rows))


def _due(estates, now):
    for estate in estates.order_by("pk"):
        for month in late.due_months(estate, clocks.local_date(now, estate.zone)):
            yield estate, month
