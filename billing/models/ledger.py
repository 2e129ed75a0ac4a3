"""The ledger: vouchers of entries that sum to zero. The database refuses everything else (SPEC §6, ARCHITECTURE §3).

Triggers of migration 0002 check each statement, keep the caches (`Account.owed/prepaid/deposits`, `OpenCharge`) and refuse closed days.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from office.models import EstateQuerySet
from office.models.append_only import append_only

from .items import Item

TRANSACTION_ID = Cast(Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField())
FIRST_OF_MONTH = Q(period__day=1)


class Book(models.Model):
    """The estate's books: everything up to and including `closed_through` is locked by finance (SPEC §6.6)."""

    estate = models.OneToOneField("office.Estate", models.PROTECT, primary_key=True, related_name="book")
    closed_through = models.DateField(_("closed up to and including"), null=True, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("books")

    def __str__(self):
        return f"{self.estate_id}"


class Till(models.Model):
    """A cashier's drawer at one estate: days up to and including `closed_through` are closed (SPEC §6.6)."""

    SUBJECT = "till"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    cashier = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_through = models.DateField(_("closed up to and including"), null=True, blank=True)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("till")
        constraints = [models.UniqueConstraint(fields=["estate", "cashier"], name="till_once")]

    def __str__(self):
        return f"{self.estate_id} {self.cashier_id}"


class Account(models.Model):
    """Money belongs to an account: a unit and a debtor (SPEC §0). Owners change, debts stay with who owed them."""

    SUBJECT = "account"

    estate = models.ForeignKey("office.Estate", models.PROTECT, related_name="+")
    unit = models.ForeignKey("office.Unit", models.PROTECT, related_name="accounts", verbose_name=_("unit"))
    person = models.ForeignKey(
        "residents.Person", models.PROTECT, related_name="accounts", verbose_name=_("debtor")
    )
    # Caches kept by the ledger's trigger; the application is not granted to write them.
    owed = models.DecimalField(
        _("owed"), max_digits=14, decimal_places=2, default=0, db_default=0, editable=False
    )
    # Translators: 預存款
    prepaid = models.DecimalField(
        _("prepaid"), max_digits=14, decimal_places=2, default=0, db_default=0, editable=False
    )
    # Translators: 押金
    deposits = models.DecimalField(
        _("deposits"), max_digits=14, decimal_places=2, default=0, db_default=0, editable=False
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        constraints = [
            models.UniqueConstraint(fields=["unit", "person"], name="account_once"),
            models.UniqueConstraint(fields=["id", "estate"], name="account_of_one_estate"),
            models.CheckConstraint(
                condition=Q(owed__gte=0, prepaid__gte=0, deposits__gte=0), name="account_never_below_zero"
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-owed"], condition=Q(owed__gt=0), name="account_debtors"),
            models.Index(fields=["person"], name="account_of_person"),
        ]

    def __str__(self):
        return f"{self.unit_id} {self.person_id}"


class Voucher(models.Model):
    """記賬憑證: one booking of the ledger. A correction is a voucher that reverses another, whole (SPEC §6)."""

    SUBJECT = "voucher"

    class Kind(models.TextChoices):
        CHARGE = "charge", _("charge")
        PAYMENT = "payment", _("payment")
        DRAW = "draw", _("drawn from prepayment")
        # Translators: 減免
        WAIVER = "waiver", _("waiver")
        # Translators: 退款
        REFUND = "refund", _("refund")
        FORFEIT = "forfeit", _("deposit forfeited")
        TRANSFER = "transfer", _("moved between accounts")
        OPENING = "opening", _("opening balance")
        # Translators: 沖銷
        REVERSAL = "reversal", _("reversal")

    estate = models.ForeignKey("office.Estate", models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    number = models.CharField(
        _("number"), max_length=40, blank=True
    )  # bills have one; receipts have their own
    day = models.DateField(_("booked on"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    # Whose drawer the money went into or out of; empty where none did.
    cashier = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cashier"),
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # What it is for (a ticket, a run, a statement line), as text and id; `key` makes a booking once-only.
    source_kind = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=40, blank=True)
    key = models.CharField(max_length=120, null=True, blank=True, unique=True)
    xid = models.BigIntegerField(db_default=TRANSACTION_ID, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 記賬憑證
        verbose_name = _("voucher")
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False)
                | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="voucher_reversal_names_one",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["waiver", "refund", "forfeit", "reversal"]) | Q(reason__gt=""),
                name="voucher_has_reason",
            ),
            models.UniqueConstraint(
                fields=["estate", "number"], condition=Q(number__gt=""), name="voucher_number_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["source_kind", "source_id"], condition=Q(source_kind__gt=""), name="voucher_of_source"
            ),
            models.Index(
                fields=["estate", "cashier", "day"],
                condition=Q(cashier__isnull=False),
                name="voucher_of_till",
            ),
        ]

    def __str__(self):
        return self.number or f"{self.kind} {self.pk}"


class Charge(models.Model):
    """應收: what an account was charged for one item and period. Never changed; partitioned by `period` (monthly).

    The database's key is (period, id): ask by both. What is still open of it stands in OpenCharge.
    """

    id = models.BigAutoField(primary_key=True)
    period = models.DateField(_("period"))  # the first of its month
    estate = models.ForeignKey("office.Estate", models.PROTECT, db_index=False, related_name="+")
    unit = models.ForeignKey(
        "office.Unit", models.PROTECT, db_index=False, related_name="+", verbose_name=_("unit")
    )
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, related_name="charges")
    item = models.ForeignKey(
        Item, models.PROTECT, db_index=False, related_name="+", verbose_name=_("fee item")
    )
    voucher = models.ForeignKey(Voucher, models.PROTECT, db_index=False, related_name="charges")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))  # half-open: the first day that is not charged any more
    due_on = models.DateField(_("due"))
    text = models.CharField(_("what for"), max_length=200, blank=True)
    # What the amount was worked out from: {"formula", "standard", "quantity", "price", "days", …} as text (rules/explain.py).
    basis = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # RUN: from a billing run, once per unit, item, period and debtor; a corrected one follows with the next `seq`.
    source_kind = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=40, blank=True)
    seq = models.PositiveSmallIntegerField(default=0, db_default=0)

    RUN = "run"

    objects = EstateQuerySet.as_manager()

    class Meta:
        # Translators: 應收
        verbose_name = _("charge")
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "unit", "item", "account", "seq"],
                condition=Q(source_kind="run"),
                name="charge_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="charge_positive"),
            models.CheckConstraint(condition=FIRST_OF_MONTH, name="charge_of_a_month"),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="charge_has_days"),
        ]
        indexes = [
            models.Index(fields=["account", "period"], name="charge_of_account"),
            models.Index(fields=["voucher"], name="charge_of_voucher"),
            models.Index(
                fields=["source_kind", "source_id"],
                condition=~Q(source_kind__in=["", "run"]),
                name="charge_of_source",
            ),
        ]

    def __str__(self):
        return f"{self.period:%Y-%m} {self.amount}"


