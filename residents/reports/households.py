"""Who lives where, read over many rows. Personal values leave here only towards people with register.read."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from office import cards, clocks, identity, phones, search
from office.addresses import row_address
from residents import drawing, rules
from residents.models import Occupancy, Person, Phone


@dataclass
class Resident:
    """One person's relation to a unit, with all a clerk needs at the telephone."""

    occupancy_id: int
    unit_id: int
    unit_code: str
    person_id: int
    name: str
    name_en: str
    role: str
    share: Decimal | None
    since: date
    until: date | None  # the first day no longer in the period
    lives_here: bool
    language: str
    note: str  # only where it is to be shown as a warning
    phones: list = field(default_factory=list)  # [Line]

    @property
    def local_name(self):
        return self.name_en if self.name_en and get_language() == "en" else self.name

    @property
    def role_label(self):
        return Occupancy.Role(self.role).label

    @property
    def last_day(self):
        return rules.last_day(self.until)

    @property
    def period_text(self):
        return rules.period_text(self.since, self.until)

    @property
    def share_text(self):
        return f"{self.share.normalize():f} %" if self.share is not None else ""

    @property
    def phone(self):
        """The number to call first, as people read it."""
        return self.phones[0].number if self.phones else ""


@dataclass
class Line:
    """A telephone line: as read, and the address a softphone opens."""

    number: str
    digits: str
    label: str

    @property
    def href(self):
        return f"tel:{self.number.replace(' ', '')}" if len(self.digits) < 11 else f"tel:+{self.digits}"


@dataclass
class Household:
    """A unit's people on one day."""

    day: date
    residents: list
    states: tuple = ()  # kinds of UnitState in force

    @property
    def owners(self):
        return [one for one in self.residents if one.role in (Occupancy.Role.OWNER, Occupancy.Role.DEVELOPER)]

    @property
    def living_here(self):
        """Who lives there; an owner only where the register says so."""
        return [one for one in self.residents if one.lives_here and one.role != Occupancy.Role.DEVELOPER]

    @property
    def living_beside(self):
        """Who lives there and is not named among the owners already."""
        return [one for one in self.living_here if one.role != Occupancy.Role.OWNER]

    @property
    def others(self):
        """Agents, and members or tenants who live elsewhere."""
        shown = {one.occupancy_id for one in (*self.owners, *self.living_here)}
        return [one for one in self.residents if one.occupancy_id not in shown]

    @property
    def contact(self):
        """Whom to call first: a tenant, else an owner who lives there, else any owner; with a number if possible."""
        order = {"tenant": 0, "owner": 1, "member": 2, "agent": 3, "developer": 4}
        ranked = sorted(self.residents, key=lambda one: (not one.phones, not one.lives_here, order[one.role]))
        return ranked[0] if ranked else None


_FIELDS = (
    "pk", "unit_id", "unit__code", "person_id", "person__name", "person__name_en", "role", "share", "period",
    "lives_here", "person__language", "person__warning", "person__note",
)  # fmt: skip
_ORDER = {"owner": 0, "developer": 1, "tenant": 2, "member": 3, "agent": 4}


def _residents(rows):
    """Two queries: relations with their people, then all telephone numbers."""
    found = [
        Resident(
            pk, unit_id, code, person_id, name, name_en, role, share, period.lower, period.upper, lives_here,
            language, note if warning else "",
        )
        for (pk, unit_id, code, person_id, name, name_en, role, share, period, lives_here, language, warning, note)
        in rows.values_list(*_FIELDS)
    ]  # fmt: skip
    lines = phones_of({one.person_id for one in found})
    for one in found:
        one.phones = lines.get(one.person_id, [])
    return found


def phones_of(person_ids):
    """{person id: [Line]}, the first to be called first."""
    lines = defaultdict(list)
    if person_ids:
        rows = Phone.objects.filter(person_id__in=person_ids).order_by("person_id", "position", "pk")
        for person_id, number, digits, label in rows.values_list("person_id", "number", "digits", "label"):
            lines[person_id].append(Line(number, digits, label))
    return lines


