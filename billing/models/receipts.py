from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.append_only import append_only

from .ledger import Voucher


class Receipt(models.Model):
    """收據: a number taken, and what is printed under it (SPEC §6.4). Never changed; what happens to it are its steps."""

    SUBJECT = "receipt"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=40)  # without gaps per estate and year
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    payer = models.CharField(_("payer"), max_length=120)
    cashier = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("cashier")
    )
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("at"))
    total = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    # As printed: {"lines": [{unit, item, period, from, until, text, amount}], "methods": {method: amount}, "given", "change", …}
    facts = models.JSONField(default=dict)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 收據
        verbose_name = _("receipt")
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="receipt_number_once"),
            models.CheckConstraint(condition=Q(total__gt=0), name="receipt_positive"),
        ]
        indexes = [
            models.Index(fields=["estate", "-at", "-id"], name="receipt_newest"),
            models.Index(fields=["estate", "cashier", "day"], name="receipt_of_till"),
            models.Index(fields=["unit"], name="receipt_of_unit"),
        ]

    def __str__(self):
        return self.number


class ReceiptStep(models.Model):
    """What happened to a receipt, one row each: carried out, booked or cancelled, voided, printed again."""

    class Verb(models.TextChoices):
        # Translators: 已攜出
        CARRIED = "carried", _("carried")
        BOOKED = "booked", _("booked")
        # Translators: 作廢 (未使用)
        CANCELLED = "cancelled", _("cancelled, unused")
        # Translators: 作廢
        VOIDED = "voided", _("voided")
        PRINTED = "printed", _("printed")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="steps")
    verb = models.CharField(max_length=10, choices=Verb)
    voucher = models.OneToOneField(
        Voucher, models.PROTECT, null=True, blank=True, related_name="receipt_step"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a receipt")
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "verb"], condition=~Q(verb="printed"), name="receipt_step_once"
            ),
            # Used or not, never both.
            models.UniqueConstraint(
                fields=["receipt"],
                condition=Q(verb__in=["booked", "cancelled"]),
                name="receipt_used_or_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(verb__in=["booked", "voided"], voucher__isnull=False)
                | (~Q(verb__in=["booked", "voided"]) & Q(voucher__isnull=True)),
                name="receipt_step_has_its_voucher",
            ),
            models.CheckConstraint(
                condition=~Q(verb__in=["voided", "cancelled"]) | Q(reason__gt=""),
                name="receipt_step_has_reason",
            ),
        ]

    def __str__(self):
        return f"{self.receipt_id} {self.verb}"
