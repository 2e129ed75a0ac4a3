"""Complaints 投訴: what was said, of which class, what was done about it, what the resident was told (SPEC §5)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.models import Case, Department, EstateQuerySet
from office.models.append_only import append_only
from office.models.catalogue import Catalogue


class ComplaintCause(Catalogue):
    """What complaints are about, for the month's analysis; the department usually answers for it (SPEC §5, §4.8)."""

    department = models.CharField(
        _("department"), max_length=20, choices=Department, default=Department.MANAGEMENT
    )

    class Meta(Catalogue.Meta):
        verbose_name = _("cause of complaints")
        constraints = [
            models.UniqueConstraint(fields=["estate", "code"], name="complaint_cause_code_once"),
            models.UniqueConstraint(fields=["id", "estate"], name="complaint_cause_of_one_estate"),
        ]


class ComplaintQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)


class Complaint(Case):
    """投訴: taken by a clerk, classed, handled by a department, told to the resident the same day, called back (SPEC §5).

    `opened_at` is the reception, `owner` the clerk who took it and answers for it. A callback that is not satisfied
    opens the next round: its promises count from `counts_from`, and what was done before stands in the steps.
    """

    class State(models.TextChoices):
        RECEIVED = "received", pgettext_lazy("complaint", "received")
        HANDLING = "handling", pgettext_lazy("complaint", "being handled")
        REPORTED = "reported", pgettext_lazy("complaint", "result to be told")
        TOLD = "told", pgettext_lazy("complaint", "callback owed")
        CLOSED = "closed", pgettext_lazy("complaint", "closed")
        WITHDRAWN = "withdrawn", pgettext_lazy("complaint", "withdrawn")

    class Klass(models.TextChoices):
        # Translators: 重大
        MAJOR = "major", pgettext_lazy("class of complaint", "major")
        # Translators: 重要
        IMPORTANT = "important", pgettext_lazy("class of complaint", "important")
        # Translators: 輕微
        MINOR = "minor", pgettext_lazy("class of complaint", "minor")

    class Channel(models.TextChoices):
        PHONE = "phone", _("telephone")
        VISIT = "visit", pgettext_lazy("channel", "visit")
        COUNTER = "counter", _("counter")
        LETTER = "letter", _("letter")
        MESSAGE = "message", _("message")

    class Against(models.TextChoices):
        """Who is complained of."""

        COMPANY = "company", _("the company")
        DEPARTMENT = "department", _("a department")
        STAFF = "staff", _("a member of staff")
        RESIDENT = "resident", _("a resident")
        NEIGHBOUR = "neighbour", _("a neighbour")
        DEVELOPER = "developer", _("the developer")
        CONTRACTOR = "contractor", _("a contractor")
        OTHER = "other", _("others")

    class Fault(models.TextChoices):
        """Whose fault it was (SPEC §5.3)."""

        COMPANY = "company", pgettext_lazy("fault of", "the company")
        RESIDENT = "resident", pgettext_lazy("fault of", "the resident")
        NEIGHBOUR = "neighbour", pgettext_lazy("fault of", "a neighbour")
        DEVELOPER = "developer", pgettext_lazy("fault of", "developer or contractor")
        SEVERAL = "several", pgettext_lazy("fault of", "several")
        NONE = "none", pgettext_lazy("fault of", "nobody")

    class ToldHow(models.TextChoices):
        """How the result was told; a message keeps no promise (SPEC §5.3)."""

        PHONE = "phone", _("by telephone")
        FACE = "face", _("face to face")

    class Ending(models.TextChoices):
        CALLED_BACK = "called_back", _("called back")
        UNREACHABLE = "unreachable", _("not reachable")
        WITHDRAWN = "withdrawn", _("withdrawn by the resident")

    SUBJECT = "tickets.complaint"
    was: dict  # not stored: the row as an action found it, for Undo

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    klass = models.CharField(
        pgettext_lazy("of a complaint", "class"), max_length=10, choices=Klass, default=Klass.MINOR
    )
    class_reason = models.CharField(_("reason of the class"), max_length=300, blank=True)
    reclassed_at = models.DateTimeField(_("re-classed at"), null=True, blank=True)

    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    occurred_at = models.DateTimeField(_("when it happened"))
    recorded_at = models.DateTimeField()
    building = models.ForeignKey(
        "office.Building",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("building"),
    )
    place = models.CharField(_("place"), max_length=200, blank=True)

    complainant = models.ForeignKey(
        "residents.Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who complains"),
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)

    against = models.CharField(_("complained of"), max_length=10, choices=Against, default=Against.COMPANY)
    against_text = models.CharField(_("name of who is complained of"), max_length=120, blank=True)
    against_department = models.CharField(
        _("department complained of"), max_length=20, choices=Department, blank=True
    )
    against_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("member of staff complained of"),
    )
    course = models.TextField(_("what happened"), max_length=4000)
    demand = models.TextField(_("what is asked for"), max_length=2000, blank=True)
    cause = models.ForeignKey(
        ComplaintCause, models.PROTECT, related_name="complaints", verbose_name=_("cause")
    )

    department = models.CharField(_("department"), max_length=20, choices=Department)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person responsible"),
    )
    # For a minor one the resident's date replaces the two days (SPEC §5.2).
    wanted_by = models.DateField(_("date the resident asks for"), null=True, blank=True)
    harm_now = models.BooleanField(_("harm is still going on"), default=False)
    harm_stopped_at = models.DateTimeField(_("harm stopped at"), null=True, blank=True)

    # The forward: who is named to acknowledge it, head of the department or director; nobody for a minor one.
    forward_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("forwarded to"),
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    contacted_at = models.DateTimeField(_("first contact"), null=True, blank=True)
    contact_tries = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(_("clear answer given"), null=True, blank=True)
    reported_at = models.DateTimeField(_("result recorded"), null=True, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("result recorded by"),
    )
    told_at = models.DateTimeField(_("result told"), null=True, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("result told by"),
    )
    told_how = models.CharField(_("told how"), max_length=5, choices=ToldHow, blank=True)

    fault = models.CharField(_("fault"), max_length=10, choices=Fault, blank=True)
    valid = models.BooleanField(_("justified"), null=True, blank=True)
    result = models.TextField(_("result"), max_length=4000, blank=True)
    apology = models.BooleanField(_("apology given"), default=False)
    calmed_at = models.DateTimeField(_("talk moved to a separate room"), null=True, blank=True)

    ticket = models.ForeignKey(
        "tickets.Ticket",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("linked repair"),
    )
    is_repeat = models.BooleanField(_("repeat"), default=False)
    repeat_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", verbose_name=_("repeat of")
    )
    rounds = models.PositiveSmallIntegerField(_("round"), default=1)
    counts_from = models.DateTimeField()  # the reception, or the callback that reopened it
    tries = models.PositiveSmallIntegerField(default=0)  # failed ones, of telling, then of calling back
    satisfied = models.BooleanField(_("satisfied"), null=True, blank=True)
    ending = models.CharField(_("ended as"), max_length=12, choices=Ending, blank=True)
    end_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="complaint_number_once"),
            models.CheckConstraint(
                condition=Q(unit__isnull=False) | Q(building__isnull=False) | Q(place__gt=""),
                name="complaint_has_a_place",
            ),
            # Nobody could be told the result otherwise.
            models.CheckConstraint(
                condition=Q(complainant__isnull=False)
                | Q(name__gt="")
                | Q(phone__gt="")
                | Q(unit__isnull=False),
                name="complaint_can_be_answered",
            ),
            models.CheckConstraint(condition=Q(course__gt=""), name="complaint_says_what_happened"),
            models.CheckConstraint(
                condition=(~Q(against="department") | Q(against_department__gt=""))
                & (~Q(against="staff") | Q(against_staff__isnull=False) | Q(against_text__gt="")),
                name="complaint_says_of_whom",
            ),
            models.CheckConstraint(
                condition=Q(handler__isnull=True)
                | Q(against_staff__isnull=True)
                | ~Q(handler=F("against_staff")),
                name="complaint_not_handled_by_its_cause",
            ),
            models.CheckConstraint(
                condition=~Q(state="handling") | Q(handler__isnull=False),
                name="complaint_handled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__lte=F("counts_from"), rounds__gte=1),
                name="complaint_rounds_in_order",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(
                    acknowledged_at__isnull=False,
                    acknowledged_by__isnull=False,
                    acknowledged_at__gte=F("counts_from"),
                ),
                name="complaint_acknowledgement_whole",
            ),
            # Who is complained of receives nothing of it.
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True)
                | Q(against_staff__isnull=True)
                | ~Q(acknowledged_by=F("against_staff")),
                name="complaint_not_received_by_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(harm_stopped_at__isnull=True) | Q(harm_now=True), name="complaint_stops_a_harm"
            ),
            # Harm that goes on is stopped before anything else is done (SPEC §5.3).
            models.CheckConstraint(
                condition=Q(harm_now=False)
                | Q(harm_stopped_at__isnull=False)
                | Q(contacted_at__isnull=True, answered_at__isnull=True, reported_at__isnull=True),
                name="complaint_stops_harm_first",
            ),
            models.CheckConstraint(
                condition=Q(reported_at__isnull=True, reported_by__isnull=True)
                | Q(
                    reported_at__isnull=False,
                    reported_by__isnull=False,
                    result__gt="",
                    fault__gt="",
                    valid__isnull=False,
                ),
                name="complaint_result_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_by__isnull=True, told_how="")
                | Q(
                    told_at__isnull=False,
                    told_by__isnull=False,
                    told_how__in=["phone", "face"],
                    reported_at__isnull=False,
                    told_at__gte=F("reported_at"),
                ),
                name="complaint_told_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["received", "handling"], reported_at__isnull=True)
                | Q(state="reported", reported_at__isnull=False, told_at__isnull=True)
                | Q(state="told", told_at__isnull=False)
                | Q(state__in=["closed", "withdrawn"]),
                name="complaint_state_has_its_facts",
            ),
            # "is not null" is needed: an unknown answer alone would pass the check.
            models.CheckConstraint(
                condition=Q(
                    state="closed",
                    ending="called_back",
                    satisfied__isnull=False,
                    satisfied=True,
                    told_at__isnull=False,
                )
                | Q(
                    state="closed",
                    ending="unreachable",
                    reported_at__isnull=False,
                    end_reason__gt="",
                    tries__gte=3,
                )
                | Q(state="withdrawn", ending="withdrawn", end_reason__gt="")
                | Q(state__in=["received", "handling", "reported", "told"], ending=""),
                name="complaint_ends_as_it_may",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "withdrawn"], closed_at__isnull=False)
                | Q(state__in=["received", "handling", "reported", "told"], closed_at__isnull=True),
                name="complaint_closed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(repeat_of__isnull=True) | ~Q(repeat_of=F("id")), name="complaint_repeats_another"
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-opened_at", "-id"], name="complaint_newest"),
            models.Index(
                fields=["estate", "next_due_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="complaint_next_clock",
            ),
            models.Index(
                fields=["unit", "-opened_at", "-id"],
                condition=Q(unit__isnull=False),
                name="complaint_unit",
            ),
            models.Index(
                fields=["complainant", "-opened_at"],
                condition=Q(complainant__isnull=False),
                name="complaint_by_person",
            ),
            models.Index(fields=["estate", "cause", "-opened_at"], name="complaint_by_cause"),
            models.Index(
                fields=["estate", "told_at"], condition=Q(told_at__isnull=False), name="complaint_told"
            ),
            models.Index(
                fields=["handler"], condition=Q(handler__isnull=False, closed_at__isnull=True),
                name="complaint_handled",
            ),
        ]  # fmt: skip

    @property
    def is_open(self):
        return self.closed_at is None

    @property
    def harm_going_on(self):
        return self.harm_now and self.harm_stopped_at is None

    @property
    def where(self):
        return self.unit.code if self.unit else self.place or str(self.building)

    @property
    def who(self):
        """Who complains, in one line."""
        return self.name or self.phone or self.where


