from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .case import EstateQuerySet


class Wall(models.Model):
    """A screen on the wall that shows an estate's clocks to whoever passes: the link is all the key there is.

    Only the hash of the link's token is kept: who reads this table cannot open the screen.
    """

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=60)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("wallboard")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="wall_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("made_at")),
                name="wall_expires_after_made",
            ),
        ]

    def __str__(self):
        return self.name

    def is_open(self, now):
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)
