import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .case import EstateQuerySet


def random_path(file, name):
    token = uuid.uuid4().hex
    return f"{token[:2]}/{token}"


class File(models.Model):
    """An attachment. Its type comes from its content; it is served only through a view that checks its subject."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    subject_kind = models.CharField(
        max_length=40, blank=True
    )  # empty until the form it was added to is saved
    subject_id = models.BigIntegerField(null=True, blank=True)
    unit_id = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=200)
    content = models.FileField(upload_to=random_path, max_length=100)
    content_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    # The upload's own key: a retry after signal loss finds the first one instead of adding a second.
    upload_key = models.CharField(max_length=64, unique=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="file_subject"),
            models.Index(fields=["unit_id"], condition=models.Q(unit_id__isnull=False), name="file_unit"),
        ]

    def __str__(self):
        return self.name

    @property
    def is_image(self):
        return self.content_type.startswith("image/")
