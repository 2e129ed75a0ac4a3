from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F

from .case import EstateQuerySet


class SearchKey(models.Model):
    """One way somebody may be asked for. Written by actions, rebuilt and proven by `manage.py reindex [--check]`."""

    estate = models.ForeignKey("office.Estate", models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)  # name, pinyin, initials, phone, phone_tail, code, number, plate
    key = models.CharField(max_length=80)

    objects = EstateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "kind", "key"], name="search_key_once"
            ),
        ]
        indexes = [
            models.Index(F("estate"), OpClass("key", name="varchar_pattern_ops"), name="search_key_prefix")
        ]

    def __str__(self):
        return f"{self.kind}:{self.key}"
