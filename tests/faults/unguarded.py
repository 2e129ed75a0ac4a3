"""Guards taken away in processes of the fault tests.

`celery … worker -I tests.faults.unguarded`: of promises of the kinds in UNGUARDED_KINDS sweeps neither lock, nor look
at the level, nor name their messages by fact. With or without guards every step passes a gate, which a test may hold
shut until two sweeps stand before it. A promise called "poison" breaks the step that takes it. By AHEAD (seconds) the
clock of the whole worker is wrong, and with OWN_TIME sweeps believe it.
"""

import os
from datetime import UTC, datetime, timedelta
from unittest import mock

import time_machine
from celery import shared_task
from celery.signals import worker_process_init
from django.db import transaction
from django.utils import timezone

from office import escalation, outbox, sweeps

# Whoever stands at the gate has its snapshot of who is due: all of them have seen the same rows.
GATE = "AND (SELECT pg_advisory_xact_lock_shared(hashtext(%(kind)s))) IS NOT NULL"
# And a step takes its time afterwards, so that sweeps go on meeting.
SLOWLY = "AND pg_sleep(0.002) IS NOT NULL AND 1 / (CASE promise.title WHEN 'poison' THEN 0 ELSE 1 END) = 1"
GUARDED = {"UNCHANGED": f"{escalation.UNCHANGED} {GATE} {SLOWLY}"}
UNGUARDED = {
    "LOCK": "",
    "UNCHANGED": f"{GATE} {SLOWLY}",
    "KEY": "gen_random_uuid()::text || staff_id || step",
}
KINDS = os.environ.get("UNGUARDED_KINDS", "").split(",")


def take_away(guards):
    """In this process.

    - `takeover`    a claim is for ever: nobody takes over from a dead worker
    - `one by one`  a whole delivery is one transaction
    """
    if "takeover" in guards:
        outbox.CLAIM = outbox.CLAIM.replace("'queued', 'sending'", "'queued'")
    if "one by one" in guards:
        deliver = outbox.deliver
        outbox.deliver = lambda now: transaction.atomic(deliver)(now)
        outbox.register_sweep()


def _as_told(step, kind, *rest, **words):
    with mock.patch.multiple(escalation, **(UNGUARDED if kind in KINDS else GUARDED)):
        return step(kind, *rest, **words)


if ahead := int(os.environ.get("AHEAD", "0")):
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True).start()
if os.environ.get("OWN_TIME"):
    sweeps.present = timezone.now


@worker_process_init.connect
def _gates(**kwargs):
    step = escalation._step
    escalation._step = lambda kind, *rest, **words: _as_told(step, kind, *rest, **words)


@shared_task(name="tests.remind")
def remind(path):
    """A reminder that exists in the broker only, as no reminder of the office does."""
    with open(path, "a") as ledger:
        ledger.write("reminded\n")


@shared_task(name="tests.sweep")
def sweep(name):
    sweeps.run(name)
