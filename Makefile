# Two commands matter: `make demo` and `make test`. Python 3.13 and make are all they need.
.DEFAULT_GOAL := help
.PHONY: help demo test spark prove-mutants mutate check format kills deal-kills bench lock epsilons clean

BIN := .venv/bin
# hubbub is several processes: let each load what the first one compiled.
unexport PYTHONDONTWRITEBYTECODE
# An extract, two recorded mornings, and their truth: see docs/bench.md
DATA ?= ../shared/data/helsinki
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --quiet
HUBBUB := pyproject.toml --extra prove --extra messenger --group build

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Replay a recorded morning of Helsinki, and show its live traffic; ARGS="--speed 60"
	@sh tools/bootstrap.sh run
	@HUBBUB_HOME="$${HUBBUB_HOME:-.demo}" $(BIN)/hubbub demo $(ARGS)

test: ## Run every test; ARGS="tests/house -k contracts"
	@sh tools/bootstrap.sh dev
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

spark: ## Ask Spark what DuckDB is asked, and compare every integer; wants Java 17 or newer
	@sh tools/bootstrap.sh spark
	@$(BIN)/python -m pytest tests/spark $(ARGS)

prove-mutants: ## Plant each known bug in a copy of the source: a test must catch it; ARGS="noise"
	@sh tools/bootstrap.sh dev
	@cd tests && ../$(BIN)/python -m planted $(ARGS)

mutate: ## Change gate 2's code at each place in turn: a test must fail; ARGS="hubbub.crowd.laws.*"
	@sh tools/bootstrap.sh bench
	@$(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results

check: ## Lint, check types and contracts
	@sh tools/bootstrap.sh dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo src/hubbub/prove/contracts.toml
	$(BIN)/python -m pytest -q tests/house/test_typing.py

format: ## Put the code in the house's format
	@sh tools/bootstrap.sh dev
	$(BIN)/ruff check --fix --select I
	$(BIN)/ruff format

kills: ## Kill who spends of the ledger 10,000 times, and look at what was seen; ARGS=500
	@sh tools/bootstrap.sh dev
	@$(BIN)/python -m bench.kills $(ARGS)

deal-kills: ## Kill who makes and takes back deals 2,000 times, and look at every receipt; ARGS=500
	@sh tools/bootstrap.sh dev
	@$(BIN)/python -m bench.deal_kills $(ARGS)

bench: ## Score the published speeds against the truth in DATA, and measure the door
	@sh tools/bootstrap.sh bench
	@$(BIN)/python -m bench.intake
	@$(BIN)/python -m bench.gates
	@$(BIN)/python -m bench.noise
	@$(BIN)/python -m bench.week
	@$(BIN)/python -m bench.reads
	@$(BIN)/python -m bench.withdrawals
	@$(BIN)/python -m bench.erasing
	@$(BIN)/python -m bench.visits
	@$(BIN)/python -m bench.attribution
	@$(BIN)/python -m bench.busyness
	@$(BIN)/python -m bench.busy_now
	@test -d "$(DATA)" || { echo "no mornings with their truth in $(DATA): make bench DATA=FOLDER"; exit 2; }
	@$(BIN)/python -m bench.hours $(DATA)/*.osm.pbf
	@$(BIN)/python -m bench.delay $(DATA)
	@$(BIN)/python -m bench.traffic $(DATA) $(ARGS)
	@$(BIN)/python -m bench.accuracy $(DATA)
	@$(BIN)/python -m bench.denoise $(DATA)

lock: ## Pin the newest versions that pyproject.toml allows, with hashes
	@sh tools/bootstrap.sh dev
	$(COMPILE) --upgrade $(HUBBUB) --output-file requirements.txt
	$(COMPILE) --upgrade $(HUBBUB) --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt
	$(COMPILE) --upgrade $(HUBBUB) --group dev --group bench --constraint requirements-dev.txt \
		--output-file requirements-bench.txt
	$(COMPILE) --upgrade --group spark --output-file requirements-spark.txt

epsilons: ## Write docs/epsilons.md anew, from what the products declare
	@sh tools/bootstrap.sh dev
	@$(BIN)/python -m hubbub.run.epsilons >docs/epsilons.md

clean: ## Remove the environment, caches and the demo's state
	rm -rf .venv .demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache mutants \
		web/node_modules src/hubbub/outlet/static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
