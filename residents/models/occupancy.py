from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .people import Person


class OccupancyQuerySet(EstateQuerySet):
    def on(self, day):
        """Rows in force on the local date `day`; periods are half-open [from, to)."""
        return self.filter(period__contains=day)


class Occupancy(models.Model):
    """Who relates to a unit, as what, for which days. Ended, never deleted (SPEC §1)."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MEMBER = "member", _("household member")
        TENANT = "tenant", _("tenant")
        AGENT = "agent", _("agent")
        DEVELOPER = "developer", _("developer")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, related_name="occupancies", verbose_name=_("unit")
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="occupancies", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    share = models.DecimalField(
        _("share (%)"), max_digits=7, decimal_places=4, null=True, blank=True
    )  # owners only
    period = DateRangeField(_("period"))
    lives_here = models.BooleanField(_("lives here"), default=True)

    objects = OccupancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("occupancy")
        ordering = ["unit", "role", "pk"]
        constraints = [
            ExclusionConstraint(
                name="occupancy_same_person_once",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="occupancy_sole_developer",
                expressions=[("unit", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(role="developer"),
            ),
            ExclusionConstraint(
                name="occupancy_sole_owner",
                expressions=[("unit", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(role="owner", share=Decimal(100)),
            ),
            models.CheckConstraint(
                condition=Q(role="owner", share__isnull=False, share__gt=0, share__lte=100)
                | (~Q(role="owner") & Q(share__isnull=True)),
                name="occupancy_share_of_owners",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="occupancy_has_days"
            ),
        ]
        indexes = [models.Index(fields=["person"], name="occupancy_person")]

    def __str__(self):
        return f"{self.unit_id} {self.role} {self.person_id}"

    @property
    def starts_on(self):
        return self.period.lower

    @property
    def ends_on(self):
        """The first day that no longer belongs to the period; None while open-ended."""
        return self.period.upper


class UnitState(models.Model):
    """A state of a unit for a period, written by the workflow that brings it about (ARCHITECTURE §1)."""

    class Kind(models.TextChoices):
        UNSOLD = "unsold", _("unsold")
        HANDED_OVER = "handed_over", _("handed over")
        CUSTODY = "custody", _("in custody")
        LET = "let", _("let")

    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="states")
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    kind = models.CharField(_("state"), max_length=12, choices=Kind)
    period = DateRangeField(_("period"))
    source = models.CharField(_("source"), max_length=80, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit state")
        constraints = [
            ExclusionConstraint(
                name="unit_state_once",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self):
        return f"{self.unit_id} {self.kind}"
