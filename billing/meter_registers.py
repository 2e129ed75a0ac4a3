"""What meters and their readings tell the office: sentences of the journal (SPEC §6.3)."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import journal
from office.addresses import row_address

SENTENCES = {
    "meter.added": _("meter written down"),
    "meter.changed": _("meter changed: %(fields)s"),
    "meter.exchanged": _("meter %(old)s exchanged for %(new)s on %(day)s"),
    "meter.ordered": _("order of the round changed, %(n)s meters"),
    "meter.read": _("read on %(day)s: %(value)s"),
    "reading.counted": _("held reading of %(day)s, %(value)s, counts"),
    "reading.refused": _("held reading of %(day)s, %(value)s, refused"),
    "reading.corrected": _("reading of %(day)s corrected from %(old)s to %(value)s"),
    "reading.carried": _("consumption of %(used)s carried from %(from)s, which is charged, to %(to)s"),
}


def register():
    from billing.imports import meters, readings
    from billing.models import Meter
    from office import promises

    meters.declare()
    readings.declare()
    journal.sentences(SENTENCES)
    journal.field_words("meter", Meter)
    promises.register_subject(Meter.SUBJECT, partial(row_address, "billing:meter"))
