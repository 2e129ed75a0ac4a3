"""A form sent twice has one effect: the second answer is the first one's address (ARCHITECTURE §3).

Double clicks, a lost connection and "send again" all bring the same hidden `form_key` a second time.
"""

import uuid

from django.db import transaction

from office.models import FormKey

LONGEST: int = FormKey._meta.get_field("location").max_length or 0


def _read(key):
    """The key as UUID; None for anything we did not write ourselves."""
    try:
        return key if isinstance(key, uuid.UUID) else uuid.UUID(str(key))
    except ValueError:
        return None


def known(key, staff):
    """Where a form already sent by `staff` led to; None when it has not been sent."""
    key = _read(key)
    if key is None:
        return None
    return FormKey.objects.filter(pk=key, staff=staff).values_list("location", flat=True).first() or None


@transaction.atomic
def once(key, staff, now, act):
    """(address, first): `act()` runs once per key and answers the address to go to.

    The key is written before the effect and in its transaction: a second sender waits for the first and then
    finds its address; if the effect fails the key goes with it, and the form may be sent again.
    """
    key = _read(key) or uuid.uuid4()
    row, first = FormKey.objects.get_or_create(pk=key, defaults={"staff": staff, "at": now, "location": ""})
    if not first:
        if row.staff_id != staff.pk:  # somebody else's key: no business of theirs, a new one is as good
            return once(uuid.uuid4(), staff, now, act)
        return row.location, False
    location = act()
    # Kept for whoever sends it again; an address too long to be kept goes without its query.
    row.location = location if len(location) <= LONGEST else location.partition("?")[0][:LONGEST]
    row.save(update_fields=["location"])
    return location, True
