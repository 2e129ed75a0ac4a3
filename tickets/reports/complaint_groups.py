"""The month's complaints by what they have in common; every figure is a filter of the list it opens (SPEC §4.8, §5.6)."""

from django.db.models import Count

from tickets.models import Complaint

RECURRING = 3  # the same cause at the same building so often asks for a written analysis (SPEC §4.8)
REPEATED = 2

# What a complaint of the month is counted by.
GROUPED = (
    "klass", "cause_id", "department", "building_id", "against", "is_repeat", "valid", "fault", "satisfied", "state",
)  # fmt: skip


def complaint_groups(estate_id, start, end):
    """[{…GROUPED, n}] of the complaints taken in [start, end): one query, added up by the page."""
    found = Complaint.objects.filter(estate_id=estate_id, opened_at__gte=start, opened_at__lt=end)
    return list(found.order_by().values(*GROUPED).annotate(n=Count("id")))


def complainers(estate_id, start, end):
    """[(person id, name, name_en, complaints)] of those who complained more than once, the most first."""
    found = Complaint.objects.filter(
        estate_id=estate_id, opened_at__gte=start, opened_at__lt=end, complainant__isnull=False
    )
    rows = found.order_by().values("complainant_id", "complainant__name", "complainant__name_en")
    rows = rows.annotate(n=Count("id")).filter(n__gte=REPEATED).order_by("-n", "complainant_id")
    return [
        (row["complainant_id"], row["complainant__name"], row["complainant__name_en"], row["n"])
        for row in rows[:30]
    ]
