# Each target sets up what it needs in .venv by itself, and again when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help probe test lint bench engines clean

help:
	@echo "make probe    run one spec through the reference pipeline, and check what it recorded"
	@echo "make test     run all tests"
	@echo "make lint     run ruff, mypy and the docstring check"
	@echo "make bench    measure what instrumentation costs"

probe: $(VENV)/probe.stamp
	$(BIN)/python tools/telemetry_probe.py

test: $(VENV)/dev.stamp engines
	$(BIN)/python -m pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/interrogate --quiet src

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks --gate $(QUICK)

# Debian's compilers, provers and servers that some tests run against; without them, or root to install them, those
# tests are left out, and say so.
engines:
	@bash .ci/engines

$(VENV)/python.stamp:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "telemetry needs Python 3.11 or later; call make with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/probe.stamp: $(VENV)/python.stamp pyproject.toml
	$(PIP) --editable '.[probe]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml
	$(PIP) --editable '.[dev]'
	touch $@ $(VENV)/probe.stamp

clean:
	rm -rf $(VENV) build .telemetry
