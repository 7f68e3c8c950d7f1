# Redspot's workshop. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LABEXTENSION := server_extension/redspot_server/labextension
PICTURES := widgets/redspot_widgets/pictures.js
export REDSPOT_STATE_DIR ?= $(CURDIR)/.redspot
# Byte code makes every start two to three times as fast; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## From a notebook to a live model: set everything up and run the main job
	@began=$$(date +%s); $(MAKE) --no-print-directory setup; \
	REDSPOT_DEMO_SETUP_S=$$(($$(date +%s) - began)) $(BIN)/redspot demo

run: setup ## Start the hub on http://127.0.0.1:8000; Ctrl-C stops all of it
	@exec $(BIN)/redspot hub

setup: tools $(VENV)/.hub $(PICTURES) $(LABEXTENSION)/package.json ## Virtual environment and JavaScript build

tools:
	@PYTHON=$(PYTHON) ./.ci/tools

node_modules/.installed: package.json package-lock.json lab_extension/package.json widgets/package.json
	@echo "Installing Node packages…"
	@npm ci --silent --no-fund --no-audit
	@touch $@

$(PICTURES): node_modules/.installed $(shell find widgets/src widgets/style -type f 2>/dev/null) widgets/tsconfig.json widgets/build.mjs
	@echo "Building the pictures…"
	@npm run --silent build --workspace @redspot/pictures > widgets/build.log 2>&1 || { cat widgets/build.log; exit 1; }
	@touch $@

$(LABEXTENSION)/package.json: $(PICTURES) $(shell find lab_extension/src lab_extension/style lab_extension/schema -type f 2>/dev/null) lab_extension/tsconfig.json
	@echo "Building the JupyterLab extension…"
	@npm run --silent build --workspace @redspot/lab > lab_extension/build.log 2>&1 || { cat lab_extension/build.log; exit 1; }
	@mkdir -p $(VENV)/share/jupyter/labextensions/@redspot
	@rm -rf $(VENV)/share/jupyter/labextensions/@redspot/lab
	@ln -s $(CURDIR)/$(LABEXTENSION) $(VENV)/share/jupyter/labextensions/@redspot/lab
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.hub: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Python packages…"
	@mkdir -p $(LABEXTENSION)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[hub]'
	@touch $@

$(VENV)/.test: $(VENV)/.hub
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

fmt: $(VENV)/.test node_modules/.installed ## Format everything
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@npm run --silent format

check: $(VENV)/.test setup ## Lint, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH= $(BIN)/lint-imports
	npm run --silent lint
	npm run --silent format:check

test: check ## Everything that is tested, in both languages
	npm run --silent test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

torture: $(VENV)/.test setup ## Long random campaigns: kills, fuzz, load
	$(BIN)/python -m pytest -q tests/torture --torture

PEERS ?= $(CURDIR)/.peers

# A benchmark's peers that cannot share an environment have lists of their own: requirements-NAME-PEER.txt.
PEER_LISTS = $(wildcard tests/benchmarks/peers/requirements-$(or $(NAME),*).txt tests/benchmarks/peers/requirements-$(NAME)-*.txt)

bench: $(VENV)/.test ## Measure beside the peers: make bench NAME=pipeline
	@test -n "$(NAME)" || { echo "make bench NAME=…: $$(ls tests/benchmarks/peers | sed -n 's/requirements-\([a-z]*\).txt/\1/p' | xargs)"; exit 2; }
	@for list in $(PEER_LISTS); do name=$${list##*/requirements-}; \
	  test -x $(PEERS)/$${name%.txt}/bin/python || $(MAKE) --no-print-directory bench-peers NAME=$${name%.txt}; done
	$(BIN)/python tests/benchmarks/$(NAME).py --peers $(PEERS)

bench-peers: ## Install the peers of a benchmark in environments of their own
	@for list in $(PEER_LISTS); do \
	  name=$${list##*/requirements-}; name=$${name%.txt}; echo "Installing the peers of $$name…"; \
	  { $(PYTHON) -m venv $(PEERS)/$$name && \
	  $(PEERS)/$$name/bin/pip install --quiet --disable-pip-version-check --requirement $$list; } || \
	  { rm -rf $(PEERS)/$$name; echo "The peers of $$name do not install here; the benchmark goes on without them." >&2; }; done

contract: $(VENV)/.test node_modules/.installed ## Write the contract anew from the routes
	$(BIN)/python -m redspot_server.openapi
	npm run --silent contract

wheel: setup ## Build the wheel
	$(BIN)/python -m build --wheel --no-isolation

constraints: $(VENV)/.test ## Pin what is installed now
	@$(BIN)/pip freeze --exclude-editable --all | grep -viE '^(pip|setuptools|redspot)[ =@]' \
	  | sed 's/+cpu$$//' > constraints.txt

down: ## Stop whatever still runs
	@$(BIN)/redspot down

clean: ## Remove everything that was built; the state stays
	rm -rf $(VENV) node_modules .peers lab_extension/node_modules lab_extension/lib widgets/lib $(LABEXTENSION) $(PICTURES:.js=*) dist

.PHONY: help bench bench-peers demo run setup tools fmt check test torture contract wheel constraints down clean
