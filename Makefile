# Every target makes what it needs, on a fresh machine with Python 3.11+ and make.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
# A rival in the benchmarks needs it; nothing else does.
CONDOR_PYTHON ?= 3.12
BIN := .venv/bin
UV_VERSION := 0.13.9
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile
# Machines that forbid it would compile dbt anew at each of its hundreds of starts: 4 seconds each.
unexport PYTHONDONTWRITEBYTECODE
LOCKED := --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: help setup test test-all lint format demo demo-web bench bench-identity bench-audiences bench-sync bench-ingest docs clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.ready ## make the virtual environment from the lock file

.venv/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --editable . uv==$(UV_VERSION)
	touch $@

lock: ## write requirements.lock and the locks of the test environments anew
	$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCKED) --output-file requirements.lock
	cd tests/engines && for name in fakesnow bqemulator check lint sdks; do \
		../../$(BIN)/uv pip compile $$name.in $(LOCKED) --output-file $$name.lock; done
	cp requirements.lock tests/engines/duckdb2.lock
	$(BIN)/uv pip compile pyproject.toml tests/engines/duckdb2.in --extra bigquery --extra snowflake --extra otel \
		$(LOCKED) --output-file tests/engines/duckdb2.lock
	cd benchmarks && ../$(BIN)/uv pip compile requirements.in $(LOCKED) --output-file requirements.txt
	cd benchmarks && ../$(BIN)/uv pip compile drt.in $(LOCKED) --output-file drt.txt
	cd benchmarks && ../$(BIN)/uv pip compile condor.in $(LOCKED:3.11=3.12) --output-file condor.txt

test: setup ## the test suite, under 15 minutes on 2 cores
	$(PYTEST) -m "not slow"

test-all: setup ## everything, the slow proofs too
	$(PYTEST)

lint: setup ## style, types, SQL, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$$($(BIN)/python -m tests.engines.environments lint)/sqlfluff lint --disable-progress-bar models
	$(BIN)/python docs/generate.py --check

format: setup ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo: setup ## a shop's events to three ad platforms (simulators), twice
	$(BIN)/segmentloom-sync demo --fresh

demo-web: setup ## a shop on this machine whose clicks appear in a profile
	$(BIN)/python sdk/demo/serve.py

bench: setup benchmarks/.venv/.ready ## measure a shop's journey against the limits of the machine
	$(BIN)/python benchmarks/journey.py

bench-identity: setup benchmarks/.venv/.ready ## measure identity against scipy, Splink and itself in full
	$(BIN)/python benchmarks/components.py
	$(BIN)/python benchmarks/components.py --paths 10000 --without-splink
	$(BIN)/python benchmarks/paths.py
	$(BIN)/python benchmarks/identity.py
	$(BIN)/python benchmarks/stitch_shop.py

bench-audiences: setup ## measure many audiences against few, an hour against all, members against two joins
	$(BIN)/python benchmarks/audiences.py --events 2e6 --audiences 25 100 400
	$(BIN)/python benchmarks/member_diff.py

bench-sync: setup benchmarks/.drt/.ready benchmarks/.condor/.ready ## measure the sync against its rivals, and all of them against faults
	$(BIN)/python benchmarks/sync.py --members 1e5
	$(BIN)/python benchmarks/faults.py

bench-ingest: setup benchmarks/.venv/.ready ## measure the collector and its spool against servers that do nothing; needs wrk
	$(BIN)/python benchmarks/collector.py
	$(BIN)/python benchmarks/spool.py --events 300000

benchmarks/.drt/.ready: benchmarks/drt.txt .venv/.ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python benchmarks/.drt
	VIRTUAL_ENV=benchmarks/.drt $(BIN)/uv pip install --quiet --require-hashes --requirement benchmarks/drt.txt
	touch $@

benchmarks/.condor/.ready: benchmarks/condor.txt .venv/.ready
	$(BIN)/uv venv --quiet --clear --python $(CONDOR_PYTHON) benchmarks/.condor
	VIRTUAL_ENV=benchmarks/.condor $(BIN)/uv pip install --quiet --require-hashes --requirement benchmarks/condor.txt
	touch $@

benchmarks/.venv/.ready: benchmarks/requirements.txt .venv/.ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python benchmarks/.venv
	VIRTUAL_ENV=benchmarks/.venv $(BIN)/uv pip install --quiet --require-hashes --requirement benchmarks/requirements.txt
	touch $@

docs: setup ## write docs/cli.md and schemas/ anew
	$(BIN)/python docs/generate.py
