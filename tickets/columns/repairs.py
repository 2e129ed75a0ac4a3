"""The lists of the repairs, each declared once: page, count, totals and spreadsheet read these columns."""

from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from office import clocks
from office.addresses import row_address
from office.lists import Column, List, stamp
from office.lists.estates import row_zone, staff_name
from tickets.filters import AssetFilter, CallbackFilter, TicketFilter
from tickets.models import Asset, CallbackTry, Category, Ticket
from tickets.rules import TONES
from tickets.sources import local, place_source, staff_source

_STATES = dict(Ticket.State.choices)
_OUTCOMES = dict(CallbackTry.Outcome.choices)
_RISKS = dict(Category.Risk.choices)
_KINDS = dict(Asset.Kind.choices)
NAMES = ("name_zh_hant", "name_zh_hans", "name_en")


def state_label(state):
    return str(_STATES[state])


def local_name(row, prefix):
    """A catalogue row's name in the reader's language out of `values()`."""
    key = f"{prefix}__name_" + (get_language() or "zh-hant").replace("-", "_")
    return row.get(key) or row.get(f"{prefix}__name_zh_hant") or ""


def place_of(row):
    """Unit, facility or public area in one line."""
    return row["unit__code"] or local_name(row, "asset") or row["place"] or ""


def clock_text(row):
    if row["closed_at"] or not row["next_due_at"]:
        return ""
    return clocks.due_text(row["next_due_at"], row["now"], row_zone(row))[1]


def clock_tone(row):
    if row["closed_at"] or not row["next_due_at"]:
        return ""
    return clocks.due_text(row["next_due_at"], row["now"], row_zone(row))[0]


def snippet(row):
    text = " ".join(row["problem_start"].split())
    return f"{text[:60]}…" if len(text) > 60 else text


TICKETS = List(
    name="tickets",
    title=gettext_lazy("Repairs"),
    fields=(
        "id",
        "number",
        "opened_at",
        "closed_at",
        "state",
        "urgent",
        "is_repeat",
        "place",
        "next_due_at",
        "unit_id",
        "unit__code",
        "problem_start",
        "reporter_name",
        "reporter_phone",
        "risk",
        "done_at",
        *(f"category__{name}" for name in NAMES),
        *(f"asset__{name}" for name in NAMES),
        "technician__name",
        "technician__name_en",
    ),
    columns=(
        Column("number", gettext_lazy("Number"), lambda row: row["number"], source="number"),
        Column(
            "opened",
            gettext_lazy("Opened"),
            lambda row: stamp(row["opened_at"]),
            kind="money",  # digits that stay on one line
            align="start",
            order="newest",
            source="opened_at",
        ),
        Column("place", gettext_lazy("Unit or place"), place_of, kind="unit", source=place_source),
        Column(
            "category",
            gettext_lazy("Category"),
            lambda row: local_name(row, "category"),
            source=local("category"),
        ),
        Column("problem", gettext_lazy("What is wrong"), snippet, source="problem"),
        Column(
            "state",
            gettext_lazy("State"),
            lambda row: state_label(row["state"]),
            kind="state",
            tone=lambda row: TONES[row["state"]],
            source="state",
        ),
        Column(
            "technician",
            gettext_lazy("Technician"),
            lambda row: staff_name(row, "technician"),
            source=staff_source("technician"),
        ),
        Column(
            "clock",
            gettext_lazy("Next clock"),
            clock_text,
            kind="clock",
            tone=clock_tone,
            order="next",
            hint=lambda row: stamp(row["next_due_at"]),
            source="next_due_at",
        ),
        Column(
            "reporter",
            gettext_lazy("Reporter"),
            lambda row: row["reporter_name"],
            shown=False,
            source="reporter_name",
        ),
        Column(
            "phone",
            gettext_lazy("Telephone"),
            lambda row: row["reporter_phone"],
            shown=False,
            source="reporter_phone",
        ),
        Column(
            "risk", gettext_lazy("Risk"), lambda row: str(_RISKS[row["risk"]]), shown=False, source="risk"
        ),
        Column(
            "done",
            gettext_lazy("Completed"),
            lambda row: stamp(row["done_at"]),
            shown=False,
            source="done_at",
        ),
    ),
    filterset=TicketFilter,
    orders={"newest": ("-opened_at", "-id"), "next": ("next_due_at", "id")},
    default_order="newest",
    row_href=lambda row: row_address("tickets:ticket", row["id"]),
    row_tone=lambda row: "late" if clock_tone(row) == "late" else "",
    empty=(
        gettext_lazy("No repair has been reported yet."),
        lambda: reverse("tickets:intake"),
        gettext_lazy("Take a repair"),
        "r",
    ),
    export_permission="tickets.export",
    personal=True,
)


