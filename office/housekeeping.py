"""What the office sweeps out: drafts nobody came back to, keys of forms sent long ago, undo offers, old sessions, and
what reminders did weeks ago.

None of these is a record of business. Everything else stays (SPEC §14).
"""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from office import drafts, sweeps
from office.models import FormKey, SweepHour, Undo
from office.sweeps import Coming, Foreseen, Result, Sweep

FORM_KEYS = timedelta(days=7)  # longer than any page stays open
UNDO = timedelta(days=1)
HISTORY = timedelta(days=28)  # of the reminders centre


def _forgotten(now):
    """[(words, rows)] of what is to go."""
    return [
        (_("drafts nobody came back to"), drafts.forgotten(now)),
        (_("keys of forms sent long ago"), FormKey.objects.filter(at__lt=now - FORM_KEYS)),
        (_("expired undo offers"), Undo.objects.filter(until__lt=now - UNDO)),
        (_("ended sessions"), Session.objects.filter(expire_date__lt=now)),
        (_("hours in the history of reminders"), SweepHour.objects.filter(hour__lt=now - HISTORY)),
    ]


def tidy(now):
    done = sum(rows.delete()[0] for _words, rows in _forgotten(now))
    return Result(found=done, done=done)


def foresee(now, estates, limit):
    counts = [(words, rows.count()) for words, rows in _forgotten(now)]
    rows = [Coming(str(words), _("to be removed: %(n)s") % {"n": n}) for words, n in counts if n]
    return Foreseen(sum(n for _words, n in counts), tuple(rows[:limit]))


def register_sweep():
    sweeps.register(
        Sweep(
            "housekeeping",
            _("housekeeping"),
            _("forgotten drafts, keys of old forms, expired undo offers, sessions and old runs are removed"),
            tidy,
            every=3600,
            preview=foresee,
        )
    )
