"""People and companies: entering and changing them, their telephones and identity papers."""

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from office import identity, journal, phones, search
from office.refusals import Refused, Stale
from residents import reports
from residents.models import Person, Phone

PERSONAL = (
    "name",
    "name_en",
    "gender",
    "born_on",
    "address",
    "email",
    "language",
    "contact",
    "note",
    "warning",
    "kind",
)


def add_person(
    *, estate, name, by, now, phones=(), identity_type="", identity_number="", source="", **values
):
    """Enter a person or company in the register of one estate, findable at once.

    `phones` are (number, label) pairs or plain numbers, the first to be called first. Not done here: asking whether
    the person is there already (the form warns; two people may share a number).
    """
    with transaction.atomic():
        person = Person.objects.create(estate=estate, name=name, source=source, **values)
        journal.record("person.added", subject=person, text=_entry(person), by=by, now=now)
        if identity_number:
            _write_identity(person, identity_type, identity_number, now)
        _write_phones(person, phones)
        _index(person)
    return person


def edit_person(*, person, by, now, version=None, phones=None, **values):
    """Change what is known of a person. Values stay out of the journal: it names the fields (ARCHITECTURE §2).

    `phones` None leaves the numbers alone. Identity numbers change by `set_identity` only.
    """
    with transaction.atomic():
        row = _locked(person, version)
        names = [name for name in PERSONAL if name in values and getattr(row, name) != values[name]]
        for name in names:
            setattr(row, name, values[name])
        changed = phones is not None and _write_phones(row, phones)
        if not names and not changed:
            return row
        row.version += 1
        row.save(update_fields=[*names, "version"])
        if names:
            data = {"fields": journal.fields("person", names)}
            journal.record("person.changed", subject=row, text=_entry(row), by=by, now=now, data=data)
        if changed:
            _phones_said(row, by, now)
        _index(row)
    return row


def set_phones(*, person, numbers, by, now, version=None):
    """Make `numbers` ((number, label) pairs) the person's telephones, in this order."""
    return edit_person(person=person, by=by, now=now, version=version, phones=numbers)


def add_phone(*, person, number, by, now, label=""):
    """One more number of this person, called last. Somebody who has it already stays as he is."""
    with transaction.atomic():
        row = _locked(person, None)
        digits = phones.read(number, row.estate.country)
        if not digits:
            raise Refused(_("“%(number)s” is not a telephone number.") % {"number": number})
        if row.phones.filter(digits=digits).exists():
            return row
        last = row.phones.aggregate(last=Max("position"))["last"] or 0
        row.phones.create(digits=digits, number=phones.plain(number)[:40], label=label, position=last + 1)
        row.version += 1
        row.save(update_fields=["version"])
        _phones_said(row, by, now)
        _index(row)
    return row


def set_identity(*, person, identity_type, number, by, now, version=None):
    """Record, replace or (empty `number`) remove the identity number."""
    with transaction.atomic():
        row = _locked(person, version)
        _write_identity(row, identity_type, number, now)
        row.version += 1
        row.save(update_fields=["version"])
        verb = "person.identity_set" if number else "person.identity_removed"
        data = {"kind": journal.word("person.identity_type", identity_type)} if number else {}
        journal.record(verb, subject=row, text=_entry(row), by=by, now=now, data=data)
    return row


def _locked(person, version):
    row = Person.objects.select_for_update(of=("self",)).select_related("estate").get(pk=person.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def _entry(person):
    """How the journal names a person: by number, never by name."""
    return f"#{person.pk}"


def _write_identity(person, kind, number, now):
    local_day = now.astimezone(person.estate.zone).date()
    if sentence := identity.why_not_real(kind, number, local_day):
        raise Refused(sentence)
    values = identity.columns(kind=kind, number=number, pk=person.pk, subject=person.SUBJECT)
    for name, value in values.items():
        setattr(person, name, value)
    person.save(update_fields=list(values))


def _write_phones(person, numbers):
    """True when the numbers, their order or labels changed."""
    wanted: list[tuple[str, str, str]] = []
    for entry in numbers:
        number, label = (entry, "") if isinstance(entry, str) else entry
        number = phones.plain(number)
        if not number:
            continue
        digits = phones.read(number, person.estate.country)
        if not digits:
            raise Refused(_("“%(number)s” is not a telephone number.") % {"number": number})
        if digits not in [known[0] for known in wanted]:
            wanted.append((digits, number[:40], label[:40]))
    present = {row.digits: row for row in person.phones.select_for_update(of=("self",))}
    changed = False
    for digits in present.keys() - {known[0] for known in wanted}:
        present[digits].delete()
        changed = True
    for position, (digits, number, label) in enumerate(wanted, start=1):
        row = present.get(digits)
        if row is None:
            Phone.objects.create(person=person, digits=digits, number=number, label=label, position=position)
            changed = True
        elif (row.number, row.label, row.position) != (number, label, position):
            row.number, row.label, row.position = number, label, position
            row.save(update_fields=["number", "label", "position"])
            changed = True
    return changed


def _phones_said(person, by, now):
    data = {"count": person.phones.count()}
    journal.record("person.phones_set", subject=person, text=_entry(person), by=by, now=now, data=data)


def _index(person):
    digits = person.phones.values_list("digits", flat=True)
    search.put(
        "person", person.pk, person.estate_id, reports.keys_of_person(person.name, person.name_en, digits)
    )
