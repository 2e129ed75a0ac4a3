"""What every long-running process does first: servers in the default run, refusals in production."""

import sys

from django.conf import settings

from config import checks, embedded


def prepare():
    """Make the ground safe to stand on, or end with one clear message."""
    if settings.EMBEDDED:
        try:
            embedded.ensure(settings.DATA_DIR, test=settings.TESTING)
        except embedded.EmbeddedError as refusal:
            sys.exit(str(refusal))
    refusals = checks.refusals() if settings.PRODUCTION else []
    if refusals:
        lines = "\n".join(f"- {refusal.msg} {refusal.hint or ''}".rstrip() for refusal in refusals)
        sys.exit(f"Guanjia does not start with these settings:\n{lines}")