class OpenCharge(models.Model):
    """What is still owed of a charge; the row goes when nothing is. Written by the ledger's trigger alone."""

    charge_id = models.BigIntegerField(primary_key=True)
    period = models.DateField(_("period"))
    # Copied from entries, whose keys the database has checked; nobody but the trigger can write here.
    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    account = models.ForeignKey(
        Account, models.PROTECT, db_index=False, db_constraint=False, related_name="open_charges"
    )
    item = models.ForeignKey(
        Item,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("fee item"),
    )
    due_on = models.DateField(_("due"))
    amount = models.DecimalField(_("still owed"), max_digits=12, decimal_places=2)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("open charge")
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="open_charge_not_overpaid")]
        indexes = [
            models.Index(fields=["account", "due_on", "charge_id"], name="open_charge_oldest_first"),
            models.Index(fields=["estate", "due_on"], name="open_charge_by_age"),
        ]

    def __str__(self):
        return f"{self.charge_id} {self.amount}"


class Entry(models.Model):
    """分錄: one line of a voucher. Debits are positive, credits negative; the lines of a voucher sum to zero.

    A voucher's entries are inserted in ONE statement, in the transaction that made the voucher.
    """

    class Head(models.TextChoices):
        """科目. Increase is debit (+) for receivable, money, waived; credit (−) for the others."""

        RECEIVABLE = "receivable", _("receivable")
        MONEY = "money", _("money received")
        PREPAID = "prepaid", _("prepayments held")
        # A deposit is pending until it is paid, held afterwards; both carry its charge.
        PENDING = "pending", _("deposits charged, not yet paid")
        DEPOSIT = "deposit", _("deposits held")
        INCOME = "income", _("income")
        AGENCY = "agency", _("collected for others")
        WAIVED = "waived", _("waived")
        OPENING = "opening", _("opening balance")

    class Method(models.TextChoices):
        CASH = "cash", _("cash")
        CARD = "card", _("bank card")
        TRANSFER = "transfer", _("bank transfer")
        QR = "qr", _("QR payment")
        # Translators: 銀行委託
        MANDATE = "mandate", _("bank mandate")
        CHEQUE = "cheque", _("cheque")

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="entries")
    # The voucher's, says the trigger; the keys of account and item take the estate in as well (0002).
    estate = models.ForeignKey(
        "office.Estate", models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    kind = models.CharField(
        max_length=10, choices=Voucher.Kind
    )  # the voucher's; of a reversal: the reversed one's
    day = models.DateField()  # the voucher's
    head = models.CharField(_("head"), max_length=10, choices=Head)
    account = models.ForeignKey(
        Account,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="entries",
    )
    item = models.ForeignKey(
        Item, models.PROTECT, db_index=False, db_constraint=False, null=True, blank=True, related_name="+"
    )
    building = models.ForeignKey(
        "office.Building", models.PROTECT, db_index=False, null=True, blank=True, related_name="+"
    )
    charge_id = models.BigIntegerField(null=True, blank=True)
    period = models.DateField(null=True, blank=True)  # the charge's
    due_on = models.DateField(null=True, blank=True)  # the charge's
    method = models.CharField(max_length=10, choices=Method, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    xid = models.BigIntegerField(db_default=TRANSACTION_ID, editable=False)

    objects = EstateQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="entry_not_zero"),
            models.CheckConstraint(
                condition=~Q(head__in=["receivable", "pending", "deposit"])
                | Q(
                    account__isnull=False,
                    item__isnull=False,
                    charge_id__isnull=False,
                    period__isnull=False,
                    due_on__isnull=False,
                ),
                name="entry_of_a_charge",
            ),
            models.CheckConstraint(
                condition=~Q(head__in=["income", "agency", "waived"])
                | Q(item__isnull=False, period__isnull=False),
                name="entry_of_an_item",
            ),
            models.CheckConstraint(
                condition=Q(head="money", method__gt="") | (~Q(head="money") & Q(method="")),
                name="entry_money_has_method",
            ),
            models.CheckConstraint(
                condition=~Q(head="prepaid") | Q(account__isnull=False), name="entry_prepaid_has_account"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="entry_of_account"),
            models.Index(fields=["charge_id"], condition=Q(charge_id__isnull=False), name="entry_of_charge"),
            models.Index(fields=["estate", "day", "head"], name="entry_of_day"),
        ]

    def __str__(self):
        return f"{self.head} {self.amount}"
