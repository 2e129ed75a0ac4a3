from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet

LANGUAGES = [("zh-hant", "繁體中文"), ("zh-hans", "简体中文"), ("en", "English")]


def valid_zone(name):
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone; write for example Asia/Shanghai."), params={"name": name}
        )


class EstateSetQuerySet(models.QuerySet):
    def visible_to(self, staff, permission=None):
        return self.filter(pk__in=staff.estate_ids(permission))


class Estate(models.Model):
    """小區: a place the company manages, with what its paper and clocks need (SPEC §1)."""

    class Paper(models.TextChoices):
        A4 = "A4", "A4"
        A5 = "A5", "A5"

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    company = models.CharField(_("management company"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    logo = models.ForeignKey(
        "office.File", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("logo")
    )
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Asia/Shanghai", validators=[valid_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    language = models.CharField(_("print language"), max_length=8, choices=LANGUAGES, default="zh-hant")
    country = models.CharField(_("country of telephone numbers"), max_length=2, default="CN")
    paper = models.CharField(_("work order paper"), max_length=2, choices=Paper, default=Paper.A4)
    copies = models.PositiveSmallIntegerField(_("copies of a work order"), default=2)
    opens_at = models.TimeField(_("office opens"), default=time(8, 30))
    closes_at = models.TimeField(_("office closes"), default=time(17, 30))
    quiet_from = models.TimeField(_("no messages from"), default=time(21))
    quiet_to = models.TimeField(_("no messages until"), default=time(8))
    repeat_days = models.PositiveSmallIntegerField(
        _("same fault again within (days)"),
        default=30,
        help_text=_("A repair of the same category and place within this time is flagged as a repeat."),
    )
    recurring_count = models.PositiveSmallIntegerField(
        _("same fault in a month needs an analysis from (times)"),
        default=3,
        help_text=_(
            "So many repairs or complaints of one kind at one place are analysed in the monthly report."
        ),
    )
    slip_days = models.PositiveSmallIntegerField(
        _("goods-release slip valid for (days)"),
        default=1,
        help_text=_("Until the end of the day so many days after the day of issue."),
    )
    visitor_days = models.PositiveSmallIntegerField(
        _("visitors' particulars kept for (days)"),
        default=90,
        help_text=_("Then name, telephone and number plate of a visitor who has left are erased."),
    )
    # Names of the message templates residents of this estate are sent by themselves (office/texts.py); none at first.
    tells = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), editable=False)
    upkeep_days = models.PositiveSmallIntegerField(
        _("preventive work orders open (days ahead)"),
        default=3,
        help_text=_("So many days before the day the maintenance plan names."),
    )
    certificate_days = models.PositiveSmallIntegerField(
        _("first reminder before a certificate ends (days)"),
        default=30,
        help_text=_("The repair lead and the supervisors are told."),
    )
    certificate_days_last = models.PositiveSmallIntegerField(
        _("last reminder before a certificate ends (days)"), default=7
    )
    reading_percent = models.PositiveSmallIntegerField(
        _("a reading is held when its consumption differs from the usual by more than (%)"),
        default=100,
        help_text=_("100: more than twice the usual, or less than half of it. 0: never held for that."),
    )
    is_active = models.BooleanField(_("in use"), default=True)

    objects = EstateSetQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("estate")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slip_days__gte=1, visitor_days__gte=1), name="estate_keeps_some_days"
            ),
            models.CheckConstraint(
                condition=models.Q(certificate_days__gt=models.F("certificate_days_last")),
                name="estate_reminds_twice",
            ),
            models.CheckConstraint(
                condition=models.Q(recurring_count__gte=2), name="estate_recurring_is_more_than_once"
            ),
        ]

    def __str__(self):
        return self.local_name

    @property
    def local_name(self):
        return self.name_en if get_language() == "en" and self.name_en else self.name

    @cached_property
    def zone(self):
        return ZoneInfo(self.time_zone)


class Building(models.Model):
    """樓棟."""

    estate = models.ForeignKey(Estate, models.PROTECT, related_name="buildings", verbose_name=_("estate"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80, blank=True)
    floors = models.PositiveSmallIntegerField(_("floors"), null=True, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    # Natural order of codes (2 before 10); the database has no Chinese collation to do it.
    sort_key = models.CharField(max_length=80, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        ordering = ["estate", "sort_key"]
        verbose_name = _("building")
        constraints = [models.UniqueConstraint(fields=["estate", "code"], name="building_code_once")]

    def __str__(self):
        return self.name or self.code


class Section(models.Model):
    """單元: an entrance of a building."""

    building = models.ForeignKey(
        Building, models.PROTECT, related_name="sections", verbose_name=_("building")
    )
    code = models.CharField(_("code"), max_length=20)
    floors = models.PositiveSmallIntegerField(_("floors"), null=True, blank=True)
    has_lift = models.BooleanField(_("lift"), default=False)
    sort_key = models.CharField(max_length=80, editable=False)

    class Meta:
        ordering = ["building", "sort_key"]
        verbose_name = _("section")
        constraints = [models.UniqueConstraint(fields=["building", "code"], name="section_code_once")]

    def __str__(self):
        return self.code


class Unit(models.Model):
    """房屋: what people live in, trade in, park in or store in. `code` is said aloud: 3-2-1201."""

    class Kind(models.TextChoices):
        FLAT = "flat", _("flat")
        SHOP = "shop", _("shop")
        PARKING = "parking", _("parking space")
        STORAGE = "storage", _("storage")

    estate = models.ForeignKey(Estate, models.PROTECT, related_name="units", verbose_name=_("estate"))
    building = models.ForeignKey(Building, models.PROTECT, related_name="units", verbose_name=_("building"))
    section = models.ForeignKey(
        Section, models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("section")
    )
    code = models.CharField(_("code"), max_length=40)
    # The code without separators, upper case: 3-2-1201 → 321201.
    code_key = models.CharField(max_length=40, editable=False)
    sort_key = models.CharField(max_length=120, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.FLAT)
    floor = models.CharField(_("floor"), max_length=10, blank=True)
    area = models.DecimalField(  # m²
        _("gross floor area (m²)"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    use = models.CharField(_("use"), max_length=40, blank=True)
    handed_over_on = models.DateField(
        _("first handed over on"),
        null=True,
        blank=True,
        help_text=_("The warranty runs from this day and stays with the unit on resale."),
    )
    note = models.TextField(_("note"), blank=True)
    warning = models.BooleanField(_("show the note as a warning"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        ordering = ["estate", "sort_key"]
        verbose_name = _("unit")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="unit_code_once"),
            # What a matter's (unit, estate) refers to: no ticket of one estate names a unit of another.
            models.UniqueConstraint(fields=["id", "estate"], name="unit_of_one_estate"),
            models.CheckConstraint(
                condition=models.Q(area__isnull=True) | models.Q(area__gt=0), name="unit_area_positive"
            ),
        ]
        indexes = [models.Index(fields=["estate", "sort_key"], name="unit_in_order")]

    def __str__(self):
        return self.code
