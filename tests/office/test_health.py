"""/readyz: is anything that should have happened not happening?"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office import outbox, tasks
from office.models import Message
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
