"""What the desk does with the register: people, their telephones and papers, who lives where since when."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from office import identity, journal, phones, search
from office.models import Unit
from office.refusals import Refused, Stale
from residents import reports, rules
from residents.models import Occupancy, Person, Phone

PERSONAL = ("name", "name_en", "gender", "born_on", "address", "email", "language", "note", "warning", "kind")


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


# --- who lives where ---------------------------------------------------------------------------------------


def start_occupancy(*, unit, person, role, since, by, now, until=None, share=None, lives_here=True):
    """Relate a person to a unit from `since` (a day) up to `until` (the first day after, None: open).

    The unit is locked, so that two desks cannot hand out the same share; the database excludes what slips past.
    """
    with transaction.atomic():
        unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
        if person.estate_id != unit.estate_id:
            raise Refused(_("This person is registered in another estate."))
        share = share if role == Occupancy.Role.OWNER else None
        _ask(unit, person, role, share, since, until)
        row = Occupancy(
            estate_id=unit.estate_id, unit=unit, person=person, role=role, share=share,
            period=DateRange(since, until), lives_here=lives_here,
        )  # fmt: skip
        _save(row)
        data = {"occupancy": row.pk, "person": person.pk, "role": journal.word("occupancy.role", role),
                "from": since.isoformat(), "until": until.isoformat() if until else None}  # fmt: skip
        verb = "occupancy.started"
        if share is not None and share != rules.WHOLE:
            verb, data["share"] = "occupancy.started_share", f"{share.normalize():f}"
        _record(verb, row, by, now, data)
    return row


def end_occupancy(*, occupancy, until, by, now):
    """The person's last day was the day before `until`. What came before stays as it was."""
    with transaction.atomic():
        row = _locked_occupancy(occupancy)
        if row.period.upper is not None and row.period.upper <= until:
            raise Refused(_("This period has ended already: %(period)s.") % {
                "period": rules.period_text(row.period.lower, row.period.upper)
            })  # fmt: skip
        if until <= row.period.lower:
            raise Refused(_("The last day lies before the first day."))
        row.period = DateRange(row.period.lower, until)
        _save(row, ["period"])
        data = {"occupancy": row.pk, "person": row.person_id, "role": journal.word("occupancy.role", row.role),
                "until": rules.last_day(until).isoformat()}  # fmt: skip
        _record("occupancy.ended", row, by, now, data)
    return row


def correct_occupancy(*, occupancy, reason, by, now, since, until=None, share=None, lives_here=True):
    """Put right an entry that was keyed wrongly. The journal keeps what stood there and why it was changed."""
    with transaction.atomic():
        row = _locked_occupancy(occupancy)
        share = share if row.role == Occupancy.Role.OWNER else None
        before = _facts(row)
        _ask(row.unit, row.person, row.role, share, since, until, but=row.pk)
        row.period, row.share, row.lives_here = DateRange(since, until), share, lives_here
        _save(row, ["period", "share", "lives_here"])
        row.refresh_from_db()
        if _facts(row) == before:
            return row
        data = {"occupancy": row.pk, "person": row.person_id, "role": journal.word("occupancy.role", row.role),
                "reason": reason[:200], "before": before, "after": _facts(row)}  # fmt: skip
        _record("occupancy.corrected", row, by, now, data)
    return row


def _facts(row):
    upper: date | None = row.period.upper
    return {
        "from": row.period.lower.isoformat(),
        "until": upper.isoformat() if upper else None,
        "share": f"{row.share.normalize():f}" if row.share is not None else None,
        "lives_here": row.lives_here,
    }


def _locked_occupancy(occupancy):
    Unit.objects.select_for_update(of=("self",)).get(pk=occupancy.unit_id)
    return (
        Occupancy.objects.select_for_update(of=("self",))
        .select_related("unit", "person")
        .get(pk=occupancy.pk)
    )


def _ask(unit, person, role, share, since, until, but=None):
    rows = Occupancy.objects.filter(unit=unit).exclude(pk=but).select_related("person")
    sentence = rules.why_not_occupy(rows, person=person, role=role, share=share, since=since, until=until)
    if sentence:
        raise Refused(sentence)


def _save(row, names=None):
    try:
        with transaction.atomic():
            row.save(update_fields=names)
    except IntegrityError as problem:
        raise Refused(_("This period overlaps another one of the same role.")) from problem


def _record(verb, row, by, now, data):
    journal.record(
        verb,
        subject=row.unit,
        kind="unit",
        unit_id=row.unit_id,
        text=row.unit.code,
        by=by,
        now=now,
        data=data,
    )
