"""上門收取: appointments to collect at the door (SPEC §6.5)."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .ledger import Account
from .receipts import Receipt


class Collection(models.Model):
    """Who goes where, when, for how much. The receipt is prepared before; what comes of it is its `state`."""

    SUBJECT = "collection"

    class State(models.TextChoices):
        AGREED = "agreed", _("agreed")
        # Translators: 已收
        COLLECTED = "collected", _("collected")
        # Translators: 未收
        UNUSED = "unused", _("not collected")
        OFF = "off", _("called off")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="+", verbose_name=_("unit"))
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="collections", verbose_name=_("account")
    )
    payer = models.CharField(_("payer"), max_length=120)  # confirmed when the appointment was made
    owner_name = models.CharField(_("owner"), max_length=120)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    window_from = models.DateTimeField(_("from"))
    window_to = models.DateTimeField(_("until"))
    amount = models.DecimalField(
        _("amount agreed"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    collector = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who goes")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.AGREED)
    # Prepared: its number is taken. A new one, issued because another amount was paid, is `used`.
    receipt = models.OneToOneField(Receipt, models.PROTECT, null=True, blank=True, related_name="collection")
    used = models.OneToOneField(
        Receipt, models.PROTECT, null=True, blank=True, related_name="collected_by_appointment"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 上門收取
        verbose_name = _("collection at the door")
        constraints = [
            models.CheckConstraint(
                condition=Q(window_to__gt=F("window_from")), name="collection_window_has_length"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="collection_positive"),
            models.CheckConstraint(
                condition=(Q(state="collected") & Q(used__isnull=False))
                | (~Q(state="collected") & Q(used__isnull=True)),
                name="collection_collected_has_its_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["unused", "off"]) | Q(reason__gt=""),
                name="collection_ends_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-window_from", "-id"], name="collection_newest"),
            models.Index(
                fields=["collector", "window_from"], condition=Q(state="agreed"), name="collection_to_do"
            ),
        ]

    def __str__(self):
        return f"{self.unit.code} {self.payer}"
