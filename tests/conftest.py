"""Databases, servers and browsers of the tests. The people and houses stand in `tests/cast.py`.

- `db` / `@pytest.mark.django_db`: one clone per process, every test rolled back. The rule.
- `own_db`: a clone of its own, committed for real, dropped afterwards. For threads, processes and browsers.
- `own_redis`, `own_servers`: servers that a test may kill.
- `real_worker`, `served`, `desk_page`, `phone_page`: a Celery worker, a web server, Chromium against `own_db`.
"""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as properties
from playwright.sync_api import expect

from config import embedded
from tests import databases

# Properties: the same examples in every run, more of them at full size; a busy machine is no failure.
FULL = bool(os.environ.get("GUANJIA_FULL"))
properties.register_profile(
    "office",
    derandomize=True,
    deadline=None,
    max_examples=300 if FULL else 60,
    suppress_health_check=[HealthCheck.too_slow],
)
properties.load_profile("office")

pytest_plugins = ["tests.cast"]
expect.set_options(timeout=30_000)  # milliseconds: a busy machine takes its time

# Playwright's loop runs in the main thread for the rest of the session; Django would refuse every query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = set(getattr(item, "fixturenames", ()))
        flushing = marker and (marker.kwargs.get("transaction") or marker.kwargs.get("reset_sequences"))
        if flushing or fixtures & {"transactional_db", "live_server", "django_db_reset_sequences"}:
            raise pytest.UsageError(
                f"{item.nodeid}: use the fixture own_db (or served); no test may TRUNCATE."
            )
        if "own_db" in fixtures and (marker or "db" in fixtures):
            raise pytest.UsageError(f"{item.nodeid}: own_db and db exclude each other.")
        if fixtures & {"desk_page", "phone_page", "page", "context"}:
            item.add_marker(pytest.mark.browser)
    # Processes and browsers first: two workers share the short tests while the long ones run, and end together.
    items.sort(key=lambda item: "own_db" not in item.fixturenames)


@pytest.fixture(autouse=True)
def english():
    """Sentences are compared in English; requests and sheets choose their own language as in the office."""
    with translation.override("en"):
        yield


