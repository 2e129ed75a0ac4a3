"""What the search box answers, put together from each room's rows (SPEC §2, UX G1).

To let the box find rows of another kind: `search.register` and `search.put` in their room, and here one function
`(asker, ids) -> {id: Line}` of one query with its line in KINDS. A Line whose `unit` is set leads to a
household: hits that lead to one and the same household are no choice, Enter opens it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db.models import FilteredRelation, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy

from billing.models import Receipt
from billing.reports import receipts as fees
from office import lists, money, search
from office.models import Unit
from office.phrases import listed
from residents import reports
from residents.models import Person, ReleaseSlip, Vehicle
from tickets.models import Complaint, LogEntry, Ticket
from tickets.views.rows import complaints as readable_complaints

OWN_AMONG = 200  # tickets looked at for those of a technician's own
NAMES = 3  # of a household
HOMES = 4  # unit codes said of one person; a developer may have a thousand


@dataclass
class Line:
    """One hit as shown: where it leads, what it is, and by what it was found."""

    url: str
    text: str
    hint: str = ""
    unit: int | None = None  # whose household page this opens
    why: str = ""


class Asker:
    """Who asks, and on which day of the register."""

    def __init__(self, staff, day):
        self.staff, self.day = staff, day

    @cached_property
    def estate_codes(self):
        """{estate id: code}, where somebody works for several; empty otherwise: it would say nothing."""
        estates = {posting.estate_id: posting.estate.code for posting in self.staff.posting_list}
        return estates if len(estates) > 1 else {}

    def hint(self, estate_id, *said):
        return " · ".join(filter(None, [self.estate_codes.get(estate_id, ""), *said]))

    def on_the_day(self, rows):
        """Units or people beside the relations in force on the day, as `there`."""
        return rows.annotate(
            there=FilteredRelation("occupancies", condition=Q(occupancies__period__contains=self.day))
        )

    @staticmethod
    def local(name, name_en):
        return name_en if name_en and get_language() == "en" else name


def household(unit_id, caller=None):
    """The address of a household page; `caller` is the person who is asked about or on the telephone."""
    return reverse("residents:unit", args=[unit_id]) + (f"?caller={caller}" if caller else "")


# --- one function for each kind of subject ------------------------------------------------------------------


def units(asker, ids):
    rows = asker.on_the_day(Unit.objects.visible_to(asker.staff, "register.read").filter(pk__in=ids))
    rows = rows.order_by("pk", "-there__share", "there__pk")
    found: dict[int, tuple[str, int, dict]] = {}
    for pk, code, estate, name in rows.values_list("pk", "code", "estate_id", "there__person__name"):
        found.setdefault(pk, (code, estate, {}))[2][name] = None
    return {
        pk: Line(household(pk), code, asker.hint(estate, listed([*names][:NAMES])), unit=pk)
        for pk, (code, estate, names) in found.items()
    }


def people(asker, ids):
    """Somebody with one home is asked about because of it: the household page is what the clerk needs."""
    rows = asker.on_the_day(Person.objects.visible_to(asker.staff, "register.read").filter(pk__in=ids))
    rows = rows.order_by("pk", "there__unit__sort_key")
    found: dict[int, tuple[str, int, dict]] = {}
    names = ("pk", "name", "name_en", "estate_id", "there__unit_id", "there__unit__code")
    for pk, name, name_en, estate, unit, code in rows.values_list(*names):
        found.setdefault(pk, (asker.local(name, name_en), estate, {}))[2].update({unit: code} if unit else {})
    lines = {}
    for pk, (name, estate, homes) in found.items():
        only = next(iter(homes)) if len(homes) == 1 else None
        url = household(only, pk) if only else reverse("residents:person", args=[pk])
        codes = [*homes.values()]
        hint = asker.hint(estate, listed(codes[:HOMES]) + (" …" if codes[HOMES:] else ""))
        lines[pk] = Line(url, name, hint, unit=only)
    return lines


def tickets(asker, ids):
    if asker.staff.may("tickets.read"):
        rows = Ticket.objects.visible_to(asker.staff, "tickets.read")
    else:
        rows = Ticket.objects.visible_to(asker.staff, "tickets.read_own")
        rows = rows.filter(work_orders__technician=asker.staff).distinct()
    lines = {}
    for ticket in rows.filter(pk__in=ids).select_related("category", "unit"):
        place = ticket.unit.code if ticket.unit else ticket.place
        hint = asker.hint(ticket.estate_id, place, str(ticket.category), str(ticket.get_state_display()))
        lines[ticket.pk] = Line(reverse("tickets:ticket", args=[ticket.pk]), ticket.number, hint)
    return lines


def complaints(asker, ids):
    lines = {}
    for row in (
        readable_complaints(asker.staff).filter(pk__in=ids).select_related("cause", "unit", "building")
    ):
        hint = asker.hint(row.estate_id, row.where, str(row.cause), str(row.get_state_display()))
        lines[row.pk] = Line(reverse("tickets:complaint", args=[row.pk]), row.number, hint)
    return lines


def log_entries(asker, ids):
    """Lines of the reception log, by their number or the telephone of somebody the register does not know."""
    rows = LogEntry.objects.visible_to(asker.staff, "reception.read").kept().filter(pk__in=ids)
    return {
        row.pk: Line(
            reverse("tickets:reception_entry", args=[row.pk]),
            f"{row.number} {row.caller}",
            asker.hint(row.estate_id, lists.stamp(row.at), row.where, row.asked[:40]),
        )
        for row in rows.select_related("unit")
    }


def vehicles(asker, ids):
    """A plate is asked for because of its household."""
    rows = Vehicle.objects.visible_to(asker.staff, "gate.read").filter(pk__in=ids).on(asker.day)
    return {
        pk: Line(household(unit), plate, asker.hint(estate, code, keeper or ""), unit=unit)
        for pk, plate, estate, unit, code, keeper in rows.values_list(
            "pk", "plate", "estate_id", "unit_id", "unit__code", "person__name"
        )
    }


def slips(asker, ids):
    lines = {}
    for slip in (
        ReleaseSlip.objects.visible_to(asker.staff, "gate.read").filter(pk__in=ids).select_related("unit")
    ):
        said = reports.slip_state(slip.state, slip.valid_until, timezone.now())[0]
        hint = asker.hint(slip.estate_id, slip.unit.code, str(said))
        lines[slip.pk] = Line(reverse("residents:slip", args=[slip.pk]), slip.number, hint)
    return lines


def receipts(asker, ids):
    rows = Receipt.objects.visible_to(asker.staff, "billing.read").filter(pk__in=ids)
    lines = {}
    for row in fees.with_verbs(rows).select_related("unit", "estate"):
        unit = row.unit.code if row.unit_id else ""
        amount = money.show(row.total, row.estate.currency)
        hint = asker.hint(row.estate_id, unit, row.payer, amount, str(fees.state_of(row.verbs)[1]))
        lines[row.pk] = Line(reverse("billing:receipt", args=[row.pk]), row.number, hint)
    return lines


@dataclass(frozen=True)
class Kind:
    """A kind of subject the box finds: its heading, who may find it (any of these), its lines."""

    label: object
    permissions: tuple[str, ...]
    lines: Callable[[Asker, list], dict]
    aside: bool = False  # tells what was; never stands between a telephone number and its household


# Technicians find their own tickets only; guards find nothing of the register (SPEC §1).
KINDS = {
    "unit": Kind(gettext_lazy("Units"), ("register.read",), units),
    "person": Kind(gettext_lazy("People and companies"), ("register.read",), people),
    Vehicle.SUBJECT: Kind(gettext_lazy("Vehicles"), ("gate.read",), vehicles),
    # Translators: 物品放行條
    ReleaseSlip.SUBJECT: Kind(gettext_lazy("Goods-release slips"), ("gate.read",), slips),
    Ticket.SUBJECT: Kind(gettext_lazy("Tickets"), ("tickets.read", "tickets.read_own"), tickets),
    # Translators: 投訴
    Complaint.SUBJECT: Kind(
        gettext_lazy("Complaints"), ("complaints.read", "complaints.read_own"), complaints
    ),
    # Translators: 收據
    Receipt.SUBJECT: Kind(gettext_lazy("Receipts"), ("billing.read",), receipts),
    LogEntry.SUBJECT: Kind(gettext_lazy("Reception log"), ("reception.read",), log_entries, aside=True),
}
WHY = {
    "name": gettext_lazy("name"),
    "name_part": gettext_lazy("part of the name"),
    "pinyin": gettext_lazy("pinyin"),
    "initials": gettext_lazy("initials"),
    "phone": gettext_lazy("telephone"),
    "phone_tail": gettext_lazy("end of the telephone number"),
    "code": gettext_lazy("unit"),
    "code_tail": gettext_lazy("part of the unit"),
    "number": gettext_lazy("number"),
    "number_tail": gettext_lazy("running number"),
    "plate": gettext_lazy("number plate"),
}


# --- all of them together -----------------------------------------------------------------------------------


@dataclass
class Group:
    kind: str
    label: object
    hits: list = field(default_factory=list)


SUGGESTED, LISTED = 12, 60  # hits under the box, hits on the page


def answer(staff, typed, day, limit=SUGGESTED):
    """([Group], address of the only household or matter meant, or "") for what `staff` typed, within what they may read.

    One query, and one more for each kind that was found.
    """
    hits = search.find_in(_scopes(staff), typed, limit=limit if staff.may("tickets.read") else OWN_AMONG)
    lines = _lines(Asker(staff, day), hits)
    shown = [(hit, lines[hit.subject_kind, hit.subject_id]) for hit in hits
             if (hit.subject_kind, hit.subject_id) in lines][:limit]  # fmt: skip
    groups: dict[str, Group] = {}
    for hit, line in shown:
        line.why = str(WHY.get(hit.kind, ""))
        groups.setdefault(hit.subject_kind, Group(hit.subject_kind, KINDS[hit.subject_kind].label))
        groups[hit.subject_kind].hits.append(line)
    surest = search.surest_hits([hit for hit, _line in shown])
    surest = [hit for hit in surest if not KINDS[hit.subject_kind].aside] or surest
    return list(groups.values()), _only([line for hit, line in shown if hit in surest])


def _only(lines):
    """Where all these lead, if it is one place: husband and wife with one telephone are one household."""
    places = {line.unit or line.url for line in lines}
    if len(places) != 1:
        return ""
    addresses = {line.url for line in lines}
    return addresses.pop() if len(addresses) == 1 else household(lines[0].unit)


def _scopes(staff):
    """{kind: estates} in which this person may find something of the kind."""
    scopes = {}
    for name, kind in KINDS.items():
        estates = {estate for permission in kind.permissions for estate in staff.estate_ids(permission)}
        if estates:
            scopes[name] = estates
    return scopes


def _lines(asker, hits):
    lines: dict[tuple[str, int], Line] = {}
    for name, kind in KINDS.items():
        if ids := [hit.subject_id for hit in hits if hit.subject_kind == name]:
            lines |= {(name, pk): line for pk, line in kind.lines(asker, ids).items()}
    return lines