def kind_label(kind):
    from office import promises

    return str(promises.KINDS[kind].label) if kind in promises.KINDS else kind


CALLBACKS = List(
    name="callbacks-made",
    title=gettext_lazy("Callbacks made"),
    fields=(
        "id",
        "ticket_id",
        "ticket__number",
        "ticket__unit__code",
        "ticket__place",
        "tried_at",
        "outcome",
        "score",
        "remark",
        "by__name",
        "by__name_en",
    ),
    columns=(
        Column("ticket", gettext_lazy("Ticket"), lambda row: row["ticket__number"], source="ticket__number"),
        Column(
            "place",
            gettext_lazy("Unit or place"),
            lambda row: row["ticket__unit__code"] or row["ticket__place"],
            kind="unit",
            source=Coalesce(F("ticket__unit__code"), F("ticket__place")),
        ),
        Column(
            "at", gettext_lazy("At"), lambda row: stamp(row["tried_at"]), order="newest", source="tried_at"
        ),
        Column("by", gettext_lazy("By"), lambda row: staff_name(row, "by"), source=staff_source("by")),
        Column(
            "outcome",
            gettext_lazy("Result"),
            lambda row: str(_OUTCOMES[row["outcome"]]),
            kind="state",
            tone=lambda row: {"satisfied": "done", "not_satisfied": "late"}.get(row["outcome"], "quiet"),
            source="outcome",
        ),
        Column(
            "score", gettext_lazy("Score"), lambda row: str(row["score"] or ""), align="right", source="score"
        ),
        Column("remark", gettext_lazy("What was said"), lambda row: row["remark"], source="remark"),
    ),
    filterset=CallbackFilter,
    orders={"newest": ("-tried_at", "-id")},
    default_order="newest",
    row_href=lambda row: row_address("tickets:ticket", row["ticket_id"]),
    empty=(
        gettext_lazy("No callback has been made yet."),
        lambda: reverse("tickets:callbacks"),
        gettext_lazy("Open the queue"),
        "",
    ),
    export_permission="tickets.export",
    personal=True,
    estate="ticket__estate_id",
)


def own_name(row):
    key = "name_" + (get_language() or "zh-hant").replace("-", "_")
    return row.get(key) or row["name_zh_hant"]


def _day(day):
    return f"{day:%Y-%m-%d}" if day else ""


ASSETS = List(
    name="assets",
    title=gettext_lazy("Public facilities"),
    fields=(
        "id",
        "code",
        *NAMES,
        "kind",
        "building__code",
        "building__name",
        "place",
        "maker",
        "serial",
        "installed_on",
        "contractor",
        "certificate_until",
        "in_service",
        "is_active",
        "faults",
        "position",
    ),
    columns=(
        Column("code", gettext_lazy("Code"), lambda row: row["code"], order="code"),
        Column("name", pgettext_lazy("of a thing", "Name"), own_name),
        Column("kind", gettext_lazy("Kind"), lambda row: str(_KINDS[row["kind"]])),
        Column(
            "building",
            gettext_lazy("Building"),
            lambda row: row["building__name"] or row["building__code"] or "",
        ),
        Column("place", gettext_lazy("Place"), lambda row: row["place"]),
        Column("maker", gettext_lazy("Maker and model"), lambda row: row["maker"], shown=False),
        Column("serial", gettext_lazy("Serial number"), lambda row: row["serial"], shown=False),
        Column(
            "installed",
            gettext_lazy("Installed on"),
            lambda row: _day(row["installed_on"]),
            value=lambda row: row["installed_on"],
            shown=False,
        ),
        Column(
            "contractor", gettext_lazy("Maintenance contractor"), lambda row: row["contractor"], shown=False
        ),
        Column(
            "certificate",
            gettext_lazy("Certificate valid until"),
            lambda row: _day(row["certificate_until"]),
            value=lambda row: row["certificate_until"],
        ),
        Column(
            "service",
            gettext_lazy("Service"),
            lambda row: _("in service") if row["in_service"] else _("out of service"),
            kind="state",
            tone=lambda row: "done" if row["in_service"] else "late",
        ),
        Column(
            "faults",
            gettext_lazy("Open faults"),
            lambda row: str(row["faults"] or ""),
            align="right",
            value=lambda row: row["faults"],
            href=lambda row: f"{reverse('tickets:list')}?open=yes&asset={row['id']}" if row["faults"] else "",
        ),
    ),
    filterset=AssetFilter,
    orders={"code": ("code", "id")},
    default_order="code",
    row_href=lambda row: reverse("tickets:asset", args=[row["id"]]),
    empty=(
        gettext_lazy("No public facility is registered yet."),
        lambda: reverse("tickets:asset_add"),
        gettext_lazy("Add a facility"),
        "n",
    ),
    export_permission="tickets.export",
)
