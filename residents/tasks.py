"""What the gate does by itself."""

from datetime import timedelta

from office import clocks
from office.models import Estate
from office.sweeps import Result
from residents.models import Visitor


def erase_visitors(now):
    """Blank the particulars of visitors who left more than the estate's days ago. That somebody came, when and why
    stays; running it twice changes nothing."""
    result = Result()
    for estate in Estate.objects.order_by("pk"):
        today = clocks.local_date(now, estate.zone)
        before = clocks.midnight(today - timedelta(days=estate.visitor_days), estate.zone)
        rows = Visitor.objects.filter(estate=estate, erased_at__isnull=True, out_at__lt=before)
        done = rows.update(name="", phone="", plate="", host="", remark="", erased_at=now)
        result += Result(found=done, done=done)
    return result
