# `make` lists what there is to run. Needs Python 3.11 or newer, and npm where a line says so.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
# Test files that run at a time. Each process has stores of its own, and files begin in the order
# that tests/services/plugin.py gives them.
JOBS ?= 3
TOGETHER = -n $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 1
# Further words for pytest: make test ARGS="-x -k resume"
ARGS ?=
# Further conditions on the markers of tests: make test ALSO="and not servers"
ALSO ?=
# How long to break things: make faults-full SECONDS=14400
SECONDS ?= 3600
# Where the demo keeps its database and its key
VAR_DIR ?= var
# What to measure, and how: make bench BENCH="fanout --quick"
BENCH ?= all

# pytest ends with 5 when it ran nothing: the second run may, once ARGS select.
MAY_SELECT_NONE = $(if $(ARGS),|| [ $$? -eq 5 ])

# The suites that run inside one process and therefore on every store, those that exist. What asks
# no store runs once, and again where coverage is measured.
STORE_SUITES := $(wildcard tests/realtime tests/notifications tests/hoardrun tests/scenarios)
# A deployment's environment, for the checks that only make sense in one.
PRODUCTION = env -u DEBUG -u REDIS_URL DATABASE_URL=sqlite://:memory: ALLOWED_HOSTS=example.com \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')"

# Tests start hundreds of processes, each of which would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-long test-operation test-pooled test-pooled-servers coverage e2e npm screenshots lint types contract fuzz simulation faults faults-full centre payments market trace alerts image compose newcomer conformance bench check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime $(VAR_DIR)/secret_key ## Start a demo on http://127.0.0.1:8000 (HOST=, ALLOWED_HOSTS=, PORT=, DATABASE_URL=, REDIS_URL=, SOURCE=kraken)
	@set -e; \
	export DEBUG="$${DEBUG:-1}" SECRET_KEY="$${SECRET_KEY:-$$(cat $(VAR_DIR)/secret_key)}"; \
	export SIMULATE_PAYMENTS="$${SIMULATE_PAYMENTS:-1}"; \
	export ESCALATION_TIME_SCALE="$${ESCALATION_TIME_SCALE:-10}"; \
	export BROADCAST_APPROVAL_AUDIENCE="$${BROADCAST_APPROVAL_AUDIENCE:-1}"; \
	$(BIN)/python manage.py migrate --verbosity 0; \
	$(BIN)/python manage.py seed_demo --once --host $(HOST) --port $(PORT); \
	exec $(BIN)/python manage.py demo --host $(HOST) --port $(PORT) $(if $(SOURCE),--source $(SOURCE))

test: $(VENV)/.dev ## Run the tests, and the in-process suites again on PostgreSQL and Redis
	$(BIN)/python -m pytest $(TOGETHER) -m "not pooler and not operation and not long $(ALSO)" --ignore=tests/e2e --ignore=tests/npm $(ARGS)
	$(if $(STORE_SUITES),HOARDRUN_TEST_DATABASE=postgres $(BIN)/python -m pytest $(TOGETHER) -m "not servers and not storeless and not pooler and not operation and not long" $(STORE_SUITES) $(ARGS) $(MAY_SELECT_NONE))

test-long: $(VENV)/.dev ## Run those that take long: simulation, faults, large lists, forms, fuzzing
	$(BIN)/python -m pytest $(TOGETHER) -m "long and not pooler and not operation" tests $(ARGS)

test-operation: $(VENV)/.dev ## Roll nodes behind nginx, HAProxy and Caddy, fail over, upgrade, kill workers (needs all three proxies)
	$(BIN)/python -m pytest $(TOGETHER) -m "operation and not pooler $(ALSO)" tests $(ARGS)

test-pooled: $(VENV)/.dev ## Run the in-process suites once more, through PgBouncer in transaction mode (needs pgbouncer)
	HOARDRUN_TEST_DATABASE=pgbouncer $(BIN)/python -m pytest $(TOGETHER) -m "not servers and not operation" $(STORE_SUITES) $(ARGS) $(MAY_SELECT_NONE)
	@$(MAKE) --no-print-directory test-pooled-servers

test-pooled-servers: $(VENV)/.dev ## Run only those of them that start servers
	$(BIN)/python -m pytest -m "pooler and servers" tests/scenarios tests/faults $(ARGS) $(MAY_SELECT_NONE)

