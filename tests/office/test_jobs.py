"""Long work: claimed once, seen while it runs, stopped, taken over from the dead."""

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.urls import reverse
from django.utils import timezone, translation

from office import jobs, outbox
from office.models import Job, Message
from office.refusals import Refused
from tests.cast import NOW, client_of, make_estate, make_staff

LATER = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def kind(monkeypatch):
    """`kind(run)` registers the kind "test" for one test."""

    def register(run):
        monkeypatch.setitem(jobs.KINDS, "test", jobs.Kind("test", run, "test"))

    monkeypatch.setattr(jobs, "EVERY", 0)
    return register


def start(estate, by, **args):
    return jobs.start("test", title="Ten sheets", estate=estate, by=by, args=args, now=NOW)


@pytest.mark.django_db
def test_work_runs_once_and_rings_the_bell(estate, clerk, kind):
    def run(job):
        for n in range(3):
            jobs.progress(job, n + 1, 3)
        jobs.row_error(job, "4", "no unit")
        jobs.keep_result(job, data=b"%PDF-", name="day.pdf", content_type="application/pdf")
        job.result = {"sheets": job.args["sheets"]}

    kind(run)
    job = start(estate, clerk, sheets=3)
    result = jobs.run_waiting(NOW + LATER)
    assert (result.found, result.done, result.failed) == (1, 1, 0)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.failed, job.result) == ("done", 3, 3, 1, {"sheets": 3})
    assert job.errors == [{"row": "4", "text": "no unit"}]
    assert (job.result_file.name, job.claim) == ("day.pdf", None)
    message = Message.objects.get()
    assert (message.staff, message.subject_kind, message.subject_id) == (clerk, "office.job", job.pk)
    assert outbox.text(message)[0] == "Finished: Ten sheets"
    assert jobs.run_waiting(NOW + LATER).found == 0


@pytest.mark.django_db
def test_work_that_breaks_says_why_and_the_next_goes_on(estate, clerk, kind):
    def run(job):
        if job.args.get("how") == "refused":
            raise Refused("The file has no heading.")
        if job.args.get("how") == "broken":
            raise ZeroDivisionError("by zero")

    kind(run)
    refused, broken, fine = (
        start(estate, clerk, how="refused"),
        start(estate, clerk, how="broken"),
        start(estate, clerk),
    )
    jobs.run_waiting(NOW + LATER)
    found = [(job.state, job.error) for job in Job.objects.order_by("pk")]
    assert found == [
        ("failed", "The file has no heading."), ("failed", "ZeroDivisionError: by zero"), ("done", ""),
    ]  # fmt: skip
    assert refused.pk < broken.pk < fine.pk


@pytest.mark.django_db
def test_errors_are_counted_all_and_kept_to_a_thousand(estate, clerk, kind):
    kind(lambda job: [jobs.row_error(job, n, "bad") for n in range(1200)])
    start(estate, clerk)
    jobs.run_waiting(NOW + LATER)
    job = Job.objects.get()
    assert (job.failed, len(job.errors)) == (1200, 1000)


@pytest.mark.django_db
def test_a_waiting_job_is_cancelled_at_once_a_running_one_at_its_next_row(estate, clerk, lead, kind):
    def run(job):
        jobs.progress(job, 1, 9)
        jobs.cancel(job=job, by=clerk, now=NOW)
        jobs.progress(job, 2, 9)
        raise AssertionError("it went on")

    kind(run)
    waiting = start(estate, clerk)
    with pytest.raises(Refused, match="Only the person who started it"):
        jobs.cancel(job=waiting, by=lead, now=NOW)
    jobs.cancel(job=waiting, by=clerk, now=NOW)
    running = start(estate, clerk)
    jobs.run_waiting(NOW + LATER)
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert (waiting.state, running.state, running.done) == ("cancelled", "cancelled", 2)
    with pytest.raises(Refused, match="over already"):
        jobs.cancel(job=running, by=clerk, now=NOW)


@pytest.mark.django_db
def test_a_dead_workers_job_is_taken_over_and_after_three_it_has_failed(estate, clerk, kind):
    calls = []
    kind(lambda job: calls.append(job.attempts))
    job = start(estate, clerk)
    dead = {"state": "running", "claim": "11111111-1111-4111-8111-111111111111"}
    Job.objects.update(**dead, attempts=1, claimed_until=NOW + timedelta(minutes=2))
    assert jobs.run_waiting(NOW + LATER).found == 0
    assert jobs.run_waiting(NOW + timedelta(minutes=3)).done == 1
    assert calls == [2]
    Job.objects.update(**dead, attempts=3, claimed_until=NOW)
    assert jobs.run_waiting(NOW + LATER).failed == 1
    job.refresh_from_db()
    assert (job.state, calls) == ("failed", [2])
    assert job.error == "The machine stopped three times while doing this."


@pytest.mark.django_db
def test_a_worker_that_was_silent_too_long_writes_nothing(estate, clerk, kind):
    other = "22222222-2222-4222-8222-222222222222"

    def run(job):
        Job.objects.filter(pk=job.pk).update(claim=other, claimed_until=timezone.now() + timedelta(hours=1))
        jobs.progress(job, 5, 9)

    kind(run)
    start(estate, clerk)
    jobs.run_waiting(NOW + LATER)
    job = Job.objects.get()
    assert (job.state, job.done, str(job.claim)) == ("running", 0, other)
    assert not Message.objects.exists()


