"""Pages of meters: the round without script, the desk's table, decisions one after the other, the sheet (SPEC §6.3)."""

import uuid
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from billing.actions import readings
from billing.models import Meter, Reading
from billing.reports import meters as reports
from office.clocks import local_date
from tests.billing.test_consumption import make_meter
from tests.cast import client_of, make_building, make_unit

D = Decimal


@pytest.fixture
def today(estate):
    return local_date(timezone.now(), estate.zone)


@pytest.fixture
def building(estate):
    return make_building(estate, "3", name="三號樓")


@pytest.fixture
def hung(estate, building, technician, today):
    """Three meters of a building, each read twice, in walking order."""
    found = []
    for n in range(3):
        unit = make_unit(estate, f"3-2-{n + 1}01", building=building)
        meter = make_meter(
            estate,
            f"W{n}",
            unit=unit,
            building=building,
            position=n * 10,
            installed_on=today - timedelta(days=100),
        )
        for days, value in ((70, 10), (40, 20)):
            readings.take(
                meter=meter, value=D(value), read_on=today - timedelta(days=days), source="desk", by=technician,
                now=timezone.now(),
            )  # fmt: skip
        found.append(meter)
    return found


def walk(client, building, meter, **data):
    address = reverse("billing:round_building", args=[building.pk])
    return client.post(address, {"meter": meter.pk, "form_key": uuid.uuid4(), **data})


def test_the_round_goes_on_to_the_next_meter_without_script(building, hung, technician):
    client = client_of(technician)
    address = reverse("billing:round_building", args=[building.pk])
    page = client.get(address)
    assert page.context["at"].meter == hung[0]
    assert (page.context["at"].last_text, page.context["at"].usual_text) == ("20", "10 m³")
    assert (
        walk(client, building, hung[0], value="３０").status_code == 302
    )  # full-width, as a telephone types it
    assert walk(client, building, hung[1], missed="nobody").status_code == 302
    page = client.get(address)
    assert (page.context["at"].meter, page.context["done"], page.context["of"]) == (hung[2], 1, 3)
    refused = walk(client, building, hung[2], value="1234567")
    assert refused.status_code == 409 and refused.context["typed"] == "1234567"
    walk(client, building, hung[2], value="31")
    assert client.get(address).context["at"].meter == hung[1]  # what was missed comes again at the end


def test_the_telephone_sends_a_reading_again_and_it_counts_once(building, hung, technician):
    client = client_of(technician)
    data = {"meter": hung[0].pk, "form_key": uuid.uuid4(), "value": "30"}
    address = reverse("billing:round_building", args=[building.pk])
    answers = [client.post(address, data, headers={"Accept": "application/json"}) for _n in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"refused": "", "held": False})] * 2
    other = client.post(
        address, {**data, "form_key": uuid.uuid4(), "value": "31"}, headers={"Accept": "application/json"}
    )
    assert other.status_code == 409 and "already" in other.json()["refused"]
    assert hung[0].readings.count() == 3


@pytest.mark.parametrize("typed", ["", "abc", "-1", "1e99", "99999999999999"])
def test_what_is_no_reading_is_refused_with_a_sentence(building, hung, technician, typed):
    answer = walk(client_of(technician), building, hung[0], value=typed)
    assert answer.status_code == 409 and answer.context["refused"]
    assert hung[0].readings.count() == 2


def test_the_table_keeps_what_is_right_and_says_what_is_not(building, hung, clerk):
    client = client_of(clerk)
    data = {
        "building": building.pk,
        f"value-{hung[0].pk}": "30",
        f"value-{hung[1].pk}": "x",
        f"value-{hung[2].pk}": "900",
    }
    page = client.post(reverse("billing:desk_readings"), data)
    assert page.status_code == 422
    assert [(line[2], line[3]) for line in page.context["lines"]] == [
        ("", ""),
        ("x", "This is no number."),
        ("", ""),
    ]
    assert list(
        Reading.objects.order_by("meter").filter(read_on=page.context["day"]).values_list("state", flat=True)
    ) == [
        "counted",
        "held",
    ]


def test_one_decision_opens_the_next(building, hung, technician, supervisor):
    for meter in hung[:2]:
        walk(client_of(technician), building, meter, value="900")
    first, second = reports.held(supervisor, building.estate)
    client = client_of(supervisor)
    decide = reverse("billing:reading_decide", args=[first.pk])
    assert client.get(decide).status_code == 200
    assert client.post(decide, {"decision": "refuse", "words": ""}).status_code == 409
    answer = client.post(decide, {"decision": "count", "words": "pipe burst"})
    assert answer.headers["Location"] == reverse("billing:reading_decide", args=[second.pk])
    answer = client.post(answer.headers["Location"], {"decision": "refuse", "words": "misread"})
    assert answer.headers["Location"] == reverse("billing:held")
    assert [row.state for row in Reading.objects.filter(pk__in=(first.pk, second.pk)).order_by("pk")] == [
        "counted",
        "refused",
    ]


def test_a_shared_meter_says_who_shares_it(estate, building, supervisor):
    client = client_of(supervisor)
    data = {
        "kind": "electricity", "serial": "E1", "unit": "", "building": building.pk, "reach": "", "digits": 6, "multiplier": "40",
        "installed_on": "2026-01-01", "installed_at_value": "0",
    }  # fmt: skip
    address = reverse("billing:meter_new")
    assert client.post(address, data).status_code == 422
    assert client.post(address, {**data, "unit": "9-9-999"}).status_code == 422
    assert client.post(address, {**data, "reach": "building", "building": ""}).status_code == 422
    assert client.post(address, {**data, "reach": "building"}).status_code == 302
    assert client.post(address, {**data, "reach": "building"}).status_code == 409  # the number is taken
    assert Meter.objects.get().multiplier == 40


@pytest.mark.parametrize("name", ["meters", "readings", "held"])
def test_lists_ask_no_more_for_many_rows(
    hung, building, technician, supervisor, name, django_assert_max_num_queries
):
    for meter in hung:
        walk(client_of(technician), building, meter, value="900")
    client = client_of(supervisor)
    with django_assert_max_num_queries(15):
        assert client.get(reverse(f"billing:{name}")).status_code == 200


def test_the_round_of_a_building_takes_few_queries(hung, building, technician, django_assert_max_num_queries):
    client = client_of(technician)
    with django_assert_max_num_queries(12):
        client.get(reverse("billing:round_building", args=[building.pk]))


def test_the_sheet_names_every_meter_with_its_last_reading(building, hung, technician):
    answer = client_of(technician).get(reverse("billing:meter_sheet", args=[building.pk]))
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    for meter in hung:
        assert meter.serial in text and meter.unit.code in text
    assert "三號樓" in text


def test_the_household_shows_its_meters(hung, clerk):
    page = client_of(clerk).get(reverse("residents:unit", args=[hung[0].unit_id]))
    assert "used 10 m³" in page.content.decode()
