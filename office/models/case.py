from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EstateQuerySet(models.QuerySet):
    """Rows that belong to an estate. `visible_to` is the one way a view gets a row (ARCHITECTURE §2)."""

    def visible_to(self, staff, permission=None):
        """Rows of the estates `staff` is posted to; with `permission`, of those where the posting grants it."""
        return self.filter(estate_id__in=staff.estate_ids(permission))


class Case(models.Model):
    """What a person would call "a matter": numbered, of one estate, owned by the clerk who took it (SPEC §1)."""

    number = models.CharField(_("number"), max_length=40)
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("taken by")
    )
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # Derived: the earliest due time of the open promises, stored because lists sort by it.
    next_due_at = models.DateTimeField(_("next due"), null=True, blank=True, editable=False)
    # Raised by every change: a form sent from a page older than the row is refused, not merged.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self):
        return self.number
