# Two commands do everything: `make run` and `make test`. Each makes .venv first when it is needed.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup run run-distributed fresh test check wheel bench bench-distributed soak soak-distributed \
	screenshots lock clean FORCE

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

# What the package is made of, and the file that says that it is made of it.
PACKAGED = pyproject.toml README.md LICENSE \
	$(shell find domain projections streams infra policies -type f ! -path '*/__pycache__/*')
WHEEL := build/unpacked/.ready
HAS_HEADERS := -c 'import os, sys, sysconfig as s; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))'

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

wheel: $(WHEEL) ## make the compiled package, dist/*.whl (needs a C compiler; about a minute)

# Compiled beside the source of a working copy, a module would hide what is changed in it; so the
# wheel is made of an unpacked source distribution, and unpacked for who measures or tests it.
$(WHEEL): $(PACKAGED) Makefile $(READY)
	@"$${CC:-cc}" --version >/dev/null 2>&1 && $(VENV)/bin/python $(HAS_HEADERS) || { \
		echo "The package is compiled: that needs a C compiler (CC=...) and Python's headers." >&2; \
		echo "On Debian: apt-get install gcc libc6-dev python3-dev" >&2; \
		exit 1; }
	@echo "Compiling the package ..."
	@rm -rf dist build/unpacked && mkdir -p build
	@$(IN_VENV) hatchling build --target sdist >/dev/null 2>build/sdist.log || { cat build/sdist.log >&2; exit 1; }
	@HATCH_BUILD_HOOKS_ENABLE=1 $(IN_VENV) pip wheel --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --wheel-dir dist dist/*.tar.gz
	@$(IN_VENV) pip install --quiet --disable-pip-version-check --no-deps --target $(@D) dist/*.whl
	@touch $@
	@ls dist/*.whl

# What is measured is the package as it is installed, not the working copy.
bench bench-distributed: export PYTHONPATH := $(CURDIR)/build/unpacked
bench bench-distributed: export PYTHONSAFEPATH := 1

bench: wheel ## measure the package beside baselines (one thing: WHAT="engine --part rebuild"; WHAT=--help)
	@$(IN_VENV) tests.benchmarks $(WHAT)

bench-distributed: wheel ## measure what goes over Kafka, on a broker and a database of its own (needs Java)
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
