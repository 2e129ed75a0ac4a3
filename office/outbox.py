"""Messages to people: written in the action's transaction, sent by a worker, kept with their result (ARCHITECTURE §2).

`queue` writes the row. `deliver` claims one message and commits, *then* talks to the gateway, then writes down
what came of it. A worker that dies in between leaves a claim that runs out; the message goes again under the
same key. `dedupe_key` is unique, so that "sent twice" cannot be written down.
"""

import logging
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from office import gateways, journal, sweeps
from office.failpoints import failpoint
from office.models import Estate, Message
from office.sweeps import Result
from office.wake import wake

log = logging.getLogger(__name__)

UNDO_WINDOW = timedelta(
    seconds=10
)  # what leaves the house waits that long, so that it can be taken back (UX G8)
LEASE = timedelta(seconds=settings.MESSAGE_LEASE)  # a claim older than this belongs to a dead worker
MAX_ATTEMPTS = 6
BACKOFF = timedelta(minutes=1)  # doubled with every attempt
QUIET_CHANNELS = {Message.Channel.SMS, Message.Channel.EMAIL}

TEMPLATES: dict[
    str, tuple
] = {}  # name → (subject, body), lazily translated, with %(placeholders)s of the data


def templates(mapping):
    """Register an app's message texts: {"ticket.done": (_("…"), _("… %(number)s …"))}."""
    TEMPLATES.update(mapping)


# --- writing -----------------------------------------------------------------------------------------------


def queue(
    template,
    *,
    dedupe_key,
    channel,
    estate,
    now,
    staff=None,
    person_id=None,
    address="",
    language="",
    data=None,
    subject=None,
    unit_id=None,
):
    """Write a message in the caller's transaction; the same `dedupe_key` again answers the first one.

    To staff (`staff`) it goes at once. What leaves the house waits ten seconds, and to residents SMS and e-mail wait
    for the end of the estate's quiet hours. `data` holds numbers, codes, ids and ISO times; no personal values.
    Not done here: sending.
    """
    if template not in TEMPLATES:
        raise LookupError(f"message template {template!r} has no text")
    send_after = now if staff else _allowed(now + UNDO_WINDOW, channel, estate)
    message, _new = Message.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "estate": estate,
            "channel": channel,
            "staff": staff,
            "person_id": person_id,
            "address": address,
            "template": template,
            "language": language or (staff.language if staff else ""),
            "data": data or {},
            "subject_kind": subject.SUBJECT if subject else "",
            "subject_id": subject.pk if subject else None,
            "unit_id": unit_id if unit_id is not None else getattr(subject, "unit_id", None),
            "made_at": now,
            "send_after": send_after,
        },
    )
    if send_after <= now:
        wake("office.tasks.deliver_messages")
    return message


def withdraw(messages):
    """Take back what has not gone yet (undo); how many were caught."""
    return messages.filter(state=Message.State.QUEUED).update(state=Message.State.CANCELLED)


def quiet_until(moment, estate):
    """When the quiet hours around `moment` end; None when messages may go then (SPEC §10)."""
    local = moment.astimezone(estate.zone)
    begins, ends, clock = estate.quiet_from, estate.quiet_to, local.time()
    if begins <= ends:
        quiet, day = begins <= clock < ends, local.date()
    else:  # over midnight
        quiet = clock >= begins or clock < ends
        day = local.date() + timedelta(days=1) if clock >= begins else local.date()
    if not quiet:
        return None
    # Where clocks go back or forward the hour may come twice or never: the later reading is outside for certain.
    end = datetime.combine(day, ends, tzinfo=estate.zone)
    return max(end.astimezone(UTC), end.replace(fold=1).astimezone(UTC))


def _allowed(moment, channel, estate):
    """`moment`, or the end of the quiet hours it falls into."""
    return (channel in QUIET_CHANNELS and quiet_until(moment, estate)) or moment


# --- reading -----------------------------------------------------------------------------------------------


def text(message, language=None):
    """(subject, body) in `language`, else the message's, else the estate's. Times are shown in the estate's zone."""
    estate = message.estate
    with translation.override(language or message.language or estate.language):
        data = journal._Blank(
            {name: _shown(name, value, estate.zone) for name, value in message.data.items()}
        )
        subject, body = (str(words) % data for words in TEMPLATES[message.template])
        return subject, " ".join(filter(None, [body, _lateness(message.data.get("late_seconds", 0))]))


def _shown(name, value, zone):
    if name.endswith("_at") and value:
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
    return journal._word(value)


