"""保養: what keeps public facilities running, and whether they run (SPEC §4.7)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.models import EstateQuerySet
from office.models.append_only import append_only

from .catalogue import Asset, Category


class ServiceChange(models.Model):
    """A facility went out of service or came back: since when, and why. Append-only."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="service_changes")
    in_service = models.BooleanField(_("in service"))
    at = models.DateTimeField(_("since"))  # the fact, not the keying
    reason = models.CharField(_("reason"), max_length=300)
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of service")
        ordering = ["asset", "at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "at"], name="service_change_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="service_change_has_reason"),
            models.CheckConstraint(
                condition=Q(at__lte=models.F("recorded_at")), name="service_change_lies_in_the_past"
            ),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.asset} {self.at:%Y-%m-%d}"


class Plan(models.Model):
    """保養計劃: work on a facility that comes round (SPEC §4.7). Its tickets open themselves, one for each due day."""

    class Every(models.TextChoices):
        WEEK = "week", _("weeks")
        MONTH = "month", _("months")
        YEAR = "year", _("years")

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        ENDED = "ended", pgettext_lazy("of a plan", "ended")

    SUBJECT = "tickets.plan"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="plans", verbose_name=_("public facility"))
    title = models.CharField(_("work"), max_length=120)
    number = models.PositiveSmallIntegerField(_("every"), default=1)
    every = models.CharField(_("period"), max_length=5, choices=Every, default=Every.MONTH)
    starts_on = models.DateField(_("first due day"))
    # The first due day no ticket has been opened for; derived from `starts_on`, so that no plan drifts.
    next_due = models.DateField(_("next due day"))
    checks = models.TextField(_("check list, one step a line"), max_length=4000, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("responsible")
    )
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.ACTIVE)
    reason = models.CharField(_("reason"), max_length=300, blank=True)  # why it pauses or ended
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("maintenance plan")
        ordering = ["next_due", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__range=(1, 52)) & ~Q(title=""), name="plan_comes_round"
            ),
            models.CheckConstraint(condition=Q(next_due__gte=models.F("starts_on")), name="plan_goes_on"),
            models.CheckConstraint(
                condition=Q(state="active") | ~Q(reason=""), name="plan_stops_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["next_due"], condition=Q(state="active"), name="plan_due"),
            models.Index(fields=["estate", "next_due", "id"], name="plan_of_estate"),
        ]

    def __str__(self):
        return f"{self.asset} {self.title}"
