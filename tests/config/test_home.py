"""What each role starts from home: the buttons of its own work, and nothing it may not do."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db

GATE = {"gate": "residents:gate", "visitor": "residents:visitor_new"}


def starts(client, staff):
    client.force_login(staff)
    return {move["verb"]: move["url"] for move in client.get(reverse("home")).context["actions"]}


def test_the_guard_starts_with_the_slip_and_the_visitor(client, cast):
    assert starts(client, cast["guard"]) == {verb: reverse(name) for verb, name in GATE.items()}


def test_the_front_desk_starts_with_the_repair(client, cast):
    assert next(iter(starts(client, cast["clerk"]))) == "take"
    assert not GATE.keys() & starts(client, cast["supervisor"]).keys()
