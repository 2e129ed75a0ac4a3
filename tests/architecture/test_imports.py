"""Imports point down: between the apps, and between the layers inside each (ARCHITECTURE §1)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lint(folder, *words):
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache", *words], cwd=folder, capture_output=True, text=True)


def test_the_contracts_are_kept():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_a_broken_contract_would_be_found(tmp_path):
    """The twin: a `rules` that imports `actions` breaks the contract as it is written in pyproject.toml."""
    for app in ("config", "office", "residents", "billing", "tickets"):
        (tmp_path / app).mkdir()
        (tmp_path / app / "__init__.py").touch()
    for layer in ("models", "rules", "actions", "views"):
        (tmp_path / "office" / f"{layer}.py").touch()
    (tmp_path / "office" / "rules.py").write_text("from office import actions\n")
    (tmp_path / "office" / "views.py").write_text("import tickets\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "office.rules is not allowed to import office.actions" in done.stdout
    assert "office is not allowed to import tickets" in done.stdout
