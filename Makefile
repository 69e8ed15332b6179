# Two commands on a fresh machine: `make demo` and `make test`.  Needs Python 3.11+, make and pip.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help demo test lint types unit fuzz install clean debian-packages

help:  ## what can be made here
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.stubs/.installed: Makefile | $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target .stubs micropython-esp32-stubs
	@touch $@

install: $(STAMP)  ## the virtual environment with everything in it

demo: $(STAMP)  ## a street of virtual homes, real firmware, real hub, days in minutes
	$(BIN)/anju demo

lint: $(STAMP)  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) .stubs/.installed  ## mypy --strict, and the ESP32 driver against the MicroPython stubs
	$(BIN)/mypy
	$(BIN)/mypy --config-file firmware/mypy.ini

debian-packages:  ## libcoap's tools for the interoperability tests, where apt-get may install them
	@command -v coap-client >/dev/null || command -v coap-client-notls >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends libcoap3-bin; \
	else false; fi || echo "libcoap3-bin is missing: its tests are skipped, and fail where CI is set"

unit: $(STAMP)  ## the tests, shared code also under real MicroPython
	$(BIN)/pytest

test: debian-packages lint types unit  ## everything CI runs

clean:  ## remove what the commands above made
	rm -rf $(VENV) .stubs demo-out .pytest_cache .mypy_cache .ruff_cache
