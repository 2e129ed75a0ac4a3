from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .catalogue import PriceItem
from .ticket import Ticket


class WorkOrder(models.Model):
    """維修工作單: one errand of a ticket. Made with the ticket so that it can be printed at once; rework makes a new one."""

    SUBJECT = "tickets.work_order"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="work_orders", verbose_name=_("ticket"))
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    number = models.CharField(
        _("work order"), max_length=44
    )  # the ticket's number and the errand: R2026-000123-1
    sequence = models.PositiveSmallIntegerField(default=1)
    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="work_orders",
        verbose_name=_("technician"),
    )
    window_from = models.DateTimeField(_("window from"), null=True, blank=True)
    window_to = models.DateTimeField(_("window until"), null=True, blank=True)
    visit_order = models.PositiveSmallIntegerField(_("visit order"), null=True, blank=True)
    made_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(_("dispatched"), null=True, blank=True)
    dispatched_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    printed_at = models.DateTimeField(_("printed"), null=True, blank=True)
    prints = models.PositiveSmallIntegerField(default=0)
    arrived_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    ended_at = models.DateTimeField(_("work ended"), null=True, blank=True)
    result = models.TextField(_("result"), max_length=4000, blank=True)
    signed_by = models.CharField(_("signed by"), max_length=120, blank=True)
    slip_keyed_at = models.DateTimeField(_("slip keyed in"), null=True, blank=True)
    slip_keyed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("work order")
        ordering = ["ticket", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "sequence"], name="work_order_sequence_once"),
            models.UniqueConstraint(fields=["estate", "number"], name="work_order_number_once"),
            models.CheckConstraint(
                condition=Q(dispatched_at__isnull=True) | Q(technician__isnull=False),
                name="work_order_dispatched_to_someone",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True)
                | Q(ended_at__isnull=True)
                | Q(ended_at__gte=F("arrived_at")),
                name="work_order_ends_after_arrival",
            ),
            models.CheckConstraint(
                condition=Q(window_from__isnull=True, window_to__isnull=True)
                | Q(window_from__isnull=False, window_to__isnull=False, window_from__lt=F("window_to")),
                name="work_order_window_in_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["technician", "window_from"],
                condition=Q(ended_at__isnull=True),
                name="work_order_day",
            ),
            models.Index(
                fields=["estate", "window_from"],
                condition=Q(technician__isnull=False),
                name="work_order_estate_day",
            ),
        ]

    def __str__(self):
        return self.number


class WorkLine(models.Model):
    """Labour or part used on a work order."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="lines")
    item = models.ForeignKey(PriceItem, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=6, choices=PriceItem.Kind)
    text = models.CharField(_("description"), max_length=120)
    quantity = models.DecimalField(_("quantity"), max_digits=8, decimal_places=2)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=0)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["work_order", "position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0, price__gte=0), name="work_line_not_negative")
        ]

    def __str__(self):
        return self.text


class WaterTest(models.Model):
    """試漏 with date and result. The leak's callback counts from the last passed one (SPEC §0, §4.4)."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="water_tests")
    tested_at = models.DateTimeField(_("tested at"))
    passed = models.BooleanField(_("passed"))
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["ticket", "tested_at", "pk"]
        verbose_name = _("water test")

    def __str__(self):
        return f"{self.ticket_id} {self.tested_at:%F} {self.passed}"
