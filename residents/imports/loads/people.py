"""People, their telephones and papers; found again by number and name, telephone and name, or name and unit."""

from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.translation import gettext as _

from office import identity, journal, phones
from office.imports import units as places
from office.imports.loading import Load
from residents.imports.loads.found import OCCUPANCIES, PEOPLE, PERSON_COLUMNS, PHONES, folded
from residents.imports.loads.relations import is_new_owner, is_related, prime_relations, relate, why_not_own
from residents.models import Person, Phone


@dataclass(slots=True)
class _Person:
    """Somebody as a row of the file tells of them."""

    name: str
    column: str  # where the row names them, for errors
    number: str = ""
    identity_number: str = ""
    identity_type: str = ""
    lines: tuple = ()  # (digits, number as read)
    units: tuple = ()  # codes
    values: dict = field(default_factory=dict)
    identity_index: str = ""

    @property
    def keys(self):
        """What they are found by, the surest first."""
        name = folded(self.name)
        keys = []
        if self.identity_index:
            keys.append(f"id|{self.identity_index}|{name}")
        if self.number:
            keys.append(f"no|{self.number}|{name}")
        keys += [f"tel|{digits}|{name}" for digits, _number in self.lines]
        keys += [f"un|{code}|{name}" for code in self.units]
        return keys or [f"nm|{self.name}"]


def person_of(
    run,
    row,
    name,
    column,
    *,
    number="",
    identity_number="",
    identity_type="",
    telephones=(),
    units=(),
    values=None,
):
    """What the row says of somebody; errors where it cannot be."""
    one = _Person(name[:120], column, number=number or "", units=tuple(units), values=values or {})
    said: dict[str, str] = {}
    for text in telephones:
        plain = phones.plain(text)[:40]
        digits = phones.read(plain, run.place.country)
        if digits:
            said.setdefault(digits, plain)
        elif plain and not phones.is_placeholder(plain):
            row.error("phone", _("“%(said)s” is no telephone number.") % {"said": plain})
    one.lines = tuple(said.items())
    if identity_number:
        text = identity.normal(identity_number)
        one.identity_type = identity_type or identity.guess(text)
        if sentence := identity.why_not_real(one.identity_type, text, run.place.today):
            row.error("identity", sentence)
        one.identity_number, one.identity_index = text, identity.blind(text)
    if "kind" not in one.values:
        one.values["kind"] = "company" if one.identity_type == identity.COMPANY else None
    return one


def known(run, one):
    """The Found of a person, or None. A number of a source that fits somebody of another name is somebody else."""
    for key in one.keys:
        found = run.get("person", key)
        if found is not None and not (key.startswith("nm|") and found.values.get("several")):
            return found
    return None


def say_differences(run, row, one):
    """Say why this person cannot be written as the row tells, before anything of the row is staged."""
    found = known(run, one)
    if found is None or not found.row or found.row == row.number:
        return
    differs = [name for name in found.changes(one.values) if name != "kind"]
    if differs:
        labels = {field.column: field.verbose_name for field in Person._meta.concrete_fields}
        said = {"row": found.row, "fields": ", ".join(str(labels[name]) for name in differs)}
        row.error(one.column, _("Row %(row)s tells something else of the same person: %(fields)s.") % said)


def write_person(run, row, one):
    """The primary key of a person, staged as new or changed."""
    found = known(run, one)
    if found is None:
        return _new_person(run, row, one)
    lines = [
        (digits, number) for digits, number in one.lines if run.get("phone", f"{found.pk}|{digits}") is None
    ]
    if found.row:  # this file's own: only what comes on top
        _add_phones(run, row, found.pk, lines, len(one.lines))
        return found.pk
    changes = found.changes(one.values)
    if one.number and not found.values.get("source"):
        changes["source"] = one.number
    if one.identity_index and found.values.get("identity_index") not in identity.blinds(one.identity_number):
        changes |= identity.columns(kind=one.identity_type, number=one.identity_number, pk=found.pk)
    fields = [name for name in changes if name in PERSON_COLUMNS]
    if "identity_index" in changes:
        fields.append("identity_type")
    if changes or lines:
        changes["version"] = found.values["version"] + 1
        if fields or not lines:
            event = run.event(
                "person.changed", "person", found.pk, f"#{found.pk}", fields=journal.fields("person", fields)
            )
        else:
            event = run.event("person.phones_set", "person", found.pk, f"#{found.pk}", count=len(lines))
        run.update("person", row, found, changes, event=event)
        if lines:
            last = Phone.objects.filter(person_id=found.pk).aggregate(last=Max("position"))["last"] or 0
            _add_phones(run, row, found.pk, lines, last)
    return found.pk


