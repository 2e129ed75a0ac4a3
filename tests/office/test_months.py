"""月度統計分析: drafted once, written, signed twice, filed as it was issued (SPEC §4.8)."""

import io
import threading
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.urls import reverse
from pypdf import PdfReader

from office import files, journal, month_end, months, sweeps
from office.actions import months as actions
from office.models import Estate, Event, Message, MonthReport, Promise
from office.refusals import Refused, Stale
from tests.cast import NOW, ZONE, client_of, make_estate, make_staff, make_unit

MARCH = date(2026, 3, 1)
FIRST = datetime(2026, 4, 1, tzinfo=ZONE)  # 00:00 of the 1st
SECOND = timedelta(seconds=1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def opened(estate, at=NOW):
    """The estate has been at work since `at`."""
    with transaction.atomic():
        journal.record("estate.created", subject=estate, kind="office.estate", text=estate.code, by=None, now=at, estate_id=estate.pk)  # fmt: skip


def draft(estate, month=MARCH, now=FIRST):
    return actions.draft(estate=estate, month=month, now=now)[0]


def mark(report):
    return months.mark(months.figures_of(report))


def sign(report, by, now=FIRST, **values):
    return actions.sign(report=report, mark=mark(report), by=by, now=now, **values)


def take(estate, by, n, code="TAP"):
    """`n` repairs of one kind at one flat in March."""
    from tickets import actions as repairs
    from tickets.models import Category

    unit = make_unit(estate, "3-2-1201")
    category = Category.objects.get(estate=estate, code=code)
    for day in range(n):
        at = NOW + timedelta(days=day)
        repairs.take(estate=estate, category=category, problem="漏", unit=unit, by=by, now=at)


# --- by itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "drafted"), [(-SECOND, 0), (timedelta(0), 1), (SECOND, 1)])
def test_the_draft_comes_with_the_first_of_the_month_at_the_estate(estate, at, drafted):
    opened(estate)
    assert month_end.draft_due(FIRST + at).done == drafted
    assert list(MonthReport.objects.values_list("month", flat=True)) == [MARCH][:drafted]


def test_each_estate_has_its_own_first(estate):
    opened(estate)
    tokyo = make_estate("TK", time_zone="Asia/Tokyo")
    opened(tokyo)
    assert month_end.draft_due(FIRST - SECOND).done == 1
    assert MonthReport.objects.get().estate == tokyo
    assert month_end.draft_due(FIRST).done == 1


def test_running_it_again_drafts_nothing(estate):
    opened(estate)
    month_end.draft_due(FIRST)
    again = month_end.draft_due(FIRST + timedelta(days=9))
    assert (again.found, again.done) == (0, 0)
    assert Promise.objects.filter(kind="month_report").count() == 1


def test_an_outage_of_months_is_caught_up_and_an_estate_reports_nothing_from_before_it_was(estate):
    opened(estate)
    month_end.draft_due(FIRST)
    month_end.draft_due(FIRST + timedelta(days=95))  # nothing ran in May, June, and early July
    drafted = MonthReport.objects.order_by("month").values_list("month", flat=True)
    assert [month.month for month in drafted] == [3, 4, 5, 6]
    new = make_estate("NEW")
    opened(new, FIRST)
    assert month_end.draft_due(FIRST).done == 0  # it had no March
    Estate.objects.filter(pk=new.pk).update(is_active=False)
    assert month_end.draft_due(FIRST + timedelta(days=200)).found == 3


def test_it_is_owed_by_day_five_and_climbs_like_every_promise(estate, supervisor, director):
    draft(estate)
    promise = Promise.objects.get(kind="month_report")
    assert (promise.owner, promise.fact_at) == (supervisor, FIRST)
    assert promise.due_at == datetime(2026, 4, 6, tzinfo=ZONE)  # 24:00 of the 5th
    assert promise.warn_at == datetime(2026, 4, 5, 9, tzinfo=ZONE)
    assert Message.objects.get(template="month.draft").staff == supervisor
    sweeps.run("month_report", promise.due_at)
    assert Message.objects.filter(template="promise.head").exists()


def test_what_the_sweep_would_do_is_seen_beforehand(estate, django_assert_num_queries):
    opened(estate)
    seen = sweeps.REGISTRY["month_draft"].preview(FIRST, [estate.pk], 10)
    assert (seen.count, MonthReport.objects.count()) == (1, 0)
    assert sweeps.REGISTRY["month_draft"].preview(FIRST, [], 10).count == 0


# --- written and signed ----------------------------------------------------------------------------------------


def test_a_recurring_issue_forces_its_analysis(estate, supervisor, clerk):
    take(estate, clerk, 3)
    report = draft(estate)
    (issue,) = months.issues_of(months.figures_of(report))
    assert (issue["count"], issue["where"]) == (3, "3-2-1201")
    with pytest.raises(Refused, match="written analysis"):
        sign(report, supervisor)
    report = actions.save(report=report, texts={}, analyses={issue["key"]: "  "}, by=supervisor, now=FIRST)
    with pytest.raises(Refused, match="written analysis"):
        sign(report, supervisor)
    report = actions.save(
        report=report, texts={}, analyses={issue["key"]: "配件老化"}, by=supervisor, now=FIRST
    )
    assert sign(report, supervisor).state == "signed"


def test_how_often_is_recurring_is_the_estates_setting(estate, clerk):
    take(estate, clerk, 3)
    assert len(months.issues_of(months.compose(estate, MARCH))) == 1
    estate.recurring_count = 4
    assert months.issues_of(months.compose(estate, MARCH)) == []


def test_figures_live_until_the_signature_and_stand_from_then_on(estate, supervisor, clerk):
    report = draft(estate)
    take(estate, clerk, 1)
    old = mark(report)
    assert months.figures_of(report)["parts"][0]["facts"][0]["value"] == 1
    take_another(estate, clerk)
    with pytest.raises(Refused, match="have changed"):
        actions.sign(report=report, mark=old, by=supervisor, now=FIRST)
    report = sign(report, supervisor)
    take_another(estate, clerk)
    assert months.figures_of(report)["parts"][0]["facts"][0]["value"] == 2
    assert months.compose(estate, MARCH)["parts"][0]["facts"][0]["value"] == 3


def take_another(estate, by):
    from tickets import actions as repairs
    from tickets.models import Category

    category = Category.objects.get(estate=estate, code="LAMP")
    repairs.take(estate=estate, category=category, problem="不亮", place="大堂", by=by, now=NOW)


def test_the_signature_passes_it_to_director_under_a_promise_of_its_own(estate, supervisor, director):
    report = sign(draft(estate), supervisor, signature=PNG)
    assert Promise.objects.get(kind="month_report").outcome == "kept"
    owed = Promise.objects.get(kind="month_decision")
    assert (owed.owner, owed.outcome) == (director, "open")
    assert Message.objects.get(template="month.signed").staff == director
    assert files.of(report).get().kind == "signature"
    issued = actions.issue(report=report, by=director, now=FIRST + timedelta(hours=2))
    assert (issued.state, issued.issued_by) == ("issued", director)
    assert Message.objects.get(template="month.issued").staff == supervisor
    assert not Promise.objects.open().exists()


def test_sent_back_it_is_written_again_on_live_figures(estate, supervisor, director):
    report = sign(draft(estate), supervisor, signature=PNG)
    later = FIRST + timedelta(days=1)
    report = actions.send_back(report=report, reason="寫明原因", by=director, now=later)
    assert (report.state, report.figures, report.signed_by) == ("sent_back", None, None)
    assert not files.of(report).exists()  # the signature stood under other figures
    again = Promise.objects.get(kind="month_report", outcome="open")
    assert (again.owner, again.sequence, again.rule_key) == (supervisor, 2, "month_again")
    assert Message.objects.get(template="month.sent_back").staff == supervisor
    report = sign(report, supervisor, now=later)
    actions.issue(report=report, by=director, now=later)
    assert not Promise.objects.open().exists()


def test_nobody_signs_for_both(estate, supervisor, director):
    report = sign(draft(estate), director)
    with pytest.raises(Refused, match="somebody else"):
        actions.issue(report=report, by=director, now=FIRST)
    actions.send_back(report=report, reason="由主管簽署", by=director, now=FIRST)


def test_a_director_alone_at_an_estate_signs_both(estate, director):
    report = sign(draft(estate), director)
    assert actions.issue(report=report, by=director, now=FIRST).state == "issued"


@pytest.mark.parametrize("role", ["clerk", "lead", "auditor", "admin", "finance"])
def test_others_sign_nothing(estate, cast, role):
    report = draft(estate)
    with pytest.raises(Refused, match="role"):
        sign(report, cast[role])
    report = sign(report, cast["supervisor"])
    for person in (cast[role], cast["supervisor"]):
        with pytest.raises(Refused, match="role"):
            actions.issue(report=report, by=person, now=FIRST)


def test_an_old_page_changes_nothing(estate, supervisor):
    report = draft(estate)
    saved = actions.save(
        report=report, texts={"summary": "一"}, analyses={}, by=supervisor, now=FIRST, version=1
    )
    with pytest.raises(Stale):
        actions.save(report=report, texts={"summary": "二"}, analyses={}, by=supervisor, now=FIRST, version=1)
    assert (saved.version, MonthReport.objects.get().texts) == (2, {"summary": "一"})


# --- filed -----------------------------------------------------------------------------------------------------


@pytest.fixture
def issued(estate, supervisor, director):
    report = sign(draft(estate), supervisor, signature=PNG)
    return actions.issue(report=report, by=director, now=FIRST)


def test_the_sweep_files_what_is_issued_once(issued):
    assert month_end.file_issued(FIRST).done == 1
    assert month_end.file_issued(FIRST).found == 0
    issued.refresh_from_db()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(issued.file.content.read())).pages)
    assert "2026-03" in text and "林雅文" in text and "曾慶祥" in text
    assert (issued.file.kind, issued.file.subject_id) == ("month_report", issued.pk)


