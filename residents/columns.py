"""The register's lists: page, Excel and CSV read the same columns."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.lists import Column, List, day, stamp
from office.models import Unit
from office.phrases import listed
from residents import filters, reports, rules
from residents.models import AccessCard, Key, Person, Vehicle, Visitor

UNIT_KINDS, PERSON_KINDS = dict(Unit.Kind.choices), dict(Person.Kind.choices)


def _status(row):
    return rules.unit_status(
        states=row["states_held"] or (),
        lived_in=row["lived_in"],
        owned=bool(row["owners"]),
        handed_over_on=row["handed_over_on"],
    )


UNITS = List(
    name="units",
    # Translators: 房屋
    title=_("Units"),
    fields=("id", "code", "building__code", "section__code", "kind", "floor", "area", "use", "handed_over_on",
            "note", "warning", "owners", "lived_in", "states_held"),
    columns=(
        Column("code", _("Unit"), lambda row: row["code"], kind="unit", order="code"),
        Column("building", _("Building"), lambda row: row["building__code"]),
        Column("section", _("Section"), lambda row: row["section__code"] or ""),
        Column("floor", _("Floor"), lambda row: row["floor"]),
        Column("kind", _("Kind"), lambda row: UNIT_KINDS[row["kind"]]),
        Column("area", _("Area (m²)"), lambda row: "" if row["area"] is None else f"{row['area']}", align="right",
               value=lambda row: row["area"], total="area"),
        # Translators: 業主
        Column("owners", _("Owners"), lambda row: listed(row["owners"])),
        Column("status", _("Status"), lambda row: rules.STATUS[_status(row)][0], kind="state",
               tone=lambda row: rules.STATUS[_status(row)][1]),
        Column("handed_over_on", _("Handed over on"), lambda row: day(row["handed_over_on"]),
               value=lambda row: row["handed_over_on"]),
        Column("use", _("use"), lambda row: row["use"], shown=False),
        Column("note", _("note"), lambda row: row["note"], shown=False),
        Column("warning", _("Warning"), lambda row: row["note"][:60] if row["warning"] else "", exported=False),
    ),
    filterset=filters.UnitFilter,
    orders={"code": ("sort_key", "id")},
    default_order="code",
    row_href=lambda row: reverse("residents:unit", args=[row["id"]]),
    empty=(_("No unit yet. Units come from a roster file, or one by one."), lambda: reverse("residents:unit_new"), _("New unit"), "n"),
    export_permission="register.export",
    personal=True,
)  # fmt: skip

PEOPLE = List(
    name="people",
    # Translators: 住户
    title=_("People and companies"),
    fields=("id", "name", "name_en", "kind", "numbers", "homes", "warning", "note"),
    columns=(
        Column("name", _("Name"), lambda row: row["name"], order="name", source="name"),
        Column("name_en", _("English name"), lambda row: row["name_en"], source="name_en"),
        Column("kind", _("Kind"), lambda row: PERSON_KINDS[row["kind"]], source="kind"),
        Column("phones", _("Telephone"), lambda row: listed(row["numbers"]), source="numbers"),
        Column("units", _("Units"), lambda row: listed(row["homes"]), kind="unit", source="homes"),
        # In exports only: what an import of people understands.
        Column("gender", _("gender"), None, shown=False, source="gender"),
        Column("born_on", _("born on"), None, shown=False, source="born_on"),
        Column("email", _("E-mail"), None, shown=False, source="email"),
        Column("address", _("Address for letters"), None, shown=False, source="address"),
        Column("language", _("preferred language"), None, shown=False, source="language"),
        Column("note", _("note"), None, shown=False, source="note"),
        Column("number", _("number in the source"), None, shown=False, source="source"),
        Column("warning", _("Warning"), lambda row: row["note"][:60] if row["warning"] else "", exported=False),
    ),
    filterset=filters.PersonFilter,
    orders={"name": ("name", "id")},
    default_order="name",
    row_href=lambda row: reverse("residents:person", args=[row["id"]]),
    empty=(_("Nobody yet. People come from a roster file, or one by one."), lambda: reverse("residents:person_new"), _("New person"), "n"),
    export_permission="register.export",
    personal=True,
)  # fmt: skip

BUILDINGS = List(
    name="buildings",
    # Translators: 樓棟
    title=_("Buildings"),
    fields=("id", "code", "name", "floors", "address", "entrances", "unit_count"),
    columns=(
        Column("code", _("Building"), lambda row: row["code"], order="code"),
        Column("name", pgettext_lazy("of a thing", "Name"), lambda row: row["name"]),
        Column("sections", _("Sections"), lambda row: listed(row["entrances"])),
        Column("floors", _("Floors"), lambda row: str(row["floors"] or ""), align="right", value=lambda row: row["floors"]),
        Column("units", _("Units"), lambda row: str(row["unit_count"]), align="right", value=lambda row: row["unit_count"],
               href=lambda row: f"{reverse('residents:units')}?building={row['id']}"),
        Column("address", _("Address"), lambda row: row["address"]),
    ),
    orders={"code": ("sort_key", "id")},
    default_order="code",
    row_href=lambda row: reverse("residents:building", args=[row["id"]]),
    empty=(_("No building yet."), lambda: reverse("residents:building_new"), _("New building"), "n"),
    export_permission="register.export",
)  # fmt: skip


# --- the gate ----------------------------------------------------------------------------------------------


def _slip_state(row):
    return reports.slip_state(row["state"], row["valid_until"], row["now"])


SLIPS = List(
    name="slips",
    # Translators: 物品放行條
    title=_("Goods-release slips"),
    fields=("id", "number", "unit__code", "person__name", "agent_name", "plate", "carrier", "state", "issued_at",
            "issued_by__name", "valid_until", "released_at", "released_by__name"),
    columns=(
        Column("number", _("Number"), lambda row: row["number"], kind="unit"),
        Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit"),
        Column("applicant", _("Applicant"), lambda row: row["agent_name"] or row["person__name"]),
        Column("plate", _("Number plate"), lambda row: row["plate"]),
        Column("carrier", _("Carrier"), lambda row: row["carrier"], shown=False),
        Column("state", _("State"), lambda row: _slip_state(row)[0], kind="state", tone=lambda row: _slip_state(row)[1]),
        Column("issued_at", _("Issued"), lambda row: stamp(row["issued_at"]), value=lambda row: row["issued_at"], order="newest"),
        Column("issued_by", _("Issued by"), lambda row: row["issued_by__name"]),
        Column("valid_until", _("Valid until"), lambda row: reports.last_minute(row["valid_until"]), value=lambda row: row["valid_until"]),
        Column("released_at", _("Released"), lambda row: stamp(row["released_at"]) if row["released_at"] else "",
               value=lambda row: row["released_at"]),
        Column("released_by", _("Released by"), lambda row: row["released_by__name"] or ""),
    ),
    filterset=filters.SlipFilter,
    orders={"newest": ("-issued_at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("residents:slip", args=[row["id"]]),
    empty=(_("No slip yet. A slip is issued when somebody moves goods out."), lambda: reverse("residents:slip_new"), _("New slip"), "n"),
    export_permission="gate.export",
    personal=True,
)  # fmt: skip


PURPOSES, VEHICLE_KINDS = dict(Visitor.Purpose.choices), dict(Vehicle.Kind.choices)
CARD_KINDS, CARD_STATES, KEY_STATES = (
    dict(AccessCard.Kind.choices),
    dict(AccessCard.State.choices),
    dict(Key.State.choices),
)
CARD_TONES = {"active": "good", "blocked": "late", "lost": "late", "returned": "quiet"}
KEY_TONES = {"in": "good", "out": "busy", "lost": "late", "given_back": "quiet"}


def _visit_state(row):
    if row["out_at"]:
        return (_("left, card not back"), "late") if row["badge_kept"] else (_("left"), "quiet")
    overnight = timezone.localtime(row["in_at"]).date() < timezone.localtime(row["now"]).date()
    return (_("inside overnight"), "late") if overnight else (_("inside"), "busy")


VISITORS = List(
    name="visitors",
    # Translators: 來訪登記
    title=_("Visitors"),
    fields=("id", "name", "unit__code", "host", "purpose", "phone", "people", "plate", "badge", "badge_kept", "in_at", "out_at",
            "in_by__name", "erased_at"),
    columns=(
        Column("name", _("Visitor"), lambda row: row["name"] or "–"),
        Column("unit", _("Unit"), lambda row: row["unit__code"] or "", kind="unit"),
        Column("host", _("To whom"), lambda row: row["host"]),
        Column("purpose", _("Purpose"), lambda row: PURPOSES[row["purpose"]]),
        Column("phone", _("Telephone"), lambda row: row["phone"], shown=False),
        Column("people", _("How many people"), lambda row: str(row["people"]), align="right", value=lambda row: row["people"], total="people"),
        Column("plate", _("Number plate"), lambda row: row["plate"]),
        Column("badge", _("Card lent"), lambda row: row["badge"]),
        Column("in_at", _("In"), lambda row: stamp(row["in_at"]), value=lambda row: row["in_at"], order="newest"),
        Column("out_at", _("Out"), lambda row: stamp(row["out_at"]) if row["out_at"] else "", value=lambda row: row["out_at"]),
        Column("state", _("State"), lambda row: _visit_state(row)[0], kind="state", tone=lambda row: _visit_state(row)[1]),
        Column("in_by", _("Let in by"), lambda row: row["in_by__name"], shown=False),
    ),
    filterset=filters.VisitorFilter,
    orders={"newest": ("-in_at", "-id")},
    default_order="newest",
    row_href=lambda row: reverse("residents:visitor", args=[row["id"]]),
    empty=(_("No visitor yet."), lambda: reverse("residents:visitor_new"), _("Visitor in"), "n"),
    export_permission="gate.export",
    personal=True,
)  # fmt: skip

VEHICLES = List(
    name="vehicles",
    # Translators: 車輛
    title=_("Vehicles"),
    fields=("id", "plate", "unit__code", "kind", "colour", "make", "person__name", "space", "period"),
    columns=(
        Column("plate", _("Number plate"), lambda row: row["plate"], kind="unit", order="plate"),
        Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit"),
        Column("keeper", _("Keeper"), lambda row: row["person__name"] or ""),
        Column("kind", _("Kind"), lambda row: VEHICLE_KINDS[row["kind"]]),
        Column("colour", _("Colour"), lambda row: row["colour"]),
        Column("make", _("Make"), lambda row: row["make"]),
        Column("space", _("Parking space"), lambda row: row["space"] or "", kind="unit"),
        Column("since", _("From"), lambda row: day(row["period"].lower), value=lambda row: row["period"].lower),
        Column("last_day", _("Last day"), lambda row: day(rules.last_day(row["period"].upper)), value=lambda row: rules.last_day(row["period"].upper)),
    ),
    filterset=filters.VehicleFilter,
    orders={"plate": ("plate", "id")},
    default_order="plate",
    row_href=lambda row: reverse("residents:vehicle", args=[row["id"]]),
    empty=(_("No vehicle yet."), lambda: reverse("residents:vehicle_new"), _("New vehicle"), "n"),
    export_permission="gate.export",
    personal=True,
)  # fmt: skip

CARDS = List(
    name="cards",
    # Translators: 門禁卡
    title=_("Access cards"),
    fields=("id", "number", "unit__code", "kind", "person__name", "state", "issued_on", "lost_on", "blocked_on", "returned_on"),
    columns=(
        Column("number", _("Card number"), lambda row: row["number"], kind="unit", order="number"),
        Column("unit", _("Unit"), lambda row: row["unit__code"], kind="unit"),
        Column("holder", _("Holder"), lambda row: row["person__name"] or ""),
        Column("kind", _("Kind"), lambda row: CARD_KINDS[row["kind"]]),
        Column("state", _("State"), lambda row: CARD_STATES[row["state"]], kind="state", tone=lambda row: CARD_TONES[row["state"]]),
        Column("issued_on", _("Issued on"), lambda row: day(row["issued_on"]), value=lambda row: row["issued_on"]),
        Column("blocked_on", _("Blocked on"), lambda row: day(row["blocked_on"]), value=lambda row: row["blocked_on"], shown=False),
        Column("lost_on", _("Lost on"), lambda row: day(row["lost_on"]), value=lambda row: row["lost_on"]),
        Column("returned_on", _("Returned on"), lambda row: day(row["returned_on"]), value=lambda row: row["returned_on"]),
    ),
    filterset=filters.CardFilter,
    orders={"number": ("number", "id")},
    default_order="number",
    row_href=lambda row: reverse("residents:card", args=[row["id"]]),
    empty=(_("No access card yet."), lambda: reverse("residents:card_new"), _("Issue a card"), "n"),
    export_permission="gate.export",
    personal=True,
)  # fmt: skip


def _key_state(row):
    if row["state"] == Key.State.OUT and row["due_at"] and row["due_at"] <= row["now"]:
        return _("overdue"), "late"
    return KEY_STATES[row["state"]], KEY_TONES[row["state"]]


KEYS = List(
    name="keys",
    # Translators: 鑰匙
    title=_("Keys"),
    fields=("id", "tag", "unit__code", "room", "count", "state", "holder", "out_at", "due_at", "received_on"),
    columns=(
        Column("tag", _("Tag"), lambda row: row["tag"], kind="unit", order="tag"),
        Column("unit", _("Unit"), lambda row: row["unit__code"] or "", kind="unit"),
        Column("room", _("Room"), lambda row: row["room"]),
        Column("count", _("Keys"), lambda row: str(row["count"]), align="right", value=lambda row: row["count"], total="count"),
        Column("state", _("State"), lambda row: _key_state(row)[0], kind="state", tone=lambda row: _key_state(row)[1]),
        Column("holder", _("Who has it"), lambda row: row["holder"] or ""),
        Column("out_at", _("Out"), lambda row: stamp(row["out_at"]) if row["out_at"] else "", value=lambda row: row["out_at"]),
        Column("due_at", _("Due back"), lambda row: stamp(row["due_at"]) if row["due_at"] else "", value=lambda row: row["due_at"]),
        Column("received_on", _("Held since"), lambda row: day(row["received_on"]), value=lambda row: row["received_on"], shown=False),
    ),
    filterset=filters.KeyFilter,
    orders={"tag": ("tag", "id")},
    default_order="tag",
    row_href=lambda row: reverse("residents:key", args=[row["id"]]),
    empty=(_("The office holds no key yet."), lambda: reverse("residents:key_new"), _("Key into keeping"), "n"),
    export_permission="gate.export",
    personal=True,
)  # fmt: skip
