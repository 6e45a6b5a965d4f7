# The commands a newcomer needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RENDERER := m365_emulator/renderer/node_modules/adaptivecards
JS_CLIENT := tests/foreign/node_modules/@microsoft/microsoft-graph-client
NPM_INSTALL := npm install --silent --no-audit --no-fund --no-package-lock --prefix

.PHONY: help venv demo demo-once serve test nightly check bench performance soak lock clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

venv: $(STAMP) $(RENDERER) $(JS_CLIENT)  ## make .venv with everything that demo and test need

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

# The official Adaptive Cards renderer, for the channel page. Without node the page shows the card's text and facts.
$(RENDERER): m365_emulator/renderer/package.json
	@if command -v npm >/dev/null; then $(NPM_INSTALL) m365_emulator/renderer && touch $@; \
	else echo "npm is not here: the channel page will show cards as text and facts"; fi

# Microsoft's JavaScript client, which the tests turn on the emulator. Without node that test skips, saying so.
$(JS_CLIENT): tests/foreign/package.json
	@if command -v npm >/dev/null; then $(NPM_INSTALL) tests/foreign && touch $@; \
	else echo "npm is not here: the JavaScript client's test will skip"; fi

demo: venv  ## run the main job on the emulator, show it, and keep serving
	$(BIN)/tasking demo

demo-once: venv  ## run the main job once, and end
	$(BIN)/tasking demo --once

serve: venv  ## serve the doors on this machine (settings from the environment)
	$(BIN)/tasking serve

test: venv  ## run every test
	$(BIN)/python -m pytest

check: venv  ## lint, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv  ## measure cold start against the fixed packages alone
	$(BIN)/python -m bench

performance: venv  ## measure calls to Graph, growth and cost of a response; writes docs/performance.md
	$(BIN)/python -m bench.performance

soak: venv  ## 500 responses under faults while workers are killed; about six minutes
	$(BIN)/python -m bench.soak

nightly: venv  ## what is too long for every change: the state machine at length, and the soak
	NIGHTLY=1 $(BIN)/python -m pytest tests/journeys/test_board_and_record.py tests/journeys/test_levels_property.py --timeout 14400
	$(BIN)/python -m bench.soak

lock:  ## write the pinned requirements anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -q requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate -q requirements-dev.in -o requirements-dev.txt

clean:  ## remove the venv, the demo's folder and caches
	rm -rf $(VENV) .demo m365_emulator/renderer/node_modules tests/foreign/node_modules