def test_the_database_lets_nothing_of_an_issued_report_change(issued):
    for change in (
        {"texts": {"summary": "x"}},
        {"state": "draft"},
        {"figures": {"parts": []}},
        {"version": 99},
    ):
        with pytest.raises(DatabaseError, match="stands as it is"), transaction.atomic():
            MonthReport.objects.filter(pk=issued.pk).update(**change)
    with pytest.raises(DatabaseError, match="not deleted"), transaction.atomic():
        MonthReport.objects.filter(pk=issued.pk).delete()
    month_end.file_issued(FIRST)
    with pytest.raises(DatabaseError, match="stands as it is"), transaction.atomic():
        MonthReport.objects.filter(pk=issued.pk).update(file=None)


def test_a_copy_says_that_it_is_one_and_shows_the_frozen_figures(issued, auditor, clerk, estate):
    take_another(estate, clerk)
    address = reverse("office:month_pdf", args=[issued.pk])
    text = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(client_of(auditor).get(f"{address}?language=en").content)).pages
    )  # fmt: skip
    assert "printed again" in text and "Repairs reported" in text
    assert client_of(auditor).get(f"{address}?language=xx").status_code == 404


# --- two at once -----------------------------------------------------------------------------------------------


def race(*calls):
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait()
        try:
            answers.append(call())
        except (Refused, DatabaseError) as refusal:
            answers.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def both_sign(monkeypatch):
    """Two supervisors sign the same draft; each would go on only once the other is as far, had it not the lock."""
    estate = make_estate()
    people = [make_staff(name, (estate, "supervisor")) for name in ("one", "two")]
    report, gate, compose = draft(estate), threading.Barrier(2), months.compose
    signed = mark(report)

    def meet(*values):
        try:
            gate.wait(1)
        except threading.BrokenBarrierError:
            pass  # the other waits at the lock
        return compose(*values)

    monkeypatch.setattr(months, "compose", meet)
    return race(*[lambda by=by: actions.sign(report=report, mark=signed, by=by, now=FIRST) for by in people])


