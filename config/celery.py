"""The worker's application and the whole timetable.

The broker only wakes workers: whatever is due is a row in PostgreSQL, so losing the broker loses nothing
and every entry here may run late, twice, or on two machines (ARCHITECTURE §3). Tasks live in `office`.
"""

import os

from celery import Celery
from celery.signals import beat_init, celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Everything that happens by itself. Seconds between two looks; a look at nothing is one indexed query. A look
# that waits longer than its own interval is worth nothing any more and expires, so that a worker coming back
# finds one of each and not an hour's worth.
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
for _entry in TIMETABLE.values():
    _entry["options"] = {"expires": _entry["schedule"]}

app = Celery("guanjia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults({"beat_schedule": TIMETABLE})
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def _prepare(**kwargs):
    from config import start

    start.prepare()
