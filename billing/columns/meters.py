"""The register of meters and the list of readings. Their exports come in again (billing/imports/meters.py)."""

from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.filters.meters import MeterFilter, ReadingFilter
from billing.models import Meter, Reading
from billing.rules import meters as rules
from office.addresses import row_address
from office.lists import Column, List, stamp

_KINDS = dict(Meter.Kind.choices)
_REACH = dict(Meter.Reach.choices)
_STATES = dict(Reading.State.choices)
_SOURCES = dict(Reading.Source.choices)
TONES = {"counted": "good", "held": "warning", "refused": "quiet", "replaced": "quiet"}


def _day(name):
    return lambda row: f"{row[name]:%Y-%m-%d}" if row[name] else ""


def _number(name):
    return lambda row: "" if row[name] is None else rules.shown(row[name])


METERS = List(
    name="meters",
    # Translators: 表計
    title=gettext_lazy("Meters"),
    fields=(
        "id", "serial", "kind", "unit__code", "building__code", "reach", "place", "digits", "multiplier", "position",
        "installed_on", "installed_at_value", "removed_on", "last_value", "last_on",
    ),
    columns=(
        Column("serial", gettext_lazy("Meter number"), lambda row: row["serial"], order="serial"),
        Column("kind", gettext_lazy("Kind"), lambda row: str(_KINDS[row["kind"]])),
        Column("unit", gettext_lazy("Unit"), lambda row: row["unit__code"] or "", kind="unit", order="walk"),
        Column("building", gettext_lazy("Building"), lambda row: row["building__code"] or ""),
        Column("reach", gettext_lazy("Shared by"), lambda row: str(_REACH.get(row["reach"], ""))),
        Column("place", gettext_lazy("Place"), lambda row: row["place"]),
        Column("last", gettext_lazy("Last reading"), _number("last_value"), value=lambda row: row["last_value"], align="end"),
        Column("last_on", gettext_lazy("Read on"), _day("last_on"), value=lambda row: row["last_on"]),
        Column("multiplier", gettext_lazy("Multiplier"), _number("multiplier"), value=lambda row: row["multiplier"], align="end"),
        Column("position", gettext_lazy("Place in the walk"), lambda row: str(row["position"]),
               value=lambda row: row["position"], align="end", shown=False),
        Column("digits", gettext_lazy("Digits"), lambda row: str(row["digits"]), value=lambda row: row["digits"], shown=False),
        Column("installed_on", gettext_lazy("Installed on"), _day("installed_on"), value=lambda row: row["installed_on"], shown=False),
        Column("installed_at_value", gettext_lazy("Reading when installed"), _number("installed_at_value"),
               value=lambda row: row["installed_at_value"], shown=False),
        Column("removed_on", gettext_lazy("Removed on"), _day("removed_on"), value=lambda row: row["removed_on"]),
    ),
    filterset=MeterFilter,
    orders={"walk": ("building__sort_key", "position", "unit__sort_key", "serial", "id"), "serial": ("serial", "id")},
    default_order="walk",
    row_href=lambda row: row_address("billing:meter", row["id"]),
    empty=(
        gettext_lazy("No meter is written down yet. Add them one by one, or bring them in as a sheet."),
        lambda: reverse("billing:meter_new"), gettext_lazy("Write down a meter"), "n",
    ),
    export_permission="billing.export",
)  # fmt: skip

READINGS = List(
    name="readings",
    # Translators: 抄表記錄
    title=gettext_lazy("Readings"),
    fields=(
        "id", "meter_id", "meter__serial", "meter__kind", "meter__unit__code", "meter__place", "read_on", "value", "rolled_over",
        "consumption", "state", "doubt", "decision", "source", "by__name", "at",
    ),
    columns=(
        Column("read_on", gettext_lazy("Read on"), _day("read_on"), value=lambda row: row["read_on"], order="newest"),
        Column("unit", gettext_lazy("Unit"), lambda row: row["meter__unit__code"] or row["meter__place"], kind="unit"),
        Column("kind", gettext_lazy("Kind"), lambda row: str(_KINDS[row["meter__kind"]])),
        Column("serial", gettext_lazy("Meter number"), lambda row: row["meter__serial"]),
        Column("value", gettext_lazy("Reading"), _number("value"), value=lambda row: row["value"], align="end"),
        Column("rolled_over", gettext_lazy("Passed zero"), lambda row: "1" if row["rolled_over"] else "", shown=False),
        Column("consumption", gettext_lazy("Consumption"), _number("consumption"), value=lambda row: row["consumption"], align="end"),
        Column("state", gettext_lazy("State"), lambda row: str(_STATES[row["state"]]), kind="state",
               tone=lambda row: TONES[row["state"]]),
        Column("doubt", gettext_lazy("Held because"), lambda row: str(rules.DOUBTS.get(row["doubt"], ""))),
        Column("decision", gettext_lazy("Decision"), lambda row: row["decision"]),
        Column("source", pgettext_lazy("of a reading", "Taken"), lambda row: str(_SOURCES[row["source"]])),
        Column("by", gettext_lazy("By"), lambda row: row["by__name"] or ""),
        Column("at", gettext_lazy("Written down"), lambda row: stamp(row["at"]), value=lambda row: row["at"], shown=False),
    ),
    filterset=ReadingFilter,
    orders={"newest": ("-read_on", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("billing:meter", row["meter_id"]),
    empty=(
        gettext_lazy("No meter has been read yet."), lambda: reverse("billing:round"), gettext_lazy("Begin the round"), "n",
    ),
    export_permission="billing.export",
)  # fmt: skip
