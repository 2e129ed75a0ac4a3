from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from office.models import Catalogue, Department


class WarrantyPeriod(Catalogue):
    """保修期 of a part of the building, counted from the first hand-over (SPEC §4.1)."""

    months = models.PositiveSmallIntegerField(_("months"), null=True, blank=True)
    seasons = models.PositiveSmallIntegerField(_("heating or cooling seasons"), null=True, blank=True)
    season_starts = models.CharField(_("season starts (MM-DD)"), max_length=5, blank=True)
    season_ends = models.CharField(_("season ends (MM-DD)"), max_length=5, blank=True)

    class Meta(Catalogue.Meta):
        verbose_name = _("warranty period")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="warranty_code_once"),
            models.CheckConstraint(
                condition=models.Q(months__isnull=False, seasons__isnull=True)
                | models.Q(months__isnull=True, seasons__isnull=False),
                name="warranty_months_or_seasons",
            ),
        ]


class Category(Catalogue):
    """What is wrong. It decides safety / leak / other, the department and the warranty part (SPEC §4.1)."""

    class Risk(models.TextChoices):
        SAFETY = "safety", _("safety installation")
        LEAK = "leak", _("leak")
        OTHER = "other", _("other")

    class Stream(models.TextChoices):
        REPAIR = "repair", _("repair")
        SERVICE = "service", _("paid service")
        HELP = "help", _("request for help")
        PREVENTIVE = "preventive", _("preventive work")

    stream = models.CharField(_("kind of work"), max_length=10, choices=Stream, default=Stream.REPAIR)
    risk = models.CharField(_("risk"), max_length=6, choices=Risk, default=Risk.OTHER)
    department = models.CharField(
        _("department"), max_length=20, choices=Department, default=Department.REPAIR
    )
    warranty = models.ForeignKey(
        WarrantyPeriod,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        verbose_name=_("warranty of"),
    )
    search = models.CharField(
        max_length=200, blank=True, editable=False
    )  # names, pinyin initials, code; lower case

    class Meta(Catalogue.Meta):
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [models.UniqueConstraint(fields=["estate", "code"], name="category_code_once")]


class PriceItem(Catalogue):
    """A line of the price list of paid services 有償服務."""

    class Kind(models.TextChoices):
        LABOUR = "labour", _("labour")
        PART = "part", _("part")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.LABOUR)
    measure = models.CharField(_("per"), max_length=20, blank=True)  # hour, piece, metre
    price = models.DecimalField(
        _("price"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta(Catalogue.Meta):
        verbose_name = _("price list item")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="price_code_once"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="price_not_negative"),
        ]


class Asset(Catalogue):
    """公共設施: lift 2, pump room; its faults are tickets that name it (SPEC §4.5)."""

    class Kind(models.TextChoices):
        LIFT = "lift", _("lift")
        PUMP = "pump", _("pumps and water supply")
        POWER = "power", _("power supply and lighting")
        FIRE = "fire", _("fire protection")
        SECURITY = "security", _("access, intercom and cameras")
        DRAIN = "drain", _("drainage")
        STRUCTURE = "structure", _("building and grounds")
        OTHER = "other", _("other")

    SUBJECT = "tickets.asset"

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.OTHER)
    building = models.ForeignKey(
        "office.Building",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("building"),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    maker = models.CharField(_("maker and model"), max_length=120, blank=True)
    serial = models.CharField(_("serial number"), max_length=60, blank=True)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    contractor = models.CharField(_("maintenance contractor"), max_length=120, blank=True)
    # 年檢: the authority's certificate, or the insurance, without which it may not run.
    certificate_until = models.DateField(_("certificate valid until"), null=True, blank=True)
    # As it stands; every change is a ServiceChange, so that any month's percentage can be told.
    in_service = models.BooleanField(_("in service"), default=True)

    class Meta(Catalogue.Meta):
        verbose_name = _("public facility")
        verbose_name_plural = _("public facilities")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="asset_code_once"),
            models.UniqueConstraint(
                fields=["id", "estate"], name="asset_of_one_estate"
            ),  # see unit_of_one_estate
        ]
