"""The list of collections at the door 上門收取."""

from django.urls import reverse
from django.utils.translation import gettext_lazy

from billing.columns.closing import receipt_address
from billing.filters import CollectionFilter
from billing.models import Collection
from billing.rules.collections import window
from office import money
from office.addresses import row_address
from office.lists import Column, List
from office.lists.estates import staff_name

_STATES = dict(Collection.State.choices)
TONES = {"agreed": "today", "collected": "done", "unused": "late", "off": "quiet"}


COLLECTIONS = List(
    name="collections",
    # Translators: 上門收取
    title=gettext_lazy("Collections at the door"),
    fields=(
        "id", "window_from", "window_to", "unit__code", "payer", "owner_name", "phone", "amount", "collector__name",
        "collector__name_en", "receipt_id", "receipt__number", "used_id", "used__number", "state", "reason",
    ),
    columns=(
        Column("window", gettext_lazy("Time of the visit"), lambda row: window(row["window_from"], row["window_to"]), value=lambda row: row["window_from"], kind="money", align="start", order="newest"),
        Column("unit", gettext_lazy("Unit"), lambda row: row["unit__code"], kind="unit"),
        Column("payer", gettext_lazy("Payer"), lambda row: row["payer"]),
        Column("owner", gettext_lazy("Owner of the unit"), lambda row: row["owner_name"], shown=False),
        Column("phone", gettext_lazy("Telephone"), lambda row: row["phone"], shown=False),
        Column("amount", gettext_lazy("Amount"), lambda row: money.show(row["amount"]), value=lambda row: row["amount"], kind="money", total="amount"),
        Column("collector", gettext_lazy("Who goes"), lambda row: staff_name(row, "collector")),
        # Translators: 收據
        Column("receipt", gettext_lazy("Receipt"), lambda row: row["used__number"] or row["receipt__number"] or "",
               href=lambda row: receipt_address(row["used_id"] or row["receipt_id"]), kind="money", align="start"),
        Column("state", gettext_lazy("State"), lambda row: str(_STATES[row["state"]]), kind="state", tone=lambda row: TONES[row["state"]]),
        Column("reason", gettext_lazy("Reason"), lambda row: row["reason"]),
    ),
    filterset=CollectionFilter,
    orders={"newest": ("-window_from", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("billing:collection", row["id"]),
    empty=(
        gettext_lazy("No collection at the door has been agreed yet."),
        lambda: reverse("billing:collection_new"),
        gettext_lazy("Agree a visit"),
        "",
    ),
    export_permission="billing.export",
    personal=True,
)  # fmt: skip
