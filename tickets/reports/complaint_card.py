"""What pages read of complaints: the household's card, the callback queue, what the same people complained of (SPEC §2, §5)."""

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office import cards, promises
from office.addresses import address, row_address
from office.models import Staff
from tickets import complaints
from tickets.models import Complaint, LogEntry
from tickets.reports.repairs import callback_queue, clocks_of

__all__ = [
    "callbacks_owed",
    "colleagues",
    "complaint_queue",
    "complaints_beside",
    "log_lines_about",
    "to_acknowledge",
]

KINDS = (
    # Translators: 投訴
    cards.Kind("complaints", _("Complaints"), ("complaint.",), "complaints.read", "message-2", (Complaint.SUBJECT,)),
)  # fmt: skip
SHOWN = 6


def card(unit, *, staff, now):
    """Open complaints with their clocks, then the last that ended. At most two queries."""
    if not staff.may("complaints.read", unit.estate_id):
        return None
    rows = Complaint.objects.filter(unit=unit).select_related("cause")
    found = list(rows.order_by(F("closed_at").desc(nulls_first=True), "-opened_at", "-pk")[: SHOWN + 1])
    unfinished = [row for row in found if row.is_open]
    owed = clocks_of(Complaint.SUBJECT, [row.pk for row in unfinished]) if unfinished else {}
    zone = unit.estate.zone
    return cards.Card(
        "complaints",
        # Translators: 投訴
        _("Complaints"),
        icon="message-2",
        lines=[
            cards.Line(
                f"{row.number} {row.cause.local_name}",
                row_address("tickets:complaint", row.pk),
                (row.get_state_display(), complaints.TONES[row.state]),
                tuple(promises.clock(one, now, zone) for one in owed.get(row.pk, ())),
                row.get_klass_display(),
                f"{row.opened_at.astimezone(zone):%Y-%m-%d}",
            )
            for row in found[:SHOWN]
        ],
        empty=_("Nobody here has complained."),
        count=len(unfinished) if len(found) <= SHOWN else None,
        all_url=f"{address('tickets:complaints')}?unit={unit.pk}",
        all_label=_("All complaints of this unit"),
        column=cards.MATTERS,
        position=15,
    )


def starts(unit, *, staff):
    if not staff.may("complaints.take", unit.estate_id):
        return []
    url = f"{address('tickets:complaint_new')}?unit={unit.pk}"
    # Translators: 投訴
    label = _("New complaint")
    return [cards.Start("complaint", label, url, "message-2", key="t", caller="person", position=15)]


def complaint_queue(staff, estate_id, limit=50):
    """Complaints that owe a callback, the most urgent first, without those `staff` handled or is complained of in."""
    found = Complaint.objects.filter(
        estate_id=estate_id, state=Complaint.State.TOLD, closed_at__isnull=True
    ).exclude(Q(handler=staff) | Q(against_staff=staff))
    found = found.select_related("unit", "building", "cause", "estate", "complainant")
    return list(found.order_by(F("next_due_at").asc(nulls_last=True), "pk")[:limit])


def callbacks_owed(staff, estate_id, now):
    """Repairs and complaints that owe a callback, the most urgent first, without those `staff` may not call."""
    found = list(callback_queue(staff, estate_id, now))
    if staff.may("complaints.callback", estate_id):
        found += complaint_queue(staff, estate_id)
    return sorted(found, key=lambda row: (row.next_due_at is None, row.next_due_at, row.pk))


def complaints_beside(complaint, limit):
    """Other complaints of the same household or person, the newest first."""
    same = Q(pk__in=[])
    if complaint.unit_id:
        same |= Q(unit_id=complaint.unit_id)
    if complaint.complainant_id:
        same |= Q(complainant_id=complaint.complainant_id)
    found = Complaint.objects.filter(same, estate_id=complaint.estate_id).exclude(pk=complaint.pk)
    return list(found.select_related("cause").order_by("-opened_at", "-pk")[:limit])


def log_lines_about(subject_kind, subject_id, limit=5):
    """The lines of the reception log a matter came from, the first first."""
    found = LogEntry.objects.kept().about(subject_kind, subject_id)
    return list(found.only("pk", "number", "at").order_by("at", "pk")[:limit])


def colleagues(estate_id):
    """Staff of the estate who may be complained of."""
    return Staff.objects.filter(is_active=True, postings__estate_id=estate_id).distinct().order_by("name")


def to_acknowledge(staff):
    """Complaints forwarded to `staff` that wait for one press, the most urgent first (SPEC §5.2)."""
    found = Complaint.objects.filter(forward_to=staff, acknowledged_at__isnull=True).open()
    found = found.exclude(klass=Complaint.Klass.MINOR).exclude(against_staff=staff)
    found = found.filter(estate_id__in=staff.estate_ids("complaints.acknowledge"))
    related = found.select_related("unit", "building", "cause", "estate", "owner")
    return list(related.order_by(F("next_due_at").asc(nulls_last=True), "pk")[:20])
