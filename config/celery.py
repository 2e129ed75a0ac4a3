"""The worker's application and the whole timetable.

The broker only wakes workers: whatever is due is a row in PostgreSQL, so losing the broker loses nothing
and every entry here may run late, twice, or on two machines (ARCHITECTURE §3). Tasks live in `office`.
"""

import os
from datetime import UTC, datetime

from celery import Celery
from celery.signals import beat_init, before_task_publish, celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Everything that happens by itself. Seconds between two looks; a look at nothing is one indexed query.
TIMETABLE = {
    # Both /readyz and the dashboard's "the machine is awake" read this mark.
    "heartbeat": {"task": "office.tasks.heartbeat", "schedule": 10.0},
    # The outbox: messages written by actions and not sent yet.
    "messages": {"task": "office.tasks.deliver_messages", "schedule": 15.0},
    # Imports, exports and batch prints that were asked for, or whose worker died.
    "jobs": {"task": "office.tasks.run_jobs", "schedule": 15.0},
    # Every registered sweep: promises that warn, escalate, open or close at a time (office.sweeps).
    "sweeps": {"task": "office.tasks.sweep_all", "schedule": 30.0},
}
# A look nobody took for a minute is worth nothing: a worker coming back finds a handful, not a night's worth.
for _entry in TIMETABLE.values():
    _entry["options"] = {"expires": 60}

app = Celery("guanjia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(lambda: {"beat_schedule": TIMETABLE})
app.autodiscover_tasks()


@before_task_publish.connect(sender="office.tasks.heartbeat")
def _stamp(body, **kwargs):
    """Beat's own clock goes with its heartbeat: /readyz tells a silent beat from a silent worker."""
    body[1]["sent_at"] = datetime.now(UTC).isoformat()


@celeryd_init.connect
@beat_init.connect
def _prepare(**kwargs):
    from config import start

    start.prepare()
