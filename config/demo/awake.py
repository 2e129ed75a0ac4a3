"""The machine's first look at a fresh demonstration: what is due rings at once, and a page opened in the first half
minute does not report silence. What climbed is partly acknowledged, and a change of a rule is announced."""

from datetime import timedelta

from office import clocks, escalation, promises, sweeps
from office.actions import escalation as acknowledging
from office.actions import settings
from office.models import Estate, Promise, PromiseRule, Staff, SweepRun


def wake(now):
    """Once, before the worker's own first look; later it has nothing to add."""
    if SweepRun.objects.exists():
        return
    for name in (*promises.KINDS, "messages"):  # what takes long, like filing reports, is the worker's
        sweeps.run(name, now)
    director = Staff.objects.filter(is_demo=True, username="director").first()
    estate = Estate.objects.order_by("pk").first()
    if director is None or estate is None:
        return
    climbed = (
        Promise.objects.open().filter(estate=estate, level__gte=escalation.HEAD).order_by("due_at", "pk")
    )
    chair = escalation.Chair(director)
    for promise in [promise for promise in climbed[:20] if chair.step(promise)][::3]:
        acknowledging.see(promise=promise, by=director, now=now)
    key = "callback_leak"
    if PromiseRule.objects.filter(estate=estate, key=key).count() > 1:
        return
    begins = clocks.midnight(clocks.local_date(now, estate.zone) + timedelta(days=14), estate.zone)
    settings.change_rule(
        estate=estate, key=key, amount=2, measure="days", valid_from=begins, by=director, now=now
    )
    settings.change_escalation(
        estate=estate,
        values={"email_from": escalation.HEAD, "hour_minutes": 20},
        valid_from=begins,
        by=director,
        now=now,
    )
