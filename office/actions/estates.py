"""Estates: opening one with everything it needs, and changing what its paper and clocks say (SPEC §1)."""

from django.db import transaction

from office import promises, setup
from office.models import Department, DepartmentHead


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
