# Two commands matter: `make run` and `make test`. `make help` names the rest.

PYTHON ?= python3.11
PORT ?= 8000
T ?= tests
export PORT
ifdef RECLAIM_VAR
export RECLAIM_VAR
endif

BIN := .venv/bin
COMPILE := $(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host --no-header --annotation-style=line --allow-unsafe pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup run demo code test check bench docs words pins fmt clean needs setup-dev

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

needs:
	@PYTHON=$(PYTHON) sh deploy/embedded/needs.sh

setup: needs ## install what the portal needs into .venv and node_modules
	@$(PYTHON) deploy/embedded/setup.py

setup-dev: needs
	@$(PYTHON) deploy/embedded/setup.py --dev

run: setup ## start the portal (PORT=8000, DEMO=0 starts empty, RECLAIM_VAR=folder of its state)
	@$(BIN)/python deploy/embedded/start.py

demo: ## show the whole job on the running portal (PHOTOS=folder uses your pictures)
	@test -x $(BIN)/python || { echo "Start the portal first: make run"; exit 1; }
	@$(BIN)/python -m demo $(if $(PHOTOS),--photos "$(PHOTOS)")

code: ## print the codes that the demo's two workers need to log in
	@test -x $(BIN)/python || { echo "Start the portal first: make run"; exit 1; }
	@$(BIN)/python manage.py demo_codes

test: check ## the gate, then every test (T=tests/cases runs some of them)
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report= $(T)
ifeq ($(T),tests)
	@$(BIN)/python tests/covered.py
endif

check: setup-dev ## the gate alone: style, types, imports, spelling, migrations, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

bench: setup-dev ## run ours beside its peers, write docs/benchmarks.md (PHOTOS=folder, FULL=1)
	$(BIN)/python -m bench $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(FULL),--full)

docs: setup-dev ## build the documentation into site/
	$(BIN)/mkdocs build --strict

words: setup-dev ## bring portal/locale/*/*/*.po up to the code, and compile them
	$(BIN)/python -m portal.languages collect
	$(BIN)/python -m portal.languages compile

pins: setup-dev ## write requirements*.txt from pyproject.toml
	$(COMPILE) -o requirements.txt
	$(COMPILE) --extra production --extra descriptor -c requirements.txt -o requirements-production.txt
	$(COMPILE) --extra production --extra descriptor --extra training --extra dev -c requirements.txt -o requirements-dev.txt
	sed -i 's/+cpu / /' requirements*.txt  # where torch comes from is the machine's choice

fmt: setup-dev ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built and installed; the portal's state in var/ stays
	rm -rf .venv node_modules staticfiles site htmlcov .coverage .coverage.*
	rm -f portal/locale/*/*/*.mo
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
