"""Waking workers: by name, after commit, broker failure swallowed, because every sweep finds the row anyway."""

import logging

from django.db import transaction

log = logging.getLogger(__name__)


def wake(task_name, *args):
    def send():
        from celery import current_app

        try:
            current_app.send_task(task_name, args=args, retry=False, ignore_result=True)
        except Exception as problem:  # the broker is away; the next sweep does it
            log.warning("could not wake %s: %s", task_name, problem)

    transaction.on_commit(send)
