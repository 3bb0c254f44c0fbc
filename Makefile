# make demo   try it: virtual environment, built-in model, the starter comparison in the terminal
# make test   everything that is tested, without a screen
# make run    open the window
# make check  ruff, mypy, the architecture test
# make bench, make screenshots, make clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHELL := /bin/sh

.PHONY: demo test run check bench fuzz screenshots clean
.DEFAULT_GOAL := demo

# Stamps lie inside the virtual environment: removing it removes them, and a changed pyproject.toml outdates them.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Prompt Workbench needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) --version > /dev/null
	@touch $@

# pip compiles what it installs, but not an editable checkout: without this, every start would where Python may write no bytecode.
COMPILE := $(BIN)/python -m compileall -q workbench

# 21 MB, once. The demo does without.
FETCH_EMBEDDING := $(BIN)/python -c "from workbench.providers import minilm; minilm.MINILM.fetch(minilm.path().parent)"

$(VENV)/.local: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --editable ".[local]"
	@$(COMPILE)
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	$(PIP) install --quiet --editable ".[local,dev]"
	@$(COMPILE)
	@touch $(VENV)/.local $@

demo: $(VENV)/.local
	$(BIN)/workbench demo
	@echo "or with: make run"

test: $(VENV)/.dev
	@$(COMPILE)
	@$(BIN)/python packaging/system_libraries.py offscreen --install
	@$(FETCH_EMBEDDING) || echo "Tests on the embedding model are skipped without its file."
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

run: $(VENV)/.local
	@$(BIN)/python packaging/system_libraries.py offscreen window --install
	$(BIN)/workbench app

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy packaging/*.py tests/benchmarks/*.py
	$(BIN)/python -m pytest tests/test_architecture.py

bench: $(VENV)/.dev
	@$(COMPILE)
	@$(BIN)/python packaging/system_libraries.py offscreen --install
	@mkdir -p bench; cd bench; missed=; for script in ../tests/benchmarks/*.py; do \
		echo "== $$script"; QT_QPA_PLATFORM=offscreen ../$(BIN)/python "$$script" || missed="$$missed $$script"; done; \
	if [ -d ../../shared ]; then ../$(BIN)/python ../../shared/tools/bench_run.py --json -- "$(CURDIR)/$(BIN)/workbench" > bench_run.json || missed="$$missed bench_run"; \
		cat bench_run.json; fi; \
	test -z "$$missed" || { echo "An aim was missed by:$$missed" >&2; exit 1; }

# 2,000 mutated files of every format (FROM=2000 tries others), then new examples for every property test: about 20 minutes.
fuzz: $(VENV)/.dev
	WORKBENCH_FUZZ=2000 WORKBENCH_FUZZ_FROM=$${FROM:-0} $(BIN)/python -m pytest tests/test_library_folder_mutated.py
	WORKBENCH_FUZZ=2000 $(BIN)/python -m pytest $$(grep -l "@given" tests/*.py)

screenshots: $(VENV)/.dev
	@$(BIN)/python packaging/system_libraries.py offscreen screenshots --install
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/screenshots.py screenshots

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis bench build dist screenshots
