"""Lists of the bank: lines of statements, files, mandates, layouts; and what the tax system is told (SPEC §6.7)."""

from decimal import Decimal

import django_filters
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy

from billing.models import BankFile, Draft, Entry, Layout, Mandate, StatementLine
from office import identity
from office.lists import Column, List
from office.money import round_half_up, show

TONES = {
    "open": "wait",
    "proposed": "busy",
    "posted": "done",
    "ignored": "quiet",
    "sent": "busy",
    "paid": "done",
    "failed": "bad",
}
WHY = {
    "remembered": gettext_lazy("remembered payer"),
    "account": gettext_lazy("account of a mandate"),
    "code": gettext_lazy("unit in the text"),
    "name": gettext_lazy("name"),
    "amount": gettext_lazy("exact amount owed"),
}
_LINES, _DRAFTS, _FILES = (
    dict(model.choices) for model in (StatementLine.State, Draft.State, Layout.Purpose)
)
_SURE = dict(StatementLine.Sure.choices)


def why_text(keys):
    return " · ".join(str(WHY[key]) for key in keys if key in WHY)


class LineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=StatementLine.State.choices)
    sure = django_filters.ChoiceFilter(label=gettext_lazy("How sure"), choices=StatementLine.Sure.choices)
    file = django_filters.NumberFilter(label=gettext_lazy("File no."))

    class Meta:
        model = StatementLine
        fields = ()


class DraftFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=Draft.State.choices)
    file = django_filters.NumberFilter(label=gettext_lazy("File no."))

    class Meta:
        model = Draft
        fields = ()


class TaxFilter(django_filters.FilterSet):
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label=gettext_lazy("From"))
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label=gettext_lazy("To"))

    class Meta:
        model = Entry
        fields = ()


def _money(key, label, field, **more):
    return Column(
        key,
        label,
        lambda row: show(row[field]),
        value=lambda row: row[field],
        kind="money",
        align="right",
        **more,
    )


