"""Short words of the tests of complaints: moments, and what is owed."""

from datetime import datetime, timedelta

from office.models import Promise
from tests.cast import ZONE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def local(day, hour=0, minute=0, month=3, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def owed(complaint):
    """{kind: (rule, due)} of what is open."""
    rows = Promise.objects.of(complaint.SUBJECT, complaint.pk).open()
    return {row.kind: (row.rule_key, row.due_at.astimezone(ZONE)) for row in rows}


def outcomes(complaint, kind):
    rows = Promise.objects.of(complaint.SUBJECT, complaint.pk).filter(kind=kind).order_by("sequence")
    return list(rows.values_list("outcome", flat=True))
