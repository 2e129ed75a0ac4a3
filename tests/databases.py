"""Databases for tests: migrated once into a template, cloned for everybody who needs one of his own.

Triggers stay on and role `app` stays without rights in every test, so Django's TRUNCATE between tests is no way
(ARCHITECTURE §3); a clone takes a tenth of a second instead.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connections

from config import embedded

ROOT = Path(__file__).resolve().parent.parent


def servers():
    """The embedded servers of the tests; this process uses them until it ends."""
    return embedded.ensure(settings.DATA_DIR, test=True)


def fingerprint():
    """Changes when a migrated database would: our migrations, Django's and allauth's, roles and extensions."""
    digest = hashlib.sha256()
    for name in ("django", "django-allauth", "django-pgtrigger"):
        digest.update(f"{name} {version(name)}\n".encode())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    digest.update(embedded.ROLES_SQL.encode() + embedded.TEMPLATE_SQL.encode())
    return digest.hexdigest()[:12]


@contextmanager
def _one_at_a_time():
    with open(servers().kept / "databases.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def names():
    return servers().postgres.sql("SELECT datname FROM pg_database").split()


def template(name="", fill=None):
    """The name of the migrated template; with `name` and `fill(environment)`, of one filled with data as well.

    Made at first use under a lock, kept for later runs until a migration changes.
    """
    wanted = f"guanjia_template_{name}{'_' if name else ''}{fingerprint()}"
    source = template() if name else None
    with _one_at_a_time():
        if wanted not in names():
            _drop_stale(wanted)
            draft = f"building_{os.getpid()}"
            drop(draft)
            create(draft, source)
            environment = environment_for(draft)
            if fill:
                fill(environment)
            else:
                manage("migrate", "--verbosity", "0", environment=environment | {"GUANJIA_DB_ROLE": "owner"})
            servers().postgres.sql(f"ALTER DATABASE {draft} RENAME TO {wanted}")
    return wanted


def environment_for(database):
    """What a started process needs to work on this database in test mode."""
    ours = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "GUANJIA_TEST": "1",
        "GUANJIA_TEST_DATABASE": database,
    }
    return {**os.environ, **ours}


def manage(*words, environment):
    """Run manage.py; what it printed. Its failure is ours, with its words."""
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(
            f"manage.py {' '.join(words)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    return done.stdout


def create(name, source=None):
    """A database of that name: empty, or a copy of `source`."""
    # Copying files beats copying through the log as soon as the template holds data, and equals it before.
    copy = f"TEMPLATE {source} STRATEGY FILE_COPY" if source else ""
    servers().postgres.sql(f"CREATE DATABASE {name} OWNER {embedded.OWNER} {copy}")


def drop(name):
    """Drop a database. A session of another run stuck in a COPY holds every DROP up: then a later run does it."""
    try:
        servers().postgres.sql(f"SET statement_timeout = '10s'; DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    except embedded.EmbeddedError as refusal:
        if "statement timeout" not in str(refusal):
            raise


def drop_abandoned():
    """Databases of test processes that are gone: the process id is in the name."""
    for name in names():
        owner = re.fullmatch(r"(?:test|building)_(\d+)(?:_\d+)?", name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            drop(name)


def _drop_stale(wanted):
    """Templates of older migrations, a day after they were made: another run may still be using them."""
    age = "(pg_stat_file('base/' || oid || '/PG_VERSION')).modification"
    rows = servers().postgres.sql(
        f"SELECT datname, extract(epoch FROM {age})::bigint FROM pg_database "
        "WHERE datname LIKE 'guanjia_template_%'"
    )
    for row in rows.splitlines():
        name, made = row.split("|")
        if name != wanted and time.time() - int(made) > 24 * 3600:
            drop(name)


def use(name):
    """Point this process, all threads of it, to another database."""
    connections["default"].close()
    connections.settings["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    os.environ["GUANJIA_TEST_DATABASE"] = name
