from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet, Unit
from office.models.catalogue import Catalogue


class Item(Catalogue):
    """收費項目: what is charged for. A standard says how much and since when (SPEC §6.1)."""

    class Formula(models.TextChoices):
        """How an amount is worked out (billing/rules/formulas.py)."""

        AREA = "area", _("price × area, monthly")
        FIXED = "fixed", _("fixed amount, monthly")
        READING = "reading", _("price × consumption by reading")
        SHARED = "shared", _("shared consumption, divided by area")
        ONCE = "once", _("one-off, amount said when charged")
        DEPOSIT = "deposit", _("deposit, to be given back")
        LATE = "late", _("late fee per day")

    class Meter(models.TextChoices):
        WATER = "water", _("water")
        ELECTRICITY = "electricity", _("electricity")
        GAS = "gas", _("gas")

    formula = models.CharField(_("worked out by"), max_length=10, choices=Formula)
    # Which meters count for it; READING and SHARED only.
    meter_kind = models.CharField(_("meters"), max_length=12, choices=Meter, blank=True)
    agency = models.BooleanField(
        # Translators: 代收代辦
        _("collected for others"),
        default=False,
        help_text=_("Receipted, left out of income, and reported as passed on."),
    )
    # For the export to the tax system; the office's accountant fills them in.
    tax_code = models.CharField(_("tax classification code"), max_length=30, blank=True)
    tax_rate = models.DecimalField(_("tax rate (%)"), max_digits=5, decimal_places=2, null=True, blank=True)

    class Meta(Catalogue.Meta):
        # Translators: 收費項目
        verbose_name = _("fee item")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="item_code_once"),
            models.UniqueConstraint(fields=["id", "estate"], name="item_of_one_estate"),
            models.CheckConstraint(
                condition=Q(formula__in=["reading", "shared"], meter_kind__gt="")
                | (~Q(formula__in=["reading", "shared"]) & Q(meter_kind="")),
                name="item_meters_where_read",
            ),
            models.CheckConstraint(
                condition=Q(tax_rate__isnull=True) | Q(tax_rate__gte=0, tax_rate__lte=100),
                name="item_tax_rate_in_percent",
            ),
        ]


class Standard(models.Model):
    """收費標準: a price with its validity and the authority's document (SPEC §6.1). Ended and followed, never rewritten.

    The narrowest scope that fits a unit wins: building, then use, then kind of unit, then none.
    """

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.PROTECT, related_name="standards", verbose_name=_("fee item"))
    period = DateRangeField(_("valid"))  # half-open, local days
    document = models.CharField(_("authority's document number"), max_length=80, blank=True)
    unit_kind = models.CharField(_("kind of unit"), max_length=10, choices=Unit.Kind, blank=True)
    use = models.CharField(_("use"), max_length=40, blank=True)
    building = models.ForeignKey(
        "office.Building",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("building"),
    )
    # AREA: currency per m² and month · FIXED: per month · READING, SHARED: per m³ or kWh where no tiers are
    # given · ONCE, DEPOSIT: the amount proposed · LATE: unused
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=4, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    by_days = models.BooleanField(_("part months by days"), default=True)
    due_days = models.PositiveSmallIntegerField(
        _("due so many days after the period"),
        default=0,
        validators=[MaxValueValidator(365)],
        help_text=_("0: the last day of the period."),
    )
    # LATE: share of the amount per day, days without, and the most it may come to in % of the amount (empty: no cap).
    rate = models.DecimalField(_("rate per day"), max_digits=9, decimal_places=6, null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=0)
    cap = models.DecimalField(
        # xgettext:no-python-format
        _("at most (% of the amount)"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 收費標準
        verbose_name = _("fee standard")
        ordering = ["item", "unit_kind", "use", "pk"]
        constraints = [
            ExclusionConstraint(
                name="standard_one_at_a_time",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("unit_kind", RangeOperators.EQUAL),
                    ("use", RangeOperators.EQUAL),
                    (Coalesce(F("building_id"), 0), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="standard_has_days"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="standard_price_not_negative"),
            models.CheckConstraint(
                condition=(Q(rate__isnull=True) | Q(rate__gt=0, rate__lt=1))
                & (Q(cap__isnull=True) | Q(cap__gt=0)),
                name="standard_late_fee_in_bounds",
            ),
        ]

    def __str__(self):
        return f"{self.item} {self.price}"


class Tier(models.Model):
    """階梯價: from `above` units of consumption per month on, each costs `price`. The first tier begins at 0."""

    standard = models.ForeignKey(Standard, models.CASCADE, related_name="tiers")
    above = models.DecimalField(
        _("above"), max_digits=12, decimal_places=3, validators=[MinValueValidator(0)]
    )
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=4, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("tier")
        ordering = ["standard", "above"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "above"], name="tier_once"),
            models.CheckConstraint(condition=Q(above__gte=0, price__gte=0), name="tier_not_negative"),
        ]

    def __str__(self):
        return f"> {self.above}: {self.price}"


class Adjustment(models.Model):
    """A standing order on a unit's fee: this percentage for these days, with reason and source (ARCHITECTURE §1).

    70 % while in custody (SPEC §7.2), 0 % where an authority exempts. The higher app writes and ends it.
    """

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name=_("fee item"))
    percent = models.DecimalField(_("percentage"), max_digits=5, decimal_places=2)
    period = DateRangeField(_("period"))
    reason = models.CharField(_("reason"), max_length=300)
    source_kind = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("adjustment")
        constraints = [
            ExclusionConstraint(
                name="adjustment_one_at_a_time",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="adjustment_in_percent"
            ),
            models.CheckConstraint(condition=Q(reason__gt=""), name="adjustment_has_reason"),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="adjustment_has_days"
            ),
        ]

    def __str__(self):
        return f"{self.unit_id} {self.percent} %"


class Payer(models.Model):
    """Who pays a fee instead of the owner, for which days: the tenant his water (SPEC §3). Item empty: every fee."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("fee item")
    )
    person = models.ForeignKey("residents.Person", models.PROTECT, related_name="+", verbose_name=_("payer"))
    period = DateRangeField(_("period"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 付款人
        verbose_name = _("payer")
        constraints = [
            ExclusionConstraint(
                name="payer_one_at_a_time",
                expressions=[
                    ("unit", RangeOperators.EQUAL),
                    (Coalesce(F("item_id"), 0), RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="payer_has_days"
            ),
        ]

    def __str__(self):
        return f"{self.unit_id} {self.person_id}"
