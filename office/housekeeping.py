"""What the office sweeps out: drafts nobody came back to, keys of forms sent long ago, undo offers, old sessions.

None of these is a record of business. Everything else stays (SPEC §14).
"""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from office import drafts, sweeps
from office.models import FormKey, Undo
from office.sweeps import Result, Sweep

FORM_KEYS = timedelta(days=7)  # longer than any page stays open
UNDO = timedelta(days=1)


def tidy(now):
    done = drafts.forget_old(now)
    done += FormKey.objects.filter(at__lt=now - FORM_KEYS).delete()[0]
    done += Undo.objects.filter(until__lt=now - UNDO).delete()[0]
    done += Session.objects.filter(expire_date__lt=now).delete()[0]
    return Result(found=done, done=done)


def register_sweep():
    sweeps.register(
        Sweep(
            "housekeeping",
            _("housekeeping"),
            _("forgotten drafts, keys of old forms, expired undo offers and sessions are removed"),
            tidy,
            every=3600,
        )
    )
