"""Messages to people: written in the action's transaction, sent by a worker, kept with their result (ARCHITECTURE §2).

`queue` writes the row. `deliver` claims one message and commits, *then* talks to the gateway, then writes down
what came of it. A worker that dies in between leaves a claim that runs out; the message goes again under the
same key and in the same words. `dedupe_key` is unique, so that "sent twice" cannot be written down.

What is refused for good fails at once; anything else is tried again, later and later. A way out that is slow, away or
asks for patience rests until the next run, so that it holds nothing else up. Failures ring the bell of those who can
mend them, once a day for each kind of trouble.
"""

import logging
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from office import gateways, journal, roles, sweeps, texts
from office.failpoints import failpoint
from office.models import Estate, Message, MessageAttempt, Posting, SweepFailure
from office.models.by_hand import insert
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
Problem = Message.Problem
# Trouble of the way out itself: the next message would meet it too.
RESTS = {Problem.ACCOUNT, Problem.BUSY, Problem.SLOW, Problem.AWAY, Problem.SETTING}
MENDERS = (*roles.HEADS, "admin")  # roles whose bell rings when messages fail

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
    addressee="",
    address="",
    language="",
    data=None,
    subject=None,
    unit_id=None,
    words=None,
    by=None,
):
    """Write a message in the caller's transaction; the same `dedupe_key` again answers the first one.

    To staff (`staff`) it goes at once. What leaves the house waits ten seconds, and to residents SMS and e-mail wait
    for the end of the estate's quiet hours. `data` holds numbers, codes, ids and ISO times; no personal values.
    `words` (title, body): written by hand (`by`), or holding what must not stand in `data`.
    Not done here: sending.
    """
    if template not in TEMPLATES and template not in texts.TEMPLATES:
        raise LookupError(f"message template {template!r} has no text")
    send_after = now if staff else _allowed(now + UNDO_WINDOW, channel, estate)
    row = Message(
        dedupe_key=dedupe_key,
        estate=estate,
        channel=channel,
        staff=staff,
        person_id=person_id,
        addressee=addressee,
        address=address,
        template=template,
        language=language or (staff.language if staff else ""),
        data=data or {},
        title=words[0] if words else "",
        body=words[1] if words else "",
        by=by,
        subject_kind=subject.SUBJECT if subject else "",
        subject_id=subject.pk if subject else None,
        unit_id=unit_id if unit_id is not None else getattr(subject, "unit_id", None),
        made_at=now,
        send_after=send_after,
    )
    # One statement: actions queue messages while somebody waits for them.
    message = insert(row, once="dedupe_key") or Message.objects.get(dedupe_key=dedupe_key)
    if send_after <= now:
        wake("office.tasks.deliver_messages")
    return message


FINDERS: list = []  # callable(message) → its address as the register has it now; the room above knows people


def address_again(message):
    """The address of a message's receiver as it is now; empty where nobody knows."""
    return next(filter(None, (find(message) for find in FINDERS)), "")


def hurry(message, now):
    """Wake a worker for what may go now; the sweep finds it anyway."""
    if message.send_after <= now:
        wake("office.tasks.deliver_messages")


def withdraw(messages):
    """Take back what has not gone yet (undo); how many were caught."""
    return messages.filter(state=Message.State.QUEUED).update(state=Message.State.CANCELLED)


def goes_at(channel, estate, now):
    """When a message to a resident written now will go (the undo window aside)."""
    return _allowed(now, channel, estate)


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
    """(subject, body): as worded when it went, else in `language`, the message's, or the estate's.

    Times are shown in the estate's zone.
    """
    if message.body:
        return message.title, message.body
    return words(message, language)[:2]


def words(message, language=None):
    """(subject, body, version) worded anew; version 0 is the shipped text."""
    estate = message.estate
    language = language or message.language or estate.language
    with translation.override(language):
        data = journal._Blank(
            {name: _shown(name, value, estate.zone) for name, value in message.data.items()}
        )
        if message.template in texts.TEMPLATES:
            title, body, version = texts.current(estate.pk, message.template, language)
            data |= texts.house(estate, language)
            return texts.fill(title, data), texts.fill(body, data), version
        subject, body = (str(part) % data for part in TEMPLATES[message.template])
        return subject, " ".join(filter(None, [body, _lateness(message.data.get("late_seconds", 0))])), 0