# By hand: the page with the telephone at the ear begins with it, and putting it together cost more than its answer.
_HOUSEHOLD = """
SELECT (SELECT json_agg(json_build_array(
          o.id, u.id, u.code, p.id, p.name, p.name_en, o.role, o.share::text, lower(o.period), upper(o.period),
          o.lives_here, p.language, CASE WHEN p.warning THEN p.note ELSE '' END,
          (SELECT json_agg(json_build_array(number, digits, label) ORDER BY position, id)
             FROM residents_phone WHERE person_id = p.id)))
        FROM residents_occupancy o JOIN residents_person p ON p.id = o.person_id JOIN office_unit u ON u.id = o.unit_id
        WHERE o.unit_id = %(unit)s AND o.period @> %(day)s::date),
       (SELECT json_agg(kind) FROM residents_unitstate WHERE unit_id = %(unit)s AND period @> %(day)s::date)
"""


def household(unit, day):
    """Owners, who lives there, their telephones, the unit's states on the local date `day`: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_HOUSEHOLD, {"unit": getattr(unit, "pk", unit), "day": day})
        people, states = (
            json.loads(part) if isinstance(part, str) else part or [] for part in cursor.fetchone()
        )
    found = [
        Resident(*[
            *row[:7], share and Decimal(share), date.fromisoformat(since), until and date.fromisoformat(until),
            *row[10:13], [Line(*line) for line in lines or ()],
        ])
        for row in people
        for share, since, until, lines in [(*row[7:10], row[13])]
    ]  # fmt: skip
    return Household(day, sorted(found, key=in_order), tuple(states))


def in_order(one):
    """Owners first, then as long as they have been there."""
    return _ORDER[one.role], one.since, one.occupancy_id


def names_of_units(unit_ids, day):
    """{unit id: [names of owners and of those who live there]} on `day`: one query."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    rows = Occupancy.objects.filter(unit_id__in=unit_ids).on(day).order_by("unit_id", "-share", "pk")
    for unit_id, name in rows.values_list("unit_id", "person__name"):
        if name not in names[unit_id] and len(names[unit_id]) < 3:
            names[unit_id].append(name)
    return names


def homes_of_people(person_ids, day):
    """{person id: {unit id: unit code}} on `day`: one query."""
    homes: defaultdict[int, dict[int, str]] = defaultdict(dict)
    rows = Occupancy.objects.filter(person_id__in=person_ids).on(day).order_by("person_id", "unit__sort_key")
    for person_id, unit_id, code in rows.values_list("person_id", "unit_id", "unit__code"):
        homes[person_id][unit_id] = code
    return homes


def people_of_unit(unit):
    """Everybody who ever was anything here, the newest period first: the unit's history."""
    rows = Occupancy.objects.filter(unit_id=getattr(unit, "pk", unit))
    return sorted(
        _residents(rows), key=lambda one: (one.until is None, one.since, one.occupancy_id), reverse=True
    )


def units_of_person(person):
    """Every unit this person is or was related to, the present first."""
    rows = Occupancy.objects.filter(person_id=getattr(person, "pk", person))
    return sorted(
        _residents(rows), key=lambda one: (one.until is None, one.since, one.occupancy_id), reverse=True
    )


def caller(estate_ids, phone, day, country="CN"):
    """[(person id, name, [Resident])] of everybody in these estates with this number: three queries.

    A number shorter than a whole one is compared with the end (UX G1: the last four digits).
    """
    found = callers(estate_ids, phone, day, country) or callers(estate_ids, phone, day, country, ends=True)
    return [(pk, name, homes) for pk, name, _estate, homes in found]


def callers(estate_ids, phone, day, country="CN", ends=False):
    """[(person id, name, estate id, [Resident])] of whoever has this number: three queries.

    With `ends`: whose numbers begin or end so, or who is kept with the number but without its area.
    """
    digits = phones.bare(phone)
    if len(digits) < search.TAIL:
        return []
    whole = phones.read(phone, country)
    if ends:
        ids = {
            hit.subject_id
            for hit in search.find(estate_ids, phone, kinds=["person"])
            if hit.kind.startswith("phone")
        }
        kept = {phones.national(whole)[-length:] for length in (7, 8)} if len(whole) > 9 else set()
    else:
        ids, kept = set(), {digits, digits.removeprefix("00"), whole, phones.national(whole or digits)}
    ids |= set(
        Phone.objects.filter(digits__in=kept - {""}, person__estate_id__in=estate_ids).values_list(
            "person_id", flat=True
        )[:20]
    )
    if not ids:
        return []
    homes = defaultdict(list)
    for one in _residents(Occupancy.objects.filter(person_id__in=ids).on(day)):
        homes[one.person_id].append(one)
    people = Person.objects.filter(pk__in=ids).order_by("name", "pk")
    return [(person.pk, person.local_name, person.estate_id, homes[person.pk]) for person in people]


