"""Taking a repair in the browser: prefilled, complete, once, and every error at its field (SPEC §4.1)."""

import uuid

import pytest
import time_machine
from django.urls import reverse

from office import search
from tests.cast import NOW, make_unit
from tickets.models import Asset, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def form(unit, category_of):
    return {
        "form_key": str(uuid.uuid4()),
        "reporter_name": "張小明",
        "where": f"unit:{unit.pk}",
        "reporter_phone": "138 0013 8000",
        "problem": "廚房水管漏水",
        "when": "2026-03-12T13:30/17:30",
        "category": str(category_of("leak").pk),
        "channel": "phone",
        "then": "open",
    }


def post(client, form, **changes):
    return client.post(reverse("tickets:intake"), {**form, **changes})


def test_a_repair_is_taken_and_its_page_opens(form, unit, sign_in, clerk):
    answer = post(sign_in(clerk), form)
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("tickets:ticket", args=[ticket.pk]))
    assert (ticket.unit, ticket.reporter_name, ticket.risk, ticket.owner) == (unit, "張小明", "leak", clerk)
    local = ticket.window_from.astimezone(ticket.estate.zone)
    assert f"{local:%Y-%m-%d %H:%M}" == "2026-03-12 13:30"


def test_save_and_print_leads_to_the_sheet(form, sign_in, clerk):
    answer = post(sign_in(clerk), form, then="print")
    order = Ticket.objects.get().work_orders.get()
    assert answer["Location"] == reverse("tickets:work_order_print", args=[order.pk]) + "?now=1"


def test_the_same_form_twice_is_one_ticket_and_one_page(form, sign_in, clerk):
    client = sign_in(clerk)
    first, second = post(client, form), post(client, form)
    assert (first["Location"], Ticket.objects.count()) == (second["Location"], 1)


def test_a_new_form_is_a_new_ticket(form, sign_in, clerk):
    client = sign_in(clerk)
    post(client, form)
    post(client, form, form_key=str(uuid.uuid4()))
    assert Ticket.objects.count() == 2


def test_the_household_fills_the_first_three_fields(unit, sign_in, clerk):
    page = sign_in(clerk).get(reverse("tickets:intake"), {"unit": unit.pk}).content.decode()
    assert 'value="張小明"' in page
    assert 'value="138 0013 8000"' in page
    assert f'<option value="unit:{unit.pk}:' in page
    assert (
        page.index("id_reporter_name")
        < page.index("id_where")
        < page.index("id_reporter_phone")
        < page.index('id="id_problem"')
    )
    assert page.index('id="id_problem"') < page.index("id_when") < page.index('id="id_category"')


def test_a_person_brings_the_unit_and_a_facility_its_place(unit, estate, sign_in, clerk):
    person = unit.occupancies.get().person
    client = sign_in(clerk)
    page = client.get(reverse("tickets:intake"), {"person": person.pk}).content.decode()
    assert f'<option value="unit:{unit.pk}:{person.pk}" selected' in page
    lift = Asset.objects.create(estate=estate, code="L2", name_zh_hant="2 號電梯", kind="lift")
    page = client.get(reverse("tickets:intake"), {"asset": lift.pk}).content.decode()
    assert f'<option value="asset:{lift.pk}" selected' in page


def test_a_unit_elsewhere_is_not_found(sign_in, clerk, elsewhere):
    theirs = make_unit(elsewhere, "1-1-101")
    client = sign_in(clerk)
    assert client.get(reverse("tickets:intake"), {"unit": theirs.pk}).status_code == 404
    assert client.get(reverse("tickets:intake"), {"unit": "x"}).status_code == 404


ERRORS = [
    ({"where": "unit:99999999"}, "where"),
    ({"where": "9-9-9999"}, "where"),
    ({"where": ""}, "where"),
    ({"reporter_name": ""}, "reporter_name"),
    ({"problem": ""}, "problem"),
    ({"problem": "水" * 4001}, "problem"),
    ({"category": ""}, "category"),
    ({"category": "99999999999999999999"}, "category"),
    ({"when": "2026-03-11T13:30/17:30"}, "when"),
    ({"when": "never"}, "when"),
    ({"when": "other"}, "window"),
    ({"when": "other", "window_day": "2026-03-11", "window_from": "09:00", "window_to": "10:00"}, "window"),
    ({"when": "other", "window_day": "2026-03-13", "window_from": "10:00", "window_to": "09:00"}, "window"),
    ({"when": "other", "window_day": "2027-03-13", "window_from": "09:00", "window_to": "10:00"}, "window"),
    ({"channel": "import"}, "channel"),
]


