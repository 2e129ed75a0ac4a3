"""Escalation as the office sets it: dates of validity, kinds, ways out, and "seen, I take care" (SPEC §0, §1)."""

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from office import clocks, escalation, promises, reports, sweeps
from office.actions import escalation as acknowledging
from office.actions import settings as actions
from office.clocks import Steps
from office.models import DepartmentHead, EscalationRule, Event, Message, Posting, Promise, Seen
from office.models.promises import Measure
from office.refusals import Refused
from tests.cast import NOW, make_estate, make_staff
from tests.matters import KIND, RULE, SECOND, matter, owe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSES = time(17, 30)
FIELDS = {
    "hour_minutes": 15, "closing_hours": 2, "day_time": time(9), "director_hours_short": 1, "director_hours": 24,
    "directors": {}, "email_from": 0, "sms_from": 0,
}  # fmt: skip

zones = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
facts = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
settings = st.builds(
    Steps,
    hour_warning=st.integers(0, 1440).map(lambda n: timedelta(minutes=n)),
    closing_warning=st.integers(0, 23).map(lambda n: timedelta(hours=n)),
    day_time=st.times().map(lambda clock: clock.replace(microsecond=0)),
    director_short=st.integers(1, 720).map(lambda n: timedelta(hours=n)),
    director=st.integers(1, 720).map(lambda n: timedelta(hours=n)),
)
limits = st.one_of(
    st.tuples(st.integers(1, 400), st.sampled_from([Measure.HOURS, Measure.DAYS, Measure.MONTHS])),
    st.just((0, Measure.SAME_DAY)),
)


def change(estate, admin, *, now=NOW, valid_from=None, **values):
    return actions.change_escalation(
        estate=estate, values={**FIELDS, **values}, valid_from=valid_from or now, by=admin, now=now
    )


@pytest.fixture
def head(estate, lead, supervisor, director):
    """Who heads the front desk."""
    head = make_staff("head", (estate, "clerk"), phone="13900139000", email="head@example.org")
    DepartmentHead.objects.update_or_create(
        estate=estate, department="front_desk", defaults={"head": head, "deputy": None}
    )
    return head


def told(**about):
    rows = Message.objects.filter(**about).order_by("pk")
    return [(row.template, row.staff.username) for row in rows.select_related("staff")]


# --- times with any settings -------------------------------------------------------------------------------


@given(facts, limits, zones, settings)
def test_settings_move_warnings_and_the_director_but_never_the_due_time(fact, counted, zone, steps):
    amount, measure = counted
    values = {
        "fact_at": fact,
        "amount": amount,
        "measure": measure,
        "zone": zone,
        "closes_at": CLOSES,
    }
    plain, edited = clocks.limit(**values), clocks.limit(**values, steps=steps)
    assert edited.due_at == plain.due_at
    assert edited.warn_at <= edited.due_at < edited.director_at
    short = measure == Measure.HOURS and amount <= 1
    warn, due, late = (at.astimezone(UTC) for at in (edited.warn_at, edited.due_at, edited.director_at))
    assert late - due == (
        steps.director_short if short else steps.director
    )  # hours that pass, not clock hands
    if measure == Measure.HOURS:
        assert due - warn == steps.hour_warning


@given(facts, st.integers(0, 30), settings)
def test_a_day_limit_is_announced_at_the_hour_set_of_its_due_day(fact, days, steps):
    zone = ZoneInfo("Asia/Shanghai")
    found = clocks.limit(
        fact_at=fact, amount=days, measure=Measure.DAYS, zone=zone, closes_at=CLOSES, steps=steps
    )
    local = found.warn_at.astimezone(zone)
    assert local.time() == steps.day_time
    assert local.date() == clocks.local_date(fact, zone) + timedelta(days=days)


def test_the_specification_holds_where_nothing_is_set(estate, clerk):
    assert promises.escalation_at(estate.pk, NOW) is None
    assert promises.steps_of(None) == promises.steps_of(EscalationRule(**FIELDS)) == clocks.SPECIFIED


