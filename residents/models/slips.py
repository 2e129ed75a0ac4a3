import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.append_only import append_only

from .people import Person


def new_token():
    """What makes a slip's address impossible to guess: 192 bits."""
    return secrets.token_urlsafe(24)


class ReleaseSlip(models.Model):
    """物品放行條: goods that may leave the estate once, until the end of a day (SPEC §2).

    Expired is no state of its own: a slip is expired when it is still issued and `valid_until` has passed.
    """

    SUBJECT = "residents.slip"

    class State(models.TextChoices):
        ISSUED = "issued", _("valid")
        RELEASED = "released", _("released")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=40)
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="slips", verbose_name=_("unit"))
    # Who lives or owns there, as the register had it; an agent comes in this person's name.
    person = models.ForeignKey(Person, models.PROTECT, related_name="slips", verbose_name=_("resident"))
    agent_name = models.CharField(_("agent"), max_length=120, blank=True)
    agent_phone = models.CharField(_("agent's telephone"), max_length=40, blank=True)
    agent_shown = models.CharField(_("shown by the agent"), max_length=200, blank=True)
    plate = models.CharField(_("number plate"), max_length=20, blank=True)
    carrier = models.CharField(_("carrier"), max_length=120, blank=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ISSUED)
    days = models.PositiveSmallIntegerField(_("valid for (days)"), default=1)
    issued_at = models.DateTimeField(_("issued at"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued by")
    )
    valid_until = models.DateTimeField(_("valid until"))
    prints = models.PositiveSmallIntegerField(default=0)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # What the guard compared besides the goods, where the slip names it.
    car_seen = models.BooleanField(_("vehicle compared"), default=False)
    person_seen = models.BooleanField(_("person compared"), default=False)
    card_seen = models.BooleanField(_("vehicle's card compared"), default=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("goods-release slip")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="slip_number_once"),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False, released_by__isnull=False)
                | (~Q(state="released") & Q(released_at__isnull=True, released_by__isnull=True)),
                name="slip_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                & ~Q(cancel_reason="")
                | (
                    ~Q(state="cancelled")
                    & Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancel_reason="")
                ),
                name="slip_cancelled_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("issued_at"), days__gte=1), name="slip_valid_after_issue"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True)
                | Q(released_at__gte=F("issued_at"), released_at__lt=F("valid_until")),
                name="slip_released_while_valid",
            ),
            models.CheckConstraint(
                condition=Q(agent_name="", agent_shown="") | (~Q(agent_name="") & ~Q(agent_shown="")),
                name="slip_agent_shows_something",
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-issued_at", "-id"], name="slip_newest"),
            models.Index(fields=["unit", "-issued_at"], name="slip_of_unit"),
        ]

    def __str__(self):
        return self.number

    @property
    def applicant(self):
        return self.agent_name or self.person.local_name


class SlipLine(models.Model):
    """One kind of goods on a slip."""

    slip = models.ForeignKey(ReleaseSlip, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("goods"), max_length=120)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    remark = models.CharField(_("remark"), max_length=120, blank=True)

    class Meta:
        ordering = ["slip", "position"]
        constraints = [
            models.UniqueConstraint(fields=["slip", "position"], name="slip_line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="slip_line_some"),
        ]

    def __str__(self):
        return f"{self.name} × {self.quantity}"


class SlipRefusal(models.Model):
    """A slip turned away at the gate, with the reason. Append-only."""

    class Reason(models.TextChoices):
        GOODS = "goods", _("goods differ from the slip")
        CAR = "car", _("vehicle differs from the slip")
        PERSON = "person", _("person or card differs from the slip")
        ALTERED = "altered", _("the paper was altered")
        USED = "used", _("released already")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")
        ELSEWHERE = "elsewhere", _("slip of another estate")
        FORGED = "forged", _("the code is not genuine")

    slip = models.ForeignKey(ReleaseSlip, models.PROTECT, related_name="refusals")
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    remark = models.CharField(_("remark"), max_length=300, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("refusal at the gate")
        ordering = ["-at", "-pk"]
        triggers = [append_only()]
        indexes = [models.Index(fields=["slip", "-at"], name="slip_refusal_of_slip")]

    def __str__(self):
        return f"{self.slip_id} {self.reason}"
