from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.append_only import append_only

from .items import Item


class Meter(models.Model):
    """表計: water, electricity or gas, of one unit or shared by a building or the estate (公攤)."""

    SUBJECT = "meter"
    Kind = Item.Meter

    class Reach(models.TextChoices):
        """Who shares the consumption of a meter that belongs to no unit."""

        BUILDING = "building", _("its building")
        ESTATE = "estate", _("the whole estate")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    serial = models.CharField(_("meter number"), max_length=40)
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="meters", verbose_name=_("unit")
    )
    building = models.ForeignKey(
        "office.Building",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("building"),
    )
    reach = models.CharField(_("shared by"), max_length=10, choices=Reach, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    digits = models.PositiveSmallIntegerField(  # whole digits of the dial; it rolls over at 10 ** digits
        _("digits"), default=5, validators=[MinValueValidator(3), MaxValueValidator(9)]
    )
    multiplier = models.DecimalField(  # 倍率, of the current transformer
        _("multiplier"),
        max_digits=8,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    position = models.PositiveIntegerField(_("place in the walk"), default=0)
    installed_on = models.DateField(_("installed on"))
    installed_at_value = models.DecimalField(  # m³ or kWh
        _("reading when installed"),
        max_digits=12,
        decimal_places=3,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    removed_on = models.DateField(_("removed on"), null=True, blank=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 表計
        verbose_name = _("meter")
        ordering = ["estate", "building", "position", "serial"]
        constraints = [
            models.UniqueConstraint(fields=["estate", "kind", "serial"], name="meter_once"),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, reach="")
                | Q(unit__isnull=True, reach="estate")
                | Q(unit__isnull=True, reach="building", building__isnull=False),
                name="meter_of_unit_or_shared",
            ),
            models.CheckConstraint(
                condition=Q(removed_on__isnull=True) | Q(removed_on__gte=F("installed_on")),
                name="meter_removed_after_installed",
            ),
            models.CheckConstraint(
                condition=Q(multiplier__gt=0, digits__gte=3, digits__lte=9, installed_at_value__gte=0),
                name="meter_in_bounds",
            ),
        ]
        indexes = [models.Index(fields=["unit"], name="meter_of_unit")]

    def __str__(self):
        return self.serial


class Reading(models.Model):
    """抄表: what a dial showed at the end of a day. A correction is a new reading that names the one it replaces."""

    class State(models.TextChoices):
        COUNTED = "counted", _("counted")
        HELD = "held", _("held for a person")  # below the last, or far from the usual (SPEC §6.3)
        REFUSED = "refused", _("refused")
        REPLACED = "replaced", _("replaced by a correction")

    class Source(models.TextChoices):
        PHONE = "phone", _("on the round")
        DESK = "desk", _("at the desk")
        IMPORT = "import", _("imported")
        ESTIMATE = "estimate", _("estimated")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="readings", verbose_name=_("meter"))
    read_on = models.DateField(_("read on"))
    value = models.DecimalField(  # m³ or kWh on the dial
        _("reading"), max_digits=12, decimal_places=3, validators=[MinValueValidator(0)]
    )
    rolled_over = models.BooleanField(_("the dial passed zero"), default=False)
    # Since the reading before, multiplier included; worked out when counted (billing/rules/meters.py).
    consumption = models.DecimalField(
        _("consumption"), max_digits=14, decimal_places=3, null=True, blank=True
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.COUNTED)
    doubt = models.CharField(_("held because"), max_length=30, blank=True)  # billing.rules.meters.DOUBTS
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    source = models.CharField(_("taken"), max_length=10, choices=Source)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 抄表
        verbose_name = _("reading")
        ordering = ["meter", "-read_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "read_on"], condition=Q(state="counted"), name="reading_one_counted_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(state="counted") | Q(consumption__isnull=False, consumption__gte=0),
                name="reading_counted_has_consumption",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="reading_not_negative"),
        ]
        indexes = [
            models.Index(fields=["estate", "read_on"], name="reading_by_day"),
            models.Index(fields=["estate"], condition=Q(state="held"), name="reading_held"),
        ]

    def __str__(self):
        return f"{self.meter_id} {self.read_on} {self.value}"


class CarriedUse(models.Model):
    """Consumption of a month whose fees are charged already, moved to a month that is not (docs/adr/0010-late-readings.md).

    The month it comes from keeps what it was charged with; the one it goes to charges the difference, which may be
    negative.
    """

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="carried", verbose_name=_("meter"))
    reading = models.ForeignKey(Reading, models.PROTECT, related_name="+", verbose_name=_("reading"))
    from_period = models.DateField(_("from the month"))  # first days of their months
    to_period = models.DateField(_("to the month"))
    quantity = models.DecimalField(_("consumption"), max_digits=14, decimal_places=3)  # m³ or kWh
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("consumption carried to another month")
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_period__day=1, to_period__day=1, to_period__gt=F("from_period")),
                name="carried_use_goes_forward",
            ),
            models.CheckConstraint(condition=~Q(quantity=0), name="carried_use_is_some"),
        ]
        indexes = [
            models.Index(fields=["estate", "to_period"], name="carried_use_to"),
            models.Index(fields=["estate", "from_period"], name="carried_use_from"),
        ]

    def __str__(self):
        return f"{self.meter_id} {self.from_period} → {self.to_period} {self.quantity}"


class MissedReading(models.Model):
    """A meter that could not be read on the round, and why. It goes on being due."""

    class Reason(models.TextChoices):
        NOBODY = "nobody", _("nobody at home")
        LOCKED = "locked", _("locked")
        UNREADABLE = "unreadable", _("cannot be read")
        BROKEN = "broken", _("broken")
        NOT_FOUND = "not_found", _("not found")
        OTHER = "other", _("other")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="missed", verbose_name=_("meter"))
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("meter that was not read")
        indexes = [models.Index(fields=["meter", "day"], name="missed_reading_by_day")]

    def __str__(self):
        return f"{self.meter_id} {self.day} {self.reason}"
