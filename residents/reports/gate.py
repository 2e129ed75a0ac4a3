"""The gate, read over many rows: slips, and what stands at the gate for a unit."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from office import search
from office.models import SearchKey
from residents.models import Occupancy, ReleaseSlip


def keys_of_slips():
    """(id, estate, keys) of every goods-release slip, for `reindex`."""
    rows = ReleaseSlip.objects.order_by("pk").values_list("pk", "estate_id", "number")
    for pk, estate_id, number in rows.iterator(chunk_size=5000):
        yield pk, estate_id, search.keys_of_number(number)


SLIP_PAGE = ("estate", "unit", "person", "issued_by", "released_by", "cancelled_by")


def slip_of_number(estate_id, typed):
    """The slip a guard means: its number in any spelling, or the running digits of the newest that ends so."""
    key = "".join(char for char in search.fold(typed) if char.isalnum())[: search.LONGEST]
    keys = SearchKey.objects.filter(
        estate_id=estate_id, key=key, subject_kind=ReleaseSlip.SUBJECT, kind__in=("number", "number_tail")
    )
    rows = ReleaseSlip.objects.filter(pk__in=keys.values("subject_id"), estate_id=estate_id)
    return rows.select_related(*SLIP_PAGE).order_by("-issued_at", "-pk").first() if key else None


def slip_state(state, valid_until, now):
    """(word, tone) of a slip as it is at `now`; expired is worked out, never stored."""
    if state == ReleaseSlip.State.ISSUED:
        return (_("expired"), "late") if now >= valid_until else (_("valid"), "good")
    return ReleaseSlip.State(state).label, "done" if state == ReleaseSlip.State.RELEASED else "quiet"


def last_minute(until):
    """The last minute of a day that ends at `until`, in the estate's time: 2026-03-13 23:59."""
    return stamp(until - timedelta(minutes=1))


def stamp(moment):
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def units_of_people(person_ids, day):
    """Ids of the units these people are related to on `day`, in order."""
    rows = Occupancy.objects.filter(person_id__in=person_ids).on(day).order_by("unit__sort_key")
    return list(dict.fromkeys(rows.values_list("unit_id", flat=True)))