def _new_person(run, row, one):
    pk = run.next_id("person")
    values = {
        "estate_id": run.estate.pk, "name": one.name, "source": one.number[:40],
        **{name: value for name, value in one.values.items() if value is not None},
        **identity.columns(kind=one.identity_type, number=one.identity_number, pk=pk),
    }  # fmt: skip
    event = run.event("person.added", "person", pk, f"#{pk}")
    keys = one.keys + ([f"ref|{one.number}"] if one.number else [])
    run.create("person", row, values, pk=pk, keys=keys, event=event)
    _add_phones(run, row, pk, one.lines, 0)
    return pk


def _add_phones(run, row, person, lines, after):
    for position, (digits, number) in enumerate(lines, start=after + 1):
        values = {"person_id": person, "number": number, "digits": digits, "position": position}
        run.create("phone", row, values, keys=[f"{person}|{digits}"])


def prime_people(run, everybody):
    run.prime("person", {key for one in everybody for key in one.keys})
    lines = set()
    for one in everybody:
        found = known(run, one)
        if found is not None:
            lines |= {f"{found.pk}|{digits}" for digits, _number in one.lines}
    run.prime("phone", lines)


class People(Load):
    tables = (PEOPLE, PHONES, OCCUPANCIES)
    subjects = ("person",)

    def plan(self, run, rows):
        everybody = {row.number: self._one(run, row) for row in rows}
        self._units = places.said(run, {code for one in everybody.values() for code in one.units})
        prime_people(run, everybody.values())
        prime_relations(run, self._pairs(run, everybody.values()))
        for row in rows:
            one = everybody[row.number]
            units = self._places(row, one)
            say_differences(run, row, one)
            values = row.values
            share = values.get("share")
            role = values.get("role") or "owner"
            found = known(run, one)
            if found and not values.get("role"):
                units = [pair for pair in units if not is_related(run, pair[0], found.pk)]
            if role == "owner" and not row.errors:
                for unit, code in units:
                    if is_new_owner(run, unit, found and found.pk) and (
                        sentence := why_not_own(run, code, unit, share)
                    ):
                        row.error("share" if "share" in row.cells else "unit", sentence)
            if values.get("until") and values["until"] <= (values.get("since") or run.place.today):
                row.error("until", _("The last day lies before the first day."))
            if row.errors:
                continue
            person = write_person(run, row, one)
            for unit, code in units:
                relate(run, row, unit, code, person, role, share=share if role == "owner" else None,
                        since=values.get("since"), until=values.get("until"))  # fmt: skip

    @staticmethod
    def _one(run, row):
        values = row.values
        own = {name: values.get(name) for name in PERSON_COLUMNS}
        return person_of(
            run, row, values["name"], "name", number=values.get("number"), telephones=values.get("phone") or (),
            identity_number=values.get("identity"), identity_type=values.get("identity_type") or "",
            units=values.get("unit") or (), values=own,
        )  # fmt: skip

    def _pairs(self, run, everybody):
        """(unit, person or None) of what the register has already."""
        pairs = set()
        for one in everybody:
            found = known(run, one)
            for said in one.units:
                pairs |= {(unit, found and found.pk) for unit, _code in self._units.get(said, ())}
        return pairs

    def _places(self, row, one):
        """[(unit, code)] of the codes the row names."""
        found = []
        for said in one.units:
            hits = self._units.get(said, [])
            if wrong := places.why_not_one(said, hits):
                row.error("unit", *wrong)
            else:
                found.append(hits[0])
        return found
