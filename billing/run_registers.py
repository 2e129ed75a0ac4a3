"""What the billing run tells the office: its work, its sentences."""

from django.utils.translation import gettext_lazy as _

from billing.actions import run
from billing.models import Run
from office import jobs, journal

SENTENCES = {
    "account.billed": _("charged for %(month)s: %(amount)s, bill %(number)s"),
    "run.begun": _("posting begun"),
    "run.paused": _("posting paused"),
    "run.resumed": _("posting went on"),
    "run.stopped": _("posting stopped"),
    "run.posted": _("posted: %(bills)s bills, %(amount)s"),
}


def register():
    journal.sentences(SENTENCES)
    journal.words("billing.run", Run.State.choices)
    # Translators: 計費
    jobs.register(run.JOB, run.work, _("billing run"))
