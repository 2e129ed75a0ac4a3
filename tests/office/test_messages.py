"""What an office does with its messages and their words: placeholders, versions, switches, trouble (SPEC §10)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st

from office import gateways, outbox, sms, texts
from office.actions import messages as actions
from office.models import Estate, Event, Message, MessageAttempt, MessageText
from office.refusals import Refused, Stale
from tests.cast import NOW

MINUTE = timedelta(minutes=1)
Problem, State = Message.Problem, Message.State
TRIAL = texts.Template(
    "trial.told",
    _("late"),
    _("From %(estate)s"),
    _("%(number)s costs 100%% of nothing."),
    when=_("late"),
    fields={"number": (_("number"), "R2026-000001")},
)


class Way:
    """A gateway that answers what the test says."""

    answer: object = None
    sent: list = []

    def send(self, message, text):
        if isinstance(self.answer, Exception):
            raise self.answer
        self.sent.append(text(message))
        return "ref"


@pytest.fixture(autouse=True)
def way(monkeypatch):
    monkeypatch.setitem(texts.TEMPLATES, TRIAL.name, TRIAL)
    monkeypatch.setattr(Way, "answer", None)
    monkeypatch.setattr(Way, "sent", [])
    monkeypatch.setattr(gateways, "of", lambda channel: Way())
    return Way


def queue(estate, key="k", channel="sms", **values):
    return outbox.queue(
        TRIAL.name, dedupe_key=key, channel=channel, estate=estate, now=NOW, addressee="張小明", address="+8613800138000",
        language="en", data={"number": "R1"}, **values,
    )  # fmt: skip


def own(estate, admin, body, language="en", **values):
    return actions.set_text(
        estate=estate,
        template=TRIAL.name,
        language=language,
        title="",
        body=body,
        by=admin,
        now=NOW,
        **values,
    )


# --- words -------------------------------------------------------------------------------------------------


def test_the_shipped_text_goes_until_the_office_has_its_own(estate, admin):
    message = queue(estate)
    assert outbox.words(message) == ("From Hang Tai Garden", "R1 costs 100% of nothing.", 0)
    own(estate, admin, "{estate}: {number} {phone}")
    assert outbox.words(message) == ("", "Hang Tai Garden: R1 ", 1)
    assert outbox.words(message, "zh-hans")[2] == 0  # each language is its own
    assert (
        actions.restore_text(estate=estate, template=TRIAL.name, language="en", by=admin, now=NOW).version
        == 2
    )
    assert outbox.words(message) == ("From Hang Tai Garden", "R1 costs 100% of nothing.", 2)


def test_what_was_sent_stays_as_it_was_sent(estate, admin):
    message = queue(estate)
    outbox.deliver(NOW + MINUTE)
    own(estate, admin, "something else")
    message.refresh_from_db()
    assert (message.body, message.text_version) == ("R1 costs 100% of nothing.", 0)
    assert outbox.text(message) == ("From Hang Tai Garden", "R1 costs 100% of nothing.")


def test_a_repeat_says_the_same_words(estate, admin, way):
    """The other side may have got the first try: what comes again under the same key is the same text."""
    queue(estate)
    way.answer = gateways.GatewayError("lost", Problem.HALF)
    outbox.deliver(NOW + MINUTE)
    own(estate, admin, "something else")
    way.answer = None
    outbox.deliver(NOW + 5 * MINUTE)
    assert way.sent == [("From Hang Tai Garden", "R1 costs 100% of nothing.")]


@pytest.mark.parametrize("body", ["{nummer} is done", "{number} {name}", "{estate} {0}"])
def test_a_placeholder_nobody_knows_is_refused(estate, admin, body):
    with pytest.raises(Refused, match="knows nothing of"):
        own(estate, admin, body)
    assert not MessageText.objects.exists()


def test_braces_around_anything_else_are_just_braces(estate, admin):
    own(estate, admin, "{number} { } {a b} %s %(number)s")
    assert outbox.words(queue(estate))[1] == "R1 { } {a b} %s %(number)s"


def test_the_same_words_are_no_new_version_and_the_shipped_ones_are_the_shipped_text(estate, admin):
    assert own(estate, admin, "one").version == 1
    assert own(estate, admin, " one ") is None
    title, body = TRIAL.shipped("en")
    row = actions.set_text(
        estate=estate, template=TRIAL.name, language="en", title=title, body=body, by=admin, now=NOW
    )
    assert (row.version, row.restored) == (2, True)


def test_two_administrators_do_not_overwrite_each_other(estate, admin):
    own(estate, admin, "one", version=0)
    with pytest.raises(Stale):
        own(estate, admin, "two", version=0)


def test_words_of_one_estate_are_not_the_others(estate, elsewhere, admin):
    own(estate, admin, "ours")
    assert outbox.words(queue(elsewhere))[2] == 0
    with pytest.raises(Refused):
        own(elsewhere, admin, "theirs")


def test_versions_and_attempts_are_never_changed(estate, admin):
    own(estate, admin, "one")
    queue(estate)
    outbox.deliver(NOW + MINUTE)
    for rows in (MessageText.objects.all(), MessageAttempt.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**({"body": "x"} if rows.model is MessageText else {"error": "x"}))
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()


@pytest.mark.parametrize("name", sorted(texts.TEMPLATES))
@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_every_shipped_text_speaks_only_of_what_it_knows(name, language):
    title, body = texts.TEMPLATES[name].shipped(language)
    assert texts.unknown(name, title, body) == []
    estate = Estate(name="恆泰", language=language)
    assert "{" not in "".join(texts.sample(estate, name, language, title, body))
    assert "…" not in texts.sample(estate, name, language, title, body)[1]


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(["number", "unit", "x"]), st.text(max_size=9)))
def test_filling_in_never_fails_and_never_fills_twice(text, values):
    filled = texts.fill(text, values)
    assert isinstance(filled, str)
    assert texts.fill("{number}", {"number": "{unit}", "unit": "leaked"}) == "{unit}"


# --- switches and tests ------------------------------------------------------------------------------------


def test_a_new_estate_tells_residents_nothing(estate):
    assert estate.tells == []


def test_switching_on_and_off(estate, admin, supervisor):
    assert actions.switch(estate=estate, template=TRIAL.name, on=True, by=admin, now=NOW).tells == [
        TRIAL.name
    ]
    assert actions.switch(estate=estate, template=TRIAL.name, on=False, by=admin, now=NOW).tells == []
    assert [event.verb for event in Event.objects.order_by("pk")][-2:] == [
        "text.switched_on",
        "text.switched_off",
    ]
    with pytest.raises(Refused):
        actions.switch(estate=estate, template=TRIAL.name, on=True, by=supervisor, now=NOW)
    with pytest.raises(Refused, match="by hand"):
        actions.switch(estate=estate, template="hand.free", on=True, by=admin, now=NOW)


def test_a_test_goes_to_oneself_at_once_with_made_up_data(estate, admin, way):
    values = {
        "estate": estate,
        "template": TRIAL.name,
        "language": "en",
        "title": "",
        "by": admin,
        "now": NOW,
    }
    with pytest.raises(Refused, match="no mobile number"):
        actions.send_test(channel="sms", body="{number}", **values)
    admin.phone = "138 0013 8001"
    message = actions.send_test(channel="sms", body="{number}!", **values)
    assert (message.address, message.body, message.send_after) == ("+8613800138001", "R2026-000001!", NOW)
    outbox.deliver(NOW)
    assert way.sent == [("", "R2026-000001!")]
    assert not Event.objects.filter(verb__startswith="message.").exists()  # it is about nobody


# --- trouble -----------------------------------------------------------------------------------------------


def test_refused_for_good_fails_at_once(estate, way, admin, supervisor, clerk):
    message = queue(estate)
    way.answer = gateways.GatewayError("422 no such number", Problem.REFUSED, final=True)
    outbox.deliver(NOW + MINUTE)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.problem) == (State.FAILED, 1, Problem.REFUSED)
    assert message.error == "422 no such number"
    rung = Message.objects.filter(template="outbox.trouble").values_list("staff__username", flat=True)
    assert sorted(rung) == ["admin", "supervisor"]


def test_the_bell_rings_once_for_each_kind_of_trouble(estate, way, admin):
    way.answer = gateways.GatewayError("422", Problem.REFUSED, final=True)
    for number in range(5):
        queue(estate, f"k{number}")
    outbox.deliver(NOW + MINUTE)
    assert outbox.unread(admin) == 1
    way.answer = gateways.GatewayError("no address", Problem.ADDRESS, final=True)
    queue(estate, "other")
    outbox.deliver(NOW + 2 * MINUTE)
    assert outbox.unread(admin) == 2


def test_the_other_side_says_how_long_to_wait(estate, way):
    message = queue(estate, channel="paper")
    way.answer = gateways.GatewayError("429", Problem.BUSY, wait=3600)
    outbox.deliver(NOW + MINUTE)
    message.refresh_from_db()
    assert abs(message.send_after - NOW - MINUTE - timedelta(hours=1)) < timedelta(seconds=5)


def test_a_way_in_trouble_rests_and_holds_nothing_else_up(estate, way, monkeypatch):
    """Ten messages to a silent provider cost one time-out, not ten; letters and bells go on."""
    for number in range(10):
        queue(estate, f"sms{number}")
    letter = queue(estate, "letter", channel="paper")
    way.answer = gateways.GatewayError("silence", Problem.SLOW)

    class Letters:
        def send(self, message, text):
            return "tray"

    monkeypatch.setattr(gateways, "of", lambda channel: Letters() if channel == "paper" else Way())
    result = outbox.deliver(NOW + MINUTE)
    letter.refresh_from_db()
    assert (result.done, result.failed, letter.state) == (1, 1, State.SENT)
    assert Message.objects.filter(channel="sms", attempts=0).count() == 9


def test_a_failed_message_is_sent_again_under_the_same_key(estate, way, supervisor, clerk):
    message = queue(estate)
    way.answer = gateways.GatewayError("422", Problem.REFUSED, final=True)
    outbox.deliver(NOW + MINUTE)
    with pytest.raises(Refused):
        actions.retry(message=message, by=clerk, now=NOW + 2 * MINUTE)
    row = actions.retry(message=message, by=supervisor, now=NOW + 2 * MINUTE)
    assert (row.state, row.attempts, row.dedupe_key) == (State.QUEUED, 0, "k")
    way.answer = None
    outbox.deliver(NOW + 2 * MINUTE)
    row.refresh_from_db()
    assert (row.state, row.problem, row.error) == (State.SENT, "", "")
    assert [one.state for one in row.tries.all()] == ["failed", "sent"]
    with pytest.raises(Refused, match="failed"):
        actions.retry(message=message, by=supervisor, now=NOW + 3 * MINUTE)


def test_what_waits_is_stopped_by_who_wrote_it_or_manages_messages(estate, clerk, cashier, supervisor):
    message = queue(estate, by=clerk)
    with pytest.raises(Refused):
        actions.cancel(message=message, by=cashier, now=NOW)
    assert actions.cancel(message=message, by=clerk, now=NOW).state == State.CANCELLED
    assert outbox.deliver(NOW + MINUTE).found == 0
    with pytest.raises(Refused, match="left the house"):
        actions.cancel(message=message, by=supervisor, now=NOW)


def test_a_letter_is_out_when_it_is_printed(estate, clerk):
    message = queue(estate, channel="paper", unit_id=7)
    with pytest.raises(Refused, match="not ready"):
        actions.printed(message=message, by=clerk, now=NOW)
    outbox.deliver(NOW + MINUTE)
    message.refresh_from_db()
    assert message.is_letter_to_print
    verbs = Event.objects.filter(unit_id=7).values_list("verb", flat=True)
    assert list(verbs) == []
    for _again in range(2):
        actions.printed(message=message, by=clerk, now=NOW + 2 * MINUTE)
    assert list(verbs.all()) == ["message.printed"]


# --- how long a text message is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "used", "parts"),
    [
        ("", 0, 0),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("修" * 70, 70, 1),
        ("修" * 71, 71, 2),
        ("修" * 134, 134, 2),
        ("修" * 135, 135, 3),
        ("𠮷" * 35, 70, 1),
        ("𠮷" * 67, 134, 3),  # 33 whole ones to a part: none is cut in two
    ],
)
def test_parts_of_a_text_message(text, used, parts):
    length = sms.length(text)
    assert (length.used, length.parts) == (used, parts)
