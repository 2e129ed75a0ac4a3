"""Providers with bad manners, over a real line: nothing is lost, nobody gets a message twice, nothing waits for long.

The provider is a process of its own (tests/faults/provider.py); its ledger is what reached the telephones.
"""

import os
import random
import re
import signal
import socketserver
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from office import gateways, outbox
from office.models import Message
from tests.cast import make_estate, make_staff
from tests.faults.ledger import sent

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
MESSAGES = 600 if FULL else 40
TIMEOUT = 0.5
MINUTE = timedelta(minutes=1)
Problem, State = Message.Problem, Message.State
# Modes after which the provider has the message although we cannot know.
TROUBLE = ("500", "taken500", "401", "429", "slow", "drip", "half", "cut", "silence", "reset")


@pytest.fixture
def provider(start_process, tmp_path, settings):
    """The provider as the setting names it; `.ledger` is what reached the telephones."""
    ledger = tmp_path / "telephones"
    process = start_process("tests.faults.provider", str(ledger))
    process.await_printed("port ")
    port = re.search(r"port (\d+)\.", _whole(process))[1]
    settings.SMS_URL, settings.SMS_TOKEN = f"http://127.0.0.1:{port}/send", "word"
    settings.MESSAGE_TIMEOUT = TIMEOUT
    settings.MESSAGE_GATEWAYS = {**settings.MESSAGE_GATEWAYS, "sms": "office.gateways.HttpSmsGateway"}
    process.ledger = ledger
    return process


def _whole(process):
    end = time.monotonic() + 5
    while not re.search(r"port \d+\.", process.printed()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return process.printed()


def _queue(estate, clerk, key, modes, now, channel="sms"):
    return Message.objects.create(
        estate=estate, channel=channel, staff=clerk, template="promise.warn", address="+8613800138000",
        body=f"{modes} hello", dedupe_key=key, made_at=now, send_after=now,
    )  # fmt: skip


def _people():
    estate = make_estate()
    return estate, make_staff("clerk", (estate, "clerk"))


def _until_over(now, rounds=40):
    """Deliver minute after minute until nothing is due any more."""
    for minute in range(rounds):
        outbox.deliver(now + minute * 2 * MINUTE)
        if not Message.objects.filter(state__in=("queued", "sending")).exclude(channel="desk").exists():
            return
    raise AssertionError(list(Message.objects.exclude(state="sent").values("dedupe_key", "state", "error")))


KINDS = {
    "500": Problem.TROUBLE, "taken500": Problem.TROUBLE, "401": Problem.ACCOUNT, "429": Problem.BUSY,
    "slow": Problem.SLOW, "drip": Problem.SLOW, "cut": Problem.HALF, "silence": Problem.HALF, "reset": Problem.HALF,
    "away": Problem.SETTING,
}  # fmt: skip


@pytest.mark.parametrize("mode", KINDS)
def test_trouble_has_a_name_is_tried_again_and_arrives_once(db, provider, mode):
    now = timezone.now()
    message = _queue(*_people(), "k", f"{mode},ok", now)
    started = time.monotonic()
    assert outbox.deliver(now).failed == 1
    assert time.monotonic() - started < TIMEOUT + 1.5
    message.refresh_from_db()
    assert (message.state, message.problem, message.attempts) == (State.QUEUED, KINDS[mode], 1)
    wait = timedelta(seconds=120) if mode == "429" else MINUTE
    assert wait <= message.send_after - now < wait + timedelta(seconds=4)
    assert outbox.deliver(message.send_after).done == 1
    message.refresh_from_db()
    assert (message.state, message.gateway_reference, message.problem) == (State.SENT, "id-k", "")
    assert sent(provider.ledger) == ["k"]


@pytest.mark.parametrize(("mode", "reference"), [("half", ""), ("409", "id-k")])
def test_taken_is_taken(db, provider, mode, reference):
    """A good answer that broke off, or one that knows the key: asking again could only do harm."""
    now = timezone.now()
    message = _queue(*_people(), "k", mode, now)
    assert outbox.deliver(now).done == 1
    message.refresh_from_db()
    assert (message.state, message.gateway_reference) == (State.SENT, reference)
    assert sent(provider.ledger) == ["k"]


def test_a_refusal_for_good_fails_at_once_and_says_why(db, provider):
    now = timezone.now()
    message = _queue(*_people(), "k", "422", now)
    outbox.deliver(now)
    message.refresh_from_db()
    assert (message.state, message.problem, message.attempts) == (State.FAILED, Problem.REFUSED, 1)
    assert "no such subscriber" in message.error
    assert sent(provider.ledger) == []


def test_all_manners_mixed_lose_nothing_and_double_nothing(db, provider, settings):
    settings.MESSAGE_TIMEOUT = 0.2
    lot = random.Random(4)
    estate, clerk = _people()
    now = timezone.now()
    wanted = {}
    for number in range(MESSAGES):
        modes = [lot.choice(TROUBLE) for _try in range(lot.choice((0, 0, 0, 1, 1, 2)))]
        last = "422" if number % 10 == 9 else "ok"
        if last == "422":
            modes = [mode for mode in modes if mode in ("500", "401", "429")]  # refused: it was never taken
        wanted[f"k{number}"] = last
        _queue(estate, clerk, f"k{number}", ",".join([*modes, last]), now)
    _until_over(now, 400)
    states = dict(Message.objects.exclude(channel="desk").values_list("dedupe_key", "state"))
    good = {key for key, last in wanted.items() if last == "ok"}
    assert {key for key, state in states.items() if state == "sent"} == good
    assert {key for key, state in states.items() if state == "failed"} == set(wanted) - good
    assert sorted(sent(provider.ledger)) == sorted(good)


def test_a_slow_provider_holds_no_transaction_and_no_other_way(own_db, provider, settings):
    settings.MESSAGE_TIMEOUT = 1
    estate, clerk = _people()
    now = timezone.now()
    for number in range(5):
        _queue(estate, clerk, f"slow{number}", "slow", now)
    letter = _queue(estate, clerk, "letter", "-", now, channel="paper")
    Message.objects.filter(pk=letter.pk).update(addressee="張小明")

    def work():
        outbox.deliver(now)
        connection.close()

    worker = threading.Thread(target=work)
    started = time.monotonic()
    worker.start()
    provider.await_printed("asked slow0 slow")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tr%%'"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT pk_lock FROM (SELECT count(*) AS pk_lock FROM pg_locks WHERE mode = 'RowExclusiveLock' "
                       "AND relation = 'office_message'::regclass) AS held")  # fmt: skip
        assert cursor.fetchone() == (0,)
    worker.join()
    letter.refresh_from_db()
    assert time.monotonic() - started < 3  # one time-out, not five
    assert letter.state == State.SENT
    assert Message.objects.filter(channel="sms", attempts=0).count() == 4


