"""The house rules a reader meets first: two commands, one check on every push, files of a size people read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
LONGEST = 560  # lines of a module, tests apart; ARCHITECTURE says "about 500"
# What has to be long, with the reason.
LONG = {
    "config/embedded.py": "one file that runs alone, before Django and without the rest of the house",
    "config/demo/repairs.py": "one row of each table after the other, in the order of a repair",
}


def kept():
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def text_of(name):
    try:
        return (ROOT / name).read_text()
    except UnicodeDecodeError:
        return ""


def test_the_readme_names_its_two_commands_first_and_they_exist():
    text = (ROOT / "README.md").read_text()
    commands = list(dict.fromkeys(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)))
    assert commands[:2] == ["run", "test"]
    assert set(commands) <= TARGETS


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/operations.md", "CHANGELOG.md"])
def test_every_make_command_of_the_papers_exists(page):
    assert set(re.findall(r"`make ([a-z]+)", (ROOT / page).read_text())) <= TARGETS


def test_every_push_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, "cannot be run"
    lines = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert re.findall(r"make ([a-z]+)", "\n".join(lines)) == ["test"]


def test_the_targets_of_the_plan_are_there():
    assert {"run", "test", "lint", "states", "sweep", "forms", "bench", "faults", "year"} <= TARGETS


def test_the_hooks_are_the_steps_of_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    makefile = (ROOT / "Makefile").read_text()
    for hook in hooks:
        program = re.search(r"\.venv/bin/(\S+)", hook["entry"])
        if program and program[1] != "python":
            assert f"$(BIN)/{program[1]}" in makefile, hook["id"]
    done = subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "validate-config"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_people_read():
    modules = [
        name
        for name in kept()
        if name.endswith(".py") and "/migrations/" not in name and not name.startswith("tests/")
    ]
    long = {name for name in modules if len(text_of(name).splitlines()) > LONGEST}
    assert long <= set(LONG)


def test_what_is_vendored_comes_with_its_licence():
    folders = {
        path.parent
        for name in kept()
        if (path := Path(name)).suffix in {".js", ".css", ".ttf", ".svg"}
        and {"vendor", "fonts"} & set(path.parts)
    }
    assert folders
    for folder in folders:
        here = {path.name for path in (ROOT / folder).iterdir()}
        assert any(name.startswith(("LICENSE", "OFL")) for name in here), f"{folder} has no licence"


def test_nothing_strays_into_the_repository():
    for name in kept():
        parts = Path(name).parts
        assert not {"build", "_try", "__pycache__", ".data", ".venv", "secrets"} & set(parts[:-1]), name
        assert "_zz_" not in name and "scratch" not in name, name


def test_no_address_of_a_machine_or_registry():
    """A clone works anywhere: no absolute path of a home, no host of a package index in a lock."""
    home = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w")
    for name in kept():
        if "/vendor/" in name or name.endswith(".lock"):
            continue
        found = home.search(text_of(name))
        assert not found, (name, found)
    for lock in ("requirements.lock", "requirements-test.lock"):
        assert not re.search(r"https?://|--(extra-)?index-url", text_of(lock))


def test_every_variable_of_the_settings_is_explained():
    """docs/operations.md has a line for each name the settings read, and names nothing else."""
    settings = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r"""env(?:\.\w+)?\(\s*["']([A-Z_]+)["']""", settings))
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))
    assert {name for name in read if not name.startswith("GUANJIA_TEST")} <= told
    assert told <= read | {"HOST", "PORT"}