# --- dates of validity -------------------------------------------------------------------------------------


def test_only_promises_whose_fact_comes_later_climb_by_the_new_times(estate, clerk, admin):
    old = owe(estate, clerk, NOW - DAY)
    begins = NOW + DAY
    change(estate, admin, valid_from=begins, day_time=time(8), director_hours=6)
    before, after = owe(estate, clerk, begins - SECOND), owe(estate, clerk, begins)
    keyed_late = owe(estate, clerk, begins - SECOND, now=begins + 9 * DAY)
    zone = estate.zone
    for promise, clock, hours in ((old, 9, 24), (before, 9, 24), (keyed_late, 9, 24), (after, 8, 6)):
        promise.refresh_from_db()
        assert promise.warn_at.astimezone(zone).hour == clock
        assert promise.director_at - promise.due_at == hours * HOUR


def test_the_sweep_follows_the_settings_second_by_second(estate, clerk, admin, head, director):
    change(estate, admin, day_time=time(7, 30), director_hours=2)
    promise = owe(estate, clerk, NOW)
    for moment, template, who in (
        (promise.warn_at, "promise.warn", "clerk"),
        (promise.due_at, "promise.head", "head"),
        (promise.due_at + 2 * HOUR, "promise.director", "director"),
    ):
        assert escalation.climb(KIND, moment - SECOND).done == 0
        assert escalation.climb(KIND, moment).done == 1
        assert told()[-1] == (template, who)


@pytest.mark.parametrize(
    ("kind", "rule", "wanted"), [(KIND, RULE, False), ("arrival", "arrival", True)], ids=["off", "on"]
)
def test_an_estate_decides_which_kinds_reach_the_director(
    estate, elsewhere, clerk, admin, kind, rule, wanted
):
    assert promises.KINDS[kind].climbs_to_director is not wanted
    agreed = NOW + HOUR if kind == "arrival" else None
    change(estate, admin, directors={kind: wanted})
    mine = owe(estate, clerk, NOW, kind=kind, rule=rule, agreed=agreed)
    theirs = owe(elsewhere, clerk, NOW, kind=kind, rule=rule, agreed=agreed)
    assert (mine.director_at is not None) is wanted
    assert (theirs.director_at is not None) is not wanted


def test_a_promise_is_made_with_two_statements_whatever_is_set(
    estate, clerk, admin, django_assert_num_queries
):
    change(estate, admin, hour_minutes=30)
    subject = matter()
    with django_assert_num_queries(2):
        owe(estate, clerk, NOW, subject=subject)
    assert owe(estate, clerk, NOW, subject=subject).sequence == 2


@pytest.mark.parametrize(
    "values", [{"valid_from": NOW - SECOND, "hour_minutes": 5}, {}], ids=["past", "same"]
)
def test_what_is_no_change_is_refused(estate, admin, values):
    with pytest.raises(Refused):
        change(estate, admin, **values)
    assert not EscalationRule.objects.exists()


def test_a_change_says_what_it_changed_and_by_whom(estate, admin):
    row = change(estate, admin, hour_minutes=30, sms_from=2)
    event = Event.objects.get(verb="escalation.changed")
    assert (event.subject_id, event.by_id) == (row.pk, admin.pk)
    assert event.data["old"] == {"hour_minutes": 15, "sms_from": 0}
    assert event.data["new"] == {"hour_minutes": 30, "sms_from": 2}
    change(estate, admin, hour_minutes=45)  # for the same moment: replaced
    assert EscalationRule.objects.get().hour_minutes == 45


