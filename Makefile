# Everything a fresh machine needs: `make demo` and `make test` set up what they use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: venv demo test lint format docs bench bench-plugins bench-triggers clean

venv: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mudbot needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV): about a minute, the first time only."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,redis,dev]'
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

bench: venv
	$(BIN)/python -m bench

# Ten minutes at most; `make bench` ends with a minute of it.
bench-triggers: venv
	$(BIN)/python -m bench.triggers

# The same five plugins in five frameworks: tests and lines of code.
bench-plugins: venv
	$(BIN)/python -m bench.plugins

clean:
	rm -rf $(VENV) .envs .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
