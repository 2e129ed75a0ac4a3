"""Many at once: threads that begin together, and a look at who waits for whom."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from office.refusals import Refused


def at_once(many, act):
    """What `act(n)` answered in each of `many` threads that began together; refusals are answers too."""
    gate = threading.Barrier(many)

    def run(n):
        try:
            gate.wait(60)
            return act(n)
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(run, range(many)))


def until_somebody_waits(or_done=lambda: False, seconds=30):
    """Whether another connection to this database came to wait for a lock; False when `or_done()` came first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot()"
            )  # else a transaction sees for ever what it saw first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return True
        if or_done():
            return False
        time.sleep(0.01)
    raise AssertionError("nobody waits, nobody is done")
