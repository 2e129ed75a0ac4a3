from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


class Catalogue(models.Model):
    """A row an office edits, in three languages with fall-back to the estate's first one (ARCHITECTURE §2)."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    code = models.CharField(_("code"), max_length=20)
    name_zh_hant = models.CharField(_("name in Traditional Chinese"), max_length=80)
    name_zh_hans = models.CharField(_("name in Simplified Chinese"), max_length=80, blank=True)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    objects = EstateQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["estate", "position", "code"]

    def __str__(self):
        return self.local_name

    @property
    def local_name(self):
        return self.name_in(get_language())

    def name_in(self, language):
        return getattr(self, "name_" + (language or "zh-hant").replace("-", "_"), "") or self.name_zh_hant
