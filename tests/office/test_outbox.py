"""Messages: once, not in the night, tried again, never in the transaction that talks to the network (ARCHITECTURE §2)."""

import json
import re
import threading
from datetime import date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st

from office import failpoints, gateways, outbox, sweeps
from office.models import Estate, Message
from office.sweeps import Result
from tests.cast import NOW, ZONE, make_estate, make_staff
from tests.matters import matter

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
Channel, State = Message.Channel, Message.State
WAY = f"{__name__}.Way"


class Way:
    """A gateway that remembers, and refuses what it is told to refuse."""

    sent: list = []
    refuse: set = set()

    def send(self, message, text):
        if message.dedupe_key in self.refuse:
            raise gateways.GatewayError("the line is dead")
        self.sent.append((message.dedupe_key, *text(message)))
        return f"ref-{len(self.sent)}"


@pytest.fixture(autouse=True)
def way(monkeypatch):
    texts = (_("late"), _("was asked for: %(of)s"))
    monkeypatch.setitem(outbox.TEMPLATES, "trial", texts)
    monkeypatch.setattr(Way, "sent", [])
    monkeypatch.setattr(Way, "refuse", set())
    monkeypatch.setattr(gateways, "of", lambda channel: Way())
    return Way


def queue(estate, key="k", channel="sms", now=NOW, **values):
    return outbox.queue(
        "trial", dedupe_key=key, channel=channel, estate=estate, now=now, address="+8613800138000", **values
    )


# --- writing -----------------------------------------------------------------------------------------------


def test_what_leaves_the_house_waits_ten_seconds(estate, way):
    message = queue(estate, subject=matter(unit_id=None))
    assert (message.state, message.send_after, message.made_at) == (State.QUEUED, NOW + 10 * SECOND, NOW)
    assert outbox.deliver(NOW + 9 * SECOND) == Result()
    assert outbox.deliver(NOW + 11 * SECOND) == Result(found=1, done=1)
    message.refresh_from_db()
    assert (message.state, message.gateway_reference, message.attempts) == (State.SENT, "ref-1", 1)
    assert (message.claim, message.claimed_until, message.error) == (None, None, "")


def test_the_bell_rings_at_once(estate, clerk):
    message = queue(estate, channel="desk", staff=clerk)
    assert (message.send_after, message.language) == (NOW, clerk.language)
    assert list(outbox.bell(clerk)) == [message]


def test_the_same_key_is_the_same_message(estate, way):
    first, again = queue(estate), queue(estate, now=NOW + MINUTE)
    assert again == first
    assert again.send_after == NOW + 10 * SECOND
    outbox.deliver(NOW + MINUTE)
    assert queue(estate).state == State.SENT
    assert outbox.deliver(NOW + 9 * MINUTE) == Result()
    assert [sent[0] for sent in way.sent] == ["k"]


def test_a_template_without_words_is_refused(estate):
    with pytest.raises(LookupError, match="unknown"):
        outbox.queue("unknown", dedupe_key="k", channel="sms", estate=estate, now=NOW)
    assert not Message.objects.exists()


def test_it_goes_with_the_change_it_speaks_of(estate):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue(estate)
        raise ZeroDivisionError
    assert not Message.objects.exists()


def test_what_has_not_gone_can_be_taken_back(estate, way):
    queue(estate, "a"), queue(estate, "b", now=NOW - MINUTE)
    outbox.deliver(NOW)
    assert outbox.withdraw(Message.objects.all()) == 1
    assert outbox.deliver(NOW + MINUTE) == Result()
    assert [sent[0] for sent in way.sent] == ["b"]


# --- quiet hours -------------------------------------------------------------------------------------------


def at(clock, day=12):
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), tzinfo=ZONE)


