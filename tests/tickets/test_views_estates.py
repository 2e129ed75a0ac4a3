"""A person posted to two estates works where the record is, and a form stays where it was opened."""

import uuid

import pytest
import time_machine

from office.models import Estate
from tests.cast import NOW, client_of, make_estate, make_staff, make_unit
from tickets.models import Category, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(estate):
    other = make_estate("YX", "雲棲苑")
    return estate, other, client_of(make_staff("roamer", (estate, "clerk"), (other, "clerk")))


def test_opening_a_record_of_another_estate_goes_on_working_there(two):
    here, there, client = two
    unit = make_unit(there, "9-1-101")
    assert client.get(f"/register/units/{unit.pk}/").status_code == 200
    assert Estate.objects.get(pk=client.session["estate"]) == there
    assert client.get(f"/repairs/new?unit={make_unit(here, '1-1-101').pk}").status_code == 200
    assert Estate.objects.get(pk=client.session["estate"]) == here


@time_machine.travel(NOW, tick=False)
def test_the_form_of_one_tab_stays_in_its_estate_when_another_tab_switches(two):
    here, there, client = two
    unit = make_unit(here, "1-1-101")
    page = client.get(f"/repairs/new?unit={unit.pk}")
    client.get(f"/register/units/{make_unit(there, '9-1-101').pk}/")
    assert f'name="estate" value="{here.pk}"' in page.content.decode()
    category = Category.objects.filter(estate=here, stream="repair").first()
    answer = client.post(
        "/repairs/new",
        {
            "form_key": str(uuid.uuid4()),
            "estate": here.pk,
            "reporter_name": "張小明",
            "where": f"unit:{unit.pk}",
            "reporter_phone": "138 0013 8000",
            "problem": "門鎖壞",
            "when": "2026-03-12T13:30/17:30",
            "category": category.pk,
            "channel": "phone",
            "then": "open",
        },
    )
    assert answer.status_code == 302, answer.context["form"].errors
    assert Ticket.objects.get().estate == here