class ComplaintStep(models.Model):
    """What was done about a complaint or said to the resident, one line each. Append-only."""

    class Kind(models.TextChoices):
        CONTACT = "contact", _("resident contacted")
        CONTACT_FAILED = "contact_failed", _("resident not reached")
        HARM_STOPPED = "harm_stopped", _("harm stopped")
        ACTION = "action", pgettext_lazy("complaint", "action")
        MEETING = "meeting", _("joint meeting")
        REASON_TOLD = "reason_told", _("reason of the delay told")
        REPORTED_UP = "reported_up", _("reported upward")
        ANSWER = "answer", _("clear answer given")
        REPORT = "report", _("result recorded")
        TOLD = "told", _("result told")
        CALM_DOWN = "calm_down", _("talk moved to a separate room")
        WITHDRAWN = "withdrawn", _("withdrawn by the resident")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="steps")
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    text = models.TextField(_("text"), max_length=4000, blank=True)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("step of a complaint")
        ordering = ["complaint", "recorded_at", "pk"]
        triggers = [append_only()]
        indexes = [models.Index(fields=["complaint", "recorded_at"], name="complaint_step_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(text__gt="") | Q(kind__in=["contact_failed", "told", "calm_down"]),
                name="complaint_step_says_what",
            ),
            models.CheckConstraint(
                condition=Q(at__lte=F("recorded_at")), name="complaint_step_lies_in_the_past"
            ),
        ]

    def __str__(self):
        return f"{self.complaint_id} {self.kind}"