@pytest.mark.parametrize(
    ("written", "goes"),
    [
        (at("20:59:49"), at("20:59:59")),
        (at("20:59:50"), at("08:00", 13)),  # the undo window ends in the quiet hours
        (at("23:30"), at("08:00", 13)),
        (at("00:10", 13), at("08:00", 13)),
        (at("07:59:49", 13), at("08:00", 13)),
        (at("08:00", 13), at("08:00:10", 13)),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_residents_sleep(estate, channel, written, goes):
    assert queue(estate, channel=channel, now=written).send_after == goes


def test_letters_wake_nobody(estate):
    assert queue(estate, channel="paper", now=at("23:30")).send_after == at("23:30:10")


@pytest.mark.parametrize("channel", ["desk", "sms", "email"])
def test_staff_hear_at_once_also_in_the_night(estate, clerk, channel):
    assert queue(estate, channel=channel, staff=clerk, now=at("23:30")).send_after == at("23:30")


def test_what_was_held_up_into_the_night_waits_for_the_morning(estate, way):
    message = queue(estate, now=at("20:30"))
    assert outbox.deliver(at("22:00")) == Result()  # the worker was away for an hour and a half
    message.refresh_from_db()
    assert (message.state, message.send_after, message.attempts) == (State.QUEUED, at("08:00", 13), 0)
    assert outbox.deliver(at("08:00", 13)) == Result(found=1, done=1)


FIRST, LAST = datetime(2015, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 hypothesis adds the zone
moments = st.datetimes(FIRST, LAST, timezones=st.just(ZONE))
clocks_of_day = st.times(time(0), time(23, 59)).map(lambda moment: moment.replace(second=0, microsecond=0))
zones = st.sampled_from(
    ["Asia/Shanghai", "Europe/London", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu"]
)


@given(
    moments,
    clocks_of_day,
    clocks_of_day,
    zones,
)
def test_quiet_hours_end_outside_themselves(moment, begins, ends, zone):
    estate = Estate(quiet_from=begins, quiet_to=ends, time_zone=zone)
    until = outbox.quiet_until(moment, estate)
    if until is not None:
        assert moment < until <= moment + timedelta(hours=26)
        assert outbox.quiet_until(until, estate) is None


def test_no_quiet_hours_at_all():
    estate = Estate(quiet_from=time(8), quiet_to=time(8))
    assert outbox.quiet_until(NOW.replace(hour=8), estate) is None


# --- words -------------------------------------------------------------------------------------------------


def test_words_come_in_the_receivers_language_else_the_estates(estate):
    message = queue(estate, language="en", data={"of": 3})
    assert outbox.text(message) == ("late", "was asked for: 3")
    assert outbox.text(message, "zh-hant") == outbox.text(
        Message(estate=estate, template="trial", data={"of": 3})
    )


def test_times_are_the_estates(monkeypatch):
    monkeypatch.setitem(outbox.TEMPLATES, "trial", (_("late"), _("today %(due_at)s")))
    estate = Estate(time_zone="Asia/Shanghai", language="en")
    message = Message(
        estate=estate, template="trial", language="en", data={"due_at": "2026-03-14T16:00:00+00:00"}
    )
    assert outbox.text(message)[1].endswith("2026-03-15 00:00")


@pytest.mark.parametrize("late", [0, 299])
def test_a_notice_on_time_does_not_speak_of_it(late):
    assert outbox._lateness(late) == ""


# --- sending -----------------------------------------------------------------------------------------------


def test_trouble_is_kept_and_tried_again_later_and_later(estate, way):
    message = queue(estate, channel="paper")
    way.refuse.add("k")
    clock, pauses = NOW + 10 * SECOND, []
    while True:
        result = outbox.deliver(clock)
        assert (result.found, result.done, result.failed) == (1, 0, 1)
        message.refresh_from_db()
        if message.state == State.FAILED:
            break
        assert outbox.deliver(clock + SECOND) == Result()
        pauses.append(round((message.send_after - clock) / MINUTE))
        clock = message.send_after
    assert pauses == [1, 2, 4, 8, 16]
    assert (message.attempts, message.error) == (6, "the line is dead")
    assert outbox.deliver(clock + timedelta(days=9)) == Result()


def test_one_dead_line_stops_nobody_else(estate, way):
    for key in "abc":
        queue(estate, key)
    way.refuse.add("b")
    result = outbox.deliver(NOW + MINUTE)
    assert (result.found, result.done, result.failed) == (3, 2, 1)
    assert [sent[0] for sent in way.sent] == ["a", "c"]


def test_a_claim_that_ran_out_is_taken_over_under_the_same_key(estate, way):
    message = queue(estate)
    clock = NOW + MINUTE
    assert outbox._claim(clock) == message  # by a worker that dies now
    assert outbox.deliver(clock + outbox.LEASE - SECOND) == Result()
    assert outbox.deliver(clock + outbox.LEASE + SECOND) == Result(found=1, done=1)
    assert [sent[0] for sent in way.sent] == ["k"]


def test_a_worker_that_slept_past_its_claim_changes_nothing_any_more(estate, way):
    queue(estate)
    slow = outbox._claim(NOW + MINUTE)
    outbox.deliver(NOW + MINUTE + outbox.LEASE + SECOND)
    outbox._note(slow, state="failed", error="too late")
    assert Message.objects.get().state == State.SENT


def test_a_message_that_kills_every_worker_fails_in_the_end(estate, way):
    message = queue(estate)
    clock = NOW + MINUTE
    for _attempt in range(outbox.MAX_ATTEMPTS):
        assert outbox._claim(clock) == message
        clock += outbox.LEASE + SECOND
    result = outbox.deliver(clock)
    message.refresh_from_db()
    assert (result.failed, message.state, message.error) == (1, State.FAILED, "no worker survived sending it")
    assert way.sent == []


def _together(threads, count):
    estate = make_estate()
    clerk = make_staff("clerk", (estate, "clerk"))
    for number in range(count):
        queue(estate, f"k{number}", staff=clerk)
    start = threading.Barrier(threads)
    results = []

    def worker():
        start.wait()
        results.append(outbox.deliver(NOW + MINUTE))
        connection.close()

    workers = [threading.Thread(target=worker) for _ in range(threads)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return results


def test_three_workers_send_each_message_once(own_db, way, monkeypatch):
    results = _together(3, 60)
    assert sum(result.done for result in results) == 60
    assert sorted(sent[0] for sent in way.sent) == sorted(f"k{number}" for number in range(60))


def test_twin_without_the_claim_some_go_twice(own_db, way, monkeypatch):
    meet = threading.Barrier(2)
    look = "SELECT * FROM office_message WHERE state = 'queued' AND send_after <= %(now)s ORDER BY id LIMIT 1"

    class Slow(Way):
        def send(self, message, text):
            meet.wait(60)  # both have read the same row
            return super().send(message, text)

    monkeypatch.setattr(outbox, "CLAIM", look)
    monkeypatch.setattr(gateways, "of", lambda channel: Slow())
    _together(2, 1)
    assert [sent[0] for sent in way.sent] == ["k0", "k0"]


def test_the_gateway_is_called_outside_any_transaction(own_db, monkeypatch):
    seen = []

    class Curious:
        def send(self, message, text):
            seen.append(connection.in_atomic_block)

    monkeypatch.setattr(gateways, "of", lambda channel: Curious())
    queue(make_estate())
    outbox.deliver(NOW + MINUTE)
    assert seen == [False]


# --- the bell ----------------------------------------------------------------------------------------------


def test_reading_the_bell(estate, clerk, supervisor):
    mine = [queue(estate, f"m{number}", channel="desk", staff=clerk) for number in range(3)]
    other = queue(estate, "other", channel="desk", staff=supervisor)
    assert outbox.unread(clerk) == 3
    assert outbox.read(staff=clerk, now=NOW, ids=[mine[0].pk, other.pk]) == 1
    assert (outbox.unread(clerk), outbox.unread(supervisor)) == (2, 1)
    assert outbox.read(staff=clerk, now=NOW + MINUTE) == 2
    assert outbox.unread(clerk) == 0
    mine[0].refresh_from_db()
    assert mine[0].read_at == NOW


# --- gateways ----------------------------------------------------------------------------------------------


def test_every_channel_has_a_gateway_that_can_be_made(monkeypatch):
    monkeypatch.undo()
    assert set(settings.MESSAGE_GATEWAYS) == set(Channel.values)
    assert {type(gateways.of(channel)).__name__ for channel in Channel.values} == {
        "DeskGateway",
        "DatabaseGateway",
        "LetterGateway",
    }


def test_the_default_gateways_keep_and_show(estate, caplog):
    message = queue(estate)
    with caplog.at_level("INFO", logger="office.gateways"):
        assert gateways.DatabaseGateway().send(message, outbox.text) == f"kept-{message.pk}"
    assert "sms kept: k (trial)" in caplog.text
    assert message.address not in caplog.text
    assert gateways.DeskGateway().send(message, outbox.text) == "bell"


def test_email_carries_its_key(estate):
    message = queue(estate, channel="email", data={"of": 1}, language="en")
    message.address = "chan@example.org"
    reference = gateways.SmtpGateway().send(message, outbox.text)
    (letter,) = mail.outbox
    assert (letter.subject, letter.body, letter.to) == ("late", "was asked for: 1", ["chan@example.org"])
    assert letter.extra_headers == {"Message-ID": reference, "X-Dedupe-Key": "k"}
    assert reference == gateways.SmtpGateway().send(message, outbox.text)


@pytest.fixture
def provider(settings):
    """A provider of SMS on this machine: what it was asked, and what it answers."""

    class Provider(BaseHTTPRequestHandler):
        asked: list = []
        answer = (200, b'{"id": "abc"}')

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.asked.append((body, self.headers["Authorization"], self.headers["Idempotency-Key"]))
            status, words = self.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.SMS_URL, settings.SMS_TOKEN = f"http://127.0.0.1:{server.server_port}/send", "word"
    yield Provider
    server.shutdown()
    server.server_close()


def test_sms_over_http(estate, provider):
    message = queue(estate, data={"of": 1}, language="en")
    assert gateways.HttpSmsGateway().send(message, outbox.text) == "abc"
    assert provider.asked == [
        ({"to": "+8613800138000", "text": "was asked for: 1", "key": "k"}, "Bearer word", "k"),
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"), [((500, b"no credit"), "500 no credit"), ((200, b"thanks"), "")]
)
def test_answers_of_a_provider(estate, provider, answer, outcome):
    provider.answer = answer
    message = queue(estate)
    if outcome:
        with pytest.raises(gateways.GatewayError, match=outcome):
            gateways.HttpSmsGateway().send(message, outbox.text)
    else:  # taken without a number: sending it again would reach the resident twice
        assert gateways.HttpSmsGateway().send(message, outbox.text) == ""


def test_a_provider_that_is_away_or_not_named(estate, settings):
    message = queue(estate)
    for url, words in (
        ("http://127.0.0.1:9/", "refused"),
        ("", "SMS_URL"),
        ("file:///etc/passwd", "SMS_URL"),
    ):
        settings.SMS_URL = url
        with pytest.raises(gateways.GatewayError, match=words):
            gateways.HttpSmsGateway().send(message, outbox.text)


def test_no_address_no_message(estate):
    message = queue(estate)
    message.address = ""
    for gateway in (gateways.HttpSmsGateway(), gateways.SmtpGateway()):
        with pytest.raises(gateways.GatewayError):
            gateway.send(message, outbox.text)


# --- failpoints --------------------------------------------------------------------------------------------


def test_every_failpoint_is_listed_and_every_listed_one_is_passed():
    office = Path(outbox.__file__).parent
    source = "".join(
        path.read_text() for app in (office, office.parent / "billing") for path in app.rglob("*.py")
    )
    assert set(re.findall(r'failpoint\("([^"]+)"\)', source)) == set(failpoints.NAMES)


def test_an_unlisted_failpoint_is_refused():
    with pytest.raises(LookupError):
        failpoints.failpoint("somewhere")


def test_outside_test_mode_nothing_dies(settings, monkeypatch):
    settings.TESTING = False
    monkeypatch.setenv("GUANJIA_FAILPOINT", "outbox.claimed")
    failpoints.failpoint("outbox.claimed")


def test_sending_is_a_reminder_like_the_others():
    assert sweeps.REGISTRY["messages"].run is outbox.deliver
