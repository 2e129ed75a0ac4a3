"""Sums of the ledger, kept by its trigger: what reports over years read instead of millions of entries.

Every statement that writes entries adds its sums as new rows, in the same transaction; nobody waits for anybody. A
sum is always `sum(amount)` over the rows of a group, so that it is exact at every moment; a sweep folds the rows of a
group into one (`billing_fold_sums`). The application reads them, and cannot write.
"""

from django.db import models

from office.models import EstateQuerySet

from .ledger import Entry, Voucher


class Turnover(models.Model):
    """發生額: what was booked in a month (`month`) under a head, for an item and a period of charges."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()  # the first of the month it was booked in
    head = models.CharField(max_length=10, choices=Entry.Head)
    kind = models.CharField(max_length=10, choices=Voucher.Kind)  # of a reversal: the reversed one's
    item = models.ForeignKey("billing.Item", models.PROTECT, null=True, related_name="+", db_index=False)
    building = models.ForeignKey(
        "office.Building", models.PROTECT, null=True, related_name="+", db_index=False
    )
    period = models.DateField(null=True)  # the first of the month that was charged for
    method = models.CharField(max_length=10, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    objects = EstateQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["estate", "month"], name="turnover_by_month"),
            models.Index(fields=["estate", "period"], name="turnover_by_period"),
        ]

    def __str__(self):
        return f"{self.month:%Y-%m} {self.head} {self.amount}"


class Owing(models.Model):
    """What is still owed, by the day it was due: the ageing of an estate in a few thousand rows."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    due_on = models.DateField()
    item = models.ForeignKey("billing.Item", models.PROTECT, related_name="+", db_index=False)
    building = models.ForeignKey(
        "office.Building", models.PROTECT, null=True, related_name="+", db_index=False
    )
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    objects = EstateQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["estate", "due_on"], name="owing_by_age")]

    def __str__(self):
        return f"{self.due_on} {self.amount}"
