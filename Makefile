# One command to run, one to test; `make help` lists the rest. Every target makes its own ground ready first.
SHELL = /bin/sh
VENV ?= .venv
PYTHON = $(VENV)/bin/python
BIN = $(VENV)/bin
ARGS ?=
export VENV
# A test starts many processes; without bytecode each compiles all of Django again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL = help
.PHONY: help run test lint states sweep forms bench faults year lock messages clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: ## the whole office on http://127.0.0.1:8000 (PORT, HOST, DATA_DIR); Ctrl-C stops it
	@bin/setup run
	@exec $(PYTHON) manage.py serve

test: ## every kind of test at a small size, at most ten minutes (ARGS="tests/office -x")
	@bin/setup test
	@GUANJIA_TEST=1 $(PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

lint: ## style, types, import contracts, migrations, production settings
	@bin/setup test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find templates -name '*.html' -print0 | xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	GUANJIA_TEST=1 $(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m tests.production manage.py check --deploy --fail-level WARNING

states: ## docs/states from the rules
	@bin/setup run
	@$(PYTHON) manage.py draw_states $(ARGS)

sweep: ## what beat runs, by hand: ARGS="--now 2026-03-01T09:00 --only callback"
	@bin/setup run
	@$(PYTHON) manage.py sweep $(ARGS)

forms: ## every printed form, language, blank and filled, into build/forms
	@bin/setup test
	@GUANJIA_TEST=1 $(PYTHON) manage.py render_forms $(ARGS)

faults: ## kills, floods and disconnections at full size
	@bin/setup test
	@GUANJIA_TEST=1 GUANJIA_FULL=1 $(PYTHON) -m pytest -m faults -rA $(ARGS)

year: ## a simulated year of sweeps at full size
	@bin/setup test
	@GUANJIA_TEST=1 GUANJIA_FULL=1 $(PYTHON) -m pytest -m year -rA $(ARGS)

bench: ## speed as ratios to yardsticks of the same run
	@bin/setup test
	@GUANJIA_TEST=1 GUANJIA_FULL=1 $(PYTHON) -m tests.benchmarks $(ARGS)
	@$(PYTHON) -m tests.benchmarks.imports
	@$(PYTHON) -m tests.benchmarks.billing_run
	@$(PYTHON) -m tests.benchmarks.receipt

COMPILE = $(PYTHON) -m uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet
lock: ## newest versions into both locks (ARGS=--upgrade)
	@bin/setup test
	$(COMPILE) $(ARGS) --group pyproject.toml:embedded pyproject.toml -o requirements.lock >/dev/null
	$(COMPILE) $(ARGS) -c requirements.lock --group pyproject.toml:embedded --group pyproject.toml:test \
		pyproject.toml -o requirements-test.lock >/dev/null

messages: ## texts for the translators, then compiled
	@bin/setup test
	$(PYTHON) manage.py makemessages --locale zh_Hant --locale zh_Hans --no-location --no-obsolete --no-wrap \
		--ignore $(VENV) --ignore build --ignore tests --ignore docs
	$(PYTHON) bin/hans
	$(PYTHON) manage.py compilemessages --ignore $(VENV) --verbosity 0

clean: ## what can be made again; the demonstration's data stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
