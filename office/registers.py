"""What the office tells itself at start-up: the journal sentences of administration and the words they use."""

from django.utils.translation import gettext_lazy as _

from office import journal, promises, roles

SENTENCES = {
    "staff.created": _("account made"),
    "staff.changed": _("account changed: %(fields)s"),
    "staff.password_reset": _("password reset"),
    "staff.deactivated": _("account closed for log-in"),
    "staff.activated": _("account opened for log-in again"),
    "posting.added": _("posted as %(role)s, %(department)s"),
    "posting.ended": _("no longer posted as %(role)s, %(department)s"),
    "department.head_set": _("head and deputy of %(department)s named"),
    "estate.created": _("estate opened"),
    "estate.changed": _("estate changed: %(fields)s"),
    "rule.changed": _(
        "%(rule)s: %(amount)s %(measure)s from %(from)s (before: %(old_amount)s %(old_measure)s)"
    ),
    "escalation.changed": _("escalation from %(from)s: %(fields)s"),
    "promise.seen": _("%(promise)s, %(step)s: seen, somebody takes care"),
    "catalogue.added": _("%(code)s added"),
    "catalogue.changed": _("%(code)s changed: %(fields)s"),
    "file.removed": _("file removed"),
    "office.undone": _("taken back: %(change)s"),
    "series.pattern_set": _("numbers of %(year)s look like %(example)s"),
}


def register():
    from office.escalation import STEP_WORDS
    from office.models import Department, EscalationRule, Estate, Staff
    from office.models.promises import Measure

    journal.sentences(SENTENCES)
    journal.words("role", roles.CHOICES)
    journal.words("department", Department.choices)
    journal.words("measure", Measure.choices)
    journal.words("step", [(int(step), words) for step, words in STEP_WORDS.items()])
    journal.field_words("escalation", EscalationRule)
    journal.field_words("staff", Staff)
    journal.field_words("estate", Estate)
    journal.words("rule", [(key, rule.label) for key, rule in promises.RULES.items()])
