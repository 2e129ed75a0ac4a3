"""門禁卡: issued, returned, lost, blocked, each with its day (SPEC §2)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from office import clocks, journal
from office.refusals import Refused, Stale
from residents import rules
from residents.models import AccessCard

DAYS = {"give_back": "returned_on", "lose": "lost_on", "block": "blocked_on", "unblock": ""}


@transaction.atomic
def issue_card(*, unit, number, issued_on, by, now, person=None, **values):
    """Hand out a card. A number is taken until its card is back."""
    if not by.may("gate.vehicles", unit.estate_id):
        raise Refused(_("Your role does not allow this."))
    if person is not None and person.estate_id != unit.estate_id:
        raise Refused(_("This person is registered in another estate."))
    row = AccessCard(
        estate_id=unit.estate_id,
        unit=unit,
        person=person,
        number=rules.plain_card(number),
        issued_on=issued_on,
        **values,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        if "card_number_once" not in str(problem):
            raise
        other = AccessCard.objects.select_related("unit").filter(
            estate_id=row.estate_id, number=row.number, returned_on__isnull=True
        ).first()  # fmt: skip
        said = {"number": row.number, "unit": other.unit.code if other else "?"}
        raise Refused(_("Card %(number)s is issued to %(unit)s and not back yet.") % said) from problem
    journal.record(
        "card.issued", subject=row, by=by, now=now, data={"kind": journal.word("card.kind", row.kind)}
    )
    return row


@transaction.atomic
def move_card(*, card, move, by, now, reason="", version=None):
    """`move`: give_back, lose, block or unblock (rules.CARD_MOVES). The day is today's."""
    row = AccessCard.objects.select_for_update(of=("self",)).select_related("unit__estate").get(pk=card.pk)
    if version is not None and row.version != version:
        raise Stale
    if sentence := rules.why_not(rules.CARD_MOVES, move, row, by):
        raise Refused(sentence)
    row.state, row.reason = rules.CARD_MOVES[move].to or row.state, reason[:300]
    names = ["state", "reason", "version"]
    if day := DAYS[move]:
        setattr(row, day, max(clocks.local_date(now, row.unit.estate.zone), row.issued_on))
        names.append(day)
    row.version += 1
    row.save(update_fields=names)
    journal.record(f"card.{row.state}", subject=row, by=by, now=now)
    return row