@pytest.mark.parametrize(
    "values", [{"hour_minutes": 1441}, {"closing_hours": 24}, {"director_hours": 0}, {"email_from": 4}]
)
def test_the_database_holds_the_bounds(estate, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        EscalationRule.objects.create(estate=estate, valid_from=NOW, **{**FIELDS, **values})


# --- by which ways -----------------------------------------------------------------------------------------


def channels():
    return sorted(Message.objects.exclude(channel="desk").values_list("channel", "template", "address"))


def test_from_the_step_set_a_message_goes_to_whom_has_an_address(estate, clerk, admin, head, director):
    change(estate, admin, email_from=2, sms_from=3)
    director.phone, director.email = "13700137000", ""
    director.save()
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    assert channels() == [
        ("email", "promise.head", "head@example.org"),
        ("sms", "promise.director", "13700137000"),
    ]
    assert Message.objects.filter(channel="desk").count() == 3
    assert escalation.climb(KIND, promise.director_at).done == 0


def test_another_estates_switch_rings_nobody_here(estate, elsewhere, clerk, admin, head):
    change(elsewhere, admin, email_from=1, sms_from=1)
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.director_at)
    assert channels() == []


def test_a_message_waits_for_the_morning_unless_an_hour_is_at_stake(estate, clerk, admin, head):
    """A day's limit ends at midnight: the bell rings then, the telephone at eight. An hour's limit does not wait."""
    change(estate, admin, sms_from=2)
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.due_at)
    sms = Message.objects.get(channel="sms")
    assert f"{sms.send_after.astimezone(estate.zone):%H:%M}" == "08:00"
    assert Message.objects.get(channel="desk", template="promise.head").send_after == promise.due_at
    assert sweeps.run("messages", promise.due_at).done == 2
    sms.refresh_from_db()
    assert sms.state == "queued"

    night = promise.due_at + HOUR
    urgent = owe(
        estate, clerk, night, kind="waiting", rule="waiting", agreed=night + HOUR, department="front_desk"
    )
    escalation.climb("waiting", urgent.due_at)
    sms = Message.objects.get(channel="sms", subject_id=urgent.subject_id)
    assert sms.send_after == urgent.due_at
    assert sweeps.run("messages", urgent.due_at).failed == 0
    sms.refresh_from_db()
    assert sms.state == "sent"


# --- seen, I take care -------------------------------------------------------------------------------------


def climbed(estate, clerk, step=2, **values):
    promise = owe(estate, clerk, NOW, **values)
    escalation.climb(promise.kind, promise.due_at if step == 2 else promise.director_at)
    promise.refresh_from_db()
    return promise


def see(promise, by):
    return acknowledging.see(promise=promise, by=type(by).objects.get(pk=by.pk), now=NOW + 3 * DAY)


def test_who_was_told_says_so_once_and_it_stops_no_clock(estate, clerk, head, director):
    promise = climbed(estate, clerk)
    row = see(promise, head)
    assert (row.step, row.by, row.at) == (2, head, NOW + 3 * DAY)
    with pytest.raises(Refused, match="already"):
        see(promise, head)
    event = Event.objects.get(verb="promise.seen")
    assert (event.subject_kind, event.subject_id) == (promise.subject_kind, promise.subject_id)
    assert escalation.climb(KIND, promise.director_at).done == 1
    promise.refresh_from_db()
    assert promise.is_open and promise.level == 3
    assert see(promise, director).step == 3


@pytest.mark.parametrize("who", ["clerk", "lead", "cashier", "auditor", "admin"])
def test_it_is_not_for_those_it_has_not_reached(request, estate, clerk, head, who):
    promise = climbed(estate, clerk, 3)
    with pytest.raises(Refused, match="has not climbed to you"):
        see(promise, request.getfixturevalue(who))
    assert not Seen.objects.exists()


def test_a_supervisor_answers_for_the_head_and_for_a_director_only_where_there_is_none(
    estate, clerk, head, supervisor, director
):
    promise = climbed(estate, clerk, 3)
    assert see(promise, supervisor).step == 2
    director.is_active = False
    director.save()
    assert see(promise, supervisor).step == 3


