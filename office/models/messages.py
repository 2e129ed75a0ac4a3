from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .append_only import append_only
from .case import EstateQuerySet
from .places import LANGUAGES


class Message(models.Model):
    """The outbox: written in the action's transaction, sent by a worker, kept with its result.

    `dedupe_key` makes "sent twice" impossible to write down. To staff it appears on the bell (channel "desk").
    What leaves the house is worded when it goes for the first time (`title`, `body`): that is what was sent, whatever
    the office writes into its templates later. Words typed by hand stand there from the beginning.
    """

    SUBJECT = "message"

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

    class Problem(models.TextChoices):
        """Why it has not gone, in words for the office; what the other side said stands in `error`."""

        ADDRESS = "address", _("no address to send it to")
        REFUSED = "refused", _("refused for good by the other side")
        ACCOUNT = "account", _("our account is not accepted there")
        BUSY = "busy", _("the other side asks us to wait")
        TROUBLE = "trouble", _("the other side has trouble of its own")
        SLOW = "slow", _("no answer in time")
        AWAY = "away", _("the other side cannot be reached")
        HALF = "half", _("the line broke before the answer was whole")
        SETTING = "setting", _("the way out is not set up")
        WORKER = "worker", _("no worker survived sending it")
        OTHER = "other", _("something unforeseen happened")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="messages_received"
    )
    person_id = models.BigIntegerField(null=True, blank=True)  # residents live above this app
    addressee = models.CharField(_("to"), max_length=120, blank=True, default="", db_default="")
    address = models.CharField(_("address"), max_length=200, blank=True)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=8, blank=True)
    data = models.JSONField(default=dict)  # numbers and ids the template needs; no personal values
    title = models.CharField(max_length=200, blank=True, default="", db_default="")
    body = models.TextField(blank=True, default="", db_default="")
    text_version = models.PositiveIntegerField(default=0, db_default=0)  # 0: the shipped text
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
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
    problem = models.CharField(
        _("trouble"), max_length=10, choices=Problem, blank=True, default="", db_default=""
    )
    error = models.TextField(blank=True)
    printed_at = models.DateTimeField(null=True, blank=True)  # letters only
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
            models.CheckConstraint(
                condition=Q(printed_at__isnull=True) | Q(channel="paper"), name="message_printed_is_letter"
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
            # What leaves the house, newest first: the outbox page, with a million lines of bells beside it.
            models.Index(fields=["estate", "-id"], condition=~Q(channel="desk"), name="message_outgoing"),
            models.Index(
                fields=["estate", "-id"],
                condition=Q(state="failed") & ~Q(channel="desk"),
                name="message_failed",
            ),
        ]

    def __str__(self):
        return self.dedupe_key

    @property
    def is_letter_to_print(self):
        return self.channel == self.Channel.PAPER and self.state == self.State.SENT and not self.printed_at


class MessageAttempt(models.Model):
    """One try to send a message that leaves the house, and what came of it. Append-only."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="tries")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=Message.State)  # what the message was afterwards
    problem = models.CharField(max_length=10, choices=Message.Problem, blank=True)
    error = models.TextField(blank=True)
    reference = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("attempt")
        triggers = [append_only()]

    def __str__(self):
        return f"{self.message_id} {self.at:%Y-%m-%d %H:%M}"


class MessageText(models.Model):
    """The office's own words of a message template in one language. Every change is a new version; the last one
    counts. `restored`: from here on the shipped text again."""

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=8, choices=LANGUAGES)
    version = models.PositiveIntegerField()
    title = models.CharField(_("subject line"), max_length=200, blank=True)
    body = models.TextField(_("text"), blank=True)
    restored = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = EstateQuerySet.as_manager()

    class Meta:
        ordering = ["estate", "template", "language", "-version"]
        verbose_name = _("message text")
        constraints = [
            models.UniqueConstraint(
                fields=["estate", "template", "language", "version"], name="message_text_version_once"
            ),
            models.CheckConstraint(
                condition=Q(restored=True, title="", body="") | (Q(restored=False) & ~Q(body="")),
                name="message_text_whole_or_restored",
            ),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.template} {self.language} {self.version}"
