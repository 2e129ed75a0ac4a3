"""The board: one list of everything owed, its tabs, and handing over (SPEC §1, §11; UX G9)."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from office import jobs, journal, outbox, promises
from office.actions import handing
from office.models import Job, Message, OwnerChange, Promise
from office.refusals import Refused
from tests.cast import NOW, client_of, make_estate, make_staff
from tests.matters import matter, owe, owe_many

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BOARD = "office:board"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):  # a Thursday
        yield


@pytest.fixture
def bare(monkeypatch):
    """Matters without an action of their own: the promise itself goes."""
    monkeypatch.setitem(promises.MATTERS, "tests.matter", promises.Matter("matters"))
    monkeypatch.setitem(promises.SUBJECTS, "tests.matter", lambda pk: f"/matter/{pk}")


def page_of(staff, **query):
    return client_of(staff).get(reverse(BOARD), query).context["page"]


def at(estate, owner, due, **values):
    """A promise due at `due`."""
    return owe(estate, owner, NOW - 30 * DAY, agreed=due, rule="arrival", **values)


@pytest.fixture
def owed(estate, clerk):
    """One of each tab: late, tonight, Sunday midnight (still this week), the moment after it."""
    midnight = NOW.replace(hour=0) + DAY
    return {
        "overdue": at(estate, clerk, NOW),
        "today": at(estate, clerk, midnight),
        "week": at(estate, clerk, midnight + 3 * DAY),
        "later": at(estate, clerk, midnight + 3 * DAY + timedelta(seconds=1)),
    }


# --- the list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["overdue", "today", "week", "later"])
def test_each_tab_has_its_own(owed, supervisor, tab):
    page = page_of(supervisor, outcome=tab)
    assert [row["pk"] for row in page.rows] == [owed[tab].pk]
    assert [one["name"] for one in page.tabs if one["active"]] == [tab]


def test_the_board_shows_what_is_open_the_most_urgent_first(owed, supervisor, clerk):
    promises.close([owed["week"]], Promise.Outcome.KEPT, at=NOW, by=clerk)
    page = page_of(supervisor)
    assert [row["pk"] for row in page.rows] == [owed[name].pk for name in ("overdue", "today", "later")]
    assert [(tab["name"], tab["count"]) for tab in page.tabs] == [
        ("open", 3), ("overdue", 1), ("today", 1), ("week", 0), ("later", 1),
    ]  # fmt: skip


def test_a_row_says_clock_rule_fact_owner_and_department(estate, clerk, supervisor):
    owe(estate, clerk, NOW)
    cells = [cell["text"] for cell in page_of(supervisor).rows[0]["cells"]]
    assert cells[1:] == [
        "callback", "in 2 days", "2026-03-15 00:00", "2 days after completion (2026-03-12 10:00)", "May Chan", "front desk", "",
    ]  # fmt: skip


def test_what_ended_is_listed_by_its_end(estate, clerk, supervisor):
    first, second = owe(estate, clerk, NOW - 9 * DAY), owe(estate, clerk, NOW - 8 * DAY)
    promises.close([second], Promise.Outcome.KEPT, at=NOW - 7 * DAY, by=clerk)
    promises.close([first], Promise.Outcome.KEPT, at=NOW - 5 * DAY, by=clerk)
    cancelled = owe(estate, clerk, NOW)
    promises.close([cancelled], Promise.Outcome.CANCELLED, at=NOW, by=clerk)
    page = page_of(supervisor, outcome="kept")
    assert [row["pk"] for row in page.rows] == [first.pk, second.pk]
    assert [row["pk"] for row in page_of(supervisor, outcome="late").rows] == [first.pk]
    assert page.rows[0]["cells"][2]["text"] == "kept late"
    assert cancelled.pk not in [row["pk"] for row in page_of(supervisor, outcome="owed").rows]


def test_filters_find_what_they_say(estate, clerk, cashier, supervisor):
    mine = owe(estate, clerk, NOW)
    theirs = owe(estate, cashier, NOW - 9 * DAY, department="repair", kind="water_test", rule="water_test")
    nobody = owe(estate, None, NOW)

    def found(**query):
        return {row["pk"] for row in page_of(supervisor, **query).rows}

    assert found(owner=cashier.pk) == {theirs.pk}
    assert found(department="repair") == {theirs.pk}
    assert found(kind="water_test") == {theirs.pk}
    assert found(kind=["water_test", "callback"]) == {mine.pk, theirs.pk, nobody.pk}
    assert found(late="3") == {theirs.pk}  # due seven days ago less ten hours
    assert found(late="7") == set()
    assert found(no_owner="true") == {nobody.pk}
    assert found(level="0") == {mine.pk, theirs.pk, nobody.pk}


def test_all_ones_estates_together_each_by_its_own_days(estate, clerk):
    far = make_estate("VC", "溫哥華苑", "Vancouver Court", time_zone="America/Vancouver")
    roamer = make_staff("roamer", (estate, "supervisor"), (far, "supervisor"))
    here, there = at(estate, clerk, NOW + 20 * HOUR), at(far, clerk, NOW + 20 * HOUR)
    # Ten in the morning here is evening there: twenty hours on it is tomorrow here and the day after there too.
    page = page_of(roamer, estate="all")
    assert {row["pk"] for row in page.rows} == {here.pk, there.pk}
    assert "Estate" in [column[1] for column in page.columns]
    for tab in page.tabs:
        listed = page_of(roamer, **dict(parse_qsl(urlsplit(tab["url"]).query)))
        assert listed.count == tab["count"], tab
    assert page_of(roamer, estate=far.pk).count == 1


def test_nobody_sees_another_estates_promises(owed, stranger):
    assert page_of(stranger).rows == []


def test_the_matter_is_linked_where_its_page_opens(estate, clerk, supervisor, finance, monkeypatch):
    monkeypatch.setitem(promises.MATTERS, "tests.matter", promises.Matter("m", "tickets.intake"))
    monkeypatch.setitem(promises.SUBJECTS, "tests.matter", lambda pk: f"/matter/{pk}")
    row = owe(estate, clerk, NOW)
    assert page_of(supervisor).rows[0]["href"] == f"/matter/{row.subject_id}"
    assert page_of(finance).rows[0]["href"] == ""


def test_the_old_address_leads_to_the_board(estate, supervisor):
    answer = client_of(supervisor).get(reverse("tickets:promises"), {"outcome": "overdue"})
    assert answer.headers["Location"] == f"{reverse(BOARD)}?outcome=overdue&about=tickets.ticket"


def test_many_need_no_more_queries_than_few(estate, clerk, supervisor):
    client, counted = client_of(supervisor), []
    owe_many(estate, clerk, NOW, 2)
    for _round in range(2):
        client.get(reverse(BOARD))  # warm
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(BOARD))
        counted.append(len(asked))
        owe_many(estate, clerk, NOW, 60)
    assert counted[0] == counted[1] <= 8


# --- handing over ------------------------------------------------------------------------------------------


def test_a_promise_goes_with_a_reason_and_its_receiver_hears_of_it(estate, clerk, cashier, supervisor, bare):
    row = owe(estate, clerk, NOW)
    values = {"promise": row, "by": supervisor, "now": NOW}
    with pytest.raises(Refused, match="reason"):
        handing.hand_over(to=cashier, reason=" ", **values)
    handing.hand_over(to=cashier, reason="on leave", **values)
    row.refresh_from_db()
    assert (row.owner, row.due_at) == (cashier, owe(estate, clerk, NOW).due_at)
    change = OwnerChange.objects.get()
    assert (change.was, change.to, change.by, change.reason) == (clerk, cashier, supervisor, "on leave")
    notice = Message.objects.get(staff=cashier)
    assert outbox.text(notice, "en")[0] == f"Handed over to you: {row.title}"
    assert (notice.subject_kind, notice.subject_id) == ("tests.matter", row.subject_id)


@pytest.mark.parametrize("wrong", ["role", "ended", "same", "elsewhere", "gone"])
def test_what_cannot_be_handed_over_says_why(estate, elsewhere, clerk, cashier, supervisor, bare, wrong):
    row, by, to = owe(estate, clerk, NOW), supervisor, cashier
    if wrong == "role":
        by = clerk
    elif wrong == "ended":
        promises.close([row], Promise.Outcome.KEPT, at=NOW, by=clerk)
    elif wrong == "same":
        to = clerk
    elif wrong == "elsewhere":
        to = make_staff("far", (elsewhere, "clerk"))
    else:
        to = make_staff("gone", (estate, "clerk"), is_active=False)
    with pytest.raises(Refused):
        handing.hand_over(promise=row, to=to, reason="leave", by=by, now=NOW)
    row.refresh_from_db()
    assert (row.owner, OwnerChange.objects.count()) == (clerk, 0)


def test_the_reason_stands_in_its_column_and_is_read_into_the_timeline(estate, clerk, cashier, supervisor):
    subject = matter(estate=estate)
    change = promises.hand_over(subject, cashier, was=clerk, reason="休假", by=supervisor, now=NOW)
    event = journal.record(
        "ticket.handed_over", subject=subject, by=supervisor, now=NOW,
        data={"to": cashier.name, "reason": journal.reason(change)},
    )  # fmt: skip
    event.refresh_from_db()
    assert "休假" not in str(event.data)
    assert journal.sentence(event) == "handed over to 何嘉欣: 休假"
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        OwnerChange.objects.update(reason="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        OwnerChange.objects.create(
            estate=estate, subject_kind="x", subject_id=1, to=cashier, reason="", by=clerk, at=NOW
        )


def bulk(staff, **values):
    return client_of(staff).post(reverse("office:board_hand_over"), values)


def test_several_are_previewed_and_handed_over(estate, clerk, cashier, supervisor, bare):
    rows = owe_many(estate, clerk, NOW, 3)
    picked = [row.pk for row in rows[:2]]
    preview = bulk(supervisor, pick=picked)
    assert (preview.status_code, preview.context["possible"]) == (200, 2)
    assert Promise.objects.filter(owner=cashier).count() == 0  # nothing has happened
    values = {"go": "1", "ids": preview.context["form"]["ids"].value(), "to": cashier.pk}
    assert bulk(supervisor, **values).status_code == 422  # no reason
    values |= {"reason": "leave", "form_key": preview.context["form"]["form_key"].value()}
    assert bulk(supervisor, **values).headers["Location"] == reverse(BOARD)
    assert set(Promise.objects.filter(owner=cashier).values_list("pk", flat=True)) == set(picked)
    assert [message.template for message in Message.objects.filter(staff=cashier)] == [
        "promise.many_handed_over"
    ]
    bulk(supervisor, **values)  # sent twice
    assert OwnerChange.objects.count() == 2


def test_all_that_match_are_handed_over_by_a_job_when_they_are_many(estate, clerk, cashier, supervisor, bare):
    rows = owe_many(estate, clerk, NOW, 60)
    promises.close(rows[:1], Promise.Outcome.KEPT, at=NOW, by=clerk)
    preview = bulk(supervisor, all_matching="1", query="kind=callback")
    assert preview.context["possible"] == 59 and preview.context["by_job"]
    ids = preview.context["form"]["ids"].value()
    promises.close([rows[1]], Promise.Outcome.KEPT, at=NOW, by=clerk)  # meanwhile
    answer = bulk(supervisor, go="1", ids=ids, to=cashier.pk, reason="leave")
    job = Job.objects.get()
    assert answer.headers["Location"] == reverse("office:job", args=[job.pk])
    jobs.run_waiting(NOW)
    job.refresh_from_db()
    assert (job.state, job.failed, job.errors[0]["row"]) == ("done", 1, rows[1].title)
    assert Promise.objects.filter(owner=cashier).count() == 58
    told = Message.objects.get(staff=cashier)
    assert told.data["count"] == 58
    # The worker died after the last row: another one begins again, and nothing happens twice.
    Job.objects.update(state="running", finished_at=None, claimed_until=NOW - HOUR, claim=None)
    jobs.run_waiting(NOW)
    job.refresh_from_db()
    assert (job.state, job.failed) == ("done", 1)
    assert OwnerChange.objects.count() == 58 and Message.objects.filter(staff=cashier).count() == 1


def test_what_is_refused_is_listed_by_its_row(estate, clerk, cashier, supervisor, bare):
    fine, over = owe_many(estate, clerk, NOW, 2)
    promises.close([over], Promise.Outcome.KEPT, at=NOW, by=clerk)
    answer = bulk(supervisor, go="1", ids=f"{fine.pk},{over.pk}", to=cashier.pk, reason="leave")
    assert answer.status_code == 200
    assert [line for line, _why in answer.context["refused"]] == [f"{over.title}, callback"]
    fine.refresh_from_db()
    assert fine.owner == cashier


def test_a_stranger_hands_nothing_over(estate, clerk, stranger, bare):
    row = owe(estate, clerk, NOW)
    assert bulk(stranger, go="1", ids=str(row.pk), to=stranger.pk, reason="x").status_code == 404
    assert client_of(stranger).get(reverse("office:promise_hand_over", args=[row.pk])).status_code == 404
