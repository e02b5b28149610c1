# Each target sets up what it needs in .venv by itself, and again when pyproject.toml or the C of the package changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PEERS := build/bench-peers
# What the extensions are built of: a change builds them anew.
NATIVE := setup.py $(shell find src -name '*.pyx' -o -name '*.pxi' -o -name '*.h')
# The tests of everything that the two twins of the hot path do differently.
TWINS := tests/hotpath tests/instrument tests/context tests/metrics tests/tracing tests/runtime tests/opentelemetry
# Half of the time tests wait; those of a file stay together, for they share what they set up.
SPREAD := -n auto --dist loadfile
BENCH_OPTIONS = $(QUICK) $(if $(ROWS),--rows '$(ROWS)') $(if $(JSON),--json $(JSON)) $(if $(PLOT),--plot $(PLOT))

.PHONY: help probe test asan fuzz lint bench bench-check bench-peers soak programs engines clean

help:
	@echo "make probe    run one spec through the reference pipeline, and check what it recorded"
	@echo "make test     run all tests"
	@echo "make asan     run the tests of the compiled twin under the address sanitizer"
	@echo "make fuzz     give every parser of foreign text inputs for SECONDS=120, steered by the branches that they reach"
	@echo "make lint     run ruff, mypy and the docstring check"
	@echo "make bench    measure what instrumentation costs; PLOT=docs/benchmarks.svg draws it, JSON=rows.json keeps it"
	@echo "make bench-check   fail where it costs more than benchmarks/budgets.toml allows"
	@echo "make bench-peers   measure with ddtrace and logfire too, in an environment of their own"
	@echo "make engines  prove what is generated for monitoring on real Prometheus, Alertmanager and VictoriaMetrics"
	@echo "make soak     kill processes by the hundred and count what arrives, beside OpenTelemetry, logfire and ddtrace"

probe: $(VENV)/probe.stamp
	$(BIN)/python tools/telemetry_probe.py

test: $(VENV)/dev.stamp programs
	$(BIN)/python -m pytest $(SPREAD)
	TELEMETRY_PURE=1 $(BIN)/python -m pytest $(SPREAD) $(TWINS)

# The tests of the compiled twin, with every access to memory checked; it leaves an ordinary build behind.
asan: $(VENV)/dev.stamp
	bash tests/hotpath/asan $(BIN)/python $(TWINS)

# An input that breaks a parser is kept in build/fuzz; TARGETS='baggage carrier' fuzzes only these.
fuzz: $(VENV)/fuzz.stamp
	$(BIN)/python -m tests.fuzz $(or $(SECONDS),120) $(TARGETS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/interrogate --quiet src

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks $(BENCH_OPTIONS)

bench-check: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks --check $(BENCH_OPTIONS)

# Both peers bring plug-ins for pytest, so they stay out of the environment that the tests run in.
bench-peers: $(PEERS)/peers.stamp
	$(PEERS)/bin/python -m benchmarks $(BENCH_OPTIONS)

# Some two hours; WRITE=--write puts the result into docs/reliability.md.
soak: $(PEERS)/peers.stamp
	$(PEERS)/bin/python -m tests.soak $(WRITE)

# Debian's compilers, provers and servers that some tests run against; without them, or root to install them, those
# tests are left out, and say so.
programs:
	@bash .ci/programs

# Some five minutes; SHEETS=docs/sheets keeps the pictures of the dashboards that it draws.
engines: $(VENV)/dev.stamp programs
	$(BIN)/python -m pytest tests/stack -n 2 --dist loadfile

$(VENV)/python.stamp:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "telemetry needs Python 3.11 or later; call make with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/probe.stamp: $(VENV)/python.stamp pyproject.toml $(NATIVE)
	$(PIP) --editable '.[probe]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml $(NATIVE)
	$(PIP) --editable '.[dev]'
	touch $@ $(VENV)/probe.stamp

$(VENV)/fuzz.stamp: $(VENV)/dev.stamp
	$(PIP) --editable '.[fuzz]'
	touch $@

$(PEERS)/peers.stamp: $(VENV)/python.stamp pyproject.toml $(NATIVE)
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench-peers]'
	touch $@

clean:
	rm -rf $(VENV) build .telemetry
