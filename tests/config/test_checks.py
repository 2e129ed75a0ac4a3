"""What production refuses, asked from outside: a process with production's environment."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model

from config import checks
from tests import production

CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
START = ("-c", "import config.wsgi")


def test_a_sound_production_passes_without_a_warning():
    done = production.run(*CHECK)
    assert done.returncode == 0, done.stderr
    done = production.run(*START, GUANJIA_POOL="0")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("config.E001", {"DEBUG": True}),
        ("config.E002", {"SECRET_KEY": settings.DEFAULT_SECRET}),
        ("config.E002", {"SECRET_KEY": "short"}),
        ("config.E003", {"OWNER_DATABASE_USER": "guanjia_app"}),
        ("config.E004", {"ALLOWED_HOSTS": []}),
        ("config.E004", {"ALLOWED_HOSTS": ["*"]}),
        ("config.E007", {"PUBLIC_URL": ""}),
        ("config.E007", {"PUBLIC_URL": "http://office.example.org"}),
    ],
)
@pytest.mark.django_db
def test_each_fault_is_refused_alone(settings, word, changes):
    settings.PUBLIC_URL = "https://office.example.org"
    assert checks.refusals() == []
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [found.id for found in checks.refusals()] == [word]


@pytest.mark.django_db
def test_a_role_that_may_change_tables_is_refused(settings, monkeypatch):
    settings.PUBLIC_URL = "https://office.example.org"
    assert not checks.may_change_schema()
    monkeypatch.setattr(checks, "may_change_schema", lambda: True)
    assert [found.id for found in checks.refusals()] == ["config.E006"]


FAULTS = {"DEBUG": "1", "SECRET_KEY": None, "ALLOWED_HOSTS": None, "MIGRATE_DATABASE_URL": None}


def test_the_check_and_the_start_both_refuse():
    done = production.run(*CHECK, **FAULTS)
    assert done.returncode != 0
    for word in ("config.E001", "config.E002", "config.E003", "config.E004"):
        assert word in done.stderr
    done = production.run(*START, GUANJIA_POOL="0", **FAULTS)
    assert done.returncode != 0
    assert "Guanjia does not start with these settings" in done.stderr
    for sentence in ("DEBUG is on", "SECRET_KEY is", "One database role", "ALLOWED_HOSTS is empty"):
        assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_neither_does_an_unsafe_worker():
    done = production.run("-m", "celery", "-A", "config", "worker", "-c", "1", DEBUG="1")
    assert done.returncode != 0
    assert "DEBUG is on" in done.stderr


@pytest.mark.django_db
def test_demonstration_accounts_are_found(django_user_model):
    staff = get_user_model()
    row = staff(username="clerk")
    row.set_password("a long and private sentence")
    row.save()
    assert checks.demonstration_accounts() == []
    row.set_password(settings.DEMO_PASSWORD)
    row.save()
    assert checks.demonstration_accounts() == ["clerk"]
    assert "config.E005" in [found.id for found in checks.refusals()]
    staff.objects.filter(pk=row.pk).update(is_active=False)
    assert checks.demonstration_accounts() == []
    staff.objects.create(username="neighbour", is_demo=True)
    assert checks.demonstration_accounts() == ["neighbour"]
