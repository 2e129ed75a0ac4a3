import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .append_only import append_only
from .case import EstateQuerySet


class AccessLog(models.Model):
    """Who looked at what is private: reveals, exports, files. Append-only."""

    at = models.DateTimeField()
    estate_id = models.BigIntegerField(null=True)
    by_id = models.BigIntegerField()
    by_name = models.CharField(max_length=80)
    what = models.CharField(_("what"), max_length=40)  # reveal, export, file, lookup
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    detail = models.JSONField(default=dict)  # filter and count of an export

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("access log")
        indexes = [
            models.Index(fields=["estate_id", "-id"], name="access_estate"),
            models.Index(fields=["subject_kind", "subject_id"], name="access_subject"),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.what} {self.subject_kind} {self.subject_id}"


class FormKey(models.Model):
    """A form sent twice has one effect: the second answer is the first one's address (ARCHITECTURE §3)."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    location = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["at"], name="form_key_age")]

    def __str__(self):
        return str(self.key)


class Draft(models.Model):
    """What was typed and not yet saved, per form and browser tab (UX G3)."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    form = models.CharField(max_length=80)
    tab = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "form", "tab"], name="draft_once")]

    def __str__(self):
        return self.form


class SavedFilter(models.Model):
    """A list's filter somebody uses every day."""

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    list_name = models.CharField(max_length=40)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "list_name", "name"], name="saved_filter_once")
        ]

    def __str__(self):
        return self.name
