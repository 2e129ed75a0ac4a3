"""Workers killed at every failpoint of an import: the register has all of it or nothing, and the next one finishes."""

import os
import signal
import time

import pytest
from celery import current_app
from django.utils import timezone

from office import failpoints
from office.imports import intake
from office.models import Job, SearchKey, Unit
from residents.models import Occupancy, Person, Phone
from tests import imported
from tests.cast import make_estate, make_staff

pytestmark = pytest.mark.faults

FULL = bool(os.environ.get("GUANJIA_FULL"))
ROWS = 5000 if FULL else 40
NAMES = [name for name in failpoints.NAMES if name.startswith("imports.")]
CHECKING = {"imports.checking", "imports.checked"}
COMMITTED = {"imports.applied"}  # written down already; only the job does not know


def lines():
    head = "Building,Section,Unit,Area (m²),Owners,Telephone"
    return [head, *(f"7,1,{n + 101},80,甲{n},139{n:08d}" for n in range(ROWS))]


def register():
    keys = SearchKey.objects.filter(subject_kind__in=["unit", "person"]).count()
    return [model.objects.count() for model in (Unit, Person, Phone, Occupancy)], bool(keys)


NOTHING = ([0] * 4, False)
ALL = ([ROWS] * 4, True)


def until(answer, worker, seconds=300):
    end = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < end, worker.printed()[-2000:]
        current_app.send_task("office.tasks.run_jobs")
        time.sleep(0.2)


def killed_at(name, real_worker):
    """A Celery worker that dies at the failpoint."""
    worker = real_worker(concurrency=1, GUANJIA_FAILPOINT=name)
    until(lambda: "exited with 'signal 9 (SIGKILL)'" in worker.printed(), worker)
    worker.kill()


def finished(job, real_worker):
    worker = real_worker(concurrency=1)
    until(lambda: Job.objects.filter(pk=job.pk, state__in=["done", "failed"]).exists(), worker)


@pytest.mark.skipif(not FULL, reason="a Celery worker for every failpoint: make faults")
@pytest.mark.parametrize("name", NAMES)
def test_a_celery_worker_killed_in_an_import_leaves_all_or_nothing(real_worker, name):
    check(name, lambda: killed_at(name, real_worker), lambda job: finished(job, real_worker))


@pytest.mark.parametrize("name", NAMES if FULL else ["imports.applying", "imports.applied"])
def test_a_process_killed_in_an_import_leaves_all_or_nothing(own_db, start_process, name):
    def kill():
        process = start_process("tests.faults.work", GUANJIA_FAILPOINT=name)
        assert process.child.wait(120) == -signal.SIGKILL, process.printed()

    def finish(_job):
        process = start_process("tests.faults.work")
        assert process.child.wait(120) == 0, process.printed()

    check(name, kill, finish)


def check(name, kill, finish):
    """The register before, after the kill, and after the next worker has finished the job."""
    estate = make_estate()
    admin = make_staff("admin", (estate, "admin"))
    batch = imported.sent(estate, admin, lines(), "units")
    if name in CHECKING:
        intake.match(batch=batch, columns=batch.matching, by=admin, now=timezone.now())
        before, killed, after, state = NOTHING, NOTHING, NOTHING, "checked"
    else:
        intake.match(batch=batch, columns=batch.matching, by=admin, now=timezone.now())
        imported.work()
        before, killed, after, state = NOTHING, ALL if name in COMMITTED else NOTHING, ALL, "applied"
        if name == "imports.rolling_back":
            imported.applied(batch, admin)
            intake.roll_back(batch=batch, by=admin, now=timezone.now())
            before, killed, after, state = ALL, ALL, NOTHING, "rolled_back"
        else:
            intake.apply(batch=batch, all_rows=True, by=admin, now=timezone.now())
    assert register() == before
    job = imported.again(batch).job
    kill()
    assert register() == killed
    job.refresh_from_db()
    assert job.state == "running"  # its page goes on saying so until the next worker takes it over
    Job.objects.filter(pk=job.pk).update(claimed_until=timezone.now())  # two minutes later
    finish(job)
    job.refresh_from_db()
    batch = imported.again(batch)
    assert (job.state, batch.state, job.attempts) == ("done", state, 2), job.error
    assert register() == after