def label(message):
    """What a message is about, for lists and pages."""
    return texts.label(message.template)


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
          AND (state = 'queued' OR claimed_until < %(now)s) AND NOT channel = ANY(%(resting)s)
        ORDER BY send_after, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING *
"""


def deliver(now):
    """Send everything due at `now`: one message after the other, each claimed and written down on its own.

    1. Claim one (or one whose claim has run out) and commit. One at a time: a worker that dies takes one along.
    2. Residents' quiet hours may have begun since it was queued: put it back until they end.
    3. Word what leaves the house, unless it has been worded before.
    4. Hand it to the gateway, outside any transaction.
    5. Write down sent, or the trouble and when to try again; refused for good, or after six attempts, it has failed.
    6. When the way out itself is in trouble, leave the rest of its messages to the next run.
    Safe to run in many workers at once.
    """
    started, estates, ways, result = time.monotonic(), {}, {}, Result()
    resting: set[str] = set()  # channels that are left to the next run
    while True:
        clock = now + timedelta(seconds=time.monotonic() - started)
        message = _claim(clock, resting)
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
            died = gateways.GatewayError(message.error or "no worker survived sending it", Problem.WORKER)
            _troubled(message, died, clock, over=True)
            result.failed += 1
            continue
        try:
            _word(message)
            if message.channel not in ways:
                ways[message.channel] = gateways.of(message.channel)
            reference = ways[message.channel].send(message, text) or ""
        except Exception as trouble:
            log.warning("message %s (%s): %s", message.pk, message.dedupe_key, trouble)
            _troubled(message, trouble, clock)
            if getattr(trouble, "problem", "") in RESTS:
                resting.add(message.channel)
            result.failed += 1
            continue
        failpoint("outbox.handed")
        _note(message, state="sent", sent_at=clock, gateway_reference=reference[:120], problem="", error="")
        failpoint("outbox.marked")
        result.done += 1


def _claim(clock, resting=()):
    values = {"claim": uuid.uuid4(), "until": clock + LEASE, "now": clock, "resting": sorted(resting)}
    with transaction.atomic():
        message = next(iter(Message.objects.raw(CLAIM, values)), None)
        if message:
            failpoint("outbox.claiming")
    return message


def _word(message):
    """Keep the words before they go: what the other side may have got is what a repeat says and what is shown."""
    if message.channel == Message.Channel.DESK or message.body:
        return
    message.title, message.body, message.text_version = words(message)
    message.title = " ".join(message.title.split())[:200]
    mine = Message.objects.filter(pk=message.pk, claim=message.claim)
    mine.update(title=message.title, body=message.body, text_version=message.text_version)


def _troubled(message, trouble, clock, over=False):
    """Write down why it has not gone: queued again for later, or failed."""
    problem = getattr(trouble, "problem", Problem.OTHER)
    over = over or getattr(trouble, "final", False) or message.attempts >= MAX_ATTEMPTS
    said = (
        str(trouble) if isinstance(trouble, gateways.GatewayError) else f"{type(trouble).__name__}: {trouble}"
    )
    pause = max(BACKOFF * 2 ** (message.attempts - 1), timedelta(seconds=getattr(trouble, "wait", None) or 0))
    again = clock + pause
    _note(
        message,
        at=clock,
        state="failed" if over else "queued",
        send_after=again if message.staff_id else _allowed(again, message.channel, message.estate),
        problem=problem,
        error=said.replace("\0", "")[:2000],
    )


def _note(message, at=None, **fields):
    """Write down what came of it, unless the claim ran out and somebody else has it now."""
    with transaction.atomic():
        mine = Message.objects.filter(pk=message.pk, claim=message.claim)
        changed = mine.update(claim=None, claimed_until=None, **fields)
        if changed and message.channel != Message.Channel.DESK:
            _remember(message, at or fields.get("sent_at"), **fields)
        failpoint("outbox.marking")


def _remember(message, at, *, state, problem="", error="", gateway_reference="", **_fields):
    """The attempt, the line in the journal of what the message is about, and the bell of who can mend it."""
    if at is None:  # put back for the quiet hours: nothing was tried
        return
    MessageAttempt.objects.create(
        message=message, at=at, state=state, problem=problem, error=error, reference=gateway_reference
    )
    if state == Message.State.SENT:
        if message.channel != Message.Channel.PAPER:  # a letter is on its way when it is printed
            record("message.sent", message, by=None, now=at)
    elif state == Message.State.FAILED:
        record("message.failed", message, by=None, now=at, problem=journal.word("message.problem", problem))
        _ring(message, problem, at)


def record(verb, message, *, by, now, **data):
    """A line about a message to a resident, where its matter, person and unit are looked at."""
    if message.staff_id:
        return
    kind, pk = message.subject_kind or Message.SUBJECT, message.subject_id or message.pk
    about = message.data.get("number") or f"#{pk}"
    data |= {
        "message": message.pk,
        "channel": journal.word("message.channel", message.channel),
        "template": journal.word("message.template", message.template),
    }
    if message.person_id:
        data["person"] = message.person_id
    journal.record(
        verb, subject=None, kind=kind, pk=pk, text=str(about), estate_id=message.estate_id,
        unit_id=message.unit_id, by=by, now=now, data=data,
    )  # fmt: skip


def _ring(message, problem, now):
    """Once a day for each kind of trouble of a way out, on the bell of administrators and supervisors."""
    estate = message.estate
    day = f"{now.astimezone(estate.zone):%Y%m%d}"
    people = Posting.objects.filter(estate=estate, role__in=MENDERS, staff__is_active=True)
    for posting in people.select_related("staff").order_by("staff_id").distinct("staff_id"):
        queue(
            "outbox.trouble",
            dedupe_key=f"outbox:{estate.pk}:{message.channel}:{problem}:{day}:{posting.staff_id}",
            channel=Message.Channel.DESK,
            estate=estate,
            now=now,
            staff=posting.staff,
            data={
                "channel": journal.word("message.channel", message.channel),
                "problem": journal.word("message.problem", problem),
            },
            subject=message,
        )


TEMPLATES["outbox.trouble"] = (
    gettext_lazy("A message could not be sent (%(channel)s)"),
    gettext_lazy("%(problem)s. Others may wait behind the same trouble: look at Messages, state failed."),
)


# --- for the reminders centre ------------------------------------------------------------------------------

RECENT = timedelta(days=7)


def foresee(now, estates, limit):
    """What `deliver` would send now; residents' messages not while their hours are quiet."""
    due = (
        Message.objects.filter(estate__in=estates, state__in=["queued", "sending"], send_after__lte=now)
        .exclude(state="sending", claimed_until__gte=now)
        .select_related("estate", "staff")
        .order_by("send_after", "pk")
    )
    resting = [
        estate.pk for estate in Estate.objects.filter(pk__in=estates) if quiet_until(now, estate) is not None
    ]
    due = due.exclude(staff__isnull=True, channel__in=QUIET_CHANNELS, estate__in=resting)
    rows = [
        sweeps.Coming(
            _headline(message),
            message.get_channel_display(),
            (message.staff.local_name,) if message.staff else (_("resident"),),
            message.send_after,
            message.subject_kind,
            message.subject_id,
            message.estate_id,
        )
        for message in due[:limit]
    ]
    return sweeps.Foreseen(due.count(), tuple(rows))


