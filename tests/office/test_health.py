"""/readyz: is anything that should have happened not happening?"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office import outbox, sweeps, tasks
from office.models import Heartbeat, Message
from office.views import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def readyz(client, monkeypatch):
    monkeypatch.setattr(health, "broker_answers", lambda: True)
    tasks.heartbeat()
    return lambda: client.get(reverse("readyz"))


@pytest.fixture
def message(estate, clerk, monkeypatch):
    """A message due so long ago."""
    monkeypatch.setitem(outbox.TEMPLATES, "test.word", ("word", "body"))

    def due(ago, **fields):
        moment = timezone.now() - ago
        outbox.queue(
            "test.word", dedupe_key=f"test:{ago}", channel="desk", estate=estate, now=moment, staff=clerk
        )
        Message.objects.filter(dedupe_key=f"test:{ago}").update(send_after=moment, **fields)

    return due


def test_ready_while_everything_lives(readyz, message):
    message(timedelta(minutes=3))
    message(timedelta(hours=-1))
    message(timedelta(hours=5), state="cancelled")
    answer = readyz()
    assert (answer.status_code, answer.json()["messages"]) == (200, "ok")
    assert 180 <= answer.json()["oldest_message_seconds"] < 600


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_a_message_that_does_not_leave_turns_it_red(readyz, message, state):
    message(timedelta(minutes=11), state=state)
    answer = readyz()
    assert (answer.status_code, answer.json()["status"], answer.json()["messages"]) == (
        503,
        "not ready",
        "late",
    )


def test_a_clock_that_is_ahead_hides_no_silence(readyz):
    """Beat's clock is two hours ahead: what it last said is as old as it is, not two hours from now."""
    ahead = sweeps.present() + timedelta(hours=2)
    tasks.heartbeat(ahead.isoformat())
    assert set(Heartbeat.objects.filter(at__gt=sweeps.present()).values_list("name", flat=True)) == set()
    tasks.heartbeat((ahead - timedelta(hours=4)).isoformat())  # and one that is behind takes no word back
    assert Heartbeat.objects.get(name="beat").at > sweeps.present() - timedelta(minutes=5)
