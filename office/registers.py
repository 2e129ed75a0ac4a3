"""What the office tells itself at start-up: the journal sentences of administration and the words they use."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from office import files, journal, outbox, promises, roles
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department

MONTH = (
    promises.Kind(
        "month_report",
        # Translators: 月度統計分析
        _("monthly report"),
        (
            promises.Rule(
                "month_report", _("monthly report signed by the supervisor"), _("the 1st of the next month"), 4, Measure.DAYS,
                "SPEC §4.8",
            ),
            promises.Rule(
                "month_again", _("monthly report sent back, signed again"), _("the sending back"), 2, Measure.DAYS, "SPEC §4.8",
            ),
        ),
        department=Department.FRONT_DESK,
        order=80,
        workflow=_("Monthly reports"),
    ),
    promises.Kind(
        "month_decision",
        _("director's signature of the monthly report"),
        (
            promises.Rule(
                "month_decision", _("monthly report signed or sent back by the director"), _("the supervisor's signature"), 2,
                Measure.DAYS, "SPEC §4.8",
            ),
        ),
        department=Department.MANAGEMENT,
        order=81,
        workflow=_("Monthly reports"),
    ),
)  # fmt: skip

# Notices on the bell.
NOTICES = {
    "month.draft": (
        _("The report of %(month)s is drafted (%(estate)s)"),
        _("Figures are ready. Write what has to be said and sign it by day 5."),
    ),
    "month.signed": (
        _("The report of %(month)s waits for your signature (%(estate)s)"),
        _("The supervisor has signed. Sign it too, or send it back with a reason."),
    ),
    "month.sent_back": (
        _("The report of %(month)s came back (%(estate)s)"),
        _("The director wants something changed; the reason stands on the report."),
    ),
    "month.issued": (
        _("The report of %(month)s is signed by both (%(estate)s)"),
        _("It stands as it is, and its PDF is filed."),
    ),
}

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
    "wall.made": _("wallboard “%(name)s” made"),
    "wall.ended": _("link of the wallboard “%(name)s” ended"),
    "office.undone": _("taken back: %(change)s"),
    "month.drafted": _("drafted"),
    "month.saved": _("texts saved"),
    "month.signed": _("signed by the supervisor; the figures are frozen"),
    "month.sent_back": _("sent back: %(reason)s"),
    "month.issued": _("signed by the director"),
    "month.filed": _("filed as PDF"),
    "message.written": _("message written (%(channel)s): %(template)s"),
    "message.sent": _("message sent (%(channel)s): %(template)s"),
    "message.failed": _("message not sent (%(channel)s): %(template)s, %(problem)s"),
    "message.cancelled": _("message stopped (%(channel)s): %(template)s"),
    "message.retried": _("message to be sent again (%(channel)s): %(template)s"),
    "message.printed": _("letter printed: %(template)s"),
    "text.changed": _("text of “%(template)s” changed (%(language)s, version %(version)s)"),
    "text.restored": _("text of “%(template)s” as shipped again (%(language)s, version %(version)s)"),
    "text.switched_on": _("residents are told: %(template)s"),
    "text.switched_off": _("residents are no longer told: %(template)s"),
    "series.pattern_set": _("numbers of %(year)s look like %(example)s"),
}


def register():
    from office.escalation import STEP_WORDS
    from office.models import EscalationRule, Estate, Message, MonthReport, Staff

    for kind in MONTH:
        promises.register(kind)
    promises.register_subject(
        MonthReport.SUBJECT,
        partial(row_address, "office:month"),
        label=_("monthly reports"),
        permission="month.read",
    )
    files.register_subject(MonthReport.SUBJECT, may_read_month, permission="month.read")
    outbox.templates(NOTICES)
    journal.sentences(SENTENCES)
    journal.words("role", roles.CHOICES)
    journal.words("department", Department.choices)
    journal.words("message.channel", Message.Channel.choices)
    journal.words("message.problem", Message.Problem.choices)
    journal.words("verb", [("message.written", _("the message"))])
    promises.register_subject(Message.SUBJECT, partial(row_address, "office:message"))
    journal.words("measure", Measure.choices)
    journal.words("step", [(int(step), words) for step, words in STEP_WORDS.items()])
    journal.field_words("escalation", EscalationRule)
    journal.field_words("staff", Staff)
    journal.field_words("estate", Estate)
    journal.words("rule", [(key, rule.label) for key, rule in promises.RULES.items()])


def may_read_month(staff, report_id):
    """Who may open the report may open its paper."""
    from office.models import MonthReport

    return MonthReport.objects.visible_to(staff, "month.read").filter(pk=report_id).exists()
