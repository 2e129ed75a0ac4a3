import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


def stands_as_issued():
    """Nothing of an issued report changes any more, whoever asks; its paper may be added once (SPEC §4.8)."""
    return pgtrigger.Trigger(
        name="stands_as_issued",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF TG_OP = 'DELETE' THEN
                RAISE EXCEPTION 'a monthly report is not deleted';
            END IF;
            IF OLD.state = 'issued' AND (
                to_jsonb(NEW) - 'file_id' IS DISTINCT FROM to_jsonb(OLD) - 'file_id'
                OR (OLD.file_id IS NOT NULL AND NEW.file_id IS DISTINCT FROM OLD.file_id)
            ) THEN
                RAISE EXCEPTION 'an issued report stands as it is';
            END IF;
            RETURN NEW;
        """,
    )


class MonthReport(models.Model):
    """月度統計分析: one estate's month. Figures are live while it is written, and frozen when the supervisor signs."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SIGNED = "signed", _("signed, with the director")
        SENT_BACK = "sent_back", _("sent back")
        ISSUED = "issued", _("signed by both")

    SUBJECT = "office.month"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    month = models.DateField(_("month"))  # its first day
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT)
    texts = models.JSONField(default=dict)  # part of the report → what the supervisor says of it
    analyses = models.JSONField(default=dict)  # recurring issue → its written analysis
    figures = models.JSONField(
        null=True, blank=True
    )  # as office.months composes them; null while they are live
    drafted_at = models.DateTimeField()
    signed_at = models.DateTimeField(_("signed by the supervisor"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    sent_back_at = models.DateTimeField(null=True, blank=True)
    sent_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    sent_back_reason = models.CharField(_("reason"), max_length=500, blank=True)
    issued_at = models.DateTimeField(_("signed by the director"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    file = models.OneToOneField(
        "office.File", models.PROTECT, null=True, blank=True, related_name="+"
    )  # the PDF as it was issued
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("monthly report")
        constraints = [
            models.UniqueConstraint(fields=["estate", "month"], name="month_report_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_report_of_a_first"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "sent_back"], figures__isnull=True, signed_at__isnull=True, signed_by__isnull=True
                )
                | Q(
                    state__in=["signed", "issued"], figures__isnull=False, signed_at__isnull=False, signed_by__isnull=False
                ),
                name="month_report_signed_is_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_back")
                | Q(sent_back_at__isnull=False, sent_back_by__isnull=False, sent_back_reason__gt=""),
                name="month_report_sent_back_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="issued", issued_at__isnull=False, issued_by__isnull=False)
                | (~Q(state="issued") & Q(issued_at__isnull=True, issued_by__isnull=True, file__isnull=True)),
                name="month_report_issued_by_someone",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["issued_at"],
                condition=Q(state="issued", file__isnull=True),
                name="month_report_unfiled",
            ),
        ]
        triggers = [stands_as_issued()]

    def __str__(self):
        return f"{self.month:%Y-%m}"

    @property
    def is_written(self):
        """Whether the supervisor still works on it, so that its figures are live."""
        return self.state in (self.State.DRAFT, self.State.SENT_BACK)
