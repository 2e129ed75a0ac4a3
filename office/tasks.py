"""What Celery calls, by name. No rule stands here and nothing due lives in the broker: each task looks into the
database and does what it finds, so it may be lost, late or doubled (ARCHITECTURE §3)."""

from datetime import datetime

from celery import shared_task
from django.db import connection

from office import sweeps

# Sweeps with an entry of their own in the timetable (config/celery.py).
OWN_ENTRY = {"messages", "jobs"}
STALE = 30  # seconds after which a queued look is worth nothing any more: the next one has been sent

# A signal that comes late never moves a sign of life back; one of a clock that is ahead never reaches into the future,
# where it would hide a beat that has died since.
BEAT = """INSERT INTO office_heartbeat (name, at) VALUES (%s, least(%s, clock_timestamp()))
    ON CONFLICT (name) DO UPDATE SET at = greatest(office_heartbeat.at, excluded.at)"""


@shared_task(name="office.tasks.sweep")
def sweep(name):
    sweeps.run(name)


@shared_task(name="office.tasks.sweep_all")
def sweep_all():
    """Every sweep whose turn it is as a task of its own: one that breaks or takes long leaves the others alone."""
    for name in sweeps.turn():
        if name not in OWN_ENTRY:
            sweep.apply_async((name,), expires=STALE)


@shared_task(name="office.tasks.deliver_messages")
def deliver_messages():
    sweeps.run("messages")


@shared_task(name="office.tasks.run_jobs")
def run_jobs():
    sweeps.run("jobs")


@shared_task(name="office.tasks.heartbeat")
def heartbeat(sent_at=None):
    """Beat's signal has reached a worker: both live. Signals too old to say so expire in the timetable.

    `sent_at` (ISO) is when the signal left, when the sender says so.
    """
    now = sweeps.present()
    beats = {"worker": now, "beat": datetime.fromisoformat(sent_at) if sent_at else now}
    with connection.cursor() as cursor:
        cursor.executemany(BEAT, sorted(beats.items()))