def test_a_worker_killed_while_the_provider_thinks(own_db, provider, start_process, settings):
    """The claim outlives the worker; the next one comes under the same key, and the telephone rings once."""
    estate, clerk = _people()
    _queue(estate, clerk, "k", "slow,ok", timezone.now())
    gateway = {
        "SMS_GATEWAY": "office.gateways.HttpSmsGateway",
        "SMS_URL": settings.SMS_URL,
        "MESSAGE_LEASE": "60",
    }
    first = start_process("tests.faults.deliver", "1", **gateway)
    provider.await_printed("asked k slow")
    os.kill(first.child.pid, signal.SIGKILL)
    assert first.child.wait(10) == -signal.SIGKILL
    assert Message.objects.get().state == State.SENDING
    now = timezone.now()
    assert outbox.deliver(now + MINUTE / 2).found == 0  # still the dead one's
    assert outbox.deliver(now + outbox.LEASE + MINUTE).done == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.gateway_reference) == (State.SENT, 2, "id-k")
    assert sent(provider.ledger) == ["k"]


# --- e-mail ------------------------------------------------------------------------------------------------


class PostOffice(socketserver.ThreadingTCPServer):
    """A small SMTP server; `mode` says how it behaves at RCPT or after the letter."""

    allow_reuse_address = daemon_threads = True
    mode = "ok"

    def __init__(self):
        self.letters = []
        super().__init__(("127.0.0.1", 0), Window)

    def handle_error(self, request, client_address):
        pass


class Window(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        mode = self.server.mode
        if mode == "closed":
            return self.say("421 closed today")
        self.say("220 here")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"RCPT" and mode in ("550", "450"):
                self.say(f"{mode} not this one")
            elif verb == b"MAIL" and mode == "530":
                self.say("530 log in first")
            elif verb == b"DATA":
                self.say("354 go on")
                letter = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    letter += part
                if mode == "554":
                    self.say("554 looks like spam")
                    continue
                self.server.letters.append(letter.decode())
                if mode == "hang up":
                    return None
                if mode == "slow":
                    time.sleep(3)
                if mode == "drip":
                    for _line in range(100):  # never the last line of its answer
                        self.say("250-wait")
                        time.sleep(0.1)
                self.say("250 taken")
            elif verb == b"QUIT":
                return self.say("221 bye")
            else:
                self.say("250 well")
        return None


@pytest.fixture
def post_office(settings):
    server = PostOffice()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.MESSAGE_TIMEOUT = TIMEOUT
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("mode", "problem", "final", "letters"),
    [
        ("550", Problem.REFUSED, True, 0),
        ("554", Problem.REFUSED, True, 0),
        ("450", Problem.BUSY, False, 0),
        ("530", Problem.ACCOUNT, False, 0),
        ("closed", Problem.AWAY, False, 0),
        ("hang up", Problem.HALF, False, 1),
        ("slow", Problem.SLOW, False, 1),
        ("drip", Problem.SLOW, False, 1),
    ],
)
def test_manners_of_a_post_office(db, post_office, mode, problem, final, letters):
    message = _queue(*_people(), "k:1", "-", timezone.now(), channel="email")
    message.address, message.title = "chan@example.org", "two\nlines"
    post_office.mode, started = mode, time.monotonic()
    with pytest.raises(gateways.GatewayError) as trouble:
        gateways.SmtpGateway().send(message, outbox.text)
    assert time.monotonic() - started < TIMEOUT + 1.5
    assert (trouble.value.problem, trouble.value.final) == (problem, final)
    assert len(post_office.letters) == letters
    post_office.mode = "ok"
    reference = gateways.SmtpGateway().send(message, outbox.text)
    again = post_office.letters
    assert len(again) == letters + 1
    # A repeat is the same letter: whoever receives it can tell.
    assert all(f"Message-ID: {reference}" in letter and "Subject: two lines" in letter for letter in again)
