"""What an office does with its messages and their words (SPEC §10)."""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from office import journal, outbox, phones, sms, texts
from office.models import Estate, Message, MessageText
from office.phrases import listed
from office.refusals import Refused, Stale

MANAGE = "messages.manage"
ADMINISTER = "office.administer"
MOST_PARTS = 10  # of a text message; more is a letter
Channel, State = Message.Channel, Message.State


# --- the words ---------------------------------------------------------------------------------------------


@transaction.atomic
def set_text(*, estate, template, language, title, body, by, now, version=None):
    """The office's own words of a template in one language, as its next version. What was sent stays as it was sent.

    Words equal to the shipped ones are the shipped text.
    """
    _begin(estate, template, language, by, version)
    title, body = " ".join(title.split())[:200], body.strip()
    if not body:
        raise Refused(_("Write down what the message says."))
    if sentence := why_not_text(template, title, body):
        raise Refused(sentence)
    if (title, body) == texts.current(estate.pk, template, language)[:2]:
        return None
    if (title, body) == texts.TEMPLATES[template].shipped(language):
        return _next(estate, template, language, "text.restored", by, now, restored=True)
    return _next(estate, template, language, "text.changed", by, now, title=title, body=body)


@transaction.atomic
def restore_text(*, estate, template, language, by, now, version=None):
    """The shipped text again, from here on."""
    row = _begin(estate, template, language, by, version)
    if row is None or row.restored:
        return None
    return _next(estate, template, language, "text.restored", by, now, restored=True)


def why_not_text(template, title, body):
    """What a template knows nothing of cannot be filled in."""
    if unknown := texts.unknown(template, title, body):
        return _("This message knows nothing of %(names)s. It may speak of: %(places)s.") % {
            "names": listed(f"{{{name}}}" for name in unknown),
            "places": listed(f"{{{name}}}" for name in texts.TEMPLATES[template].places),
        }
    if sms.length(body).parts > MOST_PARTS:
        return _("A message has at most %(n)s parts; write a letter instead.") % {"n": MOST_PARTS}
    return None


def _begin(estate, template, language, by, version):
    """The last version, read under the estate's lock."""
    if not by.may(ADMINISTER, estate.pk):
        raise Refused(_("Your role does not allow this."))
    Estate.objects.select_for_update().get(pk=estate.pk)
    rows = MessageText.objects.filter(estate=estate, template=template, language=language)
    row = rows.order_by("-version").first()
    if version is not None and version != (row.version if row else 0):
        raise Stale
    return row


def _next(estate, template, language, verb, by, now, **values):
    last = MessageText.objects.filter(estate=estate, template=template, language=language)
    number = (last.order_by("-version").values_list("version", flat=True).first() or 0) + 1
    row = MessageText.objects.create(
        estate=estate, template=template, language=language, version=number, made_at=now, by=by, **values
    )
    journal.record(
        verb,
        subject=row,
        kind="office.message_text",
        text=template,
        by=by,
        now=now,
        data={
            "template": journal.word("message.template", template),
            "language": texts.spoken(language),
            "version": number,
        },
    )
    return row


@transaction.atomic
def switch(*, estate, template, on, by, now):
    """From now on residents of the estate are told this by itself, or no longer."""
    if not by.may(ADMINISTER, estate.pk):
        raise Refused(_("Your role does not allow this."))
    if template not in texts.TEMPLATES or not texts.TEMPLATES[template].by_itself:
        raise Refused(_("This message is written by hand only."))
    row = Estate.objects.select_for_update().get(pk=estate.pk)
    if (template in row.tells) == on:
        return row
    row.tells = sorted({*row.tells, template} if on else {*row.tells} - {template})
    row.save(update_fields=["tells"])
    journal.record(
        "text.switched_on" if on else "text.switched_off",
        subject=row,
        kind="office.estate",
        estate_id=row.pk,
        by=by,
        now=now,
        data={"template": journal.word("message.template", template)},
    )
    return row


def send_test(*, estate, template, language, channel, title, body, by, now):
    """The text with made-up data, to oneself: what it looks like where it arrives."""
    address = {
        Channel.SMS: phones.mobile(by.phone, estate.country),
        Channel.EMAIL: by.email,
    }.get(channel)
    if not address:
        raise Refused(
            _("Your own account has no mobile number or e-mail address for it. Add it under your name.")
        )
    if sentence := why_not_text(template, title, body):
        raise Refused(sentence)
    return outbox.queue(
        template,
        dedupe_key=f"test:{uuid.uuid4()}",
        channel=channel,
        estate=estate,
        now=now,
        staff=by,
        addressee=by.name,
        address=address,
        language=language,
        words=texts.sample(estate, template, language, title, body),
        by=by,
    )


# --- what waits and what failed ----------------------------------------------------------------------------


def why_not_retry(message, by):
    if not by.may(MANAGE, message.estate_id):
        return _("Your role does not allow this.")
    if message.state != State.FAILED:
        return _("Only a message that has failed is sent again.")
    return None


def why_not_cancel(message, by):
    if not by.may(MANAGE, message.estate_id) and message.by_id != by.pk:
        return _("Your role does not allow this.")
    if message.state == State.QUEUED or message.is_letter_to_print:
        return None
    return _("It has left the house or was stopped already.")


def why_not_print(message):
    if message.channel != Channel.PAPER:
        return _("Only letters are printed.")
    if message.state != State.SENT:
        return _("The letter is not ready to be printed yet.")
    return None


@transaction.atomic
def retry(*, message, by, now):
    """Try a failed message again, as often as a new one; under the same key, so that nobody gets it twice.

    The address is looked up again: a wrong number is mended in the register.
    """
    row = _locked(message)
    if sentence := why_not_retry(row, by):
        raise Refused(sentence)
    row.state, row.attempts = State.QUEUED, 0
    row.send_after = now if row.staff_id else outbox.goes_at(row.channel, row.estate, now)
    row.address = outbox.address_again(row) or row.address
    row.save(update_fields=["state", "attempts", "send_after", "address"])
    outbox.record("message.retried", row, by=by, now=now)
    outbox.hurry(row, now)
    return row


@transaction.atomic
def cancel(*, message, by, now):
    """Stop what has not left the house."""
    row = _locked(message)
    if sentence := why_not_cancel(row, by):
        raise Refused(sentence)
    row.state = State.CANCELLED
    row.save(update_fields=["state"])
    outbox.record("message.cancelled", row, by=by, now=now)
    return row


@transaction.atomic
def printed(*, message, by, now):
    """The letter left the printer; the first time counts."""
    row = _locked(message)
    if sentence := why_not_print(row):
        raise Refused(sentence)
    if row.printed_at is None:
        row.printed_at = now
        row.save(update_fields=["printed_at"])
        outbox.record("message.printed", row, by=by, now=now)
    return row


def _locked(message):
    return Message.objects.select_for_update(of=("self",)).select_related("estate").get(pk=message.pk)
