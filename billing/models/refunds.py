from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .ledger import Account, Voucher


class Refund(models.Model):
    """退款: money of an account on its way back; asked for by one, approved by another (SPEC §6.4)."""

    SUBJECT = "refund"

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        PAID = "paid", _("paid out")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="refunds", verbose_name=_("account"))
    # Of a held deposit: its charge. Empty: out of the prepayment.
    charge_id = models.BigIntegerField(null=True, blank=True)
    period = models.DateField(null=True, blank=True)  # the charge's
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decision = models.CharField(_("why declined"), max_length=300, blank=True)
    voucher = models.OneToOneField(Voucher, models.PROTECT, null=True, related_name="refund")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 退款
        verbose_name = _("refund")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, reason__gt=""), name="refund_amount_and_reason"),
            # Four eyes: who asks does not decide.
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True)
                | (
                    ~Q(state="asked")
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by=F("asked_by"))
                ),
                name="refund_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", voucher__isnull=False)
                | (~Q(state="paid") & Q(voucher__isnull=True)),
                name="refund_paid_has_voucher",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | Q(decision__gt=""), name="refund_declined_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(charge_id__isnull=True, period__isnull=True)
                | Q(charge_id__isnull=False, period__isnull=False),
                name="refund_of_a_charge_or_none",
            ),
        ]
        indexes = [
            models.Index(
                fields=["estate"], condition=Q(state__in=["asked", "approved"]), name="refund_under_way"
            )
        ]

    def __str__(self):
        return f"{self.account_id} {self.amount}"

    @property
    def unit_id(self):
        return self.account.unit_id
