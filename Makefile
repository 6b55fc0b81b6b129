# Works with GNU make 3.81 and newer and with BSD make. Each target sets up what it needs, once.
REPO =
PYTEST = -n 3 --dist worksteal
RUN = . scripts/env.sh &&

.PHONY: help capture dev test lint types imports tests pythons faults bench bench-costs bench-claims bench-sandbox bench-peers docs locks clean run-env dev-env

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

capture: run-env ## capture REPO=owner/name; without REPO: a demonstration, with no token and no network
	@$(RUN) if [ -n "$(REPO)" ]; then pc capture $(REPO); else python scripts/demo.py; fi

dev: dev-env ## run sandbox, web and worker together, and an Inngest server where INNGEST_BIN names one, until Ctrl-C
	@$(RUN) exec python scripts/dev.py

test: dev-env ## everything that must hold before a change lands: lint, types, imports, tests, pythons
	@sh scripts/pythons.sh --prepare
	@$(RUN) MAKELEVEL=0 python scripts/checks.py $(MAKE)

lint: dev-env ## ruff: rules and format
	@$(RUN) ruff check && ruff format --check

types: dev-env ## mypy --strict
	@$(RUN) mypy

imports: dev-env ## which room may import which
	@$(RUN) lint-imports

tests: dev-env ## pytest with branch coverage: 90 % over all, 100 % of the domain
	@$(RUN) pytest $(PYTEST) --cov --cov-report= --cov-fail-under=0
	@$(RUN) coverage report --fail-under=90
	@$(RUN) coverage report --fail-under=100 --include='*/progressive_capture/domain/*'

pythons: dev-env ## unit tests on the other versions of Python that are here
	@sh scripts/pythons.sh

faults: dev-env ## the long proofs: kills, all sources on large repositories, other examples and versions of Python
	@$(RUN) pytest -m faults tests
	@$(RUN) pytest $(PYTEST) --hypothesis-profile=searching tests/unit tests/contract tests/sandbox/unit \
		tests/integration/test_queue_interleavings.py tests/integration/test_github_documents.py
	@sh scripts/pythons.sh tests/sandbox/unit

bench: dev-env ## pull requests a second and memory, beside the bare floor
	@$(RUN) python -m bench.capture

bench-costs: dev-env ## requests and points per 1,000 pull requests, and how well plans knew them
	@$(RUN) python -m bench.costs

bench-claims: dev-env ## 8 processes that claim jobs against one; a claim, and a submission, among a million jobs
	@$(RUN) python -m bench.claims

bench-sandbox: dev-env ## pull requests a second that the sandbox serves
	@$(RUN) python -m bench.sandbox

bench-peers: dev-env ## other tools, each in an environment of its own, on the same sandbox
	@$(RUN) python -m bench.peers

docs: dev-env ## write docs/reference/cli.md and job-states.md anew from what the program says
	@$(RUN) python scripts/cli_reference.py && python scripts/life_cycle.py

locks: dev-env ## make the locks anew from pyproject.toml and package.json
	@sh scripts/locks.sh

clean: ## remove what set-up made
	rm -rf .venv .venv-* node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*

run-env:
	@sh scripts/setup.sh run

dev-env:
	@sh scripts/setup.sh dev && sh scripts/services.sh
