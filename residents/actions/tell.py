"""Who hears of it on the bell: the front desk, the supervisors."""

from office import outbox, roles
from office.models import Department, Message, Posting


def _posted(estate, **which):
    rows = Posting.objects.filter(estate=estate, staff__is_active=True, **which).select_related("staff")
    return {posting.staff_id: posting.staff for posting in rows.order_by("staff_id")}.values()


def front_desk(estate):
    return _posted(estate, department=Department.FRONT_DESK)


def supervisors(estate):
    return _posted(estate, role__in=roles.HEADS)


def tell(people, template, *, key, subject, estate, now, data):
    """One line on the bell of each; the same `key` never rings twice."""
    for person in people:
        outbox.queue(
            template, dedupe_key=f"{key}:{person.pk}", channel=Message.Channel.DESK, estate=estate, now=now,
            staff=person, subject=subject, data=data,
        )  # fmt: skip
