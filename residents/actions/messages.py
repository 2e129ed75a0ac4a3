"""Messages to residents: those that go by themselves where an estate wants them, and those written by hand (SPEC §10).

A person's wish counts: who wants no messages gets none, whatever is switched on.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from office import outbox, texts, undo
from office.models import Message
from office.refusals import Refused
from residents import reach

SEND = "messages.send"
FREE = "hand.free"
LONGEST = 2000  # characters


def inform(
    template, *, key, subject, estate, now, data, person=None, phone="", language="", unit=None, private=None
):  # fmt: skip
    """Tell a resident what has happened, where the estate has it switched on; the message, or None.

    Nobody is told who does not want it, and nothing is queued that could not arrive. `phone` is the number given for
    this matter. `private`: data that must stay in the message's own words (free text of a colleague).
    """
    if template not in estate.tells:
        return None
    way = reach.way_to_tell(person, phone=phone, unit=unit, estate=estate)
    if way is None:
        return None
    channel, address = way
    language = language or (person.language if person else "") or estate.language
    message = {
        "dedupe_key": key, "channel": channel, "estate": estate, "now": now, "data": data, "language": language,
        "person_id": person.pk if person else None, "addressee": person.name if person else "", "address": address,
        "subject": subject, "unit_id": unit.pk if unit else None,
    }  # fmt: skip
    if private:
        worded = Message(estate=estate, template=template, language=language, data={**data, **private})
        message["words"] = outbox.words(worded)[:2]
    return outbox.queue(template, **message)


@transaction.atomic
def write_message(
    *, estate, subject, channel, body, by, now, key, title="", person=None, phone="", template="", language="",
    unit=None,
):  # fmt: skip
    """A message written by hand to one person, about `subject` (the person, or a matter of the household).

    It goes after the ten seconds in which it can be taken back, and not in the quiet hours. The same `key` is the
    same message. Not done here: finding words; they are what the clerk has read over.
    """
    if not by.may(SEND, estate.pk):
        raise Refused(_("Your role does not allow this."))
    if sentence := reach.why_not(person, channel, phone=phone, unit=unit, estate=estate):
        raise Refused(sentence)
    title, body = " ".join(title.split())[:200], body.strip()
    if not body:
        raise Refused(_("Write down what the message says."))
    if len(body) > LONGEST:
        raise Refused(_("A message has at most %(n)s characters.") % {"n": LONGEST})
    begun = texts.TEMPLATES.get(template)
    about_person = person is not None and subject.SUBJECT == person.SUBJECT
    message = outbox.queue(
        template if begun and not begun.by_itself else FREE,
        dedupe_key=f"hand:{key}",
        channel=channel,
        estate=estate,
        now=now,
        person_id=person.pk if person else None,
        addressee=person.name if person else "",
        address=reach.address_of(person, channel, phone=phone, unit=unit, estate=estate),
        language=language or (person.language if person else "") or estate.language,
        data=({} if about_person else {"number": str(subject)}) | ({"unit": unit.code} if unit else {}),
        words=(title, body),
        subject=subject,
        unit_id=unit.pk if unit else None,
        by=by,
    )
    outbox.record("message.written", message, by=by, now=now)
    # As it is now: a page shown a minute ago must not make the message one that cannot be taken back.
    subject = type(subject).objects.select_for_update(of=("self",)).get(pk=subject.pk)
    undo.offer(verb="message.written", subject=subject, by=by, now=now, before=[undo.snapshot(subject)])
    return message
