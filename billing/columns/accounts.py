"""Accounts and receipts as lists: page, Excel and CSV read the same columns."""

from django.db.models import Min, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing import filters
from billing.models import Entry, OpenCharge, Refund
from billing.reports import receipts
from billing.reports.counter import age_of
from office import clocks, money
from office.lists import Column, List, stamp
from office.phrases import listed

METHODS = dict(Entry.Method.choices)


def with_age(rows):
    """Accounts with `since`: the day their oldest open charge was due."""
    oldest = (
        OpenCharge.objects.filter(account=OuterRef("pk")).order_by().values("account").annotate(day=Min("due_on")).values("day")
    )  # fmt: skip
    return rows.annotate(since=Subquery(oldest))


def _amount(name):
    return lambda row: money.show(row[name], sign=False) if row[name] else ""


def _age(row):
    return (
        age_of(row["since"], clocks.local_date(row["now"], row["now"].tzinfo))
        if row["since"]
        else ("", "quiet")
    )


def _accounts(name, title, order, empty):
    return List(
        name=name,
        title=title,
        fields=("id", "unit__code", "person__name", "owed", "prepaid", "deposits", "since"),
        columns=(
            Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit", order="unit"),
            # Translators: 欠費人
            Column("debtor", _("Debtor"), lambda row: row["person__name"]),
            Column("owed", _("Owed"), _amount("owed"), kind="money", align="right", value=lambda row: row["owed"], total="owed", order="owed"),
            Column("since", _("Since"), lambda row: f"{row['since']:%Y-%m-%d}" if row["since"] else "", value=lambda row: row["since"]),
            Column("age", _("Age"), lambda row: _age(row)[0], kind="state", tone=lambda row: _age(row)[1], exported=False),
            # Translators: 預存款
            Column("prepaid", _("Prepaid"), _amount("prepaid"), kind="money", align="right", value=lambda row: row["prepaid"], total="prepaid"),
            # Translators: 押金
            Column("deposits", _("Deposits"), _amount("deposits"), kind="money", align="right", value=lambda row: row["deposits"], total="deposits"),
        ),
        filterset=filters.AccountFilter,
        orders={"unit": ("unit__sort_key", "id"), "owed": ("-owed", "id")},
        default_order=order,
        row_href=lambda row: reverse("billing:account", args=[row["id"]]),
        empty=(empty, "", "", ""),
        export_permission="billing.export",
        personal=True,
    )  # fmt: skip


# Translators: 收費賬户
ACCOUNTS = _accounts(
    "accounts", _("Accounts"), "unit", _("No account yet. One is opened with the first charge.")
)
# Translators: 欠費
ARREARS = _accounts("arrears", _("Arrears"), "owed", _("Nobody owes anything."))


def _state(row):
    return receipts.state_of(row["verbs"])


RECEIPTS = List(
    name="receipts",
    # Translators: 收據
    title=_("Receipts"),
    fields=("id", "number", "day", "at", "unit__code", "payer", "total", "facts", "cashier__name", "verbs"),
    columns=(
        Column("number", _("Number"), lambda row: row["number"], kind="unit"),
        Column("day", _("Date"), lambda row: f"{row['day']:%Y-%m-%d}", value=lambda row: row["day"], order="newest"),
        Column("unit", _("Unit"), lambda row: row["unit__code"] or "", kind="unit"),
        Column("payer", _("Payer"), lambda row: row["payer"]),
        Column("total", _("Amount"), lambda row: money.show(row["total"], sign=False), kind="money", align="right",
               value=lambda row: row["total"], total="total"),
        Column("methods", pgettext_lazy("of payment", "Method"),
               lambda row: listed(str(METHODS.get(name, name)) for name in row["facts"].get("methods", {}))),
        Column("cashier", _("Cashier"), lambda row: row["cashier__name"]),
        Column("state", _("State"), lambda row: _state(row)[1], kind="state", tone=lambda row: _state(row)[2]),
    ),
    filterset=filters.ReceiptFilter,
    orders={"newest": ("-at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("billing:receipt", args=[row["id"]]),
    empty=(_("No receipt yet. Receipts come from the counter: open a unit and press P."), "", "", ""),
    export_permission="billing.export",
    personal=True,
)  # fmt: skip

REFUND_STATES = dict(Refund.State.choices)
REFUND_TONES = {"asked": "today", "approved": "busy", "declined": "quiet", "paid": "good"}

REFUNDS = List(
    name="refunds",
    # Translators: 退款
    title=_("Refunds"),
    fields=("id", "account__unit__code", "account__person__name", "amount", "reason", "state", "asked_at", "asked_by__name"),
    columns=(
        Column("unit", _("Unit"), lambda row: row["account__unit__code"], kind="unit"),
        # Translators: 欠費人
        Column("debtor", _("Debtor"), lambda row: row["account__person__name"]),
        Column("amount", _("Amount"), lambda row: money.show(row["amount"], sign=False), kind="money", align="right",
               value=lambda row: row["amount"], total="amount"),
        Column("reason", _("Reason"), lambda row: row["reason"]),
        Column("state", _("State"), lambda row: REFUND_STATES[row["state"]], kind="state", tone=lambda row: REFUND_TONES[row["state"]]),
        Column("asked_at", _("Asked for"), lambda row: stamp(row["asked_at"]), value=lambda row: row["asked_at"], order="newest"),
        Column("asked_by", _("By"), lambda row: row["asked_by__name"]),
    ),
    filterset=filters.RefundFilter,
    orders={"newest": ("-asked_at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("billing:refund", args=[row["id"]]),
    empty=(_("No refund yet. One is asked for on an account's page."), "", "", ""),
    export_permission="billing.export",
    personal=True,
)  # fmt: skip
