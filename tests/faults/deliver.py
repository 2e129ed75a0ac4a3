"""`python -m tests.faults.deliver SECONDS`: one delivery in a process of its own, SECONDS from now."""

import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402 needs the applications

from office import sweeps  # noqa: E402
from tests.faults import unguarded  # noqa: E402, F401 takes guards away when told to

sweeps.run("messages", timezone.now() + timedelta(seconds=int(sys.argv[1])))
