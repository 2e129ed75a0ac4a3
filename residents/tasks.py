"""What the gate does by itself."""

from datetime import timedelta

from django.utils.translation import gettext as _

from office import clocks
from office.models import Estate
from office.sweeps import Coming, Foreseen, Result
from residents.models import Visitor


def erase_visitors(now):
    """Blank the particulars of visitors who left more than the estate's days ago. That somebody came, when and why
    stays; running it twice changes nothing."""
    result = Result()
    for estate in Estate.objects.order_by("pk"):
        done = _gone_long_ago(estate, now).update(
            name="", phone="", plate="", host="", remark="", erased_at=now
        )
        result += Result(found=done, done=done)
    return result


def visitors_to_erase(now, estates, limit):
    """How many visitors of which estate `erase_visitors` would blank now."""
    counts = {estate: _gone_long_ago(estate, now).count() for estate in Estate.objects.filter(pk__in=estates)}
    rows = [Coming(estate.local_name, _("visitors: %(n)s") % {"n": n}) for estate, n in counts.items() if n]
    return Foreseen(sum(counts.values()), tuple(rows[:limit]))


def _gone_long_ago(estate, now):
    today = clocks.local_date(now, estate.zone)
    before = clocks.midnight(today - timedelta(days=estate.visitor_days), estate.zone)
    return Visitor.objects.filter(estate=estate, erased_at__isnull=True, out_at__lt=before)
