# Needs only make and Python 3.11 to 3.13; `make PYTHON=python3.12 run` names another interpreter.
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest $(if $(DATABASE_URL),,-n $(JOBS))

.DEFAULT_GOAL := help
.PHONY: help install dev run stop doctor test check simulate fuzz drill bench lock clean

help: ## What can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install:
	@$(PYTHON) brokerage/config/install.py

dev:
	@$(PYTHON) brokerage/config/install.py --dev

run: install ## Start the demo: servers, data, web, workers; Ctrl-C stops it
	@$(BIN)/python -m brokerage.config.run

stop: install ## Stop the embedded PostgreSQL and Valkey
	@$(BIN)/python -m brokerage.config.embedded stop

doctor: install ## What is missing on this machine, and how to mend it
	@$(BIN)/python manage.py doctor

test: dev ## All tests
	$(PYTEST)

check: dev ## Lint, types, layers and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

simulate: dev ## The seeded simulation, 2,000 seeds (SEEDS=n for more)
	PRAYA_SEEDS=$(or $(SEEDS),2000) $(PYTEST) tests/simulation

fuzz: dev ## schemathesis on every REST operation, 300 examples each (EXAMPLES=n for more)
	PRAYA_FUZZ=$(or $(EXAMPLES),300) $(BIN)/python -m pytest tests/http/test_fuzz.py

drill: dev ## kill -9 of each process, 20 times (KILLS=n for more)
	PRAYA_KILLS=$(or $(KILLS),20) $(BIN)/python -m pytest -m drill

bench: dev ## Measure against floors and peers, and write docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks

lock: dev ## Write the hashed requirements again from the .in files
	$(BIN)/uv pip compile $(UPGRADE) $(COMPILE) requirements.in -o requirements.txt
	$(BIN)/uv pip compile $(UPGRADE) $(COMPILE) requirements-dev.in -o requirements-dev.txt
COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

clean: ## Stop the servers; delete .venv, caches and the demo's data
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m brokerage.config.embedded stop
	[ ! -L .data/servers ] || rm -rf "$$(readlink -f .data/servers)"
	rm -rf .venv .data staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
