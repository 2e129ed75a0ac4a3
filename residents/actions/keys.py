"""Keys the office holds: out to whom and until when, back, lost (SPEC §2)."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from office import clocks, files, journal, promises
from office.refusals import Refused, Stale
from residents import rules
from residents.actions.tell import supervisors, tell
from residents.models import Key, KeyLoan

BACK = "key_back"  # the promise: the key is back at the agreed time


@transaction.atomic
def take_key(*, estate, tag, received_on, by, now, unit=None, room="", **values):
    """The office takes a key into keeping, under a tag that no other key has."""
    if not by.may("gate.keys", estate.pk):
        raise Refused(_("Your role does not allow this."))
    row = Key(estate=estate, unit=unit, room=room, tag=tag.strip().upper(), received_on=received_on, **values)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        if "key_tag_once" not in str(problem):
            raise
        raise Refused(_("There is already a key with the tag %(tag)s.") % {"tag": row.tag}) from problem
    journal.record("key.taken", subject=row, by=by, now=now, data={"count": row.count})
    return row


@transaction.atomic
def lend_key(
    *,
    key,
    due_at,
    signed_by,
    by,
    now,
    person=None,
    staff=None,
    contractor="",
    purpose="",
    signature=b"",
    version=None,
):
    """The key goes out to a resident, a colleague or a contractor, who signs; the office is owed it by `due_at`."""
    row = _begin("lend", key, by, version)
    if due_at <= now:
        raise Refused(_("This time is over already."))
    if person is not None and person.estate_id != row.estate_id:
        raise Refused(_("This person is registered in another estate."))
    loan = KeyLoan.objects.create(
        key=row, estate_id=row.estate_id, person=person, staff=staff, contractor=contractor, purpose=purpose,
        out_at=now, out_by=by, due_at=due_at, signed_by=signed_by,
    )  # fmt: skip
    _keep(signature, loan, "signature_out", by, now)
    promises.make(
        BACK, BACK, subject=row, fact_at=now, now=now, owner=by, estate=row.estate, agreed=due_at,
        title=" ".join(filter(None, [row.tag, row.unit.code if row.unit else row.room]))[:200],
    )  # fmt: skip
    due = f"{due_at.astimezone(row.estate.zone):%Y-%m-%d %H:%M}"
    to = "person" if person else "staff" if staff else "contractor"
    _end("lend", row)
    journal.record(
        "key.out", subject=row, by=by, now=now, data={"to": journal.word("key.to", to), "due": due}
    )
    return loan


@transaction.atomic
def take_key_back(*, key, by, now, signature=b"", version=None):
    """The key hangs in the office again; a lost one that turned up as well."""
    row = _begin("take_back", key, by, version)
    loan = (
        row.loans.select_for_update(of=("self",))
        .filter(in_at__isnull=True)
        .order_by("-out_at", "-pk")
        .first()
    )
    loan.in_at, loan.in_by = now, by
    loan.save(update_fields=["in_at", "in_by"])
    _keep(signature, loan, "signature_in", by, now)
    promises.keep(row, BACK, at=now, by=by)
    found = row.state == Key.State.LOST
    _end("take_back", row)
    journal.record("key.found" if found else "key.back", subject=row, by=by, now=now)
    return row


@transaction.atomic
def lose_key(*, key, reason, by, now, version=None):
    """The key is gone: nobody waits for it any more, and the supervisors hear of it at once."""
    row = _begin("lose", key, by, version)
    loan = row.loans.select_for_update(of=("self",)).open().get()
    loan.lost_at, loan.lost_by, loan.lost_reason = now, by, reason[:300]
    loan.save(update_fields=["lost_at", "lost_by", "lost_reason"])
    promises.cancel(row, BACK, at=now, by=by, reason=_("The key is lost."))
    _end("lose", row)
    journal.record("key.lost", subject=row, by=by, now=now)
    data = {"tag": row.tag, "place": row.unit.code if row.unit else row.room, "name": by.name}
    tell(
        supervisors(row.estate),
        "key.lost",
        key=f"key.lost:{loan.pk}",
        subject=row,
        estate=row.estate,
        now=now,
        data=data,
    )
    return row


@transaction.atomic
def give_key_back(*, key, by, now, version=None):
    """The office keeps the key no longer: its owner has it. Its history stays."""
    row = _begin("give_back", key, by, version)
    row.ended_on = max(clocks.local_date(now, row.estate.zone), row.received_on)
    _end("give_back", row, "ended_on")
    journal.record("key.given_back", subject=row, by=by, now=now)
    return row


def _begin(move, key, by, version):
    row = Key.objects.select_for_update(of=("self",)).select_related("estate", "unit").get(pk=key.pk)
    if version is not None and row.version != version:
        raise Stale
    if sentence := rules.why_not(rules.KEY_MOVES, move, row, by):
        raise Refused(sentence)
    return row


def _end(move, row, *names):
    row.state = rules.KEY_MOVES[move].to
    row.version += 1
    row.save(update_fields=["state", "version", *names])


def _keep(signature, loan, kind, by, now):
    """The drawn signature as a file of the loan."""
    if signature:
        files.store(
            data=signature, name="signature.png", content_type="image/png", estate=loan.key.estate, by=by, now=now,
            subject_kind=KeyLoan.SUBJECT, subject_id=loan.pk, unit_id=loan.key.unit_id, kind=kind,
        )  # fmt: skip
