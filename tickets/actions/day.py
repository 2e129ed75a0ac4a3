from django.db import transaction

from tickets.models import WorkOrder


@transaction.atomic
def reorder(*, work_orders, by, now):
    """Visit order of one technician's day: 1, 2, 3 … in the order given (SPEC §4.2).

    No journal line: the order of visits is a note for the morning, no fact about the repair.
    """
    locked = {
        row.pk: row
        for row in WorkOrder.objects.select_for_update()
        .filter(pk__in=[o.pk for o in work_orders])
        .order_by("pk")
    }
    changed = []
    for position, order in enumerate(work_orders, start=1):
        row = locked[order.pk]
        if row.visit_order != position:
            row.visit_order = position
            changed.append(row)
    WorkOrder.objects.bulk_update(changed, ["visit_order"])
    return changed