class ComplaintMeeting(models.Model):
    """A joint meeting with several parties (SPEC §5.3). Append-only."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="meetings")
    at = models.DateTimeField(_("at"))
    place = models.CharField(_("place"), max_length=120)
    parties = models.CharField(_("who took part"), max_length=500)
    outcome = models.TextField(_("outcome"), max_length=4000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("joint meeting")
        ordering = ["complaint", "at", "pk"]
        triggers = [append_only()]
        indexes = [models.Index(fields=["complaint", "at"], name="complaint_meeting_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(place__gt="", parties__gt="", outcome__gt=""), name="complaint_meeting_is_whole"
            )
        ]

    def __str__(self):
        return f"{self.complaint_id} {self.place}"


class ComplaintRemedy(models.Model):
    """A proposed remedy with what it costs the company; the resident accepts it or not (SPEC §5.3)."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="remedies")
    text = models.CharField(_("remedy"), max_length=500)
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    proposed_at = models.DateTimeField(_("proposed at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    accepted = models.BooleanField(_("accepted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("proposed remedy")
        ordering = ["complaint", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(text__gt="") & (Q(cost__isnull=True) | Q(cost__gte=0)),
                name="complaint_remedy_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(accepted__isnull=True, decided_at__isnull=True, decided_by__isnull=True)
                | Q(accepted__isnull=False, decided_at__isnull=False, decided_by__isnull=False),
                name="complaint_remedy_answer_whole",
            ),
        ]

    def __str__(self):
        return self.text


class ComplaintCall(models.Model):
    """One try to reach who complained: to tell the result (failed tries only), or the callback 回訪 (SPEC §5.3)."""

    class Purpose(models.TextChoices):
        RESULT = "result", _("to tell the result")
        CALLBACK = "callback", _("callback")

    class Outcome(models.TextChoices):
        SATISFIED = "satisfied", _("satisfied")
        NOT_SATISFIED = "not_satisfied", _("not satisfied")
        NOT_REACHED = "not_reached", _("not reached")

    class How(models.TextChoices):
        PHONE = "phone", _("by telephone")
        VISIT = "visit", _("by visit")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="calls")
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose, default=Purpose.CALLBACK)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
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
        verbose_name = _("callback of a complaint")
        ordering = ["complaint", "tried_at", "pk"]
        indexes = [
            models.Index(fields=["complaint", "tried_at"], name="complaint_call_of"),
            models.Index(fields=["tried_at"], name="complaint_called"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=5), name="complaint_score_1_to_5"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="not_satisfied") | Q(remark__gt=""), name="complaint_call_says_why_not"
            ),
            models.CheckConstraint(
                condition=~Q(purpose="result") | Q(outcome="not_reached"), name="complaint_told_is_no_call"
            ),
            models.UniqueConstraint(
                fields=["complaint", "round"],
                condition=Q(purpose="callback") & ~Q(outcome="not_reached"),
                name="complaint_reached_once_a_round",
            ),
        ]

    def __str__(self):
        return f"{self.complaint_id} {self.outcome}"
