"""The lists of closed days, and the cashier's book 收款日記帳."""

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from billing.filters import BookFilter, CloseFilter
from billing.models import Entry, Voucher
from office import money
from office.addresses import row_address
from office.lists import Column, List, stamp
from office.lists.estates import staff_name

_METHODS = dict(Entry.Method.choices)
_KINDS = dict(Voucher.Kind.choices)


def _amount(name):
    return {
        "text": lambda row: money.show(row[name]),
        "value": lambda row: row[name],
        "kind": "money",
    }


def receipt_address(pk):
    """The receipt's page; empty where there is none."""
    if not pk:
        return ""
    try:
        return reverse("billing:receipt", args=[pk])
    except NoReverseMatch:
        return ""


CLOSES = List(
    name="day-closes",
    # Translators: 日結單
    title=gettext_lazy("Day closes"),
    fields=(
        "id",
        "day",
        "cashier__name",
        "cashier__name_en",
        "total",
        "cash",
        "opening",
        "counted",
        "difference",
        "receipts",
        "reason",
        "at",
        "by__name",
        "by__name_en",
    ),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']:%Y-%m-%d}", order="newest"),
        Column("cashier", gettext_lazy("Cashier"), lambda row: staff_name(row, "cashier")),
        Column("receipts", gettext_lazy("Receipts"), lambda row: f"{row['receipts']:,}", value=lambda row: row["receipts"], align="right"),
        Column("total", gettext_lazy("Total"), **_amount("total"), total="total"),
        Column("cash", gettext_lazy("Cash by the ledger"), **_amount("cash"), total="cash"),
        Column("opening", gettext_lazy("Float in the drawer"), **_amount("opening"), shown=False),
        Column("counted", gettext_lazy("Cash counted"), **_amount("counted")),
        Column(
            "difference",
            gettext_lazy("Difference"),
            lambda row: money.show(row["difference"]),
            value=lambda row: row["difference"],
            kind="money",
            total="difference",
        ),
        Column("reason", gettext_lazy("Explanation"), lambda row: row["reason"]),
        Column("at", gettext_lazy("Closed at"), lambda row: stamp(row["at"]), value=lambda row: row["at"], kind="money", align="start"),
        Column("by", gettext_lazy("Closed by"), lambda row: staff_name(row, "by"), shown=False),
    ),
    filterset=CloseFilter,
    orders={"newest": ("-day", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("billing:close", row["id"]),
    row_tone=lambda row: "late" if row["difference"] else "",
    empty=(
        gettext_lazy("No day has been closed yet."),
        lambda: reverse("billing:close_day"),
        gettext_lazy("Close the day"),
        "",
    ),
    export_permission="billing.export",
)  # fmt: skip

STEP = "voucher__receipt_step__receipt"
BOOK = List(
    name="cash-book",
    # Translators: 收款日記帳
    title=gettext_lazy("Cashier's book"),
    fields=(
        "id",
        "day",
        "method",
        "amount",
        "voucher__at",
        "voucher__kind",
        "voucher__reason",
        "voucher__cashier__name",
        "voucher__cashier__name_en",
        f"{STEP}__id",
        f"{STEP}__number",
        f"{STEP}__payer",
        f"{STEP}__unit__code",
    ),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']:%Y-%m-%d}", order="newest"),
        Column(
            "at",
            gettext_lazy("Time"),
            lambda row: f"{timezone.localtime(row['voucher__at']):%H:%M}",
            value=lambda row: row["voucher__at"],
            kind="money",
            align="start",
        ),
        # Translators: 收據
        Column(
            "receipt",
            gettext_lazy("Receipt"),
            lambda row: row[f"{STEP}__number"] or "",
            href=lambda row: receipt_address(row[f"{STEP}__id"]),
            kind="money",
            align="start",
        ),
        Column("unit", gettext_lazy("Unit"), lambda row: row[f"{STEP}__unit__code"] or "", kind="unit"),
        Column("payer", gettext_lazy("Payer"), lambda row: row[f"{STEP}__payer"] or row["voucher__reason"]),
        Column("kind", gettext_lazy("Booking"), lambda row: str(_KINDS[row["voucher__kind"]])),
        Column("method", gettext_lazy("Method"), lambda row: str(_METHODS[row["method"]])),
        Column("cashier", gettext_lazy("Cashier"), lambda row: staff_name(row, "voucher__cashier")),
        Column("amount", gettext_lazy("Amount"), **_amount("amount"), total="amount"),
    ),
    filterset=BookFilter,
    orders={"newest": ("-day", "-id")},
    default_order="newest",
    empty=(gettext_lazy("No money was taken in these days."), "", "", ""),
    export_permission="billing.export",
    personal=True,
)
