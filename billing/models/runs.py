from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet


class Run(models.Model):
    """計費: the charges of an estate for a month, posted slice by slice (SPEC §6.2).

    What a run has charged it never charges again, nor does another: the ledger is asked, unit by unit and item by
    item. `through` only says where the next slice begins.
    """

    SUBJECT = "billing.run"

    class State(models.TextChoices):
        POSTING = "posting", _("being posted")
        PAUSED = "paused", _("paused")
        POSTED = "posted", _("posted")
        CANCELLED = "cancelled", _("stopped")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    period = models.DateField(_("period"))  # the first of its month
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.POSTING)
    day = models.DateField(_("booked on"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("started by")
    )
    at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    job = models.ForeignKey("office.Job", models.SET_NULL, null=True, blank=True, related_name="+")
    through = models.BigIntegerField(default=0, editable=False)  # units up to this id are done
    # Written with each slice, in its transaction.
    bills = models.PositiveIntegerField(_("bills"), default=0, editable=False)
    charges = models.PositiveIntegerField(_("charges"), default=0, editable=False)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, default=0, editable=False)
    drawn = models.DecimalField(
        _("drawn from prepayments"), max_digits=14, decimal_places=2, default=0, editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 計費
        verbose_name = _("billing run")
        constraints = [
            models.UniqueConstraint(
                fields=["estate", "period"],
                condition=Q(state__in=["posting", "paused"]),
                name="run_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(period__day=1), name="run_of_a_month"),
            models.CheckConstraint(
                condition=Q(state__in=["posting", "paused"], finished_at__isnull=True)
                | Q(state__in=["posted", "cancelled"], finished_at__isnull=False),
                name="run_over_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["estate", "-period", "-id"], name="run_newest")]

    def __str__(self):
        return f"{self.period:%Y-%m}"

    @property
    def is_over(self):
        return self.state in (self.State.POSTED, self.State.CANCELLED)
