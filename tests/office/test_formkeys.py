"""A form sent twice has one effect."""

import threading
import time
import uuid

import pytest
from django.db import connection, connections

from office import formkeys
from office.models import FormKey, SavedFilter
from tests.cast import NOW, make_staff

KEY = uuid.UUID("11111111-1111-4111-8111-111111111111")


def keep(staff, name="x"):
    return SavedFilter.objects.create(staff=staff, list_name="l", name=name, query="q=1")


@pytest.mark.django_db
def test_the_second_sender_gets_the_first_ones_address(clerk):
    answers = [
        formkeys.once(str(KEY), clerk, NOW, lambda number=number: f"/tickets/{number}") for number in (1, 2)
    ]
    assert answers == [("/tickets/1", True), ("/tickets/1", False)]
    assert formkeys.known(KEY, clerk) == "/tickets/1"


@pytest.mark.django_db
def test_an_effect_that_fails_leaves_the_key_free(clerk):
    def fails():
        keep(clerk)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        formkeys.once(KEY, clerk, NOW, fails)
    assert not FormKey.objects.exists()
    assert not SavedFilter.objects.exists()
    assert formkeys.once(KEY, clerk, NOW, lambda: "/again") == ("/again", True)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", None, "x", "11111111-1111-4111-8111-11111111111", "\0"])
def test_a_key_we_did_not_write_counts_as_new(clerk, key):
    assert formkeys.known(key, clerk) is None
    assert formkeys.once(key, clerk, NOW, lambda: "/1") == ("/1", True)
    assert formkeys.once(key, clerk, NOW, lambda: "/2") == ("/2", True)


@pytest.mark.django_db
def test_somebody_elses_key_tells_nothing(clerk, lead):
    formkeys.once(KEY, clerk, NOW, lambda: "/secret")
    assert formkeys.known(KEY, lead) is None
    assert formkeys.once(KEY, lead, NOW, lambda: "/mine") == ("/mine", True)


@pytest.mark.django_db
def test_an_address_too_long_to_keep_goes_without_its_query(clerk):
    address = "/repairs/callbacks?skip=" + ",".join(["123456"] * 60)
    assert formkeys.once(KEY, clerk, NOW, lambda: address) == (address, True)
    assert formkeys.once(KEY, clerk, NOW, lambda: address) == ("/repairs/callbacks", False)


def _twice(act):
    """Two threads at once; what each got."""
    gate, answers = threading.Barrier(2), []

    def send(number):
        try:
            gate.wait(60)
            answers.append(act(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def _slow_effect(staff, number):
    keep(staff, f"by {number}")
    time.sleep(0.3)
    return f"/{number}"


def test_two_senders_at_once_one_effect(own_db):
    staff = make_staff("clerk")
    answers = _twice(lambda number: formkeys.once(KEY, staff, NOW, lambda: _slow_effect(staff, number)))
    assert SavedFilter.objects.count() == 1
    assert len({address for address, _first in answers}) == 1
    assert sorted(first for _address, first in answers) == [False, True]


def test_without_the_key_both_act(own_db):
    """The guard taken away: asking first and writing after lets both through."""
    staff, asked = make_staff("clerk"), threading.Barrier(2)

    def unguarded(number):
        known = formkeys.known(KEY, staff)
        asked.wait(60)  # both have asked
        return known or _slow_effect(staff, number)

    _twice(unguarded)
    assert SavedFilter.objects.count() == 2
    connection.close()
