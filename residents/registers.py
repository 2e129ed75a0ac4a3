"""What the register tells the office: journal sentences, their words, search keys."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from office import journal, outbox, promises, search, series

SENTENCES = {
    "person.added": _("entered in the register"),
    "person.changed": _("register entry changed: %(fields)s"),
    "person.phones_set": _("telephone numbers changed: %(count)s now"),
    "person.identity_set": _("identity document recorded: %(kind)s"),
    "person.identity_removed": _("identity number removed"),
    "occupancy.started": _("%(role)s from %(from)s"),
    "occupancy.started_share": _("%(role)s from %(from)s with %(share)s %%"),
    "occupancy.ended": _("%(role)s until %(until)s"),
    "occupancy.corrected": _("entry of %(role)s corrected: %(reason)s"),
    # Translators: 物品放行條
    "slip.issued": _("goods-release slip issued: %(lines)s lines, valid until the end of %(until)s"),
    "slip.printed": _("goods-release slip printed"),
    "slip.released": _("goods released at the gate"),
    "slip.refused": _("turned away at the gate: %(reason)s"),
    "slip.cancelled": _("goods-release slip cancelled"),
}

MESSAGES = {
    "slip.refused": (
        _("Refused at the gate: %(number)s, %(unit)s"),
        _("%(reason)s. Refused by %(name)s at %(refused_at)s."),
    ),
}


def register():
    from office import places  # noqa: F401  its sentences stand with its actions
    from residents import reports
    from residents.imports import sheets
    from residents.models import Occupancy, Person, ReleaseSlip, SlipRefusal

    journal.sentences(SENTENCES)
    outbox.templates(MESSAGES)
    journal.field_words("person", Person)
    journal.words("occupancy.role", Occupancy.Role.choices)
    journal.words("person.identity_type", Person.IdentityType.choices)
    kinds = ("name", "name_part", "pinyin", "initials", "phone", "phone_tail")
    search.register("person", reports.keys_of_people, kinds=kinds)

    series.PATTERNS["slip"] = "F{year}-{n:06d}"
    series.LABELS["slip"] = _("goods-release slip")
    journal.words("slip.refusal", SlipRefusal.Reason.choices)
    promises.register_subject(ReleaseSlip.SUBJECT, lambda pk: reverse("residents:slip", args=[pk]))
    search.register(ReleaseSlip.SUBJECT, reports.keys_of_slips, kinds=("number", "number_tail"))
    sheets.declare()
