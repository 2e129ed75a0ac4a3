from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


class Job(models.Model):
    """Long work with progress: imports, batch prints, exports. Survives reload and the death of its worker."""

    SUBJECT = "office.job"

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("started by")
    )
    args = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    result_file = models.ForeignKey("office.File", models.SET_NULL, null=True, blank=True, related_name="+")
    result = models.JSONField(default=dict)
    errors = models.JSONField(default=list)  # [{"row": …, "text": …}], at most 1 000
    error = models.TextField(blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        indexes = [
            models.Index(fields=["made_at"], condition=Q(state__in=["queued", "running"]), name="job_waiting")
        ]

    def __str__(self):
        return self.title

    @property
    def percent(self):
        return self.done * 100 // self.total if self.total else 0

    @property
    def is_over(self):
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)