def test_two_sign_at_once_and_one_has_signed(own_db, monkeypatch):
    answers = both_sign(monkeypatch)
    assert sorted(isinstance(answer, Refused) for answer in answers) == [False, True]
    assert Promise.objects.filter(kind="month_decision").count() == 1
    assert Event.objects.filter(verb="month.signed").count() == 1


def test_twin_without_the_lock_nobody_is_refused(own_db, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **values: rows)
    assert not any(isinstance(answer, Refused) for answer in both_sign(monkeypatch))


def test_four_workers_at_once_draft_one_report(own_db):
    estate = make_estate()
    opened(estate)
    done = race(*[lambda: month_end.draft_due(FIRST).done] * 4)
    assert (sum(done), MonthReport.objects.count()) == (1, 1)
    assert Promise.objects.filter(kind="month_report").count() == 1


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.fixture
def in_april():
    with time_machine.travel(FIRST + timedelta(hours=10), tick=False):
        yield


def test_supervisor_writes_and_signs_director_issues(estate, cast, in_april):
    take(estate, cast["clerk"], 3)
    report = draft(estate)
    page = reverse("office:month", args=[report.pk])
    supervisor, director = client_of(cast["supervisor"]), client_of(cast["director"])
    html = supervisor.get(page).content.decode()
    assert "recurring issue still needs" in html
    assert supervisor.get(reverse("office:month_sign", args=[report.pk])).status_code == 302  # not yet
    form = supervisor.get(page).context["form"]
    (field,) = form.issues
    values = {"version": 1, "text_summary": "回訪率達標", field: "立管接口老化，四月更換", "then": "sign"}
    answer = supervisor.post(page, values)
    assert answer.headers["Location"] == reverse("office:month_sign", args=[report.pk])
    form = supervisor.get(answer.headers["Location"]).context["form"]
    answer = supervisor.post(answer.headers["Location"], {"version": 2, "mark": form["mark"].value()})
    assert answer.status_code == 302
    assert "recurring issue" not in director.get(page).content.decode()
    answer = director.post(reverse("office:month_issue", args=[report.pk]), {"version": 3})
    report.refresh_from_db()
    assert (answer.status_code, report.state, report.file is not None) == (302, "issued", True)
    auditor = client_of(cast["auditor"])
    html = auditor.get(page).content.decode()
    assert "立管接口老化" in html and "<textarea" not in html
    pdf = auditor.get(reverse("office:file", args=[report.file_id]))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    assert client_of(cast["clerk"]).get(reverse("office:file", args=[report.file_id])).status_code == 404


