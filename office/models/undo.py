import uuid

from django.conf import settings
from django.db import models


class Undo(models.Model):
    """How to take a change back within ten seconds, while nothing has left the house (UX G8)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    estate = models.ForeignKey("office.Estate", models.CASCADE, related_name="+")
    verb = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    version = (
        models.PositiveIntegerField()
    )  # of the subject after the change: another change since then ends the offer
    before = models.JSONField()  # [{"model", "pk", "fields": {name: old value}}]
    made = models.JSONField(default=list)  # [{"model", "pk"}] rows the change made
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="undo_subject"),
            models.Index(fields=["until"], name="undo_age"),
        ]

    def __str__(self):
        return f"{self.verb} {self.subject_kind} {self.subject_id}"
