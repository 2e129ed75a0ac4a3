"""Who looked at what is private: the one function that writes the access log (SPEC §1, §14).

It is the only thing a GET may write. The line is written before the value leaves the house.
"""

from office.models import AccessLog

EXPORT, FILE, REVEAL, LOOKUP = "export", "file", "reveal", "lookup"


def log(*, what, by, now, estate_id=None, subject_kind="", subject_id=None, reason="", detail=None):
    """One line: `by` saw `what` (reveal, export, file, lookup) at `now`. `detail` holds ids, codes and counts."""
    return AccessLog.objects.create(
        at=now,
        estate_id=estate_id,
        by_id=by.pk,
        by_name=by.name[:80],
        what=what,
        subject_kind=subject_kind,
        subject_id=subject_id,
        reason=reason[:300],
        detail=detail or {},
    )
