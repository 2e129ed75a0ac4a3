"""What was sent to the people of a household, as a room of its page: lines of the timeline, and a new message."""

from django.utils.translation import gettext_lazy as _

from office import cards
from office.addresses import row_address

# Translators: 訊息
KINDS = (cards.Kind("messages", _("Messages"), ("message.",), "messages.read", "mail", ("message",)),)


def card(unit, *, staff, now):
    """None: what was sent stands in the timeline."""
    return None


def starts(unit, *, staff):
    if not staff.may("messages.send", unit.estate_id):
        return []
    url = row_address("message_to_household", unit.pk)
    return [cards.Start("message", _("Write a message"), url, "mail", caller="person", position=60)]
