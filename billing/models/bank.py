"""Money by bank: mandates, the layouts of its files, what was sent, what came back, statement lines (SPEC §6.7)."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet

from .ledger import Account
from .receipts import Receipt


class Mandate(models.Model):
    """銀行委託: a debtor's leave to draw on a bank account for an account of ours, for these days."""

    SUBJECT = "mandate"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="mandates", verbose_name=_("account"))
    bank = models.CharField(_("bank"), max_length=80)
    # Sealed like identity numbers (office.identity); never leaves as text but in the bank's file, which is logged.
    number_sealed = models.CharField(max_length=400, editable=False)
    number_tail = models.CharField(max_length=4, editable=False)
    number_index = models.CharField(max_length=64, editable=False)
    holder = models.CharField(_("account holder"), max_length=120)
    reference = models.CharField(_("contract number with the bank"), max_length=60, blank=True)
    period = DateRangeField(_("period"))
    evidence = models.CharField(
        _("evidence"), max_length=200, help_text=_("Where the signed mandate is kept.")
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 銀行委託
        verbose_name = _("bank mandate")
        constraints = [
            ExclusionConstraint(
                name="mandate_one_at_a_time",
                expressions=[("account", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False), name="mandate_has_days"
            ),
            models.CheckConstraint(condition=Q(evidence__gt=""), name="mandate_has_evidence"),
        ]

    def __str__(self):
        return f"{self.bank} •••• {self.number_tail}"


class Layout(models.Model):
    """How a bank writes one of its files: rows of settings, not code."""

    class Purpose(models.TextChoices):
        OUT = "out", _("amounts due, to the bank")
        RESULTS = "results", _("results of a mandate file")
        STATEMENT = "statement", _("bank statement")

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"

    class Encoding(models.TextChoices):
        UTF8 = "utf-8", "UTF-8"
        GB = "gb18030", "GB18030"

    class Sign(models.TextChoices):
        """What an amount means in a statement."""

        PLUS = "plus", _("incoming is positive")
        MINUS = "minus", _("incoming is negative")
        COLUMN = "column", _("a column says in or out")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("for"), max_length=10, choices=Purpose)
    form = models.CharField(_("kind of file"), max_length=5, choices=Form, default=Form.CSV)
    separator = models.CharField(_("separator"), max_length=1, default=",", blank=True)
    encoding = models.CharField(_("encoding"), max_length=10, choices=Encoding, default=Encoding.UTF8)
    header_rows = models.PositiveSmallIntegerField(_("rows above the first line"), default=1)
    # field → column letter, for files that come in; for files that go out the fields stand in their order.
    columns = models.JSONField(_("columns"), default=dict)
    date_form = models.CharField(_("dates"), max_length=20, default="%Y-%m-%d")
    in_cents = models.BooleanField(_("amounts in cents"), default=False)
    sign = models.CharField(_("sign"), max_length=8, choices=Sign, default=Sign.PLUS)
    # What a result says when the money was taken; everything else is the reason why not.
    success = models.CharField(_("words of success"), max_length=120, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("layout of a bank file")
        ordering = ["purpose", "name"]
        constraints = [models.UniqueConstraint(fields=["estate", "purpose", "name"], name="layout_once")]

    def __str__(self):
        return self.name


class BankFile(models.Model):
    """A file that went to the bank or came from it. The same file a second time is the same row."""

    SUBJECT = "bank_file"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    purpose = models.CharField(_("for"), max_length=10, choices=Layout.Purpose)
    layout = models.ForeignKey(Layout, models.PROTECT, related_name="+", verbose_name=_("layout"))
    name = models.CharField(_("file"), max_length=200)
    digest = models.CharField(max_length=64)  # of its content; of a file that goes out: of its lines
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("lines"), default=0)
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2, default=0)
    # Results nobody could be found for: [{"row", "reference", "amount", "said"}].
    unmatched = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank file")
        constraints = [models.UniqueConstraint(fields=["estate", "purpose", "digest"], name="bank_file_once")]
        indexes = [models.Index(fields=["estate", "-at", "-id"], name="bank_file_newest")]

    def __str__(self):
        return self.name