def test_not_before_it_climbed_and_not_after_it_is_over(estate, clerk, head):
    promise = owe(estate, clerk, NOW)
    with pytest.raises(Refused):
        see(promise, head)
    over = climbed(estate, clerk)
    promises.close([over], Promise.Outcome.KEPT, at=NOW + 4 * DAY, by=clerk)
    with pytest.raises(Refused, match="over"):
        see(over, head)


def test_what_was_seen_stays_seen(estate, clerk, head):
    row = see(climbed(estate, clerk), head)
    with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
        Seen.objects.filter(pk=row.pk).update(at=NOW)


def test_two_presses_at_once_are_one(own_db):
    estate = make_estate()
    clerk, head = make_staff("clerk", (estate, "clerk")), make_staff("head", (estate, "supervisor"))
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.due_at)
    answers = []

    def press():
        try:
            see(promise, head)
            answers.append("seen")
        except Refused:
            answers.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == ["refused"] * 3 + ["seen"]
    assert Seen.objects.count() == 1


def test_running_a_reminder_twice_at_once_does_everything_once(own_db):
    """ "Run now" from two pages: each finds what is due, one does it; the history counts both runs."""
    estate = make_estate()
    clerk = make_staff("clerk", (estate, "clerk"))
    make_staff("supervisor", (estate, "supervisor"))
    due = [owe(estate, clerk, NOW) for _ in range(20)][-1].due_at
    done = []

    def run():
        try:
            done.append(sweeps.run(KIND, due).done)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(done) == 40
    assert Message.objects.count() == 40
    from office.models import SweepFailure, SweepHour

    assert SweepHour.objects.get(name=KIND).runs == 2
    assert not SweepFailure.objects.exists()


# --- the page of the matter, the bell, home ----------------------------------------------------------------


def test_the_story_of_a_matter_names_everybody_in_order(estate, clerk, admin, head, director):
    change(estate, admin, email_from=2)
    subject = matter()
    promise = climbed(estate, clerk, 3, subject=subject)
    see(promise, head)
    first, second, third = escalation.story(subject, director)
    assert [step.told for step in (first, second, third)] == [["May Chan"], ["head"], ["Cheung Tsang"]]
    assert [step.channels for step in (first, second, third)] == [[], ["email"], []]
    assert (second.seen.by, second.may_see) == (head, False)
    assert (third.seen, third.may_see) == (None, True)


def test_a_step_that_found_nobody_stands_there_all_the_same(estate, clerk):
    subject = matter()
    owed = owe(estate, clerk, NOW, subject=subject)
    DepartmentHead.objects.all().delete()
    Posting.objects.all().delete()
    escalation.climb(KIND, owed.due_at)
    assert [step.told for step in escalation.story(subject, clerk)] == [[], []]


def test_one_press_on_the_bell_and_back_to_it(estate, clerk, head, sign_in):
    promise = climbed(estate, clerk)
    client = sign_in(head)
    page = client.get("/office/bell/")
    address = f"/office/promises/{promise.pk}/seen/"
    assert address in page.content.decode()
    answer = client.post(address, {"next": "/office/bell/"}, follow=True)
    assert answer.redirect_chain == [("/office/bell/", 302)]
    assert "seen by head" in answer.content.decode()
    assert address not in answer.content.decode()


def test_those_chosen_on_the_board_that_reached_one_are_noted_and_shown(
    estate, clerk, head, supervisor, sign_in
):
    mine, quiet = climbed(estate, clerk), owe(estate, clerk, NOW + 9 * DAY)
    done = climbed(estate, clerk)
    see(done, head)
    client = sign_in(supervisor)
    values = {"pick": [mine.pk, quiet.pk, done.pk], "query": ""}
    page = client.post("/office/promises/seen/", values, follow=True).content.decode()
    assert "you take care of 1 promise" in page and "2 promises have not climbed to you" in page
    assert list(Seen.objects.order_by("pk").values_list("promise", "by")) == [
        (done.pk, head.pk),
        (mine.pk, supervisor.pk),
    ]
    assert "Ngaman Lam" in page
    assert not Seen.objects.filter(promise=quiet).exists()


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", "javascript:alert(1)", "", "\0"])
def test_the_way_back_never_leaves_the_house(estate, clerk, head, sign_in, back):
    promise = climbed(estate, clerk)
    answer = sign_in(head).post(f"/office/promises/{promise.pk}/seen/", {"next": back})
    assert answer.headers["Location"] == "/"


