"""`make run`: everything one office needs, as children of this process, until Ctrl-C."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from config import embedded, start

PATIENCE = 60  # seconds until the first page answers, and until everything has stopped


class Command(BaseCommand):
    help = "Migrate, load the demonstration once, and run web, worker and beat until Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000)

    def handle(self, *args, host, port, **options):
        self.stopping = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.stop)
        port = free_port(host, port)
        start.prepare()
        self.migrate()
        self.collect_static()
        self.load_demonstration()
        connection.close()
        if self.stopping:
            return
        children = [Child(name, command) for name, command in programs(host, port).items()]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        try:
            web, *others = children
            web.start()
            self.await_answer(f"{address}healthz", web)  # the page first: all four want the same two cores
            for child in others:
                child.start()
            self.announce(address)
            self.supervise(children)
        finally:
            stop_all(children)
            self.stdout.write("Stopped.")

    def stop(self, *signal_and_frame):
        self.stopping = True

    # --- before the first page ------------------------------------------------------------------------------

    def migrate(self):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            self.stdout.write(f"Preparing the database ({len(plan)} migrations) …")
            # A process of its own, because it runs as the role that owns the tables.
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--verbosity", "0"]
            environment = {**os.environ, "GUANJIA_DB_ROLE": "owner"}
            if subprocess.run(command, env=environment, start_new_session=True).returncode:
                raise CommandError("The migrations did not go through; nothing was started.")

    def collect_static(self):
        """Compressed, fingerprinted copies for the web process; skipped when no file has changed."""
        digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
        for finder in get_finders():
            for name, storage in finder.list(["CVS", ".*", "*~"]):
                found = os.stat(storage.path(name))
                digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
        stamp = Path(settings.STATIC_ROOT) / ".stamp"
        if not stamp.exists() or stamp.read_text() != digest.hexdigest():
            self.stdout.write("Collecting static files …")
            stamp.unlink(missing_ok=True)
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            stamp.write_text(digest.hexdigest())

    def load_demonstration(self):
        if settings.DEMO and not apps.get_model("office", "Estate").objects.exists():
            self.stdout.write("Loading the demonstration estate …")
            call_command("load_demo", stdout=self.stdout)
            from config.demo import awake  # the models, which other starts of this program do without

            awake.wake(timezone.now())

    # --- afterwards -----------------------------------------------------------------------------------------

    def await_answer(self, address, web):
        end = time.monotonic() + PATIENCE
        while not self.stopping:
            try:
                urllib.request.urlopen(address, timeout=5)  # noqa: S310 our own address
                return
            except urllib.error.HTTPError as answer:
                if answer.code < 500:
                    return
            except OSError:
                pass
            if web.process.poll() is not None or time.monotonic() > end:
                raise CommandError(f"The web process does not answer. Its log:\n{web.tail()}")
            time.sleep(0.1)

    def announce(self, address):
        lines = ["", f"Guanjia is open at {address}"]
        if settings.DEMO:
            lines += [f"password: {settings.DEMO_PASSWORD}", f"accounts: {' '.join(settings.DEMO_ACCOUNTS)}"]
        lines += [f"Logs are in {Child.folder()}, Ctrl-C stops everything.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def supervise(self, children):
        looked = time.monotonic()
        while not self.stopping:
            time.sleep(0.3)
            for child in children:
                if notice := child.revive():
                    self.stderr.write(notice)
            if settings.EMBEDDED and time.monotonic() - looked > 5:
                looked = time.monotonic()
                try:
                    embedded.ensure(settings.DATA_DIR, test=settings.TESTING)
                except embedded.EmbeddedError as refusal:
                    self.stderr.write(str(refusal))


def programs(host, port):
    """Name → command line of every child; the web process first."""
    python = [sys.executable, "-m"]
    web = ["gunicorn", "config.wsgi", "--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    web += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "5"]
    web += ["--no-control-socket"]
    web += ["--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else []  # noqa: S108 gunicorn's advice
    worker = ["celery", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle"]
    beat = ["celery", "-A", "config", "beat", "--pidfile=", "--loglevel", "INFO"]
    return {"web": python + web, "worker": python + worker, "beat": python + beat}


def free_port(host, port):
    """The port if it is free (0: any), or a message that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refusal:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({refusal.strerror}). "
                f"Another program, perhaps another `make run`, has it: try `make run PORT={port + 1}`."
            ) from refusal
        return probe.getsockname()[1]


class Child:
    """One supervised program: restarted when it dies, with a growing pause."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        self.log = self.folder() / f"{name}.log"
        self.process: subprocess.Popen | None = None
        self.started = 0.0
        self.pause = 1
        self.again_at: float | None = None

    @staticmethod
    def folder():
        folder = settings.DATA_DIR / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def start(self):
        # Linux ends the child when we are killed; a session of its own keeps the terminal's Ctrl-C from it.
        prefix = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        environment = {**os.environ, "GUANJIA_POOL": "1" if self.name == "web" else ""}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                prefix + self.command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started, self.again_at = time.monotonic(), None

    def revive(self):
        """Start again what has died, after a pause; a sentence when there is news."""
        if self.process is None or self.process.poll() is None:
            return None
        now = time.monotonic()
        if self.again_at is None:
            self.pause = 1 if now - self.started > 60 else min(self.pause * 2, 30)
            self.again_at = now + self.pause
            return f"{self.name} ended ({self.process.returncode}), again in {self.pause} s. Log: {self.log}"
        if now >= self.again_at:
            self.start()
        return None

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def stop_all(children):
    """Ask everybody, wait together, kill who is left."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        process.terminate()
    end = time.monotonic() + PATIENCE / 4
    while any(process.poll() is None for process in running) and time.monotonic() < end:
        time.sleep(0.05)
    for process in running:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
