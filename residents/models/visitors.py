from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.models import EstateQuerySet


class VisitorQuerySet(EstateQuerySet):
    def inside(self):
        return self.filter(out_at__isnull=True)


class Visitor(models.Model):
    """來訪登記: somebody who came in, to whom, and went out again (SPEC §2)."""

    SUBJECT = "residents.visitor"

    class Purpose(models.TextChoices):
        VISIT = "visit", pgettext_lazy("purpose", "visit")
        DELIVERY = "delivery", _("delivery")
        WORK = "work", _("work in the unit")
        VIEWING = "viewing", _("viewing of the unit")
        OFFICE = "office", _("to the office")
        OFFICIAL = "official", _("official duty")
        OTHER = "other", pgettext_lazy("purpose", "other")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="visitors", verbose_name=_("unit")
    )
    name = models.CharField(_("visitor"), max_length=120)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    people = models.PositiveSmallIntegerField(_("people"), default=1)
    host = models.CharField(_("to whom"), max_length=120, blank=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.VISIT)
    plate = models.CharField(_("number plate"), max_length=20, blank=True)
    badge = models.CharField(_("visitor's card"), max_length=20, blank=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    in_at = models.DateTimeField(_("in at"))
    in_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    out_at = models.DateTimeField(_("out at"), null=True, blank=True)
    out_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    badge_kept = models.BooleanField(_("card not given back"), default=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)  # name, telephone, plate blanked

    objects = VisitorQuerySet.as_manager()

    class Meta:
        verbose_name = _("visitor")
        ordering = ["-in_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(out_at__isnull=True, out_by__isnull=True)
                | Q(out_at__gte=F("in_at"), out_by__isnull=False),
                name="visitor_out_after_in",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False)
                | ~Q(host="")
                | Q(purpose="office")
                | Q(erased_at__isnull=False),
                name="visitor_to_somebody",
            ),
            models.CheckConstraint(condition=Q(people__gte=1), name="visitor_somebody"),
            models.CheckConstraint(
                condition=Q(badge_kept=False) | (~Q(badge="") & Q(out_at__isnull=False)),
                name="visitor_keeps_a_lent_card",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(out_at__isnull=False, name="", phone="", plate=""),
                name="visitor_erased_after_leaving",
            ),
            # A card is lent to one visitor at a time.
            models.UniqueConstraint(
                fields=["estate", "badge"],
                condition=Q(out_at__isnull=True) & ~Q(badge=""),
                name="visitor_card_lent_once",
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-in_at", "-id"], name="visitor_newest"),
            models.Index(fields=["estate", "in_at"], condition=Q(out_at__isnull=True), name="visitor_inside"),
            models.Index(
                fields=["estate", "out_at"], condition=Q(erased_at__isnull=True), name="visitor_kept"
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"
