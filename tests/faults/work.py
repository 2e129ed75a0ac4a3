"""`python -m tests.faults.work`: the long work that waits, done in a process of its own."""

import django

django.setup()

from django.utils import timezone  # noqa: E402 needs the applications

from office import jobs  # noqa: E402

jobs.run_waiting(timezone.now())
