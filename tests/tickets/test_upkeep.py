"""保養: when work comes round, tickets that open themselves, what is in service (SPEC §4.7, §0)."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from office.models import Promise
from office.refusals import Refused
from tests.cast import make_staff
from tickets import actions, reports, rules, tasks, upkeep
from tickets.models import Asset, Category, Plan, ServiceChange, Ticket

DAY = timedelta(days=1)
days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
numbers = st.integers(1, 12)
periods = st.sampled_from(Plan.Every.values)


# --- when it comes round ---------------------------------------------------------------------------------------


@given(days, numbers, periods, days)
def test_the_next_due_day_is_the_first_one_that_is_not_before(starts, number, every, day):
    turn = upkeep.turn_from(starts, number, every, day)
    assert upkeep.due_day(starts, number, every, turn) >= min(day, starts if turn == 0 else day)
    assert turn == 0 or upkeep.due_day(starts, number, every, turn - 1) < day


@given(days, numbers, periods)
def test_a_plan_never_drifts(starts, number, every):
    """Every due day is reckoned from the first, so a month that was too short costs no later one a day."""
    for turn in range(20):
        day = upkeep.due_day(starts, number, every, turn)
        if every == Plan.Every.WEEK:
            assert (day - starts).days == 7 * number * turn
        else:
            last = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
            assert day.day == min(starts.day, last.day)


@pytest.mark.parametrize(
    ("starts", "number", "every", "expected"),
    [
        (date(2026, 1, 31), 1, "month", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        (
            date(2024, 2, 29),
            1,
            "year",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        ),
        (date(2026, 11, 30), 3, "month", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        (date(2026, 12, 28), 1, "week", ["2026-12-28", "2027-01-04"]),
    ],
)
def test_month_ends_and_leap_days(starts, number, every, expected):
    found = [upkeep.due_day(starts, number, every, turn).isoformat() for turn in range(len(expected))]
    assert found == expected


# --- tickets open themselves -------------------------------------------------------------------------------------


@pytest.fixture
def asset(estate):
    return Asset.objects.create(
        estate=estate, code="PUMP-1", name_zh_hant="生活水泵", name_en="Water pump", kind="pump", place="泵房"
    )


@pytest.fixture
def lead(estate):
    return make_staff("lead", (estate, "lead"))


@pytest.fixture
def plan(estate, asset, lead, now):
    def plan(starts_on=None, number=1, every="month", **values):
        category = Category.objects.filter(estate=estate, stream="preventive").first()
        given = {
            "asset": asset, "title": "月度保養", "number": number, "every": every, "starts_on": starts_on or now.date() + 10 * DAY,
            "checks": "聽聲音\n看壓力表", "category": category, "responsible": lead,
        } | values  # fmt: skip
        return actions.save_plan(estate=estate, values=given, by=lead, now=now)

    return plan


@pytest.mark.django_db
def test_its_ticket_opens_three_days_early_and_once(plan, asset, lead, now):
    row = plan()
    assert tasks.open_plans(now + 6 * DAY).done == 0
    result = tasks.open_plans(now + 7 * DAY)
    assert (result.found, result.done, result.failed) == (1, 1, 0)
    assert tasks.open_plans(now + 7 * DAY).found == 0
    ticket = Ticket.objects.get(plan=row)
    assert (ticket.plan_due, ticket.asset, ticket.owner) == (row.starts_on, asset, lead)
    assert (ticket.stream, ticket.checks, ticket.problem) == ("preventive", "聽聲音\n看壓力表", "月度保養")
    assert ticket.checked_on_site and rules.callback_rule(ticket) == "callback_site"
    owed = Promise.objects.get(kind="upkeep", subject_id=ticket.pk)
    assert owed.owner == lead and owed.due_at.astimezone(row.estate.zone).date() == row.starts_on + DAY


@pytest.mark.django_db
def test_the_days_ahead_are_a_setting(plan, estate, now):
    estate.upkeep_days = 0
    estate.save()
    plan()
    assert tasks.open_plans(now + 9 * DAY).done == 0
    assert tasks.open_plans(now + 10 * DAY).done == 1


@pytest.mark.django_db
def test_after_an_outage_one_ticket_says_how_many_were_missed(plan, now):
    row = plan(every="week", starts_on=now.date() + DAY)
    assert tasks.open_plans(now + 30 * DAY).done == 1
    ticket = Ticket.objects.get(plan=row)
    assert ticket.plan_due == row.starts_on + 28 * DAY
    assert "4" in ticket.problem.splitlines()[1]
    row.refresh_from_db()
    assert row.next_due == row.starts_on + 35 * DAY


@pytest.mark.django_db
def test_the_end_of_work_keeps_its_promise(plan, technician, now):
    row = plan()
    then = now + 8 * DAY
    tasks.open_plans(then)
    ticket = Ticket.objects.get(plan=row)
    order = ticket.work_orders.get()
    actions.key_slip(
        work_order=order, arrived_at=then, ended_at=then + timedelta(hours=1), result="正常", technician=technician,
        by=make_staff("desk", (row.estate, "clerk")), now=then + timedelta(hours=2),
    )  # fmt: skip
    owed = Promise.objects.get(kind="upkeep", subject_id=ticket.pk)
    assert (owed.outcome, owed.closed_at) == ("kept", then + timedelta(hours=1))
    assert Promise.objects.filter(kind="callback", subject_id=ticket.pk, outcome="open").exists()


@pytest.mark.django_db
def test_a_pause_is_not_made_up_for(plan, lead, now):
    row = plan(every="week", starts_on=now.date() + DAY)
    actions.stop_plan(plan=row, end=False, reason="大修", by=lead, now=now)
    assert tasks.open_plans(now + 30 * DAY).found == 0
    row = actions.go_on(plan=row, by=lead, now=now + 30 * DAY)
    assert row.next_due >= (now + 30 * DAY).date()
    actions.stop_plan(plan=row, end=True, reason="拆除", by=lead, now=now + 30 * DAY)
    with pytest.raises(Refused):
        actions.go_on(plan=row, by=lead, now=now + 31 * DAY)


@pytest.mark.django_db
def test_a_changed_plan_opens_no_second_ticket_for_a_day(plan, lead, now):
    row = plan()
    tasks.open_plans(now + 8 * DAY)
    values = {name: getattr(row, name) for name in actions.plans.FIELDS}
    row = actions.save_plan(
        estate=row.estate, plan=row, values=values | {"every": "week"}, by=lead, now=now + 8 * DAY
    )
    assert row.next_due == row.starts_on + 7 * DAY


@pytest.mark.django_db
def test_one_plan_in_trouble_stops_no_other(plan, now, monkeypatch):
    bad, good = plan(), plan(title="年度保養")
    done = actions.open_due

    def open_due(*, plan, now):
        if plan.pk == bad.pk:
            raise ValueError("poisoned")
        return done(plan=plan, now=now)

    monkeypatch.setattr(actions, "open_due", open_due)
    result = tasks.open_plans(now + 8 * DAY)
    assert (result.found, result.done, result.failed) == (2, 1, 1)
    assert [failure.subject_id for failure in result.failures] == [bad.pk]
    assert Ticket.objects.filter(plan=good).count() == 1


# --- in service ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_percentage_is_of_every_month(estate, lead, now):
    pumps = [
        Asset.objects.create(estate=estate, code=f"F-{n}", name_zh_hant="消防泵", kind="fire")
        for n in range(4)
    ]
    assert reports.in_service([estate.pk]).rate == 100
    out, back = now - 40 * DAY, now - 5 * DAY
    actions.set_service(asset=pumps[0], in_service=False, reason="漏油", at=out, by=lead, now=now)
    assert reports.in_service([estate.pk]).rate == 75
    actions.set_service(asset=pumps[0], in_service=True, reason="已修", at=back, by=lead, now=now)
    months = reports.in_service_by_month(estate, now.date(), months=3)
    assert [service.rate for _month, service in months][-1] == 100
    assert 75 in [service.rate for _month, service in months]


@pytest.mark.django_db
def test_a_change_has_a_reason_and_comes_after_the_last(asset, lead, now):
    for reason, at in (("", now), ("壞了", now + DAY)):
        with pytest.raises(Refused):
            actions.set_service(asset=asset, in_service=False, reason=reason, at=at, by=lead, now=now)
    asset = actions.set_service(asset=asset, in_service=False, reason="壞了", at=now - DAY, by=lead, now=now)
    for at in (now - DAY, now - 2 * DAY):
        with pytest.raises(Refused):
            actions.set_service(asset=asset, in_service=True, reason="好了", at=at, by=lead, now=now)
    assert ServiceChange.objects.filter(asset=asset).count() == 1


# --- certificates --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_certificates_remind_twice_each_person_once(asset, estate, lead, now):
    from office.models import Message

    values = {"certificate_until": now.date() + 40 * DAY}
    actions.save_asset(estate=estate, asset=asset, values=values, by=lead, now=now)
    assert tasks.remind_certificates(now).done == 0
    for ahead in (30, 20, 7, 3):
        tasks.remind_certificates(now + (40 - ahead) * DAY)
        tasks.remind_certificates(now + (40 - ahead) * DAY)
    assert Message.objects.filter(template="upkeep.certificate", staff=lead).count() == 2
    renewed = {"certificate_until": now.date() + 400 * DAY}
    actions.save_asset(estate=estate, asset=asset, values=renewed, by=lead, now=now + 38 * DAY)
    first, second = Promise.objects.filter(kind="certificate").order_by("sequence")
    assert (first.outcome, second.outcome) == ("kept", "open")


# --- pages ---------------------------------------------------------------------------------------------------------


def text_of(answer):
    assert answer.headers["Content-Type"] == "application/pdf"
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


@pytest.mark.django_db
def test_the_papers_name_what_they_are_about(plan, asset, lead, sign_in):
    row, desk = plan(), sign_in(lead)
    year = text_of(desk.get(reverse("tickets:upkeep_pdf"), {"year": row.starts_on.year}))
    register = text_of(desk.get(reverse("tickets:equipment_pdf")))
    card = text_of(desk.get(reverse("tickets:asset_card", args=[asset.pk])))
    assert "月度保養" in year and "年度保養計劃" in year
    assert asset.code in register and asset.code in card and "月度保養" in card


@pytest.mark.django_db
def test_every_number_of_the_page_opens_exactly_its_list(plan, asset, lead, sign_in, estate, now):
    plan()
    pump = Asset.objects.create(estate=estate, code="F-1", name_zh_hant="消防泵", kind="fire")
    Asset.objects.create(estate=estate, code="F-2", name_zh_hant="噴淋", kind="fire")
    actions.set_service(asset=pump, in_service=False, reason="漏油", at=now, by=lead, now=now)
    for row, ahead in ((asset, 10), (pump, -3)):
        values = {"certificate_until": timezone.localdate() + ahead * DAY}
        actions.save_asset(estate=estate, asset=row, values=values, by=lead, now=now)
    desk = sign_in(lead)
    counts = {}
    for tile in desk.get(reverse("tickets:upkeep")).context["tiles"]:
        counts[str(tile["label"])] = (tile["value"], desk.get(tile["href"]).context["page"].count)
    assert counts == {
        "Fire protection in service": ("50 %", 2),
        "Out of service": (1, 1),
        "Certificates that end soon": (1, 1),
        "Certificates that have ended": (1, 1),
    }


@pytest.mark.django_db
def test_more_plans_cost_no_more_queries(plan, lead, sign_in, django_assert_max_num_queries):
    desk = sign_in(lead)
    for number in range(6):
        plan(title=f"保養 {number}")
    desk.get(reverse("tickets:upkeep"))
    with django_assert_max_num_queries(14):
        desk.get(reverse("tickets:upkeep"))
    with django_assert_max_num_queries(12):
        desk.get(reverse("tickets:plans"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": ""}, "title"),
        ({"number": "0"}, "number"),
        ({"number": "53"}, "number"),
        ({"every": "year", "number": "11"}, "number"),
        ({"starts_on": "31 February"}, "starts_on"),
        ({"asset": "999999"}, "asset"),
        ({"category": ""}, "category"),
        ({"responsible": "1000000"}, "responsible"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    plan, asset, lead, sign_in, changed, field
):
    row = plan()
    values = {
        "asset": asset.pk, "title": "季度保養", "number": "3", "every": "month", "starts_on": "2030-01-31",
        "category": row.category_id, "responsible": lead.pk, "checks": "看一看",
    } | changed  # fmt: skip
    answer = sign_in(lead).post(reverse("tickets:plan_new"), values)
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert "看一看" in answer.content.decode()
    assert Plan.objects.count() == 1


@pytest.mark.django_db
def test_a_page_older_than_the_plan_is_refused(plan, lead, sign_in, now):
    row, desk = plan(), sign_in(lead)
    actions.stop_plan(plan=row, end=False, reason="大修", by=lead, now=now)
    answer = desk.post(
        reverse("tickets:plan_stop", args=[row.pk]), {"end": "end", "reason": "拆除", "version": row.version}
    )
    assert answer.status_code == 409
    assert Plan.objects.get(pk=row.pk).state == Plan.State.PAUSED