def test_progress_is_seen_from_outside_while_the_works_transaction_is_open(own_db, kind):
    estate = make_estate()
    staff = make_staff("clerk", (estate, "clerk"))
    seen = []

    def look():
        seen.append(Job.objects.values_list("done", "total").get())
        connections.close_all()

    def run(job):
        with transaction.atomic():
            jobs.progress(job, 4, 8)
            watcher = threading.Thread(target=look)
            watcher.start()
            watcher.join(60)

    kind(run)
    start(estate, staff)
    jobs.run_waiting(NOW + LATER)
    assert seen == [(4, 8)]


def test_two_workers_share_the_jobs_and_do_each_once(own_db, kind):
    estate = make_estate()
    staff = make_staff("clerk", (estate, "clerk"))
    done = []
    kind(lambda job: done.append(job.pk))
    wanted = sorted(start(estate, staff).pk for _n in range(12))

    def work():
        try:
            jobs.run_waiting(NOW + LATER)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(done) == wanted
    assert Job.objects.filter(state="done", attempts=1).count() == 12


def test_long_work_leaves_a_slot_for_short_work(own_db, kind, settings):
    """Of two workers' slots only one does long work at a time; the second comes back with nothing and is free."""
    estate = make_estate()
    staff = make_staff("clerk", (estate, "clerk"))
    done, seen = [], []

    def beside():
        try:
            seen.append(jobs.run_waiting(NOW + LATER).found)
        finally:
            connections.close_all()

    def run(job):
        if job.args.get("first"):
            second = threading.Thread(target=beside)
            second.start()
            second.join(60)
        done.append(job.pk)

    kind(run)
    wanted = [start(estate, staff, first=n == 0).pk for n in range(3)]
    assert jobs.run_waiting(NOW + LATER).done == 3
    assert (done, seen) == (wanted, [0])  # the first worker did them all, the second found no room
    done.clear()
    seen.clear()
    settings.JOBS_AT_ONCE = 2
    for n in range(2):
        start(estate, staff, first=n == 0)
    jobs.run_waiting(NOW + LATER)
    assert seen == [1]  # with room for two, the second takes one


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_polls_until_it_is_over(estate, clerk, kind):
    kind(lambda job: None)
    job = start(estate, clerk)
    url = reverse("office:job", args=[job.pk])
    Job.objects.update(state="running", total=200, done=50, started_at=timezone.now() - timedelta(seconds=30))
    page = client_of(clerk).get(url).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "50 of 200 · about 1 minute left" in page or "50 of 200 · about 90 seconds left" in page
    assert "Stop it" in page
    part = client_of(clerk).get(url, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="job-state"')
    Job.objects.update(state="done", failed=1, errors=[{"row": "7", "text": "no such unit"}], finished_at=NOW)
    page = client_of(clerk).get(url).content.decode()
    assert "every 1s" not in page
    assert "no such unit" in page


@pytest.mark.django_db
def test_a_job_is_seen_by_its_starter_and_who_sees_all(estate, clerk, lead, supervisor, stranger, kind):
    kind(lambda job: None)
    job = start(estate, clerk)
    url = reverse("office:job", args=[job.pk])
    answers = [client_of(staff).get(url).status_code for staff in (clerk, supervisor, lead, stranger)]
    assert answers == [200, 200, 404, 404]
    assert "Ten sheets" in client_of(supervisor).get(reverse("office:jobs")).content.decode()
    assert "Ten sheets" not in client_of(lead).get(reverse("office:jobs")).content.decode()
    assert client_of(clerk).post(reverse("office:job_cancel", args=[job.pk])).url == url
    assert Job.objects.get().state == "cancelled"


@pytest.mark.django_db
def test_the_bell_shows_opens_and_marks_read(estate, clerk, lead, kind):
    kind(lambda job: None)
    job = start(estate, clerk)
    jobs.run_waiting(NOW + LATER)
    message, browser = Message.objects.get(), client_of(clerk)
    assert "Finished: Ten sheets" in browser.get(reverse("office:bell")).content.decode()
    assert client_of(lead).post(reverse("office:bell_open", args=[message.pk])).status_code == 404
    answer = browser.post(reverse("office:bell_open", args=[message.pk]))
    assert answer.url == reverse("office:job", args=[job.pk])
    message.refresh_from_db()
    assert message.read_at is not None
    Message.objects.update(read_at=None)
    assert browser.post(reverse("office:bell_read")).url == reverse("office:bell")
    assert Message.objects.get().read_at is not None


@pytest.mark.django_db
def test_the_logs_open_for_auditor_and_administrator_alone(estate, auditor, admin, clerk, kind):
    from office import accesslog, journal

    journal.record("estate.opened" if "estate.opened" in journal.SENTENCES else "estate.created",
                   subject=estate, kind="office.estate", text="HT", by=admin, now=NOW, estate_id=estate.pk)  # fmt: skip
    accesslog.log(what="reveal", by=clerk, now=NOW, estate_id=estate.pk, reason="asked at the counter")
    for staff in (auditor, admin):
        assert "estate opened" in client_of(staff).get(reverse("office:log")).content.decode()
        page = client_of(staff).get(reverse("office:access_log")).content.decode()
        assert "asked at the counter" in page
    for name in ("office:log", "office:access_log"):
        assert client_of(clerk).get(reverse(name)).status_code == 403
