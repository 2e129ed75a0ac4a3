"""Undo: ten seconds, by the same person, while nothing has left the house."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from office import journal, outbox, promises, undo
from office.models import Event, Message, Promise, Undo, Unit
from office.refusals import Refused
from tests.cast import NOW, client_of, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def words(monkeypatch):
    """A subject of the office alone: a flat that is renamed."""
    monkeypatch.setattr(Unit, "SUBJECT", "test.unit", raising=False)
    monkeypatch.setitem(journal.SENTENCES, "unit.renamed", "renamed to %(code)s")
    monkeypatch.setitem(outbox.TEMPLATES, "unit.renamed", ("renamed", "body"))
    monkeypatch.setitem(promises.SUBJECTS, "test.unit", lambda pk: f"/unit/{pk}")


@pytest.fixture
def renamed(words, estate, clerk):
    """(unit, offer) after a rename at NOW, with a promise it made."""
    unit = make_unit(estate, "3-2-1201", area=Decimal("80.25"), handed_over_on=date(2020, 2, 29))
    before = [undo.snapshot(unit, "code", "area", "handed_over_on", "section_id")]
    Unit.objects.filter(pk=unit.pk).update(
        code="new", area=None, handed_over_on=None, version=unit.version + 1
    )
    unit.refresh_from_db()
    made = promises.make(
        "callback",
        "callback.other",
        subject=unit,
        fact_at=NOW,
        now=NOW,
        owner=clerk,
        estate=estate,
        agreed=NOW,
    )
    offer = undo.offer(
        verb="unit.renamed", subject=unit, by=clerk, now=NOW, before=before, made=[undo.made(made)]
    )
    return unit, offer


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def test_taking_back_restores_values_removes_rows_and_says_so(renamed, clerk):
    unit, offer = renamed
    back = undo.take_back(undo=offer, by=clerk, now=at(9))
    assert (back.code, back.area, back.handed_over_on, back.version) == (
        "3-2-1201", Decimal("80.25"), date(2020, 2, 29), unit.version + 1,
    )  # fmt: skip
    assert not Promise.objects.exists()
    line = Event.objects.get(verb="office.undone")
    assert (line.subject_id, line.by_id, line.at) == (unit.pk, clerk.pk, at(9))
    assert journal.sentence(line) == "taken back: renamed to …"


@pytest.mark.parametrize(
    ("seconds", "sentence"), [(10, None), (11, "Too late to take it back: ten seconds have passed.")]
)
def test_only_within_ten_seconds(renamed, clerk, seconds, sentence):
    _unit, offer = renamed
    if sentence is None:
        undo.take_back(undo=offer, by=clerk, now=at(seconds))
        return
    with pytest.raises(Refused) as refusal:
        undo.take_back(undo=offer, by=clerk, now=at(seconds))
    assert str(refusal.value.sentence) == sentence
    assert Unit.objects.get().code == "new"


def test_only_by_the_same_person_and_only_once(renamed, clerk, lead):
    _unit, offer = renamed
    with pytest.raises(Refused, match="Only the person who made a change"):
        undo.take_back(undo=offer, by=lead, now=at(1))
    undo.take_back(undo=offer, by=clerk, now=at(1))
    with pytest.raises(Refused, match="already been taken back"):
        undo.take_back(undo=offer, by=clerk, now=at(2))


def test_not_after_another_change(renamed, clerk):
    unit, offer = renamed
    assert undo.latest(clerk, unit, at(1)) == offer
    Unit.objects.filter(pk=unit.pk).update(version=unit.version + 1)
    unit.refresh_from_db()
    assert undo.latest(clerk, unit, at(1)) is None
    with pytest.raises(Refused, match="Something else has happened since"):
        undo.take_back(undo=offer, by=clerk, now=at(1))


def tell(estate, unit, clerk, channel):
    return outbox.queue(
        "unit.renamed",
        dedupe_key=f"renamed:{unit.pk}:{channel}",
        channel=channel,
        estate=estate,
        now=NOW,
        staff=clerk if channel == "desk" else None,
        subject=unit,
    )


def test_messages_that_wait_are_cancelled_and_may_be_written_again(renamed, estate, clerk):
    unit, offer = renamed
    letter, bell = tell(estate, unit, clerk, "sms"), tell(estate, unit, clerk, "desk")
    undo.take_back(undo=offer, by=clerk, now=at(1))
    letter.refresh_from_db()
    bell.refresh_from_db()
    assert (letter.state, bell.state, bell.read_at) == ("cancelled", "cancelled", at(1))
    again = tell(estate, unit, clerk, "sms")
    assert (again.state, again.pk != letter.pk) == ("queued", True)


@pytest.mark.parametrize("state", ["sending", "sent", "failed"])
def test_a_message_that_left_keeps_the_change(renamed, estate, clerk, state):
    unit, offer = renamed
    letter = tell(estate, unit, clerk, "sms")
    Message.objects.filter(pk=letter.pk).update(state=state, sent_at=NOW)
    with pytest.raises(Refused, match="already left the house"):
        undo.take_back(undo=offer, by=clerk, now=at(1))
    assert Unit.objects.get().code == "new"
    assert Undo.objects.get().used_at is None


def test_a_message_of_an_earlier_change_is_left_alone(renamed, estate, clerk):
    unit, offer = renamed
    letter = tell(estate, unit, clerk, "sms")
    Message.objects.filter(pk=letter.pk).update(state="sent", sent_at=NOW, made_at=at(-60))
    undo.take_back(undo=offer, by=clerk, now=at(1))
    assert Message.objects.get().dedupe_key == letter.dedupe_key


# --- the page ----------------------------------------------------------------------------------------------


def test_undo_goes_back_to_the_record(renamed, clerk):
    unit, offer = renamed
    Undo.objects.update(until=NOW + timedelta(days=3650))
    answer = client_of(clerk).post(reverse("office:undo", args=[offer.pk]))
    assert (answer.status_code, answer.url) == (302, f"/unit/{unit.pk}")
    assert Unit.objects.get().code == "3-2-1201"


def test_undo_too_late_says_so_and_changes_nothing(renamed, clerk):
    unit, offer = renamed
    answer = client_of(clerk).post(reverse("office:undo", args=[offer.pk]))
    assert answer.url == f"/unit/{unit.pk}"
    assert Unit.objects.get().code == "new"


def test_undo_is_post_only_and_nobody_elses(renamed, lead, stranger, clerk):
    _unit, offer = renamed
    url = reverse("office:undo", args=[offer.pk])
    assert client_of(clerk).get(url).status_code == 405
    assert client_of(lead).post(url).status_code == 404
    assert client_of(stranger).post(url).status_code == 404
