"""Guards taken away in started processes, by GUARD_OFF: `celery … worker -I tests.faults.unguarded`.

- `takeover`    a claim is for ever: nobody takes over from a dead worker
- `one by one`  a whole delivery is one transaction
- `once`        sweeps neither lock, nor look at the level, nor name their messages by fact
"""

import os

from celery import shared_task
from django.db import transaction

from office import escalation, outbox, sweeps

# Both with and without guards a step takes its time, so that sweeps really meet.
SLOWLY = "AND pg_sleep(0.004) IS NOT NULL"


def take_away(guards):
    if "takeover" in guards:
        outbox.CLAIM = outbox.CLAIM.replace("'queued', 'sending'", "'queued'")
    if "one by one" in guards:
        deliver = outbox.deliver
        outbox.deliver = lambda now: transaction.atomic(deliver)(now)
        outbox.register_sweep()
    if "slowly" in guards:
        escalation.UNCHANGED += f" {SLOWLY}"
    if "once" in guards:
        escalation.LOCK = ""
        escalation.UNCHANGED = SLOWLY
        escalation.KEY = "gen_random_uuid()::text || staff_id || step"


take_away(os.environ.get("GUARD_OFF", "").split(","))


@shared_task(name="tests.remind")
def remind(path):
    """A reminder that exists in the broker only, as no reminder of the office does."""
    with open(path, "a") as ledger:
        ledger.write("reminded\n")


@shared_task(name="tests.sweep")
def sweep(name):
    sweeps.run(name)
