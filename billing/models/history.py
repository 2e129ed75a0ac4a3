"""What came from the ledger of another system: its rows as they stood, beside the bookings they became (SPEC §14)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .items import Item
from .ledger import Account


class OldAccount(models.Model):
    """戶號: the number an account had in another system, remembered from the file that named both."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(_("account number"), max_length=60)
    key = models.CharField(max_length=60, editable=False)  # folded, as it is looked up
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="old_numbers", verbose_name=_("account")
    )

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("account number of another system")
        constraints = [models.UniqueConstraint(fields=["estate", "key"], name="old_account_once")]

    def __str__(self):
        return self.number


class ItemName(models.Model):
    """What other systems call a fee item."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name in the file"), max_length=80)
    key = models.CharField(max_length=80, editable=False)  # folded
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name=_("fee item"))

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("name of a fee item elsewhere")
        constraints = [models.UniqueConstraint(fields=["estate", "key"], name="item_name_once")]

    def __str__(self):
        return self.name


class History(models.Model):
    """What the check of an old ledger found: sums, differences, new items and debtors, rows passed over."""

    batch = models.OneToOneField("office.Import", models.CASCADE, primary_key=True, related_name="+")
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    facts = models.JSONField(default=dict)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("old ledger")

    def __str__(self):
        return str(self.batch_id)


class HistoryRow(models.Model):
    """A row of an old ledger that was booked here; its vouchers carry its import as their source.

    `key` makes the row once-only whatever file brings it. `place` is its turn within the account; `running` is our
    balance after it, `balance` the file's.
    """

    SOURCE = "history"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    batch = models.ForeignKey("office.Import", models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="history", db_index=False)
    number = models.PositiveIntegerField(_("row"))
    place = models.PositiveIntegerField()
    day = models.DateField(_("day"))
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("fee item")
    )
    text = models.CharField(_("description"), max_length=200, blank=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    charge = models.DecimalField(_("charged"), max_digits=14, decimal_places=2)
    payment = models.DecimalField(_("paid"), max_digits=14, decimal_places=2)
    opening = models.BooleanField(_("opening balance"), default=False)
    balance = models.DecimalField(_("balance in the file"), max_digits=14, decimal_places=2, null=True)
    running = models.DecimalField(_("our balance"), max_digits=14, decimal_places=2)
    key = models.CharField(max_length=40)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of an old ledger")
        constraints = [
            models.UniqueConstraint(fields=["estate", "key"], name="history_row_once"),
        ]
        indexes = [
            models.Index(fields=["account", "place"], name="history_of_account"),
            models.Index(
                fields=["estate", "reference"], condition=Q(reference__gt=""), name="history_by_reference"
            ),
        ]

    def __str__(self):
        return f"{self.day} {self.text}"