class Draft(models.Model):
    """扣款: an amount asked of the bank for one account, and what came of it."""

    class State(models.TextChoices):
        SENT = "sent", _("sent")
        PAID = "paid", _("paid")
        FAILED = "failed", _("not paid")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(BankFile, models.PROTECT, related_name="drafts", verbose_name=_("file"))
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="drafts", verbose_name=_("mandate"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("account"))
    reference = models.CharField(_("reference"), max_length=40)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.SENT)
    reason = models.CharField(_("why not"), max_length=200, blank=True)
    receipt = models.OneToOneField(
        Receipt, models.PROTECT, null=True, related_name="draft", verbose_name=_("receipt")
    )
    result = models.ForeignKey(BankFile, models.PROTECT, null=True, related_name="results")
    settled_on = models.DateField(_("settled on"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("amount asked of the bank")
        constraints = [
            models.UniqueConstraint(fields=["estate", "reference"], name="draft_reference_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="sent"), name="draft_one_under_way"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="draft_positive"),
            models.CheckConstraint(
                condition=Q(state="paid", receipt__isnull=False)
                | (~Q(state="paid") & Q(receipt__isnull=True)),
                name="draft_paid_has_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | Q(reason__gt=""), name="draft_failed_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["file", "state"], name="draft_of_file")]

    def __str__(self):
        return self.reference


class StatementLine(models.Model):
    """One incoming line of a bank statement: kept as it came, booked once."""

    SUBJECT = "statement_line"

    class State(models.TextChoices):
        OPEN = "open", _("not matched")
        PROPOSED = "proposed", _("proposed")
        POSTED = "posted", _("booked")
        IGNORED = "ignored", _("left aside")

    class Sure(models.IntegerChoices):
        """How sure a proposal is."""

        MAYBE = 1, _("perhaps")
        LIKELY = 2, _("likely")
        CERTAIN = 3, _("certain")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(BankFile, models.PROTECT, related_name="lines", verbose_name=_("file"))
    number = models.PositiveIntegerField(_("row"))
    day = models.DateField(_("day"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    payer = models.CharField(_("payer"), max_length=120, blank=True)
    payer_key = models.CharField(max_length=120, blank=True)  # folded
    payer_index = models.CharField(
        max_length=64, blank=True
    )  # of the payer's account number, which is not kept
    payer_tail = models.CharField(_("payer's account"), max_length=4, blank=True)
    text = models.CharField(_("text"), max_length=300, blank=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    codes = models.JSONField(default=list)  # unit codes that stand in the text, as the search box reads them
    key = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", verbose_name=_("account")
    )
    sure = models.PositiveSmallIntegerField(_("how sure"), choices=Sure, null=True)
    why = models.JSONField(default=list)  # of remembered, account, code, name, amount
    receipt = models.OneToOneField(
        Receipt, models.PROTECT, null=True, related_name="statement_line", verbose_name=_("receipt")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 銀行流水
        verbose_name = _("line of a bank statement")
        constraints = [
            models.UniqueConstraint(fields=["estate", "key"], name="statement_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="statement_line_incoming"),
            models.CheckConstraint(
                condition=Q(state="posted", receipt__isnull=False)
                | (~Q(state="posted") & Q(receipt__isnull=True)),
                name="statement_line_booked_has_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(state="ignored") | Q(reason__gt=""), name="statement_line_aside_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="proposed") | Q(account__isnull=False, sure__isnull=False),
                name="statement_line_proposes_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-day", "-id"], name="statement_newest"),
            models.Index(
                fields=["estate", "day", "id"],
                condition=Q(state__in=["open", "proposed"]),
                name="statement_to_do",
            ),
            models.Index(fields=["file"], name="statement_of_file"),
        ]

    def __str__(self):
        return f"{self.day} {self.amount}"


class KnownPayer(models.Model):
    """Who pays from this name or bank account: remembered from a line somebody assigned by hand."""

    class Kind(models.TextChoices):
        NAME = "name", _("name")
        NUMBER = "number", _("bank account")

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    key = models.CharField(max_length=120)  # folded name, or index of the number
    shown = models.CharField(_("payer"), max_length=120)
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="known_payers", verbose_name=_("account")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("remembered payer")
        constraints = [models.UniqueConstraint(fields=["estate", "kind", "key"], name="known_payer_once")]

    def __str__(self):
        return self.shown
