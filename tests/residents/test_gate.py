"""The guard's pages: what a good slip opens, what every other one answers in red, and what stays written."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office import search
from office.models import Event
from residents import actions
from residents.models import ReleaseSlip, SlipRefusal
from tests import cast as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment():
    return timezone.now()


@pytest.fixture
def slip(estate, cast, moment):
    unit = people.make_unit(estate, "3-2-1201")
    search.put("unit", unit.pk, estate.pk, search.keys_of_code(unit.code))
    zhang = people.make_person(estate, "張小明", "13800138000")
    people.occupy(unit, zhang)
    lines = [("沙發", 1, ""), ("紙箱", 12, "書")]
    return actions.issue_slip(
        unit=unit,
        person=zhang,
        lines=lines,
        days=1,
        plate="粤B12345",
        by=cast["clerk"],
        now=moment - timedelta(hours=1),
    )


@pytest.fixture
def phone(cast, sign_in):
    return sign_in(cast["guard"])


def address(slip, verb=""):
    return reverse("residents:gate_slip", args=[slip.pk, slip.token]) + verb


def ticks(slip):
    return {f"line_{line.pk}": "on" for line in slip.lines.all()} | {"person_seen": "on", "car_seen": "on"}


def text(response):
    return response.content.decode()


def test_the_code_opens_everything_to_compare(phone, slip):
    page = phone.get(address(slip))
    assert page.status_code == 200
    for said in (slip.number, "3-2-1201", "沙發", "紙箱", "粤B12345", "張小明"):
        assert said in text(page)


@pytest.mark.parametrize("typed", ["{number}", "1", "000001"])
def test_the_number_opens_the_same_page(phone, slip, typed):
    answer = phone.post(reverse("residents:gate"), {"number": typed.format(number=slip.number)})
    assert (answer.status_code, answer["Location"]) == (302, address(slip))


def test_all_ticked_releases_once_and_the_second_scan_is_red(phone, slip, cast):
    done = phone.post(address(slip, "/release"), ticks(slip), follow=True)
    assert done.status_code == 200 and "verdict-go" in text(done)
    slip.refresh_from_db()
    assert (slip.state, slip.released_by, slip.car_seen, slip.card_seen) == (
        "released",
        cast["guard"],
        True,
        False,
    )
    again = phone.get(address(slip))
    assert again.status_code == 409
    assert "verdict-bad" in text(again) and "Released already at" in text(again)
    assert not slip.refusals.exists()  # looking writes nothing
    phone.post(address(slip, "/seen"))
    assert slip.refusals.get().reason == SlipRefusal.Reason.USED
    assert Event.objects.filter(verb="slip.refused", unit_id=slip.unit_id).count() == 1


def test_the_same_form_sent_twice_releases_once_and_answers_green_twice(phone, slip):
    form = {**ticks(slip), "form_key": "8f0f5a34-8c5e-4d6f-9d1c-0d0c4a7b1c11"}
    first, second = (phone.post(address(slip, "/release"), form) for _ in range(2))
    assert first["Location"] == second["Location"] == reverse("residents:gate_released", args=[slip.pk])
    assert Event.objects.filter(verb="slip.released").count() == 1 and not slip.refusals.exists()


def test_a_line_not_ticked_releases_nothing_and_is_named(phone, slip):
    form = ticks(slip)
    del form[f"line_{slip.lines.last().pk}"], form["car_seen"]
    page = phone.post(address(slip, "/release"), form)
    assert page.status_code == 422
    assert "紙箱" in text(page) and "Compare the number plate" in text(page)
    assert ReleaseSlip.objects.get().state == "issued"


def test_something_differs_and_the_slip_stays_valid(phone, slip):
    empty = phone.post(address(slip, "/refuse"), {"reason": "goods"})
    assert empty.status_code == 422 and not slip.refusals.exists()
    page = phone.post(address(slip, "/refuse"), {"reason": "goods", "remark": "多一部電視"}, follow=True)
    assert "verdict-bad" in text(page) and "stays valid" in text(page)
    assert "多一部電視" in text(phone.get(address(slip)))  # the next look warns
    assert phone.get(address(slip)).status_code == 200


def test_expired_and_cancelled_are_gone(phone, slip, cast, moment):
    ReleaseSlip.objects.update(valid_until=moment - timedelta(minutes=1))
    assert phone.get(address(slip)).status_code == 410
    box = phone.post(reverse("residents:gate"), {"number": slip.number})
    assert box.status_code == 410 and "Expired" in text(box)
    assert slip.refusals.get().reason == "expired"  # typed numbers are recorded with the question
    ReleaseSlip.objects.update(valid_until=moment + timedelta(days=1))
    actions.cancel_slip(slip=slip, reason="改期", by=cast["clerk"], now=moment)
    page = phone.get(address(slip))
    assert page.status_code == 410 and "改期" in text(page)


def test_released_by_a_slower_hand_is_refused_and_recorded(phone, slip, cast, moment):
    form = ticks(slip)
    actions.release_slip(slip=slip, by=cast["supervisor"], now=moment, car_seen=True)
    answer = phone.post(address(slip, "/release"), form)
    assert answer.status_code == 409 and "Released already" in text(answer)
    assert slip.refusals.get().reason == "used"


def test_a_false_code_an_unknown_slip_and_another_estate_tell_nothing(phone, slip, stranger, sign_in):
    false = reverse("residents:gate_slip", args=[slip.pk, "x" * 32])
    unknown = reverse("residents:gate_slip", args=[slip.pk + 1, slip.token])
    for asked in (phone.get(false), phone.get(unknown), sign_in(stranger).get(address(slip))):
        assert asked.status_code == 404 and "verdict-bad" in text(asked)
        assert "3-2-1201" not in text(asked) and "沙發" not in text(asked) and slip.number not in text(asked)
    phone.post(false + "/seen")
    assert sign_in(stranger).post(address(slip, "/seen")).status_code == 404
    assert sorted(slip.refusals.values_list("reason", flat=True)) == ["elsewhere", "forged"]
    assert ReleaseSlip.objects.get().state == "issued"
    assert phone.post(false + "/release", ticks(slip)).status_code == 404
    assert ReleaseSlip.objects.get().state == "issued"


def test_an_unknown_number_is_red(phone, slip):
    page = phone.post(reverse("residents:gate"), {"number": "F2001-000009"})
    assert page.status_code == 404 and "F2001-000009" in text(page)


def test_a_guard_of_two_estates_works_at_one_of_them(slip, elsewhere, cast, sign_in):
    guard = people.make_staff("both", (elsewhere, "guard"), (slip.estate, "guard"))
    phone = sign_in(guard)
    phone.post(reverse("estate_switch"), {"estate": elsewhere.pk})
    assert "another estate" in text(phone.get(address(slip)))
    assert phone.post(address(slip, "/release"), ticks(slip)).status_code == 404
    phone.post(reverse("estate_switch"), {"estate": slip.estate_id})
    assert phone.get(address(slip)).status_code == 200


def test_the_clerk_who_opens_the_code_sees_it_and_releases_nothing(cast, sign_in, slip):
    desk = sign_in(cast["clerk"])
    assert "gate-go" not in text(desk.get(address(slip)))
    assert desk.post(address(slip, "/release"), ticks(slip)).status_code == 403


@pytest.mark.parametrize("typed", ["", " ", "x" * 500, "<b>", "'; --", "０００００１", "\x00"])
def test_whatever_is_typed_the_box_answers(phone, slip, typed):
    assert phone.post(reverse("residents:gate"), {"number": typed}).status_code in (302, 404, 422)


# --- the counter -------------------------------------------------------------------------------------------


def goods(*rows):
    data = {"goods-TOTAL_FORMS": len(rows) or 1, "goods-INITIAL_FORMS": 0}
    for n, (name, quantity) in enumerate(rows):
        data |= {f"goods-{n}-name": name, f"goods-{n}-quantity": quantity}
    return data


def test_the_clerk_issues_by_the_register_and_prints(cast, sign_in, slip):
    desk = sign_in(cast["clerk"])
    assert desk.get(reverse("residents:slip_new")).status_code == 200
    assert desk.get(reverse("residents:slip_new"), {"unit": "3 2 1201"}).status_code == 200
    page = text(desk.get(reverse("residents:slip_new"), {"unit": slip.unit_id}))
    assert "張小明" in page
    form = {
        "unit": slip.unit_id,
        "person": slip.person_id,
        "days": 2,
        "plate": "粵b·99999",
        **goods(("雪櫃", ""), ("箱", "3")),
    }
    answer = desk.post(reverse("residents:slip_new"), form)
    made = ReleaseSlip.objects.exclude(pk=slip.pk).get()
    assert answer["Location"] == reverse("residents:slip_print", args=[made.pk]) + "?now=1"
    assert (made.plate, made.days) == ("粤B99999", 2)
    assert list(made.lines.values_list("name", "quantity")) == [("雪櫃", 1), ("箱", 3)]
    assert desk.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (goods(), "List at least one thing"),
        ({"person": 0}, "Select a valid choice"),
        ({"plate": "沒有"}, "not a number plate"),
        ({"agent_name": "王"}, "what the agent has shown"),
        ({"agent_shown": "委託書"}, "who comes instead"),
        ({"days": 31}, "less than or equal to 30"),
        ({"goods-0-quantity": "-1"}, "greater than or equal to 1"),
        ({"goods-0-quantity": "many"}, "whole number"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(cast, sign_in, slip, change, said):
    form = {"unit": slip.unit_id, "person": slip.person_id, "days": 1, **goods(("箱", "3")), **change}
    if change == goods():
        form.pop("goods-0-name"), form.pop("goods-0-quantity")
    page = sign_in(cast["clerk"]).post(reverse("residents:slip_new"), form)
    assert page.status_code == 422 and said in text(page)
    assert ReleaseSlip.objects.count() == 1


def test_lists_cost_the_same_for_one_and_for_many(cast, sign_in, slip, django_assert_max_num_queries, moment):
    desk = sign_in(cast["clerk"])
    desk.get(reverse("residents:slips"))
    with django_assert_max_num_queries(15) as few:
        desk.get(reverse("residents:slips"))
    for _ in range(5):
        actions.issue_slip(
            unit=slip.unit, person=slip.person, lines=[("x", 1, "")], days=1, by=cast["clerk"], now=moment
        )
    with django_assert_max_num_queries(len(few.captured_queries)):
        desk.get(reverse("residents:slips"))


def test_the_list_is_filtered_by_what_it_is_today_and_found_by_plate(cast, sign_in, slip, moment):
    desk = sign_in(cast["clerk"])
    ReleaseSlip.objects.update(valid_until=moment - timedelta(minutes=1))
    for query, shown in (
        ({"state": "expired"}, True), ({"state": "valid"}, False), ({"q": "粵B12345"}, True), ({"q": "1201"}, True),
        ({"q": "B99"}, False), ({"refused": "yes"}, False),
    ):  # fmt: skip
        assert (slip.number in text(desk.get(reverse("residents:slips"), query))) == shown, query