coverage: $(VENV)/.dev ## See which branches the in-process suites take through PgBouncer, and hold the floor of pyproject.toml
	@mkdir -p var/coverage
	$(BIN)/python -m coverage erase
	HOARDRUN_TEST_DATABASE=pgbouncer $(BIN)/python -m coverage run -m pytest $(TOGETHER) -m "not servers and not operation and not long" $(STORE_SUITES) $(ARGS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python .ci/floor.py

e2e: JOBS = 2
e2e: $(VENV)/.dev ## Drive the client, the bell, the console and the README's snippets in a real Chromium, and web push in a Firefox
	$(BIN)/python -m pytest $(TOGETHER) tests/e2e $(ARGS)

npm: $(VENV)/.dev node_modules/.installed ## Pack the browser client for npm, into var/npm, and try it by a Vite build in Chromium (needs npm)
	$(BIN)/python -m npm.build
	$(BIN)/python -m pytest tests/npm $(ARGS)

screenshots: $(VENV)/.dev ## Take the pictures of docs/images from the running product
	$(BIN)/python -m tests.e2e.screenshots $(ARGS)

lint: $(VENV)/.bench node_modules/.installed ## Check style, types, imports, migrations, the exported protocol and the settings of a deployment (needs npm)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(PRODUCTION) sh -xc '$(BIN)/mypy'
	node_modules/.bin/biome check --error-on-warnings
	$(BIN)/lint-imports
	@$(PRODUCTION) sh -xc '$(BIN)/python manage.py makemigrations --check --dry-run'
	@$(PRODUCTION) sh -xc '$(BIN)/python manage.py export_protocol --check'
	@$(PRODUCTION) sh -xc '$(BIN)/python manage.py check --deploy --fail-level WARNING'

types: node_modules/.installed ## Check the types of the JavaScript, and that its declarations say what it is (needs npm)
	node_modules/.bin/tsc --project .
	node_modules/.bin/tsc --project tests/typescript

contract: $(VENV)/.contract ## Try the HTTP API against its own schema (ARGS="--examples 300 --database postgres")
	$(BIN)/python -m tests.conformance.contract $(ARGS)

fuzz: $(VENV)/.dev ## Throw 100,000 broken frames, messages and requests at a server (ARGS="--database postgres --seed 7")
	$(BIN)/python -m tests.conformance.fuzz $(ARGS)

simulation: $(VENV)/.dev ## Play a node on a clock, a loop, a log and a layer that a seed decides (ARGS="--seconds 600 --seed 7")
	$(BIN)/python -m tests.simulation $(ARGS)

faults: $(VENV)/.dev ## Break nodes, stores and links under load for some minutes, and see that the checker finds bugs
	$(BIN)/python -m tests.faults --faults 60 --events 50000 --rate 260 --out var/faults
	$(BIN)/python -m tests.faults --pooled --faults 60 --rate 260 --out var/faults
	$(BIN)/python -m tests.faults --store sqlite --faults 40 --clients 60 --rate 100 --out var/faults
	$(BIN)/python -m tests.faults --redis sentinel --faults 20 --rate 260 --out var/faults
	$(BIN)/python -m tests.faults --redis shards --faults 20 --rate 260 --out var/faults
	HOARDRUN_FAULTS_CLIENTS=2000 HOARDRUN_FAULTS_USERS=10000 HOARDRUN_FAULTS_COMMITS=12000 $(BIN)/python -m pytest -s -o faulthandler_timeout=0 tests/faults/test_storm.py tests/faults/test_bulk.py tests/faults/test_order.py
	$(BIN)/python -m tests.faults bugs --out var/faults
	$(BIN)/python -m tests.simulation --seconds 600

faults-full: $(VENV)/.dev ## The same for as long as given (SECONDS=3600), on other faults each time
	$(BIN)/python -m tests.faults --seconds $(SECONDS) --rate 260 --out var/faults
	$(BIN)/python -m tests.simulation --seconds $(SECONDS)

centre: $(VENV)/.dev ## Prove the notification centre: nothing missed, doubled or wrong while workers and stores are killed
	$(BIN)/python -m tests.centre --notifications 50000 --devices 300 --workers 8 --nodes 3 --producers 3 --rate 16 --faults 200 --out var/centre
	$(BIN)/python -m tests.centre --store sqlite --notifications 5000 --devices 30 --workers 2 --producers 1 --rate 12 --faults 20 --out var/centre
	$(BIN)/python -m tests.centre bugs --out var/centre

payments: $(VENV)/.dev ## Prove payments: no money lost or booked twice while nodes, workers and stores are killed (half an hour)
	$(BIN)/python -m tests.payments --payments 10000 --rate 12 --faults 40 --out var/payments
	$(BIN)/python -m tests.payments bugs --out var/payments

market: $(VENV)/.dev ## Prove the market: no alert lost or doubled, no candle wrong while leaders are killed (an hour and a quarter)
	$(BIN)/python -m tests.market --faults 20 --out var/market
	$(BIN)/python -m tests.market --faults 180 --scale 10 --minutes 14 --out var/market
	$(BIN)/python -m tests.market --store sqlite --faults 10 --out var/market
	$(BIN)/python -m tests.market.day
	$(BIN)/python -m tests.market bugs --out var/market

trace: $(VENV)/.dev ## Prove that a trace names why an event did not arrive: 100 runs of each of eight reasons
	$(BIN)/python -m tests.trace --out var/trace
	$(BIN)/python -m tests.trace bugs --out var/trace

alerts: $(VENV)/.dev ## Play nine faults, and say which alert fires after how long, ARGS="--pace 10" sooner (root, prometheus, prometheus-node-exporter)
	$(BIN)/python -m tests.alerts $(ARGS)

image: $(VENV)/.dev ## Build the image from a bare Debian and try it, read-only and without rights (root, buildah, podman, runc, debootstrap)
	$(BIN)/python -m tests.deploy.image

compose: $(VENV)/.dev ## Run deploy/compose by podman-compose: roll, kill, wait for an alert (root, podman-compose, iptables, aardvark-dns too)
	$(BIN)/python -m tests.deploy.compose $(ARGS)

newcomer: $(VENV)/.dev ## Carry out "An afternoon" of docs/production.md in a fresh Debian (root, debootstrap)
	$(BIN)/python -m tests.deploy.newcomer

conformance: $(VENV)/.dev ## Speak every detail of RFC 6455 to the server, into var/conformance (ARGS=--all: and of compression)
	$(BIN)/python -m tests.conformance.autobahn --out var/conformance $(ARGS)

bench: $(VENV)/.bench ## Measure against peers, into var/bench (BENCH="fanout --quick"; all takes half an hour)
	$(BIN)/python -m bench $(BENCH) --out var/bench

check: lint test ## Everything a change must pass: lint, then test

clean: ## Remove what make made, except var/ with the demo's database and key
	rm -rf $(VENV) node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an install runs again only when its requirements change.
$(VENV)/.runtime: requirements.txt | $(BIN)/pip
	@echo "Installing what hoardrun needs into $(VENV); this happens once and takes about a minute."
	@$(BIN)/python .ci/install.py requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(BIN)/pip
	@echo "Installing what tests and checks need into $(VENV); this happens once."
	@$(BIN)/python .ci/install.py requirements-dev.txt
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: requirements.txt requirements-dev.txt requirements-bench.txt | $(BIN)/pip
	@echo "Installing what the benchmark needs into $(VENV); this happens once."
	@$(BIN)/python .ci/install.py requirements-bench.txt
	@touch $@ $(VENV)/.dev $(VENV)/.runtime

$(VENV)/.contract: requirements.txt requirements-dev.txt requirements-contract.txt | $(BIN)/pip
	@echo "Installing what tries the API against its schema into $(VENV); this happens once."
	@$(BIN)/python .ci/install.py requirements-contract.txt
	@touch $@ $(VENV)/.dev $(VENV)/.runtime

# Developer tools for the JavaScript; nothing that is served needs them.
node_modules/.installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "There is no npm: install it (on Debian: apt-get install npm)." >&2; exit 1; }
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# venv makes pip last, so that an interrupted one is made again.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { \
		echo "hoardrun needs Python 3.11 or newer, and there is no '$(PYTHON)'; say which with make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "hoardrun needs Python 3.11 or newer, and '$(PYTHON)' is older; say which with make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' has no venv; install it (on Debian: apt-get install python3-venv) or name another with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Signs sessions and tokens of the demo; kept, so that a restart logs nobody out.
$(VAR_DIR)/secret_key: | $(BIN)/pip
	@mkdir -p $(VAR_DIR)
	@umask 077; $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))' > $@
