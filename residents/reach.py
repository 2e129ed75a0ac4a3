"""How a message reaches a person: what they want, and the address each way out needs (SPEC §10)."""

from django.utils.translation import gettext as _

from office import phones
from office.models import Message
from residents.models import Person

Channel, Contact = Message.Channel, Person.Contact
WAYS = (Channel.SMS, Channel.EMAIL, Channel.PAPER)  # what leaves the house, the quickest first
# What is tried for messages that go by themselves; a letter only to who asked for letters.
BY_ITSELF = {
    Contact.ANY: (Channel.SMS, Channel.EMAIL),
    Contact.SMS: (Channel.SMS,),
    Contact.EMAIL: (Channel.EMAIL,),
    Contact.PAPER: (Channel.PAPER,),
    Contact.NONE: (),
}


def address_of(person, channel, *, phone="", unit=None, estate):
    """Where `channel` finds the person; empty where it finds nobody. `phone`: the number given for the matter."""
    if channel == Channel.SMS:
        if found := phones.mobile(phone, estate.country):
            return found
        lines = person.phones.all() if person else ()
        return next(filter(None, (phones.mobile(line.number, estate.country) for line in lines)), "")
    if person is None:
        return ""
    if channel == Channel.EMAIL:
        return person.email
    here = f"{estate.address} {unit.code}".strip() if unit else ""
    return (person.address or here)[:200]


def way_to_tell(person, *, phone="", unit=None, estate):
    """(channel, address) for a message that goes by itself, or None. Whoever left only a number gets an SMS."""
    for channel in BY_ITSELF[person.contact] if person else (Channel.SMS,):
        if address := address_of(person, channel, phone=phone, unit=unit, estate=estate):
            return channel, address
    return None


def why_not(person, channel, *, phone="", unit=None, estate):
    """Why no message may be written to this person this way; None when it may. Letters are never refused."""
    if channel not in WAYS:
        return _("Choose how the message goes.")
    name = person.local_name if person else ""
    if person and person.contact == Contact.NONE and channel != Channel.PAPER:
        return _("%(name)s wants no messages. Telephone, or write a letter.") % {"name": name}
    if address_of(person, channel, phone=phone, unit=unit, estate=estate):
        return None
    if channel == Channel.SMS:
        return _("There is no mobile number to send to.")
    if channel == Channel.EMAIL:
        return _("There is no e-mail address in the register.")
    return _("There is no address for letters in the register.")


def address_now(message):
    """Where a message's person is reached today, after somebody mended the register."""
    if message.person_id is None:
        return ""
    person = Person.objects.filter(pk=message.person_id, estate_id=message.estate_id).first()
    return address_of(person, message.channel, estate=message.estate) if person else ""