LINES = List(
    name="statement_lines",
    # Translators: 銀行流水
    title=gettext_lazy("Bank lines"),
    fields=("id", "day", "amount", "payer", "text", "reference", "state", "sure", "why", "account__unit__code", "receipt__number"),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']}", value=lambda row: row["day"], order="newest"),
        _money("amount", gettext_lazy("Amount"), "amount", total="amount"),
        Column("payer", gettext_lazy("Payer"), lambda row: row["payer"]),
        Column("text", gettext_lazy("Text"), lambda row: row["text"]),
        Column("reference", gettext_lazy("Reference"), lambda row: row["reference"]),
        Column("state", gettext_lazy("State"), lambda row: str(_LINES[row["state"]]), kind="state", tone=lambda row: TONES[row["state"]]),
        Column("unit", gettext_lazy("Unit"), lambda row: row["account__unit__code"] or ""),
        Column("sure", gettext_lazy("How sure"), lambda row: str(_SURE.get(row["sure"], ""))),
        Column("receipt", gettext_lazy("Receipt"), lambda row: row["receipt__number"] or ""),
    ),
    filterset=LineFilter,
    orders={"newest": ("-day", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("billing:statement_line", args=[row["id"]]),
    export_permission="billing.bank",
    personal=True,
    empty=(gettext_lazy("No bank statement has been brought in yet."), lambda: reverse("billing:statement_new"), gettext_lazy("Bring in a statement"), "n"),
)  # fmt: skip

FILES = List(
    name="bank_files",
    title=gettext_lazy("Bank files"),
    fields=("id", "purpose", "name", "day", "count", "total", "by__name"),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']}", value=lambda row: row["day"], order="newest"),
        Column("purpose", gettext_lazy("Kind"), lambda row: str(_FILES[row["purpose"]])),
        Column("name", gettext_lazy("File"), lambda row: row["name"]),
        Column("count", gettext_lazy("Lines"), lambda row: str(row["count"]), value=lambda row: row["count"], align="right"),
        _money("total", gettext_lazy("Amount"), "total"),
        Column("by", gettext_lazy("By"), lambda row: row["by__name"]),
    ),
    orders={"newest": ("-at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("billing:bank_file", args=[row["id"]]),
    export_permission="billing.bank",
    empty=(gettext_lazy("Nothing went to the bank or came from it yet."), lambda: reverse("billing:mandate_ask"), gettext_lazy("Ask the bank"), "n"),
)  # fmt: skip

MANDATES = List(
    name="mandates",
    # Translators: 銀行委託
    title=gettext_lazy("Bank mandates"),
    fields=("id", "account__unit__code", "account__person__name", "bank", "number_tail", "holder", "period", "account__unit__sort_key"),
    columns=(
        Column("unit", gettext_lazy("Unit"), lambda row: row["account__unit__code"], order="unit"),
        Column("debtor", gettext_lazy("Debtor"), lambda row: row["account__person__name"]),
        Column("bank", gettext_lazy("Bank"), lambda row: row["bank"]),
        Column("number", gettext_lazy("Bank account number"), lambda row: identity.mask("", row["number_tail"])),
        Column("holder", gettext_lazy("Account holder"), lambda row: row["holder"]),
        Column("since", gettext_lazy("From"), lambda row: f"{row['period'].lower}"),
        Column("until", gettext_lazy("Until, exclusive"), lambda row: f"{row['period'].upper or ''}"),
    ),
    orders={"unit": ("account__unit__sort_key", "id")},
    default_order="unit",
    row_href=lambda row: reverse("billing:mandate", args=[row["id"]]),
    export_permission="billing.bank",
    personal=True,
    empty=(gettext_lazy("No debtor has signed a mandate yet."), lambda: reverse("billing:mandate_new"), gettext_lazy("Enter a mandate"), "n"),
)  # fmt: skip

DRAFTS = List(
    name="drafts",
    title=gettext_lazy("Amounts asked of the bank"),
    fields=("id", "reference", "account__unit__code", "mandate__holder", "amount", "state", "reason", "receipt__number", "settled_on"),
    columns=(
        Column("reference", gettext_lazy("Reference"), lambda row: row["reference"], order="newest"),
        Column("unit", gettext_lazy("Unit"), lambda row: row["account__unit__code"]),
        Column("holder", gettext_lazy("Account holder"), lambda row: row["mandate__holder"]),
        _money("amount", gettext_lazy("Amount"), "amount", total="amount"),
        Column("state", gettext_lazy("State"), lambda row: str(_DRAFTS[row["state"]]), kind="state", tone=lambda row: TONES[row["state"]]),
        Column("reason", gettext_lazy("Why not"), lambda row: row["reason"]),
        Column("receipt", gettext_lazy("Receipt"), lambda row: row["receipt__number"] or ""),
        Column("settled_on", gettext_lazy("Settled on"), lambda row: f"{row['settled_on'] or ''}", value=lambda row: row["settled_on"]),
    ),
    filterset=DraftFilter,
    orders={"newest": ("-id",)},
    default_order="newest",
    export_permission="billing.bank",
    personal=True,
)  # fmt: skip

LAYOUTS = List(
    name="bank_layouts",
    title=gettext_lazy("Layouts of bank files"),
    fields=("id", "name", "purpose", "form", "encoding", "is_active"),
    columns=(
        Column("name", gettext_lazy("Name"), lambda row: row["name"]),
        Column("purpose", gettext_lazy("Kind"), lambda row: str(_FILES[row["purpose"]]), order="purpose"),
        Column("form", gettext_lazy("Kind of file"), lambda row: row["form"].upper()),
        Column("encoding", gettext_lazy("Encoding"), lambda row: row["encoding"].upper()),
        Column("active", gettext_lazy("In use"), lambda row: gettext("yes") if row["is_active"] else gettext("no")),
    ),
    orders={"purpose": ("purpose", "name", "id")},
    default_order="purpose",
    row_href=lambda row: reverse("billing:layout", args=[row["id"]]),
    export_permission="billing.bank",
    empty=(gettext_lazy("No layout of a bank file is known yet."), lambda: reverse("billing:layout_new"), gettext_lazy("Enter a layout"), "n"),
)  # fmt: skip


# --- for the tax system --------------------------------------------------------------------------------------


def _gross(row):
    return -row["amount"]


def _net(row):
    rate = row["item__tax_rate"] or Decimal(0)
    return round_half_up(_gross(row) / (1 + rate / 100))


def _item_name(row):
    name = row.get("item__name_" + (get_language() or "").replace("-", "_"))
    return name or row["item__name_zh_hant"]


def _figure(key, label, read, **more):
    return Column(key, label, lambda row: show(read(row)), value=read, kind="money", align="right", **more)


TAX = List(
    name="tax_lines",
    title=gettext_lazy("For the tax system"),
    fields=(
        "id", "day", "amount", "item__code", "item__name_zh_hant", "item__name_zh_hans", "item__name_en", "item__tax_code",
        "item__tax_rate", "account__unit__code", "account__person__name", "account__person__identity_type",
        "account__person__identity_tail", "voucher__receipt_step__receipt__number", "period",
    ),
    columns=(
        Column("day", gettext_lazy("Day"), lambda row: f"{row['day']}", value=lambda row: row["day"], order="newest"),
        Column("receipt", gettext_lazy("Receipt"), lambda row: row["voucher__receipt_step__receipt__number"] or ""),
        Column("buyer", gettext_lazy("Buyer"), lambda row: row["account__person__name"]),
        Column("buyer_id", gettext_lazy("Tax or identity number"), lambda row: identity.mask(row["account__person__identity_type"], row["account__person__identity_tail"]) if row["account__person__identity_tail"] else ""),
        Column("unit", gettext_lazy("Unit"), lambda row: row["account__unit__code"]),
        Column("item", gettext_lazy("Fee item"), _item_name),
        Column("period", gettext_lazy("Period"), lambda row: f"{row['period']:%Y-%m}" if row["period"] else ""),
        Column("tax_code", gettext_lazy("Tax classification code"), lambda row: row["item__tax_code"]),
        Column("rate", gettext_lazy("Tax rate (%)"), lambda row: "" if row["item__tax_rate"] is None else f"{row['item__tax_rate']:f}", value=lambda row: row["item__tax_rate"], align="right"),
        _figure("net", gettext_lazy("Net"), _net),
        _figure("tax", gettext_lazy("Tax"), lambda row: _gross(row) - _net(row)),
        _figure("gross", gettext_lazy("Gross"), _gross),
    ),
    filterset=TaxFilter,
    orders={"newest": ("-day", "-id")},
    default_order="newest",
    export_permission="billing.bank",
    personal=True,
)  # fmt: skip


def tax_rows(rows):
    """Own income that was paid and not taken back: what an invoice can be written for."""
    return rows.filter(
        head=Entry.Head.RECEIVABLE, kind="payment", amount__lt=0, item__agency=False, voucher__reverses__isnull=True,
        voucher__reversed_by__isnull=True, voucher__receipt_step__isnull=False,
    ).exclude(item__formula="deposit")  # fmt: skip


__all__ = [
    "DRAFTS",
    "FILES",
    "LAYOUTS",
    "LINES",
    "MANDATES",
    "TAX",
    "BankFile",
    "Mandate",
    "tax_rows",
    "why_text",
]
