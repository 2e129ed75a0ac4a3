"""Workers killed at every failpoint of the outbox: nothing lost, repeats ≤ kills and under one key (issue 2, Faults)."""

import os
import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from office import failpoints, sweeps
from office.models import Message
from tests.cast import make_estate, make_staff
from tests.faults import unguarded
from tests.faults.child import in_a_child
from tests.faults.ledger import sent

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
MESSAGES = 2000 if FULL else 60
KILLS = 8 if FULL else 1  # at each failpoint
# The gateway has the message and nobody has written it down: only here a kill makes a repeat.
NAMES = [name for name in failpoints.NAMES if name.startswith("outbox.")]
REPEATING = {"outbox.handed", "outbox.marking"}
IN_CELERY = (
    NAMES if FULL else ["outbox.claimed", "outbox.handed"]
)  # a worker each; the others below, without Celery


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger"


def _queue(count):
    """Messages to staff by SMS: they go at any hour."""
    estate = make_estate()
    clerk, now = make_staff("clerk", (estate, "clerk")), timezone.now()
    common = {"estate": estate, "channel": "sms", "staff": clerk, "template": "promise.warn", "address": "1"}
    Message.objects.bulk_create(
        [Message(dedupe_key=f"k{n}", made_at=now, send_after=now, **common) for n in range(count)]
    )


def _until(answer, seconds, words):
    end = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < end, words
        time.sleep(0.05)


def _states():
    return Counter(Message.objects.values_list("state", flat=True))


def test_celery_workers_killed_at_failpoints(real_worker, ledger):
    _queue(MESSAGES)
    environment = {"SMS_GATEWAY": "tests.faults.ledger.Ledger", "LEDGER": str(ledger), "MESSAGE_LEASE": "1"}
    arrival = max(3, MESSAGES // (len(IN_CELERY) * KILLS * 2))
    kills = Counter()
    for name in IN_CELERY:
        worker = real_worker(concurrency=1, GUANJIA_FAILPOINT=f"{name}:{arrival}", **environment)

        def deaths(worker=worker):
            return worker.printed().count("exited with 'signal 9 (SIGKILL)'")

        for kill in range(1, KILLS + 1):
            current_app.send_task("office.tasks.deliver_messages")
            _until(lambda: deaths() >= kill, 120, worker.printed()[-2000:])  # noqa: B023 called at once
        kills[name] = deaths()
        worker.kill()
    worker = real_worker(**environment)

    def all_sent():
        current_app.send_task("office.tasks.deliver_messages")
        time.sleep(0.3)
        return _states() == {"sent": MESSAGES}

    _until(all_sent, 300, worker)
    lines = sent(ledger)
    repeats = len(lines) - MESSAGES
    print(f"{MESSAGES} messages, {kills.total()} kills, {len(set(lines))} arrived, {repeats} repeated")
    assert all(kills[name] >= KILLS for name in IN_CELERY)
    assert set(lines) == {f"k{n}" for n in range(MESSAGES)}  # nothing lost, no key but the message's own
    assert repeats == sum(kills[name] for name in REPEATING) <= kills.total()
    assert max(Counter(lines).values()) <= 1 + KILLS


def _deliver(hour, guards):
    settings.MESSAGE_GATEWAYS["sms"] = "tests.faults.ledger.Ledger"
    unguarded.take_away(guards)
    sweeps.run("messages", timezone.now() + timedelta(hours=hour))


def _killed_run(ledger, *guards_off):
    """The same kills in plain processes, one delivery each, an hour apart: (lost, repeats, kills)."""
    count = 30
    _queue(count)
    kills = 0
    for hour, name in enumerate([*NAMES, ""]):
        failpoint = f"{name}:4" if name else ""
        code = in_a_child(
            lambda hour=hour: _deliver(hour, guards_off), GUANJIA_FAILPOINT=failpoint, LEDGER=str(ledger)
        )
        assert code == (-signal.SIGKILL if name else 0)
        kills += bool(name)
    lines = sent(ledger)
    lost = count - Message.objects.filter(state="sent").count()
    return lost, len(lines) - len(set(lines)), kills


def test_one_process_after_the_other(own_db, ledger):
    assert _killed_run(ledger) == (0, len(REPEATING), len(NAMES))


def test_twin_claims_that_are_never_taken_over_lose_messages(own_db, ledger):
    lost, _repeats, _kills = _killed_run(ledger, "takeover")
    assert lost == 3  # claimed, handed, marking: committed claims of dead workers


def test_twin_one_transaction_for_all_repeats_more_than_it_was_killed(own_db, ledger):
    _lost, repeats, kills = _killed_run(ledger, "one by one")
    assert repeats > kills
