"""Attachments of a record: who may read them follows from their subject."""

from office.models import File

SUBJECTS = {}  # subject_kind → callable(staff, subject_id) -> bool


def register_subject(kind, can_read):
    SUBJECTS[kind] = can_read


def attach(file_ids, subject, *, by, now):
    """Give files uploaded by `by` and not yet attached to `subject`; others are passed over. Returns how many."""
    if not file_ids:
        return 0
    return File.objects.filter(
        pk__in=file_ids, uploaded_by=by, subject_id__isnull=True, estate_id=subject.estate_id, removed_at__isnull=True
    ).update(subject_kind=subject.SUBJECT, subject_id=subject.pk, unit_id=getattr(subject, "unit_id", None))


def of(subject):
    return File.objects.filter(
        subject_kind=subject.SUBJECT, subject_id=subject.pk, removed_at__isnull=True
    ).order_by("uploaded_at", "pk")
