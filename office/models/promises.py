from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Case as CaseExpression
from django.db.models import F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from .append_only import append_only
from .case import EstateQuerySet
from .staff import Department


class Measure(models.TextChoices):
    """How a limit counts (SPEC §0)."""

    HOURS = "hours", _("hours")
    DAYS = "days", _("days")
    MONTHS = "months", _("months")
    SAME_DAY = "same_day", _("same day")
    AT = "at", _("at an agreed time")


class PromiseRule(models.Model):
    """An editable number of the specification. The rule in force at the starting fact is the one that holds (SPEC §0)."""

    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, related_name="promise_rules", verbose_name=_("estate")
    )
    key = models.CharField(_("rule"), max_length=40)
    amount = models.PositiveSmallIntegerField(_("amount"), default=0)
    measure = models.CharField(_("measure"), max_length=10, choices=Measure)
    valid_from = models.DateTimeField(_("valid from"))

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise rule")
        ordering = ["estate", "key", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["estate", "key", "valid_from"], name="promise_rule_once")
        ]

    def __str__(self):
        return f"{self.key} {self.amount} {self.measure}"


class EscalationRule(models.Model):
    """How the promises of an estate climb from a day on (SPEC §0 "Escalation"); before the first row the
    specification's own numbers hold. The times go by the rule in force at the starting fact, like the limits;
    e-mail and SMS by the one in force when the step is taken."""

    class From(models.IntegerChoices):
        """From which step on a message goes out besides the bell."""

        NEVER = 0, _("never")
        WARNING = 1, _("from the warning on")
        HEAD = 2, _("from the head of the department on")
        DIRECTOR = 3, _("for the director only")

    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, related_name="escalation_rules", verbose_name=_("estate")
    )
    valid_from = models.DateTimeField(_("valid from"))
    hour_minutes = models.PositiveSmallIntegerField(
        _("minutes of warning before a limit in hours"), default=15
    )
    closing_hours = models.PositiveSmallIntegerField(
        _("hours of warning before closing, same-day limits"), default=2
    )
    day_time = models.TimeField(_("warning on the due day at, limits in days"), default=time(9))
    director_hours_short = models.PositiveSmallIntegerField(
        _("director, hours after a 1-hour limit"), default=1
    )
    director_hours = models.PositiveSmallIntegerField(_("director, hours after any other limit"), default=24)
    # kind → whether it climbs to the director, where the estate wants it otherwise than the kind says.
    directors = models.JSONField(default=dict)
    email_from = models.PositiveSmallIntegerField(_("e-mail to staff"), choices=From, default=From.NEVER)
    sms_from = models.PositiveSmallIntegerField(_("SMS to staff"), choices=From, default=From.NEVER)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation rule")
        ordering = ["estate", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["estate", "valid_from"], name="escalation_rule_once"),
            models.CheckConstraint(
                condition=Q(hour_minutes__lte=1440, closing_hours__lte=23)
                & Q(director_hours_short__range=(1, 720), director_hours__range=(1, 720)),
                name="escalation_rule_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(email_from__lte=3, sms_from__lte=3), name="escalation_rule_known_steps"
            ),
        ]

    def __str__(self):
        return f"{self.estate_id} {self.valid_from}"


class PromiseQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)

    def overdue(self, now):
        return self.open().filter(due_at__lte=now)

    def of(self, subject_kind, subject_id):
        return self.filter(subject_kind=subject_kind, subject_id=subject_id)


