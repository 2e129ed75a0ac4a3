"""日結, 月結: days and books that were closed. Written once; the database refuses a close that does not add up."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.append_only import append_only


class DayClose(models.Model):
    """日結單: a cashier's day, counted against the ledger (SPEC §6.6). Never changed, never opened again."""

    SUBJECT = "day_close"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    cashier = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("cashier")
    )
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("closed at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("closed by")
    )
    # By the ledger, frozen: {method: amount}; `cash` is its line of cash, `total` the sum of all.
    sums = models.JSONField(default=dict)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2)
    cash = models.DecimalField(_("cash by the ledger"), max_digits=14, decimal_places=2)
    receipts = models.PositiveIntegerField(_("receipts"))
    # Translators: 備用金
    opening = models.DecimalField(
        _("float in the drawer"),
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    counted = models.DecimalField(
        _("cash counted"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    notes = models.JSONField(default=dict)  # {denomination: how many}, where they were counted one by one
    confirmed = models.JSONField(default=list)  # the other methods, held against slips and terminal
    difference = models.DecimalField(_("difference"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("explanation"), max_length=300, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 日結單
        verbose_name = _("day close")
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(fields=["estate", "cashier", "day"], name="day_closed_once"),
            models.CheckConstraint(
                condition=Q(difference=F("counted") - F("opening") - F("cash")), name="day_close_adds_up"
            ),
            # A difference is explained, and so is closing somebody else's day.
            models.CheckConstraint(
                condition=Q(difference=0, by=F("cashier")) | Q(reason__gt=""), name="day_close_explained"
            ),
            models.CheckConstraint(condition=Q(counted__gte=0, opening__gte=0), name="day_close_counted"),
        ]
        indexes = [models.Index(fields=["estate", "-day", "-id"], name="day_close_newest")]

    def __str__(self):
        return f"{self.day:%Y-%m-%d}"


class PeriodClose(models.Model):
    """月結: finance has closed the estate's books up to and including a day (SPEC §6.6)."""

    SUBJECT = "period_close"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    through = models.DateField(_("closed up to and including"))
    at = models.DateTimeField(_("closed at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("closed by")
    )
    heads = models.JSONField(default=dict)  # the trial balance at that moment: {head: amount}
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 月結
        verbose_name = _("period close")
        triggers = [append_only()]
        constraints = [models.UniqueConstraint(fields=["estate", "through"], name="period_closed_once")]

    def __str__(self):
        return f"{self.through:%Y-%m-%d}"