def test_a_stranger_finds_no_promise_of_ours(estate, clerk, head, stranger, sign_in):
    promise = climbed(estate, clerk)
    assert sign_in(stranger).post(f"/office/promises/{promise.pk}/seen/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/office/bell/"])
def test_any_number_of_climbed_promises_is_the_same_number_of_queries(
    estate, clerk, supervisor, sign_in, path
):
    from django.test.utils import CaptureQueriesContext

    client, counts = sign_in(supervisor), []
    for _more in range(2):
        for _ in range(3):
            see(climbed(estate, clerk), supervisor)
            climbed(estate, clerk)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- trying a rule out -------------------------------------------------------------------------------------


def test_a_preview_counts_what_stays_and_what_would_have_been(estate, clerk):
    """Two days are in force. With one day the promise kept on the second day would have been late."""
    for day, kept_after in ((10, 1), (9, 2), (8, 3), (1, None), (20, None)):
        promise = owe(estate, clerk, NOW - day * DAY)
        if kept_after:
            promises.close([promise], Promise.Outcome.KEPT, at=promise.fact_at + kept_after * DAY, by=clerk)
    owe(estate, clerk, NOW - 40 * DAY)  # too long ago to be counted, and still open
    found = reports.rule_preview(estate, KIND, RULE, 1, Measure.DAYS, NOW + DAY, NOW)
    assert found.still_open == 3
    assert (found.before.on_time, found.before.late, found.before.running) == (2, 2, 1)
    assert (found.after.on_time, found.after.late, found.after.running) == (1, 3, 1)
    assert found.moved == 5
    assert found.new.due_at == found.old.due_at - DAY


def test_what_is_previewed_is_what_happens(estate, clerk, admin):
    found = reports.rule_preview(estate, KIND, RULE, 5, Measure.DAYS, NOW, NOW)
    actions.change_rule(estate=estate, key=RULE, amount=5, measure="days", valid_from=NOW, by=admin, now=NOW)
    promise = owe(estate, clerk, found.example_at)
    assert (promise.warn_at, promise.due_at, promise.director_at) == (
        found.new.warn_at,
        found.new.due_at,
        found.new.director_at,
    )


@pytest.mark.parametrize("role", ["admin", "director", "supervisor", "auditor"])
def test_the_preview_page_changes_nothing(estate, clerk, request, sign_in, role):
    from office.models import PromiseRule

    owe(estate, clerk, NOW)
    before = list(PromiseRule.objects.order_by("pk").values())
    values = {"amount": 1, "measure": "days", "valid_from": "2099-01-01"}
    page = sign_in(request.getfixturevalue(role)).get(f"/office/settings/rules/{RULE}/", values)
    assert page.status_code == 200
    assert page.context["preview"]["still_open"] == 1
    assert list(PromiseRule.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "values",
    [
        {"amount": "0"},
        {"amount": "x"},
        {"amount": "99999999999"},
        {"measure": "at"},
        {"measure": "\0"},
        {"valid_from": "31-31-31"},
    ],
)
def test_a_preview_of_nonsense_says_so(estate, admin, sign_in, values):
    typed = {"amount": 1, "measure": "days", "valid_from": "2099-01-01", **values}
    page = sign_in(admin).get(f"/office/settings/rules/{RULE}/", typed)
    assert (page.status_code, page.context["preview"]) == (422, None)


