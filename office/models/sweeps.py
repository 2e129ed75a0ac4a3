from django.db import models
from django.db.models import Q

from .case import EstateQuerySet


class SweepRun(models.Model):
    """What each reminder did last. One row per sweep. The database's clock: whoever reads it may trust its age."""

    name = models.CharField(max_length=40, primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    def __str__(self):
        return self.name


class SweepHour(models.Model):
    """What a reminder did in an hour, all its runs together: a history that stays short."""

    name = models.CharField(max_length=40)
    hour = models.DateTimeField()
    runs = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "hour"], name="sweep_hour_once"),
            models.CheckConstraint(condition=Q(runs__gte=1), name="sweep_hour_ran"),
        ]
        indexes = [models.Index(fields=["hour"], name="sweep_hour_old")]

    def __str__(self):
        return f"{self.name} {self.hour:%Y-%m-%d %H}"


class SweepFailure(models.Model):
    """A row a reminder could not do, until a run does it. `key` tells it within the sweep; empty: the whole sweep."""

    sweep = models.CharField(max_length=40)
    key = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=200, blank=True)
    estate = models.ForeignKey("office.Estate", models.PROTECT, null=True, related_name="+")
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    error = models.TextField()
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)

    objects = EstateQuerySet.as_manager()

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "key"], name="sweep_failure_once"),
            models.CheckConstraint(
                condition=Q(tries__gte=1) & Q(last_at__gte=models.F("since")), name="sweep_failure_tried"
            ),
        ]

    def __str__(self):
        return f"{self.sweep} {self.key}"


class Heartbeat(models.Model):
    """Signs of life of worker and beat, read by /readyz."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self):
        return self.name
