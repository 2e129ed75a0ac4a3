from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .people import Person


class Key(models.Model):
    """A key or ring of keys that the office holds, under a tag (SPEC §2)."""

    SUBJECT = "residents.key"

    class State(models.TextChoices):
        IN = "in", _("in the office")
        OUT = "out", _("out")
        LOST = "lost", _("lost")
        GIVEN_BACK = "given_back", _("given back for good")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="keys", verbose_name=_("unit")
    )
    room = models.CharField(_("room"), max_length=120, blank=True)
    tag = models.CharField(_("tag"), max_length=20)
    count = models.PositiveSmallIntegerField(_("keys on the ring"), default=1)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    # Derived from the open loan; stored because the list filters by it. Written with the loan, under the key's lock.
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.IN)
    received_on = models.DateField(_("held since"))
    ended_on = models.DateField(_("held until"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("key")
        ordering = ["estate", "tag", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["estate", "tag"], condition=Q(ended_on__isnull=True), name="key_tag_once"
            ),
            models.CheckConstraint(condition=Q(unit__isnull=False) | ~Q(room=""), name="key_opens_something"),
            models.CheckConstraint(
                condition=Q(state="given_back", ended_on__isnull=False)
                | (~Q(state="given_back") & Q(ended_on__isnull=True)),
                name="key_given_back_has_day",
            ),
            models.CheckConstraint(condition=~Q(tag="") & Q(count__gte=1), name="key_has_tag"),
        ]
        indexes = [models.Index(fields=["unit"], name="key_unit")]

    def __str__(self):
        return self.tag


class KeyLoanQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(in_at__isnull=True, lost_at__isnull=True)


class KeyLoan(models.Model):
    """A key out of the office: to whom, until when, back or lost. One open at a time."""

    SUBJECT = "residents.key_loan"

    key = models.ForeignKey(Key, models.PROTECT, related_name="loans")
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="key_loans")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="key_loans"
    )
    contractor = models.CharField(_("contractor"), max_length=120, blank=True)
    purpose = models.CharField(_("what for"), max_length=200, blank=True)
    out_at = models.DateTimeField(_("out at"))
    out_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("due back"))
    signed_by = models.CharField(_("signed by"), max_length=120)
    in_at = models.DateTimeField(_("back at"), null=True, blank=True)
    in_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lost_at = models.DateTimeField(_("lost at"), null=True, blank=True)
    lost_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lost_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = KeyLoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("key out")
        ordering = ["-out_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(in_at__isnull=True, lost_at__isnull=True),
                name="key_out_once",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, staff__isnull=True, contractor="")
                | Q(person__isnull=True, staff__isnull=False, contractor="")
                | (Q(person__isnull=True, staff__isnull=True) & ~Q(contractor="")),
                name="key_out_to_one",
            ),
            models.CheckConstraint(
                condition=Q(in_at__isnull=True, in_by__isnull=True)
                | Q(in_at__gte=F("out_at"), in_by__isnull=False),
                name="key_back_after_out",
            ),
            models.CheckConstraint(
                condition=Q(lost_at__isnull=True, lost_by__isnull=True, lost_reason="")
                | (Q(lost_at__gte=F("out_at"), lost_by__isnull=False) & ~Q(lost_reason="")),
                name="key_lost_with_reason",
            ),
            # A lost key that turns up is back: then both are there, in this order.
            models.CheckConstraint(
                condition=Q(in_at__isnull=True) | Q(lost_at__isnull=True) | Q(in_at__gte=F("lost_at")),
                name="key_found_after_loss",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("out_at")), name="key_due_after_out"),
            models.CheckConstraint(condition=~Q(signed_by=""), name="key_out_signed"),
        ]
        indexes = [models.Index(fields=["key", "-out_at"], name="key_loan_of_key")]

    def __str__(self):
        return f"{self.key_id} #{self.pk}"

    @property
    def holder(self):
        """Who has the key, as people say it."""
        who = self.person or self.staff
        return who.local_name if who else self.contractor

    @property
    def is_open(self):
        return self.in_at is None and self.lost_at is None
