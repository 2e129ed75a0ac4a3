"""Old repairs out of a workbook: history beside our own numbers; our own export changes nothing."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from office import search
from office.models import Promise, SearchKey, Series
from tests import imported
from tests.cast import ZONE, client_of, make_estate, make_staff, make_unit
from tickets import actions
from tickets.models import Category, Ticket, WorkOrder

HEAD = [
    "工单号",
    "报修时间",
    "房号",
    "类别",
    "问题描述",
    "状态",
    "完成时间",
    "处理结果",
    "报修人",
    "联系电话",
]


@pytest.fixture
def estate(db):
    return make_estate()


@pytest.fixture
def admin(estate):
    return make_staff("admin", (estate, "admin"))


def row(number="A1", opened="2019-05-01 09:00", place="3-2-1201", category="", problem="水管漏水", state="已完成",
        done="2019-05-02", result="已换", who="張三", phone="13800138000"):  # fmt: skip
    return [number, opened, place, category, problem, state, done, result, who, phone]


def test_old_repairs_become_the_history_of_their_units_and_go_again(estate, admin):
    unit = make_unit(estate, "3-2-1201")
    search.put("unit", unit.pk, estate.pk, search.keys_of_code(unit.code))
    rows = [
        row(),
        row("A2", place="3栋2单元1201", state="处理中", done=""),
        row("A3", place="東門", state="取消"),
    ]
    batch = imported.checked(estate, admin, [HEAD, *rows], "repairs")
    assert imported.counts(batch) == {"create": 3}, [one.errors for one in batch.rows.all()]
    batch = imported.applied(batch, admin)
    assert batch.state == "applied", batch.job.error
    found = {ticket.number: ticket for ticket in Ticket.objects.all()}
    assert {
        number: (ticket.unit_id, ticket.place, ticket.state, ticket.ending)
        for number, ticket in found.items()
    } == {
        "OLD-A1": (unit.pk, "", "closed", "imported"),
        "OLD-A2": (unit.pk, "", "accepted", ""),
        "OLD-A3": (None, "東門", "cancelled", "cancelled"),
    }
    assert found["OLD-A1"].opened_at == datetime(2019, 5, 1, 9, tzinfo=ZONE)
    assert found["OLD-A1"].closed_at == datetime(2019, 5, 2, tzinfo=ZONE)
    assert [order.number for order in WorkOrder.objects.all()] == ["OLD-A2-1"]
    assert not Promise.objects.exists() and not Series.objects.filter(kind="ticket").exists()
    assert search.find([estate.pk], "A1")[0].subject_id == found["OLD-A1"].pk
    assert imported.counts(imported.checked(estate, admin, [HEAD, *rows], "repairs")) == {"unchanged": 3}
    rows[0][7] = "已換新管"
    again = imported.checked(estate, admin, [HEAD, *rows], "repairs")
    assert imported.counts(again) == {"update": 1, "unchanged": 2}
    imported.rolled_back(batch, admin)
    assert not Ticket.objects.exists() and not WorkOrder.objects.exists()
    assert not SearchKey.objects.filter(subject_kind=Ticket.SUBJECT).exists()


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"opened": "05.03.2019"}, "opened_at"),
        ({"done": "2019-04-01"}, "done"),
        ({"done": ""}, "done"),
        ({"state": "maybe"}, "state"),
        ({"category": "魔法"}, "category"),
        ({"problem": ""}, "problem"),
        ({"phone": "問管家"}, "reporter_phone"),
        ({"opened": "2999-01-01"}, "opened_at"),
    ],
)
def test_what_cannot_be_is_said_at_its_cell(estate, admin, changes, column):
    batch = imported.checked(estate, admin, [HEAD, row(**changes)], "repairs")
    assert imported.counts(batch) == {"error": 1}
    assert column in {error["column"] for error in batch.rows.get().errors}


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_our_own_list_of_repairs_comes_in_again_and_changes_nothing(estate, admin, language):
    unit, clerk = make_unit(estate, "3-2-1201"), make_staff("clerk", (estate, "clerk"))
    now = timezone.now() - timedelta(days=2)
    category = Category.objects.filter(estate=estate, code="LK-PIPE").get()
    actions.take(estate=estate, category=category, problem="廚房水管漏水", unit=unit, reporter_name="張三",
                 reporter_phone="13800138000", by=clerk, now=now)  # fmt: skip
    actions.take(estate=estate, category=category, problem="-滴水", place="東門崗亭", by=clerk, now=now)
    director = make_staff("director", (estate, "director"), language=language)
    answer = client_of(director).post(reverse("tickets:list"), {"export": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    batch = imported.checked(estate, admin, text.splitlines(), "repairs")
    assert (imported.counts(batch), [one.errors for one in batch.rows.all() if one.errors]) == (
        {"unchanged": 2},
        [],
    )