def people_of_units(unit_ids, day):
    """Ids of those who are anything in these units on `day`, owners first: one query."""
    rows = Occupancy.objects.filter(unit_id__in=unit_ids).on(day).values_list("person_id", "role", "pk")
    return list(
        dict.fromkeys(pk for pk, _role, _row in sorted(rows, key=lambda row: (_ORDER[row[1]], row[2])))
    )


def lookalikes(estate_id, *, digits=(), identity_number="", but=None):
    """[(person, "phone"|"identity")] of people here with one of these numbers: they may be the same person."""
    match = Q()
    if digits:
        match |= Q(phones__digits__in=list(digits))
    blinds = identity.blinds(identity_number)
    if blinds:
        match |= Q(identity_index__in=blinds)
    if not match:
        return []
    rows = Person.objects.filter(match, estate_id=estate_id).exclude(pk=but).distinct().order_by("pk")[:5]
    return [
        (row, "identity" if row.identity_index and row.identity_index in blinds else "phone") for row in rows
    ]


def by_identity(estate_ids, number):
    """People with exactly this identity number."""
    return Person.objects.filter(
        estate_id__in=estate_ids, identity_index__in=identity.blinds(number)
    ).order_by("pk")


def keys_of_person(name, name_en, digits):
    """Search keys of one person."""
    keys = search.keys_of_name(name, name_en)
    for one in digits:
        keys |= search.keys_of_phone(one)
    return keys


def keys_of_people():
    """(id, estate, keys) of everybody, for `reindex`; telephones are read in batches beside the names."""
    rows = Person.objects.order_by("pk").values_list("pk", "estate_id", "name", "name_en")
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:5000]):
        lines = phones_of({row[0] for row in batch})
        for pk, estate_id, name, name_en in batch:
            yield pk, estate_id, keys_of_person(name, name_en, [line.digits for line in lines.get(pk, ())])
        after = batch[-1][0]


# --- the household page: what the register says of a unit, and what it lets people begin there ----------------

KINDS = (
    cards.Kind("people", _("People"), ("occupancy.", "person."), icon="users", subjects=("person",)),
    cards.Kind("unit", pgettext_lazy("kind of event", "Unit"), ("unit.",), icon="home", subjects=("unit",)),
)


def card(unit, *, staff, now):
    """Owners, who lives there, agents: with the telephones that are called first. One query."""
    if not staff.may("register.read", unit.estate_id):
        return None
    house = household(unit, clocks.local_date(now, unit.estate.zone))
    return cards.Card(
        "people",
        _("People"),
        icon="users",
        draw=drawing.people,
        context={"house": house},
        all_url=row_address("residents:history", unit.pk),
        all_label=_("Who has lived here and owned it"),
        column=cards.PEOPLE,
        position=10,
    )


def status_of(unit, house):
    """Key of rules.STATUS for a unit whose household of the day is known."""
    return rules.unit_status(
        states=house.states,
        lived_in=bool(house.living_here),
        owned=bool(house.owners),
        handed_over_on=unit.handed_over_on,
    )


def starts(unit, *, staff):
    """Who lives here, and what is known of the unit, may be put down by those who edit the register."""
    if not staff.may("register.edit", unit.estate_id):
        return []
    occupy = row_address("residents:occupancy_new", unit.pk)
    edit = row_address("residents:unit_edit", unit.pk)
    return [
        cards.Start("occupy", _("Add a person"), occupy, "user-plus", position=80),
        cards.Start("edit", _("Edit"), edit, "edit", key="e", position=90),
    ]
