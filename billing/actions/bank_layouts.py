"""Layouts of bank files are rows of settings (SPEC §6.7)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.models import Layout
from office import journal
from office.refusals import Refused, Stale

DEFAULTS = (
    ("out", "範例：代扣檔", {"reference": "A", "holder": "B", "bank": "C", "number": "D", "amount": "E", "contract": "F"}, ""),
    ("results", "範例：代扣結果", {"reference": "A", "amount": "B", "result": "C", "why": "D"}, "成功 success 0000"),
    ("statement", "範例：銀行流水", {"day": "A", "amount": "B", "payer": "C", "number": "D", "text": "E", "reference": "F"}, ""),
)  # fmt: skip


def load(estate):
    """Samples for a new estate; the bank's own take their place."""
    if not Layout.objects.filter(estate=estate).exists():
        Layout.objects.bulk_create(
            [
                Layout(estate=estate, purpose=purpose, name=name, columns=columns, success=success)
                for purpose, name, columns, success in DEFAULTS
            ]
        )


@transaction.atomic
def save(*, layout, estate, values, by, now, version=None):
    """Enter a layout or change one; files that came in before stay as they were read."""
    row = Layout.objects.select_for_update().get(pk=layout.pk) if layout else Layout(estate=estate, version=0)
    if layout and version is not None and row.version != version:
        raise Stale
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        raise Refused(_("There is a layout of this name already.")) from problem
    journal.record("layout.saved", subject=row, kind="bank_layout", text=row.name, by=by, now=now)
    return row
