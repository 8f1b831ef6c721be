# Sitewarden. `make demo` shows it, `make test` tests it; both set up what they need and may be run again at any time.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:
.PHONY: help demo test lint bench bench-frames grow-frames crash setup setup-test locks generated clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST ?= $(BIN)/python -m pytest
N ?= 200
WORKERS ?= 2

help:
	@echo "make demo       a simulated site, watched: prints an address and a login  (DEMO_HEADLESS=1: once, fast, no browser)"
	@echo "make test       all tests, with the real servers from Debian's packages   (PYTEST_ARGS='tests/unit -k condition')"
	@echo "make lint       style, types, contracts"
	@echo "make bench      benchmarks with their rivals                              (BENCH_JSON=FILE)"
	@echo "make bench-frames  who is right about faulty pictures             (FOLDER=your own, QUICK=1, BENCH_JSON=FILE)"
	@echo "make grow-frames   the trees that give a second opinion on pictures, anew   (FOLDER=footage)"
	@echo "make crash      kill -9 at random instants                                (N=200)"
	@echo "make generated  configuration reference, schema, lists: made anew"
	@echo "make locks      newest versions within the ranges of pyproject.toml"
	@echo "make clean      removes what the others made"

$(VENV)/.runtime: requirements.lock pyproject.toml
	@echo "── Python packages → $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sitewarden needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.11 …"; exit 1; }
	@if [ ! -x $(BIN)/python ]; then
		$(PYTHON) -m venv $(VENV) 2>/dev/null || { tests/debian-packages python3-venv && $(PYTHON) -m venv --clear $(VENV); } || { echo "No virtual environment could be made; install python3-venv."; exit 1; }
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { echo "The packages could not be installed; is a package registry reachable?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "── Python packages of the tests → $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || { echo "The packages could not be installed; is a package registry reachable?"; exit 1; }
	@touch $@

setup: $(VENV)/.runtime

setup-test: $(VENV)/.dev
	@tests/debian-packages $$(grep -v '^#' tests/debian-packages.txt)

demo: setup
	@exec $(BIN)/sitewarden demo $(if $(DEMO_HEADLESS),--headless)

lint: $(VENV)/.dev
	@echo "── style, types, contracts"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

test: setup-test lint
	@echo "── tests"
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --reruns 1 --cov --cov-report= $(PYTEST_ARGS)
	@$(BIN)/coverage report --skip-covered --sort=cover | tail -n 25

bench: setup-test
	@$(BIN)/python -m tests.benchmarks $(if $(BENCH_JSON),--json $(BENCH_JSON))

bench-frames: setup-test
	@$(BIN)/python -m tests.benchmarks.frames $(if $(FOLDER),--folder '$(FOLDER)') $(if $(QUICK),--quick) $(if $(BENCH_JSON),--json $(BENCH_JSON))

grow-frames: setup-test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[grow]'
	@rm -rf var/grow-frames
	@$(BIN)/python -m tests.benchmarks.frames.collect $(if $(FOLDER),'$(FOLDER)') --out var/grow-frames/rows
	@$(BIN)/python -m tests.benchmarks.frames.grow var/grow-frames/rows/*.npz --out var/grow-frames/opinion.npz

crash: setup
	@$(BIN)/python -m tests.acceptance.crash --rounds $(N)

generated: $(VENV)/.dev
	@$(BIN)/python -m monitor.settings.schema
	@$(BIN)/python -m monitor.settings.reference
	@$(BIN)/python -m monitor.settings.device_pages
	@$(BIN)/python -m monitor.export.reference
	@$(BIN)/python -m monitor.export.grafana

locks:
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --allow-unsafe --extra dev --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) var dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/screenshots