TYPED = {
    "hour_minutes": 20, "closing_hours": 3, "day_time": "08:30", "director_hours_short": 2, "director_hours": 12,
    "valid_from": "2099-01-01", "directors": [KIND], "email_from": 2, "sms_from": 0,
}  # fmt: skip


def test_escalation_is_announced_and_shown(estate, director, sign_in):
    client = sign_in(director)
    page = client.get("/office/settings/escalation/", TYPED)
    assert page.context["preview"]["rows"][2]["clocks"][0]["new"] == "2099-01-04 08:30"
    assert not EscalationRule.objects.exists()
    assert client.post("/office/settings/escalation/", TYPED).status_code == 302
    row = EscalationRule.objects.get(estate=estate)
    assert (row.hour_minutes, row.day_time, row.email_from) == (20, time(8, 30), 2)
    assert row.directors.get("callback") is None and row.directors["water_test"] is False
    page = client.get("/office/settings/escalation/")
    assert page.context["history"][0]["state"] == "announced"
    assert "Cheung" in page.context["history"][0]["by"] or "曾慶祥" in page.context["history"][0]["by"]


@pytest.mark.parametrize(
    "values",
    [
        {"hour_minutes": "-1"}, {"hour_minutes": "1441"}, {"closing_hours": "24"}, {"day_time": "25:00"},
        {"director_hours": "0"}, {"valid_from": "2001-01-01"}, {"directors": ["nonsense"]}, {"email_from": "9"},
        {"sms_from": ""}, {"day_time": "\0"},
    ],
)  # fmt: skip
def test_an_escalation_that_cannot_be_is_422(estate, admin, sign_in, values):
    answer = sign_in(admin).post("/office/settings/escalation/", {**TYPED, **values})
    assert answer.status_code == 422
    assert not EscalationRule.objects.exists()


# --- the machine that sleeps -------------------------------------------------------------------------------


def silence(client):
    page = client.get("/office/profile/").content.decode()
    return 'id="silence"' in page and "hidden" not in page.split('id="silence"')[1].split(">")[0]


@pytest.mark.parametrize(("seconds", "said"), [(119, False), (121, True), (-7200, False)])
def test_everybody_hears_when_nothing_has_swept_for_two_minutes(clerk, sign_in, seconds, said):
    sweeps.run("housekeeping")
    _ago(seconds)
    client = sign_in(clerk)
    assert silence(client) is said
    assert bool(client.get("/office/pulse/").json()["silence"]) is said


def test_an_office_that_never_swept_counts_from_its_first_account(clerk, sign_in):
    client = sign_in(clerk)
    assert not silence(client)
    type(clerk).objects.update(created_at=datetime.now(UTC) - timedelta(minutes=3))
    assert silence(client)
    assert "3 minutes" in client.get("/office/pulse/").json()["silence"]


def _ago(seconds):
    from office.models import SweepRun

    SweepRun.objects.update(finished_at=datetime.now(UTC) - timedelta(seconds=seconds))


# --- the reminders centre ----------------------------------------------------------------------------------


def test_a_failed_row_stands_with_its_matter_and_is_tried_again(
    estate, elsewhere, clerk, supervisor, sign_in, monkeypatch
):
    bad = owe(estate, clerk, NOW - 9 * DAY, title="R2026-000007 3-2-1201")
    theirs = owe(elsewhere, clerk, NOW - 9 * DAY, title="elsewhere")
    monkeypatch.setattr(escalation, "UNCHANGED", "AND 1 / (CASE WHEN TRUE THEN 0 ELSE 1 END) = 1")
    client = sign_in(supervisor)
    answer = client.post(f"/office/reminders/{KIND}/run/", follow=True)
    assert "2 found, 0 done, 2 failed" in answer.content.decode()
    for path in ("/office/reminders/", f"/office/reminders/{KIND}/"):
        page = client.get(path)
        (row,) = page.context["failures"]
        assert (row["title"], row["tries"]) == (bad.title, 1)
        assert "division by zero" in row["error"] and row["again"]
        assert theirs.title not in page.content.decode()
    monkeypatch.undo()
    client.post(f"/office/reminders/{KIND}/run/")
    assert client.get("/office/reminders/").context["failures"] == []


