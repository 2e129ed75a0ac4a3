"""The list of maintenance plans 保養計劃."""

from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from office.lists import Column, List
from tickets import upkeep
from tickets.columns.repairs import NAMES, local_name
from tickets.filters import PlanFilter
from tickets.models import Plan

_STATES = dict(Plan.State.choices)


def _every(row):
    return upkeep.every_text(Plan(number=row["number"], every=row["every"]))


PLANS = List(
    name="plans",
    # Translators: 保養計劃
    title=gettext_lazy("Maintenance plans"),
    fields=(
        "id", "asset__code", *(f"asset__{name}" for name in NAMES), "title", "number", "every", "next_due", "state",
        "responsible__name", "category_id",
    ),
    columns=(
        Column("next", gettext_lazy("Next due"), lambda row: f"{row['next_due']:%Y-%m-%d}" if row["state"] != "ended" else "",
               value=lambda row: row["next_due"], order="next"),
        Column("facility", gettext_lazy("Public facility"), lambda row: f"{row['asset__code']} {local_name(row, 'asset')}", order="facility"),
        Column("title", gettext_lazy("Work"), lambda row: row["title"]),
        Column("every", pgettext_lazy("of a plan", "How often"), _every),
        Column("responsible", gettext_lazy("Responsible"), lambda row: row["responsible__name"]),
        Column("state", gettext_lazy("State"), lambda row: str(_STATES[row["state"]]), kind="state",
               tone=lambda row: upkeep.TONES[row["state"]]),
    ),
    filterset=PlanFilter,
    orders={"next": ("next_due", "id"), "facility": ("asset__code", "next_due", "id")},
    default_order="next",
    row_href=lambda row: reverse("tickets:plan", args=[row["id"]]),
    empty=(
        gettext_lazy("No maintenance comes round by itself yet."), lambda: reverse("tickets:plan_new"),
        gettext_lazy("Make a plan"), "n",
    ),
    export_permission="tickets.export",
)  # fmt: skip
