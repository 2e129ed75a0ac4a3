"""來訪登記: who came in, to whom, and out again (SPEC §2)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from office import journal
from office.refusals import Refused
from residents.models import Visitor


@transaction.atomic
def visitor_in(*, estate, name, by, now, unit=None, **values):
    """Write down who comes in. A visitor's card is lent to one at a time."""
    if not by.may("gate.visitors", estate.pk):
        raise Refused(_("Your role does not allow this."))
    row = Visitor(estate=estate, unit=unit, name=name, in_at=now, in_by=by, **values)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        if "visitor_card_lent_once" not in str(problem):
            raise
        raise Refused(_("Card %(badge)s is still with another visitor.") % {"badge": row.badge}) from problem
    journal.record(
        "visitor.in",
        subject=row,
        by=by,
        now=now,
        data={"purpose": journal.word("visitor.purpose", row.purpose)},
    )
    return row


@transaction.atomic
def visitor_out(*, visitor, by, now, badge_kept=False):
    """The visitor leaves and gives the card back, unless said otherwise. Pressed twice it is one leaving."""
    row = Visitor.objects.select_for_update(of=("self",)).get(pk=visitor.pk)
    if not by.may("gate.visitors", row.estate_id):
        raise Refused(_("Your role does not allow this."))
    if row.out_at:
        return row
    row.out_at, row.out_by, row.badge_kept = max(now, row.in_at), by, bool(badge_kept and row.badge)
    row.save(update_fields=["out_at", "out_by", "badge_kept"])
    journal.record("visitor.out_card_kept" if row.badge_kept else "visitor.out", subject=row, by=by, now=now)
    return row
