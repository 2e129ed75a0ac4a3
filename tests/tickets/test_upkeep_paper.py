"""The paper of preventive work says what the database says, with as many queries for one facility as for many."""

from datetime import timedelta

import pytest
from django.urls import reverse

from office import printing
from tests.cast import make_staff
from tickets import actions, printouts, tasks
from tickets.models import Asset, Category, Ticket

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def lead(estate):
    return make_staff("lead", (estate, "lead"))


@pytest.fixture
def planned(estate, lead, now):
    """planned(code) → a facility with a weekly plan due in two days."""

    def make(code):
        asset = Asset.objects.create(
            estate=estate,
            code=code,
            name_zh_hant="生活水泵",
            kind="pump",
            place="泵房",
            contractor="潤源水務",
        )
        category = Category.objects.filter(estate=estate, stream="preventive").first()
        values = {"asset": asset, "title": "每週巡檢", "number": 1, "every": "week", "starts_on": now.date() + 2 * DAY,
                  "checks": "聽聲音\n\n 看壓力表 ", "category": category, "responsible": lead}  # fmt: skip
        actions.save_plan(estate=estate, values=values, by=lead, now=now)
        return asset

    return make


def test_the_order_of_a_plan_has_a_box_for_each_step_and_no_resident(planned, now):
    planned("PUMP-1")
    tasks.open_plans(now)
    order = Ticket.objects.get().work_orders.get()
    sheet = printouts.work_order(order)
    assert sheet.context["title_zh"] == "保養工作單"
    assert sheet.context["steps"] == ["聽聲音", "看壓力表"]
    words = printing.html(sheet)
    assert words.count('class="tick"') == 2
    assert "PUMP-1 生活水泵" in words and "潤源水務" in words and str(now.date() + 2 * DAY) in words
    assert not sheet.copies


def test_the_year_has_every_due_day_once_opened_or_not(planned, estate, now, django_assert_num_queries):
    planned("PUMP-1")
    tasks.open_plans(now)
    for code in ("PUMP-2", "PUMP-3", "PUMP-4"):
        planned(code)
    with django_assert_num_queries(2):
        sheet = printouts.year_plan(estate, now.year)
    first, last = now.date() + 2 * DAY, now.date().replace(month=12, day=31)
    wanted = 1 + (last - first).days // 7
    rows = sheet.context["rows"]
    assert [row[0].split()[0] for row in rows] == ["PUMP-1", "PUMP-2", "PUMP-3", "PUMP-4"]
    assert [sum(len(days.split()) for days in row[3:15]) for row in rows] == [wanted] * 4


def test_the_card_leads_to_its_facility_and_says_when_it_stood_still(planned, lead, now):
    asset = planned("PUMP-1")
    actions.set_service(asset=asset, in_service=False, reason="機封漏水", at=now - DAY, by=lead, now=now)
    sheet = printouts.equipment_card(Asset.objects.get(pk=asset.pk))
    address = printing.public_url(reverse("tickets:asset", args=[asset.pk]))
    assert sheet.context["qr"] == printing.qr(address)
    assert sheet.context["plans"][0][2] == str(now.date() + 2 * DAY)
    assert sheet.context["changes"][0][2:] == ("機封漏水", lead.name)


def test_the_register_needs_no_query_for_each_facility(planned, estate, now, django_assert_num_queries):
    for code in ("PUMP-1", "PUMP-2", "PUMP-3"):
        planned(code)
    with django_assert_num_queries(1):
        sheet = printouts.equipment_register(
            Asset.objects.filter(estate=estate).select_related("building"), estate=estate, now=now
        )
    assert [row[0] for row in sheet.context["rows"]] == ["PUMP-1", "PUMP-2", "PUMP-3"]