class Promise(models.Model):
    """A deadline the office owes somebody: due time, owner, outcome (SPEC, opening words).

    The due time never moves: an approved extension closes this row as "extended" and opens the next sequence.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", _("open")
        KEPT = "kept", _("kept")
        CANCELLED = "cancelled", _("cancelled")
        EXTENDED = "extended", _("extended")
        UNREACHABLE = "unreachable", _("could not be kept")

    class Level(models.IntegerChoices):
        QUIET = 0, _("not due")
        WARNED = 1, _("owner warned")
        HEAD = 2, _("head of department told")
        DIRECTOR = 3, _("director told")

    kind = models.CharField(_("kind"), max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    sequence = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200)  # "R2026-000123 3-2-1201", ready for lists without a join
    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey("office.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="promises")
    department = models.CharField(max_length=20, choices=Department, default=Department.FRONT_DESK)

    rule_key = models.CharField(max_length=40)
    amount = models.PositiveSmallIntegerField(default=0)
    measure = models.CharField(max_length=10, choices=Measure)
    fact_at = models.DateTimeField(_("counts from"))  # the fact, not the keying
    due_at = models.DateTimeField(_("due"))
    warn_at = models.DateTimeField(null=True, blank=True)
    director_at = models.DateTimeField(null=True, blank=True)  # null: this kind never climbs to the director
    made_at = models.DateTimeField()

    level = models.PositiveSmallIntegerField(choices=Level, default=Level.QUIET)
    warned_at = models.DateTimeField(null=True, blank=True)
    head_at = models.DateTimeField(null=True, blank=True)
    director_told_at = models.DateTimeField(null=True, blank=True)
    # Derived by the database: when the next step of escalation is due; only open promises have one.
    next_step_at = models.GeneratedField(
        expression=CaseExpression(
            When(closed_at__isnull=False, then=Value(None)),
            When(level=0, then=F("warn_at")),
            When(level=1, then=F("due_at")),
            When(level=2, then=F("director_at")),
            default=Value(None),
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.OPEN)
    closed_at = models.DateTimeField(null=True, blank=True)  # the fact that kept or ended it
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    extends = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="extended_by")
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id", "sequence"], name="promise_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", closed_at__isnull=True)
                | (~Q(outcome="open") & Q(closed_at__isnull=False)),
                name="promise_closed_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(warn_at__isnull=True) | Q(warn_at__lte=F("due_at")),
                name="promise_warns_before_due",
            ),
            models.CheckConstraint(
                condition=Q(director_at__isnull=True) | Q(director_at__gte=F("due_at")),
                name="promise_director_after_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="promise_next_step"
            ),
            models.Index(
                fields=["owner", "due_at"], condition=Q(closed_at__isnull=True), name="promise_owed"
            ),
            models.Index(
                fields=["estate", "due_at"], condition=Q(closed_at__isnull=True), name="promise_estate_due"
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="promise_subject"),
            # What ended, the latest first: a month of it, whatever its kind, and the end of the list without years of it.
            models.Index(
                fields=["estate", "-closed_at", "-id"],
                condition=Q(closed_at__isnull=False),
                name="promise_ended",
            ),
            models.Index(fields=["estate", "kind", "fact_at"], name="promise_fact"),
        ]

    def __str__(self):
        return f"{self.kind} {self.title}"

    @property
    def is_open(self):
        return self.closed_at is None


class OwnerChange(models.Model):
    """A matter with its promises passed to somebody else, and why (SPEC §1 "explicit hand-over with a reason").

    Append-only. The journal's line refers to this row, so that what was typed stands in one place.
    """

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    was = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of owner")
        indexes = [models.Index(fields=["subject_kind", "subject_id", "-id"], name="owner_change_subject")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="owner_change_has_reason"),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.subject_kind} {self.subject_id}"


class Seen(models.Model):
    """Somebody a promise climbed to has said "seen, I take care": of which step, who and when. It stops no clock."""

    promise = models.ForeignKey(Promise, models.PROTECT, related_name="seen")
    step = models.PositiveSmallIntegerField(choices=Promise.Level)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("acknowledgement")
        constraints = [
            models.UniqueConstraint(fields=["promise", "step"], name="seen_once"),
            models.CheckConstraint(condition=Q(step__in=(2, 3)), name="seen_above_the_owner"),
        ]
        triggers = [append_only()]

    def __str__(self):
        return f"{self.promise_id} {self.step}"
