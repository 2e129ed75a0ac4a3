"""Taking a change back within ten seconds, while nothing has left the house (UX G8).

An action hands over how its rows were before (`snapshot`) and which rows it made (`made`); taking back writes the
old values, removes the made rows and cancels messages that have not left. The journal keeps both lines.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.apps import apps
from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from office import journal
from office.models import Message, Undo
from office.refusals import Refused

SECONDS = 10


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
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(model, name, value):
    if value is None:
        return None
    kind = next(f for f in model._meta.concrete_fields if f.attname == name).get_internal_type()
    if kind == "DateTimeField":
        return parse_datetime(value)
    if kind == "DateField":
        return parse_date(value)
    return Decimal(value) if kind == "DecimalField" else value


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
        subject_kind=subject.SUBJECT, subject_id=subject.pk, by=staff, until__gte=now, used_at__isnull=True
    )
    offer = found.order_by("-at").first()
    return offer if offer and offer.version == subject.version else None


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
        raise Refused(_("Something else has happened since; it can no longer be taken back."))
    messages = Message.objects.filter(
        subject_kind=undo.subject_kind, subject_id=undo.subject_id, made_at__gte=undo.at
    ).exclude(channel=Message.Channel.DESK)
    if messages.exclude(state__in=[Message.State.QUEUED, Message.State.CANCELLED]).exists():
        raise Refused(_("A message about it has already left the house."))
    messages.filter(state=Message.State.QUEUED).update(state=Message.State.CANCELLED)
    for row in reversed(undo.made):
        apps.get_model(row["model"]).objects.filter(pk=row["pk"]).delete()
    for row in undo.before:
        model = apps.get_model(row["model"])
        values = {name: _typed(model, name, value) for name, value in row["fields"].items()}
        model.objects.filter(pk=row["pk"]).update(**values)
    type(subject).objects.filter(pk=subject.pk).update(version=subject.version + 1)
    undo.used_at = now
    undo.save(update_fields=["used_at"])
    journal.record(
        "office.undone", subject=subject, by=by, now=now, data={"change": {"word": f"verb.{undo.verb}"}}
    )
    return type(subject).objects.get(pk=subject.pk)
