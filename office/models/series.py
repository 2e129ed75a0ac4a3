from django.db import models
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


class Series(models.Model):
    """Numbers without gaps: a counter row locked in the transaction that uses the number (ARCHITECTURE §2)."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="series")
    kind = models.CharField(_("kind"), max_length=30)
    year = models.PositiveSmallIntegerField(_("year"))
    pattern = models.CharField(_("pattern"), max_length=40)  # "R{year}-{n:06d}"
    last = models.PositiveIntegerField(_("last number taken"), default=0)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("number series")
        constraints = [models.UniqueConstraint(fields=["estate", "kind", "year"], name="series_once")]

    def __str__(self):
        return f"{self.kind} {self.year}: {self.last}"
