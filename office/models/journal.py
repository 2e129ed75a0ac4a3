from django.db import models
from django.utils.translation import gettext_lazy as _

from .append_only import append_only
from .case import EstateQuerySet


class Event(models.Model):
    """One line of the journal: what was done, to what, by whom. Append-only, without foreign keys: it never blocks
    and never vanishes with what it speaks of. Personal values never stand in `data` (ARCHITECTURE §2)."""

    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_text = models.CharField(max_length=80, blank=True)
    estate_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField(null=True)  # null: the machine
    by_name = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="event_subject"),
            models.Index(
                fields=["unit_id", "-id"], condition=models.Q(unit_id__isnull=False), name="event_unit"
            ),
            # The household's timeline of one kind: each verb's newest lines, however long the history.
            models.Index(
                fields=["unit_id", "verb", "-id"],
                condition=models.Q(unit_id__isnull=False),
                name="event_unit_verb",
            ),
            models.Index(fields=["estate_id", "-id"], name="event_estate"),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.verb} {self.subject_text}"
