# Two commands do everything: `make run` and `make test`. Each makes .venv first when it is needed.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup run run-distributed fresh test check bench bench-distributed soak soak-distributed screenshots lock clean FORCE

VENV := .venv
READY := $(VENV)/.ready
IN_VENV := $(VENV)/bin/python -m

# Some interpreters are too old, some (Debian's without python3-venv) make no environments,
# and a version manager's shim may not run at all: the first one that can do it is taken.
CAN_SET_UP := -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$python $(CAN_SET_UP) && echo $$python && break; done)

# Starting workers costs more than a second; they pay once the tests take longer than a few.
WORKERS ?= 0

# A room takes part as soon as it is a package.
ROOMS = $(patsubst %/__init__.py,%,$(wildcard $(addsuffix /__init__.py,domain projections streams infra tests)))

# A virtual environment does not survive a move, so it remembers where it was made.
MOVED := $(if $(wildcard $(READY)),$(shell test "$$(cat $(READY))" = "$$PWD" || echo FORCE))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv, with .venv/bin/lhuta, from the pinned requirements

$(READY): requirements.txt pyproject.toml $(MOVED)
	@"$(PYTHON)" $(CAN_SET_UP) || { \
		echo "Lhůta needs Python 3.11 or newer that can make virtual environments." >&2; \
		echo "On Debian: apt-get install python3 python3-venv; else: make setup PYTHON=path/to/python3" >&2; \
		exit 1; }
	@echo "Setting up $(VENV) ..."
	@test -z "$(MOVED)" && $(IN_VENV) pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@rm -f $(READY)
	@$(IN_VENV) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(IN_VENV) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@printf '%s\n' "$$PWD" > $(READY)

# The made-up desk is in its folder, also where the environment names a database.
run fresh: export LHUTA_DATABASE :=

run: setup ## judge a made-up support desk, then run the engine on one that is busy around now
	@test -e .lhuta/log.db || { $(VENV)/bin/lhuta demo; echo; }
	@$(VENV)/bin/lhuta live --data .lhuta

run-distributed: setup ## the same desk on PostgreSQL, Kafka and Faust workers (ONCE=1: a minute, then the proof)
	@$(VENV)/bin/lhuta live --distributed --data .lhuta-distributed $(if $(ONCE),--for 60)

fresh: ## start the made-up desk over: remove .lhuta, and nothing else
	@if $(VENV)/bin/lhuta status --data .lhuta --json 2>/dev/null | grep -q '"engine":{'; then \
		echo "An engine works on .lhuta; stop it first with Ctrl-C." >&2; exit 1; fi
	@if test -e .lhuta || test -L .lhuta; then echo "Removing .lhuta"; rm -rf .lhuta; \
	else echo "There is no .lhuta; make run makes it."; fi

test: check ## check, then run every test (in parallel: make test WORKERS=auto)
	@$(IN_VENV) pytest --quiet -n $(WORKERS)

check: setup ## formatter, linter, types, and the arrows between the rooms
	@$(IN_VENV) ruff format --quiet --check .
	@$(IN_VENV) ruff check --quiet .
	@$(IN_VENV) mypy $(ROOMS)
	@$(IN_VENV) pytest --quiet tests/architecture

bench: setup ## measure, with ratios against a baseline of the same run
	@$(IN_VENV) tests.benchmarks

bench-distributed: setup ## measure what goes over Kafka, on a broker and a database of its own (needs Java)
	@$(IN_VENV) tests.benchmarks distributed

# How often something is killed; so few rounds as 8 kill each thing once.
soak soak-distributed: export LHUTA_KILL_ROUNDS ?= 30

soak: setup ## kill, starve and damage both engines for three quarters of an hour, and show what was found
	@$(IN_VENV) pytest --quiet --capture=no \
		tests/survival tests/contract/test_survival.py --ignore tests/survival/distributed
	@$(MAKE) soak-distributed

soak-distributed: setup ## the part of it that is about Kafka, Faust and PostgreSQL (LHUTA_KILL_ROUNDS=30; needs Java)
	@$(IN_VENV) pytest --quiet --capture=no tests/survival/distributed
	@LHUTA_KILL_ROUNDS=8 LHUTA_TEST_KAFKA_VERSION=3.9.1 $(IN_VENV) pytest --quiet --capture=no \
		tests/survival/distributed/test_kill.py

screenshots: setup ## take the pictures of the board in docs/ again (needs Chromium)
	@$(IN_VENV) tests.web.screenshots

lock: setup ## pin pyproject.toml again (newer versions: make lock UPGRADE=--upgrade)
	@command -v $(VENV)/bin/uv >/dev/null || $(IN_VENV) pip install --quiet --disable-pip-version-check uv
	@$(VENV)/bin/uv pip compile pyproject.toml --extra distributed --extra web --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --quiet $(UPGRADE) --output-file requirements.txt

clean: ## remove .venv and everything that tools leave behind
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

FORCE:
