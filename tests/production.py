"""`python -m tests.production manage.py check --deploy`: a command under settings as production has them.

No server is asked: the addresses lead nowhere. Test settings of the caller are put aside.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment(**changes):
    """The environment of a sound production; a change to None takes a word away."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GUANJIA_", "DJANGO_"))}
    sound = {
        "DATABASE_URL": "postgresql://guanjia_app:secret@127.0.0.1:1/guanjia",
        "MIGRATE_DATABASE_URL": "postgresql://guanjia_owner:secret@127.0.0.1:1/guanjia",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "office.example.org",
        "PUBLIC_URL": "https://office.example.org",
    }
    return {name: value for name, value in {**kept, **sound, **changes}.items() if value is not None}


def run(*words, **changes):
    """The finished process of `python WORDS` in production."""
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment(**changes), capture_output=True, text=True
    )


if __name__ == "__main__":
    sys.exit(subprocess.run([sys.executable, *sys.argv[1:]], cwd=ROOT, env=environment()).returncode)
