from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


class Message(models.Model):
    """The outbox: written in the action's transaction, sent by a worker, kept with its result.

    `dedupe_key` makes "sent twice" impossible to write down. To staff it appears on the bell (channel "desk").
    """

    class Channel(models.TextChoices):
        DESK = "desk", _("bell")
        SMS = "sms", _("SMS")
        EMAIL = "email", _("e-mail")
        PAPER = "paper", _("letter")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="messages_received"
    )
    person_id = models.BigIntegerField(null=True, blank=True)  # residents live above this app
    address = models.CharField(_("address"), max_length=200, blank=True)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=8, blank=True)
    data = models.JSONField(default=dict)  # numbers and ids the template needs; no personal values
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    unit_id = models.BigIntegerField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=120, unique=True)
    made_at = models.DateTimeField()
    send_after = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    claimed_until = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    gateway_reference = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="message_sent_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(channel="desk") | Q(staff__isnull=False), name="message_bell_has_staff"
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_after"], condition=Q(state__in=["queued", "sending"]), name="message_due"
            ),
            models.Index(
                fields=["staff", "-id"],
                condition=Q(channel="desk", read_at__isnull=True),
                name="message_unread",
            ),
            models.Index(fields=["staff", "-id"], condition=Q(channel="desk"), name="message_bell"),
            models.Index(fields=["subject_kind", "subject_id"], name="message_subject"),
            models.Index(fields=["unit_id", "-id"], condition=Q(unit_id__isnull=False), name="message_unit"),
        ]

    def __str__(self):
        return self.dedupe_key
