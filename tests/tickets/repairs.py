"""Short words of the tests of repairs."""

from datetime import datetime

from office.models import Promise
from tests.cast import ZONE
from tickets.models import Ticket

S = Ticket.State


def open_promise(ticket, kind):
    return Promise.objects.get(
        subject_kind=ticket.SUBJECT, subject_id=ticket.pk, kind=kind, closed_at__isnull=True
    )


def local(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)
