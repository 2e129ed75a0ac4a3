"""Lists, dashboard and home: what is drawn equals what is listed, at a constant number of queries (SPEC §12)."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.urls import reverse

from office.models import Promise
from tests.cast import NOW, make_unit
from tickets import actions
from tickets.models import Asset, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def busy_month(estate, take, technician, lead, clerk, supervisor, now):
    """Repairs of every age, state and end, so that no number of the dashboard is empty."""
    other = make_unit(estate, "4-1-501")
    lift = Asset.objects.create(estate=estate, code="L2", name_zh_hant="2 號電梯", kind="lift")
    made = []
    for days in (0, 1, 3, 5, 12, 40):
        at = now - timedelta(days=days, hours=1)
        for unit, asset in ((None, lift), (other, None)):
            made.append(take("other" if days % 2 else "leak", unit=unit, asset=asset, now=at))
    for n, ticket in enumerate(made):
        if n % 3 == 0:
            continue
        at = ticket.opened_at
        ticket = actions.dispatch(
            ticket=ticket, technician=technician if n % 2 else lead, window_from=at + timedelta(minutes=10),
            window_to=at + timedelta(minutes=40), by=lead, now=at,
        )  # fmt: skip
        if n % 3 == 1:
            continue
        if ticket.cost in ("paid", "undecided"):
            actions.decide_cost(ticket=ticket, cost="warranty", reason="測試", by=clerk, now=at)
        ended = at + timedelta(minutes=30)
        ticket = actions.finish(
            work_order=ticket.work_orders.get(), ended_at=ended, result="好", by=lead, now=ended
        )
        if ticket.state == "testing" and n > 4:
            actions.water_test(ticket=ticket, tested_at=ended, passed=True, by=lead, now=ended)
    for outcome, score, done in zip(
        ("satisfied", "not_satisfied", "not_reached"),
        (5, 2, None),
        Ticket.objects.filter(state="done").order_by("pk"),
        strict=False,
    ):
        actions.call_back(ticket=done, outcome=outcome, score=score, remark="還在滴", by=supervisor, now=now)
    return made


def rows_of(client, url):
    page = client.get(url)
    assert page.status_code == 200, url
    assert "this list knows no" not in page.content.decode().lower(), url
    shown = page.context["page"]
    assert shown.count_is_exact
    return shown.count


def test_the_dashboard_needs_as_many_queries_for_many_as_for_few(
    estate, take, busy_month, sign_in, supervisor, django_assert_max_num_queries
):
    client = sign_in(supervisor)
    client.get(reverse("tickets:dashboard"))
    with django_assert_max_num_queries(5) as few:
        client.get(reverse("tickets:dashboard"))
    for n in range(20):
        take(unit=make_unit(estate, f"{n + 5}-1-101"))
    with django_assert_max_num_queries(len(few)):
        client.get(reverse("tickets:dashboard"))


def test_the_list_needs_eight_queries_however_long(
    busy_month, sign_in, supervisor, django_assert_max_num_queries
):
    client = sign_in(supervisor)
    client.get(reverse("tickets:list"))
    with django_assert_max_num_queries(
        8
    ):  # the whole page: session, person, postings, frame and choices included
        client.get(reverse("tickets:list"))
    with django_assert_max_num_queries(6):
        client.get(reverse("tickets:list"), headers={"HX-Request": "true"})


FILTERS = [
    "open=yes", "open=no", "state=accepted&state=done", "risk=leak", "stream=repair", "due=overdue", "due=today", "due=later",
    "due=none", "promise=callback", "promise=arrival", "age=0-1", "age=31", "repeat=yes", "repeat=no", "satisfied=no", "ending=called_back",
    "opened_from=2026-03-01&opened_to=2026-03-12", "done_from=2026-03-01", "closed_to=2026-03-12", "no_technician=true", "no_building=true",
    "order=next", "order=-next", "q=R2026", "q=4-1-501", "q=張小明", "q=8000", "q=%25",
]  # fmt: skip


@pytest.mark.parametrize("query", FILTERS)
def test_every_filter_answers(busy_month, sign_in, supervisor, query):
    assert rows_of(sign_in(supervisor), f"{reverse('tickets:list')}?{query}") <= len(busy_month)


def test_filters_find_what_they_say(busy_month, estate, technician, sign_in, supervisor):
    client, url = sign_in(supervisor), reverse("tickets:list")
    everything = Ticket.objects.filter(estate=estate)
    assert rows_of(client, f"{url}?open=yes") == everything.filter(closed_at=None).count()
    assert (
        rows_of(client, f"{url}?technician={technician.pk}")
        == everything.filter(technician=technician).count()
        > 0
    )
    assert rows_of(client, f"{url}?risk=leak") == everything.filter(risk="leak").count() > 0
    ticket = busy_month[0]
    assert rows_of(client, f"{url}?q={ticket.number}") == 1
    assert (
        rows_of(client, f"{url}?asset={ticket.asset_id}") == everything.filter(asset=ticket.asset).count() > 0
    )


def test_an_unknown_filter_is_named_and_the_list_shown_whole(busy_month, sign_in, supervisor):
    page = sign_in(supervisor).get(reverse("tickets:list"), {"colour": "red"})
    assert "This list knows no “colour”" in unescape(page.content.decode())


def test_another_estates_tickets_are_not_listed(busy_month, sign_in, stranger):
    client = sign_in(stranger)
    assert rows_of(client, reverse("tickets:list")) == 0
    assert client.get(reverse("tickets:ticket", args=[busy_month[0].pk])).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_holds_every_row(busy_month, sign_in, supervisor, kind):
    answer = sign_in(supervisor).post(reverse("tickets:list"), {"export": kind})
    body = b"".join(answer.streaming_content)
    assert answer.status_code == 200
    if kind == "csv":
        text = body.decode("utf-8-sig")
        assert all(ticket.number in text for ticket in busy_month)


# --- bulk dispatch -----------------------------------------------------------------------------------------


def test_several_are_dispatched_after_a_preview(take, lead, technician, sign_in, now):
    window = {"window_from": now + timedelta(hours=1), "window_to": now + timedelta(hours=3)}
    tickets = [take(**window), take(**window)]
    client, url = sign_in(lead), reverse("tickets:dispatch_many")
    picks = [ticket.pk for ticket in tickets]
    preview = client.post(url, {"pick": picks})
    assert (preview.status_code, Ticket.objects.filter(state="dispatched").count()) == (200, 0)
    assert all(ticket.number in preview.content.decode() for ticket in tickets)
    done = client.post(url, {"pick": picks, "go": "1", "technician": technician.pk})
    assert done.status_code == 302
    assert Ticket.objects.filter(state="dispatched", technician=technician).count() == 2


def test_several_dispatched_twice_with_one_form_go_once(take, lead, technician, sign_in, now):
    ticket = take(window_from=now + timedelta(hours=1), window_to=now + timedelta(hours=3))
    client, url = sign_in(lead), reverse("tickets:dispatch_many")
    key = client.post(url, {"pick": [ticket.pk]}).context["form"]["form_key"].value()
    sent = {"pick": [ticket.pk], "go": "1", "technician": technician.pk, "form_key": key}
    answers = [client.post(url, sent) for _ in range(2)]
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, answers[0].url)] * 2
    assert Promise.objects.filter(kind="arrival").count() == 1


def test_what_cannot_be_dispatched_is_listed_with_its_reason(take, ended, lead, technician, sign_in, now):
    possible = take(window_from=now + timedelta(hours=1), window_to=now + timedelta(hours=3))
    no_window, finished = take(), ended(at=now)
    answer = sign_in(lead).post(
        reverse("tickets:dispatch_many"),
        {"pick": [possible.pk, no_window.pk, finished.pk], "go": "1", "technician": technician.pk},
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert {ticket for ticket, _reason in answer.context["refused_rows"]} == {no_window, finished}
    assert "It has no window that lies ahead" in page
    assert "callback owed" in page


def test_a_stranger_dispatches_nothing(take, stranger, technician, sign_in):
    ticket = take()
    sign_in(stranger).post(
        reverse("tickets:dispatch_many"), {"pick": [ticket.pk], "go": "1", "technician": technician.pk}
    )
    ticket.refresh_from_db()
    assert ticket.state == "accepted"