def test_a_dry_run_on_the_page_tells_the_step_and_the_person_and_writes_nothing(
    estate, clerk, head, supervisor, sign_in
):
    owe(estate, clerk, NOW - 9 * DAY, title="R2026-000007 3-2-1201")
    page = sign_in(supervisor).get(f"/office/reminders/{KIND}/")
    assert [(line["step"], line["told"]) for line in page.context["coming"]] == [
        ("warning", "May Chan"),
        ("to the head of the department", "head"),
        ("to the director", "Cheung Tsang"),
    ]
    assert not Message.objects.exists() and not Promise.objects.exclude(level=0).exists()


def test_the_centre_asks_no_more_for_more_rows(estate, clerk, supervisor, sign_in):
    from django.test.utils import CaptureQueriesContext

    client, counts = sign_in(supervisor), {}
    for count in (2, 6):
        for _ in range(count):
            owe(estate, clerk, NOW - 9 * DAY)
        for path in ("/office/reminders/", f"/office/reminders/{KIND}/", "/office/settings/"):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.setdefault(path, []).append(len(queries))
    assert all(first == second for first, second in counts.values()), counts


def test_every_reminder_stands_under_a_workflow_and_opens(db, supervisor, sign_in):
    client = sign_in(supervisor)
    page = client.get("/office/reminders/")
    shown = [row["sweep"].name for _workflow, rows in page.context["workflows"] for row in rows]
    assert sorted(shown) == sorted(sweeps.REGISTRY)
    for name in shown:
        assert client.get(f"/office/reminders/{name}/").status_code == 200, name
    assert client.get("/office/reminders/nonsense/").status_code == 404
    assert client.post("/office/reminders/nonsense/run/").status_code == 404


def test_a_dry_run_of_the_outbox_says_what_would_leave(estate, clerk, head, supervisor, sign_in):
    promise = owe(estate, clerk, NOW)
    escalation.climb(KIND, promise.due_at)
    foreseen = sweeps.foresee("messages", promise.due_at, [estate.pk])
    assert foreseen.count == 2
    assert [row.told for row in foreseen.rows] == [("May Chan",), ("head",)]
    assert sweeps.run("messages", promise.due_at).done == 2
    assert sweeps.foresee("messages", promise.due_at, [estate.pk]).count == 0


def test_a_residents_message_is_not_foreseen_in_quiet_hours(estate):
    night = NOW.replace(hour=23)
    values = {"estate": estate, "template": "job.done", "made_at": night, "send_after": night}
    Message.objects.create(channel="sms", address="13800138000", dedupe_key="a", **values)
    assert sweeps.foresee("messages", night, [estate.pk]).count == 0
    assert sweeps.foresee("messages", night + 10 * HOUR, [estate.pk]).count == 1


def test_messages_and_jobs_that_came_to_no_good_end_stand_among_the_failures(
    estate, elsewhere, clerk, supervisor, sign_in
):
    from office.models import Job

    values = {
        "channel": "sms",
        "template": "job.done",
        "made_at": NOW,
        "send_after": NOW + HOUR,
        "attempts": 2,
    }
    Message.objects.create(estate=estate, dedupe_key="a", error="503", **values)
    Message.objects.create(estate=elsewhere, dedupe_key="b", error="504", **values)
    Job.objects.create(
        kind="walk", title="Walk", estate=estate, by=clerk, made_at=NOW, state="failed",
        finished_at=datetime.now(UTC), error="lost its way",
    )  # fmt: skip
    rows = sign_in(supervisor).get("/office/reminders/").context["failures"]
    assert [(row["name"], row["error"]) for row in rows] == [("messages", "503"), ("jobs", "lost its way")]
    assert rows[1]["again"] == "not by itself"