def failing(now, estates, limit):
    """Messages that have not gone although they were tried, and those given up lately."""
    tried = Q(state="queued", attempts__gt=0) | Q(state="failed", made_at__gt=now - RECENT)
    rows = Message.objects.filter(tried, estate__in=estates).exclude(error="")
    return [
        (
            SweepFailure(
                sweep="messages",
                key=str(message.pk),
                title=_headline(message),
                estate_id=message.estate_id,
                subject_kind=Message.SUBJECT,
                subject_id=message.pk,
                error=": ".join(filter(None, [str(message.get_problem_display()), message.error])),
                since=message.made_at,
                last_at=message.made_at,
                tries=message.attempts,
            ),
            message.send_after if message.state == Message.State.QUEUED else None,
        )
        for message in rows.select_related("estate").order_by("-pk")[:limit]
    ]


def _headline(message):
    """What it is about, in the language of whoever reads the page; of what goes to residents the kind of message."""
    if message.staff_id:
        return text(message, translation.get_language())[0]
    return journal._word(journal.word("message.template", message.template))


def register_sweep():
    sweeps.register(
        sweeps.Sweep(
            name="messages",
            label=gettext_lazy("messages to send"),
            rule=gettext_lazy("ten seconds after they were written; to residents outside the quiet hours"),
            run=deliver,
            every=15,
            preview=foresee,
            failing=failing,
        )
    )