@pytest.mark.parametrize(("changes", "field"), ERRORS)
def test_each_error_stands_at_its_field_and_nothing_is_lost(form, sign_in, clerk, changes, field):
    changes = {key.replace("window_", "window_"): value for key, value in changes.items()}
    answer = post(sign_in(clerk), form, **changes)
    assert answer.status_code == 422
    shown = answer.context["form"]
    assert list(shown.errors) == [field]
    assert Ticket.objects.count() == 0
    page = answer.content.decode()
    assert changes.get("problem", "廚房水管漏水") in page
    assert form["form_key"] in page


def test_ten_megabytes_are_refused_with_the_text_kept(form, sign_in, clerk):
    answer = post(sign_in(clerk), form, problem="a" * 10_000_000)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["problem"])


def test_a_missing_telephone_is_asked_about_once(form, sign_in, clerk):
    client = sign_in(clerk)
    answer = post(client, form, reporter_phone="")
    assert answer.status_code == 422
    mark = answer.context["form"].warnings_mark
    assert post(client, form, reporter_phone="", confirm_warnings=mark).status_code == 302


def test_a_unit_may_be_typed_by_its_code(form, unit, sign_in, clerk):
    search.put("unit", unit.pk, unit.estate_id, search.keys_of_code(unit.code))
    client = sign_in(clerk)
    assert post(client, form, where="3 2 1201").status_code == 302
    assert Ticket.objects.get().unit == unit


def test_a_public_place_in_words(form, sign_in, clerk):
    post(sign_in(clerk), form, where="place:三號樓大堂")
    ticket = Ticket.objects.get()
    assert (ticket.unit, ticket.place, ticket.cost) == (None, "三號樓大堂", "public")


def test_places_are_suggested_by_code_name_and_telephone(unit, estate, sign_in, clerk):
    person = unit.occupancies.get().person
    search.put("unit", unit.pk, estate.pk, search.keys_of_code(unit.code))
    keys = search.keys_of_name(person.name) | search.keys_of_phone("8613800138000")
    search.put("person", person.pk, estate.pk, keys)
    client = sign_in(clerk)

    def found(text):
        return [row["value"] for row in client.get(reverse("tickets:places"), {"q": text}).json()]

    home = f"unit:{unit.pk}:{person.pk}"
    assert found("3-2-1201")[0] == f"unit:{unit.pk}"
    assert home in found("zxm")
    assert home in found("張小明")
    assert home in found("8000")
    assert found("大堂") == ["place:大堂"]
    assert found("") == []


def test_the_panel_shows_household_warranty_and_repeats(form, unit, take, category_of, sign_in, clerk):
    earlier = take("leak")
    client = sign_in(clerk)
    query = {
        "where": f"unit:{unit.pk}",
        "category": earlier.category_id,
        "reporter_name": "",
        "reporter_phone": "",
    }
    page = client.get(reverse("tickets:intake_hints"), query).content.decode()
    assert "Within warranty until" in page
    assert earlier.number in page
    assert 'data-fill-now data-name="張小明" data-phone="138 0013 8000"' in page
    post(client, form, category=str(earlier.category_id), repeat_of=str(earlier.pk))
    assert Ticket.objects.order_by("-pk").first().repeat_of == earlier


def test_who_may_not_take_repairs_is_refused(form, sign_in, technician, auditor):
    for staff in (technician, auditor):
        assert post(sign_in(staff), form).status_code == 403


def test_intake_asks_few_questions_of_the_database(unit, sign_in, clerk, django_assert_max_num_queries):
    client = sign_in(clerk)
    with django_assert_max_num_queries(12):
        client.get(reverse("tickets:intake"), {"unit": unit.pk})
