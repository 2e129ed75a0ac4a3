"""Who is told what, and how: switches, wishes, written by hand, thought better of (SPEC §10)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from office import outbox, undo
from office.models import Event, Message, Undo
from office.refusals import Refused
from residents import actions, reach
from tests.cast import NOW, client_of, make_person, make_staff, make_unit, occupy
from tickets import actions as tickets
from tickets.models import Category

SECOND = timedelta(seconds=1)
State = Message.State
TAKEN, WINDOW, DONE = "ticket.resident_taken", "ticket.resident_window", "ticket.resident_done"


@pytest.fixture
def unit(estate):
    return make_unit(estate, "3-2-1201")


@pytest.fixture
def zhang(estate, unit):
    person = make_person(
        estate, "張小明", "2345 6789", "13800138000", email="zhang@example.org", language="en"
    )
    occupy(unit, person, lives_here=True)
    return person


def take(estate, clerk, unit=None, reporter=None, phone="", now=NOW):
    return tickets.take(
        estate=estate, category=Category.objects.get(estate=estate, code="TAP"), problem="漏水", unit=unit,
        place="" if unit else "大堂", reporter=reporter, reporter_phone=phone, by=clerk, now=now,
    )  # fmt: skip


def told():
    return list(Message.objects.exclude(channel="desk").order_by("pk").values_list("template", "state"))


# --- by itself ---------------------------------------------------------------------------------------------


def test_nobody_is_told_until_it_is_switched_on(estate, clerk, unit, zhang):
    take(estate, clerk, unit, zhang)
    assert told() == []
    estate.tells = [TAKEN]
    ticket = take(estate, clerk, unit, zhang)
    message = Message.objects.get()
    assert (message.channel, message.address, message.addressee) == ("sms", "+8613800138000", "張小明")
    assert (message.subject_id, message.unit_id, message.language) == (ticket.pk, unit.pk, "en")
    assert ticket.number in outbox.text(message)[1]


def test_switched_off_it_costs_no_query_and_switched_on_one(
    estate, clerk, unit, zhang, django_assert_num_queries
):
    from tickets.actions import telling

    ticket = take(estate, clerk, unit, zhang, phone="13800138000")
    with django_assert_num_queries(0):
        telling.reporter(TAKEN, ticket, key="k", now=NOW)
        telling.window(ticket, "tomorrow", NOW)
    estate.tells = ticket.estate.tells = [TAKEN]
    with django_assert_num_queries(1):
        telling.reporter(TAKEN, ticket, key="k", now=NOW)


@pytest.mark.parametrize(
    ("wish", "way"),
    [
        ("", ("sms", "+8613800138000")),
        ("sms", ("sms", "+8613800138000")),
        ("email", ("email", "zhang@example.org")),
        ("paper", ("paper", "3-2-1201")),
        ("none", None),
    ],
)
def test_a_persons_wish_counts(estate, unit, zhang, wish, way):
    zhang.contact = wish
    assert reach.way_to_tell(zhang, unit=unit, estate=estate) == way


def test_a_land_line_gets_no_text_message(estate):
    chan = make_person(estate, "陳先生", "010-6552 9988")
    assert reach.way_to_tell(chan, estate=estate) is None
    assert reach.way_to_tell(chan, phone="138 0013 8000", estate=estate) == ("sms", "+8613800138000")
    assert reach.way_to_tell(None, phone="13800138000", estate=estate) == ("sms", "+8613800138000")


def test_a_window_is_told_once_and_again_when_it_changes(estate, clerk, unit, zhang):
    estate.tells = [WINDOW]
    estate.save()
    ticket = take(estate, clerk, unit, zhang)
    lead = make_staff("lead2", (estate, "lead"))
    workers = [make_staff(f"technician{n}", (estate, "technician")) for n in (2, 3)]
    first = (NOW + timedelta(hours=20), NOW + timedelta(hours=22))
    other = (NOW + timedelta(hours=44), NOW + timedelta(hours=46))
    for worker, window, count in ((0, first, 1), (1, first, 1), (1, other, 2), (0, first, 3)):
        ticket = tickets.dispatch(
            ticket=ticket,
            technician=workers[worker],
            window_from=window[0],
            window_to=window[1],
            by=lead,
            now=NOW,
        )
        assert len(told()) == count


def test_a_dispatch_taken_back_takes_its_message_along(estate, clerk, unit, zhang):
    estate.tells = [WINDOW]
    estate.save()
    lead = make_staff("lead2", (estate, "lead"))
    ticket = tickets.dispatch(
        ticket=take(estate, clerk, unit, zhang), technician=make_staff("technician2", (estate, "technician")),
        window_from=NOW + timedelta(hours=20), window_to=NOW + timedelta(hours=22), by=lead, now=NOW,
    )  # fmt: skip
    undo.take_back(undo=undo.latest(lead, ticket, NOW), by=lead, now=NOW + 5 * SECOND)
    assert told() == [(WINDOW, State.CANCELLED)]
    assert outbox.deliver(NOW + 60 * SECOND).found == 0


# --- by hand -----------------------------------------------------------------------------------------------


def write(estate, clerk, unit, person, **values):
    return actions.write_message(
        **{
            "estate": estate, "subject": person, "person": person, "unit": unit, "channel": "sms",
            "body": "請來電。", "by": clerk, "now": NOW, "key": "k", **values,
        }
    )  # fmt: skip


def test_a_message_by_hand_stands_in_the_timeline_and_goes_after_ten_seconds(estate, clerk, unit, zhang):
    message = write(estate, clerk, unit, zhang)
    assert (message.body, message.by, message.send_after) == ("請來電。", clerk, NOW + 10 * SECOND)
    outbox.deliver(NOW + 11 * SECOND)
    verbs = list(Event.objects.filter(unit_id=unit.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["message.written", "message.sent"]


def test_it_is_taken_back_within_ten_seconds_and_not_later(estate, clerk, unit, zhang):
    message = write(estate, clerk, unit, zhang)
    offer = Undo.objects.get(verb="message.written")
    undo.take_back(undo=offer, by=clerk, now=NOW + 9 * SECOND)
    message.refresh_from_db()
    assert message.state == State.CANCELLED
    write(estate, clerk, unit, zhang, now=NOW + 60 * SECOND)  # the same form again reaches the person again
    outbox.deliver(NOW + 71 * SECOND)
    with pytest.raises(Refused):
        undo.take_back(undo=undo.latest(clerk, type(zhang).objects.get(pk=zhang.pk), NOW + 61 * SECOND), by=clerk,
                       now=NOW + 70 * SECOND)  # fmt: skip


def test_who_wants_no_messages_gets_letters_only(estate, clerk, unit, zhang):
    zhang.contact = "none"
    with pytest.raises(Refused, match="wants no messages"):
        write(estate, clerk, unit, zhang)
    assert write(estate, clerk, unit, zhang, channel="paper", title="您好").channel == "paper"


@pytest.mark.parametrize(
    "values", [{"body": "  "}, {"body": "x" * 2001}, {"channel": "desk"}, {"channel": "pigeon"}]
)
def test_what_cannot_be_sent_is_refused(estate, clerk, unit, zhang, values):
    with pytest.raises(Refused):
        write(estate, clerk, unit, zhang, **values)
    assert told() == []


def test_only_those_write_who_may(estate, lead, unit, zhang):
    with pytest.raises(Refused):
        write(estate, lead, unit, zhang)


def test_the_form_sent_twice_sends_one(estate, clerk, unit, zhang):
    browser, url = client_of(clerk), reverse("message_to_household", args=[unit.pk])
    page = browser.get(url)
    form = {
        "channel": "sms", "body": "請來電。", "title": "", "form_key": page.context["form"]["form_key"].value(),
    }  # fmt: skip
    for _again in range(2):
        assert browser.post(url, form).status_code == 302
    assert len(told()) == 1


def test_the_page_speaks_the_persons_language_and_offers_only_open_ways(estate, clerk, unit, zhang):
    zhang.contact = "none"
    zhang.save()
    page = client_of(clerk).get(reverse("message_to_household", args=[unit.pk]), {"template": "hand.call_us"})
    form = page.context["form"]
    assert form.open == ["paper"] and "wants no messages" in form.fields["channel"].help_text
    assert form["body"].value().startswith("[Hang Tai Garden] We could not reach you about 3-2-1201.")
    assert (
        client_of(clerk).get(reverse("message_to_household", args=[unit.pk]), {"person": 0}).status_code
        == 404
    )


def test_to_who_reported_and_left_only_a_number(estate, clerk):
    ticket = take(estate, clerk, phone="138 0013 8000")
    url = reverse("message_to_reporter", args=[ticket.pk])
    answer = client_of(clerk).post(
        url, {"channel": "sms", "body": "已派工。", "form_key": "6f1c5dd0-0000-4000-8000-000000000000"}
    )
    message = Message.objects.get()
    assert (answer.url, message.address) == (reverse("tickets:ticket", args=[ticket.pk]), "+8613800138000")
    assert (message.subject_id, message.data["number"]) == (ticket.pk, ticket.number)


# --- how much it costs -------------------------------------------------------------------------------------


def test_list_page_and_message_cost_the_same_with_many(
    estate, supervisor, clerk, unit, zhang, django_assert_num_queries
):
    browser = client_of(supervisor)

    def queries(url):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as found:
            assert browser.get(url).status_code == 200
        return len(found)

    message = write(estate, clerk, unit, zhang)
    pages = [reverse("office:messages"), reverse("office:message", args=[message.pk])]
    for page in pages:
        queries(page)
    before = [queries(page) for page in pages]
    for number in range(6):
        write(estate, clerk, unit, zhang, key=f"k{number}")
    assert [queries(page) for page in pages] == before
    assert max(before) <= 15


def test_a_wrong_number_is_mended_in_the_register_and_sent_again(estate, supervisor, clerk, unit, zhang):
    from office.actions import messages as office_actions

    message = write(estate, clerk, unit, zhang)
    Message.objects.filter(pk=message.pk).update(state="failed", problem="refused")
    actions.set_phones(person=zhang, numbers=["13900139000"], by=clerk, now=NOW)
    assert office_actions.retry(message=message, by=supervisor, now=NOW).address == "+8613900139000"
