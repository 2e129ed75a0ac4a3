from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .case import EstateQuerySet


class Import(models.Model):
    """One sheet of one file on its way into the register (SPEC §14).

    Whether work is under way is the job's to say; the state is what the last finished work left.
    """

    SUBJECT = "office.import"

    class State(models.TextChoices):
        OPEN = "open", _("not checked yet")
        CHECKED = "checked", _("checked")
        APPLIED = "applied", _("applied")
        ROLLED_BACK = "rolled_back", _("rolled back")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", verbose_name=_("estate"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("started by")
    )
    made_at = models.DateTimeField()
    file = models.ForeignKey("office.File", models.PROTECT, null=True, related_name="+")  # null: swept out
    name = models.CharField(_("file"), max_length=200)
    previews = models.JSONField(default=list)  # what the file's sheets look like, read once
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    source = models.CharField(_("sheet of the file"), max_length=120, blank=True)
    sheet = models.CharField(_("brings in"), max_length=40, blank=True)
    header_row = models.PositiveIntegerField(default=0)  # 0-based
    headers = models.JSONField(default=list)
    matching = models.JSONField(default=dict)  # column key → place in the file's row, 0-based
    counts = models.JSONField(default=dict)  # outcome → rows
    # The journal's last line when the rows were compared: what came later may have changed the comparison.
    checked_event = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    rolled_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    touched = models.JSONField(default=list)  # why it could not be rolled back: [{kind, id, text, why}]
    swept_at = models.DateTimeField(null=True, blank=True)  # file and rows removed after their time
    job = models.ForeignKey("office.Job", models.SET_NULL, null=True, related_name="+")

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        indexes = [models.Index(fields=["estate", "-made_at", "-id"], name="import_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(checked_at__isnull=False), name="import_checked_before"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["applied", "rolled_back"], applied_at__isnull=False, applied_by__isnull=False)
                | Q(state__in=["open", "checked"], applied_at__isnull=True, applied_by__isnull=True),
                name="import_applied_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="rolled_back", rolled_back_at__gte=F("applied_at"), rolled_back_by__isnull=False)
                | (~Q(state="rolled_back") & Q(rolled_back_at__isnull=True, rolled_back_by__isnull=True)),
                name="import_rolled_back_after",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.name} · {self.source}" if self.source else self.name


class ImportRow(models.Model):
    """One row of the file as it was read, what it means, and all that is wrong with it."""

    class Outcome(models.TextChoices):
        CREATE = "create", _("new")
        UPDATE = "update", _("changes")
        UNCHANGED = "unchanged", _("unchanged")
        ERROR = "error", _("error")
        LEFT_OUT = "left_out", _("left out")

    batch = models.ForeignKey(Import, models.CASCADE, db_index=False, related_name="rows")
    number = models.PositiveIntegerField()  # as the workbook counts: the first is 1
    cells = models.JSONField(default=dict)  # column key → cell; secret ones sealed
    outcome = models.CharField(max_length=10, choices=Outcome)
    errors = models.JSONField(default=list)  # [{"column", "cell", "reason", "proposed"}]
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("row of an import")
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="import_row_once"),
            models.CheckConstraint(
                condition=Q(outcome="error") & ~Q(errors=[]) | ~Q(outcome="error") & Q(errors=[]),
                name="import_row_says_why",
            ),
        ]
        indexes = [models.Index(fields=["batch", "outcome", "number"], name="import_row_by_outcome")]

    def __str__(self):
        return str(self.number)


class ImportWrite(models.Model):
    """One row of the register an import makes or changes: written by one statement, undone by its reverse."""

    class Action(models.TextChoices):
        CREATE = "create", _("new")
        UPDATE = "update", _("changes")

    batch = models.ForeignKey(Import, models.CASCADE, db_index=False, related_name="writes")
    number = models.PositiveIntegerField()  # the row of the file that asked for it first
    table = models.CharField(max_length=40)
    action = models.CharField(max_length=6, choices=Action)
    subject_id = models.BigIntegerField()  # taken from the table's sequence when the row was checked
    values = models.JSONField()  # columns as they will be
    before = models.JSONField(null=True)  # the same columns as they were, of an update
    event = models.JSONField(null=True)  # the journal's line
    shared = models.BooleanField(default=False)  # made only when another row of the import needs it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "table", "subject_id"], name="import_write_once"),
            models.CheckConstraint(
                condition=Q(action="create", before__isnull=True) | Q(action="update", before__isnull=False),
                name="import_write_goes_back",
            ),
        ]
        indexes = [models.Index(fields=["batch", "number"], name="import_write_of_row")]

    def __str__(self):
        return f"{self.action} {self.table} {self.subject_id}"


class ImportKey(models.Model):
    """What a subject an import will make is found again by, for the rows that are checked alone afterwards."""

    # Several to a row and of no worth without it: not worth a look-up each when a hundred thousand come in.
    batch = models.ForeignKey(Import, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    table = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    subject_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["batch", "table", "key"], name="import_key_lookup")]

    def __str__(self):
        return self.key


class ImportMatching(models.Model):
    """How the columns of one source were matched last time, so that nobody does it twice."""

    estate = models.ForeignKey("office.Estate", models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)  # of the header's texts
    sheet = models.CharField(max_length=40)
    matching = models.JSONField(default=dict)
    used_at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["estate", "fingerprint"], name="import_matching_once")]

    def __str__(self):
        return self.fingerprint
