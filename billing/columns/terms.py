"""Payers named and percentages set over the whole estate (SPEC §3, §6.1)."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from billing.columns.ledger import ITEM, item_name
from billing.filters.terms import STATES, OrderFilter, PayerFilter
from billing.rules.explain import number
from office import clocks
from office.lists import Column, List

TONES = {"now": "good", "coming": "today", "over": "quiet"}
WORDS = dict(STATES)


def _state(row):
    today = clocks.local_date(row["now"], row["now"].tzinfo)
    period = row["period"]
    if period.lower > today:
        return "coming"
    return "over" if period.upper is not None and period.upper <= today else "now"


def _last(row):
    return row["period"].upper - timedelta(days=1) if row["period"].upper else None


def _person(row):
    return (row["person__name_en"] if get_language() == "en" else "") or row["person__name"]


def _list(name, title, column, fields, filterset, empty):
    return List(
        name=name,
        title=title,
        fields=("id", "unit_id", "unit__code", *ITEM, "period", "reason", *fields),
        columns=(
            Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit", order="unit"),
            # Translators: 收費項目
            Column("item", _("Fee item"), lambda row: item_name(row) or _now("every fee")),
            column,
            Column("from", _("From"), lambda row: f"{row['period'].lower:%Y-%m-%d}", value=lambda row: row["period"].lower),
            Column("until", _("Last day"), lambda row: f"{_last(row):%Y-%m-%d}" if _last(row) else "", value=_last),
            Column("reason", _("Reason"), lambda row: row["reason"]),
            Column("state", _("State"), lambda row: str(WORDS[_state(row)]), kind="state", tone=lambda row: TONES[_state(row)]),
        ),
        filterset=filterset,
        orders={"unit": ("unit__sort_key", "id"), "newest": ("-id",)},
        default_order="unit",
        row_href=lambda row: reverse("billing:unit_terms", args=[row["unit_id"]]),
        empty=(empty, "", "", ""),
        export_permission="billing.export",
        personal=True,
    )  # fmt: skip


PAYERS = _list(
    "payers",
    # Translators: 付款人
    _("Payers named"),
    Column("payer", _("Payer"), _person),
    ("person__name", "person__name_en"),
    PayerFilter,
    _("Nobody is named: every fee is paid by its owner. A payer is named on the page of a unit's fees."),
)
PERCENTAGES = _list(
    "percentages",
    _("Percentages"),
    Column("percent", _("Pays"), lambda row: f"{number(row['percent'])}%", value=lambda row: row["percent"], align="end"),
    ("percent",),
    OrderFilter,
    _("No percentage is set: every unit pays its fees whole. One is set on the page of a unit's fees."),
)  # fmt: skip
