"""The log in the browser: the day's lines, one line once, errors at their field, refusals with their sentence (SPEC §2)."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from office.models import Promise
from tests.cast import NOW, client_of, make_person, make_unit, occupy
from tickets import actions
from tickets.models import Authority, Handover, LogEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(clerk):
    return client_of(clerk)


@pytest.fixture
def form(unit):
    return {
        "form_key": str(uuid.uuid4()),
        "where": f"unit:{unit.pk}",
        "asked": "裝修押金何時退還",
        "channel": "phone",
    }


def write(client, form, **changes):
    return client.post(reverse("tickets:reception_new"), {**form, **changes})


def entry_of(estate, clerk, **values):
    return actions.log(
        **{"estate": estate, "name": "路人", "asked": "問路", "by": clerk, "now": NOW, **values}
    )


def numbers(response):
    return [row["cells"][0]["text"] for row in response.context["page"].rows]


def test_a_line_sent_twice_is_one(desk, form):
    first, second = write(desk, form), write(desk, form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"] == reverse("tickets:reception")
    assert LogEntry.objects.count() == 1


def test_nothing_asked_is_said_at_its_field_and_writes_nothing(desk, form):
    response = write(desk, form, asked="")
    assert response.status_code == 422 and list(response.context["form"].errors) == ["asked"]
    assert not LogEntry.objects.exists()


def test_nobody_named_is_asked_about_once(desk, form):
    response = write(desk, form, where="")
    assert response.status_code == 422
    mark = response.context["form"].warnings_mark
    assert write(desk, form, where="", confirm_warnings=mark).status_code == 302
    assert LogEntry.objects.get().who == "anonymous"


def test_credentials_belong_to_an_authority(desk, form, estate):
    assert write(desk, form, credentials="警官證").status_code == 422
    police = Authority.objects.get(estate=estate, code="POLICE")
    assert write(desk, form, credentials="警官證", authority=police.pk).status_code == 302
    assert LogEntry.objects.get().organisation == "公安派出所"


def test_a_line_of_tomorrow_and_a_unit_of_elsewhere_are_errors(desk, form, elsewhere):
    assert write(desk, form, at="2026-03-13T10:00").status_code == 422
    assert write(desk, form, where=f"unit:{make_unit(elsewhere, '1-1-101').pk}").status_code == 422
    assert not LogEntry.objects.exists()


def test_the_page_comes_prefilled_from_household_and_softphone(desk, unit, estate):
    wife = make_person(estate, "李麗", "139 0013 9000")
    occupy(unit, wife, role="member")
    page = desk.get(
        reverse("tickets:reception_new"), {"unit": unit.pk, "person": wife.pk, "channel": "counter"}
    )
    initial = page.context["form"].initial
    assert (initial["name"], initial["phone"], initial["channel"]) == ("李麗", "139 0013 9000", "counter")
    page = desk.get(reverse("tickets:reception_new"), {"phone": "12345"})
    assert page.context["form"].initial == {"phone": "12345"}
    assert desk.get(reverse("tickets:reception_new"), {"unit": "x"}).status_code == 404


def test_the_day_shows_today_and_any_day_asked_for(desk, estate, clerk):
    today = entry_of(estate, clerk)
    yesterday = entry_of(estate, clerk, at=NOW - timedelta(days=1))
    log = reverse("tickets:reception")
    assert numbers(desk.get(log)) == [today.number]
    assert numbers(desk.get(log, {"day": "2026-03-11"})) == [yesterday.number]
    assert numbers(desk.get(log, {"at_from": "2026-03-11"})) == [today.number, yesterday.number]
    assert numbers(desk.get(log, {"day": "2026-03-12", "shift": "night"})) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "L2026-000001"}, [1]),
        ({"q": "39999"}, [2]),
        ({"q": "押金"}, [1]),
        ({"open": "yes"}, [2]),
        ({"channel": "letter"}, [2]),
        ({"who": "outside"}, [2]),
        ({"became": "yes"}, []),
        ({"question": "no", "open": "no"}, [1]),
    ],
)
def test_what_is_filtered(desk, estate, unit, clerk, query, found):
    entry_of(estate, clerk, unit=unit, name="張小明", asked="押金何時退", answered="三個月後")
    entry_of(estate, clerk, phone="13939999", channel="letter")
    assert numbers(desk.get(reverse("tickets:reception"), query)) == [f"L2026-{n:06d}" for n in found]


def test_an_export_holds_what_the_page_shows(desk, estate, clerk):
    today = entry_of(estate, clerk)
    yesterday = entry_of(estate, clerk, at=NOW - timedelta(days=1))

    def csv(query):
        response = desk.post(reverse("tickets:reception"), {"export": "csv", "query": query})
        return b"".join(response.streaming_content).decode("utf-8-sig")

    assert today.number in csv("") and yesterday.number not in csv("")
    assert yesterday.number in csv("day=2026-03-11") and today.number not in csv("day=2026-03-11")


def test_one_line_and_many_cost_the_same_queries(desk, estate, unit, clerk, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("tickets:reception")).status_code == 200
        return len(queries)

    entry_of(estate, clerk, unit=unit)
    asked()  # what a process reads once
    one = asked()
    for _line in range(6):
        entry_of(estate, clerk, unit=unit)
    assert asked() == one <= 15


def test_a_question_goes_round_by_its_pages(desk, estate, unit, clerk, lead):
    entry = entry_of(estate, clerk, unit=unit, name="張小明")
    expert, page = client_of(lead), reverse("tickets:reception_entry", args=[entry.pk])
    ask = reverse("tickets:reception_ask", args=[entry.pk])
    late = {"version": 1, "expert": lead.pk, "agreed_at": "2026-03-12T09:00"}
    assert desk.post(ask, late).status_code == 422
    assert desk.post(ask, {**late, "agreed_at": "2026-03-12T17:00"}).status_code == 302
    assert desk.post(ask, {**late, "agreed_at": "2026-03-12T17:00"}).status_code == 409  # asked already
    answer = reverse("tickets:reception_answer", args=[entry.pk])
    assert expert.post(answer, {"version": 1, "text": "五年"}).status_code == 409  # an old page
    assert expert.post(answer, {"version": 2, "text": "五年"}).status_code == 302
    assert "五年" in desk.get(page).content.decode()
    told = reverse("tickets:reception_told", args=[entry.pk])
    assert desk.post(told, {"version": 3, "told_how": "phone"}).status_code == 302
    assert Promise.objects.get(kind="expert_answer").outcome == "kept"


def test_an_expert_opens_his_own_question_and_no_other_line(estate, unit, clerk, technician):
    mine, other = entry_of(estate, clerk, unit=unit), entry_of(estate, clerk, unit=unit)
    actions.ask_expert(entry=mine, expert=technician, agreed_at=NOW + timedelta(hours=3), by=clerk, now=NOW)
    browser = client_of(technician)
    assert browser.get(reverse("tickets:reception_entry", args=[mine.pk])).status_code == 200
    assert browser.get(reverse("tickets:reception_entry", args=[other.pk])).status_code == 404
    assert browser.get(reverse("tickets:reception")).status_code == 403


def test_a_line_prefills_the_repair_it_becomes(desk, estate, unit, clerk):
    entry = entry_of(estate, clerk, unit=unit, name="李太", phone="139 0013 9000", channel="visit")
    page = desk.get(reverse("tickets:intake"), {"entry": entry.pk})
    initial = page.context["form"].initial
    assert (initial["reporter_name"], initial["problem"], initial["channel"]) == ("李太", "問路", "counter")
    assert f'name="entry" value="{entry.pk}"' in page.content.decode()


def test_the_hand_over_stands_on_every_home_of_the_front_desk_until_it_is_read(
    desk, estate, clerk, cashier, lead
):
    row = actions.hand_over_shift(
        estate=estate, day=NOW.date(), shift="morning", text="電梯年檢", by=clerk, now=NOW
    )
    url = reverse("tickets:shift", args=[row.pk])
    for staff, shown in ((clerk, True), (cashier, True), (lead, False)):
        assert (url in client_of(staff).get(reverse("home")).content.decode()) == shown
    acknowledge = reverse("tickets:shift_acknowledge", args=[row.pk])
    desk.post(acknowledge)
    assert Handover.objects.get().acknowledged_by is None  # not one's own
    client_of(cashier).post(acknowledge)
    assert Handover.objects.get().acknowledged_by == cashier
    assert url not in client_of(cashier).get(reverse("home")).content.decode()


def test_the_days_log_prints_with_its_hand_over(estate, unit, clerk):
    from office import printing
    from tickets import printouts

    entry_of(estate, clerk, unit=unit, name="張小明", answered="三個月後")
    handed = actions.hand_over_shift(
        estate=estate, day=NOW.date(), shift="morning", text="電梯年檢", by=clerk, now=NOW
    )
    page = printing.html(
        printouts.reception_log(LogEntry.objects.all(), [handed], estate=estate, day=NOW.date())
    )
    for text in ("2026-03-12", "10:00", "張小明", "3-2-1201", "問路", "三個月後", "陳美玲", "電梯年檢"):
        assert text in page


@pytest.mark.parametrize("day", ["x", "2026-02-31", "9999-12-31", "0001-01-01", "\0"])
def test_absurd_days_are_answered(desk, day):
    for name in ("reception", "reception_pdf"):
        assert desk.get(reverse(f"tickets:{name}"), {"day": day}).status_code in (200, 422)
    for field in ("at_from", "at_to"):
        assert desk.get(reverse("tickets:reception"), {field: day}).status_code in (200, 422)
