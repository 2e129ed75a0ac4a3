"""What the register tells the office: journal sentences, their words, search keys."""

from django.utils.translation import gettext_lazy as _

from office import journal, search

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
}


def register():
    from office import places  # noqa: F401  its sentences stand with its actions
    from residents import reports
    from residents.models import Occupancy, Person

    journal.sentences(SENTENCES)
    journal.field_words("person", Person)
    journal.words("occupancy.role", Occupancy.Role.choices)
    journal.words("person.identity_type", Person.IdentityType.choices)
    kinds = ("name", "name_part", "pinyin", "initials", "phone", "phone_tail")
    search.register("person", reports.keys_of_people, kinds=kinds)