def _lateness(seconds):
    """The sentence of a notice that comes late because the machine stood still; empty when it is on time."""
    minutes = int(seconds) // 60
    if minutes < 5:
        return ""
    if minutes < 120:
        return ngettext(
            "This notice comes %(n)s minute late.", "This notice comes %(n)s minutes late.", minutes
        ) % {"n": minutes}
    return _("This notice comes %(n)s hours late.") % {"n": minutes // 60}


def bell(staff):
    """What the bell of `staff` has rung for, newest first."""
    return (
        Message.objects.filter(staff=staff, channel=Message.Channel.DESK)
        .select_related("estate")
        .order_by("-pk")
    )


def unread(staff):
    """How many of them are unread (one index-only count)."""
    return Message.objects.filter(staff=staff, channel=Message.Channel.DESK, read_at__isnull=True).count()


def read(*, staff, now, ids=None):
    """Mark messages of one's own bell read: those of `ids`, or all. How many were unread."""
    rows = Message.objects.filter(staff=staff, channel=Message.Channel.DESK, read_at__isnull=True)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return rows.update(read_at=now)


# --- sending -----------------------------------------------------------------------------------------------

CLAIM = """
    UPDATE office_message SET state = 'sending', claim = %(claim)s, claimed_until = %(until)s, attempts = attempts + 1
    WHERE id = (
        SELECT id FROM office_message
        WHERE state IN ('queued', 'sending') AND send_after <= %(now)s
          AND (state = 'queued' OR claimed_until < %(now)s)
        ORDER BY send_after, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING *
"""


def deliver(now):
    """Send everything due at `now`: one message after the other, each claimed and written down on its own.

    1. Claim one (or one whose claim has run out) and commit. One at a time: a worker that dies takes one along.
    2. Residents' quiet hours may have begun since it was queued: put it back until they end.
    3. Hand it to the gateway, outside any transaction.
    4. Write down sent, or the error and when to try again; after six attempts it has failed.
    Safe to run in many workers at once.
    """
    started, estates, ways, result = time.monotonic(), {}, {}, Result()
    while True:
        clock = now + timedelta(seconds=time.monotonic() - started)
        message = _claim(clock)
        if message is None:
            return result
        failpoint("outbox.claimed")
        if message.estate_id not in estates:
            estates[message.estate_id] = Estate.objects.get(pk=message.estate_id)
        message.estate = estates[message.estate_id]
        if not message.staff_id and (allowed := _allowed(clock, message.channel, message.estate)) > clock:
            _note(message, state="queued", send_after=allowed, attempts=message.attempts - 1)
            continue
        result.found += 1
        if message.attempts > MAX_ATTEMPTS:  # every worker that took it died
            _note(message, state="failed", error=message.error or "no worker survived sending it")
            result.failed += 1
            continue
        try:
            if message.channel not in ways:
                ways[message.channel] = gateways.of(message.channel)
            reference = ways[message.channel].send(message, text) or ""
        except Exception as problem:
            log.warning("message %s (%s): %s", message.pk, message.dedupe_key, problem)
            over = message.attempts >= MAX_ATTEMPTS
            again = clock + BACKOFF * 2 ** (message.attempts - 1)
            _note(
                message,
                state="failed" if over else "queued",
                send_after=again if message.staff_id else _allowed(again, message.channel, message.estate),
                error=f"{type(problem).__name__}: {problem}"[:2000],
            )
            result.failed += 1
            continue
        failpoint("outbox.handed")
        _note(message, state="sent", sent_at=clock, gateway_reference=reference[:120], error="")
        failpoint("outbox.marked")
        result.done += 1


def _claim(clock):
    values = {"claim": uuid.uuid4(), "until": clock + LEASE, "now": clock}
    with transaction.atomic():
        message = next(iter(Message.objects.raw(CLAIM, values)), None)
        if message:
            failpoint("outbox.claiming")
    return message


def _note(message, **fields):
    """Write down what came of it, unless the claim ran out and somebody else has it now."""
    with transaction.atomic():
        mine = Message.objects.filter(pk=message.pk, claim=message.claim)
        mine.update(claim=None, claimed_until=None, **fields)
        failpoint("outbox.marking")


def register_sweep():
    sweeps.register(
        sweeps.Sweep(
            name="messages",
            label=gettext_lazy("messages to send"),
            rule=gettext_lazy("ten seconds after they were written; to residents outside the quiet hours"),
            run=deliver,
            every=15,
        )
    )
