import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.models import Department, EstateQuerySet

from .catalogue import Catalogue


class Authority(Catalogue):
    """公務人員's authority (police, street office, fire inspectors …) and who is its counterpart here (SPEC §2)."""

    department = models.CharField(
        _("department"), max_length=20, choices=Department, default=Department.MANAGEMENT
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("counterpart"),
    )

    class Meta(Catalogue.Meta):
        verbose_name = _("authority")
        constraints = [models.UniqueConstraint(fields=["estate", "code"], name="authority_code_once")]


class LogEntryQuerySet(EstateQuerySet):
    def kept(self):
        """Lines of the log, without those taken back within ten seconds."""
        return self.filter(withdrawn=False)

    def open(self):
        return self.filter(is_open=True)

    def about(self, subject_kind, subject_id):
        """The lines that became a matter, or were written by it."""
        return self.filter(became_kind=subject_kind, became_id=subject_id)


class LogEntry(models.Model):
    """One line of the reception log 客戶服務中心工作日誌: who came or called, what was asked, what was answered (SPEC §2)."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("telephone")
        VISIT = "visit", pgettext_lazy("channel", "visit")
        COUNTER = "counter", _("counter")
        LETTER = "letter", _("letter")
        MESSAGE = "message", _("message")

    class Who(models.TextChoices):
        RESIDENT = "resident", _("resident")
        OUTSIDE = "outside", _("not a resident")
        ANONYMOUS = "anonymous", _("anonymous")
        OFFICIAL = "official", _("official")

    SUBJECT = "tickets.log_entry"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    # A line that a ticket wrote by itself has the ticket's number and none of its own.
    number = models.CharField(_("number"), max_length=40, blank=True)
    at = models.DateTimeField(_("time"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    who = models.CharField(_("who"), max_length=10, choices=Who, default=Who.RESIDENT)
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    person = models.ForeignKey(
        "residents.Person", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    authority = models.ForeignKey(
        Authority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("authority")
    )
    organisation = models.CharField(_("authority or organisation"), max_length=120, blank=True)
    credentials = models.CharField(_("credentials shown"), max_length=120, blank=True)
    counterpart = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("counterpart"),
    )
    asked = models.TextField(_("what was asked"), max_length=4000)
    answered = models.TextField(_("what was answered"), max_length=4000, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    recorded_at = models.DateTimeField()
    # What became of it: the matter it was turned into, or the matter that wrote this line itself (`automatic`).
    became_kind = models.CharField(max_length=40, blank=True)
    became_id = models.BigIntegerField(null=True, blank=True)
    became_text = models.CharField(max_length=80, blank=True)
    automatic = models.BooleanField(default=False)
    # Derived: due time of the open question to an expert, since lists sort and filter by it.
    next_due_at = models.DateTimeField(_("next due"), null=True, blank=True, editable=False)
    withdrawn = models.BooleanField(default=False)  # taken back within ten seconds
    version = models.PositiveIntegerField(default=1, editable=False)
    is_open = models.GeneratedField(
        expression=models.Case(
            models.When(withdrawn=True, then=models.Value(False)),
            models.When(next_due_at__isnull=False, then=models.Value(True)),
            models.When(answered="", became_kind="", then=models.Value(True)),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = LogEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of the log")
        constraints = [
            models.UniqueConstraint(
                fields=["estate", "number"], condition=Q(number__gt=""), name="log_number_once"
            ),
            models.UniqueConstraint(
                fields=["became_kind", "became_id"], condition=Q(automatic=True), name="log_own_line_once"
            ),
            models.CheckConstraint(
                condition=Q(number__gt="") | Q(automatic=True), name="log_line_has_a_number"
            ),
            models.CheckConstraint(
                condition=Q(became_kind="", became_id__isnull=True, became_text="", automatic=False)
                | Q(became_kind__gt="", became_id__isnull=False, became_text__gt=""),
                name="log_matter_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(who="resident") | Q(unit__isnull=False) | Q(person__isnull=False),
                name="log_resident_is_registered",
            ),
            models.CheckConstraint(
                condition=~Q(who="outside") | Q(name__gt="") | Q(phone__gt=""), name="log_outsider_is_named"
            ),
            models.CheckConstraint(
                condition=~Q(who="anonymous") | Q(person__isnull=True, name="", phone=""),
                name="log_anonymous_is_nobody",
            ),
            models.CheckConstraint(
                condition=Q(who="official", organisation__gt="")
                | (~Q(who="official") & Q(organisation="", authority__isnull=True)),
                name="log_official_has_an_office",
            ),
            models.CheckConstraint(condition=Q(asked__gt=""), name="log_says_what_was_asked"),
        ]
        indexes = [
            models.Index(fields=["estate", "-at", "-id"], name="log_newest"),
            models.Index(fields=["estate", "-at"], condition=Q(is_open=True), name="log_open"),
            models.Index(fields=["became_kind", "became_id"], condition=Q(became_id__isnull=False), name="log_became"),
            models.Index(fields=["unit", "-at"], condition=Q(unit__isnull=False), name="log_unit"),
        ]  # fmt: skip

    def __str__(self):
        return self.number or self.became_text

    @property
    def caller(self):
        """Who it was, in one line; nobody known is said as such."""
        if self.who == self.Who.OFFICIAL:
            return " ".join(filter(None, [self.organisation, self.name]))
        return self.name or self.phone or str(self.Who(self.who).label)

    @property
    def where(self):
        return self.unit.code if self.unit else self.place


class Question(models.Model):
    """What needs an expert: given to a named person, promised at an agreed time, told to who asked (SPEC §2)."""

    class How(models.TextChoices):
        PHONE = "phone", _("by telephone")
        COUNTER = "counter", _("at the counter")
        LETTER = "letter", _("by letter")
        MESSAGE = "message", _("by message")

    entry = models.OneToOneField(LogEntry, models.PROTECT, related_name="question")
    expert = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("expert")
    )
    department = models.CharField(_("department"), max_length=20, choices=Department)
    agreed_at = models.DateTimeField(_("answer promised for"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    passed_on = models.CharField(_("why it was passed on"), max_length=300, blank=True)
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    told_how = models.CharField(_("told how"), max_length=10, choices=How, blank=True)

    class Meta:
        verbose_name = _("question to an expert")
        constraints = [
            models.CheckConstraint(condition=Q(agreed_at__gt=F("asked_at")), name="question_promises_ahead"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_by__isnull=True)
                | Q(answer__gt="", answered_at__isnull=False, answered_by__isnull=False),
                name="question_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_by__isnull=True, told_how="")
                | Q(told_at__isnull=False, told_by__isnull=False, told_how__gt="", answered_at__isnull=False),
                name="question_told_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expert"], condition=Q(told_at__isnull=True), name="question_of_expert")
        ]

    def __str__(self):
        return str(self.entry)


class Handover(models.Model):
    """交接班: what the next shift must know, written by who leaves, acknowledged once by somebody else (SPEC §2)."""

    class Shift(models.TextChoices):
        MORNING = "morning", _("morning shift")
        AFTERNOON = "afternoon", _("afternoon shift")
        NIGHT = "night", _("night shift")

    SUBJECT = "tickets.handover"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    day = models.DateField(_("day"))
    shift = models.CharField(_("shift"), max_length=10, choices=Shift)
    text = models.TextField(_("what the next shift must know"), max_length=4000, blank=True)
    # What was open at that moment, frozen: [{"kind", "id", "text", "due_at"}]; numbers and units, no names.
    open_lines = models.JSONField(default=list)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    written_at = models.DateTimeField(_("written at"))
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    withdrawn = models.BooleanField(default=False)  # taken back within ten seconds
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift hand-over")
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True)
                # "is not null" is needed: an unknown time alone would pass the check.
                | Q(
                    acknowledged_by__isnull=False,
                    acknowledged_at__isnull=False,
                    acknowledged_at__gte=F("written_at"),
                ),
                name="handover_acknowledgement_is_whole",
            ),
            # Written this way an unknown acknowledger passes and the writer never does.
            models.CheckConstraint(
                condition=~Q(acknowledged_by=F("written_by")), name="handover_acknowledged_by_another"
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-written_at", "-id"], name="handover_newest"),
            models.Index(
                fields=["estate"],
                condition=Q(acknowledged_at__isnull=True, withdrawn=False),
                name="handover_waiting",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="acknowledged_once",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.acknowledged_at IS NOT NULL"),
                func="RAISE EXCEPTION 'acknowledged: % of % is refused', TG_OP, TG_TABLE_NAME;",
            )
        ]

    def __str__(self):
        return f"{self.day:%Y-%m-%d} {self.get_shift_display()}"
