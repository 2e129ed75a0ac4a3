"""Charges and ledger lines as lists: what every figure of the fees opens."""

from django.db.models import DecimalField, Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from billing.filters_ledger import ChargeFilter, EntryFilter
from billing.models import Entry, OpenCharge, Voucher
from office import money
from office.lists import Column, List

HEADS, KINDS, METHODS = dict(Entry.Head.choices), dict(Voucher.Kind.choices), dict(Entry.Method.choices)
ITEM = ("item__name_zh_hant", "item__name_zh_hans", "item__name_en")
MONEY = DecimalField(max_digits=16, decimal_places=2)


def item_name(row):
    named = row.get("item__name_" + (get_language() or "zh-hant").replace("-", "_"))
    return named or row["item__name_zh_hant"] or ""


def debtor(row):
    english = row["account__person__name_en"] if get_language() == "en" else ""
    return english or row["account__person__name"] or ""


def month(row):
    return f"{row['period']:%Y-%m}" if row["period"] else ""


def _amount(name):
    return lambda row: money.show(row[name], sign=False) if row[name] else ""


def _column(name, label, **more):
    return Column(
        name,
        label,
        _amount(name),
        kind="money",
        align="right",
        value=lambda row: row[name],
        total=name,
        **more,
    )


def with_open(rows):
    """Charges with what is still owed of them, and whether they were taken back."""
    owed = OpenCharge.objects.filter(pk=OuterRef("pk"), period=OuterRef("period")).values("amount")
    return rows.annotate(
        open=Coalesce(Subquery(owed, output_field=MONEY), Value(0), output_field=MONEY),
        withdrawn=Exists(Voucher.objects.filter(reverses=OuterRef("voucher"))),
    )


def _state(row):
    if row["withdrawn"] and not row["open"]:
        return _now("taken back"), "quiet"
    if not row["open"]:
        return _now("settled"), "good"
    return (_now("open") if row["open"] == row["amount"] else _now("paid in part")), "today"


CHARGES = List(
    name="charges",
    # Translators: 應收
    title=_("Charges"),
    fields=("id", "period", "unit__code", "account__person__name", "account__person__name_en", *ITEM, "due_on", "amount",
            "open", "withdrawn", "voucher__number"),
    columns=(
        Column("month", _("Month"), month, order="newest"),
        Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit"),
        # Translators: 欠費人
        Column("debtor", _("Debtor"), debtor),
        # Translators: 收費項目
        Column("item", _("Item"), item_name),
        Column("due", _("Due on"), lambda row: f"{row['due_on']:%Y-%m-%d}", value=lambda row: row["due_on"]),
        _column("amount", pgettext_lazy("money", "Charged")),
        _column("open", _("Still owed")),
        Column("state", _("State"), lambda row: _state(row)[0], kind="state", tone=lambda row: _state(row)[1]),
        # Translators: 帳單
        Column("bill", _("Bill"), lambda row: row["voucher__number"], shown=False),
    ),
    filterset=ChargeFilter,
    orders={"newest": ("-period", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("billing:charge", args=[month(row), row["id"]]),
    empty=(_("Nothing has been charged yet."), "", "", ""),
    export_permission="billing.export",
    personal=True,
)  # fmt: skip


def with_sides(rows):
    """Entries with debit and credit in columns of their own."""
    zero = Value(0, output_field=MONEY)
    return rows.annotate(debit=Greatest(F("amount"), zero), credit=Greatest(-F("amount"), zero))


def _what(row):
    kind = str(KINDS[row["kind"]])
    return (
        _now("%(kind)s, reversed") % {"kind": kind} if row["voucher__kind"] == Voucher.Kind.REVERSAL else kind
    )


def _entry_href(row):
    if row["charge_id"] and row["period"]:
        return reverse("billing:charge", args=[month(row), row["charge_id"]])
    return reverse("billing:account", args=[row["account_id"]]) if row["account_id"] else ""


ENTRIES = List(
    name="entries",
    # Translators: 分錄
    title=_("Ledger lines"),
    fields=("id", "day", "head", "kind", "voucher__kind", "account__unit__code", "account__person__name", "account__person__name_en",
            *ITEM, "period", "method", "debit", "credit", "amount", "account_id", "charge_id", "voucher__number", "voucher__reason"),
    columns=(
        Column("day", _("Booked on"), lambda row: f"{row['day']:%Y-%m-%d}", value=lambda row: row["day"], order="newest"),
        # Translators: 科目
        Column("head", _("Head"), lambda row: str(HEADS[row["head"]])),
        Column("what", _("What"), _what),
        Column("unit", _("Unit"), lambda row: row["account__unit__code"] or "", kind="unit"),
        # Translators: 欠費人
        Column("debtor", _("Debtor"), debtor),
        # Translators: 收費項目
        Column("item", _("Item"), item_name),
        Column("month", _("Month"), month),
        Column("method", pgettext_lazy("of payment", "Method"), lambda row: str(METHODS.get(row["method"], ""))),
        # Translators: 借方
        _column("debit", _("Debit")),
        # Translators: 貸方
        _column("credit", _("Credit")),
        Column("balance", _("Debit less credit"), _amount("amount"), kind="money", align="right", value=lambda row: row["amount"],
               total="amount", shown=False),
        Column("bill", _("Bill"), lambda row: row["voucher__number"], shown=False),
        Column("reason", _("Reason"), lambda row: row["voucher__reason"], shown=False),
    ),
    filterset=EntryFilter,
    orders={"newest": ("-day", "-id")},
    default_order="newest",
    row_href=_entry_href,
    empty=(_("Nothing has been booked yet."), "", "", ""),
    export_permission="billing.export",
    personal=True,
)  # fmt: skip
