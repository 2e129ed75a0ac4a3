"""Taking a change back within ten seconds, while nothing has left the house (UX G8).

An action hands over how its rows were before (`snapshot`) and which rows it made (`made`); taking back writes the
old values, removes the made rows and cancels messages that have not left. The journal keeps both lines.
"""

from datetime import date, time, timedelta

from django.apps import apps
from django.contrib import messages
from django.db import transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import journal
from office.models import Message, Undo
from office.refusals import Refused

SECONDS = 10
GUARDS: dict = {}  # model label → callable(row) -> sentence why it has left the house, or None
REVERSALS: dict = {}  # model label → callable(row, by=, now=) that takes the row back by a booking of its own
SINCE = gettext_lazy("Something else has happened since; it can no longer be taken back.")


def guard(model, why_not):
    """Rows of `model` made by a change are not removed when `why_not(row)` answers with a sentence."""
    GUARDS[model._meta.label] = why_not


def reverse_by(model, take_back):
    """Rows of `model` stay when a change is taken back: money is reversed by entry, never deleted (UX G8)."""
    REVERSALS[model._meta.label] = take_back


def snapshot(row, *fields):
    """The named columns (attnames: `technician_id`) of `row` as they are now, JSON-safe."""
    return {
        "model": row._meta.label,
        "pk": row.pk,
        "fields": {name: _plain(getattr(row, name)) for name in fields},
    }


def made(row):
    """A row the change made: taking back removes it."""
    return {"model": row._meta.label, "pk": row.pk}


def _plain(value):
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _typed(model, name, value):
    """A value of `snapshot` as its column wants it."""
    if value is None:
        return None
    column = next(field for field in model._meta.concrete_fields if field.attname == name)
    return (column.target_field if column.is_relation else column).to_python(value)


def offer(*, verb, subject, by, now, before, made=(), seconds=SECONDS):
    """Keep how to take back the change just made to `subject` (call it last, in the change's transaction)."""
    return Undo.objects.create(
        subject_kind=subject.SUBJECT,
        subject_id=subject.pk,
        estate_id=subject.estate_id,
        verb=verb,
        by=by,
        at=now,
        until=now + timedelta(seconds=seconds),
        version=subject.version,
        before=list(before),
        made=list(made),
    )


def latest(staff, subject, now):
    """The offer `staff` may still take for `subject`, or None."""
    found = Undo.objects.filter(
        subject_kind=subject.SUBJECT, subject_id=subject.pk, version=subject.version, by=staff, until__gte=now,
        used_at__isnull=True,
    )  # fmt: skip
    return found.order_by("-at").first()


@transaction.atomic
def take_back(*, undo, by, now):
    """Restore what `undo` describes. Refused after its time, by anybody else, or when something happened since."""
    undo = Undo.objects.select_for_update().get(pk=undo.pk)
    if undo.by_id != by.pk:
        raise Refused(_("Only the person who made a change takes it back."))
    if undo.used_at:
        raise Refused(_("This has already been taken back."))
    if now > undo.until:
        raise Refused(_("Too late to take it back: ten seconds have passed."))
    first = undo.before[0]
    model = apps.get_model(first["model"])
    subject = model.objects.select_for_update().get(pk=undo.subject_id)
    if subject.version != undo.version:
        raise Refused(SINCE)
    _withdraw_messages(undo, now)
    booked = [row for row in undo.made if row["model"] in REVERSALS]
    removed = [row for row in undo.made if row["model"] not in REVERSALS]
    made = [
        apps.get_model(row["model"]).objects.select_for_update().filter(pk=row["pk"]).first()
        for row in removed
    ]
    for row in filter(None, made):
        if row._meta.label in GUARDS and (sentence := GUARDS[row._meta.label](row)):
            raise Refused(sentence)
    for row in booked:
        REVERSALS[row["model"]](apps.get_model(row["model"]).objects.get(pk=row["pk"]), by=by, now=now)
    try:
        for row in reversed(removed):
            apps.get_model(row["model"]).objects.filter(pk=row["pk"]).delete()
    except ProtectedError:
        raise Refused(SINCE) from None
    for row in undo.before:
        model = apps.get_model(row["model"])
        values = {name: _typed(model, name, value) for name, value in row["fields"].items()}
        if values:
            model.objects.filter(pk=row["pk"]).update(**values)
    type(subject).objects.filter(pk=subject.pk).update(version=subject.version + 1)
    undo.used_at = now
    undo.save(update_fields=["used_at"])
    journal.record(
        "office.undone", subject=subject, by=by, now=now, data={"change": {"word": f"verb.{undo.verb}"}}
    )
    return type(subject).objects.get(pk=subject.pk)


def _withdraw_messages(undo, now):
    """Cancel what the change wrote to people. Locked first: a worker claims none of them in the meantime."""
    found = Message.objects.select_for_update().filter(
        subject_kind=undo.subject_kind, subject_id=undo.subject_id, made_at__gte=undo.at
    )
    rows = list(found.order_by("pk"))
    for message in rows:
        left = message.state in (Message.State.SENDING, Message.State.SENT, Message.State.FAILED)
        if left and message.channel != Message.Channel.DESK:
            raise Refused(_("A message about it has already left the house."))
    for message in rows:
        # The key is set free: the same change made again must reach the people again.
        message.dedupe_key = f"undone:{undo.pk.hex[:12]}:{message.dedupe_key}"[:120]
        if message.state == Message.State.QUEUED:
            message.state = Message.State.CANCELLED
        if message.channel == Message.Channel.DESK:
            message.read_at = message.read_at or now
        message.save(update_fields=["dedupe_key", "state", "read_at"])


def toast(request, undo, text):
    """Say on the next page what was done, with the button that takes it back; `undo` None: without one."""
    tags = f"undo:{reverse('office:undo', args=[undo.pk])}" if undo else ""
    messages.success(request, text, extra_tags=tags)
