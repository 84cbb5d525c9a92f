# `make` lists the targets. Every target that needs the virtual environment sets it up first;
# with nothing to do that takes a fraction of a second.

# What `make play` starts.
PLAY := tictactoe.py play

# The Python to set up with, such as PYTHON=python3.12. Empty: tools/setup.sh chooses.
PYTHON ?=
export PYTHON

# Without it every start of a server compiles all of its code again, which is a third of the time that it takes.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin

# A thousand schedules on all cores, before the other tests share them.
SIMULATION := tests/simulator/test_cluster_schedules.py

# The guarantees under kills, which run on each event loop.
KILLS := tests/guarantees/kills

.DEFAULT_GOAL := help
.PHONY: help play test check lint test-machines check-versions bench bench-window screenshots setup clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

play: setup ## set up what is missing and play
	@$(BIN)/python $(PLAY)

test: lint ## run all checks: ruff, mypy, import-linter, pytest
	$(BIN)/python -m pytest $(SIMULATION)
	$(BIN)/python -m pytest -n 4 --dist loadscope --ignore $(SIMULATION)
	EVENT_LOOP=asyncio $(BIN)/python -m pytest -n 4 --dist loadscope $(KILLS)

check: lint ## run what takes a minute between edits: no processes, windows or long tests; fewer examples
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -p no:xvfb --in-one-process --ignore tests/client/desktop/window

lint: setup ## run the checks that run no code: ruff, mypy, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@# pytest stops at two test files of one name, whatever folders they are in
	@if find tests -name 'test_*.py' | sed 's|.*/||' | sort | uniq -d | grep .; then echo "is the name of two test files"; exit 1; fi

test-machines: setup check-versions ## run all checks on bare Debian machines, as root (debootstrap)
	@tools/test_machines.sh

check-versions: setup ## check types and wheels for versions of Python that are not here
	@$(BIN)/python tools/check_versions.py

bench: setup ## measure what the project promises in numbers
	@$(BIN)/python tictactoe.py bench

bench-window: setup ## measure how long a window is ever blocked
	@$(BIN)/python tests/benchmarks/window.py

screenshots: setup ## make the pictures in docs/images
	@$(BIN)/python tools/screenshots.py

setup: ## set up what is missing: .venv, pinned packages, as root Debian packages too
	@tools/setup.sh

clean: ## remove all that setup and checks made; games and settings stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