def test_wrong_input_is_answered_at_the_field_or_with_the_rule(estate, cast, in_april):
    report = draft(estate)
    page, signing = (reverse(name, args=[report.pk]) for name in ("office:month", "office:month_sign"))
    supervisor = client_of(cast["supervisor"])
    assert supervisor.post(page, {"version": 1, "text_summary": "字" * 4001}).status_code == 422
    assert supervisor.post(page, {"version": 99, "text_summary": "字"}).status_code == 409
    assert supervisor.post(signing, {"version": 1, "mark": "stale"}).status_code == 409
    assert supervisor.post(signing, {"version": 1, "mark": mark(report), "signature": "data:image/png;base64,xx"}).status_code == 422  # fmt: skip
    sign(report, cast["supervisor"])
    assert supervisor.post(page, {"version": 2, "text_summary": "遲了"}).status_code == 409
    back = reverse("office:month_send_back", args=[report.pk])
    assert client_of(cast["director"]).post(back, {"version": 2, "reason": ""}).status_code == 422


def test_the_report_asks_as_much_for_many_repairs_as_for_few(
    estate, cast, in_april, django_assert_max_num_queries
):
    report = draft(estate)
    client, page = client_of(cast["supervisor"]), reverse("office:month", args=[report.pk])
    client.get(page)
    with django_assert_max_num_queries(26) as few:
        client.get(page)
    take(estate, cast["clerk"], 12)
    with django_assert_max_num_queries(len(few)):
        client.get(page)
    with django_assert_max_num_queries(12):
        client.get(reverse("office:months"))


def test_home_names_the_report_that_waits(estate, cast, in_april):
    report = draft(estate)
    href = reverse("office:month", args=[report.pk]).encode()
    assert href in client_of(cast["supervisor"]).get("/").content
    assert href not in client_of(cast["clerk"]).get("/").content
    sign(report, cast["supervisor"])
    assert href not in client_of(cast["supervisor"]).get("/").content
    assert href in client_of(cast["director"]).get("/").content


def test_figures_of_a_month_are_two_statements_a_room_and_month(estate, django_assert_num_queries):
    with django_assert_num_queries(3 * len(months.ROOMS)):
        months.compose(estate, MARCH)
