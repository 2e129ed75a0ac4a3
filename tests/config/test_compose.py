"""The production files, read as data: no container engine runs where the tests run."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from config import embedded
from tests import production

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")


def test_all_services_are_there():
    assert set(SERVICES) == {"database", "broker", *OURS}


def test_the_database_is_made_with_the_arguments_of_the_default_run():
    assert SERVICES["database"]["image"] == f"postgres:{embedded.MAJOR}"
    assert tuple(SERVICES["database"]["environment"]["POSTGRES_INITDB_ARGS"].split()) == embedded.INITDB_ARGS


def test_roles_and_extensions_are_those_of_the_default_run():
    script = (ROOT / "docker" / "roles.sh").read_text()
    for statement in filter(None, embedded.TEMPLATE_SQL.splitlines()):
        assert statement in script
    for role in (embedded.OWNER, embedded.APP):
        assert re.search(rf"CREATE ROLE {role} LOGIN\b.* PASSWORD :'", script)
    assert "SUPERUSER" not in script
    assert f"GRANT {embedded.APP} TO {embedded.OWNER};" in script
    assert f"CREATE DATABASE {embedded.DATABASE} OWNER {embedded.OWNER}" in script
    mounted = SERVICES["database"]["volumes"][1].split(":")
    assert mounted[0] == "./docker/roles.sh" and mounted[1].startswith("/docker-entrypoint-initdb.d/")
    assert os.access(ROOT / "docker" / "roles.sh", os.X_OK)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_how_it_feels(name):
    check = SERVICES[name]["healthcheck"]
    assert name == "migrate" or (check["test"] and check["interval"])


@pytest.mark.parametrize("name", OURS)
def test_nothing_of_ours_is_root_or_holds_a_secret_in_the_environment(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"] and service["read_only"]
    words = service["environment"]
    assert words["DATABASE_URL_FILE"] and words["SECRET_KEY_FILE"]
    assert not {"DATABASE_URL", "SECRET_KEY", "DEBUG"} & set(words)
    assert ("MIGRATE_DATABASE_URL_FILE" in words) == (name == "migrate")
    assert ("migrate_database_url" in service["secrets"]) == (name == "migrate")
    for value in words.values():
        assert "@" not in value or re.fullmatch(r"postgresql://guanjia_owner@database:5432/guanjia", value)


def test_only_migrate_runs_once_and_the_rest_wait_for_it():
    assert SERVICES["migrate"]["restart"] == "no"
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"], "TLS ends in front of it"


def test_what_must_last_is_in_volumes():
    assert set(COMPOSE["volumes"]) == {"database", "files"}
    assert SERVICES["database"]["volumes"][0] == "database:/var/lib/postgresql"
    for name in OURS:
        assert SERVICES[name]["volumes"] == ["files:/data"]


def test_every_secret_used_exists_and_bin_secrets_makes_it(tmp_path):
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "secrets"
    script.write_text((ROOT / "bin" / "secrets").read_text())
    turns = []
    for _turn in range(2):
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        turns.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    made = turns[0]
    assert turns[1] == made, "what exists is left alone"
    assert set(made) == used
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert (
        made["app_password"] in made["database_url"]
        and made["owner_password"] in made["migrate_database_url"]
    )
    # and they open a sound production
    files = {
        f"{name.upper()}_FILE": str(tmp_path / "secrets" / name) for name in made if name != "identity_keys"
    }
    changes = {"DATABASE_URL": None, "SECRET_KEY": None, "MIGRATE_DATABASE_URL": None}
    ask = "from config import settings as s; print(s.APP_DATABASE_USER, s.OWNER_DATABASE_USER, len(s.SECRET_KEY) > 60)"
    done = production.run("-c", ask, **(changes | files))
    assert done.stdout == "guanjia_app guanjia_owner True\n", done.stderr


def test_the_image():
    text = (ROOT / "Dockerfile").read_text()
    assert "USER guanjia" in text and text.index("USER guanjia") < text.index("CMD [")
    assert "--require-hashes" in text and "HEALTHCHECK" in text
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".data", "secrets", ".venv"} <= set(ignored)


def test_operations_explain_every_word_of_the_environment():
    """Each variable read by settings stands in the table of docs/operations.md."""
    text = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'env(?:\.\w+)?\("([A-Z_]+)"', text))
    told = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text(), re.M))
    assert {name for name in read - told if not name.startswith("GUANJIA_TEST")} == set()
