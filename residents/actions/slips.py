"""物品放行條: issued at the counter, released once or turned away at the gate (SPEC §2)."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from office import clocks, journal, search, series
from office.refusals import Refused, Stale
from residents import rules
from residents.actions.tell import front_desk, tell
from residents.models import Occupancy, ReleaseSlip, SlipLine, SlipRefusal

AGAIN = timedelta(minutes=2)  # the same slip shown to the same guard is one refusal, not two


@transaction.atomic
def issue_slip(*, unit, person, lines, days, by, now, **values):
    """Let goods of `person`'s household out once, until the end of the `days`-th day after today.

    `person`: a row or its id. `lines`: (goods, quantity, remark). The number is taken last, so that a refusal leaves no gap. Not done here:
    asking for arrears; they are shown to the clerk and bar nothing (SPEC §2).
    """
    estate = unit.estate
    if not by.may("gate.slips", estate.pk):
        raise Refused(_("Your role does not allow this."))
    today, person_id = clocks.local_date(now, estate.zone), getattr(person, "pk", person)
    if not Occupancy.objects.filter(unit=unit, person=person_id).on(today).exists():
        raise Refused(_("This person neither lives in nor owns %(unit)s today.") % {"unit": unit.code})
    if not lines:
        raise Refused(_("List at least one thing that leaves."))
    slip = ReleaseSlip.objects.create(
        estate=estate, unit=unit, person_id=person_id, days=days, issued_at=now, issued_by=by,
        valid_until=clocks.end_of_day(today + timedelta(days=days), estate.zone),
        number=series.take(estate, "slip", now=now), **values,
    )  # fmt: skip
    SlipLine.objects.bulk_create(
        SlipLine(slip=slip, position=position, name=name, quantity=quantity, remark=remark)
        for position, (name, quantity, remark) in enumerate(lines, start=1)
    )
    search.put(ReleaseSlip.SUBJECT, slip.pk, estate.pk, search.keys_of_number(slip.number))
    data = {"lines": len(lines), "until": f"{today + timedelta(days=days):%Y-%m-%d}"}
    journal.record("slip.issued", subject=slip, by=by, now=now, data=data)
    return slip


@transaction.atomic
def cancel_slip(*, slip, reason, by, now, version=None):
    """The goods do not leave on this slip. Its number stays used."""
    row = _locked(slip, version)
    _ask("cancel", row, by, now)
    return _cancel(row, reason, by, now)


@transaction.atomic
def slip_printed(*, slip, by, now):
    """The sheets went to the printer; from the second time on they are marked as printed again."""
    row = _locked(slip)
    row.prints += 1
    row.save(update_fields=["prints"])
    journal.record("slip.printed", subject=row, by=by, now=now)
    return row


@transaction.atomic
def release_slip(*, slip, by, now, car_seen=False, person_seen=False, card_seen=False):
    """The goods were compared and leave. Once: the row is locked, the second guard is refused."""
    row = _locked(slip)
    _ask("release", row, by, now)
    if row.plate and not car_seen:
        raise Refused(_("Compare the number plate."))
    row.state, row.released_at, row.released_by = ReleaseSlip.State.RELEASED, now, by
    row.car_seen, row.person_seen, row.card_seen = car_seen, person_seen, card_seen
    _save(row, "state", "released_at", "released_by", "car_seen", "person_seen", "card_seen")
    journal.record("slip.released", subject=row, by=by, now=now)
    return row


@transaction.atomic
def refuse_slip(*, slip, reason, by, now, remark=""):
    """Turn a valid slip away, because what stands at the gate is something else; the front desk hears of it.

    The slip stays valid: what was forgotten may be fetched, what was too much may stay here. An altered paper ends it.
    """
    row = _locked(slip)
    _ask("refuse", row, by, now)
    refusal = _refuse(row, reason, by, now, remark)
    if rules.REFUSALS[SlipRefusal.Reason(reason)]:
        _cancel(row, _("The paper shown at the gate was altered."), by, now)
    return refusal


@transaction.atomic
def note_worthless(*, slip, token, estate, by, now):
    """Record that a slip which lets nothing out was shown at the gate of `estate`; None when it is good there.

    The same slip shown to the same guard within two minutes is one refusal.
    """
    row = _locked(slip)
    reason = rules.verdict(row, token=token, estate_id=estate.pk if estate else None, now=now)[0]
    if not reason:
        return None
    shown = SlipRefusal.objects.filter(slip=row, reason=reason, by=by, at__gt=now - AGAIN)
    return shown.first() or _refuse(row, reason, by, now)


def _locked(slip, version=None):
    row = (
        ReleaseSlip.objects.select_for_update(of=("self",))
        .select_related(
            "estate", "unit", "person"
        )  # who released it is read behind the lock, not joined before it
        .get(pk=slip.pk)
    )
    if version is not None and row.version != version:
        raise Stale
    return row


def _ask(move, row, by, now):
    if sentence := rules.why_not_slip(move, row, by, now):
        raise Refused(sentence)


def _save(row, *names):
    row.version += 1
    row.save(update_fields=[*names, "version"])


def _cancel(row, reason, by, now):
    row.state, row.cancelled_at, row.cancelled_by = ReleaseSlip.State.CANCELLED, now, by
    row.cancel_reason = reason[:300]
    _save(row, "state", "cancelled_at", "cancelled_by", "cancel_reason")
    journal.record("slip.cancelled", subject=row, by=by, now=now)
    return row


def _refuse(row, reason, by, now, remark=""):
    refusal = SlipRefusal.objects.create(
        slip=row, estate=row.estate, at=now, by=by, reason=reason, remark=remark[:300]
    )
    data = {"reason": journal.word("slip.refusal", reason)}
    journal.record("slip.refused", subject=row, by=by, now=now, data=data)
    said = {
        **data,
        "number": row.number,
        "unit": row.unit.code,
        "refused_at": now.isoformat(),
        "name": by.name,
    }
    tell(
        front_desk(row.estate), "slip.refused", key=f"slip.refused:{refusal.pk}", subject=row, estate=row.estate,
        now=now, data=said,
    )  # fmt: skip
    return refusal
