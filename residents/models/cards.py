from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .people import Person


class AccessCard(models.Model):
    """門禁卡: issued to a household, until it comes back (SPEC §2). Deposits are not here."""

    SUBJECT = "residents.card"

    class State(models.TextChoices):
        ACTIVE = "active", _("in use")
        BLOCKED = "blocked", _("blocked")
        LOST = "lost", _("lost")
        RETURNED = "returned", _("returned")

    class Kind(models.TextChoices):
        DOOR = "door", _("door card")
        PARKING = "parking", _("garage card")
        LIFT = "lift", _("lift card")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="cards", verbose_name=_("unit"))
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="cards", verbose_name=_("holder")
    )
    number = models.CharField(_("card number"), max_length=40)  # upper case, without spaces
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.DOOR)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    issued_on = models.DateField(_("issued on"))
    blocked_on = models.DateField(_("blocked on"), null=True, blank=True)
    lost_on = models.DateField(_("lost on"), null=True, blank=True)
    returned_on = models.DateField(_("returned on"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("access card")
        ordering = ["estate", "number", "-pk"]
        constraints = [
            # A lost or blocked card still opens doors somewhere: its number is taken until it is back.
            models.UniqueConstraint(
                fields=["estate", "number"], condition=Q(returned_on__isnull=True), name="card_number_once"
            ),
            models.CheckConstraint(
                condition=Q(state="returned", returned_on__isnull=False)
                | (~Q(state="returned") & Q(returned_on__isnull=True)),
                name="card_returned_has_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="blocked") | Q(blocked_on__isnull=False), name="card_blocked_has_day"
            ),
            models.CheckConstraint(
                condition=~Q(state="lost") | Q(lost_on__isnull=False), name="card_lost_has_day"
            ),
            models.CheckConstraint(
                condition=(Q(returned_on__isnull=True) | Q(returned_on__gte=F("issued_on")))
                & (Q(lost_on__isnull=True) | Q(lost_on__gte=F("issued_on")))
                & (Q(blocked_on__isnull=True) | Q(blocked_on__gte=F("issued_on"))),
                name="card_days_after_issue",
            ),
            models.CheckConstraint(condition=~Q(number=""), name="card_has_number"),
        ]
        indexes = [models.Index(fields=["unit"], name="card_unit")]

    def __str__(self):
        return self.number
