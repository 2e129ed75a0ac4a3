from django.db import models
from django.db.models import F
from django.db.models.functions import Collate

from .case import EstateQuerySet


class SearchKey(models.Model):
    """One way somebody may be asked for. Written by actions, rebuilt and proven by `manage.py reindex [--check]`."""

    # No index of its own: before a new table is analysed the planner would take it, and sort a whole estate.
    estate = models.ForeignKey("office.Estate", models.CASCADE, related_name="+", db_index=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)  # one of office.search.KEY_KINDS
    key = models.CharField(max_length=80)

    objects = EstateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "kind", "key"], name="search_key_once"
            ),
        ]
        # Byte order, so that a beginning is a range in it and its order needs no sort (office/search.py).
        indexes = [
            models.Index(
                F("estate"), F("subject_kind"), F("kind"), Collate("key", "C"), name="search_key_in_order"
            )
        ]

    def __str__(self):
        return f"{self.kind}:{self.key}"
