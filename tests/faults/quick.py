"""The office's own timetable, every entry once a second: `celery … beat -S tests.faults.quick.Scheduler`."""

from datetime import timedelta

from celery.beat import PersistentScheduler
from celery.schedules import schedule


class Scheduler(PersistentScheduler):
    def setup_schedule(self):
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.schedule = schedule(timedelta(seconds=1), app=self.app)
