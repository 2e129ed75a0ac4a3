"""Estates: opening one with everything it needs, and changing what its paper and clocks say (SPEC §1)."""

from django.db import transaction

from office import journal, promises, setup, versions
from office.models import Department, DepartmentHead, Estate, Posting

KIND = "office.estate"


@transaction.atomic
def set_up(estate, now):
    """Give `estate` the specification's promise rules, a row per department, and each app's catalogues.

    Adds only what is missing, so that an upgrade may run it again. `now` is not written: the first rules hold
    from ever, so that old matters brought in have one too.
    """
    promises.load_rules(estate)
    DepartmentHead.objects.bulk_create(
        [DepartmentHead(estate=estate, department=department) for department in Department.values],
        ignore_conflicts=True,
    )
    setup.load(estate)
    return estate


@transaction.atomic
def create(*, values, by, now):
    """Open an estate, set it up, and post its maker there as administrator: an estate nobody sees cannot exist."""
    estate = Estate(**values)
    estate.save()
    set_up(estate, now)
    Posting.objects.create(staff=by, estate=estate, department=Department.MANAGEMENT, role="admin")
    journal.record(
        "estate.created", subject=estate, kind=KIND, text=estate.code, by=by, now=now, estate_id=estate.pk
    )
    return estate


@transaction.atomic
def change(*, estate, values, by, now, version=None):
    """Change letterhead, paper, hours, language or zone of an estate.

    `version` is the mark of the row the page was drawn from. Promises already made keep
    their due times when the zone or the office hours change.
    """
    estate = Estate.objects.select_for_update().get(pk=estate.pk)
    versions.check(estate, values, version)
    changed = [name for name, value in values.items() if getattr(estate, name) != value]
    old = {name: journal.plain(getattr(estate, name)) for name in changed}
    if not changed:
        return estate
    for name in changed:
        setattr(estate, name, values[name])
    estate.save(update_fields=changed)
    journal.record(
        "estate.changed",
        subject=estate,
        kind=KIND,
        text=estate.code,
        by=by,
        now=now,
        estate_id=estate.pk,
        data={
            "fields": journal.fields("estate", changed),
            "old": old,
            "new": {name: journal.plain(values[name]) for name in changed},
        },
    )
    return estate
