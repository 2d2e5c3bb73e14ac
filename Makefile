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
# make lock UPGRADE=--upgrade takes what is newest of the packages that pyproject.toml does not name
UPGRADE ?=
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.PHONY: help setup temporal demo test check format replay record bench bench-waiting lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.complete ## make .venv from the hashed lock

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

temporal: setup ## find the temporal program, or build it once for this machine
	@$(BIN)/python -m embedded.temporal_program

demo: setup ## the desk at work on sample requests; without a terminal it plays the people too
	@$(BIN)/python -m embedded.demo

test: check temporal ## everything: format, lint, types and all tests
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## format, lint and types, changing nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .

format: setup ## put the code into its one form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

replay: setup ## replay the recorded histories against the workflows as they are now
	@$(BIN)/python -m pytest tests/replay $(ARGS)

record: setup temporal ## record the histories anew, one for each ending
	@$(BIN)/python -m tests.replay.record

bench: setup temporal ## throughput beside a bare workflow; writes var/bench/latest.json
	@$(BIN)/python -m bench.throughput

bench-waiting: setup temporal ## ten thousand waiting requests; writes var/bench/waiting.json
	@$(BIN)/python -m bench.waiting

lock: setup ## compile pyproject.toml into the two hashed locks
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove what setup and the tools made; var/, the desk's memory, stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
