# Everything a fresh machine needs: `make demo` and `make test` set up what they use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .envs/tools
LOCK := --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" $(UPGRADE)

.PHONY: venv demo test fuzz lint format docs bench bench-plugins bench-triggers reliability soak lock sbom audit clean

venv: $(VENV)/.ready

# What is installed is what requirements.lock says, each file by its hash; `make lock` makes it of pyproject.toml.
$(VENV)/.ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mudbot needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV): about two minutes, the first time only."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# In a terminal: you are in the inn.  Without one (CI, a pipe): the same, as a transcript in both languages.
demo: venv
	@$(BIN)/mudbot models fetch
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/mudbot demo; else \
	  $(BIN)/mudbot demo --say "Good evening! What do you have to drink?" && \
	  $(BIN)/mudbot demo --lang zh --say "掌柜的，来壶酒，多少钱？" && \
	  $(BIN)/mudbot demo --scene "misty mountain temple at dawn"; fi

test: venv lint
	$(BIN)/pytest

# Some minutes; what it finds it keeps in tests/fuzz/corpus.  `make fuzz FUZZ=20000` for a night.
FUZZ ?= 1500
fuzz: venv
	MUDBOT_FUZZ=$(FUZZ) $(BIN)/pytest --timeout 7200 tests/fuzz

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The reference for plugins is made of the docstrings; a test fails where it is older than they are.
docs: venv
	$(BIN)/mudbot plugin docs > docs/plugins/reference.md.part
	mv docs/plugins/reference.md.part docs/plugins/reference.md

# The pictures of the web pages in docs/images, from a bot that runs; takes Debian's chromium.  Look at them afterwards.
images: venv
	$(BIN)/python -m tests.web.screenshots

bench: venv
	$(BIN)/python -m bench

# Ten minutes at most; `make bench` ends with a minute of it.
bench-triggers: venv
	$(BIN)/python -m bench.triggers

# The same five plugins in five frameworks: tests and lines of code.
bench-plugins: venv
	$(BIN)/python -m bench.plugins

# Both tables of docs/reliability.md, measured anew: about ten minutes.
reliability: venv
	$(BIN)/python -m bench.reliability

# Ten minutes of floods, replies and reconnects; a minute of it is in `make reliability`, some seconds are in the tests.
soak: venv
	@mkdir -p build
	MUDBOT_SOAK=10 MUDBOT_FIGURES=build/soak.jsonl $(BIN)/pytest -rP --timeout=1800 tests/reliability/test_rel_memory.py

$(TOOLS)/.ready: .ci/tools.lock
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/tools.lock
	@touch $@

# After a change of what pyproject.toml depends on.  `make lock UPGRADE=--upgrade` takes the newest of everything.
lock: $(TOOLS)/.ready
	$(TOOLS)/bin/uv pip compile $(LOCK) --all-extras pyproject.toml -o requirements.lock
	$(TOOLS)/bin/uv pip compile $(LOCK) .ci/tools.in -o .ci/tools.lock

# The software bill of materials (CycloneDX): what mudbot brings with it where it is installed.
sbom: venv $(TOOLS)/.ready
	@mkdir -p build
	$(TOOLS)/bin/cyclonedx-py environment $(VENV) --pyproject pyproject.toml --output-reproducible -o build/installed.cdx.json
	$(BIN)/python .ci/shipped.py build/installed.cdx.json build/mudbot.cdx.json

# Known weaknesses of what is locked.  It asks a service in the network and cannot run without.
audit: $(TOOLS)/.ready
	@mkdir -p build
	@$(TOOLS)/bin/pip-audit --disable-pip --vulnerability-service osv -r requirements.lock 2>build/audit.log || { \
	  grep -q ConnectionError build/audit.log && echo "nothing was audited: the service cannot be reached from here" >&2 || \
	  cat build/audit.log >&2; exit 1; }

clean:
	rm -rf $(VENV) .envs .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
