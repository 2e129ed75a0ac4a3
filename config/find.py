"""What the search box answers, put together from each room's rows (SPEC §2, UX G1)."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext_lazy

from office import search
from office.models import Unit
from office.phrases import listed
from residents import reports
from residents.models import Person
from tickets.models import Ticket

UNIT, PERSON, TICKET = "unit", "person", "tickets.ticket"
# Kind → heading, permission. Technicians find their own tickets only; guards find nothing (SPEC §1).
KINDS = {
    UNIT: (gettext_lazy("Units"), ("register.read",)),
    PERSON: (gettext_lazy("People and companies"), ("register.read",)),
    TICKET: (gettext_lazy("Tickets"), ("tickets.read", "tickets.read_own")),
}
WHY = {
    "name": gettext_lazy("name"),
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


@dataclass
class Line:
    """One hit as shown: where it leads, what it is, and by what it was found."""

    url: str
    text: str
    hint: str
    why: str


@dataclass
class Group:
    kind: str
    label: object
    hits: list = field(default_factory=list)


def answer(staff, typed, day, limit=12):
    """([Group], address of the only hit or "") for what `staff` typed, within what they may read. At most nine queries more."""
    hits = []
    for permissions, kinds in _by_permission(staff):
        estates = sorted({estate for permission in permissions for estate in staff.estate_ids(permission)})
        hits += search.find(estates, typed, kinds=kinds, limit=limit)
    hits.sort(key=lambda hit: (hit.rank, hit.kind, hit.key))
    lines = _lines(staff, hits, day)
    groups: dict[str, Group] = {}
    for hit in hits:
        if line := lines.get((hit.subject_kind, hit.subject_id)):
            groups.setdefault(
                hit.subject_kind, Group(hit.subject_kind, KINDS[hit.subject_kind][0])
            ).hits.append(line)
    shown = [hit for hit in hits if (hit.subject_kind, hit.subject_id) in lines]
    only = search.only_hit(shown)
    return list(groups.values()), lines[only.subject_kind, only.subject_id].url if only else ""


def _by_permission(staff):
    """[(permissions, kinds)] the person may look for."""
    found: dict[tuple[str, ...], list[str]] = {}
    for kind, (_label, permissions) in KINDS.items():
        held = tuple(permission for permission in permissions if staff.may(permission))
        if held:
            found.setdefault(held, []).append(kind)
    return found.items()


def _lines(staff, hits, day):
    ids = {kind: [hit.subject_id for hit in hits if hit.subject_kind == kind] for kind in KINDS}
    why = {(hit.subject_kind, hit.subject_id): str(WHY.get(hit.kind, "")) for hit in hits}
    several = len(staff.estate_ids()) > 1
    codes = {p.estate_id: p.estate.code for p in staff.posting_list} if several else {}
    lines = {}
    if ids[UNIT]:
        rows = Unit.objects.visible_to(staff, "register.read").filter(pk__in=ids[UNIT])
        names = reports.names_of_units(ids[UNIT], day)
        for pk, code, estate in rows.values_list("pk", "code", "estate_id"):
            hint = " ".join(filter(None, [codes.get(estate), listed(names.get(pk))]))
            lines[UNIT, pk] = Line(reverse("residents:unit", args=[pk]), code, hint, why[UNIT, pk])
    if ids[PERSON]:
        homes = reports.codes_of_people(ids[PERSON], day)
        for person in Person.objects.visible_to(staff, "register.read").filter(pk__in=ids[PERSON]):
            hint = " ".join(filter(None, [codes.get(person.estate_id), listed(homes.get(person.pk))]))
            url = reverse("residents:person", args=[person.pk])
            lines[PERSON, person.pk] = Line(url, person.local_name, hint, why[PERSON, person.pk])
    if ids[TICKET]:
        for ticket in _tickets(staff).filter(pk__in=ids[TICKET]).select_related("category", "unit"):
            place = ticket.unit.code if ticket.unit else ticket.place
            said = " · ".join(filter(None, [place, str(ticket.category), str(ticket.get_state_display())]))
            lines[TICKET, ticket.pk] = Line(
                reverse("tickets:ticket", args=[ticket.pk]), ticket.number, said, why[TICKET, ticket.pk]
            )
    return lines


def _tickets(staff):
    if staff.may("tickets.read"):
        return Ticket.objects.visible_to(staff, "tickets.read")
    return (
        Ticket.objects.visible_to(staff, "tickets.read_own").filter(work_orders__technician=staff).distinct()
    )
