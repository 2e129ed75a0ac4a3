from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .ticket import Ticket
from .work import WorkOrder


class CallbackTry(models.Model):
    """回訪: one try to reach the person who reported (SPEC §4.4)."""

    class Outcome(models.TextChoices):
        SATISFIED = "satisfied", _("satisfied")
        NOT_SATISFIED = "not_satisfied", _("not satisfied")
        NOT_REACHED = "not_reached", _("not reached")

    class How(models.TextChoices):
        PHONE = "phone", _("by telephone")
        VISIT = "visit", _("by visit")
        SITE = "site", _("checked on site")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="callbacks")
    work_order = models.ForeignKey(WorkOrder, models.PROTECT, null=True, related_name="+")
    tried_at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    how = models.CharField(_("how"), max_length=5, choices=How, default=How.PHONE)
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome)
    score = models.PositiveSmallIntegerField(
        _("score 1–5"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    remark = models.TextField(_("what was said"), max_length=2000, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("callback")
        ordering = ["ticket", "tried_at", "pk"]
        indexes = [models.Index(fields=["tried_at"], name="callback_tried")]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=5), name="callback_score_1_to_5"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="not_satisfied") | Q(remark__gt=""), name="callback_says_why_not"
            ),
        ]

    def __str__(self):
        return f"{self.ticket_id} {self.outcome}"
