"""Who lives where: a person's relation to a unit begins, ends, is put right."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from office import journal
from office.models import Unit
from office.refusals import Refused
from residents import rules
from residents.models import Occupancy


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
