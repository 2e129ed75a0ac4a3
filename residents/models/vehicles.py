from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .occupancy import OccupancyQuerySet
from .people import Person


class Vehicle(models.Model):
    """A vehicle of a household for a period, under one plate. Ended, never deleted (SPEC §2)."""

    SUBJECT = "residents.vehicle"

    class Kind(models.TextChoices):
        CAR = "car", _("car")
        VAN = "van", _("van or truck")
        MOTORCYCLE = "motorcycle", _("motorcycle")
        EBIKE = "ebike", _("electric bicycle")
        OTHER = "other", pgettext_lazy("vehicle", "other")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="vehicles", verbose_name=_("unit"))
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="vehicles", verbose_name=_("keeper")
    )
    plate = models.CharField(_("number plate"), max_length=20)  # as rules.plain_plate leaves it: 粤B12345
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CAR)
    colour = models.CharField(_("colour"), max_length=20, blank=True)
    make = models.CharField(_("make"), max_length=40, blank=True)
    period = DateRangeField(_("period"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OccupancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("vehicle")
        ordering = ["estate", "plate", "-period"]
        constraints = [
            ExclusionConstraint(
                name="vehicle_plate_once",
                expressions=[
                    ("estate", RangeOperators.EQUAL),
                    ("plate", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="vehicle_has_days"
            ),
            models.CheckConstraint(condition=~Q(plate=""), name="vehicle_has_plate"),
        ]
        indexes = [models.Index(fields=["unit"], name="vehicle_unit")]

    def __str__(self):
        return self.plate


class Parking(models.Model):
    """The space a vehicle uses for a period: a unit of kind parking. Two cars may share a space, one has one."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, related_name="parkings")
    space = models.ForeignKey(
        "office.Unit", models.PROTECT, related_name="parkings", verbose_name=_("parking space")
    )
    period = DateRangeField(_("period"))

    objects = OccupancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a parking space")
        ordering = ["vehicle", "-period"]
        constraints = [
            ExclusionConstraint(
                name="parking_one_space",
                expressions=[("vehicle", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="parking_has_days"
            ),
        ]

    def __str__(self):
        return f"{self.vehicle_id} {self.space_id}"