# --- databases ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """Instead of Django's test database: a clone of the migrated template for this process."""
    databases.drop_abandoned()
    name = f"test_{os.getpid()}"
    databases.drop(name)
    databases.create(name, databases.template())
    with django_db_blocker.unblock():
        databases.use(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop(name)


@pytest.fixture
def own_db(django_db_setup, django_db_blocker):
    """A database of its own under the default connection; what is committed here goes with it."""
    with _own_database(django_db_blocker, databases.template()) as name:
        yield name


class _own_database:
    def __init__(self, blocker, source):
        self.blocker, self.source = blocker, source

    def __enter__(self):
        self.shared = connections.settings["default"]["NAME"]
        self.name = f"test_{os.getpid()}_{next(_numbers)}"
        databases.create(self.name, self.source)
        self.blocker.unblock()
        databases.use(self.name)
        return self.name

    def __exit__(self, *problem):
        connections.close_all()
        databases.use(self.shared)
        self.blocker.restore()
        databases.drop(self.name)


@pytest.fixture
def own_servers(tmp_path):
    """Both servers in a folder of their own, not started yet: to be killed, emptied, started twice."""
    pair = embedded.Servers(tmp_path / "data", test=True)
    yield pair
    pair.leave()


@pytest.fixture
def own_redis(monkeypatch):
    """A broker of its own, started and in use by this process; `.stop()`, `.start()`, `.say("FLUSHALL")`."""
    from celery import current_app
    from kombu import pools

    before = current_app.conf.broker_url  # read before the settings change: the application looks there
    broker = embedded.Redis(databases.servers(), f"redis-{os.getpid()}")
    broker.start()
    monkeypatch.setenv("GUANJIA_TEST_REDIS", broker.url)
    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        monkeypatch.setattr(settings, name, broker.url)
    _point_celery(current_app, broker.url, pools)
    yield broker
    _point_celery(current_app, before, pools)
    broker.stop()
    for left in (broker.log, broker.log.with_suffix(".alive")):
        left.unlink(missing_ok=True)


def _point_celery(app, url, pools):
    pools.reset()
    app.conf.broker_url = url
    app.conf.broker_read_url = app.conf.broker_write_url = url
    app._pool = None
    app.amqp._producer_pool = None


# --- processes ---------------------------------------------------------------------------------------------


class Process:
    """A started process of ours with its output in a file; killed with everything below it."""

    def __init__(self, command, log, **environment):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                command,
                cwd=databases.ROOT,
                env=databases.environment_for(os.environ["GUANJIA_TEST_DATABASE"]) | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self.child.pid

    def kill(self, number=signal.SIGKILL):
        """The whole process group; SIGKILL unless told otherwise."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass
        self.child.wait(30)

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def printed(self):
        return self.log.read_text(errors="replace")

    def await_printed(self, words, seconds=120):
        end = time.monotonic() + seconds
        while words not in self.printed():
            if self.child.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{words!r} never came:\n{self.printed()[-3000:]}")
            time.sleep(0.05)


@pytest.fixture
def start_process(tmp_path):
    """`start_process("celery", "-A", "config", …, NAME="value")`: programs of this environment, ended with the test."""
    started = []

    def start(program, *words, **environment):
        log = tmp_path / f"{program}-{len(started)}.log"
        process = Process([sys.executable, "-m", program, *words], log, **environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def real_worker(own_db, own_redis, start_process):
    """`real_worker()` starts a Celery worker on this test's database and broker and waits until it is ready."""

    def start(*words, concurrency=2, ready=True, **environment):
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO"]
        name = f"worker{next(_numbers)}@localhost"
        worker = start_process(
            "celery",
            "-A",
            "config",
            "worker",
            "-n",
            name,
            "-c",
            str(concurrency),
            *quiet,
            *words,
            **environment,
        )
        if ready:  # else whoever starts many waits for them all
            worker.await_printed("ready.")
        return worker

    return start


@pytest.fixture
def real_beat(own_db, own_redis, start_process, tmp_path):
    """`real_beat()` starts one more Celery beat on this test's database and broker."""

    def start(*words, **environment):
        schedule = tmp_path / f"beat-{next(_numbers)}"
        return start_process(
            "celery",
            "-A",
            "config",
            "beat",
            "-s",
            str(schedule),
            "--pidfile=",
            "--loglevel=INFO",
            *words,
            **environment,
        )

    return start


# --- browsers ----------------------------------------------------------------------------------------------


@pytest.fixture
def served(own_db):
    """The site on a free port in threads of this process; `.url` is its address without the last slash."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer
    from django.test.testcases import QuietWSGIRequestHandler

    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", database=own_db)
    server.shutdown()
    server.server_close()
    thread.join(5)


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium; root has no sandbox, small machines have a small /dev/shm."""
    if not (program := chromium()):
        pytest.fail("Chromium is missing: `make test` installs it, or apt-get install chromium.")
    words = ["--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"]
    words += ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": program, "args": words}


@pytest.fixture
def language():
    """Parametrise to change: `@pytest.mark.parametrize("language", ["en", "zh-hant"])`."""
    return "en"


@pytest.fixture
def new_page(served, new_context, language):
    """`new_page(viewport=…)`: a fresh browser profile in the test's language; fails on script errors."""
    errors = []

    def make(**options):
        locale = {"en": "en-GB", "zh-hant": "zh-TW", "zh-hans": "zh-CN"}[language]
        context = new_context(base_url=served.url, locale=locale, timezone_id="Asia/Shanghai", **options)
        context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": served.url}])
        context.set_default_timeout(30_000)  # the first sheet of a server on a busy machine takes its time
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        return page

    make.errors = errors  # a test that provokes one takes it out
    yield make
    assert not errors, errors


@pytest.fixture
def desk_page(new_page):
    return new_page(viewport={"width": 1440, "height": 900})


@pytest.fixture
def phone_page(new_page):
    return new_page(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
