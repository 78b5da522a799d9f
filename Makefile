# make help tells what there is. Everything runs in .venv, which `make install` fills from hash-checked locks.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
POLCOOP := $(BIN)/polcoop
# An environment made by hand or by an older lock is brought up to date, never taken on trust.
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Extras that name extras of the package itself would put it into its own locks, were it not called unsafe.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --unsafe-package polcoop --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --annotation-style=line

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## Make .venv with the polcoop command

.PHONY: serve
serve: compile yasgui ## Compile and serve the endpoint (PORT=8000, HOST=127.0.0.1)
	@exec $(POLCOOP) serve --host $(HOST) --port $(PORT)

# What needs one processor, or the network, goes side by side; the tests then have the machine to themselves.
.PHONY: test
test: $(DEV_STAMP) ## Run everything that must pass: lint, types, reasoner, shapes, tests
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
	  system yasgui comunica lint reason validate
	@$(MAKE) --no-print-directory pytest

.PHONY: lint
lint: $(DEV_STAMP) ## Style, types, import contracts, layout of the Turtle files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(POLCOOP) format --check

.PHONY: reason
reason: $(STAMP) ## Is the ontology with its data consistent (HermiT)?
	$(POLCOOP) reason

.PHONY: validate
validate: $(STAMP) ## Does the data conform to the shapes (SHACL)?
	$(POLCOOP) validate

.PHONY: pytest
pytest: $(DEV_STAMP) system yasgui comunica ## The tests alone (ARGS= is passed on)
	$(BIN)/pytest --numprocesses auto $(ARGS)

# Tests that lack one of them say so and are skipped. RUNLEVEL=1 keeps Debian from starting what it installs.
.PHONY: system
system: ## The Debian packages that tests use (browser, nginx, R, systemd-analyze, Virtuoso, wrk), where root can install them
	@missing=(); \
	for pair in chromium:chromium nginx:nginx-light Rscript:r-base-core systemd-analyze:systemd virtuoso-t:virtuoso-opensource wrk:wrk; do \
	  PATH="$$PATH:/usr/sbin" command -v "$${pair%%:*}" >/dev/null || missing+=("$${pair#*:}"); \
	done; \
	[[ $${#missing[@]} -gt 0 ]] || exit 0; \
	if [[ $$(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then \
	  echo "make: tests with $${missing[*]} will be skipped: only root can install them, with apt-get" >&2; exit 0; \
	fi; \
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	{ apt-get update -q && apt-get install -q -y --no-install-recommends "$${missing[@]}"; } >/dev/null \
	  || echo "make: $${missing[*]} could not be installed; tests with them will be skipped" >&2

# The query editor of the start page, from npm; without Node browsers get the same files from a CDN. The server
# takes only files with the hashes that it knows, so that nothing has to be checked here.
YASGUI := $(shell sed -n 's/^YASGUI: Final = "\(.*\)"$$/\1/p' server/polcoop/web/assets.py)
.PHONY: yasgui
yasgui: build/yasgui/$(notdir $(YASGUI)) ## The query editor's files, where npm is there

build/yasgui/$(notdir $(YASGUI)):
	@command -v npm >/dev/null || exit 0; \
	mkdir -p $(@D) && cd $(@D) && rm -f * \
	  && npm pack --silent --loglevel=error $(YASGUI) >/dev/null && tar -xzf *.tgz --strip-components=2 \
	    package/build/yasgui.min.js package/build/yasgui.min.css && rm -f *.tgz && touch $(@F) \
	  || echo "make: $(YASGUI) could not be had from npm; browsers will get it from a CDN" >&2

# A federating engine that tests compare with and are asked by. Version 5 needs a newer Node than Debian has.
COMUNICA := @comunica/query-sparql@4.5.0
.PHONY: comunica
comunica: build/comunica/node_modules/.package-lock.json ## Comunica, for tests, where npm is there

build/comunica/node_modules/.package-lock.json:
	@command -v npm >/dev/null || exit 0; \
	mkdir -p build/comunica && npm install --prefix build/comunica --silent --no-audit --no-fund $(COMUNICA) >/dev/null \
	  || echo "make: $(COMUNICA) could not be had from npm; tests with it will be skipped" >&2

.PHONY: compile
compile: $(STAMP) ## Compile the dataset into build/dataset
	$(POLCOOP) compile

.PHONY: format
format: $(DEV_STAMP) ## Lay out the Python and Turtle files
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	$(POLCOOP) format

.PHONY: lock
lock: $(DEV_STAMP) ## Resolve the dependencies anew (UPGRADE=1 takes newer versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) --only-build-deps --build-deps-for editable -o requirements/build.txt pyproject.toml
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra server --extra reason -o requirements/runtime.txt pyproject.toml
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra server -c requirements/runtime.txt -o requirements/core.txt pyproject.toml
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra server --extra reason --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra server --extra reason --extra benchmark -c requirements/runtime.txt -o requirements/benchmark.txt pyproject.toml

.PHONY: release-check
release-check: $(DEV_STAMP) compile ## Is this tree fit to be released: versions, release note, source distribution and wheel
	$(BIN)/python tools/release_check.py

.PHONY: benchmark-validate
benchmark-validate: $(STAMP) ## SHACL as the data grows, beside pySHACL and pyrudof (ARGS="--scale 1 10")
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/benchmark.txt
	$(BIN)/python benchmarks/validate.py $(ARGS)

.PHONY: benchmark-endpoint
benchmark-endpoint: $(STAMP) ## The endpoint beside oxigraph and rdflib-endpoint; needs wrk (ARGS="--runs 3")
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/benchmark.txt
	$(BIN)/python benchmarks/endpoint.py $(ARGS)

.PHONY: clean
clean: ## Remove what is built, .venv included
	rm -rf $(VENV) build dist server/*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old: Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The build tool first: owlready2 is only published as source, and neither it nor the package itself may fetch another.
$(STAMP): requirements/build.txt requirements/runtime.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/build.txt
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/runtime.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(STAMP)
	$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@
